"""Moving checkpoints back, so that what was applied is applied again."""

from collections.abc import Mapping
from datetime import UTC, datetime
from typing import Any

from pymongo.asynchronous.database import AsyncDatabase

from pipeline.sink.answer import answering
from pipeline.sink.checkpoint import COLLECTION
from pipeline.sink.client import settled
from pipeline.sink.letter import COLLECTION as LETTERS
from pipeline.sink.letter import LetterStatus

Database = AsyncDatabase[dict[str, Any]]


async def rewind(database: Database, job: str, generation: int, starts: Mapping[str, int], replay: str) -> None:
    """
    Move the checkpoints of these topics back to offsets, for the replay of this id; they must be closed. May be repeated.

    What was left between two batches is forgotten, and letters of the records that come again are closed.
    """
    with answering():
        for topic, start in starts.items():
            here = {"job": job, "generation": generation, "topic": topic}
            change = {
                "replayUntil": {"$max": ["$position", {"$ifNull": ["$replayUntil", 0]}]},
                "position": start,
                "carry": None,
                "told": None,
                "order": None,
                "replay": replay,
            }
            await _checkpoints(database).update_one(here | {"replay": {"$ne": replay}}, [{"$set": change}])
            found = await _checkpoints(database).find_one(here, {"_id": 1})
            if found is not None:
                await _close_letters(database, found["_id"], start, replay)


async def _close_letters(database: Database, checkpoint: str, start: int, replay: str) -> None:
    letters = database.get_collection(LETTERS, **settled())
    still_open = {"checkpoint": checkpoint, "status": LetterStatus.OPEN.value}
    closed = {"status": LetterStatus.SUPERSEDED.value, "closedAt": datetime.now(UTC), "closedBy": f"replay {replay}"}
    await letters.update_many(still_open | {"offset": {"$gte": start}}, {"$set": closed})
    await _checkpoints(database).update_one({"_id": checkpoint}, {"$set": {"openLetters": await letters.count_documents(still_open)}})


def _checkpoints(database: Database) -> Any:
    return database.get_collection(COLLECTION, **settled())
