"""Loops: ways out from a place and back to it, measured and compared."""

from collections.abc import Iterable
from dataclasses import dataclass
from itertools import pairwise
from math import sqrt
from statistics import median
from typing import Final

import numpy as np

from upperback.sensing.repetitions._path import Array, Place, ways
from upperback.sensing.repetitions.base import Seconds
from upperback.sensing.slots import SLOTS_PER_S

_TIME: Final = np.linspace(0, 1, 101)
_WAY: Final = _TIME**3 * (10 + _TIME * (6 * _TIME - 15))
"""How far a movement of least jerk has come after each hundredth of its time."""

_AT_25: Final = float(np.interp(0.25, _WAY, _TIME))
"""It passes a quarter of its way at this share of its time, and three quarters as long before its end."""

Trail = list[tuple[float, float, float, float]]
"""Places in a row, one a slot."""


@dataclass(slots=True, kw_only=True, eq=False)
class Loop:
    """A way out and back, as it was measured.

    Attributes
    ----------
    start, count : slots in which it began and in which the lower threshold was passed
    place : where it began and ended
    range_deg, direction : how far and where it went, unit vector
    off_line : how far the path leaves the straight line, as a share of the range
    out_s, hold_s, back_s : the phases
    number : that it was counted under; 0 while it was not
    """

    start: float
    count: int
    place: Place
    range_deg: float
    direction: list[float]
    off_line: float
    out_s: Seconds
    hold_s: Seconds
    back_s: Seconds
    number: int = 0

    @property
    def whole_s(self) -> Seconds:
        """All three phases; less certain than the length where the movement is small."""
        return self.out_s + self.hold_s + self.back_s

    @property
    def length_s(self) -> Seconds:
        """From the start to the count: nearly all of it."""
        return (self.count - self.start) / SLOTS_PER_S


def measure(place: Place, trail: Trail, *, slot: int, away_since: int, earliest: int) -> Loop | None:
    """The loop that ends with the trail; None where nothing moved.

    Parameters
    ----------
    place : where it began and ends
    trail : up to and with `slot`
    slot : in which the lower threshold was passed on the way back
    away_since : slot in which the upper threshold was passed on the way out
    earliest : slot before which it cannot have begun
    """
    first = slot - len(trail) + 1  # slot of the first place
    paths = ways(place, np.array(trail))
    length = np.sqrt(np.square(paths).sum(axis=1))
    out = max(away_since - first, 0)
    top = out + int(length[out:].argmax())
    if length[top] <= 0:
        return None
    direction = paths[top] / length[top]
    along = paths @ direction
    far = float(along[top])
    begin = _begin(along[: out + 1], min(max(min(earliest, away_since) - first, 0), out), 0.25 * far)
    off_line = np.sqrt(np.maximum(np.square(length[begin:]) - np.square(along[begin:]), 0))
    start, out_s, hold_s, back_s = _phases(along / far, begin)
    return Loop(
        start=first + start,
        count=slot,
        place=place,
        range_deg=far,
        direction=direction.tolist(),
        off_line=float(np.sqrt(np.square(off_line).mean())) / far,
        out_s=out_s,
        hold_s=hold_s,
        back_s=back_s,
    )


def _begin(along: Array, earliest: int, lower: float) -> int:
    """Where the way out leaves the lower threshold; where that was never reached, its lowest place."""
    below = np.flatnonzero(along[earliest:] < lower)
    return earliest + int(below[-1] if len(below) else along[earliest:].argmin())


def _phases(share: Array, begin: int) -> tuple[float, Seconds, Seconds, Seconds]:
    """Where the way out begins, and the length of out, hold and back, for movements of least jerk.

    A quarter and three quarters are passed at speed, so that swaying hardly moves those moments.

    Parameters
    ----------
    share : (n,) of the range, up to the count
    begin : index of the last place before a quarter of it
    """
    at_far = begin + np.flatnonzero(share[begin:] >= 0.75)
    last = len(share) - 1
    at_25, at_75 = _crossing(share, begin, 0.25), _crossing(share, int(at_far[0]) - 1, 0.75)
    left_75 = _crossing(share, min(int(at_far[-1]), last - 1), 0.75)
    out_s = (at_75 - at_25) / SLOTS_PER_S / (1 - 2 * _AT_25)
    # The last place is somewhere on the way back.
    to_go = float(np.interp(share[last], _WAY, _TIME))
    back_s = (last - left_75) / SLOTS_PER_S / max(1 - _AT_25 - to_go, 0.1)
    hold_s = max((left_75 - at_75) / SLOTS_PER_S - _AT_25 * (out_s + back_s), 0.0)
    return at_25 - _AT_25 * out_s * SLOTS_PER_S, out_s, hold_s, back_s


def _crossing(share: Array, before: int, level: float) -> float:
    """When a level is passed between a place and the next one."""
    before = max(before, 0)
    low, high = float(share[before]), float(share[before + 1])
    return before + (min(max((level - low) / (high - low), 0.0), 1.0) if high != low else 0.0)


def main_direction(loops: list[Loop]) -> list[float]:
    """(4,) the principal component of the ways out; its sign says nothing."""
    directions: Array = np.array([loop.direction for loop in loops])
    _, _, components = np.linalg.svd(directions)
    main: list[float] = components[0].tolist()
    return main


def furthest_group(loops: list[Loop]) -> list[Loop]:
    """Those that go as far, on the same line, as the furthest that three do that with: false starts are shorter."""

    def like(one: Loop, other: Loop) -> bool:
        return 0.6 <= one.range_deg / other.range_deg <= 1.5 and abs(dot(one.direction, other.direction)) >= 0.85

    groups = [[one for one in loops if like(one, each)] for each in loops]
    return max(groups, key=lambda group: (min(len(group), 3), median(one.range_deg for one in group)))


def go_on_alike(loops: list[Loop]) -> bool:
    """Whether loops go equally far in one direction, one soon after the other."""
    usual = median(loop.range_deg for loop in loops)
    alike = all(
        0.6 * usual <= loop.range_deg <= 1.6 * usual and dot(loop.direction, loops[0].direction) >= 0.7
        for loop in loops
    )
    return alike and all(
        later.count - earlier.count <= 3 * SLOTS_PER_S * later.length_s for earlier, later in pairwise(loops)
    )


def overlap(one: Loop, other: Loop) -> bool:
    """Whether the middle of one lies in the other."""
    middles = ((one.start + one.count) / 2, (other.start + other.count) / 2)
    return other.start <= middles[0] <= other.count or one.start <= middles[1] <= one.count


def length_of(vector: Iterable[float]) -> float:
    """Of a way."""
    return sqrt(sum(part * part for part in vector))


def dot(a: Iterable[float], b: Iterable[float]) -> float:
    """Scalar product."""
    return sum(x * y for x, y in zip(a, b, strict=True))
