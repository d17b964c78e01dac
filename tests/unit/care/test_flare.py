"""A flare-up: less at first, the way back, and when somebody should look."""

import datetime as dt

import pytest

from upperback.care.flare import Flare, FlareDay, flare_day
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
