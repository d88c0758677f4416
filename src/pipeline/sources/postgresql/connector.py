"""The configuration of Debezium's PostgreSQL connector."""

from collections.abc import Sequence

from pipeline.connect.secrets import refuse_references
from pipeline.connect.signals import signal_config
from pipeline.errors import ConfigError
from pipeline.sources.configuration import HEARTBEAT_MS, common_config, password_config
from pipeline.sources.postgresql.marker import HEARTBEAT_QUERY, PREFIX
from pipeline.sources.postgresql.publications import publication_names
from pipeline.sources.postgresql.selects import snapshot_selects
from pipeline.sources.postgresql.types import SELF_TELLING
from pipeline.sources.postgresql.url import PostgresUrl
from pipeline.sources.source import Mode, Ownership, Table

CONNECTOR_CLASS = "io.debezium.connector.postgresql.PostgresConnector"

SESSION_SETTINGS = (
    "DateStyle=ISO",
    "IntervalStyle=postgres",
    "bytea_output=hex",
    "extra_float_digits=3",
    "lc_monetary=C",
)
"""How the server has to write values for Debezium to read them, whatever is set for its databases and roles."""


def connector_config(
    mode: Mode,
    owned: Ownership,
    tables: Sequence[Table],
    *,
    url: PostgresUrl,
    host: tuple[str, int],
    password: str | None,
    kafka: str,
) -> dict[str, str]:
    """
    Build the whole configuration; `host` is the one of the URL's hosts that is the primary now, `kafka` Kafka's addresses.

    Raises:
        ConfigError: Debezium cannot take the host or the database's name.
    """
    config = common_config("postgresql", mode, owned, tables) | connection_config(url, host, password)
    config["datatype.propagate.source.type"] = rf"(?-i).+\.(?!_?({'|'.join(SELF_TELLING)})$)[^.]+"
    if mode.snapshots:
        config |= snapshot_selects(mode, tables)
    return config | _streaming(owned, tables, kafka) if mode.streams else config


def check_reachable_by_debezium(host: str, database: str) -> None:
    """
    Raise `ConfigError` for what Debezium puts into its own JDBC URL unencoded.

    It takes one host of letters, digits, `_`, `-` and `.` (RelationalDatabaseConnectorConfig).
    """
    if ":" in host:
        raise ConfigError(
            f"Debezium's PostgreSQL connector does not take the IPv6 address {host}",
            suggestion="Give a host name that resolves to it.",
            code="HOST_NOT_SUPPORTED",
        )
    if any(character in database for character in "/?%+&#"):
        raise ConfigError(
            f"Debezium's PostgreSQL connector cannot open a database of the name {database!r}",
            suggestion="Rename the database: / ? % + & # are not possible in its name.",
            code="DATABASE_NOT_SUPPORTED",
        )


def connection_config(url: PostgresUrl, host: tuple[str, int], password: str | None) -> dict[str, str]:
    """Say how the connector reaches the database, and how the server has to write values."""
    check_reachable_by_debezium(host[0], url.database)
    config = {
        "database.hostname": host[0],
        "database.port": str(host[1]),
        "database.dbname": url.database,
        "database.user": url.user,
        "driver.connectTimeout": str(url.connect_timeout_seconds or 10),
    }
    if url.ssl_mode is not None:
        config["database.sslmode"] = url.ssl_mode
    config |= {f"database.{name}": path for name, path in url.ssl_files.items()}
    settings = " ".join(f"-c {setting}" for setting in SESSION_SETTINGS)
    config |= {f"driver.{name}": value for name, value in url.options.items()}
    config["driver.options"] = " ".join(filter(None, (url.options.get("options"), settings)))
    refuse_references(config)
    return config | password_config(password)


def _streaming(owned: Ownership, tables: Sequence[Table], kafka: str) -> dict[str, str]:
    return {
        "slot.name": owned.slot,
        "publication.name": ",".join(publication_names(owned, tables)),
        "message.prefix.include.list": PREFIX,
        "heartbeat.interval.ms": str(HEARTBEAT_MS),
        "heartbeat.action.query": HEARTBEAT_QUERY,
        **signal_config(owned, kafka),
    }
