"""The vertical in a recording, or in a stream with hindsight.

A short recording is one lane. A long one is cut into parts that are worked on side by side, each part a lane that
begins `warm_s` earlier than what it yields: so much faster, and within a stated tolerance of one lane through it all.
How a recording is cut depends on its length and rate only, never on the machine.
"""

import os
from concurrent.futures import ThreadPoolExecutor
from dataclasses import dataclass
from typing import Final

import numpy as np
import numpy.typing as npt

from upperback.core.errors import InputError
from upperback.sensing.compiled import LANES, aligned
from upperback.sensing.orientation._compiled import LiveLanes, Pieces, Span, Tiles, Windows
from upperback.sensing.orientation._live import Backend, choose_backend
from upperback.sensing.orientation._reference import ReferenceLive, ReferenceTiles, ReferenceWindows
from upperback.sensing.orientation.base import (
    Design,
    OrientationParams,
    TiltParams,
    bad_from_quality,
    design_orientation,
    design_tilt,
)
from upperback.sensing.signal import Chunk, Quality, Signal3

#: Samples of a block of a tile: small enough to stay near the processor.
_BLOCK: Final = 1024
#: At most so many tiles of lanes for a recording, and at least so many warm-ups' worth of samples in each lane.
_TILES_MAX: Final = 4
_WARM_UPS_MIN: Final = 4

#: In a long stream: samples of a lane, and what is left at the end is worked on in lanes if each has so many warm-ups.
_LANE_SAMPLES: Final = 45_000
_WARM_UPS_LEFT: Final = 2


def track_vertical(
    acc: Signal3,
    gyr: Signal3 | None,
    sampling_rate_hz: float,
    quality: Quality | None = None,
    params: OrientationParams | TiltParams | None = None,
    *,
    causal: bool = True,
    backend: Backend | None = None,
    n_threads: int | None = None,
) -> Signal3:
    """The vertical of one recording.

    Parameters
    ----------
    acc : (n_samples, 3) float32, specific force in m/s2
    gyr : (n_samples, 3) float32, angular velocity in rad/s, or None where there is no gyroscope
    sampling_rate_hz : Hz
    quality : (n_samples,) uint8 of `QualityFlag`, or None; samples with GAP or IMPLAUSIBLE are not used
    params : `OrientationParams` with gyroscope, `TiltParams` without; None takes the usual ones
    causal : as a live filter would have said at each time; otherwise with hindsight, which is nearer to the truth
    backend : `compiled` or `reference` (NumPy, slow); None takes the compiled one where there is one
    n_threads : at most so many at once; None takes what the machine has. Does not change the result

    Returns
    -------
    (n_samples, 3) float32: unit vector that points up, in the sensor frame; NaN where there is no sample. In a
    recording that is long enough to be worked on in parts (from about half an hour), live results differ from one
    uncut pass by less than 0.1 deg, with hindsight by less than 0.05 deg; shorter ones are one uncut pass.

    Raises
    ------
    SignalShapeError : an array has another shape or type.
    InputError : the parameters are of the other kind.
    """
    Chunk(start_s=0.0, sampling_rate_hz=sampling_rate_hz, acc_mps2=acc, gyr_radps=gyr, quality=quality)
    design = _design(sampling_rate_hz, params, has_gyroscope=gyr is not None)
    whole = _Whole(
        design,
        Pieces(acc),
        None if gyr is None else Pieces(gyr),
        None if quality is None else bad_from_quality(quality),
    )
    chosen = choose_backend(backend)
    n_parts = _count_parts(len(acc), design, chosen)
    if n_parts > 1:
        return _track_parts(whole, n_parts, chosen, causal=causal, n_threads=n_threads or os.cpu_count() or 1)
    return _track_live(whole, chosen) if causal else _track_with_hindsight(whole, chosen)


@dataclass(slots=True, kw_only=True)
class HindsightState:
    """Everything that changes in `Hindsight`; `upperback.sensing.state` makes bytes of it."""

    rows: npt.NDArray[np.float32]
    acc: npt.NDArray[np.float32]
    gyr: npt.NDArray[np.float32] | None
    bad: npt.NDArray[np.uint8]
    sampling_rate_hz: float


class Hindsight:
    """The vertical of one stream, with hindsight: what comes in is answered once what follows it is known.

    Windows of `keep_s` samples are worked out as soon as the `look_s` after them are in. They stand where they stand,
    however the stream is cut, so the cuts do not change the result: bit for bit. Memory is bound by one window.

    Parameters
    ----------
    sampling_rate_hz : Hz
    has_gyroscope : whether `gyr` will be given
    params, backend : as in `track_vertical`
    state : what an earlier one left behind, or None
    """

    def __init__(
        self,
        sampling_rate_hz: float,
        *,
        has_gyroscope: bool,
        params: OrientationParams | TiltParams | None = None,
        state: HindsightState | None = None,
        backend: Backend | None = None,
    ) -> None:
        self._sampling_rate_hz = sampling_rate_hz
        self._design = _design(sampling_rate_hz, params, has_gyroscope=has_gyroscope)
        self._backend = choose_backend(backend)
        self._windows: Windows | ReferenceWindows
        if self._backend == "compiled":
            self._windows = Windows(self._design, has_gyroscope=has_gyroscope, is_tile=False)
        else:
            self._windows = ReferenceWindows(self._design, 1, has_gyroscope=has_gyroscope)
        nothing = np.zeros((0, 3), np.float32)
        self._acc, self._gyr = nothing, nothing if has_gyroscope else None
        self._bad = np.zeros(0, np.uint8)
        if state is not None:
            if state.sampling_rate_hz != sampling_rate_hz or (state.gyr is None) == has_gyroscope:
                raise InputError("the state is of a stream with another rate or another sensor")
            self._windows.state[...] = state.rows.reshape(self._windows.state.shape)
            self._acc, self._gyr, self._bad = state.acc, state.gyr, state.bad

    @property
    def state(self) -> HindsightState:
        """A copy of everything that changes."""
        return HindsightState(
            rows=self._windows.state.reshape(-1).astype(np.float32),
            acc=self._acc.copy(),
            gyr=None if self._gyr is None else self._gyr.copy(),
            bad=self._bad.copy(),
            sampling_rate_hz=self._sampling_rate_hz,
        )

    def update(self, acc: Signal3, gyr: Signal3 | None = None, quality: Quality | None = None) -> Signal3:
        """Take in samples; returns the vertical of the next ones that are known well enough, (n, 3) float32."""
        Chunk(start_s=0.0, sampling_rate_hz=self._sampling_rate_hz, acc_mps2=acc, gyr_radps=gyr, quality=quality)
        if (gyr is None) != (self._gyr is None):
            raise InputError("a stream has angular velocity from first to last, or never")
        self._acc = np.concatenate([self._acc, acc])
        if gyr is not None and self._gyr is not None:
            self._gyr = np.concatenate([self._gyr, gyr])
        bad = np.zeros(len(acc), np.uint8) if quality is None else bad_from_quality(quality)
        self._bad = np.concatenate([self._bad, bad])
        return self._work_out(self._design.keep + self._design.look)

    def finish(self) -> Signal3:
        """The stream has ended: returns the vertical of the samples that are left."""
        return self._work_out(1)

    def _work_out(self, n_needed: int) -> Signal3:
        done, found = 0, [np.zeros((0, 3), np.float32)]
        while len(self._acc) - done >= n_needed:
            window = slice(done, done + self._design.keep + self._design.look)
            n_keep = min(self._design.keep, len(self._acc) - done)
            up = np.empty((n_keep, 3, 1), np.float32)
            gyr = None if self._gyr is None else self._gyr[window, :, None]
            self._windows.work_out(self._acc[window, :, None], gyr, self._bad[window, None], up, n_keep)
            found.append(up[:, :, 0])
            done += n_keep
        self._acc, self._bad = self._acc[done:], self._bad[done:]
        if self._gyr is not None:
            self._gyr = self._gyr[done:]
        return np.concatenate(found)


@dataclass(frozen=True, slots=True)
class _Whole:
    """A recording, checked, and how it is to be worked on."""

    design: Design
    acc: Pieces
    gyr: Pieces | None
    bad: npt.NDArray[np.uint8] | None


def _design(sampling_rate_hz: float, params: OrientationParams | TiltParams | None, *, has_gyroscope: bool) -> Design:
    if has_gyroscope and not isinstance(params, TiltParams):
        return design_orientation(sampling_rate_hz, params)
    if not has_gyroscope and not isinstance(params, OrientationParams):
        return design_tilt(sampling_rate_hz, params)
    raise InputError("OrientationParams go with a gyroscope, TiltParams without one")


def _track_live(whole: _Whole, backend: Backend) -> Signal3:
    make = LiveLanes if backend == "compiled" else ReferenceLive
    lanes = make(whole.design, 1, has_gyroscope=whole.gyr is not None)
    n_samples = len(whole.acc)
    gyr = None if whole.gyr is None else whole.gyr.part(0, n_samples)[:, :, None]
    bad = None if whole.bad is None else whole.bad[:, None]
    return lanes.update(whole.acc.part(0, n_samples)[:, :, None], gyr, bad)[:, :, 0].astype(np.float32, copy=False)


def _track_with_hindsight(whole: _Whole, backend: Backend, n_warm: int = 0) -> Signal3:
    """One lane, window by window, without the copies that a stream needs. The first `n_warm` samples only warm up."""
    design, n_samples = whole.design, len(whole.acc)
    has_gyroscope = whole.gyr is not None
    windows: Windows | ReferenceWindows
    if backend == "compiled":
        windows = Windows(design, has_gyroscope=has_gyroscope, is_tile=False)
    else:
        windows = ReferenceWindows(design, 1, has_gyroscope=has_gyroscope)
    bad = np.zeros(n_samples, np.uint8) if whole.bad is None else whole.bad
    up = np.empty((n_samples, 3, 1), np.float32)
    for start in range(0, n_samples, design.keep):
        end = start + design.keep + design.look
        n_keep = min(design.keep, n_samples - start)
        acc = whole.acc.part(start, end)[:, :, None]
        gyr = None if whole.gyr is None else whole.gyr.part(start, end)[:, :, None]
        windows.work_out(acc, gyr, bad[start:end, None], up[start : start + n_keep], n_keep)
    return up[n_warm:, :, 0]


# ------------------------------------------------------------------------------------- long streams


class LongHindsight:
    """The vertical of one stream, with hindsight, for who can wait: many times faster than `Hindsight`.

    Hours of the stream are worked on at once, as lanes side by side. Each lane begins a warm-up earlier than what it
    yields, so the result agrees with one pass as that of `track_vertical` does. A stream of a few hours is one pass. So
    is one of more than about 110 samples a second: the warm-up would be longer than a lane. The lanes begin where they
    begin, however the stream is cut, so the cuts do not change the result: bit for bit.

    Parameters
    ----------
    sampling_rate_hz, has_gyroscope, params, backend : as in `Hindsight`
    """

    def __init__(
        self,
        sampling_rate_hz: float,
        *,
        has_gyroscope: bool,
        params: OrientationParams | TiltParams | None = None,
        backend: Backend | None = None,
    ) -> None:
        self._sampling_rate_hz = sampling_rate_hz
        self._design = design = _design(sampling_rate_hz, params, has_gyroscope=has_gyroscope)
        self._has_gyroscope = has_gyroscope
        self._backend = choose_backend(backend)
        self._n_lane = design.keep * max(1, _LANE_SAMPLES // design.keep)
        self._n_before = design.keep * -(-design.warm // design.keep)
        self._one_lane: Hindsight | None = None
        if self._n_before > self._n_lane:
            self._one_lane = Hindsight(
                sampling_rate_hz, has_gyroscope=has_gyroscope, params=params, backend=self._backend
            )
        self._n_warm = 0  # held samples that are answered already
        self._n_held = 0
        self._acc, self._gyr, self._bad = Pieces(), Pieces(), np.empty(0, np.uint8)

    def update(self, acc: Signal3, gyr: Signal3 | None = None, quality: Quality | None = None) -> Signal3:
        """Take in samples; returns the vertical of the next ones that were worked out, (n, 3) float32.

        The arrays are kept until their samples are answered, and must not be changed before.
        """
        if self._one_lane is not None:
            return self._one_lane.update(acc, gyr, quality)
        Chunk(start_s=0.0, sampling_rate_hz=self._sampling_rate_hz, acc_mps2=acc, gyr_radps=gyr, quality=quality)
        if (gyr is None) == self._has_gyroscope:
            raise InputError("a stream has angular velocity from first to last, or never")
        self._hold(acc, gyr, quality)
        found = []
        n_block = LANES * self._n_lane
        while self._n_held - self._n_warm >= n_block + self._design.look:
            found.append(self._in_lanes(self._n_lane, n_block))
        return _together(found)

    def finish(self) -> Signal3:
        """The stream has ended: returns the vertical of the samples that are left."""
        if self._one_lane is not None:
            return self._one_lane.finish()
        n_left = self._n_held - self._n_warm
        if not n_left:
            return _together([])
        if n_left < LANES * _WARM_UPS_LEFT * self._n_before:
            return _track_with_hindsight(self._whole(), self._backend, self._n_warm)
        keep = self._design.keep
        return self._in_lanes(keep * -(-n_left // (LANES * keep)), n_left)

    def _hold(self, acc: Signal3, gyr: Signal3 | None, quality: Quality | None) -> None:
        """Behind what is held. The samples stay where they are; of their flags something is made at once."""
        start, end = self._n_held, self._n_held + len(acc)
        if end > len(self._bad):
            room = max(end, min(2 * end, self._n_before + LANES * self._n_lane + self._design.look + 2 * len(acc)))
            self._bad = np.concatenate([self._bad[:start], np.empty(room - start, np.uint8)])
        self._acc.add(acc)
        if gyr is not None:
            self._gyr.add(gyr)
        self._bad[start:end] = 0 if quality is None or not quality.any() else bad_from_quality(quality)
        self._n_held = end

    def _whole(self) -> _Whole:
        """All that is held."""
        bad = self._bad[: self._n_held]
        return _Whole(self._design, self._acc, self._gyr if self._has_gyroscope else None, bad if bad.any() else None)

    def _in_lanes(self, n_lane: int, n_samples: int) -> Signal3:
        """The next `n_samples`, in lanes of `n_lane`; of what is held only the warm-up of the next ones is kept."""
        end = self._n_warm + n_samples
        first = self._n_warm + n_lane * np.arange(LANES)
        last = np.maximum(np.minimum(first + n_lane, end), first)
        up = np.empty((n_samples, 3), np.float32)
        _hindsight_lanes(self._whole(), first, last, self._backend, up, at=self._n_warm)
        drop, held = max(end - self._n_before, 0), self._n_held
        self._acc.drop(drop)
        self._gyr.drop(drop)
        self._bad[: held - drop] = self._bad[drop:held]  # NumPy minds the overlap
        self._n_warm, self._n_held = end - drop, held - drop
        return up


def _together(found: list[Signal3]) -> Signal3:
    return found[0] if len(found) == 1 else np.concatenate([np.zeros((0, 3), np.float32), *found])


# ------------------------------------------------------------------------------------- parts side by side


def _count_parts(n_samples: int, design: Design, backend: Backend) -> int:
    """How many parts a recording is cut into: whole tiles of lanes, each lane long against its warm-up."""
    n_long_enough = n_samples // (_WARM_UPS_MIN * max(design.warm, _BLOCK))
    if backend == "reference":  # every lane more is time saved
        return max(1, min(n_long_enough, 1024))
    return LANES * min(n_long_enough // LANES, _TILES_MAX) if n_long_enough >= LANES else 1


def _track_parts(whole: _Whole, n_parts: int, backend: Backend, *, causal: bool, n_threads: int) -> Signal3:
    up = np.empty((len(whole.acc), 3), np.float32)
    n_lanes = LANES if backend == "compiled" else n_parts
    work = _live_part if causal else _hindsight_part
    tasks = [range(first, first + n_lanes) for first in range(0, n_parts, n_lanes)]

    def run(parts: range) -> None:
        work(whole, parts, n_parts, backend, up)

    if n_threads == 1 or len(tasks) == 1:
        for parts in tasks:
            run(parts)
    else:
        with ThreadPoolExecutor(min(n_threads, len(tasks))) as pool:
            list(pool.map(run, tasks))
    return up


class _Part:
    """Lanes of parts of a recording, block by block: what goes into a tile, and what comes back out of it.

    Lane k yields the samples from `first[k]` to `last[k]`.
    """

    def __init__(
        self,
        whole: _Whole,
        first: npt.NDArray[np.int64],
        last: npt.NDArray[np.int64],
        n_block: int,
        n_tile: int,
        backend: Backend,
    ) -> None:
        self._whole, self._n_block = whole, n_block
        self.n_blocks = -(-int((last - first).max()) // n_block)  # of each part
        self.n_warm = -(-whole.design.warm // n_block)
        self._first, self._last = first, last
        self.n_lanes = len(first)
        self._tiles: Tiles | ReferenceTiles = Tiles() if backend == "compiled" else ReferenceTiles()
        self.acc = aligned((n_tile, 3, self.n_lanes))
        self.gyr = None if whole.gyr is None else aligned((n_tile, 3, self.n_lanes))
        self.bad = np.zeros((n_tile, self.n_lanes), np.uint8)
        self._all_there = False

    def load(self, block: int, n_tile: int) -> None:
        """Fill `n_tile` rows of the tile from block `block` of each part on (a warm-up counts from below zero)."""
        first = self._first + block * self._n_block
        start = np.minimum(np.maximum(-first, 0), n_tile)  # nothing is before the recording, nothing after it
        end = np.minimum(np.maximum(len(self._whole.acc) - first, 0), n_tile)
        span = Span(first, start, end)
        self._tiles.pack(self._whole.acc, span, self.acc[:n_tile])
        if self.gyr is not None and self._whole.gyr is not None:
            self._tiles.pack(self._whole.gyr, span, self.gyr[:n_tile])
        all_there = self._whole.bad is None and not start.any() and bool((end == n_tile).all())
        if not (all_there and self._all_there):
            self._tiles.pack_bad(self._whole.bad, span, self.bad[:n_tile])
        self._all_there = all_there and n_tile == len(self.bad)

    def store(self, block: int, tile: npt.NDArray[np.float32], up: Signal3, at: int = 0) -> None:
        """Put what block `block` of each part has found where it belongs. `up` begins with sample `at`."""
        first = self._first + block * self._n_block
        end = np.minimum(np.maximum(self._last - first, 0), self._n_block)
        self._tiles.unpack(tile, Span(first - at, np.zeros_like(end), end), up)


def _ranges(
    parts: range, n_parts: int, n_samples: int, n_block: int
) -> tuple[npt.NDArray[np.int64], npt.NDArray[np.int64]]:
    """Where some of `n_parts` equal parts of a recording begin and end, in whole blocks."""
    n_blocks = -(-n_samples // n_block)
    n_each = -(-n_blocks // n_parts) * n_block
    first = np.array(parts, np.int64) * n_each
    return first, np.minimum(first + n_each, n_samples)


def _live_part(whole: _Whole, parts: range, n_parts: int, backend: Backend, up: Signal3) -> None:
    n_block = whole.design.node * -(-_BLOCK // whole.design.node)
    part = _Part(whole, *_ranges(parts, n_parts, len(whole.acc), n_block), n_block, n_block, backend)
    make = LiveLanes if backend == "compiled" else ReferenceLive
    lanes = make(whole.design, len(parts), has_gyroscope=whole.gyr is not None)
    for block in range(-part.n_warm, part.n_blocks):
        part.load(block, n_block)
        tile = lanes.update(part.acc, part.gyr, part.bad)
        if block >= 0:
            part.store(block, tile, up)


def _hindsight_part(whole: _Whole, parts: range, n_parts: int, backend: Backend, up: Signal3) -> None:
    first, last = _ranges(parts, n_parts, len(whole.acc), whole.design.keep)
    _hindsight_lanes(whole, first, last, backend, up)


def _hindsight_lanes(
    whole: _Whole,
    first: npt.NDArray[np.int64],
    last: npt.NDArray[np.int64],
    backend: Backend,
    up: Signal3,
    at: int = 0,
) -> None:
    """The vertical of the samples from `first[k]` to `last[k]`, each range a lane. `up` begins with sample `at`."""
    design, has_gyroscope = whole.design, whole.gyr is not None
    n_tile = design.keep + design.look
    part = _Part(whole, first, last, design.keep, n_tile, backend)
    windows: Windows | ReferenceWindows
    if backend == "compiled":
        windows = Windows(design, has_gyroscope=has_gyroscope, is_tile=True)
    else:
        windows = ReferenceWindows(design, part.n_lanes, has_gyroscope=has_gyroscope)
    tile = aligned((design.keep, 3, part.n_lanes))
    for block in range(-part.n_warm, part.n_blocks):
        is_warm_up = block < -1  # the last block before finds the direction that the first one goes on from
        n_time = design.keep if is_warm_up else n_tile
        part.load(block, n_time)
        gyr = None if part.gyr is None else part.gyr[:n_time]
        found = None if is_warm_up else tile
        windows.work_out(part.acc[:n_time], gyr, part.bad[:n_time], found, design.keep)
        if block >= 0:
            part.store(block, tile, up, at)
