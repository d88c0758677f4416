"""The configuration of Debezium's Oracle connector."""

from collections.abc import Sequence

from pipeline.connect.secrets import refuse_references
from pipeline.connect.signals import signal_config
from pipeline.sources.configuration import HEARTBEAT_MS, common_config, password_config
from pipeline.sources.history import history_config
from pipeline.sources.oracle.flush import flush_table
from pipeline.sources.oracle.types import is_large
from pipeline.sources.oracle.url import OracleUrl
from pipeline.sources.overrides import Wording, narrowed_selects
from pipeline.sources.queries import quoted
from pipeline.sources.source import Mode, Ownership, Table

CONNECTOR_CLASS = "io.debezium.connector.oracle.OracleConnector"
CONNECT_TIMEOUT_MS = "10000"

MOMENT = "ROWSTREAM_AS_OF_SCN"
"""What Debezium replaces by the moment of its snapshot, so that all tables are read as of that."""


WORDING = Wording(
    quoted, MOMENT, lambda table: f"{MOMENT} in the condition stands for something else" if MOMENT in (table.condition or "") else None
)


def connector_config(
    mode: Mode, owned: Ownership, tables: Sequence[Table], *, url: OracleUrl, database: str, password: str | None, kafka: str
) -> dict[str, str]:
    """
    Build the whole configuration; `database` is the name of the (container) database, `kafka` Kafka's addresses.

    Raises:
        ConfigError: Debezium cannot be told of a filter.
    """
    config = common_config("oracle", mode, owned, tables) | _connection(url, database, password) | history_config(owned, kafka)
    config |= _mining(tables) | {"log.mining.flush.table.name": flush_table(owned)}
    if mode.snapshots:
        config |= narrowed_selects(tables, WORDING)
    if any(table.narrowed for table in tables):
        config["internal.snapshot.enhance.predicate.scn"] = MOMENT  # also for tables that are read again
    if mode.streams:
        config |= {"heartbeat.interval.ms": str(HEARTBEAT_MS), **signal_config(owned, kafka)}
    return config


def _connection(url: OracleUrl, database: str, password: str | None) -> dict[str, str]:
    config = {"database.url": url.jdbc, "database.dbname": database, "database.user": url.user}
    if url.pdb is not None:
        config["database.pdb.name"] = url.pdb
    config |= {"driver.oracle.net.CONNECT_TIMEOUT": CONNECT_TIMEOUT_MS, **{f"driver.{name}": value for name, value in url.options.items()}}
    refuse_references(config)
    return config | password_config(password)


def _mining(tables: Sequence[Table]) -> dict[str, str]:
    """
    How LogMiner names tables and columns, and whether large values are read.

    The hybrid way also knows the columns of changes from before a column was added or dropped, but
    reads no large values; without these, their columns would arrive empty.
    """
    large = any(is_large(column) for table in tables for column in table.columns)
    return {"lob.enabled": "true", "log.mining.strategy": "online_catalog"} if large else {"log.mining.strategy": "hybrid"}
