"""What is in the change topics, as evidence."""

from pathlib import Path

from confluent_kafka import Consumer, KafkaError, TopicPartition

TAIL = 200


def dump_topics(bootstrap_servers: str, path: Path) -> None:
    """Write the end of every change topic to the file, read as committed and as uncommitted."""
    with path.open("w") as output:
        for isolation in ("read_committed", "read_uncommitted"):
            consumer = Consumer(
                {
                    "bootstrap.servers": bootstrap_servers,
                    "group.id": "evidence",
                    "enable.auto.commit": False,
                    "isolation.level": isolation,
                    "enable.partition.eof": True,
                    "log_level": 2,
                }
            )
            for topic in sorted(name for name in consumer.list_topics(timeout=30).topics if name.startswith("rowstream_")):
                output.write(f"=== {isolation} {topic}\n")
                output.writelines(_lines(consumer, topic))
            consumer.close()


def _lines(consumer: Consumer, topic: str) -> list[str]:
    first, end = consumer.get_watermark_offsets(TopicPartition(topic, 0), timeout=30)
    lines = [f"offsets {first} to {end}\n"]
    consumer.assign([TopicPartition(topic, 0, max(first, end - TAIL))])
    while (message := consumer.poll(10)) is not None:
        error = message.error()
        if error is not None and error.code() == KafkaError._PARTITION_EOF:
            lines.append(f"end of partition at {message.offset()}\n")
            break
        value = (message.value() or b"").decode("utf-8", "replace").partition('"payload":')[2]
        key = (message.key() or b"").decode("utf-8", "replace").partition('"payload":')[2]
        lines.append(f"{message.offset()} {key} {value[:300]} ... {value[-200:]}\n")
    return lines
