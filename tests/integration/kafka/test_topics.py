"""Topics, ends and groups on a real Kafka."""

import asyncio
import contextlib
import os
import signal
import tempfile
import uuid
from collections.abc import Iterator, Mapping
from datetime import UTC, datetime, timedelta
from pathlib import Path

import pytest
from confluent_kafka import Consumer, Producer

from pipeline.errors import EngineUnavailableError
from pipeline.kafka.reader import TopicReader, time_of_record
from pipeline.kafka.retention import SIZE, UNLIMITED, kept_for
from pipeline.kafka.topics import KafkaTopics
from stack.kafka import Kafka
from stack.layout import Layout
from stack.ports import free_ports
from stack.stack import Stack


@pytest.fixture
def servers(stack: Stack) -> str:
    return stack.kafka.bootstrap_servers


@pytest.fixture
def topics(servers: str) -> KafkaTopics:
    return KafkaTopics(servers)


@pytest.fixture
def name() -> str:
    return f"test-{uuid.uuid4().hex}"


@pytest.fixture
def producer(servers: str, name: str) -> Iterator[Producer]:
    producer = Producer({"bootstrap.servers": servers, "transactional.id": name})
    producer.init_transactions()
    yield producer
    producer.flush()


@pytest.fixture
def tidy_kafka(stack: Stack) -> Iterator[Kafka]:
    """A broker of the test's own that looks for old records every half second."""
    with _kafka(stack, {"log.retention.check.interval.ms": 500, "log.initial.task.delay.ms": 500}) as server:
        yield server


@contextlib.contextmanager
def _kafka(stack: Stack, settings: Mapping[str, object] | None = None) -> Iterator[Kafka]:
    with tempfile.TemporaryDirectory(prefix="rowstream-", dir="/tmp") as folder:
        server = Kafka(*free_ports(2), Layout(Path(folder) / "home"), stack.library, settings=settings)
        server.start()
        yield server
        server.kill()


@pytest.fixture
def own_kafka(stack: Stack) -> Iterator[Kafka]:
    """A running broker of the test's own."""
    with _kafka(stack) as server:
        yield server


def send(producer: Producer, topic: str, *values: bytes, commit: bool = True) -> None:
    producer.begin_transaction()
    for value in values:
        producer.produce(topic, value)
    producer.commit_transaction() if commit else producer.abort_transaction()


async def test_creating_and_deleting_a_topic_twice_is_no_error(topics: KafkaTopics, name: str) -> None:
    await topics.create({name: {"retention.ms": "-1"}})
    await topics.create({name: {"retention.ms": "-1"}})
    assert name in await topics.names()
    await topics.delete([name])
    await topics.delete([name])
    assert name not in await topics.names()


async def test_transactions_that_have_not_ended_are_found_where_they_begin(topics: KafkaTopics, producer: Producer, name: str) -> None:
    await topics.create({name: {}, f"{name}-other": {}})
    send(producer, name, b"1", b"2")
    while await topics.open_transactions([name, f"{name}-other"]):  # the marker follows the commit a little later
        pass
    producer.begin_transaction()
    producer.produce(name, value=b"x")
    assert producer.flush(10) == 0
    assert await topics.open_transactions([name, f"{name}-other"]) == {name: 3}
    producer.abort_transaction()
    while await topics.open_transactions([name]):
        pass
    await topics.delete([name, f"{name}-other"])


async def test_the_end_is_behind_every_record_whether_its_transaction_has_ended_or_not(
    topics: KafkaTopics, producer: Producer, name: str
) -> None:
    await topics.create({name: {}})
    assert await topics.end_offsets([name]) == {name: 0}
    send(producer, name, b"1", b"2")
    assert (await topics.end_offsets([name]))[name] in (2, 3)  # the marker follows the commit a little later
    producer.begin_transaction()
    producer.produce(name, b"3")
    producer.flush()
    assert await topics.end_offsets([name]) == {name: 4}
    producer.abort_transaction()
    await topics.delete([name])


async def test_ends_are_read_again_after_a_restart_of_the_broker(stack: Stack, topics: KafkaTopics, producer: Producer, name: str) -> None:
    await topics.create({name: {}})
    send(producer, name, b"1")
    while await topics.open_transactions([name]):  # the marker follows the commit a little later
        pass
    await asyncio.to_thread(stack.kafka.stop)
    await asyncio.to_thread(stack.kafka.start)

    ends = None
    async with asyncio.timeout(60):
        while ends is None:
            with contextlib.suppress(EngineUnavailableError):
                ends = await topics.end_offsets([name])

    assert ends == {name: 2}
    await topics.delete([name])


async def test_a_reader_sees_committed_records_from_its_offset_on(topics: KafkaTopics, producer: Producer, servers: str, name: str) -> None:
    await topics.create({name: {}})
    send(producer, name, b"early")
    send(producer, name, b"aborted", commit=False)
    send(producer, name, b"late")
    async with TopicReader(servers, name, 1) as reader:
        values: list[bytes | None] = []
        async with asyncio.timeout(30):
            while not values:
                values += [record.value for record in await reader.poll(1.0)]
    assert values == [b"late"]
    await topics.delete([name])


async def test_a_group_with_members_stays_and_an_empty_one_goes(topics: KafkaTopics, servers: str, name: str) -> None:
    await topics.create({name: {}})
    consumer = Consumer({"bootstrap.servers": servers, "group.id": name, "auto.offset.reset": "earliest"})
    consumer.subscribe([name])
    async with asyncio.timeout(30):
        while not consumer.assignment():
            await asyncio.to_thread(consumer.poll, 0.2)
    assert await topics.delete_group(name) is False
    consumer.close()
    assert await topics.delete_group(name) is True
    assert await topics.delete_group(name) is True
    await topics.delete([name])


async def test_a_topic_can_be_given_another_retention(topics: KafkaTopics, producer: Producer, name: str) -> None:
    await topics.create({name: {"retention.ms": "-1"}})
    await topics.configure([name], {"retention.ms": "86400000"})
    assert (await topics.configuration(name))["retention.ms"] == "86400000"
    await topics.delete([name])


async def test_an_absent_kafka_is_an_outage() -> None:
    with pytest.raises(EngineUnavailableError, match="Kafka does not answer"):
        await KafkaTopics("127.0.0.1:1").ping()


async def test_whoever_waits_is_answered_when_another_found_kafka_away(own_kafka: Kafka, monkeypatch: pytest.MonkeyPatch) -> None:
    """The client is made anew for the next who asks; what the old one was asked goes with it."""
    monkeypatch.setattr("pipeline.kafka.topics.TIMEOUT_SECONDS", 4.0)
    topics = KafkaTopics(own_kafka.bootstrap_servers)
    await topics.create({"known": {}})
    assert own_kafka.pid is not None
    os.kill(own_kafka.pid, signal.SIGSTOP)
    try:
        first = asyncio.create_task(topics.configuration("known"))
        await asyncio.sleep(2)  # the second is to be on its way when the first gives up
        second = asyncio.create_task(topics.configuration("known"))
        async with asyncio.timeout(30):
            answers = await asyncio.gather(first, second, return_exceptions=True)
    finally:
        os.kill(own_kafka.pid, signal.SIGCONT)
    assert [type(answer) for answer in answers] == [EngineUnavailableError] * 2


async def test_a_group_whose_coordinator_was_not_found_in_time_is_deleted_when_kafka_is_back(
    own_kafka: Kafka, monkeypatch: pytest.MonkeyPatch
) -> None:
    """With a client that outlives the request's time-out, librdkafka 2.16 ends the process here."""
    monkeypatch.setattr("pipeline.kafka.topics.TIMEOUT_SECONDS", 2.0)
    topics = KafkaTopics(own_kafka.bootstrap_servers)
    await topics.names()
    own_kafka.kill()
    with pytest.raises(EngineUnavailableError):
        await topics.delete_group("nobody")
    own_kafka.start()
    async with asyncio.timeout(60):
        while True:
            with contextlib.suppress(EngineUnavailableError):  # the coordinator is loading
                assert await topics.delete_group("nobody")
                break


async def test_a_topic_that_is_written_to_all_the_time_loses_what_is_older_than_it_keeps(tidy_kafka: Kafka, name: str) -> None:
    topics, unlimited, default = KafkaTopics(tidy_kafka.bootstrap_servers), f"{name}-all", f"{name}-default"
    only_retention = {"retention.ms": kept_for(2)["retention.ms"]}
    await topics.create({name: SIZE | UNLIMITED, unlimited: SIZE | UNLIMITED, default: SIZE | only_retention})
    await topics.configure([name], kept_for(2))
    producer = Producer({"bootstrap.servers": tidy_kafka.bootstrap_servers})
    began = datetime.now(UTC)
    firsts = {name: 0}
    while firsts[name] < 20:
        for topic in (name, unlimited, default):
            producer.produce(topic, b"x", partition=0)
        producer.flush()
        await asyncio.sleep(0.1)
        firsts = await topics.first_offsets([name, unlimited, default])
        assert datetime.now(UTC) - began < timedelta(seconds=60), firsts
    assert firsts[unlimited] == 0
    assert firsts[default] < firsts[name] - 10, "without segments to delete Kafka keeps what is older, unless nothing came for long"

    ends = await topics.end_offsets([name])
    young = ends[name] - 5
    assert firsts[name] < young
    written_at = await time_of_record(tidy_kafka.bootstrap_servers, name, young)
    assert written_at is not None
    assert await topics.offsets_since([name], written_at) == {name: young}
    assert await topics.offsets_since([name], datetime.now(UTC) + timedelta(days=1)) == {name: None}
    assert datetime.now(UTC) - timedelta(seconds=10) < written_at <= datetime.now(UTC)
