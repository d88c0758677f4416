"""A database whose rows and changes rowstream's own reader reads, as the source of one job."""

import asyncio
from abc import ABC, abstractmethod
from collections.abc import Callable, Mapping, Sequence
from dataclasses import replace
from decimal import Decimal
from typing import Any

from pipeline.reader.followed import is_followed_to
from pipeline.sources.dialects.engine import Database, open_database
from pipeline.sources.dialects.source import DialectSource
from pipeline.sources.findings import by_severity
from pipeline.sources.following import Following
from pipeline.sources.source import Finding, Identity, Markers, Mode, Ownership, Table


class FollowedSource(DialectSource, ABC):
    """Implements `pipeline.sources.source.Source`, in what is the same for all such databases."""

    @abstractmethod
    def check_following(self, database: Database, tables: Sequence[Table]) -> list[Finding]:
        """Say what the database still lacks for a job that follows changes of these tables."""

    @abstractmethod
    def following(self, database: Database) -> Following:
        """How changes are followed; asked for the present moment only."""

    async def check(self, mode: Mode, tables: Sequence[Table]) -> list[Finding]:
        """Say what the database still lacks for a job of this mode on these tables."""
        found = await super().check(mode, tables)
        if not mode.streams or not tables:
            return found
        return by_severity([*found, *await asyncio.to_thread(self.check_following, self._database(), tables)])

    async def tables(self, mode: Mode) -> list[Table]:
        """List the tables that a job takes, in name order; changes tell the key of the row that was."""
        return [replace(table, identity=Identity.KEY) for table in await super().tables(mode)]

    async def publish(self, owned: Ownership, tables: Sequence[Table]) -> None:
        """Nothing has to be told to the database."""

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
        following = self.following(self._database())
        return is_followed_to(Decimal(await asyncio.to_thread(following.now)) + following.clocks_apart)

    def marker_topic(self, owned: Ownership) -> str:
        """Name the topic in which the reader says so."""
        return owned.position_topic

    def is_noted(self, offset: Mapping[str, Any], marker: bytes | None) -> bool:
        """The reader writes in transactions: what it has said stands."""
        return True

    def _database(self) -> Database:
        return open_database(self._type, self._url)
