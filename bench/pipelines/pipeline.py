"""What an end-to-end measurement asks of whoever is measured."""

from collections.abc import Mapping, Sequence
from dataclasses import dataclass
from typing import Any, Protocol

from bench.contestants.contestant import Naming
from bench.topics import FilledTopic, FilledTopics


@dataclass(frozen=True, slots=True)
class Route:
    """Where the changes of tables go: the database, and the topic on the way by table."""

    database: str
    topics: Mapping[str, str]

    def ends(self, last: int) -> FilledTopics:
        """The topics, when every table's last row has this key."""
        return tuple(FilledTopic(topic, table, table, last) for table, topic in self.topics.items())


class Pipeline(Protocol):
    """
    One whole way from the source's tables to documents.

    `host` is the name of the group of processes that applies changes.
    """

    name: str
    title: str
    settings: Mapping[str, Any]
    host: str

    @property
    def naming(self) -> Naming:
        """How it names what it writes."""
        ...

    def prepare(self) -> None:
        """Start what runs before anyone asks for the tables: that is not measured."""
        ...

    def begin(self, tables: Sequence[str]) -> Route:
        """Ask for the tables to be moved, and return at once."""
        ...

    def check(self) -> None:
        """Raise `StackError` when it cannot go on."""
        ...

    def end(self) -> None:
        """Stop, and remove whatever it made but the documents."""
        ...

    def pids(self) -> Sequence[int]:
        """The processes that apply changes."""
        ...
