"""One stretch of a recording through the kernel, or through the reference where there is none."""

from collections.abc import Iterator, Sequence
from dataclasses import dataclass
from typing import Any, Final, Protocol

import numpy as np
import numpy.typing as npt

from upperback.sensing.compiled import LANES
from upperback.sensing.epochs import COLUMNS
from upperback.sensing.histogram import FLEXION_BINS, INCLINATION_BINS, LATERAL_BINS, VELOCITY_BINS, Histogram
from upperback.sensing.orientation import LanesState, Orientation, OrientationParams, Tilt
from upperback.sensing.orientation.base import (
    Bad,
    Design,
    TiltRows,
    design_orientation,
    design_tilt,
    fresh_row,
)
from upperback.sensing.posture import _compiled, _reference
from upperback.sensing.posture._grid import Grid
from upperback.sensing.posture.base import REASONS, Holds, Method, PostureParams, PostureSummary, VerticalBlock
from upperback.sensing.signal import Chunk, Quality, QualityFlag, Signal3
from upperback.sensing.trunk import TrunkAlignment

#: Of each histogram in the kernel's counts: its bins, and where it begins. The kernel has one bin more at the very end
#: of the range of an angle.
_PLACES: Final = (
    ("inclination", INCLINATION_BINS, 0, 1),
    ("flexion", FLEXION_BINS, 1801, 1),
    ("lateral", LATERAL_BINS, 5402, 1),
    ("inclination_velocity", VELOCITY_BINS, 7203, 0),
    ("generalised_velocity", VELOCITY_BINS, 9251, 0),
)

_GAP_PIECE: Final = 1 << 16
"""Samples of a gap that are worked off at a time."""

REST_WINDOW_S: Final = 2.0
REST_STRIDE_S: Final = 30.0
"""Every so often so long a window is looked at for a rest."""

BIAS_AGE_S: Final = 900.0
"""How long before or after a piece its bias may have been seen, about."""

_WHY: Final = (
    (QualityFlag.GAP, "gap"),
    (QualityFlag.NOT_WORN, "not worn"),
    (QualityFlag.IMPLAUSIBLE, "implausible"),
    (QualityFlag.UNSETTLED, "unsettled"),
)


def reasons_of(unusable: QualityFlag) -> npt.NDArray[np.uint8]:
    """(256,): for each quality byte, the index into `REASONS` of why its sample is not used, or 0."""
    table = np.zeros(256, np.uint8)
    bytes_ = np.arange(256)
    table[(bytes_ & int(unusable)) != 0] = REASONS.index("other")
    for flag, name in reversed(_WHY):
        if flag & unusable:
            table[(bytes_ & int(flag)) != 0] = REASONS.index(name)
    return table


@dataclass(frozen=True, slots=True, kw_only=True)
class Samples:
    """A block, or the whole recording, in the arrays that it came in."""

    acc: Signal3 | None
    gyr: Signal3 | None
    up: Signal3 | None
    quality: Quality | None

    @classmethod
    def of(cls, block: Chunk | VerticalBlock) -> "Samples":
        """From what a stage takes; arrays are copied only if they are not in one piece."""
        whole = np.ascontiguousarray
        gyr = block.gyr_radps if isinstance(block, Chunk) else None
        return cls(
            acc=None if block.acc_mps2 is None else whole(block.acc_mps2),
            gyr=None if gyr is None else whole(gyr),
            up=whole(block.up) if isinstance(block, VerticalBlock) else None,
            quality=None if block.quality is None else whole(block.quality),
        )

    def __len__(self) -> int:
        return len(next(array for array in (self.up, self.acc) if array is not None))

    def part(self, start: int, end: int) -> "Samples":
        """Samples [start, end)."""
        cut = slice(start, end)
        return Samples(
            acc=None if self.acc is None else self.acc[cut],
            gyr=None if self.gyr is None else self.gyr[cut],
            up=None if self.up is None else self.up[cut],
            quality=None if self.quality is None else self.quality[cut],
        )

    def missing(self, n_samples: int) -> Iterator["Samples"]:
        """As many missing samples, with the same signals; a long gap in several pieces."""
        for start in range(0, n_samples, _GAP_PIECE):
            yield self._nothing(min(_GAP_PIECE, n_samples - start))

    def _nothing(self, n_samples: int) -> "Samples":
        empty = np.full((n_samples, 3), np.nan, np.float32)
        return Samples(
            acc=None if self.acc is None else empty,
            gyr=None if self.gyr is None else empty,
            up=None if self.up is None else empty,
            quality=np.full(n_samples, QualityFlag.GAP, np.uint8),
        )


class Waiting:
    """Samples that wait to be worked on, in the blocks that they came in: nothing is copied."""

    def __init__(self) -> None:
        self.blocks: list[tuple[int, Samples]] = []
        """Each with the number of its first sample in the stream, without a gap between them."""

    @property
    def end(self) -> int:
        """Number of the sample that comes next."""
        return self.blocks[-1][0] + len(self.blocks[-1][1]) if self.blocks else 0

    def add(self, samples: Samples) -> None:
        """Behind those that wait."""
        if len(samples):
            self.blocks.append((self.end, samples))

    def copy(self) -> "Waiting":
        """The same blocks, for who still works on them when more come and old ones go."""
        same = Waiting()
        same.blocks = list(self.blocks)
        return same

    def part(self, start: int, end: int) -> Samples:
        """Samples [start, end) of the stream in one piece; copied only if they came in several blocks."""
        inside = [
            samples.part(max(start - first, 0), end - first)
            for first, samples in self.blocks
            if first < end and first + len(samples) > start
        ] or [self.blocks[0][1].part(0, 0)]
        return inside[0] if len(inside) == 1 else _joined(inside)

    def drop(self, start: int) -> None:
        """Let go of what comes before a sample. The last block stays: it says where the next one begins."""
        while len(self.blocks) > 1 and self.blocks[1][0] <= start:
            del self.blocks[0]


def _joined(parts: Sequence[Samples]) -> Samples:
    found: dict[str, npt.NDArray[Any] | None] = {}
    for name, missing in _MISSING.items():
        arrays = [getattr(part, name) for part in parts]
        found[name] = None
        if any(array is not None for array in arrays):
            found[name] = np.concatenate(
                [
                    np.broadcast_to(missing, (len(part), *missing.shape)) if array is None else array
                    for array, part in zip(arrays, parts, strict=True)
                ]
            )
    return Samples(**found)


#: What stands where a block does not have a signal that others have.
_MISSING: Final[dict[str, npt.NDArray[Any]]] = {
    **dict.fromkeys(("acc", "gyr", "up"), np.full(3, np.nan, np.float32)),
    "quality": np.array(0, np.uint8),
}


@dataclass(frozen=True, slots=True, kw_only=True, eq=False)
class Setting:
    """What does not change while a recording is worked on.

    Attributes
    ----------
    grid, alignment, reasons, params : see there
    vertical : design of the filter that makes the vertical; None: verticals are ready
    with_gyr : it takes angular velocity too
    """

    grid: Grid
    alignment: TrunkAlignment | None
    reasons: npt.NDArray[np.uint8]
    params: PostureParams
    vertical: Design | None
    with_gyr: bool

    @classmethod
    def of(
        cls, method: Method, grid: Grid, alignment: TrunkAlignment | None, params: PostureParams, *, ready: bool
    ) -> "Setting":
        """For recordings of one method."""
        rate_hz = grid.sampling_rate_hz
        with_gyr = method.sensor == "accelerometer and gyroscope" and not ready
        vertical = None
        if not ready:
            tilt, orientation = design_tilt(rate_hz, params.tilt), design_orientation(rate_hz, params.orientation)
            vertical = orientation if with_gyr else tilt
        return cls(
            grid=grid,
            alignment=alignment,
            reasons=reasons_of(params.unusable),
            params=params,
            vertical=vertical,
            with_gyr=with_gyr,
        )

    @property
    def gap_max(self) -> int:
        """Missing samples after which the filter starts afresh."""
        return 1 if self.vertical is None else round(self.vertical.named["gap_max"])

    @property
    def settled(self) -> int:
        """Samples from a start to the first one that can be trusted."""
        return 0 if self.vertical is None else self.vertical.settled

    def coefficients(self) -> npt.NDArray[np.float32]:
        """In the order of kernel/posture.c."""
        axes = np.eye(3) if self.alignment is None else self.alignment.axes()
        has_front = self.alignment is not None and self.alignment.has_front
        numbers = [*axes.ravel(), self.alignment is not None, has_front]
        return np.array([*numbers, self.grid.sampling_rate_hz, self.gap_max, self.settled], np.float32)


@dataclass(slots=True, kw_only=True)
class LaneState:
    """What one lane needs from the past.

    Attributes
    ----------
    vertical : (rows,), of the filter that makes the vertical; none where verticals are ready
    posture : (rows,), the sample before, and the sums of the epoch that is not finished
    """

    vertical: npt.NDArray[np.float32]
    posture: npt.NDArray[np.float64]


class Tally:
    """What was counted. The kernel and the reference count in arrays of their own shape."""

    def __init__(self, *, compiled_counts: bool) -> None:
        """Nothing counted yet."""
        if compiled_counts:
            self.counts: npt.NDArray[Any] = np.zeros((_compiled.COPIES, _compiled.BINS), np.uint32)
        else:
            self.counts = np.zeros((1, sum(bins.n_bins for _, bins, _, _ in _PLACES)), np.int64)
        self.samples = np.zeros(len(REASONS), np.int64)

    def add(self, other: "Tally") -> None:
        """Both together."""
        self.counts = np.add(self.counts, other.counts, dtype=np.int64)
        self.samples += other.samples

    def clear(self) -> None:
        """Begin again."""
        self.counts[:] = 0
        self.samples[:] = 0

    def summary(self, method: Method, holds: Holds) -> PostureSummary:
        """As a summary."""
        flat = self.counts.sum(axis=0, dtype=np.int64)
        found = {}
        at = 0
        for name, bins, place, more in _PLACES:
            start = place if len(flat) == _compiled.BINS else at
            counts = flat[start : start + bins.n_bins].copy()
            if len(flat) == _compiled.BINS and more:
                counts[-1] += flat[start + bins.n_bins]
            found[name] = Histogram(bins=bins, counts=counts)
            at += bins.n_bins
        return PostureSummary(method=method, samples=self.samples.copy(), holds=holds, **found)


def new_state(setting: Setting, bias: npt.NDArray[np.float64] | None = None) -> LaneState:
    """A lane of which nothing has come yet.

    Parameters
    ----------
    bias : (4,), of the gyroscope in rad/s, and its variance, or 0 where it is not known
    """
    if setting.with_gyr:
        known = bias is not None and bias[3] > 0
        vertical = fresh_row(bias[:3], float(bias[3])) if bias is not None and known else fresh_row()
    else:
        vertical = np.zeros(0 if setting.vertical is None else TiltRows.ALL, np.float32)
    return LaneState(vertical=vertical, posture=np.zeros(_compiled.STATE_ROWS))


class Lane(Protocol):
    """One stream that goes on and on."""

    tally: Tally

    def go_on(self, samples: Samples, start: int, rows: npt.NDArray[np.float32], first_epoch: int) -> None:
        """The next block, whose first sample is number `start`; rows of finished epochs are written."""

    def state(self) -> LaneState:
        """To go on elsewhere."""


def open_lane(setting: Setting, state: LaneState, instruction_set: str) -> Lane:
    """A lane in the compiled kernel, or ("numpy") in the reference."""
    if instruction_set == "numpy":
        return _ReferenceLane(setting, state)
    return _CompiledLane(setting, state, instruction_set)


class _CompiledLane:
    def __init__(self, setting: Setting, state: LaneState, instruction_set: str) -> None:
        self.tally = Tally(compiled_counts=True)
        self._grid = setting.grid
        self._with_gyr = setting.with_gyr
        self._vertical = np.zeros((len(state.vertical), LANES), np.float32)
        self._posture = np.zeros((_compiled.STATE_ROWS, LANES), np.float32)
        self._vertical[:, 0], self._posture[:, 0] = state.vertical, state.posture
        self._place = np.zeros(3, np.int64)  # from, until, epoch
        self._run = _compiled.posture_run(instruction_set)
        self._job = _compiled.Job(
            **_fixed(setting, self._vertical, self._posture, self.tally),
            n_lanes=1,
            n_warm=0,
            from_=self._place[0:],
            until=self._place[1:],
            epoch=self._place[2:],
        )

    def go_on(self, samples: Samples, start: int, rows: npt.NDArray[np.float32], first_epoch: int) -> None:
        self._place[:] = start, start + len(samples), self._grid.epoch_of(start)
        self._job.take([(start, samples)], with_gyr=self._with_gyr)
        self._job.point(epochs=rows, first_epoch=first_epoch, n_epochs=len(rows))
        self._run(self._job)

    def state(self) -> LaneState:
        return LaneState(vertical=self._vertical[:, 0].copy(), posture=self._posture[:, 0].astype(np.float64))


class _ReferenceLane:
    def __init__(self, setting: Setting, state: LaneState) -> None:
        self.tally = Tally(compiled_counts=False)
        self._setting, self._posture = setting, state.posture.copy()
        self._filter: Orientation | Tilt | None = None
        if setting.vertical is not None:
            rate_hz, rows = (
                setting.grid.sampling_rate_hz,
                LanesState(rows=state.vertical[None].copy(), sampling_rate_hz=setting.grid.sampling_rate_hz),
            )
            if setting.with_gyr:
                self._filter = Orientation(1, rate_hz, setting.params.orientation, rows, "reference")
            else:
                self._filter = Tilt(1, rate_hz, setting.params.tilt, rows, "reference")

    def go_on(self, samples: Samples, start: int, rows: npt.NDArray[np.float32], first_epoch: int) -> None:
        setting = self._setting
        quality = np.zeros(len(samples), np.uint8) if samples.quality is None else samples.quality
        reasons = setting.reasons[quality]
        _reference.run(
            self._verticals(samples, reasons),
            samples.acc,
            reasons,
            alignment=setting.alignment,
            gap_max=setting.gap_max,
            settled=setting.settled,
            grid=setting.grid,
            start=start,
            state=self._posture,
            epochs=rows,
            first_epoch=first_epoch,
            counts=self.tally.counts[0],
            samples=self.tally.samples,
        )

    def _verticals(self, samples: Samples, reasons: npt.NDArray[np.uint8]) -> npt.NDArray[np.float64]:
        bad = np.where(reasons > 0, np.uint8(Bad.MISSING), np.uint8(Bad.NOT))[:, None]
        if isinstance(self._filter, Orientation):
            assert samples.acc is not None
            assert samples.gyr is not None
            up = self._filter.update(samples.acc[:, :, None], samples.gyr[:, :, None], bad)[:, :, 0]
        elif isinstance(self._filter, Tilt):
            assert samples.acc is not None
            up = self._filter.update(samples.acc[:, :, None], bad)[:, :, 0]
        else:
            assert samples.up is not None
            up = samples.up
        length = np.linalg.norm(up.astype(np.float64), axis=1)
        good = (length > 0.5) & (length < 2) & (reasons == 0)  # false for NaN
        unit: npt.NDArray[np.float64] = np.where(good[:, None], up / np.where(good, length, 1)[:, None], np.nan)
        return unit

    def warm_up(self, samples: Samples, start: int) -> None:
        """Goes on without counting."""
        grid = self._setting.grid
        first, last = grid.epoch_of(start), grid.epoch_of(start + len(samples))
        self.go_on(samples, start, np.empty((last - first + 1, len(COLUMNS)), np.float32), first)
        self._posture[_reference.SUMS :] = 0

    def state(self) -> LaneState:
        vertical = np.zeros(0, np.float32) if self._filter is None else self._filter.state.rows[0]
        return LaneState(vertical=vertical, posture=self._posture.copy())


def run_lanes(
    waiting: Waiting,
    setting: Setting,
    *,
    ranges: list[tuple[int, int]],
    n_warm: int,
    biases: npt.NDArray[np.float64],
    tally: Tally,
    rows: npt.NDArray[np.float32],
    first_epoch: int,
    instruction_set: str,
) -> npt.NDArray[np.float64]:
    """Up to `LANES` stretches [start, end) of the stream side by side, each afresh.

    Parameters
    ----------
    waiting : with all of their samples
    n_warm : samples before each start that warm the filters up
    biases : (n_ranges, 4), of the gyroscope in rad/s, and its variance, or 0 where it is not known
    tally : added to
    rows : of epochs from `first_epoch` on; those of complete epochs are written

    Returns
    -------
    (rows of the state, n_ranges) : with the sums of epochs that are not complete.
    """
    if instruction_set == "numpy":
        states = []
        for (start, end), bias in zip(ranges, biases, strict=True):
            one = _ReferenceLane(setting, new_state(setting, bias))
            warm = max(start - n_warm, 0)
            one.warm_up(waiting.part(warm, start), warm)
            one.tally = tally
            one.go_on(waiting.part(start, end), start, rows, first_epoch)
            states.append(one.state().posture)
        return np.stack(states, axis=1)
    fresh = [new_state(setting, bias).vertical for bias in biases]
    vertical = np.zeros((len(fresh[0]), LANES), np.float32)
    vertical[:, : len(fresh)] = np.stack(fresh, axis=1)
    posture = np.zeros((_compiled.STATE_ROWS, LANES), np.float32)
    job = _compiled.Job(
        **_fixed(setting, vertical, posture, tally),
        n_lanes=len(ranges),
        n_warm=n_warm,
        from_=np.array([start for start, _ in ranges], np.int64),
        until=np.array([end for _, end in ranges], np.int64),
        epoch=np.array([setting.grid.epoch_of(start) for start, _ in ranges], np.int64),
    )
    job.take(waiting.blocks, with_gyr=setting.with_gyr)
    job.point(epochs=rows, first_epoch=first_epoch, n_epochs=len(rows))
    _compiled.posture_run(instruction_set)(job)
    return posture.astype(np.float64)


def seen_bias(samples: Samples, params: OrientationParams, grid: Grid, instruction_set: str) -> npt.NDArray[np.float64]:
    """Bias of the gyroscope as seen at rest: some windows are looked at, those that rest are averaged.

    Returns
    -------
    (4,) : rad/s, and the variance; 0 where nothing rested.
    """
    window, stride = max(2, round(REST_WINDOW_S * grid.sampling_rate_hz)), round(REST_STRIDE_S * grid.sampling_rate_hz)
    limits = (params.rest_gyr_radps_max, params.rest_acc_mps2_max, params.bias_radps_max)
    squares = np.array(limits, np.float32) ** 2
    assert samples.gyr is not None
    assert samples.acc is not None
    if instruction_set == "numpy":
        found = _reference.sum_rests(samples.gyr, samples.acc, window, stride, squares)
    else:
        found = _compiled.posture_rests(instruction_set, samples.gyr, samples.acc, window, stride, squares)
    n_rests = found[3]
    if n_rests == 0:
        return np.zeros(4)
    seen = params.rest_bias_radps_rts**2 / (n_rests * REST_WINDOW_S)
    walked = params.bias_walk_radps_rts**2 * BIAS_AGE_S
    return np.array([*(found[:3] / n_rests), seen + walked])


def _fixed(
    setting: Setting, vertical: npt.NDArray[np.float32], posture: npt.NDArray[np.float32], tally: Tally
) -> dict[str, Any]:
    return {
        "reasons": setting.reasons,
        "rate": setting.grid.sampling_rate_hz,
        "phase": setting.grid.phase,
        "vertical_coefficients": None if setting.vertical is None else setting.vertical.coefficients,
        "coefficients": setting.coefficients(),
        "vertical_state": vertical,
        "state": posture,
        "counts": tally.counts,
        "samples": tally.samples,
    }
