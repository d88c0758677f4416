"""Whenever and however a job is ended, nothing of it is left."""

from typing import Any

from pymongo.database import Database
from tests.e2e.harness.client import JobClient, rows_seen
from tests.e2e.harness.leftovers import left_behind
from tests.e2e.harness.requests import job_request
from tests.e2e.harness.source import SourceDatabase
from tests.e2e.harness.traffic import fill

from stack.stack import Stack


def test_a_job_cancelled_in_its_set_up_leaves_nothing_behind(
    stack: Stack, jobs: JobClient, source: SourceDatabase, target: Database[Any], target_url: str
) -> None:
    fill(source, 100)
    job_id = jobs.post(job_request(source, target_url, "CDC"))
    jobs.cancel(job_id)

    job = jobs.wait_for_status(job_id, "CANCELLED")

    assert job["cdcStatus"] == "CANCELLED"
    assert left_behind(stack, source, target, job_id) == []


def test_a_job_stopped_or_cancelled_in_its_snapshot_is_cancelled_and_leaves_nothing_behind(
    stack: Stack, jobs: JobClient, source: SourceDatabase, target: Database[Any], target_url: str
) -> None:
    fill(source, 80_000)
    for mode, ask in (("SNAPSHOT", jobs.stop), ("CDC", jobs.cancel)):
        job_id = jobs.post(job_request(source, target_url, mode))
        jobs.wait_for_rows(job_id, 1)
        ask(job_id)

        job = jobs.wait_for_status(job_id, "CANCELLED")

        assert not job["statistics"]["snapshotCompleted"], "asked too late: the test shows nothing"
        assert rows_seen(job) == target["account"].count_documents({})
        assert left_behind(stack, source, target, job_id) == []
        target.drop_collection("account")


def test_a_job_cancelled_while_it_streams_leaves_nothing_behind_but_its_documents(
    stack: Stack, jobs: JobClient, source: SourceDatabase, target: Database[Any], target_url: str
) -> None:
    fill(source, 100)
    job_id = jobs.post(job_request(source, target_url, "CDC"))
    jobs.wait_until_streaming(job_id)
    jobs.cancel(job_id)

    job = jobs.wait_for_status(job_id, "CANCELLED")

    assert job["cdcStatus"] == "CANCELLED"
    assert target["account"].count_documents({}) == 100
    assert left_behind(stack, source, target, job_id) == []
