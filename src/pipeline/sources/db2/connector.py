"""The configuration of Debezium's Db2 connector."""

from collections.abc import Sequence

from pipeline.connect.secrets import refuse_references
from pipeline.connect.signals import signal_config
from pipeline.sources.configuration import HEARTBEAT_MS, common_config, password_config
from pipeline.sources.db2.capture import SCHEMA
from pipeline.sources.db2.url import Db2Url
from pipeline.sources.history import history_config
from pipeline.sources.hosts import check_host
from pipeline.sources.overrides import Wording, narrowed_selects
from pipeline.sources.queries import quoted
from pipeline.sources.source import Mode, Ownership, Table

CONNECTOR_CLASS = "io.debezium.connector.db2.Db2Connector"
LOGIN_TIMEOUT_SECONDS = 10

WORDING = Wording(quoted)


def connector_config(
    mode: Mode, owned: Ownership, tables: Sequence[Table], *, url: Db2Url, password: str | None, kafka: str
) -> dict[str, str]:
    """
    Build the whole configuration; `kafka` is Kafka's addresses.

    Raises:
        ConfigError: Debezium cannot take the host, or cannot be told of a filter.
    """
    config = common_config("db2", mode, owned, tables) | _connection(url, password) | history_config(owned, kafka)
    config |= {"cdc.control.schema": SCHEMA, "cdc.change.tables.schema": SCHEMA}
    if mode.snapshots:
        config |= narrowed_selects(tables, WORDING)
    if mode.streams:
        config |= {"heartbeat.interval.ms": str(HEARTBEAT_MS), **signal_config(owned, kafka)}
    return config


def _connection(url: Db2Url, password: str | None) -> dict[str, str]:
    check_host(url.host, "Db2")
    config = {
        "database.hostname": url.host,
        "database.port": str(url.port),
        "database.dbname": url.database,
        "database.user": url.user,
        "driver.loginTimeout": str(url.login_timeout_seconds or LOGIN_TIMEOUT_SECONDS),
        "driver.sslConnection": str(url.tls).lower(),
    }
    if url.certificate is not None:
        config["driver.sslCertLocation"] = url.certificate
    config |= {f"driver.{name}": value for name, value in url.options.items()}
    refuse_references(config)
    return config | password_config(password)
