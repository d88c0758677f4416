"""Secrets that the stack makes once and keeps."""

import secrets
from pathlib import Path

from stack.errors import StackError
from stack.typed import typed


def password(path: Path) -> str:
    """The password kept in the file, which is made, random and readable by its owner alone, the first time."""
    if not path.exists():
        scratch = path.with_suffix(".new")
        scratch.unlink(missing_ok=True)
        scratch.touch(mode=0o600)
        scratch.write_text(secrets.token_urlsafe(24))
        scratch.replace(path)
    return path.read_text()


def check_password_kept(server: str, data: Path, file: Path, home: Path) -> None:
    """
    Check that the password of the data that a server has is still there.

    Raises:
        StackError: It is lost, and with it the way into the data.
    """
    if file.exists():
        return
    wipe, up = (typed(command, home) for command in ("down --wipe", "up"))
    raise StackError(
        f"{server} has data in {data}, but {file} with its password is gone",
        suggestion=f"run `{wipe}`, which removes the data, then `{up}`",
    )
