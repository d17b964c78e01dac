"""Chairs, walls, bands and the like in the exercise figures, as lines in space."""

from __future__ import annotations

from collections.abc import Callable, Mapping
from dataclasses import dataclass

from upperback.content.figure_body import (
    ARM_RADIUS,
    BACK_DEPTH,
    HEAD_RADIUS,
    SEAT_HEIGHT,
    SIDES,
    Rig,
    Skeleton,
)
from upperback.content.figure_space import Vec


@dataclass(frozen=True, slots=True)
class Line:
    """A line or outline in space. `thick` in body units; filled outlines are closed."""

    points: tuple[Vec, ...]
    kind: str = "prop"  # prop, band, weight, floor: decides the class
    thick: float = 1.6
    filled: bool = False
    bias: float = 0.0  # added to the depth when things are sorted


DOOR_HEIGHT = WALL_HEIGHT = 112.0

Maker = Callable[[Rig, Skeleton, Mapping[str, float]], list[Line]]


def prop_lines(names: tuple[str, ...], rig: Rig, body: Skeleton, given: Mapping[str, float]) -> list[Line]:
    """The lines of all props of a figure at one moment. Always as many, in the same order."""
    return [line for name in names for line in _MAKERS[name](rig, body, given)]


def _box(x0: float, x1: float, y0: float, y1: float, z: float) -> tuple[Vec, ...]:
    return (Vec(x0, y0, z), Vec(x1, y0, z), Vec(x1, y1, z), Vec(x0, y1, z))


def _chair(rig: Rig, body: Skeleton, given: Mapping[str, float]) -> list[Line]:
    top = SEAT_HEIGHT - BACK_DEPTH - 0.6
    rear, front, half = -9.0, 13.5, 10.5
    lines = [Line(_box(rear, front, -half, half, top), "seat", 2.4, filled=True, bias=-30)]
    for y in (-half, half):
        lines.append(Line((Vec(rear, y, top), Vec(rear, y, 0)), thick=2.2, bias=-30))
        lines.append(Line((Vec(front - 1, y, top), Vec(front - 1, y, 0)), thick=2.2, bias=-30))
        lines.append(Line((Vec(rear, y, top), Vec(rear - 1.5, y, top + 21)), thick=2.2, bias=-30))
    lines.append(Line((Vec(rear - 1.5, -half, top + 21), Vec(rear - 1.5, half, top + 21)), thick=2.2, bias=-30))
    lines.append(Line((Vec(rear - 1, -half, top + 14), Vec(rear - 1, half, top + 14)), thick=2.2, bias=-30))
    return lines


def _wall_x(rig: Rig) -> float:
    first = rig.at(0)
    return max(first[f"{joint}_{side}"].x for side in SIDES for joint in ("wrist", "elbow")) + ARM_RADIUS + 1.2


def _wall(rig: Rig, body: Skeleton, given: Mapping[str, float]) -> list[Line]:
    x = _wall_x(rig)
    corners = (Vec(x, -24, 0), Vec(x, 24, 0), Vec(x, 24, WALL_HEIGHT), Vec(x, -24, WALL_HEIGHT))
    return [Line(corners, "wall", 2.4, filled=True, bias=-60)]


def _doorway(rig: Rig, body: Skeleton, given: Mapping[str, float]) -> list[Line]:
    first = rig.at(0)
    x = first["elbow_l"].x + ARM_RADIUS + 1.4
    y = abs(first["elbow_l"].y) + 1.0
    posts = [Line((Vec(x, sign * y, 0), Vec(x, sign * y, DOOR_HEIGHT)), thick=3.2) for sign in (1, -1)]
    return [*posts, Line((Vec(x, -y, DOOR_HEIGHT), Vec(x, y, DOOR_HEIGHT)), thick=3.2, bias=-60)]


def _mat(rig: Rig, body: Skeleton, given: Mapping[str, float]) -> list[Line]:
    bodies = (rig.at(0), rig.at(1))
    resting = [p for b in bodies for p in b.points.values() if p.z < 16]
    x0, x1 = min(p.x for p in resting) - 9, max(p.x for p in resting) + 9
    half = max(14.0, max(abs(p.y) for p in resting) + 4)  # the same for both sides of an exercise
    y0, y1 = -half, half
    if rig.posture == "side_lying":
        y0 = min(p.y for p in resting) - 5
    return [Line(_box(x0, x1, y0, y1, -1.4), "mat", 2.6, filled=True, bias=-500)]


def _table(rig: Rig, body: Skeleton, given: Mapping[str, float]) -> list[Line]:
    first = rig.at(0)
    side = "l" if rig.start["rest_l"] else "r"
    hand = first[f"wrist_{side}"]
    top, near, far = hand.z - ARM_RADIUS - 1.0, hand.x - 2.5, hand.x + 25
    lines = [Line(_box(near, far, -18, 18, top), "seat", 2.6, filled=True, bias=-60)]
    for y in (-15.0, 15.0):
        lines += [Line((Vec(x, y, top), Vec(x, y, 0)), thick=2.2, bias=-61) for x in (near + 4, far - 3)]
    return lines


def _band(rig: Rig, body: Skeleton, given: Mapping[str, float]) -> list[Line]:
    if "band_x" not in given:
        return [Line((body["finger_l"], body["finger_r"]), "band", 1.5, bias=20)]
    anchor = Vec(given["band_x"], given.get("band_y", 0.0), given["band_z"])
    lines = [Line((body[f"finger_{side}"], anchor), "band", 1.5) for side in SIDES]
    post = (Vec(anchor.x, anchor.y, anchor.z - 9), Vec(anchor.x, anchor.y, anchor.z + 9))
    return [*lines, Line(post, thick=3.0)]


def _weight(rig: Rig, body: Skeleton, given: Mapping[str, float]) -> list[Line]:
    lines = []
    for side in SIDES:
        if rig.start[f"rest_{side}"]:
            continue
        hold = body[f"wrist_{side}"].plus(body[f"finger_{side}"]).times(0.5)
        along = Vec(1, 0, 0)
        lines.append(Line((hold.minus(along.times(5.5)), hold.plus(along.times(5.5))), "weight", 2.4, bias=30))
        for end in (-4.6, 4.6):
            middle = hold.plus(along.times(end))
            plate = (middle.minus(Vec(0, 0, 2.3)), middle.plus(Vec(0, 0, 2.3)))
            lines.append(Line(plate, "weight", 3.0, bias=30))
    return lines


def _roller(rig: Rig, body: Skeleton, given: Mapping[str, float]) -> list[Line]:
    x, radius = given["roller_x"], 4.6
    return [Line((Vec(x, -14, radius), Vec(x, 14, radius)), "roller", radius * 2, bias=-100)]


def _stick(rig: Rig, body: Skeleton, given: Mapping[str, float]) -> list[Line]:
    low = body.spine[0]
    foot = low.at.plus(low.frame.ahead.times(-BACK_DEPTH - 2.2))
    head = body["head"].plus(body.head_frame.ahead.times(-HEAD_RADIUS - 1.2))
    along = head.minus(foot).unit()
    return [Line((foot.minus(along.times(7)), head.plus(along.times(9))), "stick", 1.8, bias=40)]


def _bag(rig: Rig, body: Skeleton, given: Mapping[str, float]) -> list[Line]:
    side = "r"
    grip = body[f"wrist_{side}"].plus(body[f"finger_{side}"]).times(0.5)
    outline = tuple(grip.plus(Vec(x, 0, z)) for x, z in ((-8.2, -6.0), (-9.2, -18.5), (9.2, -18.5), (8.2, -6.0)))
    handle = tuple(grip.plus(Vec(x, 0, z)) for x, z in ((-5.2, -6.0), (-3.2, -0.5), (3.2, -0.5), (5.2, -6.0)))
    return [Line(outline, "bag", 2.2, filled=True, bias=25), Line(handle, "weight", 1.8, bias=26)]


def _cushion(rig: Rig, body: Skeleton, given: Mapping[str, float]) -> list[Line]:
    head = rig.at(0)["head"]
    z = max(2.4, (head.z - HEAD_RADIUS) / 2)
    return [Line((Vec(head.x - 5, head.y, z), Vec(head.x + 5, head.y, z)), "cushion", z * 2, bias=-90)]


_MAKERS: Mapping[str, Maker] = {
    "chair": _chair,
    "wall": _wall,
    "doorway": _doorway,
    "mat": _mat,
    "table": _table,
    "band": _band,
    "weight": _weight,
    "roller": _roller,
    "stick": _stick,
    "bag": _bag,
    "cushion": _cushion,
}
