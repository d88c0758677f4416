"""How many records of a partition could not be applied, by reason: one count for equal failures."""

from collections.abc import Iterable, Mapping
from dataclasses import asdict, dataclass, replace
from datetime import datetime
from typing import Any

from pipeline.change.record import key_text
from pipeline.sink.write import Fail


@dataclass(frozen=True, slots=True)
class FailureCount:
    """
    The failures of one table for one reason.

    How many, when the last was, and what the first said of itself and its record, which stood at `place`.
    """

    table: str
    code: str
    count: int
    last_at: datetime
    message: str
    suggestion: str | None = None
    column: str | None = None
    key: dict[str, str] | None = None
    place: str = ""

    def stored(self) -> dict[str, Any]:
        """The BSON document of it."""
        return asdict(self)

    @classmethod
    def from_stored(cls, document: Mapping[str, Any]) -> "FailureCount":
        """What `stored` made a document of."""
        return cls(**document)


Failures = tuple[FailureCount, ...]


def count_failures(known: Failures, more: Iterable[tuple[str, Fail]], now: datetime) -> Failures:
    """The counts once these failures have come, too, each with the name of its table."""
    counts = {(each.table, each.code): each for each in known}
    for table, failure in more:
        error = failure.error
        before = counts.get((table, error.code))
        if before is not None:
            counts[table, error.code] = replace(before, count=before.count + 1, last_at=now)
        else:
            counts[table, error.code] = FailureCount(
                table=table,
                code=error.code,
                count=1,
                last_at=now,
                message=error.message,
                suggestion=error.suggestion,
                column=error.column,
                key=key_text(failure.record.key) if failure.record else None,
                place=str(failure.position),
            )
    return tuple(counts.values())
