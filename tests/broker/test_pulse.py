"""A client that has lost Kafka for good is found out by its silence."""

from typing import Any

import pytest
from confluent_kafka import Consumer
from tests.broker.conftest import Cluster
from tests.unit.change.envelopes import Table

from pipeline.errors import EngineUnavailableError
from pipeline.kafka import pulse
from pipeline.kafka.pulse import Pulse
from pipeline.kafka.reader import TopicReader

NOWHERE = "127.0.0.1:1"


@pytest.fixture(autouse=True)
def impatient(monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setattr(pulse, "SILENT_SECONDS", 0.0)
    monkeypatch.setattr(pulse, "ANSWER_SECONDS", 0.5)


def consumer(servers: str) -> Any:
    return Consumer({"bootstrap.servers": servers, "group.id": "pulse", "log_level": 0})


def test_a_silent_client_that_kafka_answers_is_left_alone(cluster: Cluster, table: Table, monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setattr(pulse, "ANSWER_SECONDS", 10.0)
    cluster.write(table.create({"id": 1, "name": "x"}))
    asks = consumer(cluster.bootstrap_servers)
    Pulse(asks, table.topic).beat(heard=False)
    asks.close()


def test_a_silent_client_that_kafka_does_not_answer_is_to_be_replaced() -> None:
    cut_off = consumer(NOWHERE)
    lost = Pulse(cut_off, "changes")
    lost.beat(heard=True)
    with pytest.raises(EngineUnavailableError, match="does not answer"):
        lost.beat(heard=False)
    cut_off.close()


def test_whoever_has_been_heard_lately_is_not_asked(monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setattr(pulse, "SILENT_SECONDS", 60.0)
    cut_off = consumer(NOWHERE)
    Pulse(cut_off, "changes").beat(heard=False)
    cut_off.close()


async def test_a_reader_that_is_cut_off_says_so() -> None:
    async with TopicReader(NOWHERE, "markers") as reader:
        with pytest.raises(EngineUnavailableError, match="does not answer"):
            await reader.poll(0.1)
