"""Oracle Database Free in a container, its redo logs archived."""

from collections.abc import Sequence
from typing import Any, Self

from testcontainers.core.container import DockerContainer
from testcontainers.core.wait_strategies import LogMessageWaitStrategy

from pipeline.sources.drivers import load_driver
from pipeline.sources.oracle.connection import DRIVER, EXTRA
from pipeline.sources.oracle.privileges import VIEWS

IMAGE = "gvenzl/oracle-free:23.9-slim-faststart"
PASSWORD = "Oracle-Passw0rd-1"
USER, PDB = "C##APP", "FREEPDB1"
PRIVILEGES = (
    "CREATE SESSION",
    "SET CONTAINER",
    "FLASHBACK ANY TABLE",
    "SELECT ANY TABLE",
    "SELECT ANY TRANSACTION",
    "LOGMINING",
    "CREATE TABLE",
    "UNLIMITED TABLESPACE",
    "SELECT_CATALOG_ROLE",
    "EXECUTE_CATALOG_ROLE",
)
ARCHIVE = "shutdown immediate\nstartup mount\nalter database archivelog;\nalter database open;\nalter pluggable database all open;\nexit\n"


class Oracle:
    """Implements `tests.docker.vendor.Vendor`."""

    source_type = "ORACLE"
    schema, table = "SALES", "ORDERS"

    def __init__(self) -> None:
        self._container = (
            DockerContainer(IMAGE)
            .with_env("ORACLE_PASSWORD", PASSWORD)
            .with_exposed_ports(1521)
            .waiting_for(LogMessageWaitStrategy("DATABASE IS READY TO USE!").with_startup_timeout(600))
        )

    def __enter__(self) -> Self:
        """Start the database, archive its logs, and make the user and the table."""
        self._container.start()
        self._container.exec(["bash", "-c", f"echo -e {ARCHIVE!r} | sqlplus -s / as sysdba"])
        self._run(
            "FREE",
            "ALTER DATABASE ADD SUPPLEMENTAL LOG DATA",
            f'CREATE USER {USER} IDENTIFIED BY "{PASSWORD}" CONTAINER=ALL',
            *(f"GRANT {privilege} TO {USER} CONTAINER=ALL" for privilege in PRIVILEGES),
            *(f"GRANT SELECT ON {view} TO {USER} CONTAINER=ALL" for view in VIEWS),
        )
        self._run(PDB, "CREATE USER sales NO AUTHENTICATION QUOTA UNLIMITED ON users")
        self.run("CREATE TABLE sales.orders (id NUMBER PRIMARY KEY, name VARCHAR2(40), price NUMBER(12, 2))")
        self.mend()
        return self

    def __exit__(self, *_: object) -> None:
        """Stop the database."""
        self._container.stop()

    @property
    def _port(self) -> int:
        return int(self._container.get_exposed_port(1521))

    def details(self) -> dict[str, Any]:
        """How a job reaches it."""
        url = f"jdbc:oracle:thin:@//127.0.0.1:{self._port}/FREE"
        return {"url": url, "user": USER, "password": PASSWORD, "oraclePdbName": PDB}

    def run(self, *statements: str) -> None:
        """Run statements in one transaction."""
        self._run(PDB, *statements)

    def ask(self, query: str) -> Sequence[Sequence[Any]]:
        """The rows of a query."""
        with self._connect(PDB) as connection, connection.cursor() as cursor:
            return list(cursor.execute(query).fetchall())

    def capture(self, *tables: str) -> None:
        """Log all columns of the tables."""
        self.run(*(f'ALTER TABLE sales."{table}" ADD SUPPLEMENTAL LOG DATA (ALL) COLUMNS' for table in tables))

    def release(self, *tables: str) -> None:
        """Log only what changes of their rows."""
        self.run(*(f'ALTER TABLE sales."{table}" DROP SUPPLEMENTAL LOG DATA (ALL) COLUMNS' for table in tables))

    def lack(self) -> str:
        """Log only what changes of the table's rows."""
        self.release(self.table)
        return "SUPPLEMENTAL_LOGGING"

    def mend(self) -> None:
        """Log all columns of the table."""
        self.capture(self.table)

    def _run(self, service: str, *statements: str) -> None:
        with self._connect(service) as connection, connection.cursor() as cursor:
            for statement in statements:
                cursor.execute(statement)
            connection.commit()

    def _connect(self, service: str) -> Any:
        return load_driver(DRIVER, EXTRA).connect(user="system", password=PASSWORD, dsn=f"127.0.0.1:{self._port}/{service}")
