"""Values of MySQL and MariaDB, as Debezium 3.6.1 and 3.5.0 have told them (captured), into BSON."""

from datetime import datetime
from typing import Any

import pytest
from bson import Binary, Decimal128

from pipeline.change.schema import SOURCE_TYPE, FieldSchema
from pipeline.mapping.compiled import Column, encoding_function
from pipeline.mapping.elements import element
from pipeline.mapping.key import key_converter
from pipeline.mapping.types import converter


def field(kind: str, logical: str | None = None, source_type: str | None = None, **parameters: str) -> FieldSchema:
    named = {} if source_type is None else {SOURCE_TYPE: source_type}
    return FieldSchema("v", kind, logical, optional=True, parameters={**parameters, **named})


TIMESTAMP = field("string", "io.debezium.time.ZonedTimestamp", "TIMESTAMP")
YEAR = field("int32", "io.debezium.time.Year")
SPAN = field("int64", "io.debezium.time.MicroTime")
LETTERS = field("string", "io.debezium.data.Enum", allowed="a,b\\,c,ü")
LARGE = field("bytes", "org.apache.kafka.connect.data.Decimal", scale="0")


@pytest.mark.parametrize(
    ("schema", "value", "expected"),
    [
        (field("string", None, "DECIMAL UNSIGNED"), "99999", Decimal128("99999")),
        (field("string", None, "DECIMAL UNSIGNED ZEROFILL"), "7", Decimal128("7")),
        (field("string", None, "DECIMAL"), "-1.10", Decimal128("-1.10")),
        (LARGE, "AP//////////", Decimal128("18446744073709551615")),
        (LARGE, "AA==", Decimal128("0")),
        (
            field("string", None, "UUID"),
            "123e4567-e89b-12d3-a456-426614174000",
            Binary(bytes.fromhex("123e4567e89b12d3a456426614174000"), 4),
        ),
        (field("bytes", "io.debezium.data.Bits", length="9"), "AQE=", b"\x01\x01"),
        (field("bytes", "io.debezium.data.Bits", length="64"), "AQAAAAAAAPA=", b"\xf0\0\0\0\0\0\0\x01"),
        (field("bytes"), "AQIAAA==", b"\x01\x02\0\0"),
        (LETTERS, "b,c", "b,c"),
        (LETTERS, "b\\,c", "b,c"),
        (LETTERS, "ü", "ü"),
        (field("string", "io.debezium.data.EnumSet", allowed="x,y,z"), "x,z", ["x", "z"]),
        (SPAN, -3_020_399_000_000, "-838:59:59"),
        (SPAN, -1_500_000, "-00:00:01.500000"),
        (SPAN, 90_000_000_001, "25:00:00.000001"),
        (YEAR, 2024, 2024),
        (YEAR, 1900, 0),
        (TIMESTAMP, "2024-02-29T12:34:56.789012Z", datetime(2024, 2, 29, 12, 34, 56, 789012)),  # noqa: DTZ001 - in UTC, as all of BSON
        (TIMESTAMP, "1970-01-01T00:00:01Z", datetime(1970, 1, 1, 0, 0, 1)),  # noqa: DTZ001 - the same
        (TIMESTAMP, "1970-01-01T00:00:00Z", None),
        (TIMESTAMP, "1970-01-01T00:00:00.000000Z", None),
        (
            field("struct", "io.debezium.data.geometry.Point"),
            {"x": 1.0, "y": 2.0, "wkb": "", "srid": 3857},
            {"type": "Point", "coordinates": [1.0, 2.0], "srid": 3857},
        ),
    ],
)
def test_a_value_becomes(schema: FieldSchema, value: Any, expected: Any) -> None:
    convert = converter(schema)
    assert (value if convert is None else convert(value)) == expected


@pytest.mark.parametrize(
    ("schema", "value"),
    [
        (TIMESTAMP, "2024-02-29T12:34:56Z"),
        (YEAR, 1900),
        (YEAR, 2024),
        (field("string", None, "UUID"), "123e4567-e89b-12d3-a456-426614174000"),
    ],
)
def test_the_fast_way_writes_the_same(schema: FieldSchema, value: Any) -> None:
    convert = converter(schema)
    fast, slow = (encoding_function([Column("v", "v", convert, (), each)])(1, {"v": value}) for each in (element(schema, convert), None))
    assert fast == slow


def test_the_fast_way_leaves_zero_timestamps_to_the_other() -> None:
    convert = converter(TIMESTAMP)
    encode = encoding_function([Column("v", "v", convert, (), element(TIMESTAMP, convert))])
    with pytest.raises(ValueError, match="zero"):
        encode(1, {"v": "1970-01-01T00:00:00Z"})


def test_large_numbers_and_decimals_can_be_keys() -> None:
    large = key_converter(LARGE)
    assert large is not None
    assert large("AP//////////") == Decimal128("18446744073709551615")
    exact = key_converter(field("string", None, "DECIMAL UNSIGNED"))
    assert exact is not None
    assert exact("1.10") == Decimal128("1.1")
