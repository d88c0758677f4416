"""A transaction that stays open in a change topic is warned of: nobody reads on behind it."""

import pytest
from tests.unit.jobs.servers import TOPIC
from tests.unit.jobs.world import World

from pipeline.jobs import transactions, watch
from pipeline.jobs.job import Phase


@pytest.fixture(autouse=True)
def _often(monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setattr(watch, "TOPICS_LOOK_SECONDS", 0.0)
    monkeypatch.setattr(transactions, "LOOK_SECONDS", 0.0)


def told(world: World) -> list[str]:
    return [message for _, code, message in world.story if code == "TRANSACTION_HANGS"]


async def test_one_that_stays_open_is_told_with_its_place_and_one_that_begins_elsewhere_is_another(
    world: World, monkeypatch: pytest.MonkeyPatch
) -> None:
    monkeypatch.setattr(transactions, "LONGEST_SECONDS", 0.02)
    world.open_from = 7
    async with world.drive(world.make_job(Phase.STREAMING)):
        await world.until(lambda: told(world), "it is told")
        assert all(f"{TOPIC} from offset 7" in message for message in told(world))
        world.open_from = 9
        await world.until(lambda: "offset 9" in told(world)[-1], "the other is told, too")


async def test_transactions_that_come_and_go_are_not_told(world: World) -> None:
    async with world.drive(world.make_job(Phase.STREAMING)):
        for offset in range(40):
            world.open_from = offset
            await world.looks()
    assert told(world) == []
