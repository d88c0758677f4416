"""Which errors of Kafka pass by themselves."""

import pytest
from confluent_kafka import KafkaError

from pipeline.kafka.topics import is_outage


@pytest.mark.parametrize(
    ("code", "words", "outage"),
    [
        (KafkaError._TIMED_OUT, "Failed while waiting for response", True),
        (KafkaError.NOT_CONTROLLER, "This is not the correct controller", True),
        (KafkaError.INVALID_REPLICATION_FACTOR, "Unable to replicate the partition 1 time(s): All brokers are currently fenced.", True),
        (KafkaError.INVALID_REPLICATION_FACTOR, "Unable to replicate the partition 3 time(s): The target replication factor", False),
        (KafkaError.TOPIC_AUTHORIZATION_FAILED, "Topic authorization failed", False),
    ],
)
def test_what_passes_by_itself_is_an_outage(code: int, words: str, outage: bool) -> None:
    assert is_outage(KafkaError(code, words)) is outage
