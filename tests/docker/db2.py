"""
Db2 in a container, SQL Replication set up as Debezium's connector needs it.

The Docker engine fetches the files with which Debezium tests its connector, and builds the image from them: IBM's community
image, to which they add the ASN tables, the procedures ADDTABLE and REMOVETABLE, and the function ASNCDCSERVICES, which is compiled
when the container first starts. The commit pins them, and the version of Db2 that they name. Debezium's system tests take an image
of the same, `quay.io/debezium/db2-cdc`, but by the tag `latest`, which may be another image any day.
"""

from collections.abc import Sequence
from contextlib import closing
from time import monotonic, sleep
from typing import Any, Self

from testcontainers.core.container import DockerContainer
from testcontainers.core.image import DockerImage
from testcontainers.core.wait_strategies import ExecWaitStrategy

from pipeline.sources.db2.capture import REINITIALISE, START
from pipeline.sources.db2.connection import DRIVER, EXTRA
from pipeline.sources.drivers import load_driver

COMMIT = "c077377cddf43481dd636de7d34fa97b91b3d299"
"""Debezium's Db2 connector 3.6.0.Final."""

FILES = f"https://github.com/debezium/debezium-connector-db2.git#{COMMIT}:src/test/docker/db2-cdc-docker"
IMAGE = f"rowstream-test-db2:{COMMIT[:7]}"
SET_UP = "/asncdctools/src/asncdc.nlk"
"""Made in the container once its set-up has ended; a connection before that would keep the set-up from its backup."""

DATABASE, OWNER, USER = "shop", "db2inst1", "rowstream"
PASSWORD = "Db2-Passw0rd-1"
PRIVILEGES = (
    "CONNECT ON DATABASE",
    "SELECT ON ASNCDC.IBMSNAP_REGISTER",
    "SELECT ON ASNCDC.IBMSNAP_CAPPARMS",
)
AGENT_SECONDS = 300

PROBES = "PROBES"
"""A schema that no job takes, with a table for each time that tables were captured."""


class Db2:
    """Implements `tests.docker.vendor.Vendor`."""

    source_type = "DB2"
    schema, table = "SALES", "ORDERS"

    def __init__(self) -> None:
        self._probes = 0
        self._image = DockerImage(FILES, tag=IMAGE, clean_up=False)
        self._container = (
            DockerContainer(IMAGE)
            .with_kwargs(privileged=True)
            .with_env("LICENSE", "accept")
            .with_env("DB2INST1_PASSWORD", PASSWORD)
            .with_env("DBNAME", DATABASE)
            .with_env("ARCHIVE_LOGS", "true")
            .with_env("AUTOCONFIG", "false")
            .with_exposed_ports(50000)
            .waiting_for(ExecWaitStrategy(["test", "-f", SET_UP]).with_startup_timeout(1200))
        )

    def __enter__(self) -> Self:
        """Build the image, start the database, make the user and the table, and have its changes captured."""
        self._image.build()
        self._container.start()
        made = self._container.exec(["sh", "-c", f"useradd -M {USER} && echo '{USER}:{PASSWORD}' | chpasswd"])
        assert made.exit_code == 0, made.output.decode()
        self.run("CREATE SCHEMA sales", "CREATE TABLE sales.orders (id INT NOT NULL PRIMARY KEY, name VARCHAR(40), price DECIMAL(12, 2))")
        self.run(*(f"GRANT {privilege} TO USER {USER}" for privilege in PRIVILEGES))
        self.mend()
        return self

    def __exit__(self, *_: object) -> None:
        """Stop the database; the image stays for the next time."""
        self._container.stop()
        self._image.remove()

    @property
    def _port(self) -> int:
        return int(self._container.get_exposed_port(50000))

    def details(self) -> dict[str, Any]:
        """How a job reaches it."""
        url = f"jdbc:db2://127.0.0.1:{self._port}/{DATABASE}:currentSchema=SALES;"
        return {"url": url, "user": USER, "password": PASSWORD}

    def run(self, *statements: str) -> None:
        """Run statements in one transaction."""
        with closing(self._connect(autocommit=False)) as connection:
            for statement in statements:
                connection.cursor().execute(statement)
            connection.commit()

    def ask(self, query: str) -> Sequence[Sequence[Any]]:
        """The rows of a query."""
        with closing(self._connect(autocommit=True)) as connection:
            cursor = connection.cursor()
            cursor.execute(query)
            return list(cursor.fetchall())

    def capture(self, *tables: str) -> None:
        """Capture the tables' changes, in change tables that the user may read."""
        self._probes += 1
        probe = f"PROBE{self._probes}"
        self.run(f"CREATE TABLE {PROBES}.{probe} (id INT NOT NULL PRIMARY KEY)")
        for table in tables:
            self.run(
                f"CALL ASNCDC.ADDTABLE('{self.schema}', '{table}')",
                f'GRANT SELECT ON ASNCDC."CDC_{self.schema}_{table}" TO USER {USER}',
                f'GRANT SELECT ON {self.schema}."{table}" TO USER {USER}',
            )
        self.run(f"CALL ASNCDC.ADDTABLE('{PROBES}', '{probe}')")
        self._tell(REINITIALISE)
        self._await_capture(probe)

    def release(self, *tables: str) -> None:
        """Capture their changes no more."""
        self.run(*(f"CALL ASNCDC.REMOVETABLE('{self.schema}', '{table}')" for table in tables))
        self._tell(REINITIALISE)

    def lack(self) -> str:
        """Capture the table's changes no more."""
        self.release(self.table)
        return "ASN_TABLE"

    def mend(self) -> None:
        """Capture the table's changes, in a change table that the user may read."""
        self.capture(self.table)

    def _await_capture(self, probe: str) -> None:
        """
        Write rows to a table until the agent has captured one; it takes up all tables that were added before this one.

        It takes commands up with some delay, and may end while it starts, so that Debezium's own tests start it again, too.
        """
        deadline = monotonic() + AGENT_SECONDS
        while not self.ask(f"SELECT 1 FROM ASNCDC.CDC_{PROBES}_{probe} FETCH FIRST 1 ROW ONLY"):
            said = self._tell(START)
            assert monotonic() < deadline, f"the capture agent captures nothing; it says: {said}"
            self.run(f"INSERT INTO {PROBES}.{probe} SELECT COALESCE(MAX(id), 0) + 1 FROM {PROBES}.{probe}")
            sleep(2)

    def _tell(self, command: str) -> str:
        """Give the agent a command, as readiness has it; returns what came of it."""
        ((said,),) = self.ask(command.removesuffix(";"))
        return str(said)

    def _connect(self, *, autocommit: bool) -> Any:
        server = f"DATABASE={DATABASE};HOSTNAME=127.0.0.1;PORT={self._port};PROTOCOL=TCPIP;UID={OWNER};PWD={PASSWORD};"
        connection = load_driver(DRIVER, EXTRA).connect(server, "", "")
        connection.set_autocommit(autocommit)
        return connection
