"""Rows that SQL Server, Oracle and Db2 tell of have documents while they satisfy their filter."""

from typing import Any

import pytest
from tests.contract.sinks.connectors import (
    DB2_DOCUMENT,
    DB2_ROW,
    ORACLE_DOCUMENT,
    ORACLE_ROW,
    SQL_DOCUMENT,
    SQL_ROW,
    applied,
    db2,
    oracle,
    sqlserver,
)
from tests.contract.sinks.subject import Subject
from tests.fakes.envelopes import unscaled

from pipeline.jobs.job import PlannedColumn, PlannedFilter


def planned(where_clause: str, name: str, type_: str, collation: str | None = None) -> PlannedFilter:
    """A condition on one column, as the catalogue had it."""
    return PlannedFilter(where_clause=where_clause, columns=(PlannedColumn(name=name, type=type_, collation=collation),))


@pytest.mark.parametrize(
    ("make", "row", "document", "source_type", "filter_", "outside"),
    [
        (sqlserver, SQL_ROW, SQL_DOCUMENT, "SQL_SERVER", planned("price < -1000", "price", "money"), {"price": unscaled(0)}),
        (sqlserver, SQL_ROW, SQL_DOCUMENT, "SQL_SERVER", planned("tiny IN (255, 7)", "tiny", "tinyint"), {"tiny": 8}),
        (sqlserver, SQL_ROW, SQL_DOCUMENT, "SQL_SERVER", planned("flag = 1", "flag", "bit"), {"flag": False}),
        (sqlserver, SQL_ROW, SQL_DOCUMENT, "SQL_SERVER", planned("born = '2026-01-01'", "born", "date"), {"born": 1}),
        (sqlserver, SQL_ROW, SQL_DOCUMENT, "SQL_SERVER", planned("ends_at >= '9999-12-31'", "ends_at", "datetime2(7)"), {"ends_at": 0}),
        (oracle, ORACLE_ROW, ORACLE_DOCUMENT, "ORACLE", planned("ratio = 1.25", "RATIO", "NUMBER"), {"RATIO": None}),
        (oracle, ORACLE_ROW, ORACLE_DOCUMENT, "ORACLE", planned("price > 19.98", "PRICE", "NUMBER(10,2)"), {"PRICE": unscaled(1_998)}),
        (oracle, ORACLE_ROW, ORACLE_DOCUMENT, "ORACLE", planned("quantity >= 5", "QUANTITY", "NUMBER(18,0)"), {"QUANTITY": 4}),
        (
            oracle,
            ORACLE_ROW,
            ORACLE_DOCUMENT,
            "ORACLE",
            planned("ends_at > TIMESTAMP '2026-01-01 00:00:00'", "ENDS_AT", "TIMESTAMP(6)"),
            {"ENDS_AT": 0},
        ),
        (db2, DB2_ROW, DB2_DOCUMENT, "DB2", planned("balance > 1", "BALANCE", "DECIMAL(31,2)"), {"BALANCE": unscaled(100)}),
        (db2, DB2_ROW, DB2_DOCUMENT, "DB2", planned("name = 'Ada'", "NAME", "VARCHAR(9)", "IDENTITY"), {"NAME": "ada"}),
        (
            db2,
            DB2_ROW,
            DB2_DOCUMENT,
            "DB2",
            planned("changed < '2026-01-02'", "CHANGED", "TIMESTAMP(6)"),
            {"CHANGED": 2**52},
        ),
    ],
)
def test_a_row_has_a_document_while_it_satisfies_its_filter(
    subject: Subject, make: Any, row: Any, document: Any, source_type: str, filter_: PlannedFilter, outside: dict[str, Any]
) -> None:
    leaves, enters, stays_out = make(), make(), make()
    for table, told in (
        (leaves, [("r", None, row), ("u", row, {**row, **outside})]),
        (stays_out, [("c", None, {**row, **outside}), ("d", {**row, **outside}, None)]),
        (enters, [("c", None, {**row, **outside}), ("u", {**row, **outside}, row)]),
    ):
        table.offset = sum(len(each.written) for each in (leaves, stays_out, enters))
        for operation, before, after in told:
            table.tell(operation, before, after)
        found = applied(subject, table, source_type=source_type, filter_=filter_)
        assert list(found.values()) == ([document] if table is enters else [])
