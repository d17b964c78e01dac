"""The day, planned: which pose when, walking, shaking, worn or not, and the events that follow from it."""

from collections.abc import Mapping
from dataclasses import dataclass
from functools import singledispatchmethod

import numpy as np

from upperback.core.errors import InputError
from upperback.devices.simulate import scenario as what
from upperback.devices.simulate.gait import Gait
from upperback.devices.simulate.jets import Envelope, SmoothNoise, dice
from upperback.devices.simulate.pose import PARTS, ExerciseMotion, Pose, Way, everyday, exercise_motion
from upperback.devices.simulate.quaternions import Array
from upperback.devices.simulate.truth import Repetition, Segment, Span, Task

_CHANGE_S = 2.5  # from one activity to the next
_TO_THE_FLOOR_S = 4.0
_LEAN_TO_RISE_DEG = 35.0
_REST_BETWEEN_S = 0.5  # between two repetitions, as in the moving figures
_TAKE_OFF_S = 2.0
_SHIFT_S = 1.4
_STAIRS_LEAN_DEG = {True: 12.0, False: 2.0}
_CARRY_S, _TURN_ROUND_S = 10.0, 2.0
_FOREVER_S = 1e9
_EFFORT_RAMP_S = 0.3
_REST_RAMP_S = 0.06

#: Usual effort of a shoulder muscle, % of a reference contraction. Numbers of the size of APDF figures of daily work.
_EFFORT_PCT: Mapping[str, float] = {
    "stand": 4.0,
    "sit": 6.0,
    "lie": 0.0,
    "bend": 8.0,
    "lift": 12.0,
    "walk": 5.0,
    "stairs": 8.0,
    "drive": 4.0,
    "phone": 5.0,
    "exercise": 3.0,
    "table": 0.0,
    "align": 4.0,
}
#: Here the stated effort is that of the repetitions, not of the pauses.
_EFFORT_OF_REPETITIONS = ("bend", "lift", "exercise", "contract")
_LIFTING_PCT = 40.0  # on the way up
_EXERCISING_PCT = {"strength": 35.0, "movement": 12.0}


@dataclass(frozen=True)
class Moves:
    """Every move of the day as columns: from a pose by a turn of every part, with the profile of least jerk."""

    start_s: Array  # (m,)
    duration_s: Array
    parts: Mapping[str, Array]  # (4, m)
    turns: Mapping[str, Array]  # (3, m)
    hips: Array  # (3, m)
    shift: Array  # (3, m)


@dataclass(frozen=True)
class Plan:
    """The whole day, before any sample of it."""

    duration_s: float
    moves: Moves
    gaits: tuple[Gait, ...]
    sway: Envelope
    breathing: Envelope
    vibration: Envelope
    traffic: Envelope
    lean: Envelope  # forward, deg: nobody stands up or sits down without it
    worn: Envelope
    effort: Envelope  # of the muscle, %
    active: Envelope  # 1; 0 in a rest
    contracting: Envelope  # 1 in a contraction of stated effort: every muscle does it, and evenly
    segments: tuple[Segment, ...]
    repetitions: tuple[Repetition, ...]
    tasks: tuple[Task, ...]
    not_worn: tuple[Span, ...]
    rests: tuple[Span, ...]

    def steps_s(self) -> list[float]:
        """Every step of the day."""
        return [float(step) for gait in self.gaits for step in gait.steps()]


def make_plan(scenario: what.Scenario, seed: int) -> Plan:
    """Plans the day. Raises InputError for an exercise that the content does not have."""
    planner = _Planner(scenario, seed)
    for activity in scenario.singles():
        planner.set_effort(activity)
        planner.do(activity)
    return planner.finish()


class _Planner:
    """Goes through the activities with a clock, a current pose and the dice of the plan."""

    def __init__(self, scenario: what.Scenario, seed: int) -> None:
        self._unit_m = scenario.wearer.height_cm / 100 / 100
        self._seed, self._dice = seed, dice(seed, "plan")
        self._t = 0.0
        self._heading = 0.0
        self._base: str = "standing"
        self._pose: Pose | None = None
        self._ways: list[tuple[float, float, Way]] = []
        self._gaits: list[Gait] = []
        self._sway, self._breathing, self._worn = Envelope(1.0), Envelope(1.0), Envelope(1.0)
        self._vibration, self._traffic = Envelope(0.0), Envelope(0.0)
        self._lean = Envelope(0.0)
        self._emg = scenario.emg or what.Emg()
        self._effort, self._contracting = Envelope(0.0), Envelope(0.0)
        self._usual_pct = 0.0
        self._segments: list[Segment] = []
        self._repetitions: list[Repetition] = []
        self._tasks: list[Task] = []
        self._not_worn: list[Span] = []
        self._exercises: dict[str, ExerciseMotion] = {}

    def finish(self) -> Plan:
        assert self._pose is not None
        self._hold(_FOREVER_S)  # a sample may be taken a little after the end
        columns = list(zip(*self._ways, strict=True))
        ways: list[Way] = list(columns[2])
        moves = Moves(
            start_s=np.array(columns[0]),
            duration_s=np.array(columns[1]),
            parts={name: np.array([way.start.parts[name] for way in ways]).T for name in PARTS},
            turns={name: np.array([way.turns[name] for way in ways]).T for name in PARTS},
            hips=np.array([way.start.hips for way in ways]).T,
            shift=np.array([way.shift for way in ways]).T,
        )
        active, rests = self._rests(self._t - _FOREVER_S)
        return Plan(
            duration_s=self._t - _FOREVER_S,
            moves=moves,
            gaits=tuple(self._gaits),
            sway=self._sway,
            breathing=self._breathing,
            vibration=self._vibration,
            traffic=self._traffic,
            lean=self._lean,
            worn=self._worn,
            effort=self._effort,
            active=active,
            contracting=self._contracting,
            segments=tuple(self._segments),
            repetitions=tuple(self._repetitions),
            tasks=tuple(self._tasks),
            not_worn=tuple(self._not_worn),
            rests=tuple(rests),
        )

    def set_effort(self, activity: what.Single) -> None:
        """The muscle's usual effort from now on."""
        kind = str(activity.__struct_config__.tag)
        usual_pct = _EFFORT_PCT.get(kind, 0.0)
        own = activity.effort_pct is None or kind in _EFFORT_OF_REPETITIONS
        self._usual_pct = usual_pct if own or activity.effort_pct is None else activity.effort_pct
        self._effort_to(self._usual_pct)

    def _effort_to(self, percent: float, ramp_s: float = _EFFORT_RAMP_S) -> None:
        self._effort.go(percent, at_s=self._t, ramp_s=ramp_s)

    def _rests(self, duration_s: float) -> tuple[Envelope, list[Span]]:
        """Short moments without effort, between ramps."""
        active, rests = Envelope(1.0), []
        drawn = dice(self._seed, "rests")
        low_s, high_s = self._emg.rest_s
        t = 0.0
        while self._emg.rests_per_min:
            t += 60 / self._emg.rests_per_min * float(drawn.exponential()) + 2 * _REST_RAMP_S
            lasts_s = low_s + (high_s - low_s) * float(drawn.random())
            if t + lasts_s + 2 * _REST_RAMP_S >= duration_s:
                break
            active.go(0.0, at_s=t, ramp_s=_REST_RAMP_S)
            active.go(1.0, at_s=t + _REST_RAMP_S + lasts_s, ramp_s=_REST_RAMP_S)
            rests.append(Span(start_s=t + _REST_RAMP_S, end_s=t + _REST_RAMP_S + lasts_s))
            t += lasts_s + 2 * _REST_RAMP_S
        return active, rests

    # ---- small steps ----

    def _take(self, way: Way, duration_s: float) -> None:
        self._ways.append((self._t, duration_s, way))
        self._t += duration_s
        self._pose = way.at(1.0)

    def _move_to(self, pose: Pose, duration_s: float) -> None:
        start = pose if self._pose is None else self._pose
        self._take(Way.between(start, pose), duration_s)

    def _hold(self, duration_s: float) -> None:
        if duration_s > 0:
            assert self._pose is not None
            self._move_to(self._pose, duration_s)

    def _everyday(self, base: what.Base = "standing", /, **angles: float) -> Pose:
        return everyday(base=base, unit_m=self._unit_m, **angles).heading(self._heading)

    def _posed(self, base: what.Base, posed: object, **more: float) -> Pose:
        names = ("flexion_deg", "lateral_deg", "axial_deg", "curve_deg", "arm_deg")
        return self._everyday(base, **{**{name: float(getattr(posed, name)) for name in names}, **more})

    def _begin(self, pose: Pose, *, base: str, sway: float) -> None:
        """Goes over to the first pose of an activity; its duration counts from there."""
        if self._pose is not None:
            upright = {base, self._base} <= {"standing", "seated"}
            duration_s = _CHANGE_S if upright or base == self._base else _TO_THE_FLOOR_S
            start_s = self._t
            name = "change"
            if upright and base != self._base:
                name = "stand_up" if base == "standing" else "sit_down"
                self._lean.go(_LEAN_TO_RISE_DEG, at_s=start_s, ramp_s=0.5 * duration_s)
                self._lean.go(0.0, at_s=start_s + 0.5 * duration_s, ramp_s=0.5 * duration_s)
            self._sway.go(sway, at_s=start_s, ramp_s=duration_s)
            self._move_to(pose, duration_s)
            self._segment(name, start_s)
        else:
            self._pose = pose
            self._sway = Envelope(sway)
        self._base = base

    def _segment(self, activity: str, start_s: float, exercise: str | None = None) -> None:
        self._segments.append(Segment(start_s=start_s, end_s=self._t, activity=activity, exercise=exercise))

    def _varied(self, deviation: float) -> float:
        return float(np.exp(deviation * self._dice.standard_normal()))

    # ---- activities ----

    @singledispatchmethod
    def do(self, activity: what.Single) -> None:
        raise NotImplementedError(type(activity).__name__)

    @do.register
    def _stand(self, activity: what.Stand) -> None:
        self._begin(self._posed("standing", activity), base="standing", sway=1.0)
        start_s = self._t
        self._hold(activity.duration_s)
        self._segment("stand", start_s)

    @do.register
    def _sit(self, activity: what.Sit) -> None:
        self._begin(self._posed("seated", activity), base="seated", sway=0.6)
        start_s, end_s = self._t, self._t + activity.duration_s
        while self._t < end_s - 1e-9:
            left_s = end_s - self._t
            mean_s = 3600 / activity.shifts_per_hour if activity.shifts_per_hour else np.inf
            until_shift_s = min(left_s, max(20.0, float(self._dice.exponential(1.0)) * mean_s))
            drift = {
                "flexion_deg": activity.flexion_deg + activity.slouch_deg,
                "curve_deg": activity.curve_deg + 0.6 * activity.slouch_deg,
            }
            self._move_to(self._posed("seated", activity, **drift), until_shift_s)
            if end_s - self._t > _SHIFT_S:
                forward, side, turned = self._dice.standard_normal(3) * activity.shift_deg
                shifted = {
                    "flexion_deg": activity.flexion_deg + forward,
                    "lateral_deg": activity.lateral_deg + 0.6 * side,
                    "axial_deg": activity.axial_deg + turned,
                }
                self._move_to(self._posed("seated", activity, **shifted), _SHIFT_S)
        self._segment("sit", start_s)

    @do.register
    def _lie(self, activity: what.Lie) -> None:
        self._begin(self._everyday(activity.position, arm_deg=10.0), base=activity.position, sway=0.05)
        start_s = self._t
        self._hold(activity.duration_s)
        self._segment(f"lie_{activity.position}", start_s)

    @do.register
    def _phone(self, activity: what.Phone) -> None:
        angles = {"flexion_deg": activity.flexion_deg, "curve_deg": activity.curve_deg, "arm_deg": 30.0}
        self._begin(self._everyday(activity.base, **angles), base=activity.base, sway=0.7)
        start_s = self._t
        self._hold(activity.duration_s)
        self._segment("phone", start_s)

    @do.register
    def _bend(self, activity: what.Bend) -> None:
        self._bends(activity, "bend", turn_deg=0.0)

    @do.register
    def _lift(self, activity: what.Lift) -> None:
        self._bends(activity, "lift", turn_deg=activity.turn_deg)

    def _bends(self, activity: what.Bend, name: str, *, turn_deg: float) -> None:
        upright = self._everyday(activity.base)
        self._begin(upright, base=activity.base, sway=0.7)
        start_s = self._t
        for number in range(1, activity.times + 1):
            depth = self._varied(activity.variation)
            angles = {"flexion_deg": activity.flexion_deg * depth, "curve_deg": activity.curve_deg * depth}
            low = self._posed(activity.base, activity, **angles)
            up_s = activity.up_s * self._varied(activity.variation)
            moments = [self._t]
            self._move_to(low, activity.down_s * self._varied(activity.variation))
            moments.append(self._t)
            self._hold(activity.hold_s)
            moments.append(self._t)
            self._effort_to(self._busy_pct(activity, _LIFTING_PCT if turn_deg else self._usual_pct))
            self._move_to(self._everyday(activity.base, axial_deg=turn_deg), up_s)
            self._effort_to(self._usual_pct)
            moments.append(self._t)
            self._repetition(moments, of=name, number=number, range_deg=abs(angles["flexion_deg"]))
            if turn_deg:
                self._move_to(upright, 1.0)
            self._hold(activity.rest_s)
        self._segment(name, start_s)

    @do.register
    def _walk(self, activity: what.Walk) -> None:
        self._begin(self._everyday(flexion_deg=activity.lean_deg), base="standing", sway=0.5)
        start_s, end_s = self._t, self._t + activity.duration_s
        while self._t < end_s - 1e-9:
            bout_s = min(activity.pause_every_s or np.inf, end_s - self._t)
            self._walk_on(activity, bout_s)
            self._hold(min(activity.pause_s, end_s - self._t))
        self._segment("walk", start_s)

    def _walk_on(self, activity: what.Walk, duration_s: float) -> None:
        start_s, end_s = self._t, self._t + duration_s
        while (left_s := end_s - self._t) > 1e-9:
            mean_s = 60 / activity.turns_per_min if activity.turns_per_min else np.inf
            straight_s = max(4.0, float(self._dice.exponential(1.0)) * mean_s)
            if straight_s + 4.0 > left_s:
                self._hold(left_s)
                break
            self._hold(straight_s)
            self._heading += float(self._dice.choice([-1.0, 1.0])) * np.pi / 2
            self._move_to(self._everyday(flexion_deg=activity.lean_deg), 1.6)
        self._gait(start_s, self._t, activity.cadence_per_min, activity.bounce)

    @do.register
    def _stairs(self, activity: what.Stairs) -> None:
        lean = {"flexion_deg": _STAIRS_LEAN_DEG[activity.up]}
        self._begin(self._everyday(**lean), base="standing", sway=0.5)
        start_s, end_s = self._t, self._t + activity.duration_s
        while (left_s := end_s - self._t) > 1e-9:
            flight_s = min(activity.flight_s, left_s)
            self._hold(flight_s)
            self._gait(self._t - flight_s, self._t, activity.cadence_per_min, 1.4 if activity.up else 1.7)
            if end_s - self._t > 2.0:
                self._heading += np.pi
                self._move_to(self._everyday(**lean), 2.0)
            else:
                self._hold(end_s - self._t)
        self._segment("stairs_up" if activity.up else "stairs_down", start_s)

    def _gait(self, start_s: float, end_s: float, cadence_per_min: float, bounce: float) -> None:
        rhythm = SmoothNoise(self._seed, "rhythm", knot_s=1.0)
        cadence_per_min *= self._varied(0.02)
        self._gaits.append(Gait(start_s, end_s, cadence_per_min, bounce, rhythm))

    @do.register
    def _drive(self, activity: what.Drive) -> None:
        self._begin(self._posed("seated", activity), base="seated", sway=0.4)
        start_s = self._t
        for envelope, level in ((self._vibration, activity.vibration_mps2), (self._traffic, activity.traffic_mps2)):
            envelope.go(level, at_s=start_s, ramp_s=min(3.0, activity.duration_s / 3))
            envelope.go(0.0, at_s=start_s + activity.duration_s * 0.9, ramp_s=min(3.0, activity.duration_s / 10))
        self._hold(activity.duration_s)
        self._segment("drive", start_s)

    @do.register
    def _table(self, activity: what.Table) -> None:
        if self._pose is None:
            self._begin(self._everyday(), base="standing", sway=1.0)
        start_s, duration_s = self._t, activity.duration_s
        handling_s = min(_TAKE_OFF_S, duration_s / 4)
        self._worn.go(0.0, at_s=start_s, ramp_s=handling_s)
        self._worn.go(1.0, at_s=start_s + duration_s - handling_s, ramp_s=handling_s)
        self._hold(duration_s)
        self._not_worn.append(Span(start_s=start_s, end_s=self._t))
        self._segment("table", start_s)

    @do.register
    def _align(self, activity: what.Align) -> None:
        upright = self._everyday()
        self._begin(upright, base="standing", sway=0.6)
        start_s = self._t
        self._hold(activity.stand_s)
        self._tasks.append(Task(start_s=start_s, end_s=self._t, task="stand_tall"))
        angles = {
            "forward_bend": {"flexion_deg": activity.flexion_deg},
            "side_bend_right": {"lateral_deg": activity.lateral_deg},
            "side_bend_left": {"lateral_deg": -activity.lateral_deg},
        }
        for task in ("forward_bend", "side_bend_right", "side_bend_left"):
            task_start_s = self._t
            for _ in range(activity.bends):
                self._move_to(self._everyday(**angles[task]), 1.8)
                self._hold(0.8)
                self._move_to(upright, 1.8)
                self._hold(2.6)
            self._tasks.append(Task(start_s=task_start_s, end_s=self._t, task=task))
        self._segment("align", start_s)

    @do.register
    def _contract(self, activity: what.Contract) -> None:
        self._begin(self._everyday(arm_deg=90.0), base="standing", sway=1.2)
        self._effort_to(0.0)
        self._contracting.go(1.0, at_s=self._t - _CHANGE_S, ramp_s=_EFFORT_RAMP_S)
        start_s = self._t
        for number in range(1, activity.times + 1):
            moments = [self._t]
            self._effort_to(activity.effort_pct, activity.ramp_s)
            self._hold(activity.ramp_s)
            moments.append(self._t)
            self._hold(activity.hold_s)
            moments.append(self._t)
            self._effort_to(0.0, activity.ramp_s)
            self._hold(activity.ramp_s)
            moments.append(self._t)
            self._repetition(moments, of="contract", number=number, range_deg=0.0)
            self._hold(activity.rest_s)
        self._contracting.go(0.0, at_s=self._t, ramp_s=_EFFORT_RAMP_S)
        self._segment("contract", start_s)

    # ---- exercises ----

    @staticmethod
    def _busy_pct(activity: what.Bend | what.Exercise, usual_pct: float) -> float:
        return usual_pct if activity.effort_pct is None else activity.effort_pct

    @do.register
    def _exercise(self, activity: what.Exercise) -> None:
        motion = self._motion(activity.id)
        if motion.exercise.dose == "distance":
            self._carry(activity)
            return
        self._begin(self._placed(activity, motion.way.start), base=f"figure_{motion.exercise.figure.posture}", sway=0.5)
        start_s = self._t
        if motion.exercise.dose == "breaths":
            self._breathing.go(0.0, at_s=start_s - 1.0, ramp_s=1.0)
        for set_number in range(1, activity.sets + 1):
            if set_number > 1:
                self._hold(activity.rest_s)
            for number in range(1, activity.repetitions + 1):
                self._one_repetition(activity, motion, set_number, number)
        self._breathing.go(1.0, at_s=self._t, ramp_s=1.0)
        self._segment("exercise", start_s, activity.id)

    def _one_repetition(self, activity: what.Exercise, motion: ExerciseMotion, set_number: int, number: int) -> None:
        to_other = motion.other_way is not None and number % 2 == 0
        way = motion.other_way if to_other and motion.other_way else motion.way
        range_deg = self._range_deg(activity, motion)
        share = motion.share(range_deg)
        far, near = self._placed(activity, way.at(share)), self._placed(activity, way.start)
        tempo = motion.exercise.tempo
        slower = activity.tempo * self._varied(activity.variation)
        moments = [self._t]
        busy_pct = self._busy_pct(activity, _EXERCISING_PCT[motion.exercise.kind])
        self._effort_to(busy_pct)
        self._move_to(far, tempo.out_s * slower)
        moments.append(self._t)
        self._hold((tempo.hold_s or tempo.pause_s) * slower)
        moments.append(self._t)
        self._effort_to(0.7 * busy_pct)  # lowering takes less
        self._move_to(near, tempo.back_s * slower)
        moments.append(self._t)
        self._effort_to(min(self._usual_pct, 0.3 * busy_pct))
        other = to_other != (activity.side == "other")
        self._repetition(
            moments, of=activity.id, number=number, set_number=set_number, other=other, range_deg=range_deg
        )
        self._hold(_REST_BETWEEN_S * self._varied(activity.variation))

    def _placed(self, activity: what.Exercise, pose: Pose) -> Pose:
        return (pose.mirrored() if activity.side == "other" else pose).heading(self._heading)

    def _range_deg(self, activity: what.Exercise, motion: ExerciseMotion) -> float:
        stated = motion.exercise.sensor.range_deg
        if activity.range_deg is not None:
            middle = activity.range_deg
        elif stated is not None:
            middle = stated[0] + activity.range * (stated[1] - stated[0])
        else:
            middle = motion.range_deg
        return float(middle * self._varied(activity.variation))

    def _carry(self, activity: what.Exercise) -> None:
        self._begin(self._everyday(), base="standing", sway=0.5)
        start_s = self._t
        for number in range(1, activity.repetitions * activity.sets + 1):
            lap_s = self._t
            self._hold(_CARRY_S)
            self._gait(lap_s, self._t, 100.0, 1.0)
            walked_s = self._t
            self._heading += np.pi
            self._move_to(self._everyday(), _TURN_ROUND_S)
            self._repetition([lap_s, walked_s, walked_s, self._t], of=activity.id, number=number, range_deg=0.0)
        self._segment("exercise", start_s, activity.id)

    def _motion(self, id: str) -> ExerciseMotion:
        if id not in self._exercises:
            try:
                self._exercises[id] = exercise_motion(id, unit_m=self._unit_m)
            except KeyError as error:
                raise InputError(f"activities: there is no exercise {id}") from error
        return self._exercises[id]

    def _repetition(
        self, moments: list[float], *, of: str, number: int, range_deg: float, set_number: int = 1, other: bool = False
    ) -> None:
        start_s, out_s, back_s, end_s = moments
        self._repetitions.append(
            Repetition(
                start_s=start_s,
                out_s=out_s,
                back_s=back_s,
                end_s=end_s,
                of=of,
                set=set_number,
                number=number,
                side="other" if other else "as_drawn",
                range_deg=range_deg,
            )
        )
