"""Connections to databases that SQLAlchemy reads, and what their errors mean."""

import time
from collections.abc import Callable, Iterable, Iterator
from contextlib import contextmanager
from dataclasses import dataclass
from decimal import Decimal
from typing import Any
from urllib.parse import quote, quote_plus

import psycopg
from sqlalchemy import Connection, Engine, create_engine
from sqlalchemy.engine.url import URL
from sqlalchemy.exc import DataError, DBAPIError, ProgrammingError, SQLAlchemyError
from sqlalchemy.pool import NullPool

from pipeline.errors import ConfigError, PipelineError, SourceError, SourceUnavailableError
from pipeline.sources.dialects.expressions import INFINITE
from pipeline.sources.dialects.mysql import teach_types
from pipeline.sources.dialects.names import Driver, driver_of, load_driver, remedy
from pipeline.sources.dialects.sybase import odbc_string
from pipeline.sources.yugabyte import moments as yugabyte

CONNECT_TIMEOUT_SECONDS = 10

LIBPQ = {
    "connect_timeout": CONNECT_TIMEOUT_SECONDS,
    "keepalives_idle": 10,
    "keepalives_interval": 5,
    "keepalives_count": 3,
    "options": "-c IntervalStyle=iso_8601 -c default_transaction_read_only=on",
}

CONNECT_ARGUMENTS: dict[str, dict[str, Any]] = {
    "cockroachdb": LIBPQ,
    "duckdb": {"read_only": True},
    "mariadb": {"connect_timeout": CONNECT_TIMEOUT_SECONDS},
    "mysql": {"connect_timeout": CONNECT_TIMEOUT_SECONDS},
    "postgresql": LIBPQ,
    "sybase": {"timeout": CONNECT_TIMEOUT_SECONDS},
}
"""What drivers are told: to read only where they know how, and not to wait for ever."""

IN_UTC = "SET time_zone = '+00:00'"
PATIENT = "SET net_write_timeout = 3600"

SESSION: dict[str, tuple[str, ...]] = {
    "mariadb": (IN_UTC, PATIENT),
    "mysql": (IN_UTC, PATIENT),
    "sqlany": ("SET TEMPORARY OPTION isolation_level = 1",),
    "sybase": ("SET TEXTSIZE 2147483647",),
}
"""What each session begins with: instants in UTC, a server that waits for the reader, only what is committed, whole texts."""

REFUSALS = (
    "password",
    "authentication",
    "access denied",
    "login failed",
    "not permitted",
    "permission denied",
    "pg_hba.conf",
    "does not exist",
    "unknown database",
    "unable to open database file",
    "not a database",
    "not a valid",
)
"""Words by which drivers tell that a connection is refused, and will be until a person does something; all else may pass."""

HISTORY_GONE = "HISTORY_GONE"

NOT_YET = ("timestamp in the future", "cannot be set to a future")
"""Words by which they tell that a moment is yet to come."""

CLOCKS_SECONDS = 10.0
CLOCK_SECONDS = 0.1

LOST = (
    "connection refused",
    "connection timeout",
    "timed out",
    "lost connection",
    "gone away",
    "terminating connection",
    "server closed the connection",
    "connection is closed",
    "connection has been closed",
    *NOT_YET,
    "database is locked",
    "lock on file",
    "[08001]",
    "[08s01]",
)
"""Words by which they tell that it broke off, or that it helps to try again."""

NO_LIBRARY = ("could not load dbcapi", "can't open lib", "data source name not found")
"""Words by which they tell that something of the system is not installed."""

FORGOTTEN = {"COCKROACHDB": "gc threshold", "YUGABYTE": "snapshot too old"}
"""Words by which they tell that they have forgotten what their rows were at a moment."""

KEEP_HISTORY = {
    "COCKROACHDB": "ALTER DATABASE ... CONFIGURE ZONE USING gc.ttlseconds = 90000;",
    "YUGABYTE": "set the flag timestamp_history_retention_interval_sec=86400 of the tablet servers.",
}
"""How they keep for a day what rows were."""

VALUELESS = (INFINITE, "could not decode to utf-8")
"""Words by which they tell that they have nothing for a value."""


@dataclass(frozen=True, slots=True)
class Database:
    """A database, and how it is reached; `url` is as it was given, which is not always the engine's."""

    source_type: str
    url: URL
    engine: Engine
    driver: Driver

    @property
    def name(self) -> str:
        """What people call it."""
        return " at ".join(filter(None, (self.url.database, self.url.host))) or self.driver.name


def open_database(source_type: str, url: URL) -> Database:
    """
    Return the database; nothing is connected to yet, and no connection is kept when it is given back.

    Raises:
        ConfigError: The driver is not installed, or does not take the URL.
    """
    driver = driver_of(source_type)
    module = load_driver(driver)
    arguments = _arguments(url)
    try:
        engine = create_engine(_readable(url), poolclass=NullPool, connect_args=arguments, module=module)
    except (SQLAlchemyError, TypeError, ValueError) as error:
        raise ConfigError(f"the driver {url.drivername} does not take the URL: {_cleaned(error, url)}") from None
    teach_types(engine.dialect)
    return Database(source_type, url, engine, driver)


@contextmanager
def connection(database: Database, moment: str | None = None) -> Iterator[Connection]:
    """
    A connection that is closed at the end; until its transaction is ended, it reads the rows as they were at the moment, if one is given.

    Raises:
        SourceUnavailableError: The database does not answer, or stopped to.
        ConfigError: It refuses (a password, a name, a privilege), or has forgotten what was at the moment.
        SourceError: Anything else that it said to a statement.
    """
    try:
        opened = database.engine.connect()
    except (SQLAlchemyError, OSError, TypeError, ValueError) as error:
        raise _not_connected(error, database) from error
    try:
        with opened:
            for statement in SESSION.get(opened.dialect.name, ()):
                opened.exec_driver_sql(statement)
            if moment is not None:
                look_back(opened, database, moment)
            yield opened
    except (SQLAlchemyError, OSError) as error:
        raise _refused(error, database) from error


def driver_connection(database: Database, **told: Any) -> psycopg.Connection[Any]:
    """A connection of psycopg's own, which is told this, too, and which the caller closes. Raises as `connection`."""
    dialect = database.engine.dialect
    places, words = dialect.create_connect_args(database.engine.url)
    try:
        driver = dialect.connect(*places, **{**words, **_arguments(database.url), **told})
    except (dialect.loaded_dbapi.Error, OSError) as error:
        raise _not_connected(error, database) from error
    if not isinstance(driver, psycopg.Connection):
        raise TypeError(f"{database.driver.name} is not psycopg")
    return driver


def look_back(opened: Connection, database: Database, moment: str) -> None:
    """
    Begin a transaction that reads the rows as they were at the moment (a number), as those after it may; the one before is ended.

    A moment to which the node that answers has not come yet is waited for: the clocks of nodes differ.
    """
    until = time.monotonic() + CLOCKS_SECONDS
    while True:
        opened.rollback()
        try:
            return _LOOK_BACK[database.source_type](opened, str(Decimal(moment)))
        except DBAPIError as error:
            if not _says(str(error.orig), NOT_YET) or time.monotonic() > until:
                raise
            time.sleep(CLOCK_SECONDS)


def _as_of_system_time(opened: Connection, moment: str) -> None:
    """The first statement of a transaction, in CockroachDB; no moment can be bound."""
    opened.exec_driver_sql(f"SET TRANSACTION AS OF SYSTEM TIME '{moment}'")


_LOOK_BACK: dict[str, Callable[[Connection, str], None]] = {"COCKROACHDB": _as_of_system_time, "YUGABYTE": yugabyte.look_back}
"""How databases are told to show rows as they were, by those that can."""


def _arguments(url: URL) -> dict[str, Any]:
    arguments, given = CONNECT_ARGUMENTS.get(url.drivername.partition("+")[0], {}), url.query.get("options")
    return {**arguments, "options": f"{given} {arguments['options']}"} if given and "options" in arguments else arguments


def _readable(url: URL) -> URL:
    """The URL as the dialect wants it: a SQLite file for reading only, so that a wrong name makes no new one; ODBC's words for ASE."""
    dialect = url.drivername.partition("+")[0]
    if dialect == "sybase":
        return URL.create(url.drivername, query={"odbc_connect": quote_plus(odbc_string(url))})
    if dialect == "sqlite":
        return url.set(database=f"file:{quote(str(url.database))}", query={**url.query, "mode": "ro", "uri": "true"})
    return url


def _not_connected(error: Exception, database: Database) -> PipelineError:
    text = _cleaned(error, database.url)
    if _says(text, NO_LIBRARY):
        message = f"the driver of {database.driver.name} lacks a library of this machine: {text}"
        return ConfigError(message, suggestion=remedy(database.driver), code="DRIVER_MISSING")
    if isinstance(error, (TypeError, ValueError, ProgrammingError)) or _says(text, REFUSALS):
        suggestion = "Check the URL, its properties, the user and the password."
        return ConfigError(f"the database {database.name} refuses the connection: {text}", suggestion=suggestion, code="CONNECTION_REFUSED")
    suggestion = "Check that the server runs and that this host and port reach it, or that the file is free."
    return SourceUnavailableError(f"the database {database.name} does not answer: {text}", suggestion=suggestion)


def _refused(error: Exception, database: Database) -> PipelineError:
    broken = isinstance(error, DBAPIError) and error.connection_invalidated
    return explain(error, database, broken=broken)


def explain(error: Exception, database: Database, *, broken: bool = False) -> PipelineError:
    """Return what an error means that a statement came to."""
    text = _cleaned(error, database.url)
    if broken or isinstance(error, OSError) or _says(text, LOST):
        return SourceUnavailableError(f"the database {database.name} stopped answering: {text}")
    if database.source_type in FORGOTTEN and _says(text, [FORGOTTEN[database.source_type]]):
        message = f"the database {database.name} has forgotten what its rows were: {text}"
        remedy_ = KEEP_HISTORY[database.source_type]
        advice = f"Post the job again. To let a job's reader be away for longer, have the database keep what rows were for a day: {remedy_}"
        return ConfigError(message, suggestion=advice, code=HISTORY_GONE)
    if isinstance(error, DataError) or _says(text, VALUELESS):
        suggestion = "Change the value, or the column's type, at the source. Then post the job again."
        message = f"the driver of {database.name} has nothing for a value: {text}"
        return ConfigError(message, suggestion=suggestion, code="VALUE_NOT_CONVERTIBLE")
    suggestion = "If it is a privilege, grant the user SELECT on the table; else the database's log may say more."
    return SourceError(f"the database {database.name} refused a statement: {text}", suggestion=suggestion)


def _says(text: str, words: Iterable[str]) -> bool:
    said = text.lower()
    return any(word in said for word in words)


def _cleaned(error: Exception, url: URL) -> str:
    """What the driver said, on one line and without the password; SQLAlchemy adds the statement and its parameters to it."""
    said = error.orig if isinstance(error, DBAPIError) and error.orig is not None else error
    text = " ".join(str(said).split())
    return text.replace(str(url.password), "***") if url.password else text
