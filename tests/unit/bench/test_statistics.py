"""The figures that the benchmarks make of their samples."""

import pytest

from bench.statistics import percentile, spread


def test_the_spread_is_the_distance_of_the_extremes_in_medians() -> None:
    assert spread([90.0, 100.0, 120.0]) == pytest.approx(0.3)
    assert spread([5.0]) == 0.0


def test_a_percentile_is_a_sample_that_was_measured() -> None:
    samples = [float(number) for number in range(1, 101)]
    assert (percentile(samples, 0.5), percentile(samples, 0.99), percentile(samples, 1.0)) == (50.0, 99.0, 100.0)
    assert percentile([7.0], 0.99) == 7.0


def test_no_samples_have_no_percentile() -> None:
    with pytest.raises(ValueError, match="no samples"):
        percentile([], 0.5)
