"""One run of the benchmarks: what its parts share."""

from dataclasses import asdict
from typing import Any

from pymongo import MongoClient

from bench.account import Account
from bench.checking import Checked, check
from bench.contestants.contestant import Contestant
from bench.contestants.rowstream import Rowstream
from bench.contestants.sink import mongo_kafka
from bench.drain import Drain, Drained
from bench.filled import Filled, Filling
from bench.options import Options
from bench.results import Results, Sample
from bench.servers import Servers
from bench.service import Service
from bench.source import Source
from bench.workload import Workload
from stack.errors import StackError

WORK_GROUPS = ("workers", "connect", "mongod", "kafka")


class Bench:
    """The servers, the contestants and the results so far."""

    def __init__(self, options: Options, servers: Servers, client: MongoClient[dict[str, Any]], account: Account) -> None:
        self.options = options
        self.servers = servers
        self.client = client
        self.account = account
        self.results = Results(options.told())
        self.service = Service(servers.layout)
        self.source = Source(servers.postgresql)
        self.filling = Filling(servers, self.service, self.source, client, account.say)
        self.drain = Drain(servers, client, account.tell)
        self.contestants = self._contestants()
        self.results.contestants = {each.name: {"title": each.title, **each.settings} for each in self.contestants}

    def drain_all(self, part: str, workload: Workload) -> None:
        """Fill topics with the workload, and have every contestant drain them, in turns, as often as was asked for."""
        self.results.workloads[part] = workload.name
        filled = self.filling.fill(workload)
        for turn in range(1, self.options.repeat + 1):
            for contestant in self.contestants:
                self._drain_one(part, contestant, filled, turn)

    def _drain_one(self, part: str, contestant: Contestant, filled: Filled, turn: int) -> None:
        with self.account.working():
            drained = self.drain.run(contestant, filled)
        database = filled.target if contestant.host == "workers" else f"bench_{contestant.name.replace('-', '_')}"
        checked = check(self.source, self.client, database, contestant, filled)
        self.client.drop_database(database)
        self.results.samples.append(Sample(part, contestant.name, figures(drained, contestant.host), asdict(checked)))
        self.account.say(f"{turn}. {_line(contestant, drained, checked)}")

    def _contestants(self) -> list[Contestant]:
        every: list[Contestant] = [Rowstream(self.filling, self.service, workers) for workers in self.options.workers]
        every += [mongo_kafka(self.servers, self.client)]
        chosen = [each for each in every if any(each.name.startswith(name) for name in self.options.contestants)]
        if not chosen:
            raise StackError(f"there is no contestant {', '.join(self.options.contestants)}")
        return chosen


def figures(drained: Drained, host: str) -> dict[str, float]:
    """A drain's figures."""
    return {
        "events": drained.events,
        "seconds": drained.seconds,
        "events_per_second": drained.events_per_second,
        "host_cpu_us": drained.micros(host),
        **{f"{group}_cpu_us": drained.micros(group) for group in drained.cpu_seconds},
        "elsewhere_processors": drained.elsewhere,
    }


def _line(contestant: Contestant, drained: Drained, checked: Checked) -> str:
    cost = f"{drained.micros(contestant.host):.1f} us an event in {contestant.host}, {drained.micros('mongod'):.1f} in mongod"
    verdict = f"{checked.documents:,} documents for {checked.rows:,} rows"
    if checked.missing:
        verdict += f", {checked.missing} of {checked.compared} not found"
    wrong = f"; other than the row: {', '.join(checked.different)}" if checked.different else ""
    return (
        f"{contestant.title:<24} {drained.events_per_second:>9,.0f} events/s  {cost}  "
        f"({drained.events:,} events in {drained.seconds:.1f} s, others used {drained.elsewhere:.2f} processors; {verdict}{wrong})"
    )
