"""A fake of the source database."""

import secrets
from collections.abc import Callable, Mapping, Sequence
from typing import Any

from tests.unit.jobs.servers import Servers

from pipeline.sources.source import Finding, Mode, Ownership, Table


class Source:
    """A source that needs no preparation, and is its own barrier."""

    password = None
    captures_when_prepared = True
    takes_further_tables = True

    def __init__(self, servers: Servers) -> None:
        self._servers = servers

    @property
    def silent_after_seconds(self) -> float | None:
        return self._servers.silent_after

    async def retained_bytes(self, _owned: Ownership, _tables: Sequence[tuple[str, str]]) -> int:
        self._servers.answer("source")
        return 0

    async def present_tables(self, _mode: Mode, _owned: Ownership) -> dict[tuple[str, str], bool]:
        self._servers.answer("source")
        return {(table.schema, table.name): True for table in self._servers.catalogue}

    async def tables(self, _: Mode) -> list[Table]:
        self._servers.answer("source")
        return self._servers.catalogue

    async def check(self, _mode: Mode, _tables: Sequence[Table]) -> list[Finding]:
        self._servers.answer("source")
        return []

    async def publish(self, _owned: Ownership, tables: Sequence[Table]) -> None:
        self._servers.answer("source")
        self._servers.done.append(f"published {', '.join(table.name for table in tables)}")

    def signal_name(self, table: Table) -> str:
        return table.qualified_name

    def signal_selects(self, _mode: Mode, _tables: Sequence[Table]) -> dict[str, str]:
        return {}

    async def row_selects(self, _mode: Mode, table: Table, ids: Sequence[Any]) -> dict[str, str] | None:
        self._servers.answer("source")
        return {table.qualified_name: f"SELECT {ids}"} if self._servers.names_rows else None

    async def types(self) -> dict[str, str]:
        self._servers.answer("source")
        return {}

    def topic(self, _owned: Ownership, table: Table) -> str:
        return f"prefix.{table.qualified_name}"

    async def blockers(self, _: Ownership) -> list[str]:
        self._servers.answer("source")
        return []

    @property
    def barrier(self) -> "Source":
        return self

    async def emit_marker(self) -> Callable[[bytes], bool]:
        self._servers.answer("source")
        token = secrets.token_hex(4)
        self._servers.markers.append(token)
        return lambda value: value.decode() == token

    def is_noted(self, offset: Mapping[str, Any], marker: bytes | None) -> bool:
        return offset["noted"] == "marker" if marker else offset["noted"] is not None

    async def clean_up(self, _: Ownership) -> None:
        self._servers.answer("source")
        self._servers.done.append("source cleaned")

    def extra_topics(self, _: Ownership) -> list[str]:
        return []

    def groups(self, _: Ownership) -> list[str]:
        return ["history"]

    def marker_topic(self, _: Ownership) -> str:
        return "markers"

    def leftovers(self, _: Ownership) -> list[str]:
        return ["DROP ..."]
