"""A flare-up: less at first, the way back, and when somebody should look."""

import datetime as dt

import pytest
from hypothesis import given
from hypothesis import strategies as st

from upperback.care.diary import Entry, FlareEnded, FlareStarted, Morning, Written
from upperback.care.flare import (
    Flare,
    FlareDay,
    earlier_flares,
    eased,
    episodes_of,
    flare_day,
    pain_has_risen,
)
from upperback.content.vocabulary import default_content

CONTENT = default_content()
START = dt.date(2026, 3, 27)  # the clocks change two days later: days are the person's own dates
FLARE = Flare(started=START, usual=2)


def on(day: int, *pains: int | None, flare: Flare = FLARE) -> FlareDay:
    resting = {START + dt.timedelta(days=number): pain for number, pain in enumerate(pains) if pain is not None}
    return flare_day(flare, START + dt.timedelta(days=day), resting, CONTENT)


@pytest.mark.parametrize("day", [0, 1, 2])
def test_the_first_three_days_are_half(day: int) -> None:
    assert on(day, 7, 7, 6) == FlareDay(stage="first_days", share=0.5, advice="carry_on")


@pytest.mark.parametrize("day", [3, 6])
def test_then_three_quarters(day: int) -> None:
    assert on(day, 7, 6, 5, 4, 4, 3) == FlareDay(stage="way_back", share=0.75, advice="carry_on")


def test_good_days_add_until_it_is_over() -> None:
    pains = (7, 6, 5, 4, 3, 3, 3, 3, 3)
    assert on(7, *pains[:7]) == FlareDay(stage="build", share=0.75, advice="carry_on")
    assert on(8, *pains[:8]).share == pytest.approx(0.9)
    assert on(9, *pains) == FlareDay(stage="over", share=1.0, advice="carry_on")


def test_a_day_that_was_not_told_is_not_a_good_day() -> None:
    assert on(8, 7, 6, 5, 4, 3, 3, 3, None).share == 0.75


def test_not_on_the_way_back_by_day_seven_asks_for_another_plan() -> None:
    assert on(7, 7, 7, 7, 7, 7, 7, 7).advice == "adjust_plan"
    assert on(6, 7, 7, 7, 7, 7, 7).advice == "carry_on"
    assert on(7, 7, 7, 7, 7, 3, 5, 3).advice == "carry_on"


def test_not_back_by_day_fourteen_leads_to_a_physiotherapist() -> None:
    assert on(13, *[7] * 13).advice == "adjust_plan"
    assert on(14, *[7] * 14).advice == "refer_physio"
    assert on(14, *[7] * 7, *[3] * 7).advice == "carry_on"


def test_the_third_within_three_months_asks_for_another_plan() -> None:
    assert on(0, flare=Flare(started=START, usual=2, earlier=2)).advice == "adjust_plan"
    assert on(0, flare=Flare(started=START, usual=2, earlier=1)).advice == "carry_on"


def test_the_amount_is_never_more_than_usual() -> None:
    for day in range(40):
        assert 0 < on(day, *[0] * 40).share <= 1


# ---- what the diary tells ----------------------------------------------------------------------------------------


def told(*entries: tuple[int, Entry]) -> list[Written]:
    at = dt.datetime(2026, 3, 27, 9, tzinfo=dt.UTC)
    return [
        Written(id=id, day=START + dt.timedelta(days=day), at=at + dt.timedelta(days=day), entry=entry)
        for id, (day, entry) in enumerate(entries, start=1)
    ]


def test_a_flare_up_begins_and_ends() -> None:
    first, second = episodes_of(
        told((0, FlareStarted(trigger="sleep")), (9, FlareEnded(helped="Short walks")), (30, FlareStarted()))
    )
    assert (first.started, first.ended, first.helped) == (START, START + dt.timedelta(days=9), "Short walks")
    assert first.begun.trigger == "sleep"
    assert (second.begun_id, second.ended_id, second.helped) == (3, None, "")


def test_one_that_begins_while_another_goes_on_is_the_same_and_an_end_without_a_start_is_none() -> None:
    assert len(episodes_of(told((0, FlareStarted()), (1, FlareStarted())))) == 1
    assert episodes_of(told((0, FlareEnded()), (1, Morning(pain=3)))) == []


@pytest.mark.parametrize(("days_ago", "counts"), [(1, 1), (91, 1), (92, 0), (0, 0)])
def test_flare_ups_of_the_last_three_months_count(days_ago: int, counts: int) -> None:
    one = episodes_of(told((0, FlareStarted()), (0, FlareEnded())))
    assert earlier_flares(one, START + dt.timedelta(days=days_ago), CONTENT) == counts


@pytest.mark.parametrize(
    ("now", "at_check", "risen"), [(6, 3.0, True), (5, 3.0, False), (10, None, True), (0, None, True), (5, 2.5, False)]
)
def test_a_rise_of_three_points_or_an_unknown_one_asks_for_the_check(
    now: int, at_check: float | None, risen: bool
) -> None:
    assert pain_has_risen(now, at_check, CONTENT) is risen


def test_half_of_three_sets_of_eight() -> None:
    assert eased(3, 8, 0.5) == (2, 6)
    assert eased(2, 10, 0.5) == (1, 10)
    assert eased(1, 1, 0.5) == (1, 1)


@given(st.integers(1, 6), st.integers(1, 30), st.sampled_from([0.5, 0.75, 0.9, 1.0]))
def test_a_share_is_never_more_and_never_nothing(sets: int, reps: int, share: float) -> None:
    fewer, shorter = eased(sets, reps, share)
    assert 1 <= fewer <= sets
    assert 1 <= shorter <= reps
    assert fewer * shorter <= max(share * sets * reps, fewer) + 1e-9
