"""The places of capped tables, as they are kept in the target database: written in the transaction of the batch that takes them."""

from collections.abc import Mapping, Sequence
from typing import Any

from pymongo import UpdateOne
from pymongo.asynchronous.database import AsyncDatabase
from pymongo.client_session import ClientSession
from pymongo.database import Database

from pipeline.sink.answer import answering
from pipeline.sink.batch import Step
from pipeline.sink.client import settled
from pipeline.sink.document import Document
from pipeline.sink.place import canonical
from pipeline.sink.places import COLLECTION, Caps, Taken, admitted, wanted_keys


class Places:
    """The places of one generation's tables; `caps` says how many each collection has."""

    def __init__(self, database: Database[Document], job: str, generation: int, caps: Caps) -> None:
        self._places = database[COLLECTION]
        self._of = {"job": job, "generation": generation}
        self._caps = caps

    def admit(self, steps: Sequence[Step], session: ClientSession) -> Sequence[Step]:
        """Return the steps without documents for rows that have no place, and keep the places that are taken by it."""
        wanted = wanted_keys(steps, self._caps)
        taken = {collection: self._read(collection, ids, session) for collection, ids in wanted.items()}
        before = {collection: places.count for collection, places in taken.items()}
        steps = admitted(steps, taken)
        for collection, places in taken.items():
            self._write(collection, places, session)
            if places.count != before[collection]:
                self._places.update_one({"_id": self._name(collection)}, {"$set": {"taken": places.count}}, session=session)
        return steps

    def _read(self, collection: str, ids: Sequence[Any], session: ClientSession) -> Taken:
        found = self._places.find(
            {"_id": {"$in": [self._name(collection), *(self._name(collection, each) for each in ids)]}}, session=session
        )
        taken = Taken(self._caps[collection])
        for document in found:
            if "taken" in document:
                taken.count = document["taken"]
            else:
                taken.held.add(canonical(document["_id"]["id"]))
        return taken

    def _write(self, collection: str, places: Taken, session: ClientSession) -> None:
        if places.gone:
            names = [self._name(collection, identity) for identity in places.gone.values()]
            self._places.delete_many({"_id": {"$in": names}}, session=session)
        if places.come:
            made = [{"_id": self._name(collection, identity), **self._of} for identity in places.come.values()]
            self._places.insert_many(made, session=session)

    def _name(self, collection: str, identity: Any = None) -> Mapping[str, Any]:
        """What names a key's place, and without a key the number of those that are taken."""
        name = _number(self._of, collection)
        return name if identity is None else {**name, "id": identity}


async def prepare_places(database: AsyncDatabase[dict[str, Any]], job: str, generation: int, collections: Sequence[str]) -> None:
    """Make what the workers need to give places in these collections; none is taken yet."""
    of = {"job": job, "generation": generation}
    new = [UpdateOne({"_id": _number(of, collection)}, {"$setOnInsert": {**of, "taken": 0}}, upsert=True) for collection in collections]
    if new:
        with answering():
            places = database.get_collection(COLLECTION, **settled())
            await places.create_index([("job", 1), ("generation", 1)], name="places of a job")
            await places.bulk_write(new, ordered=False)


async def free_places(database: AsyncDatabase[dict[str, Any]], job: str, generation: int, collections: Sequence[str]) -> None:
    """Take the places of these collections back: their tables' changes come again from the first on. No worker may write meanwhile."""
    of = {"job": job, "generation": generation}
    with answering():
        places = database.get_collection(COLLECTION, **settled())
        for collection in collections:
            await places.delete_many({**of, "_id.collection": collection, "_id.id": {"$exists": True}})
            await places.update_one({"_id": _number(of, collection)}, {"$set": {"taken": 0}})


def _number(of: Mapping[str, Any], collection: str) -> Mapping[str, Any]:
    return {**of, "collection": collection}


async def remove_places(database: AsyncDatabase[dict[str, Any]], job: str, generation: int) -> None:
    """Remove the places of a generation at its end."""
    with answering():
        await database.get_collection(COLLECTION, **settled()).delete_many({"job": job, "generation": generation})
