"""Numbers over weeks as they are: what was told, week by week; what was not told stays a gap. Pure."""

import datetime as dt
import statistics
from collections.abc import Mapping
from dataclasses import dataclass

_WEEK = dt.timedelta(days=7)
_ONE_DAY = dt.timedelta(days=1)


@dataclass(frozen=True, slots=True, kw_only=True)
class WeekTold:
    """What was told in one week.

    Attributes
    ----------
    first : its first day
    days : days with a number
    low, middle, high : of those numbers; None where there was none
    """

    first: dt.date
    days: int
    low: float | None
    middle: float | None
    high: float | None


def by_week(values: Mapping[dt.date, float], start: dt.date, end: dt.date) -> list[WeekTold]:
    """Every week from `start` up to and with the one that holds `end`, told of or not."""
    weeks = []
    first = start
    while first <= end:
        told = [value for day, value in values.items() if first <= day < first + _WEEK and day <= end]
        weeks.append(
            WeekTold(
                first=first,
                days=len(told),
                low=min(told, default=None),
                middle=statistics.median(told) if told else None,
                high=max(told, default=None),
            )
        )
        first += _WEEK
    return weeks


def running_middle(values: Mapping[dt.date, float], *, least: int) -> dict[dt.date, float]:
    """The middle of the seven days up to each day with a number; left out where fewer than `least` of them have one.

    A median of raw values, not a curve: one bad day does not move it, a bad week does.
    """
    found: dict[dt.date, float] = {}
    for day in sorted(values):
        last = [values[one] for back in range(7) if (one := day - _ONE_DAY * back) in values]
        if len(last) >= least:
            found[day] = statistics.median(last)
    return found


def without_gaps(days: list[dt.date], longest: int) -> list[list[dt.date]]:
    """Days in runs: a line is drawn through a run, and ends where more than `longest` days lie between."""
    runs: list[list[dt.date]] = []
    for day in days:
        if runs and (day - runs[-1][-1]).days <= longest:
            runs[-1].append(day)
        else:
            runs.append([day])
    return runs
