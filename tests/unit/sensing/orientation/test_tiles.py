"""The tiles of the compiled kernel: same bits from every instruction set, nothing poisons a lane."""

import numpy as np
import pytest

from upperback.sensing.compiled import LANES, available
from upperback.sensing.orientation import _compiled, orient_coefficients, tilt_coefficients

pytestmark = pytest.mark.skipif(not available(), reason="no C compiler here: run `just kernel` where there is one")

RATE_HZ = 100.0


def signals(n_time: int, seed: int = 1) -> tuple[np.ndarray, np.ndarray, np.ndarray]:
    rng = np.random.default_rng(seed)
    gyr = rng.normal(0, 1, (n_time, 3, LANES)).astype(np.float32)
    acc = rng.normal((0.0, 0.0, 9.81), 2, (LANES, n_time, 3)).transpose(1, 2, 0).astype(np.float32, order="C")
    return gyr, acc, np.zeros((n_time, LANES), np.uint8)


def run(tile: str, isa: str, gyr: np.ndarray, acc: np.ndarray, bad: np.ndarray) -> tuple[np.ndarray, np.ndarray]:
    up = np.empty_like(acc)
    if tile == "orient":
        state = np.zeros((_compiled.ORIENT_STATE, LANES), np.float32)
        _compiled.orient_tile(isa)(gyr, acc, bad, state, up, len(acc), orient_coefficients(RATE_HZ))
    else:
        state = np.zeros((_compiled.TILT_STATE, LANES), np.float32)
        _compiled.tilt_tile(isa)(acc, bad, state, up, len(acc), tilt_coefficients(RATE_HZ))
    return up, state


@pytest.mark.parametrize("tile", ["orient", "tilt"])
def test_every_instruction_set_gives_the_same_bits(tile: str) -> None:
    gyr, acc, bad = signals(500)
    bad[100:130, 3] = 1
    acc[40, 1, 5] = np.nan
    expected, expected_state = run(tile, "baseline", gyr, acc, bad)
    for isa in available():
        up, state = run(tile, isa, gyr, acc, bad)
        np.testing.assert_array_equal(up, expected)
        np.testing.assert_array_equal(state, expected_state)


@pytest.mark.parametrize("tile", ["orient", "tilt"])
def test_what_is_no_sample_is_held_and_harms_nobody(tile: str) -> None:
    gyr, acc, bad = signals(300)
    clean, _ = run(tile, "baseline", gyr, acc, bad)
    acc[100, 0, 2] = np.nan
    acc[101, 1, 2] = np.inf
    acc[102, 2, 2] = 1e30
    up, state = run(tile, "baseline", gyr, acc, bad)
    others = np.arange(LANES) != 2
    np.testing.assert_array_equal(up[:, :, others], clean[:, :, others])
    assert np.isnan(up[100:103, :, 2]).all()
    assert np.isfinite(np.delete(up[:, :, 2], [100, 101, 102], axis=0)).all()
    assert np.isfinite(state).all()


@pytest.mark.parametrize("tile", ["orient", "tilt"])
def test_after_a_long_gap_a_lane_starts_afresh(tile: str) -> None:
    gyr, acc, bad = signals(400)
    bad[100:200, 7] = 1  # 1 s, the longest gap is shorter
    up, _ = run(tile, "baseline", gyr, acc, bad)
    first = acc[200, :, 7] / np.linalg.norm(acc[200, :, 7])
    np.testing.assert_allclose(up[200, :, 7], first, atol=0.02)
    assert not np.allclose(up[200, :, 6], acc[200, :, 6] / np.linalg.norm(acc[200, :, 6]), atol=1e-2)
