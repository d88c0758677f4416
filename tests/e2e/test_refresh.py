"""Tables are read again while a job streams: documents that deviate are mended, new tables are taken in, nothing else is harmed."""

from typing import Any

import pytest
from pymongo.database import Database
from tests.e2e.conftest import MakeService
from tests.e2e.harness.client import JobClient, RefusedError, changes_seen, codes, refreshes, rows_seen
from tests.e2e.harness.comparing import expect_documents_equal_rows
from tests.e2e.harness.leftovers import left_behind
from tests.e2e.harness.requests import job_request
from tests.e2e.harness.source import SourceDatabase
from tests.e2e.harness.traffic import Accounts, Traffic, fill
from tests.e2e.harness.waiting import wait_until

from stack.stack import Stack

ROWS = 3_000
LARGE = 60_000


def test_a_refresh_under_traffic_mends_what_deviates_and_counts_no_row_twice(
    stack: Stack, jobs: JobClient, source: SourceDatabase, target: Database[Any], target_url: str
) -> None:
    fill(source, ROWS)
    source.run("CREATE TABLE aside (id int PRIMARY KEY)", "INSERT INTO aside SELECT generate_series(1, 10)")
    job_id = jobs.post(job_request(source, target_url, "CDC"))
    jobs.wait_until_streaming(job_id)
    with Traffic(source, Accounts(seed=7, largest_key=ROWS)) as traffic:
        traffic.wait_for(50)
        jobs.wait_for_changes(job_id, traffic.changes)
        target["account"].insert_many([{"_id": -n, "owner": "nobody"} for n in range(1, 1_501)])
        target["account"].update_many({"_id": {"$mod": [7, 0], "$gt": 0}}, {"$set": {"owner": "wrong"}, "$unset": {"profile": 1}})
        target["account"].delete_many({"_id": {"$mod": [11, 0], "$gt": 0}})
        target["aside"].delete_many({})
        source.run("ALTER TABLE account ADD COLUMN level int DEFAULT 5")
        traffic.wait_for(50)
        jobs.refresh(job_id, "public.account")
        traffic.wait_for(100)
        job = jobs.wait_until_refreshed(job_id)
        traffic.wait_for(50)
        changes = traffic.end()
    job = jobs.complete(job_id)

    expect_documents_equal_rows(source, target, {"account": "account"})
    assert target["aside"].count_documents({}) == 0, "a table that was not asked for was read"
    assert rows_seen(job) == ROWS + 10
    assert changes_seen(job) == changes
    assert "ORPHANS_REMOVED" in codes(job, "WARNING")
    assert left_behind(stack, source, target, job_id) == []


def test_a_refresh_that_connect_dies_in_is_begun_again_and_leaves_no_row_that_was_deleted_meanwhile(
    stack: Stack, jobs: JobClient, source: SourceDatabase, target: Database[Any], target_url: str
) -> None:
    fill(source, LARGE)
    job_id = jobs.post(job_request(source, target_url, "CDC"))
    jobs.wait_until_streaming(job_id)
    jobs.refresh(job_id, "public.account")
    _wait_until_reading(source, "account")
    try:
        stack.connect.kill()
        changes = source.run(
            "DELETE FROM account WHERE id % 3 = 0",
            "UPDATE account SET balance = -1 WHERE id % 7 = 0",
            "UPDATE account SET id = id + 1000000 WHERE id % 500 = 1",
        )
    finally:
        stack.connect.start()
    job = jobs.wait_until_refreshed(job_id, seconds=240)
    job = jobs.complete(job_id, 240)

    assert "REFRESH_INTERRUPTED" in codes(job), "the reading had ended before the outage: the test shows nothing"
    expect_documents_equal_rows(source, target, {"account": "account"})
    assert (rows_seen(job), changes_seen(job)) == (LARGE, changes)
    assert left_behind(stack, source, target, job_id) == []


def test_a_refresh_goes_on_after_the_service_and_its_workers_are_killed(
    stack: Stack, make_service: MakeService, source: SourceDatabase, target: Database[Any], target_url: str
) -> None:
    fill(source, LARGE)
    service = make_service(workers=1)
    service.start()
    jobs = JobClient(service)
    job_id = jobs.post(job_request(source, target_url, "CDC"))
    jobs.wait_until_streaming(job_id)
    target["account"].insert_one({"_id": -1})
    jobs.refresh(job_id, "public.account")
    _wait_until_reading(source, "account")
    service.kill()
    changes = source.run("DELETE FROM account WHERE id % 3 = 0")
    service.restart()
    jobs.wait_until_refreshed(job_id, seconds=240)
    job = jobs.complete(job_id, 240)

    assert len(refreshes(job)) == 1
    expect_documents_equal_rows(source, target, {"account": "account"})
    assert (rows_seen(job), changes_seen(job)) == (LARGE, changes)
    assert left_behind(stack, source, target, job_id) == []


def test_new_tables_are_told_and_taken_in_when_asked_for(
    stack: Stack, jobs: JobClient, source: SourceDatabase, target: Database[Any], target_url: str
) -> None:
    source.run("CREATE TABLE old (id int PRIMARY KEY)", "INSERT INTO old SELECT generate_series(1, 10)")
    job_id = jobs.post(job_request(source, target_url, "CDC"))
    jobs.wait_until_streaming(job_id)
    source.run(
        "CREATE TABLE new_one (id int PRIMARY KEY, text text)",
        "INSERT INTO new_one SELECT n, 'row ' || n FROM generate_series(1, 500) AS n",
        "CREATE TABLE late (id int, text text, CONSTRAINT late_key PRIMARY KEY (id) DEFERRABLE)",
        "INSERT INTO late SELECT n, 'row ' || n FROM generate_series(1, 20) AS n",
    )
    target["newOne"].insert_one({"_id": "foreign"})
    jobs.wait(job_id, "the new tables are told", lambda job: codes(job).count("NEW_TABLE") == 2)

    jobs.refresh(job_id, "public.new_one", "public.late", "public.old")
    changes = source.run(
        *(f"UPDATE new_one SET text = 'changed {n}' WHERE id = {n}" for n in range(1, 40)),
        "DELETE FROM new_one WHERE id BETWEEN 40 AND 60",
        "INSERT INTO new_one SELECT n, 'row ' || n FROM generate_series(501, 600) AS n",
    )
    job = jobs.wait_until_refreshed(job_id)
    seen = changes_seen(job)
    source.run("UPDATE new_one SET id = id + 1000 WHERE id = 1", "DELETE FROM old WHERE id = 1", "INSERT INTO late VALUES (21, 'new')")
    job = jobs.complete(job_id)

    assert target["newOne"].delete_one({"_id": "foreign"}).deleted_count == 1, "documents that a new table's collection had are kept"
    expect_documents_equal_rows(source, target, {"new_one": "newOne", "old": "old", "late": "late"})
    assert refreshes(job)[0].startswith("Read again, ")
    assert job["statistics"]["totalTableCount"] == 3
    assert job["statistics"]["remainingTableCount"] == 0
    assert job["statistics"]["totalEvents"] == rows_seen(job)
    assert rows_seen(job) in range(10 + 20 + 479, 10 + 20 + 600)
    assert seen <= changes
    assert changes_seen(job) == seen + 3
    assert left_behind(stack, source, target, job_id) == []


def test_a_refresh_that_cannot_be_is_refused_and_harms_nothing(
    stack: Stack, jobs: JobClient, source: SourceDatabase, target: Database[Any], target_url: str
) -> None:
    source.run(
        "CREATE TABLE keyed (id int PRIMARY KEY, text text)",
        "INSERT INTO keyed VALUES (1, 'row')",
        "CREATE TABLE keyless (text text)",
        "INSERT INTO keyless VALUES ('row')",
    )
    job_id = jobs.post(job_request(source, target_url, "CDC"))
    assert _refused(jobs, job_id, {"tables": ["public.keyed"]}) == (409, "A job that is RUNNING (NOT_STARTED) cannot be asked to refresh")
    jobs.wait_until_streaming(job_id)
    source.run("CREATE TABLE new_keyless (text text)")

    assert _refused(jobs, job_id, {"tables": ["public.keyless"]})[0] == 409
    assert _refused(jobs, job_id, {"tables": ["public.keyed", "public.new_keyless"]})[0] == 409
    assert _refused(jobs, job_id, {"tables": ["public.keyed", "public.nowhere"]})[0] == 404
    assert _refused(jobs, "6" * 24, {"tables": ["public.keyed"]})[0] == 404
    for body in ({}, {"tables": []}, {"tables": [1]}, {"tables": ["public.keyed", "public.keyed"]}, {"tables": ["a.b"], "orphans": True}):
        assert _refused(jobs, job_id, body)[0] == 400

    jobs.refresh(job_id, "public.keyed")
    status, message = _refused(jobs, job_id, {"tables": ["public.keyed"]})
    assert (status, "reads tables again already" in message) == (409, True)
    jobs.wait_until_refreshed(job_id)
    job = jobs.complete(job_id)

    assert len(refreshes(job)) == 1
    expect_documents_equal_rows(source, target, {"keyed": "keyed", "keyless": "keyless"})
    assert rows_seen(job) == 2
    assert left_behind(stack, source, target, job_id) == []


def test_tables_that_are_dropped_or_renamed_are_told_and_a_refresh_takes_the_new_name_in(
    stack: Stack, jobs: JobClient, source: SourceDatabase, target: Database[Any], target_url: str
) -> None:
    for table in ("stays", "dropped", "renamed"):
        source.run(f"CREATE TABLE {table} (id int PRIMARY KEY)", f"INSERT INTO {table} VALUES (1), (2)")
    job_id = jobs.post(job_request(source, target_url, "CDC_ONLY"))
    jobs.wait_until_streaming(job_id)
    source.run("INSERT INTO renamed VALUES (3)", "ALTER TABLE renamed RENAME TO other_name", "DROP TABLE dropped")
    job = jobs.wait(job_id, "both are told", lambda job: codes(job).count("TABLE_GONE") == 2 and "NEW_TABLE" in codes(job))
    told = {update["locationName"]: update["message"] for update in job["jobUpdates"] if update.get("errorCode") == "TABLE_GONE"}
    assert "(to public.other_name)" in told["public.renamed"]

    jobs.refresh(job_id, "public.other_name", "public.stays")
    jobs.wait_until_refreshed(job_id)
    source.run("INSERT INTO other_name VALUES (4)", "DELETE FROM stays WHERE id = 1")
    job = jobs.complete(job_id)

    expect_documents_equal_rows(source, target, {"other_name": "otherName", "stays": "stays"})
    assert [document["_id"] for document in target["renamed"].find()] == [3], "what a table had under its old name stays"
    assert (rows_seen(job), job["statistics"]["totalTableCount"]) == (0, 4)
    assert left_behind(stack, source, target, job_id) == []


def _refused(jobs: JobClient, job_id: str, body: dict[str, Any]) -> tuple[int, str]:
    """The status and the message with which a refresh is refused."""
    with pytest.raises(RefusedError) as refused:
        jobs.ask("POST", f"/jobs/{job_id}/refresh", body)
    return refused.value.status, refused.value.body["message"]


def _wait_until_reading(source: SourceDatabase, table: str) -> None:
    """Wait until the connector has begun to read the table's rows."""
    reading = "SELECT FROM pg_stat_activity WHERE query LIKE %s AND application_name <> '' AND state <> 'idle' AND pid <> pg_backend_pid()"
    wait_until(lambda: source.ask(reading, f'SELECT %"{table}"%'), f"{table} is being read")
