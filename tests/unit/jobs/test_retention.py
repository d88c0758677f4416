"""A streaming job's topics keep records as long as its project says, and it warns before any are lost."""

from datetime import UTC, datetime, timedelta

import pytest
from tests.unit.jobs.servers import PLAN, TOPIC
from tests.unit.jobs.world import World

from pipeline.jobs import retention, watch
from pipeline.jobs.job import Outcome, Phase, Refresh
from pipeline.jobs.updates import EventType
from pipeline.kafka.retention import UNLIMITED, kept_for
from pipeline.projects.project import ProjectSettings

WEEK = 7 * 86_400.0


@pytest.fixture(autouse=True)
def _no_pauses(monkeypatch: pytest.MonkeyPatch) -> None:
    """Everything is looked at each time; the record at a checkpoint is five days old."""

    async def time_of_record(*_: object) -> datetime:
        return datetime.now(UTC) - timedelta(days=5)

    monkeypatch.setattr(retention, "time_of_record", time_of_record)
    monkeypatch.setattr(retention, "LOOK_SECONDS", 0.0)
    monkeypatch.setattr(watch, "TOPICS_LOOK_SECONDS", 0.0)


def warnings(world: World) -> list[str]:
    """What was warned of as about to be lost."""
    return [message for _, code, message in world.story if code == "RECORDS_EXPIRE"]


def test_a_topic_that_keeps_records_for_a_while_begins_new_segments_more_often() -> None:
    assert kept_for(WEEK) == {"retention.ms": "604800000", "segment.ms": "151200000"}
    assert kept_for(100 * WEEK)["segment.ms"] == UNLIMITED["segment.ms"] == "604800000"
    assert kept_for(0.001)["segment.ms"] == "1"


async def test_records_are_kept_as_long_as_the_service_says_until_the_project_says_otherwise(world: World) -> None:
    async with world.drive(world.make_job(Phase.STREAMING), topic_retention_seconds=WEEK):
        await world.until(lambda: world.retention.get(TOPIC) == kept_for(WEEK), "the setting is applied")
        world.project = ProjectSettings(topic_retention_seconds=86_400)
        await world.until(lambda: world.retention[TOPIC] == kept_for(86_400), "the project's is")
        world.project = ProjectSettings()
        await world.until(lambda: world.retention[TOPIC] == kept_for(WEEK), "the setting is again")


async def test_while_a_table_is_read_again_its_topic_keeps_everything(world: World) -> None:
    other = PLAN.model_copy(update={"table": "other", "topic": "prefix.public.other", "collection": "other"})
    refresh = Refresh(id="1", tables=("public.t",), since={"public.t": 0}, notes_since=0)
    job = world.make_job(Phase.REFRESHING, tables=(PLAN, other), topics=(TOPIC, other.topic), refresh=refresh)
    async with world.drive(job, topic_retention_seconds=WEEK):
        await world.until(lambda: world.retention.get(other.topic) == kept_for(WEEK), "the other topic is limited")
        await world.looks()
        assert world.retention.get(TOPIC) in (None, UNLIMITED)


async def test_a_checkpoint_behind_half_of_the_retention_is_warned_of_once_until_it_has_caught_up(world: World) -> None:
    world.position, world.young = 5, 8
    async with world.drive(world.make_job(Phase.STREAMING), topic_retention_seconds=WEEK):
        await world.until(lambda: warnings(world), "it is warned of")
        (message,) = warnings(world)
        assert "public.t" in message
        assert "5 d 0 h" in message
        assert "7 d 0 h" in message
        assert f"{datetime.now(UTC) + timedelta(days=2):%Y-%m-%d}" in message
        world.position = 6
        await world.looks()
        assert world.job.behind == (TOPIC,)
        world.position = 8
        await world.until(lambda: not world.job.behind, "it has caught up")
        assert len(warnings(world)) == 1
        world.position, world.young = 9, 10
        await world.until(lambda: len(warnings(world)) == 2, "it is warned of again")


async def test_a_service_that_begins_again_does_not_warn_again(world: World) -> None:
    world.position, world.young = 5, 8
    async with world.drive(world.make_job(Phase.STREAMING, behind=(TOPIC,)), topic_retention_seconds=WEEK):
        await world.looks(40)
        assert warnings(world) == []


async def test_while_mongodb_is_away_the_checkpoints_that_were_seen_last_grow_old(world: World) -> None:
    world.position, world.young = 5, 5
    async with world.drive(world.make_job(Phase.STREAMING), topic_retention_seconds=WEEK):
        await world.until(lambda: world.retention, "the topics were looked at")
        await world.looks()
        world.away.add("target")
        world.young = 8
        await world.until(lambda: warnings(world), "it is warned of")


async def test_records_that_are_gone_before_they_were_applied_fail_the_job(world: World) -> None:
    world.position, world.first, world.young = 5, 7, 9
    async with world.drive(world.make_job(Phase.STREAMING), topic_retention_seconds=WEEK):
        await world.until(lambda: world.job.outcome is Outcome.FAILED, "the job fails")
    assert world.job.failure is not None
    assert world.job.failure.error_type == "RECORDS_LOST"
    assert "public.t" in world.job.failure.message
    assert "[0]@5" in world.job.failure.message
    assert "topicRetentionSeconds" in (world.job.failure.suggestion or "")
    assert world.codes(EventType.ERROR) == ["RECORDS_LOST"]
