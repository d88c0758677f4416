"""An `_id` is lossless, and the same whenever the source's keys are equal."""

from decimal import Decimal
from typing import Any

import bson
import pytest
from bson.decimal128 import Decimal128
from hypothesis import given
from hypothesis import strategies as st

from pipeline.change.schema import FieldSchema
from pipeline.errors import ConfigError, MappingError
from pipeline.mapping import times
from pipeline.mapping.key import key_function
from pipeline.mapping.types import UnknownTypeError


def field(
    name: str, kind: str, logical: str | None = None, source_type: str | None = None, element: FieldSchema | None = None
) -> FieldSchema:
    """A key column's schema."""
    parameters = {} if source_type is None else {"__debezium.source.column.type": source_type}
    return FieldSchema(name, kind, logical, False, parameters, element)


NUMERIC = field("k", "string", None, "NUMERIC")
ZONED = field("k", "string", "io.debezium.time.ZonedTimestamp")
TEXTS = field("k", "array", None, "_TEXT", field("k", "string"))
NUMERICS = field("k", "array", None, "_NUMERIC", field("k", "string"))
MOMENTS = field("k", "array", None, None, field("k", "int64", "io.debezium.time.MicroTimestamp"))
MICROS = st.integers(times.EARLIEST_MICROS + 1, 2**62)
"""PostgreSQL has no timestamps before them."""


def key_of(schema: FieldSchema, value: Any) -> Any:
    """The `_id` of a row with this one key column."""
    return key_function([schema], "public.t")({"k": value, "other": 1})


@pytest.mark.parametrize(
    ("schema", "value", "key"),
    [
        (field("k", "int32"), 5, 5),
        (field("k", "string"), "a", "a"),
        (field("k", "int64", "io.debezium.time.Timestamp"), 1_709_210_096_123, "2024-02-29T12:34:56.123000"),
        (field("k", "int64", "io.debezium.time.Timestamp"), 9_223_372_036_825_200, "infinity"),
        (field("k", "int64", "io.debezium.time.MicroTimestamp"), 1_709_210_096_123_456, "2024-02-29T12:34:56.123456"),
        (field("k", "int64", "io.debezium.time.NanoTimestamp"), 1, "1970-01-01T00:00:00.000000001"),
        (ZONED, "2024-02-29T12:34:56.12+02:00", "2024-02-29T10:34:56.120000Z"),
        (NUMERIC, "1" * 40, "1" * 40),
        (NUMERIC, "0." + "1" * 40 + "00", "0." + "1" * 40),
        (field("k", "double"), "-Infinity", float("-inf")),
        (field("k", "string", "io.debezium.data.Json"), '{"a": [1.50, null]}', '{"a":[1.50,null]}'),
        (TEXTS, ["a", None], {"k": ["a", None]}),
        (NUMERICS, ["1.50"], {"k": [Decimal128("1.5")]}),
        (field("k", "bytes"), "AP8=", b"\x00\xff"),
        (field("k", "int32", "io.debezium.time.Date"), 2_146_033_979, "infinity"),
        (field("k", "int32", "io.debezium.time.Time"), 45_296_120, "12:34:56.120000"),
        (field("k", "int64", "io.debezium.time.MicroTime"), 45_296_120_000, "12:34:56.120000"),
        (MOMENTS, [-63_517_953_600_000_000, None], {"k": ["-0043-03-15T12:00:00.000000", None]}),
    ],
)
def test_the_one_key_column_is_the_id(schema: FieldSchema, value: Any, key: Any) -> None:
    assert key_of(schema, value) == key


def test_several_key_columns_are_a_document_in_key_order_with_the_fields_names() -> None:
    fields = [field("TENANT_ID", "string"), field("Order_Id", "int32"), field("$at", "int32"), field("a.b", "int32")]
    key = key_function(fields, "public.t")({"a.b": 4, "$at": 3, "Order_Id": 2, "TENANT_ID": "x"})
    assert list(key.items()) == [("tenantId", "x"), ("orderId", 2), ("\uff04at", 3), ("a.b", 4)]


@given(st.decimals(allow_nan=False, allow_infinity=False, places=4), st.integers(0, 6))
def test_equal_decimals_have_the_same_bytes_in_an_id_however_they_are_written(number: Decimal, zeros: int) -> None:
    text = f"{number:f}"
    one, other = key_of(NUMERIC, text), key_of(NUMERIC, text + "0" * zeros)
    assert bson.encode({"_id": one}) == bson.encode({"_id": other})
    assert Decimal(str(one)) == number


@given(st.from_regex(r"[1-9][0-9]{0,60}(\.[0-9]{0,40}[1-9])?", fullmatch=True), st.from_regex(r"[1-9][0-9]{0,60}", fullmatch=True))
def test_different_decimals_have_different_ids(one: str, other: str) -> None:
    assert (key_of(NUMERIC, one) == key_of(NUMERIC, other)) == (Decimal(one) == Decimal(other))


def test_minus_zero_and_zero_are_one_key() -> None:
    double = field("k", "double")
    assert bson.encode({"_id": key_of(double, -0.0)}) == bson.encode({"_id": key_of(double, 0.0)})
    assert bson.encode({"_id": key_of(NUMERIC, "-0.00")}) == bson.encode({"_id": key_of(NUMERIC, "0")})


@given(MICROS, MICROS)
def test_different_microseconds_have_different_ids(one: int, other: int) -> None:
    schema = field("k", "int64", "io.debezium.time.MicroTimestamp")
    assert (key_of(schema, one) == key_of(schema, other)) == (one == other)


@given(st.integers(-(2**43), 2**48))
def test_a_timestamp_has_one_id_whatever_the_precision_of_its_column(millis: int) -> None:
    precisions = {"Timestamp": 1, "MicroTimestamp": 1_000, "NanoTimestamp": 1_000_000}
    ids = {key_of(field("k", "int64", f"io.debezium.time.{name}"), millis * units) for name, units in precisions.items()}
    assert len(ids) == 1


@pytest.mark.parametrize("image", [{}, {"k": None}])
def test_a_key_column_that_is_missing_or_null_is_named(image: dict[str, Any]) -> None:
    with pytest.raises(MappingError, match="missing") as refused:
        key_function([NUMERIC], "public.t")(image)
    assert (refused.value.table, refused.value.column) == ("public.t", "k")


def test_a_key_value_that_cannot_be_read_is_named() -> None:
    with pytest.raises(MappingError, match="ISO 8601") as refused:
        key_of(ZONED, "soon")
    assert refused.value.column == "k"


def test_two_key_columns_of_one_name_are_refused() -> None:
    with pytest.raises(ConfigError, match=r'"order_id" and "orderId" of the key of public\.t'):
        key_function([field("order_id", "int32"), field("orderId", "int32")], "public.t")


@pytest.mark.parametrize("kind", ["struct", "map"])
def test_a_type_whose_equality_bson_does_not_keep_is_no_key(kind: str) -> None:
    with pytest.raises(UnknownTypeError):
        key_function([field("k", kind, None)], "public.t")
