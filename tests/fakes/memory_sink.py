"""A sink that works, in memory: rows one by one, the slow and obvious way."""

import threading
from collections import defaultdict
from collections.abc import Callable, Collection, Hashable, Iterable, Mapping, Sequence
from copy import deepcopy
from dataclasses import replace
from datetime import UTC, datetime
from typing import Any

from bson import encode

from pipeline.errors import BatchAbortedError, FencedError, SinkUnavailableError, WriteRefusedError
from pipeline.sink.batch import ChangePartition, Slice, Step
from pipeline.sink.carry import Carry, Departed
from pipeline.sink.checkpoint import Checkpoint, advance
from pipeline.sink.dead_letters import ToleranceExceededError
from pipeline.sink.document import Document, opened
from pipeline.sink.half_changes import completed, half_changes
from pipeline.sink.letter import Letter
from pipeline.sink.place import Place, canonical
from pipeline.sink.settle import Settled, settle
from pipeline.sink.write import Clear, Delete, Fail, Insert, Move, Replace, Set, Swap, Write


class NaiveCollection:
    """
    The rows of one table, applied one write after the other; several may hold a key while a source transaction lasts.

    Where keys are deferrable, a row that leaves its key is the one that came in the transaction
    and equals it, else the one from before.
    """

    def __init__(self) -> None:
        self.rows: defaultdict[Hashable, list[Document]] = defaultdict(list)
        self._came: list[Document] = []
        self._left: set[Hashable] = set()
        self._transaction: str | None = None
        self._departed: dict[Hashable, Document] = {}

    def apply(self, write: Write, transaction: str | None) -> None:
        """Apply one write."""
        if transaction != self._transaction:
            self._transaction = transaction
            self._begin()
        match write:
            case Clear():
                self.rows.clear()
                self._begin()
            case Swap():
                self._swap(write)
            case Fail():
                self._departed = {}
            case Move():
                self._arrive(self.rows[canonical(write.id)], write)
            case _:
                self._change(self.rows[canonical(write.id)], write)

    def _begin(self) -> None:
        self._departed, self._came, self._left = {}, [], set()
        for rows in self.rows.values():
            del rows[:-1]

    def _change(self, rows: list[Document], write: Insert | Replace | Set | Delete) -> None:
        before = rows[-1] if rows else {}
        if isinstance(write, Delete) and write.moved_to is not None:
            self._departed = {canonical(write.id): write.gone or before}
        if isinstance(write, Replace | Delete) and write.gone is not None:
            self._leave(rows, write, write.gone)
        elif not (isinstance(write, Insert) and write.deferrable):
            rows.clear()
        if isinstance(write, Insert | Replace):
            self._come(rows, dict(write.document))
        elif isinstance(write, Set):
            self._stay(rows, write, opened(write.document) | _pick(before, write.unavailable))

    def _stay(self, rows: list[Document], write: Set | Move, row: Document) -> None:
        """A row comes, unless it does not satisfy its filter."""
        if write.stays is not None and (lacking := [name for name in write.stays.fields if name not in row]):
            raise WriteRefusedError(f"nothing has {lacking}", code="VALUES_UNAVAILABLE")
        if write.stays is None or write.stays.told_by(row):
            self._come(rows, row)

    def _come(self, rows: list[Document], row: Document) -> None:
        rows.append(row)
        self._came.append(row)

    def _leave(self, rows: list[Document], write: Replace | Delete, row: Document) -> None:
        """Of the row from before is no document in `rows` if there is none, though the row may be."""
        first = [row for row in rows[:1] if all(row is not each for each in self._came)]
        came = rows[len(first) :]
        equal = [each for each in came if _body(each) == _body(row)]
        if equal:
            rows[:] = [each for each in rows if each is not equal[0]]
        elif canonical(write.id) in self._left or (write.required and not first):
            rows[:] = came[1:]
        else:
            self._left.add(canonical(write.id))
            rows[:] = came

    def _swap(self, write: Swap) -> None:
        if write.gone is not None:
            equal = [key for key, rows in self.rows.items() if rows and _body(rows[0]) == _body(write.gone)]
            if equal:
                del self.rows[equal[0]]
            elif write.required:
                raise WriteRefusedError("no document equals the row", code="ROW_NOT_FOUND")
        if write.come is not None:
            self.rows[canonical(write.come["_id"])] = [write.come]

    def _arrive(self, rows: list[Document], write: Move) -> None:
        departed, self._departed = self._departed, {}
        old = departed.get(canonical(write.old_id), {})
        if write.unavailable is None and not old:
            return
        document = opened(write.document) | _pick(old, old.keys() - {"_id"} if write.unavailable is None else write.unavailable)
        if not write.deferrable:
            rows.clear()
        self._stay(rows, write, document)

    def documents(self) -> list[Document]:
        """The newest row of each key."""
        return [rows[-1] for rows in self.rows.values() if rows]


class MemorySink:
    """
    Keeps documents and checkpoints in dictionaries; may be shared between threads.

    `away`, `refuses`, `lose_answers` (of that many applied batches) and `takes` (steps at
    once) make it behave as MongoDB may; `refused` counts the calls it did not answer. It
    tolerates so many failures (`tolerance`), None without end, and keeps them in `letters`.
    """

    def __init__(self, partitions: Sequence[ChangePartition] = (), *, job: str = "job", generation: int = 1) -> None:
        self.collections: defaultdict[str, NaiveCollection] = defaultdict(NaiveCollection)
        self.checkpoints = {each: Checkpoint(job, generation, each.topic, each.partition) for each in partitions}
        self.closed = False
        self.away = False
        self.refused = 0
        self.lose_answers = 0
        self.takes = 1_000_000
        self.half_changes: list[Document] = []
        self.tolerance: int | None = 0
        self.letters: list[Fail] = []
        self.superseded: set[Any] = set()
        self._lock = threading.RLock()
        self.refuses: Callable[[Write], bool] = lambda _: False
        self.tells_position = True
        self.batches: list[list[Slice]] = []

    def claim(self, partition: ChangePartition) -> Checkpoint:
        """Take the partition over."""
        with self._lock:
            self._answer()
            if self.closed or partition not in self.checkpoints:
                raise FencedError("closed")
            return self._raise_epoch(partition)

    def renew(self, checkpoint: Checkpoint) -> Checkpoint:
        """Claim again what is still ours."""
        with self._lock:
            self._answer()
            if self.closed or self.checkpoints[checkpoint.change_partition].epoch != checkpoint.epoch:
                raise FencedError("taken")
            return self._raise_epoch(checkpoint.change_partition)

    def apply(self, slices: Sequence[Slice], checkpoints: Mapping[ChangePartition, Checkpoint]) -> list[Checkpoint]:
        """Apply the batch, or nothing of it; a clear has to be alone."""
        steps = [step for part in slices for step in part.steps]
        assert len(steps) == 1 or not any(isinstance(step.write, Clear) for step in steps), "a clear among others"
        with self._lock:
            self._answer()
            if sum(len(part.steps) for part in slices) > self.takes:
                raise BatchAbortedError("too much at once")
            moved = self._apply_all(slices, checkpoints)
            if self.lose_answers:
                self.lose_answers -= 1
                raise SinkUnavailableError("the answer is lost", retry_after=0.1)
            return moved

    def verify(self, checkpoints: Iterable[Checkpoint]) -> None:
        """See that the checkpoints are as they are known."""
        with self._lock:
            self._answer()
            known = {(each.change_partition, each.epoch, each.position) for each in checkpoints}
            if known - {(each.change_partition, each.epoch, each.position) for each in self.checkpoints.values()}:
                raise FencedError("moved")

    def asked_letters(self, checkpoint: Checkpoint) -> list[Letter]:
        """None: nobody asks."""
        return []

    def replay(self, part: Slice, letters: Mapping[int, Letter], checkpoint: Checkpoint) -> Checkpoint:
        """Nothing is asked to be replayed."""
        raise NotImplementedError

    def documents(self, collection: str) -> list[Document]:
        """The collection's documents."""
        return self.collections[collection].documents()

    def _apply_all(self, slices: Sequence[Slice], checkpoints: Mapping[ChangePartition, Checkpoint]) -> list[Checkpoint]:
        before = deepcopy(self.collections)
        settled = [settle(completed(part.steps, checkpoints[part.partition].carry), self._open_letters()) for part in slices]
        failed = [failure for each in settled for failure in each.failed]
        if self.tolerance is not None and len(self.letters) + len(failed) > self.tolerance:
            raise ToleranceExceededError(failed[self.tolerance - len(self.letters)])
        whole = [replace(part, steps=each.steps) for part, each in zip(slices, settled, strict=True)]
        try:
            for part in whole:
                self._apply(part, checkpoints[part.partition])
        except (WriteRefusedError, FencedError):
            self.collections = before
            raise
        for part, applied in zip(slices, whole, strict=True):
            self.half_changes += half_changes(part, applied.steps, checkpoints[part.partition])
        moved = [advance(checkpoints[part.partition], part, _carry(checkpoints[part.partition], part), datetime.now(UTC)) for part in whole]
        self.checkpoints |= {checkpoint.change_partition: checkpoint for checkpoint in moved}
        for each in settled:
            self._keep(each)
        self.batches.append(list(slices))
        return moved

    def open_letters(self) -> list[Fail]:
        """The failures that wait to be replayed."""
        return [failure for number, failure in enumerate(self.letters) if number not in self.superseded]

    def _open_letters(self) -> Mapping[Place, list[int]]:
        found = defaultdict[Place, list[int]](list)
        for number, failure in enumerate(self.letters):
            if number not in self.superseded and failure.id is not None:
                found[Place(failure.collection, canonical(failure.id))].append(number)
        return found

    def _keep(self, settled: Settled) -> None:
        self.superseded |= settled.superseded.keys() | {len(self.letters) + number for number in settled.outdated}
        self.letters += settled.failed

    def _apply(self, part: Slice, known: Checkpoint) -> None:
        stored = self.checkpoints[part.partition]
        if self.closed or (stored.epoch, stored.position) != (known.epoch, known.position):
            raise FencedError("another epoch")
        for step in part.steps:
            self._write(step)

    def _write(self, step: Step) -> None:
        if self.refuses(step.write):
            raise WriteRefusedError(f"{step.write.collection}: refused").at(step.write.position if self.tells_position else None)
        self.collections[step.write.collection].apply(step.write, step.transaction)

    def _answer(self) -> None:
        if self.away:
            self.refused += 1
            raise SinkUnavailableError("away", retry_after=0.1)

    def _raise_epoch(self, partition: ChangePartition) -> Checkpoint:
        found = self.checkpoints[partition]
        self.checkpoints[partition] = replace(found, epoch=found.epoch + 1)
        return self.checkpoints[partition]


def _body(document: Document) -> bytes:
    return encode({name: value for name, value in document.items() if name != "_id"})


def _carry(checkpoint: Checkpoint, part: Slice) -> Carry | None:
    match part.steps:
        case []:
            return checkpoint.carry
        case [*_, Step(write=Delete(moved_to=moved_to) as last) as step] if moved_to is not None:
            return Carry(step.transaction, (), Departed(last.collection, last.id, None, moved_to))
    return None


def _pick(document: Mapping[str, Any], names: Collection[str]) -> Document:
    if not document.keys() >= set(names):
        raise WriteRefusedError("no document has these values", code="VALUES_UNAVAILABLE")
    return {name: value for name, value in document.items() if name in names}
