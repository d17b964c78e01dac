"""Quality of a stream: blocks of samples in, flags and state out."""

from dataclasses import replace
from functools import cache
from typing import Final

import numpy as np

from upperback.sensing import compiled
from upperback.sensing.quality._compiled import Compiled
from upperback.sensing.quality._reference import Reference
from upperback.sensing.quality.base import (
    EARLIER,
    F64,
    JUMP_GRAVITY_SHARE,
    KEPT_SECONDS,
    LATER,
    RATE,
    UP,
    Bools,
    Engine,
    Marks,
    QualityParams,
    QualityState,
    Second,
    limits,
)
from upperback.sensing.signal import G_MPS2, Chunk, Quality, QualityFlag, Signal3, SignalShapeError, squares

_BLOCK: Final = 1 << 18
"""Samples at a time, so that they stay in the processor's cache."""


def start_quality(*, sampling_rate_hz: float) -> QualityState:
    """The state before the first sample."""
    nothing = np.zeros((0, 3), np.float32)
    missing = np.full((2, 3), np.nan, np.float32)
    return QualityState(
        sampling_rate_hz=float(sampling_rate_hz),
        next_s=np.nan,
        acc=nothing,
        gyr=nothing,
        marks=Marks(acc=missing, gyr=missing, falling=0, jumping=0),
        implausible=False,
        gravity_wrong=False,
        seconds=np.full((KEPT_SECONDS, len(Second)), np.nan),
        received=np.zeros((0, 2)),
        rate_off=False,
        rate_seen=np.nan,
        follow=np.zeros(3),
        jumps=0,
        jumped_s=np.nan,
        stuck_seconds=0,
        drift_seconds=0,
        wrong_gravity_seconds=0,
        gravity_mps2=np.nan,
    )


@cache
def fastest_engine() -> Engine:
    """The compiled kernel where there is one, else NumPy."""
    kernel = compiled.load()
    return Reference() if kernel is None else Compiled(kernel)


def check_quality(
    state: QualityState, chunk: Chunk, params: QualityParams, *, engine: Engine | None = None
) -> tuple[QualityState, Quality]:
    """The flags of a chunk's samples, those it came with included.

    Parameters
    ----------
    state : what the chunks before left; it is not changed
    chunk : the next samples
    params : tuning, the same for the whole stream
    engine : default the fastest here

    Returns
    -------
    state; (n_samples,) uint8 of `QualityFlag`

    Raises
    ------
    SignalShapeError : another rate than at the start.
    """
    if chunk.sampling_rate_hz != state.sampling_rate_hz:
        raise SignalShapeError(
            f"a stream of {state.sampling_rate_hz:g} Hz cannot go on at {chunk.sampling_rate_hz:g} Hz"
        )
    state = _with_times(state, chunk, params)
    flags = np.zeros(len(chunk), np.uint8) if chunk.quality is None else chunk.quality.copy()
    if state.rate_off:
        flags |= int(QualityFlag.RATE_DRIFT)
    for start in range(0, len(chunk), _BLOCK):
        state = _check_block(state, chunk, start, params, flags, engine or fastest_engine())
    return state, flags


# ---- times ----


def _with_times(state: QualityState, chunk: Chunk, params: QualityParams) -> QualityState:
    """What the start of the chunk tells: a gap, or another rate than stated."""
    if np.isnan(state.next_s):
        return replace(state, next_s=chunk.end_s, received=np.array([[chunk.start_s, len(chunk)]]))
    if abs(chunk.start_s - state.next_s) * state.sampling_rate_hz >= 0.5:
        fresh = start_quality(sampling_rate_hz=state.sampling_rate_hz)
        state = replace(
            state,
            acc=fresh.acc,
            gyr=fresh.gyr,
            marks=fresh.marks,
            seconds=np.concatenate([state.seconds[1:], np.full((1, len(Second)), np.nan)]),
        )
    state = replace(state, next_s=chunk.end_s)
    return _with_rate(state, np.concatenate([state.received, [[chunk.start_s, len(chunk)]]]), params)


def _with_rate(state: QualityState, received: F64, params: QualityParams) -> QualityState:
    """Compare the samples of the last chunks with the time they took.

    A single gap is no wrong rate: the difference has to come bit by bit, not more than half of it at once.
    """
    start_s, n = received[:, 0], received[:, 1]
    elapsed_s = start_s[-1] - start_s[0]
    if len(received) < 5 or elapsed_s < params.rate_s:
        return replace(state, received=received[-256:])
    slips_s = np.diff(start_s) - n[:-1] / state.sampling_rate_hz
    slip_s = float(slips_s.sum())
    seen = float(n[:-1].sum()) / (elapsed_s * state.sampling_rate_hz)
    gradual = float(np.abs(slips_s).max()) <= 0.5 * abs(slip_s)
    off = abs(slip_s) > params.rate_share * elapsed_s and gradual
    return replace(state, received=received[1:], rate_off=off, rate_seen=seen if off else state.rate_seen)


# ---- blocks ----


def _check_block(
    state: QualityState,
    chunk: Chunk,
    start: int,
    params: QualityParams,
    flags: Quality,
    engine: Engine,
) -> QualityState:
    """Mark the flags of a block of the chunk in place, and take its samples into the state."""
    acc = chunk.acc_mps2[start : start + _BLOCK]
    gyr = None if chunk.gyr_radps is None else chunk.gyr_radps[start : start + _BLOCK]
    flags = flags[start : start + _BLOCK]
    marks, jumps, last = engine.marks(acc, gyr, limits(state.sampling_rate_hz, params), state.marks, flags)
    jumped_s = chunk.start_s + (start + last) / chunk.sampling_rate_hz
    state = replace(state, marks=marks, jumps=state.jumps + jumps, jumped_s=jumped_s if jumps else state.jumped_s)
    return _take_seconds(state, acc, gyr, params, flags, engine)


def _take_seconds(
    state: QualityState, acc: Signal3, gyr: Signal3 | None, params: QualityParams, flags: Quality, engine: Engine
) -> QualityState:
    """Judge the seconds that are complete; what they say holds from the next one on."""
    before, length = len(state.acc), state.second
    if before:
        acc = np.concatenate([state.acc, acc])
        gyr = None if gyr is None else np.concatenate([state.gyr, gyr])
    n = len(acc) // length
    end = n * length
    if n:
        seconds = engine.seconds(acc[:end], None if gyr is None else gyr[:end], length, params.stuck_mps2_min)
        seconds[~np.isfinite(seconds)] = np.nan  # sums of what is missing or beyond counting
        before_it = state.implausible
        state, verdicts = _judge(state, seconds, params)
        if before_it or verdicts.any():
            implausible = np.repeat(np.concatenate([[before_it], verdicts]), length)[before : len(acc)]
            flags[implausible] |= int(QualityFlag.IMPLAUSIBLE)
    elif state.implausible:
        flags |= int(QualityFlag.IMPLAUSIBLE)
    return replace(state, acc=acc[end:].copy(), gyr=state.gyr if gyr is None else gyr[end:].copy())


# ---- seconds ----


def _moving_sum(values: F64, window: int, n: int) -> F64:
    """Sum over each of the last `n` rows and the `window` - 1 before it."""
    first = len(values) - n - window + 1
    total = np.zeros(n)
    for k in range(window):
        total += values[first + k : first + k + n]
    return total


def _judge(state: QualityState, seconds: F64, params: QualityParams) -> tuple[QualityState, Bools]:
    """Is what the seconds show possible? Returns the verdict after each."""
    n = len(seconds)
    rows = np.concatenate([state.seconds, seconds])
    length, whole = rows[:, Second.LENGTH], np.isfinite(rows[:, Second.LENGTH])
    still = whole & (rows[:, Second.SPREAD] < params.still_share * length)
    n_still = _moving_sum(still.astype(np.float64), 10, n)
    at_rest = _moving_sum(np.where(still, length, 0), 10, n) / np.maximum(n_still, 1)
    n_whole = _moving_sum(whole.astype(np.float64), 10, n)
    on_average = _moving_sum(np.where(whole, length, 0), 10, n) / np.maximum(n_whole, 1)
    low, high = params.moving_shares
    tells = n_still >= params.still_seconds
    wrong = tells & (np.abs(at_rest / G_MPS2 - 1) > params.gravity_share)
    wrong |= (n_whole == 10) & ((on_average < low * G_MPS2) | (on_average > high * G_MPS2))
    right = tells & ~wrong
    gravity_wrong = _held(wrong, right, state.gravity_wrong)
    stuck = _moving_sum(np.nan_to_num(rows[:, Second.STUCK]), 2, n) == 2
    turning = bool(np.isfinite(seconds[:, Second.RATE_SPREAD]).any())
    drifts = _drifts(rows, still, n, params) if turning else np.zeros(n, bool)
    state = replace(
        state,
        seconds=rows[-KEPT_SECONDS:].copy(),
        follow=_follow(state.follow, rows, n) if turning else state.follow,
        stuck_seconds=state.stuck_seconds + int(stuck.sum()),
        drift_seconds=state.drift_seconds + int(drifts.sum()),
        wrong_gravity_seconds=state.wrong_gravity_seconds + int(gravity_wrong.sum()),
        gravity_wrong=bool(gravity_wrong[-1]),
        gravity_mps2=float(np.where(tells, at_rest, on_average)[wrong][-1]) if wrong.any() else state.gravity_mps2,
    )
    verdicts = gravity_wrong | stuck | drifts
    return replace(state, implausible=bool(verdicts[-1])), verdicts


def _held(on: Bools, off: Bools, before: bool) -> Bools:
    """True from `on` to the next `off`."""
    known = np.concatenate([[True], on | off])
    value = np.concatenate([[before], on])
    return np.asarray(value[np.maximum.accumulate(np.where(known, np.arange(len(known)), 0))][1:])


def _directions(up: F64) -> F64:
    """Unit vectors of mean gravity; NaN where the mean is no gravity."""
    length = np.sqrt(squares(up))
    is_gravity = np.abs(length / G_MPS2 - 1) < JUMP_GRAVITY_SHARE
    return np.asarray(np.where(is_gravity, 1 / np.where(is_gravity, length, 1), np.nan)[:, None] * up)


def _drifts(rows: F64, still: Bools, n: int, params: QualityParams) -> Bools:
    """Does the gyroscope turn evenly for long while gravity stays where it is?"""
    turns = squares(rows[:, RATE]) > params.drift_radps**2
    even = rows[:, Second.RATE_SPREAD] < params.drift_spread_radps
    alike = still & turns & even
    if not alike.any():
        return np.zeros(n, bool)
    up = _directions(rows[:, UP])
    alike[1:] &= squares(up[1:] - up[:-1]) < np.deg2rad(1.0) ** 2
    alike[0] = False
    return np.asarray(_moving_sum(alike.astype(np.float64), params.drift_seconds, n) > 0.8 * params.drift_seconds)


def _follow(sums: F64, rows: F64, n: int) -> F64:
    """Add up how gravity has turned from each second to the next, and how the gyroscope says that it should have.

    The mean of a second less that of the one before is the change of every moment, weighted with the time since the
    one second's start and to the other's end. (3,): product of the two, square of the gyroscope's, square of gravity's.
    """
    rows = rows[-n - 1 :]
    seen = (rows[1:, UP] - rows[:-1, UP]) / G_MPS2
    told = (rows[:-1, LATER] + rows[1:, EARLIER]) / G_MPS2
    both = seen * told
    terms = np.stack([both[:, 0] + both[:, 1] + both[:, 2], squares(told), squares(seen)])
    terms[:, ~np.isfinite(terms).all(axis=0)] = 0
    return np.asarray(np.cumsum(np.concatenate([sums[:, None], terms], axis=1), axis=1)[:, -1])
