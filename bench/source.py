"""The source database of the benchmarks, in the embedded PostgreSQL."""

from collections.abc import Sequence
from contextlib import suppress
from typing import Any

import psycopg
from psycopg import sql
from psycopg.conninfo import make_conninfo

from stack.passwords import password
from stack.ports import LOOPBACK
from stack.postgresql import PostgreSQL

NAME = "bench"


class Source:
    """A database, and a role of the same name that owns it and may replicate."""

    def __init__(self, server: PostgreSQL) -> None:
        self.server = server
        self.password = password(server.layout.password(NAME))

    @property
    def jdbc_url(self) -> str:
        """Its address for a job, without credentials."""
        return f"jdbc:postgresql://{LOOPBACK}:{self.server.port}/{NAME}"

    @property
    def dsn(self) -> str:
        """The role's connection string."""
        return make_conninfo(self.server.dsn(NAME), user=NAME, password=self.password)

    def make(self, statements: Sequence[str]) -> None:
        """Make the database anew, and run the statements in it, each for itself."""
        self.drop()
        with psycopg.connect(self.server.dsn(), autocommit=True) as connection:
            role, secret = sql.Identifier(NAME), sql.Literal(self.password)
            connection.execute(sql.SQL("CREATE ROLE {} LOGIN REPLICATION PASSWORD {}").format(role, secret))
            connection.execute(sql.SQL("CREATE DATABASE {} OWNER {}").format(role, role))
        self.run(statements)

    def run(self, statements: Sequence[str]) -> None:
        """Run statements, each for itself."""
        with psycopg.connect(self.dsn, autocommit=True) as connection:
            for statement in statements:
                connection.execute(statement.encode())

    def ask(self, query: str, *parameters: Any) -> list[tuple[Any, ...]]:
        """The rows of a query."""
        with psycopg.connect(self.dsn, autocommit=True) as connection:
            return connection.execute(query.encode(), parameters or None).fetchall()

    def drop(self) -> None:
        """Drop the database, its replication slots and its role, where they exist."""
        with psycopg.connect(self.server.dsn(), autocommit=True) as connection:
            connection.execute("SELECT pg_terminate_backend(active_pid) FROM pg_replication_slots WHERE database = %s AND active", [NAME])
            with suppress(psycopg.errors.ObjectInUse):
                connection.execute("SELECT pg_drop_replication_slot(slot_name) FROM pg_replication_slots WHERE database = %s", [NAME])
            connection.execute(sql.SQL("DROP DATABASE IF EXISTS {} WITH (FORCE)").format(sql.Identifier(NAME)))
            connection.execute(sql.SQL("DROP ROLE IF EXISTS {}").format(sql.Identifier(NAME)))
