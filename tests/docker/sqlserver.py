"""SQL Server in a container, its Agent running."""

from collections.abc import Sequence
from typing import Any, Self

from testcontainers.core.container import DockerContainer
from testcontainers.core.wait_strategies import LogMessageWaitStrategy

from pipeline.sources.drivers import load_driver
from pipeline.sources.sqlserver.capture import literal
from pipeline.sources.sqlserver.connection import DRIVER, EXTRA, PROVIDER

IMAGE = "mcr.microsoft.com/mssql/server:2022-CU16-ubuntu-22.04"
PASSWORD = "Sa-Passw0rd-of-a-test"
DATABASE = "shop"


class SqlServer:
    """Implements `tests.docker.vendor.Vendor`."""

    source_type = "SQL_SERVER"
    schema, table = "dbo", "orders"

    def __init__(self) -> None:
        self._container = (
            DockerContainer(IMAGE)
            .with_env("ACCEPT_EULA", "Y")
            .with_env("MSSQL_SA_PASSWORD", PASSWORD)
            .with_env("MSSQL_AGENT_ENABLED", "true")
            .with_exposed_ports(1433)
            .waiting_for(LogMessageWaitStrategy("SQL Server is now ready for client connections").with_startup_timeout(300))
        )

    def __enter__(self) -> Self:
        """Start the server, make the database and the table, and turn change data capture on."""
        self._container.start()
        self._run("master", f"CREATE DATABASE {DATABASE}", f"ALTER DATABASE {DATABASE} SET ALLOW_SNAPSHOT_ISOLATION ON")
        self.run("EXEC sys.sp_cdc_enable_db", "CREATE TABLE orders (id int PRIMARY KEY, name nvarchar(40), price decimal(12, 2))")
        self.mend()
        return self

    def __exit__(self, *_: object) -> None:
        """Stop the server."""
        self._container.stop()

    @property
    def _port(self) -> int:
        return int(self._container.get_exposed_port(1433))

    def details(self) -> dict[str, Any]:
        """How a job reaches it."""
        url = f"jdbc:sqlserver://127.0.0.1:{self._port};databaseName={DATABASE};encrypt=true;trustServerCertificate=true"
        return {"url": url, "user": "sa", "password": PASSWORD}

    def run(self, *statements: str) -> None:
        """Run statements in one transaction."""
        self._run(DATABASE, *statements, autocommit=False)

    def ask(self, query: str) -> Sequence[Sequence[Any]]:
        """The rows of a query."""
        with self._connect(DATABASE, autocommit=True) as connection:
            return [tuple(row) for row in connection.cursor().execute(query).fetchall()]

    def capture(self, *tables: str) -> None:
        """Turn the tables' capture on."""
        statement = "EXEC sys.sp_cdc_enable_table @source_schema = N'dbo', @source_name = {}, @role_name = NULL"
        self._run(DATABASE, *(statement.format(literal(table)) for table in tables))

    def release(self, *tables: str) -> None:
        """Turn it off."""
        self._run(DATABASE, *(f"EXEC sys.sp_cdc_disable_table N'dbo', {literal(table)}, N'all'" for table in tables))

    def lack(self) -> str:
        """Turn the table's capture off."""
        self.release(self.table)
        return "CDC_TABLE"

    def mend(self) -> None:
        """Turn the table's capture on."""
        self.capture(self.table)

    def _run(self, database: str, *statements: str, autocommit: bool = True) -> None:
        with self._connect(database, autocommit=autocommit) as connection:
            for statement in statements:
                connection.cursor().execute(statement)
            if not autocommit:
                connection.commit()

    def _connect(self, database: str, *, autocommit: bool) -> Any:
        driver = load_driver(DRIVER, EXTRA)
        driver.native_provider = PROVIDER
        server = f"Server=tcp:127.0.0.1,{self._port};Database={database};UID=sa;PWD={PASSWORD};TrustServerCertificate=yes"
        return driver.connect(server, autocommit=autocommit)
