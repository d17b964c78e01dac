"""How the time between breaks from sitting gets longer: a little after some good days, when the person agrees. Pure."""

import datetime as dt
from collections.abc import Mapping, Sequence
from dataclasses import dataclass

from upperback.care.diary import Moved, TaskDone, Written, only
from upperback.care.flare import episodes_of
from upperback.care.ledger import light_of
from upperback.care.progression.light import Light, has_settled
from upperback.care.sessions import ONE_DAY, usual_pain_on
from upperback.content.vocabulary import Content


@dataclass(frozen=True, slots=True, kw_only=True)
class Longer:
    """A longer time between breaks, to be agreed to.

    Attributes
    ----------
    minutes : that it would be
    now_min : that it is
    days : the good days that speak for it, oldest first
    """

    minutes: int
    now_min: int
    days: tuple[dt.date, ...]


def longer_interval(
    now_min: int,
    since: dt.date,
    written: Sequence[Written],
    resting: Mapping[dt.date, int],
    today: dt.date,
    content: Content,
) -> Longer | None:
    """The next longer time between breaks; None where nothing speaks for it yet, or it is as long as it gets.

    Parameters
    ----------
    now_min : minutes between breaks now
    since : the day from which they have been so; it counts from the day after
    written : entries in force of these days, and every start and end of a flare-up
    resting : pain at rest of each morning that was told
    today : its morning tells of the day before
    """
    days = good_days(since + ONE_DAY, today, written, resting, content)
    enough = int(content.limit("break_good_days"))
    if len(days) < enough or days[-1] != today - ONE_DAY:
        return None
    most = int(content.limit("break_minutes_cap"))
    minutes = min(most, max(now_min + 1, round(now_min * (1 + content.limit("break_growth")))))
    return Longer(minutes=minutes, now_min=now_min, days=tuple(days[-enough:])) if minutes > now_min else None


def good_days(
    first: dt.date, until: dt.date, written: Sequence[Written], resting: Mapping[dt.date, int], content: Content
) -> list[dt.date]:
    """The good days from one day up to but without another.

    On a good day a break was taken, no task took the pain out of green, no flare-up went on, and the next morning the
    pain at rest was near the usual. A day whose next morning nobody told is not one.
    """
    moved = {row.day for row, _ in only(written, Moved)}
    sore = {row.day for row, done in only(written, TaskDone) if light_of(done, content) is not Light.GREEN}
    flares = episodes_of(written)
    return [
        day
        for day in (first + ONE_DAY * number for number in range((until - first).days))
        if day in moved - sore
        and not any(one.started <= day and (one.ended is None or day <= one.ended) for one in flares)
        and _settled(day, resting, content)
    ]


def _settled(day: dt.date, resting: Mapping[dt.date, int], content: Content) -> bool:
    usual = usual_pain_on(day, resting, None, content)
    next_morning = resting.get(day + ONE_DAY)
    return usual is not None and has_settled(usual=usual, next_morning=next_morning, content=content) is True
