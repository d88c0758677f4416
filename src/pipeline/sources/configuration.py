"""What the configurations of Debezium's relational connectors have in common."""

from collections.abc import Sequence

from pipeline.connect.constants import read_constants
from pipeline.sources import patterns
from pipeline.sources.source import Mode, Ownership, Table

SNAPSHOT_MODES = {Mode.SNAPSHOT: "initial_only", Mode.CDC: "initial", Mode.CDC_ONLY: "no_data"}
HEARTBEAT_MS = 10_000


def common_config(constants: str, mode: Mode, owned: Ownership, tables: Sequence[Table]) -> dict[str, str]:
    """The constants of `connector_configs/<constants>.json`, the names of what the job owns, its tables, their keys and columns."""
    config = read_constants(constants) | {
        "name": owned.connector,
        "topic.prefix": owned.topic_prefix,
        "notification.sink.topic.name": owned.notification_topic,
        "snapshot.mode": SNAPSHOT_MODES[mode],
        "table.include.list": patterns.table_list(tables),
    }
    if key_columns := patterns.key_columns(tables):
        config["message.key.columns"] = key_columns
    if mode.streams and (unpublished := patterns.unpublished_columns(tables)):
        config["column.exclude.list"] = unpublished
    return config


def password_config(password: str | None) -> dict[str, str]:
    """The password, or what stands for it, where there is one."""
    return {} if password is None else {"database.password": password}
