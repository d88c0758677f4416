"""What is asked of every database whose changes rowstream's own reader follows."""

import random
from typing import Any, Protocol

from pymongo.database import Database
from tests.e2e.harness import typed_rows
from tests.e2e.harness.client import JobClient, changes_seen
from tests.e2e.harness.service import Service, kill_process
from tests.e2e.harness.source import SourceDatabase
from tests.e2e.harness.traffic import Accounts, Traffic
from tests.e2e.harness.waiting import wait_until


class Cluster(Protocol):
    """A database behind a proxy."""

    def cut(self) -> None:
        """Cut every connection."""
        ...


def kill_and_cut(service: Service, jobs: JobClient, job_id: str, source: SourceDatabase, cluster: Cluster) -> None:
    """Kill the job's reader, again and again, and cut it off now and then, while an application is at work."""
    dice = random.Random(20261126)  # noqa: S311 - chance that can be repeated
    with Traffic(source, Accounts(seed=7, largest_key=3_000)) as traffic:
        for round_ in range(6):
            seen = changes_seen(jobs.get(job_id))
            traffic.wait_for(100)
            jobs.wait_for_changes(job_id, seen + dice.randrange(1, 50))
            (reader,) = wait_until(lambda: service.readers, "a reader runs")
            if round_ % 3 == 2:
                _cut_off(reader, service, cluster)
            else:
                kill_process(reader)


def _cut_off(reader: int, service: Service, cluster: Cluster) -> None:
    """Cut its connections until it has ended: one that has just begun has none yet."""

    def has_ended() -> bool:
        cluster.cut()
        return reader not in service.readers

    wait_until(has_ended, "the reader ends")


def expect_every_type(jobs: JobClient, source: SourceDatabase, target: Database[Any], request: dict[str, Any]) -> None:
    """Every value of every type arrives by the first reading, by an insert and by an update."""
    source.run(*typed_rows.tables(), *typed_rows.rows_read())
    job_id = jobs.post(request)
    jobs.wait_until_streaming(job_id)

    source.run(*typed_rows.rows_changed())
    jobs.complete(job_id)

    assert target["typed"].count_documents({}) == typed_rows.count()
    assert typed_rows.wrong(target) == []
