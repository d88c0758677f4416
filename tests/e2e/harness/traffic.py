"""An application at work on a table: inserts, updates, deletes, keys that change and are exchanged, transactions that are rolled back."""

import random
import threading
from dataclasses import dataclass
from types import TracebackType
from typing import Any, Self

from psycopg import Connection, OperationalError
from tests.e2e.harness.source import SourceDatabase
from tests.e2e.harness.waiting import wait_until

PAUSE_SECONDS = 0.01
WIDE = 3_000
"""Characters of a text that PostgreSQL stores apart from its row, so that an update of other columns does not tell it."""

TABLE = """
CREATE TABLE account (
    id bigint PRIMARY KEY,
    owner text NOT NULL,
    balance numeric(14, 2) NOT NULL,
    profile jsonb NOT NULL,
    statement text,
    touched timestamptz NOT NULL
);
ALTER TABLE account ALTER COLUMN statement SET STORAGE EXTERNAL;
"""
ROWS = """
INSERT INTO account
SELECT n, 'owner ' || n, n * 1.25, jsonb_build_object('n', n, 'tags', jsonb_build_array('a', n)),
       CASE WHEN n % 500 = 0 THEN repeat(md5(n::text), {wide}) END, timestamptz '2024-02-29 12:00+00' + n * interval '1.5 seconds'
  FROM generate_series({first}, {last}) AS n
"""


def fill(source: SourceDatabase, rows: int) -> None:
    """Make the table `account` with this many rows."""
    source.run(TABLE, ROWS.format(first=1, last=rows, wide=WIDE // 32 + 1))


@dataclass(slots=True)
class _Pending:
    """A transaction under way: the keys before it, the changes in it, and the mark it leaves in a row once it is about to be committed."""

    keys: list[int]
    changes: int = 0
    mark: str | None = None


class Traffic:
    """
    Changes the rows of `account` from a thread of its own until told to stop.

    `changes` is the number of row changes committed so far: what a job must have counted.
    While the server is away, it tries again; what became of a commit that was not answered
    is asked afterwards: each transaction ends by leaving a mark of its own in a row.
    (PostgreSQL's numbers of transactions do not tell: a crash may give one of them out again.)
    """

    def __init__(self, source: SourceDatabase, seed: int, largest_key: int) -> None:
        self.changes = 0
        self._source = source
        self._random = random.Random(seed)  # noqa: S311 - a test that can be repeated
        self._next_key = largest_key + 1
        self._keys = list(range(1, largest_key + 1))
        self._ended = threading.Event()
        self._thread = threading.Thread(target=self._run, name="traffic", daemon=True)
        self._error: BaseException | None = None
        self._pending: _Pending | None = None
        self._marks = 0

    def __enter__(self) -> Self:
        self._thread.start()
        return self

    def __exit__(self, kind: type[BaseException] | None, error: BaseException | None, trace: TracebackType | None) -> None:
        self._ended.set()
        self._thread.join(60)

    def end(self) -> int:
        """Stop; returns how many changes were committed in all."""
        self.__exit__(None, None, None)
        assert not self._thread.is_alive(), "the traffic does not end"
        if self._error is not None:
            raise self._error
        return self.changes

    def wait_for(self, changes: int) -> None:
        """Wait until so many more changes have been committed."""
        wanted = self.changes + changes
        wait_until(lambda: self.changes >= wanted or not self._thread.is_alive(), f"{wanted} changes are made")

    def _run(self) -> None:
        try:
            while not self._ended.is_set():
                try:
                    self._session()
                except OperationalError:
                    self._after_outage()
        except BaseException as error:  # noqa: BLE001 - raised again by whoever ends the traffic
            self._error = error

    def _session(self) -> None:
        with self._source.connect(autocommit=False) as connection:
            while not self._ended.wait(PAUSE_SECONDS):
                self._transaction(connection)

    def _transaction(self, connection: Connection[Any]) -> None:
        pending = self._pending = _Pending(list(self._keys))
        for _ in range(self._random.randint(1, 12)):
            pending.changes += self._change(connection)
        if self._random.random() < 0.1:
            connection.rollback()
            self._settle(committed=False)
            return
        self._marks += 1
        mark = f"transaction {self._marks}"
        pending.changes += connection.execute("UPDATE account SET owner = %s WHERE id = %s", [mark, self._pick()]).rowcount
        pending.mark = mark
        connection.commit()
        self._settle(committed=True)

    def _settle(self, *, committed: bool) -> None:
        pending, self._pending = self._pending, None
        if pending is None:
            return
        if committed:
            self.changes += pending.changes
        else:
            self._keys = pending.keys

    def _after_outage(self) -> None:
        """See what became of the transaction that was under way."""
        mark = self._pending.mark if self._pending else None
        self._settle(committed=mark is not None and self._has_left(mark))

    def _has_left(self, mark: str) -> bool:
        """Whether a row bears the mark; asked again and again while the server is away."""
        while True:
            try:
                return bool(self._source.ask("SELECT EXISTS (SELECT FROM account WHERE owner = %s)", mark)[0][0])
            except OperationalError:
                self._ended.wait(PAUSE_SECONDS * 5)

    def _change(self, connection: Connection[Any]) -> int:
        kinds = {self._insert: 10, self._update: 12, self._widen: 2, self._delete: 5, self._move: 2, self._exchange: 1, self._replace: 1}
        return self._random.choices(list(kinds), list(kinds.values()))[0](connection)

    def _insert(self, connection: Connection[Any]) -> int:
        key, self._next_key = self._next_key, self._next_key + 1
        self._keys.append(key)
        return connection.execute(ROWS.format(first=key, last=key, wide=WIDE // 32 + 1).encode()).rowcount

    def _update(self, connection: Connection[Any]) -> int:
        query = "UPDATE account SET balance = balance + %s, touched = clock_timestamp() WHERE id = %s"
        return connection.execute(query, [self._random.randint(-999, 999), self._pick()]).rowcount

    def _widen(self, connection: Connection[Any]) -> int:
        query = "UPDATE account SET statement = repeat(md5(random()::text), %s), profile = profile || '{\"wide\": true}' WHERE id = %s"
        return connection.execute(query, [WIDE // 32 + 1, self._pick()]).rowcount

    def _delete(self, connection: Connection[Any]) -> int:
        key = self._pick()
        self._keys.remove(key)
        return connection.execute("DELETE FROM account WHERE id = %s", [key]).rowcount

    def _move(self, connection: Connection[Any]) -> int:
        """A key change is one change, though Debezium tells it in two events."""
        key, new_key, self._next_key = self._pick(), self._next_key, self._next_key + 1
        self._keys.remove(key)
        self._keys.append(new_key)
        return connection.execute("UPDATE account SET id = %s WHERE id = %s", [new_key, key]).rowcount

    def _exchange(self, connection: Connection[Any]) -> int:
        """Two rows exchange their keys: for a moment of the transaction, one key's events are about two rows."""
        one, other = self._random.sample(self._keys, 2)
        moves = ((one, -one), (other, one), (-one, other))
        return sum(connection.execute("UPDATE account SET id = %s WHERE id = %s", [to, key]).rowcount for key, to in moves)

    def _replace(self, connection: Connection[Any]) -> int:
        """A row is deleted and another is born with its key, in one transaction."""
        key = self._pick()
        deleted = connection.execute("DELETE FROM account WHERE id = %s", [key]).rowcount
        return deleted + connection.execute(ROWS.format(first=key, last=key, wide=WIDE // 32 + 1).encode()).rowcount

    def _pick(self) -> int:
        return self._random.choice(self._keys)
