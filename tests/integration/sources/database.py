"""A throw-away database of a PostgreSQL server."""

import contextlib
from collections.abc import Iterator
from typing import Any

import psycopg
from psycopg.conninfo import make_conninfo
from psycopg.sql import SQL, Identifier, Literal

from pipeline.sources.postgresql.source import PostgresSource
from pipeline.sources.postgresql.url import parse
from stack.postgresql import PostgreSQL

PASSWORD = "geheim-3f"


class Database:
    """A database and a role of the same name: its owner, who may make replication slots."""

    def __init__(self, server: PostgreSQL, name: str) -> None:
        self.server = server
        self.name = name
        self._roles = [name]

    def create(self) -> None:
        """Make role and database."""
        self._as_superuser("CREATE ROLE {} LOGIN REPLICATION PASSWORD {}", self.name, password=PASSWORD)
        self._as_superuser("CREATE DATABASE {} OWNER {}", self.name, self.name)

    def role(self, suffix: str) -> str:
        """Make one more role, which may log in and nothing else."""
        name = f"{self.name}_{suffix}"
        self._as_superuser("CREATE ROLE {} LOGIN PASSWORD {}", name, password=PASSWORD)
        self._roles.append(name)
        return name

    def drop(self) -> None:
        """Remove whatever a test left."""
        with self.session(superuser=True) as connection:
            slots = connection.execute("SELECT slot_name, active_pid FROM pg_replication_slots WHERE database = %s", [self.name]).fetchall()
            for slot, pid in slots:
                connection.execute("SELECT pg_terminate_backend(%s, 5000)", [pid])
                connection.execute("SELECT pg_drop_replication_slot(%s)", [slot])
        self._as_superuser("DROP DATABASE {} WITH (FORCE)", self.name)
        for role in reversed(self._roles):
            self._as_superuser("DROP ROLE {}", role)

    @contextlib.contextmanager
    def session(self, user: str | None = None, *, superuser: bool = False, autocommit: bool = True) -> Iterator[psycopg.Connection[Any]]:
        """A session of the owner, another role, or the superuser."""
        dsn = self.server.dsn(self.name) if superuser else self.dsn(user=user or self.name)
        with psycopg.connect(dsn, autocommit=autocommit) as connection:
            yield connection

    def dsn(self, **parameters: str) -> str:
        """The owner's connection string, with these parameters."""
        own = {"host": "127.0.0.1", "port": self.server.port, "dbname": self.name, "user": self.name, "password": PASSWORD}
        return make_conninfo(**(own | parameters))

    def run(self, *statements: str, user: str | None = None, superuser: bool = False) -> list[tuple[Any, ...]]:
        """Run statements; the rows of the last, if it has any."""
        with self.session(user, superuser=superuser) as connection:
            for statement in statements:
                cursor = connection.execute(statement.encode())
            return [] if cursor.description is None else cursor.fetchall()

    def url(self, query: str = "") -> str:
        """The JDBC URL."""
        return f"jdbc:postgresql://127.0.0.1:{self.server.port}/{self.name}{query}"

    def source(
        self, query: str = "", *, user: str | None = None, password: str = PASSWORD, slot_timeout_seconds: float = 20
    ) -> PostgresSource:
        """The database as a job's source."""
        return PostgresSource(parse(self.url(query), user or self.name, password), slot_timeout_seconds)

    def _as_superuser(self, statement: str, *names: str, password: str | None = None) -> None:
        parts = [*map(Identifier, names), *([] if password is None else [Literal(password)])]
        with psycopg.connect(self.server.dsn(), autocommit=True) as connection:
            connection.execute(SQL(statement).format(*parts))
