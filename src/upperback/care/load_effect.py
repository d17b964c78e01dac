"""Whether changing a task helped that task, with its uncertainty, or that it cannot be told yet. Pure.

What is compared is the rise of pain over one occasion (after minus before), so that a day that starts sore does not
count against the task. The estimate is the median of all pairwise differences, its interval the one that belongs to
the rank-sum test: pain scores are ordered, few, and have outliers.
"""

import datetime as dt
import math
import statistics
from collections.abc import Sequence
from dataclasses import dataclass
from typing import Literal

from upperback.content.vocabulary import Content

Answer = Literal["helped", "no_difference", "worse", "cannot_tell"]

_Z_95 = 1.959964


@dataclass(frozen=True, slots=True, kw_only=True)
class Occasion:
    """A task done once: pain 0..10 right before and at its worst after it."""

    day: dt.date
    before: int
    after: int

    @property
    def rise(self) -> int:
        """How much the pain rose over it."""
        return self.after - self.before


@dataclass(frozen=True, slots=True, kw_only=True)
class Effect:
    """What a change did to a task.

    Attributes
    ----------
    answer : in a word
    points : difference of the rise of pain, after the change minus before it; None where there is too little to say
    interval : 95 % interval of `points`
    n_before, n_after : occasions on each side
    """

    answer: Answer
    points: float | None
    interval: tuple[float, float] | None
    n_before: int
    n_after: int


def effect_of_change(occasions: Sequence[Occasion], changed: dt.date, content: Content) -> Effect:
    """The effect of a change made on a day; that day itself counts as after.

    References
    ----------
    Hodges JL, Lehmann EL. Estimates of location based on rank tests. Ann Math Stat, 1963. doi:10.1214/aoms/1177704172
    """
    old = [one.rise for one in occasions if one.day < changed]
    new = [one.rise for one in occasions if one.day >= changed]
    needed = content.limit("effect_occasions")
    found = _shift(old, new) if min(len(old), len(new)) >= needed else None
    if found is None:
        return Effect(answer="cannot_tell", points=None, interval=None, n_before=len(old), n_after=len(new))
    points, interval = found
    answer = _answer(points, interval, content.limit("effect_points"))
    return Effect(answer=answer, points=points, interval=interval, n_before=len(old), n_after=len(new))


def _answer(points: float, interval: tuple[float, float], noticed: float) -> Answer:
    low, high = interval
    if high < 0 and points <= -noticed:
        return "helped"
    if low > 0 and points >= noticed:
        return "worse"
    if -noticed <= low and high <= noticed:
        return "no_difference"
    return "cannot_tell"


def _shift(old: Sequence[int], new: Sequence[int]) -> tuple[float, tuple[float, float]] | None:
    """Median of all pairwise differences and its interval; None where there are too few pairs for one."""
    differences = sorted(one - other for one in new for other in old)
    pairs = len(differences)
    cut = math.floor(pairs / 2 - _Z_95 * math.sqrt(pairs * (len(old) + len(new) + 1) / 12))
    if cut < 0:
        return None
    return float(statistics.median(differences)), (float(differences[cut]), float(differences[pairs - 1 - cut]))
