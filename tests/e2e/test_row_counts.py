"""Of a table with a `rowCount` so many rows are followed, the first in key order, and no others."""

import random
from collections.abc import Iterator
from typing import Any

import pytest
from pymongo.database import Database
from tests.e2e.conftest import MakeService
from tests.e2e.harness.binlog_source import BinlogSource, binlog_request
from tests.e2e.harness.client import JobClient, changes_seen, rows_seen
from tests.e2e.harness.requests import job_request, own_reader_request
from tests.e2e.harness.source import SourceDatabase

ITEM = "CREATE TABLE item (id int PRIMARY KEY, state varchar(10), count int)"
HUGE = 2**63 - 1


def narrowed(request: dict[str, Any], row_count: int, condition: str | None = None, schema: str = "public") -> dict[str, Any]:
    """The request with a filter of this number of rows."""
    where = {} if condition is None else {"whereClause": condition}
    return request | {"relationalTableFilters": {schema: {"item": {"rowCount": row_count, **where}}}}


def keys(target: Database[Any]) -> list[int]:
    """The `_id`s of the documents."""
    return sorted(each["_id"] for each in target["item"].find({}, {"_id": 1}))


def fill(source: SourceDatabase, first: int, last: int) -> None:
    """Make the table with rows of every second state."""
    source.run(
        ITEM, f"INSERT INTO item SELECT n, CASE n % 2 WHEN 0 THEN 'open' ELSE 'paid' END, 0 FROM generate_series({first}, {last}) AS n"
    )


def test_the_first_rows_in_key_order_are_followed_and_no_others(
    jobs: JobClient, source: SourceDatabase, target: Database[Any], target_url: str
) -> None:
    fill(source, 11, 30)
    job_id = jobs.post(narrowed(job_request(source, target_url, "CDC"), 5))
    jobs.wait_until_streaming(job_id)
    assert keys(target) == [11, 12, 13, 14, 15]
    changes = source.run(
        "INSERT INTO item VALUES (1, 'open', 0)",
        "UPDATE item SET count = 1",
        "DELETE FROM item WHERE id IN (13, 20)",
        "INSERT INTO item VALUES (2, 'open', 0)",
        "UPDATE item SET id = 40 WHERE id = 14",
        "INSERT INTO item VALUES (14, 'open', 0)",
        "UPDATE item SET id = 41 WHERE id = 21",
        "INSERT INTO item VALUES (13, 'open', 9)",
    )
    jobs.wait_for_changes(job_id, changes)
    jobs.refresh(job_id, "public.item")
    jobs.wait_until_refreshed(job_id)
    job = jobs.complete(job_id)
    assert {each["_id"]: each["count"] for each in target["item"].find()} == {11: 1, 12: 1, 13: 9, 15: 1, 40: 1}
    assert (rows_seen(job), changes_seen(job)) == (5, changes)
    assert job["relationalTableFilters"] == {"public": {"item": {"rowCount": 5}}}


def test_with_a_condition_a_row_that_leaves_its_filter_keeps_its_place(
    jobs: JobClient, source: SourceDatabase, target: Database[Any], target_url: str
) -> None:
    fill(source, 1, 20)
    job_id = jobs.post(narrowed(job_request(source, target_url, "CDC"), 3, "state = 'open'"))
    jobs.wait_until_streaming(job_id)
    assert keys(target) == [2, 4, 6]
    changes = source.run("UPDATE item SET state = 'paid' WHERE id = 4", "UPDATE item SET state = 'open' WHERE id = 1")
    jobs.wait_for_changes(job_id, changes)
    assert keys(target) == [2, 6]
    source.run("UPDATE item SET state = 'open' WHERE id = 4", "UPDATE item SET id = 100, state = 'paid' WHERE id = 6")
    source.run("UPDATE item SET state = 'open' WHERE id IN (100, 3)")
    jobs.complete(job_id)
    assert keys(target) == [2, 4, 100]


def test_places_that_are_left_are_taken_by_the_rows_that_appear_and_a_truncate_frees_none(
    jobs: JobClient, source: SourceDatabase, target: Database[Any], target_url: str
) -> None:
    fill(source, 1, 2)
    job_id = jobs.post(narrowed(job_request(source, target_url, "CDC"), 4))
    jobs.wait_until_streaming(job_id)
    source.run("INSERT INTO item VALUES (9, 'x', 0), (8, 'x', 0), (7, 'x', 0)", "TRUNCATE item")
    source.run("INSERT INTO item SELECT n, 'x', 1 FROM generate_series(1, 10) AS n")
    jobs.complete(job_id)
    assert keys(target) == [1, 2, 8, 9]


def test_a_job_of_changes_alone_follows_the_first_that_appear(
    jobs: JobClient, source: SourceDatabase, target: Database[Any], target_url: str
) -> None:
    fill(source, 1, 9)
    job_id = jobs.post(narrowed(job_request(source, target_url, "CDC_ONLY"), 2))
    jobs.wait_until_streaming(job_id)
    source.run("UPDATE item SET count = 1 WHERE id = 7", "INSERT INTO item VALUES (20, 'x', 0)", "UPDATE item SET count = 1 WHERE id = 1")
    jobs.complete(job_id)
    assert keys(target) == [7, 20]


@pytest.mark.parametrize(
    ("mode", "row_count", "found"), [("SNAPSHOT", 0, 0), ("SNAPSHOT", 3, 3), ("SNAPSHOT", HUGE, 8), ("CDC", 0, 0), ("CDC", HUGE, 9)]
)
def test_none_and_more_than_there_are_do_what_they_say(
    jobs: JobClient, source: SourceDatabase, target: Database[Any], target_url: str, mode: str, row_count: int, found: int
) -> None:
    fill(source, 1, 8)
    job_id = jobs.post(narrowed(job_request(source, target_url, mode), row_count))
    if mode == "CDC":
        jobs.wait_until_streaming(job_id)
        source.run("INSERT INTO item VALUES (50, 'x', 0)")
        jobs.complete(job_id)
    else:
        jobs.wait_for_status(job_id, "COMPLETED")
    assert keys(target) == [*range(1, 9), 50][:found]


def test_on_mysql_and_mariadb_the_first_rows_are_followed(
    jobs: JobClient, binlog_source: BinlogSource, target: Database[Any], target_url: str
) -> None:
    binlog_source.run(ITEM, "INSERT INTO item VALUES (3, 'open', 0), (1, 'open', 0), (4, 'paid', 0), (2, 'paid', 0), (5, 'open', 0)")
    request = binlog_request(binlog_source, target_url, "CDC")
    job_id = jobs.post(narrowed(request, 2, "state = 'OPEN'", binlog_source.name))
    jobs.wait_until_streaming(job_id)
    assert keys(target) == [1, 3]
    binlog_source.run("INSERT INTO item VALUES (0, 'open', 0)", "UPDATE item SET id = 30 WHERE id = 3", "DELETE FROM item WHERE id = 1")
    jobs.complete(job_id)
    assert keys(target) == [30]


def test_the_own_reader_ends_after_so_many_rows(jobs: JobClient, source: SourceDatabase, target: Database[Any], target_url: str) -> None:
    fill(source, 1, 5_000)
    job = jobs.wait_for_status(jobs.post(narrowed(own_reader_request(source, target_url), 2_345, "state = 'open'")), "COMPLETED")
    assert keys(target) == list(range(2, 4_692, 2))
    assert rows_seen(job) == 2_345


def test_a_table_without_a_key_has_no_first_rows(jobs: JobClient, source: SourceDatabase, target_url: str) -> None:
    source.run("CREATE TABLE item (id int)")
    failure = jobs.wait_for_status(jobs.post(narrowed(job_request(source, target_url, "CDC"), 2)), "FAILED")["failureError"]
    assert (failure["errorType"], failure["setupError"]) == ("FILTER_KEY", True)


class Followed:
    """What a job should follow of rows that change one after the other."""

    def __init__(self, most: int) -> None:
        self.rows: dict[int, int] = {}
        self._most = most
        self._taken = 0
        self._places: set[int] = set()

    def put(self, key: int, count: int) -> None:
        """A row comes, or changes."""
        self.rows[key] = count
        if key not in self._places and self._taken < self._most:
            self._taken += 1
            self._places.add(key)

    def move(self, old: int, new: int) -> None:
        """A row changes its key."""
        count = self.rows.pop(old)
        if old in self._places:
            self._places = self._places - {old} | {new}
        self.put(new, count)

    def documents(self) -> dict[int, int]:
        """The rows that have a place."""
        return {key: count for key, count in self.rows.items() if key in self._places}


def changes_of(followed: Followed, dice: random.Random, number: int) -> Iterator[str]:
    """Random changes of one row each, told to the model, too."""
    for count in range(number):
        key, other = dice.randrange(60), dice.randrange(60)
        if key not in followed.rows:
            followed.put(key, count)
            yield f"INSERT INTO item VALUES ({key}, 'x', {count})"
        elif other not in followed.rows and dice.random() < 0.4:
            followed.move(key, other)
            yield f"UPDATE item SET id = {other} WHERE id = {key}"
        elif dice.random() < 0.4:
            del followed.rows[key]
            yield f"DELETE FROM item WHERE id = {key}"
        else:
            followed.put(key, count)
            yield f"UPDATE item SET count = {count} WHERE id = {key}"


def test_killed_workers_give_no_place_twice(
    make_service: MakeService, source: SourceDatabase, target: Database[Any], target_url: str
) -> None:
    dice, followed = random.Random(11), Followed(20)  # noqa: S311 - it chooses changes
    fill(source, 1, 12)
    for key in range(1, 13):
        followed.put(key, 0)
    service = make_service(workers=2, ROWSTREAM_BATCH_RECORDS="10")
    service.start()
    jobs = JobClient(service)
    job_id = jobs.post(narrowed(job_request(source, target_url, "CDC"), 20))
    jobs.wait_until_streaming(job_id)
    changes = 0
    for _ in range(6):
        changes += source.run(*changes_of(followed, dice, 60))
        service.kill_worker(dice)
    job = jobs.complete(job_id)
    assert changes_seen(job) == changes
    assert {each["_id"]: each["count"] for each in target["item"].find()} == followed.documents()
    assert target["_rowstream.places"].count_documents({}) == 0
