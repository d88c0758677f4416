"""A SQL Server database as the source of one job."""

from collections.abc import AsyncIterator, Sequence
from contextlib import asynccontextmanager

from pipeline.sources import patterns, topics
from pipeline.sources.positioned import PositionedSource, Uncaptured
from pipeline.sources.queries import Queries, only_row
from pipeline.sources.source import Finding, Mode, Ownership, Passage, Table
from pipeline.sources.sqlserver import connector
from pipeline.sources.sqlserver.capture import read_instances
from pipeline.sources.sqlserver.catalogue import read_tables
from pipeline.sources.sqlserver.connection import session
from pipeline.sources.sqlserver.position import CapturePassage, read_moment
from pipeline.sources.sqlserver.readiness import check_readiness
from pipeline.sources.sqlserver.url import SqlServerUrl, parse

DATABASE = "SELECT name, is_cdc_enabled FROM sys.databases WHERE database_id = DB_ID()"


class SqlServerSource(PositionedSource):
    """Implements `pipeline.sources.source.Source`; each call opens and closes a session of its own."""

    connector_class = connector.CONNECTOR_CLASS
    wording = connector.WORDING
    uncaptured = Uncaptured(
        "the table is no longer captured, so that changes made since then are lost",
        "Turn its capture on again (sys.sp_cdc_enable_table), and post the job again with a snapshot.",
    )

    def __init__(self, url: SqlServerUrl) -> None:
        self._url = url
        self._database = url.database

    @property
    def password(self) -> str | None:
        """What Kafka Connect must be told to log in."""
        return self._url.password

    async def check(self, mode: Mode, tables: Sequence[Table]) -> list[Finding]:
        """Say what the database still lacks for a job of this mode on these tables."""
        async with self._session() as queries:
            return await check_readiness(queries, mode, tables)

    async def tables(self, mode: Mode) -> list[Table]:
        """List the tables of all schemas, in name order, whatever the mode."""
        async with self._session() as queries:
            return await read_tables(queries)

    async def present_tables(self, mode: Mode, owned: Ownership) -> dict[tuple[str, str], bool]:
        """The tables that a job would take now, and of each whether its changes are captured."""
        async with self._session() as queries:
            captured = await _captured(queries)
            return {(table.schema, table.name): (table.schema, table.name) in captured for table in await read_tables(queries)}

    def connector_config(self, mode: Mode, owned: Ownership, tables: Sequence[Table], password: str | None, kafka: str) -> dict[str, str]:
        """Build the connector's configuration, constants of `connector_configs/sqlserver.json` included."""
        return connector.connector_config(mode, owned, tables, url=self._url, database=self._database, password=password, kafka=kafka)

    def signal_name(self, table: Table) -> str:
        """What a signal to Debezium calls the table: with its database, as the server spells that."""
        return patterns.named(self._database, table.schema, table.name)

    def topic(self, owned: Ownership, table: Table) -> str:
        """Name the change topic: Debezium puts the database's name before the schema's."""
        return topics.change_topic(owned, table, self._database)

    async def passage(self, tables: Sequence[tuple[str, str]]) -> Passage:
        """Begin to tell when the connector has read all that is committed by now."""
        async with self._session() as queries:
            return CapturePassage(self._session, await read_moment(queries), tables)

    @asynccontextmanager
    async def _session(self) -> AsyncIterator[Queries]:
        async with session(self._url) as queries:
            self._database = (await only_row(queries, DATABASE))["name"]
            yield queries


async def _captured(queries: Queries) -> set[tuple[str, str]]:
    """The tables that have a capture instance."""
    enabled = (await only_row(queries, DATABASE))["is_cdc_enabled"]
    return set(await read_instances(queries)) if enabled else set()


def open_source(url: str, user: str | None, password: str | None, *, slot_timeout_seconds: float) -> SqlServerSource:
    """The source that the JDBC URL names; credentials given beside it outrank its own. It has no slot to wait for."""
    return SqlServerSource(parse(url, user, password))
