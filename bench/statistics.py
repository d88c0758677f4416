"""Medians, spreads and ratios of a few samples."""

import math
from collections.abc import Sequence
from statistics import median


def spread(samples: Sequence[float]) -> float:
    """The distance of the extremes, as a share of the median; 0 for one sample."""
    middle = median(samples)
    return (max(samples) - min(samples)) / middle if middle else 0.0


def percentile(samples: Sequence[float], share: float) -> float:
    """
    The smallest sample that at least `share` (0 to 1) of all samples do not exceed (nearest rank).

    Raises:
        ValueError: There are no samples.
    """
    if not samples:
        raise ValueError("no samples have no percentile")
    return sorted(samples)[max(math.ceil(share * len(samples)) - 1, 0)]
