"""
What pgoutput tells (PostgreSQL's documentation: "Logical Replication Message Formats", version 1 of the protocol).

Every change is of a relation that was told before; numbers are unsigned, and in network byte order.
"""

from collections.abc import Callable
from typing import NamedTuple, TypeAlias

from pipeline.errors import SourceError
from pipeline.sources.following import Place

EPOCH_MICROS = 946_684_800_000_000
"""2000-01-01, from which its times count, since 1970."""

Image: TypeAlias = tuple[str | None, ...]
"""A row's values as texts, in the relation's order; None also for those that are not told."""


class Relation(NamedTuple):
    """A table, by the number that its changes have: its place and its columns."""

    number: int
    place: Place
    columns: tuple[str, ...]


class Begin(NamedTuple):
    """A transaction begins that was committed at this time, in microseconds since 1970."""

    committed_at: int


class Commit(NamedTuple):
    """The transaction has been told; the log's position behind it."""

    end: int


class RowChange(NamedTuple):
    """A row has changed: its new image, if it is there, then its old one, or only its old key, if that is told."""

    relation: int
    images: tuple[Image, ...]


class Truncate(NamedTuple):
    """Tables were emptied."""

    relations: tuple[int, ...]


Message: TypeAlias = Relation | Begin | Commit | RowChange | Truncate


class _Bytes:
    """Takes one part of a message after the other."""

    def __init__(self, data: bytes) -> None:
        self._data = data
        self._at = 0

    def take(self, size: int) -> bytes:
        taken = self._data[self._at : self._at + size]
        if len(taken) < size:
            raise SourceError("pgoutput told a message that breaks off")
        self._at += size
        return taken

    def number(self, size: int) -> int:
        return int.from_bytes(self.take(size), "big")

    def text(self) -> str:
        end = self._data.find(b"\0", self._at)
        taken = self.take(max(end, self._at) - self._at).decode()
        self.take(1)
        return taken

    def image(self) -> Image:
        return tuple(self._value() for _ in range(self.number(2)))

    def _value(self) -> str | None:
        kind = self.take(1)
        if kind in (b"n", b"u"):
            return None
        if kind != b"t":
            raise SourceError(f"pgoutput told a value of an unknown kind: {kind!r}")
        return self.take(self.number(4)).decode()


def decode(data: bytes) -> Message | None:
    """
    The message; None for one that is of no use here.

    Raises:
        SourceError: It is none.
    """
    kind = data[:1]
    if kind not in _DECODERS:
        raise SourceError(f"pgoutput told a message of an unknown kind: {kind!r}")
    return _DECODERS[kind](_Bytes(data[1:]))


def _relation(data: _Bytes) -> Relation:
    number, place = data.number(4), (data.text(), data.text())
    data.take(1)
    return Relation(number, place, tuple(_column(data) for _ in range(data.number(2))))


def _column(data: _Bytes) -> str:
    data.take(1)
    name = data.text()
    data.take(8)
    return name


def _begin(data: _Bytes) -> Begin:
    data.take(8)
    return Begin(data.number(8) + EPOCH_MICROS)


def _commit(data: _Bytes) -> Commit:
    data.take(9)
    return Commit(data.number(8))


def _insert(data: _Bytes) -> RowChange:
    relation = data.number(4)
    data.take(1)
    return RowChange(relation, (data.image(),))


def _update(data: _Bytes) -> RowChange:
    relation, kind = data.number(4), data.take(1)
    if kind == b"N":
        return RowChange(relation, (data.image(),))
    old = data.image()
    data.take(1)
    return RowChange(relation, (data.image(), old))


def _truncate(data: _Bytes) -> Truncate:
    count = data.number(4)
    data.take(1)
    return Truncate(tuple(data.number(4) for _ in range(count)))


def _nothing(data: _Bytes) -> None:
    """Origins, types, and messages of applications."""


_DECODERS: dict[bytes, Callable[[_Bytes], Message | None]] = {
    b"R": _relation,
    b"B": _begin,
    b"C": _commit,
    b"I": _insert,
    b"U": _update,
    b"D": _insert,
    b"T": _truncate,
    b"O": _nothing,
    b"Y": _nothing,
    b"M": _nothing,
}
"""A DELETE is told as an INSERT, but with the old row or its key."""
