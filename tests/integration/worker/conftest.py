"""Live jobs without a service: topics, checkpoints and a job document that worker processes find."""

import os
import random
import secrets
import signal
import subprocess
import sys
import time
import uuid
from base64 import urlsafe_b64encode
from collections import Counter
from collections.abc import AsyncIterator, Callable, Iterator
from datetime import UTC, datetime
from typing import Any

import pytest
from confluent_kafka import Producer
from pydantic import SecretStr
from pymongo import MongoClient
from tests.fakes.proxy import CuttingProxy
from tests.integration.sink.conftest import collected, mongodb  # noqa: F401 - fixtures
from tests.unit.change.envelopes import Table

from pipeline.errors import SinkUnavailableError
from pipeline.jobs.job import Job, Statistics, TablePlan
from pipeline.jobs.names import consumer_group
from pipeline.jobs.statistics import live_statistics
from pipeline.jobs.vault import Vault
from pipeline.kafka.topics import KafkaTopics
from pipeline.settings import Settings
from pipeline.sink.checkpoint import Checkpoint
from pipeline.sink.client import open_target
from pipeline.sink.progress import create_checkpoints, read_progress
from pipeline.sink.targets import prepare_targets
from pipeline.sources.source import Identity, Mode
from stack.stack import Stack

SESSION_MS = 2_000
PARENT = "ROWSTREAM_WORKER_PARENT"


class Source:
    """A table whose rows change at random, and what its documents must be."""

    def __init__(self, topic: str, name: str, dice: random.Random) -> None:
        self.table = Table(topic=topic, name=name)
        self.rows: dict[int, str] = {}
        self.made: Counter[str] = Counter()
        self._dice = dice
        self._next = 0

    def change(self) -> None:
        """Insert, update or delete a row, change its key, or now and then remove all; the records are left in `table.written`."""
        self.table.transaction = (self.table.transaction or 0) + 1
        pick = self._dice.choice("ccuuudm" * 30 + "t") if self.rows else "c"
        key = self._dice.choice(list(self.rows)) if pick != "c" else 0
        if pick == "c":
            self._next += 1
            self.rows[self._next] = self._text()
            self.table.create({"id": self._next, "name": self.rows[self._next]})
        elif pick == "u":
            self.rows[key] = self._text()
            self.table.update({"id": key, "name": self.rows[key]})
        elif pick == "d":
            del self.rows[key]
            self.table.delete({"id": key})
        elif pick == "t":
            self.truncate()
            return
        else:
            self._next += 1
            pick, self.rows[self._next] = "u", self.rows.pop(key)
            self.table.delete({"id": key}, new_key={"id": self._next})
            self.table.create({"id": self._next, "name": self.rows[self._next]}, old_key={"id": key})
        self.made[pick] += 1

    def truncate(self) -> None:
        """Remove all rows at once."""
        self.rows.clear()
        self.table.truncate()
        self.made["t"] += 1

    def _text(self) -> str:
        return f"{self._dice.random()}" * self._dice.randrange(1, 20)


class LiveJob:
    """
    A live job of three tables, its sources, and a look at what the workers made of them.

    `workers_url` is where the workers find the target, if it is not where the test looks.
    """

    def __init__(self, stack: Stack, target_url: str, seed: int, workers_url: str | None = None) -> None:
        self.id = secrets.token_hex(12)
        self.dice = random.Random(seed)  # noqa: S311 - dice of a test
        self.target_url = target_url
        self.workers_url = workers_url or target_url
        self.bootstrap_servers = stack.connections.kafka_bootstrap_servers
        self.key = urlsafe_b64encode(secrets.token_bytes(32)).decode()
        self.control_url = stack.connections.control_url
        self.database = f"worker_{uuid.uuid4().hex}"
        self.sources = [Source(f"rowstream_{self.id}.public.t{number}", f"t{number}", self.dice) for number in range(3)]
        self.topics = KafkaTopics(self.bootstrap_servers)
        self._seen: dict[str, int] = {}
        self._producer = Producer(
            {"bootstrap.servers": self.bootstrap_servers, "transactional.id": f"source-{self.id}", "log_level": 2, "linger.ms": 5}
        )

    @property
    def job(self) -> Job:
        plans = [_plan(each.table) for each in self.sources]
        return Job(
            id=self.id,
            project_id=self.id,
            source_type="POSTGRESQL",
            jdbc_url="jdbc:postgresql:shop",
            mongodb_url="mongodb://localhost/shop",
            target_database=self.database,
            mode=Mode.CDC,
            options={},
            secrets=Vault(SecretStr(self.key)).seal(self.id, {"jdbcUrl": "", "mongodbUrl": self.workers_url}),
            live=True,
            tables=tuple(plans),
            topics=tuple(plan.topic for plan in plans),
            submitted_at=datetime.now(UTC),
        )

    async def set_up(self) -> None:
        """Make what a supervisor makes before a job is live."""
        job = self.job
        await self.topics.create({topic: {} for topic in job.topics})
        async with open_target(self.target_url) as client:
            await prepare_targets(client[self.database], [plan.collection for plan in job.tables], drop=False)
            await create_checkpoints(client[self.database], job.id, job.generation, job.topics)
        self._producer.init_transactions(30)
        with MongoClient[dict[str, Any]](self.control_url) as control:
            control[self.database]["jobs"].insert_one(job.stored())

    async def clean_up(self) -> None:
        """Remove all of it."""
        with MongoClient[dict[str, Any]](self.control_url) as control:
            control.drop_database(self.database)
        async with open_target(self.target_url) as client:
            await client.drop_database(self.database)
        await self.topics.delete(self.job.topics)

    def write(self, changes: int) -> None:
        """Change rows at random, and commit their records in a Kafka transaction."""
        self._producer.begin_transaction()
        for _ in range(changes):
            self.dice.choice(self.sources).change()
        for source in self.sources:
            for record in source.table.written:
                headers = [(name, value or b"") for name, value in record.headers]
                self._producer.produce(record.position.topic, value=record.value, key=record.key, partition=0, headers=headers)
                self._producer.poll(0)
            source.table.written.clear()
        self._producer.commit_transaction(30)

    async def applied(self) -> int:
        """How many records and markers the checkpoints have passed."""
        return sum(each.position for each in await self._progress())

    async def claims(self) -> int:
        """How often partitions have been claimed, all together."""
        return sum(each.epoch for each in await self._progress())

    async def wait_until_applied(self, seconds: float = 90) -> None:
        """Return when every checkpoint has reached its topic's end."""
        ends = await self.topics.end_offsets(self.job.topics)
        await wait_for_async(lambda: self._reached(ends), f"the ends {ends}", seconds)

    async def _reached(self, ends: dict[str, int]) -> bool:
        return all(each.position >= ends[each.topic] for each in await self._progress())  # a last marker may come after the ends were read

    async def _progress(self) -> list[Checkpoint]:
        """The checkpoints, none of which has gone back since they were read last."""
        progress = await self._read_progress()
        seen = {each.topic: max(each.position, self._seen.get(each.topic, 0)) for each in progress}
        assert {each.topic: each.position for each in progress} == seen, "a checkpoint has gone back"
        self._seen = seen
        return progress

    async def _read_progress(self) -> list[Checkpoint]:
        """The checkpoints, once MongoDB answers: it may be slow beside so many processes."""
        deadline = time.monotonic() + 60
        while True:
            try:
                async with open_target(self.target_url) as client:
                    return await read_progress(client[self.database], self.id, 1)
            except SinkUnavailableError:
                if time.monotonic() > deadline:
                    raise

    async def expect_documents_equal_rows(self) -> None:
        """Compare every document and every count with what was done at the source."""
        made: Counter[str] = Counter()
        async with open_target(self.target_url) as client:
            for source in self.sources:
                documents = {each["_id"]: each async for each in client[self.database][source.table.name].find()}
                assert documents == {key: {"_id": key, "name": name} for key, name in source.rows.items()}
                made += source.made
            statistics = await live_statistics(client[self.database], self.job)
        assert counted(statistics) == {letter: made[letter] for letter in "cudt"}

    def stored(self) -> dict[str, Any]:
        """The job's document."""
        with MongoClient[dict[str, Any]](self.control_url) as control:
            found = control[self.database]["jobs"].find_one({"_id": self.id})
        assert found is not None
        return found

    def break_secrets(self) -> None:
        """Leave out of the secrets what every job has, which only a bug can do."""
        broken = Vault(SecretStr(self.key)).seal(self.id, {})
        with MongoClient[dict[str, Any]](self.control_url) as control:
            control[self.database]["jobs"].update_one({"_id": self.id}, {"$set": {"secrets": broken}})

    def set_live(self, live: bool) -> None:
        """Have the workers leave, or come back."""
        with MongoClient[dict[str, Any]](self.control_url) as control:
            control[self.database]["jobs"].update_one({"_id": self.id}, {"$set": {"live": live}})

    def go_on(self) -> None:
        """Let the job go on after a failure, all at once: no worker sees it in between."""
        with MongoClient[dict[str, Any]](self.control_url) as control:
            control[self.database]["jobs"].update_one({"_id": self.id}, {"$inc": {"retries": 1}, "$unset": {"workerFailure": ""}})

    async def refuse_documents(self, source: Source) -> None:
        """Have the target take no document of the source's table."""
        await self._validate(source, {"_id": None})

    async def take_documents(self, source: Source) -> None:
        """Have the target take the documents of the source's table again."""
        await self._validate(source, {})

    async def _validate(self, source: Source, validator: dict[str, Any]) -> None:
        async with open_target(self.target_url) as client:
            await client[self.database].command("collMod", source.table.name, validator=validator)

    async def group_is_empty(self) -> bool:
        """Whether no worker is in the consumer group; an empty group is removed."""
        return await self.topics.delete_group(consumer_group(self.id, 1))

    @property
    def settings(self) -> Settings:
        """The settings by which a worker of this job finds the control database."""
        return Settings(_env_file=None, control_url=SecretStr(self.control_url), control_database=self.database)

    def environment(self, **settings: object) -> dict[str, str]:
        """The settings of a worker of this job alone."""
        own = {
            "HOME": "/nonexistent",
            "CONTROL_URL": self.control_url,
            "CONTROL_DATABASE": self.database,
            "KAFKA_BOOTSTRAP_SERVERS": self.bootstrap_servers,
            "SECRET_KEY": self.key,
            "SESSION_TIMEOUT_MS": SESSION_MS,
            "BATCH_RECORDS": 50,
        }
        return os.environ | {f"ROWSTREAM_{name}": str(value) for name, value in (own | settings).items()}


def _plan(table: Table) -> TablePlan:
    return TablePlan(
        schema_name=table.schema, table=table.name, topic=table.topic, collection=table.name, key=("id",), identity=Identity.KEY
    )


def counted(statistics: Statistics) -> dict[str, int]:
    return {"c": statistics.creates, "u": statistics.updates, "d": statistics.deletes, "t": statistics.truncates}


async def wait_for_async(condition: Callable[[], Any], what: str, seconds: float = 30) -> None:
    """Return when the awaited condition holds."""
    deadline = time.monotonic() + seconds
    while not await condition():
        assert time.monotonic() < deadline, f"in vain waited for: {what}"


class Workers:
    """Worker processes; those that live at the test's end are killed."""

    def __init__(self) -> None:
        self._all: list[subprocess.Popen[bytes]] = []

    def start(self, live: LiveJob, **settings: object) -> subprocess.Popen[bytes]:
        """Start one."""
        process = subprocess.Popen([sys.executable, "-m", "pipeline.worker"], env=live.environment(**settings))
        self._all.append(process)
        return process

    def end(self) -> None:
        """Kill all that live."""
        for process in self._all:
            if process.poll() is None:
                process.send_signal(signal.SIGKILL)
            process.wait(30)


@pytest.fixture
def workers() -> Iterator[Workers]:
    workers = Workers()
    yield workers
    workers.end()


@pytest.fixture
def proxy(stack: Stack) -> Iterator[CuttingProxy]:
    """On the way to the stack's MongoDB."""
    with CuttingProxy(stack.mongodb.port) as proxy:
        yield proxy


@pytest.fixture
async def live(stack: Stack, request: pytest.FixtureRequest) -> AsyncIterator[LiveJob]:
    """A live job whose target is the stack's MongoDB."""
    seed = int(os.environ.get("ROWSTREAM_TEST_SEED") or random.SystemRandom().randrange(1 << 32))
    print(f"ROWSTREAM_TEST_SEED={seed}")  # noqa: T201 - pytest shows it with a failure
    live = LiveJob(stack, stack.connections.control_url, seed)
    await live.set_up()
    yield live
    await live.clean_up()
