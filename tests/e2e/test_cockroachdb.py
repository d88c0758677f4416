"""CockroachDB's rows and changes, read by rowstream's own reader: from a stand-in (tests/fakes/cockroach)."""

import time
from collections.abc import Iterator
from typing import Any

import pytest
from pymongo.database import Database
from tests.e2e.conftest import MakeService
from tests.e2e.harness.client import JobClient, changes_seen, codes, rows_seen
from tests.e2e.harness.comparing import expect_documents_equal_rows
from tests.e2e.harness.followed import expect_every_type, kill_and_cut
from tests.e2e.harness.leftovers import left_behind
from tests.e2e.harness.requests import job_request
from tests.e2e.harness.service import kill_process
from tests.e2e.harness.source import SourceDatabase
from tests.e2e.harness.traffic import fill
from tests.e2e.harness.waiting import wait_until
from tests.fakes.cockroach.server import Cockroach
from tests.proofs.kinds import Kind

from stack.stack import Stack

pytestmark = pytest.mark.proves(Kind.STANDIN, "COCKROACHDB")

LARGE = 60_000


@pytest.fixture
def cluster(source: SourceDatabase) -> Iterator[Cockroach]:
    with Cockroach(source.admin_dsn) as made:
        yield made


def cockroach_request(source: SourceDatabase, cluster: Cockroach, target_url: str, mode: str) -> dict[str, Any]:
    url = f"jdbc:postgresql://127.0.0.1:{cluster.port}/{source.name}"
    return job_request(source, target_url, mode, type="COCKROACHDB", url=url)


def test_rows_and_changes_arrive_and_nothing_is_left(
    stack: Stack, jobs: JobClient, source: SourceDatabase, cluster: Cockroach, target: Database[Any], target_url: str
) -> None:
    fill(source, 2_000)
    request = cockroach_request(source, cluster, target_url, "CDC")
    ready = jobs.ask("POST", "/jobs/readiness", request)
    assert ready["ready"] is True, ready
    job_id = jobs.post(request)
    jobs.wait_until_streaming(job_id)

    source.run("UPDATE account SET balance = balance + 1 WHERE id % 2 = 0", "DELETE FROM account WHERE id % 10 = 0")
    source.run("UPDATE account SET id = id + 100000 WHERE id <= 5", "INSERT INTO mark VALUES (1, 1), (2, 2)")
    jobs.stop(job_id)
    job = jobs.wait_for_status(job_id, "COMPLETED")

    expect_documents_equal_rows(source, target, {"account": "account", "mark": "mark"})
    assert rows_seen(job) == 2_000
    assert left_behind(stack, source, target, job_id) == []


def test_a_job_without_a_snapshot_takes_what_changes_from_its_answer_on(
    jobs: JobClient, source: SourceDatabase, cluster: Cockroach, target: Database[Any], target_url: str
) -> None:
    fill(source, 100)
    job_id = jobs.post(cockroach_request(source, cluster, target_url, "CDC_ONLY"))

    source.run("UPDATE account SET balance = 0 WHERE id <= 7", "DELETE FROM account WHERE id = 7")
    jobs.stop(job_id)
    job = jobs.wait_for_status(job_id, "COMPLETED")

    assert sorted(document["_id"] for document in target["account"].find()) == [1, 2, 3, 4, 5, 6]
    assert rows_seen(job) == 0
    assert 6 <= changes_seen(job) <= 8, "what happens to a row within a moment is one change"


def test_readers_that_are_killed_and_cut_off_lose_and_double_nothing(
    make_service: MakeService, source: SourceDatabase, cluster: Cockroach, target: Database[Any], target_url: str
) -> None:
    service = make_service(workers=1, ROWSTREAM_CONNECTOR_RESTARTS="100")
    service.start()
    jobs = JobClient(service)
    fill(source, 3_000)
    job_id = jobs.post(cockroach_request(source, cluster, target_url, "CDC"))
    jobs.wait_until_streaming(job_id)
    kill_and_cut(service, jobs, job_id, source, cluster)
    jobs.stop(job_id)
    job = jobs.wait_for_status(job_id, "COMPLETED")

    expect_documents_equal_rows(source, target, {"account": "account"})
    assert rows_seen(job) == 3_000
    assert {"READER_ENDED", "SOURCE_UNAVAILABLE"} <= set(codes(job, "WARNING"))


def test_a_reader_killed_in_the_middle_of_a_large_transaction_tells_each_change_once(
    make_service: MakeService, source: SourceDatabase, cluster: Cockroach, target: Database[Any], target_url: str
) -> None:
    service = make_service(workers=1)
    service.start()
    jobs = JobClient(service)
    fill(source, LARGE)
    job_id = jobs.post(cockroach_request(source, cluster, target_url, "CDC"))
    jobs.wait_until_streaming(job_id)

    source.run("UPDATE account SET balance = balance + 1")
    job = jobs.wait_for_changes(job_id, 1)
    assert changes_seen(job) < LARGE, "too late: the test shows nothing"
    (reader,) = service.readers
    kill_process(reader)
    source.run("UPDATE account SET balance = balance + 1 WHERE id <= 100")
    jobs.stop(job_id)
    job = jobs.wait_for_status(job_id, "COMPLETED")

    expect_documents_equal_rows(source, target, {"account": "account"})
    assert changes_seen(job) == LARGE + 100
    assert "READER_ENDED" in codes(job, "WARNING")


def test_a_table_that_is_truncated_is_read_anew(
    jobs: JobClient, source: SourceDatabase, cluster: Cockroach, target: Database[Any], target_url: str
) -> None:
    fill(source, 1_000)
    job_id = jobs.post(cockroach_request(source, cluster, target_url, "CDC"))
    jobs.wait_until_streaming(job_id)

    source.run("UPDATE account SET balance = 1 WHERE id <= 10", "TRUNCATE account", "INSERT INTO mark VALUES (1, 5)")
    source.run("INSERT INTO account SELECT n, 'again', n, '{}', NULL, now() FROM generate_series(1, 300) AS n")
    source.run("UPDATE account SET balance = balance + 1 WHERE id % 3 = 0")
    jobs.stop(job_id)
    jobs.wait_for_status(job_id, "COMPLETED")

    expect_documents_equal_rows(source, target, {"account": "account", "mark": "mark"})


def test_rows_enter_and_leave_a_filter_that_the_database_alone_evaluates(
    jobs: JobClient, source: SourceDatabase, cluster: Cockroach, target: Database[Any], target_url: str
) -> None:
    fill(source, 400)
    request = cockroach_request(source, cluster, target_url, "CDC")
    condition = "owner LIKE '%5%' AND balance <= 250"
    request["relationalTableFilters"] = {"public": {"account": {"whereClause": condition}, "mark": {"rowCount": 2}}}
    job_id = jobs.post(request)
    jobs.wait_until_streaming(job_id)

    source.run("UPDATE account SET balance = 500 - balance", "DELETE FROM account WHERE id % 7 = 0")
    source.run("INSERT INTO mark SELECT n, n FROM generate_series(1, 5) AS n", "UPDATE account SET id = -id WHERE id <= 150")
    jobs.stop(job_id)
    jobs.wait_for_status(job_id, "COMPLETED")

    inside = sorted(row[0] for row in source.ask(f"SELECT id FROM account WHERE {condition}"))
    assert inside
    assert sorted(document["_id"] for document in target["account"].find()) == inside
    assert target["mark"].count_documents({}) == 2


def test_a_new_column_a_refresh_and_a_new_table(
    jobs: JobClient, source: SourceDatabase, cluster: Cockroach, target: Database[Any], target_url: str
) -> None:
    fill(source, 300)
    job_id = jobs.post(cockroach_request(source, cluster, target_url, "CDC"))
    jobs.wait_until_streaming(job_id)

    source.run("ALTER TABLE account ADD COLUMN rank int DEFAULT 3", "UPDATE account SET rank = 4 WHERE id <= 5")
    source.run("CREATE TABLE later (id int PRIMARY KEY, name text)", "INSERT INTO later SELECT n, 'n' FROM generate_series(1, 50) AS n")
    target["account"].delete_one({"_id": 77})
    jobs.refresh(job_id, "public.account", "public.later")
    jobs.wait_until_refreshed(job_id)
    source.run("UPDATE later SET name = 'm' WHERE id > 40", "DELETE FROM account WHERE id = 9", "DELETE FROM later WHERE id = 1")
    jobs.stop(job_id)
    jobs.wait_for_status(job_id, "COMPLETED")

    expect_documents_equal_rows(source, target, {"account": "account", "later": "later"})


def test_what_a_changefeed_cannot_tell_is_found_before_the_job(
    jobs: JobClient, source: SourceDatabase, cluster: Cockroach, target_url: str
) -> None:
    source.run("CREATE TABLE bare (v text)", "CREATE TABLE odd (k jsonb PRIMARY KEY)", "CREATE TABLE hidden (id int PRIMARY KEY)")
    source.admin("ALTER TABLE hidden OWNER TO postgres", f'GRANT REFERENCES ON hidden TO "{source.role}"')

    ready = jobs.ask("POST", "/jobs/readiness", cockroach_request(source, cluster, target_url, "CDC"))

    found = {check["check"]: check.get("table") for check in ready["checks"] if check["severity"] == "ERROR"}
    assert found == {"NO_KEY": "public.bare", "KEY_TYPE": "public.odd", "SELECT": "public.hidden"}


def test_a_reader_that_is_away_for_longer_than_the_cluster_remembers_fails_the_job_with_what_to_do(
    jobs: JobClient, source: SourceDatabase, cluster: Cockroach, target_url: str
) -> None:
    fill(source, 10)
    job_id = jobs.post(cockroach_request(source, cluster, target_url, "CDC"))
    jobs.wait_until_streaming(job_id)

    cluster.history.forget()
    cluster.cut()
    job = jobs.wait_for_status(job_id, "FAILED")

    assert codes(job, "ERROR") == ["HISTORY_GONE"]


def test_every_type_arrives_by_the_first_reading_and_by_changes(
    jobs: JobClient, source: SourceDatabase, cluster: Cockroach, target: Database[Any], target_url: str
) -> None:
    expect_every_type(jobs, source, target, cockroach_request(source, cluster, target_url, "CDC"))


def test_tables_that_are_made_anew_or_exchanged_are_read_anew(
    jobs: JobClient, source: SourceDatabase, cluster: Cockroach, target: Database[Any], target_url: str
) -> None:
    fill(source, 200)
    source.run("CREATE TABLE other (id int PRIMARY KEY, v int)", "INSERT INTO other SELECT n, n FROM generate_series(1, 50) AS n")
    job_id = jobs.post(cockroach_request(source, cluster, target_url, "CDC"))
    jobs.wait_until_streaming(job_id)

    source.transact(
        "DROP TABLE mark", "CREATE TABLE mark (writer int PRIMARY KEY, number bigint NOT NULL)", "INSERT INTO mark VALUES (7, 7)"
    )
    source.run("CREATE TABLE fresh (id int PRIMARY KEY, v int)", "INSERT INTO fresh SELECT n, -n FROM generate_series(40, 90) AS n")
    passing = "INSERT INTO account SELECT 999999, owner, balance, profile, statement, touched FROM account WHERE id = 1"
    exchange = ("ALTER TABLE other RENAME TO older", "ALTER TABLE fresh RENAME TO other", "UPDATE older SET v = 0")
    source.transact(passing, *exchange)
    cluster.history.take()  # at which there is a row that is gone by the next
    source.run("DELETE FROM account WHERE id = 999999", "UPDATE account SET balance = 1 WHERE id < 50")
    source.run("UPDATE other SET v = 1 WHERE id > 80")
    wait_until(lambda: target["other"].count_documents({"v": 1}) == 10, "the other table is followed")
    jobs.complete(job_id)

    expect_documents_equal_rows(source, target, {"account": "account", "mark": "mark", "other": "other"})


def test_a_row_that_moves_to_another_region_stays_one_document(
    jobs: JobClient, source: SourceDatabase, cluster: Cockroach, target: Database[Any], target_url: str
) -> None:
    source.run("CREATE TABLE homed (crdb_region text, id int, v int, PRIMARY KEY (crdb_region, id))")
    source.run("INSERT INTO homed SELECT 'us-east1', n, n FROM generate_series(1, 2000) AS n")
    job_id = jobs.post(cockroach_request(source, cluster, target_url, "CDC"))
    jobs.wait_until_streaming(job_id)

    source.run("UPDATE homed SET crdb_region = 'europe-west1', v = -v WHERE id % 2 = 0")
    jobs.complete(job_id)

    rows = {row[0]: row[1] for row in source.ask("SELECT id, v FROM homed")}
    assert {document["_id"]: document["v"] for document in target["homed"].find()} == rows


def test_changes_made_while_a_new_table_is_taken_in_are_not_lost(
    jobs: JobClient, source: SourceDatabase, cluster: Cockroach, target: Database[Any], target_url: str
) -> None:
    fill(source, 500)
    job_id = jobs.post(cockroach_request(source, cluster, target_url, "CDC"))
    jobs.wait_until_streaming(job_id)
    source.run("CREATE TABLE later (id int PRIMARY KEY, n int)", "INSERT INTO later SELECT n, 0 FROM generate_series(1, 5000) AS n")

    jobs.refresh(job_id, "public.later", "public.account")
    for number in range(1, 40):
        source.run(f"UPDATE later SET n = {number} WHERE id % 7 = {number % 7}", f"INSERT INTO later VALUES ({5000 + number}, 1)")
        source.run(f"DELETE FROM later WHERE id = {number * 11}", f"UPDATE account SET balance = {number} WHERE id % 3 = {number % 3}")
        time.sleep(0.1)  # an application's pace
    jobs.wait_until_refreshed(job_id)
    jobs.complete(job_id)

    expect_documents_equal_rows(source, target, {"account": "account", "later": "later"})
