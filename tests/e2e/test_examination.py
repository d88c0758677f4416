"""What a job would lack, and what Kafka Connect would be sent, is told without starting it, and without leaving a trace."""

from typing import Any

import pytest
from pymongo import MongoClient
from pymongo.database import Database
from tests.e2e.conftest import MakeService
from tests.e2e.harness.client import JobClient, RefusedError
from tests.e2e.harness.leftovers import left_behind
from tests.e2e.harness.requests import job_request, with_database
from tests.e2e.harness.rest import ask_connect
from tests.e2e.harness.source import SourceDatabase
from tests.e2e.harness.traffic import fill
from tests.e2e.harness.waiting import wait_until

from stack.mongodb import MongoDB
from stack.stack import Stack

ANY_JOB = "rowstream_"
NO_JOB = "0" * 24


def errors(readiness: dict[str, Any]) -> dict[str, dict[str, Any]]:
    """The checks that found an error, by name."""
    return {check["check"]: check for check in readiness["checks"] if check["severity"] == "ERROR"}


@pytest.mark.parametrize("mode", ["SNAPSHOT", "CDC", "CDC_ONLY"])
def test_what_is_ready_and_previewed_is_what_then_runs(
    stack: Stack, make_service: MakeService, source: SourceDatabase, target: Database[Any], target_url: str, mode: str
) -> None:
    fill(source, 100)
    source.run("CREATE TABLE order_line (a int, b text, PRIMARY KEY (b, a))", "CREATE TABLE note (text text)")
    request = job_request(source, target_url, mode)
    service = make_service(workers=0)  # so that no job comes to its end
    service.start()
    jobs = JobClient(service)
    before = left_behind(stack, source, target, ANY_JOB)

    readiness = jobs.ask("POST", "/jobs/readiness", request)
    assert readiness["ready"] is True
    assert {check["area"] for check in readiness["checks"]} == {"SOURCE", "TARGET", "ENGINE"}
    assert "4 tables can be read" in [check["message"] for check in readiness["checks"]]
    preview = jobs.ask("POST", "/jobs/preview", request)
    assert preview["tables"] == [
        {"table": "public.account", "collection": "account", "key": ["id"]},
        {"table": "public.mark", "collection": "mark", "key": ["writer"]},
        {"table": "public.note", "collection": "note", "key": []},
        {"table": "public.order_line", "collection": "orderLine", "key": ["b", "a"]},
    ]
    assert source.password not in str(preview)
    assert left_behind(stack, source, target, ANY_JOB) == before
    assert target.list_collection_names() == []

    job_id = jobs.post(request)
    connector = f"rowstream_{job_id}_g1"
    wait_until(lambda: connector in ask_connect(stack, "/connectors"), "the connector is made")
    running = ask_connect(stack, f"/connectors/{connector}/config")
    jobs.end_all()
    shown = {name: value.replace(NO_JOB, job_id) for name, value in preview["connector"].items()}
    assert {**running, "database.password": "***"} == shown


def test_what_is_lacking_is_told_at_once_and_its_sql_mends_it(
    stack: Stack, jobs: JobClient, source: SourceDatabase, target: Database[Any], target_url: str
) -> None:
    source.admin(
        "CREATE SCHEMA other",
        "CREATE TABLE other.film (id int PRIMARY KEY)",
        "CREATE TABLE public.actor (id int PRIMARY KEY)",
        f"ALTER ROLE {source.role} NOREPLICATION",
        f"ALTER DATABASE {source.name} OWNER TO CURRENT_USER",
    )
    target["film"].insert_one({"_id": 1})
    request = job_request(source, target_url, "CDC")
    before = left_behind(stack, source, target, ANY_JOB)

    readiness = jobs.ask("POST", "/jobs/readiness", request)
    assert readiness["ready"] is False
    found = [(check["check"], check.get("table")) for check in readiness["checks"] if check["severity"] == "ERROR"]
    assert {("REPLICATION", None), ("USAGE", "other.film"), ("SELECT", "public.actor"), ("OWNER", "other.film")} <= set(found)
    assert "TARGET_NOT_EMPTY" in [check["check"] for check in readiness["checks"]]
    source.admin(*(check["remedy"] for check in readiness["checks"] if check["severity"] == "ERROR" and "remedy" in check))

    mended = jobs.ask("POST", "/jobs/readiness", request)
    assert errors(mended) == {}
    assert left_behind(stack, source, target, ANY_JOB) == before
    assert list(target["film"].find()) == [{"_id": 1}]


def test_names_that_collide_are_told(jobs: JobClient, source: SourceDatabase, target_url: str) -> None:
    source.run('CREATE TABLE film (id int PRIMARY KEY, film_name text, filmname text, "filmName" text)')
    found = errors(jobs.ask("POST", "/jobs/readiness", job_request(source, target_url, "CDC")))
    assert {(fault["area"], fault["table"]) for fault in found.values()} == {("SOURCE", "public.film")}
    assert '"film_name"' in found["CONFIGURATION"]["message"]
    assert '"filmName"' in found["CONFIGURATION"]["message"]
    assert "filmName" in found["COLUMN_CASE"]["message"]


def test_a_target_without_transactions_is_told_beside_what_the_source_lacks(
    jobs: JobClient, source: SourceDatabase, standalone_mongodb: MongoDB, target_name: str
) -> None:
    source.admin("CREATE TABLE public.actor (id int PRIMARY KEY)")
    url = with_database(standalone_mongodb.url, target_name)
    found = errors(jobs.ask("POST", "/jobs/readiness", job_request(source, url, "SNAPSHOT")))
    assert found["TARGET_NOT_REPLICATED"]["area"] == "TARGET"
    assert "rs.initiate" in found["TARGET_NOT_REPLICATED"]["suggestion"]
    assert "SELECT" in found
    with MongoClient[Any](standalone_mongodb.url, directConnection=True) as client:
        assert target_name not in client.list_database_names()


def test_a_collection_of_another_active_job_is_told(jobs: JobClient, source: SourceDatabase, target_url: str) -> None:
    fill(source, 10)
    job_id = jobs.post(job_request(source, target_url, "CDC", project="first"))
    jobs.wait_until_streaming(job_id)
    found = errors(jobs.ask("POST", "/jobs/readiness", job_request(source, target_url, "CDC", project="second")))
    assert job_id in found["COLLECTION_TAKEN"]["message"]
    jobs.end_all()


def test_servers_that_do_not_answer_are_told_and_a_preview_is_503(jobs: JobClient, source: SourceDatabase, unused_tcp_port: int) -> None:
    mongodb = f"mongodb://127.0.0.1:{unused_tcp_port}/shop"
    request = job_request(source, mongodb, "CDC", url=f"jdbc:postgresql://127.0.0.1:{unused_tcp_port}/shop")
    found = errors(jobs.ask("POST", "/jobs/readiness", request))
    assert {name: check["area"] for name, check in found.items()} == {"SOURCE_UNAVAILABLE": "SOURCE", "SINK_UNAVAILABLE": "TARGET"}
    with pytest.raises(RefusedError) as refused:
        jobs.ask("POST", "/jobs/preview", request)
    assert refused.value.status == 503


def test_a_wrong_password_is_told_without_showing_it(jobs: JobClient, source: SourceDatabase, target_url: str) -> None:
    request = job_request(source, target_url, "CDC", password="not-this-one")
    readiness = jobs.ask("POST", "/jobs/readiness", request)
    assert [check["area"] for check in errors(readiness).values()] == ["SOURCE"]
    with pytest.raises(RefusedError) as refused:
        jobs.ask("POST", "/jobs/preview", request)
    assert refused.value.status == 409
    assert "not-this-one" not in f"{readiness} {refused.value.body}"
