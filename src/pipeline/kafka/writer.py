"""Writing a single record."""

import asyncio

from confluent_kafka import KafkaException, Producer

from pipeline.errors import EngineUnavailableError

TIMEOUT_SECONDS = 30.0


async def write_record(bootstrap_servers: str, topic: str, key: bytes, value: bytes) -> None:
    """
    Write the record into partition 0 and return once Kafka has it.

    Raises:
        EngineUnavailableError: Kafka did not take it.
    """
    await asyncio.to_thread(_write, bootstrap_servers, topic, key, value)


def _write(bootstrap_servers: str, topic: str, key: bytes, value: bytes) -> None:
    problems: list[str] = []
    producer = Producer({"bootstrap.servers": bootstrap_servers, "message.timeout.ms": round(TIMEOUT_SECONDS * 1000), "log_level": 2})
    try:
        producer.produce(topic, value, key, partition=0, on_delivery=lambda error, _: problems.append(error.str()) if error else None)
        left = producer.flush(TIMEOUT_SECONDS)
    except KafkaException as error:
        raise EngineUnavailableError(f"Kafka does not answer: {error}") from error
    if left or problems:
        raise EngineUnavailableError(f"Kafka does not take a record of {topic}: {', '.join(problems) or 'no answer'}")
