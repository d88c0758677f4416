"""How much disk a run needs, worked out before it begins."""

import shutil
from dataclasses import dataclass
from pathlib import Path

from bench.options import CHANGES, GROWTH, LARGE_ROWS, ROWS, WIDE_ROWS, Options
from stack.errors import StackError

GB = 1_000_000_000
SERVERS_BYTES = 7 * GB
"""PostgreSQL's log (4 GB), MongoDB's oplog and journal, Kafka's own topics, and what the servers are made of."""


@dataclass(frozen=True, slots=True)
class Cost:
    """Bytes on disk an event: in PostgreSQL's table, in Kafka (compressed), in MongoDB."""

    row: int
    record: int
    document: int

    @property
    def total(self) -> int:
        """All of them."""
        return self.row + self.record + self.document


MIXED = Cost(row=420, record=1_000, document=400)
WIDE = Cost(row=4_500, record=9_000, document=5_000)
LARGE = Cost(row=106_000, record=110_000, document=104_000)


def needed_bytes(options: Options) -> int:
    """What the largest of the parts needs, since they follow one another and clean up, and the servers."""
    return round(max((PARTS[part] * options.scale for part in options.parts if part in PARTS), default=0)) + SERVERS_BYTES


def check_disk(options: Options, home: Path) -> tuple[int, int]:
    """
    Return the bytes that are needed and that are free.

    Raises:
        StackError: There is not enough room.
    """
    existing = next(path for path in (home, *home.parents) if path.exists())
    needed, free = needed_bytes(options), shutil.disk_usage(existing).free
    if free < needed:
        raise StackError(
            f"the benchmarks need {needed / GB:.1f} GB in {home}, where {free / GB:.1f} GB are free",
            suggestion="make room, name another folder with --home, or run less: --scale 0.1, --parts a,b",
        )
    return needed, free


PARTS = {
    "a": ROWS * MIXED.total,
    "b": CHANGES * MIXED.total,
    "c": ROWS // 2 * MIXED.total,
    "e": ROWS * MIXED.total,
    "f": max(WIDE_ROWS * WIDE.total, LARGE_ROWS * LARGE.total),
    "h": GROWTH * ROWS * MIXED.total,
    "i": ROWS * MIXED.total,
}
"""The bytes of each part that moves much, at full scale."""
