"""Files, and databases of servers, as the reader's sources."""

import sqlite3
from pathlib import Path

import duckdb
import pytest
from tests.integration.sources.binlog_database import BinlogDatabase
from tests.integration.sources.database import PASSWORD, Database
from tests.proofs.kinds import Kind

from stack.mysql import JOB_USER
from stack.ports import LOOPBACK

BINLOG_TYPES = {"mysql": "mysql+pymysql", "mariadb": "mariadb"}
"""The custom types of the stack's servers."""

on_mysql_and_mariadb = pytest.mark.parametrize(
    "binlog_server",
    [pytest.param(name, marks=pytest.mark.proves(Kind.RUN, type_), id=name) for name, type_ in BINLOG_TYPES.items()],
    indirect=True,
)


def sqlite_file(path: Path, *statements: str) -> str:
    """Make a SQLite file; returns its URL."""
    connection = sqlite3.connect(path)
    connection.executescript(";".join(statements))
    connection.close()
    return f"sqlite:///{path}"


def duckdb_file(path: Path, *statements: str) -> str:
    """Make a DuckDB file; returns its JDBC URL."""
    with duckdb.connect(str(path)) as connection:
        for statement in statements:
            connection.execute(statement)
    return f"jdbc:duckdb:{path}"


def postgresql_url(database: Database) -> str:
    """The database's address as SQLAlchemy has it."""
    return f"postgresql+psycopg://{database.name}:{PASSWORD}@127.0.0.1:{database.server.port}/{database.name}"


def binlog_source(database: BinlogDatabase) -> tuple[str, str, str]:
    """The custom type, the URL and the schema with which the database is read."""
    source_type, server = BINLOG_TYPES[database.server.name], database.server
    return source_type, f"{source_type}://{JOB_USER}:{server.job_password}@{LOOPBACK}:{server.port}/{database.name}", database.name
