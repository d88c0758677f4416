"""The worker's main loop: consume, decode, map, apply."""

import random
import time
from collections.abc import Callable, Mapping, Sequence
from typing import Protocol

import structlog

from pipeline.change.record import Position
from pipeline.errors import BatchAbortedError, SinkUnavailableError, WriteRefusedError
from pipeline.sink.batch import ChangePartition, Slice, halves
from pipeline.sink.checkpoint import Checkpoint
from pipeline.worker.consumer import ChangeConsumer, Fetched
from pipeline.worker.translate import Translator

log = structlog.get_logger()

POLL_SECONDS = 0.5
LONGEST_WAIT_SECONDS = 30.0


class Sink(Protocol):
    """What the loop asks of the sink (`pipeline.sink.mongo.MongoSink`)."""

    def apply(self, slices: Sequence[Slice], checkpoints: Mapping[ChangePartition, Checkpoint]) -> list[Checkpoint]:
        """Apply the batch in one transaction, and return the checkpoints it moved."""
        ...


class CannotApplyError(Exception):
    """A record cannot be applied; everything before it in its partition is."""

    def __init__(self, position: Position, key: bytes | None, cause: Exception) -> None:
        super().__init__(str(position))
        self.position = position
        self.key = key
        self.cause = cause


class ChangeLoop:
    """Applies one job generation's changes until told to stop."""

    def __init__(
        self, consumer: ChangeConsumer, translator: Translator, sink: Sink, *, records: int, size: int, stopping: Callable[[], bool]
    ) -> None:
        self._consumer = consumer
        self._translator = translator
        self._sink = sink
        self._records = records
        self._room = records  # what the sink has taken lately in one transaction: documents may be larger than their records
        self._bytes = size
        self._stopping = stopping

    def run(self) -> None:
        """
        Consume, decode, map and apply until `stopping`.

        Raises:
            CannotApplyError: A record cannot be applied.
            FencedError: A partition is another worker's now: leave the group and join again.
            RecordsLostError: Kafka no longer has what comes next.
            EngineUnavailableError: Kafka refuses.
        """
        while not self._stopping():
            fetched = self._consumer.fetch(self._records, POLL_SECONDS)
            try:
                for batch in within(fetched, self._bytes):
                    self._apply(batch)
            except SinkUnavailableError as error:
                self._wait_for_sink(error)

    def _apply(self, batch: Sequence[Fetched]) -> None:
        slices, refusal = self._translator.translate(batch)
        try:
            self._write([part for part in slices if part.end != self._consumer.checkpoints[part.partition].position])
        except _RefusedStepError as refused:
            raise CannotApplyError(refused.position, _key(batch, refused.position), refused.cause) from refused.cause
        if refusal is not None:
            raise CannotApplyError(refusal.record.position, refusal.record.key, refusal.error) from refusal.error

    def _write(self, slices: Sequence[Slice]) -> None:
        """
        Apply the slices, in order.

        When a write is refused, they are halved until it is alone, so that everything before
        it is applied. When they are too much at once, they are halved, too, and from then on
        less is applied at once, at first.
        """
        waiting: list[Sequence[Slice]] = [slices] if slices else []
        while waiting:
            part = waiting.pop()
            parts = halves(part)
            if parts is not None and _steps(part) > self._room:
                waiting += reversed(parts)
                continue
            try:
                moved = self._sink.apply(part, self._consumer.checkpoints)
            except WriteRefusedError as error:
                if parts is None:
                    raise _RefusedStepError(_position(part), error) from error
                waiting += reversed(parts)
            except BatchAbortedError as error:
                self._room = max(1, _steps(part) // 2)
                log.info("applying less at once", records=self._room, reason=error.message)
                waiting.append(part)
            else:
                self._room = min(self._records, self._room + self._room // 8 + 1)
                self._consumer.checkpoints |= {checkpoint.change_partition: checkpoint for checkpoint in moved}

    def _wait_for_sink(self, error: SinkUnavailableError) -> None:
        """Stay in the group, back off, then go on from where the checkpoints really stand."""
        log.warning("the sink does not answer; waiting", reason=error.message)
        wait = error.retry_after
        while not self._stopping():
            self._stay(wait * random.uniform(0.5, 1.0))  # noqa: S311 - jitter, not a secret
            try:
                self._consumer.rewind()
            except SinkUnavailableError:
                wait = min(wait * 2, LONGEST_WAIT_SECONDS)
            else:
                log.info("the sink answers again")
                return

    def _stay(self, seconds: float) -> None:
        """Stay in the group, and notice a stop soon."""
        until = time.monotonic() + seconds
        while not self._stopping() and (left := until - time.monotonic()) > 0:
            self._consumer.keep_membership(min(left, POLL_SECONDS))


class _RefusedStepError(Exception):
    def __init__(self, position: Position, cause: WriteRefusedError) -> None:
        super().__init__(str(position))
        self.position = position
        self.cause = cause


def within(fetched: Sequence[Fetched], size: int) -> list[list[Fetched]]:
    """Cut what was fetched into batches of about `size` bytes of values at most, in order; a larger record is a batch of its own."""
    batches: list[list[Fetched]] = [[]]
    room = size
    for part in fetched:
        cut = Fetched(part.partition, end=part.end)
        for record in part.records:
            length = len(record.value or b"")
            if length > room and room < size:
                if cut.records:
                    batches[-1].append(Fetched(part.partition, cut.records, record.position.offset))
                    cut = Fetched(part.partition, end=part.end)
                batches.append([])
                room = size
            cut.records.append(record)
            room -= length
        batches[-1].append(cut)
    return batches


def _steps(slices: Sequence[Slice]) -> int:
    return sum(len(part.steps) for part in slices)


def _position(slices: Sequence[Slice]) -> Position:
    """The place of the one step, or where the slices end if there is none: then it is the checkpoint that is refused."""
    steps = (Position(*part.partition, step.offset) for part in slices for step in part.steps)
    return next(steps, Position(*slices[0].partition, slices[0].end))


def _key(batch: Sequence[Fetched], position: Position) -> bytes | None:
    return next((record.key for part in batch for record in part.records if record.position == position), None)
