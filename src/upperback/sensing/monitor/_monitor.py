"""The monitor of one wearer: every stage in its order, one state."""

import math
from collections.abc import Iterable, Iterator, Sequence
from dataclasses import replace
from typing import Final

import numpy as np
import numpy.typing as npt

from upperback.core.errors import InputError
from upperback.sensing.cues import Decision, Reading, Wishes, decide_cue, start_ride, update_ride
from upperback.sensing.epochs import Epochs
from upperback.sensing.monitor.base import (
    ALONE,
    TASK_S_MAX,
    Calibration,
    Doing,
    Found,
    MonitorParams,
    MonitorState,
    Now,
)
from upperback.sensing.movement import Change, MovementTracker, Walk, Wear
from upperback.sensing.orientation import LaneGroups, Vertical
from upperback.sensing.packets import InOrder, Packet
from upperback.sensing.posture import PostureSummary, PostureTracker, VerticalBlock, angles
from upperback.sensing.quality import check_quality, start_quality, suspicions
from upperback.sensing.signal import Chunk, Signal3
from upperback.sensing.trunk import Shift, TaskKind, TrunkAlignment, WearWatch, align

_MOVEMENT_RATE_HZ_MIN: Final = 25.0
_HELD_S, _AWAY_S = 3, 5  # of `HoldState.numbers`


class Monitor:
    """Live posture of one wearer.

        monitor = Monitor(sampling_rate_hz=50, has_gyroscope=True)
        monitor.begin_task("stand"); monitor.update(chunk); ...; monitor.end_task()
        monitor.begin_task("bend"); ...; monitor.end_task()
        alignment = monitor.align()
        found = monitor.update(chunk); monitor.now(); monitor.cue(now_s=..., wishes=...)

    How a stream is cut into packets changes no second and no figure. `state` can be saved, and another monitor, in
    another process, goes on from it bit for bit.
    """

    def __init__(
        self,
        *,
        sampling_rate_hz: float,
        has_gyroscope: bool,
        params: MonitorParams | None = None,
        state: MonitorState | None = None,
        lanes: LaneGroups | None = None,
        name: str = ALONE,
    ) -> None:
        """Start a stream, or go on with the saved state of one.

        Parameters
        ----------
        sampling_rate_hz, has_gyroscope : of every packet
        params : tuning
        state : changed in place
        lanes, name : where the filters of many wearers run together, and what this one is called there

        Raises
        ------
        InputError : fewer than 10 samples a second, or a state of another kind of sensor.
        """
        self.params = params or MonitorParams()
        if state is None:
            state = MonitorState(
                sampling_rate_hz=sampling_rate_hz,
                has_gyroscope=has_gyroscope,
                quality=start_quality(sampling_rate_hz=sampling_rate_hz),
                ride=start_ride(sampling_rate_hz=sampling_rate_hz, params=self.params.ride),
            )
        if (state.sampling_rate_hz, state.has_gyroscope) != (sampling_rate_hz, has_gyroscope):
            raise InputError("the state is of a wearer with another sampling rate or another kind of sensor")
        self._state = state
        self._name = name
        self._lanes = lanes or LaneGroups(
            params=self.params.posture.orientation,
            tilt_params=self.params.posture.tilt,
            late_s_max=0.0,  # packets are put in order before their quality is looked at
        )
        self._lanes.add(name, sampling_rate_hz=sampling_rate_hz, has_gyroscope=has_gyroscope, state=state.lane)
        self._order = InOrder(
            sampling_rate_hz=sampling_rate_hz,
            late_s_max=self.params.late_s_max,
            next_s=state.next_s,
            waiting=state.waiting,
            n_dropped=state.n_dropped,
        )
        self._checked: list[Chunk] = []
        self._posture = PostureTracker(
            sampling_rate_hz=sampling_rate_hz,
            alignment=state.alignment,
            params=self.params.posture,
            state=state.posture,
        )
        self._movement: MovementTracker | None = None
        if sampling_rate_hz >= _MOVEMENT_RATE_HZ_MIN:
            self._movement = MovementTracker(
                sampling_rate_hz=sampling_rate_hz, params=self.params.movement, state=state.movement
            )
        self._watch: WearWatch | None = None
        if state.alignment is not None:
            self._watch = WearWatch(state.alignment, self.params.watch, state.watch)

    # ---- packets ----

    def update(self, packet: Chunk) -> Found:
        """Go on with a packet: in turn, after a gap, late, or twice.

        Raises
        ------
        InputError : another rate or another kind of sensor than the stream has.
        """
        self.put(packet)
        return self.take(self._lanes.tick().get(self._name, []))

    def put(self, packet: Chunk) -> None:
        """The first half of `update`, for many wearers: what is in order is looked at and handed to the lanes."""
        state = self._state
        if (packet.sampling_rate_hz, packet.gyr_radps is not None) != (state.sampling_rate_hz, state.has_gyroscope):
            raise InputError("a packet has another sampling rate or another kind of sensor than its stream")
        self._order.put(packet)
        for _, chunk in self._order.take():
            state.quality, flags = check_quality(state.quality, chunk, self.params.quality)
            checked = replace(chunk, quality=flags)
            self._lanes.put(self._name, checked)
            self._checked.append(checked)

    def take(self, verticals: Iterable[Vertical]) -> Found:
        """The second half: what the lanes made of it goes through all other stages."""
        state = self._state
        checked, self._checked = self._checked, []
        epochs: list[Epochs] = []
        shifts: list[Shift] = []
        for vertical, acc in _with_samples(verticals, checked):
            self._remember(vertical)
            found = self._posture.update(
                VerticalBlock(
                    start_s=vertical.start_s,
                    sampling_rate_hz=vertical.sampling_rate_hz,
                    up=vertical.up,
                    acc_mps2=acc,
                    quality=vertical.quality,
                    sensor="accelerometer and gyroscope" if state.has_gyroscope else "accelerometer",
                    smoothing="live",
                )
            )
            epochs.append(found)
            shifts += self._watched(found)
        seconds = Epochs.join(epochs)
        if len(seconds):
            state.measured_share = float(seconds.measured_share[-1])
        walks: list[Walk] = []
        changes: list[Change] = []
        for chunk in checked:
            state.ride, ride = update_ride(state.ride, chunk, self.params.ride)
            state.vehicle, state.moving = ride.vehicle, ride.moving
            state.good = not np.any(chunk.quality)
            if self._movement is not None:
                moved = self._movement.update(chunk)
                walks += moved.walks
                changes += moved.changes
        return Found(epochs=seconds, walks=tuple(walks), changes=tuple(changes), shifts=tuple(shifts))

    def _watched(self, epochs: Epochs) -> list[Shift]:
        if self._watch is None:
            return []
        shifts = self._watch.update(epochs)
        if shifts:  # directions that are no longer known are no longer told
            self._tell_by(self._watch.alignment)
        return shifts

    def _tell_by(self, alignment: TrunkAlignment) -> None:
        """Numbers of another alignment do not add up with these: they stay in a summary of their own."""
        self._close_summary()
        self._posture.alignment = self._state.alignment = alignment

    def _close_summary(self) -> None:
        summary = self._posture.take_summary()
        if summary is not None and summary.samples.any():
            self._state.summaries.append(summary)

    def _remember(self, vertical: Vertical) -> None:
        state = self._state
        n_now = max(1, round(self.params.now_s * vertical.sampling_rate_hz))
        gap = abs(vertical.start_s - state.recent_until_s) * vertical.sampling_rate_hz > 0.5
        before = state.recent_up[:0] if gap else state.recent_up
        state.recent_up = np.concatenate([before, vertical.up])[-n_now:]
        state.recent_until_s = vertical.start_s + len(vertical.up) / vertical.sampling_rate_hz
        if state.calibration.under_way:
            task = state.calibration.tasks[-1]
            n_max = int(TASK_S_MAX * vertical.sampling_rate_hz)
            task.up = np.concatenate([task.up, vertical.up])[:n_max]

    # ---- how the sensor sits ----

    def begin_task(self, kind: TaskKind) -> None:
        """The person was asked to stand, to bend or to lean from now on. A task that is under way ends."""
        calibration = self._state.calibration
        calibration.tasks.append(Doing(kind=kind))
        calibration.under_way = True

    def end_task(self) -> None:
        """The task that is under way is done."""
        self._state.calibration.under_way = False

    def align(self) -> TrunkAlignment:
        """How the sensor sits, from the tasks done; they are used up. Everything after is told by it.

        Raises
        ------
        NotAligned : the tasks do not show it: the sentence says why. They are forgotten, to be done again.
        """
        state = self._state
        tasks, state.calibration = state.calibration.tasks, Calibration()
        found = align([task.as_task() for task in tasks], self.params.align)
        self.use(found)
        return found

    def use(self, alignment: TrunkAlignment) -> None:
        """Tell everything from now on by this alignment."""
        self._tell_by(alignment)
        self._watch = WearWatch(alignment, self.params.watch)

    @property
    def alignment(self) -> TrunkAlignment | None:
        """How the sensor sits, as far as it is known."""
        return self._state.alignment

    # ---- what is known ----

    def now(self) -> Now:
        """The trunk at this moment."""
        state = self._state
        up = _mean(state.recent_up)
        found = angles(up[None], state.alignment)
        holds = state.posture.holds.numbers
        return Now(
            time_s=state.recent_until_s,
            inclination_deg=float(found.inclination_deg[0]),
            flexion_deg=float(found.flexion_deg[0]),
            lateral_deg=float(found.lateral_deg[0]),
            up=(float(up[0]), float(up[1]), float(up[2])),
            measured_share=state.measured_share,
            worn=Wear.NOT_MEASURED if self._movement is None else self._movement.wear_now,
            vehicle=state.vehicle,
            moving=state.moving,
            held_s=int(holds[_HELD_S] + holds[_AWAY_S]) if holds[_HELD_S] else 0,
            notes=suspicions(state.quality, self.params.quality),
        )

    def cue(self, *, now_s: float, wishes: Wishes) -> Decision:
        """Is this the moment for a hint? `now_s` is on the clock of the packets. To be asked about once a second."""
        state = self._state
        state.cues, decision = decide_cue(
            state.cues, now_s=now_s, reading=self._reading(), wishes=wishes, params=self.params.cues
        )
        return decision

    def _reading(self) -> Reading | None:
        if math.isnan(self._state.recent_until_s):
            return None
        now = self.now()
        return Reading(
            time_s=now.time_s,
            flexion_deg=now.flexion_deg,
            good=self._state.good and now.is_measured,
            worn={Wear.WORN: True, Wear.NOT_WORN: False}.get(now.worn),
            vehicle=now.vehicle,
            moving=now.moving,
        )

    def take_summaries(self) -> list[PostureSummary]:
        """Posture since the last time, to be added up with others of the same method: one for each alignment."""
        self._close_summary()
        summaries, self._state.summaries = self._state.summaries, []
        return summaries

    @property
    def state(self) -> MonitorState:
        """To save, and to go on with elsewhere."""
        state = self._state
        state.next_s, state.n_dropped = self._order.next_s, self._order.n_dropped
        state.waiting = [Packet.of(chunk) for chunk in self._order.waiting]
        state.lane = self._lanes.state(self._name)
        state.posture = self._posture.state
        state.movement = None if self._movement is None else self._movement.state
        state.watch = None if self._watch is None else self._watch.state
        return state

    def close(self) -> MonitorState:
        """Leave the lanes; returns the state, to be gone on with here or elsewhere."""
        state = self.state
        self._lanes.remove(self._name)
        return state


def _with_samples(verticals: Iterable[Vertical], checked: Sequence[Chunk]) -> Iterator[tuple[Vertical, Signal3]]:
    """Each vertical with the specific force it was made from."""
    acc = np.concatenate([chunk.acc_mps2 for chunk in checked]) if checked else np.empty((0, 3), np.float32)
    at = 0
    for vertical in verticals:
        yield vertical, acc[at : (at := at + len(vertical.up))]


def _mean(up: Signal3) -> npt.NDArray[np.float32]:
    """The mean direction; NaN where one of them is not known."""
    if not len(up) or np.isnan(up).any():
        return np.full(3, np.nan, np.float32)
    mean = up.mean(axis=0, dtype=np.float64)
    found: npt.NDArray[np.float32] = (mean / max(float(np.linalg.norm(mean)), 1e-6)).astype(np.float32)
    return found
