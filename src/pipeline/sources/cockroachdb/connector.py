"""
The configuration of Debezium's CockroachDB connector.

CockroachDB writes changes into topics of Kafka by itself, and the connector makes Debezium's records
of them. So the database has to reach Kafka, too.
"""

from collections.abc import Sequence

from pipeline.connect.secrets import refuse_references
from pipeline.errors import ConfigError
from pipeline.sources.cockroachdb.changefeed import FEED, feed_prefix
from pipeline.sources.configuration import HEARTBEAT_MS, common_config, password_config
from pipeline.sources.hosts import check_host
from pipeline.sources.postgresql.url import PostgresUrl
from pipeline.sources.source import Mode, Ownership, Table

CONNECTOR_CLASS = "io.debezium.connector.cockroachdb.CockroachDBConnector"
CONNECT_TIMEOUT_SECONDS = 10


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
    Build the whole configuration; `host` is the one of the URL's hosts that answers, `kafka` Kafka's addresses, for the database, too.

    Raises:
        ConfigError: The connector cannot take the host, or a property of the URL.
    """
    config = common_config("cockroachdb", mode, owned, tables) | _connection(url, host, password)
    if mode.streams:
        config["heartbeat.interval.ms"] = str(HEARTBEAT_MS)
    return config | {
        "schema.include.list": ",".join(sorted({table.schema for table in tables})),
        "cockroachdb.changefeed.sink.type": "kafka",
        "cockroachdb.changefeed.sink.uri": f"kafka://{kafka.split(',')[0]}",
        "cockroachdb.changefeed.sink.topic.prefix": feed_prefix(owned),
        "cockroachdb.changefeed.kafka.bootstrap.servers": kafka,
        "cockroachdb.changefeed.kafka.consumer.group.prefix": f"{owned.connector}.{FEED}",
    }


def _connection(url: PostgresUrl, host: tuple[str, int], password: str | None) -> dict[str, str]:
    check_host(host[0], "CockroachDB")
    if url.options:
        raise ConfigError(
            f"the JDBC URL's {', '.join(sorted(url.options))} cannot be passed on: Debezium's CockroachDB connector takes no properties "
            "of the driver",
            suggestion="Leave them out.",
        )
    config = {
        "database.hostname": host[0],
        "database.port": str(host[1]),
        "database.dbname": url.database,
        "database.user": url.user,
        "connection.timeout.ms": str((url.connect_timeout_seconds or CONNECT_TIMEOUT_SECONDS) * 1000),
    }
    if url.ssl_mode is not None:
        config["database.sslmode"] = url.ssl_mode
    config |= {f"database.{name}": path for name, path in url.ssl_files.items()}
    refuse_references(config)
    return config | password_config(password)
