"""The story of a job: in order, bounded, and without repetitions."""

import asyncio
from typing import Any

from pymongo.asynchronous.database import AsyncDatabase

from pipeline.jobs.updates import KEPT_PER_JOB, EventType, JobUpdates, LocationType, Stage

Database = AsyncDatabase[dict[str, Any]]


async def test_entries_are_read_in_order_with_all_they_tell(updates: JobUpdates) -> None:
    await updates.append("job", EventType.INFO, "first", stage=Stage.SNAPSHOTTING)
    await updates.append("other", EventType.INFO, "not this job's")
    await updates.append(
        "job", EventType.ERROR, "second", details="d", error_code="C", suggestion="s", table="public.a", field_name="f", key={"id": "1"}
    )
    await updates.append("job", EventType.WARNING, "third", collection="a")
    first, second, third = await updates.read("job")
    assert (first.message, first.stage, first.event_type) == ("first", Stage.SNAPSHOTTING, EventType.INFO)
    assert (second.details, second.error_code, second.suggestion, second.field_name) == ("d", "C", "s", "f")
    assert (second.location_type, second.location_name, second.key) == (LocationType.TABLE, "public.a", {"id": "1"})
    assert (third.location_type, third.location_name) == (LocationType.COLLECTION, "a")
    assert [entry.message for entry in await updates.read("job", 2)] == ["second", "third"]


async def test_concurrent_writers_lose_nothing(control: Database, updates: JobUpdates) -> None:
    writers = [JobUpdates(control) for _ in range(4)]
    await asyncio.gather(*(writers[n % 4].append("job", EventType.INFO, f"entry {n}") for n in range(40)))
    assert {entry.message for entry in await updates.read("job")} == {f"entry {n}" for n in range(40)}


async def test_equal_entries_are_counted(updates: JobUpdates) -> None:
    await asyncio.gather(*(updates.append("job", EventType.WARNING, "again", dedup_key="k") for _ in range(10)))
    await updates.append("job", EventType.WARNING, "$other", dedup_key="l")
    await updates.append("other", EventType.WARNING, "again", dedup_key="k")
    assert [(entry.message, entry.count) for entry in await updates.read("job")] == [("again", 10), ("$other", None)]


async def test_the_last_of_equal_entries_gives_its_time_and_its_words(updates: JobUpdates) -> None:
    await updates.append("job", EventType.WARNING, "1 MiB", dedup_key="k")
    (first,) = await updates.read("job")
    await updates.append("job", EventType.WARNING, "$2 MiB", dedup_key="k")
    (second,) = await updates.read("job")
    assert second.message == "$2 MiB"
    assert second.timestamp >= first.timestamp


async def test_a_step_that_is_repeated_tells_its_entry_once(updates: JobUpdates) -> None:
    await asyncio.gather(*(updates.append("job", EventType.INFO, "reading", step="g1:reading") for _ in range(10)))
    await updates.append("job", EventType.INFO, "reading", step="g2:reading")
    assert [(entry.message, entry.count) for entry in await updates.read("job")] == [("reading", None), ("reading", None)]


async def test_the_last_thousand_are_kept_and_the_dropped_are_counted(control: Database, updates: JobUpdates) -> None:
    earlier = [
        {"jobId": "job", "number": n, "eventType": "INFO", "message": f"entry {n}", "timestamp": (await _now(control))}
        for n in range(1, KEPT_PER_JOB + 1)
    ]
    await control["jobUpdates"].insert_many(earlier)
    assert len(await updates.read("job")) == KEPT_PER_JOB
    for n in range(3):
        await updates.append("job", EventType.INFO, f"later {n}")
    told = await updates.read("job")
    assert told[0].message == "3 earlier updates are no longer kept"
    assert [told[1].message, told[-1].message] == ["entry 4", "later 2"]
    assert await control["jobUpdates"].count_documents({"jobId": "job"}) == KEPT_PER_JOB


async def _now(control: Database) -> Any:
    return (await control.command("hello"))["localTime"]


async def test_entries_hold_no_passwords_and_are_bounded(updates: JobUpdates) -> None:
    await updates.append(
        "job", EventType.ERROR, "cannot reach mongodb://u:hunter2@h/db", details="x" * 1_000_000, suggestion="password=hunter2"
    )
    (entry,) = await updates.read("job")
    assert "hunter2" not in repr(entry)
    assert "mongodb://u:***@h/db" in entry.message
    assert entry.details is not None
    assert len(entry.details) < 20_000
