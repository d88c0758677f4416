"""The configuration of Debezium's SQL Server connector."""

from collections.abc import Sequence

from pipeline.connect.secrets import refuse_references
from pipeline.connect.signals import signal_config
from pipeline.sources.configuration import HEARTBEAT_MS, common_config, password_config
from pipeline.sources.history import history_config
from pipeline.sources.hosts import check_host
from pipeline.sources.overrides import Wording, narrowed_selects
from pipeline.sources.source import Mode, Ownership, Table
from pipeline.sources.sqlserver.capture import quoted
from pipeline.sources.sqlserver.url import SqlServerUrl

CONNECTOR_CLASS = "io.debezium.connector.sqlserver.SqlServerConnector"
LOGIN_TIMEOUT_SECONDS = 10


def _obstacle(table: Table) -> str | None:
    """Debezium puts the names of the columns in the place of every asterisk in a statement, as Java's `replaceAll` does."""
    if "*" in "".join((table.condition or "", table.schema, table.name, *table.key)):
        return "Debezium would replace an asterisk in the condition, or in the name of the table or of its key"
    if odd := [column.name for column in table.columns if "$" in column.name or "\\" in column.name]:
        return f"Debezium cannot write the name of the column {odd[0]} into a statement"
    return None


WORDING = Wording(quoted, obstacle=_obstacle)


def connector_config(
    mode: Mode, owned: Ownership, tables: Sequence[Table], *, url: SqlServerUrl, database: str, password: str | None, kafka: str
) -> dict[str, str]:
    """
    Build the whole configuration; `database` is the database's name as the server spells it, `kafka` Kafka's addresses.

    Raises:
        ConfigError: Debezium cannot take the host, or cannot be told of a filter.
    """
    config = common_config("sqlserver", mode, owned, tables) | _connection(url, database, password) | history_config(owned, kafka)
    if mode.snapshots:
        config |= narrowed_selects(tables, WORDING)
    if mode.streams:
        config |= {"heartbeat.interval.ms": str(HEARTBEAT_MS), **signal_config(owned, kafka)}
    return config


def _connection(url: SqlServerUrl, database: str, password: str | None) -> dict[str, str]:
    check_host(url.host, "SQL Server")
    config = {"database.hostname": url.host, "database.names": database, "database.user": url.user}
    if url.instance is not None:
        config["database.instance"] = url.instance
    if url.port is not None:
        config["database.port"] = str(url.port)
    config |= {f"driver.{name}": value for name, value in {**url.options, **_driver_properties(url)}.items()}
    refuse_references(config)
    return config | password_config(password)


def _driver_properties(url: SqlServerUrl) -> dict[str, str]:
    """What is read of the URL, in the JDBC driver's words."""
    properties = {
        "encrypt": {"yes": "true", "no": "false"}.get(url.encrypt, url.encrypt),
        "trustServerCertificate": str(url.trust_server_certificate).lower(),
        "hostNameInCertificate": url.certificate_host,
        "serverCertificate": url.certificate_file,
        "failoverPartner": url.failover_partner,
        "loginTimeout": str(url.login_timeout_seconds or LOGIN_TIMEOUT_SECONDS),
        "applicationName": url.application_name or "rowstream",
    }
    return {name: value for name, value in properties.items() if value is not None}
