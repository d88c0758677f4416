"""A CockroachDB database as the source of one job."""

import asyncio
from collections.abc import Callable, Mapping, Sequence
from dataclasses import replace
from decimal import Decimal
from typing import Any

from pipeline.reader.position import is_followed_to
from pipeline.sources.cockroachdb.following import CockroachFollowing
from pipeline.sources.cockroachdb.readiness import check_cluster
from pipeline.sources.dialects.engine import connection, open_database
from pipeline.sources.dialects.source import DialectSource
from pipeline.sources.dialects.url import parse
from pipeline.sources.findings import by_severity
from pipeline.sources.source import Finding, Identity, Markers, Mode, Ownership, Table

CLOCKS_APART = Decimal(500_000_000)
"""Nanoseconds by which the clocks of a cluster's nodes may differ (`--max-offset`): as much later may be what was committed before."""


class CockroachSource(DialectSource):
    """Implements `pipeline.sources.source.Source`: rows and changes are read by rowstream's own reader. Nothing is made at the source."""

    async def check(self, mode: Mode, tables: Sequence[Table]) -> list[Finding]:
        """Say what the cluster still lacks for a job of this mode on these tables."""
        found = await super().check(mode, tables)
        return by_severity([*found, *await asyncio.to_thread(self._check_cluster, tables)]) if mode.streams and tables else found

    async def tables(self, mode: Mode) -> list[Table]:
        """List the tables that a job takes, in name order; changes tell the key of the row that was."""
        return [replace(table, identity=Identity.KEY) for table in await super().tables(mode)]

    async def publish(self, owned: Ownership, tables: Sequence[Table]) -> None:
        """Nothing has to be told to the cluster."""

    def signal_name(self, table: Table) -> str:
        """Its name; the reader takes it for what it is."""
        return table.qualified_name

    def signal_selects(self, mode: Mode, tables: Sequence[Table]) -> dict[str, str]:
        """The reader knows which rows the job takes."""
        return {}

    async def row_selects(self, mode: Mode, table: Table, ids: Sequence[Any]) -> dict[str, str] | None:
        """No change is ever told by half."""
        return None

    @property
    def barrier(self) -> Markers:
        """The reader says up to which moment it has told all changes."""
        return self

    async def emit_marker(self) -> Callable[[bytes], bool]:
        """Ask for the present moment; what was committed on whichever node is not later by more than their clocks differ."""
        now = await asyncio.to_thread(CockroachFollowing(open_database(self._type, self._url)).now)
        return is_followed_to(Decimal(now) + CLOCKS_APART)

    def marker_topic(self, owned: Ownership) -> str:
        """Name the topic in which the reader says so."""
        return owned.position_topic

    def is_noted(self, offset: Mapping[str, Any], marker: bytes | None) -> bool:
        """The reader writes in transactions: what it has said stands."""
        return True

    def _check_cluster(self, tables: Sequence[Table]) -> list[Finding]:
        database = open_database(self._type, self._url)
        with connection(database) as opened:
            return check_cluster(opened, database, tables)


def open_source(source_type: str, url: str, user: str | None = None, password: str | None = None) -> CockroachSource:
    """The source database of a job; nothing is connected to yet. Raises `ConfigError` for a URL that cannot be read."""
    return CockroachSource(source_type, parse(source_type, url, user, password))
