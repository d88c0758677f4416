"""What the text of a filter shows is answered with its place."""

import json
from typing import Any

import pytest
from tests.unit.api.requests import changed, faults

from api.jobs.submission import read_job_request
from pipeline.jobs.filters import posted_filters
from pipeline.sources.source import Mode

PATH = "$.relationalTableFilters.public.customers"


def filtered(table: Any, source_type: str = "POSTGRESQL", url: str = "jdbc:postgresql://127.0.0.1:5432/shop") -> dict[str, Any]:
    """The valid request with a filter on one table."""
    request = changed("relationalTableFilters", value={"public": {"customers": table}})
    return request | {"jdbcConnectionDetails": request["jdbcConnectionDetails"] | {"type": source_type, "url": url}}


@pytest.mark.parametrize(
    ("table", "fault"),
    [
        ({"whereClause": "a = 1; DROP TABLE x"}, f"{PATH}.whereClause: line 1, column 6: several statements"),
        ({"whereClause": "a IN (SELECT 1)"}, f"{PATH}.whereClause: line 1, column 1: a subquery is not possible"),
        ({"whereClause": "created > now()"}, f"{PATH}.whereClause: line 1, column 11: CURRENT_TIMESTAMP is another"),
        ({"whereClause": ""}, f"{PATH}.whereClause: it is empty"),
        ({"whereClause": 5}, f"{PATH}.whereClause: should be a valid string"),
        ({"rowCount": -1}, f"{PATH}.rowCount: should be 0 or more"),
        ({"rowCount": True}, f"{PATH}.rowCount: should be a valid integer"),
        ({"rowCount": 2**63}, f"{PATH}.rowCount: should fit into 64 bits"),
        ({"where": "a = 1"}, f"{PATH}.where: is not a known property"),
    ],
)
def test_what_is_wrong_with_a_filter_is_told_at_its_path(table: Any, fault: str) -> None:
    (found,) = faults(filtered(table))
    assert found.startswith(fault)


def test_every_fault_is_told_at_once() -> None:
    request = changed("relationalTableFilters", value={"a": {"b": {"whereClause": "x ="}, "c": {"whereClause": "y", "rowCount": -1}}})
    assert [fault.partition(": ")[0] for fault in faults(request)] == [
        "$.relationalTableFilters.a.b.whereClause",
        "$.relationalTableFilters.a.c.rowCount",
    ]


@pytest.mark.parametrize(
    ("source_type", "url"),
    [
        ("SQL_SERVER", "jdbc:sqlserver://h;databaseName=shop"),
        ("ORACLE", "jdbc:oracle:thin:@//h/shop"),
        ("DB2", "jdbc:db2://h:50000/shop"),
    ],
)
def test_databases_that_run_nowhere_here_have_filters_in_every_mode(source_type: str, url: str) -> None:
    for filter_ in ({"whereClause": "a = 1"}, {"rowCount": 5}):
        request = filtered(filter_, source_type, url)
        for mode in Mode:
            read_job_request(json.dumps(request | {"options": request["options"] | {"mode": mode}}))


def test_filters_are_kept_as_they_were_posted() -> None:
    request = read_job_request(json.dumps(filtered({"whereClause": "a = 1", "rowCount": 0})))
    (kept,) = posted_filters(request.relational_table_filters)
    assert (kept.schema_name, kept.table, kept.where_clause, kept.row_count) == ("public", "customers", "a = 1", 0)


@pytest.mark.parametrize("filters", [{}, {"public": {}}, {"public": {"customers": {}}}])
def test_an_empty_filter_filters_nothing(filters: dict[str, Any]) -> None:
    request = read_job_request(json.dumps(changed("relationalTableFilters", value=filters)))
    assert all(each.where_clause is None for each in posted_filters(request.relational_table_filters))
