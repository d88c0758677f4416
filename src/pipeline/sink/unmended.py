"""The supervisor's side of half changes: which rows are to be read again."""

from collections.abc import AsyncIterator, Collection, Sequence
from contextlib import asynccontextmanager
from typing import Any, NamedTuple

from pymongo import UpdateOne
from pymongo.asynchronous.database import AsyncDatabase

from pipeline.sink.answer import answering
from pipeline.sink.checkpoint import COLLECTION as CHECKPOINTS
from pipeline.sink.client import settled
from pipeline.sink.half_changes import COLLECTION


class HalfChange(NamedTuple):
    """A row that moved to `document_id` by a key change whose second half never came; `id` names the change."""

    id: str
    collection: str
    document_id: Any


class HalfChanges:
    """The half changes of one generation, kept until the job's end."""

    def __init__(self, database: AsyncDatabase[dict[str, Any]], job: str, generation: int) -> None:
        self._database = database
        self._of = {"job": job, "generation": generation}

    async def unmended(self) -> list[HalfChange]:
        """Those whose rows have not been read again."""
        async with self._collection(COLLECTION) as kept:
            found = kept.find({**self._of, "mended": {"$ne": True}}).sort("_id", 1)
            return [HalfChange(each["_id"], each["collection"], each["id"]) async for each in found]

    async def waiting(self) -> list[HalfChange]:
        """Those whose first half is the last that has been applied of its change topic: the second may still come. Named by the place."""
        async with self._collection(CHECKPOINTS) as checkpoints:
            found = checkpoints.find({**self._of, "carry.departed.movedTo": {"$exists": True}}, {"position": 1, "carry.departed": 1})
            return [_waiting(each["_id"], each["position"], each["carry"]["departed"]) async for each in found]

    async def keep(self, changes: Collection[HalfChange]) -> None:
        """Keep those as unmended, unless they have been kept before."""
        makes = [
            UpdateOne({"_id": each.id}, {"$setOnInsert": {**self._of, "collection": each.collection, "id": each.document_id}}, upsert=True)
            for each in changes
        ]
        if makes:
            async with self._collection(COLLECTION) as kept:
                await kept.bulk_write(makes, ordered=False)

    async def settle(self, ids: Sequence[str]) -> None:
        """Nothing more is to be done about these."""
        async with self._collection(COLLECTION) as kept:
            await kept.update_many({"_id": {"$in": list(ids)}}, {"$set": {"mended": True}})

    async def remove(self) -> None:
        """Remove all of the job's, at its end."""
        async with self._collection(COLLECTION) as kept:
            await kept.delete_many({"job": self._of["job"]})

    @asynccontextmanager
    async def _collection(self, name: str) -> AsyncIterator[Any]:
        with answering():
            yield self._database.get_collection(name, **settled())


def _waiting(checkpoint: str, position: int, departed: dict[str, Any]) -> HalfChange:
    return HalfChange(f"{checkpoint}/{position}/waiting", departed["collection"], departed["movedTo"])
