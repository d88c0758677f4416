"""SQL Server, Oracle and Db2: columns are compared with constants, in words that no session reads otherwise, and all else is refused."""

from typing import Any

import pytest
from tests.fakes.envelopes import unscaled
from tests.unit.filters.test_condition import field

from pipeline.change.schema import FieldSchema, RowSchema
from pipeline.filters.catalogue import FilterColumn
from pipeline.filters.condition import Condition
from pipeline.filters.dialect import dialect_of
from pipeline.filters.faults import ConditionError, NotEvaluatedError

COLUMNS = {
    "SQL_SERVER": (
        FilterColumn("id", "int"),
        FilterColumn("flag", "bit"),
        FilterColumn("amount", "decimal(10,2)"),
        FilterColumn("price", "money"),
        FilterColumn("wide", "decimal(38,10)"),
        FilterColumn("name", "nvarchar(10)", "SQL_Latin1_General_CP1_CI_AS"),
        FilterColumn("code", "varchar(10)", "Latin1_General_100_BIN2_UTF8"),
        FilterColumn("old_code", "varchar(10)", "Latin1_General_CI_AS"),
        FilterColumn("day", "date"),
        FilterColumn("old", "datetime"),
        FilterColumn("made", "datetime2(7)"),
        FilterColumn("seen", "datetime2(6)"),
        FilterColumn("ratio", "float"),
        FilterColumn("body", "varchar(max)", "Latin1_General_BIN2"),
        FilterColumn("at_zone", "datetimeoffset(7)"),
    ),
    "ORACLE": (
        FilterColumn("ID", "NUMBER(10,0)"),
        FilterColumn("HUGE", "NUMBER(38,0)"),
        FilterColumn("AMOUNT", "NUMBER(10,2)"),
        FilterColumn("ANY_NUMBER", "NUMBER"),
        FilterColumn("ROUND_NUMBER", "NUMBER(5,-2)"),
        FilterColumn("NAME", "VARCHAR2(10)", "BINARY"),
        FilterColumn("CODE", "CHAR(3)", "BINARY"),
        FilterColumn("WORDS", "NVARCHAR2(10)", "LINGUISTIC"),
        FilterColumn("DAY", "DATE"),
        FilterColumn("SEEN", "TIMESTAMP(6)"),
        FilterColumn("MADE", "TIMESTAMP(9)"),
        FilterColumn("AT_ZONE", "TIMESTAMP(6) WITH TIME ZONE"),
        FilterColumn("BODY", "CLOB"),
    ),
    "DB2": (
        FilterColumn("ID", "INTEGER"),
        FilterColumn("AMOUNT", "DECIMAL(10,2)"),
        FilterColumn("NAME", "VARCHAR(10)", "IDENTITY"),
        FilterColumn("CODE", "CHARACTER(3)", "IDENTITY"),
        FilterColumn("WORDS", "VARCHAR(10)", "SYSTEM_1252_US"),
        FilterColumn("BITS", "CHARACTER(3) FOR BIT DATA", None),
        FilterColumn("DAY", "DATE"),
        FilterColumn("SEEN", "TIMESTAMP(6)"),
        FilterColumn("MADE", "TIMESTAMP(12)"),
        FilterColumn("RATE", "DECFLOAT"),
    ),
}
DECIMAL = "org.apache.kafka.connect.data.Decimal"
MICROS = "io.debezium.time.MicroTimestamp"
NEW_YEAR = 1_704_067_200_000_000
"""The first moment of 2024 in microseconds, of which day 19,723 is the first."""


def scaled(name: str, scale: int) -> FieldSchema:
    return FieldSchema(name, "bytes", DECIMAL, optional=True, parameters={"scale": str(scale)})


FIELDS = {
    "SQL_SERVER": (
        field("id", "int32"),
        field("flag", "boolean"),
        scaled("amount", 2),
        scaled("price", 4),
        scaled("wide", 10),
        field("name", "string"),
        field("code", "string"),
        field("day", "int32", "io.debezium.time.Date"),
        field("old", "int64", MICROS),
        field("made", "int64", MICROS),
        field("seen", "int64", MICROS),
    ),
    "ORACLE": (
        field("ID", "int64"),
        scaled("HUGE", 0),
        scaled("AMOUNT", 2),
        field("ANY_NUMBER", "struct", "io.debezium.data.VariableScaleDecimal"),
        field("NAME", "string"),
        field("CODE", "string"),
        field("WORDS", "string"),
        field("DAY", "int64", "io.debezium.time.Timestamp"),
        field("SEEN", "int64", MICROS),
        field("MADE", "int64", MICROS),
        field("BODY", "string"),
    ),
    "DB2": (
        field("ID", "int32"),
        scaled("AMOUNT", 2),
        field("NAME", "string"),
        field("CODE", "string"),
        field("DAY", "int32", "io.debezium.time.Date"),
        field("SEEN", "int64", MICROS),
        field("MADE", "int64", MICROS),
    ),
}


def condition(source_type: str, text: str) -> Condition:
    return Condition(text, dialect_of(source_type), "S.T", COLUMNS[source_type])


@pytest.mark.parametrize(
    ("source_type", "text", "sent"),
    [
        ("SQL_SERVER", "ID = 7 AND amount > 1.5", "[id] = 7 AND [amount] > 1.5"),
        ("SQL_SERVER", "code IN ('x', N'y')", "[code] IN ('x', N'y')"),
        ("SQL_SERVER", "name COLLATE Latin1_General_BIN2 = N'x'", "[name] COLLATE Latin1_General_BIN2 = N'x'"),
        ("SQL_SERVER", "day >= '2024-01-01'", "[day] >= CAST('2024-01-01' AS DATE)"),
        ("SQL_SERVER", "old < '2024-01-01 10:00:00'", "[old] < CAST('2024-01-01T10:00:00' AS DATETIME)"),
        ("SQL_SERVER", "made >= '2024-01-01'", "[made] >= CAST('2024-01-01T00:00:00' AS DATETIME2(6))"),
        ("SQL_SERVER", "seen = CAST('2024-01-01' AS date)", "[seen] = CAST('2024-01-01' AS DATE)"),
        ("ORACLE", "day >= DATE '2024-01-01'", "\"DAY\" >= DATE '2024-01-01'"),
        ("ORACLE", "day >= '2024-01-01'", "\"DAY\" >= TIMESTAMP '2024-01-01 00:00:00'"),
        ("ORACLE", "day = TO_DATE('2024-01-01', 'YYYY-MM-DD')", "\"DAY\" = TIMESTAMP '2024-01-01 00:00:00'"),
        ("ORACLE", "seen < TIMESTAMP '2024-01-01 10:00:00.5'", "\"SEEN\" < TIMESTAMP '2024-01-01 10:00:00.500000'"),
        ("ORACLE", "name LIKE 'a\\%'", "\"NAME\" LIKE 'a\\%'"),
        ("DB2", "day >= DATE '2024-01-01'", "\"DAY\" >= CAST('2024-01-01' AS DATE)"),
        ("DB2", "seen < '2024-01-01 10:00:00'", "\"SEEN\" < CAST('2024-01-01 10:00:00' AS TIMESTAMP(6))"),
    ],
)
def test_the_source_is_sent_what_no_session_reads_otherwise(source_type: str, text: str, sent: str) -> None:
    made = condition(source_type, text)
    made.check()
    assert made.sql == sent


@pytest.mark.parametrize(
    ("source_type", "text", "image", "answer"),
    [
        ("SQL_SERVER", "id = -7 OR flag = 1", {"id": 7, "flag": True}, True),
        ("SQL_SERVER", "amount BETWEEN 1.10 AND 2", {"amount": unscaled(110)}, True),
        ("SQL_SERVER", "price > 19.9999", {"price": unscaled(200_000)}, True),
        ("SQL_SERVER", "wide = 0.5", {"wide": unscaled(5 * 10**9)}, True),
        ("SQL_SERVER", "code = 'x'", {"code": "x  "}, True),
        ("SQL_SERVER", "code = 'x'", {"code": "X"}, False),
        ("SQL_SERVER", "code NOT IN ('x', NULL)", {"code": "y"}, None),
        ("SQL_SERVER", "name COLLATE Latin1_General_BIN2 = 'x'", {"name": "x"}, True),
        ("SQL_SERVER", "day = '2024-01-01'", {"day": 19_723}, True),
        ("SQL_SERVER", "old <= '2024-01-01'", {"old": NEW_YEAR + 3_000}, False),
        ("SQL_SERVER", "old >= CAST('2024-01-01' AS date)", {"old": NEW_YEAR}, True),
        ("SQL_SERVER", "made >= '2024-01-01'", {"made": NEW_YEAR}, True),
        ("SQL_SERVER", "'2024-01-01' > made", {"made": NEW_YEAR}, False),
        ("SQL_SERVER", "seen = CAST('2024-01-01' AS date)", {"seen": NEW_YEAR}, True),
        ("SQL_SERVER", "at_zone IS NULL", {"at_zone": "2024-01-01T00:00:00Z"}, False),
        ("ORACLE", "id = 7", {"ID": 7}, True),
        ("ORACLE", "huge >= 12345678901234567890123456789012345678", {"HUGE": unscaled(10**38 - 1)}, True),
        ("ORACLE", "amount <> 1.5", {"AMOUNT": unscaled(150)}, False),
        ("ORACLE", "any_number = 1.25", {"ANY_NUMBER": {"scale": 3, "value": unscaled(1_250)}}, True),
        ("ORACLE", "name = 'x'", {"NAME": "x "}, False),
        ("ORACLE", "name LIKE 'a%'", {"NAME": "ab"}, True),
        ("ORACLE", "name LIKE 'a\\%'", {"NAME": "a\\b"}, True),
        ("ORACLE", "name LIKE 'a!%' ESCAPE '!'", {"NAME": "a%"}, True),
        ("ORACLE", "code = 'x'", {"CODE": "x  "}, True),
        ("ORACLE", "words COLLATE BINARY = 'x'", {"WORDS": "x"}, True),
        ("ORACLE", "day = DATE '2024-01-01'", {"DAY": NEW_YEAR // 1_000}, True),
        ("ORACLE", "day > DATE '2024-01-01'", {"DAY": NEW_YEAR // 1_000 + 1_000}, True),
        ("ORACLE", "made < TIMESTAMP '2024-01-01 00:00:00.000001'", {"MADE": NEW_YEAR}, True),
        ("ORACLE", "body IS NOT NULL", {"BODY": "__debezium_unavailable_value"}, True),
        ("DB2", "amount = 1.5 AND id IN (1, 7)", {"AMOUNT": unscaled(150), "ID": 7}, True),
        ("DB2", "name = 'x'", {"NAME": "x  "}, True),
        ("DB2", "name LIKE 'x'", {"NAME": "x  "}, False),
        ("DB2", "code = 'x' AND day < '2024-01-02'", {"CODE": "x  ", "DAY": 19_723}, True),
        ("DB2", "made >= '2024-01-01'", {"MADE": NEW_YEAR - 1}, False),
    ],
)
def test_a_row_is_judged_as_the_database_judges_it(source_type: str, text: str, image: dict[str, Any], answer: bool | None) -> None:
    made = condition(source_type, text)
    made.check()
    fields = (*FIELDS[source_type], field("at_zone", "string", "io.debezium.time.ZonedTimestamp"))
    assert made.test(RowSchema(fields))(image) is answer


@pytest.mark.parametrize(
    ("source_type", "text", "told"),
    [
        ("SQL_SERVER", "name = 'x'", "write COLLATE Latin1_General_BIN2 behind the column"),
        ("SQL_SERVER", "name COLLATE Latin1_General_CI_AS = 'x'", "is not known exactly"),
        ("SQL_SERVER", "code COLLATE Latin1_General_BIN2 = 'x'", "another charset"),
        ("SQL_SERVER", "body COLLATE Latin1_General_BIN2 = 'x'", "another charset"),
        ("SQL_SERVER", "old_code = 'x'", "compare other columns"),
        ("SQL_SERVER", "id = 1 AND 'a' = 'a '", "two constants"),
        ("SQL_SERVER", "id = 1 AND 1 = 1.0", "two constants"),
        ("SQL_SERVER", "id = -NULL", "compare the column itself"),
        ("SQL_SERVER", "seen = CAST('2024-01-01 10:00:00.6' AS datetime2(0))", "of SQL Server only comparisons"),
        ("SQL_SERVER", "old = CAST('2024-01-01 10:00:00.001' AS datetime)", "of SQL Server only comparisons"),
        ("ORACLE", "id = 1 AND '' IS NULL", "test a column"),
        ("DB2", "seen < CAST('2024-01-01 10:00:00.6' AS TIMESTAMP(0))", "of Db2 only comparisons"),
        ("SQL_SERVER", "code LIKE 'x%'", "LIKE has wildcards of its own"),
        ("SQL_SERVER", "code > 'x'", "the order of texts"),
        ("SQL_SERVER", "code = 'ü'", "other characters than ASCII"),
        ("SQL_SERVER", "old < '2024-01-01 10:00:00.5'", "compare it with whole seconds"),
        ("SQL_SERVER", "old < CAST('2024-01-01 10:00:00.5' AS datetime2)", "compare it with whole seconds"),
        ("SQL_SERVER", "made = '2024-01-01'", "only < and >="),
        ("SQL_SERVER", "made BETWEEN '2024-01-01' AND '2024-01-02'", "only < and >="),
        ("SQL_SERVER", "made IN ('2024-01-01')", "only < and >="),
        ("SQL_SERVER", "'2024-01-01' <= made AND '2024-01-01' < made", "only < and >="),
        ("SQL_SERVER", "day >= '01/02/2024'", "is not a date"),
        ("SQL_SERVER", "day >= '1752-12-31'", "depend on the calendar"),
        ("SQL_SERVER", "day >= 'infinity'", "PostgreSQL alone"),
        ("SQL_SERVER", "ratio = 1", "can only be tested for NULL"),
        ("SQL_SERVER", "body = 'x'", "can only be tested for NULL"),
        ("SQL_SERVER", "at_zone > '2024-01-01'", "can only be tested for NULL"),
        ("SQL_SERVER", "id + 1 = 2", "of SQL Server only comparisons with constants can"),
        ("SQL_SERVER", "-id = 2", "compare the column itself"),
        ("SQL_SERVER", "id = amount", "compare with a constant"),
        ("SQL_SERVER", "amount > 1e3", "write its digits"),
        ("SQL_SERVER", "wide > 1.00000000001", "write fewer"),
        ("SQL_SERVER", "id = '7'", "write the value without quotes"),
        ("SQL_SERVER", "flag = TRUE", "cannot be compared"),
        ("ORACLE", "name = ''", "write IS NULL"),
        ("ORACLE", "words = 'x'", "write COLLATE BINARY behind the column"),
        ("ORACLE", "name LIKE 'a_'", "use % alone"),
        ("ORACLE", "code LIKE 'a%'", "LIKE is exact only for texts"),
        ("ORACLE", "made <= TIMESTAMP '2024-01-01 00:00:00'", "only < and >="),
        ("ORACLE", "round_number = 100", "can only be tested for NULL"),
        ("ORACLE", "body = 'x'", "can only be tested for NULL"),
        ("ORACLE", "lower(name) = 'x'", "of Oracle only comparisons with constants can"),
        ("ORACLE", "any_number = 1234567890123456789012345678901234567890", "write fewer"),
        ("DB2", "words = 'x'", "post a SNAPSHOT job"),
        ("DB2", "bits = 'x'", "can only be tested for NULL"),
        ("DB2", "rate = 1", "can only be tested for NULL"),
        ("DB2", "id = 99999999999999999999999999999999", "more than 31"),
    ],
)
def test_what_is_not_known_exactly_is_refused_with_what_to_do(source_type: str, text: str, told: str) -> None:
    with pytest.raises(NotEvaluatedError, match=r"line 1, column \d+: ") as refused:
        condition(source_type, text).check()
    assert told in refused.value.message


def test_columns_of_one_type_are_compared() -> None:
    made = Condition("a < b", dialect_of("DB2"), "S.T", [FilterColumn("A", "DATE"), FilterColumn("B", "DATE")])
    made.check()
    test = made.test(RowSchema(tuple(field(name, "int32", "io.debezium.time.Date") for name in "AB")))
    assert test({"A": 1, "B": 2}) is True


def test_a_date_in_another_order_is_refused_whatever_the_mode() -> None:
    for text in ("TO_DATE('02.01.2024', 'DD.MM.YYYY')", "TO_DATE('2024-01-02')"):
        with pytest.raises(ConditionError, match=r"is not possible|not known"):
            condition("ORACLE", f"day = {text}")


def test_what_only_the_source_can_evaluate_is_sent_as_it_is() -> None:
    assert condition("SQL_SERVER", "name LIKE 'x%' AND day > '20240101'").sql == "[name] LIKE 'x%' AND [day] > '20240101'"
