"""Servers go away and come back; no job fails for it, and nothing is lost or counted twice."""

from collections.abc import Callable
from typing import Any

import pytest
from pymongo.database import Database
from tests.e2e.harness.client import SETTLED_SECONDS, JobClient, changes_seen, codes, rows_seen
from tests.e2e.harness.comparing import expect_documents_equal_rows
from tests.e2e.harness.leftovers import left_behind
from tests.e2e.harness.requests import job_request
from tests.e2e.harness.source import SourceDatabase
from tests.e2e.harness.traffic import Accounts, Traffic, fill
from tests.e2e.harness.waiting import wait_until

from stack.server import Server
from stack.stack import Stack

ROWS = 1_000
LONG_SNAPSHOT = 60_000


@pytest.fixture(autouse=True)
def _all_running(stack: Stack) -> Any:
    """Whatever a failed test leaves down is up for the next."""
    yield
    for server in reversed(stack.servers):
        server.start()


OUTAGES: list[tuple[str, Callable[[Stack], Server], Callable[[Server], None]]] = [
    ("Kafka Connect killed", lambda stack: stack.connect, Server.kill),
    ("MongoDB killed", lambda stack: stack.mongodb, Server.kill),
    ("PostgreSQL restarted", lambda stack: stack.postgresql, Server.stop),
    ("PostgreSQL killed", lambda stack: stack.postgresql, Server.kill),
    ("Kafka restarted", lambda stack: stack.kafka, Server.stop),
]


@pytest.mark.parametrize(("server_of", "end"), [outage[1:] for outage in OUTAGES], ids=[outage[0] for outage in OUTAGES])
def test_a_streaming_job_goes_on_after_an_outage(
    stack: Stack,
    jobs: JobClient,
    source: SourceDatabase,
    target: Database[Any],
    target_url: str,
    server_of: Callable[[Stack], Server],
    end: Callable[[Server], None],
) -> None:
    fill(source, ROWS)
    job_id = jobs.post(job_request(source, target_url, "CDC"))
    jobs.wait_until_streaming(job_id)

    server = server_of(stack)
    with Traffic(source, Accounts(seed=4, largest_key=ROWS)) as traffic:
        traffic.wait_for(150)
        end(server)
        if server is not stack.postgresql:
            traffic.wait_for(150)
        server.start()
        traffic.wait_for(150)
        changes = traffic.end()
    jobs.wait_for_changes(job_id, changes, 240)
    job = jobs.complete(job_id, 240)

    expect_documents_equal_rows(source, target, {"account": "account"})
    assert rows_seen(job) == ROWS
    assert changes_seen(job) == changes
    assert left_behind(stack, source, target, job_id) == []


SNAPSHOT_OUTAGES = {
    "Kafka Connect killed": (lambda stack: stack.connect, Server.kill, True),
    "PostgreSQL restarted": (lambda stack: stack.postgresql, Server.stop, True),
    "MongoDB killed": (lambda stack: stack.mongodb, Server.kill, False),
    "Kafka killed": (lambda stack: stack.kafka, Server.kill, False),
}


@pytest.mark.parametrize(("server_of", "end", "interrupts"), SNAPSHOT_OUTAGES.values(), ids=SNAPSHOT_OUTAGES.keys())
def test_an_outage_during_the_snapshot_loses_nothing_and_leaves_no_row_that_was_deleted_and_every_foreign_document(
    stack: Stack,
    jobs: JobClient,
    source: SourceDatabase,
    target: Database[Any],
    target_url: str,
    server_of: Callable[[Stack], Server],
    end: Callable[[Server], None],
    interrupts: bool,
) -> None:
    fill(source, LONG_SNAPSHOT)
    for table in ("aaa", "second"):  # the connector reads tables in the order of their names
        source.run(f"CREATE TABLE {table} (id int PRIMARY KEY)", f"INSERT INTO {table} SELECT generate_series(1, 100)")
        target[table].insert_one({"_id": -1, "by": "somebody else"})
    job_id = jobs.post(job_request(source, target_url, "CDC"))
    wait_until(lambda: target["aaa"].count_documents({}) == 101, "the first table is read", SETTLED_SECONDS)

    server = server_of(stack)
    end(server)
    if server is stack.postgresql:
        server.start()
    source.run(
        "DELETE FROM account WHERE id % 3 = 0", "UPDATE account SET balance = -1 WHERE id % 7 = 0", "DELETE FROM aaa", "DELETE FROM second"
    )
    server.start()
    jobs.wait_until_streaming(job_id, 240)
    source.run("INSERT INTO second VALUES (1000)")
    job = jobs.complete(job_id, 240)

    assert ("SNAPSHOT_INTERRUPTED" in codes(job)) or not interrupts, "the snapshot had ended before the outage: the test shows nothing"
    for table in ("aaa", "second"):
        assert target[table].delete_one({"_id": -1, "by": "somebody else"}).deleted_count == 1
    expect_documents_equal_rows(source, target, {"account": "account", "aaa": "aaa", "second": "second"})
    if interrupts:
        assert rows_seen(job) == source.count("account")
        assert changes_seen(job) == 1
    assert left_behind(stack, source, target, job_id) == []
