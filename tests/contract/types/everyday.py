"""Numbers, texts, bytes, times and JSON: what every database has."""

import math
from typing import Any
from uuid import UUID

from bson import Binary, Decimal128, Int64
from bson.datetime_ms import DatetimeMS
from tests.contract.types.logical import LogicalType, Value, at

LATER, EARLIER = DatetimeMS(8_640_000_000_000_000), DatetimeMS(-8_640_000_000_000_000)
"""What stands for the infinities."""

LONG = "long " * 2_000


def dec(text: str) -> Decimal128:
    """A decimal."""
    return Decimal128(text)


def uuid(text: str) -> Binary:
    """A UUID."""
    return Binary.from_uuid(UUID(text))


def types(*made: LogicalType) -> list[LogicalType]:
    """The types as a list."""
    return list(made)


def plain(name: str, postgresql: str, *pairs: tuple[Any, str], keys: bool = False, large: Value | None = None) -> LogicalType:
    """A type of whose values a key holds what the body does; each is given with its literal."""
    values = tuple(Value(stored, literal) for stored, literal in pairs)
    return LogicalType(name, values, postgresql, values if keys else (), large)


BOOLEANS = types(
    plain("boolean", "boolean", (True, "true"), (False, "false"), keys=True),
    plain("one_bit", "bit", (True, "B'1'"), (False, "B'0'"), keys=True),
)

INTEGERS = types(
    plain("int16", "smallint", (-32768, "-32768"), (32767, "32767"), (0, "0"), keys=True),
    plain("int32", "integer", (-(2**31), "-2147483648"), (2**31 - 1, "2147483647"), (0, "0"), keys=True),
    plain(
        "int64",
        "bigint",
        (Int64(-(2**63)), "'-9223372036854775808'"),
        (Int64(2**63 - 1), "9223372036854775807"),
        (Int64(7), "7"),
        (Int64(2**53 + 1), "9007199254740993"),
        keys=True,
    ),
    plain("oid", "oid", (Int64(0), "0"), (Int64(2**32 - 1), "4294967295"), keys=True),
)

FLOATS = types(
    plain(
        "float32",
        "real",
        (math.nan, "'NaN'"),
        (math.inf, "'Infinity'"),
        (-math.inf, "'-Infinity'"),
        (1.1, "1.1"),
        (1.4e-45, "1e-45"),
        (3.4028235e38, "3.4028235e38"),
        (16777216.0, "16777217"),
        keys=True,
    ),
    plain(
        "float64",
        "double precision",
        (math.nan, "'NaN'"),
        (math.inf, "'Infinity'"),
        (-math.inf, "'-Infinity'"),
        (0.1, "0.1"),
        (5e-324, "5e-324"),
        (1.7976931348623157e308, "1.7976931348623157e308"),
        (9007199254740992.0, "9007199254740993"),
        keys=True,
    ),
    LogicalType("minus_zero", (Value(-0.0, "'-0'"),), "double precision", (Value(-0.0, "'-0'", key=0.0), Value(1.0, "1"))),
)

NUMERICS = (
    Value(dec("NaN"), "'NaN'"),
    Value(dec("Infinity"), "'Infinity'"),
    Value(dec("-Infinity"), "'-Infinity'"),
    Value(dec("0"), "0"),
    Value(dec("-1.10"), "-1.10", key=dec("-1.1")),
    Value(dec("1.500"), "1.500", key=dec("1.5")),
    Value(dec("100000000000000000000"), "1e20"),
    Value(dec("1E-20"), "1e-20"),
    Value(dec("1234567890123456789012345678901234"), "1234567890123456789012345678901234"),
    Value(dec("-0.1234567890123456789012345678901234"), "-0.1234567890123456789012345678901234"),
    Value(dec("1E+6000"), "1e6000"),
    Value(dec("1E-6000"), "1e-6000"),
)

DECIMALS = types(
    LogicalType("decimal", NUMERICS, "numeric", NUMERICS),
    LogicalType(
        "decimal_38",
        (),
        "numeric(38, 10)",
        (
            Value(None, "1234567890123456789012345678.0123456789", key="1234567890123456789012345678.0123456789"),
            Value(None, "1234567890123456789012345678.0123456788", key="1234567890123456789012345678.0123456788"),
            Value(None, "-0.0000000001", key=dec("-1E-10")),
            Value(None, "1", key=dec("1")),
            Value(None, "0", key=dec("0")),
        ),
    ),
    LogicalType(
        "decimal_scaled",
        (Value(dec("12345678.90"), "12345678.9"), Value(dec("-0.01"), "-0.01"), Value(dec("0.00"), "0")),
        "numeric(10, 2)",
        (Value(None, "1.5", key=dec("1.5")), Value(None, "10", key=dec("10")), Value(None, "0", key=dec("0"))),
    ),
    LogicalType(
        "decimal_negative_scale",
        (Value(dec("1.2346E+7"), "12345678"), Value(dec("-9.9999E+7"), "-99999000"), Value(dec("0E-2045"), "0")),
        "numeric(5, -3)",
        (Value(None, "12345678", key=dec("12346000")), Value(None, "-99999000", key=dec("-99999000")), Value(None, "0", key=dec("0"))),
    ),
    plain("decimal_small", "numeric(3, 5)", (dec("0.00123"), "0.00123")),
    LogicalType(
        "money",
        (
            Value(dec("92233720368547758.07"), "'92233720368547758.07'"),
            Value(dec("-92233720368547758.08"), "'-92233720368547758.08'"),
            Value(dec("1234.50"), "'1234.5'", key=dec("1234.5")),
            Value(dec("0.00"), "0", key=dec("0")),
        ),
        "money",
        (Value(None, "'1234.5'", key=dec("1234.5")), Value(None, "'-0.01'", key=dec("-0.01")), Value(None, "0", key=dec("0"))),
    ),
)

TEXTS = types(
    plain(
        "text",
        "text",
        ("", "''"),
        ('"},"payload":{"before":null,"op":"d"},', """'"},"payload":{"before":null,"op":"d"},'"""),
        ('{"schema":{"type":"struct"},"payload":{"op":"c"}}', """'{"schema":{"type":"struct"},"payload":{"op":"c"}}'"""),
        ("\x01\t\n\r\b\\\x7f", r"E'\x01\t\n\r\b\\\x7f'"),
        ("😀 é \u2028\ufeff", r"U&'\+01F600 \00e9 \2028\FEFF'"),
        ("null", "'null'"),
        ("NAN", "'NAN'"),
        (" ", "' '"),
        ("$a.b", "'$a.b'"),
        keys=True,
        large=Value(LONG, "repeat('long ', 2000)"),
    ),
    plain("varchar", "varchar(3)", ("abc", "'abc'"), ("é", "'é'"), keys=True, large=None),
    plain("padded", "char(5)", ("ab   ", "'ab'"), ("     ", "''"), keys=True),
    plain("blank_padded", "bpchar", ("ab  ", "'ab  '"), large=Value(LONG, "repeat('long ', 2000)")),
    plain("one_byte", '"char"', ("a", "'a'"), ("", "''"), ("\\351", r"'\351'"), keys=True),
    plain("name", "name", ("abc", "'abc'"), ("ü" * 31, f"'{'ü' * 31}'"), keys=True),
)

BYTES = types(
    plain(
        "bytes",
        "bytea",
        (b"", "''"),
        (b"\x00\xff\x10", r"'\x00ff10'"),
        (b"\x00\xff\x11", r"'\x00ff11'"),
        (b"abc\\", r"'abc\134'"),
        keys=True,
        large=Value(b"\x00\xff" * 3_000, "decode(repeat('00ff', 3000), 'hex')"),
    ),
    plain("bits", "bit(5)", (b"\x15", "B'10101'"), (b"\x00", "B'00000'"), (b"\x01", "B'00001'"), keys=True),
    plain("bits_of_bytes", "bit(16)", (b"\x80\x01", "B'1000000000000001'"), (b"\x00\x00", "B'0000000000000000'"), keys=True),
    LogicalType(
        "many_bits",
        (
            Value(b"\x20" + b"\x00" * 8, "B'1'::bit(70)"),
            Value(b"\x00" * 8 + b"\x01", "(repeat('0', 69) || '1')::bit(70)"),
        ),
        "bit(70)",
    ),
    LogicalType(
        "varying_bits",
        (
            Value(b"\x01", "B'1'"),
            Value(b"\x01\x00", "B'100000000'"),
            Value(b"", "B''"),
            Value(b"\x01", "B'0001'", distorted="the zeros at the beginning are lost"),
        ),
        "bit varying",
    ),
    LogicalType(
        "limited_bits",
        (
            Value(b"\x00\x01", "B'1'", distorted="the zeros at the beginning are lost, others are put there"),
            Value(b"\x01\x00", "B'100000000'", distorted="the zeros at the beginning are lost, others are put there"),
        ),
        "bit varying(12)",
    ),
    plain(
        "uuid",
        "uuid",
        (uuid("0e37df36-f698-11e6-8dd4-cb9ced3df976"), "'0E37DF36-F698-11E6-8DD4-CB9CED3DF976'"),
        (uuid("00000000-0000-0000-0000-000000000000"), "'00000000-0000-0000-0000-000000000000'"),
        (uuid("ffffffff-ffff-ffff-ffff-ffffffffffff"), "'ffffffff-ffff-ffff-ffff-ffffffffffff'"),
        keys=True,
    ),
)

DATES = (
    Value(at(2024, 2, 29), "'2024-02-29'"),
    Value(at(1), "'0001-01-01'"),
    Value(at(0, 12, 31), "'0001-12-31 BC'"),
    Value(at(-43, 3, 15), "'0044-03-15 BC'"),
    Value(at(-4, 2, 29), "'0005-02-29 BC'"),
    Value(at(-4712, 1, 1), "'4713-01-01 BC'"),
    Value(at(1500, 2, 28), "'1500-02-28'"),
    Value(at(1582, 10, 4), "'1582-10-04'"),
    Value(at(1582, 10, 10), "'1582-10-10'"),
    Value(at(1582, 10, 15), "'1582-10-15'"),
    Value(at(9999, 12, 31), "'9999-12-31'"),
    Value(at(10000), "'10000-01-01'"),
    Value(at(5874897, 12, 31), "'5874897-12-31'"),
    Value(LATER, "'infinity'", key="infinity"),
    Value(EARLIER, "'-infinity'", key="-infinity"),
)

TIMESTAMPS = (
    Value(at(2024, 2, 29, 23, 59, 59, 123), "'2024-02-29 23:59:59.123456'", key="2024-02-29T23:59:59.123456"),
    Value(at(2024, 2, 29, 23, 59, 59, 123), "'2024-02-29 23:59:59.123457'", key="2024-02-29T23:59:59.123457"),
    Value(at(1969, 12, 31, 23, 59, 59, 999), "'1969-12-31 23:59:59.999999'", key="1969-12-31T23:59:59.999999"),
    Value(at(2024, 3, 31, 2, 30), "'2024-03-31 02:30:00'", key="2024-03-31T02:30:00.000000"),
    Value(at(1), "'0001-01-01 00:00:00'", key="0001-01-01T00:00:00.000000"),
    Value(at(-43, 3, 15, 12, 34, 56, 789), "'0044-03-15 12:34:56.789012 BC'", key="-0043-03-15T12:34:56.789012"),
    Value(at(-4712), "'4713-01-01 00:00:00 BC'", key="-4712-01-01T00:00:00.000000"),
    Value(at(1500, 2, 28, 12), "'1500-02-28 12:00:00'", key="1500-02-28T12:00:00.000000"),
    Value(at(1582, 10, 10, 1), "'1582-10-10 01:00:00'", key="1582-10-10T01:00:00.000000"),
    Value(at(9999, 12, 31, 23, 59, 59, 999), "'9999-12-31 23:59:59.999999'", key="9999-12-31T23:59:59.999999"),
    Value(at(10000), "'10000-01-01 00:00:00'", key="+10000-01-01T00:00:00.000000"),
    Value(at(294246, 12, 31, 23, 59, 59, 999), "'294246-12-31 23:59:59.999999'", key="+294246-12-31T23:59:59.999999"),
    Value(LATER, "'infinity'", key="infinity"),
    Value(EARLIER, "'-infinity'", key="-infinity"),
)

INSTANTS = (
    Value(at(2024, 3, 31, 0, 30, 0, 500), "'2024-03-31 02:30:00.5+02'", key="2024-03-31T00:30:00.500000Z"),
    Value(at(2023, 12, 31, 18, 15, 0, 123), "'2024-01-01 00:00:00.123456+05:45'", key="2023-12-31T18:15:00.123456Z"),
    Value(at(1), "'0001-01-01 00:00:00+00'", key="0001-01-01T00:00:00.000000Z"),
    Value(at(0, 12, 31, 22), "'0001-01-01 00:00:00+02'", key="0000-12-31T22:00:00.000000Z"),
    Value(at(-43, 3, 15, 12), "'0044-03-15 12:00:00+00 BC'", key="-0043-03-15T12:00:00.000000Z"),
    Value(at(1582, 10, 10), "'1582-10-10 00:00:00+00'", key="1582-10-10T00:00:00.000000Z"),
    Value(at(1800), "'1800-01-01 00:00:00+00'", key="1800-01-01T00:00:00.000000Z"),
    Value(at(294276, 12, 31, 23, 59, 59, 999), "'294276-12-31 23:59:59.999999+00'", key="+294276-12-31T23:59:59.999999Z"),
    Value(LATER, "'infinity'", key="infinity"),
    Value(EARLIER, "'-infinity'", key="-infinity"),
)

CLOCKS = (
    Value("00:00:00", "'00:00:00'"),
    Value("12:34:56.789012", "'12:34:56.789012'"),
    Value("23:59:59.999999", "'23:59:59.999999'"),
    Value("24:00:00", "'24:00:00'"),
)

TIMES = types(
    LogicalType("date", DATES, "date", DATES),
    LogicalType("timestamp", TIMESTAMPS, "timestamp", TIMESTAMPS),
    LogicalType(
        "timestamp_ms",
        (
            Value(at(2024, 2, 29, 23, 59, 59, 123), "'2024-02-29 23:59:59.1234'"),
            Value(at(1582, 10, 10, 1), "'1582-10-10 01:00:00'"),
            Value(at(-43, 3, 15, 12, 34, 56, 789), "'0044-03-15 12:34:56.789 BC'"),
            Value(LATER, "'infinity'"),
            Value(EARLIER, "'-infinity'"),
        ),
        "timestamp(3)",
        (
            Value(None, "'2024-02-29 23:59:59.123'", key="2024-02-29T23:59:59.123000"),
            Value(None, "'0044-03-15 12:00:00 BC'", key="-0043-03-15T12:00:00.000000"),
            Value(None, "'infinity'", key="infinity"),
        ),
    ),
    plain("timestamp_s", "timestamp(0)", (at(2024, 1, 1, 0, 0, 1), "'2024-01-01 00:00:00.5'"), (at(1), "'0001-01-01'")),
    LogicalType("instant", INSTANTS, "timestamptz", INSTANTS),
    plain("instant_ms", "timestamptz(3)", (at(2023, 12, 31, 22, 0, 0, 124), "'2024-01-01 00:00:00.1235+02'"), (LATER, "'infinity'")),
    LogicalType("time", CLOCKS, "time", CLOCKS),
    LogicalType(
        "time_ms",
        (Value("12:34:56.789", "'12:34:56.789'"), Value("24:00:00", "'24:00:00'")),
        "time(3)",
        (Value(None, "'12:34:56.789'", key="12:34:56.789000"), Value(None, "'24:00:00'", key="24:00:00")),
    ),
    plain(
        "zoned_time",
        "timetz",
        ("10:34:56.789012Z", "'12:34:56.789012+02'"),
        ("12:00:00Z", "'00:00:00-12'"),
        ("08:00:59.999999Z", "'23:59:59.999999+15:59'"),
        ("24:00:00Z", "'24:00:00+00'"),
        ("19:00:00Z", "'24:00:00+05'"),
    ),
    LogicalType(
        "interval",
        (
            Value("P1Y2M3DT4H5M6.789012S", "'1 year 2 months 3 days 04:05:06.789012'"),
            Value("P-1Y-2M3DT-4H-5M-6.7S", "'-1 year -2 mons +3 days -04:05:06.7'"),
            Value("P0Y0M0DT0H0M0S", "'0'"),
            Value("P0Y1M0DT0H0M0S", "'1 mon'"),
            Value("P0Y0M30DT0H0M0S", "'30 days'"),
            Value("P0Y0M0DT0H0M-0.000001S", "'-00:00:00.000001'"),
            Value("P178000000Y0M0DT0H0M0S", "'178000000 years'"),
            Value("P0Y0M0DT100000H0M0S", "'100000:00:00'"),
            Value("P0Y0M0DT0H0M0S", "'infinity'", distorted="infinite intervals arrive as zero"),
        ),
        "interval",
        (Value("P0Y1M0DT0H0M0S", "'1 mon'"), Value("P1Y0M0DT0H0M0.5S", "'1 year 0.5 s'"), Value("P0Y0M1DT-1H0M0S", "'1 day -1 hour'")),
    ),
)

OBJECT: dict[str, Any] = {
    "a": 1,
    "$d": "x.y",
    "_id": "his",
    "big": Int64(3_000_000_000),
    "e.f": {"": True},
    "list": [1, None, [], {}],
    "none": None,
    "bigger": dec("18446744073709551616"),
    "fraction": dec("2.50"),
}
"""In the order that jsonb has."""

OBJECT_TEXT = (
    '{"a": 1, "$d": "x.y", "_id": "his", "big": 3000000000, "e.f": {"": true}, "list": [1, null, [], {}], "none": null, '
    '"bigger": 18446744073709551616, "fraction": 2.50}'
)

JSONS = (
    Value(OBJECT, f"'{OBJECT_TEXT}'"),
    Value(None, "'null'"),
    Value([], "'[]'"),
    Value("text", "'\"text\"'"),
    Value(True, "'true'"),
    Value(-5, "'-5'"),
    Value(Int64(2**63 - 1), "'9223372036854775807'"),
    Value(dec("9223372036854775808"), "'9223372036854775808'"),
    Value("1" * 40, f"'{'1' * 40}'"),
    Value(dec("1E+400"), "'1e400'"),
    Value([[[1]], []], "'[[[1]], []]'"),
)

DOCUMENTS = types(
    LogicalType(
        "json",
        (*JSONS, Value({"a": 2}, """'{"a": 1, "a": 2}'""")),
        "json",
        large=Value({"text": LONG}, "json_build_object('text', repeat('long ', 2000))"),
    ),
    LogicalType(
        "jsonb",
        JSONS,
        "jsonb",
        (
            Value(None, "'{\"a\": [1, 2.50]}'", key='{"a":[1,2.50]}'),
            Value(None, "'{\"a\": [1, 2.51]}'", key='{"a":[1,2.51]}'),
            Value(None, "'null'", key="null"),
            Value(None, "'\"null\"'", key='"null"'),
            Value(None, "'1'", key="1"),
        ),
        large=Value({"text": LONG}, "jsonb_build_object('text', repeat('long ', 2000))"),
    ),
)

ALL = [*BOOLEANS, *INTEGERS, *FLOATS, *DECIMALS, *TEXTS, *BYTES, *TIMES, *DOCUMENTS]
