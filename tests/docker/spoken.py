"""Databases that speak PostgreSQL's protocol, each in a container."""

from collections.abc import Sequence
from typing import Any, LiteralString, Self, cast

import psycopg
from testcontainers.core.container import DockerContainer
from tests.e2e.harness.waiting import wait_until

START_SECONDS = 300.0


class Spoken:
    """A database that speaks PostgreSQL's protocol; implements what of `tests.docker.vendor.Vendor` all such have in common."""

    source_type: str
    schema = "public"
    table = "orders"
    scheme = "postgresql"
    user: str
    password: str
    database: str
    port: int

    def __init__(self) -> None:
        self._container = self.container()

    def container(self) -> DockerContainer:
        """The container, not started yet."""
        raise NotImplementedError

    def __enter__(self) -> Self:
        self._container.start()
        try:
            wait_until(self._answers, "the database answers", START_SECONDS)
            self.run("CREATE TABLE orders (id int PRIMARY KEY, name text, price numeric(12, 2))")
        except BaseException:
            self._container.stop()
            raise
        return self

    def __exit__(self, *_: object) -> None:
        self._container.stop()

    def details(self) -> dict[str, Any]:
        """The members of `jdbcConnectionDetails`, but for the type."""
        host, port = self._address()
        return {"url": f"jdbc:{self.scheme}://{host}:{port}/{self.database}", "user": self.user, "password": self.password}

    def run(self, *statements: str) -> None:
        """Run statements in one transaction."""
        with self._connect() as connection, connection.transaction():
            for statement in statements:
                connection.execute(cast(LiteralString, statement))

    def ask(self, query: str) -> Sequence[Sequence[Any]]:
        """The rows of a query."""
        with self._connect() as connection:
            return connection.execute(cast(LiteralString, query)).fetchall()

    def _connect(self) -> psycopg.Connection[tuple[Any, ...]]:
        host, port = self._address()
        return psycopg.connect(
            host=host, port=port, dbname=self.database, user=self.user, password=self.password, autocommit=True, connect_timeout=5
        )

    def _address(self) -> tuple[str, int]:
        return self._container.get_container_host_ip(), int(self._container.get_exposed_port(self.port))

    def _answers(self) -> bool:
        try:
            return bool(self.ask("SELECT 1"))
        except psycopg.OperationalError:
            return False


class CockroachDB(Spoken):
    """CockroachDB of one node; implements `tests.docker.vendor.Vendor`."""

    source_type = "COCKROACHDB"
    user, password, database, port = "cockroach", "arthropod", "shop", 26257

    def container(self) -> DockerContainer:
        """The container, not started yet."""
        container = DockerContainer("cockroachdb/cockroach:v24.1.1").with_exposed_ports(self.port).with_command("start-single-node")
        for name, value in (("USER", self.user), ("PASSWORD", self.password), ("DATABASE", self.database)):
            container = container.with_env(f"COCKROACH_{name}", value)
        return container

    def __enter__(self) -> Self:
        super().__enter__()
        self.mend()
        return self

    def capture(self, *tables: str) -> None:
        """Changes of every table are told."""

    def release(self, *tables: str) -> None:
        """They always are."""

    def lack(self) -> str:
        """Tell nobody any changes."""
        self._set(rangefeed=False)
        return "RANGEFEED"

    def mend(self) -> None:
        """Tell them again."""
        self._set(rangefeed=True)

    def _set(self, *, rangefeed: bool) -> None:
        with self._connect() as connection:  # it is possible outside of transactions only
            connection.execute(cast(LiteralString, f"SET CLUSTER SETTING kv.rangefeed.enabled = {str(rangefeed).lower()}"))


class YugabyteDB(Spoken):
    """YugabyteDB of one node, whose user is a superuser; implements `tests.docker.vendor.Vendor`."""

    source_type = "YUGABYTE"
    scheme = "yugabytedb"
    user, password, database, port = "yugabyte", "yugabyte", "yugabyte", 5433

    def container(self) -> DockerContainer:
        """The container, not started yet."""
        flags = "cdc_send_null_before_image_if_not_exists=true"
        return (
            DockerContainer("yugabytedb/yugabyte:2025.2.2.2-b11")
            .with_exposed_ports(self.port)
            .with_command(f"bin/yugabyted start --background=false --tserver_flags={flags}")
        )

    def __enter__(self) -> Self:
        super().__enter__()
        self.mend()
        return self

    def capture(self, *tables: str) -> None:
        """Have the slots made from now on tell the keys of their rows."""
        self.run(*(f'ALTER TABLE "{name}" REPLICA IDENTITY DEFAULT' for name in tables))

    def release(self, *tables: str) -> None:
        """A slot ends with its job."""

    def lack(self) -> str:
        """Tell nothing of the rows that were."""
        self.run(f"ALTER TABLE {self.table} REPLICA IDENTITY NOTHING")
        return "REPLICA_IDENTITY"

    def mend(self) -> None:
        """Tell their keys again."""
        self.capture(self.table)
