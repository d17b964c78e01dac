"""A row of repetitions seen as a whole, once it is over: ways out and back along its line that were missed.

Each is measured from where it began itself, so that a body that sinks or drifts, or a place of rest that was lost, does
not hide it.
"""

from collections.abc import Iterator
from itertools import pairwise
from statistics import median
from typing import Final

import numpy as np

from upperback.sensing.repetitions._loops import Loop, Trail, measure
from upperback.sensing.repetitions._path import Array, between, ways
from upperback.sensing.slots import SLOTS_PER_S

THINNED: Final = 5
"""Slots from one place of the history to the next: a repetition takes dozens of them."""

_TURNS_SHARE: Final = 0.5
"""What turns round by less than this share of the range is swaying."""

_BACK_SHARE: Final = 0.25

_HALF_SHARE: Final = 0.7
_HALF_OFF_LINE: Final = 0.4
_HALF_LONGEST: Final = 3.0
_STOP_SHARE: Final = 0.25
"""Half a repetition goes that much like the others of its row, within so many times as long, to where it slows down."""


def turning_points(along: Array, least: float) -> list[int]:
    """(at least 2,) indices where a way turns round for at least so much, with the first and the last place."""
    points, low, high, heading = [0], 0, 0, 0
    for here, value in enumerate(along.tolist()):
        low = here if value < along[low] else low
        high = here if value > along[high] else high
        if heading >= 0 and along[high] - value >= least:
            points.append(high)
            heading, low = -1, here
        elif heading <= 0 and value - along[low] >= least:
            points.append(low)
            heading, high = 1, here
    last = high if heading > 0 else low if heading < 0 else len(along) - 1
    return sorted({*points, last})


def swings(history: Trail, first_slot: int, line: list[float], range_deg: float) -> Iterator[Loop]:
    """Ways out and back along a line, each at least about as far as the range.

    Parameters
    ----------
    history : places, every `THINNED` slots
    first_slot : of the first one
    line : (4,) unit vector of the way out
    range_deg : of the row
    """
    if len(history) < 3:
        return
    places = np.array(history)
    along = ways(history[len(history) // 2], places) @ np.array(line)
    points = turning_points(along, _TURNS_SHARE * range_deg)
    for (low, high), (_, end) in pairwise(pairwise(points)):
        if min(along[high] - along[low], along[high] - along[end]) < _TURNS_SHARE * range_deg:
            continue
        loop = _measured(places[low : end + 1], first_slot + low * THINNED)
        if loop is not None:
            yield loop


def _measured(places: Array, first_slot: int) -> Loop | None:
    """The loop that begins with the first place and comes back as near to it as it does."""
    slots = np.arange((len(places) - 1) * THINNED + 1)
    fine = np.stack([np.interp(slots, slots[::THINNED], column) for column in places.T], axis=1)
    begin, end = tuple(fine[0].tolist()), tuple(fine[-1].tolist())
    # What the body drifted meanwhile is shared out between both ends.
    rest = between(begin, end, 0.5)
    length = np.sqrt(np.square(ways(rest, fine)).sum(axis=1))
    top = int(length.argmax())
    back = np.flatnonzero(length[top:] <= max(_BACK_SHARE * length[top], length[-1]))
    out = np.flatnonzero(length[: top + 1] >= 0.5 * length[top])
    if not len(back) or not len(out) or not 0 < top < len(fine) - 1:
        return None
    last = top + int(back[0])
    trail = [tuple(each) for each in fine[: last + 1].tolist()]
    return measure(rest, trail, slot=first_slot + last, away_since=first_slot + int(out[0]), earliest=first_slot)


def outer_rests(history: Trail, first_slot: int, line: list[float], row: list[Loop]) -> tuple[int, int] | None:
    """Where the sensor rested before and after a row whose far end was taken for rest; None if that was right.

    If it was wrong, half a repetition is left over before the row, and half of one after it.

    Parameters
    ----------
    history, first_slot, line : see `swings`
    row : the loops as they were counted

    Returns
    -------
    Indices in the history.
    """
    places = np.array(history)
    first, last = (round((one - first_slot) / THINNED) for one in (row[0].start, row[-1].count))
    if not 0 < first < last < len(places) - 1:
        return None
    range_deg = median(one.range_deg for one in row)
    half_s = median(max(one.out_s, one.back_s) for one in row)
    last += int((ways(places[first], places[last : last + _steps(half_s)]) @ np.array(line)).argmin())
    longest = _steps(_HALF_LONGEST * half_s)
    before = _half(places[first::-1][:longest], line, range_deg)
    after = _half(places[last : last + longest], line, range_deg)
    return None if before is None or after is None else (first - before, last + after)


def _steps(time_s: float) -> int:
    return max(round(time_s * SLOTS_PER_S / THINNED), 1)


def _half(places: Array, line: list[float], range_deg: float) -> int | None:
    """Where a way from the first place stops, if that is as far away as a repetition goes."""
    paths = ways(places[0], places)
    along = paths @ np.array(line)
    gone = np.flatnonzero(along >= _HALF_SHARE * range_deg)
    if not len(gone):
        return None
    speeds = np.abs(np.diff(along))
    stops = gone[0] + np.flatnonzero(speeds[gone[0] :] <= _STOP_SHARE * speeds[: gone[0]].max())
    if not len(stops):
        return None
    stop = int(stops[0])
    off_line = float(np.sqrt(max(np.square(paths[stop]).sum() - along[stop] ** 2, 0.0)))
    alike = along[stop] <= range_deg / _HALF_SHARE and off_line <= _HALF_OFF_LINE * along[stop]
    return stop if alike else None
