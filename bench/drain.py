"""Draining filled topics: how fast, and at what cost."""

import time
from collections.abc import Callable, Mapping, Sequence
from dataclasses import dataclass
from typing import Any

from pymongo import MongoClient

from bench import cpu
from bench.contestants.contestant import Contestant
from bench.filled import Filled
from bench.servers import Servers
from bench.topics import FilledTopic
from stack.errors import StackError

START_SECONDS = 180.0
STALLED_SECONDS = 180.0
CHECK_SECONDS = 1.0
IDLE_SECONDS = 2.0


@dataclass(frozen=True, slots=True)
class Drained:
    """
    One drain, from the first document seen to the last.

    So the time in which processes start, join a group and find their work is left out for
    everyone. `events` are those after the first look. Processor time is in seconds, by group.
    """

    events: int
    seconds: float
    cpu_seconds: Mapping[str, float]
    elsewhere: float

    @property
    def events_per_second(self) -> float:
        """The speed."""
        return self.events / self.seconds

    def micros(self, group: str) -> float:
        """Microseconds of processor time an event that a group of processes used."""
        return self.cpu_seconds[group] / self.events * 1e6


class Drain:
    """Measures contestants on the servers; `tell` hears of the progress."""

    def __init__(self, servers: Servers, client: MongoClient[dict[str, Any]], tell: Callable[[str], None]) -> None:
        self.servers = servers
        self.client = client
        self.tell = tell

    def run(self, contestant: Contestant, filled: Filled) -> Drained:
        """
        Drain all topics with the contestant, which is stopped afterwards; its documents stay.

        Raises:
            StackError: It fails or does not come to the end.
        """
        idle = self._idle_rates()
        database = contestant.start(filled)
        try:
            watch = Watch(self.client, database, contestant, filled)
            self._wait(watch.has_begun, contestant, START_SECONDS)
            groups = self._groups(contestant)
            first, seen = cpu.read(groups), watch.documents()
            self._follow(watch, contestant)
            last = cpu.read(groups)
        finally:
            contestant.stop()
        usage = cpu.between(first, last, idle)
        return Drained(filled.workload.events - seen, usage.wall_seconds, usage.seconds, usage.elsewhere)

    def _groups(self, contestant: Contestant) -> dict[str, Sequence[int]]:
        servers = {
            "connect": self.servers.connect.pid,
            "mongod": self.servers.mongodb.pid,
            "kafka": self.servers.kafka.pid,
            "postgresql": self.servers.postgresql.pid,
        }
        return {name: [pid] for name, pid in servers.items() if pid is not None} | {contestant.host: contestant.pids()}

    def _idle_rates(self) -> dict[str, float]:
        """What the servers use, in seconds a second, while nobody works."""
        groups = {
            "connect": [self.servers.connect.pid or 0],
            "mongod": [self.servers.mongodb.pid or 0],
            "kafka": [self.servers.kafka.pid or 0],
        }
        first = cpu.read(groups)
        time.sleep(IDLE_SECONDS)  # the measurement's own length
        usage = cpu.between(first, cpu.read(groups))
        return {name: seconds / usage.wall_seconds for name, seconds in usage.seconds.items()}

    def _follow(self, watch: "Watch", contestant: Contestant) -> None:
        told = time.monotonic()
        moved, before = told, -1
        while not watch.has_ended():
            now = time.monotonic()
            if now - told > CHECK_SECONDS:
                told, documents = now, watch.documents()
                self.tell(f"{contestant.title}: {documents:,} documents")
                contestant.check()
                moved = now if documents != before else moved
                before = documents
                if now - moved > STALLED_SECONDS:
                    raise StackError(f"{contestant.title} has written nothing for {STALLED_SECONDS:.0f} s")
            time.sleep(watch.pause)

    def _wait(self, condition: Callable[[], bool], contestant: Contestant, seconds: float) -> None:
        deadline = time.monotonic() + seconds
        checked = 0.0
        while not condition():
            now = time.monotonic()
            if now - checked > CHECK_SECONDS:
                contestant.check()
                checked = now
            if now > deadline:
                raise StackError(f"{contestant.title} has not begun after {seconds:.0f} s")
            time.sleep(0.005)


class Watch:
    """
    Looks for the documents of the topics' first and last records.

    A topic has one partition, so the last record's document is there when all others are.
    """

    pause = 0.02

    def __init__(self, client: MongoClient[dict[str, Any]], database: str, contestant: Contestant, filled: Filled) -> None:
        self._database = client[database]
        self._contestant = contestant
        self._topics = filled.topics
        self._open = list(filled.topics)

    def has_begun(self) -> bool:
        """Whether any topic's first document is there."""
        return any(self._has(topic, topic.first) for topic in self._topics)

    def has_ended(self) -> bool:
        """Whether every topic's last document is there."""
        self._open = [topic for topic in self._open if not self._has(topic, topic.last)]
        return not self._open

    def documents(self) -> int:
        """About how many documents are there."""
        return sum(self._database[self._contestant.collection(topic)].estimated_document_count() for topic in self._topics)

    def _has(self, topic: FilledTopic, key: int) -> bool:
        collection = self._database[self._contestant.collection(topic)]
        return collection.find_one({"_id": self._contestant.identity(key)}, {"_id": 1}) is not None
