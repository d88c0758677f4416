"""A peer: a sink connector on Kafka Connect."""

from collections.abc import Mapping, Sequence
from typing import Any

from bson import Int64
from pymongo import MongoClient

from bench.connectors import Connectors
from bench.filled import Filled
from bench.servers import Servers
from bench.topics import FilledTopic

JSON = "org.apache.kafka.connect.json.JsonConverter"
CONVERTERS = {
    "key.converter": JSON,
    "key.converter.schemas.enable": "true",
    "value.converter": JSON,
    "value.converter.schemas.enable": "true",
}
CONSUMER = {
    "consumer.override.auto.offset.reset": "earliest",
    "consumer.override.isolation.level": "read_committed",
    "consumer.override.fetch.min.bytes": "1",
    "consumer.override.fetch.max.bytes": str(50 * 1024 * 1024),
    "consumer.override.max.partition.fetch.bytes": str(8 * 1024 * 1024),
}


class Sink:
    """A sink connector; each start is a new connector, so that it begins with the topics' first records."""

    host = "connect"

    def __init__(self, name: str, title: str, servers: Servers, client: MongoClient[dict[str, Any]], settings: Mapping[str, str]) -> None:
        self.name = name
        self.title = title
        self.settings: Mapping[str, Any] = {**CONVERTERS, **CONSUMER, **settings}
        self._servers = servers
        self._client = client
        self._connectors = Connectors(servers.connect.port)
        self._starts = 0

    @property
    def database(self) -> str:
        """Where its documents go."""
        return f"bench_{self.name.replace('-', '_')}"

    def start(self, filled: Filled) -> str:
        """Start the connector on the job's topics."""
        self._client.drop_database(self.database)
        self._starts += 1
        topics = {"topics": ",".join(topic.name for topic in filled.topics)}
        self._connectors.start(self._connector(filled), {**self.settings, **topics})
        self._filled = filled
        return self.database

    def check(self) -> None:
        """Raise `StackError` when a task has failed."""
        self._connectors.check(self._connector(self._filled))

    def stop(self) -> None:
        """Delete the connector."""
        self._connectors.delete(self._connector(self._filled))

    def pids(self) -> Sequence[int]:
        """The Connect worker."""
        pid = self._servers.connect.pid
        return [] if pid is None else [pid]

    def collection(self, topic: FilledTopic) -> str:
        """The topic's name, as it is by default."""
        return topic.name

    def identity(self, key: int) -> Any:
        """A document of the key's columns."""
        return {"id": Int64(key)}

    def field(self, column: str) -> str:
        """The column's own name."""
        return column

    def _connector(self, filled: Filled) -> str:
        return f"{self.name}-{filled.job}-{self._starts}"


def mongo_kafka(servers: Servers, client: MongoClient[dict[str, Any]]) -> Sink:
    """
    MongoDB's own connector with its handler of Debezium's PostgreSQL events.

    Bulks stay ordered: unordered, an update and a delete of one row in a bulk could change places.
    """
    return Sink(
        "mongo-kafka",
        "mongo-kafka-connect",
        servers,
        client,
        {
            "connector.class": "com.mongodb.kafka.connect.MongoSinkConnector",
            "tasks.max": "2",
            "connection.uri": servers.mongodb.url,
            "database": "bench_mongo_kafka",
            "change.data.capture.handler": "com.mongodb.kafka.connect.sink.cdc.debezium.rdbms.postgres.PostgresHandler",
            "max.batch.size": "0",
            "bulk.write.ordered": "true",
            "consumer.override.max.poll.records": "5000",
        },
    )
