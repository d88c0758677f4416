"""Reading the rows of one table, in the order of its key."""

from collections.abc import Iterator, Sequence
from dataclasses import dataclass
from typing import Any

from sqlalchemy import ColumnElement, CursorResult, Dialect, Select, and_, bindparam, or_, select
from sqlalchemy.types import NULLTYPE

from pipeline.errors import ConfigError
from pipeline.reader.envelope import RowEncoder
from pipeline.reader.position import ReadPosition, Value, restored_key, stored_key
from pipeline.reader.task import ReadTable
from pipeline.sources.dialects.catalogue import read_table
from pipeline.sources.dialects.engine import Database, connection
from pipeline.sources.dialects.expressions import as_written, reading, rows_of
from pipeline.sources.dialects.types import WireType

READ = b"r"
FIRST_ROWS = 16
GROWTH = 4
MOST_ROWS = 2_000
CHUNK_BYTES = 2_000_000


@dataclass(frozen=True, slots=True)
class Chunk:
    """Encoded rows of a table, key and value, and the position after them."""

    table: ReadTable
    records: list[tuple[bytes | None, bytes]]
    position: ReadPosition


def read_rows(database: Database, table_: ReadTable, prefix: str, position: ReadPosition, moment: str | None = None) -> Iterator[Chunk]:
    """
    Read the rows behind the position, chunk by chunk, by one statement with a cursor at the server: as they were at the moment, or are.

    The database alone compares and orders keys: its collations are not Python's. The last
    chunk's position is `done`.

    Raises:
        ConfigError: The table, or its key, is not what it was when the job was set up.
        MappingError: A value cannot be moved.
        SourceError: The database does not answer, or refuses.
    """
    with connection(database, moment) as opened:
        found = read_table(opened, table_.schema, table_.name)
        wires = {} if found is None else found.wire_types(opened.dialect.name)
        if not wires or not wires.keys() >= set(table_.key):
            raise ConfigError(f"the table {table_.qualified_name} is gone, or lost a column of its key", suggestion="Post the job again.")
        encoder = RowEncoder(prefix, str(database.url.database or ""), table_, wires)
        result = opened.execution_options(stream_results=True).execute(statement(table_, wires, position, opened.dialect))
        yield from _chunks(table_, result, encoder, wires, position.rows)


def _chunks(table_: ReadTable, result: CursorResult[Any], encoder: RowEncoder, wires: dict[str, WireType], rows: int) -> Iterator[Chunk]:
    places = [list(wires).index(name) for name in table_.key] if is_resumable(table_, wires) else []
    size = FIRST_ROWS
    while fetched := result.fetchmany(size):
        records = [(encoder.key(row), encoder.value(READ, None, encoder.image(row))) for row in fetched]
        rows += len(records)
        yield Chunk(table_, records, ReadPosition(rows, _last_key(fetched[-1], places)))
        size = next_size(size, [value for _, value in records])
    yield Chunk(table_, [], ReadPosition(rows, None, done=True))


def _last_key(row: Sequence[Any], places: Sequence[int]) -> tuple[Value, ...] | None:
    """The key of the row as it is kept; None where the table cannot be gone on with behind it."""
    try:
        return stored_key([row[place] for place in places]) or None
    except ValueError:
        return None


def is_resumable(table_: ReadTable, wires: dict[str, WireType]) -> bool:
    """Whether the reading can go on behind a row: the table has a key whose values survive being given back."""
    return bool(table_.key) and all(wires[name].compares for name in table_.key)


def statement(table_: ReadTable, wires: dict[str, WireType], position: ReadPosition, dialect: Dialect) -> Select[Any]:
    """The SELECT of the rows behind the position, in key order."""
    rows = rows_of(dialect, table_.schema, table_.name, wires)
    selected = select(*(reading(rows.c[name], wire, dialect.name) for name, wire in wires.items()))
    if table_.condition is not None:
        selected = selected.where(as_written(table_.condition))
    if table_.row_count is not None:
        selected = selected.limit(max(table_.row_count - position.rows, 0))
    if not is_resumable(table_, wires) and table_.row_count is None:
        return selected
    key = [rows.c[name] for name in table_.key]
    if position.key is not None:
        selected = selected.where(behind(key, restored_key(position.key)))
    return selected.order_by(*key)


def behind(key: Sequence[ColumnElement[Any]], values: Sequence[Any]) -> ColumnElement[bool]:
    """
    The condition that a row's key is greater than these values.

    Not every database compares rows of values. The first part says again what follows from
    the second, in a form that every database looks up in an index.
    """
    first, last = (key[0], _bound(values[0])), len(key) - 1
    if last == 0:
        return first[0] > first[1]
    ways = []
    for place, (element, value) in enumerate(zip(key, values, strict=True)):
        equal = [before == _bound(known) for before, known in zip(key[:place], values[:place], strict=True)]
        ways.append(and_(*equal, element > _bound(value)))
    return and_(first[0] >= first[1], or_(*ways))


def _bound(value: Any) -> ColumnElement[Any]:
    """The value as the driver gave it: without a type, so that nothing converts or casts it."""
    return bindparam(None, value, NULLTYPE, unique=True)


def next_size(size: int, values: Sequence[bytes]) -> int:
    """How many rows to fetch next, going by the bytes of those that came."""
    average = sum(map(len, values)) // len(values) + 1
    return max(1, min(MOST_ROWS, GROWTH * size, CHUNK_BYTES // average))
