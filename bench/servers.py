"""The servers that the benchmarks run on: the embedded stack's own, with more memory, and the peers' plugins in Connect."""

from collections.abc import Mapping, Sequence
from concurrent.futures import ThreadPoolExecutor
from pathlib import Path

from bench.plugins import Plugins
from stack.config import CONNECT, CONTROL, KAFKA, SECRETS, StackConfig, remember, remembered
from stack.connect import Connect
from stack.envfile import write_env_file
from stack.jvm import java_command
from stack.kafka import Kafka
from stack.layout import Layout
from stack.library import Library
from stack.mongodb import MongoDB
from stack.ports import PortPlan, free_ports
from stack.postgresql import PostgreSQL
from stack.progress import Progress
from stack.server import Server

KAFKA_HEAP = "768m"
CONNECT_HEAP = "1g"
JAVA = ("-XX:+TieredCompilation",)
"""Java's own thresholds: unlike the stack's, which save memory and starting time, these let long runs be compiled fully."""

KAFKA_SETTINGS: Mapping[str, object] = {"file.delete.delay.ms": 1_000, "log.segment.bytes": 256 * 1024 * 1024}
MONGODB_SETTINGS: Mapping[str, object] = {"wiredTigerCacheSizeGB": 1, "oplogSize": 1_024}
PEERS_STATE: Mapping[str, object] = {"group.id": "bench-peers"} | {
    f"{kind}.storage.topic": f"bench-peers-{kind}" for kind in ("config", "offset", "status")
}
POSTGRESQL_SETTINGS: Mapping[str, object] = {"shared_buffers": "256MB", "max_wal_size": "4GB"}


class BenchKafka(Kafka):
    """A broker that Java compiles as it usually does."""

    def command(self) -> Sequence[str | Path]:
        """The broker's command line."""
        return java_command(self.layout, self.heap, JAVA, "kafka.Kafka", self._properties)


class BenchConnect(Connect):
    """A Connect worker that Java compiles as it usually does."""

    def command(self) -> Sequence[str | Path]:
        """The worker's command line."""
        return java_command(self.layout, self.heap, JAVA, "org.apache.kafka.connect.cli.ConnectDistributed", self._properties)


class Servers:
    """
    One set of servers in a home of its own, on ports that were free when it was first started.

    There are two Kafka Connects: `connect` as the stack has it, and `peers` without
    exactly-once for sources.
    """

    def __init__(self, home: Path, cache: Path) -> None:
        self.layout = Layout(home)
        self.layout.make()
        ports = remembered(self.layout).ports or PortPlan.free()
        self.config = StackConfig(home, cache, ports)
        remember(self.config, ())
        self.plugins = Plugins(cache)
        self.library = Library(cache)
        self.postgresql = PostgreSQL(ports.postgresql, self.layout, settings=POSTGRESQL_SETTINGS)
        self.mongodb = MongoDB(ports.mongodb, self.layout, settings=MONGODB_SETTINGS)
        self.kafka = BenchKafka(ports.kafka, ports.controller, self.layout, self.library, heap=KAFKA_HEAP, settings=KAFKA_SETTINGS)
        self.connect = self._connect("connect", ports.connect, {})
        self.peers = self._connect("peers", self._peers_port(), {"exactly.once.source.support": "disabled", **PEERS_STATE})

    @property
    def all(self) -> list[Server]:
        """The servers, in the order in which they are stopped."""
        return [self.peers, self.connect, self.kafka, self.mongodb, self.postgresql]

    def pids(self) -> dict[str, Sequence[int]]:
        """The servers' processes, by name; PostgreSQL's many come and go, and are left out."""
        return {server.name: [server.pid or 0] for server in self.all if server is not self.postgresql}

    def up(self, progress: Progress) -> None:
        """
        Fetch what is missing and start what does not run; the settings file tells the service where everything is.

        Raises:
            StackError: A server cannot be had or started.
        """
        self.library.install(progress, plugins=False)
        self.plugins.install(progress)
        for servers in ((self.postgresql, self.mongodb, self.kafka), (self.connect, self.peers)):
            with ThreadPoolExecutor(len(servers)) as pool:
                list(pool.map(Server.start, servers))
        write_env_file(self.layout, self._settings)

    def down(self, *, wipe: bool) -> None:
        """Stop all servers; `wipe` removes their data too."""
        for server in self.all:
            server.stop()
        if wipe:
            self._peers_port_file.unlink(missing_ok=True)
            self.layout.wipe()

    @property
    def _settings(self) -> dict[str, str]:
        return {
            CONTROL: self.mongodb.url,
            KAFKA: self.kafka.bootstrap_servers,
            CONNECT: self.connect.url,
            SECRETS: str(self.connect.secrets),
        }

    def _connect(self, name: str, port: int, settings: Mapping[str, object]) -> BenchConnect:
        found = {"plugin.path": self.plugins.path, **settings}
        return BenchConnect(port, self.layout, self.library, self.kafka.bootstrap_servers, name=name, heap=CONNECT_HEAP, settings=found)

    @property
    def _peers_port_file(self) -> Path:
        return self.layout.home / "bench-peers.port"

    def _peers_port(self) -> int:
        if not self._peers_port_file.exists():
            self._peers_port_file.write_text(str(free_ports(1)[0]))
        return int(self._peers_port_file.read_text())
