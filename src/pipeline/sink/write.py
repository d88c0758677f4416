"""What the sink is asked to do."""

from typing import Any, TypeAlias

from msgspec import Struct

from pipeline.change.record import Position
from pipeline.sink.document import Document, Encoded


class Insert(Struct, gc=False):
    """
    A row that is new: its document is inserted; if one with its `_id` exists, it is replaced.

    `deferrable`: another row may still hold the key, and either may leave it later in the
    transaction; else none does, and a document that is there is a left-over.
    """

    collection: str
    id: Any
    document: Document | Encoded
    position: Position
    deferrable: bool = False


class Replace(Struct, gc=False):
    """
    A row's whole new image: its document is replaced, or inserted where none exists.

    `gone` is the row as it was where its key is deferrable, so that it tells which of several
    rows is meant, else None; `required`: each row has a document.
    """

    collection: str
    id: Any
    document: Document | Encoded
    position: Position
    gone: Document | None = None
    required: bool = True


class Set(Struct, gc=False):
    """
    A row's new image but for `unavailable` fields (unchanged TOAST values), which keep what the document has.

    A document with all of these must exist, or the values are lost and the write is refused;
    null is a value, too. `document` holds the known fields, `_id` included. The document
    becomes `document` plus the unavailable fields' present values: fields that are in
    neither disappear.
    """

    collection: str
    id: Any
    document: Document
    unavailable: tuple[str, ...]
    position: Position


class Move(Struct, gc=False):
    """
    A row whose key changed: the second half (its `Delete` came before).

    Like `Replace` for the new `_id`; the `unavailable` fields take their values from the
    document that `old_id` names, as it was before that delete; None: every field but `_id`
    does, and where there was no document none comes. `deferrable` is as in `Insert`.
    """

    collection: str
    id: Any
    old_id: Any
    document: Document | Encoded
    unavailable: tuple[str, ...] | None
    position: Position
    deferrable: bool = False


class Delete(Struct, gc=False):
    """
    A row that is gone; that no document exists is no error.

    `moved_to` is the `_id` the row has taken when the delete is the first half of a key
    change, else None. `gone` and `required` are as in `Replace`.
    """

    collection: str
    id: Any
    position: Position
    moved_to: Any = None
    gone: Document | None = None
    required: bool = True


class Swap(Struct, gc=False):
    """
    A change of a table without a key: a document equal to the row as it was goes, that of the row as it is comes.

    `gone` is the row as it was, with the beginning of its document's `_id` as `_id` (which one of
    several equal documents goes does not matter), or None for a new row; `come` is the
    document of the row as it is, or None for a deleted one. `required`: the row has a
    document, so that the write is refused where none is found.
    """

    collection: str
    gone: Document | None
    come: Document | None
    position: Position
    required: bool = True


class Clear(Struct, gc=False):
    """A table that was emptied by TRUNCATE: every document of its collection is deleted; the collection and its indexes stay."""

    collection: str
    position: Position


Write: TypeAlias = Insert | Replace | Set | Move | Delete | Swap | Clear
