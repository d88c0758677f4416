"""Telling, in a job's story, of records that could not be applied."""

import contextlib
import time
from collections import defaultdict
from collections.abc import Sequence
from dataclasses import replace
from typing import Any

from pipeline.errors import PipelineError
from pipeline.jobs.drive import Drive
from pipeline.jobs.request import ErrorHandling
from pipeline.jobs.updates import EventType
from pipeline.sink.checkpoint import Checkpoint
from pipeline.sink.failure_counts import FailureCount
from pipeline.sink.progress import read_progress

GLANCE_SECONDS = 1.0

WHERE = "GET /jobs/{}/errors lists the records; POST /jobs/{}/errors/replay applies them once the cause is mended."


async def glance_at_failures(drive: Drive) -> None:
    """Tell what there is to tell, unless that was done within the last second, or the target does not answer: nothing waits for it."""
    if time.monotonic() - drive.failures_seen_at > GLANCE_SECONDS:
        await tell_what_is_known(drive)
        drive.failures_seen_at = time.monotonic()


async def tell_what_is_known(drive: Drive) -> None:
    """Tell what there is to tell, unless the target does not answer; a job that ends tells the rest when it is cleaned up."""
    with contextlib.suppress(PipelineError):
        await tell_failures(drive)


async def tell_failures(drive: Drive) -> None:
    """
    Bring the entries on failures up to what the checkpoints count, so that each stands once, with its exact number.

    Equal failures (of one table, for one reason) are one entry, an ERROR or a WARNING as the
    job's error handling says; those that are skipped are one entry all together.
    """
    counts = _summed(await read_progress(drive.target, drive.job.id, drive.job.generation))
    if counts == drive.told_failures:
        return
    handling = ErrorHandling(drive.job.options.get("errorHandling", ErrorHandling.FAIL))
    if handling is ErrorHandling.SKIP:
        await _tell_skipped(drive, counts)
    else:
        event_type = EventType.ERROR if handling is ErrorHandling.FAIL else EventType.WARNING
        for each in counts:
            if each not in drive.told_failures:
                await _tell(drive, event_type, each)
    drive.told_failures = counts


def _summed(progress: Sequence[Checkpoint]) -> tuple[FailureCount, ...]:
    found = defaultdict[tuple[str, str], list[FailureCount]](list)
    for checkpoint in progress:
        for each in checkpoint.failures:
            found[each.table, each.code].append(each)
    return tuple(
        replace(same[0], count=sum(each.count for each in same), last_at=max(each.last_at for each in same)) for same in found.values()
    )


async def _tell(drive: Drive, event_type: EventType, failures: FailureCount) -> None:
    await drive.tell(
        event_type,
        f"{failures.message} (record {failures.place})",
        error_code=failures.code,
        suggestion=" ".join(filter(None, (failures.suggestion, _where(drive)))),
        table=failures.table,
        field_name=failures.column,
        key=failures.key,
        count=failures.count,
        dedup_key=f"g{drive.job.generation}:failed:{failures.table}:{failures.code}",
    )


async def _tell_skipped(drive: Drive, counts: Sequence[FailureCount]) -> None:
    parts = [f"{each.count} of {each.table} ({each.code})" for each in sorted(counts, key=lambda each: -each.count)]
    more: dict[str, Any] = {"details": "\n".join(f"{each.table}: {each.message} (record {each.place})" for each in counts)}
    await drive.tell(
        EventType.INFO,
        f"Records that could not be applied were skipped: {', '.join(parts)}",
        error_code="SKIPPED",
        suggestion=_where(drive),
        count=sum(each.count for each in counts),
        dedup_key=f"g{drive.job.generation}:skipped",
        **more,
    )


def _where(drive: Drive) -> str:
    return WHERE.format(drive.job.id, drive.job.id)
