"""How long a streaming job's change topics keep records, and whether any may be lost before it is applied."""

import contextlib
import time
from collections.abc import Mapping
from datetime import UTC, datetime, timedelta

from pipeline.errors import SinkUnavailableError
from pipeline.jobs.drive import Drive, JobFailedError
from pipeline.jobs.job import Failure
from pipeline.jobs.updates import EventType
from pipeline.kafka.reader import time_of_record
from pipeline.kafka.retention import KEEP_LONGER, kept_for
from pipeline.sink.progress import read_progress

LOOK_SECONDS = 60.0
LOOKS_IN_RETENTION = 10
"""At least: where records are kept for a short time only, looks are more frequent."""

CODE = "RECORDS_EXPIRE"
BRING_BACK = "Resume the job if it is paused, and see that workers run and that MongoDB answers them"


class RetentionWatch:
    """
    Keeps the topics' retention what the project says now, and looks whether workers keep up with it.

    Made anew whenever a step begins. The topics of tables that are being read again keep everything, and are left alone.
    """

    def __init__(self, drive: Drive) -> None:
        self._drive = drive
        self._applied: float | None = None

    async def look(self) -> None:
        """
        Take over a retention that was changed, and look at the checkpoints' ages if it is time.

        Raises:
            JobFailedError: Records are gone that were not applied.
        """
        retention = await _retention_seconds(self._drive)
        if retention != self._applied:
            await self._drive.services.topics.configure(_limited(self._drive), kept_for(retention))
            self._applied = retention
        if time.monotonic() - self._drive.ages_seen_at > min(LOOK_SECONDS, retention / LOOKS_IN_RETENTION):
            self._drive.ages_seen_at = time.monotonic()
            await look_at_ages(self._drive, timedelta(seconds=retention))


async def look_at_ages(drive: Drive, retention: timedelta) -> None:
    """
    Warn of each table once whose oldest record not yet applied is older than half of the retention, until it has caught up.

    While MongoDB is away its checkpoints stand where they were seen last.

    Raises:
        JobFailedError: Records are gone that were not applied.
    """
    topics = drive.services.topics
    there = set(await topics.names())  # of a topic that is gone the worker tells
    limited = [topic for topic in _limited(drive) if topic in there]
    firsts, ends = await topics.first_offsets(limited), await topics.end_offsets(limited)
    since = await topics.offsets_since(limited, datetime.now(UTC) - retention / 2)
    young = {topic: ends[topic] if offset is None else offset for topic, offset in since.items()}
    with contextlib.suppress(SinkUnavailableError):
        drive.positions = {each.topic: each.position for each in await read_progress(drive.target, drive.job.id, drive.job.generation)}
        _fail_if_lost(drive, firsts)
    positions = drive.positions
    behind = [topic for topic, offset in young.items() if positions.get(topic, offset) < offset]
    told = [topic for topic in behind if topic in drive.job.behind or await _tell(drive, topic, positions[topic], retention)]
    if set(told) != set(drive.job.behind):
        await drive.save(behind=tuple(told))


async def _retention_seconds(drive: Drive) -> float:
    """What the project says now, not what it said when the job was posted."""
    project = await drive.services.projects.get(drive.job.project_id)
    return project.settings.topic_retention_seconds or drive.services.settings.topic_retention_seconds


def _limited(drive: Drive) -> list[str]:
    refresh = drive.job.refresh
    read_again = {plan.topic for plan in drive.job.tables if refresh is not None and plan.qualified_name in refresh.tables}
    return [topic for topic in drive.job.topics if topic not in read_again]


def _fail_if_lost(drive: Drive, firsts: Mapping[str, int]) -> None:
    """Raise where a topic begins behind its checkpoint; the checkpoints must have been read after the topics' beginnings."""
    for topic, first in firsts.items():
        if (position := drive.positions.get(topic, first)) < first:
            raise JobFailedError(
                Failure(
                    error_type="RECORDS_LOST",
                    message=f"Kafka no longer has the records of {_tables(drive, topic)} from {topic}[0]@{position} to {first}, "
                    "which were not applied yet",
                    failure_at=datetime.now(UTC),
                    suggestion=f"Post the job again with a snapshot, and {KEEP_LONGER}.",
                    table=_tables(drive, topic),
                )
            )


async def _tell(drive: Drive, topic: str, position: int, retention: timedelta) -> bool:
    """Tell of the topic, unless the record at the position cannot be read now; whether it was told."""
    written_at = await time_of_record(drive.services.settings.kafka_bootstrap_servers, topic, position)
    if written_at is None:
        return False
    age, lost_at = datetime.now(UTC) - written_at, written_at + retention
    await drive.tell_once(
        f"behind:{topic}:{position}",
        EventType.WARNING,
        f"Records of {_tables(drive, topic)} have waited {_shown(age)} to be applied, and Kafka keeps them for {_shown(retention)}: "
        f"from {lost_at:%Y-%m-%d %H:%M} UTC on they may be lost",
        error_code=CODE,
        suggestion=f"{BRING_BACK}; or {KEEP_LONGER}. That counts for this job, too.",
        table=_tables(drive, topic),
    )
    return True


def _tables(drive: Drive, topic: str) -> str:
    return ", ".join(plan.qualified_name for plan in drive.job.tables if plan.topic == topic)


def _shown(duration: timedelta) -> str:
    """A duration in its two largest units."""
    days, seconds = duration.days, duration.seconds
    hours, minutes = seconds // 3600, seconds % 3600 // 60
    if days:
        return f"{days} d {hours} h"
    return f"{hours} h {minutes} min" if hours else f"{minutes} min {seconds % 60} s"
