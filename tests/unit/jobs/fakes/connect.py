"""Fakes of Kafka Connect, and of what a reader finds in the topics that its connector writes."""

import asyncio
import json
from types import TracebackType
from typing import Any, Self

from tests.unit.jobs.servers import Servers

from pipeline.change.record import Position, Record
from pipeline.connect.status import ConnectorStatus


class Connect:
    """Kafka Connect, whose connector and tasks are as they are said to be."""

    def __init__(self, servers: Servers) -> None:
        self._servers = servers

    async def status(self, _: str) -> ConnectorStatus:
        self._servers.answer("connect")
        return self._servers.status

    async def restart(self, _: str, *, only_failed: bool = True) -> None:
        self._servers.answer("connect")
        self._servers.restarts += 1

    async def offsets(self, _: str) -> list[dict[str, Any]]:
        self._servers.answer("connect")
        return [{"partition": {}, "offset": {"noted": self._servers.noted}}]

    async def remove(self, _: str) -> None:
        self._servers.answer("connect")
        self._servers.status = ConnectorStatus()
        self._servers.done.append("connector removed")


class ConnectorReader:
    """Reads the notifications, or the markers, which the connector passes on at once."""

    def __init__(self, servers: Servers, topic: str) -> None:
        self._servers = servers
        self._markers = topic == "markers"
        self._read = 0

    async def __aenter__(self) -> Self:
        return self

    async def __aexit__(self, kind: type[BaseException] | None, error: BaseException | None, trace: TracebackType | None) -> None:
        return

    async def poll(self, _: float) -> list[Record]:
        await asyncio.sleep(0.002)
        said = self._servers.markers if self._markers else self._servers.notifications
        new, self._read = said[self._read :], len(said)
        return [Record(Position("n", 0, 0), None, each.encode() if self._markers else _notification(each)) for each in new]


def _notification(said: str) -> bytes:
    """A notification: its type alone, or `SCANNED <table> <rows>`."""
    kind, _, rest = said.partition(" ")
    data = None
    if kind == "SCANNED":
        table, _, rows = rest.partition(" ")
        kind, data = "TABLE_SCAN_COMPLETED", {"scanned_collection": table, "total_rows_scanned": rows, "status": "SUCCEEDED"}
    return json.dumps({"payload": {"aggregate_type": "Initial Snapshot", "type": kind, "additional_data": data}}).encode()
