"""Meetings of a group: every week at the same time by the clock on the wall."""

import datetime as dt

import pytest

from upperback.care.group_meetings import Rhythm


def rhythm(**parts: object) -> Rhythm:
    usual = {
        "starts_on": dt.date(2026, 3, 20), "weeks": 3, "weekday": 1, "at": dt.time(18, 30), "minutes": 60,
        "zone": "Europe/London",
    }  # fmt: skip
    return Rhythm(**usual | parts)  # type: ignore[arg-type]


def test_the_first_meeting_is_on_the_first_such_day_from_the_start_on() -> None:
    assert [one.day for one in rhythm().meetings()] == [dt.date(2026, 3, day) for day in (24, 31)] + [
        dt.date(2026, 4, 7)
    ]
    assert rhythm(weekday=4).meetings()[0].day == dt.date(2026, 3, 20)


def test_a_meeting_stays_at_its_time_when_the_clocks_change() -> None:
    before, after, _ = rhythm().meetings()  # clocks go forward on 29 March 2026
    assert before.starts_at == dt.datetime(2026, 3, 24, 18, 30, tzinfo=dt.UTC)
    assert after.starts_at == dt.datetime(2026, 3, 31, 17, 30, tzinfo=dt.UTC)
    assert after.ends_at - after.starts_at == dt.timedelta(minutes=60)


def test_what_is_called_off_stays_and_after_the_end_there_is_nothing() -> None:
    off = rhythm(off={dt.date(2026, 3, 31)}).meetings()
    assert [one.is_off for one in off] == [False, True, False]
    ended = rhythm(ended_on=dt.date(2026, 3, 31))
    assert [one.day.day for one in ended.meetings()] == [24]
    assert ended.is_over(dt.datetime(2026, 3, 1, tzinfo=dt.UTC))


@pytest.mark.parametrize(("day", "week"), [(19, None), (20, 1), (26, 1), (27, 2)])
def test_the_week_of_a_day(day: int, week: int | None) -> None:
    assert rhythm().week_of(dt.date(2026, 3, day)) == week


def test_a_group_is_over_after_its_last_week() -> None:
    last = dt.datetime(2026, 4, 9, 22, 59, tzinfo=dt.UTC)
    assert not rhythm().is_over(last)
    assert rhythm().is_over(last + dt.timedelta(minutes=1))  # midnight in London
    assert rhythm().week_of(dt.date(2026, 4, 10)) is None
