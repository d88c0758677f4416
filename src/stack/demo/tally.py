"""What has been changed at the source so far, and what has become of it."""

from collections import Counter
from dataclasses import dataclass, field
from typing import Any

from stack.demo.changes import Transaction
from stack.demo.lag import LagMeter

COMPLETED, CANCELLED, FAILED = "COMPLETED", "CANCELLED", "FAILED"


@dataclass
class Tally:
    """The changes made, counted here, beside the job as the service shows it."""

    rows: Counter[str] = field(default_factory=Counter)
    transactions: int = 0
    last: str = ""
    job: dict[str, Any] = field(default_factory=dict)
    meter: LagMeter | None = None

    def add(self, transaction: Transaction) -> None:
        """Count a committed transaction."""
        self.rows += transaction.rows
        self.transactions += 1
        self.last = transaction.what

    @property
    def made(self) -> int:
        """Rows changed: as many events must be seen."""
        return self.rows.total()

    @property
    def seen(self) -> int:
        """The job's count of change events."""
        count: int = self.job.get("cdcStatistics", {}).get("totalEventsSeen", 0)
        return count

    @property
    def lag(self) -> str:
        """Median and longest time from commit to document."""
        if self.meter is None or not self.meter.measured:
            return "not measured yet"
        worst = max(self.meter.measured)
        return f"median {_seconds(self.meter.median or 0)}, longest {_seconds(worst)} of {len(self.meter.measured)} looked at"


def _seconds(seconds: float) -> str:
    return f"{seconds * 1000:.0f} ms" if seconds < 1 else f"{seconds:.1f} s"


def has_ended(job: dict[str, Any]) -> bool:
    """Whether the job has ended and has been cleaned up."""
    if job["status"] == FAILED:
        return any(update["message"].startswith("The job has ended") for update in job.get("jobUpdates", []))
    return job["status"] in (COMPLETED, CANCELLED)
