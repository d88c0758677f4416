"""A throw-away database of a MySQL or MariaDB server."""

from collections.abc import Iterable, Sequence
from typing import Any

from pipeline.sources.mysql.source import MySqlSource
from pipeline.sources.mysql.url import parse
from stack.mysql import JOB_USER, BinlogServer
from stack.ports import LOOPBACK

PASSWORD = "geheim-3f"


class BinlogDatabase:
    """A database; the server's `JOB_USER` may do with it what a job needs."""

    def __init__(self, server: BinlogServer, name: str) -> None:
        self.server = server
        self.name = name
        self._users: list[str] = []

    def create(self) -> None:
        """Make the database."""
        self.run(f"CREATE DATABASE `{self.name}`", database=None)

    def drop(self) -> None:
        """Remove whatever a test left."""
        self.run(f"DROP DATABASE IF EXISTS `{self.name}`", *(f"DROP USER {user}" for user in self._users), database=None)

    def user(self, suffix: str, *grants: str) -> str:
        """Make a user with these grants (`SELECT ON *.*`); returns its name."""
        name = f"{self.name}_{suffix}"[:32]
        account = f"'{name}'@'{LOOPBACK}'"
        self.run(f"CREATE USER {account} IDENTIFIED BY '{PASSWORD}'", *(f"GRANT {grant} TO {account}" for grant in grants))
        self._users.append(account)
        return name

    def run(self, *statements: str, database: str | None = "") -> list[tuple[Any, ...]]:
        """Run statements as the superuser; the rows of the last."""
        rows: list[tuple[Any, ...]] = []
        with self.server.connect(database=self.name if database == "" else database) as connection, connection.cursor() as cursor:
            for statement in statements:
                cursor.execute(statement)
                rows = list(cursor.fetchall())
        return rows

    def insert(self, statement: str, rows: Iterable[Sequence[Any]]) -> None:
        """Run a statement with the values of each row."""
        with self.server.connect(database=self.name) as connection, connection.cursor() as cursor:
            cursor.executemany(statement, rows)

    def url(self, query: str = "") -> str:
        """The JDBC URL."""
        return self.server.jdbc_url(self.name) + query

    def source(self, query: str = "", *, user: str | None = None) -> MySqlSource:
        """The database as a job's source, for the server's job user or another."""
        password = self.server.job_password if user is None else PASSWORD
        return MySqlSource(parse(self.url(query), user or JOB_USER, password))
