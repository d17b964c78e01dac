"""When to look back, which block a plan belongs to, and how much was done."""

import datetime as dt

import pytest
from hypothesis import given
from hypothesis import strategies as st

from upperback.care.looking_back import (
    DayDone,
    LastReview,
    amount_done,
    block_goes_on,
    course_starts_on,
    next_look,
    review_due_on,
    review_stage,
)
from upperback.content.vocabulary import default_content

CONTENT = default_content()
START = dt.date(2026, 3, 2)


def after(days: int) -> dt.date:
    return START + dt.timedelta(days=days)


@pytest.mark.parametrize(
    "day, stage",
    [
        (41, "later"), (42, "due"), (44, "due"), (45, "again"), (48, "again"), (49, "last"), (55, "last"),
        (56, "default"), (400, "default"),
    ],
)  # fmt: skip
def test_stages(day: int, stage: str) -> None:
    assert review_stage(after(42), after(day), CONTENT) == stage


def test_the_first_is_due_six_weeks_after_day_one_and_then_when_the_last_one_said() -> None:
    assert review_due_on(START, None, CONTENT) == after(42)
    last = LastReview(day=after(42), next_on=after(56))
    assert review_due_on(START, last, CONTENT) == after(56)
    assert review_due_on(after(42), last, CONTENT) == after(56)
    assert review_due_on(after(60), last, CONTENT) == after(56)  # a plan made late puts nothing off
    assert review_due_on(after(85), last, CONTENT) == after(85 + 42)  # more than four weeks late is a new block


def test_after_a_review_that_sent_for_help_the_next_plan_brings_the_next_look() -> None:
    last = LastReview(day=after(42), next_on=None)
    assert review_due_on(START, last, CONTENT) is None
    assert review_due_on(after(50), last, CONTENT) == after(92)
    assert next_look(after(42), "seek_medical_help", None, CONTENT) is None
    assert next_look(after(42), "continue_and_adjust", 14, CONTENT) == after(56)
    assert next_look(after(42), "continue", None, CONTENT) == after(84)


def test_a_block_goes_on_until_it_is_looked_back_at_but_not_for_ever() -> None:
    assert block_goes_on(START, after(42), after(70), CONTENT)
    assert not block_goes_on(START, after(42), after(71), CONTENT)
    assert not block_goes_on(START, after(42), after(-1), CONTENT)
    assert not block_goes_on(START, None, after(3), CONTENT)


def test_a_course_is_blocks_that_follow_one_another() -> None:
    assert course_starts_on([after(84), START, after(42)], CONTENT) == START
    assert course_starts_on([START, after(71)], CONTENT) == after(71)
    assert course_starts_on([START, after(70)], CONTENT) == START


def test_a_busy_day_does_not_make_up_for_idle_ones_but_a_session_may_move() -> None:
    days = [DayDone(day=START, turns=3, turns_done=12, strength=1), DayDone(day=after(1), turns=3, strength_done=1)]
    done = amount_done(days)
    assert (done.movement, done.strength, done.pct) == (0.5, 1.0, 75.0)
    assert (done.turns_done, done.strength_done) == (12, 1)


def test_nothing_planned_is_not_known_and_not_none_done() -> None:
    assert amount_done([]).pct is None
    assert amount_done([DayDone(day=START, turns=2)]).pct == 0.0
    assert amount_done([DayDone(day=START, strength=1, strength_done=1)]).pct == 100.0


COUNTS = st.integers(0, 8)
DAYS = st.lists(
    st.builds(DayDone, day=st.just(START), turns=COUNTS, turns_done=COUNTS, strength=COUNTS, strength_done=COUNTS)
)


@given(DAYS, st.integers(0, 20))
def test_the_share_stays_between_nothing_and_all_and_doing_more_never_lowers_it(
    days: list[DayDone], which: int
) -> None:
    pct = amount_done(days).pct
    assert pct is None or 0 <= pct <= 100
    if days:
        one = days[which % len(days)]
        more = DayDone(
            day=one.day, turns=one.turns, turns_done=one.turns_done + 1, strength=one.strength,
            strength_done=one.strength_done + 1,
        )  # fmt: skip
        index = which % len(days)
        after_more = amount_done([*days[:index], more, *days[index + 1 :]]).pct
        assert (pct or 0) <= (after_more or 0)
