"""The compiled functions do what a loop over the columns would do, whatever the names and values."""

from typing import Any

import pytest
from hypothesis import given
from hypothesis import strategies as st

from pipeline.mapping.compiled import Column, document_function, unavailable_test

NASTY = ["'", '"', "{", "}", "\\", "\n", "'] or 1 or image['", "key", "image", "value", "convert_0", "__import__"]
NAMES = st.one_of(st.text(max_size=12), st.sampled_from(NASTY))
VALUES = st.one_of(st.none(), st.booleans(), st.integers(), st.text(max_size=5), st.lists(st.integers(), max_size=2))
UNKNOWN = ("?", [1])


@st.composite
def columns(draw: st.DrawFn) -> list[Column]:
    names = draw(st.lists(NAMES, unique=True, max_size=6))
    fields = draw(st.lists(NAMES.filter(lambda name: name != "_id"), unique=True, min_size=len(names), max_size=len(names)))
    converters = st.sampled_from([None, repr, lambda value: [value]])
    placeholders = st.sampled_from([(), ("?",), UNKNOWN])
    return [Column(field, name, draw(converters), draw(placeholders)) for field, name in zip(fields, names, strict=True)]


@given(columns(), st.data())
def test_the_document_is_that_of_a_loop_over_the_columns(body: list[Column], data: st.DataObject) -> None:
    image = {column.name: data.draw(VALUES) for column in body}
    expected: dict[str, Any] = {"_id": 7}
    for field, name, convert, _ in body:
        expected[field] = image[name] if convert is None or image[name] is None else convert(image[name])
    document = document_function(body)(7, image)
    assert document == expected
    assert list(document) == list(expected)


@given(columns(), st.data())
def test_an_unavailable_value_is_seen_in_any_column_that_may_have_one(body: list[Column], data: st.DataObject) -> None:
    image = {column.name: data.draw(st.one_of(VALUES, st.sampled_from(UNKNOWN))) for column in body}
    assert unavailable_test(body)(image) is any(image[column.name] in column.placeholders for column in body)


def test_a_column_that_is_not_there_is_told_by_its_name() -> None:
    with pytest.raises(KeyError, match="lost"):
        document_function([Column("lost", "lost", None, ())])(1, {})


def test_what_a_converter_raises_passes_through() -> None:
    with pytest.raises(ValueError, match="invalid literal"):
        document_function([Column("a", "a", int, ())])(1, {"a": "x"})
