"""The reader: moves the rows of a job's tables into their change topics, several tables at once, and their changes where it can."""

import threading
import time
from collections.abc import Collection
from dataclasses import replace
from decimal import Decimal
from queue import Empty, Queue

import structlog

from pipeline.reader import notes
from pipeline.reader.follow import Follower
from pipeline.reader.followed import Followed
from pipeline.reader.output import COMMIT_SECONDS, Output
from pipeline.reader.position import ReadPosition, encode_position
from pipeline.reader.positions import Positions, read_positions
from pipeline.reader.rows import Chunk, read_rows
from pipeline.reader.task import ReadTable, ReadTask
from pipeline.sources.dialects.engine import open_database
from pipeline.sources.dialects.url import parse
from pipeline.sources.following import Following, Place
from pipeline.sources.registry import open_following

log = structlog.get_logger()

CHUNKS_AHEAD = 8
CLOCK_SECONDS = 0.1


class Reader:
    """
    Reads what is left of a task.

    Records and the position after them are one transaction, so a reader that is killed goes
    on exactly where its records end. Tables are read in threads; this thread alone writes.
    """

    def __init__(self, task: ReadTask, output: Output) -> None:
        self._task = task
        self._output = output
        self._database = open_database(task.source_type, parse(task.source_type, task.url, task.user, task.password))
        self._following = open_following(task.source_type, self._database, task.transactional_id) if task.follows else None
        self._positions = Positions()
        self._chunks: Queue[Chunk | BaseException] = Queue(CHUNKS_AHEAD)

    def run(self) -> None:
        """
        Read every table to its end, then follow their changes, if the task is to; raises what keeps that from happening.

        A table that cannot be gone on with was begun by another reader: then STARTED is said
        a second time, which has the whole attempt given up.
        """
        self._positions = read_positions(self._task.bootstrap_servers, self._task.position_topic)
        half_read = {place for place, position in self._positions.tables.items() if _is_half_read(position)}
        if half_read and not self._streams:
            self._note(notes.started())
            self._output.commit()
            return
        if not self._positions.tables and self._positions.followed is None:
            self._begin()
        self._read([table for table in self._task.tables if self._is_left(table)])
        if not self._task.reads:
            self._wait_for_clocks()
        self._note(notes.skipped() if self._streams or not self._task.reads else notes.completed())
        if self._following is not None and self._positions.followed is not None:
            self._follow(self._following, self._positions.followed, half_read)
        self._output.commit()

    def _follow(self, following: Following, followed: Followed, half_read: Collection[Place]) -> None:
        """Follow the changes; tables that were emptied are read in between, as they were when they joined again."""
        followed = replace(followed.without(half_read), streams=True)
        self._keep_followed(followed)
        self._output.commit()
        follower = Follower(self._task, self._database, following, self._output, followed)
        while True:
            tables = follower.run()
            self._positions.followed = follower.followed
            self._positions.tables |= {table.place: ReadPosition() for table in tables}
            self._read(tables)
            self._output.commit()

    def _wait_for_clocks(self) -> None:
        """Wait until no node's clock is behind the moment from which changes are followed: from then on every change is later."""
        following, followed = self._following, self._positions.followed
        while following is not None and followed is not None:
            if Decimal(following.now()) >= Decimal(followed.moment) + following.clocks_apart:
                return
            time.sleep(CLOCK_SECONDS)

    @property
    def _streams(self) -> bool:
        return self._positions.followed is not None and self._positions.followed.streams

    def _begin(self) -> None:
        task, positions = self._task, self._positions
        if self._following is not None:
            positions.followed = Followed(self._following.now(), {table.place: None for table in task.tables})
            self._keep_followed(positions.followed)
        if task.reads:
            self._note(notes.started())
            for table in task.tables:
                positions.tables[table.place] = ReadPosition()
                self._keep(table, ReadPosition())
        self._output.commit()

    def _is_left(self, table: ReadTable) -> bool:
        """Whether the table has rows that are to be read; one that came to the job later is read when that is asked for."""
        position = self._positions.tables.get(table.place)
        return position is not None and not position.done and not _is_half_read(position)

    def _read(self, tables: list[ReadTable]) -> None:
        waiting: Queue[ReadTable] = Queue()
        for table in tables:
            waiting.put(table)
        for number in range(min(self._task.tables_at_once, len(tables))):
            threading.Thread(target=self._read_tables, args=(waiting,), name=f"table-{number}", daemon=True).start()
        left = len(tables)
        while left:
            try:
                chunk = self._chunks.get(timeout=COMMIT_SECONDS)
            except Empty:
                self._output.commit()
                continue
            if isinstance(chunk, BaseException):
                raise chunk
            self._write(chunk)
            left -= chunk.position.done
            if self._output.due:
                self._output.commit()

    def _read_tables(self, waiting: "Queue[ReadTable]") -> None:
        """Read one table after the other until none waits; an error is the main thread's to raise."""
        followed = self._positions.followed
        moment = None if followed is None else followed.moment
        try:
            while True:
                table = waiting.get_nowait()
                for chunk in read_rows(self._database, table, self._task.topic_prefix, self._positions.tables[table.place], moment):
                    self._chunks.put(chunk)
        except Empty:
            return
        except BaseException as error:  # noqa: BLE001 - nothing is swallowed: the main thread raises it
            self._chunks.put(error)

    def _write(self, chunk: Chunk) -> None:
        table, position = chunk.table, chunk.position
        if position.rows == len(chunk.records):
            self._note(notes.table_begun(table.qualified_name))
        for key, value in chunk.records:
            self._output.write(table.topic, key, value)
        self._keep(table, position)
        if position.done:
            self._note(notes.table_read(table.qualified_name, position.rows))
            log.info("table read", table=table.qualified_name, rows=position.rows)

    def _keep(self, table: ReadTable, position: ReadPosition) -> None:
        self._output.write(self._task.position_topic, *encode_position(table.schema, table.name, position))

    def _keep_followed(self, followed: Followed) -> None:
        for key, value in followed.records(None):
            self._output.write(self._task.position_topic, key, value)

    def _note(self, note: bytes) -> None:
        self._output.write(self._task.notification_topic, None, note)


def read(task: ReadTask) -> None:
    """
    Read the task to its end, from wherever the reader before this one was.

    Raises:
        FencedError: Another reader has taken over.
        PipelineError: Anything else that keeps it from its end.
    """
    with Output(task.bootstrap_servers, task.transactional_id) as output:
        Reader(task, output).run()


def _is_half_read(position: ReadPosition) -> bool:
    return position.rows > 0 and position.key is None and not position.done
