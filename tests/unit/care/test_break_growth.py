"""When the time between breaks may get longer, and by how much."""

import datetime as dt
from collections.abc import Sequence

import pytest

from upperback.care.break_growth import good_days, longer_interval
from upperback.care.diary import Entry, FlareEnded, FlareStarted, Moved, TaskDone, Written
from upperback.content.vocabulary import default_content

CONTENT = default_content()
TODAY = dt.date(2026, 11, 27)


def ago(days: int) -> dt.date:
    return TODAY - dt.timedelta(days=days)


def written(*entries: tuple[int, Entry]) -> list[Written]:
    rows = sorted(entries, key=lambda one: -one[0])
    return [
        Written(id=number, day=ago(days), at=dt.datetime.combine(ago(days), dt.time(12), dt.UTC), entry=entry)
        for number, (days, entry) in enumerate(rows, 1)
    ]


BREAK = Moved(exercises=(), offered=True)
BREAKS = [(days, BREAK) for days in (5, 4, 3, 2, 1)]
MORNINGS = {ago(days): 3 for days in range(7)}


def longer(now_min: int, entries: Sequence[tuple[int, Entry]] = BREAKS, *, since: int = 4) -> int | None:
    found = longer_interval(now_min, ago(since), written(*entries), MORNINGS, TODAY, CONTENT)
    return found.minutes if found is not None else None


@pytest.mark.parametrize(("now", "then"), [(30, 33), (5, 6), (14, 15), (25, 28), (58, 60), (60, None), (90, None)])
def test_a_tenth_more_at_least_a_minute_and_an_hour_at_most(now: int, then: int | None) -> None:
    assert longer(now) == then


def test_a_step_is_never_more_than_a_fifth() -> None:
    assert all((longer(now) or now) <= now * 1.2 for now in range(5, 121))


def test_three_days_since_the_last_change_are_needed_and_yesterday_is_one_of_them() -> None:
    assert longer(30, since=3) is None
    assert longer(30, [(days, BREAK) for days in (4, 3, 2)], since=5) is None
    assert longer(30, [(days, BREAK) for days in (4, 3, 1)], since=5) == 33, "not in a row"


@pytest.mark.parametrize(
    "more",
    [
        [(2, TaskDone(task="LM-SIT", before=2, after=5))],
        [(6, FlareStarted())],
        [(6, FlareStarted()), (2, FlareEnded())],
    ],
    ids=["a task that hurt", "a flare-up that goes on", "a flare-up until the day before yesterday"],
)
def test_a_day_that_hurt_is_no_good_day(more: list[tuple[int, Entry]]) -> None:
    assert longer(30, [*BREAKS, *more]) is None


def test_a_day_without_a_break_or_without_the_morning_after_is_no_good_day() -> None:
    days = written(*BREAKS)
    assert good_days(ago(5), TODAY, days, MORNINGS, CONTENT) == [ago(days) for days in (5, 4, 3, 2, 1)]
    assert good_days(ago(6), TODAY, written((2, BREAK)), MORNINGS, CONTENT) == [ago(2)]
    untold = {day: pain for day, pain in MORNINGS.items() if day != ago(2)}
    assert ago(3) not in good_days(ago(5), TODAY, days, untold, CONTENT)
    sore = MORNINGS | {ago(2): 5}
    assert ago(3) not in good_days(ago(5), TODAY, days, sore, CONTENT)
    assert good_days(ago(5), TODAY, days, {}, CONTENT) == []
