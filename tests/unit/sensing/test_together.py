"""Two sensors of one wearer: one clock from the bends that both feel, and seconds told together."""

import math
import tempfile
from dataclasses import replace
from functools import cache
from pathlib import Path

import numpy as np
import pytest

from upperback.core.errors import InputError
from upperback.devices.simulate import TruthBlock, load_scenario, simulate
from upperback.sensing.epochs import COLUMNS, Epochs
from upperback.sensing.monitor import Monitor
from upperback.sensing.signal import Chunk
from upperback.sensing.together import Together, find_lag

DAY = """\
about: Two sensors on the back; tasks, then bent low, then rounded above.
sensors:
  - {name: upper, place: upper_back, sampling_rate_hz: 50, flaws: none, mount_deg: [3, -8, 5]}
  - {name: lower, place: lower_thoracic, sampling_rate_hz: 100, flaws: none, mount_deg: [-4, 6, 20]}
activities:
  - {do: align}
  - {do: stand, duration_s: 20}
  - {do: stand, duration_s: 20, flexion_deg: 20}
  - {do: stand, duration_s: 20}
  - {do: stand, duration_s: 20, curve_deg: 25}
"""


_FOLDER = tempfile.TemporaryDirectory()


@cache
def stream(name: str) -> tuple[tuple[Chunk, TruthBlock], ...]:
    path = Path(_FOLDER.name) / "day.yaml"
    path.write_text(DAY)
    return tuple(simulate(load_scenario(str(path), []), 1, sensor=name, block_samples=25))


def truths(name: str) -> list[TruthBlock]:
    """Of the rounded part."""
    return [truth for chunk, truth in stream(name) if 145 <= chunk.start_s < 157]


@pytest.fixture
def both() -> tuple[tuple[Chunk, ...], tuple[Chunk, ...]]:
    return tuple(chunk for chunk, _ in stream("upper")), tuple(chunk for chunk, _ in stream("lower"))


def later(chunks: tuple[Chunk, ...], by_s: float) -> list[Chunk]:
    """By a clock that shows so much more."""
    return [replace(chunk, start_s=chunk.start_s + by_s) for chunk in chunks]


@pytest.mark.parametrize("lag_s", [0.0, 0.013, -0.35, 1.234, -2.5])
def test_the_lag_of_a_clock_is_found_within_a_hundredth_of_a_second(
    lag_s: float, both: tuple[tuple[Chunk, ...], tuple[Chunk, ...]]
) -> None:
    upper, lower = both
    first = [chunk for chunk in upper if chunk.end_s < 40]
    found = find_lag(first, later(tuple(chunk for chunk in lower if chunk.end_s < 40), lag_s))
    assert found.lag_s == pytest.approx(lag_s, abs=0.015)
    assert found.likeness > 0.9
    back = find_lag(later(tuple(chunk for chunk in lower if chunk.end_s < 40), lag_s), first)
    assert back.lag_s == pytest.approx(-lag_s, abs=0.015)


def test_clocks_are_not_put_right_by_what_is_no_common_movement(
    both: tuple[tuple[Chunk, ...], tuple[Chunk, ...]],
) -> None:
    upper, lower = both
    bends = [chunk for chunk in upper if chunk.end_s < 40]
    still = Chunk(start_s=0.0, sampling_rate_hz=50.0, acc_mps2=np.tile(np.array([0, 0, 9.81], np.float32), (2000, 1)))
    rng = np.random.default_rng(1)
    other = replace(still, acc_mps2=(rng.normal(0, 3, (2000, 3)) + np.array([0, 0, 9.81])).astype(np.float32))
    for wrong in ([still], [other], [], [replace(still, acc_mps2=still.acc_mps2 * np.float32(np.nan))], lower[:4]):
        with pytest.raises(InputError):
            find_lag(bends, wrong)
    with pytest.raises(InputError):
        find_lag(bends, later(tuple(bends), 6.0))


def seconds(chunks: list[Chunk], shift_s: float) -> Epochs:
    """By a monitor that is aligned by the tasks of the day."""
    monitor = Monitor(sampling_rate_hz=chunks[0].sampling_rate_hz, has_gyroscope=True)
    ahead = [(6.0, 27.0, "bend"), (0.0, 6.0, "stand")]
    found: list[Epochs] = []
    doing_until_s, aligned = math.inf, False
    for chunk in chunks:
        at_s = chunk.start_s - shift_s
        if at_s >= doing_until_s:
            monitor.end_task()
            doing_until_s = math.inf
            if not ahead and not aligned:
                monitor.align()
                aligned = True
        if ahead and at_s >= ahead[-1][0] and doing_until_s == math.inf:
            _, doing_until_s, kind = ahead.pop()
            monitor.begin_task(kind)  # type: ignore[arg-type]
        found.append(monitor.update(chunk).epochs)
    return Epochs.join(found)


@pytest.mark.parametrize("lag_s", [0.0, 0.4, -1.7])
def test_the_back_between_two_sensors_is_told(lag_s: float, both: tuple[tuple[Chunk, ...], tuple[Chunk, ...]]) -> None:
    upper, lower = list(both[0]), later(both[1], lag_s)
    bends = [chunk for chunk in upper if chunk.end_s < 40]
    lag = find_lag(bends, [chunk for chunk in lower if chunk.end_s < 40 + lag_s])
    told = Together(lag_s=lag.lag_s, waiting_s_max=1000)
    assert told.upper(seconds(upper, 0.0)) == []
    found = {one.time_s: one for one in told.lower(seconds(lower, lag_s))}
    bent = [found[at_s] for at_s in range(95, 108)]
    np.testing.assert_allclose([one.upper_deg for one in bent], 20, atol=3)
    np.testing.assert_allclose([one.between_deg for one in bent], 0, atol=3)
    rounded = [found[at_s].between_deg for at_s in range(145, 157)]
    truth = [np.mean([np.degrees(block.flexion_rad).mean() for block in truths(name)]) for name in ("upper", "lower")]
    assert np.mean(rounded) == pytest.approx(truth[0] - truth[1], abs=2.5)
    assert truth[0] - truth[1] > 10


def test_a_second_waits_for_the_other_sensor_and_not_for_ever() -> None:
    def one(at_s: int, deg: float) -> Epochs:
        rows = np.full((1, len(COLUMNS)), np.nan, np.float32)
        rows[0, COLUMNS.index("flexion_deg")] = deg
        return Epochs(first_s=at_s, rows=rows)

    told = Together(lag_s=0.5)
    assert told.upper(one(10, 30.0)) == []
    assert told.lower(one(10, 10.0)) == []
    (both,) = told.lower(one(11, 20.0))
    assert (both.time_s, both.upper_deg, both.lower_deg, both.between_deg) == (10, 30.0, 15.0, 15.0)
    assert told.lower(one(12, math.nan)) == []
    assert told.upper(one(11, 30.0)) == [], "what one of them did not measure is not told"
    for at_s in range(20, 400):
        told.upper(one(at_s, 1.0))
    assert len(told._upper) <= 61
