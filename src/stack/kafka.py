"""Kafka: one broker that is its own controller (KRaft)."""

import base64
import os
import uuid
from collections.abc import Mapping, Sequence
from pathlib import Path

from stack.config import KAFKA_HEAP
from stack.jvm import START_FAST, class_path, java_command, write_properties
from stack.layout import Layout, scratch_folder
from stack.library import Library
from stack.ports import LOOPBACK, listening
from stack.server import Server

RECORD_BYTES = 70 * 1024 * 1024
"""The largest record that passes: a source's 64 MB and what Kafka wraps around it."""


class Kafka(Server):
    """
    A broker on loopback that never makes a topic by itself.

    `settings` outrank the properties made here; `heap` is Java's, such as 512m.
    """

    def __init__(
        self,
        port: int,
        controller_port: int,
        layout: Layout,
        library: Library,
        *,
        name: str = "kafka",
        heap: str = KAFKA_HEAP,
        settings: Mapping[str, object] | None = None,
    ) -> None:
        super().__init__(name, port, layout)
        self.controller_port = controller_port
        self.library = library
        self.heap = heap
        self.settings = dict(settings or {})

    @property
    def bootstrap_servers(self) -> str:
        """The broker's address, as clients are told it."""
        return f"{LOOPBACK}:{self.port}"

    @property
    def ports(self) -> dict[str, int]:
        """The broker's port and its controller's."""
        return {self.name: self.port, "controller": self.controller_port}

    @property
    def ready(self) -> bool:
        """Whether the broker's port is open: Kafka opens it last."""
        return listening(self.port)

    def prepare(self) -> None:
        """Write the configuration, and format the log folder the first time."""
        self._write_properties(self._properties, self._data)
        if not self._data.exists():
            self._format()

    def command(self) -> Sequence[str | Path]:
        """The broker's command line."""
        return java_command(self.layout, self.heap, START_FAST, "kafka.Kafka", self._properties)

    def environment(self) -> dict[str, str]:
        """The environment with the class path."""
        return super().environment() | class_path(self.library.jars)

    @property
    def _data(self) -> Path:
        return self.layout.data / self.name

    @property
    def _properties(self) -> Path:
        return self.layout.run(f"{self.name}.properties")

    def _format(self) -> None:
        scratch = scratch_folder(self._data)
        properties = self._write_properties(self.layout.run(f"{scratch.name}.properties"), scratch)
        arguments = ("format", "--cluster-id", _cluster_id(), "--config", properties)
        self.run_to_end(java_command(self.layout, "64m", START_FAST, "kafka.tools.StorageTool", *arguments), "format its data folder")
        properties.unlink()
        os.replace(scratch, self._data)

    def _write_properties(self, path: Path, data: Path) -> Path:
        properties = {
            "process.roles": "broker,controller",
            "node.id": 1,
            "controller.listener.names": "CONTROLLER",
            "controller.quorum.voters": f"1@{LOOPBACK}:{self.controller_port}",
            "listeners": f"PLAINTEXT://{LOOPBACK}:{self.port},CONTROLLER://{LOOPBACK}:{self.controller_port}",
            "log.dirs": data,
            **PROPERTIES,
            **self.settings,
        }
        return write_properties(path, properties)


PROPERTIES: Mapping[str, object] = {
    "auto.create.topics.enable": "false",
    "num.partitions": 1,
    "default.replication.factor": 1,
    "offsets.topic.num.partitions": 1,
    "offsets.topic.replication.factor": 1,
    "transaction.state.log.num.partitions": 1,
    "transaction.state.log.replication.factor": 1,
    "transaction.state.log.min.isr": 1,
    "share.coordinator.state.topic.num.partitions": 1,
    "share.coordinator.state.topic.replication.factor": 1,
    "share.coordinator.state.topic.min.isr": 1,
    "message.max.bytes": RECORD_BYTES,
    "replica.fetch.max.bytes": RECORD_BYTES,
    "queued.max.request.bytes": 2 * RECORD_BYTES,  # requests of several clients would otherwise not fit the heap together
    "transaction.max.timeout.ms": 900_000,
    "transaction.abort.timed.out.transaction.cleanup.interval.ms": 1_000,
    "group.initial.rebalance.delay.ms": 0,
    "group.min.session.timeout.ms": 1_000,
    "broker.heartbeat.interval.ms": 500,
    "broker.session.timeout.ms": 4_000,
    "log.cleaner.dedupe.buffer.size": 4 * 1024 * 1024,
}


def _cluster_id() -> str:
    """A random id as Kafka makes them; one that begins with `-` would be taken for an option."""
    while (made := base64.urlsafe_b64encode(uuid.uuid4().bytes).decode().rstrip("=")).startswith("-"):
        pass
    return made
