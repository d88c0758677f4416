"""What a drain asks of whoever is measured."""

from collections.abc import Mapping, Sequence
from typing import Any, Protocol

from bench.topics import FilledTopic, FilledTopics


class Naming(Protocol):
    """How a contestant names what it writes."""

    def collection(self, topic: FilledTopic) -> str:
        """The collection in which the topic's documents are."""
        ...

    def identity(self, key: int) -> Any:
        """The `_id` of the row's document."""
        ...

    def field(self, column: str) -> str:
        """The name of the column's field."""
        ...


class Contestant(Naming, Protocol):
    """
    One way from filled topics to documents.

    `name` is unique among those of a run; `title` is for people; `settings` tell a reader of
    the results how it was set up. `host` is the name of the group of processes that it works
    in; `warms_up` says that these are faster after a while, and may be so before they are measured.
    """

    name: str
    title: str
    settings: Mapping[str, Any]
    host: str
    warms_up: bool

    def start(self, topics: FilledTopics) -> str:
        """Begin to drain the topics from their beginnings into an empty database, and return the database's name."""
        ...

    def check(self) -> None:
        """Raise `StackError` when it cannot go on."""
        ...

    def stop(self) -> None:
        """Stop; the documents stay."""
        ...

    def pids(self) -> Sequence[int]:
        """The processes that do the work."""
        ...
