"""The supervisor's side of dead letters: made room for at set-up, found for people, taken along at the job's end."""

from collections.abc import AsyncIterator, Mapping
from contextlib import asynccontextmanager
from datetime import UTC, datetime
from typing import Any, TypeAlias

from pymongo.asynchronous.collection import AsyncCollection
from pymongo.asynchronous.database import AsyncDatabase

from pipeline.sink.answer import answering
from pipeline.sink.client import settled
from pipeline.sink.dead_letters import TOLERANCE, tolerance_id
from pipeline.sink.letter import COLLECTION, Letter, LetterStatus
from pipeline.sink.letter_search import Found, LetterQuery, search

CHUNK_LETTERS = 1_000
CHUNK_BYTES = 16 * 1024 * 1024

Database: TypeAlias = AsyncDatabase[dict[str, Any]]


async def prepare_letters(database: Database, job: str, generation: int) -> None:
    """Make what the workers need to count failures and to find the letters of rows."""
    async with _collection(database, COLLECTION) as letters:
        await letters.create_index([("checkpoint", 1), ("status", 1), ("collection", 1), ("documentId", 1)], name="letters of a row")
        await letters.create_index([("job", 1), ("_id", 1)], name="letters of a job")
    async with _collection(database, TOLERANCE) as tolerances:
        await tolerances.update_one(
            {"_id": tolerance_id(job, generation)}, {"$setOnInsert": {"job": job, "generation": generation, "failed": 0}}, upsert=True
        )


async def all_letters(database: Database, job: str) -> AsyncIterator[list[Letter]]:
    """All letters of the job, some at a time."""
    async with _collection(database, COLLECTION) as letters:
        chunk, size = list[Letter](), 0
        async for document in letters.find({"job": job}).sort("_id", 1):
            letter = Letter.from_stored(document)
            chunk.append(letter)
            size += letter.size
            if len(chunk) == CHUNK_LETTERS or size > CHUNK_BYTES:
                yield chunk
                chunk, size = [], 0
        if chunk:
            yield chunk


async def find_letters(database: Database, job: str, query: LetterQuery) -> Found:
    """A page of the job's letters."""
    async with _collection(database, COLLECTION) as letters:
        return await search(letters, job, query)


async def count_open_letters(database: Database, job: str, generation: int, starts: Mapping[str, int]) -> int:
    """How many letters of records from these offsets on are open."""
    since = [{"topic": topic, "offset": {"$gte": offset}} for topic, offset in starts.items()]
    async with _collection(database, COLLECTION) as letters:
        return await letters.count_documents({"job": job, "generation": generation, "status": LetterStatus.OPEN.value, "$or": since})


async def close_letters(database: Database, job: str, generation: int, by: str) -> None:
    """Close the generation's open letters."""
    closed = {"status": LetterStatus.SUPERSEDED.value, "closedAt": datetime.now(UTC), "closedBy": by}
    async with _collection(database, COLLECTION) as letters:
        await letters.update_many({"job": job, "generation": generation, "status": LetterStatus.OPEN.value}, {"$set": closed})


async def ask_for_replay(database: Database, job: str, query: LetterQuery) -> int:
    """Mark all open letters that are wanted, whatever the page, as asked to be replayed; how many they are."""
    async with _collection(database, COLLECTION) as letters:
        wanted = query.conditions(job) | {"status": LetterStatus.OPEN.value}
        result = await letters.update_many(wanted, {"$set": {"asked": True}})
        return int(result.matched_count)


async def remove_letters(database: Database, job: str, generation: int) -> None:
    """Remove the generation's letters, and those of replays, and the count of its failures."""
    async with _collection(database, COLLECTION) as letters:
        await letters.delete_many({"job": job, "generation": {"$gte": generation}})
    async with _collection(database, TOLERANCE) as tolerances:
        await tolerances.delete_many({"job": job, "generation": {"$gte": generation}})


@asynccontextmanager
async def _collection(database: Database, name: str) -> AsyncIterator[AsyncCollection[dict[str, Any]]]:
    with answering():
        yield database.get_collection(name, **settled())
