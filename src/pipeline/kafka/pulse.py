"""Whether a consumer that brings nothing still reaches Kafka."""

import time

from confluent_kafka import Consumer, KafkaException

from pipeline.errors import EngineUnavailableError

SILENT_SECONDS = 30.0
ANSWER_SECONDS = 10.0


class Pulse:
    """
    Asks Kafka for an answer now and then while a consumer of `topic` is silent.

    librdkafka forgets all brokers when one that has just been started tells it of none, and
    never connects again, without a word (confluentinc/librdkafka#5301; met with 2.16). Only a
    new client helps.
    """

    def __init__(self, consumer: Consumer, topic: str) -> None:
        self._consumer = consumer
        self._topic = topic
        self._heard_at = time.monotonic()

    def beat(self, *, heard: bool) -> None:
        """
        Take note of whether the consumer has brought anything just now.

        Raises:
            EngineUnavailableError: It has been silent for half a minute, and Kafka does not answer it.
        """
        if not heard:
            if time.monotonic() - self._heard_at < SILENT_SECONDS:
                return
            try:
                self._consumer.list_topics(self._topic, ANSWER_SECONDS)
            except KafkaException as error:
                raise EngineUnavailableError(f"Kafka does not answer: {error.args[0].str()}") from error
        self._heard_at = time.monotonic()
