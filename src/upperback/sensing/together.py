"""Two sensors of one wearer, upper and lower back: on one clock by the movement that both feel, and told together.

lag = find_lag(upper_chunks, lower_chunks)          # three bends are enough
both = Together(lag_s=lag.lag_s); both.upper(epochs); both.lower(epochs) -> seconds that both have measured
"""

from collections.abc import Iterable
from dataclasses import dataclass
from typing import Final

import numpy as np
import numpy.typing as npt

from upperback.core.errors import InputError
from upperback.sensing.epochs import Epochs
from upperback.sensing.signal import Chunk

_GRID_HZ: Final = 50.0
_SMOOTH_S: Final = 0.2
_OVERLAP_S_MIN: Final = 8.0

F64 = npt.NDArray[np.float64]


@dataclass(frozen=True, slots=True, kw_only=True)
class Lag:
    """How two clocks differ.

    Attributes
    ----------
    lag_s : what the second clock shows more than the first at the same moment
    likeness : correlation of the two movements there, -1 to 1
    """

    lag_s: float
    likeness: float


def find_lag(
    first: Iterable[Chunk], second: Iterable[Chunk], *, lag_s_max: float = 3.0, likeness_min: float = 0.8
) -> Lag:
    """The lag at which both sensors turn at the same moments.

    Compared is how fast the direction of the low-passed specific force turns, which is the same however each sensor
    sits. The peak is refined by a parabola, so the result is finer than a sample.

    Parameters
    ----------
    first, second : the same seconds of both sensors, with movement of the whole trunk in them: bends
    lag_s_max : clocks that differ by more are not put right: one bend might be taken for the next
    likeness_min : less is no common movement

    Raises
    ------
    InputError : there is too little of one of them, or they do not move together.
    """
    one, one_s = _turning(first)
    two, two_s = _turning(second)
    most = round(lag_s_max * _GRID_HZ)
    base = round((two_s - one_s) * _GRID_HZ)
    found = np.array([_likeness(one, two, shift - base) for shift in range(-most, most + 1)])
    if not np.isfinite(found).any():
        raise InputError("the two sensors have too little in common to compare their clocks: bend three times")
    place = int(np.nanargmax(found))
    if not found[place] >= likeness_min or place in {0, len(found) - 1}:
        raise InputError("the two sensors do not move together within a few seconds: bend with the whole trunk")
    before, at, after = found[place - 1 : place + 2]
    bend = before - 2 * at + after
    fine = 0.0 if not bend < 0 else float(0.5 * (before - after) / bend)
    shift_s = (place - most + fine) / _GRID_HZ
    offset_s = base / _GRID_HZ - (two_s - one_s)  # both grids begin at a sample of their own
    return Lag(lag_s=shift_s - offset_s, likeness=float(at))


def _turning(chunks: Iterable[Chunk]) -> tuple[F64, float]:
    """How fast the vertical turns, rad/s, on the common grid; and the time of the first value."""
    held = list(chunks)
    if not held:
        return np.empty(0), 0.0
    time_s = np.concatenate([one.start_s + np.arange(len(one)) / one.sampling_rate_hz for one in held])
    acc = np.concatenate([one.acc_mps2 for one in held]).astype(np.float64)
    good = np.isfinite(acc).all(axis=1)
    if good.sum() < 2:
        return np.empty(0), float(time_s[0])
    grid_s = np.arange(time_s[0], time_s[-1], 1 / _GRID_HZ)
    even = np.stack([np.interp(grid_s, time_s[good], acc[good, axis]) for axis in range(3)], axis=1)
    width = max(1, round(_SMOOTH_S * _GRID_HZ))
    kernel = np.hanning(2 * width + 1)
    kernel /= kernel.sum()
    smooth = np.stack([np.convolve(even[:, axis], kernel, "same") for axis in range(3)], axis=1)
    up = smooth / np.linalg.norm(smooth, axis=1, keepdims=True)
    turning = np.linalg.norm(np.gradient(up, axis=0), axis=1) * _GRID_HZ
    return turning[width:-width], float(grid_s[width]) if len(grid_s) > 2 * width else float(time_s[0])


def _likeness(one: F64, two: F64, shift: int) -> float:
    """Correlation of one[k] with two[k + shift]; NaN where they overlap too little."""
    start, end = max(0, -shift), min(len(one), len(two) - shift)
    if end - start < _OVERLAP_S_MIN * _GRID_HZ:
        return float("nan")
    left, right = one[start:end], two[start + shift : end + shift]
    left, right = left - left.mean(), right - right.mean()
    power = float(np.sqrt((left @ left) * (right @ right)))
    return float(left @ right) / power if power > 0 else float("nan")


@dataclass(frozen=True, slots=True, kw_only=True)
class BothSecond:
    """A second that both sensors have measured; degrees, each against its own upright.

    Attributes
    ----------
    time_s : start of the second, on the upper sensor's clock
    between_deg : upper minus lower: how far the back between them is rounded (+) or arched (-)
    """

    time_s: int
    upper_deg: float
    lower_deg: float
    between_deg: float


class Together:
    """Seconds of two monitors, joined as soon as both have them. What one of them lacks is left out."""

    def __init__(self, *, lag_s: float = 0.0, waiting_s_max: int = 60) -> None:
        """
        Parameters
        ----------
        lag_s : what the lower sensor's clock shows more than the upper one's
        waiting_s_max : so long a second waits for the other sensor
        """
        self._lag_s, self._waiting_s_max = lag_s, waiting_s_max
        self._upper: dict[int, float] = {}
        self._lower: dict[int, float] = {}

    def upper(self, epochs: Epochs) -> list[BothSecond]:
        """Seconds of the upper sensor."""
        for at_s, deg in enumerate(epochs.flexion_deg.tolist(), start=epochs.first_s):
            self._upper[at_s] = deg
        return self._joined()

    def lower(self, epochs: Epochs) -> list[BothSecond]:
        """Seconds of the lower sensor. Between two of them the angle goes on a straight line."""
        for at_s, deg in enumerate(epochs.flexion_deg.tolist(), start=epochs.first_s):
            self._lower[at_s] = deg
        return self._joined()

    def _joined(self) -> list[BothSecond]:
        found = []
        for at_s in sorted(self._upper):
            place = at_s + self._lag_s
            whole = int(np.floor(place))
            share = place - whole
            needed = [whole] if share == 0 else [whole, whole + 1]
            if any(one not in self._lower for one in needed):
                continue
            values = [self._lower[one] for one in needed]
            lower = values[0] if share == 0 else values[0] + share * (values[1] - values[0])
            upper = self._upper.pop(at_s)
            if np.isfinite(upper) and np.isfinite(lower):
                found.append(
                    BothSecond(time_s=at_s, upper_deg=upper, lower_deg=float(lower), between_deg=float(upper - lower))
                )
        self._forget()
        return found

    def _forget(self) -> None:
        for held in (self._upper, self._lower):
            newest = max(held, default=0)
            for at_s in [one for one in held if one < newest - self._waiting_s_max]:
                del held[at_s]
