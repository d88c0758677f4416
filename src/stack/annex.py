"""
A place outside a home that is closed to other users.

Started by root, PostgreSQL and MongoDB run as another user, who cannot pass a folder like
/root. What they must reach is then kept below /var/lib/rowstream, one folder for each home;
the folders of the user keep their modes.
"""

import hashlib
import os
import shutil
import stat
from pathlib import Path

from stack.account import Account
from stack.errors import StackError
from stack.programs import Program

ANNEXES = Path("/var/lib/rowstream")


class Annex:
    """The place that belongs to one home; it is made when something is put there."""

    def __init__(self, home: Path) -> None:
        self.home = home
        self.folder = ANNEXES / hashlib.sha256(bytes(home)).hexdigest()[:16]

    def data(self, within: Path, account: Account | None) -> Path:
        """`within`, a folder of the home, when the account reaches it; else a folder here."""
        if account is None or reachable(within):
            return within
        return self._make("data")

    def program(self, program: Program, account: Account | None) -> Program:
        """
        The program when the account reaches it, else a copy of it here.

        Raises:
            StackError: It cannot be copied, because nobody says what belongs to it.
        """
        if account is None or reachable(program.path):
            return program
        if not program.parts:
            raise StackError(
                f"{program.path} cannot be reached by the user that the server runs as (root must not be it)",
                suggestion="choose a program outside closed folders, or do not be root",
            )
        root = Path(os.path.commonpath([part.parent for part in program.parts]))
        copy = self._make("programs") / f"{program.path.name}-{_version(program.path)}"
        if not copy.exists():
            _copy(program, root, copy)
        return Program(copy / program.path.relative_to(root), tuple(copy / part.relative_to(root) for part in program.parts))

    def remove(self) -> None:
        """Remove whatever was put here."""
        shutil.rmtree(self.folder, ignore_errors=True)
        if ANNEXES.exists() and not any(ANNEXES.iterdir()):
            ANNEXES.rmdir()

    def _make(self, name: str) -> Path:
        for folder in (ANNEXES, self.folder, self.folder / name):
            if not folder.exists():
                folder.mkdir(parents=True)
                folder.chmod(0o755)
        (self.folder / "home").write_text(f"{self.home}\n")
        if not reachable(self.folder / name):
            raise StackError(f"{ANNEXES} cannot be reached by other users", suggestion=f"run `chmod a+x {ANNEXES}`, or do not be root")
        return self.folder / name


def reachable(path: Path) -> bool:
    """Whether every user may read the file or enter the folder, and pass all folders above it."""
    resolved = path.resolve()
    needed = stat.S_IXOTH if resolved.is_dir() else stat.S_IROTH
    return bool(resolved.stat().st_mode & needed) and all(above.stat().st_mode & stat.S_IXOTH for above in resolved.parents)


def _version(path: Path) -> str:
    content = path.stat()
    return hashlib.sha256(f"{path} {content.st_mtime_ns} {content.st_size}".encode()).hexdigest()[:8]


def _copy(program: Program, root: Path, copy: Path) -> None:
    scratch = copy.with_suffix(".new")
    shutil.rmtree(scratch, ignore_errors=True)
    scratch.mkdir()
    for part in program.parts:
        target = scratch / part.relative_to(root)
        target.parent.mkdir(parents=True, exist_ok=True)
        if part.is_dir():
            shutil.copytree(part, target, symlinks=True, ignore=shutil.ignore_patterns("*.a", "include"))
        else:
            shutil.copy2(part, target)
    for path in (scratch, *scratch.rglob("*")):
        if not path.is_symlink():
            mode = path.stat().st_mode
            path.chmod(mode | 0o055 if mode & stat.S_IXUSR else mode | 0o044)
    scratch.replace(copy)
