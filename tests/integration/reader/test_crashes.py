"""What a reader that is killed leaves, and what the next one makes of it."""

from pathlib import Path

from .conftest import MakeReading
from .databases import sqlite_file

ROWS = 250_000


COUNT = f"WITH RECURSIVE n(i) AS (SELECT 1 UNION ALL SELECT i + 1 FROM n WHERE i < {ROWS})"


async def test_a_reader_that_is_killed_again_and_again_loses_no_row_and_doubles_none(readings: MakeReading, tmp_path: Path) -> None:
    url = sqlite_file(
        tmp_path / "a.db",
        "CREATE TABLE a (x TEXT COLLATE NOCASE NOT NULL, y INTEGER NOT NULL, text TEXT, PRIMARY KEY (x, y))",
        f"{COUNT} INSERT INTO a SELECT substr('aBcDeFgH', 1 + i % 8, 1 + i % 3), i, 'row ' || i FROM n",
        "CREATE TABLE b (id INTEGER PRIMARY KEY, text TEXT)",
        f"{COUNT} INSERT INTO b SELECT i, 'row ' || i FROM n",
    )
    reading = await readings("sqlite", url, "main", {"a": ("x", "y"), "b": ("id",)})

    for committed in (1, 60_000, 120_000):
        reading.start()
        reading.wait_for_records("a", committed)
        reading.kill()
        assert len(reading.images("a")) < ROWS
    assert reading.run() is None

    assert sorted(image["y"] for image in reading.images("a")) == list(range(1, ROWS + 1))
    assert [image["id"] for image in reading.images("b")] == list(range(1, ROWS + 1))
    notes = reading.notifications()
    assert (notes[0], notes.count("STARTED"), notes[-1], notes.count("TABLE_SCAN_COMPLETED")) == ("STARTED", 1, "COMPLETED", 2)


async def test_a_table_without_a_key_that_was_half_read_has_the_attempt_given_up(readings: MakeReading, tmp_path: Path) -> None:
    url = sqlite_file(tmp_path / "a.db", "CREATE TABLE a (i INTEGER)", f"{COUNT} INSERT INTO a SELECT i FROM n")
    reading = await readings("sqlite", url, "main", {"a": ()})
    reading.start()
    reading.wait_for_records("a", 1)
    reading.kill()

    assert reading.run() is None

    assert reading.notifications()[-1] == "STARTED"
    assert reading.notifications().count("STARTED") == 2
    assert len(reading.images("a")) < ROWS


async def test_a_second_reader_of_a_job_fences_the_first(readings: MakeReading, tmp_path: Path) -> None:
    url = sqlite_file(
        tmp_path / "a.db", "CREATE TABLE a (id INTEGER PRIMARY KEY)", f"{COUNT} INSERT INTO a SELECT i FROM n UNION SELECT -i FROM n"
    )
    reading = await readings("sqlite", url, "main", {"a": ("id",)})
    reading.start()
    reading.wait_for_records("a", 1)
    second = type(reading)(reading.task, tmp_path / "second.log")

    assert second.run() is None
    complaint = reading.finish()

    assert complaint is None or complaint["code"] == "FENCED"
    assert len(reading.images("a")) == 2 * ROWS
