"""Python code made for one schema: the fast way from a row image to its BSON, while nothing is unusual."""

from collections.abc import Callable, Sequence
from typing import Any, NamedTuple, TypeAlias

from pipeline.mapping.elements import Element, encoded, int32, key_element
from pipeline.mapping.style import Nulls
from pipeline.mapping.types import Converter

EncodingFunction: TypeAlias = Callable[[Any, Any], bytes]
"""Takes the `_id` and the row image."""

ImageTest: TypeAlias = Callable[[Any], bool]


class Column(NamedTuple):
    """
    One column on its way into a document.

    `field` is its name there, `name` its own; `placeholders` are the values that stand for an
    unavailable one, `element` how BSON has its values, if that is known.
    """

    field: str
    name: str
    convert: Converter
    placeholders: tuple[Any, ...]
    element: Element | None = None


def encoding_function(columns: Sequence[Column], nulls: Nulls = Nulls.KEEP) -> EncodingFunction:
    """
    Compile a function from `_id` and row image to the document as BSON.

    It makes no object of most values, which takes half of the time of converting and encoding
    them. Names reach the code in literals made by `repr`, functions as variables. Whatever is
    unusual raises, and not always what a reader would expect.
    """
    if any("\0" in column.field for column in columns):
        return _refuse
    elements = [_element(number, column, nulls) for number, column in enumerate(columns)]
    code = "lambda key, image: join((" + ", ".join(["key_element(key)", *elements, r"b'\0'"]) + "))"
    names = {f"convert_{number}": column.convert for number, column in enumerate(columns)}
    names |= {f"write_{number}": column.element.write for number, column in enumerate(columns) if column.element is not None}
    body: EncodingFunction = _evaluate(code, {**names, "join": b"".join, "key_element": key_element, "encoded": encoded})

    def encode(key: Any, image: Any) -> bytes:
        elements = body(key, image)
        return int32(len(elements) + 4) + elements

    return encode


def unavailable_test(columns: Sequence[Column]) -> ImageTest:
    """Compile a function that tells whether a row image holds a placeholder in one of the columns; KeyError where one is missing."""
    tests = [f"image[{column.name!r}] {_equals(number, column)}" for number, column in enumerate(columns) if column.placeholders]
    compiled: ImageTest = _evaluate(f"lambda image: {' or '.join(tests) or False}", _placeholders(columns))
    return compiled


def _refuse(_key: Any, _image: Any) -> bytes:
    raise ValueError("BSON has no field names with a null character")


def _element(number: int, column: Column, nulls: Nulls) -> str:
    name = column.field.encode() + b"\0"
    null = b"" if nulls is Nulls.OMIT else b"\x0a" + name
    kind, made = None, "value"
    if column.element is not None:
        kind, made = column.element.kind, f"write_{number}(value)"
    elif column.convert is not None:
        made = f"convert_{number}(value)"
    written = f"encoded({column.field!r}, {made})" if kind is None else f"{kind + name!r} + {made}"
    return f"{written} if (value := image[{column.name!r}]) is not None else {null!r}"


def _equals(number: int, column: Column) -> str:
    return f"== unknown_{number}" if len(column.placeholders) == 1 else f"in unknown_{number}"


def _placeholders(columns: Sequence[Column]) -> dict[str, Any]:
    return {
        f"unknown_{number}": column.placeholders[0] if len(column.placeholders) == 1 else column.placeholders
        for number, column in enumerate(columns)
        if column.placeholders
    }


def _evaluate(code: str, names: dict[str, Any]) -> Any:
    return eval(code, {"__builtins__": {}, **names})  # noqa: S307 - nothing of a row or a name is code in it, only literals
