"""The muscle stage: blocks of samples in, state and decided hops out. One recording is one large block."""

import dataclasses
import math
from functools import cache
from typing import Final, TypeVar

import numpy as np
import numpy.typing as npt

from upperback.core.errors import InputError
from upperback.sensing import compiled
from upperback.sensing.muscle._compiled import Compiled
from upperback.sensing.muscle._reference import Reference
from upperback.sensing.muscle._spectrum import Epochs, look_at_epochs
from upperback.sensing.muscle.base import (
    BINS,
    F32,
    F64,
    HOPS_PER_WINDOW,
    I64,
    POSITION,
    REASONS,
    REST_OF_MEMORY,
    U8,
    EmgReference,
    Engine,
    Fatigue,
    Hops,
    Layout,
    MuscleBlock,
    MuscleParams,
    MuscleState,
    Tally,
    layout,
)
from upperback.sensing.signal import EmgChunk, QualityFlag, SignalShapeError

_Number = TypeVar("_Number", np.float64, np.uint8)

_UNUSABLE: Final = int(QualityFlag.GAP | QualityFlag.IMPLAUSIBLE)
_GAP_S_MAX: Final = 7 * 86_400.0
_PIECE_S: Final = 600.0


@cache
def fastest_engine() -> Engine:
    """The compiled kernel where there is one, else NumPy."""
    kernel = compiled.load()
    return Reference() if kernel is None else Compiled(kernel)


def start_muscle(*, sampling_rate_hz: float, references: tuple[EmgReference, ...], params: MuscleParams) -> MuscleState:
    """The state before the first sample.

    Parameters
    ----------
    sampling_rate_hz : of the stream, Hz
    references : one per channel
    params : tuning; the same for every update

    Raises
    ------
    InputError : no channel, or a rate too low for surface EMG.
    """
    if not references:
        raise InputError("an EMG stream needs at least one channel", key="references")
    grid = layout(sampling_rate_hz, params)
    n, context = len(references), grid.context
    return MuscleState(
        sampling_rate_hz=float(sampling_rate_hz),
        references=references,
        start_s=math.nan,
        next_s=math.nan,
        memory=np.zeros((n, 2 * grid.n_sections + REST_OF_MEMORY)),
        slow=np.zeros((n, 4)),
        beats=np.zeros(n),
        samples=np.zeros((0, n), np.float32),
        energy=np.zeros((n, context)),
        slow_energy=np.zeros((n, context)),
        bits=np.full((n, context), int(QualityFlag.UNSETTLED), np.uint8),
        gated=np.zeros((n, context), np.uint8),
        runs=np.tile(np.array([0, 0, 0, HOPS_PER_WINDOW], np.int64), (n, 1)),
        last_power=np.full(n, np.nan),
        histogram=np.zeros((n, BINS), np.uint32),
        counts=np.zeros((n, 5), np.int64),
        reasons=np.zeros((n, len(REASONS)), np.int64),
        epoch_power=np.full((n, grid.sustained_window - 1), np.nan),
        spells=np.tile(np.array([0, 0, 0, grid.sustained_window], np.int64), (n, 1)),
        fatigue=np.zeros((n, len(Fatigue))),
        last_frequency=np.full(n, np.nan),
        n_epochs=0,
    )


def update_muscle(
    state: MuscleState, chunk: EmgChunk, params: MuscleParams, *, engine: Engine | None = None
) -> tuple[MuscleState, MuscleBlock]:
    """Take the next chunk. However a stream is cut, states and figures are the same, bit for bit.

    Parameters
    ----------
    state : what the chunks before left; it is not changed
    chunk : the next samples. If it starts later than the last one ended, what is missing counts as a gap
    params : the same as at the start
    engine : default the fastest here

    Raises
    ------
    SignalShapeError : another rate or number of channels than at the start, or a chunk that starts too early.
    """
    grid = layout(state.sampling_rate_hz, params)
    pieces = _pieces(state, chunk)
    if math.isnan(state.start_s):
        state = dataclasses.replace(state, start_s=chunk.start_s)
    blocks = []
    for samples in pieces:
        state, block = _advance(state, samples, grid, params, engine or fastest_engine())
        blocks.append(block)
    return dataclasses.replace(state, next_s=chunk.end_s), _joined(blocks)


def track_muscle(
    recording: EmgChunk,
    references: tuple[EmgReference, ...],
    params: MuscleParams,
    *,
    engine: Engine | None = None,
) -> tuple[MuscleState, MuscleBlock]:
    """One recording in one go: stretches of it are worked on side by side.

    Differs from `update_muscle` by rounding at most (relative 1e-12 of the power of a hop), where a filter has not
    quite forgotten how it started.

    Parameters
    ----------
    recording : all samples
    references : one per channel
    params, engine : as for `update_muscle`
    """
    state = start_muscle(sampling_rate_hz=recording.sampling_rate_hz, references=references, params=params)
    state = dataclasses.replace(state, start_s=recording.start_s, next_s=recording.end_s)
    _check(state, recording)
    grid = layout(state.sampling_rate_hz, params)
    return _advance(state, _samples(recording), grid, params, engine or fastest_engine(), side_by_side=True)


def _check(state: MuscleState, chunk: EmgChunk) -> None:
    if chunk.sampling_rate_hz != state.sampling_rate_hz:
        raise SignalShapeError(
            f"a stream of {state.sampling_rate_hz:g} Hz cannot go on at {chunk.sampling_rate_hz:g} Hz"
        )
    if chunk.emg_v.shape[1] != state.n_channels:
        raise SignalShapeError(f"a stream of {state.n_channels} channels cannot go on with {chunk.emg_v.shape[1]}")


def _samples(chunk: EmgChunk) -> F32:
    """The samples, NaN where they cannot be used."""
    if chunk.quality is None:
        return chunk.emg_v
    unusable = (chunk.quality & _UNUSABLE) != 0
    return np.where(unusable[:, None], np.float32(np.nan), chunk.emg_v)


def _pieces(state: MuscleState, chunk: EmgChunk) -> list[F32]:
    """What is missing before the chunk, as NaN, in pieces that fit in memory; then the chunk."""
    _check(state, chunk)
    samples = _samples(chunk)
    if math.isnan(state.next_s):
        return [samples]
    late_s = chunk.start_s - state.next_s
    if not late_s <= _GAP_S_MAX:
        raise SignalShapeError(
            f"a chunk that starts {late_s / 86_400:.1f} days after the last one is another recording"
        )
    missing = round(late_s * state.sampling_rate_hz)
    if missing < 0:
        raise SignalShapeError(f"a chunk starts {-late_s:.3f} s before the last one ended")
    piece = round(_PIECE_S * state.sampling_rate_hz)
    found = [
        np.full((min(piece, missing - start), state.n_channels), np.nan, np.float32)
        for start in range(0, missing, piece)
    ]
    return [*found, samples]


def _advance(
    state: MuscleState,
    samples: F32,
    grid: Layout,
    params: MuscleParams,
    engine: Engine,
    *,
    side_by_side: bool = False,
) -> tuple[MuscleState, MuscleBlock]:
    state = _filter(state, samples, grid, engine, side_by_side=side_by_side)
    ready = (state.energy.shape[1] - grid.context - grid.lag) // grid.epoch_hops
    return _count(state, max(0, ready), grid, params, engine)


def _filter(state: MuscleState, samples: F32, grid: Layout, engine: Engine, *, side_by_side: bool) -> MuscleState:
    """Filter the new samples, and gate what can be gated."""
    n, first = state.n_channels, state.energy.shape[1]
    new = (int(state.memory[0, 2 * grid.n_sections + POSITION]) + len(samples)) // grid.hop
    energy, slow_energy = _longer(state.energy, new), _longer(state.slow_energy, new if grid.gate else 0)
    bits, gated = _longer(state.bits, new), _longer(state.gated, new)
    gated[:, first:] = 0
    memory, slow, beats = state.memory.copy(), state.slow.copy(), state.beats.copy()
    total = np.empty(new if grid.gate else 0)
    for c in range(n):
        hops = Hops(energy=energy[c, first:], total=total, bits=bits[c, first:])
        column = np.ascontiguousarray(samples[:, c])
        memory[c] = engine.hops(column, memory[c], grid, hops, side_by_side=side_by_side)
        if grid.gate:
            slow[c], slow_energy[c, first:] = engine.slow(hops, slow[c], grid)
            beats[c] = engine.gate(energy[c], slow_energy[c], first, float(beats[c]), gated[c], grid)
    return dataclasses.replace(
        state,
        samples=np.concatenate([state.samples, samples]) if len(state.samples) else samples,
        memory=memory,
        slow=slow,
        beats=beats,
        energy=energy,
        slow_energy=slow_energy,
        bits=bits,
        gated=gated,
    )


def _longer(array: npt.NDArray[_Number], columns: int) -> npt.NDArray[_Number]:
    """A copy with room for so many more columns."""
    found = np.empty((array.shape[0], array.shape[1] + columns), array.dtype)
    found[:, : array.shape[1]] = array
    return found


def _count(
    state: MuscleState, n_epochs: int, grid: Layout, params: MuscleParams, engine: Engine
) -> tuple[MuscleState, MuscleBlock]:
    """Count whole epochs, and let go of them."""
    if not n_epochs:
        return state, _block(
            state, np.zeros((0, state.n_channels), np.float32), state.bits[:, :0], state.epoch_power[:, :0], state, grid
        )
    context, n_hops = grid.context, n_epochs * grid.epoch_hops
    end, gate_hops = context + n_hops, n_hops if grid.gate else 0
    bits, frequency = state.bits, np.full((state.n_channels, n_epochs), np.nan)
    if params.spectrum:
        epochs = _epochs(state, n_epochs, grid, params, engine)
        frequency = epochs.median_frequency_hz.reshape(frequency.shape)
        if epochs.quality.any():
            bits = bits.copy()
            bits[:, context:end] |= np.repeat(epochs.quality.reshape(frequency.shape), grid.epoch_hops, axis=1)
    tallies, rms_v = [], np.empty((n_hops, state.n_channels), np.float32)
    epoch_power = np.empty((state.n_channels, n_epochs))
    for c, reference in enumerate(state.references):
        tally, rms_v[:, c], epoch_power[c] = engine.windows(
            state.energy[c, :end],
            bits[c, :end],
            state.gated[c, :end],
            context,
            _tally(state, c),
            grid,
            rest_v=_rest_v(reference, params),
            noise_v=_noise_v(reference),
        )
        tallies.append(tally)
    changed = dataclasses.replace(
        state,
        samples=state.samples[n_epochs * grid.epoch_samples :].copy(),
        energy=state.energy[:, n_hops:].copy(),
        slow_energy=state.slow_energy[:, gate_hops:].copy(),
        bits=bits[:, n_hops:].copy(),
        gated=state.gated[:, n_hops:].copy(),
        runs=np.stack([tally.run for tally in tallies]),
        last_power=np.array([tally.last_power for tally in tallies]),
        histogram=np.stack([tally.histogram for tally in tallies]),
        counts=np.stack([tally.counts for tally in tallies]),
        reasons=state.reasons + _reasons(bits[:, context:end]),
        epoch_power=np.concatenate([state.epoch_power, epoch_power], axis=1)[:, n_epochs:],
        spells=_spells(state, epoch_power, grid, params),
        fatigue=_fatigue(state, frequency, grid) if params.spectrum else state.fatigue,
        last_frequency=frequency[:, -1],
        n_epochs=state.n_epochs + n_epochs,
    )
    return changed, _block(state, rms_v, bits[:, context:end], frequency, changed, grid)


def _block(before: MuscleState, rms_v: F32, bits: U8, frequency: F64, state: MuscleState, grid: Layout) -> MuscleBlock:
    """What was added since `before`, and the latest window."""
    power = state.energy[:, -HOPS_PER_WINDOW:].mean(axis=1) * grid.power_per_energy
    noise = np.array([_noise_v(reference) for reference in state.references])
    return MuscleBlock(
        start_s=before.start_s + before.n_epochs * grid.epoch_s,
        hop_s=grid.hop_s,
        epoch_s=grid.epoch_s,
        rms_v=rms_v,
        quality=bits.T,
        median_frequency_hz=frequency.T,
        latest_rms_v=np.sqrt(np.maximum(power - noise**2, 0)),
    )


#: (n_reasons, 256), whether a reason is among those of a hop.
_HAS_REASON: Final = ((np.arange(256) & np.array(REASONS, np.int64)[:, None]) != 0).astype(np.int64)


def _reasons(bits: U8) -> I64:
    """Hops of each channel by reason."""
    found = np.zeros((len(bits), len(REASONS)), np.int64)
    for c, row in enumerate(bits):
        found[c] = _HAS_REASON @ np.bincount(row[row != 0], minlength=256)
    return found


def _epochs(state: MuscleState, n_epochs: int, grid: Layout, params: MuscleParams, engine: Engine) -> Epochs:
    """Spectra of the epochs that are counted now: all of the first channel, then of the next."""
    length = grid.epoch_samples
    samples = np.ascontiguousarray(state.samples[: n_epochs * length].T).reshape(-1, length)
    return look_at_epochs(
        samples,
        grid,
        params,
        engine,
        rest_v=np.repeat([_rest_v(reference, params) for reference in state.references], n_epochs),
        noise_v=np.repeat([_noise_v(reference) for reference in state.references], n_epochs),
    )


def _noise_v(reference: EmgReference) -> float:
    return reference.noise_rms_v or 0.0


def _rest_v(reference: EmgReference, params: MuscleParams) -> float:
    """RMS below which a muscle rests, noise not included; NaN without a reference."""
    return math.nan if reference.rms_v is None else reference.rms_v * params.rest_percent / 100


def _tally(state: MuscleState, c: int) -> Tally:
    return Tally(
        run=state.runs[c],
        last_power=float(state.last_power[c]),
        histogram=state.histogram[c],
        counts=state.counts[c],
    )


#: What an epoch is to sustained activity; 0 for one that was not measured.
_MEASURED, _ACTIVE = 1, 2


def _spells(state: MuscleState, epoch_power: F64, grid: Layout, params: MuscleParams) -> I64:
    """Count epochs under sustained activity: from the start of the first window to the end of the last one."""
    window, shortest = grid.sustained_window, grid.sustained_min
    power = np.concatenate([state.epoch_power, epoch_power], axis=1)
    total = np.zeros_like(epoch_power)
    for k in range(window):
        total += power[:, k : k + epoch_power.shape[1]]
    found = state.spells.copy()
    for c, reference in enumerate(state.references):
        rest_below = _rest_v(reference, params) ** 2 + _noise_v(reference) ** 2
        active, there = total[c] >= window * rest_below, np.isfinite(total[c])
        measured, sustained, length, away = (int(value) for value in found[c])
        measured += int(np.count_nonzero(there))
        kind = np.where(active, _ACTIVE, there)
        starts = [0, *(np.flatnonzero(kind[1:] != kind[:-1]) + 1).tolist()] if len(kind) else []
        for what, start, end in zip(kind[starts].tolist(), starts, [*starts[1:], len(kind)], strict=False):
            if what == _ACTIVE:
                first = length + 1 if length else 1 + min(away, window - 1)
                length, away = first + end - start - 1, 0
                sustained += (shortest if first <= shortest <= length else 0) + max(
                    length - max(first - 1, shortest), 0
                )
            else:
                length, away = 0, away + end - start if what == _MEASURED else window
        found[c] = measured, sustained, length, away
    return found


def _fatigue(state: MuscleState, frequency: F64, grid: Layout) -> F64:
    """Add seconds with a median frequency to the sums that the slope is made from, one after the other."""
    n_epochs = frequency.shape[1]
    t = np.broadcast_to((state.n_epochs + np.arange(n_epochs)) * grid.epoch_s, frequency.shape)
    before = np.concatenate([state.last_frequency[:, None], frequency], axis=1)[:, :-1]
    t0 = t - grid.epoch_s
    here, pair = np.isfinite(frequency), np.isfinite(frequency) & np.isfinite(before)
    f, f0, f1 = np.where(here, frequency, 0), np.where(pair, before, 0), np.where(pair, frequency, 0)
    columns = {
        Fatigue.N: here,
        Fatigue.T: here * t,
        Fatigue.F: f,
        Fatigue.TT: here * t * t,
        Fatigue.TF: t * f,
        Fatigue.FF: f * f,
        Fatigue.PAIRS: pair,
        Fatigue.T0: pair * t0,
        Fatigue.T1: pair * t,
        Fatigue.F0: f0,
        Fatigue.F1: f1,
        Fatigue.T0T1: pair * t0 * t,
        Fatigue.F0F1: f0 * f1,
        Fatigue.T0F1: t0 * f1,
        Fatigue.T1F0: t * f0,
    }
    values = np.stack([columns[column] for column in Fatigue], axis=1).astype(np.float64)
    return np.asarray(np.cumsum(np.concatenate([state.fatigue[:, :, None], values], axis=2), axis=2)[:, :, -1])


def _joined(blocks: list[MuscleBlock]) -> MuscleBlock:
    """The blocks of one update as one."""
    if len(blocks) == 1:
        return blocks[0]
    return dataclasses.replace(
        blocks[-1],
        start_s=blocks[0].start_s,
        rms_v=np.concatenate([block.rms_v for block in blocks]),
        quality=np.concatenate([block.quality for block in blocks]),
        median_frequency_hz=np.concatenate([block.median_frequency_hz for block in blocks]),
    )
