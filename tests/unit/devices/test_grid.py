"""Uneven, torn, backward and jumping time stamps on one even grid."""

import itertools
from collections.abc import Sequence

import numpy as np
import numpy.typing as npt
import pytest
from hypothesis import example, given, settings
from hypothesis import strategies as st

from upperback.core.errors import InputError
from upperback.devices import grid as grid_module
from upperback.devices.grid import LONG_GAP_S, ON_GRID, Block, Piece, ReadingLog, Regulariser, blank_not_finite
from upperback.sensing.signal import QualityFlag

RATE = 50.0


def put(
    time_s: npt.ArrayLike,
    values: npt.ArrayLike | None = None,
    *,
    rate: float = RATE,
    cuts: Sequence[int] = (),
    chunk: int = 1000,
    quality: npt.NDArray[np.uint8] | None = None,
    wall_clock: bool = False,
    step_s: float = 0.0,
    bridge_s: float = 0.05,
) -> tuple[list[Piece], ReadingLog]:
    """Everything through a grid of one column; by default each sample's value is its time."""
    times = np.asarray(time_s, np.float64)
    column = (times if values is None else np.asarray(values)).astype(np.float32)[:, None]
    log = ReadingLog()
    grid = Regulariser(
        sampling_rate_hz=rate, n_columns=(1,), chunk_samples=chunk, log=log, wall_clock=wall_clock, stamp_step_s=step_s,
        bridge_s=bridge_s,
    )  # fmt: skip
    pieces: list[Piece] = []
    for start, end in itertools.pairwise([0, *sorted(cuts), len(times)]):
        part = None if quality is None else quality[start:end]
        pieces += grid.update(Block(times[start:end], (column[start:end],), part, 0.0))
    pieces += grid.finish()
    return pieces, log


def joined(pieces: Sequence[Piece]) -> tuple[npt.NDArray[np.int64], npt.NDArray[np.float32], npt.NDArray[np.uint8]]:
    """(index, value, quality) of everything."""
    none = np.zeros(0)
    index = [piece.index + np.arange(len(piece.arrays[0])) for piece in pieces]
    flags = [np.zeros(len(p.arrays[0]), np.uint8) if p.quality is None else p.quality for p in pieces]
    values = [piece.arrays[0][:, 0] for piece in pieces]
    return (
        np.concatenate([none.astype(np.int64), *index]),
        np.concatenate([none.astype(np.float32), *values]),
        np.concatenate([none.astype(np.uint8), *flags]),
    )


@given(
    seed=st.integers(0, 1000),
    wobble=st.sampled_from([0.0, 0.3, 0.9, 1.1]),
    hurt=st.sampled_from(["nothing", "gap", "repeat", "late", "nan"]),
    step_s=st.sampled_from([0.0, 0.01]),
)
@settings(max_examples=60, deadline=None)
def test_blocks_in_step_take_no_other_values_than_on_the_general_road(
    seed: int, wobble: float, hurt: str, step_s: float
) -> None:
    rng = np.random.default_rng(seed)
    times = (np.arange(600) + wobble * ON_GRID * rng.uniform(-1, 1, 600)) / RATE
    at = int(rng.integers(250, 350))
    if hurt == "gap":
        times[at:] += 0.5
    elif hurt == "repeat":
        times[at] = times[at - 1]
    elif hurt == "late":
        times[at:] += 0.4 / RATE
    elif hurt == "nan":
        times[at] = np.nan
    values, quality = rng.normal(size=600), rng.choice([0, 0, 2], 600).astype(np.uint8)
    cuts = sorted(rng.integers(0, 601, 4).tolist())
    found, log = put(times, values, cuts=cuts, quality=quality, step_s=step_s, chunk=170)
    with pytest.MonkeyPatch.context() as patch:
        patch.setattr(grid_module, "in_step", lambda *_: False)
        expected, expected_log = put(times, values, cuts=cuts, quality=quality, step_s=step_s, chunk=170)
    for one, other in zip(joined(found), joined(expected), strict=True):
        np.testing.assert_array_equal(one, other)
    assert log.interval_s == pytest.approx(expected_log.interval_s)
    log.interval_s = expected_log.interval_s
    assert log == expected_log


def test_even_samples_pass_unchanged() -> None:
    values = np.random.default_rng(1).normal(size=333).astype(np.float32)
    pieces, log = put(np.arange(333) / RATE, values, chunk=100)
    assert [len(piece.arrays[0]) for piece in pieces] == [100, 100, 100, 33]
    index, out, quality = joined(pieces)
    assert np.array_equal(index, np.arange(333))
    assert np.array_equal(out, values)
    assert not quality.any()
    assert (log.n_resampled, log.n_gaps, log.n_samples) == (0, 0, 333)
    assert log.measured_rate_hz == pytest.approx(RATE)


def test_uneven_samples_lie_on_straight_lines() -> None:
    generator = np.random.default_rng(2)
    times = np.arange(2000) / RATE + generator.uniform(-0.004, 0.004, 2000)
    times[0] = 0
    pieces, log = put(times)  # the value is the time, so on the grid it has to be the grid's time
    index, out, _ = joined(pieces)
    assert np.array_equal(index, np.arange(len(index)))
    assert len(index) in {1999, 2000}
    assert np.abs(out - index / RATE).max() < ON_GRID / RATE + 1e-6
    assert log.n_resampled > 1500


@pytest.mark.parametrize("true_rate", [49.9, 50.13, 47.0, 61.0])
def test_another_rate_than_stated_is_put_right(true_rate: float) -> None:
    pieces, log = put(np.arange(3000) / true_rate)
    index, out, quality = joined(pieces)
    assert np.abs(out - index / RATE).max() < ON_GRID / RATE + 1e-5
    assert log.measured_rate_hz == pytest.approx(true_rate, rel=1e-4)
    assert bool((quality & QualityFlag.RATE_DRIFT).any()) == (abs(true_rate / RATE - 1) > 0.02)


def test_a_short_gap_is_empty_samples() -> None:
    times = np.arange(500) / RATE
    keep = np.ones(500, bool)
    keep[200:260] = False
    pieces, log = put(times[keep])
    index, out, quality = joined(pieces)
    assert np.array_equal(index, np.arange(500))
    assert np.array_equal(np.flatnonzero(np.isnan(out)), np.arange(200, 260))
    assert np.array_equal(np.flatnonzero(quality == QualityFlag.GAP), np.arange(200, 260))
    assert log.n_gaps == 1
    assert log.gap_s == pytest.approx(60 / RATE)


def test_a_long_gap_starts_anew_on_the_same_grid() -> None:
    times = np.arange(200) / RATE
    times[100:] += LONG_GAP_S + 1.003
    pieces, log = put(times)
    assert len(pieces) == 2
    assert pieces[0].index == 0
    assert pieces[1].index == 100 + round((LONG_GAP_S + 1) * RATE) + 1
    index, out, _ = joined(pieces)
    assert np.abs(out - index / RATE)[~np.isnan(out)].max() < 1e-5
    assert (log.n_long_gaps, log.n_gaps) == (1, 0)
    assert log.long_gap_s == pytest.approx(LONG_GAP_S + 1.003)


def test_single_missing_samples_are_bridged_and_told() -> None:
    times = np.delete(np.arange(300) / RATE, [50, 100, 101, 150])
    pieces, log = put(times)
    index, out, quality = joined(pieces)
    assert np.array_equal(index, np.arange(300))
    assert log.n_bridged == 2
    assert np.array_equal(np.flatnonzero(np.isnan(out)), [100, 101])  # 60 ms without a sample is a gap at 50 Hz
    assert np.abs(out - index / RATE)[~np.isnan(out)].max() < 1e-6
    assert np.array_equal(np.flatnonzero(quality), [100, 101])


def test_repeats_and_steps_back_are_left_out() -> None:
    times = np.arange(300) / RATE
    times[20] = times[19]
    times[60] = times[55]
    pieces, log = put(times)
    index, out, _ = joined(pieces)
    assert log.n_repeated == 2
    assert np.array_equal(index, np.arange(300))
    assert np.abs(out - index / RATE).max() < 1e-6


def test_mostly_repeats_are_refused() -> None:
    with pytest.raises(InputError, match="repeat or run backwards"):
        put(np.repeat(np.arange(10.0), 100))


@pytest.mark.parametrize("stray", [-5000.0, 1e12, 0.0, 7.5e4])
def test_a_stray_time_stamp_moves_nothing(stray: float) -> None:
    times = 100 + np.arange(300) / RATE
    times[100:103] = stray
    pieces, log = put(times - 100, np.arange(300))
    index, out, _ = joined(pieces)
    assert not log.clock_jumps
    assert log.n_repeated == 3
    assert index[-1] == 299
    assert out[99] == 99
    assert out[110] == 110


@pytest.mark.parametrize("jump", [-3600.0, -30.0, -1e9, 1e9])
def test_a_clock_that_was_set_does_not_move_time(jump: float) -> None:
    times = np.arange(400) / RATE
    times[200:] += jump
    pieces, log = put(times, np.arange(400))
    index, out, _ = joined(pieces)
    assert np.array_equal(index, np.arange(400))
    assert np.array_equal(out, np.arange(400))
    assert len(log.clock_jumps) == 1
    assert "clock was set" in log.clock_jumps[0]


def test_summer_time_is_no_gap_on_a_wall_clock_and_one_in_utc() -> None:
    times = np.arange(400) / RATE
    times[200:] += 3600
    pieces, log = put(times, wall_clock=True)
    assert len(pieces) == 1
    assert "summer time" in log.clock_jumps[0]
    pieces, log = put(times, wall_clock=False)
    assert len(pieces) == 2
    assert not log.clock_jumps


def test_a_clock_set_back_and_later_forward() -> None:
    times = np.arange(600) / RATE
    times[200:400] -= 3600
    pieces, log = put(times, np.arange(600), wall_clock=True, cuts=(200, 399))
    _, out, _ = joined(pieces)
    assert np.array_equal(out, np.arange(600))
    assert len(log.clock_jumps) == 2


def test_endless_jumps_are_refused() -> None:
    times = np.where(np.arange(6000) % 40 < 20, 0.0, 5e5) + np.arange(6000) * 1e3
    with pytest.raises(InputError, match="time stamps"):
        put(np.random.default_rng(3).permutation(times))


def test_missing_time_stamps_are_left_out() -> None:
    times = np.arange(100) / RATE
    times[[0, 10, 99]] = np.nan
    pieces, log = put(times)
    assert log.n_without_time == 3
    index, out, _ = joined(pieces)
    assert np.abs(out - index / RATE)[~np.isnan(out)].max() < 1e-6
    assert put([np.nan, np.nan])[0] == []


def test_one_and_two_samples() -> None:
    assert [len(piece.arrays[0]) for piece in put([0.0])[0]] == [1]
    assert [len(piece.arrays[0]) for piece in put([0.0, 0.02])[0]] == [2]
    assert put([])[0] == []


def test_flags_of_both_neighbours_count() -> None:
    quality = np.zeros(100, np.uint8)
    quality[40] = QualityFlag.CLIPPED
    pieces, log = put(np.arange(100) / RATE, quality=quality)
    assert np.array_equal(np.flatnonzero(joined(pieces)[2]), [40])
    assert log.n_clipped == 1
    times = np.arange(100) / RATE + 0.005
    times[0] = 0
    pieces, _ = put(times, quality=quality)
    assert np.array_equal(np.flatnonzero(joined(pieces)[2]), [40, 41])


def test_a_nan_stays_where_it_is() -> None:
    values = np.arange(100.0)
    values[50] = np.nan
    index, out, _ = joined(put(np.arange(100) / RATE, values)[0])
    assert np.array_equal(np.flatnonzero(np.isnan(out)), [50])
    assert np.array_equal(index, np.arange(100))


def test_coarse_stamps_are_not_believed_beyond_their_step() -> None:
    true = np.arange(2000) / 285.0
    values = np.arange(2000)
    pieces, log = put(np.round(true, 3), values, rate=285.0, step_s=0.001)
    assert np.array_equal(joined(pieces)[1], values)
    assert log.n_resampled == 0


def test_emg_is_not_bridged() -> None:
    times = np.delete(np.arange(3000) / 1000, np.arange(100, 130))
    pieces, _ = put(times, rate=1000.0, bridge_s=0.0)
    assert np.count_nonzero(np.isnan(joined(pieces)[1])) == 30


def test_what_is_not_finite_becomes_nan_with_its_reason() -> None:
    rows = np.arange(12, dtype=np.float32).reshape(4, 3)
    rows[1, 0], rows[2, 2] = np.nan, np.inf
    log = ReadingLog()
    quality = blank_not_finite((rows,), None, log)
    assert quality is not None
    assert quality.tolist() == [0, QualityFlag.GAP, QualityFlag.IMPLAUSIBLE, 0]
    assert np.isnan(rows[1:3]).all()
    assert log.n_not_finite == 2


@st.composite
def _streams(draw: st.DrawFn) -> tuple[npt.NDArray[np.float64], list[int]]:
    """Steps of every kind, and cuts."""
    kinds = st.sampled_from([0.02, 0.0201, 0.019, 0.004, 3e-4, 1e-5, 0.0, -0.01, 0.05, 0.3, 5.0, 30.0, -400.0])
    steps = draw(st.lists(kinds, min_size=1, max_size=80))
    cuts = draw(st.lists(st.integers(0, len(steps)), max_size=6))
    return np.cumsum(np.array(steps)) - steps[0], cuts


@settings(max_examples=300, deadline=None)
@given(_streams(), st.integers(1, 50))
def test_laws(stream: tuple[npt.NDArray[np.float64], list[int]], chunk: int) -> None:
    """Positions only grow, pieces are bounded, and values between two samples lie between them."""
    times, cuts = stream
    values = np.sin(np.arange(len(times)))
    pieces, log = put(times, values, cuts=cuts, chunk=chunk)
    index, out, quality = joined(pieces)
    assert (np.diff(index) > 0).all()
    assert all(len(piece.arrays[0]) <= chunk for piece in pieces)
    assert np.array_equal(np.isnan(out), (quality & QualityFlag.GAP) != 0)
    assert np.nanmax(np.abs(out)) <= 1
    assert log.n_samples == len(index)


@settings(max_examples=300, deadline=None)
@example((np.array([0.0, 0.02, 0.04, 0.06, 0.08, 0.07, 0.06, 0.08, 0.1001]), [8]), 0.0)
@example((np.array([0.0, 0.02007237, *[0.07004491682287234] * 3, 0.07014953]), [2]), 0.0)
@given(_streams(), st.sampled_from([0.0, 0.01]))
def test_how_it_is_cut_does_not_matter(stream: tuple[npt.NDArray[np.float64], list[int]], step_s: float) -> None:
    """The same places, values and flags, bit for bit, where no stray stamp comes back (a cut may hide that it does)."""
    times, cuts = stream
    times = np.maximum.accumulate(times)
    whole, whole_log = put(times, np.arange(len(times)), step_s=step_s)
    parts, parts_log = put(times, np.arange(len(times)), cuts=cuts, step_s=step_s)
    for one, other in zip(joined(whole), joined(parts), strict=True):
        np.testing.assert_array_equal(one, other)
    assert (whole_log.n_gaps, whole_log.n_long_gaps, whole_log.n_bridged, whole_log.n_repeated) == (
        parts_log.n_gaps,
        parts_log.n_long_gaps,
        parts_log.n_bridged,
        parts_log.n_repeated,
    )
