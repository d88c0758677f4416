"""Starting a job's source connector and keeping it alive."""

import time
from collections.abc import Mapping
from datetime import UTC, datetime

from pipeline.connect.client import ConnectClient
from pipeline.connect.status import ConnectorStatus
from pipeline.connect.trace import Reason, explain
from pipeline.errors import ConfigError, EngineUnavailableError
from pipeline.jobs.drive import Drive, JobFailedError
from pipeline.jobs.job import Failure
from pipeline.jobs.updates import EventType
from pipeline.sources.source import Source

EXACTLY_ONCE = "exactly.once.support"
ENABLE_EXACTLY_ONCE = "Set exactly.once.source.support=enabled on every Connect worker, then post the job again."
AT_LEAST_ONCE = "AT_LEAST_ONCE"
_TOLD_TWICE = {
    True: "each change is counted once; rows that a COPY adds to a table without a key may be there twice",
    False: "counts may be too high, and rows of tables without a key there twice, or not found",
}
"""What becomes of such changes, by whether the source tells their order."""

ABSENT_SECONDS = 30.0
RESTART_PAUSE_SECONDS = 5.0
"""Connect shows a restarted task as failed for a moment yet, and what failed it may need one."""


async def start_connector(drive: Drive) -> None:
    """
    Hand Connect the password and the configuration.

    A Connect without exactly-once support is told of to the user, and asked for no more than it has.

    Raises:
        ConfigError: Connect, or the connector looking at the source, refuses the configuration.
    """
    services, owned, source = drive.services, drive.owned, drive.source
    tables = await drive.planned(await source.tables(drive.mode))
    password = services.connect_secrets.write(owned.connector, source.password)
    config = source.connector_config(drive.mode, owned, tables, password, services.kafka_for_connect)
    accepted = await accepted_config(services.connect, source.connector_class, config)
    if accepted != config:
        await _do_without_exactly_once(drive)
    await services.connect.put(owned.connector, accepted)


async def accepted_config(connect: ConnectClient, connector_class: str, config: Mapping[str, str]) -> dict[str, str]:
    """
    Return the configuration as Connect accepts it: where it has no exactly-once support, without asking for that.

    Raises:
        ConfigError: Connect, or the connector looking at the source, refuses it.
    """
    faults = await connect.validate(connector_class, config)
    if any(fault.property == EXACTLY_ONCE for fault in faults):
        config = {**config, EXACTLY_ONCE: "requested"}
        faults = await connect.validate(connector_class, config)
    if faults:
        raise ConfigError("Kafka Connect refuses the connector's configuration: " + "; ".join(str(fault) for fault in faults))
    return dict(config)


def told_twice(source: Source) -> str:
    """What a Connect without exactly-once support means for the documents."""
    return (
        "Kafka Connect has no exactly-once support: after a crash of it, changes are told twice. Documents of tables with a key "
        f"still come to equal their rows; {_TOLD_TWICE[source.tells_order]}"
    )


async def _do_without_exactly_once(drive: Drive) -> None:
    await drive.tell_once(
        "at least once",
        EventType.WARNING,
        told_twice(drive.source),
        error_code=AT_LEAST_ONCE,
        suggestion=ENABLE_EXACTLY_ONCE,
    )
    if drive.job.exactly_once:
        await drive.save(exactly_once=False)


async def reads_on(drive: Drive) -> bool:
    """Whether the task of an initial read goes on; while Connect is away its notifications will tell."""
    try:
        status = await drive.services.connect.status(drive.owned.connector)
    except EngineUnavailableError as error:
        await drive.away(error)
        return True
    await drive.back()
    if status.failed:
        await tell_restart(drive, reason_to_restart(drive, explain(status.trace or ""), status.trace), status.trace)
    return not status.failed and not was_deleted(drive, status)


async def remove_connector(drive: Drive) -> None:
    """Remove the connector, and the password that it was given."""
    await drive.services.connect.remove(drive.owned.connector)
    drive.services.connect_secrets.remove(drive.owned.connector)


async def look_after(drive: Drive) -> ConnectorStatus:
    """
    Look at the connector; bring a failed task back, and fail the job once that has not helped.

    Raises:
        EngineUnavailableError: Kafka Connect does not answer.
        JobFailedError: The task failed more often than `connector_restarts` allows.
    """
    status = await drive.services.connect.status(drive.owned.connector)
    if status.failed and time.monotonic() - drive.restarted_at > RESTART_PAUSE_SECONDS:
        reason = reason_to_restart(drive, explain(status.trace or ""), status.trace)
        await drive.services.connect.restart(drive.owned.connector)
        drive.restarted_at = time.monotonic()
        await tell_restart(drive, reason, status.trace)
    if was_deleted(drive, status):
        await drive.tell(EventType.WARNING, "The source connector was deleted from Kafka Connect; it is started again")
        await start_connector(drive)
    return status


def was_deleted(drive: Drive, status: ConnectorStatus) -> bool:
    """Whether Connect has not known the connector for so long that somebody deleted it; just after a start it may not know it yet."""
    since = drive.absent_since or time.monotonic()
    deleted = status.absent and time.monotonic() - since > ABSENT_SECONDS
    drive.absent_since = since if status.absent and not deleted else None
    return deleted


def reason_to_restart(drive: Drive, reason: Reason, trace: str | None = None, *, who: str = "source connector") -> Reason:
    """
    Return why the task failed, if it is to be started again; `who` it was that did.

    Raises:
        JobFailedError: This failure is one too many, or no restart can mend it.
    """
    exhausted = not reason.outage and drive.job.restarts >= drive.services.settings.connector_restarts
    if exhausted or reason.final:
        raise JobFailedError(
            Failure(
                error_type=reason.code,
                message=f"The {who} failed: {reason.cause}",
                failure_at=datetime.now(UTC),
                suggestion=reason.suggestion,
                table=reason.table,
                field_name=reason.column,
                details=trace,
            )
        )
    return reason


async def tell_restart(
    drive: Drive, reason: Reason, trace: str | None = None, *, what: str = "The source connector failed and is started again"
) -> None:
    """Count one more restart, unless an outage is the reason, and tell why."""
    if not reason.outage:
        await drive.save(restarts=drive.job.restarts + 1)
    await drive.tell(
        EventType.WARNING,
        f"{what}: {reason.cause}",
        error_code=reason.code,
        suggestion=reason.suggestion,
        details=trace,
        dedup_key=f"restart:{reason.code}" if reason.outage else None,
    )
