"""The past of a PostgreSQL database: moments at which it can be read as it was, by the numbers of a hybrid clock."""

import threading
import time
from dataclasses import dataclass, field
from typing import Any, LiteralString

import psycopg
from psycopg import Connection

KEPT = 100
"""Moments that can be read; a connection each."""

SET_UP = """
CREATE PROCEDURE public.set_yb_read_time(value text) LANGUAGE sql AS 'SELECT 1';
CREATE PROCEDURE public.disable_catalog_version_check() LANGUAGE sql AS 'SELECT 1';
"""
"""The proxy does what the first is for, nobody has to do the second's; a job sees that they are there."""


class UnknownMomentError(Exception):
    """The database cannot be shown as it was then; says so as YugabyteDB does."""


@dataclass(frozen=True, slots=True)
class Moment:
    """A time, and the snapshot that was taken next."""

    number: int
    snapshot: str
    holder: Connection[Any] = field(repr=False)


class History:
    """
    Keeps the last moments of a database. A context manager; `dsn` is a superuser's.

    Between two moments the database is what it is at the later one: what commits after a moment was told counts as later than it.
    """

    def __init__(self, dsn: str) -> None:
        self._dsn = dsn
        self._lock = threading.Lock()
        self._moments: list[Moment] = []
        self._forgotten = 0

    def __enter__(self) -> "History":
        with psycopg.connect(self._dsn, autocommit=True) as connection:
            connection.execute(_trusted(SET_UP))
        return self

    def __exit__(self, *_: object) -> None:
        for moment in self._moments:
            moment.holder.close()

    def take(self) -> int:
        """Keep the present moment; returns its number. Everything committed until now is in it, nothing that is from then on."""
        with self._lock:
            number = time.time_ns() // 1000 << 12
            holder = psycopg.connect(self._dsn)
            holder.execute("SET TRANSACTION ISOLATION LEVEL REPEATABLE READ")
            (snapshot,) = holder.execute("SELECT pg_export_snapshot()").fetchone() or ("",)
            self._moments.append(Moment(number, snapshot, holder))
            while len(self._moments) > KEPT:
                self._forget(self._moments.pop(0))
            return number

    def snapshot(self, number: int) -> str:
        """The snapshot that shows the database as it was at the time. Raises `UnknownMomentError` where there is none."""
        with self._lock:
            if number <= self._forgotten:
                raise UnknownMomentError("Snapshot too old. Read point is earlier than what is kept")
            found = next((moment.snapshot for moment in self._moments if moment.number >= number), None)
        if found is None:
            raise UnknownMomentError("yb_read_time cannot be set to a future time")
        return found

    def forget(self) -> None:
        """Forget everything until now."""
        with self._lock:
            while self._moments:
                self._forget(self._moments.pop(0))

    def _forget(self, moment: Moment) -> None:
        moment.holder.close()
        self._forgotten = moment.number


def _trusted(text: str) -> LiteralString:
    return text  # type: ignore[return-value] # statements of the tests are their own
