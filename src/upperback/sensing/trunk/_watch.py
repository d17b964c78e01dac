"""Does the sensor still sit as it was aligned? Walking and bending tell, long after the tasks."""

import math
from collections.abc import Iterator
from dataclasses import dataclass, field
from typing import Literal

import numpy as np
import numpy.typing as npt

from upperback.sensing.epochs import Epochs
from upperback.sensing.trunk.base import TrunkAlignment

_Vectors = npt.NDArray[np.float64]


@dataclass(frozen=True, slots=True, kw_only=True)
class WatchParams:
    """What counts as walking, as bending, and as sitting otherwise than before. Choices of this project.

    Attributes
    ----------
    walk_mps2_min, walk_mps2_max : movement of an epoch in which somebody walks
    block_s : so many seconds of walking, or of bending, make one look
    steady_min : length of the mean direction of a look, from which it is one direction at all
    moved_deg : usual upright, as seen in walking, differs by more: the sensor has moved
    standing_deg : the first look may differ so much from the standing pose; people walk leaning forward a little
    bend_deg_min, bend_deg_max, bend_dps_min : an epoch in which somebody bends or comes up, and does not lie
    turned_deg : bends go so far to one side: the sensor has turned around the trunk
    removed_s : not worn for so long counts as taken off
    """

    walk_mps2_min: float = 0.8
    walk_mps2_max: float = 6.0
    block_s: int = 60
    steady_min: float = 0.6
    moved_deg: float = 10.0
    standing_deg: float = 20.0
    bend_deg_min: float = 25.0
    bend_deg_max: float = 75.0
    bend_dps_min: float = 10.0
    turned_deg: float = 45.0
    removed_s: int = 60


@dataclass(frozen=True, slots=True, kw_only=True)
class Shift:
    """The sensor sits otherwise than it was aligned.

    Attributes
    ----------
    at_s : start of the first look that showed it, s of the recording's time
    kind : `moved`: usual upright points elsewhere. `turned`: bends go to another side
    angle_deg : by how much
    after_removal : it was not worn for a while before
    sentence : for a person
    """

    at_s: int
    kind: Literal["moved", "turned"]
    angle_deg: float
    after_removal: bool
    sentence: str


def _nothing() -> _Vectors:
    return np.zeros(3)


#: What a second is to the watch.
_OTHER, _NOT_WORN, _WALKING, _BENDING = range(4)


@dataclass(slots=True, kw_only=True)
class _Look:
    """Directions added up until there are enough of them; then compared with the usual one.

    `usual` and `suspect` are zero while unknown.
    """

    total: _Vectors = field(default_factory=_nothing)
    n_epochs: int = 0
    since_s: int = 0
    usual: _Vectors = field(default_factory=_nothing)
    suspect: _Vectors = field(default_factory=_nothing)
    suspect_since_s: int = 0


@dataclass(slots=True, kw_only=True)
class WatchState:
    """Everything that changes while watching."""

    walking: _Look = field(default_factory=_Look)
    bending: _Look = field(default_factory=_Look)
    not_worn_s: int = 0
    removed: bool = False
    alignment: TrunkAlignment


class WearWatch:
    """Watches the epochs of one recording.

    A strap that slips or is put on again points elsewhere when the person is upright. Upright is known in walking:
    the mean direction of a minute of walking is compared with the one soon after the alignment. A strap that turns
    around the trunk does not change that, but then bends go to the side: the mean direction of active bends is
    compared with the front. Both have to show twice in a row.

    What it cannot see: a sensor that moved on somebody who neither walks nor bends, less than `moved_deg`, or turned
    back to front. Sensitivity on people is not known: it was tested with simulated wearers only.
    """

    def __init__(
        self, alignment: TrunkAlignment, params: WatchParams | None = None, state: WatchState | None = None
    ) -> None:
        self.params = params or WatchParams()
        self.state = state or WatchState(alignment=alignment)

    @property
    def alignment(self) -> TrunkAlignment:
        """What may be used from now on: after a shift only the new upright, or none of the directions."""
        return self.state.alignment

    def update(self, epochs: Epochs) -> list[Shift]:
        """Takes the next epochs. Returns what has come to light, usually nothing."""
        params, state = self.params, self.state
        not_worn = epochs.not_worn_share > 0.5
        worn = (epochs.measured_share > 0.9) & ~not_worn
        walking = worn & (epochs.movement_mps2 >= params.walk_mps2_min) & (epochs.movement_mps2 <= params.walk_mps2_max)
        bending = worn & ~walking & (epochs.generalised_velocity_dps >= params.bend_dps_min)
        upright, swift = np.array(state.alignment.is_axis), np.flatnonzero(bending)
        lean_deg = np.degrees(np.arccos((_directions(epochs.up[swift]) @ upright).clip(-1, 1)))
        bending[swift] = (lean_deg >= params.bend_deg_min) & (lean_deg <= params.bend_deg_max)
        kind = np.zeros(len(epochs), np.uint8)
        kind[bending], kind[walking], kind[not_worn] = _BENDING, _WALKING, _NOT_WORN
        up = epochs.up
        shifts: list[Shift] = []
        starts = [0, *(np.flatnonzero(kind[1:] != kind[:-1]) + 1).tolist()] if len(epochs) else []
        for what, start, end in zip(kind[starts].tolist(), starts, [*starts[1:], len(epochs)], strict=False):
            if what == _NOT_WORN:
                self._not_worn_for(end - start, goes_on=start == 0)
                continue
            state.not_worn_s = 0
            if what != _OTHER:
                take = self._walked if what == _WALKING else self._bent
                shifts += take(up[start:end].astype(np.float64), epochs.first_s + start)
        return shifts

    def _not_worn_for(self, n_epochs: int, *, goes_on: bool) -> None:
        state = self.state
        before_s = state.not_worn_s if goes_on else 0
        state.not_worn_s = before_s + n_epochs
        if before_s < self.params.removed_s <= state.not_worn_s:
            state.removed = True
            for look in (state.walking, state.bending):
                look.total, look.n_epochs, look.suspect = _nothing(), 0, _nothing()

    def _walked(self, directions: _Vectors, at_s: int) -> Iterator[Shift]:
        state, look = self.state, self.state.walking
        for seen in self._looks(look, directions, at_s):
            if not look.usual.any() and _angle_deg(seen, np.array(state.alignment.is_axis)) <= self.params.standing_deg:
                look.usual = seen
            usual = look.usual if look.usual.any() else np.array(state.alignment.is_axis)
            angle_deg = _angle_deg(seen, usual)
            if angle_deg <= self.params.moved_deg:
                look.suspect, state.removed = _nothing(), False
            elif self._again(look, seen):
                look.usual = seen
                state.bending = _Look()
                state.alignment = TrunkAlignment.from_axes(seen, None, source="walking")
                yield self._shift("moved", look.suspect_since_s, angle_deg)

    def _bent(self, directions: _Vectors, at_s: int) -> Iterator[Shift]:
        state, look = self.state, self.state.bending
        if not state.alignment.has_front:
            return
        _, left, front = state.alignment.axes()
        forward = -np.stack([directions @ front, directions @ left, np.zeros(len(directions))], axis=1)
        forward /= np.maximum(np.linalg.norm(forward, axis=1, keepdims=True), 1e-6)
        for seen in self._looks(look, forward, at_s):
            angle_deg = _angle_deg(seen, np.array([1.0, 0.0, 0.0]))
            if not self.params.turned_deg <= angle_deg <= 180 - self.params.turned_deg:
                look.suspect = _nothing()
            elif self._again(look, seen):
                state.alignment = TrunkAlignment.from_axes(np.array(state.alignment.is_axis), None, source="walking")
                yield self._shift("turned", look.suspect_since_s, angle_deg)
                return  # forward is not known any more

    def _looks(self, look: _Look, directions: _Vectors, at_s: int) -> Iterator[_Vectors]:
        """Adds directions of seconds in a row; the mean ones each time there are enough, and they agree."""
        done = 0
        while done < len(directions):
            if look.n_epochs == 0:
                look.since_s = at_s + done
            take = directions[done : done + self.params.block_s - look.n_epochs]
            look.total = np.add.reduce(np.concatenate([look.total[None], take]), axis=0)
            look.n_epochs += len(take)
            done += len(take)
            if look.n_epochs < self.params.block_s:
                return
            length = float(np.linalg.norm(look.total))
            seen, steady = look.total / max(length, 1e-9), length / look.n_epochs >= self.params.steady_min
            look.total, look.n_epochs = _nothing(), 0
            if steady:
                yield seen

    def _again(self, look: _Look, seen: _Vectors) -> bool:
        """The same unusual direction for the second time."""
        if look.suspect.any() and _angle_deg(seen, look.suspect) <= 2 * self.params.moved_deg:
            look.suspect = _nothing()
            return True
        look.suspect, look.suspect_since_s = seen, look.since_s
        return False

    def _shift(self, kind: Literal["moved", "turned"], at_s: int, angle_deg: float) -> Shift:
        after_removal, self.state.removed = self.state.removed, False
        when = "since it was put on again" if after_removal else "since then"
        did = "sits" if kind == "moved" else "has turned and sits"
        sentence = (
            f"The sensor {did} about {angle_deg:.0f} degrees otherwise {when}: how far you lean is still measured, "
            "but not forward and to the side apart, until you stand and bend again."
        )
        return Shift(at_s=at_s, kind=kind, angle_deg=angle_deg, after_removal=after_removal, sentence=sentence)


def usual_upright(epochs: Epochs, params: WatchParams | None = None) -> TrunkAlignment | None:
    """Upright as seen in walking, for a recording without tasks: total inclination only.

    None where there is less than one look of steady walking.
    """
    params = params or WatchParams()
    walking = (epochs.measured_share > 0.9) & (epochs.not_worn_share <= 0.5)
    walking &= (epochs.movement_mps2 >= params.walk_mps2_min) & (epochs.movement_mps2 <= params.walk_mps2_max)
    if int(walking.sum()) < params.block_s:
        return None
    mean = np.median(epochs.up[walking].astype(np.float64), axis=0)
    if np.linalg.norm(mean) < params.steady_min:
        return None
    return TrunkAlignment.from_axes(mean, None, source="walking")


def _directions(up: npt.NDArray[np.float32]) -> _Vectors:
    vectors = up.astype(np.float64)
    with np.errstate(invalid="ignore", divide="ignore"):
        directions: _Vectors = vectors / np.linalg.norm(vectors, axis=1, keepdims=True)
    return directions


def _angle_deg(one: _Vectors, other: _Vectors) -> float:
    (a, b, c), (x, y, z) = one.tolist(), other.tolist()
    return math.degrees(math.atan2(math.hypot(b * z - c * y, c * x - a * z, a * y - b * x), a * x + b * y + c * z))
