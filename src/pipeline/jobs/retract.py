"""Taking back the documents of an attempt that was given up."""

from collections.abc import Awaitable, Callable, Sequence
from typing import Any

from pymongo.asynchronous.database import AsyncDatabase

from pipeline.jobs.job import Job
from pipeline.jobs.touched import TouchedDocuments
from pipeline.sink.checkpoint import Checkpoint


async def retract_documents(
    database: AsyncDatabase[dict[str, Any]],
    bootstrap_servers: str,
    job: Job,
    progress: Sequence[Checkpoint],
    glance: Callable[[], Awaitable[None]] | None = None,
) -> None:
    """
    Delete the documents of every key in the attempt's topics up to its checkpoints.

    The attempt's workers must be fenced. Documents that no record of the attempt names stay. `glance` is called now and then.
    """
    for checkpoint in progress:
        async with TouchedDocuments(bootstrap_servers, job, checkpoint.topic) as touched:
            async for batch in touched.until(checkpoint.position):
                for collection, ids in batch.items():
                    await database[collection].delete_many({"_id": {"$in": ids}})
                if glance is not None:
                    await glance()
