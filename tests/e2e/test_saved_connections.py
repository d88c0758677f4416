"""A job lives on what it took from a saved connection when it was posted."""

from typing import Any

from pymongo.database import Database
from tests.e2e.harness.client import JobClient
from tests.e2e.harness.requests import job_request
from tests.e2e.harness.source import SourceDatabase

NO_PASSWORD = "***"


def test_a_job_completes_though_the_connections_that_it_was_posted_with_are_gone(
    jobs: JobClient, source: SourceDatabase, target: Database[Any], target_url: str
) -> None:
    source.run("CREATE TABLE thing (id int PRIMARY KEY)", "INSERT INTO thing SELECT generate_series(1, 10)")
    full = job_request(source, target_url, "CDC")
    saved = {kind: jobs.ask("POST", "/connections", {kind: full[kind]}) for kind in ("jdbcConnectionDetails", "mongodbConnectionDetails")}
    details = {
        kind: {name: value for name, value in full[kind].items() if name not in ("user", "password")}
        | {"existingConnectionId": connection["id"]}
        for kind, connection in saved.items()
    }
    request = {**full, **details}
    assert source.password not in str(saved)

    assert jobs.ask("POST", "/jobs/readiness", request)["ready"] is True
    assert jobs.ask("POST", "/jobs/preview", request)["connector"]["database.password"] == NO_PASSWORD
    job_id = jobs.post(request)
    for connection in saved.values():
        jobs.ask("DELETE", f"/connections/{connection['id']}")
    jobs.wait_until_streaming(job_id)
    source.run("INSERT INTO thing VALUES (11)")
    jobs.wait_for_changes(job_id, 1)
    jobs.complete(job_id)

    assert target["thing"].count_documents({}) == 11
    assert jobs.ask("GET", "/connections") == {"connections": []}
