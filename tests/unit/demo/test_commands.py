"""What the demo says when it has ended."""

import io
from pathlib import Path

import pytest
from rich.console import Console

from stack.demo.account import Account
from stack.demo.commands import _say_what_next


@pytest.mark.parametrize("home", [Path("/srv/rows"), Path("/srv/{rows} of åsa")])
def test_every_command_shown_acts_on_the_demo_s_home(home: Path) -> None:
    output = io.StringIO()
    _say_what_next(Account(Console(file=output, width=40)), home)
    commands = output.getvalue().split("Where to look next\n")[1].splitlines()
    assert len(commands) == 5
    for command in commands:
        assert "--home /srv/" in command or "--home '/srv/" in command or ("ROWSTREAM_HOME=" in command and " serve " in command)
    assert commands[-1].endswith(f"removes the data in {home}")
