"""The bodies of answers, as the API's contract has them. What is not known is left out: an answer holds no nulls."""

from datetime import datetime
from typing import Annotated, Any

from pydantic import BaseModel, ConfigDict, Field, WithJsonSchema
from pydantic.alias_generators import to_camel

from pipeline.jobs.request import PROJECT_ID, JobOptions, RelationalTableFilters
from pipeline.jobs.status import CdcStatus, Status
from pipeline.jobs.updates import EventType, LocationType, Stage

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


class JobList(ClosedModel):
    """A page of jobs, newest first; `next` is the cursor of the page after it, absent on the last."""

    jobs: list[Job]
    next: str | None = None


class Info(ClosedModel):
    """What this service is and can."""

    name: str
    version: str
    sources: list[str] = Field(description="Database types that a job may read")
    modes: list[str]


class Readiness(ClosedModel):
    """Whether everything the service needs answers; `checks` says it of each: `ok`, or what is wrong."""

    ready: bool
    checks: dict[str, str]
