"""SNAPSHOT jobs of databases that rowstream's own reader reads."""

import sqlite3
from pathlib import Path
from typing import Any

import duckdb
import pytest
from bson.decimal128 import Decimal128
from pymongo.database import Database
from tests.e2e.conftest import MakeService
from tests.e2e.harness.binlog_source import BinlogSource, expect_accounts_equal, fill_accounts
from tests.e2e.harness.client import JobClient, RefusedError, codes, rows_seen
from tests.e2e.harness.comparing import expect_documents_equal_rows
from tests.e2e.harness.leftovers import expect_nothing_left_soon, left_behind, left_elsewhere
from tests.e2e.harness.requests import own_reader_request, snapshot_request
from tests.e2e.harness.service import Service, kill_process
from tests.e2e.harness.source import SourceDatabase
from tests.e2e.harness.traffic import fill
from tests.e2e.harness.waiting import wait_until
from tests.proofs.kinds import Kind

from stack.mysql import JOB_USER
from stack.stack import Stack

MANY = 200_000

SHOP = """
PRAGMA journal_mode = WAL;
CREATE TABLE customer (customer_id INTEGER PRIMARY KEY, name TEXT NOT NULL, balance NUMERIC(12, 2), since DATE, photo BLOB);
CREATE TABLE order_line (order_id INTEGER NOT NULL, line_no INTEGER NOT NULL, sku TEXT, PRIMARY KEY (order_id, line_no));
CREATE TABLE note (text TEXT);
CREATE VIEW rich AS SELECT * FROM customer WHERE balance > 100;
"""


@pytest.mark.proves(Kind.RUN, "sqlite")
def test_a_snapshot_of_a_sqlite_file_moves_every_row_and_ends_by_itself(
    jobs: JobClient, tmp_path: Path, target: Database[Any], target_url: str
) -> None:
    file = tmp_path / "shop.db"
    with sqlite3.connect(file) as connection:
        connection.executescript(SHOP)
        connection.executemany(
            "INSERT INTO customer VALUES (?, ?, ?, ?, ?)", [(n, f"customer {n}", n / 4, "2024-02-29", b"\0\xff") for n in range(1, 3_001)]
        )
        connection.executemany("INSERT INTO order_line VALUES (?, ?, ?)", [(n // 4, n % 4, None) for n in range(1_000)])
        connection.executemany("INSERT INTO note VALUES (?)", [("twice",), ("twice",)])
    connection.close()
    job_id = jobs.post(snapshot_request("sqlite", f"jdbc:sqlite:{file}", target_url))

    job = jobs.wait_for_status(job_id, "COMPLETED")

    assert rows_seen(job) == 3_000 + 1_000 + 2
    assert job["statistics"]["totalTableCount"] == 3
    assert job["statistics"]["totalEvents"] == 4_002
    assert sorted(target.list_collection_names(filter={"name": {"$regex": "^[^_]"}})) == ["customer", "note", "orderLine"]
    assert target["customer"].count_documents({}) == 3_000
    found = target["customer"].find_one({"_id": 7})
    assert found is not None
    assert found["balance"] == Decimal128("1.75")
    assert found["photo"] == b"\0\xff"
    assert target["orderLine"].count_documents({"sku": None}) == 1_000
    assert target["note"].count_documents({"text": "twice"}) == 2


@pytest.mark.proves(Kind.RUN, "duckdb")
def test_a_snapshot_of_a_duckdb_file_moves_every_table_of_every_schema(
    jobs: JobClient, tmp_path: Path, target: Database[Any], target_url: str
) -> None:
    file = tmp_path / "shop.duckdb"
    with duckdb.connect(str(file)) as connection:
        connection.execute("CREATE SCHEMA archive")
        for schema, rows in (("main", 500), ("archive", 300)):
            connection.execute(f"CREATE TABLE {schema}.trade (made TIMESTAMP PRIMARY KEY, amount HUGEINT, tags VARCHAR[])")
            moments = f"SELECT TIMESTAMP '2024-02-29' + INTERVAL (i) MICROSECOND, i, ['a', NULL] FROM range({rows}) AS r(i)"
            connection.execute(f"INSERT INTO {schema}.trade {moments}")
    job_id = jobs.post(snapshot_request("duckdb", f"jdbc:duckdb:{file}", target_url))

    job = jobs.wait_for_status(job_id, "COMPLETED")

    assert rows_seen(job) == 800
    assert (target["mainTrade"].count_documents({}), target["archiveTrade"].count_documents({})) == (500, 300)
    found = target["mainTrade"].find_one({"_id": "2024-02-29T00:00:00.000007"})
    assert found == {"_id": "2024-02-29T00:00:00.000007", "amount": Decimal128("7"), "tags": ["a", None]}


def test_yugabytedb_is_read_as_the_postgresql_that_it_speaks(
    jobs: JobClient, source: SourceDatabase, target: Database[Any], target_url: str
) -> None:
    """On PostgreSQL in its place: what YugabyteDB does otherwise only its container can show (tests/docker)."""
    fill(source, 500)
    url = source.jdbc_url.replace("jdbc:postgresql:", "jdbc:yugabytedb:") + "?load-balance=true&sslmode=prefer"
    request = snapshot_request("YUGABYTE", url, target_url, user=source.role, password=source.password)
    assert jobs.ask("POST", "/jobs/readiness", request)["ready"] is True

    job = jobs.wait_for_status(jobs.post(request), "COMPLETED")

    expect_documents_equal_rows(source, target, {"account": "account"})
    assert rows_seen(job) == 500


@pytest.mark.proves(Kind.RUN, "postgresql+psycopg")
def test_a_snapshot_of_postgresql_equals_its_rows_and_leaves_nothing_behind(
    stack: Stack, jobs: JobClient, source: SourceDatabase, target: Database[Any], target_url: str
) -> None:
    fill(source, 5_000)
    job_id = jobs.post(own_reader_request(source, target_url))

    job = jobs.wait_for_status(job_id, "COMPLETED")

    expect_documents_equal_rows(source, target, {"account": "account"})
    assert rows_seen(job) == 5_000
    assert left_behind(stack, source, target, job_id) == []


def kill_reader(service: Service, jobs: JobClient, job_id: str, rows: int) -> None:
    """Kill the reader once so many rows are applied; not all may be."""
    job = jobs.wait_for_rows(job_id, rows)
    assert rows_seen(job) < MANY, "too late: the test shows nothing"
    (reader,) = wait_until(lambda: service.readers, "a reader runs")
    kill_process(reader)


@pytest.mark.proves(Kind.RUN, "postgresql+psycopg")
def test_a_reader_killed_in_the_middle_goes_on_without_loss_or_doubling(
    make_service: MakeService, source: SourceDatabase, target: Database[Any], target_url: str
) -> None:
    fill(source, MANY)
    service = make_service(workers=1)
    service.start()
    jobs = JobClient(service)
    job_id = jobs.post(own_reader_request(source, target_url))

    for rows in (1, 30_000):
        kill_reader(service, jobs, job_id, rows)
    job = jobs.wait_for_status(job_id, "COMPLETED", 240)

    expect_documents_equal_rows(source, target, {"account": "account"})
    assert rows_seen(job) == MANY
    assert "READER_ENDED" in codes(job, "WARNING")
    assert "SNAPSHOT_INTERRUPTED" not in codes(job)


@pytest.mark.parametrize("binlog_server", [pytest.param("mariadb", marks=pytest.mark.proves(Kind.RUN, "mariadb"))], indirect=True)
def test_a_reader_of_mariadb_killed_in_the_middle_goes_on_without_loss_or_doubling(
    stack: Stack, make_service: MakeService, binlog_source: BinlogSource, target: Database[Any], target_url: str
) -> None:
    fill_accounts(binlog_source, MANY)
    service = make_service(workers=1)
    service.start()
    jobs = JobClient(service)
    server = binlog_source.server
    url = server.jdbc_url(binlog_source.name)
    job_id = jobs.post(snapshot_request("mariadb", url, target_url, user=JOB_USER, password=server.job_password))

    kill_reader(service, jobs, job_id, 1)
    job = jobs.wait_for_status(job_id, "COMPLETED", 240)

    expect_accounts_equal(binlog_source, target)
    assert rows_seen(job) == MANY
    assert "READER_ENDED" in codes(job, "WARNING")
    assert "SNAPSHOT_INTERRUPTED" not in codes(job)
    assert left_elsewhere(stack, target, job_id) == []


@pytest.mark.proves(Kind.RUN, "postgresql+psycopg")
def test_a_service_killed_with_its_reader_goes_on_without_loss_or_doubling(
    make_service: MakeService, source: SourceDatabase, target: Database[Any], target_url: str
) -> None:
    fill(source, MANY)
    service = make_service(workers=1)
    service.start()
    jobs = JobClient(service)
    job_id = jobs.post(own_reader_request(source, target_url))
    jobs.wait_for_rows(job_id, 1)
    readers = service.readers

    service.kill()
    wait_until(lambda: not any(Path(f"/proc/{pid}").exists() for pid in readers), "the reader has ended with the service")
    service.restart()
    job = jobs.wait_for_status(job_id, "COMPLETED", 240)

    expect_documents_equal_rows(source, target, {"account": "account"})
    assert rows_seen(job) == MANY
    assert "SNAPSHOT_INTERRUPTED" not in codes(job)


@pytest.mark.proves(Kind.RUN, "postgresql+psycopg")
def test_a_table_without_a_key_is_begun_again_when_its_reading_breaks_off(
    make_service: MakeService, source: SourceDatabase, target: Database[Any], target_url: str
) -> None:
    source.run("CREATE TABLE line (text text)", f"INSERT INTO line SELECT 'line ' || n % 7 FROM generate_series(1, {2 * MANY}) AS n")
    service = make_service(workers=1)
    service.start()
    jobs = JobClient(service)
    job_id = jobs.post(own_reader_request(source, target_url))

    kill_reader(service, jobs, job_id, 1)
    job = jobs.wait_for_status(job_id, "COMPLETED", 240)

    expect_documents_equal_rows(source, target, {"line": "line"})
    assert rows_seen(job) == 2 * MANY
    assert "SNAPSHOT_INTERRUPTED" in codes(job, "WARNING")


@pytest.mark.proves(Kind.RUN, "postgresql+psycopg")
def test_a_job_cancelled_while_its_reader_reads_leaves_nothing_behind(
    stack: Stack, jobs: JobClient, source: SourceDatabase, target: Database[Any], target_url: str
) -> None:
    fill(source, MANY)
    job_id = jobs.post(own_reader_request(source, target_url))
    jobs.wait_for_rows(job_id, 1)
    jobs.cancel(job_id)

    job = jobs.wait_for_status(job_id, "CANCELLED")

    assert not job["statistics"]["snapshotCompleted"], "asked too late: the test shows nothing"
    assert jobs.service.readers == []
    assert left_behind(stack, source, target, job_id) == []


@pytest.mark.proves(Kind.RUN, "sqlite")
def test_a_value_that_cannot_be_moved_fails_the_job_by_its_table_and_column(
    stack: Stack, jobs: JobClient, source: SourceDatabase, tmp_path: Path, target: Database[Any], target_url: str
) -> None:
    file = tmp_path / "odd.db"
    with sqlite3.connect(file) as connection:
        connection.executescript("CREATE TABLE t (id INTEGER PRIMARY KEY, born DATE); INSERT INTO t VALUES (7, 'last spring');")
    connection.close()
    job_id = jobs.post(snapshot_request("sqlite", f"jdbc:sqlite:{file}", target_url))

    job = jobs.wait_for_status(job_id, "FAILED")

    assert job["failureError"]["errorType"] == "VALUE_NOT_CONVERTIBLE"
    (update,) = [update for update in job["jobUpdates"] if update["eventType"] == "ERROR"]
    assert (update["locationName"], update["fieldName"]) == ("main.t", "born")
    assert "id = 7" in update["message"]
    assert update["suggestion"]
    jobs.cancel(job_id)
    expect_nothing_left_soon(stack, source, target, job_id)


@pytest.mark.proves(Kind.RUN, "duckdb")
def test_a_database_that_is_not_there_fails_the_job_in_its_set_up(jobs: JobClient, tmp_path: Path, target_url: str) -> None:
    job_id = jobs.post(snapshot_request("duckdb", f"jdbc:duckdb:{tmp_path}/absent.duckdb", target_url))

    job = jobs.wait_for_status(job_id, "FAILED")

    assert job["failureError"]["setupError"]
    assert "absent.duckdb" in job["failureError"]["message"]


@pytest.mark.proves(Kind.RUN, "sqlite")
def test_following_changes_of_such_a_database_is_refused_with_what_to_do(jobs: JobClient, tmp_path: Path, target_url: str) -> None:
    request = snapshot_request("sqlite", f"jdbc:sqlite:{tmp_path}/shop.db", target_url)
    request["options"]["mode"] = "CDC"
    with pytest.raises(RefusedError) as refused:
        jobs.post(request)
    assert refused.value.status == 400
    assert "Use SNAPSHOT" in refused.value.body["description"]
