"""Keeping a job's source connector alive."""

from datetime import UTC, datetime

from pipeline.connect.client import ConnectorStatus
from pipeline.connect.trace import explain
from pipeline.jobs.drive import Drive, JobFailedError
from pipeline.jobs.job import Failure
from pipeline.jobs.updates import EventType


async def look_after(drive: Drive) -> ConnectorStatus:
    """
    Look at the connector; bring a failed task back, and fail the job once that has not helped.

    Raises:
        EngineUnavailableError: Kafka Connect does not answer.
        JobFailedError: The task failed more often than `connector_restarts` allows.
    """
    status = await drive.services.connect.status(drive.owned.connector)
    await drive.back()
    if status.failed:
        await restart(drive, status)
        await drive.services.connect.restart(drive.owned.connector)
    return status


async def restart(drive: Drive, status: ConnectorStatus) -> None:
    """
    Count one more restart and tell why.

    Raises:
        JobFailedError: This failure is one too many, or no restart can mend it.
    """
    reason = explain(status.trace or "")
    restarts = drive.job.restarts + 1
    if restarts > drive.services.settings.connector_restarts or reason.final:
        raise JobFailedError(
            Failure(
                error_type=reason.code,
                message=f"The source connector failed: {reason.cause}",
                failure_at=datetime.now(UTC),
                suggestion=reason.suggestion,
                stack_trace=status.trace,
            )
        )
    await drive.save(restarts=restarts)
    await drive.tell(
        EventType.WARNING,
        f"The source connector failed and is started again: {reason.cause}",
        error_code=reason.code,
        suggestion=reason.suggestion,
        stack_trace=status.trace,
    )
