"""Uneven samples on an even grid: however they are cut, straight lines between, holes where there is nothing."""

import itertools

import numpy as np
import numpy.typing as npt
from hypothesis import given
from hypothesis import strategies as st

from upperback.sensing.even import EvenPiece, EvenState, EvenStream
from upperback.sensing.signal import QualityFlag
from upperback.sensing.state import from_bytes, to_bytes

RATE_HZ = 50.0


def values_at(time_ms: npt.NDArray[np.float64]) -> npt.NDArray[np.float32]:
    return np.stack([time_ms, 2 * time_ms, -time_ms], axis=1).astype(np.float32)


def even(time_ms: npt.NDArray[np.float64], cuts: list[int] | None = None) -> list[EvenPiece]:
    """In pieces, by way of a saved state each time."""
    state = EvenState()
    found: list[EvenPiece] = []
    edges = [0, *(cuts or []), len(time_ms)]
    for start, end in itertools.pairwise(edges):
        stream = EvenStream(sampling_rate_hz=RATE_HZ, state=state)
        part = time_ms[start:end]
        found += stream.update(part, values_at(part - time_ms[0]))
        state = from_bytes(EvenState, to_bytes(stream.state))
    return found


def joined(pieces: list[EvenPiece]) -> tuple[list[int], npt.NDArray[np.float32], npt.NDArray[np.uint8]]:
    index = [piece.index + k for piece in pieces for k in range(len(piece.values))]
    return index, np.concatenate([p.values for p in pieces]), np.concatenate([p.quality for p in pieces])


def test_samples_on_the_grid_stay_as_they_are() -> None:
    time_ms = 5000 + np.arange(100) * 20.0 + np.tile([0.3, -0.3], 50) * (np.arange(100) > 0)
    index, values, quality = joined(even(time_ms))
    assert index == list(range(100))
    np.testing.assert_array_equal(values, values_at(time_ms - 5000))
    assert not quality.any()


@given(st.integers(0, 2**32 - 1))
def test_between_samples_there_is_a_straight_line(seed: int) -> None:
    dice = np.random.default_rng(seed)
    time_ms = 1e6 + np.cumsum(dice.uniform(5, 45, 200))
    index, values, quality = joined(even(time_ms))
    assert index == list(range(len(index)))
    assert len(index) == int((time_ms[-1] - time_ms[0]) * RATE_HZ / 1000 + 0.02) + 1
    np.testing.assert_allclose(values[:, 0], np.array(index) * 20.0, atol=0.5)
    assert not quality.any()


@given(st.integers(0, 2**32 - 1), st.data())
def test_cuts_change_nothing(seed: int, data: st.DataObject) -> None:
    dice = np.random.default_rng(seed)
    steps = dice.choice([20.0, 19.7, 3.0, 0.0, -5.0, 120.0, 15_000.0, -90_000.0, 9e7], 80, p=[0.5, *[0.0625] * 8])
    time_ms = 1e6 + np.cumsum(steps)
    cuts = sorted(data.draw(st.lists(st.integers(0, 80), max_size=8)))
    whole, parts = joined(even(time_ms)), joined(even(time_ms, cuts))
    assert whole[0] == parts[0]
    assert whole[0] == sorted(set(whole[0]))
    np.testing.assert_array_equal(whole[1], parts[1])
    np.testing.assert_array_equal(whole[2], parts[2])


def test_a_hole_is_a_hole_and_a_long_one_is_nothing() -> None:
    time_ms = np.concatenate([np.arange(10) * 20.0, 1000 + np.arange(10) * 20.0, 31_010 + np.arange(10) * 20.0])
    index, values, quality = joined(even(time_ms))
    hole = (quality & QualityFlag.GAP) != 0
    assert np.flatnonzero(hole).tolist() == list(range(10, 50))
    assert np.isnan(values[hole]).all()
    assert index[60] == 1551  # the sample at 31.010 s lies between two places of the grid
    assert not np.isnan(values[~hole]).any()


def test_a_clock_that_was_set_runs_on() -> None:
    for jump_ms in (86.4e6, -86.4e6, -1500.0):
        time_ms = np.arange(40) * 20.0 + np.repeat([0.0, jump_ms], 20)
        index, _, quality = joined(even(time_ms))
        assert index == list(range(40))
        assert not quality.any()


def test_samples_that_come_twice_or_late_are_left_out() -> None:
    time_ms = np.array([0, 20, 20, 40, 30, 60, 80.0])
    index, values, _ = joined(even(time_ms))
    assert index == [0, 1, 2, 3, 4]
    np.testing.assert_array_equal(values[:, 0], [0, 20, 40, 60, 80])
