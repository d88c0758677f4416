"""rowstream from end to end."""

from collections.abc import Mapping, Sequence
from typing import Any

from bench.contestants.naming import RowstreamNaming
from bench.contestants.rowstream import title
from bench.jobs import TARGET, Jobs
from bench.pipelines.pipeline import Route


class RowstreamPipeline:
    """A CDC job, posted to a running service."""

    host = "workers"

    def __init__(self, jobs: Jobs, workers: int) -> None:
        self.name = f"rowstream-{workers}"
        self.title = title(workers)
        self.settings: Mapping[str, Any] = {"workers": workers, "everything else": "defaults, exactly-once on"}
        self.naming = RowstreamNaming()
        self._jobs = jobs
        self._workers = workers
        self._job = ""

    def prepare(self) -> None:
        """Start the service and its workers."""
        self._jobs.service.start(self._workers)

    def begin(self, tables: Sequence[str]) -> Route:
        """Post the job; it takes every table there is."""
        self._job = self._jobs.post()
        return Route(TARGET, {table: table for table in tables})

    def check(self) -> None:
        """Raise `StackError` when the job or the service has ended."""
        self._jobs.look(self._job)

    def end(self) -> None:
        """Cancel the job, and stop the service."""
        self._jobs.cancel(self._job)
        self._jobs.service.stop()

    def pids(self) -> Sequence[int]:
        """The workers."""
        return self._jobs.service.workers
