"""A database of MySQL or MariaDB that belongs to one test, and what an application does with it."""

import random
import re
import secrets
import threading
import time
from collections.abc import Iterator
from contextlib import contextmanager
from dataclasses import dataclass
from decimal import Decimal
from types import TracebackType
from typing import Any, Self

import pymysql
from pymongo.database import Database
from tests.e2e.harness.binlog_comparing import expect_rows_equal
from tests.e2e.harness.waiting import wait_until

from stack.mysql import JOB_USER, BinlogServer

ACCOUNT = """
CREATE TABLE account (id INT PRIMARY KEY, owner VARCHAR(40) NOT NULL, balance DECIMAL(12, 2), changed DATETIME(3))
"""
MOMENT = "2024-02-29 12:34:56.789"


@dataclass(frozen=True, slots=True)
class BinlogSource:
    """The database; the server's `JOB_USER` is a job's user."""

    server: BinlogServer
    name: str

    @contextmanager
    def connect(self) -> Iterator["pymysql.Connection[Any]"]:
        """A session of the superuser, an application's as it were."""
        with self.server.connect(database=self.name, autocommit=False) as connection:
            yield connection

    def run(self, *statements: str) -> int:
        """Run statements, a transaction each; returns how many rows they changed together."""
        with self.connect() as connection:
            return sum(_transaction(connection, statement) for statement in statements)

    def transact(self, *statements: str) -> int:
        """Run statements in one transaction; returns how many rows they changed together."""
        with self.connect() as connection:
            return _transaction(connection, *statements)

    def ask(self, query: str) -> list[tuple[Any, ...]]:
        """The rows of a query."""
        with self.connect() as connection, connection.cursor() as cursor:
            cursor.execute(query)
            return list(cursor.fetchall())

    def count(self, table: str) -> int:
        """The number of rows of a table."""
        return int(self.ask(f"SELECT count(*) FROM {table}")[0][0])


def _transaction(connection: "pymysql.Connection[Any]", *statements: str) -> int:
    """Run statements in one transaction; returns how many rows they changed. An ALTER tells how many it copied."""
    with connection.cursor() as cursor:
        touched = [cursor.execute(statement) for statement in statements]
    connection.commit()
    return sum(count for statement, count in zip(statements, touched, strict=True) if not statement.startswith("ALTER"))


def make_binlog_source(server: BinlogServer, name: str) -> BinlogSource:
    """Make an empty database."""
    made = BinlogSource(server, re.sub(r"[^a-z0-9]+", "_", name.lower())[:40].strip("_") + "_" + secrets.token_hex(3))
    with server.connect() as connection, connection.cursor() as cursor:
        cursor.execute(f"CREATE DATABASE `{made.name}`")
    return made


def drop_binlog_source(source: BinlogSource) -> None:
    """Drop the database."""
    with source.server.connect() as connection, connection.cursor() as cursor:
        cursor.execute(f"DROP DATABASE IF EXISTS `{source.name}`")


def binlog_request(source: BinlogSource, mongodb_url: str, mode: str, **changes: Any) -> dict[str, Any]:
    """A request to move the source into the database that the MongoDB URL names; `changes` replace members of jdbcConnectionDetails."""
    return {
        "projectId": source.name.replace("_", "-"),
        "jdbcConnectionDetails": {
            "type": "MYSQL",
            "url": source.server.jdbc_url(source.name),
            "user": JOB_USER,
            "password": source.server.job_password,
            **changes,
        },
        "mongodbConnectionDetails": {"connectionString": mongodb_url},
        "options": {"mode": mode},
        "verification": {"enabled": False},
    }


def fill_accounts(source: BinlogSource, rows: int) -> None:
    """Make the table `account` with so many rows."""
    source.run(ACCOUNT)
    with source.connect() as connection, connection.cursor() as cursor:
        rows_of = [(key, f"öwner {key}", Decimal(key) / 4, MOMENT) for key in range(1, rows + 1)]
        cursor.executemany("INSERT INTO account VALUES (%s, %s, %s, %s)", rows_of)
        connection.commit()


def expect_accounts_equal(source: BinlogSource, target: Database[Any]) -> None:
    """Every document of `account` is a row and every row a document, to the last field."""
    expect_rows_equal(source, target, "account")


class AccountTraffic:
    """Changes accounts at random in a thread, some in transactions of several rows, until it ends; goes on when the server comes back."""

    def __init__(self, source: BinlogSource, *, seed: int, largest_key: int) -> None:
        self.changes = 0
        self._source = source
        self._random = random.Random(seed)  # noqa: S311 - it chooses changes
        self._largest = largest_key
        self._stop = threading.Event()
        self._thread = threading.Thread(target=self._run, daemon=True)
        self._failed: BaseException | None = None

    def __enter__(self) -> Self:
        self._thread.start()
        return self

    def __exit__(self, kind: type[BaseException] | None, error: BaseException | None, trace: TracebackType | None) -> None:
        self._stop.set()
        self._thread.join(60)

    def wait_for(self, changes: int) -> None:
        """Return once so many more rows were changed."""
        wanted = self.changes + changes
        wait_until(lambda: self.changes >= wanted or self._failed is not None, f"{changes} rows are changed", 120)
        assert self._failed is None, self._failed

    def end(self) -> int:
        """Stop; returns how many rows were changed."""
        self._stop.set()
        self._thread.join(60)
        assert self._failed is None, self._failed
        return self.changes

    def _run(self) -> None:
        try:
            while not self._stop.is_set():
                try:
                    self._session()
                except (pymysql.OperationalError, pymysql.InterfaceError):
                    time.sleep(0.1)
        except BaseException as error:  # noqa: BLE001 - told by whoever waits
            self._failed = error

    def _session(self) -> None:
        with self._source.connect() as connection, connection.cursor() as cursor:
            while not self._stop.is_set():
                changed = sum(self._change(cursor) for _ in range(self._random.choice((1, 1, 1, 5, 20))))
                connection.commit()
                self.changes += changed

    def _change(self, cursor: Any) -> int:
        key, other = self._random.randint(1, self._largest), self._largest + self._random.randint(1, 10**6)
        statement, values = self._random.choice(
            [
                ("INSERT IGNORE INTO account VALUES (%s, %s, %s, %s)", (other, f"né {other}", Decimal(other) / 100, MOMENT)),
                ("UPDATE account SET balance = coalesce(balance, 0) + 1 WHERE id = %s", (key,)),
                ("UPDATE account SET owner = %s, balance = NULL WHERE id BETWEEN %s AND %s", (f"by {other} 😀", key, key + 3)),
                ("DELETE FROM account WHERE id = %s", (key,)),
                ("UPDATE IGNORE account SET id = %s WHERE id = %s", (other, key)),
            ]
        )
        return int(cursor.execute(statement, values))
