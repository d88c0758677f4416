"""The servers around a job as fakes that can be away, and a drive of the job among them."""

import asyncio
from collections.abc import Callable
from contextlib import asynccontextmanager
from types import SimpleNamespace
from typing import Any

import pytest
from tests.unit.jobs.fakes.connect import Connect
from tests.unit.jobs.fakes.control import Projects, Store, Updates
from tests.unit.jobs.fakes.kafka import Topics
from tests.unit.jobs.fakes.readers import Readers
from tests.unit.jobs.fakes.source import Source
from tests.unit.jobs.servers import Servers

from pipeline.jobs import supervisor
from pipeline.jobs.drive import Drive
from pipeline.jobs.job import Job
from pipeline.jobs.updates import EventType
from pipeline.settings import Settings


class World(Servers):
    """Servers with a fake of each, and a drive of a job among them."""

    @asynccontextmanager
    async def drive(self, job: Job, **settings: Any) -> Any:
        """Drive the job among these servers until the block ends."""
        self.job = job
        services = SimpleNamespace(
            settings=Settings(**settings),
            store=Store(self),
            updates=Updates(self),
            projects=Projects(self),
            vault=None,
            connect=Connect(self),
            connect_secrets=SimpleNamespace(remove=lambda _: None),
            topics=Topics(self),
            readers=Readers(self),
        )
        drive = Drive(job, services, "me")  # type: ignore[arg-type]
        drive.__dict__ |= {"source": Source(self), "secrets": {"mongodbUrl": "mongodb://unused/db", "jdbcUrl": "jdbc:sybase:Tds:unused"}}
        driving = asyncio.create_task(supervisor.drive_to_the_end(drive))
        try:
            yield driving
        finally:
            driving.cancel()
            await asyncio.gather(driving, return_exceptions=True)
            await drive.close()

    async def until(self, condition: Callable[[], object], what: str) -> None:
        """Wait until the condition holds."""
        try:
            async with asyncio.timeout(10):
                while not condition():  # noqa: ASYNC110 - the condition is about fakes that tell nobody
                    await asyncio.sleep(0.005)
        except TimeoutError:
            pytest.fail(f"waited in vain until {what}: {self.job.phase}, {self.story}, {self.done}")

    async def looks(self, count: int = 20) -> None:
        """Wait until the drive has asked its servers so many more times."""
        wanted = self._asked + count
        await self.until(lambda: self._asked >= wanted, "the servers are asked")

    def codes(self, event_type: EventType) -> list[str | None]:
        """The codes of the updates of one type."""
        return [code for kind, code, _ in self.story if kind == event_type.value]
