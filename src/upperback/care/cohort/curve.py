"""How the pain of an invented person goes on: its own course, what exercise adds, flare-ups, ups and downs."""

import math
from collections.abc import Sequence
from dataclasses import dataclass
from typing import Final, Literal

import numpy as np

from upperback.content.vocabulary import Content

Kind = Literal["quick", "slow", "staying", "waves", "worse"]

KINDS: Final[tuple[Kind, ...]] = ("quick", "slow", "staying", "waves", "worse")

#: Pain that goes up and down has this many times the ups and downs, and the flare-ups, of the others.
_WAVES: Final = 2.0

_MOST: Final = 10.0
_WEEK: Final = 7
_YEAR: Final = 365.25


@dataclass(frozen=True, slots=True, kw_only=True)
class Curve:
    """What is fixed about somebody's pain.

    Attributes
    ----------
    kind : how it goes by itself
    first : pain on day 0, 0..10
    flares : first days of flare-ups
    noise : ups and downs of each day
    """

    kind: Kind
    first: float
    flares: tuple[int, ...]
    noise: tuple[float, ...]


def curve_of(first: float, days: int, dice: np.random.Generator, content: Content) -> Curve:
    """A curve for so many days."""
    kind = _kind(dice, content)
    waves = _WAVES if kind == "waves" else 1.0
    chance = waves * content.limit("cohort_flares_per_year") / _YEAR
    flares = tuple(int(day) for day in np.flatnonzero(dice.random(days) < chance) if day > 0)
    spread, likeness = waves * content.limit("cohort_noise"), content.limit("cohort_likeness")
    fresh = dice.normal(0.0, spread * math.sqrt(1 - likeness**2), days)
    noise: list[float] = []
    for value in fresh:
        noise.append(likeness * noise[-1] + float(value) if noise else float(value))
    return Curve(kind=kind, first=first, flares=flares, noise=tuple(noise))


def pain_of(curve: Curve, day: int, exercised: float, content: Content) -> float:
    """Pain at rest of a day, 0..10.

    Parameters
    ----------
    exercised : share of the exercise so far that was done, 0..1
    """
    pain = _by_itself(curve, day, content)
    weeks = min(day / _WEEK / content.limit("cohort_exercise_weeks"), 1.0)
    pain -= content.limit("cohort_exercise_points") * exercised * weeks
    half = content.limit("cohort_flare_half_life")
    pain += sum(_of_flare(day - begun, half, content) for begun in curve.flares)
    return min(max(pain + curve.noise[day], 0.0), _MOST)


def _kind(dice: np.random.Generator, content: Content) -> Kind:
    """By the stated shares; what they leave gets worse."""
    drawn = float(dice.random())
    for kind in KINDS[:-1]:
        drawn -= content.limit(f"cohort_share_{kind}")
        if drawn < 0:
            return kind
    return KINDS[-1]


def _by_itself(curve: Curve, day: int, content: Content) -> float:
    match curve.kind:
        case "quick" | "slow":
            left = content.limit(f"cohort_stays_{curve.kind}")
            gone = 0.5 ** (day / content.limit(f"cohort_half_life_{curve.kind}"))
            return float(curve.first * (left + (1 - left) * gone))
        case "worse":
            return float(curve.first + content.limit("cohort_rise_per_week") * day / _WEEK)
        case _:
            return curve.first


def _of_flare(days: int, half_life: float, content: Content) -> float:
    return float(content.limit("cohort_flare_points") * 0.5 ** (days / half_life)) if days >= 0 else 0.0


def mean(values: Sequence[float]) -> float:
    """The mean; of nothing it is 0."""
    return sum(values) / len(values) if values else 0.0
