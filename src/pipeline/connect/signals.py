"""Signals to a connector that runs: Debezium reads them from a topic of the job's own (its documentation: "Sending signals")."""

import json
from collections.abc import Mapping, Sequence

from pipeline.sources.source import Ownership


def signal_config(owned: Ownership, bootstrap_servers: str) -> dict[str, str]:
    """The properties with which a connector reads its signals; `bootstrap_servers` is Kafka as Connect reaches it."""
    return {
        "signal.enabled.channels": "kafka",
        "signal.kafka.topic": owned.signal_topic,
        "signal.kafka.groupId": owned.signal_topic,
        "signal.kafka.bootstrap.servers": bootstrap_servers,
        "signal.kafka.poll.timeout.ms": "500",
        "signal.poll.interval.ms": "1000",
    }


def read_again(owned: Ownership, identity: str, names: Sequence[str], selects: Mapping[str, str]) -> tuple[bytes, bytes]:
    """
    The signal, key and value, to read tables again while the stream waits (a blocking snapshot).

    `names` are regular expressions; `selects` are statements for those tables that Debezium's own do not
    serve; `identity` is for Debezium's log alone.
    """
    conditions = [{"data-collection": name, "filter": select} for name, select in selects.items()]
    data = {"type": "BLOCKING", "data-collections": list(names), "additional-conditions": conditions}
    signal = {"id": identity, "type": "execute-snapshot", "data": data}
    return owned.topic_prefix.encode(), json.dumps(signal).encode()
