"""However values are cut into blocks, days and wearers, and in whatever order these are added up: the same counts."""

import numpy as np
from hypothesis import given
from hypothesis import strategies as st

from upperback.sensing.histogram import FLEXION_BINS, VELOCITY_BINS, Bins, Histogram

values = st.lists(st.floats(-200, 1000, width=32), max_size=60).map(lambda some: np.array(some, np.float32))
bins = st.sampled_from([FLEXION_BINS, VELOCITY_BINS])


@given(bins, values, values, values)
def test_adding_up_is_associative_and_commutative(kind: Bins, a: np.ndarray, b: np.ndarray, c: np.ndarray) -> None:
    one, two, three = (Histogram.of(kind, some) for some in (a, b, c))
    whole = Histogram.of(kind, np.concatenate([a, b, c]))
    assert one.merge(two).merge(three) == one.merge(two.merge(three)) == three.merge(one).merge(two) == whole
    assert one.merge(Histogram.empty(kind)) == one
    assert Histogram.empty(kind).add(a).add(b).add(c) == whole


@given(bins, values.filter(len), st.floats(0.1, 100))
def test_a_percentile_is_within_one_bin_of_the_exact_one(kind: Bins, some: np.ndarray, percent: float) -> None:
    inside = some.clip(kind.edges[0], kind.edges[-2])
    exact = float(np.percentile(inside.astype(float), percent, method="inverted_cdf"))
    assert abs(Histogram.of(kind, inside).percentile(percent) - exact) <= kind.width * 1.001


@given(values.filter(len), st.lists(st.floats(0, 100), min_size=2, max_size=8))
def test_percentiles_never_go_down(some: np.ndarray, percents: list[float]) -> None:
    found = Histogram.of(FLEXION_BINS, some).percentiles(sorted(percents))
    assert list(found) == sorted(found)


@given(values, st.integers(-180, 180))
def test_a_count_above_a_whole_number_is_exact(some: np.ndarray, threshold: int) -> None:
    inside = some[(some >= -180) & (some <= 180)]
    assert Histogram.of(FLEXION_BINS, inside).at_least(threshold) == int((inside >= threshold).sum())
