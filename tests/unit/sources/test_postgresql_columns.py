"""Which column types are told of before a job starts."""

from typing import Any

import pytest

from pipeline.sources.postgresql.columns import check_columns
from pipeline.sources.source import Column, Identity, Mode, Severity, Table


def findings(
    column_type: str, mode: Mode = Mode.CDC, identity: Identity = Identity.KEY, *, key: str = "id", server: int = 160000, **more: Any
) -> list[tuple[str, Severity]]:
    column = Column("c", column_type, nullable=True, **more)
    table = Table("public", "t", (Column("id", "integer", nullable=False), column), (key,), identity)
    return [(finding.check, finding.severity) for finding in check_columns(table, mode, '"public"."t"', server)]


LEFT_OUT = [
    "bit varying(5)[]",
    "money[]",
    "name[]",
    "interval[]",
    "interval day to second(3)[]",
    "point[]",
    "xml[]",
    "oidvector",
    "refcursor",
]
UNCONVERTIBLE = ["bit[]", "bit(3)[]", "box[]", "polygon[]", "circle[]", "bit varying(1)"]
REFUSED = [("COLUMN_TYPE", Severity.ERROR)]
DISTORTED, LARGE = ("DISTORTED_VALUE", Severity.WARNING), ("UNCHANGED_LARGE_VALUE", Severity.WARNING)


@pytest.mark.parametrize("column_type", LEFT_OUT + UNCONVERTIBLE)
@pytest.mark.parametrize("mode", Mode)
def test_a_type_that_debezium_leaves_out_or_cannot_convert_is_an_error_in_every_mode(column_type: str, mode: Mode) -> None:
    assert findings(column_type, mode) == REFUSED
    assert findings("some_domain", mode, domain_base=column_type) == REFUSED


def test_arrays_declared_as_arrays_of_arrays_and_types_that_would_be_misread_are_errors() -> None:
    assert findings("integer[]", dimensions=2) == REFUSED
    assert findings("integer[]", dimensions=1) == []
    assert findings("amount", domain_base="numeric", unreadable="since there are several") == REFUSED


@pytest.mark.parametrize("column_type", ["bit varying(5)", "time(3) with time zone", "hstore"])
def test_a_type_whose_values_may_be_taken_for_each_other_is_no_key(column_type: str) -> None:
    assert findings(column_type, key="c") == [("KEY_TYPE", Severity.ERROR)]
    assert not [check for check, severity in findings(column_type) if severity is Severity.ERROR]


@pytest.mark.parametrize("column_type", ["bit varying(5)", "time[]", "date[]", "uuid[]"])
def test_domains_are_judged_by_what_they_stand_for(column_type: str) -> None:
    column_type = column_type.replace("time[]", "time without time zone[]")
    array = [] if not column_type.endswith("[]") or LARGE in findings(column_type) else [LARGE]
    assert findings("some_domain", domain_base=column_type) == findings(column_type) + array


@pytest.mark.parametrize(
    ("column_type", "limits"),
    [
        ("bit varying(5)", 1),
        ("time(6) without time zone[]", 1),
        ("timestamp without time zone[]", 1),
        ("timestamp with time zone[]", 2),
        ("date[]", 2),
        ("numeric(8,3)[]", 1),
        ("mood[]", 1),
        ('other."Mood"[]', 1),
        ("time without time zone", 0),
        ("timestamp with time zone", 0),
        ("date", 0),
        ("other.citext[]", 0),
        ("interval", 0),
    ],
)
def test_types_of_which_some_values_are_distorted_are_warned_of(column_type: str, limits: int) -> None:
    assert findings(column_type, Mode.SNAPSHOT) == [DISTORTED] * limits


def test_infinite_intervals_are_warned_of_where_there_are_any() -> None:
    assert findings("interval(3)", server=170000) == [DISTORTED]


def test_dates_of_a_table_that_debezium_cannot_be_told_of_are_warned_of() -> None:
    columns = (Column("a,b", "date", nullable=True), Column("n", "integer", nullable=True))
    table = Table("public", "t", columns, (), Identity.NOTHING)
    assert [finding.check for finding in check_columns(table, Mode.CDC, "t", 160000)] == ["DISTORTED_VALUE"]
    assert list(check_columns(table, Mode.CDC_ONLY, "t", 160000)) == []


@pytest.mark.parametrize(
    "column_type",
    [
        "double precision[]",
        "boolean[]",
        "timestamp with time zone[]",
        "vector(3)",
        "other.halfvec",
        "path",
        "polygon",
        "bit(20000)",
        "bit varying",
    ],
)
def test_a_type_without_a_placeholder_for_unchanged_values_is_warned_of_where_it_matters(column_type: str) -> None:
    assert LARGE in findings(column_type)
    assert LARGE not in findings(column_type, Mode.SNAPSHOT)
    assert LARGE not in findings(column_type, identity=Identity.FULL)


@pytest.mark.parametrize(
    "column_type",
    [
        "text",
        "text[]",
        "character varying(20)[]",
        "integer[]",
        "uuid[]",
        "jsonb",
        "interval",
        "point",
        "name",
        "bit(8)",
        "date",
        "hstore",
        "box",
    ],
)
def test_types_that_always_arrive_are_not_mentioned(column_type: str) -> None:
    assert findings(column_type) == []


def test_columns_that_differ_only_in_capital_letters_are_refused_by_name() -> None:
    columns = tuple(Column(name, "int", nullable=True) for name in ("order_id", "total", "Order_ID"))
    (found,) = check_columns(Table("public", "t", columns, ("total",), Identity.KEY), Mode.CDC, '"public"."t"', 180_000)
    assert (found.check, found.severity) == ("COLUMN_CASE", Severity.ERROR)
    assert "Order_ID" in found.message
    assert "order_id" in found.message
    assert found.suggestion
