"""What has become of rows between two moments, as changes."""

from collections.abc import Iterator, Mapping, Sequence
from dataclasses import dataclass
from typing import Any, TypeAlias

import msgspec
from sqlalchemy import ColumnElement, Connection, Dialect, Select, and_, bindparam, or_, select
from sqlalchemy.types import NULLTYPE

from pipeline.errors import ConfigError
from pipeline.reader.envelope import RowEncoder
from pipeline.reader.task import ReadTable
from pipeline.sources.dialects.catalogue import read_table
from pipeline.sources.dialects.expressions import as_written, reading, rows_of
from pipeline.sources.dialects.types import WireType
from pipeline.sources.following import Following, Shape

CREATED, UPDATED, DELETED, TRUNCATED = b"c", b"u", b"d", b"t"

Rows: TypeAlias = dict[bytes, bytes]
"""Images of rows, by their records' keys."""


@dataclass(frozen=True, slots=True)
class Columns:
    """A table's columns as they were at a moment: what travels for each, and those by which a changefeed tells its rows."""

    wires: Mapping[str, WireType]
    row_key: tuple[str, ...]


class KnownColumns:
    """The columns of one table, which the catalogue is asked for only when they may be others than they were."""

    def __init__(self, table: ReadTable, following: Following) -> None:
        self._table = table
        self._following = following
        self._shape: Shape | None = None
        self._columns: Columns | None = None

    def at(self, opened: Connection) -> Columns | None:
        """
        The columns at the moment at which the connection reads; None if there was no such table.

        Raises:
            ConfigError: A column of the key that the job goes by was not there.
        """
        found = self._following.shape(opened, self._table.place)
        if found != self._shape:
            self._shape, self._columns = found, None if found is None else self._read(opened)
        return self._columns

    def _read(self, opened: Connection) -> Columns | None:
        table = self._table
        found = read_table(opened, *table.place)
        if found is None:
            return None
        wires = found.wire_types(opened.dialect.name)
        if not wires.keys() >= set(table.key):
            raise ConfigError(f"the table {table.qualified_name} lost a column of its key", suggestion="Post the job again.")
        return Columns(wires, self._following.row_key(opened, table.place))


class PastTable:
    """A table as it was at the moment at which the connection reads; `at_ms` is that moment."""

    def __init__(self, opened: Connection, known: KnownColumns, table: ReadTable, prefix: str, database: str, at_ms: int) -> None:
        self._opened = opened
        self._table = table
        self.columns = known.at(opened)
        self.encoder = None if self.columns is None else RowEncoder(prefix, database, table, self.columns.wires, at_ms)

    def rows(self, keys: Sequence[str]) -> Rows:
        """
        Return the rows of these keys, JSON arrays, that there were, and that satisfy the table's filter.

        Raises:
            ConfigError: The keys are not those of the table as it was.
        """
        if self.columns is None or self.encoder is None:
            return {}
        wanted = [key_values(key) for key in keys]
        if any(len(parts) != len(self.columns.row_key) for parts in wanted):
            raise ConfigError(f"the table {self._table.qualified_name} has another primary key", suggestion="Post the job again.")
        rows = self._opened.execute(statement(self._table, self.columns, wanted, self._opened.dialect)).all()
        return {self.encoder.key(row) or b"": self.encoder.image(row) for row in rows}


def statement(table: ReadTable, columns: Columns, wanted: Sequence[Sequence[str]], dialect: Dialect) -> Select[Any]:
    """The SELECT of the rows with one of these keys, each the texts of its values."""
    rows = rows_of(dialect, table.schema, table.name, dict.fromkeys([*columns.wires, *columns.row_key]))
    selected = select(*(reading(rows.c[name], wire, dialect.name) for name, wire in columns.wires.items()))
    if table.condition is not None:
        selected = selected.where(as_written(table.condition))
    return selected.where(_is_one_of([rows.c[name] for name in columns.row_key], wanted))


def differences(before: PastTable, after: PastTable, keys: Sequence[str]) -> Iterator[tuple[bytes, bytes]]:
    """
    The records, key and value, that lead from the rows of these keys before to those after; what is deleted comes first.

    Rows that are as they were have none; of a table that is gone nothing is told.
    """
    if after.encoder is None:
        return
    old, new = before.rows(keys), after.rows(keys)
    if before.encoder is not None:
        for key, image in old.items():
            if key not in new:
                yield key, before.encoder.value(DELETED, image, None)
    for key, image in new.items():
        if key not in old:
            yield key, after.encoder.value(CREATED, None, image)
        elif before.columns != after.columns or old[key] != image:
            yield key, after.encoder.value(UPDATED, None, image)


def _is_one_of(columns: Sequence[ColumnElement[Any]], wanted: Sequence[Sequence[str]]) -> ColumnElement[bool]:
    if len(columns) == 1:
        return columns[0].in_([_text(parts[0]) for parts in wanted])
    return or_(*(and_(*(column == _text(part) for column, part in zip(columns, parts, strict=True))) for parts in wanted))


def _text(value: str) -> ColumnElement[Any]:
    """The value as a text without a type: the database takes it for one of the column's."""
    return bindparam(None, value, NULLTYPE, unique=True)


def key_values(key: str) -> list[str]:
    """The values of a key that a changefeed has told, as SQL has them: its numbers keep their digits."""
    return [_sql(part) for part in _decode_key(key)]


_decode_key = msgspec.json.Decoder(list[msgspec.Raw]).decode


def _sql(part: msgspec.Raw) -> str:
    written = bytes(part).decode()
    return msgspec.json.decode(written, type=str) if written.startswith('"') else written
