"""Sessions with Db2, and what its refusals mean."""

from collections.abc import AsyncIterator
from contextlib import asynccontextmanager
from functools import partial
from typing import Any

from pipeline.errors import ConfigError, PipelineError
from pipeline.sources.db2.url import Db2Url
from pipeline.sources.dbapi import dbapi_session
from pipeline.sources.drivers import load_driver
from pipeline.sources.queries import Queries
from pipeline.sources.refusals import Refusal, Speaker, explain

DRIVER = "ibm_db_dbi"
EXTRA = "db2"
CONNECT_TIMEOUT_SECONDS = 10
STATEMENT_TIMEOUT_SECONDS = 30

REFUSALS = (
    Refusal(r"SQL30082N|SQLSTATE=08001.*SECURITY", "WRONG_PASSWORD", "does not accept the password of", "Check the user and the password."),
    Refusal(r"SQL1013N|SQL30061N|SQL1031N", "NO_SUCH_DATABASE", "has no such database for", "Check the database's name in the JDBC URL."),
    Refusal(r"SQL1060N", "NO_CONNECT", "grants no CONNECT to", "Run: GRANT CONNECT ON DATABASE TO USER {user};"),
    Refusal(
        r"SQL20397W|GSKit|SSL",
        "TLS",
        "cannot be reached over TLS as the JDBC URL asks for by",
        "Check sslConnection and sslCertLocation in the JDBC URL.",
    ),
    Refusal(r"SQL0551N|SQL0552N", "PRIVILEGE", "refuses", "Grant what is missing; docs/sources/db2.md has the SQL."),
    Refusal(
        r"SQL30081N|SQL1224N|SQL1776N|SQL0952N|SQL30108N|communication error",
        "SOURCE_UNAVAILABLE",
        "does not answer",
        "Check that the database is activated and that this host and port reach it.",
        outage=True,
    ),
)
"""What Db2 and its driver say."""


@asynccontextmanager
async def session(url: Db2Url) -> AsyncIterator[Queries]:
    """
    A session in autocommit mode.

    Raises:
        ConfigError: The driver is missing, or the database refuses (password, database, privilege).
        SourceUnavailableError: It does not answer, or stopped to.
    """
    driver = load_driver(DRIVER, EXTRA)
    async with dbapi_session(partial(_connect, driver, url), driver.Error, _explained(url)) as queries:
        yield queries


def connection_string(url: Db2Url) -> str:
    """
    The URL in the words of Db2's CLI driver.

    Raises:
        ConfigError: A value holds a semicolon, for which the driver has no way of writing.
    """
    parameters = {
        "DATABASE": url.database,
        "HOSTNAME": url.host,
        "PORT": str(url.port),
        "PROTOCOL": "TCPIP",
        "UID": url.user,
        "PWD": url.password or "",
        "ConnectTimeout": str(url.login_timeout_seconds or CONNECT_TIMEOUT_SECONDS),
        "QueryTimeout": str(STATEMENT_TIMEOUT_SECONDS),
    }
    if url.tls:
        parameters |= {"Security": "SSL"} | ({"SSLServerCertificate": url.certificate} if url.certificate else {})
    for name, value in parameters.items():
        if ";" in value:
            raise ConfigError(f"Db2's driver takes no {name} with a semicolon in it", suggestion="Choose another.")
    return "".join(f"{name}={value};" for name, value in parameters.items())


def _connect(driver: Any, url: Db2Url) -> Any:
    connection = driver.connect(connection_string(url), "", "")
    connection.set_autocommit(True)
    return connection


def _explained(url: Db2Url) -> Any:
    speaker = Speaker(f"Db2 at {url.host}:{url.port}", url.user, url.database, url.password)

    def explained(error: Exception) -> PipelineError:
        return explain(error, REFUSALS, speaker)

    return explained
