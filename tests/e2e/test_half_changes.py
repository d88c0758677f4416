"""Debezium skips the second half of a key change when its task is restarted between the two; no row and no count is lost by it."""

from typing import Any

from pymongo.database import Database
from tests.e2e.harness.client import JobClient, changes_seen, codes, rows_seen
from tests.e2e.harness.comparing import expect_documents_equal_rows
from tests.e2e.harness.leftovers import left_behind
from tests.e2e.harness.requests import job_request
from tests.e2e.harness.rest import ask_connect
from tests.e2e.harness.source import SourceDatabase
from tests.e2e.harness.traffic import fill

from pipeline.sink.half_changes import COLLECTION
from stack.stack import Stack

ROWS = 1_000
SOME = 10
MOST_CHANGES = 30 * ROWS


RENUMBER = "UPDATE account SET id = id + 10000, balance = balance + 1"


def test_rows_of_half_told_key_changes_are_counted_and_read_again(
    stack: Stack, jobs: JobClient, source: SourceDatabase, target: Database[Any], target_url: str
) -> None:
    fill(source, ROWS)
    job_id = jobs.post(job_request(source, target_url, "CDC"))
    jobs.wait_until_streaming(job_id)
    (connector,) = [name for name in ask_connect(stack, "/connectors") if job_id in name]
    config = ask_connect(stack, f"/connectors/{connector}/config")
    each_record_by_itself = {"max.batch.size": "1", "transaction.boundary": "poll"}  # so that it may be restarted in between
    ask_connect(stack, f"/connectors/{connector}/config", "PUT", config | each_record_by_itself)

    def half_told() -> int:
        return target[COLLECTION].count_documents({"job": job_id})

    changes = 0
    while not half_told():
        assert changes < MOST_CHANGES, "no key change was told half: the test shows nothing"
        if (seen := changes_seen(jobs.get(job_id))) + SOME > changes:
            changes += source.run(RENUMBER)
        jobs.wait_for_changes(job_id, seen + SOME)
        ask_connect(stack, f"/connectors/{connector}/restart?includeTasks=true", "POST")
    job = jobs.complete(job_id, 240)

    assert "HALF_CHANGE" in codes(job, "WARNING")
    expect_documents_equal_rows(source, target, {"account": "account"})
    assert (rows_seen(job), changes_seen(job)) == (ROWS, changes)
    assert left_behind(stack, source, target, job_id) == []
    assert half_told() == 0
