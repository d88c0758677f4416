"""What a project chooses is what its jobs on MySQL and MariaDB do."""

from typing import Any

import pytest
from pymongo.database import Database
from tests.e2e.harness.binlog_comparing import expect_rows_equal
from tests.e2e.harness.binlog_source import BinlogSource, binlog_request
from tests.e2e.harness.client import JobClient, RefusedError, changes_seen, codes, rows_seen
from tests.e2e.harness.leftovers import left_elsewhere
from tests.e2e.harness.oracle import Style

from stack.stack import Stack

BOTH = Style(source_names=True, omitted_nulls=True)


def test_only_the_tables_that_the_project_takes_are_read_and_followed_new_ones_too(
    stack: Stack, jobs: JobClient, binlog_source: BinlogSource, target: Database[Any], target_url: str
) -> None:
    database = binlog_source.name
    for table in ("customer", "orders", "audit_1", "other"):
        binlog_source.run(f"CREATE TABLE {table} (id INT PRIMARY KEY, text TEXT)", f"INSERT INTO {table} VALUES (1, 'a'), (2, 'b')")
    request = binlog_request(binlog_source, target_url, "CDC")
    jobs.write_project(request, tables={"include": [f"{database}.*"], "exclude": [f"{database}.audit_*", "*.other"]})
    assert jobs.ask("POST", "/jobs/readiness", request)["ready"] is True
    assert len(jobs.ask("POST", "/jobs/preview", request)["tables"]) == 2
    job_id = jobs.post(request)
    jobs.wait_until_streaming(job_id)
    jobs.write_project(request)

    binlog_source.run("UPDATE other SET text = 'z'", "ALTER TABLE audit_1 ADD more INT", "INSERT INTO audit_1 VALUES (3, 'c', 1)")
    binlog_source.run("CREATE TABLE audit_2 (id INT PRIMARY KEY)", "CREATE TABLE late (id INT PRIMARY KEY)", "INSERT INTO late VALUES (1)")
    jobs.wait(job_id, "the new table is told", lambda job: "NEW_TABLE" in codes(job))
    seen = binlog_source.run(
        "UPDATE customer SET text = 'c' WHERE id = 2"
    )  # the capture starts again from here, after the new table's first row
    jobs.wait(job_id, "the change is counted", lambda job: changes_seen(job) == seen)
    with pytest.raises(RefusedError) as refused:
        jobs.refresh(job_id, f"{database}.late", f"{database}.audit_2")
    assert refused.value.status == 409
    jobs.refresh(job_id, f"{database}.late", f"{database}.orders")
    jobs.wait_until_refreshed(job_id)
    seen += binlog_source.run("INSERT INTO late VALUES (2)", "UPDATE customer SET id = 3 WHERE id = 1", "DELETE FROM orders WHERE id = 1")
    job = jobs.complete(job_id)

    told = [update["locationName"] for update in job["jobUpdates"] if update.get("errorCode") == "NEW_TABLE"]
    assert told == [f"{database}.late"]
    for table in ("customer", "orders", "late"):
        expect_rows_equal(binlog_source, target, table)
    assert set(target.list_collection_names(filter={"name": {"$regex": "^(?!_rowstream)"}})) == {"customer", "orders", "late"}
    assert (rows_seen(job), changes_seen(job)) == (5, seen)
    assert left_elsewhere(stack, target, job_id) == []


def test_documents_under_the_sources_names_and_without_nulls_equal_their_rows(
    stack: Stack, jobs: JobClient, binlog_source: BinlogSource, target: Database[Any], target_url: str
) -> None:
    binlog_source.run(
        "CREATE TABLE Order_Line (Order_ID INT, line_no INT, some_text TEXT, `_id` INT, unit_price DECIMAL(12, 2), changed_at DATETIME(3),"
        " PRIMARY KEY (Order_ID, line_no))",
        "CREATE TABLE key_less (some_text TEXT, some_number INT)",
        "INSERT INTO Order_Line VALUES (1, 1, NULL, 5, 1.50, NULL), (2, 1, 'y', 1, 2, NULL)",
        "INSERT INTO Order_Line VALUES (1, 2, 'x', NULL, NULL, '2024-02-29 12:00:00.123')",
        "INSERT INTO key_less VALUES (NULL, 1), (NULL, 1), ('x', NULL), (NULL, NULL)",
        "CREATE TABLE zero_date (id INT PRIMARY KEY, on_day DATE)",
    )
    with binlog_source.connect() as connection, connection.cursor() as cursor:
        cursor.execute("SET sql_mode = ''")
        cursor.execute("INSERT INTO zero_date VALUES (1, '0000-00-00')")
        connection.commit()
    request = binlog_request(binlog_source, target_url, "CDC")
    jobs.write_project(request, names="SOURCE", nulls="OMIT")
    job_id = jobs.post(request)
    jobs.wait_until_streaming(job_id)
    changes = binlog_source.run(
        "UPDATE Order_Line SET some_text = NULL, unit_price = NULL",
        "UPDATE Order_Line SET line_no = 7, changed_at = '2025-01-01' WHERE Order_ID = 2",
        "INSERT INTO Order_Line VALUES (3, 1, NULL, NULL, NULL, NULL)",
        "DELETE FROM key_less WHERE some_number = 1 LIMIT 1",
        "UPDATE key_less SET some_text = NULL WHERE some_text = 'x' LIMIT 1",
        "UPDATE key_less SET some_number = 5 WHERE some_number IS NULL LIMIT 1",
    )
    job = jobs.complete(job_id)

    expect_rows_equal(binlog_source, target, "Order_Line", key=("Order_ID", "line_no"), style=BOTH)
    expect_rows_equal(binlog_source, target, "key_less", key=(), style=BOTH)
    assert list(target["zero_date"].find()) == [{"_id": 1}]
    assert changes_seen(job) == changes
    assert left_elsewhere(stack, target, job_id) == []
