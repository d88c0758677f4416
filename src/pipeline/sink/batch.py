"""A batch: what the next transaction applies, partition by partition."""

from collections.abc import Iterator, Sequence
from dataclasses import dataclass
from typing import NamedTuple

from pipeline.change.change import Operation
from pipeline.change.order import Order
from pipeline.change.record import Position, Record
from pipeline.errors import EventError, WriteRefusedError
from pipeline.sink.write import Clear, Fail, Move, Write

LARGEST_BATCH_BYTES = 5 * 1024 * 1024
"""
The records of a batch at most, so that all of it is a message that MongoDB takes (48 MB).

BSON is larger than JSON by eight times at the worst: `1,` in an array of bigints becomes 16 bytes.
"""


class ChangePartition(NamedTuple):
    """One partition of a change topic; printed `topic[0]`."""

    topic: str
    partition: int

    def __str__(self) -> str:
        return f"{self.topic}[{self.partition}]"


class Step(NamedTuple):
    """
    One change on its way into the sink.

    `counted` is the operation it counts as, or empty for the first half of a key change,
    which counts once. `transaction` names the source transaction or is None. `log_position`
    is where in the source's log the change stands, None for rows read and for those that are
    inserted without a key that tells them apart. `order` is known only where any change may be
    told twice, and of changes, not of rows read. `record` is what the change was read from.
    """

    offset: int
    write: Write
    counted: str
    size: int
    committed_at_ms: int | None
    transaction: str | None
    log_position: int | None = None
    order: Order | None = None
    record: Record | None = None

    def failed(self, error: EventError) -> "Step":
        """The same change as one that cannot be applied."""
        write = self.write
        old_id = write.old_id if type(write) is Move else None
        identity, kind, operation = getattr(write, "id", None), type(write).__name__, self.counted or Operation.DELETE.value
        return self._replace(write=Fail(write.collection, identity, write.position, error, self.record, operation, old_id, kind))


@dataclass(frozen=True, slots=True)
class Slice:
    """A partition's part of a batch: its steps in order, and the offset to read next once they are applied."""

    partition: ChangePartition
    steps: Sequence[Step]
    end: int


def until(slices: Sequence[Slice], position: Position) -> list[Slice]:
    """What of a batch stands before a position: its partition's part up to it, and all parts that come before that."""
    kept = list[Slice]()
    for part in slices:
        if part.partition == position[:2]:
            steps = [step for step in part.steps if step.offset < position.offset]
            return [*kept, Slice(part.partition, steps, position.offset)]
        kept.append(part)
    return kept


def with_failure(slices: Sequence[Slice], error: WriteRefusedError) -> list[Slice] | None:
    """The batch with the write that was refused as one that cannot be applied; None where that was done, or it is not known which."""
    place = error.position
    for number, part in enumerate(slices):
        if place is None or part.partition != place[:2]:
            continue
        for index, step in enumerate(part.steps):
            if step.offset == place[2] and type(step.write) is not Fail:
                steps = [*part.steps[:index], step.failed(error), *part.steps[index + 1 :]]
                return [*slices[:number], Slice(part.partition, steps, part.end), *slices[number + 1 :]]
    return None


def halves(slices: Sequence[Slice]) -> tuple[list[Slice], list[Slice]] | None:
    """Cut a batch in two that are applied one after the other, or None when it holds a single step."""
    total = sum(len(part.steps) for part in slices)
    if total < 2:
        return None
    return list(_before(slices, total // 2)), list(_after(slices, total // 2))


def split_at_clears(slices: Sequence[Slice]) -> Iterator[Sequence[Slice]]:
    """Cut a batch into batches that are applied one after the other: a clear is alone in its own, after all that stands before it."""
    while slices:
        before, clears, after = list[Slice](), list[Slice](), list[Slice]()
        for part in slices:
            steps = part.steps
            place = next((place for place, step in enumerate(steps) if type(step.write) is Clear), None)
            if place is None:
                before.append(part)
                continue
            if place:
                before.append(Slice(part.partition, steps[:place], steps[place].offset))
            rest = steps[place + 1 :]
            clears.append(Slice(part.partition, steps[place : place + 1], rest[0].offset if rest else part.end))
            if rest:
                after.append(Slice(part.partition, rest, part.end))
        if before:
            yield before
        yield from ([clear] for clear in clears)
        slices = after


def _before(slices: Sequence[Slice], count: int) -> Iterator[Slice]:
    for part in slices:
        if count <= 0:
            return
        yield part if len(part.steps) <= count else Slice(part.partition, part.steps[:count], part.steps[count].offset)
        count -= len(part.steps)


def _after(slices: Sequence[Slice], count: int) -> Iterator[Slice]:
    for part in slices:
        rest = part.steps[max(count, 0) :]
        if rest or (count <= 0 and not part.steps):
            yield Slice(part.partition, rest, part.end)
        count -= len(part.steps)
