"""How a connector is."""

from dataclasses import dataclass
from typing import Any

ABSENT = "ABSENT"


@dataclass(frozen=True, slots=True)
class TaskStatus:
    """One task: RUNNING, FAILED (then with its stack trace), UNASSIGNED, RESTARTING, ..."""

    id: int
    state: str
    trace: str | None = None


@dataclass(frozen=True, slots=True)
class ConnectorStatus:
    """A connector and its tasks; ABSENT when Connect does not know it (yet)."""

    state: str = ABSENT
    tasks: tuple[TaskStatus, ...] = ()
    own_trace: str | None = None

    @property
    def absent(self) -> bool:
        """Whether Connect does not know the connector."""
        return self.state == ABSENT

    @property
    def running(self) -> bool:
        """Whether the connector and at least one task run, and none failed."""
        return self.state == "RUNNING" and bool(self.tasks) and all(task.state == "RUNNING" for task in self.tasks)

    @property
    def failed(self) -> bool:
        """Whether the connector or a task ended with an error."""
        return self.state == "FAILED" or any(task.state == "FAILED" for task in self.tasks)

    @property
    def stopped(self) -> bool:
        """Whether the connector was stopped and its tasks have ended."""
        return self.state == "STOPPED" and not self.tasks

    @property
    def trace(self) -> str | None:
        """The stack trace of what failed."""
        return self.own_trace or next((task.trace for task in self.tasks if task.trace), None)


def read_status(body: dict[str, Any]) -> ConnectorStatus:
    """Read the answer of `GET /connectors/<name>/status`."""
    connector = body["connector"]
    tasks = tuple(TaskStatus(task["id"], task["state"], task.get("trace")) for task in body["tasks"])
    return ConnectorStatus(connector["state"], tasks, connector.get("trace"))
