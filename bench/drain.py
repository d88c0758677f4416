"""Draining filled topics: how fast, and at what cost."""

from collections.abc import Callable, Mapping
from dataclasses import dataclass
from typing import Any

from pymongo import MongoClient

from bench import cpu
from bench.contestants.contestant import Contestant
from bench.memory import peak_bytes
from bench.servers import Servers
from bench.topics import FilledTopics
from bench.watch import Watch

SETTLE_SECONDS = 20.0
WARM_UP_SECONDS = 25.0


@dataclass(frozen=True, slots=True)
class Drained:
    """
    One drain, from the first document seen to the last.

    So the time in which processes start, join a group and find their work is left out for
    everyone. `events` are those after the first look. Processor time is in seconds, by group;
    `peak_bytes` is the most memory that one of the contestant's processes has held.
    """

    database: str
    events: int
    seconds: float
    cpu_seconds: Mapping[str, float]
    elsewhere: float
    peak_bytes: int

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

    def run(self, contestant: Contestant, topics: FilledTopics, events: int) -> Drained:
        """
        Drain all topics, which hold `events`, with the contestant; it is stopped afterwards, its documents stay.

        Raises:
            StackError: It fails or does not come to the end.
        """
        idle = cpu.wait_until_quiet(self.servers.pids(), SETTLE_SECONDS)
        database = contestant.start(topics)
        try:
            watch = Watch(self.client, database, contestant, topics)
            watch.wait_for_first(contestant.check)
            groups = self.servers.pids() | {contestant.host: contestant.pids()}
            first, seen = cpu.read(groups), watch.documents()
            watch.wait_for_last(contestant.check, lambda documents: self.tell(f"{contestant.title}: {documents:,} documents"))
            last = cpu.read(groups)
            peak = peak_bytes(groups[contestant.host])
        finally:
            contestant.stop()
        usage = cpu.between(first, last, idle)
        return Drained(database, max(events - seen, 1), usage.wall_seconds, usage.seconds, usage.elsewhere, peak)

    def warm_up(self, contestant: Contestant, topics: FilledTopics) -> None:
        """Let the contestant drain for a while, unmeasured, so that Java has compiled what it runs."""
        self.tell(f"{contestant.title} warms up")
        database = contestant.start(topics)
        try:
            watch = Watch(self.client, database, contestant, topics)
            watch.wait_for_first(contestant.check)
            watch.follow(WARM_UP_SECONDS)
        finally:
            contestant.stop()
        self.client.drop_database(database)
