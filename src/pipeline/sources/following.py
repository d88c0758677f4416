"""
How rowstream's own reader follows changes: what it asks of a database that can show its rows as they were.

A moment is a text of digits of the database's clock, all of one length, so that the later is the greater. A place is a table's schema
and its name.
"""

from collections.abc import Collection, Sequence
from types import TracebackType
from typing import NamedTuple, Protocol, Self, TypeAlias

from sqlalchemy import Connection

from pipeline.errors import SourceError

Place: TypeAlias = tuple[str, str]

Shape: TypeAlias = tuple[str, str | None, tuple[tuple[str, str], ...]]
"""A table's number, the numbers of its key's columns, and the names and the types of all."""


class Changed(NamedTuple):
    """A row that has changed, not after the moment: its key, the values of the primary key's columns as a JSON array."""

    place: Place
    key: str
    moment: str


class Resolved(NamedTuple):
    """Every change up to the moment has been told. Rows told as changed not after `settled` need not be looked at any more after it."""

    moment: str
    settled: str


class NoMoreToldError(SourceError):
    """The rows of these tables are gone, or others', and nothing tells which they were (TRUNCATE, DROP, IMPORT, another table's name)."""

    def __init__(self, message: str, places: Collection[Place]) -> None:
        super().__init__(message)
        self.places = frozenset(places)


class Feed(Protocol):
    """
    Tells which rows change, as they change; it may tell them too early, and again and again. A context manager: leaving it ends the feed.

    Raises, wherever it is used:
        SourceUnavailableError: The connection broke off, or nothing was told for too long.
        ConfigError: The database has forgotten what was since the moment.
        NoMoreToldError: A table was emptied at once.
        SourceError: Anything else that the database said.
    """

    def __enter__(self) -> Self:
        """Begin."""
        ...

    def __exit__(self, kind: type[BaseException] | None, error: BaseException | None, trace: TracebackType | None) -> None:
        """End."""
        ...

    def get(self, timeout_seconds: float) -> Changed | Resolved | None:
        """What is told next; None when nothing is told within the time."""
        ...

    def settle(self, moment: str) -> None:
        """Take note that the changes up to the moment are in Kafka: no feed has to tell them again."""
        ...


class Following(Protocol):
    """
    A database whose changes the reader follows. Every method raises as `pipeline.sources.dialects.engine.connection`.

    `clocks_apart` is by how much the clocks of a cluster's nodes may differ, as moments count time.
    """

    clocks_apart: int

    def now(self) -> str:
        """Return the present moment: no change that is made on this node from now on is earlier."""
        ...

    def milliseconds(self, moment: str) -> int:
        """The moment in milliseconds since 1970."""
        ...

    def feed(self, places: Sequence[Place], since: str) -> Feed:
        """Make a feed of what changes in the tables after the moment."""
        ...

    def row_key(self, opened: Connection, place: Place) -> tuple[str, ...]:
        """The columns by which the feed tells rows of the table, in its order."""
        ...
