"""A reader as a process, and what it has written."""

import subprocess
import sys
import time
from collections.abc import Iterator
from itertools import islice
from pathlib import Path
from typing import Any

from msgspec import json
from tests.e2e.harness.topic import committed_records

from pipeline.change.change import Change
from pipeline.change.decode import Decoder
from pipeline.change.record import Position, Record
from pipeline.reader.task import ReadTask, encode_task


class Reading:
    """Runs the reader of a task again and again, and reads what it has committed."""

    def __init__(self, task: ReadTask, log: Path) -> None:
        self.task = task
        self._log = log
        self._process: subprocess.Popen[bytes] | None = None

    def start(self) -> None:
        """Start the reader."""
        with self._log.open("ab") as log:
            self._process = subprocess.Popen(
                [sys.executable, "-m", "pipeline.reader"], stdin=subprocess.PIPE, stdout=subprocess.PIPE, stderr=log
            )
        assert self._process.stdin is not None
        self._process.stdin.write(encode_task(self.task))
        self._process.stdin.close()

    def kill(self) -> None:
        """End it as a crash would."""
        if self._process is not None:
            self._process.kill()
            self._end()

    def run(self) -> dict[str, Any] | None:
        """Run it to its end: None where it has read everything, else what it complains of."""
        self.start()
        return self.finish()

    def wait_for_records(self, table: str, count: int) -> None:
        """Return once so many records of the table are committed."""
        deadline = time.monotonic() + 120
        while len(list(islice(self._records(self._topic(table)), count))) < count:
            assert time.monotonic() < deadline, f"no {count} records: {self._log.read_text()}"

    def changes(self, table: str) -> list[Change]:
        """The committed rows of the table, as the worker decodes them."""
        decoder = Decoder()
        decoded = [decoder.decode(record) for record in self._records(self._topic(table))]
        assert None not in decoded
        return [change for change in decoded if change is not None]

    def images(self, table: str) -> list[dict[str, Any]]:
        """The rows themselves."""
        return [change.after or {} for change in self.changes(table)]

    def notifications(self) -> list[str]:
        """The types of what it has said."""
        records = self._records(self.task.notification_topic)
        return [json.decode(record.value or b"")["payload"]["type"] for record in records]

    def _topic(self, table: str) -> str:
        return next(each.topic for each in self.task.tables if each.name == table)

    def finish(self) -> dict[str, Any] | None:
        """Wait for its end: None where it has read everything, else what it complains of."""
        code, said = self._end()
        complaint: dict[str, Any] | None = json.decode(said) if said else None
        assert code == (0 if complaint is None else 1), self._log.read_text()
        return complaint

    def _end(self) -> tuple[int, bytes]:
        assert self._process is not None
        assert self._process.stdout is not None
        said = self._process.stdout.read()
        self._process.stdout.close()
        code = self._process.wait(300)
        self._process = None
        return code, said

    def _records(self, topic: str) -> Iterator[Record]:
        for message in committed_records(self.task.bootstrap_servers, topic):
            yield Record(Position(topic, 0, message.offset() or 0), message.key(), message.value())
