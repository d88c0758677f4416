"""
Tables of which only so many rows are followed: who has a place, and who stays outside.

A place belongs to a key. It is taken by the first change that would give a row of the key a
document, and never given back: not when the row is deleted, leaves its filter or its table is
emptied. When a row changes its key, its place goes with it.
"""

from collections import defaultdict
from collections.abc import Hashable, Iterable, Iterator, Mapping, Sequence
from dataclasses import dataclass, field
from typing import Any

from pipeline.sink.batch import Step
from pipeline.sink.place import canonical
from pipeline.sink.write import Clear, Delete, Insert, Move, Replace, Set, Write, left_id

COLLECTION = "_rowstream.places"

Caps = Mapping[str, int]
"""How many rows at most, by collection; collections that are not named have no end."""


@dataclass(slots=True)
class Taken:
    """The places of one collection: how many are taken, which keys of the batch have one, and what the batch changes about that."""

    most: int
    count: int = 0
    held: set[Hashable] = field(default_factory=set)
    come: dict[Hashable, Any] = field(default_factory=dict)
    gone: dict[Hashable, Any] = field(default_factory=dict)

    def has(self, identity: Any) -> bool:
        """Whether the key has a place."""
        return canonical(identity) in self.held

    def admit(self, identity: Any) -> bool:
        """Give the key a place, if it has none and there is one; whether it has one then."""
        if not self.has(identity):
            if self.count >= self.most:
                return False
            self.count += 1
            self._take(identity)
        return True

    def move(self, old_id: Any, new_id: Any) -> None:
        """Give a key's place to another; that one may have had one, too, which is lost."""
        key = canonical(old_id)
        self.held.discard(key)
        if key in self.come:
            del self.come[key]
        else:
            self.gone[key] = old_id
        if not self.has(new_id):
            self._take(new_id)

    def _take(self, identity: Any) -> None:
        key = canonical(identity)
        self.held.add(key)
        if key in self.gone:
            del self.gone[key]
        else:
            self.come[key] = identity


def wanted_keys(steps: Iterable[Step], caps: Caps) -> dict[str, list[Any]]:
    """The keys, by collection, of which it must be known whether they have a place; nearly always none."""
    wanted = defaultdict[str, list[Any]](list)
    for step in steps if caps else ():
        write = step.write
        if write.collection in caps and not isinstance(write, Clear):
            wanted[write.collection] += [each for each in (_id(write), left_id(write)) if each is not None]
    return dict(wanted)


def admitted(steps: Sequence[Step], taken: Mapping[str, Taken]) -> Sequence[Step]:
    """Return the steps, in order, with a delete in place of each that would give a row without a place a document."""
    return list(_admit(steps, taken)) if taken else steps


def _admit(steps: Sequence[Step], taken: Mapping[str, Taken]) -> Iterator[Step]:
    for step in steps:
        places = taken.get(step.write.collection)
        yield step if places is None else step._replace(write=_judged(step.write, places))


def _judged(write: Write, places: Taken) -> Write:
    old_id = left_id(write)
    if old_id is not None and _id(write) is not None and places.has(old_id):
        places.move(old_id, _id(write))
        return write
    if isinstance(write, Move) and write.unavailable is None:
        return write  # a row without a place has no document that could move
    if isinstance(write, Insert | Replace | Set | Move) and not places.admit(write.id):
        return Delete(write.collection, write.id, write.position, moved_from=old_id)
    return write


def _id(write: Write) -> Any:
    return getattr(write, "id", None)
