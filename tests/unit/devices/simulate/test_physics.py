"""The simulated sensor obeys mechanics: gravity, rotation and acceleration fit together, and fit what was asked for."""

import itertools
from collections.abc import Mapping, Sequence
from typing import Any

import numpy as np
import numpy.typing as npt
import pytest
from scipy.spatial.transform import Rotation

from upperback.devices.simulate import Simulation, TruthBlock, read_scenario, simulate
from upperback.sensing.signal import G_MPS2

Floats = npt.NDArray[np.float64]
STILL = {"breathing_deg": 0, "sway_deg": 0, "tremor_deg": 0}
LIVELY: list[dict[str, Any]] = [
    {"do": "align"},
    {"do": "walk", "duration_s": 30},
    {"do": "sit", "duration_s": 40, "slouch_deg": 20, "shifts_per_hour": 300},
    {"do": "lift", "times": 2},
    {"do": "exercise", "id": "MV05", "repetitions": 2},
    {"do": "table", "duration_s": 12},
    {"do": "stairs", "duration_s": 20},
    {"do": "drive", "duration_s": 20},
]


def recorded(
    activities: Sequence[Mapping[str, Any]], wearer: Mapping[str, Any] | None = None, seed: int = 1, **sensor: Any
) -> tuple[Simulation, Floats, Floats, TruthBlock]:
    """Acceleration, angular velocity and truth of a perfect sensor, in one piece."""
    data = {
        "wearer": {} if wearer is None else wearer,
        "sensors": [{"flaws": "none", "sampling_rate_hz": 100, **sensor}],
        "activities": list(activities),
    }
    scenario = read_scenario(data)
    ((chunk, truth),) = simulate(scenario, seed, block_samples=10**7)
    assert chunk.gyr_radps is not None
    return Simulation(scenario, seed), chunk.acc_mps2.astype(float), chunk.gyr_radps.astype(float), truth


def during(simulation: Simulation, truth: TruthBlock, activity: str) -> npt.NDArray[np.bool_]:
    which = [i for i, segment in enumerate(simulation.truth.segments) if segment.activity == activity]
    return np.isin(truth.segment, which)


def test_at_rest_there_is_gravity_and_no_rotation() -> None:
    _, acc, gyr, truth = recorded([{"do": "stand", "duration_s": 5}], STILL)
    assert np.linalg.norm(acc, axis=1) == pytest.approx(G_MPS2, abs=1e-4)
    assert np.abs(gyr).max() < 1e-6
    assert acc / G_MPS2 == pytest.approx(truth.vertical, abs=1e-5)


@pytest.mark.parametrize("place", ["chest", "upper_back", "lower_thoracic", "upper_arm_left", "upper_arm_right"])
def test_upright_gravity_is_along_the_x_axis(place: str) -> None:
    posed = {"do": "stand", "duration_s": 2, "arm_deg": 0}
    _, acc, _, _ = recorded([posed], STILL, place=place)
    assert acc[0] == pytest.approx([G_MPS2, 0, 0], abs=1e-4)


def test_turning_the_mount_turns_gravity_and_rotation() -> None:
    mount_deg = (20.0, -35.0, 110.0)
    _, acc, gyr, _ = recorded(LIVELY[:4])
    _, turned_acc, turned_gyr, _ = recorded(LIVELY[:4], mount_deg=mount_deg)
    mount = Rotation.from_euler("ZYX", mount_deg[::-1], degrees=True)
    assert mount.inv().apply(acc) == pytest.approx(turned_acc, abs=1e-4)
    assert mount.inv().apply(gyr) == pytest.approx(turned_gyr, abs=1e-5)
    assert not np.allclose(acc, turned_acc, atol=1)


@pytest.mark.parametrize("place", ["chest", "lower_thoracic", "upper_arm_left"])
def test_integrating_the_gyroscope_gives_the_true_orientation(place: str) -> None:
    _, _, gyr, truth = recorded(LIVELY, place=place, mount_deg=(10, 20, 30))
    errors_deg = integration_errors_deg(gyr, truth)
    assert errors_deg.max() < 0.3
    wrong = gyr * [1.01, 1, 1]  # one part in a hundred wrong is seen
    assert integration_errors_deg(wrong, truth).max() > 0.5


def integration_errors_deg(gyr: Floats, truth: TruthBlock) -> Floats:
    """Angle between the true orientation and the integrated one, restarted every ten seconds."""
    true = Rotation.from_quat(truth.orientation, scalar_first=True)
    steps = Rotation.from_rotvec((gyr[:-1] + gyr[1:]) / 2 * np.diff(truth.true_time_s)[:, None])
    errors = []
    for start in range(0, len(steps) - 1000, 1000):
        turned = true[start]
        for i in range(start, start + 1000):
            turned = turned * steps[i]
        errors.append(np.degrees((turned.inv() * true[start + 1000]).magnitude()))
    return np.array(errors)


def test_a_bend_pushes_the_sensor_along_its_arc() -> None:
    """At the chest, half a metre above the hips, a fast bend adds centripetal and tangential acceleration."""
    bend = {"do": "bend", "flexion_deg": 60, "down_s": 0.8, "up_s": 0.8, "rest_s": 3, "variation": 0, "arm_deg": 5}
    activities = [{"do": "sit", "duration_s": 3, "arm_deg": 5}, {**bend, "base": "seated"}]
    _, acc, gyr, truth = recorded(activities, STILL)
    force_world = Rotation.from_quat(truth.orientation, scalar_first=True).apply(acc)
    acceleration = force_world - [0, 0, G_MPS2]
    # The lever arm that explains it: a = w' x r + w x (w x r), with w about the left axis only.
    rate = -gyr[:, 1]  # the sensor's y axis points to the right
    turning = np.gradient(rate, 0.01)
    forward, up = np.sin(truth.flexion_rad), np.cos(truth.flexion_rad)
    moving = np.abs(rate) > 0.3
    along, across = (0.254 - 0.02) * 1.72, 0.05 * 1.72  # up the trunk, and ahead to the breastbone, m
    x = along * forward + across * up
    z = along * up - across * forward
    expected_x = turning * z - rate**2 * x
    expected_z = -turning * x - rate**2 * z
    assert acceleration[moving, 0] == pytest.approx(expected_x[moving], abs=0.1)
    assert acceleration[moving, 2] == pytest.approx(expected_z[moving], abs=0.1)
    assert np.abs(expected_x[moving]).max() > 2


@pytest.mark.parametrize(("flexion", "lateral"), [(0, 0), (30, 0), (0, 20), (-15, -10), (60, 5), (95, 0)])
def test_the_asked_angles_come_back(flexion: float, lateral: float) -> None:
    posed = {"do": "stand", "duration_s": 2, "flexion_deg": flexion, "lateral_deg": lateral, "axial_deg": 25}
    _, acc, _, truth = recorded([posed], STILL)
    assert np.degrees(truth.flexion_rad[0]) == pytest.approx(flexion, abs=1e-6)
    assert np.degrees(truth.lateral_rad[0]) == pytest.approx(lateral, abs=1e-6)
    up, right, ahead = acc[0] / np.linalg.norm(acc[0])  # an unturned chest sensor: x up, y right, z ahead
    assert np.degrees(np.arctan2(-ahead, up)) == pytest.approx(flexion, abs=1e-3)
    assert np.degrees(np.arcsin(-right)) == pytest.approx(lateral, abs=1e-3)


def test_curve_is_the_difference_of_two_sensors() -> None:
    activities = [{"do": "stand", "duration_s": 2, "flexion_deg": 30, "curve_deg": 12}]
    _, _, _, upper = recorded(activities, STILL, place="upper_back")
    _, _, _, lower = recorded(activities, STILL, place="lower_thoracic")
    assert np.degrees(upper.flexion_rad - lower.flexion_rad) == pytest.approx(12, abs=1e-6)
    assert np.degrees(upper.curve_rad) == pytest.approx(12, abs=1e-6)


def test_walking_bounces_and_sitting_does_not() -> None:
    simulation, acc, _, truth = recorded([{"do": "sit", "duration_s": 60}, {"do": "walk", "duration_s": 60}])
    length = np.linalg.norm(acc, axis=1)
    assert length[during(simulation, truth, "walk")].std() > 1.5
    assert length[during(simulation, truth, "sit")].std() < 0.1
    assert length[during(simulation, truth, "walk")].mean() == pytest.approx(G_MPS2, abs=0.2)


def test_steps_are_where_the_foot_meets_the_ground() -> None:
    activity = {"do": "walk", "duration_s": 60, "cadence_per_min": 108, "turns_per_min": 0}
    simulation, acc, _, _ = recorded([activity], STILL)
    steps = np.array(simulation.truth.steps_s)
    assert 60 / np.median(np.diff(steps)) == pytest.approx(108, rel=0.06)
    assert np.diff(steps).std() / np.diff(steps).mean() < 0.1
    # The trunk is lowest, and pushed up hardest, about an eighth of a step after it.
    per_step = [acc[int(a * 100) : int(b * 100), 0] for a, b in itertools.pairwise(steps[5:-5])]
    where = [float(each.argmax()) / len(each) for each in per_step]
    assert np.median(where) == pytest.approx(0.12, abs=0.08)


def test_a_vehicle_shakes_as_strongly_as_stated() -> None:
    activity = {"do": "drive", "duration_s": 300, "vibration_mps2": 0.8, "traffic_mps2": 0, "flexion_deg": 0}
    _, acc, _, _ = recorded([activity], STILL)
    middle = slice(1000, 25_000)
    assert acc[middle, 0].std() == pytest.approx(0.8, rel=0.1)


def test_on_a_table_it_lies_still_and_worn_is_false() -> None:
    _, acc, gyr, truth = recorded([{"do": "stand", "duration_s": 5}, {"do": "table", "duration_s": 20}])
    lying = (truth.time_s > 8) & (truth.time_s < 22)
    assert not truth.worn[lying].any()
    assert truth.worn[:500].all()
    assert np.abs(gyr[lying]).max() < 1e-6
    assert acc[lying].std(axis=0).max() < 1e-6


def test_the_alignment_turns_the_sensor_into_the_trunk() -> None:
    activities = [
        {"do": "stand", "duration_s": 5, "flexion_deg": 25, "lateral_deg": 8},
        {"do": "table", "duration_s": 10},
        {"do": "stand", "duration_s": 5, "flexion_deg": 25, "lateral_deg": 8},
    ]
    simulation, acc, _, _ = recorded(activities, STILL, mount_deg=(15, -25, 40))
    first, *more = simulation.truth.sensors[0].mountings
    up = np.array(first.to_trunk) @ (acc[10] / G_MPS2)
    assert np.degrees(np.arctan2(-up[0], up[2])) == pytest.approx(25, abs=1e-3)
    assert len(more) == 1


def test_put_on_again_it_sits_differently() -> None:
    data: dict[str, Any] = {
        "sensors": [{"flaws": {"rewear_deg": 8}}],
        "activities": [{"do": "stand", "duration_s": 5}, {"do": "table", "duration_s": 10}],
    }
    first, second = Simulation(read_scenario(data), 3).truth.sensors[0].mountings
    turned = Rotation.from_matrix(np.array(first.to_trunk)).inv() * Rotation.from_matrix(np.array(second.to_trunk))
    assert 2 < np.degrees(turned.magnitude()) < 40
    assert 5 < second.from_s < 15


def test_standing_up_leans_forward_and_rises() -> None:
    """The double integral of the vertical acceleration is the way from the seat to standing."""
    activities = [{"do": "sit", "duration_s": 3}, {"do": "stand", "duration_s": 3}]
    simulation, acc, _, truth = recorded(activities, STILL)
    assert [segment.activity for segment in simulation.truth.segments] == ["sit", "stand_up", "stand"]
    rising = during(simulation, truth, "stand_up")
    assert np.degrees(truth.flexion_rad[rising].max()) == pytest.approx(34, abs=1.5)
    force_world = Rotation.from_quat(truth.orientation, scalar_first=True).apply(acc)
    upwards = force_world[:, 2] - G_MPS2
    rise_m = np.cumsum(np.cumsum(upwards)) * 0.01**2
    assert rise_m[rising.nonzero()[0][-1] + 10] == pytest.approx((53.0 - 27.7) * 0.0172, abs=0.01)
