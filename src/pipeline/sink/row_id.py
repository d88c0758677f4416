"""
The `_id` of a row without a key: it begins with a digest of all that the row holds.

So the documents equal to a row stand side by side in the index that every collection has,
and one of them is found without looking at any other.
"""

from collections.abc import Container, Sequence
from hashlib import blake2b
from typing import Any

from bson import MaxKey, encode
from bson.errors import BSONError

from pipeline.change.record import Position
from pipeline.sink.document import Document

DIGEST_BYTES = 16
UNENCODABLE = (BSONError, OverflowError)
"""What `digest` raises for a document that has no BSON, as with a NUL in the name of a JSON object's member."""


def digest(document: Document) -> bytes:
    """Return the digest of the document's fields, `_id` aside: their names, values and order."""
    values = {name: value for name, value in document.items() if name != "_id"}
    return blake2b(encode(values), digest_size=DIGEST_BYTES).digest()


def row_id(document: Document, owner: Document, position: Position) -> Document:
    """
    Return the `_id` of a new row's document; `owner` names the job and its generation.

    No other row of its collection has it: a collection takes one table of a job, whose
    changes in one generation are all in one topic, be it shared with other tables or not.
    """
    return {"row": digest(document), **owner, "partition": position.partition, "offset": position.offset}


def beginning_with(beginning: Document) -> dict[str, Any]:
    """The filter of the documents whose `_id` begins so (MongoDB's manual, "Comparison/Sort Order": documents compare field by field)."""
    return {"_id": {"$gte": beginning, "$lt": {**beginning, "": MaxKey()}}}


def reshaped(document: Document, fields: Container[str]) -> Document:
    """The document with only these fields, and the `_id` that it has then."""
    kept = {name: value for name, value in document.items() if name in fields and name != "_id"}
    return {"_id": {**document["_id"], "row": digest(kept)}, **kept}


def older_digest(document: Document, fields: Sequence[str], lacking: int) -> bytes | None:
    """
    The digest that the row's document had before the last `lacking` columns were added; None where it has no more than these.

    `fields` are those of the row, also where the document leaves them out.
    """
    columns = [name for name in fields if name != "_id"]
    if lacking >= len(columns):
        return None
    return digest({name: document[name] for name in columns[: len(columns) - lacking] if name in document})
