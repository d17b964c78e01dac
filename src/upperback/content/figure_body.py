"""The body of the exercise figures: from joint angles to points in space that respect floor, seat and wall.

A figure names a posture and two poses. The posture says what carries the person (feet, knees, seat, back) and
that part stays exactly where it is; hands that rest on something stay there too, and the arm bends to suit.
All joints are described in `docs/reference/figures.md`.
"""

from __future__ import annotations

from collections.abc import Callable, Mapping
from dataclasses import dataclass
from math import cos, pi, radians, sin, sqrt

from upperback.content.figure_space import AHEAD, UP, UPRIGHT, Frame, Vec, bend_between, blended, turned
from upperback.content.models import Figure

# Sizes in hundredths of body height.
THIGH, SHANK, FOOT = 24.5, 24.0, 7.0
UPPER_ARM, FOREARM, HAND = 16.5, 14.5, 4.5
HIP_HALF, SHOULDER_HALF = 4.6, 9.6
LEG_RADIUS, ARM_RADIUS, HEAD_RADIUS, NECK_RADIUS = 3.7, 2.9, 6.9, 2.9
SPINE_STEP = 29.0 / 8
HEAD_ABOVE_SPINE = 10.4
SEAT_HEIGHT = LEG_RADIUS + SHANK
BACK_DEPTH = 5.6
ROLL_RADIUS = 3.6  # circle of the shoulder rolls

#: Half width and half depth of the trunk at the nine points of the spine, from the hips to the neck.
GIRTH = ((7.0, 5.4), (7.2, 5.6), (6.6, 5.2), (6.3, 5.0), (6.8, 5.3), (7.6, 5.7), (8.2, 5.8), (7.9, 5.0), (5.0, 3.6))
LUMBAR, THORACIC = 3, 5  # how many of the eight steps belong to the low and to the upper back

SIDES = ("l", "r")
SINGLE = ("trunk", "lean", "yaw", "thx", "lum", "neck", "head", "rib", "roll", "gait", "walking", "drop", "up")
SHORTHANDS = ("sh", "abd", "habd")

#: Places on the body where a hand can rest, as `to_<place>`: station of the spine, then ahead, to the own side, up;
#: and the way the elbow points (ahead, to the own side, up). The head has its own axes.
TOUCHES: Mapping[str, tuple[int, tuple[float, float, float], tuple[float, float, float]]] = {
    "head": (-1, (-4.6, 4.6, -3.0), (1.0, 0.6, -0.35)),
    "nape": (-1, (-6.2, 1.0, -6.5), (0.3, 1.0, 0.3)),
    "ribs": (4, (2.2, 8.8, 0.0), (-0.25, 1.0, -0.2)),
    "hip": (1, (1.0, 8.4, 0.6), (-0.5, 1.0, 0.0)),
    "back": (2, (-8.0, 0.5, 0.0), (-0.7, 1.0, -0.1)),
    "chest": (7, (5.4, -6.2, -0.6), (1.0, 0.15, -0.5)),
    "blade": (7, (1.5, -10.8, 0.8), (1.0, 0.2, -0.35)),
    "thigh": (0, (11.0, 6.4, 4.4), (-0.6, 0.9, 0.0)),
}

PAIRED = (
    *("hip", "kn", "splay", "foot", "heel"),
    *("elev", "plane", "rot", "el", "ret", "lift"),
    *("rest", "fore", "hand"),
    *(f"to_{place}" for place in TOUCHES),
)

#: Joints that run on in the same direction instead of coming back.
RUNNING_ON = ("roll", "gait")

_BASE: Mapping[str, float] = {"thx": 14, "lum": -9, "neck": 2, "ret": 0.4, "rib": 1.0, "elev": 4, "plane": 40, "el": 10}
_POSTURES: Mapping[str, Mapping[str, float]] = {
    "standing": {"hip": 0, "kn": 0},
    "seated": {},
    "kneeling": {"hip": 0, "kn": 90},
    "hands_and_knees": {"trunk": 78, "kn": 90, "neck": -6, "rest": 1, "elev": 78, "plane": 0, "el": 0},
    "side_lying": {"hip": 62, "kn": 88, "elev": 90, "plane": 0, "el": 0, "lum": 0, "lean": -10},
    "face_up": {"trunk": -90, "hip": 46, "kn": 92, "thx": 6, "lum": 0, "elev": 8, "plane": 60},
    "face_down": {"trunk": 90, "hip": 0, "kn": 0, "thx": 4, "lum": -2, "neck": 0, "elev": 6, "plane": 80},
    "plank_wall": {"hip": 0, "kn": 0, "lum": -6, "thx": 10, "rest": 1, "elev": 90, "plane": 0, "el": 0},
    "plank_knees": {"hip": 0, "lum": -5, "thx": 8, "neck": -4, "rest": 1, "elev": 75, "plane": 0, "el": 0},
    "heels": {"elev": 20, "plane": 0, "el": 20},
}

Pose = dict[str, float]


@dataclass(frozen=True, slots=True)
class Station:
    """A slice through the trunk: its middle, its axes, half its width and half its depth."""

    at: Vec
    frame: Frame
    half_width: float
    half_depth: float


@dataclass(frozen=True, slots=True)
class Skeleton:
    """Where everything is at one moment. Points by name, e.g. `elbow_l`."""

    points: Mapping[str, Vec]
    spine: tuple[Station, ...]
    head_frame: Frame

    def __getitem__(self, name: str) -> Vec:
        return self.points[name]

    @property
    def chest(self) -> Frame:
        """The axes of the chest at shoulder height."""
        return self.spine[-2].frame

    def limb(self, name: str) -> tuple[Vec, ...]:
        """The joints of `arm_l`, `leg_r` and so on, from the trunk outwards."""
        kind, side = name.split("_")
        joints = ("shoulder", "elbow", "wrist", "finger") if kind == "arm" else ("hip", "knee", "ankle", "toe")
        return tuple(self.points[f"{joint}_{side}"] for joint in joints)


def normal_pose(posture: str, angles: Mapping[str, float]) -> Pose:
    """A pose with every joint of both sides named: given ones, then the posture's, then those of quiet standing.

    `sh`, `abd` and `habd` are three ways to say how far an arm is raised and in which direction. An unknown
    joint raises KeyError, so that a misspelt one is found by the tests.
    """
    pose: Pose = {}
    for joint in SINGLE:
        pose[joint] = float(angles.get(joint, _POSTURES[posture].get(joint, _BASE.get(joint, 0))))
    for joint in PAIRED:
        default = angles.get(joint, _POSTURES[posture].get(joint, _BASE.get(joint, 0)))
        for side in SIDES:
            pose[f"{joint}_{side}"] = float(angles.get(f"{joint}_{side}", default))
    for side in SIDES:
        pose[f"elev_{side}"], pose[f"plane_{side}"] = _raised(angles, side, pose)
    pose["walking"] = float("gait" in angles)
    short = {f"{joint}{side}" for joint in SHORTHANDS for side in ("", "_l", "_r")}
    unknown = set(angles) - {*pose, *PAIRED, *VIEW_KEYS, *PLACES, *short}
    if unknown:
        raise KeyError(f"unknown joint {min(unknown)}")
    return pose


#: Keys of the start pose that set the camera, and places of things in the picture.
VIEW_KEYS = ("view_turn", "view_tilt", "view_zoom")
PLACES = ("band_x", "band_y", "band_z", "roller_x")


def _raised(angles: Mapping[str, float], side: str, pose: Pose) -> tuple[float, float]:
    def given(joint: str) -> float | None:
        value = angles.get(f"{joint}_{side}", angles.get(joint))
        return None if value is None else float(value)

    sh, abd, habd = given("sh"), given("abd"), given("habd")
    if habd is not None:
        return (90.0 if sh is None else sh), habd
    if abd is not None:
        return abd, 90.0
    if sh is not None:
        return sh, given("plane") or 0.0
    return pose[f"elev_{side}"], pose[f"plane_{side}"]


def mirrored_pose(pose: Pose) -> Pose:
    """The same pose to the other side."""
    swapped = {
        (key[:-1] + ("r" if key.endswith("_l") else "l") if key[-2:] in ("_l", "_r") else key): value
        for key, value in pose.items()
    }
    swapped["lean"], swapped["yaw"], swapped["head"] = -pose["lean"], -pose["yaw"], -pose["head"]
    return swapped


def goes_both_ways(figure: Figure) -> bool:
    """Whether the picture can show both sides in turn: they are meant to, and the start is the same for both."""
    start = normal_pose(figure.posture, figure.start)
    return figure.mirrored and start == mirrored_pose(start)


def mixed_pose(one: Pose, other: Pose, share: float) -> Pose:
    """The pose on the way between two poses."""
    return {key: value + (other[key] - value) * share for key, value in one.items()}


class Rig:
    """A figure made movable: `at(share)` is the body on the way from its start (0) to its end (1)."""

    def __init__(self, figure: Figure, *, to_other_side: bool = False) -> None:
        self.posture = figure.posture
        self.start = normal_pose(figure.posture, figure.start)
        end = normal_pose(figure.posture, figure.end)
        self.end = mirrored_pose(end) if to_other_side else end
        self._known: dict[float, Skeleton] = {}
        self._targets: dict[str, Vec] = {}
        first = self._resolved(self.start)
        self._targets = self._found_targets(first)
        self._first, self._last = self._resolved(self.start), self._resolved(self.end)

    def at(self, share: float) -> Skeleton:
        """The body at this share of the way; beyond 1 for joints that run on."""
        if share not in self._known:
            self._known[share] = self._on_the_way(share)
        return self._known[share]

    def _on_the_way(self, share: float) -> Skeleton:
        pose = mixed_pose(self.start, self.end, share if share <= 1 else 2 - share)
        for joint in RUNNING_ON:
            pose[joint] = self.start[joint] + (self.end[joint] - self.start[joint]) * share
        return self._resolved(pose, share=share)

    # ---- what touches what ----

    def _found_targets(self, first: Skeleton) -> dict[str, Vec]:
        """Where feet and supporting hands stay: where they are in the start pose."""
        targets = {"shoulder": first["shoulder_l"]}
        for side in SIDES:
            targets[f"toe_{side}"] = first[f"toe_{side}"]
            if self.start[f"fore_{side}"]:
                elbow = self._elbow_on_support(first, side)
                targets[f"elbow_{side}"] = elbow
                targets[f"wrist_{side}"] = elbow.plus(self._forearm_direction().times(FOREARM))
            else:
                targets[f"wrist_{side}"] = self._hand_on_support(first, side)
        return targets

    def _hand_on_support(self, first: Skeleton, side: str) -> Vec:
        wrist, shoulder = first[f"wrist_{side}"], first[f"shoulder_{side}"]
        if self.posture in ("hands_and_knees", "plank_knees"):
            return Vec(shoulder.x + self.start[f"hand_{side}"], shoulder.y, ARM_RADIUS)
        if self.posture == "heels":
            return Vec(wrist.x, wrist.y, ARM_RADIUS)
        return wrist

    def _elbow_on_support(self, first: Skeleton, side: str) -> Vec:
        shoulder, elbow = first[f"shoulder_{side}"], first[f"elbow_{side}"]
        if self.posture == "plank_wall":
            return elbow
        drop = min(UPPER_ARM, shoulder.z - ARM_RADIUS)
        ahead = sqrt(UPPER_ARM * UPPER_ARM - drop * drop)
        return Vec(shoulder.x + ahead, shoulder.y, shoulder.z - drop)

    def _forearm_direction(self) -> Vec:
        if self.posture == "plank_wall":
            return UP
        return AHEAD

    # ---- putting the body together ----

    def _resolved(self, pose: Pose, share: float | None = None) -> Skeleton:
        pose = self._settled(pose)
        points: dict[str, Vec] = {}
        root = _root(self.posture, pose)
        stations = _spine(root, pose)
        _place_legs(points, self.posture, root, pose)
        shift = self._anchor_shift(points, pose)
        if self.posture == "face_down" and self.start["fore_l"] and self._targets:
            # Propped on the forearms, the legs glide a little along the mat and the shoulders stay.
            ahead = self._targets["shoulder"].x - _shoulder(stations, pose, "l").plus(shift).x
            shift = shift.plus(Vec(ahead, 0, 0))
        points = {name: point.plus(shift) for name, point in points.items()}
        stations = tuple(Station(s.at.plus(shift), s.frame, s.half_width, s.half_depth) for s in stations)
        self._fix_feet(points, root, pose)
        head_frame = _place_head(points, stations, pose)
        for side in SIDES:
            self._place_arm(points, stations, pose, side, share)
        return Skeleton(points, stations, head_frame)

    def _settled(self, pose: Pose) -> Pose:
        """Where hands or forearms carry the chest, the trunk tips or arches until they reach their place."""
        forearm = next((side for side in SIDES if self.start[f"fore_{side}"]), None)
        if self.posture == "hands_and_knees":
            height = ARM_RADIUS + (UPPER_ARM + FOREARM) * 0.985 - pose["drop"]
            return _tuned(pose, "trunk", 40, 118, lambda p: self._shoulders_of(p).z - height)
        if self.posture == "face_down" and forearm:
            height = ARM_RADIUS + UPPER_ARM * 0.97
            return _tuned(pose, "lum", -90, 0, lambda p: self._shoulder_of(p, forearm).z - height)
        if self.posture == "heels" and forearm and self._targets:
            elbow = self._targets[f"elbow_{forearm}"]

            def gap(p: Pose) -> float:
                return self._shoulder_of(p, forearm).minus(elbow).length() - UPPER_ARM

            return _tuned_nearest(pose, "trunk", 20.0, 110.0, gap)
        return pose

    def _shoulders_of(self, pose: Pose) -> Vec:
        carrying = [side for side in SIDES if pose[f"rest_{side}"] > 0.5] or list(SIDES)
        places = [self._shoulder_of(pose, side) for side in carrying]
        return places[0] if len(places) == 1 else places[0].plus(places[1]).times(0.5)

    def _shoulder_of(self, pose: Pose, side: str) -> Vec:
        root = _root(self.posture, pose)
        points: dict[str, Vec] = {}
        _place_legs(points, self.posture, root, pose)
        return _shoulder(_spine(root, pose), pose, side).plus(self._anchor_shift(points, pose))

    def _anchor_shift(self, points: Mapping[str, Vec], pose: Pose) -> Vec:
        """How far the body has to move so that the part that carries it is where it belongs."""
        match self.posture:
            case "standing" | "plank_wall":
                toes = [points[f"toe_{side}"] for side in SIDES]
                if pose["walking"]:
                    return Vec(0, 0, LEG_RADIUS - min(toe.z for toe in toes))
                return Vec(-(toes[0].x + toes[1].x) / 2, 0, LEG_RADIUS - min(toe.z for toe in toes))
            case "seated":
                return Vec(0, 0, SEAT_HEIGHT + pose["up"])
            case "hands_and_knees":
                return Vec(0, 0, LEG_RADIUS + THIGH)
            case "kneeling" | "plank_knees":
                knee = points["knee_l"]
                return Vec(-knee.x, 0, LEG_RADIUS - knee.z)
            case "heels":
                return Vec(-20.5, 0, LEG_RADIUS + sqrt(THIGH * THIGH - 20.5 * 20.5) + pose["up"])
            case "side_lying":
                return Vec(0, 0, HIP_HALF + LEG_RADIUS + 1.6)
            case _:
                return Vec(0, 0, BACK_DEPTH + pose["up"])

    def _fix_feet(self, points: dict[str, Vec], root: Frame, pose: Pose) -> None:
        """Puts the feet, or the shins, exactly on their place and lets the knees follow."""
        for side in SIDES:
            hip = points[f"hip_{side}"]
            sign = 1 if side == "l" else -1
            match self.posture:
                case "standing" | "plank_wall" if not pose["walking"]:
                    toe = self._targets.get(f"toe_{side}", points[f"toe_{side}"])
                    toe = Vec(toe.x, toe.y, LEG_RADIUS)
                    out = radians(pose[f"splay_{side}"])
                    heel = radians(pose[f"heel_{side}"])
                    ahead = Vec(cos(out) * cos(heel), sign * sin(out) * cos(heel), -sin(heel))
                    ankle = toe.minus(ahead.times(FOOT))
                    _set_leg(points, side, hip, ankle, toe, Vec(1, 0, 0.2))
                case "seated":
                    width = sign * (HIP_HALF + 1.2)
                    ankle = Vec(THIGH - 0.5, width, LEG_RADIUS)
                    _set_leg(points, side, hip, ankle, ankle.plus(Vec(FOOT, sign * 0.8, 0)), Vec(1, 0, 1))
                case "face_up":
                    ankle = points[f"ankle_{side}"]
                    ankle = Vec(ankle.x, sign * HIP_HALF, LEG_RADIUS)
                    _set_leg(points, side, hip, ankle, ankle.plus(Vec(FOOT, 0, 0)), Vec(0, 0, 1))
                case "heels":
                    width = sign * (HIP_HALF + pose[f"splay_{side}"])
                    knee = Vec(0, width, LEG_RADIUS)
                    points[f"knee_{side}"] = knee
                    points[f"ankle_{side}"] = knee.plus(Vec(-SHANK, -sign * 1.0, 0))
                    points[f"toe_{side}"] = knee.plus(Vec(-SHANK - FOOT + 1, -sign * 1.5, 0))
                case "plank_knees" | "kneeling":
                    knee = points[f"knee_{side}"]
                    points[f"ankle_{side}"] = knee.plus(Vec(-SHANK, 0, 0))
                    points[f"toe_{side}"] = knee.plus(Vec(-SHANK - FOOT + 1, 0, 0))
                case "face_down":
                    knee = points[f"knee_{side}"]
                    points[f"ankle_{side}"] = Vec(knee.x - SHANK, knee.y, LEG_RADIUS + 0.6)
                    points[f"toe_{side}"] = Vec(knee.x - SHANK - FOOT, knee.y, LEG_RADIUS)

    def _place_arm(
        self, points: dict[str, Vec], stations: tuple[Station, ...], pose: Pose, side: str, share: float | None
    ) -> None:
        chest = stations[-2].frame
        shoulder = points[f"shoulder_{side}"] = _shoulder(stations, pose, side)
        rests_first, rests_last = self.start[f"rest_{side}"] > 0, self.end[f"rest_{side}"] > 0
        if self.start[f"fore_{side}"] and self._targets:
            elbow, wrist = self._targets[f"elbow_{side}"], self._targets[f"wrist_{side}"]
            _set_arm(points, side, elbow, wrist, wrist.minus(elbow))
        elif share is not None and rests_first != rests_last:
            one, other = self._arm_directions(self._first, side), self._arm_directions(self._last, side)
            upper, lower = (chest.at(*blended(a, b, share)) for a, b in zip(one, other, strict=True))
            lower = blended(lower, Vec(1, 0, 0.2), 0.5 * sin(pi * share))  # the hand clears the floor
            elbow = shoulder.plus(upper.times(UPPER_ARM))
            resting = self._first if rests_first else self._last
            laid = resting[f"finger_{side}"].minus(resting[f"wrist_{side}"])
            hand = blended(laid, lower, share if rests_first else 1 - share)
            _set_arm(points, side, elbow, elbow.plus(lower.times(FOREARM)), hand)
        elif (touched := _touched(points, stations, pose, side)) is not None:
            wrist, way = touched
            elbow = bend_between(shoulder, wrist, UPPER_ARM, FOREARM, way)
            _set_arm(points, side, elbow, wrist, wrist.minus(elbow))
        elif pose[f"rest_{side}"] > 0.5 and self._targets:
            wrist = self._targets[f"wrist_{side}"]
            elbow = bend_between(shoulder, wrist, UPPER_ARM, FOREARM, self._elbow_way(chest, side))
            _set_arm(points, side, elbow, wrist, self._hand_way(elbow, wrist))
        else:
            upper, lower = _arm_angles(chest, pose, side)
            elbow = shoulder.plus(upper.times(UPPER_ARM))
            wrist = elbow.plus(lower.times(FOREARM))
            if wrist.z + lower.z * HAND < ARM_RADIUS:  # the hand slides along the floor instead of through it
                wrist, lower = Vec(wrist.x, wrist.y, ARM_RADIUS), Vec(lower.x, lower.y, 0)
                wrist = _within_reach(shoulder, wrist)
                elbow = bend_between(shoulder, wrist, UPPER_ARM, FOREARM, UP)
            _set_arm(points, side, elbow, wrist, lower)

    def _arm_directions(self, body: Skeleton, side: str) -> tuple[Vec, Vec]:
        shoulder, elbow, wrist = (body[f"{joint}_{side}"] for joint in ("shoulder", "elbow", "wrist"))
        return body.chest.parts(elbow.minus(shoulder).unit()), body.chest.parts(wrist.minus(elbow).unit())

    def _elbow_way(self, chest: Frame, side: str) -> Vec:
        out = 0.35 if side == "l" else -0.35
        if self.posture == "plank_wall":
            return Vec(-0.35, out * 2, -1)
        if self.posture in ("hands_and_knees", "plank_knees"):
            return Vec(-1, out * 2, 0.25)
        return Vec(-0.1, out * 3, -1)

    def _hand_way(self, elbow: Vec, wrist: Vec) -> Vec:
        if self.posture == "plank_wall":
            return Vec(0.25, 0, 1) if self.start["trunk"] < 30 else Vec(1, 0, 0)
        if self.posture in ("hands_and_knees", "plank_knees", "heels"):
            return Vec(1, 0, 0)
        return wrist.minus(elbow)


# ---- parts of the body ------------------------------------------------------------------------------------------


def _root(posture: str, pose: Pose) -> Frame:
    if posture == "side_lying":  # on the right side, head to the left of the picture, front towards the eye
        return Frame(Vec(0, -1, 0), Vec(0, 0, 1), Vec(-1, 0, 0))
    return UPRIGHT.bent(forward_deg=pose["trunk"])


def _spine(root: Frame, pose: Pose) -> tuple[Station, ...]:
    frame, at = root, Vec(0, 0, 0)
    stations = [Station(at, frame, *GIRTH[0])]
    steps = LUMBAR + THORACIC
    for step in range(steps):
        forward = pose["lum"] / LUMBAR if step < LUMBAR else pose["thx"] / THORACIC
        yaw = pose["yaw"] / (steps - 2) if step >= 2 else 0
        frame = frame.bent(forward_deg=forward, right_deg=pose["lean"] / steps, yaw_deg=yaw)
        at = at.plus(frame.up.times(SPINE_STEP))
        width, depth = GIRTH[step + 1]
        wide = 1 + (pose["rib"] - 1) * max(0.0, 1 - abs(step - 4) / 3)
        stations.append(Station(at, frame, width * wide, depth))
    return tuple(stations)


def _shoulder(stations: tuple[Station, ...], pose: Pose, side: str) -> Vec:
    sign = 1 if side == "l" else -1
    roll = radians(pose["roll"])
    ahead = (0.4 - pose[f"ret_{side}"]) * 6.5 + ROLL_RADIUS * sin(roll)
    up = pose[f"lift_{side}"] * 4 + ROLL_RADIUS * (1 - cos(roll))
    inwards = abs(0.4 - pose[f"ret_{side}"]) * 1.6
    chest = stations[-2]
    return chest.at.plus(chest.frame.at(ahead, sign * (SHOULDER_HALF - inwards), up + 0.2))


def _place_head(points: dict[str, Vec], stations: tuple[Station, ...], pose: Pose) -> Frame:
    top = stations[-1]
    frame = top.frame.bent(forward_deg=pose["neck"], yaw_deg=pose["head"])
    points["neck"] = top.at
    points["head"] = top.at.plus(frame.at(0.9, 0, HEAD_ABOVE_SPINE))
    return frame


def _touched(points: Mapping[str, Vec], stations: tuple[Station, ...], pose: Pose, side: str) -> tuple[Vec, Vec] | None:
    """Where a hand that rests on the body is, and where its elbow points."""
    sign = 1 if side == "l" else -1
    for place, (station, (ahead, out, up), (way_ahead, way_out, way_up)) in TOUCHES.items():
        if pose[f"to_{place}_{side}"] > 0.5:
            chest = stations[-2].frame
            frame = chest if station < 0 else stations[station].frame
            origin = points["head"] if station < 0 else stations[station].at
            way = chest.at(way_ahead, sign * way_out, way_up)
            return origin.plus(frame.at(ahead, sign * out, up)), way
    return None


def _place_legs(points: dict[str, Vec], posture: str, root: Frame, pose: Pose) -> None:
    for side in SIDES:
        sign = 1 if side == "l" else -1
        hip_deg, knee_deg = pose[f"hip_{side}"], pose[f"kn_{side}"]
        if posture == "hands_and_knees" and not pose[f"foot_{side}"]:
            hip_deg = pose["trunk"] + pose[f"hip_{side}"]  # 0: thigh upright, whatever the trunk does
        if pose["walking"]:
            hip_deg, knee_deg = _stride(pose["gait"], side)
        thigh, shin = radians(hip_deg), radians(hip_deg - knee_deg)
        out = sin(radians(pose[f"splay_{side}"])) * sign if posture != "heels" else 0.0
        hip = root.at(0, sign * HIP_HALF, 0)
        knee = hip.plus(root.at(sin(thigh), out, -cos(thigh)).unit().times(THIGH))
        ankle = knee.plus(root.at(sin(shin), out, -cos(shin)).unit().times(SHANK))
        points[f"hip_{side}"], points[f"knee_{side}"], points[f"ankle_{side}"] = hip, knee, ankle
        if posture == "hands_and_knees":
            points[f"toe_{side}"] = ankle.plus(ankle.minus(knee).unit().times(FOOT - 1))
        elif posture in ("standing", "plank_wall") and not pose["walking"]:
            heel = radians(pose[f"heel_{side}"])
            points[f"toe_{side}"] = ankle.plus(Vec(cos(heel), 0, -sin(heel)).times(FOOT))
        else:
            points[f"toe_{side}"] = ankle.plus(root.at(cos(shin), 0, sin(shin)).times(FOOT))


def _stride(phase_deg: float, side: str) -> tuple[float, float]:
    """Hip and knee of a leg in an easy walk; the two sides are half a cycle apart."""
    phase = radians(phase_deg + (180 if side == "l" else 0))
    hip = 4 + 21 * cos(phase)
    swing = max(0.0, -sin(phase))
    return hip, 6 + 42 * swing * swing


def _set_leg(points: dict[str, Vec], side: str, hip: Vec, ankle: Vec, toe: Vec, knee_towards: Vec) -> None:
    points[f"knee_{side}"] = bend_between(hip, ankle, THIGH, SHANK, knee_towards)
    points[f"ankle_{side}"], points[f"toe_{side}"] = ankle, toe


def _set_arm(points: dict[str, Vec], side: str, elbow: Vec, wrist: Vec, hand_way: Vec) -> None:
    points[f"elbow_{side}"], points[f"wrist_{side}"] = elbow, wrist
    points[f"finger_{side}"] = wrist.plus(hand_way.unit().times(HAND))


def _within_reach(shoulder: Vec, wrist: Vec) -> Vec:
    """The wrist drawn in along the floor until the arm can reach it."""
    drop = shoulder.z - wrist.z
    reach = sqrt(max(1.0, (UPPER_ARM + FOREARM) ** 2 - drop * drop)) - 0.01
    way = Vec(wrist.x - shoulder.x, wrist.y - shoulder.y, 0)
    far = min(way.length(), reach)
    return Vec(shoulder.x, shoulder.y, wrist.z).plus(way.unit().times(far))


def _arm_angles(chest: Frame, pose: Pose, side: str) -> tuple[Vec, Vec]:
    """Directions of upper arm and forearm of a free arm."""
    sign = 1 if side == "l" else -1
    raised, plane = radians(pose[f"elev_{side}"]), radians(pose[f"plane_{side}"])
    upper = chest.at(sin(raised) * cos(plane), sign * sin(raised) * sin(plane), -cos(raised))
    sideways = chest.up.times(-1).cross(chest.at(cos(plane), sign * sin(plane), 0))
    bends = turned(chest.ahead, sideways, pose[f"elev_{side}"])
    bends = turned(bends, upper, -sign * pose[f"rot_{side}"])
    elbow = radians(pose[f"el_{side}"])
    return upper, upper.times(cos(elbow)).plus(bends.times(sin(elbow)))


# ---- small solvers ----------------------------------------------------------------------------------------------


def _tuned(pose: Pose, joint: str, low: float, high: float, miss: Callable[[Pose], float]) -> Pose:
    """The pose with one joint set so that `miss`, which falls with the joint, is nought."""
    for _ in range(22):
        middle = (low + high) / 2
        if miss({**pose, joint: middle}) > 0:
            low = middle
        else:
            high = middle
    return {**pose, joint: (low + high) / 2}


def _tuned_nearest(pose: Pose, joint: str, low: float, high: float, miss: Callable[[Pose], float]) -> Pose:
    """The pose with one joint moved from its own value to the nearest one where `miss` changes sign."""
    steps = 45
    values = [low + (high - low) * i / steps for i in range(steps + 1)]
    misses = [miss({**pose, joint: value}) for value in values]
    crossings = [i for i in range(steps) if misses[i] * misses[i + 1] <= 0]
    if not crossings:
        best = min(range(steps + 1), key=lambda i: abs(misses[i]))
        return {**pose, joint: values[best]}
    nearest = min(crossings, key=lambda i: abs(values[i] - pose[joint]))
    a, b = values[nearest], values[nearest + 1]
    rising = misses[nearest] < misses[nearest + 1]
    for _ in range(18):
        middle = (a + b) / 2
        if (miss({**pose, joint: middle}) > 0) == rising:
            b = middle
        else:
            a = middle
    return {**pose, joint: (a + b) / 2}
