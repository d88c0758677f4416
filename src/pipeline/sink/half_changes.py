"""Key changes of which only the first half has come: Debezium's connector skips the second when its task is restarted between the two."""

from collections.abc import Iterator, Sequence
from typing import Any, NamedTuple

from pipeline.change.change import Operation
from pipeline.sink.batch import Slice, Step
from pipeline.sink.carry import Carry
from pipeline.sink.checkpoint import Checkpoint
from pipeline.sink.document import Document
from pipeline.sink.place import canonical
from pipeline.sink.write import Delete, Move, Write, left_id

COLLECTION = "_rowstream.halfChanges"


class _Waiting(NamedTuple):
    """A row that has left its key; the write that takes it to its new one must come next."""

    collection: str
    id: Any
    moved_to: Any
    transaction: str | None
    deferrable: bool

    def arrives_by(self, write: Write) -> bool:
        """Whether it is the second half; where a row leaves its filter by it, that is a delete."""
        old_id = left_id(write)
        return old_id is not None and write.collection == self.collection and canonical(old_id) == canonical(self.id)

    def leaves_again_by(self, write: Delete) -> bool:
        """Whether it is the same first half, told twice."""
        return write.moved_to is not None and write.collection == self.collection and canonical(write.id) == canonical(self.id)


def completed(steps: Sequence[Step], carry: Carry | None) -> Sequence[Step]:
    """
    Return the steps with the second half of each key change that lacks it.

    The two halves stand next to each other in their change topic. Where anything else follows
    the first, the second never comes: the row keeps the values it had (`Move.unavailable` is
    None), and the change counts.
    """
    if (carry is None or carry.departed is None) and not any(_leaves(step) for step in steps):
        return steps
    return list(_complete(steps, carry))


def half_changes(part: Slice, steps: Sequence[Step], checkpoint: Checkpoint) -> list[Document]:
    """What is kept of the key changes that `completed` gave a second half, for whoever reads their rows again."""
    if len(steps) == len(part.steps):
        return []
    moves = [step.write for step in steps if isinstance(step.write, Move) and step.write.unavailable is None]
    place = {"job": checkpoint.job, "generation": checkpoint.generation}
    return [{"_id": f"{checkpoint.id}/{move.position.offset}", **place, "collection": move.collection, "id": move.id} for move in moves]


def _leaves(step: Step) -> bool:
    return type(step.write) is Delete and step.write.moved_to is not None


def _complete(steps: Sequence[Step], carry: Carry | None) -> Iterator[Step]:
    waiting = _carried(carry)
    for step in steps:
        write = step.write
        if waiting is not None:
            told_twice = type(write) is Delete and waiting.leaves_again_by(write)
            if not (waiting.arrives_by(write) or told_twice):
                yield _second_half(waiting, step)
        waiting = None
        if type(write) is Delete and write.moved_to is not None:
            waiting = _Waiting(write.collection, write.id, write.moved_to, step.transaction, write.gone is not None)
        yield step


def _carried(carry: Carry | None) -> _Waiting | None:
    departed = carry.departed if carry is not None else None
    if carry is None or departed is None or departed.moved_to is None:
        return None
    return _Waiting(departed.collection, departed.id, departed.moved_to, carry.transaction, departed.deferrable)


def _second_half(waiting: _Waiting, following: Step) -> Step:
    """The write that never came, at the offset of the step that came instead."""
    document, position = {"_id": waiting.moved_to}, following.write.position
    move = Move(waiting.collection, waiting.moved_to, waiting.id, document, None, position, waiting.deferrable)
    return Step(following.offset, move, Operation.UPDATE.value, 0, None, waiting.transaction)
