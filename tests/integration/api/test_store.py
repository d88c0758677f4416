"""Jobs in the control database: limits, leases and asks hold however many act at once."""

import asyncio
from datetime import UTC, datetime
from itertools import product
from typing import Any

import pytest
from bson import ObjectId
from pymongo.asynchronous.database import AsyncDatabase

from pipeline.jobs.job import Ask, Job, Outcome, Phase, ScanStatus, SnapshotTable, TablePlan
from pipeline.jobs.status import Status, status
from pipeline.jobs.store import JobConflictError, JobStore, LeaseLostError
from pipeline.sources.source import Identity, Mode

Database = AsyncDatabase[dict[str, Any]]
LONG = 600.0


def job(project: str = "shop", **fields: Any) -> Job:
    """A job that has just been posted, but for `fields`."""
    posted = {
        "id": str(ObjectId()),
        "project_id": project,
        "source_type": "POSTGRESQL",
        "jdbc_url": "jdbc:postgresql://h/shop",
        "mongodb_url": "mongodb://h/shop",
        "target_database": "shop",
        "mode": Mode.CDC,
        "options": {"mode": "CDC"},
        "submitted_at": datetime(2026, 1, 1, tzinfo=UTC),
    }
    return Job(**{**posted, **fields})


async def test_a_job_is_read_as_it_was_created(store: JobStore) -> None:
    created = await store.create(job())
    assert await store.get(created.id) == created
    assert await store.get("unknown") is None


async def test_a_project_has_one_active_job_however_many_are_posted_at_once(store: JobStore) -> None:
    results = await asyncio.gather(*(store.create(job()) for _ in range(20)), return_exceptions=True)
    created = [result for result in results if isinstance(result, Job)]
    assert len(created) == 1
    assert {result.job_id for result in results if isinstance(result, JobConflictError)} == {created[0].id}
    assert len(results) == len(created) + sum(isinstance(result, JobConflictError) for result in results)


async def test_the_limit_of_active_jobs_holds_over_several_services(control: Database, store: JobStore) -> None:
    stores = [JobStore(control, 5) for _ in range(3)]
    results = await asyncio.gather(*(stores[n % 3].create(job(f"p{n}")) for n in range(20)), return_exceptions=True)
    conflicts = [result for result in results if isinstance(result, JobConflictError)]
    assert len(conflicts) == 15
    assert {conflict.job_id for conflict in conflicts} == {None}
    assert {result.slot for result in results if isinstance(result, Job)} == set(range(5))


async def test_a_job_that_is_no_longer_active_makes_room(store: JobStore) -> None:
    for number in range(5):
        await store.create(job(f"p{number}"))
    first = (await store.search("p0"))[0]
    await store.acquire("me", LONG)
    await store.change(first.id, "me", active=False)
    assert (await store.create(job("p0"))).slot == first.slot


async def test_a_lowered_limit_counts_the_jobs_that_are_active_already(control: Database, store: JobStore) -> None:
    for number in range(5):
        await store.create(job(f"p{number}"))
    with pytest.raises(JobConflictError):
        await JobStore(control, 3).create(job("more"))


async def test_jobs_are_found_by_exactly_the_status_they_are_shown_with(control: Database, store: JobStore) -> None:
    states = list(product(Mode, Phase, [None, *Outcome], [None, *Ask]))
    jobs = [job(mode=mode, phase=phase, outcome=outcome, ask=ask, active=False) for mode, phase, outcome, ask in states]
    await control["jobs"].insert_many([each.stored() for each in jobs])
    for wanted in Status:
        found = {each.id for each in await store.search(statuses=[wanted], limit=1000)}
        assert found == {each.id for each in jobs if status(each) is wanted}
    two = await store.search(statuses=[Status.FAILED, Status.RUNNING], limit=1000)
    assert {status(each) for each in two} == {Status.FAILED, Status.RUNNING}


async def test_pages_are_newest_first_and_meet_without_gap_or_overlap(store: JobStore) -> None:
    created = [await store.create(job(f"p{number}")) for number in range(5)]
    first = await store.search(limit=2)
    second = await store.search(limit=2, before=first[-1].id)
    third = await store.search(limit=2, before=second[-1].id)
    assert [each.id for each in first + second + third] == [each.id for each in reversed(created)]


async def test_only_one_of_many_takes_a_lease(store: JobStore) -> None:
    created = await store.create(job())
    taken = await asyncio.gather(*(store.acquire(f"owner {n}", LONG) for n in range(10)))
    assert [[each.id for each in jobs] for jobs in taken if jobs] == [[created.id]]


async def test_a_lease_that_has_run_out_goes_to_another_and_binds_the_first_no_longer(store: JobStore) -> None:
    created = await store.create(job())
    await store.acquire("first", 0.1)
    async with asyncio.timeout(10):
        while not await store.acquire("second", LONG):
            pass
    for lost in (store.renew(created.id, "first", LONG), store.change(created.id, "first", restarts=1)):
        with pytest.raises(LeaseLostError):
            await lost
    await store.release(created.id, "first")
    assert (await store.change(created.id, "second", restarts=2)).restarts == 2


async def test_a_lease_that_has_run_out_binds_nobody_even_before_another_takes_it(store: JobStore) -> None:
    created = await store.create(job())
    await store.acquire("me", 0)
    with pytest.raises(LeaseLostError):
        await store.change(created.id, "me", restarts=1)
    with pytest.raises(LeaseLostError):
        await store.renew(created.id, "me", LONG)


async def test_a_lease_that_is_given_back_is_free_at_once(store: JobStore) -> None:
    created = await store.create(job())
    await store.acquire("first", LONG)
    assert await store.acquire("second", LONG) == []
    await store.release(created.id, "first")
    assert [each.id for each in await store.acquire("second", LONG)] == [created.id]


async def test_an_owner_takes_its_own_leases_up_again_but_for_those_it_holds_already(store: JobStore) -> None:
    created = await store.create(job())
    await store.acquire("me", LONG)
    assert [each.id for each in await store.acquire("me", LONG)] == [created.id]
    assert await store.acquire("me", LONG, exclude=[created.id]) == []


async def test_an_ended_job_is_taken_only_while_it_owes_clean_up(store: JobStore) -> None:
    created = await store.create(job())
    await store.acquire("me", LONG)
    await store.change(created.id, "me", phase=Phase.ENDED, active=False, owes_clean_up=True)
    assert [each.id for each in await store.acquire("me", LONG)] == [created.id]
    await store.change(created.id, "me", owes_clean_up=False)
    assert await store.acquire("me", LONG) == []


async def test_an_owner_may_have_any_name(store: JobStore) -> None:
    created = await store.create(job())
    await store.acquire("$lease.until", LONG)
    assert (await store.change(created.id, "$lease.until", restarts=1)).lease is not None


async def test_changes_keep_what_they_do_not_name(store: JobStore) -> None:
    created = await store.create(job(secrets=b"sealed"))
    await store.acquire("me", LONG)
    plan = TablePlan(schema_name="a.b", table="$c", topic="t", collection="c", key=("id",), identity=Identity.KEY)
    when = datetime(2026, 1, 2, 3, 4, 5, 678_000, tzinfo=UTC)
    fields: dict[str, Any] = {
        "tables": (plan,),
        "snapshot_tables": {"a.b.$c": SnapshotTable(status=ScanStatus.DONE, rows=3)},
        "started_at": when,
        "phase": Phase.STREAMING,
        "live": True,
    }
    changed = await store.change(created.id, "me", **fields)
    assert changed == created.model_copy(update={**fields, "lease": changed.lease})
    assert await store.get(created.id) == changed
    cleared = await store.change(created.id, "me", secrets=None, started_at=None, outcome=Outcome.COMPLETED)
    assert (cleared.secrets, cleared.started_at, cleared.outcome) == (None, None, Outcome.COMPLETED)


async def test_a_field_that_a_job_has_not_is_a_bug(store: JobStore) -> None:
    with pytest.raises(TypeError, match="colour"):
        await store.change("x", "me", colour="red")


@pytest.mark.parametrize(
    ("phase", "ask", "kept"),
    [(Phase.SNAPSHOTTING, Ask.STOP, Ask.CANCEL), (Phase.STREAMING, Ask.STOP, Ask.STOP), (Phase.STREAMING, Ask.CANCEL, Ask.CANCEL)],
)
async def test_what_is_asked_is_kept_as_what_it_comes_to(store: JobStore, phase: Phase, ask: Ask, kept: Ask) -> None:
    created = await store.create(job(phase=phase))
    asked = await store.ask(created.id, ask)
    assert asked is not None
    assert asked.accepted
    assert asked.job.ask is kept
    assert await store.ask("unknown", ask) is None


async def test_a_state_that_forbids_an_ask_is_told(store: JobStore) -> None:
    created = await store.create(job(phase=Phase.CLEANING_UP, outcome=Outcome.COMPLETED))
    asked = await store.ask(created.id, Ask.CANCEL)
    assert asked is not None
    assert not asked.accepted
    assert asked.job == created


async def test_of_many_equal_asks_one_is_accepted(store: JobStore) -> None:
    created = await store.create(job(phase=Phase.STREAMING))
    answers = await asyncio.gather(*(store.ask(created.id, Ask.STOP) for _ in range(10)))
    assert sum(asked is not None and asked.accepted for asked in answers) == 1


async def test_a_cancel_outranks_a_stop_asked_at_the_same_time(store: JobStore) -> None:
    for number in range(5):
        created = await store.create(job(f"p{number}", phase=Phase.STREAMING))
        await asyncio.gather(store.ask(created.id, Ask.STOP), store.ask(created.id, Ask.CANCEL))
        seen = await store.get(created.id)
        assert seen is not None
        assert seen.ask is Ask.CANCEL
