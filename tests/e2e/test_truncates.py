"""A truncated table's collection is emptied, whatever becomes of the workers meanwhile; what is inserted afterwards stays."""

import os
import signal
from typing import Any

from pymongo.database import Database
from tests.e2e.conftest import MakeService
from tests.e2e.harness.client import JobClient, changes_seen
from tests.e2e.harness.comparing import expect_documents_equal_rows
from tests.e2e.harness.requests import job_request
from tests.e2e.harness.service import Worker
from tests.e2e.harness.source import SourceDatabase
from tests.e2e.harness.waiting import wait_until

ROWS = 40_000


def test_truncates_of_every_kind_empty_their_collections_and_count_once_a_table(
    jobs: JobClient, source: SourceDatabase, target: Database[Any], target_url: str
) -> None:
    source.run(
        "CREATE TABLE parent (id int PRIMARY KEY, text text)",
        "CREATE TABLE child (id int PRIMARY KEY, parent int REFERENCES parent)",
        "CREATE TABLE serial (id serial PRIMARY KEY, text text)",
        "CREATE TABLE bag (n int)",
        "CREATE TABLE parted (id int, r text, PRIMARY KEY (id, r)) PARTITION BY LIST (r)",
        "CREATE TABLE parted_a PARTITION OF parted FOR VALUES IN ('a')",
        "CREATE TABLE parted_b PARTITION OF parted FOR VALUES IN ('b')",
        "CREATE TABLE kept (id int PRIMARY KEY)",
        *_fill(1),
    )
    job_id = jobs.post(job_request(source, target_url, "CDC"))
    jobs.wait_until_streaming(job_id)
    target["serial"].create_index("text")

    changes = source.transact("INSERT INTO serial (text) VALUES ('before')", "UPDATE serial SET text = 'changed'", "TRUNCATE serial") + 1
    changes += source.transact(*_fill(51), "TRUNCATE parent CASCADE", "INSERT INTO parent VALUES (1, 'after')") + 2
    changes += source.transact("TRUNCATE serial, bag RESTART IDENTITY", "INSERT INTO serial (text) VALUES ('after')") + 2
    changes += source.run("TRUNCATE parted", "INSERT INTO parted VALUES (7, 'b')", "INSERT INTO bag VALUES (1), (1)") + 1
    changes += source.transact("TRUNCATE parent, child", "TRUNCATE parent CASCADE") + 4
    job = jobs.complete(job_id)

    tables = ["parent", "child", "serial", "bag", "parted", "kept"]
    expect_documents_equal_rows(source, target, {table: table for table in tables})
    assert changes_seen(job) == changes
    assert "text_1" in target["serial"].index_information()


def test_workers_killed_and_frozen_while_they_clear_neither_leave_nor_take_a_document(
    make_service: MakeService, source: SourceDatabase, target: Database[Any], target_url: str
) -> None:
    source.run("CREATE TABLE large (id int PRIMARY KEY, text text)", _insert(1, ROWS))
    service = make_service(workers=0)
    service.start()
    jobs = JobClient(service)
    first, killed, frozen, last = (Worker(service, name) for name in ("first", "killed", "frozen", "last"))
    first.start()
    job_id = jobs.post(job_request(source, target_url, "CDC"))
    jobs.wait_until_streaming(job_id)
    first.stop()

    changes = source.transact(_insert(-100, -1), "TRUNCATE large", _insert(1, 2_000)) + 1
    killed.start()
    _wait_until_clearing(target)
    killed.kill()
    frozen.start()
    _wait_until_clearing(target)
    os.kill(frozen.pid, signal.SIGSTOP)
    last.start()
    jobs.wait_for_changes(job_id, changes)
    os.kill(frozen.pid, signal.SIGCONT)
    changes += source.run("UPDATE large SET text = 'changed' WHERE id % 3 = 0")
    job = jobs.complete(job_id)
    for worker in (frozen, last):
        worker.stop()

    expect_documents_equal_rows(source, target, {"large": "large"})
    assert changes_seen(job) == changes


def _fill(first: int) -> list[str]:
    rows = f"FROM generate_series({first}, {first + 49}) AS n"
    return [
        f"INSERT INTO parent SELECT n, 'text' {rows}",
        f"INSERT INTO child SELECT n, n {rows}",
        f"INSERT INTO serial (text) SELECT 'text ' || n {rows}",
        f"INSERT INTO bag SELECT n % 3 {rows}",
        f"INSERT INTO parted SELECT n, chr(97 + n % 2) {rows}",
        f"INSERT INTO kept SELECT n {rows}",
    ]


def _insert(first: int, last: int) -> str:
    return f"INSERT INTO large SELECT n, 'text ' || n FROM generate_series({first}, {last}) AS n"


def _wait_until_clearing(target: Database[Any]) -> None:
    """Return when a worker has deleted some more documents, and, since the checkpoint stands at the truncate, not yet all."""
    before = _cleared(target)
    wait_until(lambda: _cleared(target) > before, "a worker clears the collection", 60, lambda: f"{before} documents are cleared")


def _cleared(target: Database[Any]) -> int:
    return sum(checkpoint["swept"] for checkpoint in target["_rowstream.checkpoints"].find())
