"""Processes that outlive the program that started them, known by pid and the kernel's start time."""

import contextlib
import os
import signal
import subprocess
import time
from collections.abc import Callable, Sequence
from pathlib import Path

from stack.account import Account
from stack.errors import StackError

POLL_SECONDS = 0.05
_started: dict[int, subprocess.Popen[bytes]] = {}  # our own children: kept so that they can be reaped when they end


def born(pid: int) -> str | None:
    """When the kernel started the process, to tell it from a later one of the same pid; None when there is none."""
    child = _started.get(pid)
    if child is not None and child.poll() is not None:
        return None
    if Path("/proc/self/stat").exists():
        return _born_linux(pid)
    answer = subprocess.run(["/bin/ps", "-o", "lstart=", "-p", str(pid)], capture_output=True, text=True, check=False)  # noqa: S603 - a fixed program and a number
    return answer.stdout.strip() or None


def _born_linux(pid: int) -> str | None:
    try:
        state, *fields = Path(f"/proc/{pid}/stat").read_text().rpartition(")")[2].split()
        threads = os.listdir(f"/proc/{pid}/task")
    except OSError:
        return None
    ended = state == "Z" and len(threads) <= 1  # while other threads are ending, files and ports are still held
    return None if ended else fields[18]


def resident_bytes(pid: int) -> int | None:
    """The memory that the process and its children hold, shared pages counted once where the kernel tells; None when unknown."""
    sizes = [_proportional_bytes(each) for each in (pid, *children(pid))]
    known = [size for size in sizes if size is not None]
    return sum(known) if known else None


def _proportional_bytes(pid: int) -> int | None:
    try:
        lines = Path(f"/proc/{pid}/smaps_rollup").read_text().splitlines()
    except OSError:
        return None
    return next((int(line.split()[1]) * 1024 for line in lines if line.startswith("Pss:")), None)


def children(pid: int) -> list[int]:
    """The pids of the process's children, or none where the kernel does not tell."""
    try:
        return [int(child) for child in Path(f"/proc/{pid}/task/{pid}/children").read_text().split()]
    except OSError:
        return []


def spawn(command: Sequence[str | Path], log: Path, environment: dict[str, str], record: Path, account: Account | None = None) -> int:
    """
    Start a process in a session of its own, its output appended to `log`; returns its pid.

    The pid is recorded before the program begins: should we die first, the shell that
    waits for our word reads the end of its input and ends, so no server is ever lost.
    """
    who = {} if account is None else account.popen_arguments()
    with log.open("ab") as output:
        child = subprocess.Popen(  # noqa: S603 - the stack's own servers
            ["/bin/sh", "-c", 'read -r go && exec "$@"', "sh", *(str(part) for part in command)],
            stdin=subprocess.PIPE,
            stdout=output,
            stderr=output,
            start_new_session=True,
            cwd="/",
            env=environment,
            **who,
        )
    _started[child.pid] = child
    write_pid(record, child.pid)
    if child.stdin is not None:
        with contextlib.suppress(BrokenPipeError), child.stdin as gate:
            gate.write(b"go\n")
    return child.pid


def exit_code(pid: int) -> int:
    """Wait until a process that this program started has ended; returns its exit code."""
    return _started[pid].wait()


def write_pid(path: Path, pid: int) -> None:
    """Record the process, so that any later program can find it."""
    scratch = path.with_suffix(".new")
    scratch.write_text(f"{pid} {born(pid)}")
    scratch.replace(path)


def read_pid(path: Path) -> int | None:
    """The pid of the recorded process while it runs, else None."""
    try:
        text = path.read_text()
    except FileNotFoundError:
        return None
    pid, _, moment = text.partition(" ")
    return int(pid) if pid.isdigit() and moment and born(int(pid)) == moment else None


def end(pid: int, first: signal.Signals, patience: float) -> None:
    """End the process and its children: `first`, then SIGKILL when `patience` seconds have passed."""
    family = {each: born(each) for each in (pid, *children(pid))}

    def gone() -> bool:
        return not any(moment is not None and born(each) == moment for each, moment in family.items())

    _signal(pid, first)
    if not wait(gone, patience):
        for each, moment in family.items():
            if moment is not None and born(each) == moment:
                _signal(each, signal.SIGKILL)
        if not wait(gone, 10):
            raise StackError(f"process {pid} does not end, even when killed")


def _signal(pid: int, which: signal.Signals) -> None:
    try:
        os.kill(pid, which)
    except ProcessLookupError:
        return


def wait(condition: Callable[[], bool], patience: float) -> bool:
    """Whether the condition became true within `patience` seconds."""
    deadline = time.monotonic() + patience
    while not condition():
        if time.monotonic() > deadline:
            return False
        time.sleep(POLL_SECONDS)
    return True
