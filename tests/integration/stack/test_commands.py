"""
The commands as a user runs them: from nothing to everything and back.

Nothing of the machine is used but the kernel and /bin/sh: the PATH leads to the virtual
environment only, and the home lies where no other user may pass, as root's does.
"""

import json
import signal
import subprocess
import sys
from collections.abc import Callable, Iterator
from pathlib import Path

import pytest

from stack.config import read_config
from stack.layout import Layout
from stack.ports import PortPlan
from stack.process import wait
from stack.stack import Stack


class CommandLine:
    """Runs the stack's commands in an environment of their own."""

    def __init__(self, folder: Path) -> None:
        self.home = folder / ".rowstream"
        ports = {f"ROWSTREAM_{server.upper()}_PORT": str(port) for server, port in PortPlan.free().model_dump().items()}
        empty = folder / "empty"
        empty.mkdir()
        self.environment = {
            "HOME": str(folder),
            "PATH": f"{Path(sys.executable).parent}:{empty}",
            "ROWSTREAM_CACHE": str(read_config().cache),
            "PGSERVICE": "elsewhere",  # of which libpq finds no definition
            **ports,
        }

    def start(self, *arguments: str) -> subprocess.Popen[str]:
        return subprocess.Popen(
            [sys.executable, "-m", "stack", *arguments], env=self.environment, text=True, stdout=subprocess.PIPE, stderr=subprocess.STDOUT
        )

    def run(self, *arguments: str) -> tuple[int, str]:
        with self.start(*arguments) as command:
            output, _ = command.communicate(timeout=500)
        return command.returncode, output


@pytest.fixture
def commands(closed_folder: Path, stack: Stack) -> Iterator[CommandLine]:
    """After `stack`, so that everything is downloaded."""
    commands = CommandLine(closed_folder)
    yield commands
    commands.run("down", "--wipe")


def test_the_stack_comes_up_after_a_crash_is_shown_and_goes_without_a_trace(
    commands: CommandLine, processes_below: Callable[[Path], list[str]]
) -> None:
    with commands.start("up") as crashing:
        assert wait(lambda: any((commands.home / "run").glob("*.pid")) or crashing.poll() is not None, 300)
        crashing.send_signal(signal.SIGKILL)

    code, output = commands.run("up")
    assert code == 0, output
    assert "connect is ready" in output
    assert "jdbc:postgresql://127.0.0.1:" in output

    code, output = commands.run("status", "--json")
    assert code == 0, output
    shown = json.loads(output)
    assert {server["name"] for server in shown["servers"] if server["ready"]} == {"connect", "kafka", "mongodb", "postgresql"}
    assert (Path(shown["sample"]["passwordFile"]).stat().st_mode & 0o077) == 0
    assert commands.home.parent.stat().st_mode & 0o777 == 0o700

    annex = Layout(commands.home).annex.folder
    found = "\n".join(processes_below(commands.home) + processes_below(annex))
    for program in ("kafka.Kafka", "ConnectDistributed", "mongod", "postgres"):
        assert program in found
    packages = str(Path(sys.prefix).resolve())
    assert all(packages in line or str(annex) in line for line in found.splitlines() if "bin/" in line)

    code, output = commands.run("down", "--wipe")
    assert code == 0, output
    assert processes_below(commands.home) + processes_below(annex) == []
    assert not commands.home.exists()
    assert not annex.exists()


def test_what_stands_in_the_way_is_said_without_a_traceback(commands: CommandLine, stack: Stack) -> None:
    commands.environment["ROWSTREAM_POSTGRESQL_PORT"] = str(stack.postgresql.port)
    for name in ("KAFKA_BOOTSTRAP_SERVERS", "CONTROL_URL", "CONNECT_URL"):
        commands.environment[f"ROWSTREAM_{name}"] = "named:1"
    code, output = commands.run("up")
    assert code == 1
    assert f"port {stack.postgresql.port} for postgresql is taken by postgres (pid {stack.postgresql.pid})" in output
    assert "--postgresql-port" in output
    assert "Traceback" not in output


def test_status_of_a_home_without_a_stack_says_stopped(commands: CommandLine) -> None:
    code, output = commands.run("status")
    assert code == 1
    assert output.count("stopped") == 4
    assert not commands.home.exists()


def test_down_of_a_home_without_a_stack_does_nothing(commands: CommandLine) -> None:
    assert commands.run("down", "--wipe")[0] == 0
    assert not commands.home.exists()


@pytest.mark.parametrize("command", ["up", "down", "status", "demo"])
def test_a_setting_that_cannot_be_read_is_said_without_a_traceback(commands: CommandLine, command: str) -> None:
    commands.environment["ROWSTREAM_PORT"] = "many"
    module = "api.cli" if command == "demo" else "stack"
    done = subprocess.run([sys.executable, "-m", module, command], env=commands.environment, text=True, capture_output=True, check=False)
    assert done.returncode == 1
    assert "ROWSTREAM_PORT" in done.stdout + done.stderr
    assert "Traceback" not in done.stdout + done.stderr
