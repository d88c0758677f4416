"""Sessions with SQL Server, and what its refusals mean."""

from collections.abc import AsyncIterator
from contextlib import AbstractAsyncContextManager, AsyncExitStack, asynccontextmanager
from functools import partial
from typing import Any

from pipeline.errors import PipelineError, SourceUnavailableError
from pipeline.sources.dbapi import dbapi_session
from pipeline.sources.drivers import load_driver
from pipeline.sources.queries import Queries
from pipeline.sources.refusals import Refusal, Speaker, explain
from pipeline.sources.sqlserver.url import SqlServerUrl

DRIVER = "mssql_python"
EXTRA = "sqlserver"
PROVIDER = "mssql-odbc"
"""Which of the driver's two cores is used, unless MSSQL_PYTHON_NATIVE_PROVIDER says otherwise: the one that needs no system library."""

CONNECT_TIMEOUT_SECONDS = 10
STATEMENT_TIMEOUT_SECONDS = 30

REFUSALS = (
    Refusal(r"Login failed for user", "WRONG_PASSWORD", "does not accept the password of", "Check the user and the password."),
    Refusal(
        r"Cannot open database|database .* does not exist",
        "NO_SUCH_DATABASE",
        "has no such database, or does not open it, for",
        "Check databaseName in the JDBC URL, or run in that database: CREATE USER [{user}] FOR LOGIN [{user}];",
    ),
    Refusal(
        r"certificate|SSL Provider|encryption not supported",
        "TLS",
        "cannot be reached over TLS as the JDBC URL asks for by",
        "Have the service's machine trust the server's certificate, or set trustServerCertificate=true (or encrypt=false) in the JDBC URL.",
    ),
    Refusal(
        r"permission was denied|do not have permission|permission denied",
        "PRIVILEGE",
        "refuses",
        "Grant what is missing; docs/sources/sqlserver.md has the SQL.",
    ),
    Refusal(
        r"unable to establish connection|Error Locating Server|Communication link failure|timeout|connection is (busy|closed)",
        "SOURCE_UNAVAILABLE",
        "does not answer",
        "Check that the server runs and that this host and port reach it; an instance without a port needs the SQL Server Browser service.",
        outage=True,
    ),
)
"""What SQL Server and its ODBC driver say: errors 4060, 18456, 229 and 297, and those of the network."""


@asynccontextmanager
async def session(url: SqlServerUrl) -> AsyncIterator[Queries]:
    """
    A session in autocommit mode with the server, or with its fail-over partner where the server does not answer.

    Raises:
        ConfigError: The driver is missing, or the server refuses (password, database, TLS, privilege).
        SourceUnavailableError: It does not answer, or stopped to.
    """
    driver = load_driver(DRIVER, EXTRA)
    driver.native_provider = PROVIDER
    async with AsyncExitStack() as opened:
        try:
            queries = await opened.enter_async_context(_session_with(server_address(url), driver, url))
        except SourceUnavailableError:
            if url.failover_partner is None:
                raise
            queries = await opened.enter_async_context(_session_with(url.failover_partner, driver, url))
        yield queries


def _session_with(server: str, driver: Any, url: SqlServerUrl) -> AbstractAsyncContextManager[Queries]:
    return dbapi_session(partial(_connect, driver, url, server), driver.Error, _explained(url, server))


def server_address(url: SqlServerUrl) -> str:
    """The server as the ODBC driver has it; with a port, the instance's name is not needed."""
    if url.port is not None:
        return f"tcp:{url.host},{url.port}"
    return f"{url.host}\\{url.instance}"


def connection_string(url: SqlServerUrl, server: str) -> str:
    """The URL in the ODBC driver's words."""
    parameters = {
        "Server": server,
        "Database": url.database,
        "UID": url.user,
        "PWD": url.password or "",
        "Encrypt": url.encrypt,
        "TrustServerCertificate": "yes" if url.trust_server_certificate else "no",
        "HostnameInCertificate": url.certificate_host,
        "ServerCertificate": url.certificate_file,
        "ApplicationIntent": url.options.get("applicationIntent"),
        "MultiSubnetFailover": {"true": "yes", "false": "no"}.get(url.options.get("multiSubnetFailover", "").lower()),
    }
    return ";".join(f"{name}={_quoted(value)}" for name, value in parameters.items() if value is not None)


def _quoted(value: str) -> str:
    return "{" + value.replace("}", "}}") + "}"


def _connect(driver: Any, url: SqlServerUrl, server: str) -> Any:
    timeout = url.login_timeout_seconds or CONNECT_TIMEOUT_SECONDS
    connection = driver.connect(connection_string(url, server), autocommit=True, timeout=timeout)
    connection.timeout = STATEMENT_TIMEOUT_SECONDS
    return connection


def _explained(url: SqlServerUrl, server: str) -> Any:
    speaker = Speaker(f"SQL Server at {server.removeprefix('tcp:')}", url.user, url.database, url.password)

    def explained(error: Exception) -> PipelineError:
        return explain(error, REFUSALS, speaker)

    return explained
