"""Fakes of Kafka: its topics, and a signal that is written to one."""

import json
from collections.abc import Iterable, Mapping
from datetime import datetime

from tests.unit.jobs.servers import Servers


class Topics:
    """The topics that exist, which all end at one offset; that of the heartbeats has its own."""

    def __init__(self, servers: Servers) -> None:
        self._servers = servers

    async def end_offsets(self, topics: Iterable[str]) -> dict[str, int]:
        servers = self._servers
        return {topic: servers.heartbeats if topic.startswith("__debezium-heartbeat.") else servers.end for topic in topics}

    async def open_transactions(self, topics: Iterable[str]) -> dict[str, int]:
        servers = self._servers
        return {} if servers.open_from is None else dict.fromkeys(topics, servers.open_from)

    async def first_offsets(self, topics: Iterable[str]) -> dict[str, int]:
        return dict.fromkeys(topics, self._servers.first)

    async def offsets_since(self, topics: Iterable[str], _moment: datetime) -> dict[str, int | None]:
        return dict.fromkeys(topics, self._servers.young)

    async def names(self) -> list[str]:
        return self._servers.topics

    async def delete(self, names: Iterable[str]) -> None:
        gone = set(names)
        self._servers.topics = [topic for topic in self._servers.topics if topic not in gone]

    async def delete_group(self, _: str) -> bool:
        return True

    async def configure(self, names: Iterable[str], config: Mapping[str, str]) -> None:
        self._servers.retention |= dict.fromkeys(names, config)

    async def create(self, topics: Mapping[str, object]) -> None:
        self._servers.topics += topics

    async def empty(self, name: str) -> None:
        self._servers.done.append(f"emptied {name.rpartition('.')[2]}")


async def write_signal(servers: Servers, _servers: str, _topic: str, _key: bytes, value: bytes) -> None:
    """Have the signal heeded at once."""
    servers.heed_signal(json.loads(value)["data"]["data-collections"])
