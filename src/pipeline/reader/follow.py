"""
Following the changes of a job's tables, from one moment to the next.

A feed says which rows have changed, and up to which moment that is all. What has become of each between the moment that is told
already and this one is read from the database itself, which can show its rows as they were. So records lead from one consistent
state of all tables to the next, and what the feed tells twice, or too early, leaves no trace. Changes that a row
undergoes between two moments, a second apart, are one.
"""

import time
from collections.abc import Collection, Sequence
from contextlib import ExitStack
from dataclasses import replace
from decimal import Decimal

import structlog
from sqlalchemy import Connection

from pipeline.errors import ConfigError
from pipeline.reader import notes
from pipeline.reader.changed import ChangedRows
from pipeline.reader.differences import TRUNCATED, KnownColumns, PastTable, differences
from pipeline.reader.followed import Followed
from pipeline.reader.output import Output
from pipeline.reader.position import ReadPosition, encode_position
from pipeline.reader.rows import FIRST_ROWS, GROWTH, next_size, read_rows
from pipeline.reader.signals import Signals
from pipeline.reader.task import ReadTable, ReadTask
from pipeline.reader.told_keys import OTHER_KEY, ToldKey
from pipeline.sources.dialects.engine import Database, connection, look_back
from pipeline.sources.dialects.shapes import numbers, shape
from pipeline.sources.following import Changed, Feed, Following, NoMoreToldError, Place, Resolved

log = structlog.get_logger()

LOOK_SECONDS = 0.5
LOOK_AROUND_SECONDS = 10.0
NONE_SECONDS = 30.0
KEEP_SECONDS = 5.0
"""How often it is kept how far a stretch is told in which nothing has changed."""

NOT_THERE = "the table is not there any more, or another of its name is"

MOST_KEYS = 500
"""Rows that are looked for by one statement."""


class Follower:
    """
    Follows the changes of a task's tables, without an end.

    Records, and how far they tell the changes, are one transaction, so a reader that is killed goes on exactly where its records end.
    """

    def __init__(self, task: ReadTask, database: Database, following: Following, output: Output, followed: Followed) -> None:
        self.followed = followed
        self._kept: Followed | None = None
        self._task = task
        self._database = database
        self._following = following
        self._output = output
        self._signals = Signals(task.bootstrap_servers, task.signal_topic)
        self._tables = {table.place: table for table in task.tables}
        self._columns = {table.place: (KnownColumns(table, following), KnownColumns(table, following)) for table in task.tables}
        self._keys: dict[Place, ToldKey] = {}
        self._looked_at = time.monotonic()
        self._none_since: float | None = None
        self._name = str(database.url.database or "")

    def run(self) -> list[ReadTable]:
        """
        Go on from where changes are told already; raises what keeps it from that.

        Returns the tables whose rows have to be read first, as they are at the moment up to which changes are told then.
        """
        while True:
            if emptied := self._emptied():
                return emptied
            try:
                wanted = self._follow()
            except NoMoreToldError as error:
                self._leave_out(error.places, error.message)
            else:
                self._read_again(wanted)

    def _follow(self) -> Sequence[str]:
        """Follow the tables until some are to be read again, whose names are returned, or others are to be followed, or those no more."""
        places, joining = self._places()
        if not places:
            self._join_or_wait(joining)
            return ()
        since = self._following.now() if joining else None
        self._none_since = None
        changed, resuming = ChangedRows(), self.followed.until is not None
        with ExitStack() as stack:
            before, after = (stack.enter_context(connection(self._database)) for _ in range(2))
            feed = stack.enter_context(self._following.feed(places, self.followed.moment))
            while True:
                told = feed.get(LOOK_SECONDS)
                if isinstance(told, Changed):
                    changed.add(told.place, self._keys[told.place].row(told.key), told.moment)
                elif isinstance(told, Resolved) and self._advance(told, feed, changed, before, after):
                    if resuming:
                        return ()
                    if since is not None and Decimal(self.followed.moment) >= Decimal(since):
                        self._join(self.followed.moment, joining)
                        return ()
                if resuming or since is not None:
                    continue
                if (wanted := self._signals.next()) is not None or self._others_have_come(places):
                    return wanted or ()

    def _places(self) -> tuple[list[Place], list[Place]]:
        """
        The tables that can be followed from the moment on, and those that came to the task, or to the database, later.

        One that was followed and is not there any more, or is another table by now, is left out.
        """
        with connection(self._database) as opened:
            present = self._numbers(opened, self._tables)
            look_back(opened, self._database, self.followed.moment)
            known = self._numbers(opened, self.followed.tables)
            ours = {place: number or known.get(place) for place, number in self.followed.tables.items()}
            gone = [place for place, number in ours.items() if number is None or {number} != {known.get(place), present.get(place)}]
            if gone:
                self._leave_out(gone, NOT_THERE)
            places = [place for place in self.followed.tables if place in self._tables]
            self._save(replace(self.followed, tables={place: known[place] for place in places}))
            self._output.commit()
            self._keys = {place: ToldKey(self._tables[place], self._following.row_key(opened, place), known[place]) for place in places}
        joining = [place for place in present if place not in self.followed.tables]
        return places, joining

    def _join_or_wait(self, joining: Sequence[Place]) -> None:
        """Follow these tables from now on; where there are none, wait a moment: tables that are being exchanged come again."""
        if joining:
            self._join(self._following.now(), joining)
            return
        self._none_since = self._none_since or time.monotonic()
        if time.monotonic() - self._none_since > NONE_SECONDS:
            raise ConfigError("none of the job's tables is at the source any more", suggestion="Stop the job.", code="TABLE_GONE")
        time.sleep(LOOK_SECONDS)

    def _numbers(self, opened: Connection, places: Collection[Place]) -> dict[Place, str]:
        """The numbers of those tables that there are at the moment at which the connection reads."""
        return {place: number for place, number in numbers(opened).items() if place in places}

    def _others_have_come(self, places: Collection[Place]) -> bool:
        """
        Look now and then whether tables of the task have come that are not followed.

        Raises:
            NoMoreToldError: One that is followed is another table by now, or gone.
        """
        if time.monotonic() - self._looked_at < LOOK_AROUND_SECONDS:
            return False
        self._looked_at = time.monotonic()
        with connection(self._database) as opened:
            present = self._numbers(opened, self._tables)
        gone = [place for place in places if present.get(place) != self._keys[place].table]
        if gone:
            raise NoMoreToldError(NOT_THERE, gone)
        return any(place not in places for place in present)

    def _join(self, moment: str, joining: Sequence[Place]) -> None:
        """Follow these tables, too, from the moment on, if they were there then."""
        with connection(self._database, moment) as opened:
            tables = {**self.followed.tables, **self._numbers(opened, joining)}
        self._save(replace(self.followed, moment=moment, until=None, after=None, tables=tables))
        self._output.commit()

    def _leave_out(self, gone: Collection[Place], reason: str) -> None:
        """Go on without tables whose rows are gone; those that are there join again once the others are as far as that."""
        log.warning("rows are gone without having been told", tables=sorted(gone), reason=reason)
        self._save(self.followed.without(gone))
        self._output.commit()

    def _emptied(self) -> list[ReadTable]:
        """Tell of the tables that follow again that they have no rows: those that they have now are read next."""
        back = [place for place in self.followed.emptied if place in self.followed.tables]
        if not back:
            return []
        there = list[Place]()
        with connection(self._database, self.followed.moment) as opened:
            for place in back:
                encoder = self._past(opened, self._columns[place][1], place, self.followed.moment).encoder
                if encoder is not None:
                    there.append(place)
                    self._output.write(self._tables[place].topic, None, encoder.value(TRUNCATED, None, None))
                    self._output.write(self._task.position_topic, *encode_position(*place, ReadPosition()))
        emptied = tuple(place for place in self.followed.emptied if place not in there)
        tables = {place: number for place, number in self.followed.tables.items() if place not in back or place in there}
        self._save(replace(self.followed, tables=tables, emptied=emptied))
        self._output.commit()
        return [self._tables[place] for place in there]

    def _advance(self, told: Resolved, feed: Feed, changed: ChangedRows, before: Connection, after: Connection) -> bool:
        """Tell the changes up to the moment, or up to the one until which that was begun; False if the moment is not as late."""
        since, until = self.followed.moment, self.followed.until or told.moment
        if Decimal(told.moment) < Decimal(until):
            return False
        if Decimal(until) > Decimal(since):
            self._tell(since, until, changed, before, after)
            self._save(replace(self.followed, moment=until, until=None, after=None))
            self._output.commit()
            feed.settle(until)
        changed.forget(told.settled)
        return True

    def _tell(self, since: str, until: str, changed: ChangedRows, before: Connection, after: Connection) -> None:
        """
        Write what leads from the one moment to the other; where that is much, in parts, each with the row behind which it ends.

        A table that is not what it was is found before anything is written: a stretch has one end, or it is told twice.
        """
        if not (places := changed.places()):
            return
        look_back(before, self._database, since)
        look_back(after, self._database, until)
        tables = {place: self._pair(place, since, until, before, after) for place in places}
        size, kept_at = FIRST_ROWS, time.monotonic()

        def most() -> int:
            return min(size, MOST_KEYS)

        for place, keys in changed.batches(self.followed.after, most):
            records = list(differences(*tables[place], keys))
            for key, value in records:
                self._output.write(self._tables[place].topic, key, value)
            size = next_size(size, [value for _, value in records]) if records else GROWTH * most()
            if self._output.due or time.monotonic() - kept_at > KEEP_SECONDS:
                self._save(replace(self.followed, until=until, after=(*place, keys[-1])))
                self._output.commit()
                kept_at = time.monotonic()
        before.rollback()
        after.rollback()

    def _pair(self, place: Place, since: str, until: str, before: Connection, after: Connection) -> tuple[PastTable, PastTable]:
        """
        The table as it was at both moments.

        Raises:
            NoMoreToldError: It is not the table that the feed tells of: that one got another name, or was dropped.
            ConfigError: Its rows have another key.
        """
        known, (was, will) = self._keys[place], self._columns[place]
        pair = self._past(before, was, place, since), self._past(after, will, place, until)
        if any(past.number != known.table for past in pair):
            raise NoMoreToldError(NOT_THERE, [place])
        if any(past.row_key != known.row_key for past in pair):
            raise ConfigError(f"the table {self._tables[place].qualified_name} {OTHER_KEY}", suggestion="Post the job again.")
        return pair

    def _past(self, opened: Connection, known: KnownColumns, place: Place, moment: str) -> PastTable:
        return PastTable(opened, known, self._tables[place], self._task.topic_prefix, self._name, self._following.milliseconds(moment))

    def _save(self, followed: Followed) -> None:
        for key, value in followed.records(self._kept):
            self._output.write(self._task.position_topic, key, value)
        self.followed = self._kept = followed

    def _read_again(self, wanted: Sequence[str]) -> None:
        """Read tables as they are at the moment up to which their changes are told; of one that is gone there is nothing."""
        tables = [table for table in self._tables.values() if table.qualified_name in wanted]
        if not tables:
            return
        self._note(notes.started())
        for table in tables:
            self._note(notes.table_begun(table.qualified_name))
            self._output.commit()
            rows = self._read_rows(table)
            self._note(notes.table_read(table.qualified_name, rows))
        self._note(notes.completed())
        self._output.commit()
        log.info("tables read again", tables=[table.qualified_name for table in tables])

    def _read_rows(self, table: ReadTable) -> int:
        with connection(self._database, self.followed.moment) as opened:
            if shape(opened, table.place) is None:
                return 0
        rows = 0
        for chunk in read_rows(self._database, table, self._task.topic_prefix, ReadPosition(), self.followed.moment):
            for key, value in chunk.records:
                self._output.write(table.topic, key, value)
            self._output.commit()  # the next may be long in coming, and a transaction has its time
            rows = chunk.position.rows
        return rows

    def _note(self, note: bytes) -> None:
        self._output.write(self._task.notification_topic, None, note)
