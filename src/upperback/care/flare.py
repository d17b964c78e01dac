"""A flare-up day by day: how much of the usual, and when it is time for somebody to look. Pure."""

import datetime as dt
from collections.abc import Mapping
from dataclasses import dataclass
from typing import Literal

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
