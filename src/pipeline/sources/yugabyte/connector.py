"""
The configuration of YugabyteDB's connector.

Debezium's own PostgreSQL connector does not do: it asks for the log's end by pg_current_wal_lsn() when it
reads a snapshot, which YugabyteDB does not have, and cannot read as of the slot's snapshot.
"""

from collections.abc import Sequence

from pipeline.connect.signals import signal_config
from pipeline.sources.configuration import HEARTBEAT_MS, common_config
from pipeline.sources.postgresql.connector import connection_config
from pipeline.sources.postgresql.url import PostgresUrl
from pipeline.sources.source import Mode, Ownership, Table

CONNECTOR_CLASS = "io.debezium.connector.postgresql.YugabyteDBConnector"


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
    Build the whole configuration; `host` is the one of the URL's hosts that answers, `kafka` Kafka's addresses.

    Raises:
        ConfigError: The connector cannot take the host or the database's name.
    """
    config = common_config("yugabyte", mode, owned, tables) | connection_config(url, host, password)
    if mode.streams:
        config |= {
            "slot.name": owned.slot,
            "publication.name": owned.publication,
            "heartbeat.interval.ms": str(HEARTBEAT_MS),
            **signal_config(owned, kafka),
        }
    return config
