"""Days with a sensor: sittings of a day add up, a usual needs days, and a day is only compared when it can be."""

import datetime as dt

import pytest

from upperback.care.diary import Morning, Worn, Written
from upperback.care.worn import WornDay, against_usual, usual_share, worn_days

TODAY = dt.date(2026, 3, 20)
NOON = dt.datetime(2026, 3, 20, 12, tzinfo=dt.UTC)


def row(days_ago: int, measured_s: float, bent_s: float | None) -> Written:
    day = TODAY - dt.timedelta(days=days_ago)
    entry = Worn(source="phone", measured_s=measured_s, bent_s=bent_s)
    return Written(id=1, day=day, at=NOON, entry=entry)


def test_sittings_of_a_day_add_up_and_unaligned_ones_say_nothing() -> None:
    rows = [row(0, 600, 60), row(0, 1800, 300), row(1, 900, None)]
    found = worn_days([*rows, Written(id=2, day=TODAY, at=NOON, entry=Morning(pain=3))])
    assert found == {TODAY: WornDay(measured_s=2400, bent_s=360)}
    assert found[TODAY].share == pytest.approx(0.15)
    assert found[TODAY].counts
    assert not WornDay(measured_s=1799, bent_s=0).counts
    assert WornDay(measured_s=0, bent_s=0).share == 0


def test_a_usual_is_the_middle_of_enough_days_before_today() -> None:
    days = {TODAY - dt.timedelta(days=k): WornDay(measured_s=3600, bent_s=360 * k) for k in range(1, 5)}
    days[TODAY] = WornDay(measured_s=3600, bent_s=3600)
    days[TODAY - dt.timedelta(days=29)] = WornDay(measured_s=3600, bent_s=3600)
    days[TODAY - dt.timedelta(days=9)] = WornDay(measured_s=60, bent_s=60)
    assert usual_share(days, TODAY) is None
    days[TODAY - dt.timedelta(days=28)] = WornDay(measured_s=3600, bent_s=1800)
    assert usual_share(days, TODAY) == pytest.approx(0.3)


@pytest.mark.parametrize(("share", "told"), [(0.3, "alike"), (0.34, "alike"), (0.36, "more"), (0.2, "less")])
def test_a_day_against_the_usual(share: float, told: str) -> None:
    assert against_usual(share, 0.3) == told
