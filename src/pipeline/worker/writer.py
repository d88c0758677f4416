"""Writing a batch while the next one is read: the sink in a thread of its own."""

from collections.abc import Callable, Iterable, Mapping, Sequence
from concurrent.futures import Future, ThreadPoolExecutor, wait
from contextvars import copy_context
from dataclasses import dataclass
from typing import Protocol

import structlog

from pipeline.change.record import Position
from pipeline.errors import BatchAbortedError, EventError, WriteRefusedError
from pipeline.sink.batch import ChangePartition, Slice, halves, split_at_clears, until, with_failure
from pipeline.sink.checkpoint import Checkpoint
from pipeline.sink.dead_letters import ToleranceExceededError
from pipeline.sink.letter import Letter
from pipeline.sink.write import Fail

log = structlog.get_logger()

REFUSALS = 3
FEW_STEPS = 16
"""
Of so few steps every refused write is taken out, one by one; of more no more than `REFUSALS` are, and then they are halved:
each costs a transaction, of all that stands before it.
"""

Checkpoints = Mapping[ChangePartition, Checkpoint]
Apply = Callable[[Sequence[Slice], Checkpoints], list[Checkpoint]]


class Sink(Protocol):
    """What a worker asks of the sink once it has its checkpoints (`pipeline.sink.mongo.MongoSink`)."""

    def apply(self, slices: Sequence[Slice], checkpoints: Checkpoints) -> list[Checkpoint]:
        """Apply the batch in one transaction, and return the checkpoints it moved."""
        ...

    def verify(self, checkpoints: Iterable[Checkpoint]) -> None:
        """Raise `FencedError` unless the checkpoints still are as they are known."""
        ...

    def asked_letters(self, checkpoint: Checkpoint) -> list[Letter]:
        """Some of the partition's dead letters that are to be replayed, in order."""
        ...

    def replay(self, part: Slice, letters: Mapping[int, Letter], checkpoint: Checkpoint) -> Checkpoint:
        """Apply dead letters in one transaction."""
        ...


class RefusedStepError(Exception):
    """A change cannot be applied, and that is not tolerated; everything before it is applied."""

    def __init__(self, position: Position, cause: EventError) -> None:
        super().__init__(str(position))
        self.position = position
        self.cause = cause


class Writer:
    """
    Applies batches one after the other, while its caller does something else.

    The caller `finish`es a batch before it `start`s the next. The sink may be used otherwise
    whenever no batch is under way (`wait`). `records` is what a batch holds at most.
    """

    def __init__(self, sink: Sink, records: int) -> None:
        self._parts = Parts(sink.apply, records)
        self._thread = ThreadPoolExecutor(1, "writer")
        self._under_way: Future[Checkpoints] | None = None

    def start(self, slices: Sequence[Slice], checkpoints: Checkpoints) -> None:
        """Begin to apply the slices, whose partitions stand at these checkpoints."""
        self._under_way = self._thread.submit(copy_context().run, self._parts.write, slices, checkpoints)

    def wait(self) -> None:
        """Wait until nothing is under way; what came of it is still to be had from `finish`."""
        if self._under_way is not None:
            wait([self._under_way])

    def finish(self) -> Checkpoints:
        """
        Wait for the batch under way, if there is one, and return the checkpoints it moved.

        Raises:
            RefusedStepError: One of its writes is refused, and only those before it are applied.
            FencedError: A partition of the batch is another worker's now.
            SinkUnavailableError: It is not known what of the batch is applied.
        """
        under_way, self._under_way = self._under_way, None
        return {} if under_way is None else under_way.result()

    def close(self) -> None:
        """Wait for the batch under way, and end the thread."""
        self._thread.shutdown()


class Parts:
    """
    Applies batches in as many transactions as they need; at most `records` changes in each.

    What has been too much at once lately is remembered: documents may be larger than their records.
    """

    def __init__(self, apply: Apply, records: int) -> None:
        self._apply = apply
        self._records = self._room = records

    def write(self, slices: Sequence[Slice], checkpoints: Checkpoints) -> Checkpoints:
        """
        Apply the slices, in order, and return the checkpoints that they moved.

        A write that is refused is taken out, and kept as a failure; where it is not known which
        one it was, or where there are many, they are halved until it is alone. When they are too
        much at once, they are halved, too, and from then on less is applied at once, at first.
        What stands before a failure that is not tolerated is applied, nothing else.

        Raises:
            RefusedStepError: There is such a failure.
        """
        moved: dict[ChangePartition, Checkpoint] = {}
        intolerable: Fail | None = None
        waiting = [_Part(part) for part in split_at_clears(slices)][::-1]
        while waiting:
            part = waiting.pop()
            if part.steps > self._room and part.divisible:
                waiting += part.halves()
                continue
            try:
                applied = self._apply(part.slices, {**checkpoints, **moved})
            except WriteRefusedError as error:
                waiting += part.without(error)
            except BatchAbortedError as error:
                self._room = max(1, part.steps // 2)
                log.info("applying less at once", records=self._room, reason=error.message)
                waiting.append(part)
            except ToleranceExceededError as exceeded:
                intolerable = exceeded.failure
                waiting = [_Part(until(part.slices, intolerable.position))]
            else:
                self._room = min(self._records, self._room + self._room // 8 + 1)
                moved |= {checkpoint.change_partition: checkpoint for checkpoint in applied}
        if intolerable is not None:
            raise RefusedStepError(intolerable.position, intolerable.error)
        return moved


@dataclass(frozen=True, slots=True)
class _Part:
    """What is applied in one transaction, and how many writes of it have been refused and taken out."""

    slices: Sequence[Slice]
    refused: int = 0

    @property
    def steps(self) -> int:
        return sum(len(part.steps) for part in self.slices)

    @property
    def divisible(self) -> bool:
        return self.steps > 1

    def halves(self) -> "list[_Part]":
        """The second half and the first, so that the first is the last."""
        return [_Part(half) for half in reversed(halves(self.slices) or ())]

    def without(self, error: WriteRefusedError) -> "list[_Part]":
        """
        The part, or its halves, without the write that was refused.

        Raises:
            RefusedStepError: It is no write that is refused, but the checkpoint, or a letter.
        """
        if self.refused < REFUSALS or self.steps <= FEW_STEPS:
            failed = with_failure(self.slices, error)
            if failed is not None:
                return [_Part(failed, self.refused + 1)]
        if self.divisible:
            return self.halves()
        position = _position(self.slices)
        failed = with_failure(self.slices, error.at(position))
        if failed is None:
            raise RefusedStepError(position, error) from error
        return [_Part(failed)]


def _position(slices: Sequence[Slice]) -> Position:
    """The place of the one step, or where the slices end if there is none: then it is the checkpoint that is refused."""
    steps = (Position(*part.partition, step.offset) for part in slices for step in part.steps)
    return next(steps, Position(*slices[0].partition, slices[0].end))
