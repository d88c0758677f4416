"""What each mode moves."""

from typing import Any

import pytest
from pymongo.database import Database
from tests.e2e.harness.client import JobClient, changes_seen, rows_seen
from tests.e2e.harness.comparing import expect_documents_equal_rows
from tests.e2e.harness.leftovers import left_behind
from tests.e2e.harness.requests import job_request
from tests.e2e.harness.source import SourceDatabase
from tests.e2e.harness.traffic import Accounts, Traffic, fill
from tests.proofs.kinds import Kind

from stack.stack import Stack

pytestmark = pytest.mark.proves(Kind.RUN, "POSTGRESQL")

LINES = """
CREATE TABLE order_lines (order_id int, line_no smallint, sku text NOT NULL, price numeric(9, 2), PRIMARY KEY (order_id, line_no));
INSERT INTO order_lines SELECT n / 4, n % 4, 'sku ' || n, n * 0.99 FROM generate_series(1, 999) AS n;
"""


def test_a_snapshot_job_moves_every_row_and_ends_by_itself(
    stack: Stack, jobs: JobClient, source: SourceDatabase, target: Database[Any], target_url: str
) -> None:
    fill(source, 1_500)
    source.run(LINES, "CREATE TABLE empty (id int PRIMARY KEY)")
    job_id = jobs.post(job_request(source, target_url, "SNAPSHOT"))

    job = jobs.wait_for_status(job_id, "COMPLETED")

    expect_documents_equal_rows(source, target, {"account": "account", "order_lines": "orderLines", "empty": "empty"})
    assert job["cdcStatus"] == "NOT_STARTED"
    assert "cdcStatistics" not in job
    assert rows_seen(job) == 1_500 + 999
    assert job["statistics"]["snapshotCompleted"]
    assert job["statistics"]["totalTableCount"] == 4
    assert job["statistics"]["remainingTableCount"] == 0
    assert job["statistics"]["totalEvents"] == 1_500 + 999
    assert left_behind(stack, source, target, job_id) == []


def test_a_cdc_job_follows_every_change_until_it_is_stopped(
    stack: Stack, jobs: JobClient, source: SourceDatabase, target: Database[Any], target_url: str
) -> None:
    fill(source, 2_000)
    source.run(LINES)
    job_id = jobs.post(job_request(source, target_url, "CDC"))
    jobs.wait_until_streaming(job_id)

    with Traffic(source, Accounts(seed=1, largest_key=2_000)) as traffic:
        traffic.wait_for(300)
        changes = source.run(
            "INSERT INTO order_lines VALUES (9000, 1, 'new', 1)",
            "UPDATE order_lines SET price = NULL WHERE order_id = 10",
            "DELETE FROM order_lines WHERE order_id = 11",
        )
        changes += traffic.end()
    job = jobs.complete(job_id)

    expect_documents_equal_rows(source, target, {"account": "account", "order_lines": "orderLines"})
    assert job["cdcStatus"] == "COMPLETED"
    assert rows_seen(job) == 2_000 + 999
    assert changes_seen(job) == changes
    assert left_behind(stack, source, target, job_id) == []


def test_changes_made_while_the_snapshot_is_read_are_not_lost(
    jobs: JobClient, source: SourceDatabase, target: Database[Any], target_url: str
) -> None:
    fill(source, 30_000)
    with Traffic(source, Accounts(seed=2, largest_key=30_000)) as traffic:
        traffic.wait_for(20)
        job_id = jobs.post(job_request(source, target_url, "CDC"))
        jobs.wait_until_streaming(job_id)
        traffic.wait_for(100)
        traffic.end()
    jobs.complete(job_id)

    expect_documents_equal_rows(source, target, {"account": "account"})


def test_a_cdc_only_job_captures_every_change_made_after_its_answer(
    stack: Stack, jobs: JobClient, source: SourceDatabase, target: Database[Any], target_url: str
) -> None:
    source.run("CREATE TABLE note (id int PRIMARY KEY, text text)", "INSERT INTO note SELECT n, 'old' FROM generate_series(1, 50) AS n")

    job_id = jobs.post(job_request(source, target_url, "CDC_ONLY"))
    source.run("INSERT INTO note VALUES (51, 'made at once')", "UPDATE note SET text = 'changed' WHERE id = 1")
    jobs.wait_until_streaming(job_id)
    source.run("DELETE FROM note WHERE id = 2", "INSERT INTO note VALUES (52, 'made later')")
    job = jobs.complete(job_id)

    found = {document["_id"]: document["text"] for document in target["note"].find()}
    assert found == {51: "made at once", 1: "changed", 52: "made later"}
    assert changes_seen(job) == 4
    assert rows_seen(job) == 0
    assert left_behind(stack, source, target, job_id) == []
