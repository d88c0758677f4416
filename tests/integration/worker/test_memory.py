"""A worker's memory, whatever waits for it in Kafka."""

import json
import random
import subprocess
import sys
import uuid
from collections.abc import AsyncIterator

import pytest
from confluent_kafka import Producer
from tests.integration.worker.reading import Report

from pipeline.kafka.topics import KafkaTopics
from pipeline.worker.consumer import PREFETCH_KIB
from stack.stack import Stack

TOPICS = 40
RECORDS = 80
COMPRESSION = 10
RECORD_BYTES = 100_000
MIB = 1024 * 1024
ALLOWED_BYTES = 4 * PREFETCH_KIB * 1024
"""What is fetched ahead, a response on its way with it, and room for an allocator; all that waits is more than twice as much."""


@pytest.fixture
async def waiting(stack: Stack) -> AsyncIterator[list[str]]:
    """Topics full of records that take a tenth of their size in Kafka."""
    names = [f"memory-{uuid.uuid4().hex}-{number}" for number in range(TOPICS)]
    topics = KafkaTopics(stack.kafka.bootstrap_servers)
    await topics.create({name: {} for name in names})
    _fill(stack.kafka.bootstrap_servers, names)
    yield names
    await topics.delete(names)


def test_what_waits_in_many_tables_is_not_fetched_all_at_once(stack: Stack, waiting: list[str]) -> None:
    task = json.dumps([stack.kafka.bootstrap_servers, f"memory-{uuid.uuid4().hex}", waiting, TOPICS * RECORDS])
    done = subprocess.run(
        [sys.executable, "-m", "tests.integration.worker.reading", task], stdout=subprocess.PIPE, text=True, timeout=120, check=True
    )
    report = Report(*json.loads(done.stdout))

    assert report.records == TOPICS * RECORDS
    grown = report.bytes_at_most - report.bytes_before
    assert grown < ALLOWED_BYTES, f"{grown / MIB:.0f} MiB for {TOPICS * RECORDS * RECORD_BYTES / MIB:.0f} MiB that waited"


def _fill(bootstrap_servers: str, names: list[str]) -> None:
    producer = Producer({"bootstrap.servers": bootstrap_servers, "compression.type": "zstd", "linger.ms": 100, "log_level": 2})
    dice = random.Random(1)  # noqa: S311 - only its compressibility counts
    for name in names:
        for _ in range(RECORDS):
            producer.produce(name, dice.randbytes(RECORD_BYTES // COMPRESSION) * COMPRESSION)
        producer.flush()
