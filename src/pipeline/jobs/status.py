"""
What a job's state is called towards clients: `status`, `cdcStatus` and the actions it allows.

Pure functions of the job; `status_filter` says the same in MongoDB's words, so that lists can
be searched by status.
"""

from collections.abc import Iterable
from enum import StrEnum
from typing import Any

from pipeline.jobs.job import Ask, Job, Outcome, Phase

_ENDING = (Phase.CLEANING_UP, Phase.ENDED)
_BEFORE_STREAMING = (Phase.SETTING_UP, Phase.SNAPSHOTTING)
_PAUSABLE = (Phase.SNAPSHOTTING, Phase.STREAMING, Phase.REFRESHING, Phase.REPLAYING)
_STREAMING = (Phase.STREAMING, Phase.REFRESHING, Phase.REPLAYING)


class Status(StrEnum):
    """The contract's `status`."""

    RUNNING = "RUNNING"
    FAILED = "FAILED"
    CANCELLING = "CANCELLING"
    CANCELLED = "CANCELLED"
    COMPLETED = "COMPLETED"
    CLEANING_UP = "CLEANING_UP"


class CdcStatus(StrEnum):
    """The contract's `cdcStatus`."""

    NOT_STARTED = "NOT_STARTED"
    RUNNING = "RUNNING"
    COMPLETING = "COMPLETING"
    COMPLETED = "COMPLETED"
    FAILED = "FAILED"
    CANCELLED = "CANCELLED"
    PAUSED = "PAUSED"


def status(job: Job) -> Status:
    """Name where the job is. A failed job is FAILED from the failure on, also while it is cleaned up."""
    if job.outcome is Outcome.FAILED and not _goes_on(job):
        return Status.FAILED
    if job.phase is Phase.ENDED:
        return Status.CANCELLED if job.outcome is Outcome.CANCELLED else Status.COMPLETED
    if job.phase is Phase.CLEANING_UP:
        return Status.CLEANING_UP
    return Status.CANCELLING if job.ask is Ask.CANCEL else Status.RUNNING


def cdc_status(job: Job) -> CdcStatus:
    """Name where the job's change capture is; a SNAPSHOT job's has never started."""
    if not job.mode.streams:
        return CdcStatus.NOT_STARTED
    if job.outcome is not None and not _goes_on(job):
        return _ended_cdc_status(job)
    if job.ask is Ask.CANCEL:
        return CdcStatus.CANCELLED
    if job.ask is Ask.STOP or job.phase is Phase.DRAINING:
        return CdcStatus.COMPLETING
    if job.paused:
        return CdcStatus.PAUSED
    return CdcStatus.RUNNING if job.streaming_started_at is not None or job.phase in _STREAMING else CdcStatus.NOT_STARTED


def _goes_on(job: Job) -> bool:
    """Whether a failed job was asked to go on, and has not done so yet."""
    return job.phase is Phase.RETAINED and job.ask is Ask.RETRY


def _ended_cdc_status(job: Job) -> CdcStatus:
    if job.outcome is Outcome.FAILED:
        return CdcStatus.FAILED if job.streaming_started_at else CdcStatus.NOT_STARTED
    if job.outcome is Outcome.CANCELLED:
        return CdcStatus.CANCELLED
    return CdcStatus.COMPLETED if job.phase is Phase.ENDED else CdcStatus.COMPLETING


def allowed_asks(job: Job) -> tuple[Ask, ...]:
    """
    List what a user may ask of the job now: nothing once it is cleaned up or cancelled; a stop only once.

    A failed job that still keeps what it owns can go on, or be cancelled: then it stays FAILED and is cleaned up at once.
    """
    if job.phase is Phase.RETAINED and job.ask is not Ask.CANCEL:
        return (Ask.CANCEL,) if job.ask is Ask.RETRY else (Ask.RETRY, Ask.CANCEL)
    if job.outcome is not None or job.phase in _ENDING or job.ask is Ask.CANCEL:
        return ()
    if job.ask is Ask.STOP or job.phase is Phase.DRAINING:
        return (Ask.CANCEL,)
    return (Ask.STOP, Ask.CANCEL)


def may_pause(job: Job) -> bool:
    """Whether its workers may be stopped for a while now: they apply changes, and the job is not asked to end."""
    return job.live and job.phase in _PAUSABLE and job.outcome is None and job.ask is None and not job.paused


def may_resume(job: Job) -> bool:
    """Whether the job is paused."""
    return job.paused and job.outcome is None and job.ask is None


def may_refresh(job: Job) -> bool:
    """Whether tables may be read again now: the job streams, is not asked to end, and reads none again already."""
    return job.phase is Phase.STREAMING and job.outcome is None and job.ask is None and job.refresh is None


def may_replay_letters(job: Job) -> bool:
    """Whether dead letters may be tried again now: workers apply the job's changes, or will go on to."""
    return job.live and job.outcome is None and job.ask is not Ask.CANCEL


def may_replay(job: Job) -> bool:
    """Whether changes may be applied again now: the job streams, or has failed since, and nothing is read or applied again already."""
    if job.refresh is not None or job.replay is not None or job.ask is not None or job.streaming_started_at is None:
        return False
    return job.phase is Phase.RETAINED or (job.phase is Phase.STREAMING and job.outcome is None)


def allowed_actions(job: Job) -> list[str]:
    """Name what a user may ask of the job now, as the API's paths do."""
    others = {"pause": may_pause, "resume": may_resume, "refresh": may_refresh, "replay": may_replay}
    return [*(ask.lower() for ask in allowed_asks(job)), *(name for name, may in others.items() if may(job))]


def effective(ask: Ask, phase: Phase) -> Ask:
    """What an ask comes to: a stop before the streaming has begun is a cancel."""
    return Ask.CANCEL if ask is Ask.STOP and phase in _BEFORE_STREAMING else ask


def status_filter(statuses: Iterable[Status]) -> dict[str, Any]:
    """The MongoDB filter that matches exactly the jobs whose `status` is among `statuses`."""
    return {"$or": [_FILTERS[wanted] for wanted in statuses]}


_GOES_ON = {"phase": Phase.RETAINED.value, "ask": Ask.RETRY.value}
_FAILED = {"outcome": Outcome.FAILED.value, "$nor": [_GOES_ON]}
_NOT_FAILED = {"$nor": [_FAILED]}
_UNDER_WAY = _NOT_FAILED | {"phase": {"$nin": [phase.value for phase in _ENDING]}}
_FILTERS: dict[Status, dict[str, Any]] = {
    Status.FAILED: _FAILED,
    Status.CANCELLED: {"outcome": Outcome.CANCELLED.value, "phase": Phase.ENDED.value},
    Status.COMPLETED: {"outcome": {"$nin": [Outcome.FAILED.value, Outcome.CANCELLED.value]}, "phase": Phase.ENDED.value},
    Status.CLEANING_UP: _NOT_FAILED | {"phase": Phase.CLEANING_UP.value},
    Status.CANCELLING: _UNDER_WAY | {"ask": Ask.CANCEL.value},
    Status.RUNNING: _UNDER_WAY | {"ask": {"$ne": Ask.CANCEL.value}},
}
