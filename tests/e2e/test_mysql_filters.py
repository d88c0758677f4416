"""Filters on MySQL and MariaDB: their collations, their truths, their times."""

from typing import Any

from pymongo.database import Database
from tests.e2e.harness.binlog_source import BinlogSource, binlog_request
from tests.e2e.harness.client import JobClient, changes_seen, rows_seen

PEOPLE = """
CREATE TABLE people (
    id INT PRIMARY KEY, name VARCHAR(40), active TINYINT(1), seen TIMESTAMP(3) NULL, born DATE, ratio FLOAT
) CHARACTER SET utf8mb4
"""
CONDITION = "name = 'Müller' AND active AND (seen >= '2024-01-01' OR YEAR(born) = 1990)"


def filtered_request(source: BinlogSource, url: str, mode: str, condition: str = CONDITION, table: str = "people") -> dict[str, Any]:
    """A request with a filter on one table."""
    return binlog_request(source, url, mode) | {"relationalTableFilters": {source.name: {table: {"whereClause": condition}}}}


def expect_rows(source: BinlogSource, target: Database[Any], condition: str = CONDITION) -> None:
    """The documents are those of the rows that the server selects."""
    wanted = sorted(row[0] for row in source.ask(f"SELECT id FROM people WHERE {condition}"))
    assert sorted(each["_id"] for each in target["people"].find({}, {"_id": 1})) == wanted


def fill(source: BinlogSource) -> None:
    """Make the table with people who are hard to tell apart."""
    source.run(
        PEOPLE,
        """INSERT INTO people VALUES (1, 'Müller', 1, '2024-01-01 00:00:00', NULL, 0.1), (2, 'MULLER', 2, '2025-01-01', NULL, 1),
           (3, 'muller ', 1, '2024-06-01', NULL, 1), (4, 'Müller', 0, '2024-06-01', NULL, 1), (5, 'Mueller', 1, '2024-06-01', NULL, 1),
           (6, 'Müller', 1, '2023-12-31 23:59:59.999', NULL, 1), (7, 'müller', 1, NULL, '1990-05-05', 1),
           (8, NULL, 1, NULL, '1990-05-05', 1), (9, 'Мюллер', 1, '2024-06-01', NULL, 1),
           (10, 'ミュラー', 1, '2024-06-01', NULL, NULL)""",
    )


def test_rows_enter_and_leave_by_the_rules_of_their_collation(
    jobs: JobClient, binlog_source: BinlogSource, target: Database[Any], target_url: str
) -> None:
    fill(binlog_source)
    job_id = jobs.post(filtered_request(binlog_source, target_url, "CDC"))
    jobs.wait_until_streaming(job_id)
    expect_rows(binlog_source, target)
    assert rows_seen(jobs.get(job_id)) == target["people"].count_documents({})
    changes = binlog_source.run(
        "UPDATE people SET name = 'Mu\u0308ller' WHERE id = 5",
        "UPDATE people SET active = 5 WHERE id = 4",
        "UPDATE people SET name = 'Müllér' WHERE id = 9",
        "UPDATE people SET id = 20 WHERE id = 1",
        "UPDATE people SET id = 21, name = 'x' WHERE id = 2",
        "UPDATE people SET id = 22, name = 'muller' WHERE id = 8",
        "UPDATE people SET seen = '2023-01-01' WHERE id = 3",
        "INSERT INTO people VALUES (30, 'MÜLLER', 1, '2024-01-01', NULL, 1), (31, 'Müller', NULL, '2024-01-01', NULL, 1)",
        "DELETE FROM people WHERE id = 7",
    )
    job = jobs.complete(job_id)
    expect_rows(binlog_source, target)
    assert changes_seen(job) == changes


def test_a_truncate_empties_and_a_refresh_reads_by_the_filter(
    jobs: JobClient, binlog_source: BinlogSource, target: Database[Any], target_url: str
) -> None:
    fill(binlog_source)
    condition = "ratio >= 0.1 OR name LIKE 'm%'"
    job_id = jobs.post(filtered_request(binlog_source, target_url, "CDC", condition))
    jobs.wait_until_streaming(job_id)
    expect_rows(binlog_source, target, condition)
    binlog_source.run("TRUNCATE people", "INSERT INTO people (id, name, ratio) VALUES (1, 'a', 0.1), (2, 'Mm', NULL), (3, 'a', 0.11)")
    jobs.wait_for_changes(job_id, 4)
    target["people"].insert_one({"_id": 77})
    jobs.refresh(job_id, f"{binlog_source.name}.people")
    jobs.wait_until_refreshed(job_id)
    expect_rows(binlog_source, target, condition)
    jobs.complete(job_id)


def test_a_snapshot_takes_what_only_the_server_can_evaluate(
    jobs: JobClient, binlog_source: BinlogSource, target: Database[Any], target_url: str
) -> None:
    fill(binlog_source)
    condition = "name > 'mu' AND born IS NULL"
    job_id = jobs.post(filtered_request(binlog_source, target_url, "SNAPSHOT", condition))
    jobs.wait_for_status(job_id, "COMPLETED")
    expect_rows(binlog_source, target, condition)


def test_a_column_in_use_that_gets_another_collation_ends_the_job(
    jobs: JobClient, binlog_source: BinlogSource, target: Database[Any], target_url: str
) -> None:
    fill(binlog_source)
    job_id = jobs.post(filtered_request(binlog_source, target_url, "CDC"))
    jobs.wait_until_streaming(job_id)
    binlog_source.run("ALTER TABLE people MODIFY name VARCHAR(40) COLLATE utf8mb4_bin")
    job = jobs.wait_for_status(job_id, "FAILED")
    assert job["failureError"]["errorType"] == "FILTER_COLUMN_CHANGED"
    assert "utf8mb4_bin" in job["failureError"]["message"]
