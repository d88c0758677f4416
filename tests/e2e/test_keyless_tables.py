"""A table without a key never makes the application's own statements fail."""

from typing import Any

from pymongo.database import Database
from tests.e2e.harness.client import JobClient
from tests.e2e.harness.comparing import bodies, expect_documents_equal_rows, rows_as_bag
from tests.e2e.harness.leftovers import left_behind
from tests.e2e.harness.requests import job_request
from tests.e2e.harness.source import SourceDatabase

from stack.stack import Stack


def test_an_application_goes_on_changing_a_keyless_table_and_its_inserts_arrive(
    stack: Stack, jobs: JobClient, source: SourceDatabase, target: Database[Any], target_url: str
) -> None:
    source.run(
        "CREATE TABLE log (at timestamptz, line text)",
        "INSERT INTO log SELECT timestamptz '2024-01-01+00' + n * interval '1 s', 'line ' || n % 7 FROM generate_series(1, 500) AS n",
        "CREATE TABLE late (id int, CONSTRAINT late_key PRIMARY KEY (id) DEFERRABLE)",
        "INSERT INTO late SELECT generate_series(1, 10)",
        "CREATE TABLE keyed (id int PRIMARY KEY, text text)",
        "INSERT INTO keyed SELECT n, 'text' FROM generate_series(1, 10) AS n",
    )
    expected = rows_as_bag(source, "log")
    job_id = jobs.post(job_request(source, target_url, "CDC"))
    jobs.wait_until_streaming(job_id)

    source.run(
        "UPDATE log SET line = 'changed' WHERE line = 'line 1'",
        "DELETE FROM log WHERE line = 'line 2'",
        "UPDATE late SET id = id + 100 WHERE id = 1",
        "DELETE FROM late WHERE id = 2",
        "CREATE TABLE inserted AS SELECT timestamptz '2025-01-01+00' AS at, 'new ' || n % 2 AS line FROM generate_series(1, 20) AS n",
        "INSERT INTO log SELECT * FROM inserted",
        "UPDATE keyed SET text = 'changed' WHERE id < 4",
    )
    expected += rows_as_bag(source, "inserted")
    job = jobs.complete(job_id)

    assert bodies(target, "log") == expected
    expect_documents_equal_rows(source, target, {"keyed": "keyed"})
    warned = {update.get("locationName") for update in job["jobUpdates"] if update["eventType"] == "WARNING"}
    assert {"public.log", "public.late"} <= warned
    assert "public.keyed" not in warned
    assert left_behind(stack, source, target, job_id) == []


def test_a_snapshot_of_a_keyless_table_has_a_document_for_every_row_equal_ones_too(
    jobs: JobClient, source: SourceDatabase, target: Database[Any], target_url: str
) -> None:
    source.run("CREATE TABLE bag (n int, text text)", "INSERT INTO bag SELECT n % 5, NULL FROM generate_series(1, 1000) AS n")
    jobs.wait_for_status(jobs.post(job_request(source, target_url, "SNAPSHOT")), "COMPLETED")

    expect_documents_equal_rows(source, target, {"bag": "bag"})
