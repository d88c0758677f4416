"""Threads that bugs have ended."""

import threading
from base64 import urlsafe_b64encode
from typing import Any

import pytest
from pydantic import SecretStr
from tests.fakes.jobs import make_job

from pipeline.jobs.job import Failure, Job, TablePlan
from pipeline.settings import Settings
from pipeline.sources.source import Identity
from pipeline.worker import process
from pipeline.worker.process import BUGS_TOLERATED, WorkerProcess

JOB = make_job(live=True)
PLAN = TablePlan(schema_name="public", table="t", topic="t", collection="t", key=("id",), identity=Identity.KEY)
LIVE = {(JOB.id, JOB.generation): JOB}


class Control:
    """A control database, which keeps the first report."""

    def __init__(self, _settings: Settings) -> None:
        self.failures: list[Failure] = []

    def report(self, _job: Job, failure: Failure) -> None:
        self.failures = self.failures or [failure]


class Ended(threading.Thread):
    """A thread that ends at once, as one does that has met a bug."""

    reported = False

    def __init__(self, job: Job, *_: Any) -> None:
        super().__init__()
        self.job = job

    def knows(self, job: Job) -> bool:
        return self.job == job

    def note(self, job: Job) -> None: ...

    def stop(self) -> None: ...


@pytest.fixture
def worker(monkeypatch: pytest.MonkeyPatch) -> WorkerProcess:
    monkeypatch.setattr(process, "LiveJobs", Control)
    monkeypatch.setattr(process, "Assignment", Ended)
    return WorkerProcess(Settings(_env_file=None, secret_key=SecretStr(urlsafe_b64encode(b"k" * 32).decode())))


def crash(worker: WorkerProcess, times: int) -> list[str]:
    """Let the job's thread crash so many times, and return what was reported."""
    for _ in range(times):
        worker._follow(LIVE)
        for thread in worker._assignments.values():
            thread.join()
    worker._follow(LIVE)
    control: Any = worker._control
    return [failure.error_type for failure in control.failures]


def test_a_job_whose_thread_crashes_again_and_again_fails(worker: WorkerProcess) -> None:
    assert crash(worker, BUGS_TOLERATED - 1) == []
    assert crash(worker, 1) == ["INTERNAL"]


def test_crashes_long_ago_are_forgotten(worker: WorkerProcess, monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setattr(process, "BUGS_FORGOTTEN_SECONDS", 0.0)
    assert crash(worker, 3 * BUGS_TOLERATED) == []


def test_a_job_that_was_taken_up_again_begins_anew(worker: WorkerProcess, monkeypatch: pytest.MonkeyPatch) -> None:
    assert crash(worker, BUGS_TOLERATED) == ["INTERNAL"]
    worker._follow({})
    monkeypatch.setattr(worker._control, "failures", [])
    assert crash(worker, BUGS_TOLERATED - 1) == []


def test_a_job_that_takes_tables_in_gets_a_thread_that_knows_them(worker: WorkerProcess) -> None:
    worker._follow(LIVE)
    (before,) = worker._assignments.values()
    before.reported = True  # not one that a bug has ended
    grown = JOB.model_copy(update={"tables": (PLAN,)})
    worker._follow({(JOB.id, JOB.generation): grown})
    (after,) = worker._assignments.values()
    assert (after is before, after.job) == (False, grown)
