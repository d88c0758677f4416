"""What a run is asked to do."""

from collections.abc import Collection
from dataclasses import asdict, dataclass
from typing import Any

ROWS = 1_000_000
CHANGES = 450_000
MANY_TABLES = 50
WIDE_ROWS = 50_000
LARGE_ROWS = 10_000
GROWTH = 5
EVERYONE = ("rowstream", "mongo-kafka", "debezium")


@dataclass(frozen=True, slots=True)
class Options:
    """
    The parts to run, and how large.

    `scale` multiplies every number of rows, changes and seconds. `workers` are the numbers of
    rowstream's workers that are tried; `contestants` names those to measure (prefixes).
    """

    parts: tuple[str, ...]
    scale: float = 1.0
    repeat: int = 3
    tables: int = 2
    workers: tuple[int, ...] = (1, 2)
    contestants: tuple[str, ...] = EVERYONE

    def told(self) -> dict[str, Any]:
        """The options, for the results."""
        return asdict(self)

    def whole(self, every: Collection[str]) -> bool:
        """Whether all of these parts are run at full size, with everyone."""
        return set(self.parts) == set(every) and self.scale == 1.0 and self.contestants == EVERYONE

    def wants(self, contestant: str) -> bool:
        """Whether a contestant of this name is to be measured."""
        return contestant.startswith(self.contestants)

    def scaled(self, count: float) -> int:
        """A number of this run's size."""
        return max(round(count * self.scale), 1)
