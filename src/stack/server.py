"""A server of the stack: started, found again, stopped and killed."""

import os
import signal
from abc import ABC, abstractmethod
from collections.abc import Sequence
from pathlib import Path

from stack import process
from stack.account import Account
from stack.errors import StackError
from stack.layout import Layout
from stack.ports import check_free

LOG_BYTES = 10 * 1024 * 1024


class Server(ABC):
    """
    One server process, recorded in its layout's `run` folder so that any program finds it again.

    Every method may be repeated: `start` of a running server only waits until it is ready.
    """

    stop_signal = signal.SIGTERM
    patience = 240.0

    def __init__(self, name: str, port: int, layout: Layout) -> None:
        self.name = name
        self.port = port
        self.layout = layout
        self.account: Account | None = None

    @property
    def ports(self) -> dict[str, int]:
        """Every port the server listens on, by the name of its option."""
        return {self.name: self.port}

    @property
    def pid(self) -> int | None:
        """The server's process while it runs, whoever started it."""
        return process.read_pid(self._pid_file)

    @property
    @abstractmethod
    def ready(self) -> bool:
        """Whether the server answers."""

    @abstractmethod
    def prepare(self) -> None:
        """Make what the server needs before it can start: data, configuration."""

    @abstractmethod
    def command(self) -> Sequence[str | Path]:
        """The command line that starts the server."""

    def environment(self) -> dict[str, str]:
        """The process's whole environment: nothing of the user's, which may hold settings of other servers."""
        return {"LC_ALL": "C.UTF-8", "TZ": "UTC", "PATH": os.defpath}

    def start(self) -> None:
        """
        Start the server, unless it runs, and wait until it answers.

        Raises:
            StackError: A port is taken, or the server ended or did not answer in time; the end of its log is in the message.
        """
        self.layout.make()
        pid = self.pid
        if pid is None:
            self.check_ports()
            self._trim_log()
            self._end_preparation()
            self.prepare()
            pid = process.spawn(self.command(), self._log, self.environment(), self._pid_file, self.account)
        self._wait_until_ready(pid)

    def check_ports(self) -> None:
        """
        Make sure that the server, which does not run, can have its ports.

        Raises:
            StackError: Another process has one.
        """
        for option, port in self.ports.items():
            check_free(port, option)

    def stop(self) -> None:
        """Ask the server to end, and make it end when it does not."""
        pid = self.pid
        if pid is not None:
            process.end(pid, self.stop_signal, 30)
        self._pid_file.unlink(missing_ok=True)
        self._end_preparation()

    def kill(self) -> None:
        """End the server as a crash would (SIGKILL)."""
        pid = self.pid
        if pid is not None:
            process.end(pid, signal.SIGKILL, 10)

    def resident_bytes(self) -> int | None:
        """The memory that the server holds, or None when it does not run."""
        pid = self.pid
        return None if pid is None else process.resident_bytes(pid)

    def run_to_end(self, command: Sequence[str | Path], purpose: str) -> None:
        """
        Run a program that prepares the server's data, its output in the server's log.

        It is on record like the server: should this program be killed, the next start or stop ends it.

        Raises:
            StackError: The program failed; `purpose` says what it was to do.
        """
        pid = process.spawn(command, self._log, self.environment(), self._preparation, self.account)
        if process.exit_code(pid) != 0:
            raise StackError(f"{self.name} cannot {purpose}, see {self._log}:\n{self._log_end()}")
        self._preparation.unlink(missing_ok=True)

    def _end_preparation(self) -> None:
        pid = process.read_pid(self._preparation)
        if pid is not None:
            process.end(pid, signal.SIGKILL, 10)
        self._preparation.unlink(missing_ok=True)

    @property
    def _preparation(self) -> Path:
        return self.layout.run(f"{self.name}.preparation.pid")

    @property
    def _log(self) -> Path:
        return self.layout.log(self.name)

    def _log_end(self) -> str:
        return self._log.read_text("utf-8", "replace")[-2000:]

    @property
    def _pid_file(self) -> Path:
        return self.layout.run(f"{self.name}.pid")

    def _trim_log(self) -> None:
        if self._log.exists() and self._log.stat().st_size > LOG_BYTES:
            self._log.replace(self._log.with_suffix(".log.1"))

    def _wait_until_ready(self, pid: int) -> None:
        """Wait until it was ready once: one that has just started may have to think again."""
        moment = process.born(pid)

        def ended() -> bool:
            return moment is None or process.born(pid) != moment

        settled = process.wait(lambda: ended() or self.ready, self.patience)
        if settled and not ended():
            return
        what = "ended while it started" if ended() else f"did not answer within {self.patience:.0f} s"
        self.kill()
        raise StackError(f"{self.name} {what}, see {self._log}:\n{self._log_end()}")
