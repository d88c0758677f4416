"""
Db2's types.

Left out: large values (`CLOB`, `DBCLOB`, `BLOB`), `LONG VARCHAR` and `LONG VARGRAPHIC`, which SQL Replication does not capture, and of
which the connector reads no values in a snapshot either; NaN and the infinities of `DECFLOAT`, which make it fail. `BOOLEAN` and `XML` come
by snapshot only.
"""

from bson import Int64
from tests.contract.types import told
from tests.contract.types.dialects import DB2
from tests.contract.types.everyday import dec
from tests.contract.types.told import Writer, binary, canonical, clock, date, decimal, timestamp, varying

writer = Writer(DB2)
v, typed = writer.value, writer.type

ENVELOPE = '"},"payload":{"before":null,"op":"d"},'

NUMBERS = [
    typed("smallint", "SMALLINT", told.INT16, v("-32768", -32768), v("32767", 32767), keys=True),
    typed("integer", "INTEGER", told.INT32, v("-2147483648", -(2**31)), v("2147483647", 2**31 - 1), v("0", 0), keys=True),
    typed(
        "bigint",
        "BIGINT",
        told.INT64,
        v("-9223372036854775808", Int64(-(2**63))),
        v("9223372036854775807", Int64(2**63 - 1)),
        v("9007199254740993", Int64(2**53 + 1)),
        v("7", Int64(7)),
        keys=True,
    ),
    typed(
        "decimal",
        "DECIMAL(31, 0)",
        told.scaled(31, 0),
        v("9" * 31, *decimal("9" * 31)),
        v("-" + "9" * 31, *decimal("-" + "9" * 31)),
        v("0", *decimal("0")),
        keys=True,
    ),
    typed(
        "scaled",
        "DECIMAL(12, 2)",
        told.scaled(12, 2),
        v("9999999999.99", *decimal("9999999999.99")),
        v("-0.1", *decimal("-0.10"), key=dec("-0.1")),
        v("0", *decimal("0.00"), key=dec("0")),
        keys=True,
    ),
    typed("fraction", "DECIMAL(31, 31)", told.scaled(31, 31), v("0.5", *decimal("0.5" + "0" * 30)), v("0", *decimal("0." + "0" * 31))),
    typed("numeric", "NUMERIC(5)", told.scaled(5, 0), v("99999", *decimal("99999"))),
    typed("real", "REAL", told.FLOAT32, v("1.1", 1.1), v("16777217", 16777216.0), v("-3.4028234E38", -3.4028235e38), v("0", 0.0)),
    typed("double", "DOUBLE", told.FLOAT64, v("0.1", 0.1), v("1.79E308", 1.79e308), v("-2.23E-307", -2.23e-307), v("1E16", 1e16)),
    typed(
        "decfloat_16",
        "DECFLOAT(16)",
        told.VARIABLE_SCALE,
        v("DECFLOAT('1.50', 16)", *varying("1.5")),
        v("DECFLOAT('-100', 16)", *varying("-100")),
    ),
    typed(
        "decfloat",
        "DECFLOAT",
        told.VARIABLE_SCALE,
        v("DECFLOAT('1234567890123456789012345678901234')", *varying("1234567890123456789012345678901234")),
        v("DECFLOAT('-0.001')", *varying("-0.001")),
        v("DECFLOAT('1E300')", *varying("1" + "0" * 300, "1E+300")),
        v("DECFLOAT('1E-300')", *varying("0." + "0" * 299 + "1", "1E-300")),
        v("DECFLOAT('0')", *varying("0")),
    ),
]

TEXTS = [
    typed("char", "CHAR(5)", told.STRING, v("'ab'", "ab   "), v("''", "     "), v("'é'", "é   "), keys=True),
    typed(
        "varchar",
        "VARCHAR(60)",
        told.STRING,
        v("''", ""),
        v("'abc '", "abc "),
        v("'é 日本 😀'", "é 日本 😀"),
        v(f"'{ENVELOPE}'", ENVELOPE),
        v("'it''s \"quoted\" \\'", 'it\'s "quoted" \\'),
        v("CHR(9) || CHR(10) || CHR(13)", "\t\n\r"),
        v("'null'", "null"),
        v("'$a.b'", "$a.b"),
        keys=(v("''", ""), v("'é 日本'", "é 日本"), v("'it''s'", "it's"), v("'IT''S'", "IT'S"), v("'null'", "null")),
    ),
    typed("graphic", "GRAPHIC(2)", told.STRING, v("'é日'", "é日")),
    typed("vargraphic", "VARGRAPHIC(20)", told.STRING, v("'é 日本 😀'", "é 日本 😀"), v("''", "")),
]

BINARIES = [
    typed(
        "bits",
        "CHAR(3) FOR BIT DATA",
        told.BYTES,
        v("X'00FF10'", *binary(b"\x00\xff\x10")),
        v("X'FFFFFF'", *binary(b"\xff" * 3)),
        keys=True,
    ),
    typed("varying_bits", "VARCHAR(8) FOR BIT DATA", told.BYTES, v("X'00FF'", *binary(b"\x00\xff")), v("''", *binary(b""))),
    typed("binary", "BINARY(3)", told.BYTES, v("BX'00FF10'", *binary(b"\x00\xff\x10")), v("BX'01'", *binary(b"\x01\0\0")), keys=True),
    typed("varbinary", "VARBINARY(8)", told.BYTES, v("BX'00FF'", *binary(b"\x00\xff")), v("BX'00'", *binary(b"\0")), keys=True),
]

TIMES = [
    typed(
        "date",
        "DATE",
        told.DATE,
        v("'0001-01-01'", *date(1, 1, 1)),
        v("'1500-02-28'", *date(1500, 2, 28)),
        v("'2024-02-29'", *date(2024, 2, 29)),
        v("'9999-12-31'", *date(9999, 12, 31)),
        keys=True,
    ),
    typed("time", "TIME", told.TIME, v("'00:00:00'", *clock(0, 0, 0)), v("'23:59:59'", *clock(23, 59, 59)), keys=True),
    typed("timestamp_0", "TIMESTAMP(0)", told.TIMESTAMP, v("'2024-02-29 23:59:59'", *timestamp(2024, 2, 29, 23, 59, 59))),
    typed(
        "timestamp",
        "TIMESTAMP",
        told.TIMESTAMP,
        v("'0001-01-01 00:00:00'", *timestamp(1), key="0001-01-01T00:00:00.000000"),
        v("'1969-12-31 23:59:59.999999'", *timestamp(1969, 12, 31, 23, 59, 59, micros=999_999), key="1969-12-31T23:59:59.999999"),
        v("'2024-03-31 02:30:00.123456'", *timestamp(2024, 3, 31, 2, 30, 0, micros=123_456), key="2024-03-31T02:30:00.123456"),
        v("'9999-12-31 23:59:59.999999'", *timestamp(9999, 12, 31, 23, 59, 59, micros=999_999), key="9999-12-31T23:59:59.999999"),
        keys=True,
    ),
    typed(
        "timestamp_12",
        "TIMESTAMP(12)",
        told.TIMESTAMP,
        v("'2024-02-29 12:34:56.123456789012'", *timestamp(2024, 2, 29, 12, 34, 56, micros=123_456)),
        v("'9999-12-31 23:59:59.999999999999'", *timestamp(9999, 12, 31, 23, 59, 59, micros=999_999)),
    ),
]

TYPES = [*NUMBERS, *TEXTS, *BINARIES, *TIMES]

READ_ONLY = [
    typed("boolean", "BOOLEAN", told.BOOLEAN, v("TRUE", True), v("FALSE", False)),
    typed("xml", "XML", told.XML, v("XMLPARSE(DOCUMENT '<a b=\"c\">é</a>')", '<a b="c">é</a>'), like=canonical),
]
"""What a snapshot has and changes do not."""
