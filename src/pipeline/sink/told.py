"""The changes that stand at the latest position of the source's log: all that has to be known to tell which are told again."""

from collections.abc import Hashable, Mapping, Sequence
from typing import Any, NamedTuple

from pipeline.sink.batch import Step
from pipeline.sink.place import PLAIN, canonical
from pipeline.sink.write import Clear, Fail, Swap, Write


class Told(NamedTuple):
    """
    The writes at one position of the source's log: the kind, the collection and the `_id` of each, of a row without a key the digests.

    Nearly always one, or the two of a key change; the rows of one page where a COPY has put them.
    """

    log_position: int
    writes: tuple[tuple[str, str, Any], ...]

    def stored(self) -> dict[str, Any]:
        """The BSON document of it."""
        return {"logPosition": self.log_position, "writes": [list(write) for write in self.writes]}

    @classmethod
    def from_stored(cls, document: Mapping[str, Any]) -> "Told":
        """What `stored` made a document of."""
        return cls(document["logPosition"], tuple((kind, collection, identity) for kind, collection, identity in document["writes"]))

    def marks(self) -> set[Hashable]:
        """The `mark` of each write."""
        return {(kind, collection, canonical(identity)) for kind, collection, identity in self.writes}


def mark(write: Write) -> Hashable:
    """Return what the write is known by among those of its position: a change of the source makes no two that are alike."""
    kind, collection, identity = _described(write)
    return kind, collection, identity if type(identity) in PLAIN else canonical(identity)


def latest(before: Told | None, steps: Sequence[Step]) -> Told | None:
    """Return the writes at the latest position once the steps are applied, too."""
    position, writes = None, []
    for step in reversed(steps):
        if step.log_position is not None:
            if position is not None and step.log_position != position:
                break
            position = step.log_position
            writes.append(_described(step.write))
    if position is None:
        return before
    told = tuple(reversed(writes))
    return Told(position, before.writes + told if before is not None and before.log_position == position else told)


def _described(write: Write) -> tuple[str, str, Any]:
    kind = write.kind if isinstance(write, Fail) else type(write).__name__
    if isinstance(write, Clear):
        return kind, write.collection, None
    if isinstance(write, Swap):
        return kind, write.collection, [row and row["_id"]["row"] for row in (write.gone, write.come)]
    return kind, write.collection, write.id
