"""A job goes from phase to phase whatever answers late, not at all, or twice."""

import asyncio
from collections.abc import Mapping
from datetime import UTC, datetime
from typing import Any

import pytest
from pymongo.errors import AutoReconnect
from tests.unit.jobs.servers import failed
from tests.unit.jobs.world import World

from pipeline.jobs import supervisor
from pipeline.jobs.drive import Drive
from pipeline.jobs.job import Ask, Failure, Outcome, Phase, Statistics
from pipeline.jobs.updates import EventType
from pipeline.sources.source import Mode

AWAY = "org.apache.kafka.connect.errors.ConnectException: x\nCaused by: org.postgresql.util.PSQLException: Connection to db:5432 refused.\n"
BROKEN = "java.lang.IllegalStateException: broken\n"


async def test_connect_away_before_the_snapshot_has_begun_is_waited_for(world: World) -> None:
    world.away = {"connect"}
    async with world.drive(world.make_job(Phase.SNAPSHOTTING)):
        await world.looks()
        world.away = set()
        world.notifications += ["STARTED", "COMPLETED"]
        await world.until(lambda: world.job.phase is Phase.STREAMING, "it streams")
    assert (world.job.generation, world.done) == (1, [])


@pytest.mark.usefixtures("no_set_up")
@pytest.mark.parametrize("server", ["connect", "target", "source"])
async def test_a_generation_that_has_begun_to_be_given_up_is_given_up_whatever_goes_away_meanwhile(world: World, server: str) -> None:
    world.notifications += ["STARTED", "STARTED"]

    def goes_away(fields: Mapping[str, Any]) -> None:
        if fields.get("live") is False:
            world.away = {server}

    world.lose_the_answer_to = goes_away
    async with world.drive(world.make_job(Phase.SNAPSHOTTING)):
        await world.until(lambda: not world.job.live and world.away, "it is being given up")
        await world.looks()
        world.notifications += ["COMPLETED"]  # the connector reads on until it is removed
        world.lose_the_answer_to = lambda _: None
        world.away = set()
        await world.until(lambda: world.job.generation == 2, "the next generation begins")
    assert "connector removed" in world.done
    assert "source cleaned" in world.done


@pytest.mark.usefixtures("no_set_up")
async def test_documents_of_a_topic_that_is_gone_already_have_been_taken_back(world: World) -> None:
    world.topics = []
    async with world.drive(world.make_job(Phase.SNAPSHOTTING, live=False)):
        await world.until(lambda: world.job.generation == 2, "the next generation begins")
    assert "retracted 0" in world.done


async def test_a_step_whose_last_save_was_stored_but_not_answered_is_not_repeated(world: World, monkeypatch: pytest.MonkeyPatch) -> None:
    runs: list[Phase] = []

    async def set_up(drive: Drive) -> None:
        runs.append(drive.job.phase)
        await drive.save(phase=Phase.STREAMING)

    monkeypatch.setitem(supervisor.STEPS, Phase.SETTING_UP, set_up)
    world.lose_the_answer_to = lambda fields: AutoReconnect("closed") if fields.get("phase") is Phase.STREAMING else None
    async with world.drive(world.make_job(Phase.SETTING_UP)):
        await world.until(lambda: world.job.streaming_started_at, "it streams")
    assert runs == [Phase.SETTING_UP]


@pytest.mark.parametrize("phase", [Phase.STREAMING, Phase.DRAINING])
async def test_a_cancel_is_heeded_while_the_source_is_away(world: World, phase: Phase) -> None:
    world.away = {"source"}
    async with world.drive(world.make_job(phase, ask=Ask.CANCEL)):
        await world.until(lambda: world.job.outcome is Outcome.CANCELLED, "it is cancelled")


async def test_a_cancel_in_the_snapshot_is_heeded_while_the_target_is_away(world: World) -> None:
    world.away = {"target"}
    async with world.drive(world.make_job(Phase.SNAPSHOTTING, snapshot_ended=True)):
        await world.until(lambda: world.codes(EventType.WARNING), "it waits")
        world.job = world.job.model_copy(update={"ask": Ask.CANCEL})
        await world.until(lambda: world.job.outcome is Outcome.CANCELLED, "it is cancelled")


async def test_what_a_connector_without_transactions_has_read_counts_as_all_once_it_is_noted(world: World) -> None:
    async with world.drive(world.make_job(Phase.DRAINING, exactly_once=False)):
        await world.until(lambda: world.markers, "a marker is written")
        world.noted = "snapshot"
        await world.looks()
        world.end, world.noted = 9, "marker"
        await world.looks()
        assert world.job.outcome is None, "the job ends before all is applied"
        world.position = 9
        await world.until(lambda: world.job.outcome is Outcome.COMPLETED, "the job ends")


@pytest.mark.parametrize("mode", [Mode.SNAPSHOT, Mode.CDC])
async def test_a_snapshot_without_transactions_is_over_once_it_is_noted_and_begins_again_if_it_is_not(world: World, mode: Mode) -> None:
    world.notifications = ["STARTED", "SCANNED public.t 3", "COMPLETED"]
    async with world.drive(world.make_job(Phase.SNAPSHOTTING, mode=mode, exactly_once=False)):
        await world.looks()
        assert not world.job.snapshot_ended
        world.noted = "snapshot"
        await world.until(lambda: world.job.snapshot_ended, "the snapshot has ended")
    world.noted = None
    async with world.drive(world.make_job(Phase.SNAPSHOTTING, mode=mode, exactly_once=False)):
        await world.looks()
        world.notifications.append("STARTED")
        await world.until(lambda: "SNAPSHOT_INTERRUPTED" in world.codes(EventType.WARNING), "the attempt is given up")


@pytest.mark.parametrize("how", ["cancelled", "kept long enough"])
async def test_a_failed_job_is_cleaned_up_in_time_although_its_target_is_away(world: World, how: str) -> None:
    world.away = {"target"}
    at = datetime.now(UTC) if how == "cancelled" else datetime(2020, 1, 1, tzinfo=UTC)
    failure = Failure(error_type="X", message="x", failure_at=at)
    ask = Ask.CANCEL if how == "cancelled" else None
    async with world.drive(world.make_job(Phase.RETAINED, outcome=Outcome.FAILED, failure=failure, live=False, ask=ask)):
        await world.until(lambda: {"connector removed", "source cleaned"} <= set(world.done), "what it owned is removed")


async def test_an_outage_of_the_source_is_told_once_and_so_is_its_end(world: World, monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setattr("pipeline.jobs.watch.SOURCE_LOOK_SECONDS", 0.01)
    async with world.drive(world.make_job(Phase.STREAMING)):
        for _ in range(2):
            world.away = {"source"}
            await world.looks()
            world.away = set()
            await world.looks()
    told = [(kind, code) for kind, code, _ in world.story if code or "again" in _]
    assert told == [("WARNING", "SOURCE_UNAVAILABLE"), ("INFO", None)] * 2


async def test_a_task_that_fails_for_an_outage_is_restarted_until_it_is_over(world: World) -> None:
    world.status = failed(AWAY)
    async with world.drive(world.make_job(Phase.STREAMING), connector_restarts=2):
        await world.until(lambda: world.restarts > 5, "it is restarted")
    assert world.job.outcome is None
    assert world.job.restarts == 0
    assert world.codes(EventType.WARNING) == ["SOURCE_AWAY"]


async def test_a_task_that_fails_again_and_again_fails_the_job(world: World) -> None:
    world.status = failed(BROKEN)
    async with world.drive(world.make_job(Phase.STREAMING), connector_restarts=2):
        await world.until(lambda: world.job.outcome is Outcome.FAILED, "it fails")
    assert world.restarts == 2
    assert world.codes(EventType.ERROR) == ["CONNECTOR"]


@pytest.mark.usefixtures("no_set_up")
async def test_a_task_that_fails_once_in_the_snapshot_is_counted_once_however_often_the_step_is_repeated(world: World) -> None:
    world.notifications += ["STARTED"]
    world.status, world.away = failed(BROKEN), {"target"}
    async with world.drive(world.make_job(Phase.SNAPSHOTTING), connector_restarts=2):
        await world.until(lambda: not world.job.live, "it is being given up")
        await world.looks()
        world.away = set()
        await world.until(lambda: world.job.generation == 2, "the next generation begins")
    assert world.job.restarts == 1


async def test_a_job_in_debt_is_cleaned_up_once_its_source_is_back(world: World) -> None:
    world.away = {"source"}
    job = world.make_job(
        Phase.CLEANING_UP, outcome=Outcome.COMPLETED, live=False, final_statistics=Statistics(), started_at=datetime.now(UTC)
    )
    async with world.drive(job, clean_up_timeout_seconds=0.05) as driving:
        await world.until(lambda: world.job.owes_clean_up, "it has ended in debt")
        assert world.codes(EventType.WARNING) == ["LEFTOVERS"]
        assert not world.job.active
        world.away = set()
        await world.until(driving.done, "the drive has ended")
    assert not world.job.owes_clean_up
    assert "source cleaned" in world.done


async def test_a_drive_ends_although_its_cancellation_was_swallowed(world: World, monkeypatch: pytest.MonkeyPatch) -> None:
    swallowed = 0

    async def answer(_: object) -> None:
        nonlocal swallowed
        try:
            await asyncio.sleep(0.01)
        except asyncio.CancelledError:
            swallowed += 1

    monkeypatch.setattr(Drive, "pause_between_looks", answer)
    async with world.drive(world.make_job(Phase.STREAMING)) as driving:
        await world.looks()
        driving.cancel()
        await world.until(driving.done, "the drive has ended")
    assert swallowed == 1
