"""Tasks are found where they were done, and not found in everything else."""

from functools import reduce
from pathlib import Path

import numpy as np
import pytest

from tests.unit.sensing.trunks import RATE_HZ, Doing, Sitting, bend, lean, still
from upperback.sensing.trunk import find_alignment
from upperback.sensing.trunk.base import TrunkAlignment


def one_after_the_other(parts: list[Doing]) -> Doing:
    return reduce(Doing.then, parts)


def off_deg(alignment: TrunkAlignment, sitting: Sitting) -> tuple[float, float]:
    assert alignment.pa_axis is not None
    pairs = [(alignment.is_axis, sitting.up), (alignment.pa_axis, sitting.front)]
    up, front = (float(np.degrees(np.arccos(np.clip(np.dot(*pair), -1, 1)))) for pair in pairs)
    return up, front


def moving_about(time_s: float, seed: int, size_deg: float = 12.0) -> Doing:
    """Slow wandering, as at a desk."""
    rng = np.random.default_rng(seed)
    knots = rng.normal(0, size_deg, (2, int(time_s / 2) + 2))
    at = np.arange(int(time_s * RATE_HZ)) / RATE_HZ / 2
    flexion, lateral = (np.interp(at, np.arange(knots.shape[1]), row) for row in knots)
    return Doing(flexion + 10, lateral)


PROTOCOL = [still(5), bend(65), still(1.5), bend(60), still(1.5), bend(70), still(4)]


@pytest.mark.parametrize("seed", range(6))
def test_three_bends_from_standing_are_found(seed: int) -> None:
    sitting = Sitting.some(seed)
    parts = [moving_about(40, seed), *PROTOCOL, lean(25), lean(-25), moving_about(100, seed + 50)]
    doing = one_after_the_other(parts).swaying(0.3, seed)
    found = find_alignment(sitting.vertical(doing.flexion_deg, doing.lateral_deg), sampling_rate_hz=RATE_HZ)
    assert found.alignment is not None, found.sentence
    assert max(off_deg(found.alignment, sitting)) < 2
    assert found.alignment.source == "found tasks"
    assert [one.kind for one in found.tasks].count("bend") == 3
    assert "the rest before the bends counts as upright" in found.sentence


def test_smaller_bends_are_forward_if_leaning_to_both_sides_shows_it() -> None:
    """What a person is asked to do: stand, three bends, then three to each side."""
    sitting = Sitting.some(4)
    sides = [part for deg in (22, -22) for _ in range(3) for part in (lean(deg), still(1.5))]
    bends = [part for _ in range(3) for part in (bend(36), still(1.5))]
    doing = one_after_the_other([still(6), *bends, *sides, moving_about(60, 1)]).swaying(0.4, 1)
    found = find_alignment(sitting.vertical(doing.flexion_deg, doing.lateral_deg), sampling_rate_hz=RATE_HZ)
    assert found.alignment is not None, found.sentence
    assert max(off_deg(found.alignment, sitting)) < 2
    kinds = [one.kind for one in found.tasks]
    assert [kinds.count(kind) for kind in ("bend", "side_right", "side_left")] == [3, 3, 3]
    assert found.alignment.quality is not None
    assert found.alignment.quality.side_agreement_deg < 3


def test_the_task_is_taken_and_not_work_that_came_after_it() -> None:
    """More bends from a stoop of 15 degrees do not count, though there are more of them."""
    sitting = Sitting.some(6)
    work = [part for _ in range(8) for part in (still(3, 15.0), bend(50, base_deg=15.0))]
    doing = one_after_the_other([*PROTOCOL, moving_about(40, 2), *work]).swaying(0.3, 2)
    found = find_alignment(sitting.vertical(doing.flexion_deg, doing.lateral_deg), sampling_rate_hz=RATE_HZ)
    assert found.alignment is not None
    assert max(off_deg(found.alignment, sitting)) < 1


def test_the_place_of_the_tasks_is_said_in_samples() -> None:
    doing = one_after_the_other(PROTOCOL)
    found = find_alignment(Sitting.some(1).vertical(doing.flexion_deg, doing.lateral_deg), sampling_rate_hz=RATE_HZ)
    first_stand = next(one for one in found.tasks if one.kind == "stand")
    first_bend = next(one for one in found.tasks if one.kind == "bend")
    assert first_stand.start == 0
    assert first_bend.start == pytest.approx(6 * RATE_HZ, abs=30)
    assert first_bend.end == pytest.approx(8.4 * RATE_HZ, abs=30)


@pytest.mark.parametrize(
    ("name", "parts"),
    [
        ("nothing at all", [still(120)]),
        ("desk work", [moving_about(300, 1)]),
        ("restless", [moving_about(300, 2, size_deg=35.0)]),
        ("two bends only", [still(5), bend(65), still(2), bend(65), still(60)]),
        ("bends far apart", [still(5), bend(65), still(60), bend(65), still(60), bend(65), still(60)]),
        ("both ways", [still(5), *[part for _ in range(3) for part in (bend(50), still(1), bend(-45), still(1))]]),
        ("to one side only", [still(5), *[part for _ in range(3) for part in (lean(32), still(2))]]),
        ("bends in later work", [moving_about(150, 7), still(3), *[bend(60).then(still(2)) for _ in range(5)]]),
        ("small bends", [still(5), bend(35), still(2), bend(35), still(2), bend(35), still(9)]),
        ("to all sides", [still(5), bend(60), still(2), bend(60, turned_deg=60), still(2), bend(60, turned_deg=-60)]),
        ("side-bends", [still(5), lean(35), still(2), lean(35), still(2), lean(35), still(9)]),
        ("lies down", [still(5), bend(90).then(still(200, 90))]),
        ("long stoops", [still(5), *[bend(60, time_s=25).then(still(2)) for _ in range(4)]]),
        ("never comes back", [still(5), bend(60, base_deg=0).then(still(5, 20)), bend(60, base_deg=20)]),
    ],
)
def test_what_is_no_task_is_refused_with_a_reason(name: str, parts: list[Doing]) -> None:
    sitting = Sitting.some(9)
    doing = one_after_the_other(parts).swaying(0.3, 1)
    found = find_alignment(sitting.vertical(doing.flexion_deg, doing.lateral_deg), sampling_rate_hz=RATE_HZ)
    assert found.alignment is None, name
    assert found.sentence.endswith(".")
    assert not found.tasks


def test_a_recording_that_was_not_measured_or_is_too_short_is_refused() -> None:
    for up in (np.full((5000, 3), np.nan, np.float32), np.empty((0, 3), np.float32), np.ones((3, 3), np.float32)):
        assert find_alignment(up, sampling_rate_hz=RATE_HZ).alignment is None


def test_bends_after_the_first_minutes_are_not_looked_for() -> None:
    doing = one_after_the_other([moving_about(320, 3), *PROTOCOL])
    up = Sitting.some(1).vertical(doing.flexion_deg, doing.lateral_deg)
    assert find_alignment(up, sampling_rate_hz=RATE_HZ).alignment is None


def test_the_rate_may_be_odd() -> None:
    sitting = Sitting.some(2)
    doing = one_after_the_other(PROTOCOL)
    up = sitting.vertical(doing.flexion_deg, doing.lateral_deg)
    at = np.arange(int(len(up) / RATE_HZ * 51.7)) / 51.7 * RATE_HZ
    odd = np.stack([np.interp(at, np.arange(len(up)), axis) for axis in up.T], axis=1).astype(np.float32)
    found = find_alignment(odd, sampling_rate_hz=51.7)
    assert found.alignment is not None
    assert max(off_deg(found.alignment, sitting)) < 1


def test_walking_of_real_people_is_no_task(real_data: Path) -> None:
    for file in sorted((real_data / "lower_back").glob("*.csv")):
        table = np.genfromtxt(file, delimiter=",", names=True)
        acc = np.stack([table[name] for name in ("acc_x", "acc_y", "acc_z")], axis=1)
        smooth = np.stack([np.convolve(axis, np.ones(50) / 50, mode="same") for axis in acc.T], axis=1)
        up = (smooth / np.linalg.norm(smooth, axis=1, keepdims=True)).astype(np.float32)
        assert find_alignment(up, sampling_rate_hz=100.0).alignment is None
