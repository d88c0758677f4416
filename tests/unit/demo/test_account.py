"""What the demo shows where there is no terminal."""

import io
from collections import Counter
from typing import Any

import pytest
from rich.console import Console

from stack.demo.account import Account
from stack.demo.changes import Transaction
from stack.demo.tally import Tally, has_ended


def job(**fields: Any) -> dict[str, Any]:
    return {"status": "RUNNING", "cdcStatus": "RUNNING", "cdcStatistics": {"totalEventsSeen": 3}, **fields}


def account() -> tuple[Account, io.StringIO]:
    output = io.StringIO()
    return Account(Console(file=output, width=100)), output


def test_a_tally_counts_rows_and_transactions() -> None:
    tally = Tally(job=job())
    tally.add(Transaction("order 1 placed, with 2 lines", Counter(created=3)))
    tally.add(Transaction("order 1: a line took another number (its key)", Counter(moved=1)))
    assert (tally.made, tally.transactions, tally.seen) == (4, 2, 3)
    assert tally.lag == "not measured yet"


def test_the_snapshot_is_told_once_a_step() -> None:
    told, output = account()
    counts = {"totalTableCount": 4, "remainingTableCount": 3, "totalEventsSeen": 10}
    told.snapshot(job(statistics={}))
    for _ in range(3):
        told.snapshot(job(statistics=counts))
    told.snapshot(job(statistics=counts | {"remainingTableCount": 0}))
    assert output.getvalue().splitlines() == ["  1 of 4 tables read, 10 rows in the target", "  4 of 4 tables read, 10 rows in the target"]


def test_text_of_rows_is_never_taken_for_markup() -> None:
    told, output = account()
    told.beside("[red]title", {"note": "[bold]loud[/bold]"}, {"note": "[bold]loud[/bold]"})
    assert output.getvalue().count("[bold]loud[/bold]") == 2


@pytest.mark.parametrize(
    ("found", "ended"),
    [
        (job(), False),
        (job(status="CLEANING_UP"), False),
        (job(status="COMPLETED"), True),
        (job(status="CANCELLED"), True),
        (job(status="FAILED", jobUpdates=[{"message": "The source does not answer"}]), False),
        (job(status="FAILED", jobUpdates=[{"message": "The job has ended: FAILED"}]), True),
    ],
)
def test_a_job_has_ended_once_it_is_cleaned_up(found: dict[str, Any], ended: bool) -> None:
    assert has_ended(found) is ended
