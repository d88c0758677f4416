"""A worker process: takes part in every live job."""

import gc
import os
import signal
import sys
import threading
import time
from collections import deque
from types import FrameType

import structlog
from pymongo.errors import PyMongoError

from pipeline.errors import PipelineError
from pipeline.jobs.job import Job
from pipeline.jobs.vault import Vault
from pipeline.lifeline import die_with_parent, orphaned
from pipeline.settings import Settings
from pipeline.worker.assignment import Assignment
from pipeline.worker.control import LiveJobs
from pipeline.worker.failure import failure_of

log = structlog.get_logger()

LOOK_SECONDS = 0.5
SWITCH_SECONDS = 0.000_5
"""How long a thread that decodes may keep one waiting whose answer from MongoDB has come; Python's default is ten times as long."""

COLLECT_AFTER = 100_000
"""New objects, less those freed, between two searches for cycles; with Python's 700 half of the time to decode and map goes there."""

BUGS_TOLERATED = 3
BUGS_FORGOTTEN_SECONDS = 3_600.0


class WorkerProcess:
    """Keeps one thread for each live job."""

    def __init__(self, settings: Settings) -> None:
        self._settings = settings
        self._vault = Vault(settings.secret_key)
        self._control = LiveJobs(settings)
        self._assignments: dict[tuple[str, int], Assignment] = {}
        self._bugs: dict[tuple[str, int], deque[float]] = {}
        self._stopping = threading.Event()

    def stop(self) -> None:
        """Ask the process to end after the batches in hand."""
        self._stopping.set()

    def run(self) -> None:
        """Follow the live jobs until stopped; then every thread finishes its batch and leaves its group."""
        while not self._stopping.is_set() and not orphaned():
            try:
                self._follow(self._control.read())
            except PyMongoError as error:
                log.warning("the control database does not answer; going on with the known jobs", error=type(error).__name__)
            self._stopping.wait(LOOK_SECONDS)
        self._follow({})
        self._control.close()

    def _follow(self, live: dict[tuple[str, int], Job]) -> None:
        crashed = {key for key, each in self._assignments.items() if not each.is_alive() and not each.reported}
        self._bugs = {key: self._bugs.get(key) or deque(maxlen=BUGS_TOLERATED) for key in live}
        for key in crashed & live.keys():
            self._bugs[key].append(time.monotonic())
        outdated = {key for key, each in self._assignments.items() if key in live and not each.knows(live[key])}
        gone = [self._assignments.pop(key) for key in (self._assignments.keys() - live.keys()) | crashed | outdated]
        for assignment in gone:
            assignment.stop()
        for assignment in gone:
            assignment.join()
        for key, assignment in self._assignments.items():
            assignment.note(live[key])
        for key in live.keys() - self._assignments.keys():
            self._take_up(key, live[key])

    def _take_up(self, key: tuple[str, int], job: Job) -> None:
        if self._keeps_crashing(key):
            error = PipelineError(
                "An internal error keeps the workers from going on", suggestion="The workers' log has it.", code="INTERNAL"
            )
            self._control.report(job, failure_of(error))
            return
        self._assignments[key] = Assignment(job, self._settings, self._vault, self._control)
        self._assignments[key].start()

    def _keeps_crashing(self, key: tuple[str, int]) -> bool:
        crashes = self._bugs[key]
        return len(crashes) == BUGS_TOLERATED and time.monotonic() - crashes[0] < BUGS_FORGOTTEN_SECONDS


def main(settings: Settings) -> None:
    """
    Work until SIGTERM or SIGINT; a second signal ends the process at once.

    Raises:
        ConfigError: The settings are wrong.
    """
    process = WorkerProcess(settings)

    def on_signal(_number: int, _frame: FrameType | None) -> None:
        signal.signal(signal.SIGTERM, signal.SIG_DFL)
        signal.signal(signal.SIGINT, signal.SIG_DFL)
        process.stop()

    signal.signal(signal.SIGTERM, on_signal)
    signal.signal(signal.SIGINT, on_signal)
    threading.excepthook = _log_bug
    _tune()
    die_with_parent()
    log.info("working", pid=os.getpid())
    process.run()


def _tune() -> None:
    """Set what Python's defaults are wrong about here: threads that wait for each other, and batches of many objects without cycles."""
    sys.setswitchinterval(SWITCH_SECONDS)
    gc.freeze()
    gc.set_threshold(COLLECT_AFTER)


def _log_bug(args: threading.ExceptHookArgs) -> None:
    """A thread that a bug ended is logged here; its job gets another thread."""
    name = args.thread.name if args.thread else "?"
    if args.exc_value is not None:
        log.error("a bug stopped a thread", thread=name, exc_info=args.exc_value)
