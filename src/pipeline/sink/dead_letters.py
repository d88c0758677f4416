"""Keeping the records of changes that cannot be applied, within the transaction of their batch."""

from collections import defaultdict
from collections.abc import Iterable, Iterator, Mapping, Sequence
from dataclasses import replace
from datetime import UTC, datetime
from typing import Any

from bson import ObjectId
from pymongo import UpdateOne
from pymongo.client_session import ClientSession
from pymongo.database import Database

from pipeline.sink.batch import LARGEST_BATCH_BYTES, Step
from pipeline.sink.checkpoint import Checkpoint
from pipeline.sink.document import Document
from pipeline.sink.failure_counts import count_failures
from pipeline.sink.letter import COLLECTION, Letter, LetterStatus, make_letter
from pipeline.sink.place import Place, canonical
from pipeline.sink.plan import VALUES_UNAVAILABLE
from pipeline.sink.settle import EARLIER_FAILURE, Settled, settle
from pipeline.sink.write import Clear, Fail, Swap, left_id

TOLERANCE = "_rowstream.failures"
"""The collection that holds how many failures each generation of a job has had, where it may have no more than so many."""


_OF_REPLAYS = (VALUES_UNAVAILABLE, EARLIER_FAILURE)

ASKED_LETTERS = 500
"""How many letters are replayed at once."""


class ToleranceExceededError(Exception):
    """One failure more than the job tolerates; it is that of `failure`. Nothing of the batch is applied."""

    def __init__(self, failure: Fail) -> None:
        super().__init__(str(failure.position))
        self.failure = failure


class DeadLetters:
    """
    The dead letters of one job generation's partitions.

    `tables` names the table of each collection; `tolerance` is how many failures the generation
    may have, None without end. Letters are written, and closed, in the transaction that moves the checkpoint.
    """

    def __init__(self, database: Database[Document], job: str, generation: int, tables: Mapping[str, str], tolerance: int | None) -> None:
        self._letters = database[COLLECTION]
        self._tolerances = database[TOLERANCE]
        self._tolerance_id = tolerance_id(job, generation)
        self._tables = tables
        self._tolerance = tolerance

    def settle(self, steps: Sequence[Step], checkpoint: Checkpoint, session: ClientSession) -> Settled:
        """Find out which steps cannot be applied, and which open letters the others close; nearly always there are neither."""
        if not checkpoint.open_letters and not any(type(step.write) is Fail for step in steps):
            return Settled(steps)
        found, passed = self._open(checkpoint, steps, session) if checkpoint.open_letters else ({}, set[ObjectId]())
        if checkpoint.position >= checkpoint.replay_until:
            return settle(steps, found)
        return self._told_again(settle(steps, found, passed), checkpoint, session)

    def _told_again(self, settled: Settled, checkpoint: Checkpoint, session: ClientSession) -> Settled:
        """
        Tell apart what fails in a replay: what has failed before counts no more.

        Nor does a change without the values that it leaves out: its row was deleted, or moved, since, which is replayed, too. If it
        was not, its letter stays. What rests on it was applied the first time, too.
        """
        offsets = [failure.position.offset for failure in settled.failed]
        found = self._letters.find({"checkpoint": checkpoint.id, "offset": {"$in": offsets}}, {"offset": 1}, session=session)
        known = {letter["offset"]: letter["_id"] for letter in found}

        def counts(failure: Fail) -> bool:
            offset = failure.position.offset
            return offset not in known and not (failure.error.code in _OF_REPLAYS and offset < checkpoint.replay_until)

        return replace(settled, known=known, counted=[failure for failure in settled.failed if counts(failure)])

    def tolerate(self, failed: Sequence[Fail], session: ClientSession) -> None:
        """
        Count these failures, in the order in which they stand, as tolerated.

        Raises:
            ToleranceExceededError: They are too many.
        """
        if self._tolerance is None or not failed:
            return
        identity = self._tolerance_id
        room = {"_id": identity, "failed": {"$lte": self._tolerance - len(failed)}}
        if not self._tolerances.update_one(room, {"$inc": {"failed": len(failed)}}, session=session).matched_count:
            found = self._tolerances.find_one({"_id": identity}, session=session)
            left = self._tolerance - (found["failed"] if found else self._tolerance)
            raise ToleranceExceededError(failed[max(left, 0)])

    def write(self, settled: Settled, left: Mapping[Any, Document], checkpoint: Checkpoint, session: ClientSession) -> Checkpoint:
        """Write the new letters, close the superseded ones, and return the checkpoint with its counts of both."""
        if not settled.failed and not settled.superseded:
            return checkpoint
        now = datetime.now(UTC)
        letters = list[Letter]()
        kept = dict[Any, Document]()
        for number, failure in enumerate(settled.failed):
            letter_of, document = settled.first.get(failure.position, number), left.get(failure.position)
            if letter_of is not None and document is not None:
                kept.setdefault(letter_of, document)
        for number, failure in enumerate(settled.failed):
            letter = make_letter(checkpoint, self._table(failure), failure, kept.get(number), now)
            if number in settled.moved:
                letter = replace(letter, document_id=settled.moved[number])
            if (by := settled.outdated.get(number)) is not None:
                letter = replace(letter, status=LetterStatus.SUPERSEDED, closed_at=now, closed_by=by)
            if (known := settled.known.get(failure.position.offset)) is not None:
                letter = replace(letter, id=known)
            letters.append(letter)
        if letters:
            self._letters.bulk_write([_put(letter) for letter in letters], session=session)
        self._take_along(settled, kept, session)
        self._supersede(settled.superseded, now, session)
        opened = len(letters) - len(settled.outdated) - len(settled.superseded)
        named = [(self._table(failure), failure) for failure in settled.counted]
        return replace(
            checkpoint,
            failures=count_failures(checkpoint.failures, named, now),
            open_letters=checkpoint.open_letters + opened,
        )

    def asked(self, checkpoint: Checkpoint) -> list[Letter]:
        """Some of the open letters that are to be replayed, in order; one that moves a row and kept its document is alone."""
        wanted = {"checkpoint": checkpoint.id, "status": LetterStatus.OPEN.value, "asked": True}
        some, size = list[Letter](), 0
        for document in self._letters.find(wanted).sort("offset", 1).limit(ASKED_LETTERS):
            letter = Letter.from_stored(document)
            size += letter.size
            if some and (letter.left is not None or some[0].left is not None or size > LARGEST_BATCH_BYTES):
                break
            some.append(letter)
        return some

    def settle_again(self, steps: Sequence[Step], letters: Mapping[int, Letter], checkpoint: Checkpoint, session: ClientSession) -> Settled:
        """As `settle`, for changes of letters: older open ones of their rows are closed, or stand in their way."""
        latest = {_row(letter): letter.position.offset for letter in letters.values()}
        found = defaultdict[Place, list[ObjectId]](list)
        ids = [letter.id for letter in letters.values()]
        for condition in _conditions(steps):
            wanted = {"checkpoint": checkpoint.id, "status": LetterStatus.OPEN.value, "_id": {"$nin": ids}, **condition}
            for letter in map(Letter.from_stored, self._letters.find(wanted, session=session)):
                if letter.position.offset < latest.get(_row(letter), 0):
                    found[_row(letter)].append(letter.id)
        return settle(steps, found)

    def close(self, settled: Settled, letters: Mapping[int, Letter], checkpoint: Checkpoint, session: ClientSession) -> Checkpoint:
        """Close the letters whose changes are applied, and what these outdate; the others wait again. Returns the checkpoint then."""
        now, closed = datetime.now(UTC), dict[Any, str](settled.superseded)
        for number, failure in enumerate(settled.failed):
            letter, error = letters[failure.position.offset], failure.error
            if (by := settled.outdated.get(number)) is not None:
                closed[letter.id] = by
            reasons = {"code": error.code, "reason": error.message, "suggestion": error.suggestion, "column": error.column}
            self._letters.update_one({"_id": letter.id}, {"$set": {**reasons, "asked": False}, "$inc": {"attempts": 1}}, session=session)
        applied = [letters[step.offset].id for step in settled.steps if type(step.write) is not Fail]
        done = {"$set": {"status": LetterStatus.REPLAYED.value, "closedAt": now, "closedBy": "replay"}, "$inc": {"attempts": 1}}
        self._letters.update_many({"_id": {"$in": applied}}, done, session=session)
        self._supersede(closed, now, session)
        return replace(checkpoint, open_letters=checkpoint.open_letters - len(applied) - len(closed))

    def _take_along(self, settled: Settled, kept: Mapping[Any, Document], session: ClientSession) -> None:
        """Have stored letters go with their rows to another `_id`, the first with the document that the row had until then."""
        for letter, identity in settled.moved.items():
            if isinstance(letter, ObjectId):
                self._letters.update_one({"_id": letter}, {"$set": {"documentId": identity}}, session=session)
            if isinstance(letter, ObjectId) and (document := kept.get(letter)) is not None:
                self._letters.update_one({"_id": letter, "left": None}, {"$set": {"left": document}}, session=session)

    def _supersede(self, letters: Mapping[Any, str], now: datetime, session: ClientSession) -> None:
        by_position = defaultdict[str, list[Any]](list)
        for letter, position in letters.items():
            by_position[position].append(letter)
        for position, ids in by_position.items():
            change = {"$set": {"status": LetterStatus.SUPERSEDED.value, "closedAt": now, "closedBy": position}}
            self._letters.update_many({"_id": {"$in": ids}}, change, session=session)

    def _open(
        self, checkpoint: Checkpoint, steps: Sequence[Step], session: ClientSession
    ) -> tuple[Mapping[Place, Sequence[ObjectId]], set[ObjectId]]:
        """The open letters of the rows that the steps are about, and which of them lack nothing but values that they leave out."""
        found, lacking = defaultdict[Place, list[ObjectId]](list), set[ObjectId]()
        for condition in _conditions(steps):
            wanted = {"checkpoint": checkpoint.id, "status": LetterStatus.OPEN.value, **condition}
            projection = {"collection": 1, "documentId": 1, "code": 1}
            for letter in self._letters.find(wanted, projection, session=session).sort("offset", 1):
                found[Place(letter["collection"], canonical(letter["documentId"]))].append(letter["_id"])
                if letter["code"] == VALUES_UNAVAILABLE:
                    lacking.add(letter["_id"])
        return found, lacking

    def _table(self, failure: Fail) -> str:
        return failure.error.table or self._tables.get(failure.collection, failure.collection)


def _put(letter: Letter) -> UpdateOne:
    """Write the letter; one that a replay writes again keeps the document that was left the first time."""
    stored = letter.stored()
    kept = {"left": stored.pop("left")} if letter.left is None else {}
    return UpdateOne({"_id": stored.pop("_id")}, {"$set": stored, "$setOnInsert": kept} if kept else {"$set": stored}, upsert=True)


def _row(letter: Letter) -> Place:
    return Place(letter.collection, canonical(letter.document_id))


def tolerance_id(job: str, generation: int) -> str:
    """Name the document that counts the failures of a job's generation."""
    return f"{job}/{generation}"


def _conditions(steps: Iterable[Step]) -> Iterator[dict[str, Any]]:
    ids = defaultdict[str, list[Any]](list)
    for step in steps:
        write = step.write
        if isinstance(write, Clear):
            yield {"collection": write.collection}
        elif not isinstance(write, Swap):
            old_id = left_id(write)
            ids[write.collection] += [identity for identity in (write.id, old_id) if identity is not None]
    for collection, some in ids.items():
        yield {"collection": collection, "documentId": {"$in": some}}
