"""Control and target may be different MongoDBs; nothing of the one gets into the other."""

from typing import Any

from pymongo import MongoClient
from tests.e2e.conftest import MakeService
from tests.e2e.harness.client import JobClient
from tests.e2e.harness.comparing import expect_documents_equal_rows
from tests.e2e.harness.leftovers import left_behind
from tests.e2e.harness.requests import job_request, with_database
from tests.e2e.harness.source import SourceDatabase
from tests.e2e.harness.traffic import fill

from stack.mongodb import MongoDB
from stack.stack import Stack

OWN = {"admin", "config", "local"}


def test_documents_and_checkpoints_go_to_the_target_and_jobs_to_control(
    stack: Stack, make_service: MakeService, source: SourceDatabase, second_mongodb: MongoDB, target_name: str
) -> None:
    fill(source, 500)
    service = make_service()
    service.start()
    jobs = JobClient(service)
    with MongoClient[Any](second_mongodb.url, tz_aware=True) as there, MongoClient[Any](stack.connections.control_url) as here:
        target = there[target_name]
        job_id = jobs.post(job_request(source, with_database(second_mongodb.url, target_name), "CDC"))
        jobs.wait_until_streaming(job_id)
        while_streaming = set(target.list_collection_names())
        source.run("DELETE FROM account WHERE id < 10")
        jobs.complete(job_id)

        expect_documents_equal_rows(source, target, {"account": "account"})
        assert "_rowstream.checkpoints" in while_streaming
        assert set(there.list_database_names()) - OWN == {target_name}
        assert target_name not in here.list_database_names()
        assert set(here[service.control_database].list_collection_names()) == {"jobs", "jobUpdates", "deadLetters"}
        assert left_behind(stack, source, target, job_id) == []
        there.drop_database(target_name)
