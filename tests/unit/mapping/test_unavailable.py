"""A placeholder is known by the type it stands in, and nothing else is taken for one."""

from typing import Any

import pytest

from pipeline.change.schema import FieldSchema
from pipeline.mapping.unavailable import PLACEHOLDER, placeholders


def field(kind: str, logical: str | None = None, element: FieldSchema | None = None) -> FieldSchema:
    """A column's schema."""
    return FieldSchema("c", kind, logical, True, {}, element)


@pytest.mark.parametrize(
    ("schema", "value"),
    [
        (field("string"), PLACEHOLDER),
        (field("string", "io.debezium.data.Json"), PLACEHOLDER),
        (field("string", "io.debezium.data.Json"), f'{{"{PLACEHOLDER}":"{PLACEHOLDER}"}}'),
        (field("map", None, field("string")), {PLACEHOLDER: PLACEHOLDER}),
        (field("bytes"), "X19kZWJleml1bV91bmF2YWlsYWJsZV92YWx1ZQ=="),
        (field("array", None, field("string")), [PLACEHOLDER]),
        (field("array", None, field("bytes")), ["X19kZWJleml1bV91bmF2YWlsYWJsZV92YWx1ZQ=="]),
        (field("array", None, field("int64")), list(PLACEHOLDER.encode())),
        (field("array", None, field("int32", "io.debezium.time.Date")), list(PLACEHOLDER.encode())),
        (field("array", None, field("string", "io.debezium.data.Uuid")), ["b68a35a7-17ad-35b3-af2a-ae46edb4545a"]),
    ],
)
def test_every_form_that_debezium_writes_is_known(schema: FieldSchema, value: Any) -> None:
    assert value in placeholders(schema)


@pytest.mark.parametrize(
    "schema",
    [
        field("int32"),
        field("boolean"),
        field("double"),
        field("string", "io.debezium.data.Uuid"),
        field("string", "io.debezium.time.ZonedTimestamp"),
        field("string", "io.debezium.data.Enum"),
        field("array", None, field("double")),
    ],
)
def test_types_that_are_never_out_of_line_or_never_arrive_so_have_none(schema: FieldSchema) -> None:
    assert placeholders(schema) == ()


@pytest.mark.parametrize("value", [None, "", [], ["a"], [PLACEHOLDER, PLACEHOLDER], {}, {"a": PLACEHOLDER}, PLACEHOLDER + " "])
def test_what_only_resembles_a_placeholder_is_a_value(value: Any) -> None:
    for schema in (field("string"), field("map", None, field("string")), field("array", None, field("string"))):
        assert value not in placeholders(schema)
