"""Percentiles from counts: as exact as the bins, and counts above a threshold as exact as the values."""

import numpy as np
import pytest

from upperback.core.errors import InputError
from upperback.sensing.histogram import (
    DURATION_BINS,
    FLEXION_BINS,
    INCLINATION_BINS,
    LATERAL_BINS,
    VELOCITY_BINS,
    Bins,
    Histogram,
)

THRESHOLDS_DEG = (20.0, 30.0, 45.0, 60.0, 90.0)


def test_percentiles_are_within_one_bin() -> None:
    values = np.random.default_rng(1).gamma(2.0, 12.0, 100_000).clip(0, 180)
    histogram = Histogram.of(INCLINATION_BINS, values)
    for percent in (10, 50, 90, 95, 99):
        exact = np.percentile(values, percent, method="inverted_cdf")
        assert histogram.percentile(percent) == pytest.approx(exact, abs=INCLINATION_BINS.width)


@pytest.mark.parametrize("threshold", THRESHOLDS_DEG)
@pytest.mark.parametrize("bins", [INCLINATION_BINS, FLEXION_BINS])
def test_counts_above_a_threshold_are_exact_to_the_last_bit(bins: Bins, threshold: float) -> None:
    at = np.float32(threshold)
    below = np.nextafter(at, np.float32(0))
    values = np.array([below, below, below, at, np.nextafter(at, np.float32(180))], np.float32)
    assert Histogram.of(bins, values).at_least(threshold) == 2


def test_a_threshold_between_edges_is_refused() -> None:
    with pytest.raises(InputError, match="no edge"):
        Histogram.empty(INCLINATION_BINS).at_least(20.05)
    with pytest.raises(InputError, match="no edge"):
        Histogram.empty(INCLINATION_BINS).at_least(200.0)


def test_nothing_counted_is_no_number() -> None:
    empty = Histogram.empty(VELOCITY_BINS)
    assert np.isnan(empty.percentiles((10, 50, 90))).all()
    assert np.isnan(empty.share_at_least(20.0))
    assert empty.total == 0


def test_what_is_not_finite_is_not_counted() -> None:
    values = np.array([np.nan, np.inf, -np.inf, 3.0], np.float32)
    assert Histogram.of(FLEXION_BINS, values).total == 1


def test_the_last_bin_takes_what_is_beyond() -> None:
    histogram = Histogram.of(VELOCITY_BINS, np.array([1e9, 1e30, 511.8], np.float32))
    assert histogram.percentile(50) == 511.75
    assert histogram.at_least(500.0) == 3
    assert Histogram.of(INCLINATION_BINS, np.array([180.0, 0.0])).counts[[0, -1]].tolist() == [1, 1]


def test_negative_angles_fall_into_their_own_bin() -> None:
    histogram = Histogram.of(LATERAL_BINS, np.array([-0.05, 0.05, -89.95]))
    assert np.flatnonzero(histogram.counts).tolist() == [0, 899, 900]


def test_inside_a_bin_values_are_spread() -> None:
    histogram = Histogram.of(DURATION_BINS, np.full(10, 4.0))
    assert histogram.percentile(0) == pytest.approx(4.0)
    assert histogram.percentile(50) == 4.5
    assert histogram.percentile(100) == 5.0


def test_only_equal_bins_add_up() -> None:
    with pytest.raises(InputError, match="different bins"):
        Histogram.empty(FLEXION_BINS).merge(Histogram.empty(LATERAL_BINS))
    with pytest.raises(InputError, match="needs as many"):
        Histogram(bins=FLEXION_BINS, counts=np.zeros(5, np.int64))
    with pytest.raises(InputError, match="percentile"):
        Histogram.empty(FLEXION_BINS).percentile(101)


def test_two_rates_add_up_by_time() -> None:
    slow = Histogram.of(INCLINATION_BINS, np.full(50, 10.0))  # one second at 50 Hz
    fast = Histogram.of(INCLINATION_BINS, np.full(100, 40.0))  # one second at 100 Hz
    assert slow.scaled(2).merge(fast).share_at_least(30.0) == 0.5
    assert slow != fast
