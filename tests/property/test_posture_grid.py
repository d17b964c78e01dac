"""Every sample has exactly one second, at any rate and from any start."""

import math

from hypothesis import given
from hypothesis import strategies as st

from upperback.sensing.posture._grid import Grid

rates = st.floats(10, 2000) | st.sampled_from([50.0, 51.2, 100.0, 285.714, 99.99])
starts = st.floats(0, 2e9) | st.sampled_from([0.0, 0.3, 0.999999, 1.7e9 + 0.02])


@given(rates, starts, st.integers(0, 10**7))
def test_a_sample_lies_in_its_epoch(rate_hz: float, start_s: float, sample: int) -> None:
    grid = Grid.of(start_s, rate_hz)
    epoch = grid.epoch_of(sample)
    assert grid.first_of(epoch) <= sample < grid.first_of(epoch + 1)
    at_s = (start_s - math.floor(start_s)) + sample / rate_hz
    assert epoch - 2e-3 / rate_hz - 1e-6 <= at_s < epoch + 1 + 2e-3 / rate_hz + 1e-6


@given(rates, starts, st.integers(0, 10**5))
def test_epochs_follow_each_other_and_are_about_a_second_long(rate_hz: float, start_s: float, epoch: int) -> None:
    grid = Grid.of(start_s, rate_hz)
    assert grid.first_of(epoch) <= grid.first_of(epoch + 1)
    assert abs(grid.expected_in(epoch) - rate_hz) < 1 + 1e-6
    if grid.first_of(epoch) > 0:
        assert grid.first_of(epoch + 1) - grid.first_of(epoch) == grid.expected_in(epoch)
