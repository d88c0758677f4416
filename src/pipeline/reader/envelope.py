"""Rows as Debezium writes them: JSON envelopes with their schemas (its documentation: data change events)."""

import time
from collections.abc import Mapping, Sequence
from importlib.metadata import version
from typing import Any

import msgspec

from pipeline.errors import MappingError
from pipeline.reader.task import ReadTable
from pipeline.sources.dialects.types import WireType

CONNECTOR = "rowstream"

_encode = msgspec.json.Encoder().encode

_SOURCE_FIELDS = (
    ("version", "string"),
    ("connector", "string"),
    ("name", "string"),
    ("ts_ms", "int64"),
    ("snapshot", "string"),
    ("db", "string"),
    ("schema", "string"),
    ("table", "string"),
)


class RowEncoder:
    """
    Encodes the rows of one table.

    Everything before the row is the same in all of its records, so that whoever reads them
    can know it by comparing bytes. `changed_at_ms` is when rows have changed that are told as changes.
    """

    def __init__(
        self, prefix: str, database: str, table: ReadTable, columns: Mapping[str, WireType], changed_at_ms: int | None = None
    ) -> None:
        self._table = table
        self._names = list(columns)
        self._columns = [(name, wire.convert) for name, wire in columns.items()]
        self._key_columns = [(self._names.index(name), name, columns[name].convert) for name in table.key]
        name = f"{prefix}.{table.schema}.{table.name}"
        row = [wire.schema() | {"field": column} for column, wire in columns.items()]
        head = _encode(_envelope_schema(name, row))
        self._head = b'{"schema":' + head + b',"payload":{"before":'
        self._source = b',"source":' + _encode(_source(prefix, database, table, changed_at_ms)) + b',"op":"'
        key = [columns[column].schema() | {"optional": False, "field": column} for column in table.key]
        key_schema = _encode({"type": "struct", "fields": key, "optional": False, "name": f"{name}.Key"})
        self._key_head = b'{"schema":' + key_schema + b',"payload":'

    def image(self, row: Sequence[Any]) -> bytes:
        """
        The row as its records have it; equal rows have equal images.

        Raises:
            MappingError: A value of the row is not of its column's type, or has no exact JSON.
        """
        try:
            image = {name: None if value is None else convert(value) for (name, convert), value in zip(self._columns, row, strict=True)}
            return _encode(image)
        except (ValueError, TypeError, OverflowError):
            raise self._bad_value(row) from None

    def value(self, operation: bytes, before: bytes | None, after: bytes | None) -> bytes:
        """The record's value: the operation, as Debezium calls it, and the images of the row before and after."""
        images = (before or b"null") + b',"after":' + (after or b"null")
        return self._head + images + self._source + operation + b'","ts_ms":%d}}' % _now_ms()

    def key(self, row: Sequence[Any]) -> bytes | None:
        """The record's key, None in a table without one."""
        if not self._key_columns:
            return None
        try:
            return self._key_head + _encode({name: convert(row[index]) for index, name, convert in self._key_columns}) + b"}"
        except (ValueError, TypeError, OverflowError):
            raise self._bad_value(row) from None

    def _bad_value(self, row: Sequence[Any]) -> MappingError:
        table = self._table.qualified_name
        for (name, convert), value in zip(self._columns, row, strict=True):
            try:
                _encode(None if value is None else convert(value))
            except (ValueError, TypeError, OverflowError) as error:
                return MappingError(
                    f'a value of the column "{name}" of {table}{self._which(row)} cannot be moved: {error}',
                    suggestion="Change the value, or the column's type, at the source. Then post the job again.",
                    code="VALUE_NOT_CONVERTIBLE",
                    table=table,
                    column=name,
                )
        return MappingError(f"a row of {table} has no value in a column of its key", table=table)

    def _which(self, row: Sequence[Any]) -> str:
        """Which row it is, for people."""
        key = ", ".join(f"{name} = {row[index]!s:.50}" for index, name, _ in self._key_columns)
        return f" ({key})" if key else ""


def _envelope_schema(name: str, row: list[dict[str, Any]]) -> dict[str, Any]:
    image = {"type": "struct", "fields": row, "optional": True, "name": f"{name}.Value"}
    source = {
        "type": "struct",
        "fields": [{"type": kind, "optional": False, "field": field} for field, kind in _SOURCE_FIELDS],
        "optional": False,
        "name": "io.rowstream.reader.Source",
        "field": "source",
    }
    fields = [
        image | {"field": "before"},
        image | {"field": "after"},
        source,
        {"type": "string", "optional": False, "field": "op"},
        {"type": "int64", "optional": True, "field": "ts_ms"},
    ]
    return {"type": "struct", "fields": fields, "optional": False, "name": f"{name}.Envelope"}


def _source(prefix: str, database: str, table: ReadTable, changed_at_ms: int | None) -> dict[str, Any]:
    return {
        "version": version("rowstream"),
        "connector": CONNECTOR,
        "name": prefix,
        "ts_ms": _now_ms() if changed_at_ms is None else changed_at_ms,
        "snapshot": "true" if changed_at_ms is None else "false",
        "db": database,
        "schema": table.schema,
        "table": table.name,
    }


def _now_ms() -> int:
    return time.time_ns() // 1_000_000
