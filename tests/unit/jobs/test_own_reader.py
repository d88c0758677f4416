"""A reader of rowstream's own is kept going until everything is read, or the job cannot be."""

import pytest
from tests.unit.jobs.world import World

from pipeline.connect.trace import Reason
from pipeline.jobs.job import Ask, Job, Outcome, Phase
from pipeline.jobs.updates import EventType
from pipeline.sources.source import Mode

STARTED = "reader started for public.t"
KILLED = Reason("READER_ENDED", "its process ended with -9")
AWAY = Reason("SOURCE_UNAVAILABLE", "the database does not answer", outage=True)


def reading(world: World) -> Job:
    """A SNAPSHOT job of a source that no connector reads."""
    return world.make_job(Phase.SNAPSHOTTING, mode=Mode.SNAPSHOT, source_type="SYBASE")


async def test_a_reader_is_started_where_none_runs_and_the_job_ends_with_its_reading(world: World) -> None:
    async with world.drive(reading(world)):
        await world.until(lambda: STARTED in world.done, "the reader is started")
        world.notifications += ["STARTED", "SCANNED public.t 5", "COMPLETED"]
        await world.until(lambda: world.job.phase is Phase.ENDED, "the job has ended")
    assert world.job.outcome is Outcome.COMPLETED
    assert world.job.snapshot_tables["public.t"].rows == 5
    assert world.done.count(STARTED) == 1
    assert "reader fenced" in world.done
    assert "connector removed" not in world.done


async def test_a_reader_that_was_killed_goes_on_in_the_same_generation(world: World) -> None:
    world.notifications += ["STARTED"]
    world.troubles += [KILLED, KILLED]
    async with world.drive(reading(world)):
        await world.until(lambda: world.done.count(STARTED) == 3, "it is started again, twice")
        world.notifications += ["COMPLETED"]
        await world.until(lambda: world.job.phase is Phase.ENDED, "the job has ended")
    assert (world.job.generation, world.job.restarts, world.job.outcome) == (1, 2, Outcome.COMPLETED)
    assert world.codes(EventType.WARNING) == ["READER_ENDED", "READER_ENDED"]


async def test_a_reader_that_keeps_ending_fails_the_job(world: World) -> None:
    world.troubles += [KILLED] * 4
    async with world.drive(reading(world), connector_restarts=3):
        await world.until(lambda: world.job.outcome is Outcome.FAILED, "the job has failed")
    assert world.job.failure is not None
    assert (world.job.failure.error_type, world.job.failure.setup_error) == ("READER_ENDED", False)
    assert world.job.failure.message.startswith("The reader failed")


async def test_an_outage_is_waited_for_however_long_and_told_once(world: World) -> None:
    world.troubles += [AWAY] * 10
    async with world.drive(reading(world), connector_restarts=1):
        await world.until(lambda: world.done.count(STARTED) == 11, "it is started again and again")
    assert world.job.outcome is None
    assert world.codes(EventType.WARNING) == ["SOURCE_UNAVAILABLE"]


async def test_what_cannot_be_read_fails_the_job_by_its_table_and_column(world: World) -> None:
    world.troubles += [Reason("VALUE_NOT_CONVERTIBLE", "it is no date", "Change it.", final=True, table="public.t", column="born")]
    async with world.drive(reading(world)):
        await world.until(lambda: world.job.outcome is Outcome.FAILED, "the job has failed")
    assert world.job.failure is not None
    assert (world.job.failure.table, world.job.failure.field_name) == ("public.t", "born")
    assert world.done.count(STARTED) == 1


@pytest.mark.usefixtures("no_set_up")
async def test_a_reader_that_cannot_go_on_has_its_generation_given_up(world: World) -> None:
    async with world.drive(reading(world)):
        world.notifications += ["STARTED", "STARTED"]
        await world.until(lambda: world.job.generation == 2, "the next generation begins")
    assert world.codes(EventType.WARNING) == ["SNAPSHOT_INTERRUPTED"]
    assert "retracted 1" in world.done
    assert "reader fenced" in world.done


async def test_a_cancelled_job_has_its_reader_fenced(world: World) -> None:
    async with world.drive(reading(world)):
        await world.until(lambda: STARTED in world.done, "the reader is started")
        world.job = world.job.model_copy(update={"ask": Ask.CANCEL})
        await world.until(lambda: world.job.phase is Phase.ENDED, "the job has ended")
    assert world.job.outcome is Outcome.CANCELLED
    assert "reader fenced" in world.done
