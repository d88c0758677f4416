"""What is the own reader's alone, on real databases that speak PostgreSQL's protocol, in containers."""

from typing import Any

import pytest
from pymongo.database import Database
from tests.docker.spoken import CockroachDB, Spoken, YugabyteDB
from tests.docker.test_vendors import ROWS, assert_equal, insert
from tests.docker.vendors import request
from tests.e2e.harness import typed_rows
from tests.e2e.harness.client import JobClient, rows_seen
from tests.proofs.kinds import Kind

DATABASES = [
    pytest.param(CockroachDB, id="cockroachdb", marks=[pytest.mark.cockroachdb, pytest.mark.proves(Kind.CONTAINER, "COCKROACHDB")]),
    pytest.param(YugabyteDB, id="yugabyte", marks=[pytest.mark.yugabyte, pytest.mark.proves(Kind.CONTAINER, "YUGABYTE")]),
]
pytestmark = [pytest.mark.docker, pytest.mark.timeout(1800), pytest.mark.parametrize("vendor", DATABASES, indirect=True, scope="session")]


@pytest.fixture
def filled(vendor: Spoken) -> Spoken:
    """The database with its table filled anew."""
    vendor.run("DELETE FROM orders WHERE id >= 0")
    vendor.run(*(insert(vendor, number) for number in range(ROWS)))
    return vendor


def test_a_snapshot_has_every_row(filled: Spoken, jobs: JobClient, target: Database[Any], target_url: str) -> None:
    job = jobs.wait_for_status(jobs.post(request(filled, target_url, "SNAPSHOT")), "COMPLETED")
    assert rows_seen(job) == ROWS
    assert_equal(filled, target)


def test_a_filter_takes_some_rows_only(filled: Spoken, jobs: JobClient, target: Database[Any], target_url: str) -> None:
    narrowed = request(filled, target_url, "SNAPSHOT") | {
        "relationalTableFilters": {"public": {"orders": {"whereClause": "id >= 100 AND name LIKE 'name %'", "rowCount": 50}}}
    }
    jobs.wait_for_status(jobs.post(narrowed), "COMPLETED")
    assert sorted(target["orders"].distinct("_id")) == list(range(100, 150))


def test_every_type_arrives(vendor: CockroachDB | YugabyteDB, jobs: JobClient, target: Database[Any], target_url: str) -> None:
    for statement in (*typed_rows.tables(), *typed_rows.rows_read()):
        vendor.run(statement)
    vendor.capture(*typed_rows.names())
    job_id = jobs.post(request(vendor, target_url, "CDC"))
    jobs.wait_until_streaming(job_id)

    vendor.run(*typed_rows.rows_changed())
    jobs.complete(job_id)

    assert target["typed"].count_documents({}) == typed_rows.count()
    assert typed_rows.wrong(target) == []


def test_a_table_of_cockroachdb_that_is_truncated_is_read_anew(
    filled: Spoken, jobs: JobClient, target: Database[Any], target_url: str
) -> None:
    if not isinstance(filled, CockroachDB):
        pytest.skip("NOT TESTED: only CockroachDB's changes are followed so")
    job_id = jobs.post(request(filled, target_url, "CDC"))
    jobs.wait_until_streaming(job_id)

    filled.run("TRUNCATE orders")
    filled.run(*(insert(filled, number) for number in range(30)))
    jobs.complete(job_id)

    assert_equal(filled, target)
