"""A peer from end to end: Debezium's PostgreSQL connector and a sink connector."""

import secrets
from collections.abc import Mapping, Sequence
from typing import Any

from confluent_kafka.admin import AdminClient, NewTopic

from bench.connectors import Connectors
from bench.contestants.naming import PeerNaming
from bench.contestants.sink import CONVERTERS, Sink
from bench.pipelines.pipeline import Route
from bench.source import NAME, Source
from bench.waiting import wait_until
from stack.connect import Connect
from stack.ports import LOOPBACK

SOURCE = {
    **CONVERTERS,
    "connector.class": "io.debezium.connector.postgresql.PostgresConnector",
    "tasks.max": "1",
    "plugin.name": "pgoutput",
    "publication.autocreate.mode": "filtered",
    "snapshot.mode": "initial",
    "snapshot.fetch.size": "10000",
    "max.batch.size": "16384",
    "max.queue.size": "65536",
    "poll.interval.ms": "10",
    "tombstones.on.delete": "false",
    "time.precision.mode": "connect",
    "producer.override.linger.ms": "20",
    "producer.override.batch.size": "524288",
    "producer.override.compression.type": "lz4",
}
"""Times as Connect's own types, which the sinks store as dates."""

EXACTLY_ONCE = {"exactly.once.support": "required", "transaction.boundary": "interval", "transaction.boundary.interval.ms": "40"}
SLOT_SECONDS = 60.0


class PeerPipeline:
    """Source and sink connector on one Connect worker, which also decides whether the source is exactly once."""

    def __init__(self, sink: Sink, connect: Connect, source: Source, bootstrap_servers: str, *, exactly_once: bool) -> None:
        self.name = sink.name + ("-eos" if exactly_once else "")
        self.title = sink.title + (", exactly-once source" if exactly_once else "")
        self.naming: PeerNaming = sink
        self.host = sink.host
        self._source_settings = SOURCE | (EXACTLY_ONCE if exactly_once else {})
        self.settings: Mapping[str, Any] = {"source": self._source_settings, "sink": dict(sink.settings)}
        self._sink = sink
        self._connectors = Connectors(connect.port)
        self._source = source
        self._admin = AdminClient({"bootstrap.servers": bootstrap_servers})
        self._stem = ""
        self._topics: list[str] = []

    def prepare(self) -> None:
        """Nothing: Connect runs already."""

    def begin(self, tables: Sequence[str]) -> Route:
        """Start the source, then the sink."""
        self._stem = f"bench_{secrets.token_hex(4)}"
        topics = {table: f"{self._stem}.public.{table}" for table in tables}
        self._topics = list(topics.values())
        for made in self._admin.create_topics([NewTopic(topic, 1, 1) for topic in self._topics]).values():
            made.result()
        self._connectors.start(self._stem, self._source_config(tables))
        database = self._sink.start(Route("", topics).ends(0))
        return Route(database, topics)

    def check(self) -> None:
        """Raise `StackError` when a task of either connector has failed."""
        self._connectors.check(self._stem)
        self._sink.check()

    def end(self) -> None:
        """Delete the connectors, the topics, the slot and the publication."""
        self._connectors.delete(self._stem)
        self._sink.stop()
        wait_until(self._slot_is_free, "the slot is free", SLOT_SECONDS)
        self._source.ask("SELECT pg_drop_replication_slot(%s)", self._stem)
        self._source.run([f"DROP PUBLICATION {self._stem}"])
        for gone in self._admin.delete_topics(self._topics).values():
            gone.result()

    def pids(self) -> Sequence[int]:
        """The Connect worker."""
        return self._sink.pids()

    def _slot_is_free(self) -> bool:
        return self._source.ask("SELECT active FROM pg_replication_slots WHERE slot_name = %s", self._stem) == [(False,)]

    def _source_config(self, tables: Sequence[str]) -> dict[str, str]:
        return {
            **self._source_settings,
            "database.hostname": LOOPBACK,
            "database.port": str(self._source.server.port),
            "database.dbname": NAME,
            "database.user": NAME,
            "database.password": self._source.password,
            "topic.prefix": self._stem,
            "slot.name": self._stem,
            "publication.name": self._stem,
            "table.include.list": ",".join(f"public.{table}" for table in tables),
        }
