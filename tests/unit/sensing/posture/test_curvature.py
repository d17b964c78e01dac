"""Two sensors: rounder, flatter, and not measured."""

import numpy as np
import pytest

from upperback.core.errors import InputError
from upperback.sensing.epochs import COLUMNS, Epochs
from upperback.sensing.posture import change_of_curvature


def epochs(flexion_deg: list[float], first_s: int, share: float = 1.0) -> Epochs:
    rows = np.full((len(flexion_deg), len(COLUMNS)), np.nan, np.float32)
    rows[:, COLUMNS.index("flexion_deg")] = flexion_deg
    rows[:, COLUMNS.index("measured_share")] = np.where(np.isnan(flexion_deg), 0, share)
    return Epochs(first_s=first_s, rows=rows)


def test_the_upper_part_bends_more_and_the_back_is_rounder() -> None:
    found = change_of_curvature(epochs([10, 30, 40, 5], 100), epochs([10, 20, 45], 101))
    assert found.first_s == 101
    assert found.change_deg.tolist() == [20, 20, -40]
    assert found.measured_s == 3
    assert found.histogram.total == 3


def test_bending_at_the_hips_changes_nothing() -> None:
    found = change_of_curvature(epochs([0, 60, 90, 170], 0), epochs([0, 60, 90, -170], 0))
    assert found.change_deg.tolist() == [0, 0, 0, -20]


def test_a_second_that_one_sensor_missed_is_not_measured() -> None:
    nan = float("nan")
    found = change_of_curvature(epochs([10, nan, 10, 10], 0), epochs([5, 5, nan, 5], 0))
    assert np.isnan(found.change_deg).tolist() == [False, True, True, False]
    assert found.measured_s == 2
    assert change_of_curvature(epochs([10], 0, share=0.3), epochs([5], 0)).measured_s == 0


def test_sensors_without_a_common_second_are_refused() -> None:
    with pytest.raises(InputError, match="no second in common"):
        change_of_curvature(epochs([1, 2], 0), epochs([1], 2))
