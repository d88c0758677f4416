"""Names in the documents of rowstream and of the peers."""

from typing import Any

from bson import Int64

from bench.topics import FilledTopic


class RowstreamNaming:
    """camelCase, the key itself as `_id`."""

    def collection(self, topic: FilledTopic) -> str:
        """The collection that the job plans."""
        return topic.collection

    def identity(self, key: int) -> Any:
        """The key itself."""
        return Int64(key)

    def field(self, column: str) -> str:
        """The column's name in camelCase."""
        first, *others = column.split("_")
        return first + "".join(part.capitalize() for part in others)


class PeerNaming:
    """The source's own names, a document of the key's columns as `_id`, the topic's name as the collection's (perhaps without dots)."""

    def __init__(self, dot: str = ".") -> None:
        self._dot = dot

    def collection(self, topic: FilledTopic) -> str:
        """The topic's name."""
        return topic.name.replace(".", self._dot)

    def identity(self, key: int) -> Any:
        """A document of the key's columns."""
        return {"id": Int64(key)}

    def field(self, column: str) -> str:
        """The column's own name."""
        return column
