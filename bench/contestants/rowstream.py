"""rowstream itself."""

from collections.abc import Mapping, Sequence
from typing import Any

from bson import Int64

from bench.filled import Filled, Filling
from bench.service import Service
from bench.topics import FilledTopic


class Rowstream:
    """`rowstream serve --workers N`, its job brought back to before its first event."""

    host = "workers"

    def __init__(self, filling: Filling, service: Service, workers: int) -> None:
        self.name = f"rowstream-{workers}"
        self.title = f"rowstream, {workers} worker{'s' if workers > 1 else ''}"
        self.settings: Mapping[str, Any] = {"workers": workers, "everything else": "defaults"}
        self._filling = filling
        self._service = service
        self._workers = workers

    def start(self, filled: Filled) -> str:
        """Bring the job's state back and start the service."""
        self._filling.thaw()
        self._service.start(self._workers)
        return filled.target

    def check(self) -> None:
        """Raise `StackError` when the service has ended."""
        self._service.check()

    def stop(self) -> None:
        """Stop the service and its workers."""
        self._service.stop()

    def pids(self) -> Sequence[int]:
        """The workers."""
        return self._service.workers

    def collection(self, topic: FilledTopic) -> str:
        """The collection that the job plans."""
        return topic.collection

    def identity(self, key: int) -> Any:
        """The key itself."""
        return Int64(key)

    def field(self, column: str) -> str:
        """The column's name in camelCase."""
        first, *others = column.split("_")
        return first + "".join(part.capitalize() for part in others)
