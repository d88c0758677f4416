"""Secrets that the stack makes once and keeps."""

import secrets
from pathlib import Path


def password(path: Path) -> str:
    """The password kept in the file, which is made, random and readable by its owner alone, the first time."""
    if not path.exists():
        scratch = path.with_suffix(".new")
        scratch.unlink(missing_ok=True)
        scratch.touch(mode=0o600)
        scratch.write_text(secrets.token_urlsafe(24))
        scratch.replace(path)
    return path.read_text()
