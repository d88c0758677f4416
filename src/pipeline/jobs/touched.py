"""Which documents the records of a change topic are about."""

import asyncio
import contextlib
from collections import defaultdict
from collections.abc import AsyncIterator, Sequence
from types import TracebackType
from typing import Any, Self

from confluent_kafka import Consumer, KafkaError, Message, TopicPartition

from pipeline.change.decode import Decoder
from pipeline.change.record import Position, Record
from pipeline.errors import ConfigError, EngineUnavailableError, EventError
from pipeline.jobs.job import Job
from pipeline.kafka.reader import ALONE
from pipeline.mapping.rows import TableMapper
from pipeline.sink.write import Clear, Swap

BATCH = 1_000
SILENCE_SECONDS = 60.0


class TouchedDocuments:
    """
    Reads a change topic from `start` on, committed records only, for the `_id`s in it.

    An async context manager; librdkafka blocks, so each batch is read in a thread.
    """

    def __init__(self, bootstrap_servers: str, job: Job, topic: str, start: int = 0) -> None:
        self._topic = topic
        self._next = self._passed = start
        self._ahead: list[Record] = []
        self._decoder = Decoder()
        types = dict(job.types)
        self._mappers = {(plan.schema_name, plan.table): TableMapper(plan, job.id, job.generation, types) for plan in job.tables}
        self._consumer = Consumer(
            {**ALONE, "bootstrap.servers": bootstrap_servers, "enable.partition.eof": True, "auto.offset.reset": "error"}
        )
        self._consumer.assign([TopicPartition(topic, 0, start)])

    async def __aenter__(self) -> Self:
        return self

    async def __aexit__(self, kind: type[BaseException] | None, error: BaseException | None, trace: TracebackType | None) -> None:
        await asyncio.to_thread(self._consumer.close)

    async def until(self, end: int) -> AsyncIterator[dict[str, list[Any]]]:
        """
        Read on up to the offset `end`: the `_id`s by collection, in batches.

        Raises:
            EngineUnavailableError: Kafka does not answer.
            ConfigError: It no longer has the records.
        """
        while self._next < end:
            yield await asyncio.to_thread(self._batch, end)

    def _batch(self, end: int) -> dict[str, list[Any]]:
        records = self._ahead or self._read()
        self._ahead = [record for record in records if record.position.offset >= end]
        taken = [record for record in records if record.position.offset < end]
        self._next = end if self._ahead else self._passed
        return self._ids(taken)

    def _read(self) -> list[Record]:
        first = self._consumer.poll(SILENCE_SECONDS)
        if first is None:
            raise EngineUnavailableError(f"Kafka does not answer: no record of {self._topic} within {SILENCE_SECONDS:.0f} s")
        messages = [first, *self._consumer.consume(BATCH - 1, 0)]  # without a time-out: it would wait until all of them have come
        return [_record(message) for message in messages if self._pass(message)]

    def _pass(self, message: Message) -> bool:
        """Move on past the message; whether it is a record."""
        error, offset = message.error(), message.offset()
        if error is not None and error.code() == KafkaError._AUTO_OFFSET_RESET:
            raise ConfigError(f"Kafka no longer has the records of {self._topic} from offset {self._passed} on", code="RECORDS_LOST")
        if error is not None and error.code() != KafkaError._PARTITION_EOF:
            return False
        if offset is not None:
            self._passed = max(self._passed, offset if error is not None else offset + 1)
        return error is None

    def _ids(self, records: Sequence[Record]) -> dict[str, list[Any]]:
        ids = defaultdict[str, list[Any]](list)
        for record in records:
            with contextlib.suppress(EventError):  # what could not be applied left no document
                change = self._decoder.decode(record)
                if change is not None and change.row is not None:
                    write = self._mappers[change.schema, change.table].write(change)
                    if isinstance(write, Swap):
                        ids[write.collection] += [] if write.come is None else [write.come["_id"]]
                    elif not isinstance(write, Clear):
                        ids[write.collection].append(write.id)
        return ids


def _record(message: Message) -> Record:
    position = Position(message.topic() or "", message.partition() or 0, message.offset() or 0)
    return Record(position, message.key(), message.value(), message.headers() or ())  # type: ignore[arg-type] # its stubs leave values open
