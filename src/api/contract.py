"""The bodies of answers, as the API's contract has them. What is not known is left out: an answer holds no nulls."""

from datetime import datetime
from typing import Annotated, Any

from pydantic import BaseModel, ConfigDict, Field, WithJsonSchema
from pydantic.alias_generators import to_camel

from pipeline.jobs.examination import Area
from pipeline.jobs.request import PROJECT_ID, JobOptions, RelationalTableFilters
from pipeline.jobs.status import CdcStatus, Status
from pipeline.jobs.updates import EventType, LocationType, Stage
from pipeline.mapping.style import Names, Nulls
from pipeline.sink.letter import LetterStatus
from pipeline.sources.source import Severity

Count = Annotated[int, WithJsonSchema({"type": "integer", "format": "int64"})]
Id = Annotated[str, Field(pattern=f"^{PROJECT_ID.pattern}$")]


class AnswerModel(BaseModel):
    """A frozen body or part of one."""

    model_config = ConfigDict(frozen=True, alias_generator=to_camel, populate_by_name=True)

    def json_text(self) -> str:
        """The body as JSON, without what is not known: what was not set, or is None."""
        return self.model_dump_json(by_alias=True, exclude_none=True, exclude_unset=True)


class ClosedModel(AnswerModel):
    """A part whose contract allows no other properties."""

    model_config = ConfigDict(extra="forbid")


class Error(AnswerModel):
    """Why a request was refused, or could not be answered."""

    job_id: Id | None = Field(None, description="The job that stands in the way")
    message: str
    description: str | None = Field(None, description="Every fault of a request by its JSON path, or what to do")
    timestamp: datetime


class Statistics(ClosedModel):
    """Counts of the initial read."""

    started_at: datetime | None = None
    elapsed_seconds: Count | None = Field(None, description="Until the snapshot was written or the job ended, else until now")
    remaining_table_count: int | None = None
    processing_tables: list[str] | None = None
    total_events_seen: Count = Field(0, description="Rows read from the change topics")
    snapshot_completed: bool = Field(False, description="Whether every row read is in the target")
    total_table_count: int | None = None
    total_events: Count | None = Field(None, description="Rows to read: counted for tables that are read, estimated for the others")
    total_event_size: Count | None = Field(None, description="Bytes of the records seen")


class CdcStatistics(ClosedModel):
    """Counts of the changes since the snapshot."""

    started_at: datetime | None = None
    last_event_time: datetime | None = Field(None, description="When the last change was committed at the source")
    events_in_last_hour: Count = 0
    events_in_last_minute: Count = 0
    total_events_seen: Count = 0


class JobUpdate(AnswerModel):
    """One entry of the job's story."""

    event_type: EventType
    stage: Stage | None = None
    message: str
    details: str | None = None
    timestamp: datetime
    stack_trace: str | None = None
    error_code: str | None = None
    suggestion: str | None = None
    location_type: LocationType | None = None
    location_name: str | None = None
    field_name: str | None = None
    key: dict[str, str] | None = None
    count: Count | None = None
    location: dict[str, Any] | None = Field(None, description='one of {"table": name} and {"collection": name}')


class FailureError(ClosedModel):
    """Why the job failed."""

    error_type: str
    message: str
    failure_at: datetime
    setup_error: Annotated[bool, Field(json_schema_extra={"default": False})]


class AtlasMetadata(AnswerModel):
    """What the request said of the Atlas project."""

    mongo_db_project_name: str | None = None
    mongo_db_project_id: str | None = None
    mongo_db_cluster_name: str | None = None


class Metadata(ClosedModel):
    """What else is known of the job."""

    telemetry_user_id: str | None = None
    verification_requested: bool = False
    verification_status: Annotated[
        str | None,
        WithJsonSchema({"type": "string", "enum": ["VERIFYING", "FAILED", "CANCELLING", "CANCELLED", "VERIFIED", "ABORTED"]}),
    ] = None


class Job(AnswerModel):
    """A migration job."""

    id: Id
    project_id: Id
    status: Status
    cdc_status: CdcStatus = CdcStatus.NOT_STARTED
    verification_job_id: str | None = None
    options: JobOptions
    jdbc_connection_string: str | None = Field(None, description="Without its password")
    mongo_db_connection_string: str | None = Field(None, description="Without its password")
    atlas_metadata: AtlasMetadata | None = None
    submitted_at: datetime
    statistics: Statistics | None = None
    cdc_statistics: CdcStatistics | None = None
    job_updates: list[JobUpdate] | None = None
    failure_error: FailureError | None = None
    metadata: Metadata | None = None
    relational_table_filters: RelationalTableFilters | None = None


class LetterRecord(ClosedModel):
    """
    A record's place in Kafka, and what it holds: as JSON, or as base64 where it is none.

    In lists, what more than 64 KiB hold is left out.
    """

    topic: str
    partition: int
    offset: Count
    size: Count = Field(description="Bytes of the record's value")
    kept: bool = Field(description="Whether the record itself is kept; one of more than 8 MiB, compressed, is not")
    key: Any = None
    value: Any = Field(None, description="Debezium's envelope, its schema left out")
    key_base64: str | None = None
    value_base64: str | None = None


class DeadLetter(ClosedModel):
    """A record that could not be applied."""

    id: Id
    status: LetterStatus = Field(description="OPEN, or why it waits no more")
    table: str
    collection: str
    operation: str = Field(description="Debezium's letter; empty where the record cannot be read")
    error_code: str
    message: str
    suggestion: str | None = None
    field_name: str | None = None
    key: dict[str, str] | None = None
    failed_at: datetime
    attempts: int = Field(description="How often it was replayed in vain")
    closed_at: datetime | None = None
    closed_by: str | None = Field(None, description="Where the later change of its row stands, or that it was replayed")
    record: LetterRecord


class DeadLetterList(ClosedModel):
    """A page of dead letters, oldest first, and how many there are; `next` is the cursor of the page after it, absent on the last."""

    errors: list[DeadLetter]
    total: Count
    next: str | None = None


class LetterReplay(ClosedModel):
    """How many open dead letters are being replayed."""

    asked: Count


class JobList(ClosedModel):
    """A page of jobs, newest first; `next` is the cursor of the page after it, absent on the last."""

    jobs: list[Job]
    next: str | None = None


class SavedJdbcDetails(ClosedModel):
    """How a source database is connected to; its password is not shown."""

    type: str
    url: str = Field(description="Without its password")
    user: str | None = None
    oracle_pdb_name: str | None = None
    is_manual_uri: bool = False


class SavedMongodbDetails(ClosedModel):
    """How a target database is connected to."""

    connection_string: str = Field(description="Without its password")
    project_id: str | None = Field(None, description="Atlas projectId")
    project_name: str | None = Field(None, description="Atlas project name")
    cluster_name: str | None = Field(None, description="Atlas cluster name")


class Connection(ClosedModel):
    """A saved connection, of a source or of a target."""

    id: Id
    jdbc_connection_details: SavedJdbcDetails | None = None
    mongodb_connection_details: SavedMongodbDetails | None = None
    password_saved: bool = Field(description="Whether a password is kept, beside the URL or in it")
    saved_at: datetime = Field(description="When it was saved or changed last")


class ConnectionList(ClosedModel):
    """A page of saved connections, newest first; `next` is the cursor of the page after it, absent on the last."""

    connections: list[Connection]
    next: str | None = None


class ProjectTables(ClosedModel):
    """Which tables of the source jobs take: those included (every one when absent), without those excluded."""

    include: list[str] | None = None
    exclude: list[str]


class Project(ClosedModel):
    """The settings of a project; without `savedAt` they are the defaults."""

    project_id: Id
    tables: ProjectTables
    names: Names
    nulls: Nulls
    topic_retention_seconds: Count = Field(description="How long change topics keep records once the snapshot is applied")
    saved_at: datetime | None = Field(None, description="When they were written last")


class Info(ClosedModel):
    """What this service is and can."""

    name: str
    version: str
    sources: list[str] = Field(description="Database types that a job may read")
    modes: list[str]


class ReadinessCheck(ClosedModel):
    """What one check found, and what to do about it."""

    check: str = Field(description="The name of the check, which stays the same")
    area: Area
    severity: Severity
    message: str = Field(description="What was found, and what is needed")
    suggestion: str | None = Field(None, description="What to do")
    remedy: str | None = Field(None, description="SQL to run at the source")
    table: str | None = None


class JobReadiness(ClosedModel):
    """Whether a job of this request could start; errors first."""

    ready: bool = Field(description="Whether no check found an error")
    checks: list[ReadinessCheck]


class PreviewTable(ClosedModel):
    """A table that the job would take, and the collection of its documents."""

    table: str = Field(description="schema.table")
    collection: str
    key: list[str] = Field(description="Its columns in key order; empty for a table without a key")


class JobPreview(ClosedModel):
    """What a job of this request would hand Kafka Connect; names that hold the job's id have zeros there."""

    connector: dict[str, str] = Field(description="The connector's configuration, secrets hidden; empty where rowstream itself reads")
    tables: list[PreviewTable]


class Readiness(ClosedModel):
    """Whether everything the service needs answers; `checks` says it of each: `ok`, or what is wrong."""

    ready: bool
    checks: dict[str, str]
