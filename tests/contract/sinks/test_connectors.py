"""What the connectors of SQL Server, Oracle and Db2 tell becomes the documents that the rows are, in every sink."""

from collections.abc import Sequence
from typing import Any

import pytest
from tests.contract.sinks.connectors import (
    DB2_DOCUMENT,
    DB2_ROW,
    ORACLE_DOCUMENT,
    ORACLE_ROW,
    SQL_DOCUMENT,
    SQL_ROW,
    UNAVAILABLE,
    applied,
    db2,
    oracle,
    sqlserver,
)
from tests.contract.sinks.subject import Subject
from tests.fakes.envelopes import unscaled

from pipeline.sources.source import Identity

CONNECTORS = [
    pytest.param(sqlserver, SQL_ROW, SQL_DOCUMENT, id="sqlserver"),
    pytest.param(oracle, ORACLE_ROW, ORACLE_DOCUMENT, id="oracle"),
    pytest.param(db2, DB2_ROW, DB2_DOCUMENT, id="db2"),
]


def only(documents: dict[Any, Any]) -> Any:
    (document,) = documents.values()
    return document


@pytest.mark.parametrize(("make", "row", "document"), CONNECTORS)
@pytest.mark.parametrize("operation", ["r", "c"])
def test_every_type_arrives_by_snapshot_and_insert(subject: Subject, make: Any, row: Any, document: Any, operation: str) -> None:
    table = make()
    table.tell(operation, None, row)
    assert only(applied(subject, table)) == document


@pytest.mark.parametrize(("make", "row", "document"), CONNECTORS)
def test_an_update_a_delete_and_an_insert_end_in_the_last_row(subject: Subject, make: Any, row: Any, document: Any) -> None:
    table, empty = make(), {name: value if name in make().key else None for name, value in row.items()}
    table.tell("c", None, empty)
    table.tell("u", empty, row)
    table.tell("d", row, None)
    table.tell("c", None, empty)
    table.tell("u", empty, row)
    assert only(applied(subject, table)) == document


@pytest.mark.parametrize(("make", "row", "document"), CONNECTORS)
def test_a_row_that_is_told_again_after_the_snapshot_is_one_document(subject: Subject, make: Any, row: Any, document: Any) -> None:
    table = make()
    for operation in ("r", "c"):
        table.tell(operation, None, row)
    assert only(applied(subject, table)) == document


def other_key(row: dict[str, Any], key: Sequence[str]) -> dict[str, Any]:
    values = {"ID": {"scale": 0, "value": unscaled(7)}} if isinstance(row.get("ID"), dict) else {key[0]: 7}
    return {**row, **values}


@pytest.mark.parametrize(("make", "row", "document"), CONNECTORS)
def test_a_key_change_moves_the_document(subject: Subject, make: Any, row: Any, document: Any) -> None:
    table = make()
    moved = other_key(row, table.key)
    table.tell("c", None, row)
    table.tell("d", row, None, newkey=moved)
    table.tell("c", None, moved, oldkey=row)
    found = only(applied(subject, table))
    assert found == {**document, "_id": found["_id"]}
    assert str(found["_id"]) == "7"


@pytest.mark.parametrize(
    ("make", "row", "document", "large"),
    [(sqlserver, SQL_ROW, SQL_DOCUMENT, "notes"), (oracle, ORACLE_ROW, ORACLE_DOCUMENT, "BODY")],
    ids=["sqlserver", "oracle"],
)
def test_a_large_value_that_a_change_leaves_out_stays(subject: Subject, make: Any, row: Any, document: Any, large: str) -> None:
    table = make()
    table.tell("c", None, row)
    table.tell("u", {**row, large: UNAVAILABLE}, {**row, large: UNAVAILABLE})
    assert only(applied(subject, table)) == document


@pytest.mark.parametrize(("make", "row", "document"), CONNECTORS)
def test_rows_without_a_key_are_told_apart_by_all_that_they_hold(subject: Subject, make: Any, row: Any, document: Any) -> None:
    table = make()
    table.key = []
    other = other_key(row, ["ID" if "ID" in row else "id"])
    for each in (row, row, other):
        table.tell("c", None, each)
    table.tell("d", row, None)
    table.tell("u", other, row)
    documents = list(applied(subject, table, identity=Identity.FULL).values())
    assert len(documents) == 2
    body = {name: value for name, value in document.items() if name != "_id"}
    assert all(body.items() <= found.items() or {**found, **body} == found for found in documents)


def test_keys_that_are_equal_have_one_id_whatever_their_scale(subject: Subject) -> None:
    table = oracle()
    table.tell("c", None, ORACLE_ROW)
    table.tell("u", None, {**ORACLE_ROW, "ID": {"scale": -1, "value": unscaled(100)}, "QUANTITY": 1})
    table.tell("u", None, {**ORACLE_ROW, "ID": {"scale": 2, "value": unscaled(100_500)}, "QUANTITY": 2})
    documents = applied(subject, table)
    assert sorted((str(found["_id"]), found["quantity"]) for found in documents.values()) == [("1000", 1), ("1005", 2)]
