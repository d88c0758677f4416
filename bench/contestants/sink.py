"""A peer: a sink connector on Kafka Connect."""

import secrets
from collections.abc import Mapping, Sequence
from dataclasses import dataclass
from typing import Any

from pymongo import MongoClient

from bench.connectors import Connectors
from bench.contestants.naming import PeerNaming
from bench.topics import FilledTopics
from stack.connect import JSON, Connect

CONVERTERS = {
    "key.converter": JSON,
    "key.converter.schemas.enable": "true",
    "value.converter": JSON,
    "value.converter.schemas.enable": "true",
}
CONSUMER = {
    "consumer.override.auto.offset.reset": "earliest",
    "consumer.override.isolation.level": "read_committed",
    "consumer.override.fetch.max.bytes": str(50 * 1024 * 1024),
    "consumer.override.max.partition.fetch.bytes": str(8 * 1024 * 1024),
    "consumer.override.max.poll.records": "5000",
}


@dataclass(frozen=True, slots=True)
class Kind:
    """A sink connector: its settings, how it is told of MongoDB, and what it puts for a dot of a topic's name."""

    name: str
    title: str
    url_property: str
    database_property: str
    settings: Mapping[str, str]
    dot: str


MONGO_KAFKA = Kind(
    "mongo-kafka",
    "mongo-kafka-connect",
    "connection.uri",
    "database",
    {
        "connector.class": "com.mongodb.kafka.connect.MongoSinkConnector",
        "tasks.max": "2",
        "change.data.capture.handler": "com.mongodb.kafka.connect.sink.cdc.debezium.rdbms.postgres.PostgresHandler",
        "max.batch.size": "0",
        "bulk.write.ordered": "true",
    },
    ".",
)
"""
MongoDB's own connector, with its handler of Debezium's PostgreSQL events.

Bulks stay ordered: unordered, an update and a delete of one row could change places.
"""

DEBEZIUM_SINK = Kind(
    "debezium-sink",
    "Debezium MongoDB sink",
    "mongodb.connection.string",
    "sink.database",
    {
        "connector.class": "io.debezium.connector.mongodb.MongoDbSinkConnector",
        "tasks.max": "2",
        "batch.size": "5000",
    },
    "_",
)

KINDS = (MONGO_KAFKA, DEBEZIUM_SINK)


class Sink(PeerNaming):
    """A connector of some kind; each start is a new one, so that it begins with the topics' first records."""

    warms_up = True

    def __init__(self, kind: Kind, connect: Connect, client: MongoClient[dict[str, Any]], mongodb_url: str) -> None:
        super().__init__(kind.dot)
        self.name = kind.name
        self.title = kind.title
        self.host = connect.name
        self.database = f"bench_{kind.name.replace('-', '_')}"
        where = {kind.url_property: mongodb_url, kind.database_property: self.database}
        self.settings: Mapping[str, Any] = {**CONVERTERS, **CONSUMER, **kind.settings, **where}
        self._connect = connect
        self._client = client
        self._connectors = Connectors(connect.port)
        self._connector = ""

    def start(self, topics: FilledTopics) -> str:
        """Start a connector on the topics."""
        self._client.drop_database(self.database)
        self._connector = f"bench-{self.name}-{secrets.token_hex(3)}"
        named = {"topics": ",".join(topic.name for topic in topics)}
        self._connectors.start(self._connector, {**self.settings, **named})
        return self.database

    def check(self) -> None:
        """Raise `StackError` when a task has failed."""
        self._connectors.check(self._connector)

    def stop(self) -> None:
        """Delete the connector."""
        self._connectors.delete(self._connector)

    def pids(self) -> Sequence[int]:
        """The Connect worker."""
        pid = self._connect.pid
        return [] if pid is None else [pid]
