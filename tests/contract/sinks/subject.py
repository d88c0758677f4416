"""The sinks that the suite is for, and a look at what each holds."""

import uuid
from typing import Any, Protocol

from bson import decode, encode
from pymongo import MongoClient
from tests.fakes.memory_sink import MemorySink
from tests.fakes.rows import COLLECTION, PARTITION

from pipeline.sink.batch import ChangePartition
from pipeline.sink.checkpoint import COLLECTION as CHECKPOINTS
from pipeline.sink.checkpoint import Checkpoint
from pipeline.sink.document import Document
from pipeline.sink.half_changes import COLLECTION as HALF_CHANGES
from pipeline.sink.mongo import MongoSink

JOB, GENERATION = "65f000000000000000000001", 1
OTHER = ChangePartition("other", 0)


class Subject(Protocol):
    """A sink, and a look at what it holds."""

    sink: MongoSink | MemorySink

    def documents(self, collection: str = COLLECTION) -> dict[Any, Document]:
        """The documents by `_id`."""
        ...

    def read(self) -> list[Document]:
        """The documents as MongoDB gives them back, whatever their `_id`s are."""
        ...

    def half_changes(self) -> list[tuple[str, Any]]:
        """Collection and `_id` of the rows whose second halves never came."""
        ...

    def count(self) -> int:
        """How many documents there are."""
        ...

    def another(self) -> MongoSink | MemorySink:
        """The same sink as another worker has it."""
        ...

    def close(self) -> None:
        """Close the generation, as the supervisor does at a job's end."""
        ...


class Memory:
    """The fake."""

    def __init__(self) -> None:
        self.sink = MemorySink([PARTITION, OTHER])

    def documents(self, collection: str = COLLECTION) -> dict[Any, Document]:
        return {document["_id"]: document for document in self.sink.documents(collection)}

    def read(self) -> list[Document]:
        return [decode(encode(document)) for document in self.sink.documents(COLLECTION)]

    def half_changes(self) -> list[tuple[str, Any]]:
        return [(each["collection"], each["id"]) for each in self.sink.half_changes]

    def count(self) -> int:
        return len(self.sink.documents(COLLECTION))

    def another(self) -> MemorySink:
        return self.sink

    def close(self) -> None:
        self.sink.closed = True


class Mongo:
    """The real one."""

    def __init__(self, client: MongoClient[Document]) -> None:
        self.client = client
        self.name = f"contract_{uuid.uuid4().hex}"
        self.database = client[self.name]
        for partition in (PARTITION, OTHER):
            self.database[CHECKPOINTS].insert_one(Checkpoint(JOB, GENERATION, *partition).stored())
        self.database.create_collection(COLLECTION)
        self.sink = self.another()

    def documents(self, collection: str = COLLECTION) -> dict[Any, Document]:
        return {document["_id"]: document for document in self.database[collection].find()}

    def read(self) -> list[Document]:
        return list(self.database[COLLECTION].find())

    def half_changes(self) -> list[tuple[str, Any]]:
        return [(each["collection"], each["id"]) for each in self.database[HALF_CHANGES].find({"job": JOB, "generation": GENERATION})]

    def count(self) -> int:
        return self.database[COLLECTION].count_documents({})

    def another(self) -> MongoSink:
        return MongoSink(self.client, self.name, JOB, GENERATION)

    def close(self) -> None:
        self.database[CHECKPOINTS].update_many({}, {"$inc": {"epoch": 1}, "$set": {"closed": True}})


def bodies(subject: Subject) -> list[Document]:
    """The documents but for their `_id`s."""
    return sorted(({name: value for name, value in each.items() if name != "_id"} for each in subject.read()), key=str)
