"""Angles of known postures, by the reference and by every instruction set."""

import numpy as np
import pytest

from tests.unit.sensing.trunks import Sitting
from upperback.sensing.compiled import available
from upperback.sensing.posture import PostureTracker, VerticalBlock
from upperback.sensing.posture._reference import angles
from upperback.sensing.trunk import TrunkAlignment

KERNELS = ("numpy", *available())


def aligned(sitting: Sitting) -> TrunkAlignment:
    return TrunkAlignment.from_axes(sitting.up, sitting.front, source="standard tasks")


@pytest.mark.parametrize(
    ("flexion_deg", "lateral_deg", "inclination_deg"),
    [
        (0, 0, 0),
        (30, 0, 30),
        (-20, 0, 20),
        (0, 25, 25),
        (0, -25, 25),
        (90, 0, 90),
        (120, 0, 120),
        (-90, 0, 90),
        (45, 45, 60),
        (0, 89, 89),
        (180, 0, 180),
    ],
)
def test_known_postures(flexion_deg: float, lateral_deg: float, inclination_deg: float) -> None:
    sitting = Sitting.some(1)
    found = angles(sitting.vertical(np.array([flexion_deg]), np.array([lateral_deg])), aligned(sitting))
    assert found.inclination_deg[0] == pytest.approx(inclination_deg, abs=1e-3)
    assert abs(found.flexion_deg[0]) == pytest.approx(abs(flexion_deg), abs=1e-3)
    assert np.sign(found.flexion_deg[0].round(3)) == np.sign(flexion_deg) or flexion_deg == 180
    assert found.lateral_deg[0] == pytest.approx(lateral_deg, abs=1e-3)


def test_samples_in_the_axes_of_the_body_need_no_alignment() -> None:
    bent, leaning = [np.cos(0.5), 0, -np.sin(0.5)], [np.cos(0.5), -np.sin(0.5), 0]
    found = angles(np.array([bent, leaning]), TrunkAlignment.of_body_frame())
    np.testing.assert_allclose(np.radians(found.flexion_deg), [0.5, 0], atol=1e-9)
    np.testing.assert_allclose(np.radians(found.lateral_deg), [0, 0.5], atol=1e-9)


def test_what_is_not_known_is_no_number() -> None:
    up = np.array([[0.6, 0.0, 0.8]])
    nothing = angles(up, None)
    assert np.isnan([nothing.inclination_deg, nothing.flexion_deg, nothing.lateral_deg]).all()
    only_up = angles(up, TrunkAlignment.of_mounting("z"))
    assert only_up.inclination_deg[0] == pytest.approx(np.degrees(np.arctan2(0.6, 0.8)))
    assert np.isnan([only_up.flexion_deg, only_up.lateral_deg]).all()


@pytest.mark.parametrize("isa", available())
def test_the_polynomials_are_as_exact_as_they_say(isa: str) -> None:
    """One posture a second, all over the sphere; the mean of a second that stands still is the posture."""
    directions = np.random.default_rng(3).normal(size=(3000, 3))
    directions[:6] = [[1, 0, 0], [-1, 0, 0], [0, 1, 0], [0, -1, 0], [0, 0, 1], [0, 0, -1]]
    directions /= np.linalg.norm(directions, axis=1, keepdims=True)
    up = np.repeat(directions.astype(np.float32), 10, axis=0)
    alignment = TrunkAlignment.of_body_frame()
    tracker = PostureTracker(sampling_rate_hz=10, alignment=alignment, instruction_set=isa)
    epochs = tracker.update(VerticalBlock(start_s=0, sampling_rate_hz=10, up=up, sensor="accelerometer"))
    expected = angles(up[::10].astype(np.float64), alignment)
    np.testing.assert_allclose(epochs.inclination_deg, expected.inclination_deg, atol=2.5e-4)
    np.testing.assert_allclose(epochs.lateral_deg, expected.lateral_deg, atol=2.5e-4)
    off = (epochs.flexion_deg - expected.flexion_deg + 180) % 360 - 180  # -180 and 180 are the same
    assert np.abs(off[6:]).max() < 2.5e-4


@pytest.mark.parametrize("isa", KERNELS)
def test_both_velocities_of_a_known_turn(isa: str) -> None:
    """30 deg/s around the vertical axis of a trunk that leans by 40 deg: the inclination does not change."""
    rate_hz = 50.0
    turn = np.radians(30 / rate_hz) * np.arange(500)
    lean = np.radians(40)
    circling = np.stack([np.cos(lean) + 0 * turn, np.sin(lean) * np.cos(turn), np.sin(lean) * np.sin(turn)], axis=1)
    tracker = PostureTracker(sampling_rate_hz=rate_hz, alignment=TrunkAlignment.of_body_frame(), instruction_set=isa)
    block = VerticalBlock(start_s=0, sampling_rate_hz=rate_hz, up=circling.astype(np.float32), sensor="accelerometer")
    epochs = tracker.update(block)
    np.testing.assert_allclose(epochs.inclination_velocity_dps, 0, atol=0.01)
    np.testing.assert_allclose(epochs.generalised_velocity_dps, 30 * np.sin(lean), rtol=1e-3)


@pytest.mark.parametrize("isa", KERNELS)
def test_a_nod_shows_in_both_velocities(isa: str) -> None:
    rate_hz = 50.0
    lean = np.radians(10 + 20 / rate_hz * np.arange(150))  # 20 deg/s
    nod = np.stack([np.cos(lean), 0 * lean, -np.sin(lean)], axis=1).astype(np.float32)
    tracker = PostureTracker(sampling_rate_hz=rate_hz, alignment=TrunkAlignment.of_body_frame(), instruction_set=isa)
    epochs = tracker.update(VerticalBlock(start_s=0, sampling_rate_hz=rate_hz, up=nod, sensor="accelerometer"))
    np.testing.assert_allclose(epochs.inclination_velocity_dps, 20, atol=0.05)
    np.testing.assert_allclose(epochs.generalised_velocity_dps, 20, atol=0.01)
