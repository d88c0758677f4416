"""What a user sees while the stack is set up."""

from collections.abc import Callable, Iterator
from contextlib import AbstractContextManager, contextmanager
from typing import Protocol

from rich.console import Console
from rich.progress import BarColumn, DownloadColumn, TextColumn, TimeRemainingColumn, TransferSpeedColumn
from rich.progress import Progress as Bars

Advance = Callable[[int, int], None]
"""Told of bytes that came (or, negative, that are thrown away) and of files that are whole."""


class Progress(Protocol):
    """Told what happens."""

    def say(self, text: str) -> None:
        """Tell one step."""
        ...

    def downloading(self, files: int, size: int) -> AbstractContextManager[Advance]:
        """Tell that files of `size` bytes together are downloaded while the context is open."""
        ...


class ConsoleProgress:
    """Bars on a terminal, plain lines elsewhere."""

    def __init__(self, console: Console) -> None:
        self.console = console

    def say(self, text: str) -> None:
        """Print one line."""
        self.console.print(text, markup=False, highlight=False, soft_wrap=True)

    @contextmanager
    def downloading(self, files: int, size: int) -> Iterator[Advance]:
        """Draw a bar, or print a line for each tenth."""
        with self._bar(files, size) if self.console.is_terminal else self._lines(files, size) as advance:
            yield advance

    @contextmanager
    def _bar(self, files: int, size: int) -> Iterator[Advance]:
        columns = (TextColumn("{task.description}"), BarColumn(), DownloadColumn(), TransferSpeedColumn(), TimeRemainingColumn())
        with Bars(*columns, console=self.console) as bars:
            task = bars.add_task(f"Downloading 0/{files} files", total=size)
            whole = 0

            def advance(size: int, done: int) -> None:
                nonlocal whole
                whole += done
                bars.update(task, advance=size, description=f"Downloading {whole}/{files} files")

            yield advance

    @contextmanager
    def _lines(self, files: int, size: int) -> Iterator[Advance]:
        self.say(f"Downloading {files} files, {_megabytes(size)}")
        came = whole = told = 0

        def advance(size_came: int, done: int) -> None:
            nonlocal came, whole, told
            came, whole = came + size_came, whole + done
            if size and came * 10 // size > told:
                told = came * 10 // size
                self.say(f"Downloaded {_megabytes(came)} of {_megabytes(size)}, {whole} of {files} files")

        yield advance


def _megabytes(size: int) -> str:
    return f"{size / 1e6:.1f} MB"


class Silence:
    """Says nothing."""

    def say(self, text: str) -> None:
        """Say nothing."""

    @contextmanager
    def downloading(self, files: int, size: int) -> Iterator[Advance]:
        """Draw nothing."""
        yield lambda size, done: None
