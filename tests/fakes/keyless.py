"""Random histories of a table without a key, whose columns change meanwhile, as the steps that its changes ask for."""

from collections import Counter
from collections.abc import Iterator, Sequence
from itertools import count
from typing import Any

from bson import encode
from hypothesis import strategies as st
from tests.fakes.rows import COLLECTION, position, step

from pipeline.mapping.style import Nulls
from pipeline.sink.batch import Step
from pipeline.sink.document import Document
from pipeline.sink.row_id import digest, row_id
from pipeline.sink.write import Swap

OWNER = {"job": "65f000000000000000000001", "generation": 1}
VALUES = (0, 1, None)


def swap(
    offset: int, gone: Document | None = None, come: Document | None = None, *, required: bool = True, nulls: Nulls = Nulls.KEEP
) -> Step:
    """The step of one change, from what the row held to what it holds."""
    before, after = None if gone is None else written(gone, nulls), None if come is None else written(come, nulls)
    if before is not None:
        before = {"_id": {"row": digest(before), **(OWNER if required else {})}, **before}
    if after is not None:
        after = {"_id": row_id(after, OWNER, position(offset)), **after}
    counted = "c" if gone is None else "d" if come is None else "u"
    fields = ("_id", *(come or gone or ())) if nulls is Nulls.OMIT else None
    return step(Swap(COLLECTION, before, after, position(offset), required, fields), counted)


def written(row: Document, nulls: Nulls) -> Document:
    """The fields that the row's document has."""
    return {name: value for name, value in row.items() if value is not None or nulls is Nulls.KEEP}


class KeylessTable:
    """
    A source table; each method yields the changes that a statement makes.

    Columns that were added have a default, perhaps null; it is null where documents leave out nulls, since
    nothing tells then which rows are from before.
    """

    def __init__(self, columns: Sequence[str] = ("a", "b"), nulls: Nulls = Nulls.KEEP) -> None:
        self.nulls = nulls
        self.rows: list[Document] = []
        self.columns: dict[str, Any] = dict.fromkeys(columns)
        self._last = columns[-1]
        self._offsets = count()
        self._names = count()

    def insert(self, values: Sequence[Any]) -> Iterator[Step]:
        """Insert a row; it may be equal to others."""
        row = dict(zip(self.columns, [*values, *self.columns.values()], strict=False))
        self.rows.append(row)
        yield swap(next(self._offsets), None, row, nulls=self.nulls)

    def update(self, place: int, column: int, value: Any) -> Iterator[Step]:
        """Change one value of one row."""
        if self.rows:
            row = self.rows[place % len(self.rows)]
            before = dict(row)
            row[list(self.columns)[column % len(self.columns)]] = value
            yield swap(next(self._offsets), before, row, nulls=self.nulls)

    def delete(self, place: int) -> Iterator[Step]:
        """Delete one row."""
        if self.rows:
            yield swap(next(self._offsets), self.rows.pop(place % len(self.rows)), None, nulls=self.nulls)

    def add_column(self, default: Any) -> Iterator[Step]:
        """Add a column; no change tells of the rows that are there."""
        name = f"added{next(self._names)}"
        default = None if self.nulls is Nulls.OMIT else default
        self.columns[name] = default
        for row in self.rows:
            row[name] = default
        yield from ()

    def drop_column(self, column: int) -> Iterator[Step]:
        """
        Drop a column; no change tells of the rows that are there.

        It is none behind which others are added: that one could be taken for renamed.
        """
        names = list(self.columns)
        if droppable := names[: names.index(self._last)]:
            name = droppable[column % len(droppable)]
            del self.columns[name]
            for row in self.rows:
                del row[name]
        yield from ()

    def bag(self) -> Counter[bytes]:
        """What the rows hold."""
        return Counter(encode(written(row, self.nulls)) for row in self.rows)

    def bag_of(self, documents: Sequence[Document]) -> Counter[bytes]:
        """What the documents stand for: those of rows untouched since have columns that were dropped, and lack those that were added."""
        rows = [{name: each.get(name, default) for name, default in self.columns.items()} for each in documents]
        return Counter(encode(written(row, self.nulls)) for row in rows)


_VALUE = st.sampled_from(VALUES)
_PLACE = st.integers(0, 20)
CHANGES = st.one_of(
    st.tuples(st.just("insert"), st.tuples(_VALUE, _VALUE)),
    st.tuples(st.just("insert"), st.tuples(_VALUE, _VALUE)),
    st.tuples(st.just("update"), _PLACE, _PLACE, _VALUE),
    st.tuples(st.just("delete"), _PLACE),
)


def keyless_history(table: KeylessTable, statements: Sequence[tuple[Any, ...]]) -> list[Step]:
    """Run the statements on the table and return the steps of their changes."""
    return [each for name, *arguments in statements for each in getattr(table, name)(*arguments)]
