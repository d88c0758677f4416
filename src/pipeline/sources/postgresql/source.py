"""A PostgreSQL database as the source of one job."""

import uuid
from collections.abc import AsyncIterator, Callable, Mapping, Sequence
from contextlib import asynccontextmanager
from typing import Any

from psycopg import AsyncConnection
from psycopg.rows import DictRow

from pipeline.sources import patterns, topics
from pipeline.sources.postgresql import connector, marker, publications, rows, selects, slot
from pipeline.sources.postgresql.catalogue import read_table_names, read_tables
from pipeline.sources.postgresql.connection import session
from pipeline.sources.postgresql.portions import fetch_size, row_widths
from pipeline.sources.postgresql.readiness import check_readiness
from pipeline.sources.postgresql.types import read_types
from pipeline.sources.postgresql.url import PostgresUrl, parse
from pipeline.sources.source import Finding, Markers, Mode, Ownership, Table

DEFAULT_SLOT_TIMEOUT_SECONDS = 30.0


class PostgresSource:
    """
    Implements `pipeline.sources.source.Source`; each call opens and closes a session of its own.

    Where the URL names several hosts, the connector is given the one that was reached last;
    it fetches as many rows at a time as the tables allow, by what was known of them when they were listed last.
    """

    connector_class = connector.CONNECTOR_CLASS
    captures_when_prepared = True
    takes_further_tables = True
    tells_order = True
    silent_after_seconds = None

    def __init__(self, url: PostgresUrl, slot_timeout_seconds: float = DEFAULT_SLOT_TIMEOUT_SECONDS) -> None:
        self._url = url
        self._slot_timeout_seconds = slot_timeout_seconds
        self._host = url.hosts[0]
        self._row_widths: dict[tuple[str, str], int] = {}

    @property
    def password(self) -> str | None:
        """What Kafka Connect must be told to log in."""
        return self._url.password

    async def check(self, mode: Mode, tables: Sequence[Table]) -> list[Finding]:
        """Say what the database still lacks for a job of this mode on these tables."""
        async with self._session() as connection:
            connector.check_reachable_by_debezium(self._host[0], self._url.database)
            return await check_readiness(connection, mode, tables)

    async def tables(self, mode: Mode) -> list[Table]:
        """List the tables that a job of this mode takes, in name order; unlogged ones only where changes are not followed."""
        async with self._session() as connection:
            tables = await read_tables(connection, self._url.schemas, logged=mode.streams)
            self._row_widths = await row_widths(connection, tables)
            return tables

    async def present_tables(self, mode: Mode, owned: Ownership) -> dict[tuple[str, str], bool]:
        """
        The tables that a job of this mode would take now, and whether a publication of the generation has each.

        A table that was renamed stays in its publication. A schema that is gone has no tables.
        """
        async with self._session() as connection:
            names = await read_table_names(connection, self._url.schemas, logged=mode.streams)
            published = await publications.published_tables(connection, owned)
            return {name: name in published for name in names}

    async def types(self) -> dict[str, str]:
        """What the types are that the events name only: those of the user's own, domains above all."""
        async with self._session() as connection:
            return await read_types(connection)

    async def prepare(self, mode: Mode, owned: Ownership, tables: Sequence[Table]) -> None:
        """
        Make the publications and, for CDC_ONLY, the slot; for CDC see that the connector can make it.

        Raises:
            ConfigError: Open transactions kept the slot from being made; they are named.
        """
        if not mode.streams:
            return
        async with self._session() as connection:
            await publications.make_publications(connection, owned, tables)
        async with self._session(self._slot_timeout_seconds) as connection:
            make = slot.make_slot if mode is Mode.CDC_ONLY else slot.probe_slot
            await make(connection, owned)

    async def publish(self, owned: Ownership, tables: Sequence[Table]) -> None:
        """Set the publications of a job that streams right for these tables."""
        async with self._session() as connection:
            await publications.make_publications(connection, owned, tables)

    def connector_config(self, mode: Mode, owned: Ownership, tables: Sequence[Table], password: str | None, kafka: str) -> dict[str, str]:
        """Build the connector's configuration, constants of `connector_configs/postgresql.json` included."""
        config = connector.connector_config(mode, owned, tables, url=self._url, host=self._host, password=password, kafka=kafka)
        return config | {"snapshot.fetch.size": str(fetch_size(self._row_widths, tables))}

    def signal_name(self, table: Table) -> str:
        """What a signal to Debezium calls the table."""
        return patterns.exactly(table)

    def signal_selects(self, mode: Mode, tables: Sequence[Table]) -> dict[str, str]:
        """The SELECT statements with which these tables are read again, where Debezium's own would have values misread."""
        return selects.signal_selects(mode, tables)

    async def row_selects(self, mode: Mode, table: Table, ids: Sequence[Any]) -> dict[str, str] | None:
        """The same that reads only the rows with these `_id`s; None where one of them cannot be written in SQL."""
        async with self._session() as connection:
            return await rows.row_selects(connection, mode, table, ids)

    def topic(self, owned: Ownership, table: Table) -> str:
        """Name the change topic that Debezium writes the table's changes to; tables may share one."""
        return topics.change_topic(owned, table)

    def extra_topics(self, owned: Ownership) -> list[str]:
        """Name the other topics the connector writes to while it streams."""
        return [topics.heartbeat_topic(owned), topics.message_topic(owned)]

    def lasting_topics(self, owned: Ownership) -> list[str]:
        """None: the connector keeps all that it goes on from in its offsets."""
        return []

    def groups(self, owned: Ownership) -> list[str]:
        """There are none."""
        return []

    async def blockers(self, owned: Ownership) -> list[str]:
        """Describe the open transactions that the slot's making waits for; empty when it waits for none."""
        async with self._session() as connection:
            return await slot.find_blockers(connection, owned)

    async def retained_bytes(self, owned: Ownership, tables: Sequence[tuple[str, str]]) -> int | None:
        """
        Bytes of log the slot holds back, or None where no slot exists.

        Raises:
            SourceError: The slot's log is gone, or a publication, or a table in it: changes are being lost.
        """
        async with self._session() as connection:
            retained = await slot.retained_bytes(connection, owned)
            if retained is not None:
                await publications.check_publications(connection, owned, tables)
            return retained

    @property
    def barrier(self) -> Markers:
        """Its log takes markers."""
        return self

    async def emit_marker(self) -> Callable[[bytes], bool]:
        """Write a marker into the log now."""
        token = uuid.uuid4().hex
        async with self._session() as connection:
            await marker.emit_marker(connection, token)
        return lambda value: marker.marker_token(value) == token

    def marker_topic(self, owned: Ownership) -> str:
        """Name the topic on which markers arrive."""
        return topics.message_topic(owned)

    def is_noted(self, offset: Mapping[str, Any], marker_record: bytes | None) -> bool:
        """Whether a connector that goes on from the offset has the initial read behind it, and the marker, if one is given."""
        return marker.is_noted(offset, marker_record)

    async def clean_up(self, owned: Ownership) -> None:
        """Drop the slot, then the publications; what is gone already is no error."""
        async with self._session() as connection:
            await slot.drop_slot(connection, owned)
            await publications.drop_publications(connection, owned)

    def leftovers(self, owned: Ownership) -> list[str]:
        """The SQL that removes by hand what `clean_up` would."""
        return [*slot.drop_statements(owned), *publications.drop_statements(owned)]

    @asynccontextmanager
    async def _session(self, statement_timeout_seconds: float | None = None) -> AsyncIterator[AsyncConnection[DictRow]]:
        options = {} if statement_timeout_seconds is None else {"statement_timeout_seconds": statement_timeout_seconds}
        async with session(self._url, **options) as connection:
            self._host = (connection.info.host, connection.info.port)
            yield connection


def open_source(url: str, user: str | None, password: str | None, *, slot_timeout_seconds: float) -> PostgresSource:
    """The source that the JDBC URL names; credentials given beside it outrank its own."""
    return PostgresSource(parse(url, user, password), slot_timeout_seconds)
