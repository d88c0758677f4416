"""Rows that hold one key until their transaction ends."""

from typing import Any

import pytest
from pymongo.database import Database
from tests.e2e.harness.client import JobClient, changes_seen
from tests.e2e.harness.comparing import expect_documents_equal_rows
from tests.e2e.harness.requests import job_request
from tests.e2e.harness.source import SourceDatabase
from tests.e2e.harness.traffic import WIDE


@pytest.mark.parametrize("mode", ["CDC", "CDC_ONLY"])
def test_of_rows_that_hold_one_deferrable_key_each_change_meets_its_own(
    jobs: JobClient, source: SourceDatabase, target: Database[Any], target_url: str, mode: str
) -> None:
    source.run(
        "CREATE TABLE late (id int, text text, amount numeric, wide text, PRIMARY KEY (id) DEFERRABLE INITIALLY DEFERRED)",
        "ALTER TABLE late REPLICA IDENTITY FULL",
        "ALTER TABLE late ALTER wide SET STORAGE EXTERNAL",
        f"INSERT INTO late SELECT n, 'row ' || n, n * 1.10, repeat('x', {WIDE}) FROM generate_series(1, 5) AS n",
        "INSERT INTO late SELECT n, 'row ' || n, 'NaN', NULL FROM generate_series(11, 400) AS n",
    )
    job_id = jobs.post(job_request(source, target_url, mode))
    jobs.wait_until_streaming(job_id)

    changes = source.transact(
        "INSERT INTO late VALUES (1, 'new', 'NaN', 'x')",
        "UPDATE late SET amount = 1.0 WHERE text = 'new'",
        "DELETE FROM late WHERE text = 'row 1'",
    )
    changes += source.transact(
        "INSERT INTO late VALUES (2, 'new', 2, 'x')",
        "UPDATE late SET amount = 2.00 WHERE text = 'row 2'",
        "DELETE FROM late WHERE id = 2 AND text = 'new'",
    )
    changes += source.transact(
        "UPDATE late SET id = 3 WHERE id = 4",
        "UPDATE late SET text = 'changed' WHERE text = 'row 3'",
        "UPDATE late SET id = 4 WHERE text = 'changed'",
    )
    changes += source.transact(
        "UPDATE late SET text = 'twice' WHERE id = 5",
        "INSERT INTO late SELECT * FROM late WHERE id = 5",
        "DELETE FROM late WHERE ctid = (SELECT max(ctid) FROM late WHERE id = 5)",
    )
    changes += source.transact("UPDATE late SET id = id + 1 WHERE id > 10")
    changes += source.transact("UPDATE late SET id = 411 - id + 1 WHERE id > 11", "DELETE FROM late WHERE id % 7 = 0")
    job = jobs.complete(job_id)

    expect_documents_equal_rows(source, target, {"late": "late"})
    assert changes_seen(job) == changes
