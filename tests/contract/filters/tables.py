"""The tables of PostgreSQL, and of MySQL and MariaDB, on which conditions are tried."""

from tests.contract.filters.values import WORDS, Column, decimals, numbers, quoted, texts, wire
from tests.fakes.envelopes import unscaled

from pipeline.change.schema import FieldSchema

NUMBER_LITERALS = (
    "0",
    "1",
    "-1",
    "2",
    "7",
    "100",
    "-32768",
    "2147483647",
    "2147483648",
    "0.5",
    "-0.01",
    "1.10",
    "99.99",
    "2e0",
    "2.",
    "1.0e1",
)
WORD_LITERALS = tuple(
    quoted(word) for word in ("", "a", "A", "a ", "ab", "é", "Müller", "STRASSE", "strasse", "i", "1", "o", "e", "k", "fi", "coop", "naive")
)
DATE_LITERALS = ("'2024-02-29'", "'1969-12-31'", "'1970-01-01'", "'0001-01-01'", "'9999-12-31'", "DATE '2024-03-01'")
MOMENT_LITERALS = (
    *DATE_LITERALS[:-1],
    "'2024-02-29 23:59:59.123456'",
    "'2024-02-29T12:00'",
    "'1969-12-31 23:59:59'",
    "'2024-02-29 23:59:59.5'",
    "TIMESTAMP '2024-03-01 00:00:00'",
    "CAST('2024-02-29 12:00:00' AS {})",
    "CAST('2024-02-29 23:59:59.5' AS {})",
)


def moments(column: str, cast: str) -> tuple[str, ...]:
    """Literals to compare a column of moments with, and the column itself beside them."""
    return (*(literal.format(cast) for literal in MOMENT_LITERALS), column)


DAY = 86_400_000_000
MICROS = {
    "1970-01-01 00:00:00": 0,
    "1969-12-31 23:59:59.999999": -1,
    "2024-02-29 23:59:59.123456": 19_782 * DAY + 86_399_123_456,
    "2024-02-29 12:00:00": 19_782 * DAY + 43_200_000_000,
    "2024-03-01 00:00:00": 19_783 * DAY,
    "9999-12-31 23:59:59": 2_932_897 * DAY - 1_000_000,
}
DAYS = {"1970-01-01": 0, "1969-12-31": -1, "2024-02-29": 19_782, "2024-03-01": 19_783, "9999-12-31": 2_932_896}
INSTANTS = ("1970-01-02T00:00:00Z", "2024-02-29T23:59:59.123456Z", "2024-03-01T00:00:00Z", "2037-12-31T23:59:59Z")

_SMALL = numbers(0, 1, -1, 2, 7, 100, 32767, -32768)
_BIG = numbers(0, 1, -1, 9_223_372_036_854_775_807, -9_223_372_036_854_775_807, 2_147_483_648, 9_007_199_254_740_993)
_AMOUNTS = decimals("0.00", "0.50", "-0.01", "1.10", "1.11", "99.99", "100.00", "-7.00", "9999999999.99")
_DOUBLES = [(text, float(text)) for text in ("0", "0.5", "-0.01", "1.1", "1e10", "3.25", "7")]

POSTGRESQL = (
    Column("small", "smallint", wire("small", "int16"), _SMALL, NUMBER_LITERALS, "integer"),
    Column("large", "bigint", wire("large", "int64"), _BIG, NUMBER_LITERALS, "integer"),
    Column("amount", "numeric(12,2)", wire("amount", "string", None, "NUMERIC"), _AMOUNTS, NUMBER_LITERALS, "decimal"),
    Column(
        "wild",
        "numeric",
        wire("wild", "string", None, "NUMERIC"),
        [
            *decimals("0", "1.1", "1.10", "12345678901234567890.1234567890"),
            ("'NaN'", "NAN"),
            ("'-Infinity'", "NEGATIVE_INFINITY"),
        ],
        (*NUMBER_LITERALS, "'NaN'", "'infinity'"),
        "number",
    ),
    Column(
        "ratio",
        "double precision",
        wire("ratio", "double"),
        [*_DOUBLES, ("'NaN'", "NaN"), ("'Infinity'", "Infinity"), ("'-0'", -0.0)],
        (*NUMBER_LITERALS, "1e10", "'NaN'", "'-infinity'"),
        "number",
    ),
    Column("single", "real", wire("single", "float"), [*_DOUBLES, ("'NaN'", "NaN")], NUMBER_LITERALS, "number"),
    Column("word", 'text COLLATE "pg_c_utf8"', wire("word", "string"), texts(*WORDS), WORD_LITERALS, "ordered text"),
    Column("c_word", 'varchar(30) COLLATE "C"', wire("c_word", "string"), texts(*WORDS), WORD_LITERALS, "ordered text"),
    Column(
        "padded",
        "char(8)",
        wire("padded", "string"),
        [(quoted(word), word.ljust(8)) for word in WORDS if len(word) <= 8],
        WORD_LITERALS,
        "plain text",
    ),
    Column("yes", "boolean", wire("yes", "boolean"), [("true", True), ("false", False)], ("true", "false", "'t'", "'no'"), "boolean"),
    Column(
        "day",
        "date",
        wire("day", "int32", "io.debezium.time.Date"),
        [*[(quoted(text), days) for text, days in DAYS.items()], ("'infinity'", 2_146_033_979), ("'-infinity'", -2_147_472_691)],
        (*DATE_LITERALS, "'infinity'"),
        "infinite date",
    ),
    Column(
        "moment",
        "timestamp",
        wire("moment", "int64", "io.debezium.time.MicroTimestamp"),
        [(quoted(text), micros) for text, micros in MICROS.items()],
        moments("moment", "timestamp"),
        "timestamp",
    ),
    Column(
        "instant",
        "timestamptz",
        wire("instant", "string", "io.debezium.time.ZonedTimestamp"),
        [(quoted(text), text) for text in INSTANTS],
        (
            *moments("instant", "timestamptz"),
            "'2024-03-01 01:00:00+01'",
            "'2024-02-29 23:59:59.123456Z'",
            "TIMESTAMPTZ '2024-03-01 00:00:00+00:00'",
        ),
        "instant",
    ),
    Column(
        "token",
        "uuid",
        wire("token", "string", "io.debezium.data.Uuid"),
        texts("0e37df36-f698-11e6-8dd4-cb9ced3df976", "00000000-0000-0000-0000-000000000000"),
        ("'0E37DF36-F698-11E6-8DD4-CB9CED3DF976'", "'00000000-0000-0000-0000-000000000000'"),
        "uuid",
    ),
)

MYSQL = (
    Column("small", "smallint", wire("small", "int16"), _SMALL, NUMBER_LITERALS, "integer"),
    Column("large", "bigint", wire("large", "int64"), _BIG, NUMBER_LITERALS, "integer"),
    Column(
        "unsign",
        "bigint unsigned",
        FieldSchema("unsign", "bytes", "org.apache.kafka.connect.data.Decimal", optional=True, parameters={"scale": "0"}),
        [(str(number), unscaled(number)) for number in (0, 1, 2, 7, 100, 2**64 - 1, 2**63)],
        NUMBER_LITERALS,
        "integer",
    ),
    Column("amount", "decimal(12,2)", wire("amount", "string", None, "DECIMAL"), _AMOUNTS, NUMBER_LITERALS, "decimal"),
    Column("ratio", "double", wire("ratio", "double"), _DOUBLES, (*NUMBER_LITERALS, "1e10"), "number"),
    Column("single", "float", wire("single", "float"), _DOUBLES, NUMBER_LITERALS, "number"),
    Column("word", "varchar(40)", wire("word", "string"), texts(*WORDS), WORD_LITERALS, "text"),
    Column("general", "text COLLATE utf8mb4_general_ci", wire("general", "string"), texts(*WORDS), WORD_LITERALS, "text"),
    Column("old", "varchar(40) COLLATE utf8mb4_unicode_ci", wire("old", "string"), texts(*WORDS), WORD_LITERALS, "text"),
    Column("bin", "varchar(40) COLLATE utf8mb4_bin", wire("bin", "string"), texts(*WORDS), WORD_LITERALS, "text"),
    Column(
        "latin",
        "varchar(40) CHARACTER SET latin1",
        wire("latin", "string"),
        texts(*[word for word in WORDS if word.encode("cp1252", "ignore").decode("cp1252") == word]),
        WORD_LITERALS,
        "text",
    ),
    Column(
        "padded",
        "char(8)",
        wire("padded", "string"),
        [(quoted(word), word.rstrip(" ")) for word in WORDS if len(word) <= 8],
        WORD_LITERALS,
        "text",
    ),
    Column(
        "year_",
        "year",
        wire("year_", "int32", "io.debezium.time.Year"),
        numbers(1999, 2024, 1970, 2155, 1901),
        ("2024", "1999", "24", "70", "0", "1.5", "2155"),
        "integer",
    ),
    Column("bit_", "bit(1)", wire("bit_", "boolean"), [("b'1'", True), ("b'0'", False)], ("0", "1", "true", "2"), "integer"),
    Column("yes", "tinyint(1)", wire("yes", "int16"), numbers(0, 1, 2), ("true", "false", "1", "0"), "truth"),
    Column(
        "day",
        "date",
        wire("day", "int32", "io.debezium.time.Date"),
        [(quoted(text), days) for text, days in DAYS.items()],
        (*DATE_LITERALS, "'2024-02-29 12:00:00'"),
        "date",
    ),
    Column(
        "moment",
        "datetime(6)",
        wire("moment", "int64", "io.debezium.time.MicroTimestamp"),
        [(quoted(text), micros) for text, micros in MICROS.items()],
        moments("moment", "DATETIME"),
        "timestamp",
    ),
    Column(
        "instant",
        "timestamp(6) NULL",
        wire("instant", "string", "io.debezium.time.ZonedTimestamp"),
        [(quoted(text.rstrip("Z").replace("T", " ")), text) for text in INSTANTS],
        [literal for literal in moments("instant", "DATETIME") if "0001" not in literal],
        "instant",
    ),
)
