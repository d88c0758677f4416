"""
The feed that tells which rows have changed, as the job's slot tells it.

A slot tells transactions whole, in the order of their commits, but not of which moment each is. So once a second a row of the job's own is
written, a marker: the present moment of the node that answers, less the time by which clocks may differ. It is committed later than that
by any clock, so what is told after it is later, too. What is told before it is not later than the next marker's moment, which is
asked for when twice that time has passed since the marker was committed. Only this feed's own markers count: the reader
before it may still write some.
"""

import time
from collections import deque
from collections.abc import Iterable, Iterator, Mapping
from contextlib import ExitStack
from types import TracebackType
from typing import NamedTuple, Self

import msgspec
import psycopg

from pipeline.errors import ConfigError, SourceError, SourceUnavailableError
from pipeline.sources.dialects.engine import Database, connection, explain
from pipeline.sources.dialects.shapes import numbers
from pipeline.sources.dialects.writing import writing
from pipeline.sources.following import Changed, NoMoreToldError, Place, Resolved
from pipeline.sources.yugabyte.catalogue import row_key
from pipeline.sources.yugabyte.moments import CLOCKS_APART, COUNTER_BITS, NOW, moment_of
from pipeline.sources.yugabyte.pgoutput import Begin, Commit, Image, Message, Relation, RowChange, Truncate, decode
from pipeline.sources.yugabyte.slot import find_marker, marking
from pipeline.sources.yugabyte.wire import Wire

MARKER_SECONDS = 1.0
"""Not less than twice `CLOCKS_APART`."""

SILENCE_SECONDS = 300.0


NO_TABLE: Place = ("", "")
"""Of a table that is not followed."""


class Told:
    """
    What pgoutput's messages mean: rows of the tables whose keys are given, and markers.

    Tables are known by their `numbers`, whatever their names are. `awaited` is the marker that was written last, until it has come.
    """

    def __init__(self, keys: Mapping[Place, tuple[str, ...]], numbers: Mapping[int, Place], marker: Place, since: int) -> None:
        self.awaited: int | None = None
        self._keys = keys
        self._numbers = numbers
        self._marker = marker
        self._since = since
        self._relations: dict[int, _Columns] = {}
        self._committed_at = 0
        self._has_come = False
        self._last = 0
        self._markers: list[tuple[int, int]] = []

    def heard(self, message: Message | None) -> Iterator[Changed | Resolved]:
        """
        What a message tells, the next in order.

        Raises:
            ConfigError: A table has another key than it had.
            NoMoreToldError: A table was emptied at once.
            SourceError: The message is not what a slot tells.
        """
        if isinstance(message, Relation):
            self._relations[message.number] = self._columns(message)
        elif isinstance(message, Begin):
            self._committed_at = message.committed_at
        elif isinstance(message, RowChange):
            yield from self._changed(message)
        elif isinstance(message, Truncate):
            self._truncated(message)
        elif isinstance(message, Commit) and self._has_come and self.awaited is not None:
            yield self._resolved(self.awaited, message.end)

    def settled(self, moment: int) -> int | None:
        """The position before which nothing is needed any more once the changes up to the moment are in Kafka; None for none yet."""
        behind = sum(marked <= moment for marked, _ in self._markers)
        if behind < 2:
            return None
        position = self._markers[behind - 2][1]
        del self._markers[: behind - 1]
        return position

    def _columns(self, relation: Relation) -> "_Columns":
        place = self._numbers.get(relation.number, relation.place if relation.place == self._marker else NO_TABLE)
        key = ("moment",) if place == self._marker else self._keys.get(place, ())
        if not set(key) <= set(relation.columns):
            name = ".".join(place)
            raise ConfigError(f"the table {name} has another primary key", suggestion="Post the job again.")
        return _Columns(place, tuple(relation.columns.index(name) for name in key))

    def _changed(self, change: RowChange) -> Iterator[Changed]:
        place, columns = self._relation(change.relation)
        if place == self._marker:
            self._has_come |= self.awaited is not None and change.images[0][columns[0]] == str(self.awaited)
            return
        if place not in self._keys:
            return
        keys = [key for image in change.images if (key := _key(image, columns)) is not None]
        if not keys:
            raise SourceError(f"the slot told a change of {'.'.join(place)} without the row's key")
        for key in keys:
            yield Changed(place, key, moment_of(self._last + 1))

    def _truncated(self, truncate: Truncate) -> None:
        """A table that was emptied before the moment from which changes are told was as it is: it is told again after a restart."""
        if (self._committed_at << COUNTER_BITS) + CLOCKS_APART <= self._since:
            return
        gone = {place for place, _ in map(self._relation, truncate.relations) if place in self._keys}
        if gone:
            raise NoMoreToldError(f"truncated: {', '.join(sorted('.'.join(place) for place in gone))}", gone)

    def _relation(self, number: int) -> "_Columns":
        if number not in self._relations:
            raise SourceError(f"the slot told a change of a table that it has not described: {number}")
        return self._relations[number]

    def _resolved(self, marked: int, end: int) -> Resolved:
        """Rows told before the marker before this one need not be looked at any more; those since then may have changed after this one."""
        told = Resolved(moment_of(marked), moment_of(self._last))
        self._markers.append((marked, end))
        self._last, self.awaited, self._has_come = marked, None, False
        return told


class SlotFeed:
    """Implements `pipeline.sources.following.Feed`."""

    def __init__(self, database: Database, slot: str, places: Iterable[Place], since: str) -> None:
        self._database = database
        self._slot = slot
        self._places = list(places)
        self._since = int(since)
        self._marked_at = time.monotonic() - MARKER_SECONDS
        self._waiting = deque[Changed | Resolved]()

    def __enter__(self) -> Self:
        with connection(self._database) as opened:
            keys = {place: row_key(opened, *place) for place in self._places}
            known = {int(number): place for place, number in numbers(opened).items() if place in keys}
        with ExitStack() as stack:
            self._writer = stack.enter_context(writing(self._database))
            marker = find_marker(self._writer, self._slot)
            self._wire = stack.enter_context(Wire(self._database, self._slot, self._slot))
            self._marking = marking(marker)
            self._told = Told(keys, known, marker, self._since)
            self._opened = stack.pop_all()
        return self

    def __exit__(self, kind: type[BaseException] | None, error: BaseException | None, trace: TracebackType | None) -> None:
        self._opened.close()

    def get(self, timeout_seconds: float) -> Changed | Resolved | None:
        """What is told next; None when nothing is told within the time."""
        until = time.monotonic() + timeout_seconds
        while not self._waiting:
            self._mark()
            awake = until if self._told.awaited is not None else min(until, self._marked_at + MARKER_SECONDS)
            data = self._wire.next(max(awake - time.monotonic(), 0))
            if data is not None:
                self._waiting.extend(self._told.heard(decode(data)))
            elif time.monotonic() >= until:
                self._fail_if_silent()
                return None
        return self._waiting.popleft()

    def settle(self, moment: str) -> None:
        """Let the slot forget what is not needed any more."""
        position = self._told.settled(int(moment))
        if position is not None:
            self._wire.acknowledge(position)

    def _mark(self) -> None:
        if self._told.awaited is not None or time.monotonic() < self._marked_at + MARKER_SECONDS:
            return
        try:
            (now,) = self._writer.execute(NOW).fetchone() or (0,)
            self._told.awaited = now - CLOCKS_APART
            self._writer.execute(self._marking, [self._told.awaited])
        except psycopg.Error as error:
            passes = (error.sqlstate or "").startswith("40")  # another transaction, or a change of the catalogue, was in the way
            raise explain(error, self._database, broken=self._writer.closed or passes) from error
        self._marked_at = time.monotonic()

    def _fail_if_silent(self) -> None:
        if time.monotonic() - max(self._wire.heard_at, self._marked_at) > SILENCE_SECONDS:
            raise SourceUnavailableError(f"the slot of {self._database.name} has told nothing for {SILENCE_SECONDS:.0f} s")


class _Columns(NamedTuple):
    """A relation's place, and where the columns of its key are among its columns; a marker's moment is its key."""

    place: Place
    key: tuple[int, ...]


_encode = msgspec.json.Encoder().encode


def _key(image: Image, columns: tuple[int, ...]) -> str | None:
    """The row's key, as the reader knows it; None where the image lacks it, as an old one may."""
    parts = [image[column] for column in columns]
    return None if not parts or None in parts else _encode(parts).decode()
