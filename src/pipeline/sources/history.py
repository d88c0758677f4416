"""The schema history: what a connector keeps of its tables' columns, so as to read the log from where it stopped."""

from pipeline.sources.source import Ownership


def history_topic(owned: Ownership) -> str:
    """Name the topic, which has one partition and no end to its retention."""
    return f"{owned.topic_prefix}.history"


def history_group(owned: Ownership) -> str:
    """Name the consumer group in which the connector reads it (KafkaSchemaHistory's default); Kafka keeps it for a while."""
    return f"{owned.topic_prefix}-schemahistory"


def history_config(owned: Ownership, bootstrap_servers: str) -> dict[str, str]:
    """
    The properties with which a connector keeps its history; `bootstrap_servers` is Kafka as Connect reaches it.

    It holds all tables of the database, so that one that a refresh takes in later is known.
    """
    return {
        "schema.history.internal.kafka.bootstrap.servers": bootstrap_servers,
        "schema.history.internal.kafka.topic": history_topic(owned),
    }
