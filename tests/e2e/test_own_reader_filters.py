"""Filters in SNAPSHOT jobs of databases that rowstream's own reader reads."""

import sqlite3
from pathlib import Path
from typing import Any

import duckdb
from pymongo.database import Database
from tests.e2e.harness.client import JobClient, rows_seen
from tests.e2e.harness.requests import own_reader_request, snapshot_request
from tests.e2e.harness.source import SourceDatabase

ROWS = [(n, f"{n} % of :name", "x" if n % 2 else None) for n in range(1, 301)]


def where(schema: str, table: str, condition: str) -> dict[str, Any]:
    """The filter of one table."""
    return {"relationalTableFilters": {schema: {table: {"whereClause": condition}}}}


def test_a_sqlite_file_is_read_by_its_filter(jobs: JobClient, tmp_path: Path, target: Database[Any], target_url: str) -> None:
    file = tmp_path / "shop.db"
    with sqlite3.connect(file) as connection:
        connection.execute("PRAGMA journal_mode = WAL")
        connection.execute("CREATE TABLE item (id INTEGER PRIMARY KEY, text TEXT, kind TEXT)")
        connection.executemany("INSERT INTO item VALUES (?, ?, ?)", ROWS)
    connection.close()
    condition = "text LIKE '1% :name' AND \"kind\" IS NOT NULL AND text <> 'it''s :x'"
    job_id = jobs.post(snapshot_request("sqlite", f"jdbc:sqlite:{file}", target_url) | where("main", "item", condition))
    job = jobs.wait_for_status(job_id, "COMPLETED")
    wanted = [key for key, text, kind in ROWS if text.startswith("1") and kind]
    assert sorted(each["_id"] for each in target["item"].find()) == wanted
    assert rows_seen(job) == len(wanted)


def test_a_duckdb_file_is_read_by_its_filter(jobs: JobClient, tmp_path: Path, target: Database[Any], target_url: str) -> None:
    file = tmp_path / "shop.duckdb"
    with duckdb.connect(str(file)) as connection:
        connection.execute("CREATE TABLE item (id INTEGER PRIMARY KEY, text VARCHAR, made DATE)")
        connection.execute("INSERT INTO item SELECT i, i || ' % :x', DATE '2024-01-01' + CAST(i AS INTEGER) FROM range(100) AS r(i)")
    condition = "made BETWEEN DATE '2024-01-05' AND '2024-01-09' AND text LIKE '%:x'"
    job_id = jobs.post(snapshot_request("duckdb", f"jdbc:duckdb:{file}", target_url) | where("main", "item", condition))
    jobs.wait_for_status(job_id, "COMPLETED")
    assert sorted(each["_id"] for each in target["item"].find()) == [4, 5, 6, 7, 8]


def test_postgresql_is_read_by_what_only_it_can_evaluate(
    jobs: JobClient, source: SourceDatabase, target: Database[Any], target_url: str
) -> None:
    source.run(
        "CREATE TABLE item (id int PRIMARY KEY, text text)", "INSERT INTO item SELECT n, n || ' %:x' FROM generate_series(1, 50) AS n"
    )
    request = own_reader_request(source, target_url) | where("public", "item", "text > '3' AND text LIKE '% \\%:_' AND id / 2.0 > 3.5")
    jobs.wait_for_status(jobs.post(request), "COMPLETED")
    wanted = source.ask("SELECT id FROM item WHERE text > '3' AND text LIKE '% \\%:_' AND id / 2.0 > 3.5 ORDER BY id")
    assert [(each["_id"],) for each in target["item"].find().sort("_id")] == wanted


def test_a_condition_that_the_database_refuses_fails_the_job(
    jobs: JobClient, tmp_path: Path, target: Database[Any], target_url: str
) -> None:
    file = tmp_path / "shop.duckdb"
    with duckdb.connect(str(file)) as connection:
        connection.execute("CREATE TABLE item (id INTEGER PRIMARY KEY, made DATE)")
    request = snapshot_request("duckdb", f"jdbc:duckdb:{file}", target_url) | where("main", "item", "made > 5")
    failure = jobs.wait_for_status(jobs.post(request), "FAILED")["failureError"]
    assert (failure["errorType"], failure["setupError"]) == ("FILTER", True)
    assert "the database refuses the condition" in failure["message"]
