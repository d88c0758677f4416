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
    "SELECT ON sales.orders",
    "SELECT ON ASNCDC.IBMSNAP_REGISTER",
    "SELECT ON ASNCDC.IBMSNAP_CAPPARMS",
)
CHANGE_TABLE = "ASNCDC.CDC_SALES_ORDERS"
AGENT_SECONDS = 300


class Db2:
    """Implements `tests.docker.vendor.Vendor`."""

    source_type = "DB2"
    schema, table = "SALES", "ORDERS"

    def __init__(self) -> None:
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

    def lack(self) -> str:
        """Capture the table's changes no more."""
        self.run("CALL ASNCDC.REMOVETABLE('SALES', 'ORDERS')")
        self._tell(REINITIALISE)
        return "ASN_TABLE"

    def mend(self) -> None:
        """Capture the table's changes, in a change table that the user may read."""
        self.run("CALL ASNCDC.ADDTABLE('SALES', 'ORDERS')", f"GRANT SELECT ON {CHANGE_TABLE} TO USER {USER}")
        self._tell(REINITIALISE)
        self._await_capture()

    def _await_capture(self) -> None:
        """
        Write a row and delete it, until the agent has captured that.

        It takes commands up with some delay, and may end while it starts, so that Debezium's own tests start it again, too.
        """
        deadline = monotonic() + AGENT_SECONDS
        while not self.ask(f"SELECT 1 FROM {CHANGE_TABLE} FETCH FIRST 1 ROW ONLY"):
            said = self._tell(START)
            assert monotonic() < deadline, f"the capture agent captures nothing; it says: {said}"
            self.run("INSERT INTO sales.orders (id) VALUES (-1)", "DELETE FROM sales.orders WHERE id = -1")
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
