"""A job as the control database keeps it. What a client sees of it is made in `api.jobs.view`."""

from datetime import datetime
from enum import StrEnum
from typing import Any

from pydantic import Field

from pipeline.mapping.style import Names, Nulls
from pipeline.projects.project import ProjectSettings
from pipeline.sources.source import Identity, Mode
from pipeline.stored import StoredModel


class Phase(StrEnum):
    """
    Where the job is; the supervisor moves it forward, one persisted step at a time.

    REFRESHING: streaming, while some tables are read again. REPLAYING: the same, while changes are applied again.
    RETAINED: failed after set-up; what the job owns is kept for a while so that it can go on.
    """

    SETTING_UP = "SETTING_UP"
    SNAPSHOTTING = "SNAPSHOTTING"
    STREAMING = "STREAMING"
    REFRESHING = "REFRESHING"
    REPLAYING = "REPLAYING"
    DRAINING = "DRAINING"
    RETAINED = "RETAINED"
    CLEANING_UP = "CLEANING_UP"
    ENDED = "ENDED"


class Outcome(StrEnum):
    """How the job ended, or will once it is cleaned up."""

    COMPLETED = "COMPLETED"
    CANCELLED = "CANCELLED"
    FAILED = "FAILED"


class Ask(StrEnum):
    """What a user asked of a job; CANCEL outranks STOP. RETRY: a failed job is to go on."""

    STOP = "STOP"
    CANCEL = "CANCEL"
    RETRY = "RETRY"


class Filter(StoredModel):
    """What the request says of a table's rows: the condition on them, and how many are followed; None where there is no such limit."""

    schema_name: str
    table: str
    where_clause: str | None = None
    row_count: int | None = None


class PlannedColumn(StoredModel):
    """A column that a filter uses, as the catalogue had it."""

    name: str
    type: str
    collation: str | None = None


class PlannedFilter(StoredModel):
    """A table's filter, and the columns that it uses."""

    where_clause: str
    columns: tuple[PlannedColumn, ...]


class TablePlan(StoredModel):
    """
    One table of the job: where its changes come from, where its documents go and how they are written.

    `filter` narrows its rows, `row_count` is how many of them are followed.
    """

    schema_name: str
    table: str
    topic: str
    collection: str
    key: tuple[str, ...]
    identity: Identity
    estimated_rows: int | None = None
    deferrable_key: bool = False
    names: Names = Names.CAMEL_CASE
    nulls: Nulls = Nulls.KEEP
    filter: PlannedFilter | None = None
    row_count: int | None = None

    @property
    def qualified_name(self) -> str:
        """schema.table, unquoted."""
        return f"{self.schema_name}.{self.table}"


class Failure(StoredModel):
    """Why a job failed. `setup_error`: before anything was moved, so there is nothing to retry from."""

    error_type: str
    message: str
    failure_at: datetime
    setup_error: bool = False
    suggestion: str | None = None
    table: str | None = None
    field_name: str | None = None
    key: dict[str, str] | None = None
    details: str | None = None


class ScanStatus(StrEnum):
    """How far the initial read of a table is."""

    READING = "READING"
    DONE = "DONE"


class SnapshotTable(StoredModel):
    """What Debezium's notifications said of one table's initial read."""

    status: ScanStatus
    rows: int = 0


class RefreshStage(StrEnum):
    """How far a refresh is: its new tables are taken in, the tables are read, what was read is applied, documents without a row go."""

    ADDING = "ADDING"
    READING = "READING"
    APPLYING = "APPLYING"
    SWEEPING = "SWEEPING"


class Refresh(StoredModel):
    """
    Tables that are read again while the job streams.

    `tables` are those asked for (schema.table), `new` those of them that the job did not have.
    Known from the first attempt to read them on: `since`, where each table's change topic
    ended before it, and `notes_since`, the same of the notification topic. `signals` counts
    how often the connector was told, `answered` how many breaks were answered by that; `rows`
    counts what was read. Where single rows are mended: `selects`, the statements that read only
    those, and `mends`, the half changes that are mended by it.
    """

    id: str
    tables: tuple[str, ...]
    stage: RefreshStage = RefreshStage.ADDING
    new: tuple[str, ...] = ()
    since: dict[str, int] | None = None
    notes_since: int | None = None
    signals: int = 0
    answered: int = 0
    rows: dict[str, int] = Field(default_factory=dict)
    selects: dict[str, str] = Field(default_factory=dict)
    mends: tuple[str, ...] = ()


class ReplayStage(StrEnum):
    """How far a replay is: its checkpoints are set, documents that come again go, changes are applied, what it had of its own goes."""

    SETTING = "SETTING"
    CLEARING = "CLEARING"
    APPLYING = "APPLYING"
    ENDING = "ENDING"


class Replay(StoredModel):
    """
    Tables whose changes are applied again from `starts` on, an offset of each change topic.

    `clears`: from the beginning, so that the documents go first. `into`: what is added to the names of the
    collections that are written instead of the job's; then the replay has a `generation` of its own, whose
    documents are complete at `ends`, its `failure` ends it, and `missing` counts the records that it left out.
    """

    id: str
    tables: tuple[str, ...]
    starts: dict[str, int]
    clears: bool = False
    into: str | None = None
    generation: int | None = None
    ends: dict[str, int] | None = None
    failure: Failure | None = None
    missing: int = 0
    stage: ReplayStage = ReplayStage.SETTING


class Statistics(StoredModel):
    """A job's counts: sums over its checkpoints, kept on the job itself once it has ended."""

    reads: int = 0
    creates: int = 0
    updates: int = 0
    deletes: int = 0
    truncates: int = 0
    bytes: int = 0
    last_event_at: datetime | None = None
    events_in_last_minute: int = 0
    events_in_last_hour: int = 0

    @property
    def changes(self) -> int:
        """Streamed changes seen: creates, updates, deletes and truncates."""
        return self.creates + self.updates + self.deletes + self.truncates


class Lease(StoredModel):
    """Which supervisor drives the job, until when by the control database's clock."""

    owner: str
    until: datetime


class Job(StoredModel):
    """
    A posted job and all that is known of it.

    `project` is what its project's settings were when it was posted.
    `secrets` is encrypted (`pipeline.jobs.vault`) and removed when the job has ended; the
    two URLs hold no password. `live` says that workers consume the change topics, unless the job is
    `paused`; `held`: nothing can be written any more meanwhile. `retries` counts how often it went on after a failure,
    and `replays` those that had a generation of their own. `active`
    is true until the job has ended or failed, and indexed so that a project has one active
    job at most. `captures_since`: from then on every change at the source is captured.
    `owes_clean_up`: the job has ended while something it owns could not be removed yet.
    `slot` numbers the place the job has taken among those that may be active at once.
    `snapshot_reads` is the number of rows that the initial read had, once it is over: rows read
    later are no part of it. `exactly_once`: whether the connector writes in transactions, so
    that a crash makes it tell nothing twice. `types` pairs the names of types that the events give with
    those that say how values are read. `behind` names the change topics of which it was told that their
    records may be lost before they are applied. `letters_asked` counts how often dead letters were asked
    to be replayed; `letters_kept`: they have been taken from the target into the control database.
    """

    id: str = Field(alias="_id")
    project_id: str
    project: ProjectSettings = ProjectSettings()
    active: bool = True
    slot: int | None = None
    source_type: str
    jdbc_url: str
    mongodb_url: str
    target_database: str
    mode: Mode
    drop_collections: bool = False
    options: dict[str, Any]
    filters: tuple[Filter, ...] = ()
    atlas_metadata: dict[str, str] | None = None
    verification_requested: bool = False
    secrets: bytes | None = None
    phase: Phase = Phase.SETTING_UP
    outcome: Outcome | None = None
    ask: Ask | None = None
    live: bool = False
    paused: bool = False
    held: bool = False
    retries: int = 0
    generation: int = 1
    restarts: int = 0
    exactly_once: bool = True
    tables: tuple[TablePlan, ...] = ()
    topics: tuple[str, ...] = ()
    behind: tuple[str, ...] = ()
    types: tuple[tuple[str, str], ...] = ()
    snapshot_tables: dict[str, SnapshotTable] = Field(default_factory=dict)
    snapshot_ended: bool = False
    snapshot_reads: int | None = None
    refresh: Refresh | None = None
    replay: Replay | None = None
    replays: int = 0
    captures_since: datetime | None = None
    owes_clean_up: bool = False
    submitted_at: datetime
    started_at: datetime | None = None
    snapshot_completed_at: datetime | None = None
    streaming_started_at: datetime | None = None
    ended_at: datetime | None = None
    failure: Failure | None = None
    worker_failure: Failure | None = None
    letters_asked: int = 0
    letters_kept: bool = False
    final_statistics: Statistics | None = None
    lease: Lease | None = None

    def twin(self) -> "Job | None":
        """The job as the workers see it that apply its replay into other collections; None where there is none to apply."""
        replay = self.replay
        if replay is None or replay.generation is None or replay.stage is not ReplayStage.APPLYING:
            return None
        suffix = replay.into or ""
        plans = [plan for plan in self.tables if plan.qualified_name in replay.tables]
        tables = tuple(plan.model_copy(update={"collection": plan.collection + suffix}) for plan in plans)
        return self.model_copy(update={"generation": replay.generation, "tables": tables, "topics": tuple(replay.starts)})

    @property
    def tolerance(self) -> int | None:
        """How many records may fail to be applied, None without end: what was asked for, else none if a failure is to fail the job."""
        tolerance: int | None = self.options.get("errorTolerance")
        return 0 if tolerance is None and self.options.get("errorHandling", "FAIL") == "FAIL" else tolerance
