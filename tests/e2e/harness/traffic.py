"""Applications at work on a database, and a thread that has one of them work until told to stop."""

import random
import threading
from dataclasses import dataclass
from types import TracebackType
from typing import Any, Protocol, Self

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


MARKS = "CREATE TABLE IF NOT EXISTS mark (writer int PRIMARY KEY, number bigint NOT NULL)"
MARK = "INSERT INTO mark VALUES (1, %s) ON CONFLICT (writer) DO UPDATE SET number = excluded.number"


def fill(source: SourceDatabase, rows: int) -> None:
    """Make the table `account` with this many rows, and the table of the traffic's marks, without any."""
    source.run(TABLE, MARKS, ROWS.format(first=1, last=rows, wide=WIDE // 32 + 1))


@dataclass(frozen=True, slots=True)
class Tally:
    """How many row changes were made, and how many rows there are."""

    changes: int
    rows: int


class Application(Protocol):
    """Who makes the changes. Everything random about them comes from `dice`; `rows` is how many there are."""

    dice: random.Random
    rows: int

    def transact(self, connection: Connection[Any]) -> int:
        """Make the changes of one transaction, which the caller ends; returns how many."""
        ...

    def settle(self, *, committed: bool) -> None:
        """Learn what became of the transaction made last."""
        ...


class Traffic:
    """
    Has an application change rows from a thread of its own until told to stop.

    `changes` is the number of row changes committed so far: what a job must have counted.
    `history` is the tally before the first transaction and after each that was committed.
    While the server is away, it tries again; what became of a commit that was not answered
    is asked afterwards: each transaction ends by leaving a mark of its own (one more change).
    (PostgreSQL's numbers of transactions do not tell: a crash may give one of them out again.)
    """

    def __init__(self, source: SourceDatabase, application: Application) -> None:
        self.history = [Tally(0, application.rows)]
        self._source = source
        self._application = application
        self._ended = threading.Event()
        self._thread = threading.Thread(target=self._run, name="traffic", daemon=True)
        self._error: BaseException | None = None
        self._made: int | None = None
        self._mark: int | None = None

    def __enter__(self) -> Self:
        self._thread.start()
        return self

    def __exit__(self, kind: type[BaseException] | None, error: BaseException | None, trace: TracebackType | None) -> None:
        self._ended.set()
        self._thread.join(60)

    @property
    def changes(self) -> int:
        """How many row changes have been committed."""
        return self.history[-1].changes

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
        self._made = 0
        self._made = self._application.transact(connection)
        if self._application.dice.random() < 0.1:
            connection.rollback()
            self._settle(committed=False)
            return
        number = len(self.history)
        connection.execute(MARK, [number])
        self._mark = number
        connection.commit()
        self._settle(committed=True)

    def _settle(self, *, committed: bool) -> None:
        made, self._made, self._mark = self._made, None, None
        if made is None:
            return
        self._application.settle(committed=committed)
        if committed:
            self.history.append(Tally(self.changes + made + 1, self._application.rows + 1))

    def _after_outage(self) -> None:
        """See what became of the transaction that was under way."""
        self._settle(committed=self._mark is not None and self._has_left(self._mark))

    def _has_left(self, mark: int) -> bool:
        """Whether the mark has been left; asked again and again while the server is away."""
        while True:
            try:
                return self._source.ask("SELECT number FROM mark") == [(mark,)]
            except OperationalError:
                self._ended.wait(PAUSE_SECONDS * 5)


class Accounts:
    """Inserts, updates, deletes, moves, exchanges and replaces rows of `account`."""

    def __init__(self, seed: int, largest_key: int) -> None:
        self.dice = random.Random(seed)  # noqa: S311 - a test that can be repeated
        self._next_key = largest_key + 1
        self._keys = list(range(1, largest_key + 1))
        self._before: list[int] = []

    @property
    def rows(self) -> int:
        """How many rows `account` has."""
        return len(self._keys)

    def transact(self, connection: Connection[Any]) -> int:
        """Make up to twelve changes."""
        self._before = list(self._keys)
        return sum(self._change(connection) for _ in range(self.dice.randint(1, 12)))

    def settle(self, *, committed: bool) -> None:
        """Forget what was rolled back."""
        if not committed:
            self._keys = self._before

    def _change(self, connection: Connection[Any]) -> int:
        kinds = {self._insert: 10, self._update: 12, self._widen: 2, self._delete: 5, self._move: 2, self._exchange: 1, self._replace: 1}
        return self.dice.choices(list(kinds), list(kinds.values()))[0](connection)

    def _insert(self, connection: Connection[Any]) -> int:
        key, self._next_key = self._next_key, self._next_key + 1
        self._keys.append(key)
        return connection.execute(ROWS.format(first=key, last=key, wide=WIDE // 32 + 1).encode()).rowcount

    def _update(self, connection: Connection[Any]) -> int:
        query = "UPDATE account SET balance = balance + %s, touched = clock_timestamp() WHERE id = %s"
        return connection.execute(query, [self.dice.randint(-999, 999), self._pick()]).rowcount

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
        one, other = self.dice.sample(self._keys, 2)
        moves = ((one, -one), (other, one), (-one, other))
        return sum(connection.execute("UPDATE account SET id = %s WHERE id = %s", [to, key]).rowcount for key, to in moves)

    def _replace(self, connection: Connection[Any]) -> int:
        """A row is deleted and another is born with its key, in one transaction."""
        key = self._pick()
        deleted = connection.execute("DELETE FROM account WHERE id = %s", [key]).rowcount
        return deleted + connection.execute(ROWS.format(first=key, last=key, wide=WIDE // 32 + 1).encode()).rowcount

    def _pick(self) -> int:
        return self.dice.choice(self._keys)
