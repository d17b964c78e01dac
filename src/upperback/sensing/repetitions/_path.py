"""From slots to a path: where the vertical points in the sensor, and how far the sensor turned about it.

The turn is the integral of the angular velocity; it drifts, so nobody reads its value: whoever counts compares it with
what it was a moment ago.
"""

from dataclasses import dataclass, field
from math import atan2, degrees, sqrt
from typing import Final, TypeAlias

import numpy as np
import numpy.typing as npt
from scipy.signal import butter, lfilter

from upperback.sensing.slots import SLOTS_PER_S, Slots

_STILL_DPS: Final = 3.0
"""Below it the gyroscope may be at rest, and its mean is its bias."""
_BIAS_SHARE: Final = 0.02
_BIAS_DPS_MAX: Final = 5.0

Place: TypeAlias = tuple[float, float, float, float]
"""The vertical in the sensor frame, unit, and the turn about it in degrees."""

Way: TypeAlias = tuple[float, float, float, float]
"""From one place to another: the rotation vector of the lean in the sensor frame, and the turn; all in degrees.

The same movement with the same sensor has the same direction, in whatever pose it begins.
"""

Array: TypeAlias = npt.NDArray[np.float64]


@dataclass(slots=True, kw_only=True)
class PathState:
    """Where the path stands.

    Attributes
    ----------
    filter_state : (2, 4), of the low-pass of the vertical and of the turning rate; empty: it starts afresh
    turn_deg : integral of the turning rate
    bias_dps : of the turning rate, from moments of rest
    """

    filter_state: Array = field(default_factory=lambda: np.empty((0, 4)))
    turn_deg: float = 0.0
    bias_dps: float = 0.0


def smoothed(state: PathState, slots: Slots, low_pass_hz: float) -> Array:
    """(n, 4) vertical in the sensor frame, and turning rate in deg/s, low-passed; NaN in gaps, then it starts afresh.

    The vertical is `slots.up` where there is one, else the direction of the specific force.
    """
    vertical = np.where(np.isfinite(slots.up), slots.up, slots.acc_mps2).astype(np.float64)
    length = np.sqrt(np.square(vertical).sum(axis=1, keepdims=True))
    with np.errstate(invalid="ignore", divide="ignore"):
        vertical = np.where(length > 0.1, vertical / length, np.nan)
    rate = np.degrees((slots.gyr_radps * vertical).sum(axis=1))
    there: npt.NDArray[np.bool_] = np.asarray(np.isfinite(vertical).all(axis=1))
    raw = np.column_stack([vertical, np.where(np.isfinite(rate), rate, 0.0)])
    out = np.full_like(raw, np.nan)
    b, a = butter(2, low_pass_hz, fs=SLOTS_PER_S)
    edges = np.flatnonzero(np.diff(there)) + 1
    for start, end in zip([0, *edges], [*edges, len(raw)], strict=True):
        if start == end:
            continue
        if not there[start]:
            state.filter_state = np.empty((0, 4))
            continue
        if not len(state.filter_state):
            state.filter_state = _settled(b, a)[:, None] * raw[start]
        out[start:end], state.filter_state = lfilter(b, a, raw[start:end], axis=0, zi=state.filter_state)
    return out


def _settled(b: Array, a: Array) -> Array:
    """The state of the filter after a constant 1 for ever."""
    second = b[2] - a[2]
    return np.array([b[1] - a[1] + second, second])


def next_turn_deg(state: PathState, rate_dps: float) -> float:
    """The turn one slot later. What is slow enough to be bias is learnt as such."""
    rate = rate_dps - state.bias_dps
    if abs(rate) < _STILL_DPS:
        state.bias_dps = max(-_BIAS_DPS_MAX, min(_BIAS_DPS_MAX, state.bias_dps + _BIAS_SHARE * rate))
    state.turn_deg += rate / SLOTS_PER_S
    return state.turn_deg


def way(start: Place, end: Place) -> Way:
    """From one place to another."""
    a, b, c, turn = start
    x, y, z, later = end
    i, j, k = b * z - c * y, c * x - a * z, a * y - b * x
    sine = sqrt(i * i + j * j + k * k)
    scale = degrees(atan2(sine, a * x + b * y + c * z)) / sine if sine > 1e-9 else 0.0
    return i * scale, j * scale, k * scale, later - turn


def ways(start: Place, places: Array) -> Array:
    """(n, 4) from one place to many."""
    a, b, c, turn = start
    x, y, z, later = places.T
    cross = np.stack([b * z - c * y, c * x - a * z, a * y - b * x])
    sine = np.sqrt(np.square(cross).sum(axis=0))
    angle = np.degrees(np.arctan2(sine, a * x + b * y + c * z))
    return np.vstack([cross * (angle / np.maximum(sine, 1e-9)), later - turn]).T


def between(start: Place, end: Place, share: float) -> Place:
    """A share of the way from one place to another."""
    mixed = [a + share * (b - a) for a, b in zip(start, end, strict=True)]
    length = sqrt(sum(part * part for part in mixed[:3])) or 1.0
    return mixed[0] / length, mixed[1] / length, mixed[2] / length, mixed[3]
