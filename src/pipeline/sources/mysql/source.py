"""A MySQL or MariaDB database as the source of one job."""

from collections.abc import AsyncIterator, Sequence
from contextlib import asynccontextmanager
from typing import Any

from pipeline.sources.hosts import check_host
from pipeline.sources.mysql import connector, rows, selects
from pipeline.sources.mysql.catalogue import read_table_names, read_tables
from pipeline.sources.mysql.connection import Session, session
from pipeline.sources.mysql.flavour import Flavour, flavour_of
from pipeline.sources.mysql.position import LogPassage, read_position
from pipeline.sources.mysql.readiness import check_readiness
from pipeline.sources.mysql.tls import TlsMode
from pipeline.sources.mysql.url import MySqlUrl, parse
from pipeline.sources.mysql.zero_dates import Name, read_columns, selector
from pipeline.sources.positioned import PositionedSource
from pipeline.sources.source import Finding, Mode, Ownership, Passage, Table

SILENT_AFTER_SECONDS = 20.0
"""The server itself sends a heartbeat every four fifths of connect.keep.alive.interval.ms to a connector that hears nothing else."""


class MySqlSource(PositionedSource):
    """
    Implements `pipeline.sources.source.Source`; each call opens and closes a session of its own.

    The server itself says whether it is MySQL or MariaDB, whatever the URL says. Where the URL
    names several hosts, the connector is given the one that was reached last, and it is told of
    zero dates as the tables that were listed last may hold them.
    """

    silent_after_seconds = SILENT_AFTER_SECONDS

    def __init__(self, url: MySqlUrl) -> None:
        self._url = url
        self._host = url.hosts[0]
        self._flavour = url.flavour or Flavour.MYSQL
        self._tls_mode = url.tls.mode
        self._zero_dates: list[Name] = []

    @property
    def connector_class(self) -> str:
        """Debezium's connector for the server that was reached last."""
        return self._flavour.connector_class

    @property
    def password(self) -> str | None:
        """What Kafka Connect must be told to log in."""
        return self._url.password

    async def check(self, mode: Mode, tables: Sequence[Table]) -> list[Finding]:
        """Say what the server still lacks for a job of this mode on these tables."""
        async with self._session() as opened:
            check_host(opened.host.name, self._flavour)
            return await check_readiness(opened, self._flavour, mode, tables)

    async def tables(self, mode: Mode) -> list[Table]:
        """List the tables that a job takes, in name order."""
        async with self._session() as opened:
            tables = await read_tables(opened, self._url.database)
            self._zero_dates = await read_columns(opened, self._flavour, tables)
            return tables

    async def present_tables(self, mode: Mode, owned: Ownership) -> dict[tuple[str, str], bool]:
        """The tables that a job would take now; none of them is told to the generation but by the connector's own configuration."""
        async with self._session() as opened:
            return dict.fromkeys(await read_table_names(opened, self._url.database), False)

    def connector_config(self, mode: Mode, owned: Ownership, tables: Sequence[Table], password: str | None, kafka: str) -> dict[str, str]:
        """Build the connector's configuration, constants of `connector_configs/` included."""
        return connector.connector_config(
            mode,
            owned,
            tables,
            url=self._url,
            host=self._host,
            flavour=self._flavour,
            tls_mode=self._tls_mode,
            zero_dates=selector(self._zero_dates, tables),
            password=password,
            kafka=kafka,
        )

    def signal_selects(self, mode: Mode, tables: Sequence[Table]) -> dict[str, str]:
        """The SELECT statements with which these tables are read again, where Debezium's own would have values misread."""
        return selects.signal_selects(tables)

    async def row_selects(self, mode: Mode, table: Table, ids: Sequence[Any]) -> dict[str, str] | None:
        """The same that reads only the rows with these `_id`s; None where one of them cannot be written in SQL."""
        async with self._session() as opened:
            return rows.row_selects(opened, table, ids)

    async def retained_bytes(self, owned: Ownership, tables: Sequence[tuple[str, str]]) -> int | None:
        """None: the server keeps its log as long as it is set to, whoever reads it."""
        return None

    async def passage(self, tables: Sequence[tuple[str, str]]) -> Passage:
        """Begin to tell when the connector has come to where the log ends now."""
        async with self._session() as opened:
            rotate = self._rotate if self._flavour is Flavour.MARIADB else None
            return LogPassage(await read_position(opened, self._flavour), rotate)

    async def _rotate(self) -> None:
        """Begin the server's next log file; its replicas are told nothing."""
        async with self._session() as opened:
            await opened.rows("FLUSH LOCAL BINARY LOGS")

    @asynccontextmanager
    async def _session(self) -> AsyncIterator[Session]:
        async with session(self._url) as opened:
            self._host = opened.host
            self._flavour = flavour_of(opened.version)
            if self._url.tls.mode is TlsMode.PREFERRED:
                self._tls_mode = TlsMode.REQUIRED if await opened.encrypted() else TlsMode.DISABLED
            yield opened


def open_source(url: str, user: str | None, password: str | None, *, slot_timeout_seconds: float) -> MySqlSource:
    """The source that the JDBC URL names; credentials given beside it outrank its own."""
    return MySqlSource(parse(url, user, password))
