"""The worker's main loop: consume, decode, map, apply."""

import random
import time
from collections.abc import Callable, Sequence

import structlog

from pipeline.change.record import Position
from pipeline.errors import SinkUnavailableError
from pipeline.sink.batch import ChangePartition
from pipeline.worker.consumer import ChangeConsumer, Fetched
from pipeline.worker.letters import LetterReplayer
from pipeline.worker.translate import Translator
from pipeline.worker.writer import RefusedStepError, Sink, Writer

log = structlog.get_logger()

POLL_SECONDS = 0.5
LONGEST_WAIT_SECONDS = 30.0
VERIFY_SECONDS = 2.0


class CannotApplyError(Exception):
    """A record cannot be applied, and that is not tolerated; everything before it in its partition is."""

    def __init__(self, position: Position, key: bytes | None, cause: Exception) -> None:
        super().__init__(str(position))
        self.position = position
        self.key = key
        self.cause = cause


class ChangeLoop:
    """
    Applies one job generation's changes until told to stop.

    While a batch is written, the next is fetched, decoded and mapped. `asked` counts how often
    users have asked for dead letters to be replayed.
    """

    def __init__(
        self,
        consumer: ChangeConsumer,
        translator: Translator,
        sink: Sink,
        *,
        records: int,
        size: int,
        stopping: Callable[[], bool],
        asked: Callable[[], int] = lambda: 0,
    ) -> None:
        self._consumer = consumer
        self._translator = translator
        self._writer = Writer(sink, records)
        self._writing: Sequence[Fetched] = ()
        self._records = records
        self._bytes = size
        self._stopping = stopping
        self._asked = asked
        self._sink = sink
        self._verified_at = time.monotonic()
        self._looked: dict[ChangePartition, tuple[int, int]] = {}
        self._replayer = LetterReplayer(sink, translator)
        consumer.before_rebalance = self._writer.wait

    def run(self) -> None:
        """
        Consume, decode, map and apply until `stopping`.

        Raises:
            CannotApplyError: A record cannot be applied.
            FencedError: A partition is another worker's now: leave the group and join again.
            RecordsLostError: Kafka no longer has what comes next.
            EngineUnavailableError: Kafka refuses.
        """
        try:
            while not self._stopping():
                try:
                    self._apply_next()
                    self._replay_letters()
                    self._verify()
                except SinkUnavailableError as error:
                    self._wait_for_sink(error)
            self._finish()
        finally:
            self._writer.close()

    def _apply_next(self) -> None:
        fetched = self._consumer.fetch(self._records, POLL_SECONDS)
        if not fetched:
            self._finish()
            return
        for batch in within(fetched, self._bytes):
            self._apply(batch)

    def _apply(self, batch: Sequence[Fetched]) -> None:
        slices = self._translator.translate(batch)
        self._finish()
        checkpoints = dict(self._consumer.checkpoints)
        self._writer.start([part for part in slices if part.end != checkpoints[part.partition].position], checkpoints)
        self._writing = batch

    def _replay_letters(self) -> None:
        """Replay the dead letters of a partition when it is new here, and each time that users have asked since."""
        for partition, known in list(self._consumer.checkpoints.items()):
            look = (self._asked(), known.epoch)
            if known.open_letters and self._looked.get(partition) != look:
                self._finish()
                checkpoint = self._consumer.checkpoints[partition]
                self._consumer.moved({partition: self._replayer.replay(checkpoint)})
                self._looked[partition] = look

    def _verify(self) -> None:
        """
        See now and then that the checkpoints are where they are known to be.

        Others move them: a replay, or whoever restores a backup. A partition to which nothing comes would not notice.
        """
        if time.monotonic() - self._verified_at > VERIFY_SECONDS:
            self._finish()
            self._sink.verify(self._consumer.checkpoints.values())
            self._verified_at = time.monotonic()

    def _finish(self) -> None:
        """Wait for the batch that is being written."""
        try:
            self._consumer.moved(self._writer.finish())
        except RefusedStepError as refused:
            raise CannotApplyError(refused.position, _key(self._writing, refused.position), refused.cause) from refused.cause

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


def _key(batch: Sequence[Fetched], position: Position) -> bytes | None:
    return next((record.key for part in batch for record in part.records if record.position == position), None)
