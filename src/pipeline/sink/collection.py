"""Reading and writing the documents of a transaction, in bulk."""

from collections.abc import Iterable, Iterator, Mapping, Sequence
from typing import Any, TypeVar

from pymongo.client_session import ClientSession
from pymongo.collection import Collection
from pymongo.database import Database

from pipeline.sink.bulk import Bulk
from pipeline.sink.document import Document, has_dollars
from pipeline.sink.place import Place, canonical
from pipeline.sink.plan import no_document
from pipeline.sink.reads import Reads
from pipeline.sink.write import Delete, Insert, Replace, Set, Write

FIELD_NAMES = {"$map": {"input": {"$objectToArray": "$$ROOT"}, "in": "$$this.k"}}
"""An expression for the names of a document's fields, which works whatever they are."""

CHUNK_DOCUMENTS = 2_000
CHUNK_BYTES = 16 * 1024 * 1024

T = TypeVar("T")


def read_documents(database: Database[Document], wanted: Mapping[str, Reads], session: ClientSession) -> dict[Place, Document]:
    """The documents that exist, with the wanted fields."""
    found: dict[Place, Document] = {}
    for collection, reads in wanted.items():
        documents = database[collection].find({"_id": {"$in": reads.ids}}, _projection(reads.fields), session=session)
        found.update((Place(collection, canonical(document["_id"])), document) for document in documents)
    return found


def find_chunks(collection: Collection[Document]) -> Iterator[list[Any]]:
    """The `_id`s of all documents, as many at a time as one transaction may well delete."""
    return in_chunks((found["_id"], found["size"]) for found in collection.find({}, {"size": {"$bsonSize": "$$ROOT"}}))


def in_chunks(sized: Iterable[tuple[T, int]]) -> Iterator[list[T]]:
    """Cut what comes with its size in bytes into lists that one transaction may well deal with."""
    chunk, room = list[T](), CHUNK_BYTES
    for each, size in sized:
        if chunk and (len(chunk) == CHUNK_DOCUMENTS or size > room):
            yield chunk
            chunk, room = [], CHUNK_BYTES
        chunk.append(each)
        room -= size
    if chunk:
        yield chunk


def write_documents(collection: Collection[Document], writes: Sequence[Write], session: ClientSession, *, crowded: bool) -> None:
    """
    Write different documents of a collection; `crowded`: documents may exist where inserts are asked for.

    Deletes go first and inserts last, so that values of unique indexes are free before they
    are taken. Upserts of missing keys go quadratic when two transactions make them side by
    side, so what a replace does not find is inserted afterwards.

    Raises:
        WriteRefusedError: A `Set` finds no document that has its unavailable fields.
    """
    replaces: list[Insert | Replace] = [write for write in writes if type(write) is Replace or (crowded and type(write) is Insert)]
    sets = [write for write in writes if type(write) is Set]
    bulk = Bulk(collection, session)
    bulk.delete([write.id for write in writes if type(write) is Delete])
    updates = [_replace(write) for write in replaces] + [_set(write) for write in sets]
    matched = bulk.update(updates, [write.position for write in [*replaces, *sets]])
    if not crowded:
        inserts = [write for write in writes if type(write) is Insert]
        bulk.insert([write.document for write in inserts], [write.position for write in inserts])
    if matched < len(replaces) + len(sets):
        _refuse_lacking(collection, sets, session)
        _insert_missing(collection, replaces, session)


def _refuse_lacking(collection: Collection[Document], sets: Sequence[Set], session: ClientSession) -> None:
    """Raise the refusal of the first `Set` whose document is not there, or lacks a field that it leaves out."""
    wanted: list[dict[str, Any]] = [{"$match": {"_id": {"$in": [write.id for write in sets]}}}, {"$project": {"names": FIELD_NAMES}}]
    names = {canonical(found["_id"]): found["names"] for found in collection.aggregate(wanted, session=session)} if sets else {}
    for write in sets:
        present = names.get(canonical(write.id), ())
        if lacking := [name for name in write.unavailable if name not in present]:
            raise no_document(write, write.id, lacking)


def _insert_missing(collection: Collection[Document], replaces: Sequence[Insert | Replace], session: ClientSession) -> None:
    ids = [write.id for write in replaces]
    present = {canonical(found["_id"]) for found in collection.find({"_id": {"$in": ids}}, {"_id": 1}, session=session)}
    missing = [write for write in replaces if canonical(write.id) not in present]
    Bulk(collection, session).insert([write.document for write in missing], [write.position for write in missing])


def _replace(write: Insert | Replace) -> dict[str, Any]:
    """
    A replacement; by pipeline where a name begins with `$`, which a plain one refuses (error 52).

    MongoDB's manual, "Field Names with Periods and Dollar Signs".
    """
    document = write.document
    return {"q": {"_id": write.id}, "u": [{"$replaceWith": {"$literal": document}}] if has_dollars(document) else document}


def _set(write: Set) -> dict[str, Any]:
    """
    The update of the document that has all the fields that the change left out.

    It keeps those, takes the known ones, and loses every other. Where paths can name the
    left-out fields, that costs mongod half of what looking through the whole document does.
    """
    if _are_paths(write.unavailable):
        holder: dict[str, Any] = {name: {"$exists": True} for name in write.unavailable}
        kept: dict[str, Any] = {name: f"${name}" for name in write.unavailable}
    else:
        names = {"$literal": list(write.unavailable)}
        holder = {"$expr": {"$setIsSubset": [names, FIELD_NAMES]}}
        kept = {"$arrayToObject": {"$filter": {"input": {"$objectToArray": "$$ROOT"}, "cond": {"$in": ["$$this.k", names]}}}}
    return {"q": {"_id": write.id} | holder, "u": [{"$replaceWith": {"$mergeObjects": [{"$literal": write.document}, kept]}}]}


def _projection(fields: set[str] | None) -> dict[str, int] | None:
    """Only these fields, or whole documents where a projection cannot name them."""
    return {"_id": 1} | dict.fromkeys(fields, 1) if fields is not None and _are_paths(fields) else None


def _are_paths(names: Iterable[str]) -> bool:
    """Whether each name is one step of a path, and nothing else."""
    return not any("." in name or "$" in name for name in names)
