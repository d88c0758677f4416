"""Types of CockroachDB and YugabyteDB with edge values, in words that PostgreSQL, which stands in for them, understands, too."""

from datetime import UTC, datetime
from typing import Any, NamedTuple

from bson import Binary, Decimal128, Int64
from bson.binary import UUID_SUBTYPE


class Typed(NamedTuple):
    """A column of the type: the literals of its values, and what documents hold of them."""

    name: str
    type: str
    values: tuple[tuple[str, Any], ...]


UID = Binary(bytes.fromhex("5f8a1c2e3b4d4e6f8a9b1c2d3e4f5a6b"), UUID_SUBTYPE)

TYPES = (
    Typed("small", "INT2", (("-32768", -32768), ("32767", 32767))),
    Typed("middle", "INT4", (("-2147483648", -(2**31)), ("2147483647", 2**31 - 1))),
    Typed("large", "INT8", (("-9223372036854775808", Int64(-(2**63))), ("7", Int64(7)), ("9007199254740993", Int64(2**53 + 1)))),
    Typed("single", "FLOAT4", (("1.5", 1.5), ("'-Infinity'", float("-inf")))),
    Typed("double", "FLOAT8", (("0.1", 0.1), ("1e308", 1e308), ("5e-324", 5e-324))),
    Typed("price", "DECIMAL(33, 10)", (("12345678901234567890.1234567890", Decimal128("12345678901234567890.1234567890")),)),
    Typed("number", "DECIMAL", (("1.10", Decimal128("1.10")), ("'NaN'", Decimal128("NaN")), ("-0.001", Decimal128("-0.001")))),
    Typed("flag", "BOOL", (("true", True), ("false", False))),
    Typed("name", "VARCHAR(20)", (("'äß€\U0001f40d'", "äß€\U0001f40d"), ("''", ""))),
    Typed("note", "TEXT", (('\'{"payload": "\\" :a %s\'', '{"payload": "\\" :a %s'), ("repeat('x', 100000)", "x" * 100_000))),
    Typed("photo", "BYTEA", (("'\\x00ff10'", b"\x00\xff\x10"), ("'\\x'", b""))),
    Typed(
        "uid",
        "UUID",
        (("'5f8a1c2e-3b4d-4e6f-8a9b-1c2d3e4f5a6b'", UID),),
    ),
    Typed("day", "DATE", (("'2024-02-29'", datetime(2024, 2, 29, tzinfo=UTC)), ("'0001-01-01'", datetime(1, 1, 1, tzinfo=UTC)))),
    Typed("local", "TIMESTAMP", (("'2024-02-29 12:34:56.789'", datetime(2024, 2, 29, 12, 34, 56, 789_000, tzinfo=UTC)),)),
    Typed("moment", "TIMESTAMPTZ", (("'2024-02-29 12:00:00+02'", datetime(2024, 2, 29, 10, tzinfo=UTC)),)),
    Typed("time", "TIME", (("'23:59:59.999999'", "23:59:59.999999"), ("'00:00:00'", "00:00:00"))),
    Typed("zoned", "TIMETZ", (("'12:00:00+02'", "10:00:00Z"),)),
    Typed("span", "INTERVAL", (("'1 year 2 months 3 days 04:05:06'", "P1Y2M3DT4H5M6S"),)),
    Typed("address", "INET", (("'10.0.0.1/8'", "10.0.0.1/8"),)),
    Typed("document", "JSONB", (("'{\"a\": [1, 2.5, null]}'", {"a": [1, Decimal128("2.5"), None]}), ("'[]'", []))),
    Typed("numbers", "INT8[]", (("ARRAY[1, NULL, 3]", [Int64(1), None, Int64(3)]),)),
    Typed("names", "TEXT[]", (("ARRAY['a', NULL]", ["a", None]),)),
    Typed("bits", "BIT(3)", (("B'101'", "101"),)),
)
KEYS = ("small", "large", "double", "price", "flag", "name", "photo", "uid", "day", "local", "moment", "time")
"""The columns that are tried as keys, each of a table of its own."""
