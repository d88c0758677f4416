"""YugabyteDB's rows and changes, read by rowstream's own reader: from a stand-in (tests/fakes/yugabyte)."""

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
from tests.e2e.harness.source import SourceDatabase
from tests.e2e.harness.traffic import fill
from tests.e2e.harness.waiting import wait_until
from tests.fakes.yugabyte.server import Yugabyte
from tests.proofs.kinds import Kind

from stack.stack import Stack

pytestmark = pytest.mark.proves(Kind.STANDIN, "YUGABYTE")


@pytest.fixture
def cluster(source: SourceDatabase) -> Iterator[Yugabyte]:
    with Yugabyte(source.admin_dsn) as made:
        yield made


def yugabyte_request(source: SourceDatabase, cluster: Yugabyte, target_url: str, mode: str) -> dict[str, Any]:
    url = f"jdbc:yugabytedb://127.0.0.1:{cluster.port}/{source.name}"
    return job_request(source, target_url, mode, type="YUGABYTE", url=url)


def tables(source: SourceDatabase) -> list[str]:
    return [name for (name,) in source.ask("SELECT tablename FROM pg_tables WHERE schemaname = 'public' ORDER BY 1")]


@pytest.mark.parametrize("superuser", [True, False])
def test_rows_and_changes_arrive_and_nothing_is_left(
    stack: Stack, jobs: JobClient, source: SourceDatabase, cluster: Yugabyte, target: Database[Any], target_url: str, *, superuser: bool
) -> None:
    if superuser:
        source.admin(f'ALTER ROLE "{source.role}" SUPERUSER')
    fill(source, 2_000)
    request = yugabyte_request(source, cluster, target_url, "CDC")
    ready = jobs.ask("POST", "/jobs/readiness", request)
    assert ready["ready"] is True, ready
    job_id = jobs.post(request)
    jobs.wait_until_streaming(job_id)

    source.run("UPDATE account SET balance = balance + 1 WHERE id % 2 = 0", "DELETE FROM account WHERE id % 10 = 0")
    source.run("UPDATE account SET id = id + 100000 WHERE id <= 5", "INSERT INTO mark VALUES (1, 1), (2, 2)")
    jobs.stop(job_id)
    job = jobs.wait_for_status(job_id, "COMPLETED")

    expect_documents_equal_rows(source, target, {"account": "account", "mark": "mark"})
    assert sorted(target.list_collection_names(filter={"name": {"$not": {"$regex": "^_rowstream"}}})) == ["account", "mark"]
    assert rows_seen(job) == 2_000
    assert left_behind(stack, source, target, job_id) == []
    assert tables(source) == ["account", "mark"]


def test_a_job_without_a_snapshot_takes_what_changes_from_its_answer_on(
    jobs: JobClient, source: SourceDatabase, cluster: Yugabyte, target: Database[Any], target_url: str
) -> None:
    fill(source, 100)
    job_id = jobs.post(yugabyte_request(source, cluster, target_url, "CDC_ONLY"))

    source.run("UPDATE account SET balance = 0 WHERE id <= 7", "DELETE FROM account WHERE id = 7")
    jobs.stop(job_id)
    job = jobs.wait_for_status(job_id, "COMPLETED")

    assert sorted(document["_id"] for document in target["account"].find()) == [1, 2, 3, 4, 5, 6]
    assert rows_seen(job) == 0
    assert 6 <= changes_seen(job) <= 8, "what happens to a row within a moment is one change"


def test_a_snapshot_makes_nothing_at_the_source(
    jobs: JobClient, source: SourceDatabase, cluster: Yugabyte, target: Database[Any], target_url: str
) -> None:
    fill(source, 100)
    job_id = jobs.post(yugabyte_request(source, cluster, target_url, "SNAPSHOT"))
    job = jobs.wait_for_status(job_id, "COMPLETED")

    expect_documents_equal_rows(source, target, {"account": "account"})
    assert rows_seen(job) == 100
    assert source.ask("SELECT * FROM pg_publication") == []


def test_readers_that_are_killed_and_cut_off_lose_and_double_nothing(
    make_service: MakeService, source: SourceDatabase, cluster: Yugabyte, target: Database[Any], target_url: str
) -> None:
    source.admin(f'ALTER ROLE "{source.role}" SUPERUSER')
    service = make_service(workers=1, ROWSTREAM_CONNECTOR_RESTARTS="100")
    service.start()
    jobs = JobClient(service)
    fill(source, 3_000)
    job_id = jobs.post(yugabyte_request(source, cluster, target_url, "CDC"))
    jobs.wait_until_streaming(job_id)
    kill_and_cut(service, jobs, job_id, source, cluster)
    jobs.stop(job_id)
    job = jobs.wait_for_status(job_id, "COMPLETED")

    expect_documents_equal_rows(source, target, {"account": "account", "mark": "mark"})
    assert rows_seen(job) == 3_000
    assert codes(job, "ERROR") == []


def test_filters_see_rows_come_and_go(
    jobs: JobClient, source: SourceDatabase, cluster: Yugabyte, target: Database[Any], target_url: str
) -> None:
    fill(source, 100)
    request = yugabyte_request(source, cluster, target_url, "CDC")
    request["relationalTableFilters"] = {"public": {"account": {"whereClause": "balance < 50"}}}
    job_id = jobs.post(request)
    jobs.wait_until_streaming(job_id)

    source.run("UPDATE account SET balance = balance + 30 WHERE id % 2 = 0", "UPDATE account SET balance = 1 WHERE id > 90")
    jobs.stop(job_id)
    jobs.wait_for_status(job_id, "COMPLETED")

    kept = [key for (key,) in source.ask("SELECT id FROM account WHERE balance < 50 ORDER BY id")]
    assert sorted(document["_id"] for document in target["account"].find()) == kept


def test_a_new_table_is_told_and_not_taken(
    jobs: JobClient, source: SourceDatabase, cluster: Yugabyte, target: Database[Any], target_url: str
) -> None:
    fill(source, 10)
    job_id = jobs.post(yugabyte_request(source, cluster, target_url, "CDC"))
    jobs.wait_until_streaming(job_id)

    source.run("CREATE TABLE late (id int PRIMARY KEY)", "INSERT INTO late VALUES (1)")
    wait_until(lambda: "NEW_TABLE" in codes(jobs.get(job_id), "WARNING"), "the new table is told")
    jobs.ask("POST", f"/jobs/{job_id}/refresh", {"tables": ["public.late"]})
    wait_until(lambda: "NEW_TABLE_NOT_FOLLOWED" in codes(jobs.get(job_id), "WARNING"), "it is refused")

    source.run("UPDATE account SET balance = 3")
    jobs.stop(job_id)
    jobs.wait_for_status(job_id, "COMPLETED")
    expect_documents_equal_rows(source, target, {"account": "account"})
    assert "late" not in target.list_collection_names()


def test_a_table_that_is_truncated_is_read_anew(
    jobs: JobClient, source: SourceDatabase, cluster: Yugabyte, target: Database[Any], target_url: str
) -> None:
    """YugabyteDB lets nobody truncate a table with a slot, or does not tell it: here PostgreSQL tells."""
    fill(source, 1_000)
    job_id = jobs.post(yugabyte_request(source, cluster, target_url, "CDC"))
    jobs.wait_until_streaming(job_id)

    source.run("UPDATE account SET balance = 1 WHERE id <= 10", "TRUNCATE account", "INSERT INTO mark VALUES (1, 5)")
    source.run("INSERT INTO account SELECT n, 'again', n, '{}', NULL, now() FROM generate_series(1, 300) AS n")
    source.run("UPDATE account SET balance = balance + 1 WHERE id % 3 = 0")
    jobs.stop(job_id)
    jobs.wait_for_status(job_id, "COMPLETED")

    expect_documents_equal_rows(source, target, {"account": "account", "mark": "mark"})


def test_every_type_arrives_by_the_first_reading_and_by_changes(
    jobs: JobClient, source: SourceDatabase, cluster: Yugabyte, target: Database[Any], target_url: str
) -> None:
    expect_every_type(jobs, source, target, yugabyte_request(source, cluster, target_url, "CDC"))
