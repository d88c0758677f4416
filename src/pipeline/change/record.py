"""A Kafka record and its place."""

from collections.abc import Sequence
from typing import NamedTuple

import msgspec


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


def key_text(key: bytes | None) -> dict[str, str] | None:
    """The columns of a record's key as text, or None where it has none that can be read."""
    if key is None:
        return None
    try:
        payload = msgspec.json.decode(key)["payload"]
        return {str(name): value if isinstance(value, str) else msgspec.json.encode(value).decode() for name, value in payload.items()}
    except (msgspec.MsgspecError, LookupError, TypeError, AttributeError):
        return None
