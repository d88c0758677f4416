"""What the tests of the stack share."""

import os
import tempfile
from collections.abc import Callable, Iterator
from pathlib import Path

import pytest

from stack.layout import Layout


@pytest.fixture
def layout() -> Iterator[Layout]:
    """A home of its own that the servers' account reaches, wiped at the end."""
    with tempfile.TemporaryDirectory(prefix="rowstream-", dir="/tmp") as folder:
        Path(folder).chmod(0o711)
        layout = Layout(Path(folder) / "home")
        layout.make()
        yield layout
        if layout.home.exists():
            layout.wipe()


@pytest.fixture
def closed_folder() -> Iterator[Path]:
    """A folder that no other user may pass, as /root is."""
    with tempfile.TemporaryDirectory(prefix="rowstream-closed-", dir="/tmp") as folder:
        Path(folder).chmod(0o700)
        yield Path(folder)


@pytest.fixture
def processes_below() -> Callable[[Path], list[str]]:
    """Lists the processes whose command line names a folder."""
    if not Path("/proc/self/cmdline").exists():
        pytest.skip("NOT TESTED: this system does not list command lines in /proc")

    def list_them(folder: Path) -> list[str]:
        found = []
        for process in Path("/proc").glob("[0-9]*"):
            try:
                command = (process / "cmdline").read_bytes().replace(b"\0", b" ").decode(errors="replace")
            except OSError:
                continue
            if str(folder) in command and process.name != str(os.getpid()):
                found.append(f"{process.name} {command}")
        return found

    return list_them
