"""Sessions with Oracle, and what its refusals mean."""

from collections.abc import AsyncIterator
from contextlib import asynccontextmanager
from functools import partial
from typing import Any

from pipeline.errors import PipelineError
from pipeline.sources.dbapi import dbapi_session
from pipeline.sources.drivers import load_driver
from pipeline.sources.oracle.url import OracleUrl
from pipeline.sources.queries import Queries
from pipeline.sources.refusals import Refusal, Speaker, explain

DRIVER = "oracledb"
EXTRA = "oracle"
CONNECT_TIMEOUT_SECONDS = 10
STATEMENT_TIMEOUT_MS = 30_000

REFUSALS = (
    Refusal(r"ORA-01017|ORA-01005", "WRONG_PASSWORD", "does not accept the password of", "Check the user and the password."),
    Refusal(r"ORA-28000", "LOCKED", "has locked", "Run: ALTER USER {user} ACCOUNT UNLOCK;"),
    Refusal(r"ORA-28001", "EXPIRED", "wants a new password of", "Run: ALTER USER {user} IDENTIFIED BY ...;"),
    Refusal(r"ORA-01045", "NO_LOGIN", "lets no session be opened by", "Run: GRANT CREATE SESSION TO {user};"),
    Refusal(
        r"ORA-12514|ORA-12505|DPY-6001|DPY-6003",
        "NO_SUCH_DATABASE",
        "has no such service or SID for",
        "Check the service or the SID in the JDBC URL: lsnrctl status lists those that the listener knows.",
    ),
    Refusal(
        r"ORA-65011|ORA-65012",
        "NO_SUCH_PDB",
        "has no such pluggable database for",
        "Check oraclePdbName: SELECT name FROM v$pdbs lists them.",
    ),
    Refusal(
        r"ORA-65049|ORA-01031|ORA-00942|ORA-01039|ORA-01924",
        "PRIVILEGE",
        "refuses",
        "Grant what is missing; docs/sources/oracle.md has the SQL.",
    ),
    Refusal(
        r"certificate|DPY-6005.*SSL|ORA-28860|ORA-29024",
        "TLS",
        "cannot be reached over TLS by",
        "Check the wallet that the JDBC URL names.",
    ),
    Refusal(
        r"DPY-(6005|4011|4024|6000)|ORA-(12541|12170|12537|12545|03113|03114|01033|01034|01089)|timed? out",
        "SOURCE_UNAVAILABLE",
        "does not answer",
        "Check that the database is open, that its listener runs, and that this host and port reach it.",
        outage=True,
    ),
)
"""What Oracle (ORA) and its Python driver (DPY) say."""


@asynccontextmanager
async def session(url: OracleUrl) -> AsyncIterator[Queries]:
    """
    A session in the database that the URL names, which for LogMiner is the root of a container database.

    Raises:
        ConfigError: The driver is missing, or the database refuses (password, service, privilege).
        SourceUnavailableError: It does not answer, or stopped to.
    """
    driver = load_driver(DRIVER, EXTRA)
    async with dbapi_session(partial(_connect, driver, url), driver.Error, _explained(url)) as queries:
        yield queries


@asynccontextmanager
async def container_session(url: OracleUrl) -> AsyncIterator[Queries]:
    """The same in the pluggable database whose tables are taken, if one is named."""
    async with session(url) as queries:
        if url.pdb is not None:
            await queries.rows(f"ALTER SESSION SET CONTAINER = {url.pdb}")
        yield queries


def _connect(driver: Any, url: OracleUrl) -> Any:
    connection = driver.connect(
        user=url.user, password=url.password, dsn=url.address, tcp_connect_timeout=CONNECT_TIMEOUT_SECONDS, retry_count=0
    )
    connection.call_timeout = STATEMENT_TIMEOUT_MS
    connection.autocommit = True
    return connection


def _explained(url: OracleUrl) -> Any:
    speaker = Speaker(f"Oracle at {url.shown_host}", url.user, url.pdb or url.shown_host, url.password)

    def explained(error: Exception) -> PipelineError:
        return explain(error, REFUSALS, speaker)

    return explained
