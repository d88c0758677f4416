"""Commands as they are typed."""

import os
import shlex
from pathlib import Path


def typed(command: str, home: Path, *, program: str = "rowstream") -> str:
    """
    The command as a shell takes it to act on the home, which is named unless it is the one that is meant without a name.

    `rowstream serve` is told its home by the environment alone.
    """
    usual = "ROWSTREAM_HOME" not in os.environ and home == (Path.home() / ".rowstream").resolve()
    if usual:
        return f"{program} {command}"
    name = shlex.quote(str(home))
    return f"ROWSTREAM_HOME={name} {program} {command}" if command == "serve" else f"{program} {command} --home {name}"
