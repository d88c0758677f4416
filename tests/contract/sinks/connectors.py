"""Tables of SQL Server, Oracle and Db2 with a row and its document, and what a worker makes of what is told of them."""

from datetime import datetime
from typing import Any

from bson import Binary, Decimal128, encode
from bson.binary import UUID_SUBTYPE
from tests.contract.sinks.subject import Subject
from tests.fakes.envelopes import SOURCES, ConnectorTable, column, unscaled, variable_scale
from tests.fakes.jobs import make_job
from tests.fakes.rows import COLLECTION, PARTITION

from pipeline.jobs.job import PlannedFilter, TablePlan
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


def applied(
    sink: Subject,
    table: ConnectorTable,
    *,
    identity: Identity = Identity.KEY,
    source_type: str = "POSTGRESQL",
    filter_: PlannedFilter | None = None,
) -> dict[bytes, Any]:
    """The documents, by the bytes of their `_id`s, once a worker has applied all that the connector told."""
    source = SOURCES[table.connector]
    plan = TablePlan(
        schema_name=source.get("schema", "public"),
        table=source.get("table", "orders"),
        topic=table.topic,
        collection=COLLECTION,
        key=tuple(table.key),
        identity=identity,
        filter=filter_,
    )
    fetched = [Fetched(PARTITION, table.written, table.offset)]
    slices = Translator(make_job(tables=(plan,), source_type=source_type)).translate(fetched)
    assert not any(isinstance(step.write, Fail) for part in slices for step in part.steps)
    sink.sink.apply(slices, {PARTITION: sink.sink.claim(PARTITION)})
    return {encode({"_id": document["_id"]}): document for document in sink.read()}
