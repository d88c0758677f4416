"""A YugabyteDB database as the source of one job."""

import asyncio
import time
from collections.abc import Sequence

from pipeline.sources.dialects.engine import Database, connection
from pipeline.sources.dialects.followed import FollowedSource
from pipeline.sources.dialects.url import parse
from pipeline.sources.dialects.writing import writing
from pipeline.sources.source import Finding, Mode, Ownership, Table
from pipeline.sources.yugabyte import slot
from pipeline.sources.yugabyte.following import YugabyteFollowing
from pipeline.sources.yugabyte.moments import CLOCKS_APART, COUNTER_BITS
from pipeline.sources.yugabyte.readiness import check_cluster

CLOCKS_SECONDS = (CLOCKS_APART >> COUNTER_BITS) / 1_000_000
"""So long after the slot was made every node's present moment is behind its beginning."""


class YugabyteSource(FollowedSource):
    """
    Implements `pipeline.sources.source.Source`: rows and changes are read by rowstream's own reader.

    A job that streams makes a table for its markers, a publication and a slot, which keeps to the tables that it was made for.
    """

    takes_further_tables = False

    def check_following(self, database: Database, tables: Sequence[Table]) -> list[Finding]:
        """Say what the cluster still lacks for a job that follows changes of these tables."""
        with connection(database) as opened:
            return check_cluster(opened, tables)

    def following(self, database: Database) -> YugabyteFollowing:
        """How changes are followed; no slot is needed to ask for the present moment."""
        return YugabyteFollowing(database, "")

    async def tables(self, mode: Mode) -> list[Table]:
        """List the tables that a job takes, in name order; those of markers are left out."""
        return [table for table in await super().tables(mode) if not slot.MARKER_NAME.fullmatch(table.name)]

    async def prepare(self, mode: Mode, owned: Ownership, tables: Sequence[Table]) -> None:
        """Make the table of markers, the publication and the slot, for a job that streams."""
        if mode.streams:
            await asyncio.to_thread(self._make, owned, tables)

    async def retained_bytes(self, owned: Ownership, tables: Sequence[tuple[str, str]]) -> int | None:
        """
        None: the cluster does not tell what a slot holds back.

        Raises:
            SourceError: The publication lacks one of the tables.
        """
        await asyncio.to_thread(self._check_published, owned, tables)
        return None

    async def clean_up(self, owned: Ownership) -> None:
        """Drop the slot, the publication and the table of markers; what is gone already is no error."""
        await asyncio.to_thread(self._drop, owned)

    def leftovers(self, owned: Ownership) -> list[str]:
        """The SQL that removes by hand what `clean_up` would."""
        return slot.drop_statements(owned)

    def _make(self, owned: Ownership, tables: Sequence[Table]) -> None:
        with writing(self._database()) as opened:
            slot.make_slot(opened, owned, tables)
        time.sleep(CLOCKS_SECONDS)

    def _check_published(self, owned: Ownership, tables: Sequence[tuple[str, str]]) -> None:
        with writing(self._database()) as opened:
            slot.check_published(opened, owned, [*tables, slot.find_marker(opened, owned.slot)])

    def _drop(self, owned: Ownership) -> None:
        with writing(self._database()) as opened:
            slot.drop_slot(opened, owned)


def open_source(source_type: str, url: str, user: str | None = None, password: str | None = None) -> YugabyteSource:
    """The source database of a job; nothing is connected to yet. Raises `ConfigError` for a URL that cannot be read."""
    return YugabyteSource(source_type, parse(source_type, url, user, password))
