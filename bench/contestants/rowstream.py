"""rowstream itself, as a contestant of drains."""

from collections.abc import Mapping, Sequence
from typing import Any

from bench.contestants.naming import RowstreamNaming
from bench.filling import Filling
from bench.jobs import TARGET
from bench.service import Service
from bench.topics import FilledTopics


class Rowstream(RowstreamNaming):
    """`rowstream serve --workers N`, its job brought back to before its first event."""

    host = "workers"
    warms_up = False

    def __init__(self, filling: Filling, service: Service, workers: int, *, filtered: bool | None = None) -> None:
        """`filtered`: whether the job keeps its filters; None where it has none."""
        self.name = {None: f"rowstream-{workers}", True: f"rowstream-{workers}-filters", False: f"unfiltered-{workers}"}[filtered]
        self.title = title(workers) + {None: "", True: ", filters", False: ", the same without filters"}[filtered]
        self.settings: Mapping[str, Any] = {"workers": workers, "everything else": "defaults"}
        self._filling = filling
        self._service = service
        self._workers = workers
        self._filtered = filtered is not False

    def start(self, topics: FilledTopics) -> str:
        """Bring the job's state back and start the service."""
        self._filling.thaw(filtered=self._filtered)
        self._service.start(self._workers)
        return TARGET

    def check(self) -> None:
        """Raise `StackError` when the service has ended."""
        self._service.check()

    def stop(self) -> None:
        """Stop the service and its workers."""
        self._service.stop()

    def pids(self) -> Sequence[int]:
        """The workers."""
        return self._service.workers


def title(workers: int) -> str:
    """rowstream's name for people, with its number of workers."""
    return f"rowstream, {workers} worker{'s' if workers > 1 else ''}"
