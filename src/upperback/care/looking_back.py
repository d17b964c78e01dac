"""When to look back, from where, and how much of the plan was done. Pure.

A course is everything from the first day of a plan on, through as many blocks of six weeks as follow one another.
"""

import datetime as dt
import itertools
from collections.abc import Sequence
from dataclasses import dataclass
from typing import Literal

from upperback.care.review import Outcome
from upperback.content.vocabulary import Content

#: later: not due. due, again, last: the three times it is offered. default: nobody looked, so something safe stands.
Stage = Literal["later", "due", "again", "last", "default"]


@dataclass(frozen=True, slots=True, kw_only=True)
class DayDone:
    """What the plan held on one day, and what was done of it. Days off and days without a plan are left out.

    Attributes
    ----------
    turns, turns_done : of movement
    strength, strength_done : sessions
    """

    day: dt.date
    turns: int = 0
    turns_done: int = 0
    strength: int = 0
    strength_done: int = 0


@dataclass(frozen=True, slots=True, kw_only=True)
class Done:
    """How much was done over some days. A share is None where nothing of its kind was planned.

    Attributes
    ----------
    movement, strength : 0..1
    turns_done, strength_done : counts, extra ones included
    """

    movement: float | None
    strength: float | None
    turns_done: int
    strength_done: int

    @property
    def pct(self) -> float | None:
        """Movement and strength averaged, in percent; None where nothing was planned."""
        shares = [share for share in (self.movement, self.strength) if share is not None]
        return round(100 * sum(shares) / len(shares), 1) if shares else None


def amount_done(days: Sequence[DayDone]) -> Done:
    """Sessions done of those planned.

    Turns of movement count up to what a day asked for: twelve on Monday do not make up for six days of none. A
    strength session may be moved to another day, so sessions count as a whole, up to what was planned.
    """
    turns, sessions = sum(one.turns for one in days), sum(one.strength for one in days)
    turns_done = sum(min(one.turns, one.turns_done) for one in days)
    sessions_done = sum(one.strength_done for one in days)
    return Done(
        movement=turns_done / turns if turns else None,
        strength=min(1.0, sessions_done / sessions) if sessions else None,
        turns_done=sum(one.turns_done for one in days),
        strength_done=sessions_done,
    )


@dataclass(frozen=True, slots=True, kw_only=True)
class LastReview:
    """The newest review: its day, and the day of the next look; None where help came first."""

    day: dt.date
    next_on: dt.date | None


def review_due_on(starts_on: dt.date, last: LastReview | None, content: Content) -> dt.date | None:
    """The day of the next look back.

    A review says when the next one is. A block that began long after that day is a new one with its own six weeks.

    Parameters
    ----------
    starts_on : day one of the newest plan
    """
    own = starts_on + dt.timedelta(days=content.limit("review_day"))
    if last is None:
        return own
    if last.next_on is None:
        return own if starts_on >= last.day else None
    is_new = starts_on > last.next_on + dt.timedelta(days=content.limit("absence_long_days"))
    return own if is_new else last.next_on


def review_stage(due_on: dt.date, today: dt.date, content: Content) -> Stage:
    """How often it has been offered by now."""
    late = (today - due_on).days
    if late < 0:
        return "later"
    if late < content.limit("review_remind_again_days"):
        return "due"
    if late < content.limit("review_remind_last_days"):
        return "again"
    return "last" if late < content.limit("review_default_days") else "default"


def block_goes_on(starts_on: dt.date, due_on: dt.date | None, today: dt.date, content: Content) -> bool:
    """Whether a plan made today belongs to the block that began on that day.

    It does until it is looked back at, so that no new check puts off the review. After a long time away it is over.
    """
    if due_on is None or today < starts_on:
        return False
    return today <= due_on + dt.timedelta(days=content.limit("absence_long_days"))


def course_starts_on(blocks: Sequence[dt.date], content: Content) -> dt.date:
    """The first day of the course that the newest block belongs to.

    Parameters
    ----------
    blocks : first days of all blocks, in any order, at least one
    """
    length = dt.timedelta(days=content.limit("review_day") + content.limit("absence_long_days"))
    days = sorted(set(blocks))
    start = days[0]
    for earlier, later in itertools.pairwise(days):
        if later - earlier > length:
            start = later
    return start


def next_look(day: dt.date, outcome: Outcome, recheck_days: int | None, content: Content) -> dt.date | None:
    """The day of the next look; None where help comes first: a new plan brings its own."""
    if outcome == "seek_medical_help":
        return None
    return day + dt.timedelta(days=recheck_days or content.limit("review_next_days"))
