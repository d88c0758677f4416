"""
Following the changes of a job's tables, from one moment to the next.

A changefeed says which rows have changed, and up to which moment that is all. What has become of each between the moment that is told
already and this one is read from the database itself, which can show its rows as they were. So records lead from one consistent
state of all tables to the next, and what the changefeed tells twice, or too early, leaves no trace. Changes that a row
undergoes between two moments, a second apart, are one.
"""

from collections.abc import Sequence
from contextlib import ExitStack
from decimal import Decimal

import structlog
from msgspec import structs
from sqlalchemy import Connection

from pipeline.errors import ConfigError
from pipeline.reader import notes
from pipeline.reader.changed import ChangedRows
from pipeline.reader.differences import TRUNCATED, KnownColumns, PastTable, differences
from pipeline.reader.output import Output
from pipeline.reader.position import Followed, ReadPosition, encode_followed, encode_position
from pipeline.reader.rows import FIRST_ROWS, next_size, read_rows
from pipeline.reader.signals import Signals
from pipeline.reader.task import ReadTable, ReadTask
from pipeline.sources.dialects.catalogue import read_table
from pipeline.sources.dialects.engine import Database, connection, look_back
from pipeline.sources.following import Changed, Feed, Following, NoMoreToldError, Place, Resolved

log = structlog.get_logger()

LOOK_SECONDS = 0.5
MOST_KEYS = 500
"""Rows that are looked for by one statement."""


class Follower:
    """
    Follows the changes of a task's tables, without an end.

    Records, and how far they tell the changes, are one transaction, so a reader that is killed goes on exactly where its records end.
    """

    def __init__(self, task: ReadTask, database: Database, following: Following, output: Output, followed: Followed) -> None:
        self.followed = followed
        self._following = following
        self._task = task
        self._database = database
        self._output = output
        self._signals = Signals(task.bootstrap_servers, task.signal_topic)
        self._tables = {table.place: table for table in task.tables}
        self._columns = {table.place: (KnownColumns(table, following), KnownColumns(table, following)) for table in task.tables}
        self._name = str(database.url.database or "")

    def run(self) -> list[ReadTable]:
        """
        Go on from where changes are told already; raises what keeps it from that.

        Returns the tables whose rows have to be read first, as they are at the moment up to which changes are told then.
        """
        while True:
            try:
                wanted = self._follow()
            except NoMoreToldError as error:
                self._leave_out(error)
                continue
            if wanted is not None:
                self._read_again(wanted)
            elif emptied := self._emptied():
                return emptied

    def _follow(self) -> list[str] | None:
        """Follow the tables that were there at the moment until some are to be read again, or others to be followed, too."""
        places, joining = self._places()
        since = self._following.now() if joining else None
        if not places and since is not None:
            self._join(since, joining)
            return None
        changed, resuming = ChangedRows(), self.followed.until is not None
        with ExitStack() as stack:
            before, after = (stack.enter_context(connection(self._database)) for _ in range(2))
            feed = stack.enter_context(self._following.feed(places, self.followed.moment))
            while True:
                told = feed.get(LOOK_SECONDS)
                if isinstance(told, Changed):
                    changed.add(told)
                elif isinstance(told, Resolved) and self._advance(told, feed, changed, before, after):
                    if since is not None and Decimal(self.followed.moment) >= Decimal(since):
                        self._join(self.followed.moment, joining)
                        return None
                    if resuming:
                        return None
                if not resuming and (wanted := self._signals.next()) is not None:
                    return wanted

    def _places(self) -> tuple[list[Place], list[Place]]:
        """The tables that can be followed from the moment on, and those that came to the task, or to the database, later."""
        known = set(self.followed.tables)
        with connection(self._database) as opened:
            present = [place for place in self._tables if read_table(opened, *place) is not None]
            look_back(opened, self._database, self.followed.moment)
            places = [place for place in present if place in known and read_table(opened, *place) is not None]
        joining = [place for place in present if place not in known]
        if not places and not joining:
            raise ConfigError("none of the job's tables is at the source any more", suggestion="Stop the job.", code="TABLE_GONE")
        return places, joining

    def _join(self, moment: str, joining: Sequence[Place]) -> None:
        """Follow these tables, too, from the moment on."""
        followed = self.followed
        kept = tuple(place for place in followed.tables if place not in joining)
        self._save(structs.replace(followed, moment=moment, tables=(*kept, *joining)))
        self._output.commit()

    def _leave_out(self, error: NoMoreToldError) -> None:
        """Go on without a table whose rows are gone; if it is there, it joins again once the others are as far as that."""
        gone = {place for place in self.followed.tables if place[1] == error.table}
        if not gone:
            raise error
        log.warning("rows are gone without having been told", tables=sorted(gone), reason=error.message)
        self._save(self.followed.without(gone))
        self._output.commit()

    def _emptied(self) -> list[ReadTable]:
        """Tell of the tables that follow again that they have no rows: those that they have now are read next."""
        followed = self.followed
        back = [place for place in followed.emptied if place in followed.tables]
        if not back:
            return []
        there = list[ReadTable]()
        with connection(self._database, followed.moment) as opened:
            for place in back:
                encoder = self._past(opened, self._columns[place][1], place, followed.moment).encoder
                if encoder is not None:
                    there.append(self._tables[place])
                    self._output.write(self._tables[place].topic, None, encoder.value(TRUNCATED, None, None))
                    self._output.write(self._task.position_topic, *encode_position(*place, ReadPosition()))
        self._save(structs.replace(followed, emptied=tuple(place for place in followed.emptied if place not in back)))
        self._output.commit()
        return there

    def _advance(self, told: Resolved, feed: Feed, changed: ChangedRows, before: Connection, after: Connection) -> bool:
        """Tell the changes up to the moment, or up to the one until which that was begun; False if the moment is not as late."""
        since, until = self.followed.moment, self.followed.until or told.moment
        if Decimal(told.moment) < Decimal(until):
            return False
        if Decimal(until) > Decimal(since):
            self._tell(since, until, changed, before, after)
            self._save(structs.replace(self.followed, moment=until, until=None, after=None))
            self._output.commit()
            feed.settle(until)
        changed.forget(told.settled)
        return True

    def _tell(self, since: str, until: str, changed: ChangedRows, before: Connection, after: Connection) -> None:
        """Write what leads from the one moment to the other; where that is much, in parts, each with the row behind which it ends."""
        tables: dict[Place, tuple[PastTable, PastTable]] = {}
        size = FIRST_ROWS

        def most() -> int:
            return min(size, MOST_KEYS)

        for place, keys in changed.batches(self.followed.after, most):
            if not tables:
                look_back(before, self._database, since)
                look_back(after, self._database, until)
            if place not in tables:
                was, will = self._columns[place]
                tables[place] = self._past(before, was, place, since), self._past(after, will, place, until)
            records = list(differences(*tables[place], keys))
            for key, value in records:
                self._output.write(self._tables[place].topic, key, value)
            size = next_size(size, [value for _, value in records]) if records else size
            if self._output.due:
                self._save(structs.replace(self.followed, until=until, after=(*place, keys[-1])))
                self._output.commit()
        if tables:
            before.rollback()
            after.rollback()

    def _past(self, opened: Connection, known: KnownColumns, place: Place, moment: str) -> PastTable:
        return PastTable(opened, known, self._tables[place], self._task.topic_prefix, self._name, self._following.milliseconds(moment))

    def _save(self, followed: Followed) -> None:
        self.followed = followed
        self._output.write(self._task.position_topic, *encode_followed(followed))

    def _read_again(self, wanted: Sequence[str]) -> None:
        """Read tables as they are at the moment up to which their changes are told."""
        tables = [table for table in self._tables.values() if table.qualified_name in wanted]
        self._note(notes.started())
        for table in tables:
            self._note(notes.table_begun(table.qualified_name))
            rows = 0
            for chunk in read_rows(self._database, table, self._task.topic_prefix, ReadPosition(), self.followed.moment):
                for key, value in chunk.records:
                    self._output.write(table.topic, key, value)
                rows = chunk.position.rows
                if self._output.due:
                    self._output.commit()
            self._note(notes.table_read(table.qualified_name, rows))
        self._note(notes.completed())
        self._output.commit()
        log.info("tables read again", tables=[table.qualified_name for table in tables])

    def _note(self, note: bytes) -> None:
        self._output.write(self._task.notification_topic, None, note)
