"""The counter: it watches the places where the sensor came to rest, and counts the ways out from one and back to it.

One place is taken for the rest of the exercise. While the sensor is away from it, other places where it slows down are
watched too: if it leaves one of those and comes back to it first, the person has changed position, and that place is
rest from now on. The person's own range and direction are learnt from what is counted; what is too short, too long, too
far, in another direction or off the line is refused, unless it goes on and on.

When a row of repetitions is over, it is looked at as a whole: what was none is taken back, what was missed is counted.
"""

from collections.abc import Callable, Iterable
from dataclasses import dataclass, field
from math import inf
from statistics import median
from typing import Final

import numpy as np

from upperback.sensing.repetitions._loops import (
    Loop,
    Trail,
    dot,
    furthest_group,
    go_on_alike,
    length_of,
    main_direction,
    measure,
    overlap,
)
from upperback.sensing.repetitions._path import PathState, Place, Way, between, next_turn_deg, smoothed, way, ways
from upperback.sensing.repetitions._rows import THINNED, outer_rests, swings
from upperback.sensing.repetitions.base import (
    Doubt,
    DoubtAt,
    Repetition,
    RepetitionBlock,
    RepetitionParams,
    RepetitionTemplate,
    Seconds,
)
from upperback.sensing.signal import Chunk, Signal3
from upperback.sensing.slots import SLOTS_PER_S, Slots, SlotState, new_state, rest, to_slots

_REMEMBERED: Final = 6
"""Repetitions that range and direction are learnt from."""

_FOLLOW: Final = 0.15
"""Share of the way to a still sensor that rest moves with each slot."""

_SPOTS: Final = 6
"""Places that are watched at once."""

_SLOW_SLOTS: Final = 3
"""Slow for so long: a place worth watching."""

_TURN_SLOTS: Final = 8
"""Slower than all of so many slots before and after: a place worth watching as well."""

_LOST_S: Final = 5.0
"""After a longer gap the sensor may sit otherwise."""

_WALK_SLOTS: Final = SLOTS_PER_S
"""So long a bounce is a walk: what the arms and the trunk do meanwhile is no exercise."""

_SURE: Final = 2
"""So many counted ones tell which way is out."""

_ALIKE: Final = 3
"""So many refused ones in a row that are alike are an exercise after all, with another range or a moved sensor."""

_KNOWN: Final = 12
"""So many repetitions are remembered for comparison."""

_HISTORY_MOST: Final = 600 * SLOTS_PER_S // THINNED
"""Ten minutes: of a longer row only the last ones are reviewed."""

_SAME_LINE: Final = 0.95
_MARGIN: Final = 0.6
"""What begins or ends within so many usual lengths of a row may be one of it."""

_SMALL_ONES: Final = 3
_LATELY_S: Final = 20.0
"""So many movements too small to count, in so long, are worth a word."""

_THROUGHOUT: Final = (Doubt.POOR_SIGNAL.name, Doubt.NO_GYROSCOPE.name, Doubt.TIMER_ONLY.name)
"""Doubts that no repetition dispels."""


@dataclass(slots=True, kw_only=True, eq=False)
class Spot:
    """A place where the sensor was at rest, and where it is against it.

    Attributes
    ----------
    place : see `Place`
    born : slot in which the sensor slowed down there
    away_since : slot in which the upper threshold was passed, or -1: near
    peak_deg : furthest since then
    valley_deg, valley : nearest since the peak, and in which slot
    closed : slot in which the last loop was closed
    waiting : a loop that is not believed before the sensor slows down here
    armed : near enough since the last loop that a new one can begin
    """

    place: tuple[float, float, float, float]
    born: int
    away_since: int = -1
    peak_deg: float = 0.0
    valley_deg: float = 0.0
    valley: int = 0
    closed: int = 0
    waiting: Loop | None = None
    armed: bool = True


@dataclass(slots=True, kw_only=True)
class CounterState:
    """Everything that counting needs from the past.

    Attributes
    ----------
    slots, path : the grid and the path on it
    next_slot : number of the next slot
    spots : places that are watched; the first is rest
    trail : (n, 4) places, as many as a repetition can be long
    direction : (4,) unit vector of the way out; empty: not known yet
    into : (4,) the way from the pose of rest into that which the exercise starts from, if that matters
    learnt : the last repetitions
    refused : loops since the last one that were none
    settled, checked : whether the person's own range is known, and whether that was looked at again
    row : what was counted since the last pause
    lone : what was counted in too short a row, until it is known what a repetition looks like
    doubted : rows that went less far than half of the plan, until one goes further
    known : the last repetitions of rows that were long enough
    history : thinned places since some time before the row
    speeds_dps : of the last slots
    walking : slots in a row with the bounce of steps
    still, slow : slots in a row without movement, and with little for the person's range
    counted, taken_back, set_number : so far
    last_slot : slot in which the last one was counted, or -1
    periods_s : between the last repetitions
    small_deg, small : furthest small movement that goes on, and slots in which such ended
    gap : slots in a row without signal
    said : doubts since the last repetition
    """

    slots: SlotState
    path: PathState = field(default_factory=PathState)
    next_slot: int = 0
    spots: list[Spot] = field(default_factory=list)
    trail: list[tuple[float, float, float, float]] = field(default_factory=list)
    direction: list[float] = field(default_factory=list)
    into: list[float] = field(default_factory=list)
    learnt: list[Loop] = field(default_factory=list)
    refused: list[Loop] = field(default_factory=list)
    settled: bool = False
    checked: bool = False
    row: list[Loop] = field(default_factory=list)
    lone: list[Loop] = field(default_factory=list)
    doubted: list[Loop] = field(default_factory=list)
    known: list[Loop] = field(default_factory=list)
    history: list[tuple[float, float, float, float]] = field(default_factory=list)
    speeds_dps: list[float] = field(default_factory=list)
    walking: int = 0
    still: int = 0
    slow: int = 0
    counted: int = 0
    taken_back: int = 0
    set_number: int = 0
    last_slot: int = -1
    periods_s: list[float] = field(default_factory=list)
    small_deg: float = 0.0
    small: list[int] = field(default_factory=list)
    gap: int = 0
    said: list[str] = field(default_factory=list)


@dataclass(frozen=True, slots=True)
class _Limits:
    """What follows from template and parameters."""

    lean: bool
    turn: bool
    deg_min: float
    first_range_deg: float
    range_deg_max: float
    """Nothing longer counts while the person's own range is not known."""
    repetition_s_min: Seconds
    repetition_s_max: Seconds
    still_dps: float
    """As slow as that is at rest, for a movement of the planned size and length."""


def _limits(template: RepetitionTemplate, params: RepetitionParams) -> _Limits:
    lean, turn = template.motion in {"lean", "any"}, template.motion in {"turn", "any"}
    planned_s = template.repetition_s or 5.0
    first_range, longest = params.unknown_range_deg, inf
    if template.range_deg is not None:
        first_range, longest = params.first_share * template.range_deg[0], max(3 * template.range_deg[1], 45.0)
    return _Limits(
        lean=lean,
        turn=turn,
        deg_min=template.deg_min or (params.lean_deg_min if lean else params.turn_deg_min),
        first_range_deg=first_range,
        range_deg_max=longest,
        repetition_s_min=max(params.repetition_s_min, params.planned_share_min * (template.repetition_s or 0.0)),
        repetition_s_max=max(params.repetition_s_max, params.planned_share_max * planned_s),
        still_dps=min(params.still_dps_max, max(1.2, 1.2 * first_range / planned_s)),
    )


def _last(values: list[float], wanted: Callable[[float], bool]) -> int | None:
    """Index of the last value that is wanted."""
    return next((i for i in range(len(values) - 1, -1, -1) if wanted(values[i])), None)


class RepetitionCounter:
    """Counts one exercise in one stream."""

    def __init__(
        self,
        *,
        sampling_rate_hz: float,
        template: RepetitionTemplate | None = None,
        params: RepetitionParams | None = None,
        state: CounterState | None = None,
    ) -> None:
        """Start a stream, or go on with the saved state of one.

        Raises
        ------
        InputError : fewer than 25 samples a second.
        """
        self.template = template or RepetitionTemplate()
        self.params = params or RepetitionParams()
        self.state = state or CounterState(slots=new_state(sampling_rate_hz))
        self._limits = _limits(self.template, self.params)
        self._block = _OpenBlock()

    def update(self, chunk: Chunk, *, up: Signal3 | None = None) -> RepetitionBlock:
        """Go on with the next chunk.

        Parameters
        ----------
        chunk : sensor or body frame, with gyroscope if there is one
        up : (n_samples, 3) float32, the vertical in the same frame from the orientation stage. Without it the direction
            of the low-passed specific force stands for it, which is as good in slow exercises

        Raises
        ------
        InputError : the chunk does not go on from the one before it, or `up` has another length.
        """
        return self._through(to_slots(self.state.slots, chunk, up=up))

    def finish(self) -> RepetitionBlock:
        """The end of the stream. A repetition whose way back was not seen is not counted."""
        return self._through(rest(self.state.slots), ending=True)

    @property
    def count(self) -> int:
        """Repetitions up to now, without those that were taken back."""
        return self.state.counted - self.state.taken_back

    # ---- slots ----

    def _through(self, pieces: Iterable[Slots], *, ending: bool = False) -> RepetitionBlock:
        self._block = _OpenBlock()
        for piece in pieces:
            if self._can_count(piece):
                path = smoothed(self.state.path, piece, self.params.low_pass_hz)
                for x, y, z, rate_dps, bounce_mps2 in path.tolist():
                    self._slot((x, y, z), rate_dps, bounce_mps2, ending=ending)
            else:
                self.state.next_slot += len(piece)
        if ending:
            self._end_row()
            self._drop(self.state.lone)
            self.state.lone = []
        return self._block.closed()

    def _can_count(self, piece: Slots) -> bool:
        if self.template.grade == "none":
            self._say(Doubt.TIMER_ONLY)
            return False
        if self.template.grade == "poor":
            self._say(Doubt.POOR_SIGNAL)
        if not self._limits.lean and not any(piece.gyr_radps.strides):
            self._say(Doubt.NO_GYROSCOPE)
            return False
        return True

    def _slot(self, vertical: tuple[float, float, float], rate_dps: float, bounce_mps2: float, *, ending: bool) -> None:
        state = self.state
        state.walking = state.walking + 1 if bounce_mps2 >= self.params.bounce_mps2_max else 0
        if vertical[0] != vertical[0]:  # NaN: nothing was measured
            if not ending:
                self._missing()
        elif state.walking >= _WALK_SLOTS:
            self._lose_sight()
        else:
            if state.gap > _LOST_S * SLOTS_PER_S:
                state.direction = []
            state.gap = 0
            turn_deg = next_turn_deg(state.path, rate_dps)
            if not self._limits.lean:
                vertical = (0.0, 0.0, 1.0)
            self._place((*vertical, turn_deg if self._limits.turn else 0.0))
        if state.row and state.next_slot - state.row[-1].count > self._row_slots():
            self._end_row()
        state.next_slot += 1

    def _missing(self) -> None:
        state = self.state
        if state.gap == 0 and self._counted_lately():
            self._say(Doubt.NOT_MEASURED)
        state.gap += 1
        self._lose_sight()

    def _lose_sight(self) -> None:
        state = self.state
        state.still, state.slow, state.small_deg = 0, 0, 0.0
        self._end_row()
        state.spots, state.trail, state.speeds_dps, state.history = [], [], [], []

    # ---- places ----

    def _place(self, here: Place) -> None:
        """One slot later: where it is against every place that is watched."""
        state = self.state
        speed_dps = length_of(way(state.trail[-1], here)) * SLOTS_PER_S if state.trail else inf
        own = self._range_deg()
        state.still = state.still + 1 if speed_dps <= self._limits.still_dps else 0
        state.slow = state.slow + 1 if speed_dps <= max(self._limits.still_dps, 0.1 * own) else 0
        state.speeds_dps = [*state.speeds_dps, speed_dps][-2 * _TURN_SLOTS - 1 :]
        state.trail.append(here)
        if state.next_slot % THINNED == 0:
            state.history.append(here)
            if len(state.history) > (_HISTORY_MOST if state.row else self._history_before()):
                del state.history[0]
        if len(state.trail) > (self._limits.repetition_s_max + 4) * SLOTS_PER_S:
            del state.trail[0]
        if not state.spots:
            state.spots = [Spot(place=here, born=state.next_slot)]
        upper = self._upper_deg(own)
        for spot in list(state.spots):
            if spot not in state.spots:  # another one's loop was closed
                continue
            there = way(spot.place, here)
            reach = self._reach(there)
            if spot.waiting is not None:
                self._wait(spot, there, own)
            if spot.away_since < 0:
                spot.armed = spot.armed or reach < 0.8 * upper
                if reach >= upper and spot.armed:
                    spot.away_since = state.next_slot
                    spot.peak_deg = spot.valley_deg = reach
                else:
                    self._near(spot, here, there, reach, own)
            else:
                self._away(spot, reach, own, upper)
        self._watch(0.5 * upper)

    def _away(self, spot: Spot, reach: float, own: float, upper: float) -> None:
        """On the far side of a place: back to it, or to another one that the way turns round at."""
        if reach >= spot.peak_deg:
            spot.peak_deg = spot.valley_deg = reach
        if reach <= spot.valley_deg:
            spot.valley_deg, spot.valley = reach, self.state.next_slot
        depth = spot.peak_deg - spot.valley_deg
        if reach <= self.params.down_share * max(own, spot.peak_deg):
            self._came_back(spot, self.state.trail, self.state.next_slot)
        elif depth >= upper and reach - spot.valley_deg >= 0.35 * depth and not self._inside_another(spot):
            self._turned_round(spot)
        elif (self.state.next_slot - spot.away_since) / SLOTS_PER_S > self._limits.repetition_s_max:
            self.state.spots.remove(spot)

    def _inside_another(self, spot: Spot) -> bool:
        """Whether the way round is one from a place that the sensor rested at since it left this one."""
        return any(
            spot.away_since < each.born < spot.valley
            and (each.away_since >= 0 or each.closed > spot.away_since)
            and not self._is_far_end(way(spot.place, each.place))
            for each in self.state.spots
        )

    def _is_far_end(self, there: Way) -> bool:
        """Whether a place is where the exercise goes, and no new place of rest."""
        state = self.state
        if len(state.learnt) < _SURE or self.template.both_sides or self._long_ago(state.next_slot):
            return False
        along = dot(there, state.direction)
        return along >= self.params.up_share * self._range_deg() and along >= 0.8 * length_of(there)

    def _turned_round(self, spot: Spot) -> None:
        """The way back ended elsewhere: what was taken for rest was none, or the person has moved on."""
        state = self.state
        back = len(state.trail) - 1 - (state.next_slot - spot.valley)
        if back < 0:
            state.spots.remove(spot)
            return
        here = Spot(place=state.trail[back], born=spot.valley)
        own = self._range_deg()
        upper = self._upper_deg(own)
        reach = [self._reach(tuple(there)) for there in ways(here.place, np.array(state.trail)).tolist()]
        out = _last(reach[: back + 1], lambda each: each >= upper)
        if out is None:
            return
        begin = _last(reach[:out], lambda each: each <= self.params.down_share * own)
        state.spots = [here]
        if begin is not None:
            here.born = here.away_since = spot.valley - (back - begin)
            self._came_back(here, state.trail[: back + 1], spot.valley)
        furthest = max(reach[back + 1 :])
        if furthest >= upper and here in state.spots:  # since then it has gone out again already
            here.away_since, here.peak_deg, here.valley_deg = state.next_slot, furthest, furthest

    def _upper_deg(self, own: float) -> float:
        """The upper threshold."""
        return max(self._limits.deg_min, self.params.up_share * own)

    def _reach(self, there: Way) -> float:
        """How far a place lies from rest: in any direction, or in that of the exercise once it is known."""
        direction = self.state.direction
        if not direction or not self.state.settled:
            return length_of(there)
        along = dot(there, direction)
        return abs(along) if self.template.both_sides else along

    def _near(self, spot: Spot, here: Place, there: Way, reach: float, own: float) -> None:
        """At rest, or nearly: follow where that is, and notice what is too small."""
        state = self.state
        follow = 0.0
        if state.still >= self.params.still_s * SLOTS_PER_S:
            follow = _FOLLOW
        elif state.settled and state.direction and not self.template.both_sides:
            along = dot(there, state.direction)
            if along < -0.15 * own and -along > 0.7 * length_of(there):  # the other way: that was not rest
                follow = 1.0
        if follow:
            spot.place = between(spot.place, here, follow)
        if spot is not state.spots[0]:
            return
        state.small_deg = max(state.small_deg, reach)
        if state.small_deg >= max(0.5 * self._limits.deg_min, 0.15 * own) and reach < 0.4 * state.small_deg:
            self._small_one()

    def _watch(self, apart_deg: float) -> None:
        """A new place, if the sensor was slow there, or slower than before and after, far enough from the others."""
        state = self.state
        back = 0 if state.slow >= _SLOW_SLOTS else _TURN_SLOTS
        if back and not self._turned(back):
            return
        here = state.trail[-1 - back]
        if all(length_of(way(spot.place, here)) > apart_deg for spot in state.spots):
            there = way(state.spots[0].place, here)
            if self.template.ends_at_rest and not state.into and length_of(there) > 2 * apart_deg:
                state.into = list(there)
            if len(state.spots) == _SPOTS:
                del state.spots[1]
            state.spots.append(Spot(place=here, born=state.next_slot - back))

    def _turned(self, back: int) -> bool:
        """Whether the speed had a deep minimum a moment ago."""
        speeds = self.state.speeds_dps
        if len(speeds) < 2 * back + 1:
            return False
        low = speeds[back]
        before, after = speeds[:back], speeds[back + 1 :]
        return low <= min(before) and low < min(after) and low <= 0.3 * max(*before, *after)

    def _small_one(self) -> None:
        state = self.state
        state.small_deg = 0.0
        state.small = [*state.small, state.next_slot][-_SMALL_ONES:]
        often = len(state.small) == _SMALL_ONES and state.next_slot - state.small[0] < _LATELY_S * SLOTS_PER_S
        if often and not self._counted_lately():
            self._say(Doubt.TOO_SMALL)

    # ---- loops ----

    def _came_back(self, spot: Spot, trail: Trail, slot: int) -> None:
        """A loop is closed. While little is known, it is believed when the sensor slows down or turns round here."""
        since = max(spot.closed, spot.born)
        loop = measure(spot.place, trail, slot=slot, away_since=spot.away_since, earliest=since)
        spot.away_since, spot.peak_deg, spot.armed, spot.closed = -1, 0.0, False, slot
        if loop is not None and (self.state.settled or self.template.both_sides or self._goes_on(loop)):
            self._judge(spot, loop)
        else:
            spot.waiting = loop

    def _goes_on(self, loop: Loop) -> bool:
        """Whether it is like those before it, and comes soon after."""
        last = self.state.learnt[-_SURE:]
        return len(last) == _SURE and not self._long_ago(loop.count) and go_on_alike([*last, loop])

    def _wait(self, spot: Spot, there: Way, own: float) -> None:
        """A closed loop waits: does the sensor stay here, or was it only passing?"""
        loop = spot.waiting
        assert loop is not None
        along = dot(there, loop.direction)
        if self.state.slow >= _SLOW_SLOTS or along >= 0.35 * max(own, loop.range_deg):
            spot.waiting = None
            self._judge(spot, loop)
        elif along <= -self.params.down_share * max(own, loop.range_deg):
            spot.waiting = None

    def _judge(self, spot: Spot, loop: Loop) -> None:
        """Was it a repetition?"""
        state = self.state
        if state.into and dot(loop.direction, state.into) > 0:
            return  # from the pose of rest into the pose that the exercise starts from, and the first way out of that
        if self._fits(loop):
            state.spots = [spot]
            self._count(loop)
        elif self._could_be(loop) and not (state.refused and loop.start < state.refused[-1].count - SLOTS_PER_S):
            state.refused = [*state.refused, loop][-_ALIKE:]
            if len(state.refused) == _ALIKE and go_on_alike(state.refused):
                again = state.refused
                self._take_back_smaller(again)
                if state.settled and abs(dot(main_direction(again), state.direction)) < self.params.direction_cos_min:
                    self._say(Doubt.MOVED)
                state.spots, state.refused, state.learnt, state.direction = [spot], [], [], []
                state.settled = state.checked = False
                for each in again:
                    self._count(each)

    def _take_back_smaller(self, again: list[Loop]) -> None:
        """A few much smaller ones just before were false starts."""
        small = self.params.up_share * median(loop.range_deg for loop in again)
        learnt = self.state.learnt
        if len(learnt) <= _ALIKE and all(one.range_deg < small for one in learnt):
            self._drop(learnt)

    def _could_be(self, loop: Loop) -> bool:
        """Whether it has the size, length and shape of a repetition at all."""
        return (
            self._limits.repetition_s_min <= loop.whole_s
            and loop.length_s <= self._limits.repetition_s_max
            and self._limits.deg_min <= loop.range_deg <= self._limits.range_deg_max
            and loop.off_line <= self.params.off_line_max
            and max(loop.out_s, loop.back_s) <= self.params.uneven_max * min(loop.out_s, loop.back_s)
        )

    def _fits(self, loop: Loop) -> bool:
        """Whether it is one of this exercise, as this person does it."""
        own, params = self._range_deg(), self.params
        if not self._could_be(loop) or loop.range_deg < params.up_share * own:
            return False
        if not self.state.settled:
            return True
        along = dot(loop.direction, self.state.direction) if self.state.direction else 1.0
        if self.template.both_sides or (self._out_of_rhythm(loop) and not self.template.ends_at_rest):
            along = abs(along)
        usual_s = median(one.length_s for one in self.state.learnt)
        return (
            loop.range_deg <= params.range_share_max * own
            and along >= params.direction_cos_min
            and loop.off_line <= params.own_off_line_max
            and params.tempo_share_min * usual_s <= loop.length_s <= usual_s / params.tempo_share_min
        )

    def _out_of_rhythm(self, loop: Loop) -> bool:
        """After a pause the other end may have been taken for rest."""
        return self._long_ago(loop.count)

    def _long_ago(self, slot: int) -> bool:
        """Whether no repetition was counted for longer than the rhythm asks for."""
        return slot - self.state.last_slot > 2.5 * SLOTS_PER_S * median(one.length_s for one in self.state.learnt)

    def _range_deg(self) -> float:
        """The person's own range as far as it is known."""
        known = [one.range_deg for one in self.state.learnt]
        if self.state.settled:
            return median(known)
        first = self._limits.first_range_deg
        if not known or self.template.range_deg is None:
            return min([first, *known])
        return min(max(first, min(known)), 1.2 * self.template.range_deg[1])

    # ---- counting ----

    def _count(self, loop: Loop) -> None:
        state, params = self.state, self.params
        since_s = (loop.count - state.last_slot) / SLOTS_PER_S if state.last_slot >= 0 else inf
        if since_s > params.pause_s:
            state.set_number += 1
        else:
            self._check_rhythm(since_s)
        state.counted += 1
        loop.number, state.last_slot = state.counted, loop.count
        state.row = [*state.row, loop]
        state.said = [name for name in state.said if name in _THROUGHOUT]
        state.small, state.refused = [], []
        self._tell(loop)
        state.learnt = [*state.learnt, loop][-_REMEMBERED:]
        self._learn()

    def _tell(self, loop: Loop) -> None:
        is_lean = length_of(loop.direction[:3]) > abs(loop.direction[3])
        self._block.counted.append(
            Repetition(
                number=loop.number,
                set_number=self.state.set_number,
                start_s=self._time_s(loop.start),
                counted_s=self._time_s(loop.count),
                out_s=loop.out_s,
                hold_s=loop.hold_s,
                back_s=loop.back_s,
                range_deg=loop.range_deg if is_lean else None,
                other_side=self._other_side(loop),
            )
        )

    def _other_side(self, loop: Loop) -> bool:
        first = self.state.direction or (self.state.learnt[0].direction if self.state.learnt else loop.direction)
        return self.template.both_sides and dot(loop.direction, first) < 0

    def _check_rhythm(self, since_s: Seconds) -> None:
        usual = self.state.periods_s
        if len(usual) >= 2 and since_s > 2.5 * median(usual):
            self._say(Doubt.RHYTHM_LOST)
        self.state.periods_s = [*usual, since_s][-_REMEMBERED:]

    def _learn(self) -> None:
        """The person's own range and direction, once there are enough repetitions; what was none of them goes."""
        state, params = self.state, self.params
        if not state.settled:
            group = furthest_group(state.learnt)
            if len(group) >= params.own_range_after:
                state.settled = True
                self._keep(group)
        elif not state.checked and len(state.learnt) == _REMEMBERED:
            # The first three may have been three of something else; the next three show it.
            state.checked = True
            usual, line = median(one.range_deg for one in state.learnt[3:]), main_direction(state.learnt[3:])
            self._keep([one for one in state.learnt if self._is_like(one, usual, line)])
        line = main_direction(state.learnt)
        # The last one shows which way is out; on both sides in turn the first one did.
        shown = state.direction if state.direction and self.template.both_sides else state.learnt[-1].direction
        along = dot(line, shown)
        state.direction = [part if along >= 0 else -part for part in line]

    def _is_like(self, one: Loop, usual_deg: float, line: list[float]) -> bool:
        share = one.range_deg / usual_deg
        return self.params.up_share <= share <= self.params.range_share_max and abs(dot(one.direction, line)) >= 0.7

    def _keep(self, group: list[Loop]) -> None:
        """Only those of the last ones were repetitions."""
        self._drop([one for one in self.state.learnt if one not in group])
        self.state.learnt = group

    def _drop(self, loops: list[Loop]) -> None:
        """They were none, unless that was known already."""
        state = self.state
        open_ones = (*state.row, *state.lone, *state.doubted)
        gone = {one.number for one in loops} & {one.number for one in open_ones}
        state.taken_back += len(gone)
        self._block.taken_back += sorted(gone)
        state.row = [one for one in state.row if one.number not in gone]
        state.lone = [one for one in state.lone if one.number not in gone]
        state.doubted = [one for one in state.doubted if one.number not in gone]

    # ---- rows ----

    def _row_slots(self) -> float:
        """So long after the last repetition the row of them is over."""
        usual_s = median(one.length_s for one in self.state.row)
        apart_s = usual_s * (2 if self.template.alternates else 1)
        return (self.params.row_pause_s + self.params.row_pause_share * apart_s) * SLOTS_PER_S

    def _end_row(self) -> None:
        """With hindsight over the whole row, and what is known from others: what was none is taken back."""
        state = self.state
        if not state.row:
            return
        group = furthest_group(state.row)
        if len(group) >= self.params.row_min and not self._is_much_smaller(group, state.known):
            self._drop([one for one in state.row if not self._belongs(one, group)])
            self._review(group)
            self._keep_row()
        else:
            state.lone = [*state.lone, *state.row]
            self._unlearn()
        state.row = []
        del state.history[: -self._history_before()]
        if state.known:
            self._drop([one for one in state.lone if not self._same(one, state.known)])
            state.lone = []

    def _keep_row(self) -> None:
        """What goes less far than half of the plan is kept until something that goes further shows what it was."""
        state = self.state
        if self._is_much_smaller(state.doubted, state.row):
            self._drop(state.doubted)
        low_deg = self.template.range_deg[0] if self.template.range_deg else 0.0
        if median(one.range_deg for one in state.row) < self.params.up_share * low_deg:
            state.doubted = [*state.doubted, *state.row]
        else:
            state.known = [*state.known, *state.row][-_KNOWN:]

    def _is_much_smaller(self, loops: list[Loop], others: list[Loop]) -> bool:
        if not loops or not others:
            return False
        share = median(one.range_deg for one in loops) / median(one.range_deg for one in others)
        return share < self.params.row_share_min

    def _history_before(self) -> int:
        """Places that are kept from before a row."""
        return int((_ALIKE * self._limits.repetition_s_max + 4) * SLOTS_PER_S / THINNED)

    def _review(self, group: list[Loop]) -> None:
        """Count what was missed in or around the row; all of it anew, if the far end was taken for rest."""
        state = self.state
        if self.template.both_sides or not state.history:
            return
        line = main_direction(group)
        if sum(dot(line, one.direction) for one in group) < 0:
            line = [-part for part in line]
        rests = None
        if not self.template.ends_at_rest:
            rests = outer_rests(state.history, self._first_slot(), line, state.row)
        other = [-part for part in line]
        found = [] if rests is None else self._found(group, other, *rests)
        if found and len(found) >= len(state.row):
            self._drop(state.row)
            state.direction, state.learnt, state.known = other, found[-_REMEMBERED:], []
            for loop in found:
                self._count_late(loop)
            return
        usual_s = median(one.length_s for one in group)
        for loop in self._found(group, line):
            if self._is_near(loop.length_s, usual_s) and not any(overlap(loop, one) for one in state.row):
                self._count_late(loop)

    def _first_slot(self) -> int:
        """Of the history. Its last place is the one of the last slot that is a multiple of the thinning."""
        return (self.state.next_slot // THINNED - len(self.state.history) + 1) * THINNED

    def _found(self, group: list[Loop], line: list[float], begin: int = 0, end: int | None = None) -> list[Loop]:
        """Ways out and back in and around the row that go as far as the others along this line."""
        row = self.state.row
        history = self.state.history[begin : None if end is None else end + 1]
        usual_deg = median(one.range_deg for one in group)
        margin = _MARGIN * SLOTS_PER_S * median(one.length_s for one in row)
        return [
            one
            for one in swings(history, self._first_slot() + begin * THINNED, line, usual_deg)
            if self._is_near(one.range_deg, usual_deg)
            and dot(one.direction, line) >= self.params.direction_cos_min
            and row[0].start - one.count <= margin
            and one.start - row[-1].count <= margin + SLOTS_PER_S
        ]

    def _is_near(self, value: float, usual: float) -> bool:
        likeness = self.params.lone_likeness
        return likeness * usual <= value <= usual / likeness

    def _count_late(self, loop: Loop) -> None:
        """With hindsight."""
        self.state.counted += 1
        loop.number = self.state.counted
        self.state.row = sorted([*self.state.row, loop], key=lambda one: one.count)
        self._tell(loop)

    def _unlearn(self) -> None:
        """What was learnt in this row was learnt from no exercise."""
        state = self.state
        state.learnt, state.direction, state.refused = state.known[-_REMEMBERED:], [], []
        state.settled = state.checked = bool(state.known)
        if state.known:
            line = main_direction(state.learnt)
            along = dot(line, state.learnt[-1].direction)
            state.direction = [part if along >= 0 else -part for part in line]

    def _belongs(self, one: Loop, others: list[Loop]) -> bool:
        """Whether it goes as far, the same way and as fast as the others of its row."""
        params = self.params
        share = one.range_deg / median(each.range_deg for each in others)
        tempo = one.length_s / median(each.length_s for each in others)
        line = abs(dot(one.direction, main_direction(others)))
        return (
            params.row_share_min <= share <= 1 / params.row_share_min
            and params.tempo_share_min <= tempo <= 1 / params.tempo_share_min
            and line >= params.row_cos_min
        )

    def _same(self, one: Loop, others: list[Loop]) -> bool:
        """Whether a lone one is so like the known ones that it is one of them."""
        return (
            self._is_near(one.range_deg, median(each.range_deg for each in others))
            and self._is_near(one.length_s, median(each.length_s for each in others))
            and abs(dot(one.direction, main_direction(others))) >= _SAME_LINE
            and min(length_of(way(each.place, one.place)[:3]) for each in others) <= self.params.lone_apart_deg_max
        )

    # ---- words ----

    def _counted_lately(self) -> bool:
        state = self.state
        return state.last_slot >= 0 and state.next_slot - state.last_slot < _LATELY_S * SLOTS_PER_S

    def _say(self, doubt: Doubt) -> None:
        """Once, until the next repetition; what holds throughout, once."""
        if doubt.name not in self.state.said:
            self.state.said.append(doubt.name)
            self._block.doubts.append(DoubtAt(time_s=self._time_s(self.state.next_slot), doubt=doubt))

    def _time_s(self, slot: float) -> Seconds:
        return self.state.slots.first_s + slot / SLOTS_PER_S


@dataclass(slots=True)
class _OpenBlock:
    counted: list[Repetition] = field(default_factory=list)
    taken_back: list[int] = field(default_factory=list)
    doubts: list[DoubtAt] = field(default_factory=list)

    def closed(self) -> RepetitionBlock:
        return RepetitionBlock(
            counted=tuple(self.counted), taken_back=tuple(self.taken_back), doubts=tuple(self.doubts)
        )


def count_repetitions(
    chunk: Chunk,
    template: RepetitionTemplate | None = None,
    params: RepetitionParams | None = None,
    *,
    up: Signal3 | None = None,
) -> RepetitionBlock:
    """Repetitions of a whole recording: one update over everything, and the end."""
    counter = RepetitionCounter(sampling_rate_hz=chunk.sampling_rate_hz, template=template, params=params)
    first, last = counter.update(chunk, up=up), counter.finish()
    return RepetitionBlock(
        counted=first.counted + last.counted,
        taken_back=first.taken_back + last.taken_back,
        doubts=first.doubts + last.doubts,
    )
