"""A stream on a fixed grid: means over slots of 1/25 s that begin at whole seconds, however the stream is cut.

Movement is slow beside a sensor's rate. Everything that counts steps or repetitions works on slots: one rate for every
sensor, and results that depend on when something happened and not on where a chunk ended.
"""

import ctypes
from collections.abc import Callable, Iterator
from dataclasses import dataclass
from typing import Any, Final, TypeVar

import numpy as np
import numpy.typing as npt

from upperback.core.errors import InputError
from upperback.sensing import compiled
from upperback.sensing.signal import Chunk, Quality, QualityFlag, Signal1, Signal3

SLOTS_PER_S: Final = 25
"""Slots of 40 ms: the second harmonic of a brisk walk (5.2 Hz) is far below half of it."""

RATE_HZ_MIN: Final = 24.5
"""Below it slots would be empty again and again."""

GAP_S_MAX: Final = 31 * 86400.0
"""A longer gap is a wrong clock, or another recording."""

UNTRUSTED: Final = QualityFlag.GAP | QualityFlag.IMPLAUSIBLE | QualityFlag.NOT_WORN
"""Samples with one of these flags count as missing."""

_PIECE: Final = 1 << 18
"""Samples that are worked on at once: they fit a processor's cache."""

_POINTER, _INT, _BYTE = ctypes.c_void_p, ctypes.c_int64, ctypes.c_uint8

_LIMIT: Final = np.float32(1e3)
"""No body moves with 1000 m/s2 or rad/s: such values, and what is not finite, count as missing."""


_Number = TypeVar("_Number", bound=np.generic)


class ContinuityError(InputError):
    """A chunk starts before the one before it ended, or much later."""

    code = "continuity"


@dataclass(slots=True, kw_only=True)
class SlotState:
    """Where a stream stands on the grid, and the samples of the unit that is not full yet.

    Attributes
    ----------
    sampling_rate_hz : of the stream
    first_s : the whole second that slots are counted from
    offset : where in it the first sample lies, in slots
    n_samples : samples since the first one, missing ones counted
    n_slots : slots given out
    tail_* : samples of slots that are not given out yet
    """

    sampling_rate_hz: float
    first_s: int = 0
    offset: float = 0.0
    n_samples: int = 0
    n_slots: int = 0
    started: bool = False
    tail_acc: npt.NDArray[np.float32]
    tail_gyr: npt.NDArray[np.float32]
    tail_up: npt.NDArray[np.float32]
    tail_temperature: npt.NDArray[np.float32]
    tail_quality: npt.NDArray[np.uint8]


@dataclass(frozen=True, slots=True, kw_only=True)
class Slots:
    """Full slots in a row.

    Attributes
    ----------
    first : number of the first slot, counted from `SlotState.first_s`
    acc_mps2, gyr_radps, up : (n_slots, 3) float32, means of the trusted samples; NaN where fewer than half are. A
        signal that the stream does not have is NaN throughout
    temperature_degc : (n_slots,) float32, of the first sample; NaN where unknown
    quality : (n_slots,) uint8, the flags of all samples together
    """

    first: int
    acc_mps2: Signal3
    gyr_radps: Signal3
    up: Signal3
    temperature_degc: Signal1
    quality: Quality

    def __len__(self) -> int:
        return len(self.acc_mps2)


def new_state(sampling_rate_hz: float) -> SlotState:
    """A stream of which nothing has come yet.

    Raises
    ------
    InputError : the rate is too low for slots.
    """
    if not sampling_rate_hz >= RATE_HZ_MIN:
        raise InputError(f"movement needs {RATE_HZ_MIN:g} samples a second or more, and this is {sampling_rate_hz:g}")
    nothing = np.empty((0, 3), np.float32)
    return SlotState(
        sampling_rate_hz=sampling_rate_hz,
        tail_acc=nothing,
        tail_gyr=nothing,
        tail_up=nothing,
        tail_temperature=np.empty(0, np.float32),
        tail_quality=np.empty(0, np.uint8),
    )


def to_slots(
    state: SlotState,
    chunk: Chunk,
    *,
    unit: int = 1,
    up: Signal3 | None = None,
    temperature_degc: Signal1 | None = None,
    instruction_set: str | None = None,
) -> Iterator[Slots]:
    """The slots that this chunk makes full, in multiples of `unit`; the rest waits in `state`.

    Parameters
    ----------
    state : changed in place
    chunk : the next one of the stream
    unit : slots that belong together: 25 gives whole seconds
    up : (n_samples, 3) float32, the vertical in the sensor frame, if it is known
    temperature_degc : (n_samples,) float32, of the sensor, if it is known
    instruction_set : of the compiled kernel; "numpy" is the reference

    Raises
    ------
    InputError : another rate than before, signals of different lengths, or a chunk that starts before the last one
        ended.
    """
    missing = _place(state, chunk)
    n_samples = len(chunk)
    for name, signal, shape in (("up", up, (n_samples, 3)), ("temperature_degc", temperature_degc, (n_samples,))):
        if signal is not None and (signal.shape != shape or signal.dtype != np.float32):
            raise InputError(f"{name} has to be float32 {shape}, not {signal.dtype} {signal.shape}")
    reduce = _reducer(instruction_set)
    while missing > 0:
        piece = min(missing, _PIECE)
        missing -= piece
        yield from _push(state, _Piece.gap(piece), unit, reduce)
    start = 0
    while start < n_samples:
        part = slice(start, start + _whole(state, unit))
        start = part.stop
        piece_in = _Piece.of(
            chunk.acc_mps2[part],
            None if chunk.gyr_radps is None else chunk.gyr_radps[part],
            None if up is None else up[part],
            None if temperature_degc is None else temperature_degc[part],
            None if chunk.quality is None else chunk.quality[part],
        )
        yield from _push(state, piece_in, unit, reduce)


def rest(state: SlotState, *, unit: int = 1, instruction_set: str | None = None) -> Iterator[Slots]:
    """What waits in `state` at the end of a stream, filled up to a full unit as if nothing more came."""
    if not state.n_samples:
        return
    end = -(-(_slot_at(state, state.n_samples - 1) + 1) // unit) * unit
    if end > state.n_slots:
        missing = int(_starts(state, end, end)[0]) - state.n_samples
        yield from _push(state, _Piece.gap(missing), unit, _reducer(instruction_set))


def _whole(state: SlotState, unit: int) -> int:
    """Samples up to the end of a unit about a piece ahead, so that the next piece begins with a unit of its own."""
    slots_ahead = int(_PIECE * SLOTS_PER_S / state.sampling_rate_hz)
    end = (state.n_slots + slots_ahead) // unit * unit + unit
    return max(int(_starts(state, end, end)[0]) - state.n_samples, 1)


def _place(state: SlotState, chunk: Chunk) -> int:
    """Where the chunk goes on from: the number of samples that are missing before it."""
    rate = state.sampling_rate_hz
    if chunk.sampling_rate_hz != rate:
        raise InputError(f"this stream has {rate:g} samples a second, and the chunk has {chunk.sampling_rate_hz:g}")
    if not abs(chunk.start_s) < 1e11:  # also refuses NaN
        raise ContinuityError(f"a chunk cannot start at {chunk.start_s} s")
    if not state.started:
        state.first_s = int(np.floor(chunk.start_s))
        state.offset = (chunk.start_s - state.first_s) * SLOTS_PER_S
        state.started = True
    expected_s = state.first_s + state.offset / SLOTS_PER_S + state.n_samples / rate
    late_s = chunk.start_s - expected_s
    if late_s > GAP_S_MAX:
        raise ContinuityError(f"this chunk starts {late_s / 86400:.0f} days after the one before it")
    missing = round(late_s * rate)
    if missing < 0:
        raise ContinuityError(f"this chunk starts {-late_s:.3f} s before the end of the one before it")
    return missing


@dataclass(frozen=True, slots=True)
class _Piece:
    acc: Signal3
    gyr: Signal3
    up: Signal3
    temperature: Signal1
    quality: Quality

    @classmethod
    def of(
        cls, acc: Signal3, gyr: Signal3 | None, up: Signal3 | None, temperature: Signal1 | None, quality: Quality | None
    ) -> "_Piece":
        n_samples = len(acc)
        return cls(
            acc,
            _nothing(n_samples) if gyr is None else gyr,
            _nothing(n_samples) if up is None else up,
            np.broadcast_to(np.float32(np.nan), n_samples) if temperature is None else temperature,
            np.broadcast_to(np.uint8(0), n_samples) if quality is None else quality,
        )

    @classmethod
    def gap(cls, n_samples: int) -> "_Piece":
        return cls.of(_nothing(n_samples), None, None, None, np.full(n_samples, QualityFlag.GAP, np.uint8))


def _nothing(n_samples: int) -> Signal3:
    """Samples of a signal that is not there, without the memory of them."""
    return np.broadcast_to(np.float32(np.nan), (n_samples, 3))


def _is_one(signal: npt.NDArray[Any]) -> bool:
    """Whether all samples are the same one, as of a signal that is not there."""
    return not any(signal.strides)


def _joined(tail: npt.NDArray[_Number], signal: npt.NDArray[_Number]) -> npt.NDArray[_Number]:
    return np.concatenate([tail, signal]) if len(tail) else signal


def _slot_at(state: SlotState, sample: int) -> int:
    """The slot that a sample falls into. The nudge keeps samples on a boundary together, whatever rounding did."""
    return int(np.floor(state.offset + sample * (SLOTS_PER_S / state.sampling_rate_hz) + 1e-6))


def _push(state: SlotState, piece: _Piece, unit: int, reduce: "_Reduce") -> Iterator[Slots]:
    """Put a piece behind the tail, give out the full units, keep what is left."""
    begin = state.n_samples - len(state.tail_acc)
    state.n_samples += len(piece.acc)
    acc, gyr = _joined(state.tail_acc, piece.acc), _joined(state.tail_gyr, piece.gyr)
    up, temperature = _joined(state.tail_up, piece.up), _joined(state.tail_temperature, piece.temperature)
    quality = _joined(state.tail_quality, piece.quality)
    first, end = state.n_slots, _slot_at(state, state.n_samples) // unit * unit
    used = 0
    if end > first:
        starts = _starts(state, first, end) - begin
        starts[0] = max(starts[0], 0)  # the slots before the first sample of all
        used = int(starts[-1])
        state.n_slots = end
        yield Slots(
            first=first,
            acc_mps2=reduce(acc, quality, starts),
            gyr_radps=reduce(gyr, quality, starts),
            up=reduce(up, quality, starts),
            temperature_degc=_first_in(temperature, starts),
            quality=_flags_in(quality, starts),
        )
    state.tail_acc, state.tail_gyr, state.tail_up = acc[used:].copy(), gyr[used:].copy(), up[used:].copy()
    state.tail_temperature, state.tail_quality = temperature[used:].copy(), quality[used:].copy()


def _starts(state: SlotState, first: int, end: int) -> npt.NDArray[np.int64]:
    """(end - first + 1,): the first sample of each slot, and of the one after them. Agrees with `_slot_at`."""
    step = SLOTS_PER_S / state.sampling_rate_hz
    per_slot = state.sampling_rate_hz / SLOTS_PER_S
    if per_slot == int(per_slot):  # the same in whole numbers
        early = int(np.floor((state.offset + 1e-6) * per_slot))
        whole = np.arange(first * int(per_slot) - early, (end + 1) * int(per_slot) - early, int(per_slot))
        return whole if whole[0] >= 0 else np.maximum(whole, 0)
    slots = np.arange(first, end + 1)
    starts = np.ceil((slots - 1e-6 - state.offset) / step).astype(np.int64)
    starts += np.floor(state.offset + starts * step + 1e-6) < slots
    starts -= np.floor(state.offset + (starts - 1) * step + 1e-6) >= slots
    found: npt.NDArray[np.int64] = np.maximum(starts, 0)
    return found


def _first_in(signal: Signal1, starts: npt.NDArray[np.int64]) -> Signal1:
    if not len(signal) or _is_one(signal):
        return np.broadcast_to(np.float32(np.nan), len(starts) - 1)
    value = signal[np.minimum(starts[:-1], len(signal) - 1)]
    return np.where(starts[1:] > starts[:-1], value, np.float32(np.nan))


def _flags_in(quality: Quality, starts: npt.NDArray[np.int64]) -> Quality:
    if not quality.any():
        return np.broadcast_to(np.uint8(0), len(starts) - 1)
    lengths = np.diff(starts)
    flags = np.zeros(len(lengths), np.uint8)
    full = lengths > 0
    if full.any():
        flags[full] = np.bitwise_or.reduceat(quality[: starts[-1]], starts[:-1][full])
    return flags


def _means(signal: Signal3, quality: Quality, starts: npt.NDArray[np.int64]) -> Signal3:
    """The reference of `slot_means` in kernel/slots.c."""
    n_slots = len(starts) - 1
    if _is_one(signal):
        return _nothing(n_slots)
    means = np.full((n_slots, 3), np.nan, np.float32)
    signal, quality = signal[: starts[-1]], quality[: starts[-1]]
    trusted = (np.abs(signal) < _LIMIT).all(axis=1) & ((quality & UNTRUSTED) == 0)
    lengths = np.diff(starts)
    full = lengths > 0
    if not full.any():
        return means
    counts = np.add.reduceat(trusted.astype(np.int64), starts[:-1][full])
    sums = np.add.reduceat(np.where(trusted[:, None], signal, 0).astype(np.float64), starts[:-1][full])
    enough = (2 * counts >= lengths[full]) & (counts > 0)
    means[full] = np.where(enough[:, None], sums / np.maximum(counts, 1)[:, None], np.nan)
    return means


_Reduce = Callable[[Signal3, Quality, npt.NDArray[np.int64]], Signal3]


def _reducer(instruction_set: str | None) -> _Reduce:
    kernel = None if instruction_set == "numpy" else compiled.load(instruction_set)
    if kernel is None:
        return _means
    function = kernel.function("slot_means", *[_POINTER] * 3, _INT, _BYTE, _POINTER)

    def means(signal: Signal3, quality: Quality, starts: npt.NDArray[np.int64]) -> Signal3:
        n_slots = len(starts) - 1
        if _is_one(signal):
            return _nothing(n_slots)
        signal = np.ascontiguousarray(signal)
        flags = None if not quality.any() else np.ascontiguousarray(quality)
        out = np.empty((n_slots, 3), np.float32)
        function(
            signal.ctypes.data,
            None if flags is None else flags.ctypes.data,
            starts.ctypes.data,
            n_slots,
            int(UNTRUSTED),
            out.ctypes.data,
        )
        return out

    return means
