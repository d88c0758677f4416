"""Applying changes again while a job streams: into its collections, or into others beside them."""

import time
from collections.abc import Awaitable, Callable, Mapping, Sequence
from dataclasses import replace
from typing import Any

import structlog

from pipeline.errors import ConfigError
from pipeline.jobs.barrier import pass_marker
from pipeline.jobs.drive import Drive
from pipeline.jobs.job import Ask, Failure, Phase, Replay, ReplayStage, TablePlan
from pipeline.jobs.names import consumer_group
from pipeline.jobs.replay_start import check_kept
from pipeline.jobs.retract import retract_documents
from pipeline.jobs.updates import EventType
from pipeline.jobs.watch import StreamWatch
from pipeline.kafka.retention import UNLIMITED
from pipeline.sink.letter_store import close_letters, count_open_letters
from pipeline.sink.place_store import free_places, prepare_places, remove_places
from pipeline.sink.progress import create_checkpoints, fence, read_progress, remove_checkpoints, reopen
from pipeline.sink.rewind import rewind
from pipeline.sink.targets import claim_collections, find_filled, prepare_targets, release_collections

log = structlog.get_logger()

OWN_GENERATIONS = 1_000_000
"""Replays into other collections count their generations from here, so that they are none of the job's attempts."""

TELL_SECONDS = 5.0

Look = Callable[[], Awaitable[None]]


async def replay_changes(drive: Drive) -> None:
    """
    Bring the job's replay from stage to stage to its end, then stream on.

    The stages are persisted, and each may be repeated. What keeps the replay from its end does
    not end the job.
    """
    watch = StreamWatch(drive)
    while (under_way := drive.job.replay) is not None:
        await drive.tell_once(f"replay:{under_way.id}", EventType.INFO, f"Applying again the changes of {', '.join(under_way.tables)}")
        stages = _BESIDE_IT if under_way.into is not None else _IN_PLACE
        try:
            await stages[under_way.stage](drive, under_way, watch.look)
        except ConfigError as error:
            await _give_up(drive, error)
    await drive.save(phase=Phase.STREAMING)


async def remove_replay(drive: Drive) -> bool:
    """
    Remove what a replay into other collections has of its own but its documents, so that no worker goes on with it.

    False while one still takes part in it: repeat it.
    """
    under_way = drive.job.replay
    if under_way is None or under_way.generation is None:
        return True
    await fence(drive.target, drive.job.id, under_way.generation)
    await close_letters(drive.target, drive.job.id, under_way.generation, f"the end of replay {under_way.id}")
    await remove_checkpoints(drive.target, drive.job.id, under_way.generation)
    await remove_places(drive.target, drive.job.id, under_way.generation)
    return await drive.services.topics.delete_group(consumer_group(drive.job.id, under_way.generation))


async def _set_back(drive: Drive, under_way: Replay, _look: Look) -> None:
    """Have Kafka keep the records, see that it still has them, and move the checkpoints back; no document is touched before."""
    job = drive.job
    await _keep_records(drive, under_way)
    await fence(drive.target, job.id, job.generation, list(under_way.starts))
    await rewind(drive.target, job.id, job.generation, under_way.starts, under_way.id)
    await free_places(drive.target, job.id, job.generation, _capped(drive, under_way))
    await _move(drive, under_way, ReplayStage.CLEARING if under_way.clears else ReplayStage.APPLYING)


async def _clear(drive: Drive, under_way: Replay, look: Look) -> None:
    """Remove the documents that the topics' records are about: they come again. Others in the collections stay."""
    job, servers = drive.job, drive.services.settings.kafka_bootstrap_servers
    await look()
    await prepare_targets(drive.target, [plan.collection for plan in _plans(drive, under_way)], drop=False)
    progress = await read_progress(drive.target, job.id, job.generation)
    applied = [replace(each, position=each.replay_until) for each in progress if each.topic in under_way.starts]
    await retract_documents(drive.target, servers, job, applied, StreamWatch(drive).glance)
    await _move(drive, under_way, ReplayStage.APPLYING)


async def _apply(drive: Drive, under_way: Replay, look: Look) -> None:
    """Wait until the workers have come to where they were; one that is asked to stop drains afterwards all the same."""
    job = drive.job
    if not job.paused:
        await reopen(drive.target, job.id, job.generation, list(under_way.starts))
    progress = await read_progress(drive.target, job.id, job.generation)
    ends = {each.topic: each.replay_until for each in progress if each.topic in under_way.starts}
    if await _followed(drive, under_way, job.generation, ends, look) or drive.job.ask is Ask.STOP:
        await _end(drive, under_way, await count_open_letters(drive.target, job.id, job.generation, under_way.starts))


async def _set_beside(drive: Drive, under_way: Replay, look: Look) -> None:
    """Make collections and checkpoints of the replay's own; it ends at what is committed by now."""
    job, collections = drive.job, _beside(drive, under_way)
    await _keep_records(drive, under_way)
    if under_way.generation is None:
        await claim_collections(drive.target, job.id, collections)
        if filled := await find_filled(drive.target, collections):
            await release_collections(drive.target, job.id, collections)
            raise ConfigError(
                f"{', '.join(filled)} already holds documents",
                suggestion="Drop it, or name another suffix.",
                code="COLLECTION_FILLED",
            )
        number = job.replays + 1
        under_way = under_way.model_copy(update={"generation": OWN_GENERATIONS + number})
        await drive.save(replay=under_way, replays=number)
    await prepare_targets(drive.target, collections, drop=False)
    await pass_marker(drive)
    ends = await drive.services.topics.end_offsets(under_way.starts)
    await create_checkpoints(drive.target, job.id, under_way.generation or 0, list(under_way.starts), under_way.starts)
    await prepare_places(drive.target, job.id, under_way.generation or 0, _capped(drive, under_way))
    await look()
    await _move(drive, under_way, ReplayStage.APPLYING, ends=ends)


async def _apply_beside(drive: Drive, under_way: Replay, look: Look) -> None:
    if under_way.failure is not None:
        await _move(drive, under_way, ReplayStage.ENDING)
    elif drive.job.ask is Ask.STOP:
        raise ConfigError("the job is asked to stop", code="REPLAY_ENDED")
    elif await _followed(drive, under_way, under_way.generation or 0, under_way.ends or {}, look):
        missing = await count_open_letters(drive.target, drive.job.id, under_way.generation or 0, under_way.starts)
        await _move(drive, under_way, ReplayStage.ENDING, missing=missing)


async def _end_beside(drive: Drive, under_way: Replay, look: Look) -> None:
    """Once no worker takes part in it any more, remove what the replay has of its own, but for its documents."""
    if not await remove_replay(drive):
        await look()
        return
    await release_collections(drive.target, drive.job.id, _beside(drive, under_way))
    if under_way.failure is None:
        await _end(drive, under_way, under_way.missing)
    else:
        await _tell_failure(drive, under_way, under_way.failure)
        await drive.save(replay=None)


_IN_PLACE: dict[ReplayStage, Callable[[Drive, Replay, Look], Awaitable[None]]] = {
    ReplayStage.SETTING: _set_back,
    ReplayStage.CLEARING: _clear,
    ReplayStage.APPLYING: _apply,
}
_BESIDE_IT: dict[ReplayStage, Callable[[Drive, Replay, Look], Awaitable[None]]] = {
    ReplayStage.SETTING: _set_beside,
    ReplayStage.APPLYING: _apply_beside,
    ReplayStage.ENDING: _end_beside,
}


async def _followed(drive: Drive, under_way: Replay, generation: int, ends: Mapping[str, int], look: Look) -> bool:
    """Follow the checkpoints to these ends; False when something else is to be looked at first."""
    told_at = float("-inf")
    while True:
        progress = await read_progress(drive.target, drive.job.id, generation)
        positions = {each.topic: each.position for each in progress if each.topic in ends}
        if all(positions.get(topic, 0) >= end for topic, end in ends.items()):
            return True
        if time.monotonic() - told_at > TELL_SECONDS:
            told_at = time.monotonic()
            await _tell_progress(drive, under_way, positions, ends)
        await look()
        if drive.job.ask is Ask.STOP or (drive.job.replay is not None and drive.job.replay.failure is not None):
            return False


async def _tell_progress(drive: Drive, under_way: Replay, positions: Mapping[str, int], ends: Mapping[str, int]) -> None:
    wanted = sum(max(end - under_way.starts[topic], 0) for topic, end in ends.items())
    done = sum(max(min(positions.get(topic, 0), end) - under_way.starts[topic], 0) for topic, end in ends.items())
    await drive.tell(
        EventType.INFO,
        f"Replayed {done:,} of {wanted:,} offsets ({100 * done // max(wanted, 1)} %)",
        count=max(done, 1),
        dedup_key=f"replay:{under_way.id}:progress",
    )


async def _keep_records(drive: Drive, under_way: Replay) -> None:
    topics = list(under_way.starts)
    await drive.services.topics.configure(topics, UNLIMITED)
    check_kept(under_way.starts, await drive.services.topics.first_offsets(topics))


async def _move(drive: Drive, under_way: Replay, stage: ReplayStage, **fields: Any) -> None:
    log.info("replay", job=drive.job.id, stage=stage.value)
    await drive.save(replay=under_way.model_copy(update={"stage": stage, **fields}))


async def _end(drive: Drive, under_way: Replay, missing: int) -> None:
    told = f"Applied again: the changes of {', '.join(under_way.tables)}"
    if under_way.into is not None:
        told += f", into {', '.join(_beside(drive, under_way))}"
    if missing:
        told += f"; {missing} records could not be applied, which GET /jobs/{drive.job.id}/errors lists"
    await drive.tell_once(f"replayed:{under_way.id}", EventType.WARNING if missing else EventType.INFO, told)
    await drive.save(replay=None)


async def _give_up(drive: Drive, error: ConfigError) -> None:
    under_way = drive.job.replay
    if under_way is None:
        return
    failure = drive.failure(error)
    if under_way.into is not None:
        await _move(drive, under_way, ReplayStage.ENDING, failure=failure)
    else:
        await _tell_failure(drive, under_way, failure)
        await drive.save(replay=None)


async def _tell_failure(drive: Drive, under_way: Replay, failure: Failure) -> None:
    await drive.tell_once(
        f"replayed:{under_way.id}",
        EventType.WARNING,
        f"Not applied again to the end: {', '.join(under_way.tables)}: {failure.message}",
        error_code=failure.error_type,
        suggestion=failure.suggestion,
    )


def _plans(drive: Drive, under_way: Replay) -> Sequence[TablePlan]:
    return [plan for plan in drive.job.tables if plan.qualified_name in under_way.tables]


def _capped(drive: Drive, under_way: Replay) -> list[str]:
    """The collections of the replay that hold so many rows at most."""
    return [plan.collection + (under_way.into or "") for plan in _plans(drive, under_way) if plan.row_count is not None]


def _beside(drive: Drive, under_way: Replay) -> list[str]:
    """The collections that a replay into others writes."""
    return [plan.collection + (under_way.into or "") for plan in _plans(drive, under_way)]
