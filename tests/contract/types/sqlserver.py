"""
SQL Server's types.

Left out, since the connector does not carry them (readiness refuses them): `sql_variant`, `geometry`, `geography`, `hierarchyid`,
`json` and `vector`. A `rowversion` takes no value from a statement and has its own test.
"""

from bson import Int64
from tests.contract.types import told
from tests.contract.types.dialects import SQL_SERVER
from tests.contract.types.everyday import LONG, dec
from tests.contract.types.logical import at
from tests.contract.types.told import Writer, binary, clock, date, decimal, digits, guid, timestamp

writer = Writer(SQL_SERVER)
v, key, typed = writer.value, writer.key, writer.type

LONG_DECIMAL = "1234567890123456789012345678.012345678"
ENVELOPE = '"},"payload":{"before":null,"op":"d"},'

NUMBERS = [
    typed("bit", "bit", told.BOOLEAN, v("1", True), v("0", False), keys=True),
    typed("tinyint", "tinyint", told.INT16, v("0", 0), v("255", 255), keys=True),
    typed("smallint", "smallint", told.INT16, v("-32768", -32768), v("32767", 32767), keys=True),
    typed("int", "int", told.INT32, v("-2147483648", -(2**31)), v("2147483647", 2**31 - 1), v("0", 0), keys=True),
    typed(
        "bigint",
        "bigint",
        told.INT64,
        v("-9223372036854775808", Int64(-(2**63))),
        v("9223372036854775807", Int64(2**63 - 1)),
        v("9007199254740993", Int64(2**53 + 1)),
        v("7", Int64(7)),
        keys=True,
    ),
    typed("decimal", "decimal", told.scaled(18, 0), v("999999999999999999", *decimal("9" * 18)), v("-1", *decimal("-1"))),
    typed(
        "decimal_34",
        "decimal(34, 4)",
        told.scaled(34, 4),
        v("9" * 30 + ".9999", *decimal("9" * 30 + ".9999")),
        v("-1.1", *decimal("-1.1000")),
        v("0", *decimal("0.0000")),
    ),
    typed(
        "decimal_38",
        "decimal(38, 0)",
        told.scaled(38, 0),
        v("-1" + "0" * 37, *decimal("-1" + "0" * 37, "-1E+37")),
        v("9" * 34 + "0000", *decimal("9" * 34 + "0000", "9" * 34 + "E+4")),
    ),
    typed(
        "decimal_fraction",
        "decimal(38, 38)",
        told.scaled(38, 38),
        v("0.5", *decimal("0.5" + "0" * 37, "0.5")),
        v("-0." + "0" * 37 + "1", *decimal("-0." + "0" * 37 + "1", "-1E-38")),
    ),
    typed(
        "decimal_key",
        "numeric(38, 10)",
        told.scaled(38, 10),
        keys=(
            key(LONG_DECIMAL + "9", LONG_DECIMAL + "9", digits(LONG_DECIMAL + "9")),
            key(LONG_DECIMAL + "8", LONG_DECIMAL + "8", digits(LONG_DECIMAL + "8")),
            key("0.0000000001", dec("1E-10"), digits("0.0000000001")),
            key("1", dec("1"), digits("1.0000000000")),
            key("0", dec("0"), digits("0.0000000000")),
        ),
    ),
    typed(
        "money",
        "money",
        told.scaled(19, 4),
        v("922337203685477.5807", *decimal("922337203685477.5807")),
        v("-922337203685477.5808", *decimal("-922337203685477.5808")),
        v("1.5", *decimal("1.5000"), key=dec("1.5")),
        keys=True,
    ),
    typed(
        "smallmoney",
        "smallmoney",
        told.scaled(10, 4),
        v("214748.3647", *decimal("214748.3647")),
        v("-214748.3648", *decimal("-214748.3648")),
    ),
    typed("real", "real", told.FLOAT32, v("1.1", 1.1), v("16777217", 16777216.0), v("-3.4028234e38", -3.4028235e38), v("0", 0.0)),
    typed("float", "float", told.FLOAT64, v("0.1", 0.1), v("1.79e308", 1.79e308), v("-2.23e-308", -2.23e-308), v("1e16", 1e16), keys=True),
]

TEXTS = [
    typed("char", "char(5)", told.STRING, v("'ab'", "ab   "), v("''", "     "), v("N'é'", "é    ")),
    typed("varchar", "varchar(40)", told.STRING, v("'abc '", "abc "), v("''", ""), v("N'ñandú €'", "ñandú €")),
    typed("varchar_utf8", "varchar(40) COLLATE Latin1_General_100_BIN2_UTF8", told.STRING, v("N'é 日本 😀'", "é 日本 😀"), v("''", "")),
    typed("nchar", "nchar(5)", told.STRING, v("N'č'", "č    "), v("N'😀'", "😀   ")),
    typed(
        "nvarchar",
        "nvarchar(50)",
        told.STRING,
        v("N''", ""),
        v("N'é 日本 😀'", "é 日本 😀"),
        v(f"N'{ENVELOPE}'", ENVELOPE),
        v("N'it''s \"quoted\"'", 'it\'s "quoted"'),
        v("NCHAR(9) + NCHAR(10) + NCHAR(13) + N'\\'", "\t\n\r\\"),
        v("N'null'", "null"),
        v("N'$a.b'", "$a.b"),
        keys=(v("N'é 日本'", "é 日本"), v("N'abc'", "abc"), v("N'it''s'", "it's"), v("N'null'", "null")),
    ),
    typed(
        "varchar_max",
        "varchar(max)",
        told.STRING,
        v("''", ""),
        v("'x'", "x"),
        large=v("REPLICATE(CAST('long ' AS varchar(max)), 2000)", LONG),
    ),
    typed(
        "nvarchar_max",
        "nvarchar(max)",
        told.STRING,
        v("N''", ""),
        v("N'é 😀'", "é 😀"),
        large=v("REPLICATE(CAST(N'long ' AS nvarchar(max)), 2000)", LONG),
    ),
    typed("text", "text", told.STRING, v("''", ""), v("N'é'", "é"), large=v("REPLICATE(CAST('long ' AS varchar(max)), 2000)", LONG)),
    typed(
        "ntext", "ntext", told.STRING, v("N''", ""), v("N'é 😀'", "é 😀"), large=v("REPLICATE(CAST(N'long ' AS nvarchar(max)), 2000)", LONG)
    ),
    typed(
        "xml",
        "xml",
        told.XML,
        v("N'<a b=\"c\">é</a>'", '<a b="c">é</a>'),
        v("''", ""),
        large=v("CAST('<a>' + REPLICATE(CAST('long ' AS varchar(max)), 2000) + '</a>' AS xml)", f"<a>{LONG}</a>"),
    ),
]

BINARIES = [
    typed("binary", "binary(3)", told.BYTES, v("0x00ff10", *binary(b"\x00\xff\x10")), v("0x01", *binary(b"\x01\0\0")), keys=True),
    typed("varbinary", "varbinary(8)", told.BYTES, v("0x", *binary(b"")), v("0x00ff", *binary(b"\x00\xff")), keys=True),
    typed(
        "varbinary_max",
        "varbinary(max)",
        told.BYTES,
        v("0x", *binary(b"")),
        v("0xdeadbeef", *binary(b"\xde\xad\xbe\xef")),
        large=v("CONVERT(varbinary(max), REPLICATE(CAST('00ff' AS varchar(max)), 3000), 2)", *binary(b"\x00\xff" * 3_000)),
    ),
    typed(
        "image",
        "image",
        told.BYTES,
        v("0x00ff", *binary(b"\x00\xff")),
        large=v("CONVERT(varbinary(max), REPLICATE(CAST('00ff' AS varchar(max)), 3000), 2)", *binary(b"\x00\xff" * 3_000)),
    ),
    typed(
        "uniqueidentifier",
        "uniqueidentifier",
        told.plain("string", **{"__debezium.source.column.type": "uniqueidentifier"}),
        v("'6f9619ff-8b86-d011-b42d-00c04fc964ff'", *guid("6F9619FF-8B86-D011-B42D-00C04FC964FF")),
        v("'00000000-0000-0000-0000-000000000000'", *guid("00000000-0000-0000-0000-000000000000")),
        v("'ffffffff-ffff-ffff-ffff-ffffffffffff'", *guid("FFFFFFFF-FFFF-FFFF-FFFF-FFFFFFFFFFFF")),
        keys=True,
    ),
]

GAP = "a date of the ten days that the Gregorian reform left out is ten days later"
LATE = "an instant before 1970 with a fraction of a second is a second later"
JULIAN = "an instant before the Gregorian reform is that of the Julian calendar"

TIMES = [
    typed(
        "date",
        "date",
        told.DATE,
        v("'2024-02-29'", *date(2024, 2, 29)),
        v("'0001-01-01'", *date(1, 1, 1)),
        v("'1582-10-04'", *date(1582, 10, 4)),
        v("'1582-10-10'", *date(1582, 10, 20), distorted=GAP),
        v("'9999-12-31'", *date(9999, 12, 31)),
        keys=(v("'0001-01-01'", *date(1, 1, 1)), v("'2024-02-29'", *date(2024, 2, 29)), v("'9999-12-31'", *date(9999, 12, 31))),
    ),
    typed("time_0", "time(0)", told.TIME, v("'00:00:00'", *clock(0, 0, 0)), v("'23:59:59'", *clock(23, 59, 59)), keys=True),
    typed("time_3", "time(3)", told.TIME, v("'12:34:56.789'", *clock(12, 34, 56, 789_000))),
    typed("time_6", "time(6)", told.TIME, v("'23:59:59.999999'", *clock(23, 59, 59, 999_999)), v("'00:00'", *clock(0, 0, 0)), keys=True),
    typed("time_7", "time(7)", told.TIME, v("'12:34:56.1234567'", *clock(12, 34, 56, 123_456), distorted="the last digit is cut")),
    typed(
        "datetime",
        "datetime",
        told.TIMESTAMP,
        v("'1753-01-01T00:00:00'", *timestamp(1753), key="1753-01-01T00:00:00.000000"),
        v("'1969-12-31T23:59:59.997'", *timestamp(1969, 12, 31, 23, 59, 59, micros=997_000), key="1969-12-31T23:59:59.997000"),
        v("'9999-12-31T23:59:59.997'", *timestamp(9999, 12, 31, 23, 59, 59, micros=997_000), key="9999-12-31T23:59:59.997000"),
        keys=True,
    ),
    typed(
        "smalldatetime",
        "smalldatetime",
        told.TIMESTAMP,
        v("'1900-01-01T00:00:00'", *timestamp(1900)),
        v("'2079-06-06T23:59:00'", *timestamp(2079, 6, 6, 23, 59)),
    ),
    typed("datetime2_0", "datetime2(0)", told.TIMESTAMP, v("'2024-03-31T02:30:00'", *timestamp(2024, 3, 31, 2, 30))),
    typed(
        "datetime2_6",
        "datetime2(6)",
        told.TIMESTAMP,
        v("'0001-01-01T00:00:00'", *timestamp(1), key="0001-01-01T00:00:00.000000"),
        v("'1500-02-28T12:00:00'", *timestamp(1500, 2, 28, 12), key="1500-02-28T12:00:00.000000"),
        v("'1969-12-31T23:59:59.999999'", *timestamp(1969, 12, 31, 23, 59, 59, micros=999_999), key="1969-12-31T23:59:59.999999"),
        v("'2024-02-29T12:34:56.123456'", *timestamp(2024, 2, 29, 12, 34, 56, micros=123_456), key="2024-02-29T12:34:56.123456"),
        keys=True,
    ),
    typed(
        "datetime2_7",
        "datetime2(7)",
        told.TIMESTAMP,
        v("'9999-12-31T23:59:59.9999999'", *timestamp(9999, 12, 31, 23, 59, 59, micros=999_999)),
        v("'2262-04-12T00:00:00'", *timestamp(2262, 4, 12)),
        v("'1582-10-10T01:00:00'", *timestamp(1582, 10, 20, 1), distorted=GAP),
    ),
    typed(
        "datetimeoffset",
        "datetimeoffset(7)",
        told.ZONED_TIMESTAMP,
        v("'2024-02-29T14:34:56.1234567+02:00'", at(2024, 2, 29, 12, 34, 56, 123), "2024-02-29T14:34:56.1234567+02:00"),
        v("'1960-06-01T02:00:00+02:00'", at(1960, 6), "1960-06-01T02:00:00+02:00"),
        v("'9999-12-31T23:59:59.9999999+14:00'", at(9999, 12, 31, 9, 59, 59, 999), "9999-12-31T23:59:59.9999999+14:00"),
        v("'1960-06-01T00:00:00.25+00:00'", at(1960, 6, 1, 0, 0, 1, 250), "1960-06-01T00:00:01.25Z", distorted=LATE),
        v("'1500-06-01T00:00:00-14:00'", at(1500, 6, 11, 14), "1500-06-11T00:00:00-14:00", distorted=JULIAN),
        keys=(
            key("'2024-02-29T14:34:56.1234567+02:00'", "2024-02-29T12:34:56.123456700Z", "2024-02-29T14:34:56.1234567+02:00"),
            key("'2024-02-29T12:34:56-01:00'", "2024-02-29T13:34:56.000000Z", "2024-02-29T12:34:56-01:00"),
        ),
    ),
]

TYPES = [*NUMBERS, *TEXTS, *BINARIES, *TIMES]
