"""Exercise figures as SVG: one drawn family, moving without script or style attributes.

`moving_figure` moves by SMIL and so also without JavaScript and under a strict content policy; `still_figures`
shows start and end side by side for print and for people who ask for less motion. Colours come from the
classes in `static/css/figures.css`. Conventions: `docs/reference/figures.md`.
"""

from __future__ import annotations

from collections.abc import Callable, Sequence
from dataclasses import dataclass, field
from functools import lru_cache
from html import escape
from itertools import pairwise
from math import cos, hypot, pi, radians, sin

import msgspec

from upperback.content import figure_body as anatomy
from upperback.content.figure_body import SIDES, Rig, Skeleton, Station
from upperback.content.figure_space import Camera, Vec
from upperback.content.models import Exercise, Figure
from upperback.web import languages
from upperback.web.figure_props import Line, prop_lines

WIDTH, HEIGHT, MARGIN, GUTTER = 320, 260, 14, 12
STEPS = 7  # pictures between start and end; more would not look smoother
REST_S = 0.5  # a breath in the start pose before the next repetition
SHOWN_HOLD_S = 4.0  # a stretch of half a minute is held this long in the picture

# A little turn and tilt lets the far arm and leg show and gives the mat a surface.
_VIEWS = {"side": (-76.0, 5.0), "front": (0.0, 5.0), "top": (180.0, 90.0)}
_LARGEST_SCALE = {"side": 2.6, "front": 2.6, "top": 4.2}

Spot = tuple[float, float]


@dataclass(slots=True)
class Part:
    """One drawn thing with its shape in every picture: path data, or the middle of a circle."""

    css: str
    shapes: list[str] = field(default_factory=list)
    spots: list[Spot] = field(default_factory=list)
    width: float | None = None
    radius: float | None = None
    order: float = 0.0


@dataclass(frozen=True, slots=True)
class Timing:
    """The pictures of a whole repetition: which share of the way, on which side, at what second."""

    shares: tuple[float, ...]
    other_side: tuple[bool, ...]
    seconds: tuple[float, ...]

    @property
    def length_s(self) -> float:
        """Seconds until everything starts again."""
        return self.seconds[-1]


# ---- public ------------------------------------------------------------------------------------------------------


def moving_figure(exercise: Exercise) -> str:
    """The exercise in motion, as SVG text for a page. Repeats for as long as it is shown."""
    return _named(_kept("move", msgspec.json.encode(exercise)), exercise)


def still_figures(exercise: Exercise) -> str:
    """Start and end of the exercise side by side, as SVG text for print and for less motion."""
    return _named(_kept("still", msgspec.json.encode(exercise)), exercise)


def figure_block(exercise: Exercise) -> str:
    """Moving and still picture together; the style sheet shows the one that suits the person or the printer."""
    return (
        f'<div class="figure"><div class="figure-moving">{moving_figure(exercise)}</div>'
        f'<div class="figure-still">{still_figures(exercise)}</div></div>'
    )


def _named(drawn: str, exercise: Exercise) -> str:
    """The drawing with its name and its words in the language of the page: what is kept has none."""
    title, words = languages.said(exercise.title), languages.said(exercise.figure.words)
    return drawn.replace(_TITLE, escape(title)).replace(_WORDS, escape(words))


def timing_of(exercise: Exercise) -> Timing:
    """When which picture is shown: out, pause, back and a short rest, after the tempo of the exercise."""
    tempo = exercise.tempo
    runs_on = any(joint in exercise.figure.end for joint in anatomy.RUNNING_ON)
    pause = 0.0 if runs_on else SHOWN_HOLD_S if tempo.hold_s else tempo.pause_s
    sides = (False, True) if anatomy.goes_both_ways(exercise.figure) else (False,)
    shares, others, seconds, now = [0.0], [False], [0.0], 0.0

    def add(share: float, at: float, other: bool) -> None:
        shares.append(share)
        others.append(other)
        seconds.append(at)

    for other in sides:
        if other:
            add(0.0, now, True)
        for step in range(1, STEPS + 1):
            way = step / STEPS
            add(way if runs_on else _eased(way), now + tempo.out_s * way, other)
        now += tempo.out_s + pause
        if pause:
            add(1.0, now, other)
        for step in range(1, STEPS + 1):
            way = step / STEPS
            add(1 + way if runs_on else 1 - _eased(way), now + tempo.back_s * way, other)
        now += tempo.back_s
        if not runs_on:
            now += REST_S
            add(0.0, now, other)
    return Timing(tuple(shares), tuple(others), tuple(seconds))


#: Where the name and the words of a drawing come.
_TITLE, _WORDS = "\ue010", "\ue011"


@lru_cache(maxsize=256)
def _kept(kind: str, encoded: bytes) -> str:
    """A drawn figure, kept for the process: drawing takes some 50 ms, and a page may hold several."""
    exercise = msgspec.json.decode(encoded, type=Exercise)
    return _drawn_moving(exercise) if kind == "move" else _drawn_still(exercise)


def _drawn_moving(exercise: Exercise) -> str:
    timing = timing_of(exercise)
    drawing = Drawing(exercise.figure, timing.shares, timing.other_side)
    inner = "".join(_element(part, timing) for part in drawing.parts())
    return _svg(exercise, "move", WIDTH, _BACKDROP + inner)


def _drawn_still(exercise: Exercise) -> str:
    drawing = Drawing(exercise.figure, (0.0, 1.0), (False, False))
    pictures = []
    for number in (0, 1):
        inner = "".join(_still_element(part, number) for part in drawing.parts(arrows=number == 0))
        label = f'<text class="fig-number" x="{MARGIN}" y="30">{number + 1}</text>'
        pictures.append(f'<g transform="translate({number * (WIDTH + GUTTER)} 0)">{_BACKDROP}{inner}{label}</g>')
    return _svg(exercise, "still", WIDTH * 2 + GUTTER, "".join(pictures))


def _eased(way: float) -> float:
    """Slow at both ends, as a person moves."""
    return way * way * (3 - 2 * way)


# ---- SVG ---------------------------------------------------------------------------------------------------------


_BACKDROP = f'<rect class="fig-back" x="0" y="0" width="{WIDTH}" height="{HEIGHT}" rx="16"/>'


def _svg(exercise: Exercise, kind: str, width: int, inner: str) -> str:
    name = f"fig-{exercise.id.lower()}-{kind}"
    return (
        f'<svg class="fig fig-{kind}" xmlns="http://www.w3.org/2000/svg" viewBox="0 0 {width} {HEIGHT}" role="img" '
        f'aria-labelledby="{name}-title {name}-desc"><title id="{name}-title">{_TITLE}</title>'
        f'<desc id="{name}-desc">{_WORDS}</desc>{inner}</svg>'
    )


def _attributes(part: Part, number: int) -> str:
    width = f' stroke-width="{_n(part.width)}"' if part.width is not None else ""
    if part.radius is not None:
        x, y = part.spots[number]
        return f'class="{part.css}" cx="{_n(x)}" cy="{_n(y)}" r="{_n(part.radius)}"{width}'
    return f'class="{part.css}" d="{part.shapes[number]}"{width}'


def _still_element(part: Part, number: int) -> str:
    tag = "circle" if part.radius is not None else "path"
    return f"<{tag} {_attributes(part, number)}/>"


def _element(part: Part, timing: Timing) -> str:
    tag = "circle" if part.radius is not None else "path"
    moves = "".join(_animation(name, values, timing) for name, values in _changing(part))
    opening = f"<{tag} {_attributes(part, 0)}"
    return f"{opening}>{moves}</{tag}>" if moves else f"{opening}/>"


def _changing(part: Part) -> list[tuple[str, list[str]]]:
    if part.radius is None:
        values = [("d", part.shapes)]
    else:
        values = [("cx", [_n(x) for x, _ in part.spots]), ("cy", [_n(y) for _, y in part.spots])]
    return [(name, shown) for name, shown in values if len(set(shown)) > 1]


def _animation(name: str, values: Sequence[str], timing: Timing) -> str:
    times = ";".join(f"{second / timing.length_s:.4g}" for second in timing.seconds)
    return (
        f'<animate attributeName="{name}" dur="{timing.length_s:g}s" repeatCount="indefinite" '
        f'keyTimes="{times}" values="{";".join(values)}"/>'
    )


def _n(value: float) -> str:
    """A number as short as it can be written."""
    text = f"{value:.1f}"
    text = text.removesuffix(".0")
    return "0" if text == "-0" else text


def _path(spots: Sequence[Spot], *, closed: bool = False) -> str:
    text = "M" + "L".join(f"{_n(x)} {_n(y)}" for x, y in spots)
    return text + "Z" if closed else text


def _curve(spots: Sequence[Spot]) -> str:
    """An open soft line through the middles between the points."""
    if len(spots) < 4:
        return _path(spots)
    text = f"M{_n(spots[0][0])} {_n(spots[0][1])}"
    for spot, after in pairwise(spots[1:-1]):
        text += f"Q{_n(spot[0])} {_n(spot[1])} {_n((spot[0] + after[0]) / 2)} {_n((spot[1] + after[1]) / 2)}"
    last, tip = spots[-2], spots[-1]
    return text + f"Q{_n(last[0])} {_n(last[1])} {_n(tip[0])} {_n(tip[1])}"


def _smooth(spots: Sequence[Spot]) -> str:
    """A closed soft outline that runs through the middles between the points."""
    middles = [((a[0] + b[0]) / 2, (a[1] + b[1]) / 2) for a, b in zip(spots, [*spots[1:], spots[0]], strict=True)]
    text = f"M{_n(middles[-1][0])} {_n(middles[-1][1])}"
    for spot, middle in zip(spots, middles, strict=True):
        text += f"Q{_n(spot[0])} {_n(spot[1])} {_n(middle[0])} {_n(middle[1])}"
    return text + "Z"


# ---- drawing -----------------------------------------------------------------------------------------------------


class Drawing:
    """All pictures of one figure, on one scale and in one order of layers."""

    def __init__(self, figure: Figure, shares: Sequence[float], other_side: Sequence[bool]) -> None:
        self.figure = figure
        self.shares = shares
        turn, tilt = _VIEWS[figure.view]
        self.camera = Camera(turn + figure.start.get("view_turn", 0), tilt + figure.start.get("view_tilt", 0))
        rigs = {False: Rig(figure)}
        if any(other_side):
            rigs[True] = Rig(figure, to_other_side=True)
        self.bodies = [rigs[other].at(share) for share, other in zip(shares, other_side, strict=True)]
        self.lines = [
            prop_lines(figure.props, rigs[other], body, figure.start)
            for body, other in zip(self.bodies, other_side, strict=True)
        ]
        self.sides = other_side
        self.ways = {other: [rig.at(step / 20) for step in range(21)] for other, rig in rigs.items()}
        self._fit()

    def parts(self, *, arrows: bool = True) -> list[Part]:
        """Everything drawn, from the back to the front."""
        parts = [*self._props(), *self._limbs(), self._trunk(), *self._head()]
        parts.sort(key=lambda part: part.order)
        doubled = [twin for part in parts for twin in _with_gap(part)]
        return [*self._floor(), *doubled, *self._dots(), *(self._arrows() if arrows else [])]

    # ---- fitting ----

    def _fit(self) -> None:
        spots = [
            (x + sx * r, y + sy * r)
            for body in self.bodies
            for x, y, r in self._extent(body)
            for sx, sy in ((-1, -1), (1, 1))
        ]
        if any(name in _TURNS for name in self.figure.moves):  # room for the arrow above the head
            spots += [self.camera.flat(body["head"].plus(Vec(0, 0, 12))) for body in self.bodies]
        spots += [self.camera.flat(p) for lines in self.lines for line in lines for p in line.points]
        left, right = min(x for x, _ in spots), max(x for x, _ in spots)
        top, bottom = min(y for _, y in spots), max(y for _, y in spots)
        room_x, room_y = WIDTH - 2 * MARGIN, HEIGHT - 2 * MARGIN - 6
        self.scale = min(_LARGEST_SCALE[self.figure.view], room_x / (right - left), room_y / (bottom - top))
        self.scale *= self.figure.start.get("view_zoom", 1.0)
        self.left = WIDTH / 2 - (left + right) / 2 * self.scale
        if "view_zoom" in self.figure.start:  # only the upper part shows; the legs run out of the picture
            self.top = MARGIN + 6 - top * self.scale
        elif self.camera.towards.z < 0.2:  # seen level: the ground is always at the same height
            spare = room_y - (bottom - top) * self.scale
            self.top = HEIGHT - MARGIN - 8 - max(bottom, 0.0) * self.scale - 0.3 * spare
        else:
            self.top = HEIGHT / 2 - (top + bottom) / 2 * self.scale

    def _extent(self, body: Skeleton) -> list[tuple[float, float, float]]:
        points = [(p, anatomy.HEAD_RADIUS if name == "head" else anatomy.LEG_RADIUS) for name, p in body.points.items()]
        points += [(station.at, station.half_depth) for station in body.spine]
        return [(*self.camera.flat(point), radius) for point, radius in points]

    def _spot(self, point: Vec) -> Spot:
        x, y = self.camera.flat(point)
        return x * self.scale + self.left, y * self.scale + self.top

    def _depth(self, points: Callable[[Skeleton], Sequence[Vec]]) -> float:
        depths = [self.camera.depth(p) for body in self.bodies for p in points(body)]
        return sum(depths) / len(depths)

    # ---- body ----

    def _limbs(self) -> list[Part]:
        parts = []
        for kind, radius in (("leg", anatomy.LEG_RADIUS), ("arm", anatomy.ARM_RADIUS)):
            for side in SIDES:
                name = f"{kind}_{side}"
                depth = self._depth(lambda body, name=name: body.limb(name)[:3])  # type: ignore[misc]
                css = "fig-limb-far" if side == self._far_side() else "fig-limb"
                shapes = [_path([self._spot(p) for p in body.limb(name)]) for body in self.bodies]
                parts.append(Part(css, shapes, width=radius * 2 * self.scale, order=depth))
        return parts

    def _far_side(self) -> str | None:
        """The side of the body that is turned away, if one is."""
        towards = self.camera.towards.dot(self.bodies[0].spine[0].frame.left)
        return None if abs(towards) < 0.3 else "r" if towards > 0 else "l"

    def _trunk(self) -> Part:
        along = [self.camera.flat(body.spine[-1].at.minus(body.spine[0].at)) for body in self.bodies]
        foreshortened = min(hypot(*line) for line in along) < 17
        outline = self._outline_around if foreshortened else self._outline_along
        shapes = [_smooth(outline(body)) for body in self.bodies]
        return Part("fig-body", shapes, order=self._depth(lambda body: [s.at for s in body.spine]))

    def _outline_along(self, body: Skeleton) -> list[Spot]:
        """Left and right edge of the trunk beside its middle line, closed by round ends."""
        middle = [self._spot(station.at) for station in body.spine]
        left, right = [], []
        for number, station in enumerate(body.spine):
            before, after = middle[max(0, number - 1)], middle[min(len(middle) - 1, number + 1)]
            way = _unit((after[0] - before[0], after[1] - before[1]))
            across = (-way[1], way[0])
            reach = self._reach(station, across)
            x, y = middle[number]
            left.append((x + across[0] * reach, y + across[1] * reach))
            right.append((x - across[0] * reach, y - across[1] * reach))
        return [
            *left,
            *self._cap(middle[-1], middle[-2], left[-1], 2.6),
            *reversed(right),
            *self._cap(middle[0], middle[1], right[0], 5.4),
        ]

    def _cap(self, end: Spot, inner: Spot, corner: Spot, reach: float) -> list[Spot]:
        way = _unit((end[0] - inner[0], end[1] - inner[1]))
        out = reach * self.scale
        half = (corner[0] - end[0], corner[1] - end[1])
        return [
            (end[0] + half[0] * share + way[0] * out * rise, end[1] + half[1] * share + way[1] * out * rise)
            for share, rise in ((0.72, 0.85), (0.0, 1.12), (-0.72, 0.85))
        ]

    def _outline_around(self, body: Skeleton) -> list[Spot]:
        """The hull of all slices, for a trunk seen along its length."""
        spots = []
        for step in range(28):
            angle = 2 * pi * step / 28
            way = (cos(angle), sin(angle))
            best, where = -1e9, (0.0, 0.0)
            for station in body.spine:
                x, y = self._spot(station.at)
                dx, dy = self._support(station, way)
                if (x + dx) * way[0] + (y + dy) * way[1] > best:
                    best, where = (x + dx) * way[0] + (y + dy) * way[1], (x + dx, y + dy)
            spots.append(where)
        return spots

    def _axes(self, station: Station) -> list[Spot]:
        frame = station.frame
        axes = (frame.left.times(station.half_width), frame.ahead.times(station.half_depth), frame.up.times(2.0))
        flat = [self.camera.flat(axis) for axis in axes]
        return [(x * self.scale, y * self.scale) for x, y in flat]

    def _reach(self, station: Station, way: Spot) -> float:
        return hypot(*(axis[0] * way[0] + axis[1] * way[1] for axis in self._axes(station)))

    def _support(self, station: Station, way: Spot) -> Spot:
        axes = self._axes(station)
        reach = hypot(*(axis[0] * way[0] + axis[1] * way[1] for axis in axes)) or 1.0
        shares = [(axis[0] * way[0] + axis[1] * way[1]) / reach for axis in axes]
        return (
            sum(axis[0] * share for axis, share in zip(axes, shares, strict=True)),
            sum(axis[1] * share for axis, share in zip(axes, shares, strict=True)),
        )

    def _head(self) -> list[Part]:
        neck = [_path([self._spot(body["neck"]), self._spot(body["head"])]) for body in self.bodies]
        spots = [self._spot(body["head"]) for body in self.bodies]
        depth = self._depth(lambda body: [body["head"]])
        trunk = self._depth(lambda body: [body["neck"]])
        return [
            Part("fig-neck", neck, width=anatomy.NECK_RADIUS * 2 * self.scale, order=trunk),
            Part("fig-head", spots=spots, radius=anatomy.HEAD_RADIUS * self.scale, order=depth + 1.0),
        ]

    # ---- things ----

    def _props(self) -> list[Part]:
        parts = []
        for number, first in enumerate(self.lines[0]):
            same = [lines[number] for lines in self.lines]
            shapes = [self._line_shape(line) for line in same]
            depths = [self.camera.depth(p) for line in same for p in line.points]
            order = sum(depths) / len(depths) + first.bias
            css = f"fig-prop fig-{first.kind}" if first.kind != "prop" else "fig-prop"
            parts.append(Part(css, shapes, width=first.thick * self.scale, order=order))
        return parts

    def _line_shape(self, line: Line) -> str:
        return _path([self._spot(p) for p in line.points], closed=line.filled)

    def _floor(self) -> list[Part]:
        if self.camera.towards.z >= 0.2 or "mat" in self.figure.props:
            return []
        y = self._spot(Vec(0, 0, 0))[1] + 0.5
        return [Part("fig-ground", [f"M{MARGIN} {_n(y)}H{WIDTH - MARGIN}"] * len(self.bodies))]

    # ---- dots and arrows ----

    def _dots(self) -> list[Part]:
        parts = []
        for name in self.figure.works:
            places = {False: _DOTS[name], True: _DOTS[_other_side(name)]}
            for number in range(len(_DOTS[name])):
                spots = [
                    self._spot(places[other][number](body)) for body, other in zip(self.bodies, self.sides, strict=True)
                ]
                parts.append(Part("fig-dot", spots=spots, radius=max(4.2, 2.3 * self.scale)))
        return parts

    def _arrows(self) -> list[Part]:
        parts = []
        for name in self.figure.moves or (self._furthest(),):
            names = {False: name, True: _other_side(name)}
            ways = [
                self._arrow_way(names[other], share, self.ways[other])
                for share, other in zip(self.shares, self.sides, strict=True)
            ]
            shapes = [_arrow_shape(way) for way in ways]
            parts += [Part("fig-gap", shapes, width=8.5), Part("fig-arrow", shapes)]
        return parts

    def _furthest(self) -> str:
        first, last = self.ways[False][0], self.ways[False][-1]
        return max(first.points, key=lambda name: first[name].minus(last[name]).length())

    def _arrow_way(self, name: str, share: float, way: Sequence[Skeleton]) -> list[Spot]:
        """The line of an arrow. Arrows for pressing and the like breathe with the movement, others stand still."""
        body = way[0]
        if name in _CIRCLES:
            return self._circle_way(self._spot(_CIRCLES[name](body)))
        if name in _TURNS:
            head, sign = body["head"], _TURNS[name]
            angles = [radians(-40 + 6.5 * step) for step in range(20)]
            around = [Vec(13 * cos(a), sign * 13 * sin(a), anatomy.HEAD_RADIUS + 1) for a in angles]
            return [self._spot(head.plus(body.chest.at(*point))) for point in around]
        if name in _PRESSES:
            where, direction, length = _PRESSES[name]
            (x, y), (dx, dy) = self._spot(where(body)), _unit(self.camera.flat(direction(body)))
            back = 4 + 7 * (1 - min(share, 2 - share))
            return [(x - dx * (length + back), y - dy * (length + back)), (x - dx * back, y - dy * back)]
        path = [self._spot(_place_of(moment, name)) for moment in way]
        middle = self._spot(way[10].spine[5].at)
        radius = (anatomy.HEAD_RADIUS if name == "head" else anatomy.LEG_RADIUS) * self.scale
        return _beside(path, middle, radius + 8)

    def _circle_way(self, middle: Spot) -> list[Spot]:
        """Most of a circle, drawn the way the shoulders go: forward, up, back and down."""
        side = 1 if middle[0] > WIDTH / 2 else -1
        centre = (middle[0] + side * 30, middle[1] - 6)
        angles = [radians(200 - 15 * step) for step in range(20)]
        forward = 1 if self.camera.flat(Vec(1, 0, 0))[0] > 0 else -1
        return [(centre[0] + forward * 13 * cos(a + pi), centre[1] + 13 * sin(a + pi)) for a in angles]


def _other_side(name: str) -> str:
    return name[:-1] + {"l": "r", "r": "l"}[name[-1]] if name[-2:] in ("_l", "_r") else name


def _with_gap(part: Part) -> list[Part]:
    """A limb in front of the body gets a thin gap around it, so that it stays readable."""
    if part.css not in ("fig-limb", "fig-limb-far", "fig-head"):
        return [part]
    gap = 5.0
    width = (part.width or 0) + gap if part.radius is None else gap
    return [Part("fig-gap", part.shapes, part.spots, width, part.radius, part.order), part]


def _unit(way: Spot) -> Spot:
    length = hypot(*way) or 1.0
    return way[0] / length, way[1] / length


def _beside(path: list[Spot], middle: Spot, gap: float) -> list[Spot]:
    """The way of a part, moved aside so that the arrow does not lie on the body; short ways are lengthened."""
    net = (path[-1][0] - path[0][0], path[-1][1] - path[0][1])
    way = _unit(net)
    centre = (sum(x for x, _ in path) / len(path), sum(y for _, y in path) / len(path))
    across = (-way[1], way[0])
    away = (centre[0] - middle[0], centre[1] - middle[1])
    if across[0] * away[0] + across[1] * away[1] < 0:
        across = (-across[0], -across[1])
    if hypot(*net) < 30:
        start = (centre[0] - way[0] * 15, centre[1] - way[1] * 15)
        path = [(start[0] + way[0] * 1.5 * i, start[1] + way[1] * 1.5 * i) for i in range(21)]
    for _ in range(6):  # corners of the way become curves
        path = [path[0], *(_mean(path[i - 1 : i + 2]) for i in range(1, len(path) - 1)), path[-1]]
    return [(x + across[0] * gap, y + across[1] * gap) for x, y in path[2:19]]


def _mean(spots: Sequence[Spot]) -> Spot:
    return sum(x for x, _ in spots) / len(spots), sum(y for _, y in spots) / len(spots)


def _arrow_shape(path: Sequence[Spot]) -> str:
    """A line along the path and a head at its end."""
    tip, before = path[-1], path[-2]
    way = _unit((tip[0] - before[0], tip[1] - before[1]))
    wings = []
    for turn in (142, -142):
        c, s = cos(radians(turn)), sin(radians(turn))
        wings.append((tip[0] + (way[0] * c - way[1] * s) * 9, tip[1] + (way[0] * s + way[1] * c) * 9))
    return _curve(path) + _path([wings[0], tip, wings[1]])


# ---- places on the body ------------------------------------------------------------------------------------------

Place = Callable[[Skeleton], Vec]


def _on_spine(station: int, ahead: float = 0.0, left: float = 0.0) -> Place:
    def place(body: Skeleton) -> Vec:
        slice_ = body.spine[station]
        return slice_.at.plus(slice_.frame.at(ahead * slice_.half_depth, left * slice_.half_width, 0))

    return place


def _joint(name: str) -> Place:
    return lambda body: body[name]


def _blade(side: str) -> Place:
    """The shoulder blade: it glides with the shoulder joint."""

    def place(body: Skeleton) -> Vec:
        slice_ = body.spine[6]
        own = slice_.frame.parts(body[f"shoulder_{side}"].minus(slice_.at))
        sign = 1 if side == "l" else -1
        return slice_.at.plus(slice_.frame.at(-0.6 * slice_.half_depth, sign * (3.9 + 0.42 * own.x), 0.4))

    return place


_DOTS: dict[str, tuple[Place, ...]] = {
    "upper_back": (_on_spine(6, -0.62),),
    "mid_back": (_on_spine(5, -0.62),),
    "low_back": (_on_spine(2, -0.62),),
    "chest": (_on_spine(6, 0.62),),
    "blades": (_blade("l"), _blade("r")),
    "blade_r": (_blade("r"),),
    "blade_l": (_blade("l"),),
    "ribs": (_on_spine(4, 0.2, 0.78), _on_spine(4, 0.2, -0.78)),
    "side_r": (_on_spine(4, 0, -0.72),),
    "side_l": (_on_spine(4, 0, 0.72),),
    "trunk": (_on_spine(3, 0.3),),
    "hips": (_on_spine(0, -0.55),),
    "neck": (_joint("neck"),),
    "shoulder": (_joint("shoulder_r"),),
    "shoulders": (_joint("shoulder_l"), _joint("shoulder_r")),
}


def _place_of(body: Skeleton, name: str) -> Vec:
    if name == "chest":
        return _on_spine(6, 1.0)(body)
    if name == "back":
        return _on_spine(6, -1.0)(body)
    if name == "hips":
        return _on_spine(0, -1.0)(body)
    return body[name]


def _towards(*parts: float) -> Callable[[Skeleton], Vec]:
    """A direction in the world."""
    return lambda body: Vec(*parts)


def _in_chest(*parts: float) -> Callable[[Skeleton], Vec]:
    """A direction in the axes of the chest."""
    return lambda body: body.chest.at(*parts)


def _beyond(place: Place, *parts: float) -> Place:
    """A place moved in the world."""
    return lambda body: place(body).plus(Vec(*parts))


#: Short arrows for pressing, breathing and going on, where nothing travels: tip, direction, length.
_PRESSES: dict[str, tuple[Place, Callable[[Skeleton], Vec], float]] = {
    "press_head": (_beyond(_joint("head"), 0, 0, anatomy.HEAD_RADIUS), _towards(0, 0, -1), 18),
    "press_shoulders": (_beyond(_on_spine(6, 1.0), 0, 0, 2), _towards(0, 0, -1), 18),
    "press_hands": (_beyond(_joint("wrist_r"), 0, 0, 3), _towards(0, 0, -1), 18),
    "press_wall": (_beyond(_joint("elbow_r"), 3, 0, -10), _towards(1, 0, 0), 20),
    "breathe_l": (_on_spine(4, 0, 3.0), _in_chest(0, 1, 0), 14),
    "breathe_r": (_on_spine(4, 0, -3.0), _in_chest(0, -1, 0), 14),
    "squeeze_l": (_on_spine(4, -1, 0.05), _in_chest(0, -1, 0), 15),
    "squeeze_r": (_on_spine(4, -1, -0.05), _in_chest(0, 1, 0), 15),
    "spread_l": (_on_spine(6, 0, 2.9), _in_chest(0, 1, 0), 22),
    "spread_r": (_on_spine(6, 0, -2.9), _in_chest(0, -1, 0), 22),
    "onwards": (_beyond(_on_spine(3), 30, 0, 0), _towards(1, 0, 0), 26),
}

_CIRCLES: dict[str, Place] = {"circle_l": _joint("shoulder_l"), "circle_r": _joint("shoulder_r")}

#: Arrows around the head for a turn of the chest: 1 to the left, -1 to the right.
_TURNS = {"turn_l": 1, "turn_r": -1}
