"""The supervisor's side of the checkpoints: made at set-up, read for progress, closed and removed at the end."""

from collections.abc import AsyncIterator, Sequence
from contextlib import asynccontextmanager
from typing import Any, TypeAlias

from pymongo import UpdateOne
from pymongo.asynchronous.collection import AsyncCollection
from pymongo.asynchronous.database import AsyncDatabase

from pipeline.sink.answer import answering
from pipeline.sink.checkpoint import COLLECTION, Checkpoint
from pipeline.sink.client import settled

Database: TypeAlias = AsyncDatabase[dict[str, Any]]


async def create_checkpoints(database: Database, job: str, generation: int, topics: Sequence[str]) -> None:
    """Make a checkpoint at offset 0 for each change topic's one partition, unless it has one."""
    new = [Checkpoint(job, generation, topic, 0).stored() for topic in topics]
    makes = [UpdateOne({"_id": document.pop("_id")}, {"$setOnInsert": document}, upsert=True) for document in new]
    if makes:
        async with _checkpoints(database) as checkpoints:
            await checkpoints.bulk_write(makes, ordered=False)


async def read_progress(database: Database, job: str, generation: int) -> list[Checkpoint]:
    """The generation's checkpoints, what they carry aside, as they are on a majority of servers."""
    async with _checkpoints(database) as checkpoints:
        found = checkpoints.find({"job": job, "generation": generation}, {"carry": 0})
        return [Checkpoint.from_stored(document) async for document in found]


async def fence(database: Database, job: str, generation: int) -> None:
    """Close the generation: once this returns, no worker writes for it any more, nor can claim it again."""
    async with _checkpoints(database) as checkpoints:
        await checkpoints.update_many({"job": job, "generation": generation}, {"$inc": {"epoch": 1}, "$set": {"closed": True}})


async def remove_progress(database: Database, job: str, generation: int) -> None:
    """Remove the generation's checkpoints, and with them the right to write for it."""
    async with _checkpoints(database) as checkpoints:
        await checkpoints.delete_many({"job": job, "generation": generation})


@asynccontextmanager
async def _checkpoints(database: Database) -> AsyncIterator[AsyncCollection[dict[str, Any]]]:
    with answering():
        yield database.get_collection(COLLECTION, **settled())
