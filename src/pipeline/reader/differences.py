"""What has become of rows between two moments, as changes."""

from collections.abc import Iterator, Mapping, Sequence
from dataclasses import dataclass
from typing import Any, TypeAlias

from sqlalchemy import ColumnElement, Connection, Dialect, Select, bindparam, select, tuple_
from sqlalchemy.types import NULLTYPE

from pipeline.errors import ConfigError
from pipeline.reader.envelope import RowEncoder
from pipeline.reader.task import ReadTable
from pipeline.reader.told_keys import job_columns, key_values
from pipeline.sources.dialects.catalogue import read_table
from pipeline.sources.dialects.expressions import as_written, reading, rows_of
from pipeline.sources.dialects.shapes import shape
from pipeline.sources.dialects.types import WireType
from pipeline.sources.following import Following, Shape

CREATED, UPDATED, DELETED, TRUNCATED = b"c", b"u", b"d", b"t"

Rows: TypeAlias = dict[bytes, bytes]
"""Images of rows, by their records' keys."""


@dataclass(frozen=True, slots=True)
class Columns:
    """A table's columns as they were at a moment: what travels for each, and those by which the feed tells its rows."""

    wires: Mapping[str, WireType]
    row_key: tuple[str, ...]


class KnownColumns:
    """The columns of one table, which the catalogue is asked for only when they may be others than they were."""

    def __init__(self, table: ReadTable, following: Following) -> None:
        self._table = table
        self._following = following
        self._shape: Shape | None = None
        self._columns: Columns | None = None

    def at(self, opened: Connection) -> tuple[str | None, Columns | None]:
        """
        The table's number and its columns at the moment at which the connection reads; None if there was no such table.

        Raises:
            ConfigError: A column of the key that the job goes by was not there.
        """
        found = shape(opened, self._table.place)
        if found != self._shape:
            self._shape, self._columns = found, None if found is None else self._read(opened)
        return None if found is None else found[0], self._columns

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
    """
    A table as it was at the moment at which the connection reads; `at_ms` is that moment.

    `number` is the database's own of the table, and `encoder` writes its records; None where there was none.
    """

    def __init__(self, opened: Connection, known: KnownColumns, table: ReadTable, prefix: str, database: str, at_ms: int) -> None:
        self._opened = opened
        self._table = table
        self.number, self.columns = known.at(opened)
        self.encoder = None if self.columns is None else RowEncoder(prefix, database, table, self.columns.wires, at_ms)

    @property
    def row_key(self) -> tuple[str, ...]:
        """The columns by which the feed tells its rows."""
        return () if self.columns is None else self.columns.row_key

    def rows(self, keys: Sequence[str]) -> Rows:
        """Return the rows of these keys of the job, JSON arrays, that there were, and that satisfy the table's filter."""
        if self.columns is None or self.encoder is None:
            return {}
        wanted = statement(self._table, self.columns, [key_values(key) for key in keys], self._opened.dialect)
        return {self.encoder.key(row) or b"": self.encoder.image(row) for row in self._opened.execute(wanted)}


def statement(table: ReadTable, columns: Columns, wanted: Sequence[Sequence[str]], dialect: Dialect) -> Select[Any]:
    """The SELECT of the rows with one of these keys, each the texts of its values, in the feed's order."""
    rows = rows_of(dialect, table.schema, table.name, columns.wires)
    selected = select(*(reading(rows.c[name], wire, dialect.name) for name, wire in columns.wires.items()))
    if table.condition is not None:
        selected = selected.where(as_written(table.condition))
    return selected.where(_is_one_of([rows.c[name] for name in job_columns(table, columns.row_key)], wanted))


def differences(before: PastTable, after: PastTable, keys: Sequence[str]) -> Iterator[tuple[bytes, bytes]]:
    """
    The records, key and value, that lead from the rows of these keys before to those after; what is deleted comes first.

    Rows that are as they were have none.
    """
    if before.encoder is None or after.encoder is None:
        return
    old, new = before.rows(keys), after.rows(keys)
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
    return tuple_(*columns).in_([tuple_(*map(_text, parts)) for parts in wanted])


def _text(value: str) -> ColumnElement[Any]:
    """The value as a text without a type: the database takes it for one of the column's."""
    return bindparam(None, value, NULLTYPE, unique=True)
