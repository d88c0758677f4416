"""
Many writes of one collection as one command each.

A command takes the documents as they are; the driver's bulk writes make an object of each
first, which costs as much again as encoding them (docs/decisions/0005).
"""

from collections.abc import Sequence
from typing import Any

from pymongo.client_session import ClientSession
from pymongo.collection import Collection
from pymongo.errors import BulkWriteError

from pipeline.change.record import Position
from pipeline.sink.document import Document, Encoded


class Bulk:
    """
    Writes to a collection within a session's transaction.

    `positions` are those of the records of what is written, as far as they are known.

    Raises:
        BulkWriteError: MongoDB refuses one of the writes; `details["position"]` is that of its record, or None.
        OperationFailure: MongoDB refuses the command.
        DocumentTooLarge: A document is larger than 16 MB.
    """

    def __init__(self, collection: Collection[Document], session: ClientSession) -> None:
        self._collection = collection
        self._session = session

    def delete(self, ids: Sequence[Any]) -> None:
        """Delete the documents with these `_id`s."""
        if ids:
            self._run("delete", "deletes", [{"q": {"_id": {"$in": ids}}, "limit": 0}])

    def update(self, updates: Sequence[dict[str, Any]], positions: Sequence[Position] = ()) -> int:
        """Make updates (`q`: which document, `u`: what it becomes); how many documents they matched."""
        return int(self._run("update", "updates", updates, positions)["n"]) if updates else 0

    def insert(self, documents: Sequence[Document | Encoded], positions: Sequence[Position] = ()) -> None:
        """Insert the documents."""
        if documents:
            self._run("insert", "documents", documents, positions)

    def _run(self, command: str, field: str, writes: Sequence[Any], positions: Sequence[Position] = ()) -> dict[str, Any]:
        reply: dict[str, Any] = self._collection.database.command(
            {command: self._collection.name, field: writes},
            session=self._session,
            codec_options=self._collection.codec_options,
        )
        if faults := reply.get("writeErrors"):
            index = faults[0]["index"]
            raise BulkWriteError(reply | {"position": positions[index] if index < len(positions) else None})
        return reply
