"""What may go wrong at any moment."""

import contextlib
import http.client
import os
import signal
import threading
import time
from collections.abc import Callable
from typing import Any

from tests.e2e.harness.client import JobClient, RefusedError
from tests.e2e.harness.service import SHORT, Service, kill_process
from tests.e2e.harness.waiting import wait_until
from tests.model.columns import Dice

from stack.server import Server
from stack.stack import Stack

SESSION_SECONDS = int(SHORT["ROWSTREAM_SESSION_TIMEOUT_MS"]) / 1000
LONGEST_OUTAGE_SECONDS = 4.0
FROZEN = "a worker frozen"


class Faults:
    """
    Breaks a random part of a service or of its servers, and mends it again.

    `story` holds what was done, and when; `count` says how often.
    """

    def __init__(self, stack: Stack, service: Service, dice: Dice) -> None:
        self.story: list[str] = []
        self.count = 0
        self._stack = stack
        self._service = service
        self._dice = dice
        self._begun = time.monotonic()
        self._faults: dict[str, Callable[[], None]] = {
            "a worker killed": lambda: kill_process(self._worker()),
            FROZEN: self._freeze_worker,
            "the service killed": self._kill_service,
            "Kafka Connect killed": lambda: self._outage(stack.connect, Server.kill),
            "MongoDB killed": lambda: self._outage(stack.mongodb, Server.kill),
            "Kafka killed": lambda: self._outage(stack.kafka, Server.kill),
            "Kafka restarted": lambda: self._outage(stack.kafka, Server.stop),
            "PostgreSQL killed": lambda: self._outage(stack.postgresql, Server.kill),
            "PostgreSQL restarted": lambda: self._outage(stack.postgresql, Server.stop),
        }

    def add_what_users_ask(self, jobs: JobClient, job_id: str) -> None:
        """From now on users ask things of the job, too; what its state forbids at the moment is refused."""

        def ask(action: str, body: dict[str, Any] | None = None) -> None:
            with contextlib.suppress(OSError, http.client.HTTPException):
                try:
                    jobs.ask("POST", f"/jobs/{job_id}/{action}", body)
                except RefusedError as refused:
                    self.tell(f"refused: {refused.body['message']}")
                    if refused.status not in (409, 503):
                        raise

        def pause() -> None:
            ask("pause")
            _pause(self._dice.uniform(0, LONGEST_OUTAGE_SECONDS))
            wait_until(lambda: ask("resume") or jobs.ask("GET", f"/jobs/{job_id}")["cdcStatus"] != "PAUSED", "the job goes on")

        self._faults |= {"paused": pause, "replayed": lambda: ask("replay", {"from": "beginning"})}

    def strike(self) -> str:
        """Break something, and return what; everything runs again afterwards."""
        name = self._dice.choice(list(self._faults))
        self.count += 1
        self.tell(name)
        self._faults[name]()
        self.tell("mended")
        return name

    def tell(self, what: str) -> None:
        """Add a line to the story."""
        self.story.append(f"{time.monotonic() - self._begun:7.1f} s: {what}")

    def _worker(self) -> int:
        wait_until(lambda: self._service.workers, "a worker runs", report=self._service.tail)
        return self._dice.choice(self._service.workers)

    def _freeze_worker(self) -> None:
        """Long enough that another takes its partitions."""
        pid = self._worker()
        os.kill(pid, signal.SIGSTOP)
        _pause(SESSION_SECONDS * self._dice.uniform(1.2, 2.5))
        os.kill(pid, signal.SIGCONT)

    def _kill_service(self) -> None:
        self._service.kill()
        _pause(self._dice.uniform(0, LONGEST_OUTAGE_SECONDS))
        self._service.restart()

    def _outage(self, server: Server, end: Callable[[Server], None]) -> None:
        end(server)
        _pause(self._dice.uniform(0, LONGEST_OUTAGE_SECONDS))
        server.start()


def _pause(seconds: float) -> None:
    """The length of an outage is what is tried, so there is nothing else to wait for."""
    threading.Event().wait(seconds)
