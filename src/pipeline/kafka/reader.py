"""Reading a small topic (notifications, markers) from a place on, without a consumer group."""

import asyncio
from collections.abc import Mapping
from datetime import UTC, datetime
from types import TracebackType
from typing import Self

from confluent_kafka import Consumer, KafkaError, KafkaException, Message, TopicPartition

from pipeline.change.record import Position, Record
from pipeline.errors import EngineUnavailableError
from pipeline.kafka.pulse import Pulse

ALONE: Mapping[str, str | int | bool] = {
    "group.id": "rowstream-reader",
    "enable.auto.commit": False,
    "isolation.level": "read_committed",
    "log_level": 2,
}
"""How a topic is read without a group: librdkafka wants the name of one all the same."""

RECORD_SECONDS = 10.0


class TopicReader:
    """
    Reads partition 0 of a topic from `offset` on, committed records only.

    An async context manager; librdkafka blocks, so each poll runs in a thread.
    """

    def __init__(self, bootstrap_servers: str, topic: str, offset: int = 0) -> None:
        self._consumer = Consumer({**ALONE, "bootstrap.servers": bootstrap_servers, "auto.offset.reset": "earliest"})
        self._pulse = Pulse(self._consumer, topic)
        self._consumer.assign([TopicPartition(topic, 0, offset)])

    async def __aenter__(self) -> Self:
        return self

    async def __aexit__(self, kind: type[BaseException] | None, error: BaseException | None, trace: TracebackType | None) -> None:
        await asyncio.to_thread(self._consumer.close)

    async def poll(self, timeout_seconds: float) -> list[Record]:
        """
        The next records, at most a hundred, after at most `timeout_seconds`; empty when there are none.

        Raises:
            EngineUnavailableError: Kafka does not answer: make a new reader.
        """
        messages = await asyncio.to_thread(self._consume, timeout_seconds)
        return [_record(message) for message in messages]

    def _consume(self, timeout_seconds: float) -> list[Message]:
        try:
            messages = self._consumer.consume(100, timeout_seconds)
            self._pulse.beat(heard=bool(messages))
        except KafkaException as error:
            raise EngineUnavailableError(f"Kafka does not answer: {error}") from error
        for message in messages:
            problem = message.error()
            if problem is not None and not problem.retriable() and problem.code() != KafkaError._ALL_BROKERS_DOWN:
                raise EngineUnavailableError(f"reading {message.topic()}: {problem.str()}")
        return [message for message in messages if message.error() is None]


async def time_of_record(bootstrap_servers: str, topic: str, offset: int) -> datetime | None:
    """
    When the record at this offset of partition 0, or the first after it, was written; None where no record comes for ten seconds.

    Raises:
        EngineUnavailableError: Kafka does not answer.
    """
    return await asyncio.to_thread(_time_of_record, bootstrap_servers, topic, offset)


def _time_of_record(bootstrap_servers: str, topic: str, offset: int) -> datetime | None:
    first = {"isolation.level": "read_uncommitted", "auto.offset.reset": "earliest", "bootstrap.servers": bootstrap_servers}
    consumer = Consumer({**ALONE, **first})
    try:
        consumer.assign([TopicPartition(topic, 0, offset)])
        message = consumer.poll(RECORD_SECONDS)
    except KafkaException as error:
        raise EngineUnavailableError(f"Kafka does not answer: {error}") from error
    finally:
        consumer.close()
    if message is None or message.error() is not None:
        return None
    _, milliseconds = message.timestamp()
    return datetime.fromtimestamp(milliseconds / 1000, UTC)


def _record(message: Message) -> Record:
    position = Position(message.topic() or "", message.partition() or 0, message.offset() or 0)
    return Record(position, message.key(), message.value(), message.headers() or ())  # type: ignore[arg-type] # its stubs leave values open
