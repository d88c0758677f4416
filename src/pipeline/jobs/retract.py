"""Taking back the documents of an attempt that was given up."""

import asyncio
import contextlib
from collections import defaultdict
from collections.abc import Iterator, Sequence
from typing import Any

from confluent_kafka import Consumer, KafkaError, TopicPartition
from pymongo.asynchronous.database import AsyncDatabase

from pipeline.change.decode import Decoder
from pipeline.change.record import Position, Record
from pipeline.errors import EngineUnavailableError, EventError
from pipeline.jobs.job import Job
from pipeline.mapping.rows import TableMapper
from pipeline.sink.checkpoint import Checkpoint

BATCH = 1_000
SILENCE_SECONDS = 60.0


async def retract_documents(
    database: AsyncDatabase[dict[str, Any]], bootstrap_servers: str, job: Job, progress: Sequence[Checkpoint]
) -> None:
    """
    Delete the documents of every key in the attempt's topics up to its checkpoints.

    The attempt's workers must be fenced. Documents that no record of the attempt names stay.
    """
    mappers = {(plan.schema_name, plan.table): TableMapper(plan, job.id, job.generation) for plan in job.tables}
    for checkpoint in progress:
        records = _records(bootstrap_servers, checkpoint.topic, checkpoint.position)
        while batch := await asyncio.to_thread(next, records, None):
            for collection, ids in _ids(batch, mappers).items():
                await database[collection].delete_many({"_id": {"$in": ids}})


def _ids(records: Sequence[Record], mappers: dict[tuple[str, str], TableMapper]) -> dict[str, list[Any]]:
    decoder, ids = Decoder(), defaultdict[str, list[Any]](list)
    for record in records:
        with contextlib.suppress(EventError):  # what could not be applied left no document
            change = decoder.decode(record)
            if change is not None and change.row is not None:
                write = mappers[change.schema, change.table].write(change)
                ids[write.collection].append(write.id)
    return ids


def _records(bootstrap_servers: str, topic: str, end: int) -> Iterator[list[Record]]:
    """The topic's records before `end`, in batches."""
    consumer = Consumer(
        {
            "bootstrap.servers": bootstrap_servers,
            "group.id": "rowstream-reader",
            "enable.auto.commit": False,
            "isolation.level": "read_committed",
            "enable.partition.eof": True,
            "auto.offset.reset": "earliest",
            "log_level": 2,
        }
    )
    try:
        consumer.assign([TopicPartition(topic, 0, 0)])
        while True:
            first = consumer.poll(SILENCE_SECONDS)
            if first is None:
                raise EngineUnavailableError(f"Kafka does not answer: no record of {topic} within {SILENCE_SECONDS:.0f} s")
            messages = [first, *consumer.consume(BATCH - 1, 0)]  # without a time-out: it would wait until all of them have come
            problems = [error for message in messages if (error := message.error()) is not None]
            records = [_record(message) for message in messages if message.error() is None and (message.offset() or 0) < end]
            if records:
                yield records
            if len(records) + len(problems) < len(messages) or any(error.code() == KafkaError._PARTITION_EOF for error in problems):
                return
    finally:
        consumer.close()


def _record(message: Any) -> Record:
    return Record(Position(message.topic(), message.partition(), message.offset()), message.key(), message.value(), message.headers() or ())
