"""
The replication connection on which a slot tells what was committed (PostgreSQL's documentation: "Streaming Replication Protocol").

Reports how far the slot may forget even while nobody reads, so that the server does not give the connection up.
"""

import contextlib
import re
import select
import struct
import threading
import time
from types import TracebackType
from typing import Self

from psycopg import OperationalError
from psycopg.pq import ConnStatus, ExecStatus
from psycopg.pq.abc import PGconn, PGresult

from pipeline.errors import ConfigError, PipelineError, SourceError, SourceUnavailableError
from pipeline.sources.dialects.engine import Database, driver_connection, explain
from pipeline.sources.queries import quoted
from pipeline.sources.yugabyte.pgoutput import EPOCH_MICROS

REPORT_SECONDS = 5.0

IN_USE_SECONDS = 10.0
IN_USE_PAUSE_SECONDS = 0.5
"""A slot that was let go a moment ago, by this reader, too, may still count as in use."""

_STATUS = struct.Struct(">cQQQqB")
_DATA, _KEEPALIVE = b"w", b"k"
_DATA_HEADER, _REPLY_WANTED = 25, 17
_IN_USE = re.compile(r"replication slot .* is active")
_GONE = re.compile(r"(replication slot|publication) .* does not exist")


class Wire:
    """A context manager: leaving it ends the connection. Raises as `pipeline.sources.following.Feed`."""

    def __init__(self, database: Database, slot: str, publication: str) -> None:
        self.heard_at = time.monotonic()
        self._database = database
        self._slot = slot
        self._publication = publication
        self._acknowledged = 0
        self._lock = threading.Lock()
        self._ended = threading.Event()
        self._reporter = threading.Thread(target=self._keep_reporting, name="slot", daemon=True)

    def __enter__(self) -> Self:
        until = time.monotonic() + IN_USE_SECONDS
        while (refused := self._begin()) is not None:
            if not isinstance(refused, SourceUnavailableError) or time.monotonic() > until:
                raise refused
            time.sleep(IN_USE_PAUSE_SECONDS)
        self.heard_at = time.monotonic()
        self._reporter.start()
        return self

    def _begin(self) -> PipelineError | None:
        """Have the slot tell; why it does not, where it does not."""
        driver = driver_connection(self._database, replication="database", client_encoding="utf8", autocommit=True)
        result = driver.pgconn.exec_(statement(self._slot, self._publication).encode())
        if result.status != ExecStatus.COPY_BOTH:
            refused = self._refused(result, driver.pgconn)
            driver.close()
            return refused
        self._connection, self._pgconn = driver, driver.pgconn
        return None

    def __exit__(self, kind: type[BaseException] | None, error: BaseException | None, trace: TracebackType | None) -> None:
        self._ended.set()
        self._reporter.join()
        self._report()
        self._connection.close()

    def next(self, timeout_seconds: float) -> bytes | None:
        """What the slot's plugin told next; None when it tells nothing within the time."""
        until = time.monotonic() + timeout_seconds
        try:
            while True:
                data = self._copied()
                if data is None:
                    heard = select.select([self._pgconn.socket], [], [], max(until - time.monotonic(), 0))[0]
                    with self._lock:
                        self._pgconn.consume_input()  # what TLS has decrypted already makes no socket readable
                    if not heard and (data := self._copied()) is None:
                        return None
                if data is None:
                    continue
                if data[:1] == _DATA:
                    self.heard_at = time.monotonic()
                    return data[_DATA_HEADER:]
                if data[:1] == _KEEPALIVE and data[_REPLY_WANTED]:
                    self._report()
        except OperationalError as error:
            raise explain(error, self._database, broken=True) from None

    def acknowledge(self, position: int) -> None:
        """Let the slot forget what was committed before the position, which is behind a whole transaction."""
        self._acknowledged = position

    def _copied(self) -> bytes | None:
        with self._lock:
            size, data = self._pgconn.get_copy_data(1)
            if size > 0:
                return bytes(data)
            if size == 0:
                return None
            result = self._pgconn.get_result()
        raise self._refused(result, self._pgconn)

    def _refused(self, result: PGresult | None, wire: PGconn) -> PipelineError:
        said = " ".join(((result.error_message if result is not None else b"") or b"").decode(errors="replace").split())
        if _IN_USE.search(said):
            return SourceUnavailableError(f"the slot of {self._database.name} is in use: {said}")
        if _GONE.search(said):
            return ConfigError(
                f"the job's slot in {self._database.name} is gone: {said}", suggestion="Post the job again.", code="SLOT_GONE"
            )
        return explain(SourceError(f"the slot's stream ended: {said}"), self._database, broken=not said or wire.status == ConnStatus.BAD)

    def _keep_reporting(self) -> None:
        while not self._ended.wait(REPORT_SECONDS):
            self._report()

    def _report(self) -> None:
        """Say up to where the slot may forget, which is never what a keepalive has told; whoever reads next learns of a lost connection."""
        position, now = self._acknowledged, time.time_ns() // 1000 - EPOCH_MICROS
        with self._lock, contextlib.suppress(OperationalError):
            self._pgconn.put_copy_data(_STATUS.pack(b"r", position, position, position, now, 0))
            self._pgconn.flush()


def statement(slot: str, publication: str) -> str:
    """The command that has a slot tell what it has not been told that is forgotten."""
    names = quoted(publication).replace("'", "''")
    return f"START_REPLICATION SLOT {quoted(slot)} LOGICAL 0/0 (proto_version '1', publication_names '{names}')"
