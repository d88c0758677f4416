"""What a reader that follows changes is asked meanwhile: to read tables again."""

import msgspec
from confluent_kafka import Consumer, KafkaException, TopicPartition
from msgspec import Struct

from pipeline.errors import EngineUnavailableError
from pipeline.kafka.reader import ALONE


class _Data(Struct):
    tables: list[str] = msgspec.field(name="data-collections")


class _Signal(Struct):
    type: str
    data: _Data


_decode = msgspec.json.Decoder(_Signal).decode


class Signals:
    """The job's signals, as `pipeline.connect.signals` writes them for connectors, too."""

    def __init__(self, bootstrap_servers: str, topic: str) -> None:
        self._consumer = Consumer({**ALONE, "bootstrap.servers": bootstrap_servers, "auto.offset.reset": "earliest"})
        self._consumer.assign([TopicPartition(topic, 0, 0)])

    def next(self) -> list[str] | None:
        """The names of the tables that are to be read again, as the next signal has them; None where there is none."""
        try:
            message = self._consumer.poll(0)
        except KafkaException as error:
            raise EngineUnavailableError(f"Kafka does not answer: {error}") from error
        value = None if message is None or message.error() is not None else message.value()
        return None if value is None else _decode(value).data.tables
