"""Samples with times of their own, onto an even grid, live: as soon as a sample is there, the grid up to it is there.

The grid is `index / sampling_rate_hz` after the stream's first sample, for the whole stream. Values between two samples
lie on a straight line. A hole is NaN with `QualityFlag.GAP`; a longer one is no samples at all, and what follows it
starts later. A clock that was set is put right: time runs on from the sample before. How the samples are cut into
blocks changes nothing.

This is the obvious version, sample by sample; kernel/crowd.c does the same, and both agree bit for bit.
"""

import math
from collections.abc import Iterator
from dataclasses import dataclass, field
from typing import Final

import numpy as np
import numpy.typing as npt

from upperback.sensing.signal import Quality, QualityFlag

#: Samples so close to the grid, in steps of it, lie on it.
ON_GRID: Final = 0.02
#: Up to so many steps, and so long, lie between samples that belong together: sensors leave one out now and then.
BRIDGE_STEPS: Final = 2.5
BRIDGE_S: Final = 0.05
#: A longer gap is no samples at all.
LONG_GAP_S: Final = 10.0
#: A step back of more than this, or a step forward of more than an hour, is a clock that was set.
CLOCK_BACK_MS: Final = 1000.0
CLOCK_AHEAD_MS: Final = 3_600_000.0


@dataclass(frozen=True, slots=True, kw_only=True)
class EvenPiece:
    """Samples on the grid without a long gap between them.

    Attributes
    ----------
    index : of the first one
    values : (n, channels) float32, NaN in a hole
    quality : (n,) uint8 of `QualityFlag`: GAP in a hole
    """

    index: int
    values: npt.NDArray[np.float32]
    quality: Quality


@dataclass(slots=True, kw_only=True)
class EvenState:
    """Everything that the grid needs from the past.

    Attributes
    ----------
    zero_ms : time of the first sample, None before it
    shift_ms : what the clock was put right by, all in all
    last_ms : time of the last sample since the first one, put right
    position : of the last sample on the grid, in steps
    index : the next place of the grid
    last : (channels,) float32, the last sample
    """

    zero_ms: float | None = None
    shift_ms: float = 0.0
    last_ms: float = 0.0
    position: float = 0.0
    index: int = 0
    last: npt.NDArray[np.float32] = field(default_factory=lambda: np.empty(0, np.float32))


class EvenStream:
    """The grid of one stream; `state` is changed in place."""

    def __init__(self, *, sampling_rate_hz: float, state: EvenState | None = None) -> None:
        self._rate_hz = sampling_rate_hz
        self._bridge = max(BRIDGE_STEPS, BRIDGE_S * sampling_rate_hz)
        self.state = state or EvenState()

    def update(self, time_ms: npt.NDArray[np.float64], values: npt.NDArray[np.float32]) -> Iterator[EvenPiece]:
        """Go on with the next samples.

        Parameters
        ----------
        time_ms : (n,) float64, finite, on the sensor's own clock. Those not after the last one are left out
        values : (n, channels) float32
        """
        rows: list[npt.NDArray[np.float32]] = []
        flags: list[int] = []
        first = self.state.index
        for at_ms, sample in zip(time_ms.tolist(), values, strict=True):
            if self.state.zero_ms is None:
                self._begin(at_ms, sample)
                rows.append(sample)
                flags.append(0)
                continue
            position = self._place(at_ms)
            if position is None:
                continue
            if position - self.state.position > LONG_GAP_S * self._rate_hz:
                if rows:
                    yield _piece(first, rows, flags)
                rows, flags = [], []
                self.state.index = first = math.ceil(position)
                if position == first:
                    rows.append(sample)
                    flags.append(0)
                    self.state.index += 1
            else:
                self._between(position, sample, rows, flags)
            self.state.position, self.state.last = position, sample.copy()
        if rows:
            yield _piece(first, rows, flags)

    def _begin(self, at_ms: float, sample: npt.NDArray[np.float32]) -> None:
        state = self.state
        state.zero_ms, state.last_ms, state.position, state.index = at_ms, 0.0, 0.0, 1
        state.last = sample.copy()

    def _place(self, at_ms: float) -> float | None:
        """Where a sample lies on the grid, in steps; None where it is not after the one before."""
        state = self.state
        assert state.zero_ms is not None
        time_ms = at_ms - state.zero_ms + state.shift_ms
        step_ms = time_ms - state.last_ms
        if step_ms < -CLOCK_BACK_MS or step_ms > CLOCK_AHEAD_MS:
            expected_ms = state.last_ms + 1000.0 / self._rate_hz
            state.shift_ms += expected_ms - time_ms
            time_ms = expected_ms
        elif step_ms <= 0:
            return None
        position = time_ms * self._rate_hz / 1000.0
        nearest = float(round(position))
        if abs(position - nearest) <= ON_GRID and nearest > state.position:
            position = nearest
        if position <= state.position:
            return None
        state.last_ms = time_ms
        return position

    def _between(
        self, position: float, sample: npt.NDArray[np.float32], rows: list[npt.NDArray[np.float32]], flags: list[int]
    ) -> None:
        """The places of the grid after the last sample, up to this one."""
        state = self.state
        step = position - state.position
        hole = step > self._bridge
        rise = sample - state.last
        while state.index <= position:
            place, state.index = state.index, state.index + 1
            if place == position:
                rows.append(sample)
                flags.append(0)
            elif hole:
                rows.append(np.full_like(sample, np.nan))
                flags.append(int(QualityFlag.GAP))
            else:
                rows.append(state.last + rise * np.float32((place - state.position) / step))
                flags.append(0)


def _piece(index: int, rows: list[npt.NDArray[np.float32]], flags: list[int]) -> EvenPiece:
    return EvenPiece(index=index, values=np.array(rows, np.float32), quality=np.array(flags, np.uint8))
