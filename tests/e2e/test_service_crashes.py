"""The service may be killed at any moment of a job's life, and the job goes on where it was."""

from typing import Any

from pymongo.database import Database
from tests.e2e.conftest import MakeService
from tests.e2e.harness.client import JobClient, changes_seen, rows_seen
from tests.e2e.harness.comparing import expect_documents_equal_rows
from tests.e2e.harness.leftovers import left_behind
from tests.e2e.harness.requests import job_request
from tests.e2e.harness.rest import ask_connect
from tests.e2e.harness.source import SourceDatabase
from tests.e2e.harness.traffic import Accounts, Traffic, fill
from tests.e2e.harness.waiting import wait_until

from stack.stack import Stack

ROWS = 20_000


def test_a_service_killed_in_every_phase_of_a_job_loses_nothing(
    stack: Stack, make_service: MakeService, source: SourceDatabase, target: Database[Any], target_url: str
) -> None:
    fill(source, ROWS)
    service = make_service(ROWSTREAM_BATCH_RECORDS="500")
    service.start()
    jobs = JobClient(service)

    job_id = jobs.post(job_request(source, target_url, "CDC"))
    service.kill()  # about to set up
    service.restart()
    jobs.wait(job_id, "the set-up has begun", lambda job: bool(job["jobUpdates"]))
    service.kill_alone()  # in the set-up
    service.restart()
    jobs.wait_for_rows(job_id, 1)
    service.kill()  # in the snapshot
    service.restart()
    jobs.wait_until_streaming(job_id)
    with Traffic(source, Accounts(seed=3, largest_key=ROWS)) as traffic:
        traffic.wait_for(200)
        service.kill_alone()  # while streaming
        traffic.wait_for(200)
        service.restart()
        traffic.wait_for(100)
        changes = traffic.end()
    jobs.stop(job_id)
    service.kill()  # about to drain
    service.restart()
    jobs.wait(job_id, "the clean-up has begun", lambda job: job["status"] in ("CLEANING_UP", "COMPLETED"))
    service.kill_alone()  # in the clean-up
    service.restart()
    job = jobs.wait_for_status(job_id, "COMPLETED")

    expect_documents_equal_rows(source, target, {"account": "account"})
    assert rows_seen(job) == ROWS
    assert changes_seen(job) == changes
    assert left_behind(stack, source, target, job_id) == []


def test_a_clean_up_that_a_crash_cut_short_is_ended_by_the_next_service(
    stack: Stack, make_service: MakeService, source: SourceDatabase, target: Database[Any], target_url: str
) -> None:
    fill(source, 100)
    service = make_service()
    service.start()
    jobs = JobClient(service)
    job_id = jobs.post(job_request(source, target_url, "CDC"))
    jobs.wait_until_streaming(job_id)

    jobs.cancel(job_id)
    wait_until(lambda: not any(job_id in name for name in ask_connect(stack, "/connectors")), "the connector is gone")
    service.kill()
    half_way = left_behind(stack, source, target, job_id)
    service.restart()
    jobs.wait_for_status(job_id, "CANCELLED")

    assert half_way, "killed when all was clean already: the test shows nothing"
    assert left_behind(stack, source, target, job_id) == []


def test_a_service_that_is_asked_to_end_does_so_and_the_job_goes_on_with_the_next(
    make_service: MakeService, source: SourceDatabase, target: Database[Any], target_url: str
) -> None:
    fill(source, 100)
    service = make_service()
    service.start()
    jobs = JobClient(service)
    job_id = jobs.post(job_request(source, target_url, "CDC"))
    jobs.wait_until_streaming(job_id)

    assert service.stop() == 0
    changes = source.run("UPDATE account SET balance = 0 WHERE id <= 50", "DELETE FROM account WHERE id > 90")
    service.restart()
    job = jobs.complete(job_id)

    expect_documents_equal_rows(source, target, {"account": "account"})
    assert changes_seen(job) == changes
