"""A flare-up day by day: how much of the usual, and when it is time for somebody to look. Pure."""

import datetime as dt
import math
from collections.abc import Iterable, Mapping, Sequence
from dataclasses import dataclass
from fractions import Fraction
from typing import Literal

from upperback.care.diary import FlareEnded, FlareStarted, Written
from upperback.care.progression.light import has_settled
from upperback.content.vocabulary import Content

Stage = Literal["first_days", "way_back", "build", "over"]
Advice = Literal["carry_on", "adjust_plan", "refer_physio"]

_RECENT_DAYS = 3  # the way back is judged over these


@dataclass(frozen=True, slots=True, kw_only=True)
class Flare:
    """One flare-up.

    Attributes
    ----------
    started : its first day
    usual : usual pain at rest before it, 0..10
    earlier : flare-ups within the three months before this one
    """

    started: dt.date
    usual: int
    earlier: int = 0


@dataclass(frozen=True, slots=True, kw_only=True)
class Episode:
    """A flare-up as the diary tells it.

    Attributes
    ----------
    begun_id, ended_id : the entries that began and ended it; `ended_id` is None while it goes on
    begun : what was said at its start
    started, ended : the person's own days
    helped : what helped, in the person's own words
    """

    begun_id: int
    begun: FlareStarted
    started: dt.date
    ended_id: int | None = None
    ended: dt.date | None = None
    helped: str = ""


def episodes_of(written: Iterable[Written]) -> list[Episode]:
    """Every flare-up, oldest first. One that begins while another goes on is the same; an end without a start is none.

    Parameters
    ----------
    written : diary entries in force, in their order
    """
    found: list[Episode] = []
    for row in written:
        going_on = found[-1] if found and found[-1].ended_id is None else None
        match row.entry:
            case FlareStarted() as begun if going_on is None:
                found.append(Episode(begun_id=row.id, begun=begun, started=row.day))
            case FlareEnded(helped=helped) if going_on is not None:
                found[-1] = Episode(
                    begun_id=going_on.begun_id,
                    begun=going_on.begun,
                    started=going_on.started,
                    ended_id=row.id,
                    ended=row.day,
                    helped=helped,
                )
            case _:
                pass
    return found


def earlier_flares(episodes: Sequence[Episode], started: dt.date, content: Content) -> int:
    """How many flare-ups began within the counting time, three months, before this day."""
    since = started - dt.timedelta(weeks=content.limit("early_flares_weeks"))
    return sum(since <= one.started < started for one in episodes)


def pain_has_risen(now: int, at_check: float | None, content: Content) -> bool:
    """Whether pain is so much above the last safety check that the check comes again.

    Parameters
    ----------
    at_check : pain of that check, 0..10; None where it is not known, which counts as risen
    """
    return at_check is None or now - at_check >= content.limit("early_pain_rise")


def eased(sets: int, reps: int, share: float) -> tuple[int, int]:
    """Sets and repetitions of about a share of the usual volume: never more than it, and at least one of each.

    Sets go down first, so that a session gets shorter; what is left of the volume is spread over them.

    Example: half of 3 x 8 is 2 x 6.
    """
    if share >= 1:
        return sets, reps
    exact = Fraction(str(share))
    fewer = max(1, math.ceil(exact * sets))
    return fewer, max(1, min(reps, math.floor(exact * sets * reps / fewer)))


@dataclass(frozen=True, slots=True, kw_only=True)
class FlareDay:
    """What holds today.

    Attributes
    ----------
    stage : where in the flare-up
    share : share of the usual amount of exercise, 0..1
    advice : whether to carry on, to change the plan, or to see a physiotherapist
    """

    stage: Stage
    share: float
    advice: Advice


def flare_day(flare: Flare, today: dt.date, resting: Mapping[dt.date, int], content: Content) -> FlareDay:
    """The stage, amount and advice of one day.

    Parameters
    ----------
    resting : pain at rest of each day that has one. A day without is unknown: it is not a good day
    """
    day = (today - flare.started).days
    first, turn = int(content.limit("flare_first_days")), int(content.limit("flare_return_days"))
    if day < first:
        return FlareDay(stage="first_days", share=content.limit("flare_first_share"), advice=_repeated(flare, content))
    share = content.limit("flare_return_share")
    share += content.limit("flare_good_day_step") * _good_days(flare, turn, day, resting, content)
    if day >= turn and share >= 1:
        return FlareDay(stage="over", share=1.0, advice="carry_on")
    return FlareDay(
        stage="way_back" if day < turn else "build",
        share=min(float(share), 1.0),
        advice=_advice(flare, day, resting, content),
    )


def _advice(flare: Flare, day: int, resting: Mapping[dt.date, int], content: Content) -> Advice:
    if day >= content.limit("flare_physio_days"):
        return "refer_physio"
    turned = _good_days(flare, day - _RECENT_DAYS, day, resting, content) >= content.limit("flare_good_days_for_turn")
    if day >= content.limit("flare_return_days") and not turned:
        return "adjust_plan"
    return _repeated(flare, content)


def _repeated(flare: Flare, content: Content) -> Advice:
    """The third flare-up within three months asks for another plan."""
    return "adjust_plan" if flare.earlier + 1 >= content.limit("early_flares") else "carry_on"


def _good_days(flare: Flare, since: int, until: int, resting: Mapping[dt.date, int], content: Content) -> int:
    """Days from `since` up to but without `until` whose pain at rest was back near the usual."""
    days = (flare.started + dt.timedelta(days=number) for number in range(max(since, 0), until))
    return sum(has_settled(usual=flare.usual, next_morning=resting.get(day), content=content) is True for day in days)
