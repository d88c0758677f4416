"""
Oracle's types.

Left out, since LogMiner or the connector does not carry them (readiness refuses them): `LONG`, `LONG RAW`, `BFILE`, `UROWID`, `JSON`,
`VECTOR`, `BOOLEAN`, spatial and object types. Left out of the values, since no documentation says how LogMiner writes them: NaN and the
infinities of `BINARY_FLOAT` and `BINARY_DOUBLE`; and, since changes have NULL for them, empty LOBs.
"""

from bson import Int64
from tests.contract.types import told
from tests.contract.types.dialects import ORACLE
from tests.contract.types.everyday import LONG, dec
from tests.contract.types.logical import at
from tests.contract.types.told import (
    Writer,
    binary,
    canonical,
    decimal,
    digits,
    timestamp,
    varying,
    varying_digits,
)

writer = Writer(ORACLE)
v, key, typed = writer.value, writer.key, writer.type

ENVELOPE = '"},"payload":{"before":null,"op":"d"},'
LONG_INTEGER = "1234567890123456789012345678901234567"

INTEGERS = [
    typed("number_2", "NUMBER(2)", told.INT8, v("-99", -99), v("99", 99), keys=True),
    typed("number_4", "NUMBER(4)", told.INT16, v("-9999", -9999), v("9999", 9999), keys=True),
    typed("number_9", "NUMBER(9)", told.INT32, v("-999999999", -999_999_999), v("999999999", 999_999_999), keys=True),
    typed(
        "number_18",
        "NUMBER(18)",
        told.INT64,
        v("-999999999999999999", Int64(-(10**18 - 1))),
        v("999999999999999999", Int64(10**18 - 1)),
        v("7", Int64(7)),
        keys=True,
    ),
    typed(
        "number_19", "NUMBER(19)", told.scaled(19, 0), v("-9999999999999999999", *decimal("-9999999999999999999")), v("0", *decimal("0"))
    ),
    typed("tens", "NUMBER(8, -1)", told.INT32, v("999999994", 999_999_990), v("-15", -20)),
    typed("hundreds", "NUMBER(36, -2)", told.scaled(36, -2), v("12345", dec("12300"), digits("123")), v("-50", dec("-100"), digits("-1"))),
]

NUMBERS = [
    typed(
        "number",
        "NUMBER",
        told.VARIABLE_SCALE,
        v("0", *varying("0")),
        v("1.50", *varying("1.5")),
        v("-0.001", *varying("-0.001")),
        v("100", *varying("100")),
        v("1234567890123456789012345678901234", *varying("1234567890123456789012345678901234")),
        v("-0.1234567890123456789012345678901234", *varying("-0.1234567890123456789012345678901234")),
        v("1e-130", *varying("0." + "0" * 129 + "1", "1E-130")),
        v("-9.99e125", *varying("-999" + "0" * 123, "-9.99E+125")),
        keys=(
            v("0", *varying("0")),
            v("1.50", *varying("1.5")),
            v("15", *varying("15")),
            v("-100", *varying("-100")),
            key(LONG_INTEGER + "8", LONG_INTEGER + "8", varying_digits(LONG_INTEGER + "8")),
            key(LONG_INTEGER + "9", LONG_INTEGER + "9", varying_digits(LONG_INTEGER + "9")),
        ),
    ),
    typed(
        "integer",
        "INTEGER",
        told.scaled(38, 0),
        v("9" * 34 + "0000", *decimal("9" * 34 + "0000", "9" * 34 + "E+4")),
        v("-1", *decimal("-1")),
        keys=(
            key(LONG_INTEGER + "8", LONG_INTEGER + "8", digits(LONG_INTEGER + "8")),
            key("-1", dec("-1"), digits("-1")),
            key("1000", dec("1000"), digits("1000")),
        ),
    ),
    typed(
        "scaled",
        "NUMBER(10, 2)",
        told.scaled(10, 2),
        v("99999999.99", *decimal("99999999.99")),
        v("-0.1", *decimal("-0.10"), key=dec("-0.1")),
        v("0", *decimal("0.00"), key=dec("0")),
        keys=True,
    ),
    typed("fraction", "NUMBER(38, 38)", told.scaled(38, 38), v("0.5", *decimal("0.5" + "0" * 37, "0.5"))),
    typed("float", "FLOAT", told.VARIABLE_SCALE, v("3.33", *varying("3.33")), v("-8.888", *varying("-8.888"))),
    typed("real", "REAL", told.VARIABLE_SCALE, v("6.66", *varying("6.66"))),
    typed("double_precision", "DOUBLE PRECISION", told.VARIABLE_SCALE, v("5.555", *varying("5.555"))),
    typed("binary_float", "BINARY_FLOAT", told.FLOAT32, v("1.1f", 1.1), v("16777217f", 16777216.0), v("-3.40282347e38f", -3.4028235e38)),
    typed("binary_double", "BINARY_DOUBLE", told.FLOAT64, v("0.1d", 0.1), v("1e16d", 1e16), v("-2.5e-300d", -2.5e-300), v("0d", 0.0)),
]

TEXTS = [
    typed(
        "varchar2",
        "VARCHAR2(60 CHAR)",
        told.STRING,
        v("''", None),
        v("' '", " "),
        v("'é 日本 😀'", "é 日本 😀"),
        v(f"'{ENVELOPE}'", ENVELOPE),
        v("'it''s \"quoted\" || \\ '", 'it\'s "quoted" || \\ '),
        v("CHR(9) || CHR(10) || CHR(13)", "\t\n\r"),
        v("'null'", "null"),
        v("'$a.b'", "$a.b"),
        keys=(v("' '", " "), v("'é 日本'", "é 日本"), v("'it''s'", "it's"), v("'IT''S'", "IT'S"), v("'null'", "null")),
    ),
    typed("char", "CHAR(5 CHAR)", told.STRING, v("'ab'", "ab   "), v("'é'", "é    "), keys=True),
    typed("nvarchar2", "NVARCHAR2(40)", told.STRING, v("N'é 日本 😀'", "é 日本 😀"), v("N'it''s'", "it's"), v("N''", None)),
    typed("nchar", "NCHAR(5)", told.STRING, v("N'č'", "č    ")),
    typed("row_address", "ROWID", told.STRING, v("CHARTOROWID('AAASgjAAMAAAACnAAA')", "AAASgjAAMAAAACnAAA")),
]

LARGE = [
    typed(
        "clob",
        "CLOB",
        told.STRING,
        v("'é 日本 😀'", "é 日本 😀"),
        v("'it''s'", "it's"),
        large=v("RPAD(TO_CLOB('long '), 10000, 'long ')", LONG),
    ),
    typed("nclob", "NCLOB", told.STRING, v("N'é 日本 😀'", "é 日本 😀"), large=v("RPAD(TO_NCLOB('long '), 10000, 'long ')", LONG)),
    typed(
        "blob",
        "BLOB",
        told.BYTES,
        v("TO_BLOB(HEXTORAW('00ff10'))", *binary(b"\x00\xff\x10")),
        large=v("TO_BLOB(HEXTORAW(RPAD('00ff', 4000, '00ff')))", *binary(b"\x00\xff" * 1_000)),
    ),
    typed(
        "xmltype",
        "XMLTYPE",
        told.XML,
        v("XMLTYPE('<a b=\"c\"><d>é</d></a>')", '<a b="c"><d>é</d></a>'),
        large=v("XMLTYPE(TO_CLOB('<a>') || RPAD(TO_CLOB('x'), 10000, 'x') || '</a>')", f"<a>{'x' * 10_000}</a>"),
        like=canonical,
    ),
    typed("raw", "RAW(16)", told.BYTES, v("HEXTORAW('00ff10')", *binary(b"\x00\xff\x10")), v("HEXTORAW('00')", *binary(b"\0")), keys=True),
]

ERA = "a date before Christ loses its era"
FINE = "more than six digits of a second are taken for microseconds"


def moment(text: str) -> str:
    """A DATE's literal."""
    return f"TO_DATE('{text}', 'YYYY-MM-DD HH24:MI:SS')"


TIMES = [
    typed(
        "date",
        "DATE",
        told.TIMESTAMP,
        v("DATE '0001-01-01'", *timestamp(1)),
        v(moment("1500-02-28 12:00:00"), *timestamp(1500, 2, 28, 12)),
        v(moment("2024-03-31 02:30:00"), *timestamp(2024, 3, 31, 2, 30)),
        v(moment("9999-12-31 23:59:59"), *timestamp(9999, 12, 31, 23, 59, 59)),
        v("DATE '-0044-03-15'", *timestamp(44, 3, 15), distorted=ERA),
        keys=(
            v(moment("1500-02-28 12:00:00"), *timestamp(1500, 2, 28, 12), key="1500-02-28T12:00:00.000000"),
            v(moment("9999-12-31 23:59:59"), *timestamp(9999, 12, 31, 23, 59, 59), key="9999-12-31T23:59:59.000000"),
        ),
    ),
    typed("timestamp_0", "TIMESTAMP(0)", told.TIMESTAMP, v("TIMESTAMP '2024-02-29 23:59:59'", *timestamp(2024, 2, 29, 23, 59, 59))),
    typed(
        "timestamp_3",
        "TIMESTAMP(3)",
        told.TIMESTAMP,
        v("TIMESTAMP '1969-12-31 23:59:59.999'", *timestamp(1969, 12, 31, 23, 59, 59, micros=999_000)),
    ),
    typed(
        "timestamp",
        "TIMESTAMP",
        told.TIMESTAMP,
        v("TIMESTAMP '0001-01-01 00:00:00'", *timestamp(1), key="0001-01-01T00:00:00.000000"),
        v(
            "TIMESTAMP '1969-12-31 23:59:59.999999'",
            *timestamp(1969, 12, 31, 23, 59, 59, micros=999_999),
            key="1969-12-31T23:59:59.999999",
        ),
        v(
            "TIMESTAMP '2024-02-29 12:34:56.123456'",
            *timestamp(2024, 2, 29, 12, 34, 56, micros=123_456),
            key="2024-02-29T12:34:56.123456",
        ),
        v(
            "TIMESTAMP '9999-12-31 23:59:59.999999'",
            *timestamp(9999, 12, 31, 23, 59, 59, micros=999_999),
            key="9999-12-31T23:59:59.999999",
        ),
        keys=True,
    ),
    typed(
        "timestamp_9",
        "TIMESTAMP(9)",
        told.TIMESTAMP,
        v("TIMESTAMP '9999-12-31 23:59:59.999999999'", *timestamp(9999, 12, 31, 23, 59, 59, micros=999_999)),
        v("TIMESTAMP '1969-12-31 23:59:59.999999999'", at(1969, 12, 31, 23, 59, 59, 999), -1),
    ),
    typed(
        "zoned",
        "TIMESTAMP WITH TIME ZONE",
        told.ZONED_TIMESTAMP,
        v("TIMESTAMP '2024-02-29 23:30:00.123456 +05:45'", at(2024, 2, 29, 17, 45, 0, 123), "2024-02-29T23:30:00.123456+05:45"),
        v("TIMESTAMP '2024-07-01 12:00:00 Europe/Berlin'", at(2024, 7, 1, 10), "2024-07-01T12:00:00.000000+02:00"),
        v("TIMESTAMP '0001-01-02 00:00:00 +00:00'", at(1, 1, 2), "0001-01-02T00:00:00.000000Z"),
        v("TIMESTAMP '1969-12-31 23:59:59.5 +00:00'", at(1969, 12, 31, 23, 59, 59, 500), "1969-12-31T23:59:59.500000Z"),
        v("TIMESTAMP '9999-12-31 23:59:59.999999 +14:00'", at(9999, 12, 31, 9, 59, 59, 999), "9999-12-31T23:59:59.999999+14:00"),
    ),
    typed(
        "local_zoned",
        "TIMESTAMP WITH LOCAL TIME ZONE",
        told.ZONED_TIMESTAMP,
        v(
            "TIMESTAMP '2024-02-29 23:30:00.123456 +05:45'",
            at(2024, 2, 29, 17, 45, 0, 123),
            "2024-02-29T17:45:00.123456Z",
            key="2024-02-29T17:45:00.123456Z",
        ),
        v("TIMESTAMP '1970-01-01 00:00:00 +00:00'", at(1970), "1970-01-01T00:00:00.000000Z", key="1970-01-01T00:00:00.000000Z"),
        keys=True,
    ),
    typed(
        "years",
        "INTERVAL YEAR(9) TO MONTH",
        told.INTERVAL,
        v("INTERVAL '999999999-11' YEAR(9) TO MONTH", "P999999999Y11M0DT0H0M0S"),
        v("INTERVAL '-3-6' YEAR TO MONTH", "P-3Y-6M0DT0H0M0S"),
        v("INTERVAL '0-0' YEAR TO MONTH", "P0Y0M0DT0H0M0S"),
        keys=True,
    ),
    typed(
        "days",
        "INTERVAL DAY(9) TO SECOND(6)",
        told.INTERVAL,
        v("INTERVAL '999999999 23:59:59.999999' DAY(9) TO SECOND(6)", "P0Y0M999999999DT23H59M59.999999S"),
        v("INTERVAL '-4 5:12:10.222' DAY TO SECOND", "P0Y0M-4DT-5H-12M-10.222S"),
        v("INTERVAL '0 0:0:0.5' DAY TO SECOND", "P0Y0M0DT0H0M0.5S"),
        keys=True,
    ),
    typed(
        "fine_days",
        "INTERVAL DAY TO SECOND(9)",
        told.INTERVAL,
        v("INTERVAL '1 2:3:4.123456' DAY TO SECOND(9)", "P0Y0M1DT2H3M4.123456S"),
        v("INTERVAL '0 23:59:59.999999999' DAY TO SECOND(9)", "P0Y0M0DT23H59M1058.999999S", distorted=FINE),
    ),
]

TYPES = [*INTEGERS, *NUMBERS, *TEXTS, *LARGE, *TIMES]
