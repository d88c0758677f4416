"""The sink: one MongoDB transaction holds a batch's writes and moves its checkpoints."""

import contextlib
from collections.abc import Iterator, Mapping, Sequence
from datetime import UTC, datetime
from typing import Any

import structlog
from bson import Binary
from pymongo import MongoClient, ReadPreference, UpdateOne
from pymongo.client_session import ClientSession
from pymongo.errors import BulkWriteError, OperationFailure, PyMongoError
from pymongo.read_concern import ReadConcern

from pipeline.errors import BatchAbortedError, FencedError, SinkUnavailableError
from pipeline.sink.answer import (
    UNSENDABLE,
    DuplicateIdError,
    command_refusal,
    is_transient,
    reason,
    refusal,
    unavailable,
    unsendable,
)
from pipeline.sink.batch import ChangePartition, Slice
from pipeline.sink.checkpoint import COLLECTION, Checkpoint, advance
from pipeline.sink.claims import Claims
from pipeline.sink.client import LOSSLESS, MAJORITY, settled
from pipeline.sink.collection import read_documents, write_documents
from pipeline.sink.plan import Plan, reads
from pipeline.sink.sizes import StoredSizes

log = structlog.get_logger()

TRIES = 5
CROWDED_BATCHES = 64
"""How many batches long inserts are not tried in a collection where one has met a document: a refresh meets them all."""
COMMIT_TRIES = 3
COMMIT_TIMEOUT_MS = 30_000
STORED_BYTES = 32 * 1024 * 1024
"""What a transaction of several steps may read and write again of documents that its records do not carry."""


class MongoSink:
    """
    Applies batches of one job generation to its target database.

    Not to be shared between threads. Its client is the caller's to close.
    """

    def __init__(self, client: MongoClient[dict[str, Any]], database: str, job: str, generation: int) -> None:
        self._client = client
        self._database = client.get_database(database, codec_options=LOSSLESS)
        self._checkpoints = self._database[COLLECTION]
        self._sizes = StoredSizes(client.get_database(database, **settled()))
        self._claims = Claims(client.get_database(database, **settled()), job, generation)
        self._session: ClientSession | None = None
        self._crowded: dict[str, int] = {}

    def claim(self, partition: ChangePartition) -> Checkpoint:
        """
        Take the partition over and return its checkpoint.

        Raises:
            FencedError: The generation is closed.
            SinkUnavailableError: MongoDB does not answer.
        """
        return self._claims.claim(partition, self._session_id())

    def renew(self, checkpoint: Checkpoint) -> Checkpoint:
        """
        Return where a partition that is still ours really stands, once nothing older can commit.

        Raises:
            FencedError: Another worker has taken it.
            SinkUnavailableError: MongoDB does not answer.
        """
        return self._claims.renew(checkpoint, self._session_id())

    def apply(self, slices: Sequence[Slice], checkpoints: Mapping[ChangePartition, Checkpoint]) -> list[Checkpoint]:
        """
        Apply the batch in one transaction, exactly once, and return the checkpoints it moved.

        Either all of it is in the target, or nothing, or (`SinkUnavailableError`) the caller
        must `renew` to know.

        Raises:
            WriteRefusedError: Some write of the batch is refused; nothing of it is applied.
            BatchAbortedError: The batch of several steps is too large, or MongoDB gave its transaction up; nothing of it is applied.
            FencedError: A partition of the batch is another worker's now.
            SinkUnavailableError: MongoDB does not answer, or not about the commit.
        """
        several = sum(len(part.steps) for part in slices) > 1
        crowded = set(self._crowded)
        aborted = 0
        while aborted < TRIES:
            try:
                if several:
                    self._weigh(slices)
                moved = self._transact(slices, checkpoints, crowded)
            except DuplicateIdError as duplicate:
                if duplicate.collection in crowded:
                    raise SinkUnavailableError(f"{duplicate.collection}: something else inserts the same documents") from duplicate
                crowded.add(duplicate.collection)
                self._crowded[duplicate.collection] = CROWDED_BATCHES
            except OperationFailure as error:
                if not is_transient(error):
                    raise self._forget(error) from error
                if several:
                    raise BatchAbortedError(f"MongoDB aborts the transaction: {reason(error)}") from error
                aborted += 1
                log.debug("transaction tried again", reason=str(error.details and error.details.get("codeName")))
            except PyMongoError as error:
                raise self._forget(error) from error
            else:
                self._crowded = {collection: left - 1 for collection, left in self._crowded.items() if left > 1}
                return moved
        raise SinkUnavailableError("MongoDB aborts the transaction again and again: something else writes the same documents")

    def _weigh(self, slices: Sequence[Slice]) -> None:
        """Raise BatchAbortedError for what might fill MongoDB's cache, which it would tell only after a long fight for room."""
        stored = self._sizes.estimate(slices)
        if stored > STORED_BYTES:
            raise BatchAbortedError(f"the stored documents that the batch changes have some {stored / 2**20:.0f} MiB together")

    def _transact(self, slices: Sequence[Slice], checkpoints: Mapping[ChangePartition, Checkpoint], crowded: set[str]) -> list[Checkpoint]:
        session = self._open_session()
        with self._transaction(session):
            moved = [self._write(part, checkpoints[part.partition], session, crowded) for part in slices]
            self._move([checkpoints[part.partition] for part in slices], moved, session)
            self._commit(session)
        return moved

    def _write(self, part: Slice, checkpoint: Checkpoint, session: ClientSession, crowded: set[str]) -> Checkpoint:
        stored = read_documents(self._database, reads(part.steps), session)
        plan = Plan(stored, checkpoint.carry)
        plan.fold(part.steps)
        carry = plan.carry(read_documents(self._database, plan.carried_reads(), session))
        for collection, writes in plan.writes().items():
            with _judged(collection):
                write_documents(self._database[collection], writes, session, crowded=collection in crowded)
        return advance(checkpoint, part, carry, datetime.now(UTC))

    def _move(self, before: Sequence[Checkpoint], after: Sequence[Checkpoint], session: ClientSession) -> None:
        """Move the checkpoints, if they are still as this worker knows them."""
        moves = [
            UpdateOne({"_id": old.id, "epoch": old.epoch, "position": old.position}, {"$set": new.progress()})
            for old, new in zip(before, after, strict=True)
        ]
        with _judged(COLLECTION):
            matched = self._checkpoints.bulk_write(moves, session=session).matched_count
        if matched < len(moves):
            raise FencedError("a checkpoint has moved under another epoch")

    @contextlib.contextmanager
    def _transaction(self, session: ClientSession) -> Iterator[None]:
        session.start_transaction(ReadConcern("snapshot"), MAJORITY, ReadPreference.PRIMARY, max_commit_time_ms=COMMIT_TIMEOUT_MS)
        try:
            yield
        except BaseException:
            if session.in_transaction:
                with contextlib.suppress(PyMongoError):
                    session.abort_transaction()
            raise

    def _commit(self, session: ClientSession) -> None:
        for last in (False,) * (COMMIT_TRIES - 1) + (True,):
            try:
                return session.commit_transaction()
            except PyMongoError as error:
                if last or not error.has_error_label("UnknownTransactionCommitResult"):
                    raise
        return None

    def _open_session(self) -> ClientSession:
        if self._session is None:
            self._session = self._client.start_session()
        return self._session

    def _session_id(self) -> Binary:
        identity: Binary = self._open_session().session_id["id"]
        return identity

    def _forget(self, error: PyMongoError) -> SinkUnavailableError:
        """Give the session up, so that the next claim ends whatever it left open."""
        if self._session is not None:
            with contextlib.suppress(PyMongoError):
                self._session.end_session()
            self._session = None
        return unavailable(error)


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
