"""How a sensor moves on the wearer: orientation, angular velocity and specific force at any moment of the planned day.

Orientation and place are stated as functions of time; rate and acceleration are their derivatives, taken from three
moments half a thousandth of a second apart. Specific force is R^T (a - g).
"""

from dataclasses import dataclass

import numpy as np
import numpy.typing as npt

from upperback.devices.simulate.jets import STENCIL_S, Jet, SmoothNoise, minimum_jerk
from upperback.devices.simulate.plan import Moves, Plan
from upperback.devices.simulate.pose import HIP_TO_LOWER, LOWER_TO_UPPER, SHOULDER
from upperback.devices.simulate.quaternions import (
    Array,
    carried,
    chain,
    conjugate,
    exponential,
    from_matrix,
    logarithm,
    product,
    rotated,
    small,
    turn,
    upwards,
)
from upperback.devices.simulate.scenario import Place, Sensor, Wearer
from upperback.sensing.signal import G_MPS2


@dataclass(frozen=True, slots=True)
class _Site:
    """Where on the body: the part, the place in its axes (hundredths of height), how an unturned sensor lies there."""

    part: str
    at: Array
    lies: Array  # sensor to part


def _lies(x: Array, z: Array) -> Array:
    return from_matrix(np.array([x, np.cross(z, x), z]).T)


_UP, _AHEAD, _LEFT = np.array([0.0, 0.0, 1.0]), np.array([1.0, 0.0, 0.0]), np.array([0.0, 1.0, 0.0])

SITES: dict[Place, _Site] = {
    "chest": _Site("upper", np.array([5.0, 0.0, -2.0]), _lies(_UP, _AHEAD)),
    "upper_back": _Site("upper", np.array([-5.2, 0.0, 0.5]), _lies(_UP, -_AHEAD)),
    "lower_thoracic": _Site("lower", np.array([-5.0, 0.0, 0.0]), _lies(_UP, -_AHEAD)),
    "upper_arm_left": _Site("arm_l", np.array([0.0, 2.6, -8.0]), _lies(_UP, _LEFT)),
    "upper_arm_right": _Site("arm_r", np.array([0.0, -2.6, -8.0]), _lies(_UP, -_LEFT)),
}

_TABLE = chain(turn(1, 0.02), turn(0, -0.015))  # no table is quite level
_BREATH_M = 0.004
_ARM_SWING_DEG = 18.0


@dataclass(frozen=True, slots=True)
class Moment:
    """What a perfect sensor measures and what is true, at many moments. Vectors in the sensor's axes, (3, n)."""

    orientation: Array  # (4, n) sensor to world
    specific_force_mps2: Array
    rate_radps: Array
    vertical: Array  # unit, up
    part_vertical: Array  # the same in the axes of the part: ahead, left, up
    curve_rad: Array
    worn: npt.NDArray[np.bool_]


class Motion:
    """The motion of one sensor. `mounts` are its turns on the body (sensor to unturned one), one for each wearing."""

    def __init__(self, plan: Plan, sensor: Sensor, wearer: Wearer, seed: int, mounts: list[Array]) -> None:
        self._plan, self._wearer = plan, wearer
        self._site = SITES[sensor.place]
        self._unit_m = wearer.height_cm / 100 / 100
        self._flaws = sensor.known_flaws
        self._sensor_to_part = [product(self._site.lies, mount) for mount in mounts]
        self._worn_again = np.array([(span.start_s + span.end_s) / 2 for span in plan.not_worn])
        self._bouts = np.array([gait.start_s for gait in plan.gaits])

        def noise(name: str, knot_s: float) -> SmoothNoise:
            return SmoothNoise(seed, name, knot_s=knot_s)

        self._sways = [noise(f"sway {axis}", 0.7) for axis in range(3)]
        self._tremors = [noise(f"tremor {axis}", 0.04) for axis in range(2)]
        self._breaths = noise("breaths", 9.0)
        self._shakes = [noise(f"shake {axis}", 1 / 14) for axis in range(3)]
        self._traffics = [noise(f"traffic {axis}", 5.0) for axis in range(2)]

    @property
    def alignments(self) -> list[tuple[float, Array]]:
        """From when on, and sensor to part."""
        moments = [0.0, *self._worn_again]
        return [(float(t), q) for t, q in zip(moments, self._sensor_to_part, strict=True)]

    def at(self, t: Array) -> Moment:
        """The sensor at these moments, in rising order."""
        moves = _at_moves(self._plan.moves, t)
        upper_turns, lower_turns, breath_push = self._small_turns(t)
        push = self._world_push(t)
        skin = self._skin(t, moves)

        lower = product(moves.part("lower"), small(_stacked(lower_turns)))
        upper = product(moves.part("upper"), small(_stacked(upper_turns)))
        place = moves.hips() + carried(lower, self._unit_m * HIP_TO_LOWER)
        part = lower
        if self._site.part != "lower":
            place += carried(upper, self._unit_m * LOWER_TO_UPPER)
            part = upper
        if self._site.part.startswith("arm"):
            place += carried(upper, self._unit_m * SHOULDER[self._site.part])
            part = product(moves.part(self._site.part), small(self._arm_turns(t)))
        place += carried(part, self._unit_m * self._site.at)
        shaken = part if skin is None else product(part, small(skin))
        acceleration = (place[:, 0] - 2 * place[:, 1] + place[:, 2]) / STENCIL_S**2
        acceleration += _heading_push(upper[:, 1], push) + rotated(part[:, 1], breath_push)
        curve = _flexion(upper[:, 1]) - _flexion(lower[:, 1])
        return self._seen(t, part, shaken, acceleration, np.arctan2(np.sin(curve), np.cos(curve)))

    # ---- what moves on top of the planned poses ----

    def _small_turns(self, t: Array) -> tuple[list[Jet], list[Jet], Array]:
        """Turns of upper and lower spine about ahead, left and up, rad; and the push of the breath, m/s2."""
        strength = self._plan.sway.jet(t)
        degree = np.pi / 180
        sway = [noise.jet(t).times(strength).scaled(self._wearer.sway_deg * degree) for noise in self._sways]
        upper = list(sway)
        if self._wearer.tremor_deg:
            for axis, noise in enumerate(self._tremors):
                upper[axis] = upper[axis].plus(noise.jet(t).scaled(self._wearer.tremor_deg * degree))
        breath = self._breath(t)
        lower = [each.scaled(0.7) for each in sway]
        upper[1] = upper[1].plus(breath.scaled(-self._wearer.breathing_deg * degree))
        lower[1] = lower[1].plus(breath.scaled(-0.3 * self._wearer.breathing_deg * degree))
        if not self._plan.lean.always(0.0, t[0], t[-1]):
            lean = self._plan.lean.jet(t).scaled(degree)
            upper[1], lower[1] = upper[1].plus(lean), lower[1].plus(lean)
        for i, part in self._bout_samples(t):
            more_upper, more_lower, _ = self._plan.gaits[i].turns(t[part])
            for turns, more in ((upper, more_upper), (lower, more_lower)):
                for axis in range(3):
                    turns[axis] = _added(turns[axis], more[axis], part)
        outwards = np.zeros((3, len(t)))
        if self._wearer.breathing_deg:
            outwards[0] = breath.dd * _BREATH_M
        return upper, lower, outwards

    def _breath(self, t: Array) -> Jet:
        rate = 2 * np.pi * self._wearer.breathing_per_min / 60
        uneven = self._breaths.jet(t).scaled(0.6)
        phase, d, dd = rate * t + uneven.x, rate + uneven.d, uneven.dd
        sine, cosine = np.sin(phase), np.cos(phase)
        wave = Jet(sine, d * cosine, dd * cosine - d * d * sine)
        return wave.times(self._plan.breathing.jet(t))

    def _arm_turns(self, t: Array) -> Array:
        turns = [Jet(*np.zeros((3, len(t)))) for _ in range(3)]
        for i, part in self._bout_samples(t):
            upper, _, _ = self._plan.gaits[i].turns(t[part])
            side = (
                1.0 if self._site.part == "arm_l" else -1.0
            )  # against the leg of its side, with the turn of the chest
            turns[1] = _added(turns[1], upper[2].scaled(side * _ARM_SWING_DEG / 3.0), part)
        return _stacked(turns)

    def _skin(self, t: Array, moves: "_AtMoves") -> Array | None:
        """Turn of the sensor on its skin, (3, 3 moments, n), in the axes of the part."""
        wobble_deg, slip = self._flaws.wobble_deg, self._flaws.skin_slip
        if not wobble_deg and not slip:
            return None
        turns = np.zeros((3, 3, len(t)))
        if slip and self._site.part != "lower":
            bend = product(conjugate(moves.part("lower")), moves.part("upper"))
            turns -= 2 * slip * bend[1:] * np.sign(bend[0])
        if wobble_deg:
            for i, part in self._bout_samples(t):
                _, _, skin = self._plan.gaits[i].turns(t[part])
                for axis in range(3):
                    turns[axis, :, part] += skin[axis].scaled(wobble_deg * np.pi / 180).stencil()
        return turns

    def _world_push(self, t: Array) -> Array:
        """(3, n) ahead, left, up: walking, vehicle."""
        push = np.zeros((3, len(t)))
        for i, part in self._bout_samples(t):
            push[:, part] += self._plan.gaits[i].push(t[part])
        for envelope, noises, shares in (
            (self._plan.vibration, self._shakes, (0.5, 0.5, 1.0)),
            (self._plan.traffic, self._traffics, (1.0, 1.0)),
        ):
            if not envelope.always(0.0, t[0], t[-1]):
                strength = envelope.jet(t).x
                for axis, (noise, share) in enumerate(zip(noises, shares, strict=True)):
                    push[axis] += share * strength * noise.jet(t).x
        return push

    def _bout_samples(self, t: Array) -> list[tuple[int, slice]]:
        """Each stretch of walking that touches these moments, and which of them."""
        found = []
        first = max(0, int(np.searchsorted(self._bouts, t[0], side="right")) - 1)
        for i in range(first, len(self._bouts)):
            gait = self._plan.gaits[i]
            if gait.start_s >= t[-1]:
                break
            start, end = np.searchsorted(t, (gait.start_s, gait.end_s))
            if start < end:
                found.append((i, slice(int(start), int(end))))
        return found

    # ---- what the sensor sees ----

    def _seen(self, t: Array, part: Array, shaken: Array, acceleration: Array, curve: Array) -> Moment:
        worn = self._plan.worn
        force_world = acceleration + np.array([[0.0], [0.0], [G_MPS2]])
        part_vertical = upwards(part[:, 1])
        if worn.always(1.0, t[0], t[-1]) and (period := self._periods(t))[0] == period[-1]:
            to_part = self._sensor_to_part[period[0]]
            middle = shaken[:, 1]
            back = conjugate(to_part)[:, None]
            rate = rotated(back, _rate(shaken))
            force = rotated(back, rotated(conjugate(middle), force_world))
            vertical = rotated(back, upwards(middle))
            return Moment(
                product(middle, to_part[:, None]), force, rate, vertical, part_vertical, curve, np.ones(len(t), bool)
            )
        on_body = product(shaken, np.array(self._sensor_to_part)[self._periods(t)].T[:, None, :])
        share = worn.jet(t)
        to_table = logarithm(product(conjugate(on_body), _TABLE[:, None, None]))
        orientation = product(on_body, exponential(to_table * (1 - np.clip(share.stencil(), 0.0, 1.0))))
        force_world = acceleration * share.x + np.array([[0.0], [0.0], [G_MPS2]])
        middle = orientation[:, 1]
        return Moment(
            middle,
            rotated(conjugate(middle), force_world),
            _rate(orientation),
            upwards(middle),
            part_vertical,
            curve,
            share.x >= 1.0,
        )

    def _periods(self, t: Array) -> npt.NDArray[np.intp]:
        return np.searchsorted(self._worn_again, t, side="right")


def _stacked(turns: list[Jet]) -> Array:
    return np.stack([each.stencil() for each in turns])


def _added(jet: Jet, more: Jet, part: slice) -> Jet:
    columns = []
    for column, extra in zip(jet, more, strict=True):
        changed = column.copy()
        changed[part] += extra
        columns.append(changed)
    return Jet(*columns)


def _rate(q: Array) -> Array:
    """Angular velocity in the moving frame, from the orientation (4, 3 moments, n)."""
    half: Array = product(conjugate(q[:, 1]), (q[:, 2] - q[:, 0]) / (2 * STENCIL_S))[1:]
    return 2 * half


def _flexion(q: Array) -> Array:
    up = upwards(q)
    angle: Array = np.arctan2(-up[0], up[2])
    return angle


def _heading_push(upper: Array, push: Array) -> Array:
    """A push ahead, to the left and up of the person, in the world."""
    ahead = carried(upper, _AHEAD)
    across = np.hypot(ahead[0], ahead[1])
    x, y = ahead[0] / np.maximum(across, 1e-6), ahead[1] / np.maximum(across, 1e-6)
    return np.stack([x * push[0] - y * push[1], y * push[0] + x * push[1], push[2]])


class _AtMoves:
    """The moves that are going on at some moments and how far they have come, just before, at and just after."""

    def __init__(self, moves: Moves, which: npt.NDArray[np.intp], t: Array) -> None:
        self._moves = moves
        if which[0] == which[-1]:
            which = which[:1]
        self._which = which
        share = (t - moves.start_s[which]) / moves.duration_s[which]
        step = STENCIL_S / moves.duration_s[which]
        self._share = minimum_jerk(np.stack(np.broadcast_arrays(share - step, share, share + step)))
        self._known: dict[str, Array] = {}

    def part(self, name: str) -> Array:
        """(4, 3, n) orientation of a part by its moves alone."""
        if name not in self._known:
            start = self._moves.parts[name][:, self._which][:, None, :]
            turns = self._moves.turns[name][:, self._which][:, None, :]
            if turns.any():
                start = product(start, exponential(turns * self._share))
            self._known[name] = start
        return self._known[name]

    def hips(self) -> Array:
        """(3, 3, n) place of the hips, m."""
        return (
            self._moves.hips[:, self._which][:, None, :] + self._moves.shift[:, self._which][:, None, :] * self._share
        )


def _at_moves(moves: Moves, t: Array) -> _AtMoves:
    which = np.clip(np.searchsorted(moves.start_s, t, side="right") - 1, 0, len(moves.start_s) - 1)
    return _AtMoves(moves, which, t)
