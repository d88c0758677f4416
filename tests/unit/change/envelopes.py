"""Records as Debezium and Connect's JsonConverter (schemas.enable=true) write them, for tests that have no connector."""

import json
from collections.abc import Mapping, Sequence
from dataclasses import dataclass, field
from pathlib import Path
from typing import Any

from pipeline.change.record import Position, Record

Row = Mapping[str, Any]

FIXTURES = Path(__file__).parent / "fixtures"


def column(
    name: str, kind: str = "string", logical: str | None = None, *, source_type: str | None = None, optional: bool = True, **more: Any
) -> dict[str, Any]:
    """A column's Connect schema: `kind` is Connect's type, `logical` the schema's name; `more` are items, fields or parameters."""
    schema: dict[str, Any] = {"type": kind, "optional": optional}
    if logical is not None:
        schema |= {"name": logical, "version": 1}
    if source_type is not None:
        schema["parameters"] = {"__debezium.source.column.type": source_type}
    return schema | more | {"field": name}


def dumps(value: Any) -> str:
    """JSON as Connect writes it, without spaces."""
    return json.dumps(value, separators=(",", ":"), ensure_ascii=False)


@dataclass
class Table:
    """
    Writes the records of one table, in order, at ever higher offsets of its topic.

    Each stands at a higher `log_position` than the one before, but for the second half of a key change.
    """

    columns: Sequence[dict[str, Any]] = (column("id", "int32", optional=False), column("name"))
    key: Sequence[str] = ("id",)
    schema: str = "public"
    name: str = "customer"
    topic: str = "shop.public.customer"
    offset: int = 0
    transaction: int | None = 700
    log_position: int = 65_876_560
    committed_at_ms: int = 1_700_000_000_000
    written: list[Record] = field(default_factory=list)

    def read(self, after: Row) -> Record:
        """A row of the snapshot."""
        return self._record("r", None, after)

    def create(self, after: Row, old_key: Row | None = None) -> Record:
        """A new row, or with `old_key` the second half of a key change."""
        return self._record("c", None, after, {"__debezium.oldkey": old_key})

    def update(self, after: Row, before: Row | None = None) -> Record:
        """A changed row."""
        return self._record("u", before, after)

    def delete(self, before: Row, new_key: Row | None = None) -> Record:
        """A row that is gone, or with `new_key` the first half of a key change; other columns of `before` may be left out."""
        return self._record("d", dict.fromkeys(c["field"] for c in self.columns) | dict(before), None, {"__debezium.newkey": new_key})

    def truncate(self) -> Record:
        """All rows are gone."""
        return self._record("t", None, None)

    def value(self, operation: str, before: Row | None, after: Row | None) -> bytes:
        """The bytes of a value."""
        payload = {
            "before": before,
            "after": after,
            "source": {
                "version": "3.6.1.Final",
                "connector": "postgresql",
                "name": "shop",
                "ts_ms": self.committed_at_ms,
                "snapshot": "true" if operation == "r" else None,
                "db": "shop",
                "schema": self.schema,
                "table": self.name,
                "txId": self.transaction,
                "sequence": f'["{self.log_position - 1}","{self.log_position}"]',
                "lsn": self.log_position,
            },
            "transaction": None,
            "op": operation,
            "ts_ms": self.committed_at_ms + 5,
        }
        return dumps({"schema": self.envelope_schema(), "payload": payload}).encode()

    def envelope_schema(self) -> dict[str, Any]:
        """The schema of the whole envelope."""
        row = {"type": "struct", "fields": list(self.columns), "optional": True, "name": f"{self.topic}.Value"}
        fields = [
            row | {"field": "before"},
            row | {"field": "after"},
            {"type": "struct", "fields": [], "optional": False, "name": "io.debezium.connector.postgresql.Source", "field": "source"},
            {"type": "string", "optional": False, "field": "op"},
        ]
        return {"type": "struct", "fields": fields, "optional": False, "name": f"{self.topic}.Envelope", "version": 2}

    def _record(self, operation: str, before: Row | None, after: Row | None, other_keys: Mapping[str, Row | None] | None = None) -> Record:
        row = after or before
        key = self._key_bytes(row) if row is not None and self.key else None
        headers = [(name, self._key_bytes(other)) for name, other in (other_keys or {}).items() if other is not None]
        record = Record(Position(self.topic, 0, self.offset), key, self.value(operation, before, after), headers)
        self.offset += 1
        self.log_position += 0 if (other_keys or {}).get("__debezium.newkey") else 8
        self.written.append(record)
        return record

    def _key_bytes(self, row: Row) -> bytes:
        fields = [c for c in self.columns if c["field"] in self.key]
        schema = {"type": "struct", "fields": fields, "optional": False, "name": f"{self.topic}.Key"}
        return dumps({"schema": schema, "payload": {name: row[name] for name in self.key}}).encode()


def captured(table: str) -> list[Record]:
    """
    Records of a real Debezium 3.6.1 and PostgreSQL 18, in order, as their bytes were.

    A fixture holds each distinct beginning of the values (all before the payload) once.
    """
    fixture = json.loads((FIXTURES / f"{table}.json").read_text())
    return [
        Record(
            Position(f"shop.sample.{table}", 0, record["offset"]),
            None,
            f"{fixture['prefixes'][record['prefix']]}{record['payload']}}}".encode(),
            [(name, value.encode()) for name, value in record["headers"].items()],
        )
        for record in fixture["records"]
    ]
