"""Planning a batch: the writes of a partition, in order, become at most one write for each document."""

from collections import defaultdict
from collections.abc import Iterator, Mapping, Sequence
from typing import Any, NamedTuple

from pipeline.change.record import Position
from pipeline.errors import WriteRefusedError
from pipeline.sink.bag import Bag, Found
from pipeline.sink.batch import Step
from pipeline.sink.carry import Carry, Departed, Held
from pipeline.sink.document import Document, Encoded, opened
from pipeline.sink.holders import Holders, Row
from pipeline.sink.place import PLAIN, Place, canonical
from pipeline.sink.reads import Reads
from pipeline.sink.write import Clear, Delete, Fail, Insert, Move, Replace, Set, Swap, Write

FULL_IDENTITY = "Run ALTER TABLE ... REPLICA IDENTITY FULL on the table, so that its changes carry every column, then post the job again."

VALUES_UNAVAILABLE = "VALUES_UNAVAILABLE"
"""The code of a refusal to write a document without the values that its change leaves out."""

Stored = Mapping[Place, Document]


class _Departed(NamedTuple):
    """A row that has left its key for the `_id` `moved_to`, if it has a document, and has not arrived there."""

    place: Place
    id: Any
    row: Row | None
    moved_to: Any
    deferrable: bool


class Plan:
    """
    Folds the writes of one partition into one write for each document.

    `stored` holds the documents of `reads` that exist, `found` those of `wanted_rows`, and
    `carry` what the partition's last batch left. The writes left in `writes()` touch
    different documents, so their order does not matter. `bag` plans tables without a key. `left` holds the
    documents that rows had which should have moved, and could not. Writes before the offset `replay_until` have
    been applied before: a row that moves then may be at its new key already.

    Where keys are deferrable, several rows may hold one until the source transaction ends
    (`Holders`). Until then the document is that of the row that came last.
    """

    def __init__(self, stored: Stored, carry: Carry | None, found: Found | None = None, replay_until: int = 0) -> None:
        self.bag = Bag(found or {})
        self.left: dict[Position, Document] = {}
        self._replay_until = replay_until
        self._stored = stored
        self._rows: defaultdict[str, dict[Any, Write]] = defaultdict(dict)
        self._held: dict[Place, Holders] = {}
        self._departed: _Departed | None = None
        self._transaction: str | None = None
        self._resumed = carry is not None and (carry.departed is None or carry.departed.deferrable)
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
            if isinstance(write, (Swap, Clear, Fail)):
                self._change_no_row(write)
                continue
            if step.transaction != self._transaction:
                self._begin(step.transaction)
            key = write.id if type(write.id) in PLAIN else canonical(write.id)
            rows = self._rows[write.collection]
            before = rows.get(key)
            match write:
                case Insert(deferrable=False):
                    rows[key] = write if before is None else _whole(before, write, write.document)
                case Replace(gone=None):
                    rows[key] = _whole(before, write, write.document)
                case Set():
                    rows[key] = _set(before, write) if self._stays(Place(write.collection, key), write) else _left(write)
                case Delete():
                    self._delete(Place(write.collection, key), write)
                case Move():
                    self._move(Place(write.collection, key), write)
                case Insert() | Replace():
                    self._change(Place(write.collection, key), write)

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
        if self._departed is not None:
            place, identity, row, moved_to, deferrable = self._departed
            departed = Departed(place.collection, identity, None if row is None else _document(row, whole), moved_to, deferrable)
        held = tuple(each for place, holders in self._held.items() if (each := _held(place, holders, whole)) is not None)
        return Carry(self._transaction, held, departed) if self._held or self._resumed or departed else None

    def _begin(self, transaction: str | None) -> None:
        self._held.clear()
        self._resumed = False
        self._departed = None
        self._transaction = transaction

    def _resume(self, carry: Carry) -> None:
        self._transaction = carry.transaction
        for held in carry.held:
            place = Place(held.collection, canonical(held.id))
            latest = [self._stored[place]] if place in self._stored else []
            first = None if held.first is None else Row(place, held.id, held.first)
            self._held[place] = Holders(held.id, first, None, held.left, [*held.came, *latest])
        if carry.departed is not None:
            collection, identity, document, moved_to, deferrable = carry.departed
            place = Place(collection, canonical(identity))
            row = None if document is None else Row(place, identity, document)
            self._departed = _Departed(place, identity, row, moved_to, deferrable)

    def _carried_rows(self) -> Iterator[Row]:
        for holders in self._held.values():
            if holders.came and holders.stays is not None:
                yield holders.stays
        if self._departed is not None and self._departed.row is not None:
            yield self._departed.row

    def _change_no_row(self, write: Swap | Clear | Fail) -> None:
        """A change that is not about one `_id`, or about none that is to change."""
        match write:
            case Swap():
                self.bag.swap(write)
            case Fail():
                self._fail(write)
            case Clear():
                raise TypeError("a clear is a batch of its own")

    def _fail(self, write: Fail) -> None:
        """A row that should have come to its new key does not: the document it had is all that is left of its old one."""
        if write.old_id is None:
            return
        departed, self._departed = self._departed, None
        if departed is not None and departed.row is not None and departed.place == Place(write.collection, canonical(write.old_id)):
            document = _document(departed.row, self._stored)
            if document is not None:
                self.left[write.position] = document

    def _stays(self, place: Place, write: Set) -> bool:
        """Whether the row satisfies its filter, by values that the change left out and its document has."""
        if write.stays is None:
            return True
        row = self._row(place, write.id)
        known = self._stored.get(place, {}) if row is not None and row.open != () else {}
        document = known | (row.known if row is not None else {})
        if lacking := [name for name in write.stays.fields if name not in document]:
            raise no_document(write, write.id, lacking)
        return write.stays.told_by(document)

    def _change(self, place: Place, write: Insert | Replace) -> None:
        """A row comes to hold a deferrable key, or one of those that hold it changes."""
        if isinstance(write, Replace) and write.gone is not None:
            self._leave(place, write, write.gone)
        self._come(place, write, opened(write.document))

    def _come(self, place: Place, write: Insert | Replace | Move, document: Document) -> None:
        holders = self._held.get(place)
        if holders is None:
            holders = self._held[place] = self._holders(place, write.id)
            if holders.first is not None and holders.first.open is None and place not in self._stored:
                holders.first = None
        holders.came.append(document)
        self._show(place, holders, write)

    def _leave(self, place: Place, write: Replace | Delete, row: Document) -> None:
        holders = self._held.get(place)
        if holders is None:
            holders = self._held[place] = self._holders(place, write.id)
        holders.leave(row, required=write.required, sparse=write.sparse)
        self._show(place, holders, write)

    def _holders(self, place: Place, identity: Any) -> Holders:
        """Who holds the key: a stored row may have come since the transaction began, if that was in a batch before."""
        before = self._rows[place.collection].get(place.key)
        if self._resumed and before is None and place in self._stored:
            return Holders(identity, None, None, came=[self._stored[place]])
        return Holders(identity, self._row(place, identity), before)

    def _show(self, place: Place, holders: Holders, write: Insert | Replace | Move | Delete) -> None:
        """Make the document that of the row which came last, or of the one from before the transaction."""
        rows, before, first = self._rows[place.collection], holders.before, holders.stays
        new = type(before) is Insert or (before is None and holders.first is None and place not in self._stored)
        kind = Insert if new else Replace
        if holders.came:
            rows[place.key] = kind(place.collection, write.id, holders.came[-1], write.position)
        elif first is None:
            rows[place.key] = Delete(place.collection, write.id, write.position)
        elif first.open == ():
            rows[place.key] = kind(place.collection, write.id, first.known, write.position)
        else:
            rows.pop(place.key, None)

    def _delete(self, place: Place, write: Delete) -> None:
        if write.gone is None:
            row = self._row(place, write.id)
            self._rows[place.collection][place.key] = write
        else:
            row = Row(place, write.id, write.gone)
            self._leave(place, write, write.gone)
        if write.moved_from is not None:
            self._departed = None
        if write.moved_to is not None:
            self._departed = _Departed(place, write.id, row, write.moved_to, write.gone is not None)

    def _move(self, place: Place, write: Move) -> None:
        if write.position.offset < self._replay_until and self._arrived(place, write):
            self._departed = None
            self._stay(place, Set(write.collection, write.id, opened(write.document), write.unavailable or (), write.position, write.stays))
            return
        try:
            document = self._filled(write)
        except WriteRefusedError:
            if write.position.offset >= self._replay_until or not write.unavailable:
                raise
            self._stay(place, Set(write.collection, write.id, opened(write.document), write.unavailable, write.position, write.stays))
            return
        if document is None:
            return
        rows = self._rows[place.collection]
        if write.stays is not None and not write.stays.told_by(opened(document)):
            rows[place.key] = Delete(write.collection, write.id, write.position)
        elif write.deferrable:
            self._come(place, write, opened(document))
        else:
            kind = Replace if place in self._stored or place.key in rows else Insert
            rows[place.key] = kind(write.collection, write.id, document, write.position)

    def _arrived(self, place: Place, write: Move) -> bool:
        """Whether the row has all that its change leaves out at its new key since the first time; the old one may be another row's."""
        if not write.unavailable or place.key in self._rows[place.collection]:
            return False
        return all(name in self._stored.get(place, {}) for name in write.unavailable)

    def _stay(self, place: Place, write: Set) -> None:
        """The row is at its new key since the first time, with the values that its change leaves out."""
        rows = self._rows[place.collection]
        rows[place.key] = _set(rows.get(place.key), write) if self._stays(place, write) else _left(write)

    def _filled(self, write: Move) -> Document | Encoded | None:
        """The whole document of the moved row; None where all of it is the old one's, and there is none."""
        departed, self._departed = self._departed, None
        if write.unavailable == ():
            return write.document
        place = Place(write.collection, canonical(write.old_id))
        left = departed.row if departed is not None and departed.place == place else None
        if write.unavailable is None:
            old = None if left is None else _document(left, self._stored)
            return None if old is None else old | opened(write.document)
        if left is None:
            raise no_document(write, write.old_id, write.unavailable)
        return opened(write.document) | {name: self._value(left, name, write) for name in write.unavailable}

    def _value(self, row: Row, name: str, write: Move) -> Any:
        document = self._stored.get(row.place, {}) if row.has_open(name) else row.known
        if name not in document:
            raise no_document(write, write.old_id, [name])
        return document[name]

    def _row(self, place: Place, identity: Any) -> Row | None:
        """The row that has the key now; one that nothing is known of counts as stored."""
        match self._rows[place.collection].get(place.key):
            case None:
                return Row(place, identity, {}, None)
            case Insert(document=document) | Replace(document=document):
                return Row(place, identity, opened(document))
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
        code=VALUES_UNAVAILABLE,
    ).at(write.position)


def _whole(before: Write | None, write: Insert | Replace, document: Document | Encoded) -> Write:
    """A row's whole image over what the batch did before: still an insert when the batch itself inserted it."""
    kind = Insert if type(before) is Insert else Replace
    return write if type(write) is kind else kind(write.collection, write.id, document, write.position)


def _left(write: Set) -> Delete:
    """What becomes of a row that has left its filter."""
    return Delete(write.collection, write.id, write.position)


def _set(before: Write | None, write: Set) -> Write:
    still: tuple[str, ...]
    match before:
        case None:
            return write
        case Insert() | Replace():
            document, still = opened(before.document), ()
        case Set():
            document = before.document
            still = tuple(name for name in write.unavailable if name in before.unavailable)
        case _:
            document, still = {}, ()
    kept = {name: document[name] for name in write.unavailable if name in document}
    if lacking := set(write.unavailable) - kept.keys() - set(still):
        raise no_document(write, write.id, sorted(lacking))
    if isinstance(before, Insert | Replace):
        return type(before)(write.collection, write.id, write.document | kept, write.position)
    return Set(write.collection, write.id, write.document | kept, still, write.position)


def _held(place: Place, holders: Holders, whole: Stored) -> Held | None:
    """What the next batch must know of a key that several rows hold; None where one or none does."""
    first = None if holders.stays is None else _document(holders.stays, whole)
    if len(holders.came) + (first is not None) < 2:
        return None
    return Held(place.collection, holders.id, first, holders.left, tuple(holders.came[:-1]))


def _document(row: Row, whole: Stored) -> Document | None:
    """The row as a whole document, or None where the stored one it rests on does not exist."""
    if row.open == ():
        return row.known
    document = whole.get(row.place)
    if document is None:
        return None
    return row.known | {name: value for name, value in document.items() if row.has_open(name)}
