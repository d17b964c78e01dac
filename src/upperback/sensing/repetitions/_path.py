"""From slots to a path: where the vertical points in the sensor, and how far the sensor turned about it.

The turn is the integral of the angular velocity; it drifts, so nobody reads its value: whoever counts compares it with
what it was a moment ago.
"""

from dataclasses import dataclass, field
from functools import cache
from math import atan2, degrees, sqrt
from typing import Final, TypeAlias

import numpy as np
import numpy.typing as npt

from upperback.sensing.signal import G_MPS2
from upperback.sensing.slots import SLOTS_PER_S, Slots

_STILL_DPS: Final = 3.0
"""Below it the gyroscope may be at rest, and its mean is its bias."""
_BIAS_SHARE: Final = 0.02
_BIAS_DPS_MAX: Final = 5.0

_STEPS_HZ: Final = (1.2, 5.0)
"""Steps and their second harmonic; a repetition is several times slower."""
_BOUNCE_S: Final = 1.0

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
    bounce_state : (4, 1), of the band-pass of the length of the specific force; empty: it starts afresh
    bounce_power : of the mean square of that, m2/s4
    turn_deg : integral of the turning rate
    bias_dps : of the turning rate, from moments of rest
    """

    filter_state: Array = field(default_factory=lambda: np.empty((0, 4)))
    bounce_state: Array = field(default_factory=lambda: np.empty((0, 1)))
    bounce_power: float = 0.0
    turn_deg: float = 0.0
    bias_dps: float = 0.0


@cache
def _steps_band() -> tuple[Array, Array]:
    from scipy.signal import butter  # here and below: a second, which not everybody who might count has to wait

    b, a = butter(2, _STEPS_HZ, "bandpass", fs=SLOTS_PER_S)
    return b, a


def smoothed(state: PathState, slots: Slots, low_pass_hz: float) -> Array:
    """(n, 5) vertical in the sensor frame, turning rate in deg/s, bounce in m/s2; NaN in gaps, then it starts afresh.

    The vertical is `slots.up` where there is one, else the direction of the specific force; it and the turning rate are
    low-passed. Bounce is the root mean square of the last second or so of how much the specific force grows and shrinks
    at the pace of steps.
    """
    vertical = np.where(np.isfinite(slots.up), slots.up, slots.acc_mps2).astype(np.float64)
    length = np.sqrt(np.square(vertical).sum(axis=1, keepdims=True))
    with np.errstate(invalid="ignore", divide="ignore"):
        vertical = np.where(length > 0.1, vertical / length, np.nan)
    rate = np.degrees((slots.gyr_radps * vertical).sum(axis=1))
    there: npt.NDArray[np.bool_] = np.asarray(np.isfinite(vertical).all(axis=1))
    raw = np.column_stack([vertical, np.where(np.isfinite(rate), rate, 0.0)])
    force = np.sqrt(np.square(slots.acc_mps2.astype(np.float64)).sum(axis=1, keepdims=True))
    force = np.where(np.isfinite(force), force, G_MPS2)
    from scipy.signal import butter, lfilter

    out = np.full((len(raw), 5), np.nan)
    b, a = butter(2, low_pass_hz, fs=SLOTS_PER_S)
    edges = np.flatnonzero(np.diff(there)) + 1
    for start, end in zip([0, *edges], [*edges, len(raw)], strict=True):
        if start == end:
            continue
        if not there[start]:
            state.filter_state, state.bounce_state, state.bounce_power = np.empty((0, 4)), np.empty((0, 1)), 0.0
            continue
        if not len(state.filter_state):
            state.filter_state = _settled(b, a)[:, None] * raw[start]
        out[start:end, :4], state.filter_state = lfilter(b, a, raw[start:end], axis=0, zi=state.filter_state)
        out[start:end, 4] = _bounce(state, force[start:end])
    return out


def _bounce(state: PathState, force_mps2: Array) -> Array:
    """(n,) of (n, 1) lengths of the specific force."""
    from scipy.signal import lfilter

    b, a = _steps_band()
    if not len(state.bounce_state):
        state.bounce_state = np.zeros((4, 1))
    paced, state.bounce_state = lfilter(b, a, force_mps2 - G_MPS2, axis=0, zi=state.bounce_state)
    share = 1 / (_BOUNCE_S * SLOTS_PER_S)
    power, after = lfilter([share], [1, share - 1], np.square(paced[:, 0]), zi=[state.bounce_power])
    state.bounce_power = float(after[0])
    bounce: Array = np.sqrt(power)
    return bounce


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
