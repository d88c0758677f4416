"""Finding dead letters, wherever they are kept."""

from collections.abc import Sequence
from dataclasses import dataclass
from typing import Any, NamedTuple

from bson import ObjectId
from pymongo.asynchronous.collection import AsyncCollection

from pipeline.sink.letter import Letter, LetterStatus


@dataclass(frozen=True, slots=True)
class LetterQuery:
    """Which letters are wanted: at most `limit` in the order in which they came, those after the letter `after`."""

    limit: int
    after: ObjectId | None = None
    table: str | None = None
    code: str | None = None
    statuses: Sequence[LetterStatus] = ()
    ids: Sequence[ObjectId] = ()

    def conditions(self, job: str) -> dict[str, Any]:
        """The MongoDB filter of all that are wanted, whatever the page."""
        wanted: dict[str, Any] = {"job": job}
        if self.table is not None:
            wanted["table"] = self.table
        if self.code is not None:
            wanted["code"] = self.code
        if self.ids:
            wanted["_id"] = {"$in": list(self.ids)}
        if self.statuses:
            wanted["status"] = {"$in": [status.value for status in self.statuses]}
        return wanted


class Found(NamedTuple):
    """A page of letters, how many there are on all pages, and whether more follow."""

    letters: Sequence[Letter]
    total: int
    more: bool


async def search(collection: AsyncCollection[dict[str, Any]], job: str, query: LetterQuery) -> Found:
    """A page of a job's letters."""
    wanted = query.conditions(job)
    total = await collection.count_documents(wanted)
    after = {} if query.after is None else {"_id": {"$gt": query.after}}
    found = await collection.find({"$and": [wanted, after]}).sort("_id", 1).limit(query.limit + 1).to_list()
    return Found([Letter.from_stored(document) for document in found[: query.limit]], total, len(found) > query.limit)
