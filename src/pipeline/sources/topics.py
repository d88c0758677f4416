"""The names of the topics that Debezium's relational connectors write to (its SchemaTopicNamingStrategy)."""

import re

from pipeline.sources.source import Ownership, Table

LONGEST = 249
"""Kafka's limit; Debezium cuts longer names."""


def change_topic(owned: Ownership, table: Table, database: str | None = None) -> str:
    """
    Name the table's change topic: prefix.schema.table, sanitised; the `database` before the schema where a connector names it.

    Characters that a topic cannot have become `_`, so tables may share one (`a b`, `a_b`).
    """
    parts = (owned.topic_prefix, database or "", table.schema, table.name)
    return sanitise(".".join(part for part in parts if part.strip()))


def message_topic(owned: Ownership) -> str:
    """Name the topic of logical decoding messages."""
    return f"{owned.topic_prefix}.message"


def heartbeat_topic(owned: Ownership) -> str:
    """Name the topic of heartbeats."""
    return f"__debezium-heartbeat.{owned.topic_prefix}"


def sanitise(name: str) -> str:
    """Replace and cut as Debezium does; it counts UTF-16 units, so a character beyond them becomes two `_`."""
    astral = re.sub(r"[\U00010000-\U0010ffff]", "__", name)
    clean = re.sub(r"[^A-Za-z0-9._-]", "_", astral)[:LONGEST]
    return clean.replace(".", "_") if clean in (".", "..") else clean
