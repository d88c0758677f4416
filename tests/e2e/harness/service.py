"""`rowstream serve` and `rowstream worker` as processes that a test starts, kills and starts again."""

import os
import signal
import subprocess
import sys
from collections.abc import Mapping, Sequence
from pathlib import Path
from random import Random

from tests.e2e.harness.waiting import wait_until

from stack.envfile import read_env_file
from stack.ports import LOOPBACK, free_ports, listening
from stack.process import children
from stack.stack import Stack

SHORT = {
    "ROWSTREAM_LEASE_SECONDS": "3",
    "ROWSTREAM_SESSION_TIMEOUT_MS": "3000",
    "ROWSTREAM_SLOT_TIMEOUT_SECONDS": "8",
    "ROWSTREAM_CLEAN_UP_TIMEOUT_SECONDS": "60",
}
"""Time-outs after which a test need not wait long for another to take over."""


FOR_OTHERS = {"PGHOSTADDR": "127.0.0.2", "PGSSLMODE": "require", "PGOPTIONS": "-c search_path=nowhere", "PGSERVICE": "other"}
"""What a user's environment may hold for other servers, and no job may heed."""


class Program:
    """One command of rowstream as a child process with a log of its own, which outlives its restarts."""

    def __init__(self, arguments: Sequence[str], environment: Mapping[str, str], log: Path) -> None:
        self.log = log
        self._arguments = list(arguments)
        inherited = {name: os.environ[name] for name in ("PYTHONPATH",) if name in os.environ}
        self._environment = {"PATH": os.defpath, "HOME": str(log.parent), "LC_ALL": "C.UTF-8", **inherited, **environment}
        self._process: subprocess.Popen[bytes] | None = None

    def start(self) -> None:
        """Start the program."""
        with self.log.open("ab") as output:
            self._process = subprocess.Popen(
                [sys.executable, "-m", "api.cli", *self._arguments],
                env=self._environment,
                stdin=subprocess.DEVNULL,
                stdout=output,
                stderr=output,
                cwd=self.log.parent,
                start_new_session=True,
            )

    @property
    def pid(self) -> int:
        """The process that was started last."""
        assert self._process is not None
        return self._process.pid

    @property
    def running(self) -> bool:
        """Whether the process has not ended."""
        return self._process is not None and self._process.poll() is None

    def kill(self) -> None:
        """End the process, and whatever it started, as a crash of the machine would."""
        if self._process is not None:
            _signal_group(self._process.pid, signal.SIGKILL)
            self._process.wait(30)

    def kill_alone(self) -> None:
        """End the process as a crash would; what it started has to notice by itself."""
        if self._process is not None:
            self._process.kill()
            self._process.wait(30)

    def stop(self) -> int:
        """Ask the process to end (SIGTERM); returns its exit code."""
        assert self._process is not None
        self._process.terminate()
        return self._process.wait(60)

    def tail(self, lines: int = 60) -> str:
        """The end of the log."""
        if not self.log.exists():
            return ""
        return "\n".join(self.log.read_text("utf-8", "replace").splitlines()[-lines:])


class Service(Program):
    """
    The service with a control database of its own in the stack's MongoDB, on a free port.

    `settings` outrank the stack's. `control_url` and `control_database` say where its jobs are.
    """

    def __init__(self, stack: Stack, folder: Path, name: str, workers: int = 1, settings: Mapping[str, str] | None = None) -> None:
        self.port = free_ports(1)[0]
        folder.mkdir(parents=True, exist_ok=True)
        self.settings = {
            **read_env_file(stack.layout),
            **SHORT,
            **FOR_OTHERS,
            "ROWSTREAM_HOME": str(folder),
            "ROWSTREAM_PORT": str(self.port),
            "ROWSTREAM_CONTROL_DATABASE": f"control_{name}",
            **(settings or {}),
        }
        super().__init__(["serve", "--workers", str(workers)], self.settings, folder / f"{name}.log")
        self.control_url = self.settings["ROWSTREAM_CONTROL_URL"]
        self.control_database = self.settings["ROWSTREAM_CONTROL_DATABASE"]

    def start(self) -> None:
        """Start the service and wait until it answers."""
        super().start()
        wait_until(lambda: not self.running or listening(self.port), "the service listens", 60, self.tail)
        assert self.running, f"the service ended by itself:\n{self.tail()}"

    def restart(self) -> None:
        """Start the service again once nobody holds its port any more."""
        wait_until(lambda: not listening(self.port), "the service's port is free")
        self.start()

    @property
    def address(self) -> tuple[str, int]:
        """Where the API listens."""
        return LOOPBACK, self.port

    @property
    def workers(self) -> list[int]:
        """The pids of the worker processes that run now."""
        return self._children("pipeline.worker")

    def kill_worker(self, dice: Random) -> None:
        """Kill one of the workers, once one runs."""
        kill_process(dice.choice(wait_until(lambda: self.workers, "a worker runs", report=self.tail)))

    @property
    def readers(self) -> list[int]:
        """The pids of the reader processes that run now."""
        return self._children("pipeline.reader")

    def _children(self, module: str) -> list[int]:
        running = children(self.pid) if self.running else []
        return [pid for pid in running if module in _command(pid)]


class Worker(Program):
    """`rowstream worker`, with the settings of a service."""

    def __init__(self, service: Service, name: str) -> None:
        super().__init__(["worker"], {**service.settings, "ROWSTREAM_WORKER_ID": name}, service.log.with_name(f"{name}.log"))


def kill_process(pid: int) -> None:
    """End a process as a crash would; one that is gone already is no error."""
    try:
        os.kill(pid, signal.SIGKILL)
    except ProcessLookupError:
        return


def _command(pid: int) -> str:
    try:
        return Path(f"/proc/{pid}/cmdline").read_text("utf-8", "replace")
    except OSError:
        return ""


def _signal_group(leader: int, number: signal.Signals) -> None:
    try:
        os.killpg(leader, number)
    except ProcessLookupError:
        return
