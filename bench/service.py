"""rowstream, started as a user starts it."""

import os
import signal
import sys

from bench.waiting import wait_until
from stack import process
from stack.demo.client import JobsApi
from stack.errors import StackError
from stack.layout import Layout
from stack.ports import LOOPBACK, free_ports, listening

CONTROL_DATABASE = "bench_control"
START_SECONDS = 60.0
END_SECONDS = 60.0


class Service:
    """`rowstream serve --workers N` on a free port, with every setting but the addresses at its default."""

    def __init__(self, layout: Layout) -> None:
        self.layout = layout
        self.port = 0
        self._record = layout.run("bench-service.pid")

    @property
    def pid(self) -> int | None:
        """The service's process while it runs."""
        return process.read_pid(self._record)

    @property
    def workers(self) -> list[int]:
        """The pids of its workers."""
        return [] if self.pid is None else process.children(self.pid)

    @property
    def api(self) -> JobsApi:
        """Its API."""
        return JobsApi(self.port)

    def start(self, workers: int) -> None:
        """
        Start the service with so many workers, and return when it listens and they run.

        Raises:
            StackError: It ended, or does not listen.
        """
        self.stop()
        self.port = free_ports(1)[0]
        command = [sys.executable, "-m", "api.cli", "serve", "--workers", str(workers)]
        process.spawn(command, self.layout.log("bench-service"), os.environ | self._settings, self._record)
        wait_until(lambda: self._stands(workers) or self.pid is None, "the service listens and has its workers", START_SECONDS)
        self.check()

    def check(self) -> None:
        """Raise `StackError` when the service has ended by itself."""
        if self.pid is None:
            log = self.layout.log("bench-service")
            raise StackError(f"the service has ended, see {log}:\n{log.read_text('utf-8', 'replace')[-2_000:]}")

    def stop(self) -> None:
        """End the service and its workers, if it runs: the batches in hand are finished."""
        pid = self.pid
        if pid is not None:
            process.end(pid, signal.SIGTERM, END_SECONDS)

    def _stands(self, workers: int) -> bool:
        return listening(self.port) and len(self.workers) == workers

    @property
    def _settings(self) -> dict[str, str]:
        return {
            "ROWSTREAM_HOME": str(self.layout.home),
            "ROWSTREAM_HOST": LOOPBACK,
            "ROWSTREAM_PORT": str(self.port),
            "ROWSTREAM_CONTROL_DATABASE": CONTROL_DATABASE,
            "ROWSTREAM_LOG_LEVEL": "WARNING",
        }
