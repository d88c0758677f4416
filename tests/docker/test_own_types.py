"""Types that one database has and that cannot be asked for as all others are."""

from contextlib import closing
from typing import Any

import pytest
from pymongo.database import Database
from tests.contract.types.db2 import READ_ONLY
from tests.contract.types.dialects import DB2, SQL_SERVER
from tests.contract.types.moving import Moved, TypedTables, Way, as_bytes
from tests.docker.contract import VendorTables
from tests.docker.db2 import USER
from tests.docker.vendor import Vendor
from tests.docker.vendors import CAPTURE_SECONDS, VENDORS, request
from tests.e2e.harness.client import JobClient

pytestmark = [pytest.mark.docker, pytest.mark.timeout(3600)]


def on(name: str) -> pytest.MarkDecorator:
    """Run the test on this database."""
    return pytest.mark.parametrize("vendor", [each for each in VENDORS if each.id == name], indirect=True, scope="session")


@on("sqlserver")
def test_a_row_version_is_as_the_table_has_it(vendor: Vendor, jobs: JobClient, target: Database[Any], target_url: str) -> None:
    tables = VendorTables(vendor, SQL_SERVER, ["versioned"])
    with closing(tables):
        tables.make("CREATE TABLE versioned (id int NOT NULL PRIMARY KEY, beside int, version rowversion)")
        tables.change("INSERT INTO versioned (id, beside) VALUES (1, 0), (2, 0)")
        job = jobs.post(tables.request(target_url))
        jobs.wait_until_streaming(job, CAPTURE_SECONDS)
        tables.change("INSERT INTO versioned (id, beside) VALUES (3, 0)", "UPDATE versioned SET beside = 1 WHERE id = 2")
        jobs.complete(job, CAPTURE_SECONDS)
        rows = vendor.ask("SELECT id, beside, version FROM versioned ORDER BY id")
    documents = list(target["versioned"].find().sort("_id", 1))
    assert documents == [{"_id": number, "beside": beside, "version": bytes(version)} for number, beside, version in rows]
    assert len({document["version"] for document in documents}) == 3


@on("db2")
def test_a_snapshot_has_the_types_that_changes_have_not(vendor: Vendor, jobs: JobClient, target: Database[Any], target_url: str) -> None:
    typed = TypedTables(READ_ONLY, DB2)
    tables = VendorTables(vendor, DB2, typed.names, captured=False)
    with closing(tables):
        tables.make(*typed.create(), f"GRANT SELECT ON body TO USER {USER}")
        tables.change(*typed.before())
        jobs.wait_for_status(jobs.post(request(vendor, target_url, "SNAPSHOT")), "COMPLETED", CAPTURE_SECONDS)
    for logical in READ_ONLY:
        for number, value in enumerate(logical.values):
            found = Moved(target).field("body", Way.SNAPSHOT.value + number, logical.name)
            assert as_bytes(logical.like(found)) == as_bytes(logical.like(value.stored)), value
