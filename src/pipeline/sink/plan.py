"""Planning a batch: the writes of a partition, in order, become at most one write for each document."""

from collections import defaultdict
from collections.abc import Iterable, Mapping, Sequence
from dataclasses import dataclass, field
from typing import Any

from pipeline.errors import WriteRefusedError
from pipeline.sink.bag import Bag, Found
from pipeline.sink.batch import Step
from pipeline.sink.carry import Carry, Departed, Older
from pipeline.sink.place import PLAIN, Place, canonical
from pipeline.sink.write import Clear, Delete, Document, Insert, Move, Replace, Set, Swap, Write

FULL_IDENTITY = "Run ALTER TABLE ... REPLICA IDENTITY FULL on the table, so that its changes carry every column, then post the job again."

Stored = Mapping[Place, Document]


@dataclass(slots=True)
class Reads:
    """What must be read of a collection: these documents, and of them these fields beside `_id`, or all (None)."""

    ids: list[Any] = field(default_factory=list)
    fields: set[str] | None = field(default_factory=set)


def reads(steps: Iterable[Step]) -> dict[str, Reads]:
    """
    Name what the plan must know of the documents before the batch, by collection; empty unless keys change.

    A moved row takes its unavailable values from the document it had, and it matters
    whether its new `_id` is taken.
    """
    wanted: dict[str, Reads] = {}
    for step in steps:
        write = step.write
        if type(write) is Move:
            of_collection = wanted.setdefault(write.collection, Reads())
            of_collection.ids += [write.id, write.old_id]
            if write.unavailable is None:
                of_collection.fields = None
            elif of_collection.fields is not None:
                of_collection.fields |= set(write.unavailable)
    return wanted


@dataclass(slots=True)
class Row:
    """
    A row as it stands between two writes: `known` fields over those of the stored document that are `open`.

    `open` is None for a row that no write of the batch has touched: every field is the stored one's.
    """

    place: Place
    id: Any
    known: Document
    open: tuple[str, ...] | None = ()

    def has_open(self, name: str) -> bool:
        """Whether the field's value is the stored document's."""
        return name not in self.known and (self.open is None or name in self.open)


class Plan:
    """
    Folds the writes of one partition into one write for each document.

    `stored` holds the documents of `reads` that exist, `found` those of `wanted_rows`, and
    `carry` what the partition's last batch left. The writes left in `writes()` touch
    different documents, so their order does not matter. `bag` plans tables without a key.

    While rows of one source transaction change keys that are deferrable, a key may hold two
    rows for a moment: a row has moved there and the one it drives out has yet to leave. The
    next delete of such a key removes the older row, which has no document any more.
    """

    def __init__(self, stored: Stored, carry: Carry | None, found: Found | None = None) -> None:
        self.bag = Bag(found or {})
        self._stored = stored
        self._rows: defaultdict[str, dict[Any, Write]] = defaultdict(dict)
        self._older: dict[Place, list[Row]] = {}
        self._departed: Row | tuple[Place, Any] | None = None
        self._moved_to: Any = None
        self._transaction: str | None = None
        if carry is not None:
            self._resume(carry)

    def fold(self, steps: Sequence[Step]) -> None:
        """
        Take in the next writes.

        Raises:
            WriteRefusedError: A value that the change left out is nowhere to be had.
        """
        for step in steps:
            write = step.write
            if isinstance(write, Swap):
                self.bag.swap(write)
                continue
            if isinstance(write, Clear):
                raise TypeError("a clear is a batch of its own")
            if step.transaction != self._transaction:
                self._begin(step.transaction)
            key = write.id if type(write.id) in PLAIN else canonical(write.id)
            rows = self._rows[write.collection]
            before = rows.get(key)
            match write:
                case Insert():
                    rows[key] = write if before is None else _whole(before, write, write.document)
                case Replace():
                    rows[key] = _whole(before, write, write.document)
                case Set():
                    rows[key] = _set(before, write)
                case Delete():
                    self._delete(Place(write.collection, key), write)
                case Move():
                    self._move(Place(write.collection, key), write)

    def writes(self) -> dict[str, list[Write]]:
        """What is to be written, by collection."""
        return {collection: list(rows.values()) for collection, rows in self._rows.items() if rows} | self.bag.writes()

    def carried_reads(self) -> dict[str, Reads]:
        """The documents that `carry` needs whole, as they were before the batch; nearly always none."""
        wanted: dict[str, Reads] = {}
        for row in self._carried_rows():
            if row.open != ():
                wanted.setdefault(row.place.collection, Reads(fields=None)).ids.append(row.id)
        return wanted

    def carry(self, whole: Stored) -> Carry | None:
        """What the next batch must know of rows between two keys; `whole` holds the documents of `carried_reads`."""
        departed = None
        if isinstance(self._departed, Row):
            departed = Departed(self._departed.place.collection, self._departed.id, _document(self._departed, whole), self._moved_to)
        elif self._departed is not None:
            departed = Departed(self._departed[0].collection, self._departed[1], None, self._moved_to)
        older = tuple(
            Older(place.collection, rows[0].id, tuple(_document(row, whole) or {} for row in rows)) for place, rows in self._older.items()
        )
        return Carry(self._transaction, older, departed) if older or departed else None

    def _begin(self, transaction: str | None) -> None:
        self._older.clear()
        self._departed = None
        self._transaction = transaction

    def _resume(self, carry: Carry) -> None:
        self._transaction = carry.transaction
        for collection, identity, documents in carry.older:
            place = Place(collection, canonical(identity))
            self._older[place] = [Row(place, identity, document) for document in documents]
        if carry.departed is not None:
            place = Place(carry.departed.collection, canonical(carry.departed.id))
            row = carry.departed.row
            self._departed = (place, carry.departed.id) if row is None else Row(place, carry.departed.id, row)
            self._moved_to = carry.departed.moved_to

    def _carried_rows(self) -> list[Row]:
        rows = [row for rows in self._older.values() for row in rows]
        return [*rows, self._departed] if isinstance(self._departed, Row) else rows

    def _delete(self, place: Place, write: Delete) -> None:
        older = self._older.get(place)
        if older:
            leaving: Row | None = older.pop(0)
            if not older:
                del self._older[place]
        else:
            leaving = self._row(place, write.id)
            self._rows[place.collection][place.key] = write
        if write.moved_to is not None:
            self._departed = leaving if leaving is not None else (place, write.id)
            self._moved_to = write.moved_to

    def _move(self, place: Place, write: Move) -> None:
        document = self._filled(write)
        if document is None:
            return
        present = self._row(place, write.id)
        if present is not None and present.open is None and place not in self._stored:
            present = None
        if write.deferrable and present is not None and self._transaction is not None:
            self._older.setdefault(place, []).append(present)
        kind = Insert if present is None and self._rows[place.collection].get(place.key) is None else Replace
        self._rows[place.collection][place.key] = kind(write.collection, write.id, document, write.position)

    def _filled(self, write: Move) -> Document | None:
        """The whole document of the moved row; None where all of it is the old one's, and there is none."""
        departed, self._departed = self._departed, None
        if write.unavailable == ():
            return write.document
        place = Place(write.collection, canonical(write.old_id))
        left = departed if isinstance(departed, Row) and departed.place == place else None
        if write.unavailable is None:
            old = None if left is None else _document(left, self._stored)
            return None if old is None else old | write.document
        if left is None:
            raise no_document(write, write.old_id, write.unavailable)
        return write.document | {name: self._value(left, name, write) for name in write.unavailable}

    def _value(self, row: Row, name: str, write: Move) -> Any:
        document = self._stored.get(row.place, {}) if row.has_open(name) else row.known
        if name not in document:
            raise no_document(write, write.old_id, [name])
        return document[name]

    def _row(self, place: Place, identity: Any) -> Row | None:
        """The row that has the key now, the newest if there are two; one that nothing is known of counts as stored."""
        match self._rows[place.collection].get(place.key):
            case None:
                return Row(place, identity, {}, None)
            case Insert(document=document) | Replace(document=document):
                return Row(place, identity, document)
            case Set(document=document, unavailable=unavailable):
                return Row(place, identity, document, unavailable)
            case _:
                return None


def no_document(write: Write, identity: Any, fields: Sequence[str]) -> WriteRefusedError:
    """The error of a change that leaves out values which no document has."""
    return WriteRefusedError(
        f"{write.collection}: the change at {write.position} leaves out unchanged values ({', '.join(fields)}), "
        f"and there is no document with _id {identity!r} that has them",
        suggestion=FULL_IDENTITY,
        code="VALUES_UNAVAILABLE",
    )


def _whole(before: Write | None, write: Insert | Replace, document: Document) -> Write:
    """A row's whole image over what the batch did before: still an insert when the batch itself inserted it."""
    kind = Insert if type(before) is Insert else Replace
    return write if type(write) is kind else kind(write.collection, write.id, document, write.position)


def _set(before: Write | None, write: Set) -> Write:
    match before:
        case None:
            return write
        case Insert(document=document) | Replace(document=document):
            still: tuple[str, ...] = ()
        case Set(document=document):
            still = tuple(name for name in write.unavailable if name in before.unavailable)
        case _:
            document, still = {}, ()
    kept = {name: document[name] for name in write.unavailable if name in document}
    if lacking := set(write.unavailable) - kept.keys() - set(still):
        raise no_document(write, write.id, sorted(lacking))
    if isinstance(before, Insert | Replace):
        return type(before)(write.collection, write.id, write.document | kept, write.position)
    return Set(write.collection, write.id, write.document | kept, still, write.position)


def _document(row: Row, whole: Stored) -> Document | None:
    """The row as a whole document, or None where the stored one it rests on does not exist."""
    if row.open == ():
        return row.known
    document = whole.get(row.place)
    if document is None:
        return None
    return row.known | {name: value for name, value in document.items() if row.has_open(name)}
