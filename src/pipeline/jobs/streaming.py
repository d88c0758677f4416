"""Following a job's changes until the user ends it."""

import time
from datetime import UTC, datetime

from pipeline.jobs.barrier import pass_barrier
from pipeline.jobs.connector import look_after
from pipeline.jobs.drive import Drive
from pipeline.jobs.job import Ask, Outcome, Phase
from pipeline.jobs.updates import EventType

SLOT_LOOK_SECONDS = 10.0
HEALTHY_AFTER_SECONDS = 60.0


async def follow_stream(drive: Drive) -> None:
    """Keep the connector alive and the slot in sight until a stop is asked for."""
    if drive.job.streaming_started_at is None:
        await drive.save(streaming_started_at=datetime.now(UTC))
    await _limit_retention(drive)
    await drive.tell_once("streaming", EventType.INFO, "Following the changes")
    slot_seen_at, failed_at = float("-inf"), time.monotonic()
    while True:
        await drive.heed()
        if drive.job.ask is Ask.STOP:
            await drive.tell_once("draining", EventType.INFO, "Stopping: the changes made until now are still applied")
            await drive.save(phase=Phase.DRAINING)
            return
        status = await look_after(drive)
        now = time.monotonic()
        if status.failed:
            failed_at = now
        elif drive.job.restarts and now - failed_at > HEALTHY_AFTER_SECONDS:
            await drive.save(restarts=0)
        if now - slot_seen_at > SLOT_LOOK_SECONDS:
            slot_seen_at = now
            await _look_at_slot(drive)
            await drive.back()
        await drive.pause_between_looks()


async def drain(drive: Drive) -> None:
    """Complete a job that is to stop: everything committed until now is applied, then it ends."""
    await _look_at_slot(drive)
    await pass_barrier(drive)
    await drive.end(Outcome.COMPLETED)


async def _limit_retention(drive: Drive) -> None:
    """Until the snapshot is applied its topics keep everything; from then on as long as workers may be away."""
    retention_ms = str(round(drive.services.settings.topic_retention_seconds * 1000))
    await drive.services.topics.configure(drive.job.topics, {"retention.ms": retention_ms})


async def _look_at_slot(drive: Drive) -> None:
    """
    Warn when the slot holds back much of the source's log.

    Raises:
        SourceError: The slot or a publication is gone: changes have been lost.
    """
    retained = await drive.source.retained_bytes(drive.owned, [(plan.schema_name, plan.table) for plan in drive.job.tables])
    limit = drive.services.settings.slot_warning_bytes
    if retained is not None and retained > limit:
        await drive.tell(
            EventType.WARNING,
            f"The replication slot holds back {retained // 2**20} MiB of the source's log",
            error_code="SLOT_LAG",
            suggestion="See whether the connector and Kafka keep up; the log is freed as soon as the connector has read it.",
            dedup_key="slot-lag",
        )
