"""The service as a child process of the demo."""

import http.client
import os
import signal
import sys

from stack import process
from stack.config import environment_settings
from stack.errors import StackError
from stack.layout import Layout
from stack.ports import LOOPBACK, free_ports, is_free

WORKERS = 2
START_SECONDS = 60.0
END_SECONDS = 30.0


class Service:
    """`rowstream serve` on the usual port, or on a free one where that is taken; it is recorded in the home's `run` folder."""

    def __init__(self, layout: Layout) -> None:
        self.layout = layout
        self.log = layout.log("service")
        self._record = layout.run("demo-service.pid")
        self.port = 0

    @property
    def running(self) -> bool:
        """Whether the process runs."""
        return process.read_pid(self._record) is not None

    def start(self) -> None:
        """
        Start the service and return when it answers. What an earlier demo left behind is ended first.

        Raises:
            StackError: It ended, or does not answer; or a setting in the environment is wrong.
        """
        self.stop()
        usual = environment_settings().port
        self.port = usual if is_free(usual) else free_ports(1)[0]
        command = [sys.executable, "-m", "api.cli", "serve", "--workers", str(WORKERS)]
        process.spawn(command, self.log, os.environ | self._settings, self._record)
        if not process.wait(lambda: self._answers() or not self.running, START_SECONDS) or not self.running:
            raise self.lost()

    @property
    def _settings(self) -> dict[str, str]:
        """A job of the demo that fails is cleaned up at once: nobody will retry it."""
        return {
            "ROWSTREAM_HOME": str(self.layout.home),
            "ROWSTREAM_HOST": LOOPBACK,
            "ROWSTREAM_PORT": str(self.port),
            "ROWSTREAM_FAILED_JOB_RETENTION_SECONDS": "0",
        }

    def stop(self) -> None:
        """End the service and its workers, if it runs."""
        pid = process.read_pid(self._record)
        if pid is not None:
            process.end(pid, signal.SIGTERM, END_SECONDS)

    def lost(self) -> StackError:
        """The error of a service that ended or does not answer."""
        tail = self.log.read_text("utf-8", "replace")[-2_000:] if self.log.exists() else ""
        return StackError(f"the service does not run, see {self.log}:\n{tail}")

    def _answers(self) -> bool:
        connection = http.client.HTTPConnection(LOOPBACK, self.port, timeout=2)
        try:
            connection.request("GET", "/healthz")
            return connection.getresponse().status == http.client.OK
        except (OSError, http.client.HTTPException):
            return False
        finally:
            connection.close()
