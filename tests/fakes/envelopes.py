"""Records as the documentation of Debezium's connectors for SQL Server, Oracle and Db2 gives them."""

import json
from base64 import b64encode
from collections.abc import Mapping, Sequence
from dataclasses import dataclass, field
from typing import Any

from pipeline.change.record import Position, Record

Row = Mapping[str, Any]

COMMON = {"version": "3.6.1.Final", "name": "server1", "ts_ms": 1559729468470, "snapshot": "false", "sequence": None}

SOURCES: Mapping[str, Mapping[str, Any]] = {
    "sqlserver": COMMON
    | {
        "connector": "sqlserver",
        "db": "testDB",
        "schema": "dbo",
        "table": "customers",
        "change_lsn": "00000027:00000758:0003",
        "commit_lsn": "00000027:00000758:0005",
        "event_serial_no": 1,
    },
    "oracle": COMMON
    | {
        "connector": "oracle",
        "db": "ORCLPDB1",
        "schema": "DEBEZIUM",
        "table": "CUSTOMERS",
        "txId": "6.28.807",
        "scn": "2122185",
        "commit_scn": "2122185",
        "lcr_position": None,
        "rs_id": "001234.00012345.0124",
        "ssn": 1,
        "redo_thread": 1,
        "user_name": "user",
        "row_id": "AAASgjAAMAAAACnAAA",
    },
    "db2": COMMON
    | {
        "connector": "db2",
        "db": "TESTDB",
        "schema": "DB2INST1",
        "table": "CUSTOMERS",
        "change_lsn": "00000027:00000758:0000000000000003",
        "commit_lsn": "00000027:00000758:0000000000000005",
    },
}
"""The `source` blocks."""


def unscaled(number: int) -> str:
    """The number as Connect's Decimal has it: big-endian in base64."""
    return b64encode(number.to_bytes((number.bit_length() + 8) // 8, "big", signed=True)).decode()


def column(name: str, kind: str, logical: str | None = None, *, optional: bool = True, **more: Any) -> dict[str, Any]:
    """A column's Connect schema; `more` are parameters and fields."""
    named = {} if logical is None else {"name": logical, "version": 1}
    return {"type": kind, "optional": optional, "field": name, **named, **more}


def variable_scale(name: str, *, optional: bool = True) -> dict[str, Any]:
    """An Oracle NUMBER without a scale, or a Db2 DECFLOAT."""
    parts = [{"type": "int32", "optional": False, "field": "scale"}, {"type": "bytes", "optional": False, "field": "value"}]
    return column(name, "struct", "io.debezium.data.VariableScaleDecimal", optional=optional, fields=parts)


@dataclass
class ConnectorTable:
    """Writes the records of one connector's table, in order."""

    connector: str
    columns: Sequence[dict[str, Any]]
    key: Sequence[str]
    topic: str = "changes"
    offset: int = 0
    written: list[Record] = field(default_factory=list)

    def tell(self, operation: str, before: Row | None, after: Row | None, **headers: Row) -> Record:
        """A change; `newkey` and `oldkey` are the headers of a key change."""
        source = {**SOURCES[self.connector], "snapshot": "true" if operation == "r" else "false"}
        payload = {"before": before, "after": after, "source": source, "op": operation, "ts_ms": 1559729471739}
        value = json.dumps({"schema": self._schema(), "payload": payload}, separators=(",", ":")).encode()
        other_keys = [(f"__debezium.{name}", self._key(row)) for name, row in headers.items()]
        record = Record(Position(self.topic, 0, self.offset), None, value, other_keys)
        self.offset += 1
        self.written.append(record)
        return record

    def _schema(self) -> dict[str, Any]:
        row = {"type": "struct", "fields": list(self.columns), "optional": True, "name": "server1.Value"}
        source = {"type": "struct", "fields": [], "optional": False, "name": f"io.debezium.connector.{self.connector}.Source"}
        operation = {"type": "string", "optional": False, "field": "op"}
        fields = [row | {"field": "before"}, row | {"field": "after"}, source | {"field": "source"}, operation]
        return {"type": "struct", "fields": fields, "optional": False, "name": "server1.Envelope", "version": 2}

    def _key(self, row: Row) -> bytes:
        fields = [each for each in self.columns if each["field"] in self.key]
        schema = {"type": "struct", "fields": fields, "optional": False, "name": "server1.Key"}
        return json.dumps({"schema": schema, "payload": {name: row[name] for name in self.key}}).encode()
