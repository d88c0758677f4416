"""Medians of each contestant, and rowstream's ratio to each peer."""

from collections.abc import Callable
from dataclasses import dataclass
from statistics import median

from bench.results import PartResults
from bench.statistics import spread

OURS = "rowstream"


@dataclass(frozen=True, slots=True)
class Figure:
    """
    One figure of one contestant in one part: the median of `samples`, and their spread.

    `ratio` is how many times better the best of rowstream's numbers of workers is; None for rowstream itself.
    """

    contestant: str
    median: float
    spread: float
    samples: int
    ratio: float | None


def compare(part: PartResults, figure: str, *, more_is_better: bool) -> list[Figure]:
    """The figure of everyone who has it, in the order of measuring."""
    values = {name: found for name in part.contestants() if (found := part.values(name, figure))}
    ours = [median(found) for name, found in values.items() if name.startswith(OURS)]
    best: Callable[[list[float]], float] = max if more_is_better else min
    reached = best(ours) if ours else None

    def ratio(name: str, theirs: float) -> float | None:
        if reached is None or name.startswith(OURS) or not theirs or not reached:
            return None
        return reached / theirs if more_is_better else theirs / reached

    return [Figure(name, median(found), spread(found), len(found), ratio(name, median(found))) for name, found in values.items()]
