"""Changes of narrowed tables that are applied again leave the same rows, in place and in other collections."""

from http import HTTPStatus
from typing import Any

import pytest
from pymongo.database import Database
from tests.e2e.harness.client import JobClient, RefusedError
from tests.e2e.harness.requests import job_request
from tests.e2e.harness.source import SourceDatabase

LONG = "repeat('n', 9000)"
TABLES = (
    "CREATE TABLE capped (id int PRIMARY KEY, state text, note text)",
    "ALTER TABLE capped ALTER note SET STORAGE EXTERNAL",
    f"INSERT INTO capped SELECT n, CASE n % 2 WHEN 0 THEN 'open' ELSE 'paid' END, {LONG} || n FROM generate_series(1, 40) AS n",
    "CREATE TABLE filtered (id int PRIMARY KEY, state text, note text)",
    "ALTER TABLE filtered ALTER note SET STORAGE EXTERNAL",
    "INSERT INTO filtered SELECT * FROM capped",
    "ALTER TABLE capped REPLICA IDENTITY FULL",
    "ALTER TABLE filtered REPLICA IDENTITY FULL",
)
CHANGES = (
    "UPDATE {} SET state = 'paid' WHERE id IN (4, 8)",
    "UPDATE {} SET id = id + 100 WHERE id IN (2, 6, 30)",
    "INSERT INTO {} SELECT n, 'open', 'new' FROM generate_series(201, 205) AS n",
    "DELETE FROM {} WHERE id IN (10, 106)",
    "UPDATE {} SET state = 'open' WHERE id IN (8, 31)",
    "INSERT INTO {} VALUES (2, 'open', 'back'), (10, 'open', 'back')",
    "UPDATE {} SET state = state || ''",
)
FILTERS = {
    "capped": {"whereClause": "state = 'open'", "rowCount": 8},
    "filtered": {"whereClause": "state = 'open' AND note LIKE 'n%'"},
}


def documents(target: Database[Any], suffix: str = "") -> dict[str, list[Any]]:
    """What the two collections hold."""
    return {name: list(target[name + suffix].find().sort("_id", 1)) for name in FILTERS}


def test_replays_leave_the_rows_that_were_followed(jobs: JobClient, source: SourceDatabase, target: Database[Any], target_url: str) -> None:
    source.run(*TABLES)
    job_id = jobs.post(job_request(source, target_url, "CDC") | {"relationalTableFilters": {"public": FILTERS}})
    jobs.wait_until_streaming(job_id)
    changes = source.run(*(statement.format(table) for table in FILTERS for statement in CHANGES))
    jobs.wait_for_changes(job_id, changes)
    before = documents(target)
    assert {each["_id"] for each in before["capped"]} == {8, 10, 12, 14, 16, 102}
    for number, body in enumerate(({"from": "beginning"}, {"from": "beginning", "into": "Copy"}), 1):
        jobs.replay(job_id, body)
        jobs.wait(job_id, "the replay is over", lambda job, number=number: _ended(job) >= number)  # type: ignore[misc]
    with pytest.raises(RefusedError) as refused:
        jobs.replay(job_id, {"from": "2020-01-01T00:00:00Z", "tables": ["public.capped"]})
    jobs.complete(job_id)
    assert documents(target) == before
    assert documents(target, "Copy") == before
    assert refused.value.status == HTTPStatus.CONFLICT
    assert "rowCount" in str(refused.value.body)
    assert target["_rowstream.places"].count_documents({}) == 0


def _ended(job: dict[str, Any]) -> int:
    return sum(update["message"].startswith(("Applied again", "Not applied again")) for update in job["jobUpdates"])
