"""A database that several workers write to."""

import uuid
from collections.abc import Mapping
from dataclasses import dataclass
from typing import Any

from pymongo import MongoClient
from tests.fakes.rows import COLLECTION, PARTITION, part

from pipeline.sink.batch import Step
from pipeline.sink.checkpoint import COLLECTION as CHECKPOINTS
from pipeline.sink.checkpoint import Checkpoint
from pipeline.sink.document import Document
from pipeline.sink.mongo import MongoSink
from pipeline.sink.transaction import Transactions

JOB, GENERATION = "65f000000000000000000001", 1


@dataclass
class Worker:
    """A sink and the checkpoint it holds."""

    sink: MongoSink
    held: Checkpoint

    def apply(self, *steps: Step) -> None:
        (self.held,) = self.sink.apply([part(steps)], {PARTITION: self.held})

    def renew(self) -> None:
        self.held = self.sink.renew(self.held)


class Target:
    """A database that several workers write to."""

    def __init__(self, client: MongoClient[Document]) -> None:
        self.client = client
        self.name = f"sink_{uuid.uuid4().hex}"
        self.database = client[self.name]
        self.database[CHECKPOINTS].insert_one(Checkpoint(JOB, GENERATION, *PARTITION).stored())
        self.collection = self.database.create_collection(COLLECTION)

    def worker(
        self,
        client: MongoClient[Document] | None = None,
        transactions: type[Transactions] = Transactions,
        tolerance: int | None = 0,
        caps: Mapping[str, int] | None = None,
    ) -> Worker:
        tables = {COLLECTION: "public.rows"}
        sink = MongoSink(client or self.client, self.name, JOB, GENERATION, tables=tables, tolerance=tolerance, caps=caps)
        sink._transactions = transactions(client or self.client)
        return Worker(sink, sink.claim(PARTITION))

    def ids(self) -> set[Any]:
        return {document["_id"] for document in self.collection.find()}

    def checkpoint(self) -> Document:
        found = self.database[CHECKPOINTS].find_one()
        assert found is not None
        return found

    def position(self) -> int:
        position: int = self.checkpoint()["position"]
        return position
