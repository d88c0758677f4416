"""The reader: moves the rows of a job's tables into their change topics, several tables at once."""

import threading
from collections.abc import Mapping
from queue import Empty, Queue

import structlog

from pipeline.reader import notes
from pipeline.reader.output import COMMIT_SECONDS, Output
from pipeline.reader.position import ReadPosition, encode_position
from pipeline.reader.positions import read_positions
from pipeline.reader.rows import Chunk, read_rows
from pipeline.reader.task import ReadTable, ReadTask
from pipeline.sources.dialects.engine import Database, open_database
from pipeline.sources.dialects.url import parse

log = structlog.get_logger()

CHUNKS_AHEAD = 8

Positions = dict[tuple[str, str], ReadPosition]


class Reader:
    """
    Reads what is left of a task.

    Records and the position after them are one transaction, so a reader that is killed goes
    on exactly where its records end. Tables are read in threads; this thread alone writes.
    """

    def __init__(self, task: ReadTask, output: Output) -> None:
        self._task = task
        self._output = output
        self._chunks: Queue[Chunk | BaseException] = Queue(CHUNKS_AHEAD)

    def run(self) -> None:
        """
        Read every table to its end; raises what keeps that from happening.

        A table that cannot be gone on with was begun by another reader: then STARTED is said
        a second time, which has the whole attempt given up.
        """
        positions = read_positions(self._task.bootstrap_servers, self._task.position_topic)
        if any(_is_half_read(position) for position in positions.values()):
            self._note(notes.started())
            self._output.commit()
            return
        if not positions:
            self._begin(positions)
        self._read([table for table in self._task.tables if not positions[table.schema, table.name].done], positions)
        self._note(notes.completed())
        self._output.commit()

    def _begin(self, positions: Positions) -> None:
        self._note(notes.started())
        for table in self._task.tables:
            positions[table.schema, table.name] = ReadPosition()
            self._keep(table, ReadPosition())
        self._output.commit()

    def _read(self, tables: list[ReadTable], positions: Mapping[tuple[str, str], ReadPosition]) -> None:
        task = self._task
        database = open_database(task.source_type, parse(task.source_type, task.url, task.user, task.password))
        waiting: Queue[ReadTable] = Queue()
        for table in tables:
            waiting.put(table)
        for number in range(min(task.tables_at_once, len(tables))):
            threading.Thread(target=self._read_tables, args=(database, waiting, positions), name=f"table-{number}", daemon=True).start()
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

    def _read_tables(self, database: Database, waiting: "Queue[ReadTable]", positions: Mapping[tuple[str, str], ReadPosition]) -> None:
        """Read one table after the other until none waits; an error is the main thread's to raise."""
        try:
            while True:
                table = waiting.get_nowait()
                for chunk in read_rows(database, table, self._task.topic_prefix, positions[table.schema, table.name]):
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
