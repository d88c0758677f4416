"""Positions in the server's binary log, and whether a connector has come as far."""

import time
from collections.abc import Awaitable, Callable, Mapping
from dataclasses import dataclass
from typing import Any

from pipeline.errors import SourceError
from pipeline.sources.mysql.connection import Session
from pipeline.sources.mysql.flavour import Flavour, version_number
from pipeline.sources.mysql.gtid import holds, writers

STATUS_RENAMED = (8, 2)
"""The first version of MySQL that has SHOW BINARY LOG STATUS."""

STANDS_STILL_SECONDS = 4.0
"""Longer than between two heartbeats of the connector, each of which notes where it is."""


@dataclass(frozen=True, slots=True)
class Position:
    """
    Where the log ends: the file, the offset in it, and all transactions that are in the log.

    `gtids` is empty where the server has none; `server_id` is its number.
    """

    file: str
    offset: int
    server_id: int
    gtids: str = ""


@dataclass(slots=True)
class LogPassage:
    """
    Implements `pipeline.sources.source.Passage`: done once the connector has come to the position.

    Debezium's MariaDB connector takes a DDL statement for a transaction without end: until the next one
    its offset stays before the statement. `rotate` begins the server's next log file, which it notes.
    """

    position: Position
    rotate: Callable[[], Awaitable[None]] | None = None
    _stands_at: tuple[Any, ...] = ()
    _since: float = 0.0

    async def passed(self, offset: Mapping[str, Any]) -> bool:
        """Whether a connector that goes on from the offset (of BinlogOffsetContext) has."""
        if reaches(offset, self.position):
            return True
        if self.rotate is not None and self._stands_still(offset):
            await self.rotate()
            self.rotate = None
        return False

    def _stands_still(self, offset: Mapping[str, Any]) -> bool:
        place, now = (offset.get("file"), offset.get("pos"), offset.get("gtids")), time.monotonic()
        if place != self._stands_at:
            self._stands_at, self._since = place, now
        return now - self._since > STANDS_STILL_SECONDS


async def read_position(session: Session, flavour: Flavour) -> Position:
    """
    Return the log's end.

    Raises:
        ConfigError: The user may not ask for it (REPLICATION CLIENT).
        SourceError: The server writes no binary log.
    """
    row = await session.row(status_statement(session.version, flavour))
    if row is None:
        raise SourceError("the server writes no binary log", suggestion="Start it with log_bin, and post the job again.", code="LOG_BIN")
    gtids = row.get("executed_gtid_set") or ""
    if flavour is Flavour.MARIADB:
        gtids = await session.value("SELECT @@GLOBAL.gtid_binlog_pos") or ""
    server_id = int(await session.value("SELECT @@GLOBAL.server_id"))
    return Position(row["file"], int(row["position"]), server_id, gtids.replace("\n", ""))


def status_statement(version: str, flavour: Flavour) -> str:
    """The statement that tells the log's end, and which databases it leaves out."""
    renamed = flavour is Flavour.MYSQL and version_number(version) >= STATUS_RENAMED
    return "SHOW BINARY LOG STATUS" if renamed else "SHOW MASTER STATUS"


def reaches(offset: Mapping[str, Any], wanted: Position) -> bool:
    """
    Whether the offset is not before the position: by transactions where both know of them, or by the place in the file.

    An offset learns of a DDL statement's transaction with the next one only, so its place counts,
    too, if it is one in the log of this server: another's, from before a fail-over, has files of the same names.
    """
    by_transactions = bool(wanted.gtids and offset.get("gtids"))
    if by_transactions and holds(offset["gtids"], wanted.gtids):
        return True
    if not offset.get("file") or (by_transactions and _servers(offset) != {wanted.server_id}):
        return False
    return (_number(offset["file"]), offset.get("pos", 0)) >= (_number(wanted.file), wanted.offset)


def _servers(offset: Mapping[str, Any]) -> set[int]:
    """The numbers of the servers that wrote what the offset stands behind; before the first change only MariaDB's transactions tell."""
    server_id = offset.get("server_id")
    return writers(offset["gtids"]) if server_id is None else {server_id}


def _number(file: str) -> int:
    """The number at the end of a file's name: `binlog.000012` is 12."""
    suffix = file.rpartition(".")[2]
    return int(suffix) if suffix.isdigit() else 0
