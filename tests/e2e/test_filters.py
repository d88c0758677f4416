"""A collection holds exactly the rows that satisfy their table's filter, from the snapshot and through every change."""

from collections.abc import Mapping
from typing import Any

import pytest
from pymongo.database import Database
from tests.e2e.harness.client import JobClient, JobView, changes_seen, codes, rows_seen
from tests.e2e.harness.comparing import bodies
from tests.e2e.harness.requests import job_request
from tests.e2e.harness.source import SourceDatabase

ORDERS = "CREATE TABLE orders (id int PRIMARY KEY, status text, amount numeric(10, 2), note text, made date)"
ROWS = "INSERT INTO orders SELECT n, CASE n % 3 WHEN 0 THEN 'open' WHEN 1 THEN 'paid' END, n / 2.0, 'note ' || n, date '2024-01-01' + n"
CONDITION = "status = 'open' OR amount >= 40"
LARGE = "repeat(md5(random()::text), 200)"
OUT_OF_LINE = "ALTER TABLE orders ALTER body SET STORAGE EXTERNAL"


def filtered_request(source: SourceDatabase, url: str, mode: str, conditions: Mapping[str, str], **changes: Any) -> dict[str, Any]:
    """A request with a filter on tables of the schema `public`."""
    filters = {"public": {table: {"whereClause": condition} for table, condition in conditions.items()}}
    return job_request(source, url, mode, **changes) | {"relationalTableFilters": filters}


def expect_rows(source: SourceDatabase, target: Database[Any], condition: str = CONDITION, table: str = "orders") -> None:
    """The documents are those of the rows that the source selects."""
    wanted = sorted(row[0] for row in source.ask(f"SELECT id FROM {table} WHERE {condition}"))
    assert sorted(document["_id"] for document in target[table].find({}, {"_id": 1})) == wanted


def streaming(jobs: JobClient, source: SourceDatabase, url: str, conditions: Mapping[str, str]) -> str:
    """A CDC job with these filters, once it follows changes."""
    job_id = jobs.post(filtered_request(source, url, "CDC", conditions))
    jobs.wait_until_streaming(job_id)
    return job_id


def failed(jobs: JobClient, job_id: str) -> dict[str, Any]:
    """The failure of a job that fails."""
    failure: dict[str, Any] = jobs.wait_for_status(job_id, "FAILED")["failureError"]
    return failure


def test_rows_enter_and_leave_their_filter_and_move_across_its_border(
    jobs: JobClient, source: SourceDatabase, target: Database[Any], target_url: str
) -> None:
    source.run(ORDERS, f"{ROWS} FROM generate_series(1, 100) AS n")
    job_id = streaming(jobs, source, target_url, {"orders": CONDITION})
    expect_rows(source, target)
    assert source.ask("SELECT count(*) FROM pg_publication_rel WHERE prqual IS NOT NULL") == [(0,)]
    assert rows_seen(jobs.get(job_id)) == source.ask(f"SELECT count(*) FROM orders WHERE {CONDITION}")[0][0]
    changes = source.run(
        "INSERT INTO orders VALUES (201, 'open', 1, 'in', NULL), (202, 'paid', 1, 'out', NULL), (203, NULL, NULL, 'neither', NULL)",
        "UPDATE orders SET status = 'open' WHERE id IN (1, 2)",
        "UPDATE orders SET status = 'done', amount = 0 WHERE id IN (3, 90)",
        "UPDATE orders SET note = 'same' WHERE id IN (4, 6)",
        "UPDATE orders SET id = id + 1000 WHERE id IN (9, 10)",
        "UPDATE orders SET id = id + 2000, status = 'open' WHERE id = 13",
        "UPDATE orders SET id = id + 2000, status = NULL, amount = NULL WHERE id = 15",
        "DELETE FROM orders WHERE id IN (5, 12, 202)",
        "UPDATE orders SET status = NULL WHERE id = 18",
    )
    source.transact(
        "INSERT INTO orders VALUES (300, 'open', 1, 'short', NULL)",
        "UPDATE orders SET status = 'paid' WHERE id = 300",
        "UPDATE orders SET id = 301, status = 'open' WHERE id = 300",
    )
    job = jobs.complete(job_id)
    expect_rows(source, target)
    assert target["orders"].find_one({"_id": 2013}, {"status": 1, "note": 1}) == {"_id": 2013, "status": "open", "note": "note 13"}
    assert changes_seen(job) == changes + 3
    assert job["relationalTableFilters"] == {"public": {"orders": {"whereClause": CONDITION}}}


def test_a_snapshot_reads_only_the_rows_of_its_filter(
    jobs: JobClient, source: SourceDatabase, target: Database[Any], target_url: str
) -> None:
    source.run(
        ORDERS, f"{ROWS} FROM generate_series(1, 100) AS n", "CREATE TABLE whole (id int PRIMARY KEY)", "INSERT INTO whole VALUES (1)"
    )
    job_id = jobs.post(filtered_request(source, target_url, "SNAPSHOT", {"orders": "note > 'note 5' AND made < '2024-02-20'"}))
    job = jobs.wait_for_status(job_id, "COMPLETED")
    expect_rows(source, target, "note > 'note 5' AND made < '2024-02-20'")
    expect_rows(source, target, "true", "whole")
    assert rows_seen(job) == job["statistics"]["totalEvents"] == target["orders"].count_documents({}) + 1


def test_changes_alone_are_filtered_too(jobs: JobClient, source: SourceDatabase, target: Database[Any], target_url: str) -> None:
    source.run(ORDERS, f"{ROWS} FROM generate_series(1, 9) AS n")
    job_id = jobs.post(filtered_request(source, target_url, "CDC_ONLY", {"orders": CONDITION}))
    jobs.wait_until_streaming(job_id)
    source.run(
        "INSERT INTO orders VALUES (10, 'open', 1), (11, 'paid', 1)",
        "UPDATE orders SET status = 'open'",
        "UPDATE orders SET status = '' WHERE id < 3",
    )
    jobs.complete(job_id)
    expect_rows(source, target)


def test_an_unchanged_large_value_in_a_condition_comes_from_the_document(
    jobs: JobClient, source: SourceDatabase, target: Database[Any], target_url: str
) -> None:
    source.run(
        "CREATE TABLE orders (id int PRIMARY KEY, body text, status text, count int)",
        OUT_OF_LINE,
        f"INSERT INTO orders SELECT n, 'keep ' || {LARGE}, 'open', n FROM generate_series(1, 5) AS n",
        f"INSERT INTO orders SELECT n, 'drop ' || {LARGE}, 'open', n FROM generate_series(6, 9) AS n",
    )
    condition = "body LIKE 'keep%' AND status = 'open'"
    job_id = streaming(jobs, source, target_url, {"orders": condition})
    source.run(
        "UPDATE orders SET count = count + 1 WHERE id <= 5",
        "UPDATE orders SET status = 'paid' WHERE id IN (2, 7)",
        "UPDATE orders SET id = id + 100 WHERE id = 3",
        f"UPDATE orders SET body = 'drop ' || {LARGE} WHERE id = 4",
        f"UPDATE orders SET body = 'keep ' || {LARGE} WHERE id = 6",
    )
    source.transact(
        f"UPDATE orders SET body = 'keep ' || {LARGE}, count = 0 WHERE id = 5",
        "UPDATE orders SET count = 50 WHERE id = 5",
        "UPDATE orders SET count = 60 WHERE id = 6",
    )
    jobs.complete(job_id)
    expect_rows(source, target, condition)
    assert {each["_id"]: each["count"] for each in target["orders"].find()} == {1: 2, 103: 4, 5: 50, 6: 60}


def test_a_row_that_enters_without_a_large_value_that_nobody_has_asks_for_the_full_identity(
    jobs: JobClient, source: SourceDatabase, target: Database[Any], target_url: str
) -> None:
    source.run(
        "CREATE TABLE orders (id int PRIMARY KEY, body text, status text)",
        OUT_OF_LINE,
        f"INSERT INTO orders VALUES (1, 'keep ' || {LARGE}, 'paid')",
    )
    job_id = streaming(jobs, source, target_url, {"orders": "body LIKE 'keep%' AND status = 'open'"})
    source.run("UPDATE orders SET status = 'open'")
    assert "REPLICA IDENTITY FULL" in failed(jobs, job_id)["message"]


def test_filters_go_by_the_names_and_nulls_of_the_projects_documents(
    jobs: JobClient, source: SourceDatabase, target: Database[Any], target_url: str
) -> None:
    source.run(
        "CREATE TABLE orders (id int PRIMARY KEY, large_body text, spare_part text)",
        "ALTER TABLE orders ALTER large_body SET STORAGE EXTERNAL",
        f"INSERT INTO orders VALUES (1, 'keep ' || {LARGE}, 'x'), (2, 'keep ' || {LARGE}, NULL), (3, NULL, 'x'), (4, NULL, NULL)",
    )
    condition = "large_body LIKE 'keep%' OR spare_part IS NULL"
    request = filtered_request(source, target_url, "CDC", {"orders": condition})
    jobs.write_project(request, names="SOURCE", nulls="OMIT")
    job_id = jobs.post(request)
    jobs.wait_until_streaming(job_id)
    source.run(
        "UPDATE orders SET spare_part = 'w' WHERE id = 1",
        "UPDATE orders SET spare_part = NULL WHERE id = 1",
        "UPDATE orders SET spare_part = 'y', id = 20 WHERE id = 2",
        "UPDATE orders SET spare_part = NULL WHERE id = 3",
        "UPDATE orders SET spare_part = 'z' WHERE id = 4",
    )
    jobs.complete(job_id)
    expect_rows(source, target, condition)
    fields = {each["_id"]: sorted(each.keys() - {"_id"}) for each in target["orders"].find()}
    assert fields == {1: ["large_body"], 20: ["large_body", "spare_part"], 3: []}


def test_with_the_full_identity_a_large_value_is_always_known(
    jobs: JobClient, source: SourceDatabase, target: Database[Any], target_url: str
) -> None:
    source.run(
        "CREATE TABLE orders (id int PRIMARY KEY, body text, status text)",
        OUT_OF_LINE,
        "ALTER TABLE orders REPLICA IDENTITY FULL",
        f"INSERT INTO orders SELECT n, CASE WHEN n < 5 THEN 'keep ' ELSE 'drop ' END || {LARGE}, 'paid' FROM generate_series(1, 9) AS n",
    )
    condition = "body LIKE 'keep%' AND status = 'open'"
    job_id = streaming(jobs, source, target_url, {"orders": condition})
    source.run("UPDATE orders SET status = 'open'", "UPDATE orders SET id = id + 10", "UPDATE orders SET status = 'paid' WHERE id = 12")
    jobs.complete(job_id)
    expect_rows(source, target, condition)


def test_of_a_table_without_a_key_each_image_counts_by_itself(
    jobs: JobClient, source: SourceDatabase, target: Database[Any], target_url: str
) -> None:
    source.run(
        "CREATE TABLE event (kind text, size int)",
        "ALTER TABLE event REPLICA IDENTITY FULL",
        "INSERT INTO event SELECT CASE n % 2 WHEN 0 THEN 'in' ELSE 'out' END, n / 4 FROM generate_series(1, 20) AS n",
    )
    job_id = streaming(jobs, source, target_url, {"event": "kind = 'in'"})
    changes = source.run(
        "INSERT INTO event VALUES ('in', 1), ('out', 1), ('in', 1)",
        "UPDATE event SET kind = 'in' WHERE size = 0",
        "UPDATE event SET kind = 'out' WHERE size = 1",
        "UPDATE event SET size = 9 WHERE size = 2",
        "DELETE FROM event WHERE size = 3",
    )
    job = jobs.complete(job_id)
    wanted = sorted(source.ask("SELECT kind, size FROM event WHERE kind = 'in'"))
    assert sorted((each["kind"], each["size"]) for each in target["event"].find()) == wanted
    assert sum(bodies(target, "event").values()) == len(wanted)
    assert changes_seen(job) == changes


def test_a_truncate_empties_the_collection_and_a_refresh_reads_by_the_filter(
    jobs: JobClient, source: SourceDatabase, target: Database[Any], target_url: str
) -> None:
    source.run(ORDERS, f"{ROWS} FROM generate_series(1, 50) AS n")
    job_id = streaming(jobs, source, target_url, {"orders": CONDITION})
    source.run("TRUNCATE orders", f"{ROWS} FROM generate_series(1, 60) AS n")
    jobs.wait_for_changes(job_id, 61)
    target["orders"].insert_many([{"_id": 1, "note": "of a row that is outside"}, {"_id": 7777, "note": "of none"}])
    target["orders"].delete_one({"_id": 3})
    jobs.refresh(job_id, "public.orders")
    jobs.wait_until_refreshed(job_id)
    expect_rows(source, target)
    source.run("UPDATE orders SET status = 'open' WHERE id < 10")
    jobs.complete(job_id)
    expect_rows(source, target)


@pytest.mark.parametrize(
    ("statement", "told"),
    [
        ("ALTER TABLE orders DROP COLUMN status", 'the column "status"'),
        ("ALTER TABLE orders RENAME COLUMN status TO state", 'the column "status"'),
        ("ALTER TABLE orders ALTER COLUMN amount TYPE double precision", 'the column "amount"'),
        ("ALTER TABLE orders ALTER COLUMN status TYPE varchar(30)", 'the column "status"'),
    ],
)
def test_a_column_in_use_that_is_dropped_or_retyped_ends_the_job(
    jobs: JobClient, source: SourceDatabase, target: Database[Any], target_url: str, statement: str, told: str
) -> None:
    source.run(ORDERS, f"{ROWS} FROM generate_series(1, 20) AS n")
    job_id = streaming(jobs, source, target_url, {"orders": CONDITION})
    source.run(statement, "UPDATE orders SET note = 'after'")
    failure = failed(jobs, job_id)
    assert failure["errorType"] == "FILTER_COLUMN_CHANGED"
    assert told in failure["message"]


def test_other_columns_come_and_go(jobs: JobClient, source: SourceDatabase, target: Database[Any], target_url: str) -> None:
    source.run(ORDERS, f"{ROWS} FROM generate_series(1, 20) AS n")
    job_id = streaming(jobs, source, target_url, {"orders": CONDITION})
    source.run(
        "ALTER TABLE orders DROP COLUMN note",
        "ALTER TABLE orders ADD COLUMN more int DEFAULT 5",
        "UPDATE orders SET status = 'open' WHERE id < 9",
    )
    jobs.complete(job_id)
    expect_rows(source, target)
    assert target["orders"].find_one({"_id": 1}, {"note": 1, "more": 1}) == {"_id": 1, "more": 5}


@pytest.mark.parametrize(
    ("filters", "code", "told"),
    [
        ({"public": {"order": {"whereClause": "id = 1"}}}, "FILTER_TABLE", "public.order"),
        ({"sales": {"orders": {"whereClause": "id = 1"}}}, "FILTER_TABLE", "sales.orders"),
        (
            {"public": {"orders": {"whereClause": "id = 1 AND\n state = 'x'"}}},
            "FILTER",
            'line 2, column 2: public.orders has no column "state"',
        ),
        ({"public": {"orders": {"whereClause": "note = 5"}}}, "FILTER", "a text cannot be compared with an integer"),
    ],
)
def test_what_only_the_catalogue_knows_fails_the_job_and_is_found_by_readiness_and_preview(
    jobs: JobClient, source: SourceDatabase, target_url: str, filters: dict[str, Any], code: str, told: str
) -> None:
    source.run(ORDERS)
    request = job_request(source, target_url, "CDC") | {"relationalTableFilters": filters}
    checks = jobs.ask("POST", "/jobs/readiness", request)["checks"]
    assert [check["check"] for check in checks if check["severity"] == "ERROR"] == [code]
    assert told in checks[0]["message"]
    failure = failed(jobs, jobs.post(request))
    assert (failure["errorType"], failure["setupError"]) == (code, True)
    assert told in failure["message"]


def test_a_filter_of_a_table_that_the_project_does_not_take_fails_the_job_and_is_found_by_readiness(
    jobs: JobClient, source: SourceDatabase, target_url: str
) -> None:
    source.run(ORDERS, "CREATE TABLE lines (id int PRIMARY KEY)")
    request = filtered_request(source, target_url, "CDC", {"orders": "id = 1"})
    jobs.write_project(request, tables={"exclude": ["public.orders"]})
    checks = jobs.ask("POST", "/jobs/readiness", request)["checks"]
    (check,) = [check for check in checks if check["severity"] == "ERROR"]
    assert (check["check"], check["table"]) == ("FILTER_TABLE", "public.orders")
    assert "the project takes it: the job takes public.lines" in check["suggestion"]
    failure = failed(jobs, jobs.post(request))
    assert (failure["errorType"], failure["setupError"]) == ("FILTER_TABLE", True)


def test_the_preview_shows_the_statement_of_a_filter(jobs: JobClient, source: SourceDatabase, target_url: str) -> None:
    source.run(ORDERS)
    shown: JobView = jobs.ask("POST", "/jobs/preview", filtered_request(source, target_url, "CDC", {"orders": "Status = 'open'"}))
    (select,) = [value for name, value in shown["connector"].items() if name.startswith("snapshot.select.statement.overrides.")]
    assert select.endswith('AS t WHERE ("status" = \'open\') ORDER BY "t"."id"')


def test_a_row_that_cannot_be_judged_is_a_failure_of_its_record(
    jobs: JobClient, source: SourceDatabase, target: Database[Any], target_url: str
) -> None:
    source.run(ORDERS)
    job_id = streaming(jobs, source, target_url, {"orders": "10 / (id - 5) > 1"})
    source.run("INSERT INTO orders VALUES (6, 'x')", "INSERT INTO orders VALUES (5, 'x')")
    job = jobs.wait_for_status(job_id, "FAILED")
    assert job["failureError"]["errorType"] == "FILTER"
    assert "divides by zero" in job["failureError"]["message"]
    assert "FILTER" in codes(job, "ERROR")
    assert [each["_id"] for each in target["orders"].find()] == [6]


def test_a_row_that_cannot_be_judged_is_a_dead_letter_where_failures_are_tolerated(
    jobs: JobClient, source: SourceDatabase, target: Database[Any], target_url: str
) -> None:
    source.run(ORDERS)
    request = filtered_request(source, target_url, "CDC", {"orders": "10 / (id - 5) > 1"})
    job_id = jobs.post(request | {"options": {"mode": "CDC", "errorHandling": "WARN"}})
    jobs.wait_until_streaming(job_id)
    changes = source.run("INSERT INTO orders VALUES (6, 'x'), (5, 'x'), (7, 'x'), (50, 'x')", "UPDATE orders SET id = 8 WHERE id = 5")
    jobs.wait_for_changes(job_id, changes)
    (letter,) = jobs.ask("GET", f"/jobs/{job_id}/errors")["errors"]
    assert "divides by zero" in letter["message"]
    jobs.complete(job_id)
    assert sorted(each["_id"] for each in target["orders"].find()) == [6, 7, 8]
