"""Random histories of a table, as the steps that its changes ask for."""

from collections.abc import Iterator, Sequence
from dataclasses import dataclass
from itertools import count
from random import Random
from typing import Any

from hypothesis import strategies as st

from pipeline.change.record import Position
from pipeline.sink.batch import ChangePartition, Slice, Step
from pipeline.sink.document import Document
from pipeline.sink.write import Clear, Delete, Insert, Move, Replace, Set, Write

PARTITION = ChangePartition("changes", 0)
COLLECTION = "rows"
KEYS = range(5)


def position(offset: int) -> Position:
    """A place in the topic of these histories."""
    return Position(PARTITION.topic, PARTITION.partition, offset)


def step(write: Write, counted: str = "c", transaction: str | None = "1", size: int = 10) -> Step:
    """A step at its write's offset."""
    return Step(write.position.offset, write, counted, size, 1_700_000_000_000 + write.position.offset, transaction)


def part(steps: Sequence[Step], end: int | None = None) -> Slice:
    """The steps as a slice."""
    return Slice(PARTITION, steps, end if end is not None else steps[-1].offset + 1)


def insert(key: Any, offset: int, **fields: Any) -> Step:
    """The step of a row that is new."""
    return step(Insert(COLLECTION, key, {"_id": key, **fields}, position(offset)))


@dataclass(slots=True, eq=False)
class Row:
    """A row, whose values are null only where documents leave out nulls; `told`: a change has told of it, so that it has a document."""

    key: int
    small: int | None
    big: str | None
    told: bool = True

    def document(self, without: str = "") -> Document:
        """The document that it is."""
        values = {"_id": self.key, "small": self.small, "big": self.big}
        return {name: value for name, value in values.items() if name != without and value is not None}


class Table:
    """
    A source table with columns `small` and `big`; each method yields the changes that a statement makes.

    Where keys are deferrable, changes tell whole rows, and several rows may hold a key until
    the `commit`. `untold` are the keys of rows that are there before any change, without documents.
    `sparse`: values are often null, and then left out of the documents.
    """

    def __init__(self, *, deferrable: bool = True, untold: Sequence[int] = (), sparse: bool = False) -> None:
        self.deferrable = deferrable
        self._sparse = sparse
        self._required = not untold
        self._offsets = count()
        self._values = count(1)
        self._transactions = count(1)
        self._transaction = "0"
        self._dice = Random(0)  # noqa: S311 - a test's dice
        self.rows = [self._row(key, told=False) for key in untold]

    def begin(self) -> None:
        """Begin the next source transaction."""
        self._transaction = str(next(self._transactions))

    def commit(self) -> Iterator[Step]:
        """End the transaction: of the rows that hold one key all but one leave it."""
        for key in KEYS:
            while len(rows := self._holders(key)) > 1:
                row = self._dice.choice(rows)
                free = [free for free in KEYS if not self._holders(free)]
                if free and self._dice.random() < 0.5:
                    yield from self._move(row, self._dice.choice(free), touch_big=self._dice.random() < 0.5)
                else:
                    yield from self._delete(row)

    def insert(self, key: int) -> Iterator[Step]:
        """Insert a row where there is none, delete and insert it again where there is one."""
        for row in self._holders(key):
            yield from self._delete(row)
        yield from self._insert(self._row(key))

    def insert_beside(self, key: int, *, equal: bool) -> Iterator[Step]:
        """Insert a row, whether its key is held or not; it may be `equal` to another that holds it."""
        rows = self._holders(key)
        if self.deferrable or not rows:
            row = self._row(key)
            if equal and rows:
                row.small, row.big = rows[0].small, rows[0].big
            yield from self._insert(row)

    def update(self, key: int, place: int, *, touch_big: bool) -> Iterator[Step]:
        """Update a row; an untouched big value is unavailable unless changes tell whole rows."""
        for row in self._pick(key, place):
            before = row.document()
            row.small, row.told = self._small(), True
            if touch_big:
                row.big = self._big()
            if self.deferrable:
                yield self._step(Replace(COLLECTION, key, row.document(), self._next(), before, self._required, sparse=self._sparse), "u")
            elif touch_big:
                yield self._step(Replace(COLLECTION, key, row.document(), self._next()), "u")
            else:
                yield self._step(Set(COLLECTION, key, row.document(without="big"), ("big",), self._next()), "u")

    def delete(self, key: int, place: int) -> Iterator[Step]:
        """Delete a row."""
        for row in self._pick(key, place):
            yield from self._delete(row)

    def truncate(self) -> Iterator[Step]:
        """Remove all rows at once."""
        self.rows.clear()
        yield self._step(Clear(COLLECTION, self._next()), "t")

    def renumber(self, moves: dict[int, int], *, touch_big: bool) -> Iterator[Step]:
        """Change keys by one statement, row by row; where they are deferrable they may meet."""
        moves = {old: new for old, new in moves.items() if old != new and self._holders(old)}
        if not self.deferrable and self._meet(moves):
            return
        moving = [(self._dice.choice(self._holders(old)), new) for old, new in moves.items()]
        for row, new in moving:
            yield from self._move(row, new, touch_big=touch_big)

    def documents(self) -> dict[int, Document]:
        """The documents that the rows are."""
        return {row.key: row.document() for row in self.rows if row.told}

    def _insert(self, row: Row) -> Iterator[Step]:
        self.rows.append(row)
        yield self._step(Insert(COLLECTION, row.key, row.document(), self._next(), self.deferrable), "c")

    def _delete(self, row: Row) -> Iterator[Step]:
        self.rows.remove(row)
        yield self._step(self._gone(row, None), "d")

    def _move(self, row: Row, new: int, *, touch_big: bool) -> Iterator[Step]:
        yield self._step(self._gone(row, new), "")
        old, row.key, row.told = row.key, new, True
        if touch_big:
            row.big = self._big()
        whole = touch_big or row.big is None
        document, unavailable = (row.document(), ()) if whole else (row.document(without="big"), ("big",))
        yield self._step(Move(COLLECTION, new, old, document, unavailable, self._next(), self.deferrable), "u")

    def _gone(self, row: Row, moved_to: int | None) -> Delete:
        if self.deferrable:
            return Delete(COLLECTION, row.key, self._next(), moved_to, row.document(), self._required, sparse=self._sparse)
        return Delete(COLLECTION, row.key, self._next(), moved_to)

    def _meet(self, moves: dict[int, int]) -> bool:
        held = {row.key for row in self.rows}
        for old, new in moves.items():
            if new in held:
                return True
            held = held - {old} | {new}
        return False

    def _row(self, key: int, *, told: bool = True) -> Row:
        return Row(key, self._small(), self._big(), told)

    def _small(self) -> int | None:
        return None if self._is_null() else next(self._values)

    def _big(self) -> str | None:
        return None if self._is_null() else f"big{next(self._values)}"

    def _is_null(self) -> bool:
        return self._sparse and self._dice.random() < 0.7

    def _holders(self, key: int) -> list[Row]:
        return [row for row in self.rows if row.key == key]

    def _pick(self, key: int, place: int) -> list[Row]:
        rows = self._holders(key)
        return [rows[place % len(rows)]] if rows else []

    def _next(self) -> Position:
        return position(next(self._offsets))

    def _step(self, write: Write, counted: str) -> Step:
        return step(write, counted, self._transaction)


_KEY = st.sampled_from(KEYS)
_PLACE = st.integers(0, 2)
_STATEMENTS = [
    st.tuples(st.just("insert"), _KEY),
    st.tuples(st.just("update"), _KEY, _PLACE, st.booleans()),
    st.tuples(st.just("delete"), _KEY, _PLACE),
    st.just(("truncate",)),
    st.tuples(st.just("renumber"), st.permutations(KEYS), st.permutations(KEYS), st.booleans()),
]


def _transactions(*statements: st.SearchStrategy[tuple[Any, ...]]) -> st.SearchStrategy[list[list[tuple[Any, ...]]]]:
    return st.lists(st.lists(st.one_of(*statements), min_size=1, max_size=6), min_size=1, max_size=8)


TRANSACTIONS = _transactions(*_STATEMENTS, st.tuples(st.just("insert beside"), _KEY, st.booleans()))
TRANSACTIONS_OF_DIFFERENT_ROWS = _transactions(*_STATEMENTS, st.tuples(st.just("insert beside"), _KEY, st.just(value=False)))
"""In these no two rows are equal."""


def history(table: Table, transactions: Sequence[Sequence[tuple[Any, ...]]]) -> list[Step]:
    """Run the statements on the table and return the steps of their changes."""
    steps: list[Step] = []
    for statements in transactions:
        table.begin()
        for statement in statements:
            steps += _run(table, statement)
        steps += table.commit()
    return steps


def _run(table: Table, statement: tuple[Any, ...]) -> Iterator[Step]:
    match statement:
        case ("insert", key):
            return table.insert(key)
        case ("insert beside", key, equal):
            return table.insert_beside(key, equal=equal)
        case ("update", key, place, touch_big):
            return table.update(key, place, touch_big=touch_big)
        case ("delete", key, place):
            return table.delete(key, place)
        case ("truncate",):
            return table.truncate()
        case (_, old, new, touch_big):
            return table.renumber(dict(zip(old, new, strict=True)), touch_big=touch_big)
    raise AssertionError(statement)
