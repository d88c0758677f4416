"""What a user sees while the benchmarks run."""

from collections.abc import Iterator
from contextlib import contextmanager

from rich.console import Console
from rich.status import Status

from stack.progress import ConsoleProgress


class Account:
    """Lines that stay, and on a terminal one below them that tells of the work in hand."""

    def __init__(self, console: Console) -> None:
        self.console = console
        self.progress = ConsoleProgress(console)
        self._status: Status | None = None

    def step(self, text: str) -> None:
        """Begin a part."""
        self.console.print()
        self.console.print(text, style="bold", markup=False, highlight=False)

    def say(self, text: str) -> None:
        """Print one line."""
        self.console.print(f"  {text}", markup=False, highlight=False, soft_wrap=True)

    def tell(self, text: str) -> None:
        """Show the work in hand."""
        if self._status is not None:
            self._status.update(text)

    @contextmanager
    def working(self) -> Iterator[None]:
        """Show a line that `tell` changes, on a terminal."""
        if not self.console.is_terminal:
            yield
            return
        with self.console.status("") as status:
            self._status = status
            yield
        self._status = None
