"""Jobs on real databases of other vendors, in containers: one suite for each of them."""

from collections.abc import Iterator
from decimal import Decimal
from typing import Any

import pytest
from bson import Decimal128
from pymongo.database import Database
from tests.docker.spoken import Spoken
from tests.docker.vendor import Vendor
from tests.docker.vendors import CAPTURE_SECONDS, FOLLOWED, each_of, request
from tests.e2e.harness.client import JobClient

pytestmark = each_of(FOLLOWED)

ROWS = 500


@pytest.fixture
def filled(vendor: Vendor) -> Iterator[Vendor]:
    """The database with its table filled anew."""
    vendor.run(f"DELETE FROM {vendor.schema}.{vendor.table}")
    vendor.run(*(insert(vendor, number) for number in range(ROWS)))
    yield vendor
    vendor.run(f"DELETE FROM {vendor.schema}.{vendor.table}")


def insert(vendor: Vendor | Spoken, number: int) -> str:
    return f"INSERT INTO {vendor.schema}.{vendor.table} (id, name, price) VALUES ({number}, 'name {number}', {number}.25)"


def assert_equal(vendor: Vendor | Spoken, target: Database[Any], where: str = "1 = 1") -> None:
    """Every document of the collection is a row of the table that satisfies the condition, and each of these has one."""
    rows = vendor.ask(f"SELECT id, name, price FROM {vendor.schema}.{vendor.table} WHERE {where}")
    expected = sorted((int(number), name, Decimal128(Decimal(price).quantize(Decimal("0.01")))) for number, name, price in rows)
    found = sorted((int(str(each["_id"])), each["name"], each["price"]) for each in target["orders"].find())
    assert found == expected


def test_a_snapshot_has_every_row(filled: Vendor, jobs: JobClient, target: Database[Any], target_url: str) -> None:
    job = jobs.post(request(filled, target_url, "SNAPSHOT"))
    jobs.wait_for_status(job, "COMPLETED")
    assert_equal(filled, target)


@pytest.mark.parametrize("mode", ["CDC", "CDC_ONLY"])
def test_changes_arrive_until_the_job_is_stopped(
    filled: Vendor, jobs: JobClient, target: Database[Any], target_url: str, mode: str
) -> None:
    job = jobs.post(request(filled, target_url, mode))
    jobs.wait_until_streaming(job)
    table = f"{filled.schema}.{filled.table}"
    filled.run(f"UPDATE {table} SET name = 'changed'", insert(filled, 1001), insert(filled, 1002))
    filled.run(f"DELETE FROM {table} WHERE id = 7", f"UPDATE {table} SET id = 2000 WHERE id = 8")
    jobs.complete(job, CAPTURE_SECONDS)
    assert_equal(filled, target)


def test_rows_enter_their_filter_and_leave_it(filled: Vendor, jobs: JobClient, target: Database[Any], target_url: str) -> None:
    where = "(price < 100.5 OR id IN (200, 201)) AND NOT id = 9"
    filters = {filled.schema: {filled.table: {"whereClause": where}}}
    job = jobs.post(request(filled, target_url, "CDC") | {"relationalTableFilters": filters})
    jobs.wait_until_streaming(job)
    assert_equal(filled, target, where)
    table = f"{filled.schema}.{filled.table}"
    filled.run(f"UPDATE {table} SET price = price + 50 WHERE id < 120", f"UPDATE {table} SET price = 1 WHERE id >= 450")
    filled.run(insert(filled, 1001), f"UPDATE {table} SET id = 3000 WHERE id = 460", f"UPDATE {table} SET id = 2200 WHERE id = 200")
    filled.run(f"DELETE FROM {table} WHERE id = 201", f"DELETE FROM {table} WHERE id = 470")
    jobs.complete(job, CAPTURE_SECONDS)
    assert_equal(filled, target, where)


def test_rows_that_change_while_they_are_read_are_right(filled: Vendor, jobs: JobClient, target: Database[Any], target_url: str) -> None:
    job = jobs.post(request(filled, target_url, "CDC"))
    for number in range(ROWS, ROWS + 200):
        filled.run(insert(filled, number), f"UPDATE {filled.schema}.{filled.table} SET name = 'round {number}' WHERE id = {number - 300}")
    jobs.wait_until_streaming(job)
    jobs.complete(job, CAPTURE_SECONDS)
    assert_equal(filled, target)


def test_what_is_missing_fails_the_job_before_it_starts(filled: Vendor, jobs: JobClient, target_url: str) -> None:
    check = filled.lack()
    try:
        job = jobs.wait_for_status(jobs.post(request(filled, target_url, "CDC")), "FAILED")
        assert job["failureError"]["errorType"] == check
        assert job["failureError"]["setupError"]
    finally:
        filled.mend()
