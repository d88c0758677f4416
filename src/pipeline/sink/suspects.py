"""Finding and removing the documents of a collection that no row of its table has."""

from collections.abc import Awaitable, Callable, Sequence
from typing import Any, TypeAlias

from pymongo import ReadPreference
from pymongo.asynchronous.client_session import AsyncClientSession
from pymongo.asynchronous.database import AsyncDatabase
from pymongo.read_concern import ReadConcern

from pipeline.errors import FencedError
from pipeline.sink.answer import answering
from pipeline.sink.batch import ChangePartition
from pipeline.sink.checkpoint import COLLECTION, checkpoint_id
from pipeline.sink.client import MAJORITY, settled

PREFIX = "_rowstream.suspects."
CHUNK = 1_000

Database: TypeAlias = AsyncDatabase[dict[str, Any]]
Judge: TypeAlias = Callable[[int], Awaitable[Sequence[Any]]]
"""Says which `_id`s, at most `CHUNK`, have no row at a position of the change topic."""


class Suspects:
    """
    The `_id`s of documents that may have no row, kept in a collection of their own beside the job's.

    At first all documents of a collection are suspected. Whoever reads the records of its
    change topic clears those that a record is about; those that are left once the whole
    table has been read again have no row. Every step may be repeated.
    """

    def __init__(self, database: Database, job: str) -> None:
        self._database = database
        self._name = PREFIX + job
        self._suspects = database.get_collection(self._name, **settled())

    async def suspect_all(self, collection: str) -> None:
        """Suspect every document that the collection has now, and nothing else."""
        with answering():
            await self.drop()
            await self._database[collection].aggregate([{"$project": {"_id": 1}}, {"$out": self._name}])

    async def clear(self, ids: Sequence[Any]) -> None:
        """Suspect these no longer."""
        with answering():
            if ids:
                await self._suspects.delete_many({"_id": {"$in": list(ids)}})

    async def some(self) -> list[Any]:
        """Some that are still suspected; empty when none is."""
        with answering():
            return [found["_id"] async for found in self._suspects.find({}).limit(CHUNK)]

    async def remove(self, collection: str, checkpoint: str, judge: Judge) -> Sequence[Any]:
        """
        Remove documents from the collection that have no row; returns their `_id`s.

        One snapshot tells the checkpoint's position and the documents: `judge` says which
        of them have no row at that position. What a worker writes meanwhile makes either its
        transaction or this one fail (and be tried again), so nothing newer is removed.

        Raises:
            FencedError: The job has ended.
        """
        with answering():
            async with self._database.client.start_session() as session:
                judged, removed = await session.with_transaction(
                    lambda inside: self._remove(inside, collection, checkpoint, judge),
                    read_concern=ReadConcern("snapshot"),
                    write_concern=MAJORITY,
                    read_preference=ReadPreference.PRIMARY,
                )
        await self.clear(judged)
        return removed

    async def _remove(
        self, session: AsyncClientSession, collection: str, checkpoint: str, judge: Judge
    ) -> tuple[Sequence[Any], Sequence[Any]]:
        found = await self._database[COLLECTION].find_one({"_id": checkpoint}, {"position": 1}, session=session)
        if found is None:
            raise FencedError(f"{checkpoint} is gone: the job has ended")
        ids = await judge(found["position"])
        here = [each["_id"] async for each in self._database[collection].find({"_id": {"$in": list(ids)}}, {"_id": 1}, session=session)]
        if here:
            await self._database[collection].delete_many({"_id": {"$in": here}}, session=session)
        return ids, here

    async def drop(self) -> None:
        """Forget them all."""
        with answering():
            await self._database.drop_collection(self._name)


def checkpoint_of(job: str, generation: int, topic: str) -> str:
    """Name the checkpoint of a change topic's one partition."""
    return checkpoint_id(job, generation, ChangePartition(topic, 0))
