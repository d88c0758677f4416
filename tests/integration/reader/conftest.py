"""A reader process of one's own, with topics of its own in the stack's Kafka."""

import secrets
from collections.abc import AsyncIterator, Callable, Iterator
from pathlib import Path

import pytest
from tests.integration.sources.database import Database

from pipeline.kafka.retention import SIZE, UNLIMITED
from pipeline.kafka.topics import KafkaTopics
from pipeline.reader.task import ReadTable, ReadTask
from stack.stack import Stack

from .reading import Reading

MakeReading = Callable[..., Reading]


@pytest.fixture
def postgresql(stack: Stack) -> Iterator[Database]:
    """An empty PostgreSQL database and the role that owns it, removed at the end."""
    made = Database(stack.postgresql, f"reader_{secrets.token_hex(4)}")
    made.create()
    yield made
    made.drop()


@pytest.fixture
async def readings(stack: Stack, tmp_path: Path) -> AsyncIterator[MakeReading]:
    """Makes readings of tables (name -> key) of a database; what they own is removed at the end."""
    servers = stack.connections.kafka_bootstrap_servers
    topics = KafkaTopics(servers)
    made: list[Reading] = []

    async def make(source_type: str, url: str, schema: str, tables: dict[str, tuple[str, ...]], tables_at_once: int = 4) -> Reading:
        prefix = f"reader_{secrets.token_hex(4)}"
        task = ReadTask(
            source_type=source_type,
            url=url,
            user=None,
            password=None,
            tables=tuple(ReadTable(schema, name, key, f"{prefix}.{schema}.{name}") for name, key in tables.items()),
            bootstrap_servers=servers,
            topic_prefix=prefix,
            notification_topic=f"{prefix}.notifications",
            position_topic=f"{prefix}.positions",
            signal_topic=f"{prefix}.signals",
            transactional_id=prefix,
            tables_at_once=tables_at_once,
        )
        names = [*(table.topic for table in task.tables), task.notification_topic, task.position_topic]
        await topics.create(dict.fromkeys(names, SIZE | UNLIMITED))
        reading = Reading(task, tmp_path / f"{prefix}.log")
        made.append(reading)
        return reading

    yield make
    for reading in made:
        reading.kill()
        await topics.delete(name for name in await topics.names() if name.startswith(f"{reading.task.topic_prefix}."))
