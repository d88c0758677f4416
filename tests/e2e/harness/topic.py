"""What a topic of Kafka holds."""

from collections.abc import Iterator

from confluent_kafka import Consumer, KafkaError, Message, TopicPartition


def committed_records(bootstrap_servers: str, topic: str) -> Iterator[Message]:
    """The records in the one partition of a topic, but for those of transactions that were not committed."""
    consumer = Consumer(
        {
            "bootstrap.servers": bootstrap_servers,
            "group.id": "reads-one-topic",
            "enable.auto.commit": False,
            "isolation.level": "read_committed",
            "enable.partition.eof": True,
            "log_level": 2,
        }
    )
    try:
        consumer.assign([TopicPartition(topic, 0, 0)])
        while True:
            message = consumer.poll(30)
            assert message is not None, f"Kafka sends nothing of {topic}"
            error = message.error()
            if error is not None and error.code() == KafkaError._PARTITION_EOF:
                return
            assert error is None, error
            yield message
    finally:
        consumer.close()


def latest_records(bootstrap_servers: str, topic: str) -> dict[bytes, bytes | None]:
    """The last value of each key in the one partition of a topic; None where it was deleted."""
    return {message.key() or b"": message.value() for message in committed_records(bootstrap_servers, topic)}
