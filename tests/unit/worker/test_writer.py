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
from pipeline.sink.write import Fail, Insert
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


def applied(sink: MemorySink, slices: list[Slice]) -> None:
    writer = Writer(sink, 2_000)
    try:
        writer.start(slices, sink.checkpoints)
        sink.checkpoints |= writer.finish()
    finally:
        writer.close()


def test_everything_before_a_refused_write_is_applied() -> None:
    sink = MemorySink([PARTITION])
    sink.refuses = lambda write: write.id == 7
    with pytest.raises(RefusedStepError) as refused:
        applied(sink, rows(0, 9))
    assert refused.value.position == Position(*PARTITION, 7)
    assert sorted(document["_id"] for document in sink.documents("customer")) == list(range(7))
    assert sink.checkpoints[PARTITION].position == 7


@pytest.mark.parametrize("tells_position", [True, False])
@pytest.mark.parametrize("poison", [{7}, {0, 1, 2, 3, 99}, set(range(0, 100, 3)), set(range(100))])
def test_refused_writes_that_are_tolerated_cost_the_others_nothing(poison: set[int], tells_position: bool) -> None:
    sink = MemorySink([PARTITION])
    sink.tolerance, sink.tells_position = None, tells_position
    sink.refuses = lambda write: write.id in poison and not isinstance(write, Fail)
    applied(sink, rows(0, 99))
    assert {document["_id"] for document in sink.documents("customer")} == set(range(100)) - poison
    assert [failure.id for failure in sink.letters] == sorted(poison)
    assert sink.checkpoints[PARTITION].position == 100
    assert sink.checkpoints[PARTITION].counts == {"c": 100}


@pytest.mark.parametrize("tolerance", range(5))
def test_one_failure_more_than_tolerated_stops_right_before_it(tolerance: int) -> None:
    poison = [3, 4, 50, 51, 99]
    sink = MemorySink([PARTITION])
    sink.tolerance = tolerance
    sink.refuses = lambda write: write.id in poison and not isinstance(write, Fail)
    with pytest.raises(RefusedStepError) as refused:
        applied(sink, rows(0, 99))
    assert refused.value.position.offset == sink.checkpoints[PARTITION].position == poison[tolerance]
    assert {document["_id"] for document in sink.documents("customer")} == set(range(poison[tolerance])) - set(poison)
    assert [failure.id for failure in sink.letters] == poison[:tolerance]


def test_what_stands_after_an_intolerable_failure_is_left_in_other_partitions_too() -> None:
    other = ChangePartition("other", 0)
    sink = MemorySink([PARTITION, other])
    sink.refuses = lambda write: write.id == 2 and not isinstance(write, Fail)
    beside = Slice(other, [Step(0, Insert("customer", "x", {"_id": "x"}, Position(*other, 0)), "c", 10, None, None)], 1)
    with pytest.raises(RefusedStepError):
        applied(sink, [*rows(0, 4), beside])
    assert {document["_id"] for document in sink.documents("customer")} == {0, 1}
    assert (sink.checkpoints[PARTITION].position, sink.checkpoints[other].position) == (2, 0)


def test_a_checkpoint_that_is_refused_is_told_by_its_place() -> None:
    assert _position([Slice(PARTITION, [], 5)]) == Position(*PARTITION, 5)
