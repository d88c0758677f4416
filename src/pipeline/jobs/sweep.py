"""Making a collection equal to its table once the table has been read again: documents that no row has are removed."""

from collections.abc import Awaitable, Callable, Sequence
from typing import Any

from pipeline.jobs.drive import Drive
from pipeline.jobs.job import TablePlan
from pipeline.jobs.touched import TouchedDocuments
from pipeline.sink.progress import read_progress
from pipeline.sink.suspects import Suspects, checkpoint_of


async def remove_orphans(drive: Drive, plan: TablePlan, since: int, glance: Callable[[], Awaitable[None]]) -> list[Any]:
    """
    Remove the documents of the table's collection that no row has; returns their `_id`s.

    Every row of the table has been read since the offset `since` of its change topic, and
    everything read is applied. So a row's document is named by a record since then, and a
    document that none names has no row. `glance` is called now and then.
    """
    suspects, removed = Suspects(drive.target, drive.job.id), list[Any]()
    await suspects.suspect_all(plan.collection)
    async with TouchedDocuments(drive.services.settings.kafka_bootstrap_servers, drive.job, plan.topic, since) as touched:

        async def judge(position: int) -> Sequence[Any]:
            async for batch in touched.until(position):
                await suspects.clear(batch.get(plan.collection, []))
            return await suspects.some()

        async for batch in touched.until(await _position(drive, plan.topic)):
            await suspects.clear(batch.get(plan.collection, []))
            await glance()
        checkpoint = checkpoint_of(drive.job.id, drive.job.generation, plan.topic)
        while await suspects.some():
            removed += await suspects.remove(plan.collection, checkpoint, judge)
            await glance()
    await suspects.drop()
    return removed


async def _position(drive: Drive, topic: str) -> int:
    progress = await read_progress(drive.target, drive.job.id, drive.job.generation)
    return next(checkpoint.position for checkpoint in progress if checkpoint.topic == topic)
