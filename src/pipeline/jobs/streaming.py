"""Following a job's changes until the user ends it."""

from datetime import UTC, datetime

from pipeline.jobs.barrier import pass_barrier
from pipeline.jobs.drive import Drive
from pipeline.jobs.job import Ask, Outcome, Phase
from pipeline.jobs.mending import Mender, mend_before_the_end
from pipeline.jobs.updates import EventType
from pipeline.jobs.watch import StreamWatch, look_at_slot


async def follow_stream(drive: Drive) -> None:
    """Keep the connector alive and the slot in sight until a stop, a refresh or a replay is asked for."""
    if drive.job.streaming_started_at is None:
        await drive.save(streaming_started_at=datetime.now(UTC))
    await drive.tell_once("streaming", EventType.INFO, "Following the changes")
    watch, mender = StreamWatch(drive), Mender(drive)
    while drive.job.refresh is None and drive.job.replay is None and drive.job.ask is not Ask.STOP:
        await watch.look()
        await mender.look()
    if drive.job.refresh is not None:
        await drive.save(phase=Phase.REFRESHING)
        return
    if drive.job.replay is not None:
        await drive.save(phase=Phase.REPLAYING)
        return
    await drive.tell_once("draining", EventType.INFO, "Stopping: the changes made until now are still applied")
    await drive.save(phase=Phase.DRAINING)


async def drain(drive: Drive) -> None:
    """Complete a job that is to stop: everything committed until now is applied, then it ends."""
    await look_at_slot(drive)
    await pass_barrier(drive)
    if not await mend_before_the_end(drive):
        await drive.end(Outcome.COMPLETED)
