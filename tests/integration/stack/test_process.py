"""Servers are found again by pid and start time, and none is lost or mistaken."""

import os
import signal
import subprocess
import sys
from collections.abc import Callable, Iterator
from pathlib import Path

import pytest

from stack import process

ENVIRONMENT = {"PATH": os.defpath}


@pytest.fixture
def sleeper(tmp_path: Path) -> Iterator[int]:
    pid = process.spawn(["sleep", "600"], tmp_path / "log", ENVIRONMENT, tmp_path / "pid")
    yield pid
    process.end(pid, signal.SIGKILL, 10)


def test_a_process_is_found_by_what_was_recorded(sleeper: int, tmp_path: Path) -> None:
    assert process.read_pid(tmp_path / "pid") == sleeper
    os.kill(sleeper, signal.SIGKILL)
    assert process.wait(lambda: process.read_pid(tmp_path / "pid") is None, 10)


def test_another_process_of_the_same_pid_is_not_mistaken_for_it(sleeper: int, tmp_path: Path) -> None:
    record = tmp_path / "pid"
    record.write_text(record.read_text() + "0")
    assert process.read_pid(record) is None


@pytest.mark.parametrize("content", ["", "12", "nonsense 1", "999999999 1"])
def test_a_record_that_a_crash_cut_short_names_no_process(tmp_path: Path, content: str) -> None:
    (tmp_path / "pid").write_text(content)
    assert process.read_pid(tmp_path / "pid") is None


def test_a_process_that_does_not_want_to_end_is_killed_with_its_children(tmp_path: Path) -> None:
    script = "trap '' TERM; sleep 600 & echo started; wait; sleep 600"
    pid = process.spawn(["/bin/sh", "-c", script], tmp_path / "log", ENVIRONMENT, tmp_path / "pid")
    assert process.wait(lambda: "started" in (tmp_path / "log").read_text(), 10)
    family = [pid, *process.children(pid)]
    process.end(pid, signal.SIGTERM, 0.2)
    assert [process.born(each) for each in family] == [None] * len(family)


def test_no_server_begins_when_its_starter_dies_before_the_pid_is_on_record(
    tmp_path: Path, processes_below: Callable[[Path], list[str]]
) -> None:
    dies = f"""
import os, signal
from pathlib import Path
from stack import process
process.write_pid = lambda *_: os.kill(os.getpid(), signal.SIGKILL)
home = Path({str(tmp_path)!r})
process.spawn(["/bin/sh", "-c", "echo begun; sleep 600", str(home)], home / "log", {ENVIRONMENT!r}, home / "pid")
"""
    done = subprocess.run([sys.executable, "-c", dies], check=False)
    assert done.returncode == -signal.SIGKILL
    assert process.wait(lambda: not processes_below(tmp_path), 10)
    assert (tmp_path / "log").read_text() == ""
