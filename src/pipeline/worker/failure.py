"""What a worker tells of a record that it could not apply."""

from datetime import UTC, datetime

from pipeline.change.record import key_text
from pipeline.errors import EventError, PipelineError
from pipeline.jobs.job import Failure
from pipeline.worker.loop import CannotApplyError


def failure_of(error: CannotApplyError | PipelineError) -> Failure:
    """The job's failure that the error makes."""
    if isinstance(error, PipelineError):
        return _failure(error, error.message)
    cause = error.cause
    if not isinstance(cause, PipelineError):
        raise TypeError(f"{type(cause).__name__} is no error of the pipeline") from cause
    return _failure(cause, f"{cause.message} (record {error.position})", key_text(error.key))


def _failure(error: PipelineError, message: str, key: dict[str, str] | None = None) -> Failure:
    table, column = (error.table, error.column) if isinstance(error, EventError) else (None, None)
    return Failure(
        error_type=error.code,
        message=message,
        failure_at=datetime.now(UTC),
        suggestion=error.suggestion,
        table=table,
        field_name=column,
        key=key,
    )
