"""The vertical live: near the truth, in every lane, and never poisoned."""

from typing import Any

import numpy as np
import pytest

from tests.unit.sensing.orientation.motion import PROMPT, error_deg, movement
from upperback.core.errors import InputError
from upperback.sensing.orientation import Orientation, OrientationParams, Tilt
from upperback.sensing.signal import G_MPS2, SignalShapeError
from upperback.sensing.state import from_bytes, to_bytes

RATE_HZ = 100.0


def lanes(signal: np.ndarray, n_lanes: int = 1) -> np.ndarray:
    return np.ascontiguousarray(np.repeat(signal[:, :, None], n_lanes, axis=2))


def follow(acc: np.ndarray, gyr: np.ndarray, params: OrientationParams | None = PROMPT) -> np.ndarray:
    return Orientation(1, RATE_HZ, params).update(lanes(acc), lanes(gyr))[:, :, 0]


def test_the_vertical_of_a_moving_person_is_found() -> None:
    moves = movement(6000, RATE_HZ, rest_s=3.0)
    assert error_deg(follow(moves.acc, moves.gyr), moves.up)[500:].max() < 0.6


def test_a_bias_is_learnt_at_rest() -> None:
    moves = movement(6000, RATE_HZ, rest_s=10.0, bias_dps=(1.0, -0.8, 0.5))
    assert error_deg(follow(moves.acc, moves.gyr), moves.up)[1000:].max() < 0.6
    never = OrientationParams(gyr_delay_s=0, acc_delay_s=0, bias_start_radps=1e-9, bias_walk_radps_rts=1e-9)
    unlearnt = follow(moves.acc, moves.gyr, OrientationParams(**{**vars_of(never), "bias_walk_turn_rts": 0.0}))
    assert error_deg(unlearnt, moves.up)[1000:].max() > 2, "control: without learning it is worse"


def vars_of(params: OrientationParams) -> dict[str, float]:
    return {name: getattr(params, name) for name in OrientationParams.__slots__}


def test_a_bias_is_learnt_in_movement() -> None:
    moves = movement(30_000, RATE_HZ, bias_dps=(0.4, -0.3, 0.5))
    error = error_deg(follow(moves.acc, moves.gyr), moves.up)
    assert error[-6000:].max() < 0.6


def test_the_delay_of_a_gyroscope_is_taken_into_account() -> None:
    moves = movement(4000, RATE_HZ, rest_s=3.0, turn_deg=60)
    late = 2  # samples
    params = OrientationParams(gyr_delay_s=late / RATE_HZ, acc_delay_s=late / RATE_HZ)
    up = follow(moves.acc[:-late], moves.gyr[:-late], params)
    told = error_deg(up, moves.up[late:])[500:].mean()
    untold = error_deg(follow(moves.acc[:-late], moves.gyr[:-late]), moves.up[late:])[500:].mean()
    assert told < 0.3 * untold


@pytest.mark.parametrize("axis", [0, 1, 2])
def test_turning_about_the_vertical_changes_nothing(axis: int) -> None:
    """Axial rotation cannot be seen without a magnetometer, and must not leak into the angle that can."""
    n = 3000
    acc = np.zeros((n, 3), np.float32)
    acc[:, axis] = G_MPS2
    gyr = np.zeros((n, 3), np.float32)
    gyr[200:, axis] = 2.0
    assert error_deg(follow(acc, gyr), np.eye(3)[axis]).max() < 0.02


def test_at_rest_the_vertical_is_where_gravity_points() -> None:
    acc = np.tile(np.array([1.0, -2.0, 9.0], np.float32), (500, 1))
    truth = acc[0] / np.linalg.norm(acc[0])
    assert error_deg(follow(acc, np.zeros_like(acc)), truth).max() < 0.01
    up = Tilt(1, RATE_HZ).update(lanes(acc))[:, :, 0]
    assert error_deg(up, truth).max() < 0.01


def test_tilt_follows_slow_bends() -> None:
    moves = movement(4000, RATE_HZ, turn_deg=20, sway_m=0.0)
    up = Tilt(1, RATE_HZ).update(lanes(moves.acc))[:, :, 0]
    late = round(0.045 * RATE_HZ)  # the delay of the low-pass
    assert error_deg(up[late:], moves.up[:-late])[200:].max() < 1.0


def test_up_is_a_unit_vector() -> None:
    moves = movement(2000, RATE_HZ, turn_deg=120, sway_m=0.3, seed=4)
    for up in (follow(moves.acc, moves.gyr), Tilt(1, RATE_HZ).update(lanes(moves.acc))[:, :, 0]):
        np.testing.assert_allclose(np.linalg.norm(up, axis=1), 1, atol=1e-5)


def test_lanes_do_not_touch_each_other() -> None:
    many = [movement(700, RATE_HZ, seed=seed) for seed in range(37)]  # two tiles and a bit
    acc, gyr = np.stack([m.acc for m in many], 2), np.stack([m.gyr for m in many], 2)
    bad = np.zeros((700, 37), np.uint8)
    bad[50:300, 11] = 1
    acc[100, 0, 20] = np.nan
    together = Orientation(37, RATE_HZ).update(acc, gyr, bad)
    tilted = Tilt(37, RATE_HZ).update(acc, bad)
    for lane in (0, 11, 15, 16, 20, 36):
        one = slice(lane, lane + 1)
        alone_acc, alone_bad = np.ascontiguousarray(acc[..., one]), np.ascontiguousarray(bad[..., one])
        alone = Orientation(1, RATE_HZ).update(alone_acc, np.ascontiguousarray(gyr[..., one]), alone_bad)
        np.testing.assert_array_equal(alone, together[..., one], err_msg=str(lane))
        np.testing.assert_array_equal(Tilt(1, RATE_HZ).update(alone_acc, alone_bad), tilted[..., one])


@pytest.mark.parametrize("trouble", [np.nan, np.inf, -np.inf, 1e30, 3.4e38, 2000.0])
def test_what_is_no_sample_is_nan_and_then_forgotten(trouble: float) -> None:
    moves = movement(3000, RATE_HZ, rest_s=3.0)
    acc, gyr = moves.acc.copy(), moves.gyr.copy()
    acc[1000, 1] = trouble
    gyr[1003, 2] = trouble
    up = follow(acc, gyr)
    assert np.isnan(up[[1000, 1003]]).all()
    assert np.isfinite(np.delete(up, [1000, 1003], axis=0)).all()
    assert error_deg(np.delete(up, [1000, 1003], axis=0), np.delete(moves.up, [1000, 1003], axis=0))[500:].max() < 1.5


def test_a_short_gap_is_bridged_and_a_long_one_starts_afresh() -> None:
    moves = movement(6000, RATE_HZ, rest_s=3.0)
    for n_gap, limit_deg in ((5, 1.0), (20, 4.0), (49, 25.0), (50, 10.0), (800, 10.0)):
        bad = np.zeros((6000, 1), np.uint8)
        bad[2000 : 2000 + n_gap] = 1
        lane = Orientation(1, RATE_HZ, PROMPT)
        up = lane.update(lanes(moves.acc[: 2000 + n_gap]), lanes(moves.gyr[: 2000 + n_gap]), bad[: 2000 + n_gap])
        assert np.isnan(up[2000:]).all()
        assert lane.age_samples[0] == (2000 if n_gap < 50 else 0)
        after = lane.update(lanes(moves.acc[2000 + n_gap :]), lanes(moves.gyr[2000 + n_gap :]))[:, :, 0]
        error = error_deg(after, moves.up[2000 + n_gap :])
        assert error.max() < limit_deg
        assert error[1500:].max() < 0.6


def test_idle_samples_leave_no_trace() -> None:
    moves = movement(1000, RATE_HZ)
    bad = np.zeros((1000, 1), np.uint8)
    bad[200:500] = 2
    acc, gyr = lanes(moves.acc), lanes(moves.gyr)
    used = bad[:, 0] == 0
    up = Orientation(1, RATE_HZ).update(acc, gyr, bad)
    alone = Orientation(1, RATE_HZ).update(np.ascontiguousarray(acc[used]), np.ascontiguousarray(gyr[used]))
    np.testing.assert_array_equal(up[used], alone)
    up = Tilt(1, RATE_HZ).update(acc, bad)
    np.testing.assert_array_equal(up[used], Tilt(1, RATE_HZ).update(np.ascontiguousarray(acc[used])))


@pytest.mark.parametrize("backend", ["compiled", "reference"])
def test_nothing_at_all_has_no_direction_and_does_no_harm(backend: str) -> None:
    zeros = np.zeros((300, 3, 1), np.float32)
    moves = movement(1000, RATE_HZ)
    lane = Orientation(1, RATE_HZ, PROMPT, backend=backend)  # type: ignore[arg-type]
    assert np.isnan(lane.update(zeros, zeros)).all()
    up = lane.update(lanes(moves.acc), lanes(moves.gyr))[:, :, 0]
    assert np.isfinite(up[100:]).all()
    tilt = Tilt(1, RATE_HZ, backend=backend)  # type: ignore[arg-type]
    assert np.isnan(tilt.update(zeros)).all()
    assert np.isfinite(tilt.update(lanes(moves.acc))).all()


def test_blocks_may_be_empty_or_a_single_sample() -> None:
    moves = movement(3, RATE_HZ)
    lane = Orientation(1, RATE_HZ)
    assert lane.update(lanes(moves.acc[:0]), lanes(moves.gyr[:0])).shape == (0, 3, 1)
    up = lane.update(lanes(moves.acc[:1]), lanes(moves.gyr[:1]))
    assert error_deg(up[:, :, 0], moves.up[:1])[0] < 5
    assert Tilt(2, RATE_HZ).update(np.zeros((0, 3, 2), np.float32)).shape == (0, 3, 2)


def test_a_state_goes_on_elsewhere() -> None:
    moves = movement(1500, RATE_HZ)
    whole = Orientation(1, RATE_HZ).update(lanes(moves.acc), lanes(moves.gyr))
    first = Orientation(1, RATE_HZ)
    start = first.update(lanes(moves.acc[:777]), lanes(moves.gyr[:777]))
    saved = to_bytes(first.state)
    second = Orientation(1, RATE_HZ, state=from_bytes(type(first.state), saved))
    rest = second.update(lanes(moves.acc[777:]), lanes(moves.gyr[777:]))
    np.testing.assert_array_equal(np.concatenate([start, rest]), whole)


def test_wrong_arrays_and_states_are_refused() -> None:
    good = np.zeros((5, 3, 2), np.float32)
    lane = Orientation(2, RATE_HZ)
    wrongs: list[Any] = [
        good.astype(np.float64),
        good[:, :2],
        good[..., :1],
        np.zeros((3, 5, 2), np.float32).swapaxes(0, 1),
    ]
    for wrong in wrongs:
        with pytest.raises(SignalShapeError, match="has to be float32"):
            lane.update(wrong, good)
        with pytest.raises(SignalShapeError, match="gyr"):
            lane.update(good, wrong)
    for bad in (np.zeros((5, 2), bool), np.zeros((5, 1), np.uint8), np.zeros((2, 5), np.uint8).T):
        with pytest.raises(SignalShapeError, match="bad has to be"):
            lane.update(good, good, bad)
    with pytest.raises(InputError, match="state is of 2 lanes"):
        Orientation(3, RATE_HZ, state=lane.state)
    with pytest.raises(InputError, match="at 100"):
        Orientation(2, 50.0, state=lane.state)
    with pytest.raises(InputError, match="numbers each"):
        Tilt(2, RATE_HZ, state=lane.state)


def test_a_lane_can_be_emptied_and_filled() -> None:
    moves = movement(400, RATE_HZ)
    acc, gyr = lanes(moves.acc, 3), lanes(moves.gyr, 3)
    three = Orientation(3, RATE_HZ)
    fresh = three.update(acc, gyr)
    rows = three.state.rows[1]
    three.put_lane(0)
    three.put_lane(2, rows)
    again = three.update(acc, gyr)
    np.testing.assert_array_equal(again[..., 0], fresh[..., 0])
    np.testing.assert_array_equal(again[..., 2], again[..., 1])
    assert three.age_samples.tolist() == [400, 800, 800]


def test_long_steady_movement_does_not_drift() -> None:
    """Half an hour without any rest: the last minutes are as good as the fifth."""
    moves = movement(180_000, RATE_HZ, sway_m=0.1, bias_dps=(0.2, 0.2, -0.2), seed=3)
    error = error_deg(follow(moves.acc, moves.gyr), moves.up)
    assert error[-30_000:].mean() < error[24_000:30_000].mean() + 0.05
    assert error[-30_000:].max() < 1.0
