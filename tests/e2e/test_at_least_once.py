"""A Kafka Connect without exactly-once support: it is told, and documents of keyed tables equal their rows all the same."""

import json
from collections.abc import Iterator
from typing import Any

import pytest
from confluent_kafka.admin import AdminClient
from pymongo.database import Database
from tests.e2e.conftest import MakeService
from tests.e2e.harness.client import JobClient, changes_seen, codes, rows_seen
from tests.e2e.harness.comparing import expect_documents_equal_rows
from tests.e2e.harness.requests import job_request
from tests.e2e.harness.source import SourceDatabase
from tests.e2e.harness.topic import committed_records
from tests.e2e.harness.traffic import Accounts, Traffic, fill

from stack.connect import Connect
from stack.layout import Layout
from stack.ports import free_ports
from stack.stack import Stack

ROWS = 2_000
NAME = "at-least-once"
SLOW_FLUSH = 5_000
"""Milliseconds between the moments at which Connect notes how far it is: what it writes in between is told again after a crash."""


@pytest.fixture(scope="module")
def plain_connect(stack: Stack, annex: Layout) -> Iterator[Connect]:
    """A Connect beside the stack's, on its Kafka, without exactly-once support."""
    topics = {f"{kind}.storage.topic": f"{NAME}-{kind}" for kind in ("config", "offset", "status")}
    server = Connect(
        free_ports(1)[0],
        annex,
        stack.connect.library,
        stack.kafka.bootstrap_servers,
        name=NAME,
        secrets=stack.connect.secrets,
        settings={
            "group.id": NAME,
            "exactly.once.source.support": "disabled",
            "offset.flush.interval.ms": SLOW_FLUSH,
            "session.timeout.ms": 6_000,
            "heartbeat.interval.ms": 1_500,
            **topics,
        },
    )
    server.start()
    yield server
    server.stop()
    admin = AdminClient({"bootstrap.servers": stack.kafka.bootstrap_servers})
    for deleted in admin.delete_topics(list(topics.values())).values():
        deleted.result()


def test_changes_that_are_told_twice_leave_documents_that_equal_their_rows(
    stack: Stack, make_service: MakeService, plain_connect: Connect, source: SourceDatabase, target: Database[Any], target_url: str
) -> None:
    fill(source, ROWS)
    service = make_service(ROWSTREAM_CONNECT_URL=plain_connect.url)
    service.start()
    jobs = JobClient(service)
    job_id = jobs.post(job_request(source, target_url, "CDC"))
    job = jobs.wait_until_streaming(job_id)
    assert codes(job, "WARNING") == ["AT_LEAST_ONCE"]
    assert rows_seen(job) == ROWS

    with Traffic(source, Accounts(seed=11, largest_key=ROWS)) as traffic:
        traffic.wait_for(100)
        changes = source.run(  # values that are left out, of rows that are elsewhere or gone when this is told again
            "UPDATE account SET owner = 'seen', id = id + 2000000 WHERE statement IS NOT NULL AND id BETWEEN 1 AND 1000",
            "UPDATE account SET owner = 'seen again' WHERE statement IS NOT NULL AND id > 2000000",
            "DELETE FROM account WHERE id > 2000000",
        )
        traffic.wait_for(50)
        jobs.wait_for_changes(job_id, traffic.changes)
        plain_connect.kill()
        changes += traffic.end()
    plain_connect.start()
    changes += source.run("UPDATE account SET balance = 0 WHERE id % 50 = 0")
    jobs.wait_for_changes(job_id, changes, 240)
    told = _orders(stack, job_id)
    job = jobs.complete(job_id, 240)

    assert told != sorted(told), "nothing was told twice: the test shows nothing"
    expect_documents_equal_rows(source, target, {"account": "account"})
    assert changes_seen(job) == changes


def test_a_snapshot_without_exactly_once_comes_to_its_end_with_every_row(
    make_service: MakeService, plain_connect: Connect, source: SourceDatabase, target: Database[Any], target_url: str
) -> None:
    fill(source, ROWS)
    service = make_service(ROWSTREAM_CONNECT_URL=plain_connect.url)
    service.start()
    jobs = JobClient(service)
    job = jobs.wait_for_status(jobs.post(job_request(source, target_url, "SNAPSHOT")), "COMPLETED")

    assert codes(job, "WARNING") == ["AT_LEAST_ONCE"]
    expect_documents_equal_rows(source, target, {"account": "account"})


def _orders(stack: Stack, job_id: str) -> list[tuple[int, int]]:
    """Where in the source's log the connector says that each change of `account` stands, in the order of the change topic."""
    orders = []
    for message in committed_records(stack.connections.kafka_bootstrap_servers, f"rowstream_{job_id}_g1.public.account"):
        payload = json.loads(message.value() or b"")["payload"]
        if payload["op"] != "r":
            commit, place = json.loads(payload["source"]["sequence"])
            orders.append((int(commit or 0), int(place)))
    return orders
