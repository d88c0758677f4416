"""Kafka Connect with the Debezium plugins, one worker in distributed mode, exactly once."""

import http.client
from collections.abc import Mapping, Sequence
from pathlib import Path

from stack.config import CONNECT_HEAP
from stack.jvm import OPTIMISE_LATE, class_path, java_command, write_properties
from stack.kafka import RECORD_BYTES
from stack.layout import Layout
from stack.library import Library
from stack.ports import LOOPBACK
from stack.server import Server

JSON = "org.apache.kafka.connect.json.JsonConverter"
DIRECTORY = "org.apache.kafka.common.config.provider.DirectoryConfigProvider"


class Connect(Server):
    """
    A worker that keeps its state in Kafka, and reads passwords from the folder `secrets`, by default the layout's.

    A connector refers to one as `${secrets:<folder>:<file>}`. `settings` outrank the properties made here.
    """

    def __init__(
        self,
        port: int,
        layout: Layout,
        library: Library,
        bootstrap_servers: str,
        *,
        name: str = "connect",
        secrets: Path | None = None,
        heap: str = CONNECT_HEAP,
        settings: Mapping[str, object] | None = None,
    ) -> None:
        super().__init__(name, port, layout)
        self.library = library
        self.bootstrap_servers = bootstrap_servers
        self.secrets = secrets or layout.connect_secrets
        self.heap = heap
        self.settings = dict(settings or {})

    @property
    def url(self) -> str:
        """The address of the REST API."""
        return f"http://{LOOPBACK}:{self.port}"

    @property
    def ready(self) -> bool:
        """Whether the worker has joined its group and read its topics: it says so at /health."""
        connection = http.client.HTTPConnection(LOOPBACK, self.port, timeout=5)
        try:
            connection.request("GET", "/health")
            return connection.getresponse().status == http.HTTPStatus.OK
        except (OSError, http.client.HTTPException):
            return False
        finally:
            connection.close()

    def prepare(self) -> None:
        """Write the configuration."""
        properties = {
            "bootstrap.servers": self.bootstrap_servers,
            "listeners": self.url,
            "plugin.path": self.library.plugins,
            "config.providers": "secrets",
            "config.providers.secrets.class": DIRECTORY,
            "config.providers.secrets.param.allowed.paths": self.secrets,
            **PROPERTIES,
            **self.settings,
        }
        write_properties(self._properties, properties)

    def command(self) -> Sequence[str | Path]:
        """The worker's command line."""
        return java_command(self.layout, self.heap, OPTIMISE_LATE, "org.apache.kafka.connect.cli.ConnectDistributed", self._properties)

    def environment(self) -> dict[str, str]:
        """The environment with the class path."""
        return super().environment() | class_path(self.library.jars)

    @property
    def _properties(self) -> Path:
        return self.layout.run(f"{self.name}.properties")


PROPERTIES: Mapping[str, object] = {
    "group.id": "rowstream-connect",
    "key.converter": JSON,
    "value.converter": JSON,
    "exactly.once.source.support": "enabled",
    "connector.client.config.override.policy": "All",
    "plugin.discovery": "service_load",
    "topic.creation.enable": "false",
    "config.storage.topic": "rowstream-connect-configs",
    "config.storage.replication.factor": 1,
    "offset.storage.topic": "rowstream-connect-offsets",
    "offset.storage.replication.factor": 1,
    "offset.storage.partitions": 1,
    "status.storage.topic": "rowstream-connect-status",
    "status.storage.replication.factor": 1,
    "status.storage.partitions": 1,
    "offset.flush.interval.ms": 1_000,
    "scheduled.rebalance.max.delay.ms": 0,
    "session.timeout.ms": 10_000,
    "heartbeat.interval.ms": 3_000,
    "producer.max.request.size": RECORD_BYTES,
    "producer.buffer.memory": RECORD_BYTES,
    "consumer.max.partition.fetch.bytes": RECORD_BYTES,
}
