"""Killed workers leave exactly the rows that satisfy the filter, also where documents tell what changes leave out."""

import random
from collections.abc import Iterator
from typing import Any

from pymongo.database import Database
from tests.e2e.conftest import MakeService
from tests.e2e.harness.client import JobClient, changes_seen
from tests.e2e.harness.requests import job_request
from tests.e2e.harness.source import SourceDatabase

ROWS, KILLS, STATEMENTS = 200, 8, 40
LARGE = "repeat(md5(random()::text), 100)"
TABLE = (
    "CREATE TABLE item (id int PRIMARY KEY, body text, state text, count int)",
    "ALTER TABLE item ALTER body SET STORAGE EXTERNAL",
    f"INSERT INTO item SELECT n, CASE n % 2 WHEN 0 THEN 'keep ' ELSE 'drop ' END || {LARGE}, 'closed', 0 FROM generate_series(1, {ROWS}) n",
    "UPDATE item SET state = 'open' WHERE id % 2 = 0",
)
CONDITION = "body LIKE 'keep%' AND state = 'open'"


def statements(dice: random.Random) -> Iterator[str]:
    """Changes of which a row that comes in tells its large value; what is outside is closed, so that other changes need not tell it."""
    for _ in range(STATEMENTS):
        key = dice.randrange(ROWS)
        yield dice.choice(
            [
                f"UPDATE item SET count = count + 1 WHERE id = {key}",
                f"UPDATE item SET count = count + 1 WHERE id BETWEEN {key} AND {key + 5}",
                f"UPDATE item SET state = 'closed' WHERE id = {key}",
                f"UPDATE item SET state = 'open', body = 'keep ' || {LARGE} WHERE id = {key}",
                f"UPDATE item SET state = 'closed', body = 'drop ' || {LARGE} WHERE id = {key}",
                f"UPDATE item SET body = 'drop ' || {LARGE}, state = 'closed', id = id + {ROWS} WHERE id = {key} "
                f"AND NOT EXISTS (SELECT FROM item WHERE id = {key + ROWS})",
                f"UPDATE item SET id = id + {ROWS} WHERE id = {key} AND NOT EXISTS (SELECT FROM item WHERE id = {key + ROWS})",
                f"UPDATE item SET id = id - {ROWS} WHERE id = {key + ROWS} AND NOT EXISTS (SELECT FROM item WHERE id = {key})",
                f"DELETE FROM item WHERE id = {key}",
                f"INSERT INTO item VALUES ({key}, 'keep ' || {LARGE}, 'open', 0) ON CONFLICT DO NOTHING",
            ]
        )


def test_workers_that_are_killed_leave_the_rows_of_the_filter_and_exact_counts(
    make_service: MakeService, source: SourceDatabase, target: Database[Any], target_url: str
) -> None:
    dice = random.Random(7)  # noqa: S311 - it chooses changes
    source.run(*TABLE)
    service = make_service(workers=2, ROWSTREAM_BATCH_RECORDS="20")
    service.start()
    jobs = JobClient(service)
    filters = {"relationalTableFilters": {"public": {"item": {"whereClause": CONDITION}}}}
    job_id = jobs.post(job_request(source, target_url, "CDC") | filters)
    jobs.wait_until_streaming(job_id)
    changes = 0
    for _ in range(KILLS):
        changes += source.run(*statements(dice))
        service.kill_worker(dice)
    job = jobs.complete(job_id)
    assert changes_seen(job) == changes
    wanted = {key: (body, count) for key, body, count in source.ask(f"SELECT id, body, count FROM item WHERE {CONDITION}")}
    assert {each["_id"]: (each["body"], each["count"]) for each in target["item"].find()} == wanted
