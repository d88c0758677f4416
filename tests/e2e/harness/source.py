"""A PostgreSQL database that belongs to one test."""

import re
import secrets
from collections.abc import Iterator
from contextlib import contextmanager
from dataclasses import dataclass
from typing import Any, LiteralString

import psycopg
from psycopg import Connection
from psycopg.conninfo import conninfo_to_dict, make_conninfo
from psycopg.sql import SQL, Identifier, Literal


@dataclass(frozen=True, slots=True)
class SourceDatabase:
    """
    The database, and a role that owns it and may replicate: a job's user.

    `admin_dsn` is the superuser's, on this database.
    """

    admin_dsn: str
    name: str
    role: str
    password: str

    @property
    def jdbc_url(self) -> str:
        """The address for a job, without credentials."""
        server = conninfo_to_dict(self.admin_dsn)
        return f"jdbc:postgresql://{server['host']}:{server['port']}/{self.name}"

    @property
    def dsn(self) -> str:
        """The role's connection string."""
        return make_conninfo(self.admin_dsn, user=self.role, password=self.password)

    @contextmanager
    def connect(self, *, autocommit: bool = True) -> Iterator[Connection[Any]]:
        """A connection of the role, an application's as it were."""
        with psycopg.connect(self.dsn, autocommit=autocommit) as connection:
            yield connection

    def run(self, *statements: str) -> int:
        """Run statements, a transaction each; returns how many rows they touched together."""
        with self.connect() as connection:
            return sum(max(connection.execute(_trusted(statement)).rowcount, 0) for statement in statements)

    def transact(self, *statements: str) -> int:
        """Run statements in one transaction; returns how many rows they touched together."""
        with self.connect() as connection, connection.transaction():
            return sum(max(connection.execute(_trusted(statement)).rowcount, 0) for statement in statements)

    def ask(self, query: str, *parameters: Any) -> list[tuple[Any, ...]]:
        """The rows of a query, asked as the superuser."""
        with psycopg.connect(self.admin_dsn, autocommit=True) as connection:
            return connection.execute(_trusted(query), parameters or None).fetchall()

    def admin(self, *statements: str) -> None:
        """Run statements as the superuser."""
        with psycopg.connect(self.admin_dsn, autocommit=True) as connection:
            for statement in statements:
                connection.execute(_trusted(statement))

    def count(self, table: str) -> int:
        """The number of rows of a table, its name quoted where it has to be."""
        return int(self.ask(f"SELECT count(*) FROM {table}")[0][0])


def make_source(server_dsn: str, name: str) -> SourceDatabase:
    """Make a database, and a role of the same name that owns it."""
    name = re.sub(r"[^a-z0-9]+", "_", name.lower())[:40].strip("_") + "_" + secrets.token_hex(3)
    password = "pw-" + secrets.token_urlsafe(18)
    with psycopg.connect(server_dsn, autocommit=True) as connection:
        role = Identifier(name)
        connection.execute(SQL("CREATE ROLE {} LOGIN REPLICATION PASSWORD {}").format(role, Literal(password)))
        connection.execute(SQL("CREATE DATABASE {} OWNER {}").format(role, role))
    return SourceDatabase(make_conninfo(server_dsn, dbname=name), name, name, password)


def drop_source(server_dsn: str, source: SourceDatabase) -> None:
    """Drop the database and its role, replication slots that a failed test left included."""
    with psycopg.connect(server_dsn, autocommit=True) as connection:
        slots = "FROM pg_replication_slots WHERE database = %s"
        connection.execute(_trusted(f"SELECT pg_terminate_backend(active_pid) {slots} AND active"), [source.name])
        connection.execute(_trusted(f"SELECT pg_drop_replication_slot(slot_name) {slots} AND NOT active"), [source.name])
        left = connection.execute(_trusted(f"SELECT slot_name {slots}"), [source.name]).fetchall()
        if not left:  # a slot whose connector comes back at once stays, and the database with it, until the server goes
            connection.execute(SQL("DROP DATABASE {} WITH (FORCE)").format(Identifier(source.name)))
            connection.execute(SQL("DROP ROLE {}").format(Identifier(source.role)))


def _trusted(text: str) -> LiteralString:
    """Statements of the tests are their own."""
    return text
