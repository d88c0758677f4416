"""A job whose source's log takes no markers ends when the connector's offset has passed what was committed."""

from collections.abc import Mapping, Sequence
from typing import Any, Self

import pytest
from tests.unit.jobs.world import World

from pipeline.jobs.job import Outcome, Phase


class _Positions:
    """Implements `pipeline.sources.source.Positions`, and its passage: the end is passed by one offset."""

    def __init__(self, world: World) -> None:
        self._world = world
        self.begun: list[Sequence[tuple[str, str]]] = []

    async def passage(self, tables: Sequence[tuple[str, str]]) -> Self:
        self._world.answer("source")
        self.begun.append(tables)
        return self

    async def passed(self, offset: Mapping[str, Any]) -> bool:
        self._world.answer("source")
        return bool(offset["noted"] == "the end")


@pytest.fixture
def positions(monkeypatch: pytest.MonkeyPatch, world: World) -> _Positions:
    """The source's."""
    made = _Positions(world)
    monkeypatch.setattr("tests.unit.jobs.fakes.source.Source.barrier", property(lambda _: made))
    return made


async def test_a_job_ends_once_the_connector_has_passed_the_end_and_all_is_applied(world: World, positions: _Positions) -> None:
    world.noted = "on the way"
    async with world.drive(world.make_job(Phase.DRAINING)):
        await world.looks()
        assert world.job.outcome is None, "the job ends before the connector has passed the end"
        world.end, world.noted = 9, "the end"
        await world.looks()
        assert world.job.outcome is None, "the job ends before all is applied"
        world.position = 9
        await world.until(lambda: world.job.outcome is Outcome.COMPLETED, "the job ends")
    assert positions.begun == [[("public", "t")]]
    assert world.markers == []


@pytest.mark.parametrize("server", ["source", "connect"])
async def test_who_is_away_while_the_end_is_waited_for_is_waited_for(world: World, positions: _Positions, server: str) -> None:
    async with world.drive(world.make_job(Phase.DRAINING)):
        await world.until(lambda: positions.begun, "the end is looked for")
        world.away = {server}
        await world.looks()
        world.noted, world.away = "the end", set()
        await world.until(lambda: world.job.outcome is Outcome.COMPLETED, "the job ends")
