"""A cluster inside librdkafka, and workers on it that write to memory."""

import threading
import time
from collections.abc import Callable, Iterator
from typing import Any

import pytest
from confluent_kafka import Producer
from tests.fakes.jobs import make_job
from tests.fakes.memory_sink import MemorySink
from tests.unit.change.envelopes import Table

from pipeline.change.record import Record
from pipeline.jobs.job import Job, TablePlan
from pipeline.sink.batch import ChangePartition
from pipeline.sources.source import Identity
from pipeline.worker.consumer import ChangeConsumer
from pipeline.worker.loop import ChangeLoop
from pipeline.worker.translate import Translator

PARTITIONS = range(4)  # of a topic of the mock cluster
SESSION_MS = 3_000


class Cluster:
    """A mock cluster of one broker; topics appear when they are written to."""

    def __init__(self) -> None:
        self.producer = Producer({"test.mock.num.brokers": 1, "bootstrap.servers": "mock", "log_level": 0})
        (broker,) = self.producer.list_topics(timeout=10).brokers.values()
        self.bootstrap_servers = f"{broker.host}:{broker.port}"

    def write(self, *records: Record, partition: int | None = None) -> None:
        """Write the records, in order."""
        for record in records:
            place = record.position.partition if partition is None else partition
            headers = [(name, value or b"") for name, value in record.headers]
            self.producer.produce(record.position.topic, value=record.value, key=record.key, partition=place, headers=headers)
        assert self.producer.flush(30) == 0


class Worker(threading.Thread):
    """A loop on its own thread; `error` is what ended it."""

    def __init__(self, cluster: Cluster, sink: Any, job: Job, **limits: int) -> None:
        super().__init__(daemon=True)
        self.error: Exception | None = None
        self.stopping = threading.Event()
        config = {"bootstrap.servers": cluster.bootstrap_servers, "session.timeout.ms": SESSION_MS, "heartbeat.interval.ms": 200}
        self.consumer = ChangeConsumer(f"g-{job.id}", job.topics, sink, config, stopping=self.stopping.is_set)
        batch = {"records": 2_000, "size": 8 << 20} | limits
        self._loop = ChangeLoop(self.consumer, Translator(job), sink, **batch, stopping=self.stopping.is_set)

    def run(self) -> None:
        try:
            self._loop.run()
        except Exception as error:  # noqa: BLE001 - the tests look at it
            self.error = error
        finally:
            self.consumer.close()

    def stop(self) -> None:
        self.stopping.set()
        self.join(30)
        assert not self.is_alive()


@pytest.fixture(scope="module")
def cluster() -> Cluster:
    """For these tests alone: a mock cluster that had lived for 20 minutes has ended the process when it was destroyed."""
    return Cluster()


@pytest.fixture
def table(request: pytest.FixtureRequest) -> Table:
    """A table whose topic is the test's own."""
    return Table(topic=f"{abs(hash(request.node.nodeid)):x}.public.customer")


@pytest.fixture
def job(table: Table) -> Job:
    plan = TablePlan(
        schema_name=table.schema, table=table.name, topic=table.topic, collection="customer", key=("id",), identity=Identity.KEY
    )
    return make_job(id=table.topic, tables=(plan,), topics=(table.topic,))


@pytest.fixture
def sink(table: Table) -> MemorySink:
    return MemorySink([ChangePartition(table.topic, number) for number in PARTITIONS])


@pytest.fixture
def work(cluster: Cluster, sink: MemorySink, job: Job) -> Iterator[Callable[..., Worker]]:
    """Starts workers, and stops them at the end."""
    workers: list[Worker] = []

    def start(**limits: int) -> Worker:
        workers.append(Worker(cluster, sink, job, **limits))
        workers[-1].start()
        return workers[-1]

    yield start
    for worker in workers:
        worker.stop()


def wait_for(condition: Callable[[], bool], what: str, seconds: float = 30) -> None:
    """Return when the condition holds."""
    deadline = time.monotonic() + seconds
    while not condition():
        assert time.monotonic() < deadline, f"in vain waited for: {what}"
        time.sleep(0.02)
