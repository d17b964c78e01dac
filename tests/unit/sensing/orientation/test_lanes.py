"""Wearers as lanes: packets late, lost and doubled; nobody is held up or touched by a neighbour."""

import numpy as np
import pytest

from tests.unit.sensing.orientation.motion import Movement, movement
from upperback.core.errors import InputError
from upperback.sensing.orientation import LaneGroups, Orientation, Tilt, Vertical, WearerState
from upperback.sensing.signal import Chunk, QualityFlag
from upperback.sensing.state import from_bytes, to_bytes


def packet(
    moves: Movement, start: int, end: int, *, rate_hz: float = 50.0, gyr: bool = True, origin_s: float = 1e9
) -> Chunk:
    return Chunk(
        start_s=origin_s + start / rate_hz,
        sampling_rate_hz=rate_hz,
        acc_mps2=moves.acc[start:end],
        gyr_radps=moves.gyr[start:end] if gyr else None,
    )


def alone(moves: Movement, rate_hz: float = 50.0, bad: np.ndarray | None = None) -> np.ndarray:
    lane = Orientation(1, rate_hz)
    return lane.update(moves.acc[:, :, None].copy(), moves.gyr[:, :, None].copy(), bad)[:, :, 0]


def joined(found: list[Vertical]) -> np.ndarray:
    return np.concatenate([vertical.up for vertical in found])


def test_many_wearers_with_their_own_rates_and_sensors() -> None:
    """Forty wearers, three rates, with and without gyroscope, packets of their own sizes: each as if alone."""
    rng = np.random.default_rng(3)
    kinds = [(rate_hz, gyr) for rate_hz in (25.0, 50.0, 104.0) for gyr in (True, False)]
    wearers = {f"w{k}": (movement(600, kinds[k % 6][0], seed=k), *kinds[k % 6]) for k in range(40)}
    groups = LaneGroups()
    at = dict.fromkeys(wearers, 0)
    found: dict[str, list[Vertical]] = {name: [] for name in wearers}
    for name, (_, rate_hz, gyr) in wearers.items():
        groups.add(name, sampling_rate_hz=rate_hz, has_gyroscope=gyr)
    assert len(groups) == 40
    while any(place < 600 for place in at.values()):
        for name, (moves, rate_hz, gyr) in wearers.items():
            end = min(600, at[name] + int(rng.integers(0, 70)))
            groups.put(name, packet(moves, at[name], end, rate_hz=rate_hz, gyr=gyr))
            at[name] = end
        for name, verticals in groups.tick().items():
            found[name] += verticals
    for name, (moves, rate_hz, gyr) in wearers.items():
        assert all(v.sampling_rate_hz == rate_hz for v in found[name])
        expected = alone(moves, rate_hz) if gyr else Tilt(1, rate_hz).update(moves.acc[:, :, None].copy())[:, :, 0]
        np.testing.assert_array_equal(joined(found[name]), expected)
    assert groups.tick() == {}


def test_a_late_packet_is_waited_for_and_a_lost_one_is_not() -> None:
    moves = movement(500, 50.0)
    groups = LaneGroups()
    groups.add("a", sampling_rate_hz=50.0, has_gyroscope=True)
    groups.put("a", packet(moves, 0, 100))
    groups.put("a", packet(moves, 110, 120))  # 100 to 110 is late
    first = groups.tick()["a"]
    assert len(joined(first)) == 100
    groups.put("a", packet(moves, 100, 110))
    second = groups.tick()["a"]
    np.testing.assert_array_equal(np.concatenate([joined(first), joined(second)]), alone(moves)[:120])
    groups.put("a", packet(moves, 130, 140))  # 120 to 130 is lost
    assert groups.tick() == {}
    groups.put("a", packet(moves, 140, 150))
    third = groups.tick()["a"]
    assert third[0].start_s == 1e9 + 130 / 50
    assert len(joined(third)) == 20
    bad = np.zeros((500, 1), np.uint8)
    bad[120:130] = 1
    np.testing.assert_array_equal(joined(third), alone(moves, bad=bad)[130:150])
    groups.put("a", packet(moves, 120, 130))  # too late
    groups.put("a", packet(moves, 145, 160))  # some of it twice
    fourth = groups.tick()["a"]
    np.testing.assert_array_equal(joined(fourth), alone(moves, bad=bad)[150:160])
    assert groups.state("a").n_dropped == 15


def test_a_wearer_is_held_up_by_nobody() -> None:
    one, other = movement(400, 50.0, seed=1), movement(400, 50.0, seed=2)
    groups = LaneGroups()
    for name in ("one", "other"):
        groups.add(name, sampling_rate_hz=50.0, has_gyroscope=True)
    found: dict[str, list[Vertical]] = {"one": [], "other": []}
    for start in range(0, 400, 50):
        groups.put("one", packet(one, start, start + 50))
        if start == 350:
            groups.put("other", packet(other, 0, 400))  # all at once
        tick = groups.tick()
        assert set(tick) == ({"one", "other"} if start == 350 else {"one"})
        for name, verticals in tick.items():
            found[name] += verticals
    np.testing.assert_array_equal(joined(found["one"]), alone(one))
    np.testing.assert_array_equal(joined(found["other"]), alone(other))


def test_a_wearer_moves_to_another_process() -> None:
    moves = movement(400, 50.0)
    here, there = LaneGroups(), LaneGroups()
    for k in range(20):
        here.add(f"other {k}", sampling_rate_hz=50.0, has_gyroscope=True)
    here.add("a", sampling_rate_hz=50.0, has_gyroscope=True)
    here.put("a", packet(moves, 0, 155))
    found = here.tick()["a"]
    here.put("a", packet(moves, 155, 170))  # waits, and moves along
    state = from_bytes(WearerState, to_bytes(here.remove("a")))
    assert "a" not in here
    there.add("a", sampling_rate_hz=50.0, has_gyroscope=True, state=state)
    there.put("a", packet(moves, 170, 400))
    found += there.tick()["a"]
    np.testing.assert_array_equal(joined(found), alone(moves))
    here.add("b", sampling_rate_hz=50.0, has_gyroscope=True)  # in the lane that a left
    here.put("b", packet(moves, 0, 100))
    np.testing.assert_array_equal(joined(here.tick()["b"]), alone(moves)[:100])


def test_quality_says_what_cannot_be_trusted() -> None:
    moves = movement(1000, 50.0)
    moves.acc[400] = np.nan
    groups = LaneGroups()
    groups.add("a", sampling_rate_hz=50.0, has_gyroscope=True)
    groups.put("a", packet(moves, 0, 100))
    groups.put("a", packet(moves, 100, 500))
    (first,) = groups.tick()["a"]
    settle = 5 * 50
    assert ((first.quality & QualityFlag.UNSETTLED) != 0).tolist() == [t < settle for t in range(500)]
    assert np.flatnonzero(first.quality & QualityFlag.IMPLAUSIBLE).tolist() == [400]
    assert np.flatnonzero(np.isnan(first.up[:, 0])).tolist() == [400]
    groups.put("a", packet(moves, 600, 1000))  # after two seconds without a sample: afresh
    (second,) = groups.tick()["a"]
    assert ((second.quality & QualityFlag.UNSETTLED) != 0).tolist() == [t < settle for t in range(400)]


def test_flags_of_a_packet_are_kept_and_its_gaps_not_used() -> None:
    moves = movement(100, 50.0)
    quality = np.zeros(100, np.uint8)
    quality[10] = QualityFlag.CLIPPED
    quality[20] = QualityFlag.GAP
    groups = LaneGroups()
    groups.add("a", sampling_rate_hz=50.0, has_gyroscope=True)
    groups.put(
        "a",
        Chunk(start_s=0.0, sampling_rate_hz=50.0, acc_mps2=moves.acc, gyr_radps=moves.gyr, quality=quality),
    )
    (found,) = groups.tick()["a"]
    unsettled = int(QualityFlag.UNSETTLED)
    assert found.quality[10] == QualityFlag.CLIPPED | unsettled
    assert found.quality[20] == QualityFlag.GAP | unsettled
    assert np.isnan(found.up[20]).all()
    assert quality[10] == QualityFlag.CLIPPED, "what came in is not changed"


def test_what_does_not_fit_is_refused() -> None:
    moves = movement(100, 50.0)
    groups = LaneGroups()
    groups.add("a", sampling_rate_hz=50.0, has_gyroscope=True)
    with pytest.raises(InputError, match="a lane already"):
        groups.add("a", sampling_rate_hz=50.0, has_gyroscope=True)
    with pytest.raises(InputError, match="than its wearer"):
        groups.put("a", packet(moves, 0, 10, rate_hz=25.0))
    with pytest.raises(InputError, match="than its wearer"):
        groups.put("a", packet(moves, 0, 10, gyr=False))
    state = groups.state("a")
    with pytest.raises(InputError, match="another sampling rate"):
        groups.add("b", sampling_rate_hz=25.0, has_gyroscope=True, state=state)
    state.rows = state.rows[:5]
    with pytest.raises(InputError, match="another version"):
        groups.add("b", sampling_rate_hz=50.0, has_gyroscope=True, state=state)
    assert len(groups) == 1
