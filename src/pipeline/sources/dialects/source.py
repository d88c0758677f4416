"""A database that SQLAlchemy reads as the source of one job: its rows, and not its changes."""

import asyncio
from collections.abc import Mapping, Sequence
from typing import Any, NoReturn

from sqlalchemy.engine.url import URL

from pipeline.errors import ConfigError
from pipeline.sources.dialects.catalogue import read_catalogue
from pipeline.sources.dialects.engine import connection, open_database
from pipeline.sources.dialects.readiness import check_tables
from pipeline.sources.dialects.url import parse
from pipeline.sources.source import Finding, Markers, Mode, Ownership, Positions, Table
from pipeline.sources.topics import change_topic

NO_CHANGES = "CHANGES_NOT_AVAILABLE"


class DialectSource:
    """
    Implements `pipeline.sources.source.Source` for databases whose rows rowstream's own reader reads.

    Nothing is made at the source, and nobody tells its changes: what asks for them is refused.
    """

    connector_class = ""
    captures_when_prepared = False
    takes_further_tables = True
    tells_order = True
    silent_after_seconds = None

    def __init__(self, source_type: str, url: URL) -> None:
        self._type = source_type
        self._url = url

    @property
    def password(self) -> str | None:
        """The password is the reader's alone."""
        return None

    async def check(self, mode: Mode, tables: Sequence[Table]) -> list[Finding]:
        """Say what the database still lacks for a job on these tables."""
        return await asyncio.to_thread(self._check, tables)

    async def tables(self, mode: Mode) -> list[Table]:
        """List the tables that a job takes, in name order."""
        return await asyncio.to_thread(self._tables)

    async def present_tables(self, mode: Mode, owned: Ownership) -> dict[tuple[str, str], bool]:
        """The tables that a job would take now."""
        return dict.fromkeys([(table.schema, table.name) for table in await self.tables(mode)], False)

    async def types(self) -> dict[str, str]:
        """Every type says itself what it is."""
        return {}

    async def prepare(self, mode: Mode, owned: Ownership, tables: Sequence[Table]) -> None:
        """There is nothing to make."""

    def topic(self, owned: Ownership, table: Table) -> str:
        """Name the table's change topic, as Debezium would."""
        return change_topic(owned, table)

    def extra_topics(self, owned: Ownership) -> list[str]:
        """There are none."""
        return []

    def lasting_topics(self, owned: Ownership) -> list[str]:
        """There are none of a connector."""
        return []

    def groups(self, owned: Ownership) -> list[str]:
        """There are none of a connector."""
        return []

    async def blockers(self, owned: Ownership) -> list[str]:
        """Nothing keeps a reader from reading."""
        return []

    async def clean_up(self, owned: Ownership) -> None:
        """There is nothing to remove."""

    def leftovers(self, owned: Ownership) -> list[str]:
        """Nothing is left at the source."""
        return []

    async def publish(self, owned: Ownership, tables: Sequence[Table]) -> None:
        """Changes are not told."""
        self._refuse()

    def connector_config(self, mode: Mode, owned: Ownership, tables: Sequence[Table], password: str | None, kafka: str) -> dict[str, str]:
        """No connector reads such a database."""
        self._refuse()

    def signal_name(self, table: Table) -> str:
        """No connector takes signals."""
        self._refuse()

    def signal_selects(self, mode: Mode, tables: Sequence[Table]) -> dict[str, str]:
        """No connector takes signals."""
        self._refuse()

    async def row_selects(self, mode: Mode, table: Table, ids: Sequence[Any]) -> dict[str, str] | None:
        """No connector takes signals."""
        self._refuse()

    async def retained_bytes(self, owned: Ownership, tables: Sequence[tuple[str, str]]) -> int | None:
        """Nothing is held back."""
        return None

    @property
    def barrier(self) -> Markers | Positions:
        """Changes are not told."""
        self._refuse()

    def is_noted(self, offset: Mapping[str, Any], marker: bytes | None) -> bool:
        """The reader writes in transactions: what it has said stands."""
        return True

    def _check(self, tables: Sequence[Table]) -> list[Finding]:
        with connection(open_database(self._type, self._url)) as opened:
            return check_tables(opened, tables)

    def _tables(self) -> list[Table]:
        with connection(open_database(self._type, self._url)) as opened:
            return [found.described() for found in read_catalogue(opened)]

    def _refuse(self) -> NoReturn:
        raise ConfigError(
            f"the changes of {self._type} databases cannot be followed: only their rows are read",
            suggestion="Use the mode SNAPSHOT.",
            code=NO_CHANGES,
        )


def open_source(source_type: str, url: str, user: str | None = None, password: str | None = None) -> DialectSource:
    """The source database of a job; nothing is connected to yet. Raises `ConfigError` for a URL that cannot be read."""
    return DialectSource(source_type, parse(source_type, url, user, password))
