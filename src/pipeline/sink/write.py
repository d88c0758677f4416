"""What the sink is asked to do."""

from collections.abc import Callable
from typing import Any, NamedTuple, TypeAlias

from msgspec import Struct

from pipeline.change.record import Position, Record
from pipeline.errors import EventError
from pipeline.sink.document import Document, Encoded


class Stays(NamedTuple):
    """What tells whether a row whose change leaves out values satisfies its filter; `fields` are those of its document that it needs."""

    fields: tuple[str, ...]
    told_by: Callable[[Document], bool]


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
    rows is meant, else None; `required`: each row has a document. `sparse`: documents leave out
    nulls, so that a field which is not there is one of the row's values, too.
    """

    collection: str
    id: Any
    document: Document | Encoded
    position: Position
    gone: Document | None = None
    required: bool = True
    sparse: bool = False


class Set(Struct, gc=False):
    """
    A row's new image but for `unavailable` fields (unchanged TOAST values), which keep what the document has.

    A document with all of these must exist, or the values are lost and the write is refused;
    null is a value, too. `document` holds the known fields, `_id` included. The document
    becomes `document` plus the unavailable fields' present values: fields that are in
    neither disappear. `stays`: whether the row satisfies its filter hangs on unavailable fields.
    """

    collection: str
    id: Any
    document: Document
    unavailable: tuple[str, ...]
    position: Position
    stays: Stays | None = None


class Move(Struct, gc=False):
    """
    A row whose key changed: the second half (its `Delete` came before).

    Like `Replace` for the new `_id`; the `unavailable` fields take their values from the
    document that `old_id` names, as it was before that delete; None: every field but `_id`
    does, and where there was no document none comes. `deferrable` is as in `Insert`, `stays` as in `Set`.
    """

    collection: str
    id: Any
    old_id: Any
    document: Document | Encoded
    unavailable: tuple[str, ...] | None
    position: Position
    deferrable: bool = False
    stays: Stays | None = None


class Delete(Struct, gc=False):
    """
    A row that is gone; that no document exists is no error.

    `moved_to` is the `_id` the row has taken when the delete is the first half of a key
    change, else None. `moved_from` is the `_id` that it had when it is the second half, of a row that
    does not satisfy its filter under the new one. `gone`, `required` and `sparse` are as in `Replace`.
    """

    collection: str
    id: Any
    position: Position
    moved_to: Any = None
    gone: Document | None = None
    required: bool = True
    sparse: bool = False
    moved_from: Any = None


class Swap(Struct, gc=False):
    """
    A change of a table without a key: a document equal to the row as it was goes, that of the row as it is comes.

    `gone` is the row as it was, with the beginning of its document's `_id` as `_id` (which one of
    several equal documents goes does not matter), or None for a new row; `come` is the
    document of the row as it is, or None for a deleted one. `required`: the row has a
    document, so that the write is refused where none is found. `fields` are those that a row may
    have, `_id` included, where documents leave out nulls; else None.
    """

    collection: str
    gone: Document | None
    come: Document | None
    position: Position
    required: bool = True
    fields: tuple[str, ...] | None = None

    @property
    def shape(self) -> tuple[str, ...]:
        """The fields of the table's rows, in order: those that are null, too."""
        return tuple(self.come or self.gone or ()) if self.fields is None else self.fields

    @property
    def had_columns_added(self) -> bool:
        """
        Whether a row that is not found may have the document of a time when it had fewer columns.

        Where nulls are left out, such a document looks as that of another row does whose last
        columns are null. Where each row has a document, either may take the other's place.
        """
        return self.required or self.fields is None


class Clear(Struct, gc=False):
    """A table that was emptied by TRUNCATE: every document of its collection is deleted; the collection and its indexes stay."""

    collection: str
    position: Position


class Fail(Struct, gc=False):
    """
    A change that cannot be applied, for the reason that `error` tells: no document changes, and its record is kept as a dead letter.

    `id` is the `_id` of the row's document, and `old_id` the one before, where the change is the
    second half of a key change; None where they are not known. `kind` names the write that it would have been.
    """

    collection: str
    id: Any
    position: Position
    error: EventError
    record: Record | None
    operation: str
    old_id: Any = None
    kind: str = "Fail"


Write: TypeAlias = Insert | Replace | Set | Move | Delete | Swap | Clear | Fail


def left_id(write: Write) -> Any:
    """The `_id` that the row had before, where the write is the second half of a change of its key; None of any other."""
    if isinstance(write, Move | Fail):
        return write.old_id
    return write.moved_from if isinstance(write, Delete) else None
