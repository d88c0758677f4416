"""Jobs on MySQL and MariaDB whose service is killed, that are cancelled, or that cannot go on."""

from collections.abc import Callable, Iterator
from typing import Any

import pytest
from pymongo.database import Database
from tests.e2e.conftest import MakeService
from tests.e2e.harness.binlog_source import (
    AccountTraffic,
    BinlogSource,
    binlog_request,
    drop_binlog_source,
    expect_accounts_equal,
    fill_accounts,
    make_binlog_source,
)
from tests.e2e.harness.client import JobClient, changes_seen, rows_seen
from tests.e2e.harness.leftovers import left_elsewhere
from tests.e2e.harness.waiting import wait_until

from stack.layout import Layout
from stack.mysql import MySQL
from stack.ports import LOOPBACK, free_ports
from stack.stack import Stack

ROWS = 20_000


def test_a_service_killed_in_every_phase_of_a_job_loses_nothing(
    stack: Stack, make_service: MakeService, binlog_source: BinlogSource, target: Database[Any], target_url: str
) -> None:
    fill_accounts(binlog_source, ROWS)
    service = make_service(ROWSTREAM_BATCH_RECORDS="500")
    service.start()
    jobs = JobClient(service)

    job_id = jobs.post(binlog_request(binlog_source, target_url, "CDC"))
    service.kill()  # about to set up
    service.restart()
    jobs.wait_for_rows(job_id, 1)
    service.kill()  # in the snapshot
    service.restart()
    jobs.wait_until_streaming(job_id)
    with AccountTraffic(binlog_source, seed=5, largest_key=ROWS) as traffic:
        traffic.wait_for(200)
        service.kill_alone()  # while streaming
        traffic.wait_for(200)
        service.restart()
        traffic.wait_for(100)
        changes = traffic.end()
    jobs.stop(job_id)
    service.kill()  # about to drain
    service.restart()
    job = jobs.wait_for_status(job_id, "COMPLETED")

    expect_accounts_equal(binlog_source, target)
    assert (rows_seen(job), changes_seen(job)) == (ROWS, changes)
    assert left_elsewhere(stack, target, job_id) == []


def test_a_job_cancelled_at_any_time_leaves_nothing_behind_but_its_documents(
    stack: Stack, jobs: JobClient, binlog_source: BinlogSource, target: Database[Any], target_url: str
) -> None:
    fill_accounts(binlog_source, 60_000)

    def begun(mode: str) -> str:
        return jobs.post(binlog_request(binlog_source, target_url, mode))

    def cancelled(job_id: str) -> dict[str, Any]:
        jobs.cancel(job_id)
        job = jobs.wait_for_status(job_id, "CANCELLED")
        assert left_elsewhere(stack, target, job_id) == []
        return job

    assert cancelled(begun("CDC"))["cdcStatus"] == "CANCELLED"  # in its set-up

    job_id = begun("SNAPSHOT")
    jobs.wait_for_rows(job_id, 1)
    job = cancelled(job_id)
    assert not job["statistics"]["snapshotCompleted"], "asked too late: the test shows nothing"
    assert rows_seen(job) == target["account"].count_documents({})

    target.drop_collection("account")
    binlog_source.run("DELETE FROM account WHERE id > 100")
    job_id = begun("CDC")
    jobs.wait_until_streaming(job_id)
    assert cancelled(job_id)["cdcStatus"] == "CANCELLED"
    expect_accounts_equal(binlog_source, target)


Change = Callable[[dict[str, Any]], None]

WRONG: dict[str, tuple[Change, str]] = {
    "wrong password": (lambda details: details.update(password="no such password"), "Access denied"),
    "no such user": (lambda details: details.update(user="nobody_here"), "nobody_here"),
    "no such database": (lambda details: details.update(url=details["url"] + "_not"), "_not"),
    "nobody listens": (lambda details: details.update(url=f"jdbc:mysql://{LOOPBACK}:{free_ports(1)[0]}/x"), "does not answer"),
    "unknown host": (lambda details: details.update(url="jdbc:mysql://no-such-host.invalid/x"), "no-such-host.invalid"),
}


def test_a_source_that_cannot_be_used_fails_the_job_with_advice(
    stack: Stack, jobs: JobClient, binlog_source: BinlogSource, target: Database[Any], target_url: str
) -> None:
    fill_accounts(binlog_source, 10)
    for what, (change, word) in WRONG.items():
        request = binlog_request(binlog_source, target_url, "CDC")
        change(request["jdbcConnectionDetails"])
        job_id = jobs.post(request)

        job = jobs.wait_for_status(job_id, "FAILED")

        assert job["failureError"]["setupError"], what
        assert word in job["failureError"]["message"], what
        assert [update for update in job["jobUpdates"] if update["eventType"] == "ERROR"][-1]["suggestion"], what
        assert target.list_collection_names() == []
        wait_until(lambda job_id=job_id: not left_elsewhere(stack, target, job_id), f"{what}: nothing is left")  # type: ignore[misc]


def test_a_session_that_logs_less_than_whole_rows_fails_the_job_before_a_document_is_wrong(
    stack: Stack, jobs: JobClient, binlog_source: BinlogSource, target: Database[Any], target_url: str
) -> None:
    fill_accounts(binlog_source, 10)
    job_id = jobs.post(binlog_request(binlog_source, target_url, "CDC"))
    jobs.wait_until_streaming(job_id)
    binlog_source.run("UPDATE account SET balance = 7 WHERE id = 1")
    jobs.wait_for_changes(job_id, 1)
    before = list(target["account"].find())

    binlog_source.transact("SET SESSION binlog_row_image = MINIMAL", "UPDATE account SET balance = 8 WHERE id = 2")
    job = jobs.wait_for_status(job_id, "FAILED")

    assert job["failureError"]["errorType"] == "COLUMNS_NOT_KNOWN"
    assert list(target["account"].find()) == before
    assert changes_seen(job) == 1
    jobs.cancel(job_id)
    wait_until(lambda: not left_elsewhere(stack, target, job_id), "nothing is left")


@pytest.fixture
def without_gtids(annex: Layout, stack: Stack) -> Iterator[BinlogSource]:
    """A database of a MySQL that gives its transactions no identifiers."""
    settings = {"gtid-mode": "OFF", "enforce-gtid-consistency": "OFF"}
    server = MySQL(free_ports(1)[0], annex, stack.mysql.cache, name="mysql-without-gtids", settings=settings)
    server.start()
    made = make_binlog_source(server, "without_gtids")
    yield made
    drop_binlog_source(made)
    server.stop()


def test_a_server_without_gtids_is_followed_by_the_place_in_its_log_over_an_outage(
    stack: Stack, jobs: JobClient, without_gtids: BinlogSource, target: Database[Any], target_url: str
) -> None:
    fill_accounts(without_gtids, 1_000)
    assert without_gtids.ask("SELECT @@GLOBAL.gtid_mode") == [("OFF",)]
    job_id = jobs.post(binlog_request(without_gtids, target_url, "CDC"))
    jobs.wait_until_streaming(job_id)
    with AccountTraffic(without_gtids, seed=6, largest_key=1_000) as traffic:
        traffic.wait_for(150)
        without_gtids.server.kill()
        without_gtids.server.start()
        traffic.wait_for(150)
        without_gtids.run("FLUSH BINARY LOGS")
        traffic.wait_for(100)
        traffic.end()
    jobs.complete(job_id, 240)

    expect_accounts_equal(without_gtids, target)
    assert left_elsewhere(stack, target, job_id) == []
