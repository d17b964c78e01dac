"""Alignment from tasks: right axes from clean tasks, honest numbers from poor ones, a refusal from none."""

import numpy as np
import pytest

from tests.unit.sensing.trunks import Doing, Sitting, bend, lean, still
from upperback.core.errors import InputError
from upperback.sensing.trunk import NotAligned, Task, TaskKind, TrunkAlignment, align


def task(kind: TaskKind, sitting: Sitting, doing: Doing) -> Task:
    return Task(kind=kind, up=sitting.vertical(doing.flexion_deg, doing.lateral_deg))


def off_deg(axis: tuple[float, float, float] | None, truth: np.ndarray) -> float:
    assert axis is not None
    return float(np.degrees(np.arccos(np.clip(np.dot(axis, truth), -1, 1))))


@pytest.mark.parametrize("seed", range(8))
def test_the_axes_come_out_however_the_sensor_sits(seed: int) -> None:
    sitting = Sitting.some(seed)
    found = align(
        [
            task("stand", sitting, still(5).swaying(0.3, seed)),
            task("bend", sitting, bend(60).swaying(0.3, seed + 1)),
            task("bend", sitting, bend(70).swaying(0.3, seed + 2)),
            task("side_right", sitting, lean(25).swaying(0.3, seed + 3)),
            task("side_left", sitting, lean(-25).swaying(0.3, seed + 4)),
        ]
    )
    assert off_deg(found.is_axis, sitting.up) < 0.2
    assert off_deg(found.pa_axis, sitting.front) < 0.5
    assert off_deg(found.ml_axis, sitting.left) < 0.5
    assert found.quality is not None
    assert found.quality.grade == "good"
    assert found.quality.side_agreement_deg < 2
    assert "well known" in found.quality.sentence


def test_bends_that_turn_a_little_are_averaged_and_the_spread_is_said() -> None:
    sitting = Sitting.some(3)
    found = align(
        [task("stand", sitting, still(5))] + [task("bend", sitting, bend(60, turned_deg=deg)) for deg in (-8, 0, 8)]
    )
    assert off_deg(found.pa_axis, sitting.front) < 0.5
    assert found.quality is not None
    assert found.quality.bend_repeat_deg == pytest.approx(np.sqrt(128 / 3), abs=0.3)
    assert found.quality.grade == "fair"
    assert "apart" in found.quality.sentence


def test_side_bends_pull_a_crooked_bend_towards_the_front() -> None:
    sitting = Sitting.some(4)
    bends = [task("stand", sitting, still(5)), task("bend", sitting, bend(60, turned_deg=10))]
    sides = [task("side_right", sitting, lean(30)), task("side_left", sitting, lean(-30))]
    alone, together = align(bends), align(bends + sides)
    assert off_deg(alone.pa_axis, sitting.front) == pytest.approx(10, abs=0.5)
    assert off_deg(together.pa_axis, sitting.front) < 6
    assert together.quality is not None
    assert together.quality.side_agreement_deg == pytest.approx(10, abs=1)


def test_one_bend_is_enough_and_called_rough() -> None:
    sitting = Sitting.some(5)
    found = align([task("stand", sitting, still(3)), task("bend", sitting, bend(50))])
    assert found.quality is not None
    assert found.quality.grade == "fair"
    assert np.isnan(found.quality.bend_repeat_deg)
    assert np.isnan(found.quality.stand_repeat_deg)
    assert "only one bend" in found.quality.sentence


def test_samples_that_were_not_measured_are_left_out() -> None:
    sitting = Sitting.some(6)
    stand, down = task("stand", sitting, still(5)), task("bend", sitting, bend(60))
    stand.up[10:40] = np.nan
    down.up[::7] = np.nan
    found = align([stand, down])
    assert off_deg(found.is_axis, sitting.up) < 0.1
    assert off_deg(found.pa_axis, sitting.front) < 0.5


@pytest.mark.parametrize(
    ("doing", "reason"),
    [
        ([("bend", bend(60))], "Standing still upright was not seen"),
        ([("stand", still(5))], "too small to tell front from side: 0 degrees"),
        ([("stand", still(5)), ("bend", bend(20))], "too small to tell front from side: 20 degrees"),
        ([("stand", bend(20)), ("bend", bend(60))], "not still enough"),
        ([("stand", still(5)), ("stand", still(5, 30.0)), ("bend", bend(60))], "differed by 15 degrees"),
        (
            [("stand", still(5)), ("bend", bend(60)), ("bend", bend(60, turned_deg=90))],
            "different directions: 45 degrees",
        ),
        ([("stand", still(5)), ("bend", bend(60)), ("side_left", lean(30))], "do not fit together: 180 degrees"),
    ],
)
def test_tasks_that_do_not_show_it_are_refused(doing: list[tuple[TaskKind, Doing]], reason: str) -> None:
    sitting = Sitting.some(7)
    with pytest.raises(NotAligned, match=reason):
        align([task(kind, sitting, what) for kind, what in doing])


def test_a_task_without_a_measured_sample_is_no_task() -> None:
    nothing = np.full((50, 3), np.nan, np.float32)
    with pytest.raises(NotAligned, match="not seen"):
        align([Task(kind="stand", up=nothing), Task(kind="bend", up=nothing)])


def test_without_a_front_the_other_axes_are_any_that_fit() -> None:
    for axis in ("x", "-x", "y", "-y", "z", "-z"):
        alignment = TrunkAlignment.of_mounting(axis)
        assert not alignment.has_front
        axes = alignment.axes()
        np.testing.assert_allclose(axes @ axes.T, np.eye(3), atol=1e-12)
        assert axes[0]["xyz".index(axis[-1])] == (-1 if axis.startswith("-") else 1)


def test_axes_that_do_not_stand_at_right_angles_are_refused() -> None:
    with pytest.raises(InputError, match="right angles"):
        TrunkAlignment(is_axis=(1, 0, 0), pa_axis=(0.6, 0.8, 0), ml_axis=(0, 0, 1), source="mounting")
    with pytest.raises(InputError, match="right angles"):
        TrunkAlignment(is_axis=(float("nan"), 0, 0), source="mounting")
    with pytest.raises(InputError, match="neither"):
        TrunkAlignment(is_axis=(1, 0, 0), pa_axis=(0, 1, 0), source="mounting")
