"""The desk over time, and minutes of activity."""

import datetime as dt

import pytest

from upperback.care.activity import activity_weeks
from upperback.care.desk import desk_now
from upperback.care.diary import Active, DeskPoint, DeskState, Entry, Written
from upperback.content.vocabulary import default_content

CONTENT = default_content()
START = dt.date(2026, 11, 2)


def told(*entries: tuple[int, Entry]) -> list[Written]:
    at = dt.datetime(2026, 11, 2, 9, tzinfo=dt.UTC)
    return [
        Written(id=id, day=START + dt.timedelta(days=day), at=at, entry=entry)
        for id, (day, entry) in enumerate(entries, start=1)
    ]


def point(item: str, state: DeskState) -> DeskPoint:
    return DeskPoint(item=item, state=state)


def test_three_at_a_time_the_worst_first_and_the_next_when_one_is_changed() -> None:
    looked = [(0, point("W01", "nearly")), (0, point("W02", "to_change")), (0, point("W05", "fine"))]
    looked += [(0, point("W07", "nearly")), (0, point("W10", "to_change"))]
    assert desk_now(told(*looked), START, CONTENT).first == ("W02", "W10", "W01")
    assert desk_now(told(*looked, (1, point("W02", "changed"))), START, CONTENT).first == ("W10", "W01", "W07")
    assert desk_now(told(*looked, (1, point("W02", "cannot"))), START, CONTENT).first == ("W10", "W01", "W07")


def test_what_was_told_last_counts_and_a_point_that_is_gone_is_left_out() -> None:
    desk = desk_now(
        told((0, point("W01", "to_change")), (3, point("W01", "fine")), (3, point("W99", "fine"))), START, CONTENT
    )
    assert desk.states == {"W01": "fine"}
    assert desk.first == ()


@pytest.mark.parametrize(("days", "again"), [(27, False), (28, True)])
def test_another_look_after_some_weeks(days: int, again: bool) -> None:
    written = told((0, point("W01", "fine")))
    assert desk_now(written, START + dt.timedelta(days=days), CONTENT).again is again


def test_nobody_has_looked() -> None:
    desk = desk_now([], START, CONTENT)
    assert (desk.states, desk.first, desk.looked, desk.again) == ({}, (), None, False)


def test_minutes_of_two_weeks_and_a_next_amount() -> None:
    written = told((0, Active(minutes=30)), (6, Active(minutes=20)), (7, Active(minutes=70)), (13, Active(minutes=30)))
    weeks = activity_weeks(written, START + dt.timedelta(days=13), CONTENT)
    assert (weeks.this_week, weeks.last_week, weeks.next) == (100, 50, 110)


@pytest.mark.parametrize(("minutes", "following"), [(0, None), (10, 11), (140, 150), (300, 150)])
def test_the_next_amount_rises_slowly_and_not_above_the_goal(minutes: int, following: int | None) -> None:
    written = told((0, Active(minutes=minutes))) if minutes else []
    assert activity_weeks(written, START, CONTENT).next == following
