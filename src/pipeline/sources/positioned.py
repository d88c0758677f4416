"""What sources have in common that make nothing at the database, and whose log is a sequence of positions."""

from abc import ABC, abstractmethod
from collections.abc import Mapping, Sequence
from dataclasses import dataclass
from typing import Any

from pipeline.errors import SourceError
from pipeline.sources import patterns, topics
from pipeline.sources.history import history_group, history_topic
from pipeline.sources.overrides import Wording, later_selects
from pipeline.sources.source import Mode, Ownership, Passage, Positions, Table


@dataclass(frozen=True, slots=True)
class Uncaptured:
    """What is said of tables whose changes are not captured any more, while a job follows them."""

    message: str
    suggestion: str
    code: str = "CAPTURE_GONE"


class PositionedSource(ABC):
    """
    The part of `pipeline.sources.source.Source` that is the same for all of them.

    What is captured of their tables is set up by a database administrator, and stays when a job ends.
    """

    captures_when_prepared = False
    takes_further_tables = True
    tells_order = False
    wording: Wording
    uncaptured: Uncaptured
    silent_after_seconds: float | None = None

    async def types(self) -> dict[str, str]:
        """None: the events' schema says of every type how its values are read."""
        return {}

    async def prepare(self, mode: Mode, owned: Ownership, tables: Sequence[Table]) -> None:  # noqa: B027 - that nothing is to be done is the answer of most
        """Nothing is made at the source."""

    async def publish(self, owned: Ownership, tables: Sequence[Table]) -> None:  # noqa: B027 - that nothing is to be done is the answer of most
        """Nothing is made: a table that can be taken in is captured already, which its check has seen."""

    def signal_name(self, table: Table) -> str:
        """What a signal to Debezium calls the table."""
        return patterns.exactly(table)

    def signal_selects(self, mode: Mode, tables: Sequence[Table]) -> dict[str, str]:
        """Those of tables of which not all rows are taken: Debezium's own statements read every type as changes have it."""
        return later_selects(tables, self.wording)

    @abstractmethod
    async def present_tables(self, mode: Mode, owned: Ownership) -> dict[tuple[str, str], bool]:
        """The tables that a job would take now, and of each whether its changes are captured."""

    async def retained_bytes(self, owned: Ownership, tables: Sequence[tuple[str, str]]) -> int | None:
        """
        None: the connector holds back nothing of the log, which is kept and removed as the database's administrator wants it.

        Raises:
            SourceError: Changes of one of the tables are not captured any more: they are being lost.
        """
        present = await self.present_tables(Mode.CDC, owned)
        if gone := sorted(".".join(name) for name in tables if present.get(name) is False):
            told = self.uncaptured
            raise SourceError(f"{', '.join(gone)}: {told.message}", suggestion=told.suggestion, code=told.code)
        return None

    async def row_selects(self, mode: Mode, table: Table, ids: Sequence[Any]) -> dict[str, str] | None:
        """None: single rows are not named; a half change is mended by reading its table again."""
        return None

    def topic(self, owned: Ownership, table: Table) -> str:
        """Name the change topic."""
        return topics.change_topic(owned, table)

    def extra_topics(self, owned: Ownership) -> list[str]:
        """Name the other topics the connector writes to while it streams."""
        return [topics.heartbeat_topic(owned)]

    def lasting_topics(self, owned: Ownership) -> list[str]:
        """The history of the tables' columns, by which the connector reads its log."""
        return [history_topic(owned)]

    def groups(self, owned: Ownership) -> list[str]:
        """The one in which the history is read."""
        return [history_group(owned)]

    async def blockers(self, owned: Ownership) -> list[str]:
        """Nothing keeps the connector from starting: no slot has to be made."""
        return []

    @property
    def barrier(self) -> Positions:
        """Its log takes no markers, but changes have positions in it."""
        return self

    @abstractmethod
    async def passage(self, tables: Sequence[tuple[str, str]]) -> Passage:
        """Begin to tell when the connector has read all that is committed by now."""

    def is_noted(self, offset: Mapping[str, Any], marker: bytes | None) -> bool:
        """Whether a connector that goes on from the offset has the initial read behind it; there are no markers here."""
        return offset.get("snapshot") is None or bool(offset.get("snapshot_completed"))

    async def clean_up(self, owned: Ownership) -> None:  # noqa: B027 - that nothing is to be done is the answer of most
        """Nothing is left at the source."""

    def leftovers(self, owned: Ownership) -> list[str]:
        """Nothing is left at the source."""
        return []
