"""Writing a batch while the next one is read: the sink in a thread of its own."""

from collections.abc import Mapping, Sequence
from concurrent.futures import Future, ThreadPoolExecutor, wait
from contextvars import copy_context
from typing import Protocol

import structlog

from pipeline.change.record import Position
from pipeline.errors import BatchAbortedError, WriteRefusedError
from pipeline.sink.batch import ChangePartition, Slice, halves, split_at_clears
from pipeline.sink.checkpoint import Checkpoint

log = structlog.get_logger()

Checkpoints = Mapping[ChangePartition, Checkpoint]


class Sink(Protocol):
    """What the writer asks of the sink (`pipeline.sink.mongo.MongoSink`)."""

    def apply(self, slices: Sequence[Slice], checkpoints: Checkpoints) -> list[Checkpoint]:
        """Apply the batch in one transaction, and return the checkpoints it moved."""
        ...


class RefusedStepError(Exception):
    """A write is refused; everything before it is applied."""

    def __init__(self, position: Position, cause: WriteRefusedError) -> None:
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
        self._sink = sink
        self._records = records
        self._room = records  # what the sink has taken lately in one transaction: documents may be larger than their records
        self._thread = ThreadPoolExecutor(1, "writer")
        self._under_way: Future[Checkpoints] | None = None

    def start(self, slices: Sequence[Slice], checkpoints: Checkpoints) -> None:
        """Begin to apply the slices, whose partitions stand at these checkpoints."""
        self._under_way = self._thread.submit(copy_context().run, self._write, slices, checkpoints)

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

    def _write(self, slices: Sequence[Slice], checkpoints: Checkpoints) -> Checkpoints:
        """
        Apply the slices, in order.

        When a write is refused, they are halved until it is alone, so that everything before
        it is applied. When they are too much at once, they are halved, too, and from then on
        less is applied at once, at first.
        """
        moved: dict[ChangePartition, Checkpoint] = {}
        waiting: list[Sequence[Slice]] = list(split_at_clears(slices))[::-1]
        while waiting:
            part = waiting.pop()
            parts = halves(part)
            if parts is not None and _steps(part) > self._room:
                waiting += reversed(parts)
                continue
            try:
                applied = self._sink.apply(part, {**checkpoints, **moved})
            except WriteRefusedError as error:
                if parts is None:
                    raise RefusedStepError(_position(part), error) from error
                waiting += reversed(parts)
            except BatchAbortedError as error:
                self._room = max(1, _steps(part) // 2)
                log.info("applying less at once", records=self._room, reason=error.message)
                waiting.append(part)
            else:
                self._room = min(self._records, self._room + self._room // 8 + 1)
                moved |= {checkpoint.change_partition: checkpoint for checkpoint in applied}
        return moved


def _steps(slices: Sequence[Slice]) -> int:
    return sum(len(part.steps) for part in slices)


def _position(slices: Sequence[Slice]) -> Position:
    """The place of the one step, or where the slices end if there is none: then it is the checkpoint that is refused."""
    steps = (Position(*part.partition, step.offset) for part in slices for step in part.steps)
    return next(steps, Position(*slices[0].partition, slices[0].end))
