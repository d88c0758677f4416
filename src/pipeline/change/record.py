"""A Kafka record and its place."""

from collections.abc import Sequence
from typing import NamedTuple


class Position(NamedTuple):
    """The place of a record; printed `topic[0]@42`."""

    topic: str
    partition: int
    offset: int

    def __str__(self) -> str:
        return f"{self.topic}[{self.partition}]@{self.offset}"


class Record(NamedTuple):
    """One Kafka record, encoded. `value` is None for a tombstone, `headers` is empty when there are none."""

    position: Position
    key: bytes | None
    value: bytes | None
    headers: Sequence[tuple[str, bytes | None]] = ()
