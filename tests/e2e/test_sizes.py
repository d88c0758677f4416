"""Rows of many megabytes, and rows that are too large for MongoDB."""

from typing import Any

from pymongo.database import Database
from tests.e2e.harness.client import JobClient, changes_seen, rows_seen
from tests.e2e.harness.comparing import expect_documents_equal_rows
from tests.e2e.harness.requests import job_request
from tests.e2e.harness.source import SourceDatabase

MEGABYTES = "(SELECT string_agg(md5((n * 1000000 + part)::text), '') FROM generate_series(1, {} * 32768) AS part)"


def test_rows_of_ten_megabytes_arrive_from_the_snapshot_and_from_changes(
    jobs: JobClient, source: SourceDatabase, target: Database[Any], target_url: str
) -> None:
    ten = MEGABYTES.format(10)
    source.run(
        "CREATE TABLE film (id int PRIMARY KEY, title text, frames bytea, script text)",
        f"INSERT INTO film SELECT n, 'text', NULL, {ten} FROM generate_series(1, 3) AS n",
        f"INSERT INTO film SELECT n, 'bytes', convert_to({ten}, 'UTF8'), NULL FROM generate_series(4, 6) AS n",
    )
    job_id = jobs.post(job_request(source, target_url, "CDC"))
    jobs.wait_until_streaming(job_id)
    changes = source.run(
        f"INSERT INTO film SELECT n, 'new', NULL, {ten} FROM generate_series(7, 8) AS n",
        "UPDATE film SET title = 'changed' WHERE id <= 6",
        "UPDATE film SET id = id + 100 WHERE id IN (1, 4)",
        f"UPDATE film SET script = {ten.replace('n *', '-id *')} WHERE id = 2",
    )
    job = jobs.complete(job_id)

    expect_documents_equal_rows(source, target, {"film": "film"})
    assert (rows_seen(job), changes_seen(job)) == (6, changes)


def test_a_row_too_large_for_a_document_fails_its_job_with_its_key_and_holds_up_nothing_else(
    jobs: JobClient, source: SourceDatabase, target: Database[Any], target_url: str
) -> None:
    source.run(*(f"CREATE SCHEMA {schema}" for schema in ("wide", "calm")))
    source.run(*(f"CREATE TABLE {table} (id int PRIMARY KEY, text text)" for table in ("wide.film", "wide.leaflet", "calm.note")))
    failing, other = (
        jobs.post(job_request(source, target_url, "CDC", project=schema, url=f"{source.jdbc_url}?currentSchema={schema}"))
        for schema in ("wide", "calm")
    )
    jobs.wait_until_streaming(failing)
    jobs.wait_until_streaming(other)

    source.run("INSERT INTO wide.leaflet VALUES (1, 'small')", "INSERT INTO wide.film VALUES (1, 'before'), (2, 'before')")
    jobs.wait_for_changes(failing, 3)
    source.transact(
        "INSERT INTO wide.film VALUES (3, 'before')",
        f"INSERT INTO wide.film SELECT n, {MEGABYTES.format(17)} FROM (VALUES (4)) AS row (n)",
        "INSERT INTO wide.film VALUES (5, 'after')",
    )
    failed = jobs.wait_for_status(failing, "FAILED")
    source.run("INSERT INTO calm.note SELECT n, 'text' FROM generate_series(1, 100) AS n")
    jobs.complete(other)

    (error,) = (update for update in failed["jobUpdates"] if update["eventType"] == "ERROR")
    assert (error["key"], failed["failureError"]["setupError"]) == ({"id": "4"}, False)
    assert "film" in error["message"]
    assert "too large" in error["message"]
    assert changes_seen(failed) == 4
    assert [document["_id"] for document in target["film"].find(sort=[("_id", 1)])] == [1, 2, 3]
    expect_documents_equal_rows(source, target, {"wide.leaflet": "leaflet", "calm.note": "note"})
