"""Bends, changes of position, standing up and sitting down: short stories of the direction of gravity.

Each moment is compared with what was before and what comes after it, from a few seconds around it and nothing else.
Nothing has to be known about how the sensor sits: only angles between directions are used, and the length of the
specific force, which minus gravity is nearly the vertical acceleration.
"""

from dataclasses import dataclass
from typing import Final

import numpy as np
import numpy.typing as npt

from upperback.sensing.movement._compiled import kernel
from upperback.sensing.movement.base import ChangeKind, MovementParams
from upperback.sensing.signal import Signal1, Signal3, squares
from upperback.sensing.slots import SLOTS_PER_S

CONTEXT_S: Final = 10
"""Seconds to both sides that a change can depend on."""

_PER_S: Final = 5
"""Directions are looked at five times a second."""

_SLOTS_EACH: Final = SLOTS_PER_S // _PER_S

_REACH_S: Final = 6
_APART_S: Final = 2.4
"""Two changes are at least this far apart."""

_LEAN_DEG_MIN: Final = 10.0
"""A lean that can go with standing up or sitting down."""


@dataclass(frozen=True, slots=True)
class Found:
    """A change, with its time in seconds from the start of the signal."""

    kind: ChangeKind
    time_s: float
    angle_deg: float
    rise_m: float


def find_changes(
    acc_mps2: Signal3,
    length_mps2: Signal1,
    second_acc_mps2: Signal3,
    walking: npt.NDArray[np.bool_],
    params: MovementParams,
    instruction_set: str | None = None,
) -> list[Found]:
    """The changes in a signal, in order of time.

    Parameters
    ----------
    acc_mps2 : (25 n, 3) float32, specific force in slots; NaN where missing
    length_mps2 : (25 n,) float32, its length
    second_acc_mps2 : (n, 3) float32, its mean over each second
    walking : (n,) bool; while walking nothing is looked for
    params : thresholds

    Returns
    -------
    Those in the first and last `CONTEXT_S` seconds may be wrong or missing.
    """
    at = _leaning(second_acc_mps2, walking)
    if not len(at):
        return []
    compiled = kernel(instruction_set)
    means_of_rows = _means_of_rows if compiled is None else compiled.means_of_rows
    directions = _directions if compiled is None else compiled.directions
    fine = means_of_rows(acc_mps2, _SLOTS_EACH)  # five a second

    def around(begin_s: float, end_s: float) -> npt.NDArray[np.float32]:
        """(n, 5, 3) direction of the mean from `begin_s` to `end_s` around each moment of the second."""
        return directions(fine, at * _PER_S, _PER_S, round(begin_s * _PER_S), round(end_s * _PER_S))

    middle = around(-0.4, 0.6)
    before, after = around(-5, -2.4), around(2.6, 5.2)
    there, back, left = _angle_deg(middle, before), _angle_deg(middle, after), _angle_deg(before, after)
    bent = np.minimum(there, back)
    bent = np.where(left <= np.maximum(0.5 * bent, 8), bent, 0)
    moved = _angle_deg(around(-3, -1), around(1.2, 3.2))
    score = np.maximum(bent, np.where(left >= 0.5 * moved, moved, 0))
    tops = _tops(score, at)
    rises_m = _rises_m(length_mps2, [int(at[row]) * SLOTS_PER_S + _SLOTS_EACH * column + 2 for row, column in tops])
    return [
        found
        for (row, column), rise_m in zip(tops, rises_m, strict=True)
        if (found := _judge(row, column, at, bent, score, rise_m, params)) is not None
    ]


def _means_of_rows(rows: Signal3, per: int) -> Signal3:
    """Means of every `per` rows."""
    means: Signal3 = rows.reshape(-1, per, 3).mean(axis=1)
    return means


def _directions(rows: Signal3, at: npt.NDArray[np.int64], per: int, begin: int, end: int) -> npt.NDArray[np.float32]:
    """(n, per, 3) direction of the mean of rows [begin, end) around the `per` moments from each of `at` on."""
    moments = at[:, None] + np.arange(per)
    return _unit(rows[moments[:, :, None] + np.arange(begin, end)].mean(axis=2))


def _leaning(acc: Signal3, walking: npt.NDArray[np.bool_]) -> npt.NDArray[np.int64]:
    """Seconds near which the direction changes; none so close to an end that its surroundings are missing."""
    n = len(acc)
    turning = np.zeros(n, bool)
    direction = _unit(acc)
    with np.errstate(invalid="ignore"):
        turning[1:-1] = _angle_deg(direction[2:], direction[:-2]) >= 0.6 * _LEAN_DEG_MIN
    near = turning.copy()
    near[1:] |= turning[:-1]
    near[:-1] |= turning[1:]
    near &= ~walking
    near[:_REACH_S] = near[n - _REACH_S :] = False
    return np.flatnonzero(near)


def _tops(score: npt.NDArray[np.float32], at: npt.NDArray[np.int64]) -> list[tuple[int, int]]:
    """(row, column) of the moments that no moment nearby exceeds; of equal ones the first."""
    value = np.nan_to_num(score).ravel()
    moment = (at[:, None] * _PER_S + np.arange(_PER_S)).ravel()
    reach = round(_APART_S * _PER_S)
    line = np.zeros(moment[-1] - moment[0] + 1 + 2 * reach, np.float32)
    line[moment - moment[0] + reach] = value
    large = np.flatnonzero(value >= _LEAN_DEG_MIN)
    windows = np.lib.stride_tricks.sliding_window_view(line, 2 * reach + 1)[moment[large] - moment[0]]
    is_top = (value[large] >= windows.max(axis=1)) & (value[large] > windows[:, :reach].max(axis=1))
    return [divmod(int(i), _PER_S) for i in large[is_top]]


def _judge(
    row: int,
    column: int,
    at: npt.NDArray[np.int64],
    bent: npt.NDArray[np.float32],
    score: npt.NDArray[np.float32],
    rise_m: float,
    params: MovementParams,
) -> Found | None:
    angle = float(score[row, column])
    time_s = float(at[row]) + (column + 0.5) / _PER_S
    is_bend = bent[row, column] >= score[row, column]
    if rise_m >= params.rise_m_min:
        return Found("stand_up", time_s, angle, rise_m)
    if rise_m <= -params.rise_m_min:
        return Found("sit_down", time_s, angle, rise_m)
    if is_bend and angle >= params.bend_deg_min:
        return Found("bend", time_s, angle, rise_m)
    if not is_bend and angle >= params.position_deg_min:
        return Found("position", time_s, angle, rise_m)
    return None


def _rises_m(length_mps2: Signal1, centres: list[int]) -> list[float]:
    """Height gained around slots, if the body is at rest at both ends; 0 where samples are missing."""
    if not centres:
        return []
    half = round(_APART_S * SLOTS_PER_S)
    around = np.array(centres)[:, None] + np.arange(-half, half)
    pieces = length_mps2[around].astype(np.float64)
    velocity = np.cumsum(pieces - pieces.mean(axis=1, keepdims=True), axis=1) / SLOTS_PER_S
    rises: list[float] = np.nan_to_num(velocity.sum(axis=1) / SLOTS_PER_S, nan=0.0).tolist()
    return rises


def _unit(vectors: npt.NDArray[np.float32]) -> npt.NDArray[np.float32]:
    """Of length 1; NaN where there is hardly any force, as in free fall."""
    length = np.sqrt(squares(vectors))[..., None]
    return (vectors / np.where(length > 1, length, np.nan)).astype(np.float32)


def _angle_deg(a: npt.NDArray[np.float32], b: npt.NDArray[np.float32]) -> npt.NDArray[np.float32]:
    """Between unit vectors; by the chord, which small angles survive. NaN where one is missing."""
    chord = np.sqrt(squares(a - b))
    angle: npt.NDArray[np.float32] = np.degrees(2 * np.arcsin(np.minimum(chord / 2, 1)))
    return angle
