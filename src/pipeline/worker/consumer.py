"""Reading a job's change topics, from their checkpoints on."""

import time
from collections.abc import Callable, Iterable, Mapping, Sequence
from dataclasses import dataclass, field
from typing import Protocol, cast

import structlog
from confluent_kafka import Consumer, KafkaError, KafkaException, Message, TopicPartition

from pipeline.change.record import Position, Record
from pipeline.errors import EngineUnavailableError, PipelineError, SinkUnavailableError
from pipeline.kafka.pulse import Pulse
from pipeline.kafka.retention import KEEP_LONGER
from pipeline.sink.batch import ChangePartition
from pipeline.sink.checkpoint import Checkpoint

log = structlog.get_logger()

CLAIM_SECONDS = 240.0
LARGEST_RESPONSE_BYTES = 150_000_000
PREFETCH_KIB = 32 * 1024
RESPONSE_BYTES = 2 * 1024 * 1024
"""What a broker sends at once of all its partitions: compressed, so some ten times as much in memory. Kafka's default is 50 MB."""

MISSING_SECONDS = 30.0
LOOK_SECONDS = 10.0
END_SECONDS = 0.1
"""
How long news of nothing but ends wait for records: behind each of the connector's transactions
stands a marker, so its end is news of its own, and a batch that only moves checkpoints costs as much as another.
"""

REFUSALS = {
    KafkaError.TOPIC_AUTHORIZATION_FAILED: "let the service's Kafka user read the change topics",
    KafkaError.GROUP_AUTHORIZATION_FAILED: "let the service's Kafka user read the consumer groups rowstream_*",
    KafkaError.INVALID_SESSION_TIMEOUT: "set ROWSTREAM_SESSION_TIMEOUT_MS between the brokers' group.min and group.max.session.timeout.ms",
}
"""Errors that last until a person does what is said."""

# Documentation of each: librdkafka's CONFIGURATION.md.
READING: Mapping[str, str | int | bool] = {
    "isolation.level": "read_committed",
    "enable.partition.eof": True,  # transaction markers take offsets too: only an EOF tells where the end is
    "auto.offset.reset": "error",  # the default jumps over what retention took, silently
    "enable.auto.commit": False,
    "partition.assignment.strategy": "cooperative-sticky",
    "max.poll.interval.ms": 600_000,
    "topic.metadata.refresh.interval.ms": 5_000,
    "fetch.max.bytes": RESPONSE_BYTES,  # a larger batch of records is sent all the same, alone
    "receive.message.max.bytes": LARGEST_RESPONSE_BYTES,
    "queued.max.messages.kbytes": PREFETCH_KIB,
    "fetch.queue.backoff.ms": 10,
    "fetch.error.backoff.ms": 100,
    "log_level": 2,
}


class Claimant(Protocol):
    """Who hands out checkpoints: the sink."""

    def claim(self, partition: ChangePartition) -> Checkpoint:
        """Take the partition over."""
        ...

    def renew(self, checkpoint: Checkpoint) -> Checkpoint:
        """Claim again what is still ours."""
        ...


class RecordsLostError(PipelineError):
    """Records that were not read yet are gone from Kafka: the job cannot go on from its checkpoint."""

    code = "RECORDS_LOST"


@dataclass(slots=True)
class Fetched:
    """A partition's next records, in order, and the offset to read after them."""

    partition: ChangePartition
    records: list[Record] = field(default_factory=list)
    end: int = 0


class ChangeConsumer:
    """
    A member of a job generation's consumer group.

    Kafka hands out the partitions; the place to read from is each one's checkpoint, claimed
    when the partition is assigned. `checkpoints` holds what is owned now; the caller tells
    which have `moved`. Before partitions come or go, `before_rebalance` is called, within
    `fetch` or `keep_membership`. Not to be shared between threads.
    """

    def __init__(
        self,
        group: str,
        topics: Sequence[str],
        claimant: Claimant,
        config: Mapping[str, str | int | bool],
        *,
        stopping: Callable[[], bool],
    ) -> None:
        self.checkpoints: dict[ChangePartition, Checkpoint] = {}
        self.before_rebalance: Callable[[], None] = lambda: None
        self._positions: dict[ChangePartition, int] = {}
        self._claimant = claimant
        self._stopping = stopping
        self._error: PipelineError | None = None
        self._missing: dict[str, float] = {}
        self._consumer = Consumer({**READING, **config, "group.id": group})
        self._pulse = Pulse(self._consumer, topics[0])
        self._consumer.subscribe(list(topics), on_assign=self._assigned, on_revoke=self._revoked, on_lost=self._revoked)

    def close(self) -> None:
        """Leave the group."""
        self._consumer.close()

    def fetch(self, records: int, timeout_seconds: float) -> list[Fetched]:
        """
        The next records of the owned partitions, at most `records` in all; empty after `timeout_seconds` without any.

        Raises:
            RecordsLostError: Retention has taken records that were not read yet, or somebody has deleted a topic.
            EngineUnavailableError: Kafka refuses, or has not answered for long.
            FencedError: A partition could not be claimed.
            SinkUnavailableError: The checkpoints could not be claimed for minutes.
        """
        messages = self._poll(records, timeout_seconds)
        if messages and all(message.error() is not None for message in messages):
            messages += self._poll(records, END_SECONDS)
        self._pulse.beat(heard=bool(messages))
        self._raise_claim_error()
        self._look_for_missing()
        new = [part for part in self._sorted(messages) if part.end != self._positions[part.partition]]
        self._positions.update((part.partition, part.end) for part in new)
        return new

    def moved(self, checkpoints: Mapping[ChangePartition, Checkpoint]) -> None:
        """Take note of checkpoints that have moved; those that were claimed again since are known better already."""
        for partition, checkpoint in checkpoints.items():
            if (known := self.checkpoints.get(partition)) is not None and known.epoch == checkpoint.epoch:
                self.checkpoints[partition] = checkpoint

    def keep_membership(self, timeout_seconds: float) -> None:
        """Stay in the group without reading; every owned partition must be rewound afterwards."""
        owned = [TopicPartition(*partition) for partition in self.checkpoints]
        self._consumer.pause(owned)
        self._consumer.poll(timeout_seconds)
        self._raise_claim_error()

    def rewind(self) -> None:
        """
        Go back to where the checkpoints of all owned partitions really stand.

        Raises:
            FencedError: One of them is another worker's now.
            SinkUnavailableError: MongoDB does not answer.
        """
        self.checkpoints = {partition: self._claimant.renew(known) for partition, known in self.checkpoints.items()}
        self._positions = {partition: known.position for partition, known in self.checkpoints.items()}
        places = [TopicPartition(*partition, position) for partition, position in self._positions.items()]
        try:
            self._consumer.incremental_unassign(places)
            self._consumer.incremental_assign(places)
            self._consumer.resume(places)
        except KafkaException as error:
            raise EngineUnavailableError(f"Kafka does not rewind: {error.args[0].str()}") from error

    def _poll(self, records: int, timeout_seconds: float) -> list[Message]:
        first = self._consumer.poll(timeout_seconds)
        return [] if first is None else [first, *self._consumer.consume(records - 1, 0)]

    def _sorted(self, messages: Iterable[Message]) -> Iterable[Fetched]:
        """The messages by partition, those of partitions that are not owned any more left out."""
        fetched = {partition: Fetched(partition, end=position) for partition, position in self._positions.items()}
        for message in messages:
            place = (message.topic(), message.partition())
            part = fetched.get(place)  # type: ignore[call-overload] # a ChangePartition is such a tuple
            error = message.error()
            if error is not None and error.code() != KafkaError._PARTITION_EOF:
                self._judge(ChangePartition(place[0] or "", place[1] or 0), error)
            elif part is not None:
                _take(message, part, at_end=error is not None)
        return fetched.values()

    def _judge(self, partition: ChangePartition, error: KafkaError) -> None:
        if error.code() == KafkaError._AUTO_OFFSET_RESET:
            raise RecordsLostError(
                f"Kafka no longer has the records of {partition} from offset {self._positions.get(partition, '?')} on, "
                "which were not applied yet",
                suggestion=f"Post the job again with a snapshot, and {KEEP_LONGER}.",
            )
        if error.code() in REFUSALS:
            raise EngineUnavailableError(f"Kafka: {error.str()}: {REFUSALS[error.code()]}")
        if error.fatal():
            raise EngineUnavailableError(f"Kafka: {error.str()}")
        if error.code() == KafkaError.UNKNOWN_TOPIC_OR_PART:
            self._missing.setdefault(partition.topic, time.monotonic())
        log.debug("Kafka", partition=str(partition), error=error.str())

    def _look_for_missing(self) -> None:
        """See whether topics that were not there are still missing: a new one may be unknown to some brokers for a moment."""
        long_ago = time.monotonic() - MISSING_SECONDS
        for topic in [topic for topic, since in self._missing.items() if since < long_ago]:
            found = self._consumer.list_topics(topic, LOOK_SECONDS).topics[topic]
            if found.error is not None and found.error.code() == KafkaError.UNKNOWN_TOPIC_OR_PART:
                raise RecordsLostError(
                    f"The change topic {topic} is gone from Kafka, with whatever was not applied yet",
                    suggestion="Post the job again. The change topics of an active job must not be deleted.",
                )
            del self._missing[topic]

    def _assigned(self, consumer: Consumer, partitions: list[TopicPartition]) -> None:
        self.before_rebalance()
        try:
            claimed = [self._claim(ChangePartition(each.topic, each.partition)) for each in partitions]
        except PipelineError as error:  # an exception cannot leave a callback; `fetch` raises it
            self._error = error
            claimed = []
        self.checkpoints |= {checkpoint.change_partition: checkpoint for checkpoint in claimed}
        self._positions |= {checkpoint.change_partition: checkpoint.position for checkpoint in claimed}
        consumer.incremental_assign([TopicPartition(each.topic, each.partition, each.position) for each in claimed])

    def _claim(self, partition: ChangePartition) -> Checkpoint:
        """Claim the partition; while MongoDB is away, wait here: the group's heartbeats go on meanwhile."""
        deadline = time.monotonic() + CLAIM_SECONDS
        while True:
            try:
                return self._claimant.claim(partition)
            except SinkUnavailableError:
                if self._stopping() or time.monotonic() > deadline:
                    raise
                time.sleep(0.5)

    def _revoked(self, consumer: Consumer, partitions: list[TopicPartition]) -> None:
        self.before_rebalance()
        for each in partitions:
            self.checkpoints.pop(ChangePartition(each.topic, each.partition), None)
            self._positions.pop(ChangePartition(each.topic, each.partition), None)
        consumer.incremental_unassign(partitions)

    def _raise_claim_error(self) -> None:
        if self._error is not None:
            error, self._error = self._error, None
            raise error


def _take(message: Message, part: Fetched, *, at_end: bool) -> None:
    """Add what the message brings: a record, or, at the end of a partition, no more than its offset."""
    offset = message.offset() or 0
    if at_end:
        part.end = max(part.end, offset)
    elif offset >= part.end:
        headers = cast("list[tuple[str, bytes | None]]", message.headers() or ())
        part.records.append(Record(Position(*part.partition, offset), message.key(), message.value(), headers))
        part.end = offset + 1
