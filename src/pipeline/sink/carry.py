"""What a batch that ends inside a source transaction leaves to the next."""

from collections.abc import Mapping
from dataclasses import dataclass
from typing import Any, NamedTuple

from pipeline.sink.write import Document


class Older(NamedTuple):
    """Rows that still hold a deferrable key though another row has moved there; the oldest first."""

    collection: str
    id: Any
    rows: tuple[Document, ...]


class Departed(NamedTuple):
    """A row that has left its key for the `_id` `moved_to` and has not arrived there; `row` is None when it had no document."""

    collection: str
    id: Any
    row: Document | None
    moved_to: Any = None

    def stored(self) -> dict[str, Any]:
        """The row as a BSON document."""
        return {"collection": self.collection, "id": self.id, "row": self.row, "movedTo": self.moved_to}

    @classmethod
    def from_stored(cls, document: Mapping[str, Any]) -> "Departed":
        """The row that `stored` made a document of."""
        return cls(document["collection"], document["id"], document["row"], document.get("movedTo"))


@dataclass(frozen=True, slots=True)
class Carry:
    """
    Rows between two keys at the end of a batch; kept in the checkpoint.

    `older` counts only while changes of the same source `transaction` follow.
    """

    transaction: str | None
    older: tuple[Older, ...] = ()
    departed: Departed | None = None

    def stored(self) -> dict[str, Any]:
        """The carry as a BSON document."""
        return {
            "transaction": self.transaction,
            "older": [{"collection": each.collection, "id": each.id, "rows": list(each.rows)} for each in self.older],
            "departed": self.departed.stored() if self.departed else None,
        }

    @classmethod
    def from_stored(cls, document: Mapping[str, Any]) -> "Carry":
        """The carry that `stored` made a document of."""
        departed = document["departed"]
        return cls(
            document["transaction"],
            tuple(Older(each["collection"], each["id"], tuple(each["rows"])) for each in document["older"]),
            Departed.from_stored(departed) if departed else None,
        )
