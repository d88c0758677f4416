"""SNAPSHOT jobs on real databases that speak PostgreSQL's protocol, in containers."""

from typing import Any

import pytest
from pymongo.database import Database
from tests.docker.spoken import CockroachDB, Spoken, YugabyteDB
from tests.docker.test_vendors import ROWS, assert_equal, insert
from tests.docker.vendors import request
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
