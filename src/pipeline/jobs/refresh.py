"""Reading tables again while a job streams."""

from collections.abc import Awaitable, Callable
from typing import Any

from pipeline.errors import ConfigError
from pipeline.jobs.addition import add_tables
from pipeline.jobs.barrier import pass_barrier
from pipeline.jobs.connector import ENABLE_EXACTLY_ONCE
from pipeline.jobs.drive import Drive
from pipeline.jobs.job import Ask, Phase, Refresh, RefreshStage, ScanStatus, SnapshotTable
from pipeline.jobs.mending import half_changes
from pipeline.jobs.reading import Look, read_tables_again
from pipeline.jobs.sweep import remove_orphans
from pipeline.jobs.updates import EventType
from pipeline.jobs.watch import StreamWatch
from pipeline.sink.suspects import Suspects

SHOWN_ORPHANS = 20


class RefreshEndedError(ConfigError):
    """The refresh ends before its end: say so, and stream on."""

    code = "REFRESH_ENDED"


async def refresh_tables(drive: Drive) -> None:
    """
    Bring the job's refresh from stage to stage to its end, then stream on.

    The stages are persisted, and each may be repeated. What keeps the refresh from its end
    does not end the job: what was read is applied as any change is.
    """
    watch = StreamWatch(drive)

    async def look() -> None:
        await watch.look()
        _obey(drive)

    async def glance() -> None:
        await watch.glance()
        while drive.job.paused:  # documents are removed now
            await watch.look()
        _obey(drive)

    try:
        while (refresh := drive.job.refresh) is not None:
            _obey(drive)
            await drive.tell_once(f"refresh:{refresh.id}", EventType.INFO, f"Reading again: {', '.join(refresh.tables)}")
            await STAGES[refresh.stage](drive, refresh, glance if refresh.stage is RefreshStage.SWEEPING else look)
    except ConfigError as error:
        await _give_up(drive, error)
    await drive.save(phase=Phase.STREAMING)


def _obey(drive: Drive) -> None:
    mending = drive.job.refresh is not None and drive.job.refresh.mends
    if drive.job.ask is Ask.STOP and not mending:
        raise RefreshEndedError("the job is asked to stop")
    if not drive.job.exactly_once and not mending:
        raise RefreshEndedError(
            "Kafka Connect has no exactly-once support, without which a crash may take rows that were read", suggestion=ENABLE_EXACTLY_ONCE
        )


async def _add(drive: Drive, refresh: Refresh, _look: Look) -> None:
    new = await add_tables(drive, refresh)
    await _move(drive, refresh, RefreshStage.READING, new=new)


async def _read(drive: Drive, _refresh: Refresh, look: Look) -> None:
    rows = await read_tables_again(drive, look)
    refresh = drive.job.refresh
    if refresh is not None:
        await _move(drive, refresh, RefreshStage.APPLYING, rows=rows)


async def _apply(drive: Drive, refresh: Refresh, _look: Look) -> None:
    """Wait until what was read is in the target, and every change that the connector held back meanwhile."""
    await pass_barrier(drive)
    first = {name: count for name, count in refresh.rows.items() if name in refresh.new and drive.mode.snapshots}
    scanned = {name: SnapshotTable(status=ScanStatus.DONE, rows=count) for name, count in first.items()}
    await _move(
        drive,
        refresh,
        RefreshStage.SWEEPING,
        job={
            "snapshot_tables": drive.job.snapshot_tables | scanned,
            "snapshot_reads": (drive.job.snapshot_reads or 0) + sum(first.values()),
        },
    )


async def _sweep(drive: Drive, refresh: Refresh, glance: Look) -> None:
    """
    Remove the documents without a row, if whole tables were read.

    Those that were in a new table's collection stay, as they do at set-up.
    """
    for plan in drive.job.tables:
        name = plan.qualified_name
        if name in refresh.tables and name not in refresh.new and not refresh.mends:
            orphans = await remove_orphans(drive, plan, (refresh.since or {})[name], glance)
            if orphans:
                await drive.tell(
                    EventType.WARNING,
                    f"{len(orphans)} documents of {plan.collection} had no row in {name} and were removed",
                    error_code="ORPHANS_REMOVED",
                    collection=plan.collection,
                    details=", ".join(map(repr, orphans[:SHOWN_ORPHANS])),
                )
    await half_changes(drive).settle(refresh.mends)
    rows = sum(refresh.rows.values())
    await drive.tell_once(f"refreshed:{refresh.id}", EventType.INFO, f"Read again, {rows} rows: {', '.join(refresh.tables)}")
    await drive.save(refresh=None, phase=Phase.STREAMING)


STAGES: dict[RefreshStage, Callable[[Drive, Refresh, Look], Awaitable[None]]] = {
    RefreshStage.ADDING: _add,
    RefreshStage.READING: _read,
    RefreshStage.APPLYING: _apply,
    RefreshStage.SWEEPING: _sweep,
}


async def _move(drive: Drive, refresh: Refresh, stage: RefreshStage, *, job: dict[str, Any] | None = None, **fields: Any) -> None:
    await drive.save(refresh=refresh.model_copy(update={"stage": stage, **fields}), **(job or {}))


async def _give_up(drive: Drive, error: ConfigError) -> None:
    refresh = drive.job.refresh
    if refresh is None:
        return
    await Suspects(drive.target, drive.job.id).drop()
    await half_changes(drive).settle(refresh.mends)
    await drive.tell_once(
        f"refreshed:{refresh.id}",
        EventType.WARNING,
        f"Not read again to the end: {', '.join(refresh.tables)}: {error.message}",
        error_code=error.code,
        suggestion=error.suggestion,
    )
    await drive.save(refresh=None, phase=Phase.STREAMING)
