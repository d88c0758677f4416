"""Change topics that hold what is to be drained."""

import json
from collections.abc import Iterator
from contextlib import contextmanager
from dataclasses import dataclass
from typing import Any, TypeAlias

from confluent_kafka import Consumer, Message, TopicPartition

POLL_SECONDS = 10.0
MARKERS = 50
"""Transaction markers take offsets too: the last record is somewhere among the last offsets."""


@dataclass(frozen=True, slots=True)
class FilledTopic:
    """A topic of one table's changes, and the key of its last record."""

    name: str
    table: str
    collection: str
    last: int


FilledTopics: TypeAlias = tuple[FilledTopic, ...]


def last_key(bootstrap_servers: str, topic: str) -> int | None:
    """The `id` in the topic's last committed record, if there is one."""
    with _consumer(bootstrap_servers) as consumer:
        _, end = consumer.get_watermark_offsets(TopicPartition(topic, 0), timeout=POLL_SECONDS)
        consumer.assign([TopicPartition(topic, 0, max(end - MARKERS, 0))])
        last: int | None = None
        while (message := consumer.poll(POLL_SECONDS)) is not None and message.error() is None:
            last = _key(message)
        return last


@contextmanager
def _consumer(bootstrap_servers: str) -> Iterator[Consumer]:
    consumer = Consumer(
        {
            "bootstrap.servers": bootstrap_servers,
            "group.id": "bench",
            "enable.auto.commit": False,
            "enable.partition.eof": True,
            "isolation.level": "read_committed",
        }
    )
    try:
        yield consumer
    finally:
        consumer.close()


def _key(message: Message) -> int:
    key: dict[str, Any] = json.loads(message.key() or b"{}")
    return int(key["payload"]["id"])
