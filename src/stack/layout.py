"""Where the stack keeps things: a home, and beside it an annex where a home is closed to other users."""

import hashlib
import os
import shutil
import stat
from dataclasses import dataclass
from pathlib import Path

from stack.account import service_account
from stack.errors import StackError

ANNEXES = Path("/var/lib/rowstream")


@dataclass(frozen=True, slots=True)
class Layout:
    """The folders below a home. Whatever holds a secret is open to its owner alone."""

    home: Path

    @property
    def env_file(self) -> Path:
        """What `pipeline.settings.read_settings` reads."""
        return self.home / "rowstream.env"

    @property
    def remembered(self) -> Path:
        """What the home was started with last."""
        return self.home / "stack.json"

    @property
    def lock(self) -> Path:
        """Held while servers are started or stopped."""
        return self.home / "stack.lock"

    @property
    def connect_secrets(self) -> Path:
        """Passwords that the service leaves for Kafka Connect."""
        return self.home / "connect-secrets"

    def password(self, name: str) -> Path:
        """The file that holds one password."""
        return self.home / "passwords" / name

    def run(self, file_name: str) -> Path:
        """A file that is written anew at each start: pids, configuration."""
        return self.home / "run" / file_name

    def log(self, name: str) -> Path:
        """A server's log."""
        return self.home / "logs" / f"{name}.log"

    @property
    def data(self) -> Path:
        """The data of the servers that run as our own user."""
        return self.home / "data"

    @property
    def annex(self) -> Path:
        """Root's place outside the home for what an unprivileged server must reach, one for each home."""
        return ANNEXES / hashlib.sha256(bytes(self.home)).hexdigest()[:16]

    @property
    def service_data(self) -> Path:
        """The data of the servers that run as the service account: the annex when it cannot reach the home."""
        return self.data if service_account() is None or reachable(self.home) else self.annex / "data"

    def make(self) -> None:
        """Make the folders that are missing. A home that exists keeps its mode."""
        for folder in (self.home, self.data, self.home / "logs", self.home / "run"):
            folder.mkdir(parents=True, exist_ok=True)
        for folder in (self.connect_secrets, self.home / "passwords"):
            folder.mkdir(mode=0o700, exist_ok=True)
        if self.service_data != self.data:
            self._make_annex()

    def _make_annex(self) -> None:
        self.service_data.mkdir(parents=True, exist_ok=True)
        if not reachable(self.service_data):
            raise StackError(f"{ANNEXES} cannot be reached by other users", suggestion=f"run `chmod a+x {ANNEXES}`, or do not be root")
        (self.annex / "home").write_text(f"{self.home}\n")

    def wipe(self) -> None:
        """Remove the home's content and its annex: data, logs, passwords and keys."""
        shutil.rmtree(self.annex, ignore_errors=True)
        for entry in (self.data, self.home / "logs", self.home / "run", self.connect_secrets, self.home / "passwords"):
            shutil.rmtree(entry, ignore_errors=True)
        for file in (self.env_file, self.remembered, self.lock):
            file.unlink(missing_ok=True)
        for folder in (self.home, ANNEXES):
            if folder.exists() and not any(folder.iterdir()):
                folder.rmdir()


def reachable(path: Path) -> bool:
    """Whether every user may read the file or enter the folder, and pass all folders above it."""
    resolved = path.resolve()
    if not all(_open_to_others(folder, os.X_OK) for folder in resolved.parents):
        return False
    return _open_to_others(resolved, os.X_OK if resolved.is_dir() else os.R_OK)


def _open_to_others(path: Path, access: int) -> bool:
    needed = {os.X_OK: stat.S_IXOTH, os.R_OK: stat.S_IROTH}[access]
    return bool(path.stat().st_mode & needed)
