"""Where the stack keeps things."""

import shutil
import tempfile
from dataclasses import dataclass
from pathlib import Path

from stack.annex import Annex


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
        """The servers' data, each in a folder of its name."""
        return self.home / "data"

    @property
    def annex(self) -> Annex:
        """Where root keeps what an unprivileged server must reach, when the home is closed."""
        return Annex(self.home)

    def make(self) -> None:
        """Make the folders that are missing; what exists keeps its mode. Other users may pass to what is theirs, and list nothing."""
        for folder in (self.home, self.data):
            _make(folder, 0o711)
        for folder in (self.home / "logs", self.home / "run", self.connect_secrets, self.home / "passwords"):
            _make(folder, 0o700)

    def wipe(self) -> None:
        """Remove the home's content and its annex: data, logs, passwords and keys."""
        self.annex.remove()
        for entry in (self.data, self.home / "logs", self.home / "run", self.connect_secrets, self.home / "passwords"):
            shutil.rmtree(entry, ignore_errors=True)
        for file in (self.env_file, self.remembered, self.lock):
            file.unlink(missing_ok=True)
        if not any(self.home.iterdir()):
            self.home.rmdir()


def scratch_folder(wanted: Path) -> Path:
    """
    An empty folder beside `wanted`, to be renamed to it once its content is whole.

    So a crash half way leaves nothing that looks finished. What earlier crashes left is removed.
    """
    for left in wanted.parent.glob(f"{wanted.name}.new-*"):
        shutil.rmtree(left) if left.is_dir() else left.unlink()
    return Path(tempfile.mkdtemp(prefix=f"{wanted.name}.new-", dir=wanted.parent))


def _make(folder: Path, mode: int) -> None:
    if not folder.exists():
        folder.mkdir(parents=True)
        folder.chmod(mode)
