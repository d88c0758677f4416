"""Connections to the source database, and what their errors mean."""

import asyncio
import ssl
from collections.abc import AsyncIterator, Sequence
from contextlib import asynccontextmanager
from typing import Any, NoReturn

import pymysql
from pymysql.constants import CR, ER
from pymysql.cursors import DictCursor

from pipeline.errors import ConfigError, SourceError, SourceUnavailableError
from pipeline.sources.mysql.authority import Host
from pipeline.sources.mysql.tls import TlsMode, context
from pipeline.sources.mysql.url import MySqlUrl

CONNECT_TIMEOUT_SECONDS = 5.0
STATEMENT_TIMEOUT_SECONDS = 30.0

SHARE_PRIVILEGES = "Grant what is missing; docs/sources/mysql.md has the SQL."
REACH = "Check that the server runs and that this host and port reach it."

REFUSALS: dict[int, tuple[str, str, str]] = {
    ER.ACCESS_DENIED_ERROR: ("WRONG_PASSWORD", "does not accept the password of", "Check the user, its host part, and the password."),
    1698: (
        "WRONG_PASSWORD",
        "does not accept the password of",
        "Give the user a password: an account of the operating system cannot be used.",
    ),
    ER.DBACCESS_DENIED_ERROR: ("NO_DATABASE_ACCESS", "grants nothing on the database to", "Run: GRANT SELECT ON `{database}`.* TO {user};"),
    ER.BAD_DB_ERROR: ("NO_SUCH_DATABASE", "has no such database for", "Check the database's name in the JDBC URL."),
    ER.HOST_NOT_PRIVILEGED: (
        "HOST_REFUSED",
        "refuses this client's address for",
        "Create the user for the addresses of the service and of Kafka Connect, or for '%'.",
    ),
    3118: ("ACCOUNT_LOCKED", "has locked the account of", "Run: ALTER USER {user} ACCOUNT UNLOCK;"),
    1820: ("PASSWORD_EXPIRED", "asks for a new password of", "Run: ALTER USER {user} IDENTIFIED BY '...';"),
    3159: ("TLS", "takes no unencrypted connection of", "Set sslMode=REQUIRED in the JDBC URL."),
    CR.CR_SSL_CONNECTION_ERROR: (
        "TLS",
        "cannot be reached over TLS as sslMode asks for by",
        "Check sslMode and trustCertificateKeyStoreUrl in the JDBC URL.",
    ),
}
"""What a mistake is that only a person can mend, by the number of the error: code, words, suggestion."""

AWAY = frozenset(
    {
        CR.CR_CONN_HOST_ERROR,
        CR.CR_SERVER_GONE_ERROR,
        CR.CR_SERVER_LOST,
        CR.CR_UNKNOWN_HOST,
        ER.CON_COUNT_ERROR,
        ER.SERVER_SHUTDOWN,
        ER.LOCK_WAIT_TIMEOUT,
        ER.USER_LIMIT_REACHED,
        ER.QUERY_INTERRUPTED,
    }
)
"""The numbers of errors that pass by themselves."""

PRIVILEGE_ERRORS = frozenset(
    {
        ER.TABLEACCESS_DENIED_ERROR,
        ER.COLUMNACCESS_DENIED_ERROR,
        ER.SPECIFIC_ACCESS_DENIED_ERROR,
        ER.DBACCESS_DENIED_ERROR,
        ER.ACCESS_DENIED_ERROR,
    }
)


class Session:
    """An open connection in autocommit mode. PyMySQL blocks, so each statement runs in a thread."""

    def __init__(self, connection: "pymysql.Connection[DictCursor]", host: Host, url: MySqlUrl) -> None:
        self.host = host
        self._connection = connection
        self._url = url

    @property
    def version(self) -> str:
        """What the server says of its version."""
        return str(self._connection.server_version)  # type: ignore[attr-defined] # set once connected, and not annotated

    async def rows(self, query: str, parameters: Sequence[Any] | None = None) -> list[dict[str, Any]]:
        """
        Run a statement; its rows, names of columns in lower case.

        Raises:
            ConfigError: A privilege is missing.
            SourceUnavailableError: The server does not answer any more.
            SourceError: Anything else that it says.
        """
        try:
            return await asyncio.to_thread(self._rows, query, parameters)
        except pymysql.MySQLError as error:
            _explain_statement(error, self._url)

    async def row(self, query: str, parameters: Sequence[Any] | None = None) -> dict[str, Any] | None:
        """The first row of what `rows` returns, if there is one."""
        return next(iter(await self.rows(query, parameters)), None)

    async def value(self, query: str, parameters: Sequence[Any] | None = None) -> Any:
        """The one value that the statement returns."""
        row = await self.row(query, parameters)
        return None if row is None else next(iter(row.values()))

    async def encrypted(self) -> bool:
        """Whether the connection is one over TLS."""
        row = await self.row("SHOW SESSION STATUS LIKE 'Ssl_cipher'")
        return bool(row and row["value"])

    def literal(self, value: Any) -> str:
        """The value as it stands in a statement."""
        return str(self._connection.escape(value))

    def _rows(self, query: str, parameters: Sequence[Any] | None) -> list[dict[str, Any]]:
        with self._connection.cursor() as cursor:
            cursor.execute(query, parameters)
            return [{name.lower(): value for name, value in row.items()} for row in cursor.fetchall()]


@asynccontextmanager
async def session(url: MySqlUrl, statement_timeout_seconds: float = STATEMENT_TIMEOUT_SECONDS) -> AsyncIterator[Session]:
    """
    A session on the first of the URL's hosts that answers, closed at the end.

    Raises:
        ConfigError: The server refuses (password, database, privilege, ...).
        SourceUnavailableError: None answers.
    """
    opened = await _first_that_answers(url, statement_timeout_seconds)
    try:
        yield opened
    finally:
        await asyncio.to_thread(opened._connection.close)  # noqa: SLF001 - it is this module's own


async def _first_that_answers(url: MySqlUrl, statement_timeout_seconds: float) -> Session:
    problem: pymysql.MySQLError | None = None
    for host in url.hosts:
        try:
            return Session(await asyncio.to_thread(_connect, url, host, statement_timeout_seconds), host, url)
        except pymysql.MySQLError as error:
            problem = error
    raise AssertionError("a URL names a host") if problem is None else _connection_problem(problem, url)


def _connect(url: MySqlUrl, host: Host, timeout: float) -> "pymysql.Connection[DictCursor]":
    tls = context(url.tls)
    try:
        return _open(url, host, timeout, tls)
    except pymysql.OperationalError as error:
        if url.tls.mode is not TlsMode.PREFERRED or _number(error) != CR.CR_SSL_CONNECTION_ERROR:
            raise
        return _open(url, host, timeout, None)


def _open(url: MySqlUrl, host: Host, timeout: float, tls: ssl.SSLContext | None) -> "pymysql.Connection[DictCursor]":
    return pymysql.connect(
        host=host.name,
        port=host.port,
        user=url.user,
        password=url.password or "",
        database=url.database,
        charset="utf8mb4",
        autocommit=True,
        connect_timeout=round(url.connect_timeout_seconds or CONNECT_TIMEOUT_SECONDS) or 1,
        read_timeout=timeout,
        write_timeout=timeout,
        ssl=tls,
        ssl_disabled=tls is None,
        cursorclass=DictCursor,
        program_name="rowstream",
    )


def _number(error: pymysql.MySQLError) -> int:
    """The number of the error; PyMySQL gives a certificate that is not trusted the one of a server that does not answer."""
    if isinstance(getattr(error, "original_exception", None), ssl.SSLCertVerificationError):
        return int(CR.CR_SSL_CONNECTION_ERROR)
    return int(error.args[0]) if error.args and isinstance(error.args[0], int) else 0


def _connection_problem(error: pymysql.MySQLError, url: MySqlUrl) -> ConfigError | SourceUnavailableError:
    where = f"MySQL at {', '.join(map(str, url.hosts))}"
    text = _cleaned(error, url)
    if _number(error) in REFUSALS:
        code, words, advice = REFUSALS[_number(error)]
        named = f" (database {url.database})" if url.database else ""
        suggestion = advice.format(user=f"'{url.user}'@'%'", database=url.database)
        if code == "WRONG_PASSWORD" and url.tls.mode is TlsMode.DISABLED:
            suggestion += " MariaDB says the same when it takes no unencrypted connection: then set sslMode=REQUIRED in the JDBC URL."
        return ConfigError(f"{where} {words} the user {url.user}{named}: {text}", suggestion=suggestion, code=code)
    return SourceUnavailableError(f"{where} does not answer: {text}", suggestion=REACH)


def _explain_statement(error: pymysql.MySQLError, url: MySqlUrl) -> NoReturn:
    text, number = _cleaned(error, url), _number(error)
    if number in PRIVILEGE_ERRORS:
        raise ConfigError(f"MySQL refuses the user {url.user}: {text}", suggestion=SHARE_PRIVILEGES, code="PRIVILEGE") from error
    if number in AWAY or isinstance(error, pymysql.InterfaceError):
        raise SourceUnavailableError(f"MySQL at {url.hosts[0]} stopped answering: {text}") from error
    raise SourceError(f"MySQL refused a statement: {text}") from error


def _cleaned(error: pymysql.MySQLError, url: MySqlUrl) -> str:
    """The error's text on one line, without the password."""
    text = " ".join(str(error.args[-1] if error.args else error).split())
    return text.replace(url.password, "***") if url.password else text
