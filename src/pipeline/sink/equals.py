"""Finding the documents of rows without a key, by what the rows hold."""

from collections import defaultdict
from collections.abc import Container, Iterable, Iterator, Sequence
from typing import Any

from bson import encode
from pymongo.client_session import ClientSession
from pymongo.collection import Collection
from pymongo.database import Database

from pipeline.errors import WriteRefusedError
from pipeline.sink.bag import Bag, Sought, Wanted
from pipeline.sink.collection import FIELD_NAMES, in_chunks
from pipeline.sink.document import Document
from pipeline.sink.place import Place
from pipeline.sink.row_id import beginning_with
from pipeline.sink.write import Swap

AT_ONCE = 200
SURPLUS = 1_000
"""How many more documents than are sought may be read, since equal rows come with each other."""


class RowNotFoundError(WriteRefusedError):
    """No document is equal to the row that a change of a table without a key is about."""

    def __init__(self, write: Swap) -> None:
        super().__init__(
            f"{write.collection}: no document equals the row that the change at {write.position} updates or deletes",
            suggestion="Post the job again. A column was renamed or retyped since the row changed last (or the last one dropped and "
            "another added), a document was changed by others, or the snapshot has read a value otherwise than it is (see the source's "
            "documentation). With a primary key a row is found whatever it holds.",
            code="ROW_NOT_FOUND",
        )


class OutgrownError(Exception):
    """A row has no document as it is, and documents of its table may have fields that rows have no more: take these from them."""

    def __init__(self, write: Swap) -> None:
        super().__init__(write.collection)
        self.write = write


def find_equal(database: Database[Document], wanted: Wanted, session: ClientSession) -> dict[Place, list[Any]]:
    """The `_id`s of documents equal to the rows, at least as many of each as are sought, or all there are."""
    found: defaultdict[Place, list[Any]] = defaultdict(list)
    for collection, rows in wanted.items():
        every = list(rows.values())
        for first in range(0, len(every), AT_ONCE):
            for identity in _find(database[collection], every[first : first + AT_ONCE], session):
                found[Place(collection, identity["row"])].append(identity)
    return found


def find_older(database: Database[Document], bag: Bag, present: Container[str], session: ClientSession) -> None:
    """
    Give the rows that are missing the documents they have from before columns were added.

    `present` holds the collections whose documents have no fields but those of their rows;
    with others, a row could be taken for one that never had a column which it has lost.

    Raises:
        OutgrownError: A collection has to be made present first.
        RowNotFoundError: A row that must have a document has none, or columns have changed among the rows.
    """
    for write in bag.missing:
        if len(bag.shapes[write.collection]) > 1:
            raise RowNotFoundError(write)
        if write.collection not in present:
            raise OutgrownError(write)
    while bag.missing and (wanted := bag.wanted_older()):
        bag.take_older(find_equal(database, wanted, session))
    for write in bag.missing:
        if write.required:
            raise RowNotFoundError(write)


def find_outgrown(collection: Collection[Document], write: Swap) -> Iterator[list[Document]]:
    """
    The documents of the write's table that have fields which its row has no more, as many at a time as one transaction may well write.

    Raises:
        RowNotFoundError: A column may have been renamed, and nothing tells which documents are older.
    """
    row = write.shape
    _, *owner = (write.gone or {})["_id"].items()
    own = {"_id.row": {"$exists": True}} | {f"_id.{name}": value for name, value in owner}
    outgrown: dict[str, Any] = {"$expr": {"$not": {"$setIsSubset": [FIELD_NAMES, {"$literal": list(row)}]}}}
    old = set() if write.fields is None else _fields(collection, {**own, **outgrown})
    for chunk in in_chunks((document, len(encode(document))) for document in collection.find({**own, **outgrown})):
        if any(_may_be_renamed(document, [name for name in row if name in document or name not in old]) for document in chunk):
            raise RowNotFoundError(write)
        yield chunk


def _fields(collection: Collection[Document], documents: dict[str, Any]) -> set[str]:
    """
    The fields that any of the documents has.

    Where nulls are left out, a field that some of those from before a column was dropped have
    was there at that time: it is null in the others, and not the other name of the one that was dropped.
    """
    names: list[dict[str, Any]] = [{"$match": documents}, {"$project": {"names": FIELD_NAMES}}, {"$unwind": "$names"}]
    return {found["_id"] for found in collection.aggregate([*names, {"$group": {"_id": "$names"}}])}


def _may_be_renamed(document: Document, row: Sequence[str]) -> bool:
    """Whether between the same neighbours each has a field that the other lacks; what was added stands at the end."""
    return any(outgrown and lacking for outgrown, lacking in zip(_gaps(document, row), _gaps(row, document), strict=True))


def _gaps(fields: Iterable[str], known: Container[str]) -> list[bool]:
    """Whether there are unknown fields before the first known one, between each two, and after the last."""
    gaps = [False]
    for name in fields:
        if name in known:
            gaps.append(False)
        else:
            gaps[-1] = True
    return gaps


def _find(collection: Collection[Document], some: Sequence[Sought], session: ClientSession) -> list[Any]:
    limit = sum(each.count for each in some) + (SURPLUS if len(some) > 1 else 0)
    filters = [beginning_with(each.beginning) for each in some]
    # Without the hint every filter is planned by itself, which costs as much again as finding.
    found = [each["_id"] for each in collection.find({"$or": filters}, {"_id": 1}, limit=limit, hint={"_id": 1}, session=session)]
    if len(some) > 1 and len(found) == limit:  # rows that are there many times may have kept others out
        return [identity for each in some for identity in _find(collection, [each], session)]
    return found
