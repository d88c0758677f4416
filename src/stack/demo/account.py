"""What the demo shows: tables that change on a terminal, plain lines elsewhere."""

import json
import time
from collections.abc import Callable, Iterator, Sequence
from contextlib import contextmanager
from typing import Any

from rich.console import Console
from rich.live import Live
from rich.table import Table
from rich.text import Text

from stack.demo.compare import Comparison
from stack.demo.shell import shown
from stack.demo.tally import Tally
from stack.progress import ConsoleProgress

LINE_SECONDS = 5.0
SHORT = 60


class Account:
    """Tells the demo on a console."""

    def __init__(self, console: Console) -> None:
        self.console = console
        self.progress = ConsoleProgress(console)
        self._snapshot = ""

    def step(self, text: str) -> None:
        """Begin a part."""
        self.console.print()
        self.console.print(text, style="bold", markup=False, highlight=False, soft_wrap=True)

    def say(self, text: str) -> None:
        """Print lines."""
        self.console.print(text, markup=False, highlight=False, soft_wrap=True)

    def snapshot(self, job: dict[str, Any]) -> None:
        """Tell how far the snapshot is, unless it was told before."""
        counts = job.get("statistics", {})
        if "totalTableCount" not in counts:
            return
        tables, left = counts["totalTableCount"], counts["remainingTableCount"]
        line = f"  {tables - left} of {tables} tables read, {counts['totalEventsSeen']} rows in the target"
        if line != self._snapshot:
            self._snapshot = line
            self.say(line)

    def beside(self, title: str, row: dict[str, Any], document: dict[str, Any]) -> None:
        """Show columns of a row next to the fields they became, which come in the same order."""
        table = Table("column", "row in PostgreSQL", "document in MongoDB", title=title, title_justify="left", title_style="")
        for (column, value), (name, found) in zip(row.items(), document.items(), strict=False):
            table.add_row(Text(column), Text(_sql(value)), Text(f"{name}: {_short(shown(found))}"))
        self.console.print(table)

    @contextmanager
    def following(self) -> Iterator[Callable[[Tally], None]]:
        """Show the tallies that are handed over while the context is open."""
        if not self.console.is_terminal:
            yield self._lines()
            return
        with Live(console=self.console, refresh_per_second=8) as live:
            yield lambda tally: live.update(_tally(tally))

    def _lines(self) -> Callable[[Tally], None]:
        told = time.monotonic()

        def update(tally: Tally) -> None:
            nonlocal told
            if time.monotonic() - told >= LINE_SECONDS:
                told = time.monotonic()
                self.say(f"  {tally.made} changes made, {tally.seen} seen; commit to document: {tally.lag}; last: {tally.last}")

        return update

    def comparisons(self, comparisons: Sequence[Comparison]) -> None:
        """Show what came of the comparison."""
        table = Table("table", "rows", "collection", "documents", "verdict")
        for each in comparisons:
            table.add_row(each.table, str(each.rows), each.collection, str(each.documents), "equal" if each.equal else "DIFFERENT")
        self.console.print(table)
        for difference in (difference for each in comparisons for difference in each.differences):
            self.say(f"  {difference}")

    def verdict(self, good: bool, text: str) -> None:
        """Tell whether all is well."""
        self.console.print(text, style="bold green" if good else "bold red", markup=False, highlight=False, soft_wrap=True)


def _tally(tally: Tally) -> Table:
    counts, rows = tally.job.get("cdcStatistics", {}), tally.rows
    table = Table(show_header=False)
    table.add_row("job", f"{tally.job.get('status')}, changes {tally.job.get('cdcStatus')}")
    table.add_row("changes made", f"{tally.made} rows in {tally.transactions} transactions")
    table.add_row("", f"{rows['created']} created, {rows['updated']} updated, {rows['deleted']} deleted, {rows['moved']} with another key")
    table.add_row("totalEventsSeen", f"{tally.seen} ({tally.made - tally.seen} to come)")
    table.add_row("eventsInLastMinute", str(counts.get("eventsInLastMinute", 0)))
    table.add_row("commit to document", tally.lag)
    table.add_row("last transaction", Text(tally.last))
    return table


def _sql(value: Any) -> str:
    return _short(json.dumps(value) if isinstance(value, (dict, list)) else str(value))


def _short(text: str) -> str:
    return text if len(text) <= SHORT else f"{text[:SHORT]}..."
