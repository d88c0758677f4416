"""A job's statistics: sums over its checkpoints, so exact."""

import time
from typing import Any

from pymongo.asynchronous.database import AsyncDatabase

from pipeline.jobs.job import Job, Statistics
from pipeline.sink.checkpoint import events_since
from pipeline.sink.progress import read_progress


async def live_statistics(database: AsyncDatabase[dict[str, Any]], job: Job) -> Statistics:
    """
    Sum up the checkpoints of the job's present generation, kept in its target `database`.

    Rows that are read after the snapshot, by a refresh, are no part of it.

    Raises:
        SinkUnavailableError: MongoDB does not answer.
    """
    checkpoints, now = await read_progress(database, job.id, job.generation), time.time()
    return Statistics(
        reads=sum(each.counts.get("r", 0) for each in checkpoints) if job.snapshot_reads is None else job.snapshot_reads,
        creates=sum(each.counts.get("c", 0) for each in checkpoints),
        updates=sum(each.counts.get("u", 0) for each in checkpoints),
        deletes=sum(each.counts.get("d", 0) for each in checkpoints),
        truncates=sum(each.counts.get("t", 0) for each in checkpoints),
        bytes=sum(each.bytes for each in checkpoints),
        last_event_at=max((each.last_event_at for each in checkpoints if each.last_event_at), default=None),
        events_in_last_minute=sum(events_since(each.seconds, now - 60) for each in checkpoints),
        events_in_last_hour=sum(events_since(each.minutes, now - 3600) for each in checkpoints),
    )
