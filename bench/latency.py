"""From a commit at the source to the document: a paced writer, and a change stream that sees documents as they appear."""

import threading
import time
from collections import defaultdict
from collections.abc import Mapping, Sequence
from dataclasses import dataclass
from typing import Any

import psycopg
from pymongo.database import Database

from stack.errors import StackError

INSERT = """
INSERT INTO {table} (id, quantity, price, ratio, note, active, created_at, due, attributes, token)
VALUES (%s, %s, 19.99, 0.5, 'a note of some length, as notes go', true, now(), current_date,
        '{{"colour": "red", "sizes": [1, 2]}}', gen_random_uuid())
"""
UPDATE = "UPDATE {table} SET quantity = %s, note = 'changed' WHERE id = %s"
TOGETHER = 5
"""Changes in a transaction."""
BACK = 250
"""A row is updated after so many others were inserted."""
ARRIVAL_SECONDS = 60.0
SEEN = [
    {
        "$project": {
            "documentKey": 1,
            "number": {"$ifNull": ["$fullDocument.quantity", "$updateDescription.updatedFields.quantity"]},
        }
    }
]

Mark = tuple[int, int, float]
"""A row's key, the number of its change, and when."""


class Writer(threading.Thread):
    """
    Commits changes at a steady pace: inserts and updates in turns, each numbered in the row's `quantity`.

    `committed` tells when the client knew of each commit; `late_seconds` how far it fell behind its pace.
    """

    def __init__(self, dsn: str, table: str, changes_per_second: float, seconds: float) -> None:
        super().__init__(name="writer")
        self.committed: list[Mark] = []
        self.late_seconds = 0.0
        self._dsn = dsn
        self._insert, self._update = INSERT.format(table=table).encode(), UPDATE.format(table=table).encode()
        self._pause = TOGETHER / changes_per_second
        self._transactions = round(seconds / self._pause)
        self._number = 0
        self._last = 0

    def run(self) -> None:
        """Write for as long as was asked."""
        with psycopg.connect(self._dsn, autocommit=True) as connection:
            began = time.monotonic()
            for count in range(self._transactions):
                due = began + count * self._pause
                if (ahead := due - time.monotonic()) > 0:
                    time.sleep(ahead)  # the pace
                self.late_seconds = max(self.late_seconds, -ahead)
                with connection.pipeline(), connection.transaction():
                    changes = [self._change(connection) for _ in range(TOGETHER)]
                now = time.monotonic()
                self.committed += [(key, number, now) for key, number in changes]

    def _change(self, connection: psycopg.Connection[Any]) -> tuple[int, int]:
        self._number += 1
        if self._number % 2 or self._last <= BACK:
            self._last += 1
            connection.execute(self._insert, [self._last, self._number])
            return self._last, self._number
        connection.execute(self._update, [self._number, self._last - BACK])
        return self._last - BACK, self._number


class Arrivals(threading.Thread):
    """Sees documents of a collection appear and change, until `stop`; the same for all contestants."""

    def __init__(self, database: Database[dict[str, Any]], collection: str) -> None:
        super().__init__(name="arrivals", daemon=True)
        self.seen: list[Mark] = []
        self._stopping = threading.Event()
        self._stream = database[collection].watch(SEEN, max_await_time_ms=200)

    def run(self) -> None:
        """Look until stopped."""
        with self._stream as stream:
            while not self._stopping.is_set():
                event = stream.try_next()
                if event is not None and event.get("number") is not None:
                    identity = event["documentKey"]["_id"]
                    key = identity["id"] if isinstance(identity, Mapping) else identity
                    self.seen.append((int(key), int(event["number"]), time.monotonic()))

    def stop(self) -> None:
        """Stop looking."""
        self._stopping.set()
        self.join()


@dataclass(frozen=True, slots=True)
class Latencies:
    """
    Milliseconds from commit to document, of each change after the warm-up.

    The writer's pace as it was, and how far it was late at most, tell whether the machine could keep up.
    """

    milliseconds: Sequence[float]
    changes_per_second: float
    late_seconds: float


def measure(
    dsn: str, table: str, database: Database[dict[str, Any]], collection: str, pace: float, seconds: float, warm_up: float
) -> Latencies:
    """
    Write at the pace (changes a second) and wait for every document; the first `warm_up` seconds do not count.

    Raises:
        StackError: A change did not arrive.
    """
    arrivals, writer = Arrivals(database, collection), Writer(dsn, table, pace, warm_up + seconds)
    arrivals.start()
    writer.start()
    writer.join()
    last = writer.committed[-1][1]
    deadline = time.monotonic() + ARRIVAL_SECONDS
    while not arrivals.seen or max(number for _, number, _ in arrivals.seen[-100:]) < last:
        if time.monotonic() > deadline:
            raise StackError(f"of {last:,} changes the last had not arrived after {ARRIVAL_SECONDS:.0f} s")
        time.sleep(0.1)
    arrivals.stop()
    begin = writer.committed[0][2] + warm_up
    counted = [mark for mark in writer.committed if mark[2] >= begin]
    pace_kept = len(counted) / max(counted[-1][2] - counted[0][2], 0.001)
    return Latencies(delays(counted, arrivals.seen), pace_kept, writer.late_seconds)


def delays(committed: Sequence[Mark], seen: Sequence[Mark]) -> list[float]:
    """
    Milliseconds from each commit until its row's document first held it or a later change of the row.

    Raises:
        StackError: A change was never seen.
    """
    of_row: dict[int, list[tuple[int, float]]] = defaultdict(list)
    for key, number, at in seen:
        of_row[key].append((number, at))
    found = []
    for key, number, at in committed:
        times = [arrived for other, arrived in of_row[key] if other >= number]
        if not times:
            raise StackError(f"change {number} of row {key} was never seen")
        found.append((min(times) - at) * 1000)
    return found
