"""A job that cannot be says why and what to do, and leaves nothing behind."""

from collections.abc import Callable, Iterator
from contextlib import contextmanager
from typing import Any

import pytest
from pymongo import MongoClient
from pymongo.database import Database
from tests.e2e.conftest import MakeService
from tests.e2e.harness.client import JobClient, JobView
from tests.e2e.harness.comparing import expect_documents_equal_rows
from tests.e2e.harness.leftovers import expect_nothing_left_soon, left_behind
from tests.e2e.harness.requests import job_request, with_database
from tests.e2e.harness.source import SourceDatabase, drop_source, make_source
from tests.e2e.harness.waiting import wait_until

from stack.mongodb import MongoDB
from stack.ports import LOOPBACK, free_ports
from stack.postgresql import PostgreSQL
from stack.stack import Stack

Change = Callable[[dict[str, Any]], None]

WRONG_REQUESTS: dict[str, tuple[Change, str]] = {
    "wrong password": (lambda details: details.update(password="no such password"), "password"),
    "no such user": (lambda details: details.update(user="nobody_here"), "nobody_here"),
    "no such database": (lambda details: details.update(url=details["url"] + "_not"), "_not"),
    "nobody listens": (lambda details: details.update(url=f"jdbc:postgresql://{LOOPBACK}:{free_ports(1)[0]}/x"), "does not answer"),
    "unknown host": (lambda details: details.update(url="jdbc:postgresql://no-such-host.invalid/x"), "no-such-host.invalid"),
}


def expect_failure(job: JobView, *words: str, set_up: bool = True) -> None:
    """The job has failed; its failure says the words, and its updates what to do."""
    failure = job["failureError"]
    assert failure["setupError"] is set_up, failure
    assert all(word in failure["message"] for word in words), failure["message"]
    last = [update for update in job["jobUpdates"] if update["eventType"] == "ERROR"][-1]
    assert last["errorCode"] == failure["errorType"]
    assert last["message"] in failure["message"]
    assert last["suggestion"], f"says not what to do: {last}"


@pytest.mark.parametrize(("change", "word"), WRONG_REQUESTS.values(), ids=WRONG_REQUESTS.keys())
def test_a_source_that_cannot_be_used_fails_the_job_with_advice(
    stack: Stack, jobs: JobClient, source: SourceDatabase, target: Database[Any], target_url: str, change: Change, word: str
) -> None:
    source.run("CREATE TABLE thing (id int PRIMARY KEY)")
    request = job_request(source, target_url, "CDC")
    change(request["jdbcConnectionDetails"])
    job_id = jobs.post(request)

    job = jobs.wait_for_status(job_id, "FAILED")

    expect_failure(job, word)
    assert target.list_collection_names() == []
    expect_nothing_left_soon(stack, source, target, job_id)


def test_a_database_that_keeps_no_logical_log_can_be_read_but_not_followed(
    stack: Stack, jobs: JobClient, replica_level_postgresql: PostgreSQL, target: Database[Any], target_url: str
) -> None:
    with _database(replica_level_postgresql.dsn(), "replica level") as source:
        source.run(
            "CREATE TABLE thing (id int PRIMARY KEY, text text)", "INSERT INTO thing SELECT n, 'x' FROM generate_series(1, 300) AS n"
        )
        for mode in ("CDC", "CDC_ONLY"):
            job_id = jobs.post(job_request(source, target_url, mode))
            expect_failure(jobs.wait_for_status(job_id, "FAILED"), "wal_level", "logical")
            expect_nothing_left_soon(stack, source, target, job_id)

        job_id = jobs.post(job_request(source, target_url, "SNAPSHOT"))
        jobs.wait_for_status(job_id, "COMPLETED")

        expect_documents_equal_rows(source, target, {"thing": "thing"})
        expect_nothing_left_soon(stack, source, target, job_id)


def test_a_mongodb_without_transactions_is_refused_with_advice(
    stack: Stack, jobs: JobClient, source: SourceDatabase, standalone_mongodb: MongoDB, target_name: str
) -> None:
    source.run("CREATE TABLE thing (id int PRIMARY KEY)")
    job_id = jobs.post(job_request(source, with_database(standalone_mongodb.url, target_name), "CDC"))

    job = jobs.wait_for_status(job_id, "FAILED")

    expect_failure(job, "replica set", "rs.initiate")
    with MongoClient[Any](standalone_mongodb.url, directConnection=True) as client:
        assert client[target_name].list_collection_names() == []
        expect_nothing_left_soon(stack, source, client[target_name], job_id)


def test_a_mongodb_that_does_not_answer_is_told(
    stack: Stack, jobs: JobClient, source: SourceDatabase, target: Database[Any], target_name: str
) -> None:
    source.run("CREATE TABLE thing (id int PRIMARY KEY)")
    job_id = jobs.post(job_request(source, f"mongodb://{LOOPBACK}:{free_ports(1)[0]}/{target_name}", "SNAPSHOT"))

    job = jobs.wait_for_status(job_id, "FAILED")

    assert job["failureError"]["setupError"]
    assert "MongoDB" in job["failureError"]["message"]
    expect_nothing_left_soon(stack, source, target, job_id)


@pytest.mark.parametrize("mode", ["CDC", "CDC_ONLY"])
def test_a_transaction_that_stays_open_fails_the_job_and_is_named(
    stack: Stack, make_service: MakeService, source: SourceDatabase, target: Database[Any], target_url: str, mode: str
) -> None:
    source.run("CREATE TABLE thing (id int PRIMARY KEY)")
    service = make_service(ROWSTREAM_SLOT_TIMEOUT_SECONDS="2")
    service.start()
    jobs = JobClient(service)
    with source.connect(autocommit=False) as application:
        application.execute("INSERT INTO thing VALUES (1)")
        job_id = jobs.post(job_request(source, target_url, mode))

        job = jobs.wait_for_status(job_id, "FAILED")
        pid = application.info.backend_pid
        application.rollback()

    expect_failure(job, f"pid {pid}", "Commit, roll back or terminate")
    expect_nothing_left_soon(stack, source, target, job_id)


def test_a_streaming_job_whose_role_lost_its_password_fails_with_advice_and_can_be_cleaned_up_once_it_is_restored(
    stack: Stack, jobs: JobClient, source: SourceDatabase, target: Database[Any], target_url: str
) -> None:
    source.run("CREATE TABLE thing (id int PRIMARY KEY, text text)")
    job_id = jobs.post(job_request(source, target_url, "CDC"))
    jobs.wait_until_streaming(job_id)

    source.admin(
        f"ALTER ROLE {source.role} PASSWORD 'another'",
        f"SELECT pg_terminate_backend(pid) FROM pg_stat_activity WHERE usename = '{source.role}'",
    )
    job = jobs.wait_for_status(job_id, "FAILED")
    kept = left_behind(stack, source, target, job_id)
    source.admin(f"ALTER ROLE {source.role} PASSWORD '{source.password}'")
    jobs.cancel(job_id)
    wait_until(lambda: left_behind(stack, source, target, job_id) == [], "nothing is left behind")

    expect_failure(job, "password", set_up=False)
    assert job["cdcStatus"] == "FAILED"
    assert kept, "what a job owns that failed after its set-up is kept for a while"


def test_a_dropped_publication_fails_the_job_with_advice(
    jobs: JobClient, source: SourceDatabase, target: Database[Any], target_url: str
) -> None:
    source.run("CREATE TABLE thing (id int PRIMARY KEY, text text)")
    job_id = jobs.post(job_request(source, target_url, "CDC"))
    jobs.wait_until_streaming(job_id)

    (publication,) = (row[0] for row in source.ask("SELECT pubname FROM pg_publication") if job_id in row[0])
    source.admin(f'DROP PUBLICATION "{publication}"', "INSERT INTO thing VALUES (1, 'lost')")
    job = jobs.wait_for_status(job_id, "FAILED")

    expect_failure(job, "publication", "dropped", set_up=False)


@contextmanager
def _database(server_dsn: str, name: str) -> Iterator[SourceDatabase]:
    source = make_source(server_dsn, name)
    try:
        yield source
    finally:
        drop_source(server_dsn, source)
