"""How the servers around a job are; those that are away do not answer."""

from collections.abc import Callable, Mapping
from typing import Any

from tests.fakes.jobs import make_job

from pipeline.connect.status import ConnectorStatus, TaskStatus
from pipeline.connect.trace import Reason
from pipeline.errors import EngineUnavailableError, SinkUnavailableError, SourceUnavailableError
from pipeline.jobs.job import Job, Phase, TablePlan
from pipeline.projects.project import ProjectSettings
from pipeline.sink.unmended import HalfChange
from pipeline.sources.source import Identity, Table

TOPIC = "prefix.public.t"
WELL = ConnectorStatus("RUNNING", (TaskStatus(0, "RUNNING"),))
PLAN = TablePlan(schema_name="public", table="t", topic=TOPIC, collection="t", key=("id",), identity=Identity.KEY)
TABLE = Table("public", "t", (), ("id",), Identity.KEY)


def failed(trace: str) -> ConnectorStatus:
    """A connector whose task failed for this reason."""
    return ConnectorStatus("RUNNING", (TaskStatus(0, "FAILED", trace),))


class Servers:
    """
    Servers by name (`connect`, `source`, `target`): those in `away` do not answer.

    `notifications` are what the connector has said; `position` is where the checkpoint
    stands, `end` where the topic ends, `first` where it begins and `young` its first record that is
    not old, `retention` how long topics were told to keep records; `project` the settings of the job's
    project; `heartbeats` where that of the heartbeats does; `open_from`, where a transaction of them begins that has not ended; `topics`
    the topics that exist. `noted` is how far Connect has noted that it is: `snapshot`, `marker` or None. `troubles` are what a reader of
    rowstream's own will end with. `catalogue` has the source's tables. `unmended` and `waiting`
    are half changes, and whether SQL can name their rows is `names_rows`. `silent_after`: a
    connector that writes no heartbeat for so many seconds has lost its source. `heed_signal` is
    called with the tables of each signal to the connector. `story` has every update as (type,
    code, message); `done` what was made, removed or fenced, in order.
    """

    def __init__(self) -> None:
        self.away: set[str] = set()
        self.status = WELL
        self.notifications: list[str] = []
        self.markers: list[str] = []
        self.position, self.end = 5, 5
        self.heartbeats = 0
        self.open_from: int | None = None
        self.first = self.young = 0
        self.retention: dict[str, Mapping[str, str]] = {}
        self.project = ProjectSettings()
        self.topics = [TOPIC]
        self.catalogue = [TABLE]
        self.heed_signal: Callable[[list[str]], object] = lambda _: None
        self.story: list[tuple[str, str | None, str]] = []
        self.done: list[str] = []
        self.unmended: list[HalfChange] = []
        self.waiting: list[HalfChange] = []
        self.names_rows = True
        self.restarts = 0
        self.noted: str | None = None
        self.silent_after: float | None = None
        self.troubles: list[Reason] = []
        self.job = self.make_job(Phase.SETTING_UP)
        self.lose_the_answer_to: Callable[[Mapping[str, Any]], Exception | None] = lambda _: None
        self._asked = 0

    def make_job(self, phase: Phase, **fields: Any) -> Job:
        """A live CDC job of one table."""
        return make_job(**{"phase": phase, "live": True, "tables": (PLAN,), "topics": (TOPIC,), **fields})

    def answer(self, server: str) -> None:
        """Raise what a client makes of a server that is away."""
        self._asked += 1
        error = {"connect": EngineUnavailableError, "source": SourceUnavailableError, "target": SinkUnavailableError}[server]
        if server in self.away:
            raise error(f"{server} does not answer")
