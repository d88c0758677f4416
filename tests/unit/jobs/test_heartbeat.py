"""A connector that has lost its source without noticing is started again."""

import pytest
from tests.unit.jobs.world import World

from pipeline.jobs import watch
from pipeline.jobs.job import Phase
from pipeline.jobs.updates import EventType


@pytest.fixture(autouse=True)
def often(monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setattr(watch, "SOURCE_LOOK_SECONDS", 0.0)


@pytest.mark.parametrize("sign", ["heartbeats", "end"], ids=["a heartbeat", "a change"])
async def test_a_silent_connector_is_started_again_and_then_given_any_time_until_it_is_heard(world: World, sign: str) -> None:
    world.silent_after = 0.02
    async with world.drive(world.make_job(Phase.STREAMING)):
        await world.until(lambda: world.restarts == 1, "it is started again")
        await world.looks(200)
        assert world.restarts == 1, "it is started again although it was not heard since"
        setattr(world, sign, getattr(world, sign) + 1)
        await world.until(lambda: world.restarts == 2, "it is started again")
    assert set(world.codes(EventType.WARNING)) == {"CONNECTOR_SILENT"}


async def test_a_connector_that_notices_such_things_itself_is_left_alone(world: World) -> None:
    async with world.drive(world.make_job(Phase.STREAMING)):
        await world.looks(200)
    assert world.restarts == 0
