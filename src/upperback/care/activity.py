"""Minutes of activity: this week, the last one, and a next amount that rises slowly. Pure."""

import datetime as dt
import math
from collections.abc import Iterable
from dataclasses import dataclass

from upperback.care.diary import Active, Written
from upperback.content.vocabulary import Content


@dataclass(frozen=True, slots=True, kw_only=True)
class ActivityWeeks:
    """Minutes of the seven days up to today and of the seven before; `next`: an amount for the next seven, or None."""

    this_week: int
    last_week: int
    next: int | None
    goal: int


def activity_weeks(written: Iterable[Written], today: dt.date, content: Content) -> ActivityWeeks:
    """The minutes of two weeks. The next amount is a tenth more than this week, and never above the goal."""
    sums = [0.0, 0.0]
    for row in written:
        age = (today - row.day).days
        if isinstance(row.entry, Active) and 0 <= age < 14:
            sums[age // 7] += row.entry.minutes
    goal = int(content.limit("activity_minutes_per_week"))
    now = int(sums[0])
    more = math.floor(now * (1 + content.limit("activity_rise_share")))
    return ActivityWeeks(this_week=now, last_week=int(sums[1]), next=min(more, goal) if now else None, goal=goal)
