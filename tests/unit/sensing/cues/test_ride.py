"""Vehicle-like motion (hazard H30): silent on simulated rides, not silent at a desk, and honest about its limits."""

from collections.abc import Callable

import numpy as np
import pytest
from scipy import signal

from tests.unit.sensing import bodies
from tests.unit.sensing.cues.rides import RATE_HZ, Array, desk, ride, walk_there
from upperback.devices.simulate import read_scenario, simulate
from upperback.sensing.cues import Ride, RideParams, ride_filter, start_ride, update_ride
from upperback.sensing.signal import Chunk, QualityFlag, SignalShapeError

PARAMS = RideParams()


def felt(acc: Array, start_s: float = 0.0, quality: np.ndarray | None = None) -> list[Ride]:
    """What it feels like at the end of each second."""
    state, found, second = start_ride(sampling_rate_hz=RATE_HZ, params=PARAMS), [], round(RATE_HZ)
    for start in range(0, len(acc) - second + 1, second):
        here = slice(start, start + second)
        chunk = Chunk(
            start_s=start_s + start / RATE_HZ,
            sampling_rate_hz=RATE_HZ,
            acc_mps2=acc[here].astype(np.float32),
            quality=None if quality is None else quality[here],
        )
        state, now = update_ride(state, chunk, PARAMS)
        found.append(now)
    return found


def open_seconds(rides: list[Ride]) -> np.ndarray:
    """Seconds in which a cue could be given."""
    return np.array([now.vehicle is False and not now.moving for now in rides])


def minutes_open(rides: list[Ride]) -> tuple[int, int]:
    """Whole minutes with such a second, and all."""
    open_ = open_seconds(rides)
    minutes = len(open_) // 60
    return int(open_[: minutes * 60].reshape(minutes, 60).any(axis=1).sum()), minutes


def test_rides_are_silent(tell: Callable[[str], None]) -> None:
    open_minutes, minutes = 0, 0
    for seed, strength in enumerate((0.15, 0.2, 0.25, 0.3, 0.4, 0.5, 0.6, 0.8)):
        rng = np.random.default_rng(seed)
        before, way = desk(rng, 5), walk_there(rng)
        rides = felt(np.concatenate([before, way, ride(rng, 25, strength)]))
        found, n = minutes_open(rides[round((len(before) + len(way)) / RATE_HZ) :])
        open_minutes, minutes = open_minutes + found, minutes + n
    tell(f"H30 minutes of simulated rides without a cue: {100 * (1 - open_minutes / minutes):.1f} % of {minutes}")
    assert open_minutes <= 0.01 * minutes


def test_rides_of_the_simulated_wearer_are_silent(tell: Callable[[str], None]) -> None:
    open_minutes, minutes = 0, 0
    for seed, vibration in enumerate((0.25, 0.5, 0.8)):
        activities = [
            {"do": "walk", "duration_s": 40},
            {"do": "drive", "duration_s": 1200, "vibration_mps2": vibration},
        ]
        for place in ("chest", "upper_back"):
            sensor = {"name": "sensor", "place": place, "sampling_rate_hz": RATE_HZ}
            scenario = read_scenario({"sensors": [sensor], "activities": activities})
            acc = np.concatenate([chunk.acc_mps2 for chunk, _ in simulate(scenario, seed=seed)])
            found, n = minutes_open(felt(acc.astype(np.float64))[60:])
            open_minutes, minutes = open_minutes + found, minutes + n
    tell(f"H30 minutes of the simulated wearer's drives without a cue: {minutes - open_minutes} of {minutes}")
    assert open_minutes <= 0.01 * minutes


def test_a_desk_is_not_a_vehicle(tell: Callable[[str], None]) -> None:
    rides = felt(desk(np.random.default_rng(20), 120))
    share = open_seconds(rides).mean()
    tell(f"H30 share of simulated desk time in which cues are possible: {100 * share:.1f} %")
    assert share > 0.95


def test_walking_is_silent_and_ends() -> None:
    rng = np.random.default_rng(21)
    rides = felt(np.concatenate([desk(rng, 3), walk_there(rng, 60), desk(rng, 10)]))
    assert not open_seconds(rides[185:240]).any()
    assert open_seconds(rides[-120:]).mean() > 0.9


def test_its_limits() -> None:
    """What it cannot know is written in docs/reference/sensing.md: these are not suppressed."""
    rng = np.random.default_rng(22)
    smooth = felt(np.concatenate([desk(rng, 10), ride(rng, 20, 0.04)]))
    assert open_seconds(smooth[-600:]).mean() > 0.5
    jam = np.concatenate([walk_there(rng), ride(rng, 10, 0.4, stand_s_max=6), desk(rng, 15)])
    assert open_seconds(felt(jam)[-300:]).mean() > 0.9


def test_unknown_is_not_no() -> None:
    rng = np.random.default_rng(23)
    rides = felt(desk(rng, 5))
    assert rides[10].vehicle is None
    assert rides[-1].vehicle is False
    missing = desk(rng, 5)
    missing[100 * 50 :] = np.nan
    assert felt(missing)[-1].vehicle is None
    doubted = np.zeros(5 * 60 * 50, np.uint8)
    doubted[100 * 50 :] = int(QualityFlag.IMPLAUSIBLE)
    assert felt(desk(rng, 5), quality=doubted)[-1].vehicle is None


def test_the_hold_runs_on_through_a_gap() -> None:
    state = start_ride(sampling_rate_hz=RATE_HZ, params=PARAMS)
    rng = np.random.default_rng(24)
    driving, standing = ride(rng, 2, 0.5, 5.0).astype(np.float32), desk(rng, 2).astype(np.float32)
    state, now = update_ride(state, Chunk(start_s=0, sampling_rate_hz=RATE_HZ, acc_mps2=driving), PARAMS)
    assert now.vehicle is True
    for start_s, expected in ((200.0, True), (800.0, False)):
        chunk = Chunk(start_s=start_s, sampling_rate_hz=RATE_HZ, acc_mps2=standing)
        assert update_ride(state, chunk, PARAMS)[1].vehicle is expected


@pytest.mark.parametrize("value", [np.nan, np.inf, 0.0, 9.81, 1e30])
def test_numbers_that_never_change(value: float) -> None:
    rides = felt(np.full((6000, 3), value))
    assert rides[-1].vehicle in {None, False}
    assert not rides[-1].moving


def test_odd_streams() -> None:
    state = start_ride(sampling_rate_hz=RATE_HZ, params=PARAMS)
    nothing = Chunk(start_s=0, sampling_rate_hz=RATE_HZ, acc_mps2=np.zeros((0, 3), np.float32))
    assert update_ride(state, nothing, PARAMS)[1] == Ride(vehicle=None, moving=False)
    other = Chunk(start_s=0, sampling_rate_hz=100, acc_mps2=np.zeros((1, 3), np.float32))
    with pytest.raises(SignalShapeError, match="cannot go on at 100 Hz"):
        update_ride(state, other, PARAMS)
    with pytest.raises(SignalShapeError, match="cannot be felt"):
        start_ride(sampling_rate_hz=5, params=PARAMS)
    assert len(bodies.walking(1, RATE_HZ)) == 50


@pytest.mark.parametrize("rate_hz", [40.0, 50.0, 64.0, 100.0, 200.0])
@pytest.mark.parametrize("band_hz", [(3.0, 20.0), (2.0, 8.0), (5.0, 6.0), (0.5, 17.0)])
def test_the_filter_is_the_one_of_scipy(rate_hz: float, band_hz: tuple[float, float]) -> None:
    sections, start = ride_filter(rate_hz, RideParams(band_hz=band_hz))
    edges = (band_hz[0], min(band_hz[1], 0.45 * rate_hz))
    expected = signal.butter(2, edges, "bandpass", fs=rate_hz, output="sos")
    np.testing.assert_allclose(sections, expected, rtol=1e-9, atol=1e-12)
    np.testing.assert_allclose(start, signal.sosfilt_zi(expected), rtol=1e-7, atol=1e-11)
