"""Fakes of the sink: what the jobs ask of the target database, and its half changes."""

from collections.abc import AsyncIterator, Sequence
from types import SimpleNamespace
from typing import Any

from tests.unit.jobs.servers import Servers

from pipeline.jobs.job import Job, Statistics, TablePlan
from pipeline.sink.checkpoint import Checkpoint
from pipeline.sink.letter import Letter
from pipeline.sink.unmended import HalfChange


class Target:
    """What the jobs ask of the target database."""

    def __init__(self, servers: Servers) -> None:
        self._servers = servers

    async def fence(self, *_: object) -> None:
        self._servers.answer("target")
        self._servers.done.append("fenced")

    async def read_progress(self, _database: object, job: str, number: int) -> list[Checkpoint]:
        self._servers.answer("target")
        return [Checkpoint(job, number, topic, 0, position=self._servers.position) for topic in self._servers.job.topics]

    async def retract_documents(self, _database: object, _servers: str, _job: Job, progress: Sequence[Checkpoint]) -> None:
        self._servers.answer("target")
        self._servers.done.append(f"retracted {len(progress)}")

    async def live_statistics(self, *_: object) -> Statistics:
        self._servers.answer("target")
        return Statistics()

    async def remove_progress(self, *_: object) -> None:
        self._servers.answer("target")

    async def release_collections(self, *_: object) -> None:
        self._servers.answer("target")

    def HalfChanges(self, *_: object) -> "_HalfChanges":  # noqa: N802 - stands for the class
        return _HalfChanges(self._servers)

    def Suspects(self, *_: object) -> SimpleNamespace:  # noqa: N802 - stands for the class
        return SimpleNamespace(drop=self.release_collections)

    async def remove_orphans(self, _drive: object, plan: TablePlan, *_: object) -> list[Any]:
        self._servers.answer("target")
        self._servers.done.append(f"swept {plan.collection}")
        return []

    async def all_letters(self, *_: object) -> AsyncIterator[list[Letter]]:
        self._servers.answer("target")
        return
        yield

    async def claim_collections(self, *_: object) -> None:
        self._servers.answer("target")

    async def prepare_targets(self, *_: object, drop: bool) -> None:
        self._servers.answer("target")
        self._servers.done.append(f"prepared, {drop=}")

    async def create_checkpoints(self, *_: object) -> None:
        self._servers.answer("target")

    async def start_connector(self, _: object) -> None:
        self._servers.answer("connect")
        self._servers.done.append("connector told")


class _HalfChanges:
    def __init__(self, servers: Servers) -> None:
        self._servers = servers

    async def unmended(self) -> list[HalfChange]:
        self._servers.answer("target")
        return list(self._servers.unmended)

    async def waiting(self) -> list[HalfChange]:
        return list(self._servers.waiting)

    async def keep(self, changes: Sequence[HalfChange]) -> None:
        self._servers.unmended += changes

    async def settle(self, ids: Sequence[str]) -> None:
        if ids:
            self._servers.done.append(f"settled {' '.join(ids)}")
        self._servers.unmended = [each for each in self._servers.unmended if each.id not in ids]
        self._servers.waiting = [each for each in self._servers.waiting if each.id not in ids]

    async def remove(self) -> None:
        return
