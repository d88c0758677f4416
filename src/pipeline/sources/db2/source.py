"""A Db2 database as the source of one job."""

from collections.abc import AsyncIterator, Sequence
from contextlib import asynccontextmanager

from pipeline.sources.db2 import connector
from pipeline.sources.db2.capture import read_registrations
from pipeline.sources.db2.catalogue import read_tables
from pipeline.sources.db2.connection import session
from pipeline.sources.db2.position import AsnPassage, read_moment
from pipeline.sources.db2.readiness import check_readiness
from pipeline.sources.db2.url import Db2Url, parse
from pipeline.sources.positioned import PositionedSource, Uncaptured
from pipeline.sources.queries import Queries
from pipeline.sources.source import Finding, Mode, Ownership, Passage, Table


class Db2Source(PositionedSource):
    """Implements `pipeline.sources.source.Source`; each call opens and closes a session of its own."""

    connector_class = connector.CONNECTOR_CLASS
    wording = connector.WORDING
    uncaptured = Uncaptured(
        "the table is no longer captured, so that changes made since then are lost",
        "Register it again (ASNCDC.ADDTABLE), and post the job again with a snapshot.",
    )

    def __init__(self, url: Db2Url) -> None:
        self._url = url

    @property
    def password(self) -> str | None:
        """What Kafka Connect must be told to log in."""
        return self._url.password

    async def check(self, mode: Mode, tables: Sequence[Table]) -> list[Finding]:
        """Say what the database still lacks for a job of this mode on these tables."""
        async with self._session() as queries:
            return await check_readiness(queries, mode, tables)

    async def tables(self, mode: Mode) -> list[Table]:
        """List the tables that a job takes, in name order, whatever the mode."""
        async with self._session() as queries:
            return await read_tables(queries, self._url.schema)

    async def present_tables(self, mode: Mode, owned: Ownership) -> dict[tuple[str, str], bool]:
        """The tables that a job would take now, and of each whether its changes are captured."""
        async with self._session() as queries:
            captured = await read_registrations(queries)
            tables = await read_tables(queries, self._url.schema)
            return {(table.schema, table.name): (table.schema, table.name) in captured for table in tables}

    def connector_config(self, mode: Mode, owned: Ownership, tables: Sequence[Table], password: str | None, kafka: str) -> dict[str, str]:
        """Build the connector's configuration, constants of `connector_configs/db2.json` included."""
        return connector.connector_config(mode, owned, tables, url=self._url, password=password, kafka=kafka)

    async def passage(self, tables: Sequence[tuple[str, str]]) -> Passage:
        """Begin to tell when the connector has read all that is committed by now."""
        async with self._session() as queries:
            return AsnPassage(self._session, await read_moment(queries), tables)

    @asynccontextmanager
    async def _session(self) -> AsyncIterator[Queries]:
        async with session(self._url) as queries:
            yield queries


def open_source(url: str, user: str | None, password: str | None, *, slot_timeout_seconds: float) -> Db2Source:
    """The source that the JDBC URL names; credentials given beside it outrank its own. It has no slot to wait for."""
    return Db2Source(parse(url, user, password))
