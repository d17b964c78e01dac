"""Scores of questionnaires."""

import pytest

from upperback.care.scores import (
    nprs_change,
    nprs_has_gained,
    nprs_has_worsened,
    psfs_has_gained,
    psfs_has_worsened,
    psfs_mean,
    psfs_small_gain,
    score_phq4,
)
from upperback.core.errors import InputError


@pytest.mark.parametrize(
    "items, total, level",
    [
        ([0, 0, 0, 0], 0, "none"),
        ([1, 1, 0, 0], 2, "none"),
        ([1, 1, 1, 0], 3, "mild"),
        ([2, 1, 1, 1], 5, "mild"),
        ([2, 2, 1, 1], 6, "moderate"),
        ([2, 2, 2, 2], 8, "moderate"),
        ([3, 2, 2, 2], 9, "severe"),
        ([3, 3, 3, 3], 12, "severe"),
    ],
)
def test_phq4_bands(items: list[int], total: int, level: str) -> None:
    score = score_phq4(items)
    assert score is not None
    assert (score.total, score.level) == (total, level)


def test_phq4_parts() -> None:
    score = score_phq4([3, 0, 1, 1])
    assert score is not None
    assert (score.worry, score.mood) == (3, 2)
    assert score.worry_positive
    assert not score.mood_positive


def test_phq4_is_never_made_from_missing_items() -> None:
    assert score_phq4([1, None, 1, 1]) is None


@pytest.mark.parametrize("items", [[1, 1, 1], [1, 1, 1, 4], [1, 1, 1, -1], [1, 1, 1, True], [0] * 5])
def test_phq4_is_read_strictly(items: list[int]) -> None:
    with pytest.raises(InputError, match="phq4"):
        score_phq4(items)


def test_psfs_needs_the_same_activities() -> None:
    assert psfs_mean({"reach": 3, "drive": 5}, {"drive": 7, "reach": 6}) == (4, 6.5)
    assert psfs_mean({"reach": 3}, {"drive": 7}) is None
    assert psfs_mean({"reach": 3, "drive": 5}, {"reach": 6}) is None
    assert psfs_mean({}, {}) is None


@pytest.mark.parametrize("rating", [11, -1, float("nan"), True, "5"])
def test_psfs_is_read_strictly(rating: object) -> None:
    with pytest.raises(InputError, match="psfs"):
        psfs_mean({"reach": rating}, {"reach": 5})  # type: ignore[dict-item]


@pytest.mark.parametrize(
    "baseline, now, gained, small, worse",
    [
        (4, 6, True, False, False),
        (4, 5.9, False, True, False),
        (7.0, 8.3, False, True, False),
        (4, 5.2, False, False, False),
        (6, 4, False, False, True),
        (6, 4.1, False, False, False),
        (None, 4, False, False, False),
        (4, None, False, False, False),
    ],
)
def test_psfs_change(baseline: float | None, now: float | None, gained: bool, small: bool, worse: bool) -> None:
    assert psfs_has_gained(baseline, now, points=2) is gained
    assert psfs_small_gain(baseline, now, small=1.3, points=2) is small
    assert psfs_has_worsened(baseline, now, points=2) is worse


@pytest.mark.parametrize(
    "baseline, now, gained, worse",
    [
        (6, 4, True, False),
        (6, 5, False, False),
        (3, 2, True, False),
        (4, 3, False, False),
        (10, 7, True, False),
        (1, 0, True, False),
        (0, 0, False, False),
        (4, 6, False, True),
        (4, 5.9, False, False),
        (None, 5, False, False),
        (5, None, False, False),
    ],
)
def test_nprs_change(baseline: float | None, now: float | None, gained: bool, worse: bool) -> None:
    assert nprs_has_gained(baseline, now, points=2, share=0.3) is gained
    assert nprs_has_worsened(baseline, now, points=2) is worse


def test_nprs_difference() -> None:
    assert nprs_change(6, 4) == -2
    assert nprs_change(None, 4) is None
    assert nprs_change(4, None) is None
