"""Did changing the task help? Only when the days say so."""

import datetime as dt
import random

import pytest

from upperback.care.load_effect import Effect, Occasion, effect_of_change
from upperback.content.vocabulary import default_content

CONTENT = default_content()
CHANGED = dt.date(2026, 5, 1)


def effect(old: list[int], new: list[int], start: int = 2) -> Effect:
    days = [CHANGED + dt.timedelta(days=number) for number in range(-len(old), len(new))]
    return effect_of_change(
        [Occasion(day=day, before=start, after=start + rise) for day, rise in zip(days, old + new, strict=True)],
        CHANGED,
        CONTENT,
    )


def test_a_clear_fall_helped() -> None:
    found = effect([4, 3, 4, 5, 4, 3], [1, 2, 1, 0, 1, 2])
    assert found.answer == "helped"
    assert found.points == -3
    assert found.interval == (-4, -2)


def test_a_clear_rise_is_worse_and_no_change_is_none() -> None:
    assert effect([1, 1, 0, 1, 1], [4, 4, 3, 4, 5]).answer == "worse"
    assert effect([1] * 8, [1] * 8).answer == "no_difference"


@pytest.mark.parametrize(("old", "new"), [([4] * 4, [0] * 9), ([4] * 9, [0] * 4), ([], []), ([4, 4, 4, 4, 4], [])])
def test_too_few_occasions_cannot_tell(old: list[int], new: list[int]) -> None:
    found = effect(old, new)
    assert (found.answer, found.points, found.n_before, found.n_after) == ("cannot_tell", None, len(old), len(new))


def test_days_that_differ_widely_cannot_tell() -> None:
    assert effect([0, 5, 1, 4, 2], [3, 0, 5, 1, 2]).answer == "cannot_tell"


def test_a_sore_day_does_not_count_against_the_task() -> None:
    assert effect([4, 4, 4, 4, 4], [1, 1, 1, 1, 1], start=5).answer == "helped"


def test_where_nothing_changed_it_seldom_claims_a_change() -> None:
    """The interval is a 95 % one; with the size that has to be noticed, false claims are rarer still."""
    dice = random.Random(7)
    claims = sum(
        effect([dice.randint(0, 5) for _ in range(12)], [dice.randint(0, 5) for _ in range(12)]).answer
        in {"helped", "worse"}
        for _ in range(2000)
    )
    assert claims / 2000 < 0.05


def test_a_real_change_is_found_most_of_the_time() -> None:
    dice = random.Random(8)
    found = sum(
        effect([dice.randint(2, 5) for _ in range(14)], [dice.randint(0, 3) for _ in range(14)]).answer == "helped"
        for _ in range(500)
    )
    assert found / 500 > 0.8
