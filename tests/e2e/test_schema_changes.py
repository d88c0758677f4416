"""Tables whose columns change while their changes are followed."""

from typing import Any

from bson import Decimal128
from pymongo.database import Database
from tests.e2e.harness.client import JobClient, changes_seen, rows_seen
from tests.e2e.harness.comparing import expect_documents_equal_rows
from tests.e2e.harness.requests import job_request
from tests.e2e.harness.source import SourceDatabase

WIDE = "repeat(md5(n::text), 120)"


def test_columns_added_dropped_renamed_and_retyped_have_their_new_shape_from_the_next_change_of_a_row_on(
    jobs: JobClient, source: SourceDatabase, target: Database[Any], target_url: str
) -> None:
    source.run(
        "CREATE TABLE item (id int PRIMARY KEY, name text, amount numeric(8, 2), old text, size smallint, body text)",
        "ALTER TABLE item ALTER body SET STORAGE EXTERNAL",
        f"INSERT INTO item SELECT n, 'name ' || n, n * 1.25, 'old ' || n, n, {WIDE} FROM generate_series(1, 20) AS n",
    )
    job_id = jobs.post(job_request(source, target_url, "CDC"))
    jobs.wait_until_streaming(job_id)

    changes = source.run(
        "UPDATE item SET size = size + 1 WHERE id = 1", "ALTER TABLE item ADD added int", "UPDATE item SET added = 1 WHERE id = 1"
    )
    changes += source.transact(
        "INSERT INTO item VALUES (21, 'before', 1, 'x', 1, 'short', 7)",
        "ALTER TABLE item DROP old, ADD label text NOT NULL DEFAULT 'none', ADD at timestamptz DEFAULT clock_timestamp()",
        "INSERT INTO item (id, name) VALUES (22, 'after')",
        "UPDATE item SET added = 2 WHERE id IN (2, 21)",
        "ALTER TABLE item RENAME name TO title",
        "UPDATE item SET title = 'renamed' WHERE id = 3",
    )
    changes += source.run(
        "ALTER TABLE item ALTER amount TYPE numeric(12, 4), ALTER size TYPE bigint, ALTER added TYPE text",
        "UPDATE item SET label = 'retyped' WHERE id = 4",
        "UPDATE item SET id = 105 WHERE id = 5",
        "DELETE FROM item WHERE id = 6",
    )
    jobs.wait_for_changes(job_id, changes)
    untouched = target["item"].find_one({"_id": 7}, {"body": 0})
    changes += source.run("UPDATE item SET label = label")
    job = jobs.complete(job_id)

    assert untouched == {"_id": 7, "name": "name 7", "amount": Decimal128("8.75"), "old": "old 7", "size": 7}
    expect_documents_equal_rows(source, target, {"item": "item"})
    assert (rows_seen(job), changes_seen(job)) == (20, changes)
