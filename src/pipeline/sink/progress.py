"""The supervisor's side of the checkpoints: made at set-up, read for progress, closed and removed at the end."""

from collections.abc import AsyncIterator, Collection, Mapping, Sequence
from contextlib import asynccontextmanager
from typing import Any, TypeAlias

from pymongo import UpdateOne
from pymongo.asynchronous.collection import AsyncCollection
from pymongo.asynchronous.database import AsyncDatabase

from pipeline.sink.answer import answering
from pipeline.sink.checkpoint import COLLECTION, Checkpoint
from pipeline.sink.client import settled
from pipeline.sink.letter_store import prepare_letters, remove_letters
from pipeline.sink.place_store import remove_places

Database: TypeAlias = AsyncDatabase[dict[str, Any]]


async def create_checkpoints(
    database: Database, job: str, generation: int, topics: Sequence[str], starts: Mapping[str, int] | None = None
) -> None:
    """
    Make a checkpoint for each change topic's one partition, unless it has one, and what counts and keeps failures.

    They stand at the beginning, or at the offsets of `starts`.
    """
    new = [Checkpoint(job, generation, topic, 0, position=(starts or {}).get(topic, 0)).stored() for topic in topics]
    makes = [UpdateOne({"_id": document.pop("_id")}, {"$setOnInsert": document}, upsert=True) for document in new]
    if makes:
        async with _checkpoints(database) as checkpoints:
            await checkpoints.bulk_write(makes, ordered=False)
    await prepare_letters(database, job, generation)


async def read_progress(database: Database, job: str, generation: int) -> list[Checkpoint]:
    """The generation's checkpoints, what they carry aside, as they are on a majority of servers."""
    async with _checkpoints(database) as checkpoints:
        found = checkpoints.find({"job": job, "generation": generation}, {"carry": 0})
        return [Checkpoint.from_stored(document) async for document in found]


async def fence(database: Database, job: str, generation: int, topics: Collection[str] | None = None) -> None:
    """Close the generation, or these topics of it: once this returns, no worker writes for it any more, nor can claim it again."""
    async with _checkpoints(database) as checkpoints:
        await checkpoints.update_many(_of(job, generation, topics), {"$inc": {"epoch": 1}, "$set": {"closed": True}})


async def reopen(
    database: Database, job: str, generation: int, topics: Collection[str] | None = None, besides: Collection[str] = ()
) -> None:
    """Let the generation, or these topics of it, be written for again, but for the topics `besides`."""
    wanted = {"$and": [_of(job, generation, topics), {"topic": {"$nin": list(besides)}}]}
    async with _checkpoints(database) as checkpoints:
        await checkpoints.update_many(wanted, {"$unset": {"closed": ""}})


async def remove_progress(database: Database, job: str, generation: int) -> None:
    """Remove the generation's checkpoints, and with them the right to write for it, and its letters."""
    await remove_checkpoints(database, job, generation)
    await remove_letters(database, job, generation)
    await remove_places(database, job, generation)


async def remove_checkpoints(database: Database, job: str, generation: int) -> None:
    """Remove the generation's checkpoints alone."""
    async with _checkpoints(database) as checkpoints:
        await checkpoints.delete_many({"job": job, "generation": generation})


def _of(job: str, generation: int, topics: Collection[str] | None) -> dict[str, Any]:
    chosen: dict[str, Any] = {} if topics is None else {"topic": {"$in": list(topics)}}
    return {"job": job, "generation": generation} | chosen


@asynccontextmanager
async def _checkpoints(database: Database) -> AsyncIterator[AsyncCollection[dict[str, Any]]]:
    with answering():
        yield database.get_collection(COLLECTION, **settled())
