"""Writing to Kafka in transactions."""

import time
from types import TracebackType
from typing import Self

from confluent_kafka import KafkaError, KafkaException, Message, Producer

from pipeline.errors import ConfigError, EngineUnavailableError, FencedError, PipelineError
from pipeline.kafka.retention import LARGEST_RECORD_BYTES

TIMEOUT_SECONDS = 60.0
COMMIT_SECONDS = 0.5
COMMIT_BYTES = 32_000_000

# Documentation of each: librdkafka's CONFIGURATION.md.
WRITING: dict[str, str | int | float | bool] = {
    "enable.idempotence": True,
    "transaction.timeout.ms": 60_000,
    "message.max.bytes": LARGEST_RECORD_BYTES,
    "queue.buffering.max.kbytes": 128 * 1024,
    "queue.buffering.max.messages": 50_000,
    "linger.ms": 20,
    "batch.size": 1_000_000,
    "compression.type": "lz4",
    "log_level": 2,
}


class Output:
    """
    A transactional producer; whoever opens one with the same id fences this one.

    Records stay invisible until `commit`; a process that dies takes what it had not
    committed with it. A context manager: leaving it by an exception commits nothing.
    """

    def __init__(self, bootstrap_servers: str, transactional_id: str) -> None:
        self._producer = Producer({**WRITING, "bootstrap.servers": bootstrap_servers, "transactional.id": transactional_id})
        self._open = False
        self._bytes = 0
        self._since = 0.0
        self._problem: KafkaError | None = None

    def __enter__(self) -> Self:
        """Fence whoever wrote with the id before; what it had not committed is gone once this returns."""
        try:
            self._producer.init_transactions(TIMEOUT_SECONDS)
        except KafkaException as error:
            raise _explained(error) from error
        return self

    def __exit__(self, kind: type[BaseException] | None, error: BaseException | None, trace: TracebackType | None) -> None:
        if kind is None:
            self.commit()
        else:
            self._producer.purge()

    def write(self, topic: str, key: bytes | None, value: bytes) -> None:
        """
        Add a record to the transaction, beginning one if there is none.

        Raises:
            ConfigError: The record is larger than Kafka is to take.
        """
        if len(value) > LARGEST_RECORD_BYTES:
            message = f"a row for {topic} makes a record of {len(value) >> 20} MB, more than the {LARGEST_RECORD_BYTES >> 20} MB that pass"
            raise ConfigError(message, suggestion="Make the row smaller at the source, then post the job again.", code="RECORD_TOO_LARGE")
        try:
            if not self._open:
                self._producer.begin_transaction()
                self._open, self._since, self._bytes = True, time.monotonic(), 0
            self._produce(topic, key, value)
        except KafkaException as error:
            raise _explained(self._cause(error)) from error
        self._bytes += len(value)

    @property
    def due(self) -> bool:
        """Whether the transaction has lasted long enough, or is large enough, to be committed."""
        return self._open and (self._bytes > COMMIT_BYTES or time.monotonic() - self._since > COMMIT_SECONDS)

    def commit(self) -> None:
        """Make what was written visible, all of it at once; nothing is done where nothing was written."""
        if not self._open:
            return
        try:
            self._producer.commit_transaction(TIMEOUT_SECONDS)
        except KafkaException as error:
            raise _explained(error) from error
        self._raise_problem()
        self._open = False

    def _produce(self, topic: str, key: bytes | None, value: bytes) -> None:
        while True:
            try:
                self._producer.produce(topic, value, key, partition=0, on_delivery=self._delivered)
            except BufferError:
                self._producer.poll(0.1)
                self._raise_problem()
            else:
                self._producer.poll(0)
                return

    def _cause(self, error: KafkaException) -> KafkaException:
        """Why the producer has given up, where librdkafka says only that it has: it tells whoever asks for the transaction's end."""
        if error.args[0].code() != KafkaError._FATAL:
            return error
        try:
            self._producer.abort_transaction(TIMEOUT_SECONDS)
        except KafkaException as cause:
            return cause
        return error

    def _delivered(self, error: KafkaError | None, _: Message) -> None:
        self._problem = self._problem or error

    def _raise_problem(self) -> None:
        if self._problem is not None:
            raise KafkaException(self._problem)


def fence(bootstrap_servers: str, transactional_id: str) -> None:
    """
    See that nobody writes with the id any more, and that what was not committed is gone.

    Raises:
        EngineUnavailableError: Kafka does not answer.
    """
    with Output(bootstrap_servers, transactional_id):
        pass


def _explained(error: KafkaException) -> PipelineError:
    problem: KafkaError = error.args[0]
    if problem.code() in (KafkaError._FENCED, KafkaError.PRODUCER_FENCED, KafkaError.INVALID_PRODUCER_EPOCH):
        return FencedError("another reader of the job has taken over, or Kafka has ended a transaction that took too long")
    if problem.code() == KafkaError.MSG_SIZE_TOO_LARGE:
        suggestion = "Let Kafka's brokers take records of 64 MB (message.max.bytes, replica.fetch.max.bytes)."
        return ConfigError(f"Kafka does not take a row: {problem.str()}", suggestion=suggestion, code="RECORD_TOO_LARGE")
    if problem.code() in (KafkaError.TRANSACTIONAL_ID_AUTHORIZATION_FAILED, KafkaError.TOPIC_AUTHORIZATION_FAILED):
        return ConfigError(
            f"Kafka refuses: {problem.str()}", suggestion="Let the service's Kafka user write rowstream_*, also in transactions."
        )
    return EngineUnavailableError(f"Kafka does not take the rows: {problem.str()}")
