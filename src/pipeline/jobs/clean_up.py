"""Removing everything a job owns."""

import asyncio
from collections.abc import Awaitable, Callable
from datetime import UTC, datetime, timedelta

from pipeline.errors import ConfigError, EngineUnavailableError, PipelineError
from pipeline.jobs import capture
from pipeline.jobs.drive import Drive
from pipeline.jobs.failures import tell_failures
from pipeline.jobs.job import Ask, Outcome, Phase
from pipeline.jobs.mending import half_changes
from pipeline.jobs.names import consumer_group
from pipeline.jobs.replay import remove_replay
from pipeline.jobs.statistics import live_statistics
from pipeline.jobs.updates import EventType
from pipeline.sink.letter_store import all_letters
from pipeline.sink.progress import fence, remove_progress
from pipeline.sink.suspects import Suspects
from pipeline.sink.targets import claim_collections, release_collections

DEBT_PAUSE_SECONDS = 10.0


async def retain(drive: Drive) -> None:
    """Keep what a failed job owns until its retention has passed or the user cancels, then clean up; or go on, if that is asked for."""
    failed_at = drive.job.failure.failure_at if drive.job.failure else datetime.now(UTC)
    end = failed_at + timedelta(seconds=drive.services.settings.failed_job_retention_seconds)
    owed = [_keep_statistics, _release]
    while datetime.now(UTC) < end and drive.job.ask is not Ask.CANCEL:
        owed = [step for step in owed if await _attempt(drive, step) is not None]
        await drive.pause_between_looks()
        await drive.reload()
        if drive.job.ask is Ask.RETRY:
            await _go_on(drive)
            return
    await drive.end(Outcome.FAILED)


async def _go_on(drive: Drive) -> None:
    """Take the job up again where its checkpoints stand; what it owned it still owns, but for its claim on the collections."""
    try:
        await claim_collections(drive.target, drive.job.id, [plan.collection for plan in drive.job.tables])
    except ConfigError as error:
        await drive.tell(EventType.WARNING, f"The job cannot go on: {error.message}", error_code=error.code, suggestion=error.suggestion)
        await drive.save(ask=None, active=False)
        return
    await drive.tell(EventType.INFO, "Going on from where the job failed")
    phase = Phase.STREAMING if drive.job.streaming_started_at else Phase.SNAPSHOTTING
    again = {"outcome": None, "failure": None, "worker_failure": None, "final_statistics": None, "ask": None, "restarts": 0}
    await drive.save(phase=phase, live=True, held=False, retries=drive.job.retries + 1, **again)
    await drive.let_write()


async def clean_up(drive: Drive) -> None:
    """
    Remove everything the job owns, then end it.

    What cannot be reached is tried again until `clean_up_timeout_seconds` have passed; then
    the job ends with a WARNING that says what is left, and the supervisor goes on trying, less often.
    """
    if drive.job.owes_clean_up:
        await asyncio.sleep(DEBT_PAUSE_SECONDS)
    deadline = asyncio.get_running_loop().time() + drive.services.settings.clean_up_timeout_seconds
    while problems := await remove_owned(drive):
        if asyncio.get_running_loop().time() > deadline or drive.job.owes_clean_up:
            await _end_in_debt(drive, problems)
            return
        await drive.pause_between_looks()
    await drive.tell_once("ended", EventType.INFO, f"The job has ended: {drive.job.outcome}")
    await drive.save(phase=Phase.ENDED, active=False, owes_clean_up=False, secrets=None, ended_at=drive.job.ended_at or datetime.now(UTC))


async def remove_owned(drive: Drive) -> list[str]:
    """Try to remove each thing the present generation owns; the reasons why some could not be."""
    steps: list[Callable[[Drive], Awaitable[None]]] = [
        _keep_statistics,
        _remove_replay,
        _keep_letters,
        _remove_connector,
        _clean_source,
        _remove_topics,
        _remove_groups,
        _remove_records,
    ]
    return [problem for step in steps if (problem := await _attempt(drive, step)) is not None]


async def _attempt(drive: Drive, step: Callable[[Drive], Awaitable[None]]) -> str | None:
    try:
        await step(drive)
    except PipelineError as error:
        return error.message
    return None


async def _keep_statistics(drive: Drive) -> None:
    """Fence the workers, then keep the final counts, which can no longer move."""
    if drive.job.tables and drive.job.final_statistics is None:
        await fence(drive.target, drive.job.id, drive.job.generation)
        await tell_failures(drive)
        await drive.save(final_statistics=await live_statistics(drive.target, drive.job))


async def _keep_letters(drive: Drive) -> None:
    """Take the dead letters of a job that ends out of its target; those of an attempt that begins again go with it."""
    if drive.job.tables and drive.job.phase is Phase.CLEANING_UP and not drive.job.letters_kept:
        async for letters in all_letters(drive.target, drive.job.id):
            await drive.services.letters.keep(letters)
        await drive.save(letters_kept=True)


async def _remove_connector(drive: Drive) -> None:
    await capture.remove(drive)


async def _clean_source(drive: Drive) -> None:
    """Only a job whose tables are known has made anything at the source, and only one that streams."""
    if drive.job.tables and drive.mode.streams:
        await drive.source.clean_up(drive.owned)


async def _remove_replay(drive: Drive) -> None:
    if not await remove_replay(drive):
        raise EngineUnavailableError("the workers are still leaving the consumer group of the replay")


async def _remove_topics(drive: Drive) -> None:
    prefix, extra = f"{drive.owned.topic_prefix}.", drive.source.extra_topics(drive.owned)
    names = await drive.services.topics.names()
    await drive.services.topics.delete(name for name in names if name.startswith(prefix) or name in extra)


async def _remove_groups(drive: Drive) -> None:
    group = consumer_group(drive.job.id, drive.job.generation)
    if not await drive.services.topics.delete_group(group):
        raise EngineUnavailableError(f"the workers are still leaving the consumer group {group}")
    for name in (drive.owned.signal_topic, *drive.source.groups(drive.owned)):
        if not await drive.services.topics.delete_group(name):
            raise EngineUnavailableError(f"the connector is still leaving the consumer group {name}")


async def _remove_records(drive: Drive) -> None:
    if drive.job.tables:
        await remove_progress(drive.target, drive.job.id, drive.job.generation)
        await Suspects(drive.target, drive.job.id).drop()
        await half_changes(drive).remove()
        await _release(drive)


async def _release(drive: Drive) -> None:
    await release_collections(drive.target, drive.job.id)


async def _end_in_debt(drive: Drive, problems: list[str]) -> None:
    left = drive.source.leftovers(drive.owned)
    await drive.tell_once(
        "leftovers",
        EventType.WARNING,
        "Not everything the job owns could be removed yet: " + "; ".join(problems),
        error_code="LEFTOVERS",
        suggestion="rowstream goes on trying. To remove by hand what is left at the source, run: " + " ".join(left),
    )
    await drive.save(phase=Phase.ENDED, active=False, owes_clean_up=True, ended_at=drive.job.ended_at or datetime.now(UTC))
