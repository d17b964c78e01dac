"""Raw samples with the times a device wrote for them -> samples on one even grid.

The grid is `index / sampling_rate_hz` after the stream's origin, for the whole recording: every piece starts on it, so
positions are whole numbers and gaps are counted, not estimated. Values between two raw samples lie on a straight line.
Whatever had to be done is counted in the `ReadingLog`, from which the person gets sentences.
"""

from collections.abc import Iterator, Sequence
from dataclasses import dataclass, field
from typing import Any, Final

import numpy as np
import numpy.typing as npt

from upperback.core.errors import InputError
from upperback.devices._compiled import in_step
from upperback.sensing.signal import QualityFlag

#: A longer gap is no samples at all: the next piece starts later. A shorter one is NaN with QualityFlag.GAP.
LONG_GAP_S: Final = 10.0

#: Samples this close to the grid (in sample intervals) lie on it.
ON_GRID: Final = 0.02

#: A step back of more than this is a clock that was set; a smaller one is a sample out of order.
CLOCK_STEP_S: Final = 1.0

#: A step forward of more than this is a clock that was set (from 1970, say), not a pause.
NO_PAUSE_S: Final = 10 * 365.25 * 86_400

#: Summer time begins or ends.
HOUR_S: Final = 3600.0
_HOUR_TOLERANCE_S: Final = 0.75

#: So many samples may carry a stray time before the clock counts as set.
_STRAY_SAMPLES: Final = 16
_MAX_JUMPS: Final = 1000

#: Samples worked on at a time: what fits into a processor's cache.
_AT_ONCE: Final = 1 << 15

#: Samples in a stretch of this length whose rate is further off than that are marked.
_DRIFT_WINDOW_S: Final = 10.0
_DRIFT_SHARE: Final = 0.02

Float32s = npt.NDArray[np.float32]
Float64s = npt.NDArray[np.float64]
Bytes = npt.NDArray[np.uint8]


@dataclass(frozen=True, slots=True)
class Block:
    """Raw samples as a reader found them.

    Attributes
    ----------
    time_s : (n,) float64, s since the stream's first sample; NaN, repeats and steps back are allowed
    arrays : each (n, channels) float32, SI; acceleration first, then rotation; or EMG alone
    quality : (n,) uint8 of `QualityFlag`, or None
    share : share of the file that lies behind this block, 0 to 1
    """

    time_s: Float64s
    arrays: tuple[Float32s, ...]
    quality: Bytes | None
    share: float


@dataclass(slots=True)
class ReadingLog:
    """What was met while a stream was read. Counted by the readers and by the grid."""

    n_samples: int = 0
    n_resampled: int = 0
    n_bridged: int = 0
    n_gaps: int = 0
    gap_s: float = 0.0
    n_long_gaps: int = 0
    long_gap_s: float = 0.0
    n_repeated: int = 0
    n_without_time: int = 0
    n_not_finite: int = 0
    n_clipped: int = 0
    n_drifting: int = 0
    n_intervals: float = 0.0
    interval_s: float = 0.0
    clock_jumps: list[str] = field(default_factory=list)
    damaged: list[str] = field(default_factory=list)

    @property
    def measured_rate_hz(self) -> float | None:
        """Rate over everything but the gaps, by the time stamps."""
        return self.n_intervals / self.interval_s if self.interval_s > 0 else None


@dataclass(frozen=True, slots=True)
class Piece:
    """Samples on the grid; the first one at `index`."""

    index: int
    arrays: tuple[Float32s, ...]
    quality: Bytes | None


class Regulariser:
    """State and update of one stream: raw blocks in, even pieces out.

    Parameters
    ----------
    sampling_rate_hz : of the grid, Hz
    n_columns : columns of each array
    chunk_samples : pieces have this length, save before a long gap and at the end
    stamp_step_s : the stamps are multiples of this; finer differences are not believed. 0: not known
    wall_clock : the stamps follow a clock that people and summer time may set
    bridge_s : holes up to this long, and always up to one missing sample, are bridged by a straight line
    log : counts what is met
    """

    def __init__(
        self,
        *,
        sampling_rate_hz: float,
        n_columns: Sequence[int],
        chunk_samples: int,
        log: ReadingLog,
        stamp_step_s: float = 0.0,
        wall_clock: bool = False,
        bridge_s: float = 0.05,
    ) -> None:
        self._rate_hz = sampling_rate_hz
        self._log = log
        self._wall_clock = wall_clock
        self._bridge = max(2.5, bridge_s * sampling_rate_hz)
        self._on_grid = min(0.3, max(ON_GRID, 0.51 * stamp_step_s * sampling_rate_hz))
        self._shift_s = 0.0
        self._last_s: float | None = None
        self._last: tuple[float, tuple[Float32s, ...], Bytes | None] | None = None
        self._buffer = _Buffer(n_columns, chunk_samples, log)

    def update(self, block: Block) -> Iterator[Piece]:
        """Takes the next block in; yields the pieces that are full."""
        if self._is_in_step(block):
            yield from self._straight_on(block)
            return
        time_s, arrays, quality, closest_s = self._in_order(block)
        n_samples = len(time_s)
        if not n_samples:
            return
        crowded = closest_s * self._rate_hz <= 2.1 * self._on_grid  # some may be near the same place of the grid
        before = np.nan if self._last is None else self._last[0]
        if self._last is not None:
            _, last_arrays, last_quality = self._last
            position = np.append(before, self._positions(time_s[:1], before, crowded))
            seam = tuple(np.concatenate((last, rows[:1])) for last, rows in zip(last_arrays, arrays, strict=True))
            both = np.concatenate((_flags(last_quality, 1), _flags(None if quality is None else quality[:1], 1)))
            yield from self._between(position, seam, both if both.any() else None)
        position = np.zeros(1)
        for start in range(0, max(n_samples - 1, 1), _AT_ONCE):
            rows = slice(start, start + _AT_ONCE + 1)
            position = self._positions(time_s[rows], before, crowded)
            part, flags = tuple(array[rows] for array in arrays), None if quality is None else quality[rows]
            yield from self._between(position, part, flags)
            before = float(position[-2]) if len(position) > 1 else before  # the last one comes again
        self._keep_last(float(position[-1]), arrays, quality)

    def _is_in_step(self, block: Block) -> bool:
        """Whether nothing has to be done: every sample lies on the grid, on the place after the one before it."""
        if self._last is None or self._last_s is None or self._shift_s or not len(block.time_s):
            return False
        position = self._last[0]
        apart_s = 2 * self._on_grid / self._rate_hz
        return position == np.rint(position) and in_step(
            block.time_s, self._rate_hz, position + 1, self._on_grid, apart_s, self._last_s
        )

    def _straight_on(self, block: Block) -> Iterator[Piece]:
        """What `update` does with a block in step."""
        assert self._last is not None
        position, arrays, quality = self._last
        n_samples = len(block.time_s)
        yield from self._buffer.add(int(position), arrays, quality)
        but_last = slice(0, n_samples - 1)
        if n_samples > 1:
            flags = None if block.quality is None else block.quality[but_last]
            yield from self._buffer.add(int(position) + 1, tuple(rows[but_last] for rows in block.arrays), flags)
        self._log.n_intervals += n_samples
        self._log.interval_s += n_samples / self._rate_hz
        self._last_s = float(block.time_s[-1])
        self._keep_last(position + n_samples, block.arrays, block.quality)

    def _keep_last(self, position: float, arrays: tuple[Float32s, ...], quality: Bytes | None) -> None:
        """Copies, so that the block itself can go."""
        self._last = (
            position,
            tuple(rows[-1:].copy() for rows in arrays),
            None if quality is None else quality[-1:].copy(),
        )

    def finish(self) -> Iterator[Piece]:
        """The rest, after the last block."""
        if self._last is not None:
            position, arrays, quality = self._last
            yield from self._stop(np.array([position]), arrays, quality)
            self._last = None

    # ---- time stamps -----------------------------------------------------------------------------------------

    def _in_order(self, block: Block) -> tuple[Float64s, tuple[Float32s, ...], Bytes | None, float]:
        """Time strictly forwards: strays and repeats left out, a clock that was set put right. And the least step."""
        time_s, arrays, quality = block.time_s, block.arrays, block.quality
        keep: npt.NDArray[np.bool_] | None = None
        if len(time_s) and not np.isfinite(time_s.sum()):  # the sum tells without an array of truths
            finite = np.isfinite(time_s)
            self._log.n_without_time += int(np.count_nonzero(~finite))
            time_s, arrays, quality = _rows(time_s, arrays, quality, finite)
        if not len(time_s):
            return time_s, arrays, quality, np.inf
        if self._shift_s:
            time_s = time_s + self._shift_s
        before = time_s[0] - 1 / self._rate_hz if self._last_s is None else self._last_s
        smallest, largest = _extremes(before, time_s)
        if smallest < -CLOCK_STEP_S or largest > CLOCK_STEP_S:
            jumps = np.flatnonzero(np.abs(np.diff(time_s, prepend=before)) > CLOCK_STEP_S)
            time_s, keep = self._clock_put_right(time_s.copy(), before, jumps)
        if keep is not None or smallest <= 0:
            keep = np.ones(len(time_s), np.bool_) if keep is None else keep
            reached = np.maximum.accumulate(np.concatenate(([before], np.where(keep, time_s, -np.inf)[:-1])))
            keep &= time_s > reached
            left_out = int(np.count_nonzero(~keep))
            self._log.n_repeated += left_out
            if left_out > 100 and left_out > len(time_s) // 2:
                raise InputError(
                    "most time stamps repeat or run backwards; leave the column of times out and give --rate-hz"
                )
            if left_out:
                time_s, arrays, quality = _rows(time_s, arrays, quality, keep)
            smallest, _ = _extremes(before, time_s)
        if len(time_s):
            self._last_s = float(time_s[-1])
        return time_s, arrays, quality, smallest

    def _clock_put_right(
        self, time_s: Float64s, before: float, jumps: npt.NDArray[np.intp]
    ) -> tuple[Float64s, npt.NDArray[np.bool_]]:
        keep = np.ones(len(time_s), np.bool_)
        if len(jumps) > _MAX_JUMPS:
            raise InputError(f"the time stamps jump {len(jumps):,} times in {len(time_s):,} samples: not a recording")
        for at in jumps:
            if not keep[at]:
                continue
            kept = np.flatnonzero(keep[:at])
            previous = time_s[kept[-1]] if len(kept) else before
            ahead = time_s[at + 1 : at + 1 + _STRAY_SAMPLES]
            returned = np.flatnonzero((ahead > previous) & (ahead <= previous + CLOCK_STEP_S))
            step = float(time_s[at] - previous)
            if len(returned) and not 0 < step <= CLOCK_STEP_S:
                keep[at : at + 1 + returned[0]] = False
            elif step < -CLOCK_STEP_S or self._is_clock_change(step):
                correction = previous + 1 / self._rate_hz - time_s[at]
                time_s[at:] += correction
                self._shift_s += correction
                self._log.clock_jumps.append(_told_jump(step, previous))
        return time_s, keep

    def _is_clock_change(self, step: float) -> bool:
        return step > NO_PAUSE_S or (self._wall_clock and abs(step - HOUR_S) < _HOUR_TOLERANCE_S)

    # ---- positions on the grid --------------------------------------------------------------------------------

    def _positions(self, time_s: Float64s, before: float, crowded: bool) -> Float64s:
        """Positions in samples; those that lie on the grid but for a trifle are whole numbers.

        Where several are that near to one place, those up to it are moved onto it; further ones only if none was. This
        depends on nothing but the sample before, whose position is `before` (NaN: none), so that it does not matter
        how a stream was cut. `crowded` says whether there may be such samples.
        """
        position = time_s * self._rate_hz
        nearest = np.rint(position)
        moved = self._is_near(position, nearest)
        if crowded:
            place = np.where(moved, nearest, np.nan)
            place_before = np.rint(before)
            place_before = place_before if self._is_near(before, place_before) else np.nan
            moved &= (place != np.append(place_before, place[:-1])) | (position <= nearest)
        np.copyto(position, nearest, where=moved)
        return position

    def _is_near(self, position: Any, place: Any) -> Any:
        return np.abs(position - place) <= self._on_grid

    def _between(self, position: Float64s, arrays: tuple[Float32s, ...], quality: Bytes | None) -> Iterator[Piece]:
        """Everything from the first position up to, but not including, the last one."""
        if len(position) < 2:
            return
        step = position[1:] - position[:-1]
        largest = float(step.max())
        start = 0
        if largest > LONG_GAP_S * self._rate_hz:
            gaps = np.flatnonzero(step > LONG_GAP_S * self._rate_hz)
            if len(gaps) > _MAX_JUMPS and len(gaps) > len(step) // 4:
                raise InputError(f"most samples are more than {LONG_GAP_S:.0f} s apart: this is not one recording")
            for at in gaps.tolist():
                yield from self._even(step[start:at], *_slice(slice(start, at + 1), position, arrays, quality))
                yield from self._stop(*_slice(slice(at, at + 1), position, arrays, quality))
                self._log.n_long_gaps += 1
                self._log.long_gap_s += (float(step[at]) - 1) / self._rate_hz
                start = at + 1
        yield from self._even(step[start:], *_slice(slice(start, None), position, arrays, quality))

    def _stop(self, position: Float64s, arrays: tuple[Float32s, ...], quality: Bytes | None) -> Iterator[Piece]:
        """The last sample before a long gap or the end, if it lies on the grid, and the piece as it is."""
        if position[0] == np.ceil(position[0]):
            yield from self._buffer.add(int(position[0]), arrays, quality)
        yield from self._buffer.flush()

    def _even(
        self, step: Float64s, position: Float64s, arrays: tuple[Float32s, ...], quality: Bytes | None
    ) -> Iterator[Piece]:
        """The grid from the first position up to, but not including, the last; no gap in between is a long one."""
        if not len(step):
            return
        largest = float(step.max())
        index = np.ceil(position).astype(np.int64)
        n_out = index[1:] - index[:-1]
        hole = step > self._bridge if largest > self._bridge else None
        self._count_intervals(step, largest, hole)
        quality = self._with_drift(position, quality, hole is not None)
        if index[-1] == index[0]:
            return
        left: npt.NDArray[np.intp] | None = None
        if n_out.min() == 1 == n_out.max():
            fraction = index[:-1] - position[:-1]
            fraction /= step
        else:
            left = np.repeat(np.arange(len(step)), n_out)
            fraction = np.arange(float(index[0]), float(index[-1]))
            fraction -= np.take(position, left)
            fraction /= np.take(step, left)
        on_grid = fraction == 0
        n_between = len(fraction) - int(np.count_nonzero(on_grid))
        out = tuple(_on_line(rows, left, fraction if n_between else None, on_grid) for rows in arrays)
        flags = None
        if quality is not None:
            flags = _at(quality, left, 0) | np.where(on_grid, np.uint8(0), _at(quality, left, 1))
        if hole is not None:
            empty = (hole if left is None else np.take(hole, left)) & ~on_grid
            out = tuple(np.where(empty[:, None], np.float32(np.nan), rows) for rows in out)
            flags = np.where(empty, np.uint8(QualityFlag.GAP), _flags(flags, len(empty)))
            n_between -= int(np.count_nonzero(empty))
        self._log.n_resampled += n_between
        yield from self._buffer.add(int(index[0]), out, flags)

    def _count_intervals(self, step: Float64s, largest: float, hole: npt.NDArray[np.bool_] | None) -> None:
        log = self._log
        if hole is not None:
            log.n_gaps += int(np.count_nonzero(hole))
            log.gap_s += float((step[hole] - 1).sum()) / self._rate_hz
            step = step[~hole]
        missing = 0.0
        if largest > 1.5:
            missing = float((np.rint(step[step > 1.5]) - 1).sum())
            log.n_bridged += int(missing)
        log.n_intervals += len(step) + missing
        log.interval_s += float(step.sum()) / self._rate_hz

    def _with_drift(self, position: Float64s, quality: Bytes | None, any_hole: bool) -> Bytes | None:
        """Marks stretches in which the samples came faster or slower than the stated rate."""
        window = int(_DRIFT_WINDOW_S * self._rate_hz)
        if any_hole or len(position) <= window:
            return quality
        edges = np.append(np.arange(0, len(position) - window, window), len(position) - 1)
        drifting = np.abs(np.diff(position[edges]) / np.diff(edges) - 1) > _DRIFT_SHARE
        if not drifting.any():
            return quality
        flags = np.zeros(len(position), np.uint8) if quality is None else quality.copy()
        for number in np.flatnonzero(drifting):
            flags[edges[number] : edges[number + 1]] |= np.uint8(QualityFlag.RATE_DRIFT)
        return flags


class _Buffer:
    """Even samples until they make a piece."""

    def __init__(self, n_columns: Sequence[int], chunk_samples: int, log: ReadingLog) -> None:
        self._n_columns = n_columns
        self._length = chunk_samples
        self._log = log
        self._index = 0
        self._filled = 0
        self._arrays: tuple[Float32s, ...] = ()
        self._quality: Bytes | None = None

    def add(self, index: int, arrays: tuple[Float32s, ...], quality: Bytes | None) -> Iterator[Piece]:
        done, total = 0, len(arrays[0])
        while done < total:
            if not self._filled:
                self._arrays = tuple(np.empty((self._length, columns), np.float32) for columns in self._n_columns)
                self._quality = None
                self._index = index + done
            take = min(total - done, self._length - self._filled)
            into = slice(self._filled, self._filled + take)
            for own, rows in zip(self._arrays, arrays, strict=True):
                own[into] = rows[done : done + take]
            if quality is not None:
                if self._quality is None:
                    self._quality = np.zeros(self._length, np.uint8)
                self._quality[into] = quality[done : done + take]
            done += take
            self._filled += take
            if self._filled == self._length:
                yield from self.flush()

    def flush(self) -> Iterator[Piece]:
        if not self._filled:
            return
        quality = None
        if self._quality is not None and self._quality[: self._filled].any():
            quality = self._quality[: self._filled]
            self._log.n_clipped += int(np.count_nonzero(quality & np.uint8(QualityFlag.CLIPPED)))
            self._log.n_drifting += int(np.count_nonzero(quality & np.uint8(QualityFlag.RATE_DRIFT)))
        self._log.n_samples += self._filled
        arrays = self._arrays
        if self._filled < self._length:  # not to hold a whole buffer for a few samples
            arrays = tuple(own[: self._filled].copy() for own in arrays)
            quality = None if quality is None else quality.copy()
        piece = Piece(self._index, arrays, quality)
        self._filled = 0
        self._arrays = ()
        yield piece


def _extremes(before: float, time_s: Float64s) -> tuple[float, float]:
    """The smallest and the largest step of the times, the one from `before` included."""
    if not len(time_s):
        return np.inf, -np.inf
    first = float(time_s[0]) - before
    if len(time_s) == 1:
        return first, first
    step = time_s[1:] - time_s[:-1]
    return min(first, float(step.min())), max(first, float(step.max()))


def _at(rows: Any, left: npt.NDArray[np.intp] | None, further: int) -> Any:
    """Rows at `left` (None: every row but the last), or `further` ones."""
    if left is None:
        return rows[further : len(rows) - 1 + further]
    return np.take(rows, left + further if further else left, axis=0)  # many times as fast as rows[left]


def _on_line(
    rows: Float32s,
    left: npt.NDArray[np.intp] | None,
    fraction: Float64s | None,
    on_grid: npt.NDArray[np.bool_],
) -> Float32s:
    """Values `fraction` of the way from each left row to the next; the left rows themselves for None."""
    before: Float32s = _at(rows, left, 0)
    if fraction is None:
        return before
    out: Float32s = _at(rows, left, 1) - before
    # One weight per value: a product of (n, 3) with (n, 1) costs ten times as much.
    flat = out.reshape(-1)
    flat *= np.repeat(fraction.astype(np.float32), rows.shape[1])
    flat += before.reshape(-1)
    exact = np.flatnonzero(on_grid)
    out[exact] = before[exact]  # also where the next row is NaN
    return out


def _rows(
    time_s: Float64s, arrays: tuple[Float32s, ...], quality: Bytes | None, keep: npt.NDArray[np.bool_]
) -> tuple[Float64s, tuple[Float32s, ...], Bytes | None]:
    return time_s[keep], tuple(rows[keep] for rows in arrays), None if quality is None else quality[keep]


def _slice(
    rows: slice, position: Float64s, arrays: tuple[Float32s, ...], quality: Bytes | None
) -> tuple[Float64s, tuple[Float32s, ...], Bytes | None]:
    return position[rows], tuple(array[rows] for array in arrays), None if quality is None else quality[rows]


def _flags(quality: Bytes | None, n_samples: int) -> Bytes:
    return np.zeros(n_samples, np.uint8) if quality is None else quality


def _told_jump(step_s: float, at_s: float) -> str:
    amount = abs(step_s)
    how_far = f"{amount:.3g} s" if amount < 120 else f"{amount / 3600:.3g} h"
    where = f"{at_s:.0f} s" if at_s < 7200 else f"{at_s / 3600:.1f} h"
    if abs(amount - HOUR_S) < _HOUR_TOLERANCE_S:
        why = "one hour, as when summer time begins or ends"
    elif amount > NO_PAUSE_S:
        why = "more than ten years: it was not set before, so the date is not certain"
    else:
        why = how_far
    direction = "back" if step_s < 0 else "forward"
    return f"After {where} the clock was set {direction} by {why}; later times were moved so that time runs on."


def blank_not_finite(arrays: Sequence[Float32s], quality: Bytes | None, log: ReadingLog) -> Bytes | None:
    """Sets rows with NaN or Inf to NaN, in place; NaN counts as not received, Inf as implausible."""
    for rows in arrays:
        finite = np.isfinite(rows)
        if finite.all():
            continue
        bad = ~finite.all(axis=1)
        infinite = np.isinf(rows).any(axis=1)
        rows[bad] = np.nan
        quality = np.zeros(len(rows), np.uint8) if quality is None else quality
        quality[bad & ~infinite] |= np.uint8(QualityFlag.GAP)
        quality[infinite] |= np.uint8(QualityFlag.IMPLAUSIBLE)
        log.n_not_finite += int(np.count_nonzero(bad))
    return quality
