"""The servers around a job as fakes that can be away, and a drive of the job among them."""

import asyncio
import json
from collections.abc import Callable, Iterable, Mapping, Sequence
from contextlib import asynccontextmanager
from functools import partial
from types import SimpleNamespace, TracebackType
from typing import Any, Self

import pytest
from tests.fakes.jobs import make_job

from pipeline.change.record import Position, Record
from pipeline.connect.status import ConnectorStatus, TaskStatus
from pipeline.errors import EngineUnavailableError, SinkUnavailableError, SourceUnavailableError
from pipeline.jobs import addition, barrier, clean_up, connector, generation, mending, reading, refresh, snapshot, supervisor
from pipeline.jobs.drive import Drive
from pipeline.jobs.job import Job, Phase, Refresh, Statistics, TablePlan
from pipeline.jobs.updates import EventType
from pipeline.settings import Settings
from pipeline.sink.checkpoint import Checkpoint
from pipeline.sink.unmended import HalfChange
from pipeline.sources.source import Finding, Identity, Mode, Ownership, Table

TOPIC = "prefix.public.t"
WELL = ConnectorStatus("RUNNING", (TaskStatus(0, "RUNNING"),))
PLAN = TablePlan(schema_name="public", table="t", topic=TOPIC, collection="t", key=("id",), identity=Identity.KEY)
TABLE = Table("public", "t", (), ("id",), Identity.KEY)


def failed(trace: str) -> ConnectorStatus:
    """A connector whose task failed for this reason."""
    return ConnectorStatus("RUNNING", (TaskStatus(0, "FAILED", trace),))


class World:
    """
    Servers by name (`connect`, `source`, `target`): those in `away` do not answer.

    `notifications` are what the connector has said; `position` is where the checkpoint
    stands, `end` where the topic ends; `topics` the topics that exist. `noted` is how far
    Connect has noted that it is: `snapshot`, `marker` or None. `catalogue` has the source's
    tables. `unmended` and `waiting` are half changes, and whether SQL can name their rows is
    `names_rows`. `heed_signal` is called with the tables of each signal to the connector.
    `story` has every update as (type, code, message); `done` what was made, removed or fenced, in order.
    """

    def __init__(self) -> None:
        self.away: set[str] = set()
        self.status = WELL
        self.notifications: list[str] = []
        self.markers: list[str] = []
        self.position, self.end = 5, 5
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

    @asynccontextmanager
    async def drive(self, job: Job, **settings: Any) -> Any:
        """Drive the job among these servers until the block ends."""
        self.job = job
        services = SimpleNamespace(
            settings=Settings(**settings),
            store=_Store(self),
            updates=_Updates(self),
            vault=None,
            connect=_Connect(self),
            connect_secrets=SimpleNamespace(remove=lambda _: None),
            topics=_Topics(self),
        )
        drive = Drive(job, services, "me")  # type: ignore[arg-type]
        drive.__dict__ |= {"source": _Source(self), "secrets": {"mongodbUrl": "mongodb://unused/db"}}
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


@pytest.fixture
def world(monkeypatch: pytest.MonkeyPatch) -> World:
    """Servers that answer; every pause is short."""
    made = World()
    target = _Target(made)
    for module, names in {
        generation: ("fence", "read_progress", "retract_documents"),
        barrier: ("read_progress",),
        snapshot: ("live_statistics",),
        clean_up: ("fence", "live_statistics", "remove_progress", "release_collections", "Suspects"),
        mending: ("HalfChanges",),
        refresh: ("remove_orphans", "Suspects"),
        addition: ("claim_collections", "prepare_targets", "create_checkpoints", "start_connector"),
    }.items():
        for name in names:
            monkeypatch.setattr(module, name, getattr(target, name))
    for module in (snapshot, barrier, reading):
        monkeypatch.setattr(module, "TopicReader", lambda _servers, topic, *_: _Reader(made, topic))
    monkeypatch.setattr(reading, "write_record", partial(_write_signal, made))
    monkeypatch.setattr(clean_up, "DEBT_PAUSE_SECONDS", 0.01)
    monkeypatch.setattr(supervisor, "RETRY_SECONDS", 0.01)
    monkeypatch.setattr(connector, "RESTART_PAUSE_SECONDS", 0.01)
    monkeypatch.setattr(Drive, "pause_between_looks", _pause)
    return made


async def _write_signal(world: World, _servers: str, _topic: str, _key: bytes, value: bytes) -> None:
    world.heed_signal(json.loads(value)["data"]["data-collections"])


async def _pause(_: Drive) -> None:
    await asyncio.sleep(0.002)


class _Target:
    """What the jobs ask of the target database."""

    def __init__(self, world: World) -> None:
        self._world = world

    async def fence(self, *_: object) -> None:
        self._world.answer("target")
        self._world.done.append("fenced")

    async def read_progress(self, _database: object, job: str, number: int) -> list[Checkpoint]:
        self._world.answer("target")
        return [Checkpoint(job, number, topic, 0, position=self._world.position) for topic in self._world.job.topics]

    async def retract_documents(self, _database: object, _servers: str, _job: Job, progress: Sequence[Checkpoint]) -> None:
        self._world.answer("target")
        self._world.done.append(f"retracted {len(progress)}")

    async def live_statistics(self, *_: object) -> Statistics:
        self._world.answer("target")
        return Statistics()

    async def remove_progress(self, *_: object) -> None:
        self._world.answer("target")

    async def release_collections(self, *_: object) -> None:
        self._world.answer("target")

    def HalfChanges(self, *_: object) -> "_HalfChanges":  # noqa: N802 - stands for the class
        return _HalfChanges(self._world)

    def Suspects(self, *_: object) -> SimpleNamespace:  # noqa: N802 - stands for the class
        return SimpleNamespace(drop=self.release_collections)

    async def remove_orphans(self, _drive: object, plan: TablePlan, *_: object) -> list[Any]:
        self._world.answer("target")
        self._world.done.append(f"swept {plan.collection}")
        return []

    async def claim_collections(self, *_: object) -> None:
        self._world.answer("target")

    async def prepare_targets(self, *_: object, drop: bool) -> None:
        self._world.answer("target")
        self._world.done.append(f"prepared, {drop=}")

    async def create_checkpoints(self, *_: object) -> None:
        self._world.answer("target")

    async def start_connector(self, _: object) -> None:
        self._world.answer("connect")
        self._world.done.append("connector told")


class _HalfChanges:
    def __init__(self, world: World) -> None:
        self._world = world

    async def unmended(self) -> list[HalfChange]:
        self._world.answer("target")
        return list(self._world.unmended)

    async def waiting(self) -> list[HalfChange]:
        return list(self._world.waiting)

    async def keep(self, changes: Sequence[HalfChange]) -> None:
        self._world.unmended += changes

    async def settle(self, ids: Sequence[str]) -> None:
        if ids:
            self._world.done.append(f"settled {' '.join(ids)}")
        self._world.unmended = [each for each in self._world.unmended if each.id not in ids]
        self._world.waiting = [each for each in self._world.waiting if each.id not in ids]

    async def remove(self) -> None:
        return


class _Store:
    def __init__(self, world: World) -> None:
        self._world = world

    async def get(self, _: str) -> Job:
        return self._world.job

    async def change(self, _job: str, _owner: str, **fields: Any) -> Job:
        self._world.job = self._world.job.model_copy(update=fields)
        if (error := self._world.lose_the_answer_to(fields)) is not None:
            raise error
        return self._world.job

    async def ask_refresh(self, _job: str, refresh: Refresh) -> None:
        self._world.job = self._world.job.model_copy(update={"refresh": refresh})


class _Updates:
    def __init__(self, world: World) -> None:
        self._world = world
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
            self._world.story.append((event_type.value, error_code, message))
        if key is not None:
            self._known.add(key)


class _Connect:
    def __init__(self, world: World) -> None:
        self._world = world

    async def status(self, _: str) -> ConnectorStatus:
        self._world.answer("connect")
        return self._world.status

    async def restart(self, _: str) -> None:
        self._world.answer("connect")
        self._world.restarts += 1

    async def offsets(self, _: str) -> list[dict[str, Any]]:
        self._world.answer("connect")
        return [{"partition": {}, "offset": {"noted": self._world.noted}}]

    async def remove(self, _: str) -> None:
        self._world.answer("connect")
        self._world.status = ConnectorStatus()
        self._world.done.append("connector removed")


class _Topics:
    def __init__(self, world: World) -> None:
        self._world = world

    async def end_offsets(self, topics: Iterable[str]) -> dict[str, int]:
        return dict.fromkeys(topics, self._world.end)

    async def names(self) -> list[str]:
        return self._world.topics

    async def delete(self, names: Iterable[str]) -> None:
        gone = set(names)
        self._world.topics = [topic for topic in self._world.topics if topic not in gone]

    async def delete_group(self, _: str) -> bool:
        return True

    async def configure(self, _names: Iterable[str], _config: Mapping[str, str]) -> None:
        return

    async def create(self, topics: Mapping[str, object]) -> None:
        self._world.topics += topics

    async def empty(self, name: str) -> None:
        self._world.done.append(f"emptied {name.rpartition('.')[2]}")


class _Source:
    password = None

    def __init__(self, world: World) -> None:
        self._world = world

    async def retained_bytes(self, _owned: Ownership, _tables: Sequence[tuple[str, str]]) -> int:
        self._world.answer("source")
        return 0

    async def present_tables(self, _mode: Mode, _owned: Ownership) -> dict[tuple[str, str], bool]:
        self._world.answer("source")
        return {(table.schema, table.name): True for table in self._world.catalogue}

    async def tables(self, _: Mode) -> list[Table]:
        self._world.answer("source")
        return self._world.catalogue

    async def check(self, _mode: Mode, _tables: Sequence[Table]) -> list[Finding]:
        self._world.answer("source")
        return []

    async def publish(self, _owned: Ownership, tables: Sequence[Table]) -> None:
        self._world.answer("source")
        self._world.done.append(f"published {', '.join(table.name for table in tables)}")

    def signal_name(self, table: Table) -> str:
        return table.qualified_name

    def signal_selects(self, _mode: Mode, _tables: Sequence[Table]) -> dict[str, str]:
        return {}

    async def row_selects(self, _mode: Mode, table: Table, ids: Sequence[Any]) -> dict[str, str] | None:
        self._world.answer("source")
        return {table.qualified_name: f"SELECT {ids}"} if self._world.names_rows else None

    async def types(self) -> dict[str, str]:
        self._world.answer("source")
        return {}

    def topic(self, _owned: Ownership, table: Table) -> str:
        return f"prefix.{table.qualified_name}"

    async def blockers(self, _: Ownership) -> list[str]:
        self._world.answer("source")
        return []

    async def emit_marker(self, token: str) -> None:
        self._world.answer("source")
        self._world.markers.append(token)

    def marker_token(self, value: bytes) -> str:
        return value.decode()

    def is_noted(self, offset: Mapping[str, Any], marker: bytes | None) -> bool:
        return offset["noted"] == "marker" if marker else offset["noted"] is not None

    async def clean_up(self, _: Ownership) -> None:
        self._world.answer("source")
        self._world.done.append("source cleaned")

    def extra_topics(self, _: Ownership) -> list[str]:
        return []

    def marker_topic(self, _: Ownership) -> str:
        return "markers"

    def leftovers(self, _: Ownership) -> list[str]:
        return ["DROP ..."]


class _Reader:
    """Reads the notifications, or the markers, which the connector passes on at once."""

    def __init__(self, world: World, topic: str) -> None:
        self._world = world
        self._markers = topic == "markers"
        self._read = 0

    async def __aenter__(self) -> Self:
        return self

    async def __aexit__(self, kind: type[BaseException] | None, error: BaseException | None, trace: TracebackType | None) -> None:
        return

    async def poll(self, _: float) -> list[Record]:
        await asyncio.sleep(0.002)
        said = self._world.markers if self._markers else self._world.notifications
        new, self._read = said[self._read :], len(said)
        return [Record(Position("n", 0, 0), None, each.encode() if self._markers else _notification(each)) for each in new]


def _notification(said: str) -> bytes:
    """A notification: its type alone, or `SCANNED <table> <rows>`."""
    kind, _, rest = said.partition(" ")
    data = None
    if kind == "SCANNED":
        table, _, rows = rest.partition(" ")
        kind, data = "TABLE_SCAN_COMPLETED", {"scanned_collection": table, "total_rows_scanned": rows, "status": "SUCCEEDED"}
    return json.dumps({"payload": {"aggregate_type": "Initial Snapshot", "type": kind, "additional_data": data}}).encode()
