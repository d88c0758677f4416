"""One run of the benchmarks: what its parts share."""

from collections.abc import Sequence
from dataclasses import asdict
from typing import Any

from pymongo import MongoClient

from bench.account import Account
from bench.checking import check
from bench.contestants.contestant import Contestant
from bench.contestants.rowstream import Rowstream
from bench.contestants.sink import KINDS, Kind, Sink
from bench.drain import Drain, Drained
from bench.filling import Filling
from bench.jobs import Jobs
from bench.options import Options
from bench.pipelines.peer import PeerPipeline
from bench.pipelines.pipeline import Pipeline
from bench.pipelines.rowstream import RowstreamPipeline
from bench.results import Results, Sample
from bench.servers import Servers
from bench.service import Service
from bench.source import Source
from bench.topics import FilledTopics
from bench.workload import Workload
from stack.connect import Connect
from stack.errors import StackError

SHOWN = 6


class Bench:
    """The servers, the contestants and the results so far."""

    def __init__(self, options: Options, servers: Servers, client: MongoClient[dict[str, Any]], account: Account) -> None:
        self.options = options
        self.servers = servers
        self.client = client
        self.account = account
        self.results = Results()
        self.service = Service(servers.layout)
        self.source = Source(servers.postgresql)
        self.jobs = Jobs(self.service, self.source, servers.mongodb)
        self.filling = Filling(servers, self.jobs, client, account.say)
        self.drain = Drain(servers, client, account.tell)
        self.contestants = self._contestants()
        self.pipelines = self._pipelines()
        if not self.contestants:
            raise StackError(f"there is no contestant {', '.join(options.contestants)}")
        for contestant in self.contestants:
            self.results.tell(contestant.name, contestant.title, {"drains": contestant.settings})
        for pipeline in self.pipelines:
            self.results.tell(pipeline.name, pipeline.title, {"end to end": pipeline.settings})

    def begin(self, part: str, workload: str) -> None:
        """Begin a part's results."""
        self.results.begin(part, workload, self.options.told())

    def add(self, sample: Sample) -> None:
        """Add to them."""
        self.results.add(sample)

    def drain_all(self, part: str, workload: Workload, contestants: Sequence[Contestant] | None = None) -> None:
        """Fill topics with the workload, and have every contestant drain them, in turns, as often as was asked for."""
        contestants = self.contestants if contestants is None else contestants
        self.begin(part, workload.title)
        topics = self.filling.fill(workload)
        for contestant in contestants:
            if contestant.warms_up:
                with self.account.working():
                    self.drain.warm_up(contestant, topics)
        for turn in range(1, self.options.repeat + 1):
            for contestant in contestants:
                self._drain_one(part, contestant, topics, workload.events, turn)

    def _drain_one(self, part: str, contestant: Contestant, topics: FilledTopics, events: int, turn: int) -> None:
        with self.account.working():
            drained = self.drain.run(contestant, topics, events)
        checked = check(self.source, self.client, drained.database, contestant, topics)
        self.client.drop_database(drained.database)
        sample = Sample(part, contestant.name, figures(drained, contestant.host), asdict(checked))
        self.add(sample)
        found = sample.figures
        self.account.say(
            f"{turn}. {contestant.title:<22} {found['events_per_second']:>9,.0f} events/s  "
            f"{found['host_cpu_us']:.1f} us an event in {contestant.host}, {found['mongodb_cpu_us']:.1f} in mongodb  "
            f"({drained.events:,} events in {drained.seconds:.1f} s; {verdict(sample)})"
        )

    def _contestants(self) -> list[Contestant]:
        every: list[Contestant] = [Rowstream(self.filling, self.service, workers) for workers in self.options.workers]
        every += [self._sink(kind, self.servers.peers) for kind in KINDS]
        return [each for each in every if self.options.wants(each.name)]

    def _pipelines(self) -> list[Pipeline]:
        every: list[Pipeline] = [RowstreamPipeline(self.jobs, workers) for workers in self.options.workers]
        every += [self._peer(kind, exactly_once=exactly_once) for kind in KINDS for exactly_once in (False, True)]
        return [each for each in every if self.options.wants(each.name)]

    def _peer(self, kind: Kind, *, exactly_once: bool) -> PeerPipeline:
        connect = self.servers.connect if exactly_once else self.servers.peers
        return PeerPipeline(
            self._sink(kind, connect), connect, self.source, self.servers.kafka.bootstrap_servers, exactly_once=exactly_once
        )

    def _sink(self, kind: Kind, connect: Connect) -> Sink:
        return Sink(kind, connect, self.client, self.servers.mongodb.url)


def figures(drained: Drained, host: str) -> dict[str, float]:
    """A drain's figures."""
    return {
        "events": drained.events,
        "seconds": drained.seconds,
        "events_per_second": drained.events_per_second,
        "host_cpu_us": drained.micros(host),
        **{f"{group}_cpu_us": drained.micros(group) for group in drained.cpu_seconds},
        "host_peak_mb": drained.peak_bytes / 1e6,
        "elsewhere_processors": drained.elsewhere,
    }


def verdict(sample: Sample) -> str:
    """What was found in the documents, and how busy others kept the machine."""
    checked = sample.checked
    missing = f", {checked['missing']} of {checked['compared']} not found" if checked["missing"] else ""
    columns = list(checked["different"])
    more = f" and {len(columns) - SHOWN} more" if len(columns) > SHOWN else ""
    different = f", other than the rows: {', '.join(columns[:SHOWN])}{more}" if columns else ""
    others = f"others used {sample.figures['elsewhere_processors']:.2f} processors"
    return f"{checked['documents']:,} documents for {checked['rows']:,} rows{missing}{different}; {others}"
