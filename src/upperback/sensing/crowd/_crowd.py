"""A crowd, and each of its wearers: what an engine finds becomes minutes, the trunk now, alignment and hints."""

import math
from collections.abc import Iterator
from typing import Final

import numpy as np
import numpy.typing as npt

from upperback.core.errors import InputError
from upperback.sensing import compiled
from upperback.sensing.crowd._compiled import CompiledEngine
from upperback.sensing.crowd._reference import ReferenceEngine
from upperback.sensing.crowd.base import BODY_COLUMNS, Engine, Moment, RawFrame, Turn, WearerState, empty_minute
from upperback.sensing.cues import Decision, Reading, Wishes, decide_cue
from upperback.sensing.epochs import Epochs
from upperback.sensing.minutes import MINUTE_S, pack_seconds
from upperback.sensing.monitor.base import TASK_S_MAX, Calibration, Doing, MonitorParams, Now
from upperback.sensing.movement import SecondFigures, Wear, update_wear, wear_now
from upperback.sensing.quality import suspicions
from upperback.sensing.trunk import Shift, TaskKind, TrunkAlignment, WearWatch, align

_SHARE: Final = -2
_NOBODY: Final = Moment(math.nan, 0.0, 0, False, False, None, (math.nan, math.nan, math.nan))


class Crowd:
    """All wearers of a process."""

    def __init__(self, *, params: MonitorParams | None = None, reference: bool = False) -> None:
        """Nobody yet. `reference`: the obvious engine also where there is a compiled one."""
        self.params = params or MonitorParams()
        self._kernel = None if reference else compiled.load()
        self._engines: dict[tuple[float, bool], Engine] = {}
        self._waiting: dict[Engine, list[tuple[int, RawFrame]]] = {}
        self._at: dict[tuple[Engine, int], Wearer] = {}

    def __len__(self) -> int:
        return len(self._at)

    def join(self, *, sampling_rate_hz: float, has_gyroscope: bool, starts_s: float, points_up: bool) -> "Wearer":
        """A new wearer.

        Parameters
        ----------
        sampling_rate_hz : of the even grid
        starts_s : time of the first sample
        points_up : whether its acceleration points up at rest

        Raises
        ------
        InputError : a rate that cannot be done.
        """
        return self._join(
            WearerState(
                sampling_rate_hz=sampling_rate_hz,
                has_gyroscope=has_gyroscope,
                starts_s=starts_s,
                points_up=points_up,
                engine="",
                record=np.empty(0, np.uint8),
                minute_s=0,
                minute=empty_minute(),
                body_s=math.floor(starts_s),
                body=np.empty((0, BODY_COLUMNS + 1), np.float32),
            )
        )

    def go_on(self, state: WearerState) -> "Wearer":
        """A wearer that was here or elsewhere before, bit for bit.

        Raises
        ------
        InputError : the state is from another version or another kind of engine.
        """
        engine = self._engine(state.sampling_rate_hz, has_gyroscope=state.has_gyroscope)
        if state.engine != engine.name:
            raise InputError("the state of the wearer is from another version")
        return self._join(state)

    def _join(self, state: WearerState) -> "Wearer":
        engine = self._engine(state.sampling_rate_hz, has_gyroscope=state.has_gyroscope)
        slot = engine.add(
            starts_s=state.starts_s, points_up=state.points_up, record=state.record if state.engine else None
        )
        wearer = self._at[engine, slot] = Wearer(engine, slot, state, self.params)
        return wearer

    def _engine(self, rate_hz: float, *, has_gyroscope: bool) -> Engine:
        found = self._engines.get((rate_hz, has_gyroscope))
        if found is None:
            if self._kernel is None:
                found = ReferenceEngine(sampling_rate_hz=rate_hz, has_gyroscope=has_gyroscope, params=self.params)
            else:
                found = CompiledEngine(
                    self._kernel, sampling_rate_hz=rate_hz, has_gyroscope=has_gyroscope, params=self.params
                )
            self._engines[rate_hz, has_gyroscope] = found
        return found

    def leave(self, wearer: "Wearer") -> None:
        """Nothing more comes from this one. Its state has to be asked for before."""
        if self._at.pop((wearer.engine, wearer.slot), None) is not None:
            wearer.engine.remove(wearer.slot)

    def put(self, wearer: "Wearer", frame: RawFrame) -> None:
        """A frame, in its turn."""
        self._waiting.setdefault(wearer.engine, []).append((wearer.slot, frame))

    def tick(self) -> None:
        """Works on everything that was put in since the last time."""
        waiting, self._waiting = self._waiting, {}
        for engine, frames in waiting.items():
            for turn in engine.work(frames):
                wearer = self._at.get((engine, turn.slot))
                if wearer is not None:
                    wearer.take(turn)
            wearers = [self._at[engine, slot] for slot in {slot for slot, _ in frames} if (engine, slot) in self._at]
            for wearer, moment in zip(wearers, engine.moments([one.slot for one in wearers]), strict=True):
                wearer.moment = moment


class Wearer:
    """One of a crowd. Made by `Crowd.join` and `Crowd.go_on`."""

    __slots__ = ("_noted", "_params", "_state", "_watch", "engine", "minutes", "moment", "shifts", "slot")

    def __init__(self, engine: Engine, slot: int, state: WearerState, params: MonitorParams) -> None:
        self.engine, self.slot, self._state, self._params = engine, slot, state, params
        self._watch: WearWatch | None = None
        if state.alignment is not None:
            self._watch = WearWatch(state.alignment, params.watch, state.watch)
        self.moment = engine.moments([slot])[0] if state.engine else _NOBODY
        self.minutes: list[tuple[int, bytes]] = []
        self.shifts: list[Shift] = []
        self._noted: tuple[str, ...] = ()

    # ---- what the engine found ----

    def take(self, turn: Turn) -> None:
        """The seconds and verticals of a stretch of samples."""
        state = self._state
        for at_s, row in zip(turn.epoch_s, turn.epochs, strict=True):
            self._take_second(at_s, row)
        if turn.missing_s or len(turn.body):
            self._take_body(turn)
        if state.calibration.under_way and len(turn.up):
            task = state.calibration.tasks[-1]
            n_max = int(TASK_S_MAX * state.sampling_rate_hz)
            task.up = np.concatenate([task.up, turn.up])[:n_max]

    def _take_second(self, at_s: int, row: npt.NDArray[np.float32]) -> None:
        state = self._state
        place = at_s % MINUTE_S
        if at_s - place != state.minute_s:
            self._end_minute()
            state.minute_s = at_s - place
        state.minute[place] = row
        if place == MINUTE_S - 1:
            self._end_minute()

    def _end_minute(self) -> None:
        """A minute in which nothing was measured is none."""
        state = self._state
        if not state.minute_s or not state.minute[:, _SHARE].any():
            return
        minute = Epochs(first_s=state.minute_s, rows=state.minute)
        self.minutes.append((state.minute_s, pack_seconds(minute)))
        if self._watch is not None and (shifts := self._watch.update(minute)):
            self.shifts += shifts  # directions that are no longer known are no longer told
            state.alignment = self._watch.alignment
            self.engine.align(self.slot, state.alignment)
        state.minute, state.minute_s = empty_minute(), 0

    def _take_body(self, turn: Turn) -> None:
        """Worn or not is a matter of minutes: looked at once a minute, of each wearer at a second of its own.

        However the seconds are cut, the same is found; those who began together would all be looked at together.
        """
        state = self._state
        if turn.doubtful or self._noted:
            problems = self.engine.quality(self.slot)
            self._noted = suspicions(problems, self._params.quality) if problems is not None else ()
        if turn.missing_s:
            missing = np.full((min(turn.missing_s, 2 * MINUTE_S), BODY_COLUMNS + 1), np.nan, np.float32)
            state.body = np.concatenate([state.body, missing])
        state.body = np.concatenate([state.body, turn.body])
        phase_s = state.body_s + int(1e6 * state.starts_s) % MINUTE_S
        if phase_s // MINUTE_S != (phase_s + len(state.body)) // MINUTE_S:
            update_wear(state.wear, _figures(state.body), state.body_s, self._params.movement)
            state.body_s += len(state.body)
            state.body = state.body[:0]

    # ---- how the sensor sits ----

    def begin_task(self, kind: TaskKind) -> None:
        """The person was asked to stand, to bend or to lean from now on. A task that is under way ends."""
        self._state.calibration.tasks.append(Doing(kind=kind))
        self._state.calibration.under_way = True

    def end_task(self) -> None:
        """The task that is under way is done."""
        self._state.calibration.under_way = False

    def align(self) -> TrunkAlignment:
        """How the sensor sits, from the tasks done; they are used up. Everything after is told by it.

        Raises
        ------
        NotAligned : the tasks do not show it: the sentence says why. They are forgotten, to be done again.
        """
        tasks, self._state.calibration = self._state.calibration.tasks, Calibration()
        found = align([task.as_task() for task in tasks], self._params.align)
        self._state.alignment = found
        self._watch = WearWatch(found, self._params.watch)
        self.engine.align(self.slot, found)
        return found

    @property
    def alignment(self) -> TrunkAlignment | None:
        """How the sensor sits, as far as it is known."""
        return self._state.alignment

    # ---- what is known ----

    @property
    def has_gyroscope(self) -> bool:
        """Of every frame."""
        return self._state.has_gyroscope

    @property
    def worn(self) -> Wear:
        """Whether somebody wears it."""
        return wear_now(self._state.wear, self._params.movement)

    def now(self) -> Now:
        """The trunk at this moment."""
        moment = self.moment
        inclination_deg, flexion_deg, lateral_deg = self._angles(moment.up)
        return Now(
            time_s=moment.until_s,
            inclination_deg=inclination_deg,
            flexion_deg=flexion_deg,
            lateral_deg=lateral_deg,
            up=moment.up,
            measured_share=moment.measured_share,
            worn=self.worn,
            vehicle=moment.vehicle,
            moving=moment.moving,
            held_s=moment.held_s,
            notes=self._noted,
        )

    def _angles(self, up: tuple[float, float, float]) -> tuple[float, float, float]:
        """Those of `sensing.posture.angles`, for one vertical and without an array."""
        alignment, nan = self._state.alignment, math.nan
        if alignment is None:
            return nan, nan, nan
        along = _product(up, alignment.is_axis)
        if alignment.pa_axis is None or alignment.ml_axis is None:
            across = math.sqrt(max(0.0, _product(up, up) - along * along))
            return math.degrees(math.atan2(across, along)), nan, nan
        aside, ahead = _product(up, alignment.ml_axis), _product(up, alignment.pa_axis)
        return (
            math.degrees(math.atan2(math.hypot(aside, ahead), along)),
            math.degrees(math.atan2(-ahead, along)),
            math.degrees(math.atan2(aside, math.hypot(along, ahead))),
        )

    @property
    def needs_no_cue(self) -> bool:
        """Nothing has added up, and nothing would now: asking for a hint would change nothing."""
        cues = self._state.cues
        if cues.bent or cues.dose_s > 0:
            return False
        return not self._angles(self.moment.up)[1] >= self._params.cues.bent_deg

    def cue(self, now: Now, wishes: Wishes) -> Decision:
        """Is this the moment for a hint? To be asked about once a second, with the newest `now`."""
        reading = None
        if not math.isnan(now.time_s):
            reading = Reading(
                time_s=now.time_s,
                flexion_deg=now.flexion_deg,
                good=self.moment.good and now.is_measured,
                worn={Wear.WORN: True, Wear.NOT_WORN: False}.get(now.worn),
                vehicle=now.vehicle,
                moving=now.moving,
            )
        state = self._state
        state.cues, decision = decide_cue(
            state.cues, now_s=now.time_s, reading=reading, wishes=wishes, params=self._params.cues
        )
        return decision

    def take_minutes(self) -> list[tuple[int, bytes]]:
        """Minutes that became whole since the last time, packed."""
        minutes, self.minutes = self.minutes, []
        return minutes

    def take_shifts(self) -> list[Shift]:
        """What was noticed since the last time."""
        shifts, self.shifts = self.shifts, []
        return shifts

    def seconds(self) -> Iterator[Epochs]:
        """Of the minute that is not whole."""
        return unfinished(self._state)

    @property
    def state(self) -> WearerState:
        """To save, and to go on with elsewhere. Belongs to the wearer: to be saved before anything else is done."""
        state = self._state
        state.engine, state.record = self.engine.name, self.engine.record(self.slot)
        state.watch = None if self._watch is None else self._watch.state
        return state


def _product(one: tuple[float, float, float], other: tuple[float, float, float]) -> float:
    return one[0] * other[0] + one[1] * other[1] + one[2] * other[2]


def unfinished(state: WearerState) -> Iterator[Epochs]:
    """The seconds of a minute that is not whole, if something was measured in it."""
    known = np.flatnonzero(state.minute[:, _SHARE])
    if len(known):
        first, end = int(known[0]), int(known[-1]) + 1
        yield Epochs(first_s=state.minute_s + first, rows=state.minute[first:end])


def _figures(body: npt.NDArray[np.float32]) -> SecondFigures:
    n = len(body)
    missing = np.isfinite(body[:, 3])
    return SecondFigures(
        acc_mps2=body[:, :3],
        tremor_mps2=body[:, 3],
        intensity_mps2=body[:, 8],
        gyr_radps=body[:, 4:7],
        gyr_tremor_radps=body[:, 7],
        rotation_radps=np.full(n, np.nan, np.float32),
        temperature_degc=np.full(n, np.nan, np.float32),
        quality=(~missing).astype(np.uint8),
        length_mps2=np.empty(0, np.float32),
    )
