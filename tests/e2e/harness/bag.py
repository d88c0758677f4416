"""An application whose table has no key and holds many equal rows."""

import random
from typing import Any

from psycopg import Connection
from tests.e2e.harness.source import SourceDatabase
from tests.e2e.harness.traffic import MARKS, WIDE

TABLE = """
CREATE TABLE bag (n int, ratio float8, amount numeric, document json, at timestamptz, wide text);
ALTER TABLE bag ALTER COLUMN wide SET STORAGE EXTERNAL;
ALTER TABLE bag REPLICA IDENTITY FULL;
"""
VALUES: dict[str, list[str]] = {
    "n": ["0", "1", "NULL"],
    "ratio": ["1.5", "'NaN'", "'-0'", "0"],
    "amount": ["1.0", "1.00", "'NaN'"],
    "document": ["""'{"a": 1, "b": [2.50]}'""", """'{"b": [2.5], "a": 1}'""", "'null'", "NULL"],
    "at": ["timestamptz '2024-02-29 12:00:00.123456+00'", "timestamptz '2024-02-29 12:00:00.123999+00'"],
    "wide": [f"repeat('w', {WIDE})", "NULL", "''"],
}
"""Values that are equal in one way and differ in another; the times are one in BSON."""


class Bag:
    """Inserts rows equal to others, updates and deletes one or some of several equal rows, and truncates now and then."""

    def __init__(self, seed: int) -> None:
        self.dice = random.Random(seed)  # noqa: S311 - a test that can be repeated
        self.rows = 0
        self._before = 0

    def fill(self, source: SourceDatabase, rows: int) -> None:
        """Make the table with this many rows, and that of the traffic's marks, without any."""
        source.run(TABLE, MARKS)
        with source.connect() as connection:
            for _ in range(rows // 10):
                self._insert(connection, 10)

    def transact(self, connection: Connection[Any]) -> int:
        """Make up to twelve changes, and perhaps those of a statement on many rows."""
        self._before = self.rows
        return sum(self._change(connection) for _ in range(self.dice.randint(1, 12)))

    def settle(self, *, committed: bool) -> None:
        """Forget what was rolled back."""
        if not committed:
            self.rows = self._before

    def _change(self, connection: Connection[Any]) -> int:
        kinds = {self._insert: 10, self._update: 14, self._delete: 7, self._update_some: 0.3, self._truncate: 0.05}
        return self.dice.choices(list(kinds), list(kinds.values()))[0](connection)

    def _insert(self, connection: Connection[Any], times: int = 1) -> int:
        row = ", ".join(self.dice.choice(values) for values in VALUES.values())
        made = connection.execute(f"INSERT INTO bag SELECT {row} FROM generate_series(1, {times})".encode()).rowcount
        self.rows += made
        return made

    def _update(self, connection: Connection[Any]) -> int:
        return connection.execute(f"UPDATE bag SET {self._assignment()} WHERE {self._one()}".encode()).rowcount

    def _update_some(self, connection: Connection[Any]) -> int:
        return connection.execute(f"UPDATE bag SET {self._assignment()} WHERE n = 0 AND ratio = 0".encode()).rowcount

    def _delete(self, connection: Connection[Any]) -> int:
        gone = connection.execute(f"DELETE FROM bag WHERE {self._one()}".encode()).rowcount
        self.rows -= gone
        return gone

    def _truncate(self, connection: Connection[Any]) -> int:
        connection.execute("TRUNCATE bag")
        self.rows = 0
        return 1 + sum(self._insert(connection, 10) for _ in range(10))

    def _assignment(self) -> str:
        column = self.dice.choice(list(VALUES))
        return f"{column} = {self.dice.choice(VALUES[column])}"

    def _one(self) -> str:
        return f"ctid = (SELECT ctid FROM bag LIMIT 1 OFFSET {self.dice.randrange(max(1, self.rows))})"
