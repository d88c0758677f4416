"""What a batch must know of the documents before it is planned."""

from collections import defaultdict
from collections.abc import Iterable
from dataclasses import dataclass, field
from typing import Any, TypeGuard

from pipeline.sink.batch import Step
from pipeline.sink.carry import Carry
from pipeline.sink.write import Delete, Fail, Insert, Move, Replace, Set, Write


@dataclass(slots=True)
class Reads:
    """What must be read of a collection: these documents, and of them these fields beside `_id`, or all (None)."""

    ids: list[Any] = field(default_factory=list)
    fields: set[str] | None = field(default_factory=set)

    def add(self, ids: Iterable[Any], fields: Iterable[str] | None = ()) -> None:
        """Read these documents, too, and these of their fields."""
        self.ids += ids
        self.fields = None if self.fields is None or fields is None else self.fields | set(fields)


def reads(steps: Iterable[Step], carry: Carry | None = None) -> dict[str, Reads]:
    """
    Name what the plan must know of the documents before the batch, by collection; nearly always none.

    A moved row takes its unavailable values from the document it had, and one that cannot move
    leaves that to its letter. It matters whether an
    `_id` is taken where several rows may have it for a moment; of those that have, the latest is stored, and
    it may have come since the transaction of `carry` began. What an update leaves out may decide whether its row satisfies its filter.
    """
    wanted: defaultdict[str, Reads] = defaultdict(Reads)
    for held in carry.held if carry is not None else ():
        wanted[held.collection].add([held.id], None)
    for step in steps:
        write = step.write
        if type(write) is Move:
            wanted[write.collection].add([write.id, write.old_id], write.unavailable)
        elif type(write) is Set and write.stays is not None:
            wanted[write.collection].add([write.id], write.unavailable)
        elif type(write) is Insert and write.deferrable:
            wanted[write.collection].add([write.id])
        elif type(write) is Fail and write.old_id is not None:
            wanted[write.collection].add([write.old_id], None)
        if carry is not None and carry.transaction == step.transaction and _may_meet(write):
            wanted[write.collection].add([write.id], None)
    return dict(wanted)


def _may_meet(write: Write) -> TypeGuard[Insert | Replace | Move | Delete]:
    """Whether the stored row may be another than the write's: where each has a document, one that changes or goes is told from it."""
    return write.deferrable if isinstance(write, Insert | Move) else isinstance(write, Delete | Replace) and not write.required
