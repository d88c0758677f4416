"""Fakes of the control database: the job, and its updates."""

from typing import Any

from tests.unit.jobs.servers import Servers

from pipeline.jobs.job import Job, Refresh
from pipeline.jobs.updates import EventType
from pipeline.projects.project import Project


class Store:
    """The one job; the answer to a change may be lost."""

    def __init__(self, servers: Servers) -> None:
        self._servers = servers

    async def get(self, _: str) -> Job:
        return self._servers.job

    async def change(self, _job: str, _owner: str, **fields: Any) -> Job:
        self._servers.job = self._servers.job.model_copy(update=fields)
        if (error := self._servers.lose_the_answer_to(fields)) is not None:
            raise error
        return self._servers.job

    async def ask_refresh(self, _job: str, refresh: Refresh) -> None:
        self._servers.job = self._servers.job.model_copy(update={"refresh": refresh})


class Projects:
    """The job's project, as it is now."""

    def __init__(self, servers: Servers) -> None:
        self._servers = servers

    async def get(self, project_id: str) -> Project:
        return Project(id=project_id, settings=self._servers.project)


class Updates:
    """Tells the story, each step of it once."""

    def __init__(self, servers: Servers) -> None:
        self._servers = servers
        self._known: set[str] = set()

    async def append(
        self,
        _job: str,
        event_type: EventType,
        message: str,
        *,
        error_code: str | None = None,
        step: str | None = None,
        dedup_key: str | None = None,
        **_: object,
    ) -> None:
        key = step or dedup_key
        if key is None or key not in self._known:
            self._servers.story.append((event_type.value, error_code, message))
        if key is not None:
            self._known.add(key)
