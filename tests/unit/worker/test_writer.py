"""A batch is written while the next one is read."""

import threading
from collections.abc import Sequence
from concurrent.futures import ThreadPoolExecutor

import pytest
from tests.fakes.memory_sink import MemorySink

from pipeline.change.record import Position
from pipeline.errors import SinkUnavailableError
from pipeline.sink.batch import ChangePartition, Slice, Step
from pipeline.sink.checkpoint import Checkpoint
from pipeline.sink.write import Insert
from pipeline.worker.writer import Checkpoints, RefusedStepError, Writer, _position

PARTITION = ChangePartition("shop.public.customer", 0)
PATIENCE_SECONDS = 30.0


class SlowSink(MemorySink):
    """A sink that does not answer before `answer` is set."""

    def __init__(self) -> None:
        super().__init__([PARTITION])
        self.asked, self.answer = threading.Event(), threading.Event()

    def apply(self, slices: Sequence[Slice], checkpoints: Checkpoints) -> list[Checkpoint]:
        """Apply the batch, later."""
        self.asked.set()
        assert self.answer.wait(PATIENCE_SECONDS)
        return super().apply(slices, checkpoints)


def rows(first: int, last: int) -> list[Slice]:
    steps = [
        Step(key, Insert("customer", key, {"_id": key}, Position(*PARTITION, key)), "c", 10, None, None) for key in range(first, last + 1)
    ]
    return [Slice(PARTITION, steps, last + 1)]


def test_the_caller_goes_on_while_the_sink_is_at_work() -> None:
    sink = SlowSink()
    writer = Writer(sink, 2_000)
    writer.start(rows(0, 4), sink.checkpoints)
    assert sink.asked.wait(PATIENCE_SECONDS)
    assert sink.documents("customer") == [], "start has returned before the batch was applied"
    sink.answer.set()
    assert {place: checkpoint.position for place, checkpoint in writer.finish().items()} == {PARTITION: 5}
    assert len(sink.documents("customer")) == 5
    assert writer.finish() == {}
    writer.close()


def test_waiting_keeps_what_came_of_the_batch_for_its_finish() -> None:
    sink = SlowSink()
    sink.away = True
    writer = Writer(sink, 2_000)
    writer.start(rows(0, 4), sink.checkpoints)
    with ThreadPoolExecutor() as others:
        waiting = others.submit(writer.wait)
        assert sink.asked.wait(PATIENCE_SECONDS)
        assert not waiting.done()
        sink.answer.set()
        waiting.result(PATIENCE_SECONDS)
    with pytest.raises(SinkUnavailableError):
        writer.finish()
    writer.close()


def test_everything_before_a_refused_write_is_applied() -> None:
    sink = MemorySink([PARTITION])
    sink.refuses = lambda write: write.id == 7
    writer = Writer(sink, 2_000)
    writer.start(rows(0, 9), sink.checkpoints)
    with pytest.raises(RefusedStepError) as refused:
        writer.finish()
    assert refused.value.position == Position(*PARTITION, 7)
    assert sorted(document["_id"] for document in sink.documents("customer")) == list(range(7))
    assert sink.checkpoints[PARTITION].position == 7
    writer.close()


def test_a_checkpoint_that_is_refused_is_told_by_its_place() -> None:
    assert _position([Slice(PARTITION, [], 5)]) == Position(*PARTITION, 5)
