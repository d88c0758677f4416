"""What a condition says of rows, what it refuses to say, and how the source is sent it."""

from collections.abc import Sequence
from typing import Any

import pytest

from pipeline.change.schema import SOURCE_TYPE, FieldSchema, RowSchema
from pipeline.errors import FilterError
from pipeline.filters.catalogue import FilterColumn
from pipeline.filters.condition import Condition
from pipeline.filters.dialect import dialect_of
from pipeline.filters.faults import ConditionError, NotEvaluatedError, SchemaChangedError
from pipeline.filters.images import UnavailableError

POSTGRESQL = (
    FilterColumn("id", "integer"),
    FilterColumn("name", "text", "locale en_US.utf8"),
    FilterColumn("code", "text", "C"),
    FilterColumn("folded", "text", "nondeterministic und"),
    FilterColumn("state", "mood", "enum"),
    FilterColumn("amount", "numeric(10,2)"),
    FilterColumn("active", "boolean"),
    FilterColumn("made", "timestamp(3) without time zone"),
    FilterColumn("seen", "timestamp with time zone"),
    FilterColumn("body", "jsonb"),
    FilterColumn("Odd", "integer"),
    FilterColumn("list", "character varying(3)[]", "C"),
)
MYSQL = (
    FilterColumn("id", "int unsigned"),
    FilterColumn("name", "varchar(20)", "utf8mb4_0900_ai_ci"),
    FilterColumn("spanish", "varchar(20)", "utf8mb4_es_0900_ai_ci"),
    FilterColumn("bin", "varchar(20)", "utf8mb4_bin"),
    FilterColumn("seen", "timestamp"),
    FilterColumn("body", "blob"),
    FilterColumn("seen2", "timestamp"),
    FilterColumn("made", "datetime(6)"),
    FilterColumn("latin", "varchar(20)", "latin1_swedish_ci"),
    FilterColumn("latin_bin", "varchar(20)", "latin1_nopad_bin"),
    FilterColumn("born", "year"),
)


def condition(text: str, columns: Sequence[FilterColumn] = POSTGRESQL, source_type: str = "POSTGRESQL") -> Condition:
    """The condition on a table of these columns."""
    return Condition(text, dialect_of(source_type), "public.orders", columns)


def field(name: str, kind: str, logical: str | None = None, source_type: str | None = None) -> FieldSchema:
    """A column's schema."""
    return FieldSchema(name, kind, logical, optional=True, parameters={SOURCE_TYPE: source_type} if source_type else {})


ROW = RowSchema(
    (
        field("id", "int32"),
        field("name", "string"),
        field("code", "string"),
        field("amount", "string", None, "NUMERIC"),
        field("active", "boolean"),
        field("made", "int64", "io.debezium.time.Timestamp"),
        field("seen", "string", "io.debezium.time.ZonedTimestamp"),
        field("body", "string", "io.debezium.data.Json"),
    )
)
IMAGE = {"id": 7, "name": "Ada", "code": "x", "amount": "1.10", "active": True, "made": 0, "seen": "2024-01-01T00:00:00Z", "body": "{}"}


def said(text: str, **changes: Any) -> Any:
    """What the condition says of a row."""
    return condition(text).test(ROW)({**IMAGE, **changes})


@pytest.mark.parametrize(
    ("text", "name", "answer"),
    [
        ("name = 'Ada' OR id = 8", None, None),
        ("name = 'Ada' OR id = 7", None, True),
        ("name = 'Ada' AND id = 7", None, None),
        ("name = 'Ada' AND id = 8", None, False),
        ("NOT name = 'Ada'", None, None),
        ("name IN ('x', NULL)", "Ada", None),
        ("name NOT IN ('x', NULL)", "x", False),
        ("name IS DISTINCT FROM 'Ada'", None, True),
        ("(name = 'Ada') IS UNKNOWN", None, True),
        ("name = NULL", "Ada", None),
        ("coalesce(name, 'none') = 'none'", None, True),
    ],
)
def test_null_is_neither_true_nor_false(text: str, name: str | None, answer: bool | None) -> None:
    assert said(text, name=name) is answer


def test_an_unavailable_value_matters_only_where_the_rest_does_not_decide() -> None:
    left_out = {"name": "__debezium_unavailable_value"}
    assert said("id = 8 AND name = 'Ada'", **left_out) is False
    assert said("name = 'Ada' OR id = 7", **left_out) is True
    assert said("name IS NULL", **left_out) is False
    with pytest.raises(UnavailableError):
        said("name = 'Ada' AND id = 7", **left_out)


@pytest.mark.parametrize(
    ("text", "told"),
    [
        ("name < 'B'", 'the order of texts under the collation "locale en_US.utf8" cannot be told exactly'),
        ("folded = 'x'", "its collation takes texts for equal that differ"),
        ("state > 'sad'", "an enum is ordered by its definition"),
        ("body = '{}'", "a column of the type jsonb can only be tested for NULL"),
        ("list = 'x'", "can only be tested for NULL"),
        ("id = 'seven'", "'seven' is not a whole number"),
        ("made > '1 May 2024'", "is not a timestamp without a zone, as '2024-12-31 23:59:59.123456'"),
        ("made > seen", "as the session's zone is set"),
        ("amount / 2 > 1", "/ rounds in the source's own way"),
        ("name = 5", "a text cannot be compared with an integer exactly"),
        ("name COLLATE \"de-x-icu\" < 'x'", "the collation de-x-icu is not known exactly"),
        ("name LIKE code", "the pattern of LIKE has to be a literal"),
        ("id", "a condition is expected, and this is an integer"),
    ],
)
def test_what_cannot_be_told_exactly_is_refused_with_its_place_and_what_to_do(text: str, told: str) -> None:
    with pytest.raises(NotEvaluatedError, match=r"line 1, column \d+: ") as refused:
        condition(text).check()
    assert told in refused.value.message


@pytest.mark.parametrize(
    ("text", "told"),
    [
        ("name = 'Жанна'", "a text is known to be equal only to one of Latin letters"),
        ("spanish = 'x'", "can only be tested for NULL"),
        ("bin < 'x'", "the order of texts"),
        ("id = '5'", "write the value without quotes"),
        ("body = 'x'", "can only be tested for NULL"),
        ("seen >= TIMESTAMP '2024-01-01 00:00:00'", "the session's zone"),
        ("seen BETWEEN '2024-01-01' AND seen2", "a comparison for each"),
        ("seen IN ('2024-01-01', seen2)", "a comparison for each"),
        ("nullif(seen, '2024-01-01') = seen2", "the session's zone"),
        ("coalesce(seen, '2024-01-01') = seen2", "MySQL makes a text"),
        ("ifnull(made, '1970-01-01') <= '2025-03-31'", "MySQL makes a text"),
        ("CAST(id AS SIGNED) < 0", "wraps"),
        ("CAST(id AS DECIMAL) = 2", "ten digits"),
        ("CAST(made AS DATETIME) = '2024-01-01 00:00:01'", "whole seconds"),
        ("made = CAST('2024-01-01 00:00:00.6' AS DATETIME)", "whole seconds"),
        ("upper(latin) = 'A'", "its own letters"),
        ("latin_bin < 'e'", "the order of texts"),
        ("born = 24", "write a whole year"),
        ("born > 1999.5", "write a whole year"),
        ("id BETWEEN 1 AND 1e17", "write >= and <="),
        ("'b' BETWEEN 'a' AND bin", "write the column first"),
    ],
)
def test_what_mysql_compares_in_its_own_way_is_refused(text: str, told: str) -> None:
    with pytest.raises(NotEvaluatedError) as refused:
        condition(text, MYSQL, "MYSQL").check()
    assert told in refused.value.message


@pytest.mark.parametrize(
    ("text", "told"),
    [
        ("state_ = 1", 'public.orders has no column "state_"'),
        ("odd = 1", 'public.orders has no column "odd": write "Odd" in quotes'),
        ("other.id = 1", "other is not orders"),
        ("orders IS NULL", 'public.orders has no column "orders"'),
        ("ctid IS NULL", 'public.orders has no column "ctid"'),
        ("1 = 1", "it names no column"),
    ],
)
def test_only_columns_of_the_table_can_be_named(text: str, told: str) -> None:
    with pytest.raises(ConditionError) as refused:
        condition(text)
    assert told in refused.value.message


@pytest.mark.parametrize(
    ("text", "sent"),
    [
        ("ID = 7 and public.orders.name='x'", '"id" = 7 AND "name" = \'x\''),
        ("seen >= '2024-01-01'", "\"seen\" >= '2024-01-01 00:00:00+00'"),
        ("seen >= '2024-01-01 10:00:00+02'", "\"seen\" >= '2024-01-01 10:00:00+02'"),
        ("made >= '2024-01-01'", "\"made\" >= '2024-01-01'"),
    ],
)
def test_the_source_is_sent_what_no_session_reads_otherwise(text: str, sent: str) -> None:
    assert condition(text).sql == sent


def test_mysql_is_sent_seconds_since_1970_for_what_its_session_has_a_zone_for() -> None:
    assert condition("Seen >= '2024-01-01'", MYSQL, "MYSQL").sql == "UNIX_TIMESTAMP(`seen`) >= 1704067200.000000"


def test_what_only_the_source_can_evaluate_is_sent_as_it_is() -> None:
    assert condition("name < 'B' AND body = '{}'").sql == "\"name\" < 'B' AND \"body\" = '{}'"


@pytest.mark.parametrize(
    ("text", "changes", "told"),
    [
        ("10 / (id - 7) = 1", {}, "divides by zero"),
        ("id + 1 > 0", {"id": 2**31 - 1}, "out of the range"),
        ("lower(name) = 'x'", {"name": "İ"}, "U+0130"),
        ("amount + 1 > 0", {"amount": "NAN"}, "infinite or NaN"),
    ],
)
def test_a_row_of_which_the_source_would_say_nothing_is_refused(text: str, changes: dict[str, Any], told: str) -> None:
    with pytest.raises(FilterError) as refused:
        said(text, **changes)
    assert told in refused.value.message
    assert refused.value.table == "public.orders"


@pytest.mark.parametrize(
    ("text", "name", "answer"),
    [
        ("lower(name) = 'straße'", "STRAßE", True),
        ("lower(name) = 'müller'", "MÜLLER", True),
        ("upper(name) = 'ЖАННА'", "Жанна", True),
        ("lower(name) LIKE '%日本'", "AB日本", True),
    ],
)
def test_letters_of_which_all_libraries_say_the_same_change_their_case(text: str, name: str, answer: bool) -> None:
    assert said(text, name=name) is answer


def test_under_the_collation_c_only_letters_of_ascii_have_cases() -> None:
    assert said("lower(code) = 'aÉİ'", code="AÉİ") is True


@pytest.mark.parametrize("other", [field("id", "string"), field("id", "int64", "io.debezium.time.MicroTimestamp"), field("key", "int32")])
def test_a_column_that_is_gone_or_of_another_type_is_told(other: FieldSchema) -> None:
    with pytest.raises(SchemaChangedError, match='uses the column "id"'):
        condition("id = 7").test(RowSchema((other,)))


@pytest.mark.parametrize("literal", ["1.1", "1.10", "'1.1'", "'1.100'"])
def test_numbers_are_equal_whatever_their_zeros(literal: str) -> None:
    assert said(f"amount = {literal}") is True
    assert said(f"amount IN (5, {literal})") is True


def test_nan_is_above_all_numbers_and_equal_to_itself() -> None:
    assert said("amount > 1e100", amount="NAN") is True
    assert said("amount = 'NaN'", amount="NAN") is True
    assert said("amount < 'NaN'", amount="POSITIVE_INFINITY") is True


@pytest.mark.parametrize(
    ("column", "pattern", "text", "answer"),
    [
        ("name", "'Jäger'", "Jäger", True),
        ("latin", "'Jäger'", "Jäger", True),
        ("name", "'Ä%'", "Ärger", True),
        ("latin", "'Ä%'", "Ärger", True),
        ("latin", "'Ä%'", "%", False),
        ("name", "'50\uff05'", "50 apples", False),
        ("name", "'a\uff3fb'", "axb", False),
        ("name", "'AB%' ESCAPE 'a'", "ab", True),
    ],
)
def test_what_is_a_wildcard_no_collation_decides(column: str, pattern: str, text: str, answer: bool) -> None:
    test = condition(f"{column} LIKE {pattern}", MYSQL, "MYSQL").test(RowSchema((field(column, "string"),)))
    assert test({column: text}) is answer


@pytest.mark.parametrize("divisor", ["2e0", "2.", "0.2e1"])
def test_a_number_with_a_point_or_an_exponent_is_no_integer(divisor: str) -> None:
    with pytest.raises(NotEvaluatedError):
        condition(f"id / {divisor} = 3").check()


def test_a_filled_text_is_compared_without_the_spaces_at_its_end() -> None:
    columns = [FilterColumn("padded", "character(8)", "C")]
    test = condition("coalesce(padded, 'a ') = 'a'", columns).test(RowSchema((field("padded", "string"),)))
    assert [test({"padded": each}) for each in (None, "a       ", "b       ")] == [True, True, False]
