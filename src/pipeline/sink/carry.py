"""What a batch that ends inside a source transaction leaves to the next."""

from collections.abc import Mapping
from dataclasses import dataclass
from typing import Any, NamedTuple

from pipeline.sink.document import Document


class Held(NamedTuple):
    """
    A deferrable key that several rows hold: all of them but the latest, whose document is stored.

    `first` is the row from before the transaction, None if it has no document or has `left`;
    `came` are those of the transaction.
    """

    collection: str
    id: Any
    first: Document | None
    left: bool
    came: tuple[Document, ...]

    def stored(self) -> dict[str, Any]:
        """The key and its rows as a BSON document."""
        return {"collection": self.collection, "id": self.id, "first": self.first, "left": self.left, "came": list(self.came)}

    @classmethod
    def from_stored(cls, document: Mapping[str, Any]) -> "Held":
        """The key that `stored` made a document of."""
        return cls(document["collection"], document["id"], document["first"], document["left"], tuple(document["came"]))


class Departed(NamedTuple):
    """A row that has left its key for the `_id` `moved_to` and has not arrived there; `row` is None when it had no document."""

    collection: str
    id: Any
    row: Document | None
    moved_to: Any = None
    deferrable: bool = False

    def stored(self) -> dict[str, Any]:
        """The row as a BSON document."""
        place = {"collection": self.collection, "id": self.id}
        return {**place, "row": self.row, "movedTo": self.moved_to, "deferrable": self.deferrable}

    @classmethod
    def from_stored(cls, document: Mapping[str, Any]) -> "Departed":
        """The row that `stored` made a document of."""
        moved_to, deferrable = document.get("movedTo"), document.get("deferrable", False)
        return cls(document["collection"], document["id"], document["row"], moved_to, deferrable)


@dataclass(frozen=True, slots=True)
class Carry:
    """
    Rows between two keys, or beside others that hold theirs, at the end of a batch; kept in the checkpoint.

    `held` counts only while changes of the same source `transaction` follow. Where keys are
    deferrable the transaction is told even if no key is held by several rows.
    """

    transaction: str | None
    held: tuple[Held, ...] = ()
    departed: Departed | None = None

    def stored(self) -> dict[str, Any]:
        """The carry as a BSON document."""
        return {
            "transaction": self.transaction,
            "held": [each.stored() for each in self.held],
            "departed": self.departed.stored() if self.departed else None,
        }

    @classmethod
    def from_stored(cls, document: Mapping[str, Any]) -> "Carry":
        """The carry that `stored` made a document of."""
        departed = document["departed"]
        return cls(
            document["transaction"],
            tuple(Held.from_stored(each) for each in document.get("held", ())),
            Departed.from_stored(departed) if departed else None,
        )
