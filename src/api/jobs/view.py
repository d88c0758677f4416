"""The job object of the contract, made from what is known of a job."""

from collections.abc import Sequence
from datetime import datetime
from typing import Any

from api import contract
from pipeline.jobs.job import Failure, Filter, Job, ScanStatus, Statistics, TablePlan
from pipeline.jobs.request import JobOptions, RelationalTableFilters, TableFilter
from pipeline.jobs.status import cdc_status, status
from pipeline.jobs.updates import JobUpdate, LocationType


def view(job: Job, counts: Statistics | None, updates: Sequence[JobUpdate], now: datetime) -> contract.Job:
    """The job as clients see it; `counts` is None when they are not known, and then left out."""
    return contract.Job(
        id=job.id,
        project_id=job.project_id,
        status=status(job),
        cdc_status=cdc_status(job),
        options=JobOptions.model_validate(job.options, strict=False),
        jdbc_connection_string=job.jdbc_url,
        mongo_db_connection_string=job.mongodb_url,
        atlas_metadata=contract.AtlasMetadata.model_validate(job.atlas_metadata) if job.atlas_metadata else None,
        submitted_at=job.submitted_at,
        statistics=_statistics(job, counts, now),
        cdc_statistics=_cdc_statistics(job, counts) if job.mode.streams else None,
        job_updates=[_update(update) for update in updates],
        failure_error=_failure(job.failure) if job.failure else None,
        metadata=contract.Metadata(verification_requested=job.verification_requested),
        relational_table_filters=_filters(job.filters) if job.filters else None,
    )


def _filters(filters: Sequence[Filter]) -> RelationalTableFilters:
    schemas: dict[str, dict[str, TableFilter]] = {}
    for each in filters:
        told = {"whereClause": each.where_clause, "rowCount": each.row_count}
        known = {name: value for name, value in told.items() if value is not None}
        schemas.setdefault(each.schema_name, {})[each.table] = TableFilter.model_validate(known)
    return RelationalTableFilters(schemas)


def _statistics(job: Job, counts: Statistics | None, now: datetime) -> contract.Statistics:
    fields: dict[str, Any] = {
        "started_at": job.started_at,
        "elapsed_seconds": _elapsed_seconds(job, now),
        "snapshot_completed": job.snapshot_completed_at is not None,
    }
    if job.tables:
        fields |= _tables(job)
    if counts is not None:
        fields |= {"total_events_seen": counts.reads, "total_event_size": counts.bytes}
    return contract.Statistics(**fields)


def _tables(job: Job) -> dict[str, Any]:
    plans = job.tables if job.mode.snapshots else ()
    finished = job.snapshot_ended or job.snapshot_completed_at is not None
    return {
        "total_table_count": len(job.tables),
        "remaining_table_count": 0 if finished else sum(_state(job, plan) is not ScanStatus.DONE for plan in plans),
        "processing_tables": [] if finished else [plan.qualified_name for plan in plans if _state(job, plan) is ScanStatus.READING],
        "total_events": sum(_rows(job, plan) for plan in plans),
    }


def _state(job: Job, plan: TablePlan) -> ScanStatus | None:
    table = job.snapshot_tables.get(plan.qualified_name)
    return table.status if table else None


def _rows(job: Job, plan: TablePlan) -> int:
    """The rows that Debezium counted in the table, or the planner's estimate until it has."""
    table = job.snapshot_tables.get(plan.qualified_name)
    return table.rows if table and table.status is ScanStatus.DONE else max(plan.estimated_rows or 0, 0)


def _elapsed_seconds(job: Job, now: datetime) -> int | None:
    if job.started_at is None:
        return None
    until = job.snapshot_completed_at or job.ended_at or now
    return max(0, int((until - job.started_at).total_seconds()))


def _cdc_statistics(job: Job, counts: Statistics | None) -> contract.CdcStatistics:
    if counts is None:
        return contract.CdcStatistics(started_at=job.streaming_started_at)
    return contract.CdcStatistics(
        started_at=job.streaming_started_at,
        last_event_time=counts.last_event_at,
        events_in_last_hour=counts.events_in_last_hour,
        events_in_last_minute=counts.events_in_last_minute,
        total_events_seen=counts.changes,
    )


def _update(update: JobUpdate) -> contract.JobUpdate:
    location = None
    if update.location_type is not None:
        location = {"table" if update.location_type is LocationType.TABLE else "collection": update.location_name}
    return contract.JobUpdate(**update.model_dump(), location=location)


def _failure(failure: Failure) -> contract.FailureError:
    return contract.FailureError(
        error_type=failure.error_type,
        message=_sentences(failure.message, failure.suggestion),
        failure_at=failure.failure_at,
        setup_error=failure.setup_error,
    )


def _sentences(message: str, suggestion: str | None) -> str:
    end = "" if message.endswith((".", "?", "!")) else "."
    return f"{message}{end} {suggestion}" if suggestion else message
