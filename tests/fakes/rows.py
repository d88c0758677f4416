"""Random histories of a table, as the steps that its changes ask for."""

from collections.abc import Iterator, Sequence
from itertools import count
from typing import Any

from hypothesis import strategies as st

from pipeline.change.record import Position
from pipeline.sink.batch import ChangePartition, Slice, Step
from pipeline.sink.write import Clear, Delete, Document, Insert, Move, Replace, Set, Write

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


class Table:
    """A source table with columns `small` and `big`; each method yields the changes that a statement makes."""

    def __init__(self, *, deferrable: bool = True) -> None:
        self.deferrable = deferrable
        self.rows: dict[int, dict[str, Any]] = {}
        self._offsets = count()
        self._values = count(1)
        self._transactions = count(1)
        self._transaction = "0"

    def begin(self) -> None:
        """Begin the next source transaction."""
        self._transaction = str(next(self._transactions))

    def insert(self, key: int) -> Iterator[Step]:
        """Insert a row where there is none, delete and insert it again where there is one."""
        if key in self.rows:
            yield from self.delete(key)
        self.rows[key] = {"small": next(self._values), "big": f"big{next(self._values)}"}
        yield self._step(Insert(COLLECTION, key, self._document(key), self._next()), "c")

    def update(self, key: int, *, touch_big: bool) -> Iterator[Step]:
        """Update a row; an untouched big value is unavailable."""
        if key not in self.rows:
            return
        self.rows[key]["small"] = next(self._values)
        if touch_big:
            self.rows[key]["big"] = f"big{next(self._values)}"
            yield self._step(Replace(COLLECTION, key, self._document(key), self._next()), "u")
        else:
            yield self._step(Set(COLLECTION, key, self._document(key, without="big"), ("big",), self._next()), "u")

    def delete(self, key: int) -> Iterator[Step]:
        """Delete a row."""
        if self.rows.pop(key, None) is not None:
            yield self._step(Delete(COLLECTION, key, self._next()), "d")

    def truncate(self) -> Iterator[Step]:
        """Remove all rows at once."""
        self.rows.clear()
        yield self._step(Clear(COLLECTION, self._next()), "t")

    def renumber(self, moves: dict[int, int], *, touch_big: bool) -> Iterator[Step]:
        """Change keys by one statement, row by row; where they are deferrable they may meet on the way."""
        moves = {old: new for old, new in moves.items() if old in self.rows and old != new}
        staying = set(self.rows) - set(moves)
        if len({*moves.values()}) < len(moves) or staying & set(moves.values()):
            return
        if not self.deferrable and self._meet(moves):
            return
        leaving = {old: self.rows.pop(old) for old in moves}
        for old, new in moves.items():
            row = self.rows[new] = leaving[old]
            yield self._step(Delete(COLLECTION, old, self._next(), new), "")
            if touch_big:
                row["big"] = f"big{next(self._values)}"
            document, unavailable = (self._document(new), ()) if touch_big else (self._document(new, without="big"), ("big",))
            yield self._step(Move(COLLECTION, new, old, document, unavailable, self._next(), self.deferrable), "u")

    def _meet(self, moves: dict[int, int]) -> bool:
        held = set(self.rows)
        for old, new in moves.items():
            if new in held:
                return True
            held = held - {old} | {new}
        return False

    def documents(self) -> dict[int, Document]:
        """The documents that the rows are."""
        return {key: self._document(key) for key in self.rows}

    def _document(self, key: int, without: str = "") -> Document:
        return {"_id": key} | {name: value for name, value in self.rows[key].items() if name != without}

    def _next(self) -> Position:
        return position(next(self._offsets))

    def _step(self, write: Write, counted: str) -> Step:
        return step(write, counted, self._transaction)


STATEMENTS = st.one_of(
    st.tuples(st.just("insert"), st.sampled_from(KEYS)),
    st.tuples(st.just("update"), st.sampled_from(KEYS), st.booleans()),
    st.tuples(st.just("delete"), st.sampled_from(KEYS)),
    st.just(("truncate",)),
    st.tuples(st.just("renumber"), st.permutations(KEYS), st.permutations(KEYS), st.booleans()),
)
TRANSACTIONS = st.lists(st.lists(STATEMENTS, min_size=1, max_size=4), min_size=1, max_size=8)


def history(table: Table, transactions: Sequence[Sequence[tuple[Any, ...]]]) -> list[Step]:
    """Run the statements on the table and return the steps of their changes."""
    steps: list[Step] = []
    for statements in transactions:
        table.begin()
        for statement in statements:
            steps += _run(table, statement)
    return steps


def _run(table: Table, statement: tuple[Any, ...]) -> Iterator[Step]:
    match statement:
        case ("insert", key):
            return table.insert(key)
        case ("update", key, touch_big):
            return table.update(key, touch_big=touch_big)
        case ("delete", key):
            return table.delete(key)
        case ("truncate",):
            return table.truncate()
        case (_, old, new, touch_big):
            return table.renumber(dict(zip(old, new, strict=True)), touch_big=touch_big)
