"""A job as the control database keeps it. What a client sees of it is made in `api.jobs.view`."""

from datetime import datetime
from enum import StrEnum
from typing import Any

from pydantic import BaseModel, ConfigDict, Field
from pydantic.alias_generators import to_camel

from pipeline.sources.source import Identity, Mode


class Phase(StrEnum):
    """
    Where the job is; the supervisor moves it forward, one persisted step at a time.

    REFRESHING: streaming, while some tables are read again.
    RETAINED: failed after set-up; what the job owns is kept for a while so that it can go on.
    """

    SETTING_UP = "SETTING_UP"
    SNAPSHOTTING = "SNAPSHOTTING"
    STREAMING = "STREAMING"
    REFRESHING = "REFRESHING"
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
    """What a user asked of a running job; CANCEL outranks STOP."""

    STOP = "STOP"
    CANCEL = "CANCEL"


class StoredModel(BaseModel):
    """A frozen model, stored in camelCase."""

    model_config = ConfigDict(frozen=True, extra="forbid", alias_generator=to_camel, populate_by_name=True)

    def stored(self) -> dict[str, Any]:
        """The model as a BSON document."""
        return self.model_dump(by_alias=True, exclude_none=True, mode="python")


class TablePlan(StoredModel):
    """One table of the job: where its changes come from and where its documents go."""

    schema_name: str
    table: str
    topic: str
    collection: str
    key: tuple[str, ...]
    identity: Identity
    estimated_rows: int | None = None
    deferrable_key: bool = False

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

    `secrets` is encrypted (`pipeline.jobs.vault`) and removed when the job has ended; the
    two URLs hold no password. `live` says that workers consume the change topics. `active`
    is true until the job has ended or failed, and indexed so that a project has one active
    job at most. `captures_since`: from then on every change at the source is captured.
    `owes_clean_up`: the job has ended while something it owns could not be removed yet.
    `slot` numbers the place the job has taken among those that may be active at once.
    `snapshot_reads` is the number of rows that the initial read had, once it is over: rows read
    later are no part of it. `exactly_once`: whether the connector writes in transactions, so
    that a crash makes it tell nothing twice. `types` pairs the names of types that the events give with
    those that say how values are read.
    """

    id: str = Field(alias="_id")
    project_id: str
    active: bool = True
    slot: int | None = None
    source_type: str
    jdbc_url: str
    mongodb_url: str
    target_database: str
    mode: Mode
    drop_collections: bool = False
    options: dict[str, Any]
    atlas_metadata: dict[str, str] | None = None
    verification_requested: bool = False
    secrets: bytes | None = None
    phase: Phase = Phase.SETTING_UP
    outcome: Outcome | None = None
    ask: Ask | None = None
    live: bool = False
    generation: int = 1
    restarts: int = 0
    exactly_once: bool = True
    tables: tuple[TablePlan, ...] = ()
    topics: tuple[str, ...] = ()
    types: tuple[tuple[str, str], ...] = ()
    snapshot_tables: dict[str, SnapshotTable] = Field(default_factory=dict)
    snapshot_ended: bool = False
    snapshot_reads: int | None = None
    refresh: Refresh | None = None
    captures_since: datetime | None = None
    owes_clean_up: bool = False
    submitted_at: datetime
    started_at: datetime | None = None
    snapshot_completed_at: datetime | None = None
    streaming_started_at: datetime | None = None
    ended_at: datetime | None = None
    failure: Failure | None = None
    worker_failure: Failure | None = None
    final_statistics: Statistics | None = None
    lease: Lease | None = None
