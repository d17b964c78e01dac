"""Directions, turns and the camera of the exercise figures. Small vectors as tuples: no array package is worth it here.

World: x forward, y to the person's left, z up; the unit is one hundredth of body height.
"""

from __future__ import annotations

from math import acos, atan2, cos, degrees, radians, sin, sqrt
from typing import NamedTuple


class Vec(NamedTuple):
    """A point or a direction."""

    x: float
    y: float
    z: float

    def plus(self, other: Vec) -> Vec:
        """The sum."""
        return Vec(self.x + other.x, self.y + other.y, self.z + other.z)

    def minus(self, other: Vec) -> Vec:
        """The difference."""
        return Vec(self.x - other.x, self.y - other.y, self.z - other.z)

    def times(self, factor: float) -> Vec:
        """Stretched."""
        return Vec(self.x * factor, self.y * factor, self.z * factor)

    def dot(self, other: Vec) -> float:
        """The inner product."""
        return self.x * other.x + self.y * other.y + self.z * other.z

    def cross(self, other: Vec) -> Vec:
        """The outer product."""
        return Vec(
            self.y * other.z - self.z * other.y,
            self.z * other.x - self.x * other.z,
            self.x * other.y - self.y * other.x,
        )

    def length(self) -> float:
        """How long."""
        return sqrt(self.dot(self))

    def unit(self) -> Vec:
        """The same direction, one long; straight ahead where there is no direction."""
        length = self.length()
        return self.times(1 / length) if length > 1e-9 else AHEAD


AHEAD = Vec(1, 0, 0)
LEFT = Vec(0, 1, 0)
UP = Vec(0, 0, 1)
ORIGIN = Vec(0, 0, 0)


def turned(vector: Vec, axis: Vec, angle_deg: float) -> Vec:
    """`vector` turned about `axis` by the right-hand rule."""
    c, s = cos(radians(angle_deg)), sin(radians(angle_deg))
    along = axis.times(axis.dot(vector) * (1 - c))
    return vector.times(c).plus(axis.cross(vector).times(s)).plus(along)


def blended(one: Vec, other: Vec, share: float) -> Vec:
    """From one direction to another along the shortest arc."""
    a, b = one.unit(), other.unit()
    angle = acos(max(-1.0, min(1.0, a.dot(b))))
    if angle < 1e-6:
        return a
    axis = a.cross(b)
    if axis.length() < 1e-6:  # opposite: any way round is the shortest
        axis = a.cross(UP) if abs(a.z) < 0.9 else a.cross(LEFT)
    return turned(a, axis.unit(), degrees(angle) * share)


class Frame(NamedTuple):
    """The axes of a part of the body: ahead of it, to its left, along it upwards."""

    ahead: Vec
    left: Vec
    up: Vec

    def at(self, ahead: float, left: float, up: float) -> Vec:
        """The vector with these parts along the axes."""
        return self.ahead.times(ahead).plus(self.left.times(left)).plus(self.up.times(up))

    def parts(self, vector: Vec) -> Vec:
        """The other way round: how much of a vector lies along each axis."""
        return Vec(vector.dot(self.ahead), vector.dot(self.left), vector.dot(self.up))

    def bent(self, *, forward_deg: float = 0, right_deg: float = 0, yaw_deg: float = 0) -> Frame:
        """Bent forward, to the right and turned to the left, in its own axes."""
        ahead, left, up = self
        if yaw_deg:
            ahead, left = turned(ahead, up, yaw_deg), turned(left, up, yaw_deg)
        if right_deg:
            left, up = turned(left, ahead, right_deg), turned(up, ahead, right_deg)
        if forward_deg:
            ahead, up = turned(ahead, left, forward_deg), turned(up, left, forward_deg)
        return Frame(ahead, left, up)


UPRIGHT = Frame(AHEAD, LEFT, UP)


class Camera:
    """Looks at the figure from far away, so that nothing shrinks with distance.

    turn_deg: 0 looks at the person's front, -90 at their right side. tilt_deg: 90 looks down from above.
    """

    def __init__(self, turn_deg: float, tilt_deg: float) -> None:
        turn, tilt = radians(turn_deg), radians(tilt_deg)
        self.towards = Vec(cos(tilt) * cos(turn), cos(tilt) * sin(turn), sin(tilt))
        self.right = Vec(-sin(turn), cos(turn), 0)
        self.up = self.towards.cross(self.right)

    def flat(self, point: Vec) -> tuple[float, float]:
        """Where a point falls in the picture: x to the right, y downwards."""
        return point.dot(self.right), -point.dot(self.up)

    def depth(self, point: Vec) -> float:
        """How near to the eye; larger is nearer."""
        return point.dot(self.towards)


def bend_between(shoulder: Vec, hand: Vec, upper: float, lower: float, elbow_towards: Vec) -> Vec:
    """Where the middle joint of a two-part limb goes so that its end reaches `hand`.

    elbow_towards: the direction in which the joint may stick out. A target out of reach gives a straight limb
    that points at it.
    """
    line = hand.minus(shoulder)
    far = max(1e-6, min(line.length(), upper + lower - 1e-6))
    ahead = line.unit()
    out = elbow_towards.minus(ahead.times(elbow_towards.dot(ahead)))
    out = out.unit() if out.length() > 1e-6 else ahead.cross(LEFT).unit()
    along = (far * far + upper * upper - lower * lower) / (2 * far)
    aside = sqrt(max(0.0, upper * upper - along * along))
    return shoulder.plus(ahead.times(along)).plus(out.times(aside))


def angle_between_deg(one: Vec, other: Vec) -> float:
    """The angle between two directions, 0 to 180."""
    return degrees(atan2(one.cross(other).length(), one.dot(other)))
