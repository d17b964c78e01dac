"""Where the parts of the body that carry a sensor point, and how the poses of the figures become such poses.

World: x ahead, y to the left, z up, in metres. A part's own axes: ahead, left, up along it; in quiet upright standing
all parts are turned as the world is.
"""

from collections.abc import Mapping
from dataclasses import dataclass, replace
from functools import cache
from math import atan2, degrees, hypot, radians

import numpy as np

from upperback.content.figure_body import Rig, Skeleton, goes_both_ways
from upperback.content.figure_space import Frame
from upperback.content.models import Exercise
from upperback.content.vocabulary import default_content
from upperback.devices.simulate.quaternions import (
    Array,
    chain,
    conjugate,
    exponential,
    from_matrix,
    logarithm,
    product,
    rotated,
    turn,
)
from upperback.devices.simulate.scenario import Base

#: The moving parts: lower and upper thoracic spine, upper arms.
PARTS = ("lower", "upper", "arm_l", "arm_r")

# Places in hundredths of body height, in the axes of the part: ahead, left, up.
LOWER_TO_UPPER: Array = np.array([0.0, 0.0, 10.9])
HIP_TO_LOWER: Array = np.array([0.0, 0.0, 14.5])
SHOULDER: Mapping[str, Array] = {"arm_l": np.array([0.0, 9.6, 0.2]), "arm_r": np.array([0.0, -9.6, 0.2])}

_LOWER_STATION, _UPPER_STATION = 4, 7
_NEARLY_ALONG_DEG = 12.0  # an arm this near to hanging or overhead has no direction of its own


@dataclass(frozen=True, slots=True)
class Pose:
    """Orientation of each part (part to world) and the place of the hips, m."""

    parts: Mapping[str, Array]
    hips: Array

    def mirrored(self) -> "Pose":
        """The same pose to the other side."""
        other = {"arm_l": "arm_r", "arm_r": "arm_l"}
        flip = np.array([1.0, -1.0, 1.0, -1.0])
        parts = {other.get(name, name): q * flip for name, q in self.parts.items()}
        return Pose(parts, self.hips * np.array([1.0, -1.0, 1.0]))

    def heading(self, angle_rad: float) -> "Pose":
        """The same pose, the whole person turned."""
        about = turn(2, angle_rad)
        return Pose({name: product(about, q) for name, q in self.parts.items()}, rotated(about, self.hips))


@dataclass(frozen=True, slots=True)
class Way:
    """From one pose to another by the shortest turn of every part: `at(share)`; beyond 1 it goes on."""

    start: Pose
    turns: Mapping[str, Array]
    shift: Array

    @classmethod
    def between(cls, start: Pose, end: Pose) -> "Way":
        """The way from start to end."""
        turns = {name: logarithm(product(conjugate(q), end.parts[name])) for name, q in start.parts.items()}
        return cls(start, turns, end.hips - start.hips)

    def at(self, share: float) -> Pose:
        """The pose on the way."""
        parts = {name: product(q, exponential(self.turns[name] * share)) for name, q in self.start.parts.items()}
        return Pose(parts, self.start.hips + self.shift * share)


# ---- everyday poses ----------------------------------------------------------------------------------------------

_HIP_HEIGHT: Mapping[Base, float] = {
    "standing": 53.0,
    "seated": 27.7,
    "back": 5.6,
    "front": 5.6,
    "left_side": 9.0,
    "right_side": 9.0,
}
_LYING_DEG: Mapping[Base, tuple[float, float]] = {  # flexion, lateral of the lying trunk
    "back": (-90.0, 0.0),
    "front": (90.0, 0.0),
    "left_side": (0.0, -90.0),
    "right_side": (0.0, 90.0),
}


def everyday(
    *,
    base: Base = "standing",
    flexion_deg: float = 0.0,
    lateral_deg: float = 0.0,
    axial_deg: float = 0.0,
    curve_deg: float = 0.0,
    arm_deg: float = 5.0,
    unit_m: float = 0.0172,
) -> Pose:
    """Standing, sitting or lying with these angles of the upper back; the lower spine bends `curve_deg` less."""
    lying_forward, lying_right = _LYING_DEG.get(base, (0.0, 0.0))
    forward, right = radians(flexion_deg + lying_forward), radians(lateral_deg + lying_right)
    share = 1.0 if base in _LYING_DEG else 0.6
    yaw, curve = radians(axial_deg), radians(curve_deg)
    upper = chain(turn(2, yaw), turn(0, right), turn(1, forward))
    lower = chain(turn(2, yaw / 2), turn(0, share * right), turn(1, forward - curve))
    arm = product(upper, turn(1, -radians(arm_deg) - (0.0 if base in _LYING_DEG else forward)))
    back_m = -0.25 * abs(np.sin(forward)) * 100 * unit_m * 0.4 if base == "standing" else 0.0  # hips go back in a bend
    hips = np.array([back_m, 0.0, _HIP_HEIGHT[base] * unit_m])
    return Pose({"lower": lower, "upper": upper, "arm_l": arm, "arm_r": arm}, hips)


# ---- poses of the figures ----------------------------------------------------------------------------------------


@dataclass(frozen=True, slots=True)
class ExerciseMotion:
    """How an exercise moves the sensors: the way from its start to its end and what its range counts.

    `range_deg` is the change of the counted angle over the whole way; `arm` says whose elevation or turn is counted.
    """

    exercise: Exercise
    way: Way
    other_way: Way | None  # to the other side, where the exercise goes to both in turn
    range_deg: float
    arm: str | None

    def share(self, range_deg: float) -> float:
        """How far along the way the counted angle has changed by this much."""
        return range_deg / self.range_deg


@cache
def _rest_frames() -> tuple[Array, Array]:
    """Lower and upper spine of the quietly standing figure: what every pose is compared with."""
    from upperback.content.models import Figure

    figure = Figure(
        view="side", posture="standing", start={}, end={}, props=(), works=(), moves=(), words="", mirrored=False
    )
    spine = Rig(figure).at(0).spine
    return _quaternion(spine[_LOWER_STATION].frame), _quaternion(spine[_UPPER_STATION].frame)


def _quaternion(frame: Frame) -> Array:
    return from_matrix(np.array([frame.ahead, frame.left, frame.up]).T)


def exercise_motion(id: str, *, unit_m: float) -> ExerciseMotion:
    """The motion of an exercise of the content. Raises KeyError for an unknown id."""
    exercise = {each.id: each for each in default_content().release.exercises}[id]
    figure = exercise.figure
    way = _way(Rig(figure), unit_m)
    other = _way(Rig(figure, to_other_side=True), unit_m) if goes_both_ways(figure) else None
    signal = exercise.sensor.signal.lower()
    arm = _busier_arm(way) if signal.startswith(("arm", "upper arm")) else None
    way, range_deg = _with_range(way, arm, raised="elevation" in signal)
    return ExerciseMotion(exercise, way, other, range_deg, arm)


def _way(rig: Rig, unit_m: float) -> Way:
    first, last = rig.at(0.0), rig.at(1.0)
    planes = {side: _plane_deg(first, last, side) for side in ("l", "r")}
    return Way.between(_pose(first, planes, unit_m), _pose(last, planes, unit_m))


def _pose(body: Skeleton, planes: Mapping[str, float], unit_m: float) -> Pose:
    rest_lower, rest_upper = _rest_frames()
    lower = product(_quaternion(body.spine[_LOWER_STATION].frame), conjugate(rest_lower))
    upper = product(_quaternion(body.spine[_UPPER_STATION].frame), conjugate(rest_upper))
    parts = {"lower": lower, "upper": upper}
    for side in ("l", "r"):
        elevation, plane = _arm_direction(body, side)
        plane = planes[side] if plane is None else plane
        if abs(plane - planes[side]) > 90:  # through hanging to the other side: a swing, not a spin about the arm
            elevation, plane = -elevation, plane - 180
        about = radians(plane if side == "l" else -plane)
        back = radians(planes[side] if side == "l" else -planes[side])
        chest = _quaternion(body.chest)
        # Turned about the chest's long axis, raised, and turned back by the same angle for the whole exercise.
        parts[f"arm_{side}"] = product(chest, chain(turn(2, about), turn(1, -radians(elevation)), turn(2, -back)))
    at = np.array(body.spine[_UPPER_STATION].at)
    hips = at - rotated(lower, HIP_TO_LOWER) - rotated(upper, LOWER_TO_UPPER)
    return Pose(parts, hips * unit_m)


def _arm_direction(body: Skeleton, side: str) -> tuple[float, float | None]:
    """Elevation against the chest, and the direction in which it is raised: 0 ahead, 90 out; None along the trunk."""
    shoulder, elbow = body[f"shoulder_{side}"], body[f"elbow_{side}"]
    ahead, left, up = body.chest.parts(elbow.minus(shoulder).unit())
    out = left if side == "l" else -left
    across = hypot(ahead, out)
    elevation = degrees(atan2(across, -up))
    along = min(elevation, 180 - elevation) < _NEARLY_ALONG_DEG
    return elevation, None if along else degrees(atan2(out, ahead))


def _plane_deg(first: Skeleton, last: Skeleton, side: str) -> float:
    for body in (first, last):
        if (plane := _arm_direction(body, side)[1]) is not None:
            return plane
    return 40.0


def _busier_arm(way: Way) -> str:
    return max(("arm_l", "arm_r"), key=lambda name: float(np.linalg.norm(way.turns[name])))


_LEAST_DEG = 1.0
_UNDRAWN_DEG = 5.0


def _with_range(way: Way, arm: str | None, *, raised: bool) -> tuple[Way, float]:
    """The way and how far it changes the counted angle. A figure that turns nothing gets a small lift of the chest."""
    part = arm or "upper"
    if arm is not None and raised:
        range_deg = _raised_deg(way, arm)
    else:
        range_deg = degrees(float(np.linalg.norm(way.turns[part])))
    if range_deg >= _LEAST_DEG:
        return way, range_deg
    turns = {**way.turns, part: np.array([0.0, radians(-_UNDRAWN_DEG), 0.0])}
    return replace(way, turns=turns), _UNDRAWN_DEG


def _raised_deg(way: Way, arm: str) -> float:
    """Change of the arm's elevation in the world: 0 hanging, 90 level; below 0 where it swings to the other side."""
    first, last = (rotated(way.at(share).parts[arm], np.array([0.0, 0.0, -1.0])) for share in (0.0, 1.0))
    up = [degrees(atan2(hypot(arrow[0], arrow[1]), -arrow[2])) for arrow in (first, last)]
    opposite = first[0] * last[0] + first[1] * last[1] < 0
    return up[0] + up[1] if opposite else abs(up[1] - up[0])
