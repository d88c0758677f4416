"""A table without a key never makes the application's own statements fail."""

from collections import Counter
from typing import Any

from pymongo.database import Database
from tests.e2e.harness.client import JobClient, changes_seen, codes, rows_seen
from tests.e2e.harness.comparing import bodies, expect_documents_equal_rows, rows_as_bag
from tests.e2e.harness.leftovers import left_behind
from tests.e2e.harness.requests import job_request
from tests.e2e.harness.source import SourceDatabase
from tests.e2e.harness.traffic import WIDE

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


def test_each_change_of_a_keyless_table_that_tells_whole_rows_meets_one_of_several_equal_rows(
    jobs: JobClient, source: SourceDatabase, target: Database[Any], target_url: str
) -> None:
    source.run(
        "CREATE TABLE bag (n int, amount numeric, text text)",
        "ALTER TABLE bag REPLICA IDENTITY FULL",
        "ALTER TABLE bag ALTER text SET STORAGE EXTERNAL",
        f"INSERT INTO bag SELECT n % 4, CASE n % 2 WHEN 0 THEN 1.0 ELSE 1.00 END, repeat('x', {WIDE}) FROM generate_series(1, 200) AS n",
    )
    job_id = jobs.post(job_request(source, target_url, "CDC"))
    jobs.wait_until_streaming(job_id)

    one = "ctid = (SELECT ctid FROM bag WHERE n = {} LIMIT 1)"
    changes = source.run(
        f"UPDATE bag SET n = 7 WHERE {one.format(1)}",
        f"UPDATE bag SET n = n WHERE {one.format(1)}",
        f"DELETE FROM bag WHERE {one.format(2)}",
        "UPDATE bag SET amount = 1.00 WHERE n = 0",
        f"INSERT INTO bag SELECT 3, 1.00, repeat('x', {WIDE}) FROM generate_series(1, 5)",
        "DELETE FROM bag WHERE ctid IN (SELECT ctid FROM bag WHERE n = 3 LIMIT 20)",
    )
    jobs.wait_for_changes(job_id, changes)
    expect_documents_equal_rows(source, target, {"bag": "bag"})

    source.run("ALTER TABLE bag ADD added int DEFAULT 5")
    changes += source.run(
        f"UPDATE bag SET added = 6 WHERE {one.format(1)}", f"DELETE FROM bag WHERE {one.format(0)}", "DELETE FROM bag WHERE n = 7"
    )
    source.run("ALTER TABLE bag DROP amount")
    changes += source.run(f"UPDATE bag SET added = 7 WHERE {one.format(1)}", "UPDATE bag SET n = n + 1")
    jobs.wait_for_changes(job_id, changes)
    rows, found = source.ask("SELECT n, added, text FROM bag"), list(target["bag"].find())
    assert Counter((each["n"], each.get("added", 5), each["text"]) for each in found) == Counter(rows)
    assert {field for each in found for field in each} == {"_id", "n", "text", "added"}

    changes += 1 + source.run("TRUNCATE bag", "INSERT INTO bag VALUES (1, 'x', 2), (1, 'x', 2)", f"DELETE FROM bag WHERE {one.format(1)}")
    job = jobs.complete(job_id)
    expect_documents_equal_rows(source, target, {"bag": "bag"})
    assert (rows_seen(job), changes_seen(job)) == (200, changes)
    assert "NO_KEY" in codes(job, "WARNING")


def test_a_keyless_table_whose_column_was_renamed_ends_the_job_at_a_change_of_a_row_from_before(
    jobs: JobClient, source: SourceDatabase, target: Database[Any], target_url: str
) -> None:
    source.run("CREATE TABLE bag (n int, text text)", "ALTER TABLE bag REPLICA IDENTITY FULL", "INSERT INTO bag VALUES (1, 'x'), (2, 'y')")
    job_id = jobs.post(job_request(source, target_url, "CDC"))
    jobs.wait_until_streaming(job_id)
    source.run("ALTER TABLE bag RENAME n TO number", "INSERT INTO bag VALUES (3, 'z')", "DELETE FROM bag WHERE number = 3")
    source.run("UPDATE bag SET text = 'changed' WHERE number = 1")
    job = jobs.wait_for_status(job_id, "FAILED")
    assert job["failureError"]["errorType"] == "ROW_NOT_FOUND"
    assert sorted(document["n"] for document in target["bag"].find()) == [1, 2]


def test_a_snapshot_of_a_keyless_table_has_a_document_for_every_row_equal_ones_too(
    jobs: JobClient, source: SourceDatabase, target: Database[Any], target_url: str
) -> None:
    source.run("CREATE TABLE bag (n int, text text)", "INSERT INTO bag SELECT n % 5, NULL FROM generate_series(1, 1000) AS n")
    jobs.wait_for_status(jobs.post(job_request(source, target_url, "SNAPSHOT")), "COMPLETED")

    expect_documents_equal_rows(source, target, {"bag": "bag"})
