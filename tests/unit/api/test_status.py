"""The state of a job is called what the design's table says, in every combination."""

from datetime import UTC, datetime
from itertools import product

import pytest
from tests.fakes.jobs import make_job

from pipeline.jobs.job import Ask, Job, Outcome, Phase, Refresh, Replay
from pipeline.jobs.status import (
    CdcStatus,
    Status,
    allowed_actions,
    allowed_asks,
    cdc_status,
    effective,
    may_pause,
    may_replay,
    may_resume,
    status,
)
from pipeline.sources.source import Mode

NOW = datetime(2026, 1, 1, tzinfo=UTC)
MOVING = (Phase.SETTING_UP, Phase.SNAPSHOTTING, Phase.STREAMING, Phase.DRAINING)
STREAMS = (Mode.CDC, Mode.CDC_ONLY)


def job(mode: Mode, phase: Phase, outcome: Outcome | None = None, ask: Ask | None = None, *, streamed: bool = False) -> Job:
    """A job in a state."""
    return make_job(
        mode=mode,
        options={"mode": mode.value},
        phase=phase,
        outcome=outcome,
        ask=ask,
        submitted_at=NOW,
        streaming_started_at=NOW if streamed else None,
    )


TABLE: list[tuple[tuple[Phase, ...], Outcome | None, Ask | None, bool, Status, CdcStatus]] = [
    ((Phase.SETTING_UP, Phase.SNAPSHOTTING), None, None, False, Status.RUNNING, CdcStatus.NOT_STARTED),
    ((Phase.STREAMING,), None, None, True, Status.RUNNING, CdcStatus.RUNNING),
    ((Phase.STREAMING, Phase.DRAINING), None, Ask.STOP, True, Status.RUNNING, CdcStatus.COMPLETING),
    ((Phase.CLEANING_UP,), Outcome.COMPLETED, Ask.STOP, True, Status.CLEANING_UP, CdcStatus.COMPLETING),
    ((Phase.ENDED,), Outcome.COMPLETED, Ask.STOP, True, Status.COMPLETED, CdcStatus.COMPLETED),
    (MOVING, None, Ask.CANCEL, False, Status.CANCELLING, CdcStatus.CANCELLED),
    (MOVING, None, Ask.CANCEL, True, Status.CANCELLING, CdcStatus.CANCELLED),
    ((Phase.CLEANING_UP,), Outcome.CANCELLED, Ask.CANCEL, True, Status.CLEANING_UP, CdcStatus.CANCELLED),
    ((Phase.ENDED,), Outcome.CANCELLED, Ask.CANCEL, True, Status.CANCELLED, CdcStatus.CANCELLED),
    ((Phase.RETAINED, Phase.CLEANING_UP, Phase.ENDED), Outcome.FAILED, None, True, Status.FAILED, CdcStatus.FAILED),
    ((Phase.RETAINED, Phase.CLEANING_UP, Phase.ENDED), Outcome.FAILED, None, False, Status.FAILED, CdcStatus.NOT_STARTED),
]
"""The rows of the table for jobs that follow changes: phases, outcome, ask, whether streaming had begun; status, cdcStatus."""


@pytest.mark.parametrize("mode", STREAMS)
@pytest.mark.parametrize("row", TABLE, ids=str)
def test_a_job_that_follows_changes_is_called_what_the_table_says(
    mode: Mode, row: tuple[tuple[Phase, ...], Outcome | None, Ask | None, bool, Status, CdcStatus]
) -> None:
    phases, outcome, ask, streamed, expected, expected_cdc = row
    for phase in phases:
        seen = job(mode, phase, outcome, ask, streamed=streamed)
        assert (status(seen), cdc_status(seen)) == (expected, expected_cdc)


@pytest.mark.parametrize("row", TABLE, ids=str)
def test_a_snapshot_job_has_the_same_status_and_never_starts_capturing(
    row: tuple[tuple[Phase, ...], Outcome | None, Ask | None, bool, Status, CdcStatus],
) -> None:
    phases, outcome, ask, _, expected, _ = row
    for phase in phases:
        seen = job(Mode.SNAPSHOT, phase, outcome, ask)
        assert (status(seen), cdc_status(seen)) == (expected, CdcStatus.NOT_STARTED)


def test_every_state_has_a_name_and_a_list_of_what_it_allows() -> None:
    for mode, phase, outcome, ask in product(Mode, Phase, [None, *Outcome], [None, *Ask]):
        seen = job(mode, phase, outcome, ask)
        assert status(seen) in Status
        assert cdc_status(seen) in CdcStatus
        assert set(allowed_asks(seen)) <= set(Ask)


def test_a_running_job_may_be_stopped_once_and_cancelled_once() -> None:
    for mode, phase in product(Mode, MOVING[:3]):
        assert allowed_asks(job(mode, phase)) == (Ask.STOP, Ask.CANCEL)
        assert allowed_asks(job(mode, phase, ask=Ask.STOP)) == (Ask.CANCEL,)
        assert allowed_asks(job(mode, phase, ask=Ask.CANCEL)) == ()


def test_a_failed_job_that_keeps_what_it_owns_can_be_cancelled_once_and_stays_failed() -> None:
    for mode in Mode:
        failed = job(mode, Phase.RETAINED, Outcome.FAILED)
        assert allowed_asks(failed) == (Ask.RETRY, Ask.CANCEL)
        cancelled = failed.model_copy(update={"ask": Ask.CANCEL})
        assert allowed_asks(cancelled) == ()
        assert status(cancelled) is Status.FAILED


def test_a_job_that_ends_allows_nothing() -> None:
    for mode, phase, outcome in product(Mode, (Phase.CLEANING_UP, Phase.ENDED), Outcome):
        assert allowed_asks(job(mode, phase, outcome)) == ()


def test_a_stop_before_the_streaming_is_a_cancel() -> None:
    assert {phase: effective(Ask.STOP, phase) for phase in MOVING} == {
        Phase.SETTING_UP: Ask.CANCEL,
        Phase.SNAPSHOTTING: Ask.CANCEL,
        Phase.STREAMING: Ask.STOP,
        Phase.DRAINING: Ask.STOP,
    }
    assert {effective(Ask.CANCEL, phase) for phase in MOVING} == {Ask.CANCEL}


def test_a_failed_job_that_is_to_go_on_runs_and_can_still_be_cancelled() -> None:
    for streamed, expected in ((True, CdcStatus.RUNNING), (False, CdcStatus.NOT_STARTED)):
        retried = job(Mode.CDC, Phase.RETAINED, Outcome.FAILED, Ask.RETRY, streamed=streamed)
        assert (status(retried), cdc_status(retried)) == (Status.RUNNING, expected)
        assert allowed_asks(retried) == (Ask.CANCEL,)


def test_a_job_may_be_paused_while_its_changes_are_applied_and_resumed_while_it_is_paused() -> None:
    for mode, phase, ask in product(Mode, Phase, [None, *Ask]):
        running = job(mode, phase, ask=ask).model_copy(update={"live": True})
        paused = running.model_copy(update={"paused": True})
        assert may_pause(running) is (ask is None and phase in (Phase.SNAPSHOTTING, Phase.STREAMING, Phase.REFRESHING, Phase.REPLAYING))
        assert not may_pause(paused)
        assert not may_resume(running)
        assert may_resume(paused) is (ask is None)


def test_a_paused_job_runs_and_says_so() -> None:
    for mode in STREAMS:
        paused = job(mode, Phase.STREAMING, streamed=True).model_copy(update={"live": True, "paused": True})
        assert (status(paused), cdc_status(paused)) == (Status.RUNNING, CdcStatus.PAUSED)
        assert allowed_actions(paused) == ["stop", "cancel", "resume", "refresh", "replay"]


def test_changes_may_be_applied_again_while_a_job_streams_or_has_failed_and_nothing_else_is_under_way() -> None:
    streaming = job(Mode.CDC, Phase.STREAMING, streamed=True)
    failed = job(Mode.CDC, Phase.RETAINED, Outcome.FAILED, streamed=True)
    assert may_replay(streaming)
    assert may_replay(failed)
    assert not may_replay(job(Mode.CDC, Phase.RETAINED, Outcome.FAILED)), "its snapshot was not applied"
    replay = Replay(id="1", tables=("public.a",), starts={"t": 0})
    refresh = Refresh(id="1", tables=("public.a",))
    for change in ({"replay": replay}, {"refresh": refresh}, {"ask": Ask.STOP}, {"phase": Phase.DRAINING}):
        assert not may_replay(streaming.model_copy(update=change))
