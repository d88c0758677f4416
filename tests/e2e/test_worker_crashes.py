"""A worker that is killed at any moment loses nothing and does nothing twice."""

import random
from collections.abc import Callable
from typing import Any

import pytest
from confluent_kafka.admin import AdminClient
from pymongo.database import Database
from tests.e2e.conftest import MakeService
from tests.e2e.harness.bag import Bag
from tests.e2e.harness.client import JobClient, JobView, changes_seen, rows_seen
from tests.e2e.harness.comparing import expect_documents_equal_rows
from tests.e2e.harness.requests import job_request
from tests.e2e.harness.service import Worker, kill_process
from tests.e2e.harness.source import SourceDatabase
from tests.e2e.harness.traffic import Accounts, Application, Traffic, fill
from tests.e2e.harness.waiting import wait_until

from stack.stack import Stack

KILLS = 20
ROWS = 100_000
CHANGES = 3_000


@pytest.fixture
def seed() -> int:
    """The seed of the moments at which a worker is killed; printed when the test fails."""
    chosen = random.SystemRandom().randrange(2**32)
    print(f"seed {chosen}")  # noqa: T201 - shown with a failed test
    return chosen


def test_a_worker_killed_twenty_times_during_a_snapshot_of_100_000_rows_loses_nothing(
    make_service: MakeService, source: SourceDatabase, target: Database[Any], target_url: str, seed: int
) -> None:
    fill(source, ROWS)
    service = make_service(workers=0, ROWSTREAM_BATCH_RECORDS="500")
    service.start()
    jobs, worker = JobClient(service), Worker(service, "mortal")
    job_id = jobs.post(job_request(source, target_url, "SNAPSHOT"))

    killed_at = _kill_as_it_goes_on(jobs, job_id, worker, seed, ROWS, rows_seen)
    job = jobs.wait_for_status(job_id, "COMPLETED", 240)
    worker.stop()

    assert sum(seen < ROWS for seen in killed_at) > KILLS / 2, f"killed too late to matter, after {killed_at} rows"
    expect_documents_equal_rows(source, target, {"account": "account"})
    assert rows_seen(job) == ROWS


def test_a_worker_killed_twenty_times_while_changes_stream_counts_each_of_them_once(
    make_service: MakeService, source: SourceDatabase, target: Database[Any], target_url: str, seed: int
) -> None:
    fill(source, 1_000)

    accounts = Accounts(seed, largest_key=1_000)
    job, changes, killed_at = _stream_and_kill(make_service, source, target_url, seed, accounts, CHANGES)

    assert len(set(killed_at)) > KILLS / 2, f"killed too seldom at another place, after {killed_at} changes"
    expect_documents_equal_rows(source, target, {"account": "account"})
    assert changes_seen(job) == changes
    assert rows_seen(job) == 1_000


def test_a_worker_killed_while_rows_without_a_key_change_meets_one_of_several_equal_rows_with_each_change(
    make_service: MakeService, source: SourceDatabase, target: Database[Any], target_url: str, seed: int
) -> None:
    bag = Bag(seed)
    bag.fill(source, 300)

    job, changes, _ = _stream_and_kill(make_service, source, target_url, seed, bag, CHANGES // 3, kills=5)

    expect_documents_equal_rows(source, target, {"bag": "bag"})
    assert changes_seen(job) == changes
    assert rows_seen(job) == 300
    assert target["bag"].count_documents({}) == bag.rows


def test_another_worker_takes_over_the_tables_of_one_that_was_killed(
    stack: Stack, make_service: MakeService, source: SourceDatabase, target: Database[Any], target_url: str
) -> None:
    tables = [f"part_{number}" for number in range(6)]
    source.run(*(f"CREATE TABLE {table} (id bigint PRIMARY KEY, text text)" for table in tables))
    service = make_service(workers=0)
    service.start()
    jobs, first, second = JobClient(service), Worker(service, "first"), Worker(service, "second")
    first.start()
    second.start()
    job_id = jobs.post(job_request(source, target_url, "CDC"))
    jobs.wait_until_streaming(job_id)

    changes = _insert(source, tables, 1, 200)
    jobs.wait_for_changes(job_id, changes)
    wait_until(lambda: _shares(stack, job_id) == [3, 3], "both workers have half of the tables", report=lambda: str(_shares(stack, job_id)))
    first.kill()
    changes += _insert(source, tables, 201, 400)
    jobs.wait_for_changes(job_id, changes)
    job = jobs.complete(job_id)
    second.stop()

    expect_documents_equal_rows(source, target, {table: f"part{table[-1]}" for table in tables})
    assert changes_seen(job) == changes


def test_a_service_starts_a_worker_again_that_was_killed(
    make_service: MakeService, source: SourceDatabase, target: Database[Any], target_url: str
) -> None:
    source.run("CREATE TABLE thing (id bigint PRIMARY KEY, text text)")
    service = make_service(workers=1)
    service.start()
    jobs = JobClient(service)
    job_id = jobs.post(job_request(source, target_url, "CDC"))
    changes = _insert(source, ["thing"], 1, 100)
    jobs.wait_until_streaming(job_id)

    (before,) = service.workers
    kill_process(before)
    wait_until(lambda: service.workers and service.workers != [before], "another worker runs", report=service.tail)
    changes = _insert(source, ["thing"], 101, 200)
    jobs.wait_for_changes(job_id, changes)
    jobs.complete(job_id)

    expect_documents_equal_rows(source, target, {"thing": "thing"})


def _stream_and_kill(
    make_service: MakeService,
    source: SourceDatabase,
    target_url: str,
    seed: int,
    application: Application,
    total: int,
    kills: int = KILLS,
) -> tuple[JobView, int, list[int]]:
    """
    Have a job apply at least `total` changes of the application by small batches, and its worker killed so many times.

    Returns the completed job, how many changes were made, and the counts at the kills.
    """
    service = make_service(workers=0, ROWSTREAM_BATCH_RECORDS="20")
    service.start()
    jobs, worker = JobClient(service), Worker(service, "mortal")
    worker.start()
    job_id = jobs.post(job_request(source, target_url, "CDC"))
    jobs.wait_until_streaming(job_id)
    worker.kill()

    with Traffic(source, application) as traffic:
        killed_at = _kill_as_it_goes_on(jobs, job_id, worker, seed, total, changes_seen, kills)
        traffic.wait_for(max(1, total - traffic.changes))
        changes = traffic.end()
    job = jobs.complete(job_id, 240)
    worker.stop()
    return job, changes, killed_at


def _kill_as_it_goes_on(
    jobs: JobClient, job_id: str, worker: Worker, seed: int, total: int, seen: Callable[[JobView], int], kills: int = KILLS
) -> list[int]:
    """
    Start the worker and kill it so many times; at the end it runs. Returns the counts at the kills.

    It is killed once a random number more is seen than at the kill before, and every fourth time as soon as it has begun.
    """
    chance, killed_at = random.Random(seed), [0]  # noqa: S311 - a test that can be repeated
    for kill in range(kills):
        threshold = min(killed_at[-1] + (chance.randrange(1, total // kills) if kill % 4 else 0), total)
        worker.start()
        jobs.wait(job_id, f"{threshold} are seen", lambda job, wanted=threshold: seen(job) >= wanted, 240)  # type: ignore[misc]
        killed_at.append(seen(jobs.get(job_id)))
        worker.kill()
    worker.start()
    return killed_at[1:]


def _shares(stack: Stack, job_id: str) -> list[int]:
    """How many change topics each member of the job's consumer group has."""
    admin = AdminClient({"bootstrap.servers": stack.connections.kafka_bootstrap_servers, "log_level": 2})
    groups = [group.group_id for group in admin.list_consumer_groups().result().valid if job_id in group.group_id]
    found = [future.result() for future in admin.describe_consumer_groups(groups).values()] if groups else []
    return sorted(len(member.assignment.topic_partitions) for group in found for member in group.members)


def _insert(source: SourceDatabase, tables: list[str], first: int, last: int) -> int:
    return source.run(*(f"INSERT INTO {table} SELECT n, 'text ' || n FROM generate_series({first}, {last}) AS n" for table in tables))
