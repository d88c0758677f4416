"""The main loop: what happens beside what."""

import threading
from collections.abc import Sequence
from types import SimpleNamespace
from typing import Any, cast

from tests.fakes.memory_sink import MemorySink

from pipeline.change.record import Position, Record
from pipeline.sink.batch import ChangePartition, Slice, Step
from pipeline.sink.checkpoint import Checkpoint
from pipeline.sink.write import Insert
from pipeline.worker.consumer import Fetched
from pipeline.worker.loop import ChangeLoop
from pipeline.worker.writer import Checkpoints

PARTITION = ChangePartition("shop.public.customer", 0)
PATIENCE_SECONDS = 30.0


def test_the_next_batch_is_mapped_while_one_is_written() -> None:
    """The sink answers the first batch only when the second has been mapped: one after the other, neither would end."""
    second_mapped = threading.Event()

    class Sink(MemorySink):
        def apply(self, slices: Sequence[Slice], checkpoints: Checkpoints) -> list[Checkpoint]:
            assert second_mapped.wait(PATIENCE_SECONDS), "the second batch was not mapped meanwhile"
            return super().apply(slices, checkpoints)

    class Translator:
        def translate(self, fetched: Sequence[Fetched]) -> list[Slice]:
            (record,) = fetched[0].records
            write = Insert("customer", record.position.offset, {"_id": record.position.offset}, record.position)
            if record.position.offset == 1:
                second_mapped.set()
            return [Slice(PARTITION, [Step(record.position.offset, write, "c", 10, None, None)], fetched[0].end)]

    sink = Sink([PARTITION])
    left = [[Fetched(PARTITION, [Record(Position(*PARTITION, offset), None, b"x")], offset + 1)] for offset in range(2)]
    consumer = SimpleNamespace(
        checkpoints=sink.checkpoints, fetch=lambda _records, _seconds: left.pop(0) if left else [], moved=sink.checkpoints.update
    )
    applied = lambda: sink.checkpoints[PARTITION].position == 2  # noqa: E731
    loop = ChangeLoop(cast("Any", consumer), cast("Any", Translator()), sink, records=10, size=1_000, stopping=applied)
    loop.run()
    assert [document["_id"] for document in sink.documents("customer")] == [0, 1]
