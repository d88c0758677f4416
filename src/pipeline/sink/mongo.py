"""The sink: one MongoDB transaction holds a batch's writes and moves its checkpoints."""

import contextlib
from collections.abc import Callable, Iterable, Iterator, Mapping, Sequence
from dataclasses import replace
from datetime import UTC, datetime
from functools import partial
from typing import Any, TypeAlias, TypeVar

from pymongo import MongoClient, UpdateOne
from pymongo.client_session import ClientSession
from pymongo.errors import BulkWriteError, OperationFailure, PyMongoError

from pipeline.change.record import Position
from pipeline.errors import BatchAbortedError, FencedError, SinkUnavailableError
from pipeline.sink.answer import UNSENDABLE, DuplicateIdError, command_refusal, is_transient, refusal, unsendable
from pipeline.sink.bag import Fields, wanted_rows
from pipeline.sink.batch import ChangePartition, Slice, Step
from pipeline.sink.bulk import Bulk
from pipeline.sink.carry import Carry, Departed
from pipeline.sink.checkpoint import COLLECTION, Checkpoint, advance
from pipeline.sink.claims import Claims
from pipeline.sink.client import settled
from pipeline.sink.collection import find_chunks, read_documents, write_documents
from pipeline.sink.dead_letters import DeadLetters
from pipeline.sink.document import LOSSLESS, Document
from pipeline.sink.equals import OutgrownError, find_equal, find_older, find_outgrown
from pipeline.sink.half_changes import COLLECTION as HALF_CHANGES
from pipeline.sink.half_changes import completed, half_changes
from pipeline.sink.letter import Letter
from pipeline.sink.place_store import Places
from pipeline.sink.places import Caps
from pipeline.sink.plan import Plan
from pipeline.sink.reads import reads
from pipeline.sink.repeats import without_repeats
from pipeline.sink.row_id import reshaped
from pipeline.sink.settle import Settled
from pipeline.sink.sizes import StoredSizes
from pipeline.sink.taken_along import taken_along
from pipeline.sink.transaction import Transactions
from pipeline.sink.write import Clear, Move, Swap

T = TypeVar("T")

Work: TypeAlias = Callable[[Sequence[Slice], Mapping[ChangePartition, Checkpoint], set[str], ClientSession], list[Checkpoint]]

CROWDED_BATCHES = 64
"""How many batches long inserts are not tried in a collection where one has met a document: a refresh meets them all."""
STORED_BYTES = 32 * 1024 * 1024
"""What a transaction of several steps may read and write again of documents that its records do not carry."""


class MongoSink:
    """
    Applies batches of one job generation to its target database.

    Not to be shared between threads. Its client is the caller's to close. `tables` names the
    table of each collection; `tolerance` is how many records of the generation may fail to be applied, None without end;
    `caps` is how many rows of a collection's table are followed, where they have an end.
    """

    def __init__(
        self,
        client: MongoClient[dict[str, Any]],
        database: str,
        job: str,
        generation: int,
        *,
        tables: Mapping[str, str] | None = None,
        tolerance: int | None = 0,
        caps: Caps | None = None,
    ) -> None:
        self._database = client.get_database(database, codec_options=LOSSLESS)
        self._settled = client.get_database(database, **settled())
        self._checkpoints = self._database[COLLECTION]
        self._sizes = StoredSizes(self._settled)
        self._claims = Claims(self._settled, job, generation)
        self._letters = DeadLetters(self._database, job, generation, tables or {}, tolerance)
        self._places = Places(self._database, job, generation, caps or {})
        self._transactions = Transactions(client)
        self._crowded: dict[str, int] = {}
        self._present: dict[str, Fields] = {}

    def claim(self, partition: ChangePartition) -> Checkpoint:
        """
        Take the partition over and return its checkpoint.

        Raises:
            FencedError: The generation is closed.
            SinkUnavailableError: MongoDB does not answer.
        """
        self._present.clear()  # whoever had it meanwhile may have written what this sink does not know
        return self._claims.claim(partition, self._transactions.session_id())

    def renew(self, checkpoint: Checkpoint) -> Checkpoint:
        """
        Return where a partition that is still ours really stands, once nothing older can commit.

        Raises:
            FencedError: Another worker has taken it.
            SinkUnavailableError: MongoDB does not answer.
        """
        return self._claims.renew(checkpoint, self._transactions.session_id())

    def verify(self, checkpoints: Iterable[Checkpoint]) -> None:
        """
        See that the checkpoints still are as this worker knows them.

        Raises:
            FencedError: One of them has been moved, or is another worker's.
            SinkUnavailableError: MongoDB does not answer.
        """
        known = {each.id: (each.epoch, each.position) for each in checkpoints}
        try:
            found = self._settled[COLLECTION].find({"_id": {"$in": list(known)}}, {"epoch": 1, "position": 1})
            stored = {each["_id"]: (each["epoch"], each["position"]) for each in found}
        except PyMongoError as error:
            raise self._transactions.forget(error) from error
        if stored != known:
            raise FencedError("a checkpoint has been moved")

    def apply(self, slices: Sequence[Slice], checkpoints: Mapping[ChangePartition, Checkpoint]) -> list[Checkpoint]:
        """
        Apply the batch in one transaction, exactly once, and return the checkpoints it moved.

        Either all of it is in the target, or nothing, or (`SinkUnavailableError`) the caller
        must `renew` to know. A clear takes as many transactions as it needs, so it has to be
        a batch of its own (`split_at_clears`); after an error, some documents may be gone
        while the checkpoint has not moved, and applying it again deletes the others.

        Raises:
            WriteRefusedError: Some write of the batch is refused; nothing of it is applied.
            ToleranceExceededError: Some change of it cannot be applied, and that is not tolerated; nothing of it is applied.
            BatchAbortedError: The batch of several steps is too large, or MongoDB gave its transaction up; nothing of it is applied.
            FencedError: A partition of the batch is another worker's now.
            SinkUnavailableError: MongoDB does not answer, or not about the commit.
        """
        slices = [replace(part, steps=without_repeats(part.steps, checkpoints[part.partition])) for part in slices]
        match slices:
            case [Slice(steps=[Step(write=Clear(collection=collection))]) as part]:
                return [self._clear(part, collection, checkpoints[part.partition])]
        return self._persist(slices, checkpoints, self._write_all)

    def asked_letters(self, checkpoint: Checkpoint) -> list[Letter]:
        """
        Some of the partition's dead letters that are to be replayed, in the order of their records; empty when there are none (any more).

        Raises:
            SinkUnavailableError: MongoDB does not answer.
        """
        try:
            return self._letters.asked(checkpoint)
        except PyMongoError as error:
            raise self._transactions.forget(error) from error

    def replay(self, part: Slice, letters: Mapping[int, Letter], checkpoint: Checkpoint) -> Checkpoint:
        """
        Apply dead letters in one transaction, which closes them; `letters` has that of each step's offset, all in one partition.

        A letter whose step is a failure stays open, and waits for the next time. Raises as `apply` does.
        """
        (moved,) = self._persist([part], {part.partition: checkpoint}, partial(self._replay_all, letters))
        return moved

    def _persist(self, slices: Sequence[Slice], checkpoints: Mapping[ChangePartition, Checkpoint], work: Work) -> list[Checkpoint]:
        """What `work` returns, once it has passed in one transaction."""
        several = sum(len(part.steps) for part in slices) > 1
        if several:
            self._weigh(slices)
        crowded = set(self._crowded)
        while True:
            try:
                moved = self._transactions.run(lambda session: work(slices, checkpoints, crowded, session), divisible=several)
            except DuplicateIdError as duplicate:
                if duplicate.collection in crowded:
                    raise SinkUnavailableError(f"{duplicate.collection}: something else inserts the same documents") from duplicate
                crowded.add(duplicate.collection)
                self._crowded[duplicate.collection] = CROWDED_BATCHES
            except OutgrownError as outgrown:
                topic, partition, _ = outgrown.write.position
                self._reshape(outgrown.write, checkpoints[ChangePartition(topic, partition)])
            else:
                self._crowded = {collection: left - 1 for collection, left in self._crowded.items() if left > 1}
                return moved

    def _weigh(self, slices: Sequence[Slice]) -> None:
        """Raise BatchAbortedError for what might fill MongoDB's cache, which it would tell only after a long fight for room."""
        try:
            stored = self._sizes.estimate(slices)
        except PyMongoError as error:
            raise self._transactions.forget(error) from error
        if stored > STORED_BYTES:
            raise BatchAbortedError(f"the stored documents that the batch changes have some {stored / 2**20:.0f} MiB together")

    def _write_all(
        self, slices: Sequence[Slice], checkpoints: Mapping[ChangePartition, Checkpoint], crowded: set[str], session: ClientSession
    ) -> list[Checkpoint]:
        settled = [self._settle(part, checkpoints[part.partition], session) for part in slices]
        self._letters.tolerate([failure for each in settled for failure in each.counted], session)
        moved = [self._write(part, each, checkpoints[part.partition], session, crowded) for part, each in zip(slices, settled, strict=True)]
        self._move([checkpoints[part.partition] for part in slices], moved, session)
        return moved

    def _replay_all(
        self,
        letters: Mapping[int, Letter],
        slices: Sequence[Slice],
        checkpoints: Mapping[ChangePartition, Checkpoint],
        crowded: set[str],
        session: ClientSession,
    ) -> list[Checkpoint]:
        (part,), (checkpoint,) = slices, checkpoints.values()
        steps = [taken_along(step, letters[step.offset]) for step in part.steps]
        settled = self._letters.settle_again(steps, letters, checkpoint, session)
        self._change(settled.steps, _left_by(steps, letters), crowded, session)
        closed = self._letters.close(settled, letters, checkpoint, session)
        self._update([_update_of(checkpoint, {"$set": {"openLetters": closed.open_letters}})], session)
        return [closed]

    def _settle(self, part: Slice, checkpoint: Checkpoint, session: ClientSession) -> Settled:
        return self._letters.settle(completed(part.steps, checkpoint.carry), checkpoint, session)

    def _write(self, part: Slice, settled: Settled, checkpoint: Checkpoint, session: ClientSession, crowded: set[str]) -> Checkpoint:
        carry, left = self._change(settled.steps, checkpoint.carry, crowded, session, checkpoint.replay_until)
        return self._letters.write(settled, left, self._advance(checkpoint, part, settled.steps, carry, session), session)

    def _change(
        self, steps: Sequence[Step], before: Carry | None, crowded: set[str], session: ClientSession, replay_until: int = 0
    ) -> tuple[Carry | None, Mapping[Position, Document]]:
        """Change the documents as the steps say; what the next batch must know, and the documents of rows that could not move."""
        steps = self._places.admit(steps, session)
        stored = read_documents(self._database, reads(steps, before), session)
        plan = Plan(stored, before, find_equal(self._database, wanted_rows(steps), session), replay_until)
        plan.fold(steps)
        self._present = {name: fields for name, fields in self._present.items() if plan.bag.shapes.get(name, {fields}) == {fields}}
        find_older(self._database, plan.bag, self._present, session)
        carry = plan.carry(read_documents(self._database, plan.carried_reads(), session))
        for collection, writes in plan.writes().items():
            with _judged(collection):
                write_documents(self._database[collection], writes, session, crowded=collection in crowded)
        return carry, plan.left

    def _clear(self, part: Slice, collection: str, checkpoint: Checkpoint) -> Checkpoint:
        """
        Delete every document of the collection, then move the checkpoint past the truncate.

        The transaction of each chunk changes the checkpoint, too (`swept`), if it still is
        as this worker knows it. So a worker that has lost the partition deletes nothing that
        the next has written.
        """
        for chunk in self._answered(find_chunks(self._settled[collection])):
            self._transactions.run(partial(self._exchange, collection, chunk, (), checkpoint))
        return self._transactions.run(partial(self._end_clear, part, checkpoint))

    def _end_clear(self, part: Slice, checkpoint: Checkpoint, session: ClientSession) -> Checkpoint:
        settled = self._settle(part, checkpoint, session)
        cleared = self._letters.write(settled, {}, self._advance(checkpoint, part, settled.steps, None, session), session)
        self._move([checkpoint], [cleared], session)
        return cleared

    def _reshape(self, write: Swap, checkpoint: Checkpoint) -> None:
        """
        Take from a table's documents the fields of dropped columns, so that their `_id`s tell the rows again.

        All documents are looked at, but not again while the rows keep their columns. Fenced as `_clear` is.
        """
        collection, fields = write.collection, write.shape
        for chunk in self._answered(find_outgrown(self._settled[collection], write)):
            ids, documents = [document["_id"] for document in chunk], [reshaped(document, fields) for document in chunk]
            self._transactions.run(partial(self._exchange, collection, ids, documents, checkpoint))
        self._present[collection] = fields

    def _answered(self, chunks: Iterator[T]) -> Iterator[T]:
        try:
            yield from chunks
        except PyMongoError as error:
            raise self._transactions.forget(error) from error

    def _exchange(
        self, collection: str, ids: Sequence[Any], documents: Sequence[Document], checkpoint: Checkpoint, session: ClientSession
    ) -> None:
        """Delete these documents and insert those, if the checkpoint is still as this worker knows it."""
        with _judged(collection):
            bulk = Bulk(self._database[collection], session)
            bulk.delete(ids)
            bulk.insert(documents)
        self._update([_update_of(checkpoint, {"$inc": {"swept": len(ids)}})], session)

    def _advance(
        self, checkpoint: Checkpoint, part: Slice, steps: Sequence[Step], carry: Carry | None, session: ClientSession
    ) -> Checkpoint:
        """The checkpoint once the part is applied by these steps; the half changes among them are kept."""
        if halves := half_changes(part, steps, checkpoint):
            kept = [UpdateOne({"_id": half.pop("_id")}, {"$setOnInsert": half}, upsert=True) for half in halves]
            self._database[HALF_CHANGES].bulk_write(kept, session=session)  # a replay meets them again
        return advance(checkpoint, replace(part, steps=steps), carry, datetime.now(UTC))

    def _move(self, before: Sequence[Checkpoint], after: Sequence[Checkpoint], session: ClientSession) -> None:
        self._update([_update_of(old, {"$set": new.progress()}) for old, new in zip(before, after, strict=True)], session)

    def _update(self, updates: Sequence[UpdateOne], session: ClientSession) -> None:
        """Change the checkpoints, if they are still as this worker knows them."""
        with _judged(COLLECTION):
            matched = self._checkpoints.bulk_write(updates, session=session).matched_count
        if matched < len(updates):
            raise FencedError("a checkpoint has moved under another epoch")


def _left_by(steps: Sequence[Step], letters: Mapping[int, Letter]) -> Carry | None:
    """What was left of the row of a letter that moves; it is alone then."""
    for step in steps:
        if type(step.write) is Move and (left := letters[step.offset].left) is not None:
            write = step.write
            return Carry(None, (), Departed(write.collection, write.old_id, left, write.id))
    return None


def _update_of(known: Checkpoint, change: Mapping[str, Any]) -> UpdateOne:
    return UpdateOne({"_id": known.id, "epoch": known.epoch, "position": known.position}, change)


@contextlib.contextmanager
def _judged(collection: str) -> Iterator[None]:
    try:
        yield
    except BulkWriteError as error:
        if is_transient(error):
            raise
        raise refusal(collection, error) from error
    except OperationFailure as error:
        if is_transient(error):
            raise
        raise command_refusal(collection, error) from error
    except UNSENDABLE as error:
        raise unsendable(collection, error) from error
