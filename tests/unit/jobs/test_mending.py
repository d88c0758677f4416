"""Rows of which half a key change came are read again, while the job streams and before it ends."""

from typing import Any

import pytest
from tests.unit.jobs.test_refresh import READ, answer_signals, ended
from tests.unit.jobs.world import World

from pipeline.jobs import mending
from pipeline.jobs.job import Ask, Outcome, Phase
from pipeline.jobs.updates import EventType
from pipeline.sink.unmended import HalfChange

CHANGE = HalfChange("c/1", "t", 7)


@pytest.fixture(autouse=True)
def often(monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setattr(mending, "LOOK_SECONDS", 0.0)


@pytest.fixture
def signals(world: World, monkeypatch: pytest.MonkeyPatch) -> list[Any]:
    """The statements of each signal; the connector reads what it is told."""
    had: list[Any] = []

    def read_again(_owned: object, _identity: object, _names: object, selects: Any) -> tuple[bytes, bytes]:
        had.append(dict(selects))
        return b"", b'{"data": {"data-collections": []}}'

    monkeypatch.setattr("pipeline.jobs.reading.read_again", read_again)
    answer_signals(world, READ, READ)
    return had


async def test_the_row_alone_is_read_again_and_no_document_removed(world: World, signals: list[Any]) -> None:
    world.unmended = [CHANGE, HalfChange("c/2", "t", 8)]
    async with world.drive(world.make_job(Phase.STREAMING)):
        await world.until(lambda: world.done, "it is mended")
        await ended(world)
    assert signals == [{"public.t": "SELECT [7, 8]"}]
    assert world.done == ["emptied signals", "settled c/1 c/2"]
    assert world.codes(EventType.WARNING) == ["HALF_CHANGE"]


async def test_a_change_still_waiting_after_a_barrier_is_given_up(world: World, signals: list[Any]) -> None:
    world.waiting = [CHANGE]
    async with world.drive(world.make_job(Phase.STREAMING)):
        await world.until(lambda: "settled c/1" in world.done, "it is mended")
        await ended(world)
    assert len(signals) == 1


async def test_a_second_half_that_comes_late_is_waited_for(world: World, signals: list[Any]) -> None:
    world.waiting, world.end = [CHANGE], 6
    async with world.drive(world.make_job(Phase.STREAMING)):
        await world.until(lambda: world.markers, "a barrier is begun")
        await world.looks()
        world.waiting, world.position = [], 6
        await world.looks(50)
    assert (signals, world.story) == ([], world.story[:1])


async def test_rows_are_read_again_before_a_job_ends(world: World, signals: list[Any]) -> None:
    world.waiting = [CHANGE]
    async with world.drive(world.make_job(Phase.DRAINING, ask=Ask.STOP)):
        await world.until(lambda: world.job.outcome is Outcome.COMPLETED, "the job ends")
    assert len(signals) == 1
    assert "settled c/1" in world.done


async def test_a_row_that_cannot_be_named_is_told_once_and_left(world: World, signals: list[Any]) -> None:
    world.unmended, world.names_rows = [CHANGE], False
    async with world.drive(world.make_job(Phase.STREAMING)):
        await world.looks(50)
    assert (signals, world.done) == ([], ["settled c/1"])
    assert world.codes(EventType.WARNING) == ["HALF_CHANGE"]


async def test_a_mending_that_fails_is_not_begun_for_ever(world: World) -> None:
    had = answer_signals(world, *[["STARTED", "ABORTED"]] * 20)
    world.unmended = [CHANGE]
    async with world.drive(world.make_job(Phase.STREAMING)):
        await world.until(lambda: "REFRESH_FAILED" in world.codes(EventType.WARNING), "it is given up")
        await ended(world)
        signals = len(had)
        await world.looks(50)
    assert len(had) == signals
