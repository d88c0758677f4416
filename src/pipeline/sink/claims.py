"""Claiming partitions: whoever claims one last is the only one that can move its checkpoint."""

import contextlib
from typing import Any

from bson import Binary
from pymongo import ReturnDocument
from pymongo.database import Database
from pymongo.errors import OperationFailure, PyMongoError

from pipeline.errors import FencedError
from pipeline.sink.answer import unavailable
from pipeline.sink.batch import ChangePartition
from pipeline.sink.checkpoint import COLLECTION, Checkpoint, checkpoint_id
from pipeline.sink.client import settled


class Claims:
    """
    The claims on one job generation's checkpoints.

    A claim first ends the former owner's session in MongoDB: a transaction that a killed or
    frozen worker left open would hold its documents until it times out (a minute), and its
    commit could still arrive.
    """

    def __init__(self, database: Database[dict[str, Any]], job: str, generation: int) -> None:
        self._database = database
        self._checkpoints = database.get_collection(COLLECTION, **settled())
        self._job = job
        self._generation = generation

    def claim(self, partition: ChangePartition, session: Binary) -> Checkpoint:
        """
        Raise the partition's epoch and return its checkpoint; `session` is the claimer's session id.

        Raises:
            FencedError: The generation is closed, or has no such checkpoint.
            SinkUnavailableError: MongoDB does not answer.
        """
        return self._take({"_id": checkpoint_id(self._job, self._generation, partition), "closed": {"$ne": True}}, session)

    def renew(self, checkpoint: Checkpoint, session: Binary) -> Checkpoint:
        """
        Claim again what is still held as `checkpoint`, and return where it really stands.

        After this, no transaction that the holder began before can commit.

        Raises:
            FencedError: Another worker has claimed it since, or the generation is closed.
            SinkUnavailableError: MongoDB does not answer.
        """
        held = [{"epoch": checkpoint.epoch}, {"session": session}]
        return self._take({"_id": checkpoint.id, "$or": held, "closed": {"$ne": True}}, session)

    def _take(self, wanted: dict[str, Any], session: Binary) -> Checkpoint:
        try:
            found = self._checkpoints.find_one(wanted, {"session": 1})
            if found is not None:
                self._end(found.get("session"), session)
            change = {"$inc": {"epoch": 1}, "$set": {"session": session}}
            taken = self._checkpoints.find_one_and_update(wanted, change, return_document=ReturnDocument.AFTER)
        except PyMongoError as error:
            raise unavailable(error) from error
        if taken is None:
            raise FencedError(f"{wanted['_id']} is not to be claimed: another worker has it, or its job is over")
        return Checkpoint.from_stored(taken)

    def _end(self, former: Binary | None, session: Binary) -> None:
        if former is not None and former != session:
            with contextlib.suppress(OperationFailure):  # not every service offers it; then the server's time-out ends the transaction
                self._database.client.admin.command("killSessions", [{"id": former}])
