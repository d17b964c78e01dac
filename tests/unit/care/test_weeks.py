"""What the diary of some weeks says about early signs: each from both sides of its limit, and nothing from nothing."""

import datetime as dt
import itertools
from typing import Any

import pytest
from hypothesis import given
from hypothesis import strategies as st

from upperback.care.diary import CheckIn, Entry, FlareStarted, Morning, Written
from upperback.care.early import early_signs
from upperback.care.weeks import LastCheck, check_in_due, small_review_due, so_far
from upperback.content.vocabulary import default_content

CONTENT = default_content()
START = dt.date(2026, 3, 2)
_IDS = itertools.count(1)


def on(day: int, entry: Entry) -> Written:
    date = START + dt.timedelta(days=day)
    at = dt.datetime.combine(date, dt.time(8), dt.UTC)
    return Written(id=next(_IDS), day=date, at=at, entry=entry)


def mornings(first: int, *pains: int) -> list[Written]:
    return [on(first + index, Morning(pain=pain)) for index, pain in enumerate(pains)]


def signs(
    written: list[Written], *, day: int, pain: float | None = 3, phq4: int | None = None, checked: int = 0
) -> set[str]:
    check = LastCheck(
        at=dt.datetime.combine(START + dt.timedelta(days=checked), dt.time(7), dt.UTC), pain=pain, phq4=phq4
    )
    today = START + dt.timedelta(days=day)
    found = so_far(written, starts_on=START, check=check, today=today, content=CONTENT)
    return {sign.id for sign in early_signs(found, CONTENT)}


def test_nothing_told_is_no_sign() -> None:
    assert signs([], day=40, pain=None) == set()


@pytest.mark.parametrize(
    "pains, day, found",
    [
        ((7, 7, 7, 8, 2, 2, 2), 20, True),
        ((7, 7, 7, 2, 2, 2, 2), 20, False),
        ((7, 7, 7, 8, 7, 7, 7), 13, False),  # not before two weeks
        ((7, 7, 7, 8, 7, 7, 7), 14, True),
    ],
)
def test_strong_pain_on_most_days(pains: tuple[int, ...], day: int, found: bool) -> None:
    assert ("strong_pain" in signs(mornings(day - 6, *pains), day=day, pain=7)) is found


def test_few_days_known_the_check_in_counts() -> None:
    assert "strong_pain" in signs([on(19, CheckIn(pain_average=7))], day=20, pain=7)
    assert "strong_pain" not in signs([on(19, CheckIn(pain_average=6))], day=20, pain=7)
    assert "strong_pain" not in signs([on(19, CheckIn(pain_average=7))], day=28, pain=7)  # more than a week ago


@pytest.mark.parametrize(
    "said, day, found", [("no", 7, True), ("no", 6, False), ("yes", 7, False), ("not_tried", 7, False)]
)
def test_no_movement_bearable(said: Any, day: int, found: bool) -> None:
    assert ("no_movement" in signs([on(6, CheckIn(movement_bearable=said))], day=day)) is found


@pytest.mark.parametrize(
    "averages, found", [((2, 3, 4, 5), True), ((2, 3, 4, 4), False), ((3, 3, 4, 5), False), ((5, 4, 3, 2), False)]
)
def test_pain_that_rises_three_weeks_in_a_row(averages: tuple[int, ...], found: bool) -> None:
    told = [on(7 * week + 6, CheckIn(pain_average=pain)) for week, pain in enumerate(averages)]
    assert ("rising_pain" in signs(told, day=27, pain=5)) is found


def test_a_week_without_a_word_breaks_the_row() -> None:
    told = [on(7 * week + 6, CheckIn(pain_average=pain)) for week, pain in ((0, 2), (1, 3), (3, 5))]
    assert "rising_pain" not in signs(told, day=27, pain=5)


def test_mornings_that_drift_less_than_half_a_point_a_week_do_not_rise() -> None:
    weeks = [(2, 2, 2, 2, 2, 2, 2), (2, 2, 2, 2, 2, 2, 3), (2, 2, 2, 2, 2, 3, 3), (2, 2, 2, 2, 3, 3, 3)]
    slow = [row for week, pains in enumerate(weeks) for row in mornings(7 * week, *pains)]
    assert "rising_pain" not in signs(slow, day=27)
    fast = [row for week in range(4) for row in mornings(7 * week, *[2 + week] * 7)]
    assert "rising_pain" in signs(fast, day=27, pain=4)


@pytest.mark.parametrize("days, found", [((1, 30, 60), True), ((1, 60), False)])
def test_flares_of_three_months(days: tuple[int, ...], found: bool) -> None:
    flares = [on(day, FlareStarted()) for day in days]
    assert ("flares" in signs(flares, day=61)) is found
    assert "flares" not in signs(flares, day=1 + 13 * 7)  # the first one is too long ago


@pytest.mark.parametrize("off, found", [((7, 7, 7), True), ((5, 5), False), ((5, 5, 1), True), ((7, 0, 7), False)])
def test_more_than_two_weeks_away_from_work(off: tuple[int, ...], found: bool) -> None:
    told = [on(7 * week + 6, CheckIn(days_off_work=days)) for week, days in enumerate(off)]
    assert ("off_work" in signs(told, day=30)) is found


@pytest.mark.parametrize("now, found", [(6, True), (5, False)])
def test_a_rise_since_the_safety_check(now: int, found: bool) -> None:
    assert ("pain_rise" in signs([on(10, CheckIn(pain_now=now, pain_average=2))], day=10)) is found
    assert ("pain_rise" in signs(mornings(8, now, now, now), day=10)) is found
    assert "pain_rise" not in signs(mornings(8, now, now), day=10)  # two mornings are no usual pain
    assert "pain_rise" not in signs([on(10, CheckIn(pain_now=now))], day=12, checked=11)  # told before the check


@pytest.mark.parametrize("said, found", [("yes", True), ("not_sure", True), ("no", False)])
def test_an_arm_that_is_new_or_not_sure(said: Any, found: bool) -> None:
    assert ("new_arm_symptoms" in signs([on(10, CheckIn(arm=said))], day=11)) is found


def test_clearly_worse_at_three_weeks_and_low_mood() -> None:
    assert "worse_overall" in signs([on(21, CheckIn(pgic=6))], day=21)
    assert "worse_overall" not in signs([on(21, CheckIn(pgic=5))], day=21)
    assert "worse_overall" not in signs([on(14, CheckIn(pgic=6))], day=14)
    assert "low_mood" in signs([], day=1, phq4=9)
    assert "low_mood" not in signs([], day=1, phq4=8)


def test_a_check_in_is_due_after_a_week_and_asks_once_from_the_third_how_it_is_overall() -> None:
    def due(day: int, *told: Written) -> bool:
        return check_in_due(START, told, START + dt.timedelta(days=day), CONTENT)

    def small(day: int, *told: Written) -> bool:
        return small_review_due(START, told, START + dt.timedelta(days=day), CONTENT)

    assert [due(6), due(7), due(10, on(7, CheckIn())), due(14, on(7, CheckIn()))] == [False, True, False, True]
    assert [small(20), small(21), small(28, on(21, CheckIn(pgic=3))), small(28, on(21, CheckIn()))] == [
        False, True, False, True,
    ]  # fmt: skip
    assert due(7, on(-3, CheckIn()))  # one of an earlier plan does not count


@given(
    pain=st.integers(0, 6),
    calm=st.lists(st.integers(-2, 2), min_size=1, max_size=12),
    rise=st.integers(3, 10),
    by_morning=st.booleans(),
)
def test_whoever_gets_clearly_worse_is_met_at_the_next_word(
    pain: int, calm: list[int], rise: int, by_morning: bool
) -> None:
    """Weeks about as at the safety check, then a rise of three points or more: found at the next check-in, always."""
    told = [on(7 * week + 6, CheckIn(pain_average=max(0, pain + by))) for week, by in enumerate(calm)]
    day = 7 * len(calm) + 6
    worse = min(10, pain + rise)
    told += mornings(day - 2, worse, worse, worse) if by_morning else [on(day, CheckIn(pain_now=worse))]
    assert ("pain_rise" in signs(told, day=day, pain=pain)) is (worse - pain >= 3)


@given(days=st.dictionaries(st.integers(0, 80), st.integers(0, 10), max_size=40), day=st.integers(0, 90))
def test_any_history_can_be_read_and_what_lies_ahead_says_nothing(days: dict[int, int], day: int) -> None:
    told = [row for when, pain in days.items() for row in mornings(when, pain)]
    past = [row for row in told if row.day <= START + dt.timedelta(days=day)]
    assert signs(told, day=day) == signs(past, day=day)
