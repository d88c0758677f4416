"""Connections to the source database, and what their errors mean."""

import os
import re
from collections.abc import AsyncIterator
from contextlib import asynccontextmanager
from typing import Any, NoReturn

import psycopg
from psycopg import AsyncConnection, conninfo, errors
from psycopg.rows import DictRow, dict_row
from psycopg.sql import SQL

from pipeline.errors import ConfigError, SourceError, SourceUnavailableError
from pipeline.sources.postgresql.url import PostgresUrl

CONNECT_TIMEOUT_SECONDS = 5
STATEMENT_TIMEOUT_SECONDS = 30.0

SESSION_ATTRIBUTES = {
    "any": "any",
    "primary": "primary",
    "master": "primary",
    "secondary": "standby",
    "slave": "standby",
    "preferSecondary": "prefer-standby",
    "preferSlave": "prefer-standby",
    "preferPrimary": "any",
}
"""pgjdbc's `targetServerType` in libpq's words."""

REFUSALS: tuple[tuple[str, str, str, str], ...] = (
    (
        r"password authentication failed|no password supplied",
        "WRONG_PASSWORD",
        "does not accept the password of",
        "Check the user and the password.",
    ),
    (r'role ".*" does not exist', "NO_SUCH_USER", "has no user", "Check the user's name, upper and lower case included."),
    (r'role ".*" is not permitted to log in', "NO_LOGIN", "lets no session be opened by", "Run: ALTER ROLE {user} LOGIN;"),
    (r'database ".*" does not exist', "NO_SUCH_DATABASE", "has no such database for", "Check the database's name in the JDBC URL."),
    (
        r"no pg_hba\.conf entry|pg_hba\.conf rejects",
        "HOST_REFUSED",
        "refuses this client in pg_hba.conf for",
        "Add a line to pg_hba.conf that lets the service's and Kafka Connect's addresses in, then reload the server.",
    ),
    (
        r"failed to resolve host|could not translate host name|Name or service not known",
        "UNKNOWN_HOST",
        "cannot be found by its name for",
        "Check the host's name in the JDBC URL.",
    ),
    (
        r"does not support SSL|certificate verify failed|root certificate file|server certificate for",
        "TLS",
        "cannot be reached over TLS as sslmode asks for by",
        "Check sslmode and sslrootcert in the JDBC URL.",
    ),
    (
        r"permission denied for database",
        "NO_CONNECT",
        "grants no CONNECT on the database to",
        "Run: GRANT CONNECT ON DATABASE {database} TO {user};",
    ),
)
"""What a server or libpq says of a mistake that only a person can mend: pattern, code, words, suggestion."""

PASSING = ("UNKNOWN_HOST",)
"""Mistakes that may as well be an outage, here of the name servers."""


def forget_environment() -> None:
    """Drop libpq's variables (PGHOSTADDR, PGSSLMODE, ...) from this process: a job's URL alone says how its source is reached."""
    for name in [name for name in os.environ if name.startswith("PG")]:
        del os.environ[name]


@asynccontextmanager
async def session(
    url: PostgresUrl, statement_timeout_seconds: float = STATEMENT_TIMEOUT_SECONDS
) -> AsyncIterator[AsyncConnection[DictRow]]:
    """
    A connection in autocommit mode that is closed at the end; rows are dictionaries.

    Raises:
        ConfigError: The server refuses (password, database, privilege, ...).
        SourceUnavailableError: It does not answer, or stopped to.
        SourceError: Anything else that it said to a statement.
    """
    async with await _connect(url) as connection:
        try:
            await connection.execute(SQL("SET statement_timeout = {}").format(int(statement_timeout_seconds * 1000)))
            yield connection
        except psycopg.Error as error:
            _explain_statement(error, url)


async def _connect(url: PostgresUrl) -> AsyncConnection[DictRow]:
    try:
        parameters = conninfo.make_conninfo(**connection_parameters(url))
        return await AsyncConnection.connect(parameters, autocommit=True, row_factory=dict_row)
    except psycopg.OperationalError as error:
        _explain_connection(error, url)
    except psycopg.ProgrammingError as error:
        raise ConfigError(f"the JDBC URL's options are not understood: {_cleaned(error, url)}") from None


def connection_parameters(url: PostgresUrl) -> dict[str, Any]:
    """The URL in libpq's words."""
    parameters: dict[str, Any] = {
        "host": ",".join(host for host, _ in url.hosts),
        "port": ",".join(str(port) for _, port in url.hosts),
        "dbname": url.database,
        "user": url.user,
        "password": url.password,
        "sslmode": url.ssl_mode,
        "connect_timeout": url.connect_timeout_seconds or CONNECT_TIMEOUT_SECONDS,
        "application_name": url.application_name or "rowstream",
        "options": url.options.get("options"),
        "target_session_attrs": SESSION_ATTRIBUTES.get(url.options.get("targetServerType", "any")),
        "client_encoding": "utf8",
        "keepalives_idle": 10,
        "keepalives_interval": 5,
        "keepalives_count": 3,
        "tcp_user_timeout": 20_000,
        **url.ssl_files,
    }
    return {name: value for name, value in parameters.items() if value is not None}


def _explain_connection(error: psycopg.OperationalError, url: PostgresUrl) -> NoReturn:
    text = _cleaned(error, url)
    where = f"PostgreSQL at {', '.join(f'{host}:{port}' for host, port in url.hosts)}"
    for pattern, code, words, advice in REFUSALS:
        if re.search(pattern, str(error)):
            suggestion = advice.format(user=url.user, database=url.database)
            who = f"the user {url.user} (database {url.database})"
            kind = SourceUnavailableError if code in PASSING else ConfigError
            raise kind(f"{where} {words} {who}: {text}", suggestion=suggestion, code=code) from None
    raise SourceUnavailableError(
        f"{where} does not answer: {text}",
        suggestion="Check that the server runs and that this host and port reach it.",
    ) from None


def _explain_statement(error: psycopg.Error, url: PostgresUrl) -> NoReturn:
    text = _cleaned(error, url)
    if isinstance(error, errors.InsufficientPrivilege):
        suggestion = "Grant what is missing; docs/sources/postgresql.md has the SQL."
        raise ConfigError(f"PostgreSQL refuses the user {url.user}: {text}", suggestion=suggestion, code="PRIVILEGE") from error
    if isinstance(error, errors.QueryCanceled):
        raise SourceUnavailableError(f"PostgreSQL took too long for a statement: {text}") from error
    if isinstance(error, psycopg.OperationalError | psycopg.InterfaceError):
        raise SourceUnavailableError(f"PostgreSQL at {url.hosts[0][0]} stopped answering: {text}") from error
    raise SourceError(f"PostgreSQL refused a statement: {text}") from error


def _cleaned(error: psycopg.Error, url: PostgresUrl) -> str:
    """The error's text on one line, without the password."""
    text = " ".join(str(error).split())
    return text.replace(url.password, "***") if url.password else text
