"""Steps: peaks of the band-passed length of the specific force, where the whole trunk moves in the rhythm of walking.

Each step is decided from a few seconds around it and nothing else, which makes live and batch the same. How the sensor
sits does not matter. Only where there is some intensity anything is computed at all.

1. Band-pass with linear phase: the length of the specific force (0.7 to 3.3 Hz), and its axes (0.45 to 3.3 Hz).
2. In each second, how alike the length is to itself one step later, and the axes to themselves two steps later, over
   5 s (autocorrelation). Walking repeats in all axes at once; a car, a bus or fidgeting does not.
3. A peak is a step if it is the highest for half a step to both sides and rises enough over the dips beside it.
4. Four steps in a row, no interval much longer than its neighbour, in a stretch that is regular enough somewhere.
   A few steps across a room are irregular, but it is quiet before or after them; a vehicle shakes on and on. So more
   is asked of steps with no quiet second near, and of weak ones.
"""

from collections.abc import Callable
from dataclasses import dataclass
from typing import Final

import numpy as np
import numpy.typing as npt

from upperback.sensing.movement._compiled import kernel
from upperback.sensing.movement.base import MovementParams
from upperback.sensing.signal import G_MPS2, Signal1, Signal3
from upperback.sensing.slots import SLOTS_PER_S

CONTEXT_S: Final = 12
"""Seconds to both sides that a step can depend on."""

_TAPS: Final = 51


def _band(low_hz: float, high_hz: float) -> Signal1:
    """Taps that let a band through and hold gravity back altogether.

    The windowed-sinc design of scipy.signal.firwin, which a test compares it with; scipy.signal itself would cost every
    reading of a recording 80 MB and half a second.
    """
    low, high = 2 * low_hz / SLOTS_PER_S, 2 * high_hz / SLOTS_PER_S  # of half the sampling rate
    steps = np.arange(_TAPS) - _TAPS // 2
    smooth = np.hamming(_TAPS)
    taps = (high * np.sinc(high * steps) - low * np.sinc(low * steps)) * smooth
    taps /= (taps * np.cos(np.pi * steps * (low + high) / 2)).sum()
    band: Signal1 = (taps - taps.sum() * smooth / smooth.sum()).astype(np.float32)
    return band


_BAND: Final = _band(0.7, 3.3)
_WIDE_BAND: Final = _band(0.45, 3.3)

_Flags = npt.NDArray[np.bool_]
_Indices = npt.NDArray[np.int64]


@dataclass(frozen=True, slots=True)
class Steps:
    """Steps in a row.

    Attributes
    ----------
    slot : (n_steps,) float64, when, in slots from the start of the signal
    linked : (n_steps,) bool, the step before belongs to the same walk
    """

    slot: npt.NDArray[np.float64]
    linked: _Flags


def find_steps(
    acc_mps2: Signal3,
    length_mps2: Signal1,
    intensity_mps2: Signal1,
    params: MovementParams,
    instruction_set: str | None = None,
) -> Steps:
    """The steps in a signal.

    Parameters
    ----------
    acc_mps2 : (25 n, 3) float32, specific force in slots; NaN where missing
    length_mps2 : (25 n,) float32, its length
    intensity_mps2 : (n,) float32, of each second; NaN where not measured
    params : thresholds

    Returns
    -------
    Steps. Those in the first and last `CONTEXT_S` seconds may be wrong.
    """
    near = _wider(np.nan_to_num(intensity_mps2) >= params.walking_mps2_min, 2)
    near[:4] = near[-4:] = False
    if not near.any():
        return Steps(np.empty(0), np.empty(0, bool))
    kept = np.flatnonzero(_wider(near, 4))
    compiled = kernel(instruction_set)
    slots_of_seconds = _slots_of_seconds if compiled is None else compiled.slots_of_seconds
    band_passed = _band_passed if compiled is None else compiled.band_passed
    peaks_of = _step_peaks if compiled is None else compiled.step_peaks
    missing, length, forces = slots_of_seconds(length_mps2, acc_mps2, kept, np.float32(G_MPS2))
    signal, axes = band_passed(length, _BAND), np.stack([band_passed(force, _WIDE_BAND) for force in forces])
    looked_at = np.flatnonzero(near[kept])
    needed = _needed(intensity_mps2, params)[kept]
    rhythm = _rhythm(signal, axes, looked_at, needed, params, _likeness if compiled is None else compiled.likeness)
    reach = int(params.step_s_max * SLOTS_PER_S)
    peaks, rise = peaks_of(signal, looked_at, rhythm.period, reach, params.step_mps2_min)
    regular = _regular(kept, rhythm, params)[peaks // SLOTS_PER_S] & ~missing[peaks]
    peaks, rise = peaks[regular], rise[regular]
    slot = kept[peaks // SLOTS_PER_S] * SLOTS_PER_S + peaks % SLOTS_PER_S + _between(signal, peaks)
    return _in_runs(slot, rise, params)


def _slots_of_seconds(
    length: Signal1, acc: Signal3, seconds: _Indices, about: np.float32
) -> tuple[_Flags, Signal1, Signal1]:
    """Of some seconds: what is missing; the length less `about`; the axes, (3, n). 0 where one is missing."""
    lengths = length.reshape(-1, SLOTS_PER_S)[seconds].ravel()
    missing = ~np.isfinite(lengths)
    forces = acc.reshape(-1, SLOTS_PER_S, 3)[seconds].reshape(-1, 3).T
    nothing = np.float32(0)
    return missing, np.where(missing, nothing, lengths - about), np.where(missing, nothing, forces)


def _rows(signal: Signal1) -> Signal1:
    return signal.reshape(-1, SLOTS_PER_S)


def _wider(flags: _Flags, by: int) -> _Flags:
    """True within `by` of a True."""
    sums = np.cumsum(np.concatenate([np.zeros(by + 1, np.int64), flags, np.zeros(by, np.int64)]))
    wider: _Flags = sums[2 * by + 1 :] > sums[: -2 * by - 1]
    return wider


def _band_passed(signal: Signal1, band: Signal1) -> Signal1:
    """Linear phase, no delay; added up in one order for every sample, so that cuts cannot be seen in the last bit."""
    half = _TAPS // 2
    padded = np.concatenate([np.zeros(half, np.float32), signal, np.zeros(half, np.float32)])
    n = len(signal)
    passed: Signal1 = band[half] * signal
    for tap in range(half):
        passed += band[tap] * (padded[tap : tap + n] + padded[2 * half - tap : 2 * half - tap + n])
    return passed


@dataclass(frozen=True, slots=True)
class _Rhythm:
    """Of each second: length of a step in slots, likeness of neighbouring steps, and how sure walking is (0: just)."""

    period: _Indices
    likeness: Signal1
    surplus: Signal1


def _needed(intensity_mps2: Signal1, params: MovementParams) -> Signal1:
    """(n,) how regular walking has to be in each second: less with a quiet second near."""
    n, reach = len(intensity_mps2), int(params.quiet_near_s)
    padded = np.full(n + 2 * reach, np.inf, np.float32)
    padded[reach : reach + n] = np.where(np.isfinite(intensity_mps2), intensity_mps2, np.inf)
    quietest = np.min([padded[offset : offset + n] for offset in range(2 * reach + 1)], axis=0)
    with np.errstate(invalid="ignore"):
        stands_out = quietest <= params.quiet_share_max * intensity_mps2
    return np.where(stands_out, params.regularity_short, params.regularity_long).astype(np.float32)


#: (n, n_lags) of signals (n_signals, n_slots): see `_likeness`.
_Likeness = Callable[[Signal1, _Indices, _Indices, int], Signal1]


def _rhythm(
    signal: Signal1, axes: Signal1, at: _Indices, needed: Signal1, params: MovementParams, likeness_of: _Likeness
) -> _Rhythm:
    """From the slots of seconds; computed for the seconds `at`, zero elsewhere."""
    n = len(signal) // SLOTS_PER_S
    first = int(np.ceil(params.step_s_min * SLOTS_PER_S))
    lags = np.arange(first, int(params.step_s_max * SLOTS_PER_S) + 1)
    raw = likeness_of(signal[None], at, np.full(len(at), first), len(lags))
    best = raw.argmax(axis=1)
    some = np.arange(len(at))
    # Two steps are alike as well. If one is nearly as alike, it is the step.
    half = np.round(lags[best] / 2).astype(np.int64) - first
    for near in (-1, 0, 1):
        shorter = np.clip(half + near, 0, len(lags) - 1)
        is_step = (lags[best] >= 2 * first - 1) & (raw[some, shorter] >= 0.8 * raw[some, best])
        best = np.where(is_step, shorter, best)
    likeness = raw[some, best]
    # The length of a stride is known to a slot or two only.
    stride = likeness_of(axes, at, 2 * lags[best] - 2, 5).max(axis=1)
    power = np.square(_rows(signal)).sum(axis=1)
    strength = np.sqrt(8 / (3 * SLOTS_PER_S) * (power[at - 1] + power[at] + power[at + 1]))
    weaker = np.log2(np.float32(params.strong_step_mps2) / np.maximum(strength, np.float32(1e-3)))
    more = np.float32(params.regularity_per_octave) * np.maximum(weaker, 0)
    found = _Rhythm(np.full(n, first), np.zeros(n, np.float32), np.full(n, -1, np.float32))
    found.period[at], found.likeness[at] = lags[best], likeness
    found.surplus[at] = (likeness + stride) / 2 - np.minimum(needed[at] + more, np.float32(params.regularity_max))
    return found


def _likeness(signals: Signal1, at: _Indices, lag: _Indices, n_lags: int) -> Signal1:
    """(n, n_lags) how alike the five seconds around each second are to themselves `lag` + 0, 1, ... slots later.

    signals : (n_signals, n_slots), taken all together
    """
    around = (at[:, None] - 2) * SLOTS_PER_S + np.arange(5 * SLOTS_PER_S)
    windows = [signal[around] for signal in signals]
    found = np.empty((len(at), n_lags), np.float32)
    for length in np.unique(lag):
        mine = np.flatnonzero(lag == length)
        cut = [window[mine] for window in windows]
        for more in range(n_lags):
            found[mine, more] = _autocorrelation(cut, int(length) + more)
    return found


def _autocorrelation(windows: list[Signal1], lag: int) -> Signal1:
    """(n,) of each window with itself `lag` slots later, all of them together."""
    product = sum((window[:, lag:] * window[:, :-lag]).sum(axis=1) for window in windows)
    ahead = sum(np.square(window[:, lag:]).sum(axis=1) for window in windows)
    behind = sum(np.square(window[:, :-lag]).sum(axis=1) for window in windows)
    alike: Signal1 = product / np.sqrt(ahead * behind + np.float32(1e-6))
    return alike


def _step_peaks(
    signal: Signal1, looked_at: _Indices, period: _Indices, reach: int, least: float
) -> tuple[_Indices, Signal1]:
    """Where the signal is highest for half a step to both sides and rises enough, and by how much it rises."""
    inside = (looked_at[:, None] * SLOTS_PER_S + np.arange(SLOTS_PER_S)).ravel()
    tops = inside[(signal[inside] > signal[inside - 1]) & (signal[inside] >= signal[inside + 1]) & (signal[inside] > 0)]
    around = signal[tops[:, None] + np.arange(-reach, reach + 1)]
    offset = np.abs(np.arange(-reach, reach + 1))
    step = period[tops // SLOTS_PER_S, None]
    highest = np.where(offset <= 0.55 * step, around, -np.inf).max(axis=1)
    lowest = np.where(offset <= 0.75 * step, around, np.inf).min(axis=1)
    rise = signal[tops] - lowest
    stands_out = (signal[tops] >= highest) & (rise >= np.float32(least))
    return tops[stands_out], rise[stands_out]


def _regular(kept: _Indices, rhythm: _Rhythm, params: MovementParams) -> _Flags:
    """Seconds that are alike themselves, at least a little, with a sure one within two seconds."""
    whole = np.full(kept[-1] + 1, -1, np.float32)
    whole[kept] = rhythm.surplus
    regular: _Flags = _wider(whole >= 0, 2)[kept] & (rhythm.likeness >= params.regularity_low)
    return regular


def _between(signal: Signal1, peaks: _Indices) -> npt.NDArray[np.float64]:
    """How far the top of a parabola lies from the highest slot."""
    before, top, after = (signal[peaks + offset].astype(np.float64) for offset in (-1, 0, 1))
    return 0.5 * (before - after) / (before - 2 * top + after)


def _in_runs(slot: npt.NDArray[np.float64], rise: Signal1, params: MovementParams) -> Steps:
    """The steps that have three others in a row with them. Of a run's ends, what is weak is only an echo."""
    interval = np.diff(slot) / SLOTS_PER_S
    linked = (interval >= 0.8 * params.step_s_min) & (interval <= 1.25 * params.step_s_max)
    if len(linked) < 3:
        return Steps(np.empty(0), np.empty(0, bool))
    even = np.maximum(interval[1:], interval[:-1]) <= 1.7 * np.minimum(interval[1:], interval[:-1])
    # Four steps: three links, evenly long.
    run = linked[:-2] & linked[1:-1] & linked[2:] & even[:-1] & even[1:]
    in_run, after_one = np.zeros(len(slot), bool), np.zeros(len(slot), bool)
    for offset in range(4):
        in_run[offset : offset + len(run)] |= run
    for offset in range(1, 4):
        after_one[offset : offset + len(run)] |= run
    before_one = np.append(after_one[1:], False)
    next_rise, last_rise = np.append(rise[1:], 0), np.append(0, rise[:-1])
    echo = in_run & ~after_one & (rise < params.step_share_min * next_rise)
    after_one &= ~np.append(False, echo[:-1])
    echo |= in_run & ~before_one & (rise < params.step_share_min * last_rise)
    kept = in_run & ~echo
    return Steps(slot[kept], after_one[kept])
