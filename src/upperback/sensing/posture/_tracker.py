"""Posture as it comes: chunks in, seconds out, a summary that grows."""

import math
from dataclasses import dataclass, field

import numpy as np

from upperback.core.errors import InputError
from upperback.sensing import compiled
from upperback.sensing.epochs import COLUMNS, Epochs
from upperback.sensing.posture._grid import Grid
from upperback.sensing.posture._holds import HoldState, HoldTally, hold_epochs
from upperback.sensing.posture._lane import Lane, LaneState, Samples, Setting, new_state, open_lane
from upperback.sensing.posture._reference import epoch_row
from upperback.sensing.posture._stream import check_rate, method_of, missing_before
from upperback.sensing.posture.base import Method, PostureParams, PostureSummary, VerticalBlock
from upperback.sensing.signal import Chunk
from upperback.sensing.trunk import TrunkAlignment


@dataclass(slots=True, kw_only=True)
class PostureState:
    """Everything that posture needs from the past, and what it has counted.

    Attributes
    ----------
    method : of the stream, known with its first block
    start_s : of the first sample
    n_samples : since then, missing ones counted
    lane, holds : see there
    summary : of everything since the last `take_summary`
    """

    method: Method | None = None
    start_s: float = 0.0
    n_samples: int = 0
    lane: LaneState | None = None
    holds: HoldState = field(default_factory=HoldState)
    summary: PostureSummary | None = None


class PostureTracker:
    """Posture of one stream of one sensor."""

    def __init__(
        self,
        *,
        sampling_rate_hz: float,
        alignment: TrunkAlignment | None,
        params: PostureParams | None = None,
        state: PostureState | None = None,
        instruction_set: str | None = None,
    ) -> None:
        """Start a stream, or go on with the saved state of one.

        Parameters
        ----------
        sampling_rate_hz : of every block
        alignment : None: only generalised velocity and movement. Without a front: also total inclination. It may be
            another one when the stream goes on after a new alignment; the summary then has to be taken before
        params : see there
        state : changed in place
        instruction_set : of the compiled kernel; "numpy" is the reference

        Raises
        ------
        InputError : fewer than 10 samples a second.
        """
        check_rate(sampling_rate_hz)
        self.sampling_rate_hz = sampling_rate_hz
        self.alignment = alignment
        self.params = params or PostureParams()
        self._state = state or PostureState()
        usable = compiled.available()
        self._instruction_set = instruction_set or (usable[-1] if usable else "numpy")
        self._lane: Lane | None = None
        self._lane_alignment = alignment  # what the lane tells by
        self._holds = HoldTally()

    def update(self, block: Chunk | VerticalBlock) -> Epochs:
        """Go on with the next block.

        Parameters
        ----------
        block : samples, or ready verticals; the same kind throughout a stream. If it starts later than the one before
            it ended, what is between is a gap

        Returns
        -------
        Epochs : the seconds that became complete.

        Raises
        ------
        InputError : another rate, kind or sensor than before, or a block that starts before the last one ended.
        """
        missing = self._place(block)
        samples = Samples.of(block)
        return Epochs.join([self._go_on(part) for part in (*samples.missing(missing), samples)])

    def finish(self) -> Epochs:
        """The end of the stream: the second that did not become complete, if there is one."""
        state, grid = self.state, self._grid()
        if state.lane is None or state.n_samples == 0:
            return Epochs.none()
        epoch = grid.epoch_of(state.n_samples - 1)
        first_s = math.floor(state.start_s) + epoch
        if grid.first_of(epoch + 1) == state.n_samples:
            return Epochs.none(first_s + 1)
        row = epoch_row(state.lane.posture, grid.expected_in(epoch), self.alignment)
        found = Epochs(first_s=first_s, rows=row[None])
        self._hold(found)
        return found

    @property
    def state(self) -> PostureState:
        """To save, and to go on with elsewhere."""
        self._settle_accounts()
        return self._state

    @property
    def summary(self) -> PostureSummary | None:
        """Of everything since the last `take_summary`; None before the first block."""
        return self.state.summary

    def take_summary(self) -> PostureSummary | None:
        """The summary, and a new one begins: for each day one.

        A static bout counts in the summary in which it ends.
        """
        summary = self.state.summary
        if summary is not None:
            self._state.summary = PostureSummary.empty(summary.method)
        return summary

    def _settle_accounts(self) -> None:
        """Moves what was counted since the last time into the state. Too slow for every block."""
        state = self._state
        if self._lane is None or state.method is None or state.summary is None:
            return
        state.lane = self._lane.state()
        state.summary = state.summary.merge(self._lane.tally.summary(state.method, self._holds.holds()))
        self._lane.tally.clear()
        self._holds = HoldTally()

    def _grid(self) -> Grid:
        return Grid.of(self._state.start_s, self.sampling_rate_hz)

    def _place(self, block: Chunk | VerticalBlock) -> int:
        """How many samples are missing before the block."""
        state, rate_hz = self._state, self.sampling_rate_hz
        if block.sampling_rate_hz != rate_hz:
            raise InputError(f"this stream has {rate_hz:g} samples a second, and the block {block.sampling_rate_hz:g}")
        missing = missing_before(block, state.start_s if state.method else block.start_s, state.n_samples)
        method = method_of(block, self.alignment, self.params)
        if self._lane is None or method != state.method or self.alignment is not self._lane_alignment:
            self._open(block, method)
        return missing

    def _open(self, block: Chunk | VerticalBlock, method: Method) -> None:
        """The first block, the first after a state was taken over, or the first after a new alignment."""
        state, before = self._state, self._state.method
        if before is None:
            state.start_s = block.start_s
        elif (method.sensor, method.smoothing) != (before.sensor, before.smoothing):
            raise InputError(f"this stream is of {before.sensor}, and the block is of {method.sensor}")
        if method != before or self.alignment is not self._lane_alignment:
            self._settle_accounts()
            if state.summary is not None and state.summary.samples.any():
                raise InputError("the alignment is another one: take the summary of the time before first")
            state.summary = PostureSummary.empty(method)
            if state.lane is not None:  # what was summed up in this second belongs to the old alignment
                state.lane.posture[2:] = 0
        ready = isinstance(block, VerticalBlock)
        setting = Setting.of(method, self._grid(), self.alignment, self.params, ready=ready)
        state.method, state.lane = method, state.lane or new_state(setting)
        self._lane_alignment = self.alignment
        self._lane = open_lane(setting, state.lane, self._instruction_set)

    def _go_on(self, samples: Samples) -> Epochs:
        state, grid = self._state, self._grid()
        assert self._lane is not None
        first, end = grid.epoch_of(state.n_samples), grid.epoch_of(state.n_samples + len(samples))
        rows = np.empty((end - first, len(COLUMNS)), np.float32)
        self._lane.go_on(samples, state.n_samples, rows, first)
        state.n_samples += len(samples)
        found = Epochs(first_s=math.floor(state.start_s) + first, rows=rows)
        self._hold(found)
        return found

    def _hold(self, epochs: Epochs) -> None:
        state = self._state
        if not len(epochs) or state.method is None:
            return
        hold_epochs(epochs, state.holds, self.params.holds, self._holds, instruction_set=self._instruction_set)
