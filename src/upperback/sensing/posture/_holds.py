"""Static bouts, changes and dose, from one epoch to the next."""

import ctypes
import math
from dataclasses import dataclass, field
from functools import cache
from typing import Any, Final

import numpy as np
import numpy.typing as npt

from upperback.sensing import compiled
from upperback.sensing.epochs import COLUMNS, Epochs
from upperback.sensing.histogram import DURATION_BINS, Histogram
from upperback.sensing.posture.base import LONGEST_BOUTS, HoldParams, Holds

#: Numbers of a hold's state; the same order stands in kernel/holds.c.
_STATE: Final = 8
_VELOCITY, _UP, _SHARE, _BEND = (
    COLUMNS.index(name) for name in ("generalised_velocity_dps", "up_x", "measured_share", "flexion_deg")
)


@dataclass(slots=True, kw_only=True)
class HoldState:
    """The bout that goes on, and the load.

    Attributes
    ----------
    numbers : (8,) float64. Sum of the directions of the bout (3), its length and start, seconds away from it, whether
        one of those was not measured, load in deg
    """

    numbers: npt.NDArray[np.float64] = field(default_factory=lambda: np.zeros(_STATE))


class HoldTally:
    """What was found so far."""

    def __init__(self) -> None:
        self._bouts: list[npt.NDArray[np.int64]] = []
        self._counts = np.zeros(3, np.int64)
        self._peak_deg = 0.0

    def add(self, bouts: npt.NDArray[np.int64], counts: npt.NDArray[np.int64], peak_deg: float) -> None:
        """What `hold_epochs` found."""
        if len(bouts):
            self._bouts.append(bouts)
        self._counts += counts
        self._peak_deg = max(self._peak_deg, peak_deg)

    def holds(self) -> Holds:
        """All of it together."""
        bouts = np.concatenate([np.empty((0, 2), np.int64), *self._bouts])
        order = np.lexsort((bouts[:, 0], -bouts[:, 1]))[:LONGEST_BOUTS]
        epochs, changes, dose = self._counts.tolist()
        return Holds(
            epochs=epochs,
            bouts=Histogram.of(DURATION_BINS, bouts[:, 1].astype(np.float64)),
            longest=tuple((int(start), int(length)) for start, length in bouts[order]),
            changes=changes,
            dose_mdeg_s=dose,
            load_peak_deg=self._peak_deg,
        )


def hold_epochs(
    epochs: Epochs,
    state: HoldState,
    params: HoldParams,
    tally: HoldTally,
    *,
    instruction_set: str,
) -> None:
    """Goes on with the next epochs.

    Parameters
    ----------
    epochs : they follow the ones before
    state : changed in place
    params : see there
    tally : added to
    instruction_set : of the compiled kernel; "numpy" is the reference

    Notes
    -----
    A second is *still* if it was measured and its mean generalised velocity is small. A static bout begins with a still
    second, and goes on while seconds are still and their direction is near to the mean direction of the bout so far. Up
    to `bridge_s` seconds of something else are bridged: they count if it goes on, and not if it ends. With the first
    second beyond that the bout is over; that second may begin the next one.

    The dose of a second is the degrees by which its mean flexion is beyond `dose_deg_min`, times its measured share.
    Without a front there is no flexion and no dose. The load follows those degrees like a first-order low-pass with
    the time constant `recovery_s`. Both stand still where nothing was measured.
    """
    numbers = hold_numbers(params)
    rows = np.ascontiguousarray(epochs.rows)
    state.numbers = state.numbers.copy()
    hold = _hold_rows if instruction_set == "numpy" else _compiled(instruction_set)
    tally.add(*hold(rows, epochs.first_s, numbers, state.numbers))


def longest_hold_s(epochs: Epochs, params: HoldParams | None = None) -> int:
    """For how long one position was held at most, s: also the one that is still held at the end; 0 if none was."""
    params, state, tally = params or HoldParams(), HoldState(), HoldTally()
    usable = compiled.available()
    hold_epochs(epochs, state, params, tally, instruction_set=usable[-1] if usable else "numpy")
    _, _, _, length, _, away, _, _ = state.numbers.tolist()
    still_held = int(length + away) if length >= params.bout_s_min else 0
    return max([still_held, *(seconds for _, seconds in tally.holds().longest)])


def hold_numbers(params: HoldParams) -> npt.NDArray[np.float64]:
    """The parameters in the order of kernel/holds.c."""
    return np.array(
        [
            params.share_min,
            params.still_dps_max,
            np.cos(np.radians(params.same_deg_max)),
            params.bridge_s,
            params.bout_s_min,
            params.dose_deg_min,
            -np.expm1(-1 / params.recovery_s),
        ]
    )


_Found = tuple[npt.NDArray[np.int64], npt.NDArray[np.int64], float]


def _hold_rows(
    rows: npt.NDArray[np.float32], first_s: int, params: npt.NDArray[np.float64], state: npt.NDArray[np.float64]
) -> _Found:
    """The reference. Returns bouts (start, length), counts (epochs, changes, dose), and the largest load."""
    share_min, still_max, same_cos, bridge_s, bout_s_min, dose_min, fade = params.tolist()
    sx, sy, sz, length, start, away, missing, load = state.tolist()
    bouts: list[tuple[int, int]] = []
    n_epochs, changes, dose, peak = 0, 0, 0, 0.0
    for k, row in enumerate(rows.tolist()):
        share, velocity, angle = row[_SHARE], row[_VELOCITY], row[_BEND]
        x, y, z = row[_UP : _UP + 3]
        size = math.sqrt(x * x + y * y + z * z)
        measured = share >= share_min and size > 0.5
        still = measured and velocity < still_max
        n_epochs += measured
        if measured and not math.isnan(angle):
            beyond = max(angle - dose_min, 0.0)
            dose += int(beyond * share * 1000 + 0.5)
            load += fade * (beyond - load)
            peak = max(peak, load)
        if length > 0:
            along = x * sx + y * sy + z * sz
            near = still and along >= same_cos * size * math.sqrt(sx * sx + sy * sy + sz * sz)
            if near:
                length, away, missing = length + away + 1, 0.0, 0.0
                sx, sy, sz = sx + x / size, sy + y / size, sz + z / size
                continue
            away += 1
            missing = 1.0 if not measured else missing
            if away <= bridge_s:
                continue
            if length >= bout_s_min:
                bouts.append((int(start), int(length)))
                changes += not missing
            length = away = missing = 0.0
        if still:
            sx, sy, sz, length, start = x / size, y / size, z / size, 1.0, float(first_s + k)
    state[:] = sx, sy, sz, length, start, away, missing, load
    return np.array(bouts, np.int64).reshape(-1, 2), np.array([n_epochs, changes, dose], np.int64), peak


@cache
def _compiled(instruction_set: str) -> Any:
    kernel = compiled.load(instruction_set)
    assert kernel is not None
    pointer, integer = ctypes.c_void_p, ctypes.c_int64
    function = kernel.function("posture_holds", pointer, integer, integer, *[pointer] * 5, result_type=integer)

    def hold(
        rows: npt.NDArray[np.float32], first_s: int, params: npt.NDArray[np.float64], state: npt.NDArray[np.float64]
    ) -> _Found:
        bouts = np.empty((len(rows) // max(1, int(params[4])) + 2, 2), np.int64)
        counts, peak = np.zeros(3, np.int64), np.zeros(1)
        arrays = (params, state, bouts, counts, peak)
        n_bouts = function(rows.ctypes.data, len(rows), first_s, *(array.ctypes.data for array in arrays))
        return bouts[:n_bouts], counts, float(peak[0])

    return hold
