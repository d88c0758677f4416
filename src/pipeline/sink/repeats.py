"""Changes that were applied before, and that the connector tells again."""

from collections.abc import Iterator, Sequence
from operator import attrgetter, eq

from pipeline.sink.batch import Step
from pipeline.sink.checkpoint import Checkpoint
from pipeline.sink.told import mark

LOG_POSITION, ORDER = attrgetter("log_position"), attrgetter("order")


def without_repeats(steps: Sequence[Step], checkpoint: Checkpoint) -> Sequence[Step]:
    """
    Return the steps without those that were applied before.

    They are those that stand at the same position of the source's log as another write of the
    same kind and `_id` that came before, and, where the connector writes without transactions, all
    that stand earlier in the source's order than the checkpoint. To apply them again would not
    do: they would count twice, and a row that changed its key takes values from the document of its
    old key, where another row may be by now.
    """
    return list(_new(steps, checkpoint)) if _may_repeat(steps, checkpoint) else steps


def _may_repeat(steps: Sequence[Step], checkpoint: Checkpoint) -> bool:
    """Whether two writes stand at one position, or changes may be told twice: nearly always neither."""
    if any(map(ORDER, steps)):
        return True
    positions = [position for position in map(LOG_POSITION, steps) if position is not None]
    before = checkpoint.told.log_position if checkpoint.told else None
    return any(map(eq, positions, [before, *positions]))


def _new(steps: Sequence[Step], checkpoint: Checkpoint) -> Iterator[Step]:
    highest, told = checkpoint.order, checkpoint.told
    position, seen = (told.log_position, told.marks()) if told else (None, set())
    for step in steps:
        if step.order is not None:
            if highest is not None and step.order < highest:
                continue
            highest = step.order
        if step.log_position is not None:
            if step.log_position != position:
                position, seen = step.log_position, set()
            known = mark(step.write)
            if known in seen:
                continue
            seen.add(known)
        yield step
