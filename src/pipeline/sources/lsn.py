"""Positions in the captured changes of SQL Server and Db2, whose connectors write them alike."""

from abc import ABC, abstractmethod
from collections.abc import Collection, Mapping
from datetime import datetime
from typing import Any, NamedTuple

from pipeline.sources.queries import Queries, Sessions


class LsnPosition(NamedTuple):
    """A change's place: of its commit, of itself, and which one it is of those that share both. Compares in that order."""

    commit_lsn: bytes = b""
    change_lsn: bytes = b""
    serial: int = 0

    @classmethod
    def behind(cls, commit_lsn: bytes) -> "LsnPosition":
        """The position behind every change of the commit."""
        return cls(commit_lsn, b"\xff" * 16)


def position_of(offset: Mapping[str, Any]) -> LsnPosition:
    """
    The position that a connector's offset names; before the first change it has none.

    An offset without a change is behind all of its commit: a snapshot begins so, and so does what comes after
    commits that changed other tables.
    """
    commit, change = _lsn(offset.get("commit_lsn")), _lsn(offset.get("change_lsn"))
    if commit and not change:
        return LsnPosition.behind(commit)
    return LsnPosition(commit, change, int(offset.get("event_serial_no") or 0))


def _lsn(text: Any) -> bytes:
    """Debezium writes the bytes as 00000025:00000d98:00a2, and NULL where there are none."""
    return bytes.fromhex(text.replace(":", "")) if isinstance(text, str) and ":" in text else b""


class LsnPassage(ABC):
    """
    Tells when the connector has read every change of the tables (schema, name) that was committed before `moment`.

    The end is looked for until it is known, and then stays: on a busy server changes go on coming.
    """

    def __init__(self, session: Sessions, moment: datetime, tables: Collection[tuple[str, str]]) -> None:
        self._session = session
        self._moment = moment
        self._tables = frozenset(tables)
        self._end: LsnPosition | None = None

    async def passed(self, offset: Mapping[str, Any]) -> bool:
        """Whether a connector at this offset has."""
        if self._end is None:
            async with self._session() as queries:
                self._end = await self._find_end(queries)
        return self._end is not None and position_of(offset) >= self._end

    @abstractmethod
    async def _find_end(self, queries: Queries) -> LsnPosition | None:
        """The position of the last change, once all that was committed before the moment is captured; None until then."""
