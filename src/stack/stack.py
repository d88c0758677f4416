"""The embedded stack: Kafka, Kafka Connect, MongoDB and databases on loopback, without Docker, root or system packages."""

from collections.abc import Sequence
from concurrent.futures import ThreadPoolExecutor
from pathlib import Path

import psycopg

from stack import sample
from stack.config import CONNECT, CONTROL, KAFKA, SECRETS, StackConfig, remember, remembered
from stack.connect import Connect
from stack.connections import Connections
from stack.demo.service import Service
from stack.envfile import write_env_file
from stack.errors import StackError, file_errors_told
from stack.exclusive import exclusive
from stack.kafka import Kafka
from stack.library import Library
from stack.mongodb import MongoDB
from stack.mysql import BinlogServer, MariaDB, MySQL
from stack.passwords import password
from stack.ports import LOOPBACK
from stack.postgresql import PostgreSQL
from stack.progress import Progress, Silence
from stack.server import Server
from stack.status import ServerStatus
from stack.typed import typed


class Stack:
    """
    The servers of one home.

    `up`, `down` and `status` may be repeated, at any moment, from any program; `up` mends
    what a crash left half done.
    """

    def __init__(self, config: StackConfig) -> None:
        self.config = config
        self.layout = config.layout
        self.library = Library(config.cache)
        ports, layout = config.ports, self.layout
        self.postgresql = PostgreSQL(ports.postgresql, layout)
        self.mysql = MySQL(ports.mysql, layout, config.cache)
        self.mariadb = MariaDB(ports.mariadb, layout, config.cache)
        self.mongodb = MongoDB(ports.mongodb, layout)
        self.kafka = Kafka(ports.kafka, ports.controller, layout, self.library, heap=config.kafka_heap)
        bootstrap_servers = config.own.get(KAFKA) or self.kafka.bootstrap_servers
        secrets = Path(config.own[SECRETS]) if SECRETS in config.own else None
        self.connect = Connect(ports.connect, layout, self.library, bootstrap_servers, secrets=secrets, heap=config.connect_heap)
        embedded = {CONTROL: self.mongodb.url, KAFKA: self.kafka.bootstrap_servers, CONNECT: self.connect.url}
        self.own = {name: value for name, value in config.own.items() if embedded.get(name) != value}
        """The user's own servers: settings that name ours come from our own settings file."""

    @property
    def servers(self) -> list[Server]:
        """The embedded servers, in the order in which they are stopped; of the extra ones those that are wanted, or run."""
        return [self.connect, self.kafka, self.mongodb, self.postgresql, *(extra for extra in self._extras if self._is_here(extra))]

    @property
    def extras(self) -> list[BinlogServer]:
        """The extra servers that are wanted."""
        return [extra for extra in self._extras if extra.name in self.config.extras]

    @file_errors_told()
    def up(self, progress: Progress | None = None) -> None:
        """
        Start whatever does not run yet, load the sample once, and write the settings file.

        Raises:
            StackError: A server cannot be had or started; the others keep running, and a second `up` goes on.
        """
        progress = progress or Silence()
        self.layout.make()
        with exclusive(self.layout.lock, lambda: progress.say("Waiting for another `rowstream up` or `down` to end")):
            self.layout.make()
            self._check_ports()
            remember(self.config, self.own)
            self._install(progress)
            self._start(progress)
            write_env_file(self.layout, self.connections.settings)

    @file_errors_told()
    def down(self, progress: Progress | None = None, *, wipe: bool = False) -> None:
        """
        Stop every embedded server, and before them the service that a killed demo left behind.

        `wipe` removes data, logs, passwords and keys too, and keeps the downloads.
        """
        progress = progress or Silence()
        if not self.layout.home.exists() and not (wipe and self.layout.annex.folder.exists()):
            return
        with exclusive(self.layout.lock, lambda: progress.say("Waiting for another `rowstream up` or `down` to end")):
            service = Service(self.layout)
            if service.running:
                progress.say("Stopping the demo's service")
                service.stop()
            for server in self.servers:
                if server.pid is not None:
                    progress.say(f"Stopping {server.name}")
                server.stop()
            if wipe:
                self.layout.wipe()

    @file_errors_told()
    def status(self) -> list[ServerStatus]:
        """How each embedded server is; those that the user has instead are left out."""
        elsewhere = [self._named[name] for name in remembered(self.layout).own if name in self._named]
        return [ServerStatus.of(server) for server in self.servers if server not in elsewhere]

    @property
    def connections(self) -> Connections:
        """How everything is reached."""
        own = self.own
        return Connections(
            control_url=own.get(CONTROL) or self.mongodb.url,
            kafka_bootstrap_servers=self.connect.bootstrap_servers,
            connect_url=own.get(CONNECT) or self.connect.url,
            connect_secrets_dir=None if CONNECT in own and SECRETS not in own else self.connect.secrets,
            admin_dsn=self.postgresql.dsn(),
            sample_dsn=self.postgresql.dsn(sample.DATABASE),
            sample_jdbc_url=self.sample_jdbc_url,
            sample_user=sample.ROLE,
            sample_password=self._sample_password,
        )

    @property
    def sample_jdbc_url(self) -> str:
        """The address of the sample database for a job, without credentials."""
        return f"jdbc:postgresql://{LOOPBACK}:{self.postgresql.port}/{sample.DATABASE}"

    @property
    def _named(self) -> dict[str, Server]:
        """The servers that a user may have already, by the setting that names them."""
        return {KAFKA: self.kafka, CONTROL: self.mongodb, CONNECT: self.connect}

    @property
    def _extras(self) -> list[BinlogServer]:
        return [self.mysql, self.mariadb]

    def _is_here(self, extra: BinlogServer) -> bool:
        return extra.name in self.config.extras or extra.pid is not None

    @property
    def _wanted(self) -> list[Server]:
        """The servers that the user does not have already."""
        return [self.postgresql, *self.extras, *(server for name, server in self._named.items() if name not in self.own)]

    def _install(self, progress: Progress) -> None:
        for extra in self.extras:
            extra.install(progress)
        if self.kafka in self._wanted or self.connect in self._wanted:
            self.library.install(progress, plugins=self.connect in self._wanted)

    def _start(self, progress: Progress) -> None:
        for name, server in self._named.items():
            if name in self.own:
                progress.say(f"Not starting {server.name}: {name} names one")
        self._side_by_side([server for server in self._wanted if server is not self.connect], progress)
        if self.connect in self._wanted:  # needs Kafka
            self._side_by_side([self.connect], progress)

    def _check_ports(self) -> None:
        """Before they are remembered: the next `up` must not come back to ports that cannot be had."""
        before = remembered(self.layout).ports
        running = [server.name for server in self.servers if server.pid is not None]
        if before is not None and before != self.config.ports and running:
            advice = f"run `{typed('down', self.layout.home)}` first"
            raise StackError(f"the ports cannot change while servers run: {', '.join(running)}", suggestion=advice)
        for server in self._wanted:
            if server.pid is None:
                server.check_ports()

    def _side_by_side(self, servers: Sequence[Server], progress: Progress) -> None:
        with ThreadPoolExecutor(len(servers)) as pool:
            futures = [pool.submit(self._start_one, server, progress) for server in servers]
        for future in futures:
            future.result()

    def _start_one(self, server: Server, progress: Progress) -> None:
        running = server.pid is not None
        server.start()
        if server is self.postgresql:
            self._load_sample()
        progress.say(f"{server.name} {'runs already' if running else 'is ready'} on port {server.port}")

    def _load_sample(self) -> None:
        try:
            sample.load(self.postgresql.dsn(), self.postgresql.dsn(sample.DATABASE), self._sample_password)
        except psycopg.Error as error:
            problem = error.diag.message_primary or str(error)  # without the statement, which holds a password
            raise StackError(
                f"the sample database cannot be made: {problem}",
                suggestion=f"mend it in PostgreSQL, or run `{typed('down --wipe', self.layout.home)}`, which removes all data",
            ) from error

    @property
    def _sample_password(self) -> str:
        return password(self.layout.password("sample"))
