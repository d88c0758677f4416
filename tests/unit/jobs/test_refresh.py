"""A refresh comes to its end, or is given up with a reason, whatever happens on the way; the job streams on."""

from typing import Any

import pytest
from tests.unit.jobs.servers import PLAN
from tests.unit.jobs.world import World

from pipeline.connect.notifications import Notification, ScannedTable
from pipeline.jobs import reading
from pipeline.jobs.job import Ask, Job, Outcome, Phase, Refresh, RefreshStage
from pipeline.jobs.reading import SIGNALS, ReadProgress
from pipeline.jobs.updates import EventType
from pipeline.projects.choice import TableChoice
from pipeline.projects.project import ProjectSettings
from pipeline.sources.source import Identity, Table

READ = ["STARTED", "SCANNED public.t 7", "COMPLETED"]
NEW = Table("public", "new", (), ("id",), Identity.KEY)


def refreshing(world: World, *tables: str, **fields: Any) -> Job:
    """A streaming job that is asked to read tables again."""
    refresh = Refresh(id="1", tables=tables or ("public.t",), **fields)
    return world.make_job(Phase.STREAMING, refresh=refresh, snapshot_reads=100)


def answer_signals(world: World, *answers: list[str]) -> list[list[str]]:
    """Have the connector say this to each signal in turn; returned are the signals it has had."""
    had: list[list[str]] = []
    left = list(answers)

    def heed(tables: list[str]) -> None:
        had.append(tables)
        world.notifications += left.pop(0) if left else []

    world.heed_signal = heed
    return had


async def ended(world: World) -> None:
    """Wait until the job streams without a refresh."""
    await world.until(lambda: world.job.phase is Phase.STREAMING and world.job.refresh is None, "the refresh has ended")


async def test_tables_are_read_applied_and_swept_once(world: World) -> None:
    had = answer_signals(world, READ)
    async with world.drive(refreshing(world)):
        await ended(world)
    assert had == [["public.t"]]
    assert world.done == ["emptied signals", "swept t"]
    assert world.job.snapshot_reads == 100


@pytest.mark.parametrize("broken", [["STARTED", "SKIPPED"], ["STARTED", "ABORTED"], ["SKIPPED"], ["STARTED", "COMPLETED"]], ids=str)
async def test_a_reading_that_was_broken_off_is_begun_again(world: World, broken: list[str]) -> None:
    had = answer_signals(world, broken, READ)
    async with world.drive(refreshing(world)):
        await ended(world)
    assert len(had) == 2
    assert "REFRESH_INTERRUPTED" in world.codes(EventType.WARNING)
    assert world.done[-1] == "swept t"


async def test_a_signal_of_which_nothing_comes_is_given_again(world: World, monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setattr(reading, "SIGNAL_SECONDS", 0.02)
    had = answer_signals(world, [], READ)
    async with world.drive(refreshing(world)):
        await ended(world)
    assert len(had) == 2


async def test_a_reading_that_never_comes_to_its_end_is_given_up_and_the_job_streams_on(world: World) -> None:
    had = answer_signals(world, *[["STARTED", "ABORTED"]] * (SIGNALS + 1))
    async with world.drive(refreshing(world)):
        await ended(world)
    assert len(had) == SIGNALS
    assert world.codes(EventType.WARNING)[-1] == "REFRESH_FAILED"
    assert (world.job.outcome, "swept t" in world.done) == (None, False)


@pytest.mark.parametrize("stage", list(RefreshStage))
@pytest.mark.parametrize("server", ["connect", "source", "target"])
async def test_a_refresh_waits_for_whatever_is_away_and_goes_on(world: World, stage: RefreshStage, server: str) -> None:
    had = answer_signals(world, READ)
    known = {} if stage is RefreshStage.ADDING else {"since": {"public.t": 3}, "notes_since": 0}
    world.away = {server}
    async with world.drive(refreshing(world, stage=stage, **known)):
        await world.looks()
        world.away = set()
        await ended(world)
    assert len(had) <= 1
    assert world.done[-1] == "swept t"
    assert world.job.outcome is None


async def test_a_stop_ends_a_refresh_and_then_the_job(world: World) -> None:
    answer_signals(world, ["STARTED"])
    async with world.drive(refreshing(world)):
        await world.until(lambda: world.job.refresh and world.job.refresh.signals, "it is being read")
        world.job = world.job.model_copy(update={"ask": Ask.STOP})
        await world.until(lambda: world.job.outcome is Outcome.COMPLETED, "the job ends")
    assert "REFRESH_ENDED" in world.codes(EventType.WARNING)


async def test_nothing_is_read_again_or_swept_where_a_crash_may_take_rows_that_were_read(world: World) -> None:
    had = answer_signals(world, READ)
    async with world.drive(refreshing(world).model_copy(update={"exactly_once": False})):
        await ended(world)
    assert (had, world.done) == ([], [])
    assert "REFRESH_ENDED" in world.codes(EventType.WARNING)


async def test_a_cancel_is_heeded_during_a_refresh(world: World) -> None:
    answer_signals(world, ["STARTED"])
    async with world.drive(refreshing(world)):
        await world.until(lambda: world.job.refresh and world.job.refresh.signals, "it is being read")
        world.job = world.job.model_copy(update={"ask": Ask.CANCEL})
        await world.until(lambda: world.job.outcome is Outcome.CANCELLED, "the job ends")


async def test_a_new_table_is_made_ready_before_the_connector_learns_of_it_and_counts_as_read_first(world: World) -> None:
    world.catalogue = [*world.catalogue, NEW]
    answer_signals(world, ["STARTED", "SCANNED public.new 9", "COMPLETED"])
    async with world.drive(refreshing(world, "public.new")):
        await ended(world)
    assert world.done == ["prepared, drop=False", "published t, new", "connector told", "emptied signals"]
    assert [plan.collection for plan in world.job.tables] == ["t", "new"]
    assert set(world.job.topics) <= set(world.topics)
    assert world.job.snapshot_reads == 109
    assert world.job.snapshot_tables["public.new"].rows == 9


async def test_a_connector_that_was_not_told_of_a_new_table_before_a_crash_is_told_after_it(world: World) -> None:
    world.catalogue = [*world.catalogue, NEW]
    answer_signals(world, ["STARTED", "SCANNED public.new 9", "COMPLETED"])
    job = refreshing(world, "public.new", new=("public.new",))
    plan = PLAN.model_copy(update={"table": "new", "topic": "prefix.public.new", "collection": "new"})
    async with world.drive(job.model_copy(update={"tables": (*job.tables, plan), "topics": (*job.topics, plan.topic)})):
        await ended(world)
    assert "connector told" in world.done
    assert len(world.job.tables) == 2


NOT_TAKEN = {
    "it is gone": ("public.gone", NEW, "NO_TABLE"),
    "it has no key": ("public.new", Table("public", "new", (), (), Identity.NOTHING), "NO_KEY"),
    "its collection is taken": ("public.T", Table("public", "T", (), ("id",), Identity.KEY), "NAME_TAKEN"),
}


@pytest.mark.parametrize(("name", "table", "code"), NOT_TAKEN.values(), ids=NOT_TAKEN.keys())
async def test_a_table_that_cannot_be_taken_in_leaves_the_job_as_it_was(world: World, name: str, table: Table, code: str) -> None:
    world.catalogue = [table] if name == "public.T" else [*world.catalogue, table]
    async with world.drive(refreshing(world, name)):
        await ended(world)
    assert code in world.codes(EventType.WARNING)
    assert (world.done, world.job.tables, world.job.outcome) == ([], (PLAN,), None)


async def test_a_table_that_the_project_does_not_take_is_neither_told_nor_taken_in(world: World, monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setattr("pipeline.jobs.watch.SOURCE_LOOK_SECONDS", 0.0)
    world.catalogue = [*world.catalogue, NEW]
    chosen = {"project": ProjectSettings(tables=TableChoice(exclude=("*.new",)))}
    async with world.drive(refreshing(world, "public.new").model_copy(update=chosen)):
        await ended(world)
        await world.looks(50)
    assert world.codes(EventType.WARNING) == ["TABLE_NOT_TAKEN"]
    assert (world.done, world.job.tables, world.job.outcome) == ([], (PLAN,), None)


async def test_new_and_missing_tables_are_told_once_each(world: World, monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setattr("pipeline.jobs.watch.SOURCE_LOOK_SECONDS", 0.0)
    world.catalogue = [NEW]
    async with world.drive(world.make_job(Phase.STREAMING)):
        await world.looks(50)
    assert world.codes(EventType.WARNING) == ["TABLE_GONE", "NEW_TABLE"]
    assert "(to public.new)" in world.story[-2][2]


async def test_a_source_that_takes_no_further_tables_refuses_them_before_anything_is_made(
    world: World, monkeypatch: pytest.MonkeyPatch
) -> None:
    monkeypatch.setattr("pipeline.jobs.watch.SOURCE_LOOK_SECONDS", 0.0)
    monkeypatch.setattr("tests.unit.jobs.fakes.source.Source.takes_further_tables", False)
    world.catalogue = [*world.catalogue, NEW]
    async with world.drive(refreshing(world, "public.new")):
        await ended(world)
        await world.until(lambda: "NEW_TABLE" in world.codes(EventType.WARNING), "the new table is told")
    assert "NEW_TABLE_NOT_FOLLOWED" in world.codes(EventType.WARNING)
    assert (world.done, world.job.tables, world.job.outcome) == ([], (PLAN,), None)


def progress(*notes: str, wanted: tuple[str, ...] = ("a", "b")) -> ReadProgress:
    """What these notifications, `+a` for a table that was scanned, amount to."""
    made = ReadProgress(wanted)
    for note in notes:
        scanned = (ScannedTable(note[1:], 5),) if note.startswith("+") else ()
        made.take(Notification("TABLE_SCAN_COMPLETED" if scanned else note, scanned=scanned))
    return made


def test_a_reading_is_complete_when_every_wanted_table_was_read_in_one_go() -> None:
    assert progress("STARTED", "+a", "+b", "COMPLETED").rows == {"a": 5, "b": 5}
    assert progress("STARTED", "+a", "+b", "COMPLETED").completed
    assert not progress("STARTED", "+a", "SKIPPED", "STARTED", "+b", "COMPLETED").completed
    assert not progress("STARTED", "+a", "STARTED", "+b", "COMPLETED").completed
    assert not progress("+a", "+b", "COMPLETED").completed
    assert progress("STARTED", "+a", "ABORTED", "STARTED", "+b", "+a", "COMPLETED", "SKIPPED").completed
