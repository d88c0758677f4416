"""Planning the changes of tables without a key: which documents go, and which come."""

from collections import defaultdict
from collections.abc import Iterable, Mapping, Sequence
from dataclasses import dataclass
from typing import Any, TypeAlias

from pipeline.sink.batch import Step
from pipeline.sink.document import Document
from pipeline.sink.place import Place
from pipeline.sink.row_id import older_digest
from pipeline.sink.write import Delete, Insert, Swap, Write


@dataclass(slots=True)
class Sought:
    """Documents that are equal to a row: how their `_id`s begin, and how many of them are needed."""

    beginning: Document
    count: int = 0


Fields: TypeAlias = tuple[str, ...]

Wanted: TypeAlias = Mapping[str, Mapping[bytes, Sought]]
"""What is sought, by collection and digest."""

Found: TypeAlias = Mapping[Place, Sequence[Any]]
"""The `_id`s of stored documents, by collection and digest."""


def wanted_rows(steps: Iterable[Step]) -> Wanted:
    """Name the stored documents that the steps may remove."""
    wanted: defaultdict[str, dict[bytes, Sought]] = defaultdict(dict)
    for step in steps:
        write = step.write
        if type(write) is Swap and write.gone is not None:
            _seek(wanted, write.collection, write.gone["_id"])
    return wanted


class Bag:
    """
    Folds the changes of tables without a key into the documents that go and those that come.

    A row that goes takes the document with it of an equal row that came in the same batch,
    else a stored one. Rows for which there is none are left in `missing`; their documents
    may be from before columns were added (`wanted_older`). `shapes` has the fields of the
    rows, by collection.
    """

    def __init__(self, found: Found) -> None:
        self.missing: list[Swap] = []
        self.shapes: defaultdict[str, set[Fields]] = defaultdict(set)
        self._stored = {place: list(ids) for place, ids in found.items()}
        self._inserts: defaultdict[str, dict[int, Insert]] = defaultdict(dict)
        self._fresh: defaultdict[Place, list[int]] = defaultdict(list)
        self._deletes: defaultdict[str, list[Delete]] = defaultdict(list)
        self._taken: defaultdict[Place, list[Any]] = defaultdict(list)
        self._lacking = 0

    def swap(self, write: Swap) -> None:
        """Take in the next change; one of a row that is outside its filter before and after it changes nothing."""
        if write.gone is None and write.come is None:
            return
        self.shapes[write.collection].add(write.shape)
        if write.gone is not None and not self._remove(write, write.gone["_id"]["row"]):
            self.missing.append(write)
        if write.come is not None:
            offset, identity = write.position.offset, write.come["_id"]
            self._inserts[write.collection][offset] = Insert(write.collection, identity, write.come, write.position)
            self._fresh[Place(write.collection, identity["row"])].append(offset)

    def wanted_older(self) -> Wanted:
        """Name the documents that may stand for missing rows from before one more column was added; empty once there is no more."""
        self._lacking += 1
        wanted: defaultdict[str, dict[bytes, Sought]] = defaultdict(dict)
        for write in self.missing:
            if (older := self._older(write)) is not None:
                taken = self._taken.get(Place(write.collection, older["row"]), ())
                _seek(wanted, write.collection, older, len(taken))
        return wanted

    def take_older(self, found: Found) -> None:
        """Give the missing rows the documents that were found."""
        for place, ids in found.items():
            taken = self._taken.get(place, ())
            self._stored[place] = [identity for identity in ids if identity not in taken]
        self.missing = [write for write in self.missing if not self._take_older(write)]

    def writes(self) -> dict[str, list[Write]]:
        """What is to be written, by collection."""
        collections = self._inserts.keys() | self._deletes.keys()
        written: dict[str, list[Write]] = {name: [*self._deletes[name], *self._inserts[name].values()] for name in collections}
        return {name: writes for name, writes in written.items() if writes}

    def _remove(self, write: Swap, row: bytes) -> bool:
        fresh = self._fresh[Place(write.collection, row)]
        if fresh:
            del self._inserts[write.collection][fresh.pop()]
            return True
        return self._take(write, row)

    def _take(self, write: Swap, row: bytes) -> bool:
        place = Place(write.collection, row)
        stored = self._stored.get(place)
        if not stored:
            return False
        identity = stored.pop()
        self._taken[place].append(identity)
        self._deletes[write.collection].append(Delete(write.collection, identity, write.position))
        return True

    def _take_older(self, write: Swap) -> bool:
        older = self._older(write)
        return older is not None and self._take(write, older["row"])

    def _older(self, write: Swap) -> Document | None:
        """How the `_id`s of the documents begin that the row may have from before the last columns were added."""
        if write.gone is None or not write.had_columns_added or (row := older_digest(write.gone, write.shape, self._lacking)) is None:
            return None
        return {**write.gone["_id"], "row": row}


def _seek(wanted: dict[str, dict[bytes, Sought]], collection: str, beginning: Document, besides: int = 0) -> None:
    """Seek one more document, and at first those that are taken already."""
    wanted[collection].setdefault(beginning["row"], Sought(beginning, besides)).count += 1
