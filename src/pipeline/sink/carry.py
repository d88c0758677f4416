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
    """A row that has left its key and has not arrived at its new one; `row` is None when it had no document."""

    collection: str
    id: Any
    row: Document | None


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
            "departed": self.departed._asdict() if self.departed else None,
        }

    @classmethod
    def from_stored(cls, document: Mapping[str, Any]) -> "Carry":
        """The carry that `stored` made a document of."""
        departed = document["departed"]
        return cls(
            document["transaction"],
            tuple(Older(each["collection"], each["id"], tuple(each["rows"])) for each in document["older"]),
            Departed(**departed) if departed else None,
        )
