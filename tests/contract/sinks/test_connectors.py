"""What the connectors of SQL Server, Oracle, Db2 and CockroachDB tell becomes the documents that the rows are, in every sink."""

from collections.abc import Sequence
from datetime import datetime
from typing import Any

import pytest
from bson import Binary, Decimal128, encode
from bson.binary import UUID_SUBTYPE
from tests.contract.sinks.subject import Subject
from tests.fakes.envelopes import SOURCES, ConnectorTable, column, unscaled, variable_scale
from tests.fakes.jobs import make_job
from tests.fakes.rows import COLLECTION, PARTITION

from pipeline.jobs.job import TablePlan
from pipeline.sink.write import Fail
from pipeline.sources.source import Identity
from pipeline.worker.consumer import Fetched
from pipeline.worker.translate import Translator

NOON_MICROS = 1_767_268_800_123_456
NOON = datetime(2026, 1, 1, 12, 0, 0, 123_000)  # noqa: DTZ001 - as MongoDB gives it back
LAST_DAY_MICROS = 253_402_214_400_000_000
LAST_DAY = datetime(9999, 12, 31)  # noqa: DTZ001 - the same
DECIMAL = "org.apache.kafka.connect.data.Decimal"
UNAVAILABLE = "__debezium_unavailable_value"
GUID = "6F9619FF-8B86-D011-B42D-00C04FC964FF"


def sqlserver() -> ConnectorTable:
    """The types of SQL Server as the connector is set to tell them."""
    return ConnectorTable(
        "sqlserver",
        [
            column("id", "int32", optional=False),
            column("customer_guid", "string", parameters={"__debezium.source.column.type": "uniqueidentifier"}),
            column("tiny", "int16"),
            column("flag", "boolean"),
            column("price", "bytes", DECIMAL, parameters={"scale": "4", "connect.decimal.precision": "19"}),
            column("born", "int32", "io.debezium.time.Date"),
            column("ends_at", "int64", "io.debezium.time.MicroTimestamp"),
            column("at_zone", "string", "io.debezium.time.ZonedTimestamp"),
            column("clock", "int64", "io.debezium.time.MicroTime"),
            column("photo", "bytes"),
            column("notes", "string"),
        ],
        ["id"],
    )


SQL_ROW = {
    "id": 1005,
    "customer_guid": GUID,
    "tiny": 255,
    "flag": True,
    "price": unscaled(-12_345_600),
    "born": 20_454,
    "ends_at": LAST_DAY_MICROS,
    "at_zone": "2026-01-01T14:00:00.1234567+02:00",
    "clock": 45_296_123_456,
    "photo": "AP8Q",
    "notes": "long",
}
SQL_DOCUMENT = {
    "_id": 1005,
    "customerGuid": Binary(bytes.fromhex(GUID.replace("-", "")), UUID_SUBTYPE),
    "tiny": 255,
    "flag": True,
    "price": Decimal128("-1234.5600"),
    "born": datetime(2026, 1, 1),  # noqa: DTZ001 - as MongoDB gives it back
    "endsAt": LAST_DAY,
    "atZone": NOON,
    "clock": "12:34:56.123456",
    "photo": b"\x00\xff\x10",
    "notes": "long",
}


def oracle() -> ConnectorTable:
    """The types of Oracle as the connector is set to tell them; the key is a NUMBER, whose scale varies."""
    return ConnectorTable(
        "oracle",
        [
            variable_scale("ID", optional=False),
            column("QUANTITY", "int64"),
            variable_scale("RATIO"),
            column("PRICE", "bytes", DECIMAL, parameters={"scale": "2", "connect.decimal.precision": "10"}),
            column("ENDS_AT", "int64", "io.debezium.time.MicroTimestamp"),
            column("AT_ZONE", "string", "io.debezium.time.ZonedTimestamp"),
            column("LASTING", "string", "io.debezium.time.Interval"),
            column("HALF", "float"),
            column("TOKEN", "bytes"),
            column("BODY", "string"),
            column("DOC", "string", "io.debezium.data.Xml"),
        ],
        ["ID"],
    )


ORACLE_ROW = {
    "ID": {"scale": 0, "value": unscaled(1005)},
    "QUANTITY": 2**53,
    "RATIO": {"scale": 3, "value": unscaled(1_250)},
    "PRICE": unscaled(1_999),
    "ENDS_AT": LAST_DAY_MICROS,
    "AT_ZONE": "2026-01-01T12:00:00.123456Z",
    "LASTING": "P0Y0M1DT2H0M0.5S",
    "HALF": 0.5,
    "TOKEN": "AP8Q",
    "BODY": "a text that is a CLOB",
    "DOC": "<a/>",
}
ORACLE_DOCUMENT = {
    "_id": Decimal128("1005"),
    "quantity": 2**53,
    "ratio": Decimal128("1.250"),
    "price": Decimal128("19.99"),
    "endsAt": LAST_DAY,
    "atZone": NOON,
    "lasting": "P0Y0M1DT2H0M0.5S",
    "half": 0.5,
    "token": b"\x00\xff\x10",
    "body": "a text that is a CLOB",
    "doc": "<a/>",
}


def db2() -> ConnectorTable:
    """The types of Db2 as the connector is set to tell them."""
    return ConnectorTable(
        "db2",
        [
            column("ID", "int32", optional=False),
            column("BALANCE", "bytes", DECIMAL, parameters={"scale": "2", "connect.decimal.precision": "31"}),
            variable_scale("RATE"),
            column("BORN", "int32", "io.debezium.time.Date"),
            column("CHANGED", "int64", "io.debezium.time.MicroTimestamp"),
            column("NAME", "string"),
            column("CODE", "bytes"),
        ],
        ["ID"],
    )


DB2_ROW = {
    "ID": 1005,
    "BALANCE": unscaled(10**30),
    "RATE": {"scale": 2, "value": unscaled(125)},
    "BORN": 20_454,
    "CHANGED": NOON_MICROS,
    "NAME": "Ada",
    "CODE": "AP8Q",
}
DB2_DOCUMENT = {
    "_id": 1005,
    "balance": Decimal128("10000000000000000000000000000.00"),
    "rate": Decimal128("1.25"),
    "born": datetime(2026, 1, 1),  # noqa: DTZ001 - as MongoDB gives it back
    "changed": NOON,
    "name": "Ada",
    "code": b"\x00\xff\x10",
}


def cockroachdb() -> ConnectorTable:
    """The types of CockroachDB, all of whose columns the connector calls optional."""
    return ConnectorTable(
        "cockroachdb",
        [
            column("id", "string", "io.debezium.data.Uuid"),
            column("customer_name", "string"),
            column("amount", "string", parameters={"__debezium.source.column.type": "NUMERIC"}),
            column("created_at", "int64", "io.debezium.time.MicroTimestamp"),
            column("doc", "string", "io.debezium.data.Json"),
        ],
        ["id"],
    )


COCKROACH_ROW = {
    "id": "5f8a1c2e-3b4d-4e6f-8a9b-1c2d3e4f5a6b",
    "customer_name": "Alice",
    "amount": "99.99",
    "created_at": NOON_MICROS,
    "doc": '{"a": [1, 2.5]}',
}
COCKROACH_DOCUMENT = {
    "_id": Binary(bytes.fromhex("5f8a1c2e3b4d4e6f8a9b1c2d3e4f5a6b"), UUID_SUBTYPE),
    "customerName": "Alice",
    "amount": Decimal128("99.99"),
    "createdAt": NOON,
    "doc": {"a": [1, Decimal128("2.5")]},
}

CONNECTORS = [
    pytest.param(sqlserver, SQL_ROW, SQL_DOCUMENT, id="sqlserver"),
    pytest.param(oracle, ORACLE_ROW, ORACLE_DOCUMENT, id="oracle"),
    pytest.param(db2, DB2_ROW, DB2_DOCUMENT, id="db2"),
    pytest.param(cockroachdb, COCKROACH_ROW, COCKROACH_DOCUMENT, id="cockroachdb"),
]


def applied(sink: Subject, table: ConnectorTable, *, identity: Identity = Identity.KEY) -> dict[bytes, Any]:
    """The documents, by the bytes of their `_id`s, once a worker has applied all that the connector told."""
    source = SOURCES[table.connector]
    plan = TablePlan(
        schema_name=source.get("schema", "public"),
        table=source.get("table", "orders"),
        topic=table.topic,
        collection=COLLECTION,
        key=tuple(table.key),
        identity=identity,
    )
    fetched = [Fetched(PARTITION, table.written, table.offset)]
    slices = Translator(make_job(tables=(plan,))).translate(fetched)
    assert not any(isinstance(step.write, Fail) for part in slices for step in part.steps)
    sink.sink.apply(slices, {PARTITION: sink.sink.claim(PARTITION)})
    return {encode({"_id": document["_id"]}): document for document in sink.read()}


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


@pytest.mark.parametrize(("make", "row", "document"), CONNECTORS[:3])
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


@pytest.mark.parametrize(("make", "row", "document"), CONNECTORS[:3])
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
