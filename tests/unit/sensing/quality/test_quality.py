"""Flags of samples: what each one is for, and what it is not for."""

import numpy as np
import numpy.typing as npt
import pytest

from tests.unit.sensing import bodies
from upperback.sensing.quality import QualityParams, QualityState, check_quality, start_quality, suspicions
from upperback.sensing.signal import G_MPS2, Chunk, Quality, QualityFlag, SignalShapeError

PARAMS = QualityParams()
RATE_HZ = 50.0
Array = npt.NDArray[np.float64]


def check(
    acc: Array, gyr: Array | None = None, *, rate_hz: float = RATE_HZ, params: QualityParams = PARAMS
) -> tuple[QualityState, Quality]:
    chunk = Chunk(
        start_s=0.0,
        sampling_rate_hz=rate_hz,
        acc_mps2=acc.astype(np.float32),
        gyr_radps=None if gyr is None else gyr.astype(np.float32),
    )
    return check_quality(start_quality(sampling_rate_hz=rate_hz), chunk, params)


def has(quality: Quality, flag: QualityFlag) -> npt.NDArray[np.bool_]:
    return np.asarray((quality & flag) != 0)


def sitting(seconds: float, seed: int = 1, rate_hz: float = RATE_HZ) -> Array:
    still = bodies.breathing(seconds, rate_hz)
    return still + bodies.noise(np.random.default_rng(seed), len(still))


@pytest.mark.parametrize("rate_hz", [12.5, 25.0, 50.0, 100.0, 285.714])
def test_a_good_signal_has_no_flag_and_no_word(rate_hz: float) -> None:
    rng = np.random.default_rng(1)
    parts = [
        bodies.breathing(60, rate_hz),
        bodies.walking(60, rate_hz),
        bodies.bend(10, rate_hz, at_s=5, deg=90),
        bodies.breathing(30, rate_hz),
    ]
    acc = np.concatenate(parts)
    state, quality = check(acc + bodies.noise(rng, len(acc)), rate_hz=rate_hz)
    assert not quality.any()
    assert suspicions(state, PARAMS) == ()


def test_missing_is_a_gap_and_infinite_is_impossible() -> None:
    acc = sitting(20)
    acc[100:150] = np.nan
    acc[200, 1] = np.nan
    acc[300, 2] = np.inf
    _, quality = check(acc)
    assert np.array_equal(np.flatnonzero(has(quality, QualityFlag.GAP)), [*range(100, 150), 200])
    assert np.array_equal(np.flatnonzero(has(quality, QualityFlag.IMPLAUSIBLE)), [300])


def test_flags_that_came_with_the_chunk_stay() -> None:
    quality = np.full(50, int(QualityFlag.NOT_WORN), np.uint8)
    chunk = Chunk(start_s=0, sampling_rate_hz=50, acc_mps2=sitting(1).astype(np.float32), quality=quality)
    _, found = check_quality(start_quality(sampling_rate_hz=50), chunk, PARAMS)
    assert np.array_equal(found, quality)
    assert found is not quality


def test_the_end_of_the_range_is_clipped() -> None:
    acc = sitting(20)
    acc[100:104, 0] = 2 * G_MPS2
    _, unknown = check(acc)
    assert np.flatnonzero(has(unknown, QualityFlag.CLIPPED)).tolist() == [102, 103]  # from the third alike on
    _, known = check(acc, params=QualityParams(range_mps2=2 * G_MPS2))
    assert np.flatnonzero(has(known, QualityFlag.CLIPPED)).tolist() == [100, 101, 102, 103]
    acc[100:104, 0] += [0.0, 0.1, 0.2, 0.3]  # a strong movement
    assert not check(acc)[1].any()


def test_a_clipped_gyroscope_is_found_too() -> None:
    gyr = np.zeros((1000, 3))
    gyr[100:104, 1] = np.deg2rad(250)
    _, quality = check(sitting(20), gyr)
    assert np.flatnonzero(has(quality, QualityFlag.CLIPPED)).tolist() == [102, 103]


def test_a_fall_is_a_fall_and_silence_is_not() -> None:
    acc = sitting(30)
    acc[500:525] = 0.2  # half a second
    _, quality = check(acc)
    assert np.flatnonzero(has(quality, QualityFlag.FREE_FALL)).tolist() == list(range(509, 525))
    assert not has(quality, QualityFlag.IMPLAUSIBLE).any()
    acc[500:] = 0.0  # nobody falls for ten seconds
    _, quality = check(acc)
    assert has(quality, QualityFlag.FREE_FALL).sum() <= 2 * RATE_HZ
    assert has(quality, QualityFlag.IMPLAUSIBLE)[620:].all()


@pytest.mark.parametrize(
    ("factor", "words"),
    [
        (1 / G_MPS2, "counted in g"),
        (G_MPS2, "9.81 twice"),
        (1000 / G_MPS2, "thousandths of g"),
        (2.0, "twice as large"),
        (0.5, "half as large"),
        (1.25, "wrong unit or broken"),
    ],
)
def test_gravity_of_another_length_is_not_possible(factor: float, words: str) -> None:
    state, quality = check(sitting(60) * factor)
    assert has(quality, QualityFlag.IMPLAUSIBLE)[500:].all()
    (sentence,) = suspicions(state, PARAMS)
    assert words in sentence
    walking = np.concatenate([bodies.walking(120, RATE_HZ)]) * factor
    if not 0.6 < factor < 1.9:  # seen even without a still second
        assert has(check(walking)[1], QualityFlag.IMPLAUSIBLE)[600:].all()


def test_a_sensor_that_is_a_little_off_is_still_good() -> None:
    assert not check(sitting(60) * 1.06)[1].any()
    assert not check(sitting(60) + np.array([0.5, -0.3, 0.4]))[1].any()


def test_right_gravity_ends_the_doubt() -> None:
    _, quality = check(np.concatenate([sitting(30) * 1.3, sitting(60)]))
    assert has(quality, QualityFlag.IMPLAUSIBLE)[600:1500].all()
    assert not quality[2200:].any()


def test_an_axis_that_is_stuck_while_others_move() -> None:
    acc = bodies.walking(60, RATE_HZ) + bodies.noise(np.random.default_rng(2), 3000)
    acc[1000:, 1] = acc[1000, 1]
    state, quality = check(acc)
    assert not quality[:1000].any()
    assert has(quality, QualityFlag.IMPLAUSIBLE)[1150:].all()
    assert "one axis" in suspicions(state, PARAMS)[0]
    quiet = np.tile([0.0, 0.0, G_MPS2], (3000, 1))  # a table, seen with coarse steps
    assert not check(quiet)[1].any()


@pytest.mark.parametrize("signs", [(-1, 1, -1), (1, -1, -1), (-1, -1, -1), (1, 1, -1)])
def test_axes_that_turn_within_one_sample(signs: tuple[int, int, int]) -> None:
    acc = sitting(40)
    acc[1000:] *= signs
    state, quality = check(acc)
    assert np.flatnonzero(has(quality, QualityFlag.IMPLAUSIBLE)).tolist() == list(range(1000, 1050))
    assert (state.jumps, state.jumped_s) == (1, 20.0)
    assert "within one sample" in suspicions(state, PARAMS)[0]


def test_a_quick_bend_is_no_jump() -> None:
    acc = bodies.bend(10, RATE_HZ, at_s=5, deg=120, way_s=0.3, hold_s=0.2)
    assert not check(acc + bodies.noise(np.random.default_rng(4), len(acc)))[1].any()


def test_a_gyroscope_that_drifts_is_not_believed() -> None:
    rng = np.random.default_rng(3)
    gyr = 0.002 * rng.standard_normal((6000, 3))
    assert not check(sitting(120), gyr)[1].any()
    state, quality = check(sitting(120), gyr + np.deg2rad([0, 0, 8.0]))
    assert has(quality, QualityFlag.IMPLAUSIBLE)[2000:].all()
    assert "drifts" in suspicions(state, PARAMS)[0]


def bending(rate_hz: float) -> tuple[Array, Array]:
    """Ten bends, and what a gyroscope measures in them."""
    acc = np.concatenate([bodies.bend(8, rate_hz, at_s=4, deg=80)] * 10)
    angle = np.unwrap(np.arctan2(-acc[:, 0], acc[:, 2]))
    gyr = np.zeros_like(acc)
    gyr[:, 1] = np.gradient(angle, 1 / rate_hz)
    return acc + bodies.noise(np.random.default_rng(5), len(acc)), gyr


@pytest.mark.parametrize(
    ("change", "words"),
    [
        (lambda acc, gyr: (acc, gyr), None),
        (lambda acc, gyr: (acc, np.rad2deg(gyr)), "degrees and not in radians"),
        (lambda acc, gyr: (acc, np.deg2rad(gyr)), "radians twice"),
        (lambda acc, gyr: (acc, -gyr), "axes are not those"),
        (lambda acc, gyr: (acc, gyr[:, [1, 0, 2]]), "axes are not those"),
        (lambda acc, gyr: (acc[::2], gyr[::2]), "2 times as fast"),
    ],
)
def test_gravity_turns_as_the_gyroscope_says(change, words: str | None) -> None:  # type: ignore[no-untyped-def]
    state, _ = check(*change(*bending(RATE_HZ)))
    found = suspicions(state, PARAMS)
    assert found == () if words is None else words in found[0]


def stream(true_rate_hz: float, *, missing: tuple[int, int] = (0, 0)) -> tuple[QualityState, list[int]]:
    """Chunks of half a second, stamped by a clock, whose samples are said to come at 50 Hz."""
    state, flagged, acc = start_quality(sampling_rate_hz=50), [], sitting(60).astype(np.float32)
    for k in range(120):
        if not missing[0] <= k < missing[1]:
            part = acc[25 * k : 25 * (k + 1)]
            chunk = Chunk(start_s=25 * k / true_rate_hz, sampling_rate_hz=50, acc_mps2=part)
            state, quality = check_quality(state, chunk, PARAMS)
            flagged.append(int(has(quality, QualityFlag.RATE_DRIFT).any()))
    return state, flagged


@pytest.mark.parametrize("true_rate_hz", [25.0, 47.0, 53.0, 100.0])
def test_samples_that_come_at_another_rate(true_rate_hz: float) -> None:
    state, flagged = stream(true_rate_hz)
    assert all(flagged[60:])
    assert f"{true_rate_hz / 50:.2f} times as fast" in suspicions(state, PARAMS)[0]


def test_a_clock_that_is_a_little_off_and_a_single_gap_are_no_wrong_rate() -> None:
    for state, flagged in (stream(50.0), stream(50.4), stream(50.0, missing=(40, 50))):
        assert not any(flagged)
        assert suspicions(state, PARAMS) == ()


def test_another_rate_in_the_middle_is_refused() -> None:
    chunk = Chunk(start_s=0, sampling_rate_hz=100, acc_mps2=sitting(1).astype(np.float32))
    with pytest.raises(SignalShapeError, match="cannot go on at 100 Hz"):
        check_quality(start_quality(sampling_rate_hz=50), chunk, PARAMS)


@pytest.mark.parametrize("n", [0, 1, 2, 3])
def test_hardly_any_samples(n: int) -> None:
    assert not check(sitting(1)[:n], np.zeros((n, 3)))[1].any()
