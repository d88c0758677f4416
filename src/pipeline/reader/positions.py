"""Reading the positions that the readers before have kept."""

from dataclasses import dataclass, field

from confluent_kafka import Consumer, KafkaError, KafkaException, TopicPartition

from pipeline.errors import EngineUnavailableError
from pipeline.kafka.reader import ALONE
from pipeline.reader.followed import MEMBERS_KEY, TOLD_KEY, Followed, decode_followed
from pipeline.reader.position import ReadPosition, decode_position

SILENCE_SECONDS = 60.0


@dataclass(slots=True)
class Positions:
    """The last committed position of each table (schema, name) that is read, and how far changes are told, once any are."""

    tables: dict[tuple[str, str], ReadPosition] = field(default_factory=dict)
    followed: Followed | None = None


def read_positions(bootstrap_servers: str, topic: str) -> Positions:
    """
    Return the last committed positions.

    The caller has fenced every other writer, so the topic has an end that does not move.

    Raises:
        EngineUnavailableError: Kafka does not answer.
    """
    consumer = Consumer({**ALONE, "bootstrap.servers": bootstrap_servers, "enable.partition.eof": True, "auto.offset.reset": "earliest"})
    try:
        consumer.assign([TopicPartition(topic, 0, 0)])
        return _read_to_the_end(consumer)
    except KafkaException as error:
        raise EngineUnavailableError(f"Kafka does not answer: {error}") from error
    finally:
        consumer.close()


def _read_to_the_end(consumer: Consumer) -> Positions:
    positions, followed = Positions(), dict[bytes, bytes]()
    while True:
        message = consumer.poll(SILENCE_SECONDS)
        if message is None:
            raise EngineUnavailableError(f"Kafka does not answer: no position within {SILENCE_SECONDS:.0f} s")
        error, key, value = message.error(), message.key(), message.value()
        if error is not None and error.code() == KafkaError._PARTITION_EOF:
            if followed:
                positions.followed = decode_followed(followed[TOLD_KEY], followed[MEMBERS_KEY])
            return positions
        if error is not None and not error.retriable() and error.code() != KafkaError._ALL_BROKERS_DOWN:
            raise EngineUnavailableError(f"reading the positions: {error.str()}")
        if error is not None or not isinstance(key, bytes) or not isinstance(value, bytes):
            continue
        if key in (TOLD_KEY, MEMBERS_KEY):
            followed[key] = value
        else:
            place, position = decode_position(key, value)
            positions.tables[place] = position
