"""Python code made for one schema: the fast way from a row image to its document, while nothing is unusual."""

from collections.abc import Callable, Sequence
from typing import Any, NamedTuple, TypeAlias

from pipeline.mapping.types import Converter
from pipeline.sink.write import Document

DocumentFunction: TypeAlias = Callable[[Any, Any], Document]
"""Takes the `_id` and the row image."""

ImageTest: TypeAlias = Callable[[Any], bool]


class Column(NamedTuple):
    """One column on its way into a document: the field's name there, its own, and the values that stand for an unavailable one."""

    field: str
    name: str
    convert: Converter
    placeholders: tuple[Any, ...]


def document_function(columns: Sequence[Column]) -> DocumentFunction:
    """
    Compile a function from `_id` and row image to the document.

    It is one dictionary display, which takes a third of the time of a loop over the columns.
    Names reach the code as literals made by `repr`, converters as variables. Whatever a
    converter raises passes through, and KeyError where a column is missing.
    """
    fields = [f"{column.field!r}: {_value(number, column)}" for number, column in enumerate(columns)]
    code = "lambda key, image: {" + ", ".join(["'_id': key", *fields]) + "}"
    compiled: DocumentFunction = _evaluate(code, {f"convert_{number}": column.convert for number, column in enumerate(columns)})
    return compiled


def unavailable_test(columns: Sequence[Column]) -> ImageTest:
    """Compile a function that tells whether a row image holds a placeholder in one of the columns; KeyError where one is missing."""
    tests = [f"image[{column.name!r}] {_equals(number, column)}" for number, column in enumerate(columns) if column.placeholders]
    compiled: ImageTest = _evaluate(f"lambda image: {' or '.join(tests) or False}", _placeholders(columns))
    return compiled


def _value(number: int, column: Column) -> str:
    value = f"image[{column.name!r}]"
    return value if column.convert is None else f"None if (value := {value}) is None else convert_{number}(value)"


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
