"""Does it feel like a vehicle? Steady shaking of the trunk, second by second, and for some minutes after.

A seat shakes whoever sits on it at 3 to 20 Hz; a desk does not. Walking shakes too, which is as good a reason for
silence. What this cannot tell from a desk: a very smooth train or aeroplane, a vehicle that stands for longer than the
hold, and a ladder. For those there are holds that a person sets.
"""

from dataclasses import replace
from functools import lru_cache

import numpy as np

from upperback.sensing.cues.base import F64, Ride, RideParams, RideState
from upperback.sensing.signal import Chunk, QualityFlag, SignalShapeError

_SETTLE_S = 1.0
_UNUSABLE = int(QualityFlag.GAP | QualityFlag.IMPLAUSIBLE | QualityFlag.FREE_FALL)
_UNKNOWN_SHARE = 0.5
"""With more of the last minute unknown, nothing is known."""


def start_ride(*, sampling_rate_hz: float, params: RideParams) -> RideState:
    """The state before the first sample."""
    return RideState(
        sampling_rate_hz=float(sampling_rate_hz),
        next_s=np.nan,
        filter=np.zeros((len(_filter(sampling_rate_hz, params.band_hz)), 2)),
        settling=-1,
        length_mps2=np.zeros(0),
        shaking=np.full(params.vehicle_of, np.nan),
        held_s=0.0,
    )


def update_ride(state: RideState, chunk: Chunk, params: RideParams) -> tuple[RideState, Ride]:
    """What it feels like at the end of the chunk.

    Parameters
    ----------
    state : what the chunks before left; it is not changed
    chunk : the next samples, with their quality
    params : tuning, the same for the whole stream

    Raises
    ------
    SignalShapeError : another rate than at the start.
    """
    if chunk.sampling_rate_hz != state.sampling_rate_hz:
        raise SignalShapeError(
            f"a stream of {state.sampling_rate_hz:g} Hz cannot go on at {chunk.sampling_rate_hz:g} Hz"
        )
    state = _across_gap(state, chunk, params)
    filtered, state = _filtered(state, chunk, params)
    second = max(1, round(state.sampling_rate_hz))
    samples = np.concatenate([state.length_mps2, filtered])
    n = len(samples) // second
    rms = np.sqrt((samples[: n * second].reshape(n, second) ** 2).sum(axis=1) / second)
    shaking = np.where(np.isnan(rms), np.nan, (rms > params.shaking_mps2).astype(np.float64))
    state = replace(state, length_mps2=samples[n * second :].copy(), next_s=chunk.end_s)
    state = _take(state, shaking, params)
    return state, _ride(state, params)


def _across_gap(state: RideState, chunk: Chunk, params: RideParams) -> RideState:
    """Seconds that are missing before the chunk are unknown, and the hold runs on."""
    missing_s = chunk.start_s - state.next_s
    if not abs(missing_s) * state.sampling_rate_hz >= 0.5:
        return state
    unknown = np.full(min(params.vehicle_of, max(1, int(missing_s))), np.nan)
    state = replace(state, settling=-1, length_mps2=np.zeros(0))
    return replace(_take(state, unknown, params), held_s=max(0.0, state.held_s - max(0.0, missing_s)))


def _filtered(state: RideState, chunk: Chunk, params: RideParams) -> tuple[F64, RideState]:
    """The length of the acceleration in the band, NaN where it is not known."""
    acc = chunk.acc_mps2.astype(np.float64)
    length = np.sqrt((acc * acc).sum(axis=1))
    good = np.isfinite(length) & (length < 1e3)
    if chunk.quality is not None:
        good &= (chunk.quality & _UNUSABLE) == 0
    found, sections = np.full(len(length), np.nan), _filter(state.sampling_rate_hz, params.band_hz)
    from scipy import signal  # 80 MB and a second: not for a live server, which has this in its kernel

    memory, settling = state.filter, state.settling
    settle = round(_SETTLE_S * state.sampling_rate_hz)
    edges = np.flatnonzero(np.diff(np.concatenate([[False], good, [False]])))
    for start, end in zip(edges[::2], edges[1::2], strict=True):
        if settling < 0 or start > 0:  # afresh, as if it had always been so
            memory = _settled(sections) * length[start]
            settling = settle
        found[start:end], memory = signal.sosfilt(sections, length[start:end], zi=memory)
        unsettled = min(settling, end - start)
        found[start : start + unsettled] = np.nan
        settling -= unsettled
    if len(good) and not good[-1]:
        settling = -1
    return found, replace(state, filter=np.ascontiguousarray(memory), settling=int(settling))


def ride_filter(sampling_rate_hz: float, params: RideParams) -> tuple[F64, F64]:
    """The band-pass in sections, and its memory where a length of 1 had always been there."""
    sections = _filter(sampling_rate_hz, params.band_hz)
    return sections, _settled(sections)


@lru_cache(maxsize=32)
def _filter(sampling_rate_hz: float, band_hz: tuple[float, float]) -> F64:
    high_hz = min(band_hz[1], 0.45 * sampling_rate_hz)
    if high_hz <= band_hz[0]:
        raise SignalShapeError(f"at {sampling_rate_hz:g} Hz a vehicle cannot be felt")
    return _butterworth(band_hz[0] / sampling_rate_hz, high_hz / sampling_rate_hz)


def _butterworth(low: float, high: float) -> F64:
    """(2, 6) sections of the band-pass of second order; edges in shares of the sampling rate.

    What `scipy.signal.butter` gives, in its order, which a test compares: a live server that starts under load has not
    got the second that loading scipy.signal takes.
    """
    first, last = 4 * np.tan(np.pi * np.array([low, high]))  # so that the bilinear transform puts them there
    width, middle = last - first, np.sqrt(first * last)
    slow = -np.exp(1j * np.pi / 4) * width / 2
    root = np.sqrt(slow**2 - middle**2)
    analog = np.array([slow + root, slow - root])  # and their conjugates
    poles = (4 + analog) / (4 - analog)
    gain = width**2 * 16 / np.prod(np.abs(4 - analog) ** 2)
    poles = poles[np.argsort(-np.abs(1 - np.abs(poles)))]  # the least stable one comes last
    side = np.where(np.abs(poles[1] - 1) < np.abs(poles[1] + 1), 1.0, -1.0)  # and has the zeros that are nearer
    scales, zeros = (gain, 1.0), (-side, side)
    return np.array(
        [
            [scale, -2 * zero * scale, scale, 1.0, -2 * pole.real, abs(pole) ** 2]
            for scale, zero, pole in zip(scales, zeros, poles, strict=True)
        ]
    )


def _settled(sections: F64) -> F64:
    """(n, 2) memory of the sections where an input of 1 had always been there."""
    memory, value = np.empty((len(sections), 2)), 1.0
    for k, (b0, b1, b2, _, a1, a2) in enumerate(sections):
        out = value * (b0 + b1 + b2) / (1 + a1 + a2)
        memory[k, 1] = b2 * value - a2 * out
        memory[k, 0] = b1 * value - a1 * out + memory[k, 1]
        value = out
    return memory


def _take(state: RideState, shaking: F64, params: RideParams) -> RideState:
    """Take whole seconds, one after the other."""
    for second in shaking:
        last = np.append(state.shaking[1:], second)
        full = np.count_nonzero(last == 1) >= params.vehicle_seconds
        held_s = params.hold_s if full else max(0.0, state.held_s - 1)
        state = replace(state, shaking=last, held_s=held_s)
    return state


def _ride(state: RideState, params: RideParams) -> Ride:
    moving = int(np.count_nonzero(state.shaking[-params.moving_of :] == 1)) >= params.moving_seconds
    if state.held_s > 0:
        return Ride(vehicle=True, moving=moving)
    unknown = np.count_nonzero(np.isnan(state.shaking))
    return Ride(vehicle=None if unknown > _UNKNOWN_SHARE * len(state.shaking) else False, moving=moving)
