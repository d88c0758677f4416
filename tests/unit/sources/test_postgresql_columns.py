"""Which column types are told of before a job starts."""

import pytest

from pipeline.sources.postgresql.columns import check_columns
from pipeline.sources.source import Column, Identity, Mode, Severity, Table


def findings(column_type: str, mode: Mode = Mode.CDC, identity: Identity = Identity.KEY) -> list[tuple[str, Severity]]:
    table = Table("public", "t", (Column("id", "integer", False), Column("c", column_type, True)), ("id",), identity)
    return [(finding.check, finding.severity) for finding in check_columns(table, mode, '"public"."t"')]


LEFT_OUT = ["bit varying(5)[]", "money[]", "name[]", "interval[]", "interval day to second(3)[]", "point[]", "oidvector", "refcursor"]


@pytest.mark.parametrize("column_type", LEFT_OUT)
@pytest.mark.parametrize("mode", Mode)
def test_a_type_that_debezium_leaves_out_is_an_error_in_every_mode(column_type: str, mode: Mode) -> None:
    assert findings(column_type, mode) == [("COLUMN_TYPE", Severity.ERROR)]


@pytest.mark.parametrize("column_type", ["numeric(10,2)[]", "double precision[]", "boolean[]", "timestamp with time zone[]", "vector(3)"])
def test_a_type_without_a_placeholder_for_unchanged_values_is_warned_of_where_it_matters(column_type: str) -> None:
    assert findings(column_type) == [("UNCHANGED_LARGE_VALUE", Severity.WARNING)]
    assert findings(column_type, Mode.SNAPSHOT) == []
    assert findings(column_type, identity=Identity.FULL) == []


@pytest.mark.parametrize(
    "column_type", ["text", "text[]", "character varying(20)[]", "integer[]", "uuid[]", "jsonb", "interval", "point", "name"]
)
def test_types_that_always_arrive_are_not_mentioned(column_type: str) -> None:
    assert findings(column_type) == []
