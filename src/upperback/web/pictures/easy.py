"""Small pictures for easy-read pages: one thing each, large enough to be known at a glance."""

from collections.abc import Callable
from functools import cache
from typing import Final

from markupsafe import Markup

from upperback.web.pictures.back import BONES, MUSCLES
from upperback.web.pictures.base import Picture, Spot, circle, n, path
from upperback.web.pictures.joints import ABOVE
from upperback.web.pictures.life import CARRYING, DESK, SLEEPING, Scene

WIDTH, HEIGHT = 320, 260

_BACK: Final = f'<rect class="fig-back" width="{WIDTH}" height="{HEIGHT}" rx="16"/>'


def _at(x: float, y: float, inside: str, scale: float = 1.0) -> str:
    return f'<g transform="translate({n(x)} {n(y)}) scale({scale:g})">{inside}</g>'


def _front(**pose: float) -> Scene:
    return Scene("standing", pose or {"abd": 10, "el": 6}, view="front")


def _one() -> str:
    return _front().person()


def _two() -> str:
    near, far = _front(abd_l=40, el_l=20), _front()
    return _at(-60, 0, near.person()) + _at(62, 0, far.person())


def _bubble(at: Spot, inside: str) -> str:
    x, y = at
    right, left = "a14 14 0 0 1 14 14v46a14 14 0 0 1 -14 14", "a14 14 0 0 1 -14 -14v-46a14 14 0 0 1 14 -14z"
    shape = f"M{n(x)} {n(y)}h76{right}h-46l-22 20v-20h-8{left}"
    return path("fig-pillow", shape) + inside


def _question(x: float, y: float) -> str:
    return path("easy-line", f"M{n(x - 12)} {n(y - 10)}a12 12 0 1 1 18 11q-6 4 -6 12M{n(x)} {n(y + 25)}v.5")


def _asks() -> str:
    return _at(-60, 0, _one()) + _bubble((180, 40), _question(218, 72))


def _doctor() -> str:
    cross = path("easy-cross", "M236 82v28M222 96h28")
    return _at(-72, 0, _one()) + _at(76, 0, _front().person()) + cross


def _clock() -> str:
    ticks = "".join(path("easy-line", f"M160 {a}v{b}") for a, b in ((46, 10), (204, 10)))
    across = "".join(path("easy-line", f"M{a} 130h10") for a in (76, 234))
    return circle("easy-face", (160, 130), 96) + ticks + across + path("easy-line", "M160 130V78M160 130l38 24")


def _call() -> str:
    body = '<rect class="fig-pillow" x="104" y="24" width="112" height="212" rx="20"/>'
    screen = '<rect class="easy-face" x="116" y="50" width="88" height="148" rx="6"/>'
    handset = path("easy-call", "M136 96c0 40 24 64 62 66l6 -20 -22 -12 -12 8c-8 -6 -14 -14 -18 -22l10 -10 -8 -24z")
    waves = path("easy-line", "M236 84q16 20 0 40M254 70q28 34 0 68")
    return body + screen + _at(-10, 0, handset) + waves


def _dot_on(joint: str, *, up: float = 0, ahead: float = 0) -> str:
    scene = _front()
    x, y = scene.joint(joint, up=up, ahead=ahead)
    return scene.person() + _hurts((160, y) if joint in {"neck", "hip_r"} else (x, y))


def _hurts(at: Spot) -> str:
    x, y = at
    rays = "".join(
        path("easy-hurt-line", f"M{n(x + a * 20)} {n(y + b * 20)}L{n(x + a * 31)} {n(y + b * 31)}")
        for a, b in ((1, 0), (-1, 0), (0, -1), (0.72, -0.72), (-0.72, -0.72), (0.72, 0.72), (-0.72, 0.72), (0, 1))
    )
    return circle("easy-hurt", (x, y), 12) + rays


def _legs() -> str:
    scene = _front()
    (x, y), (other_x, _) = scene.joint("knee_r"), scene.joint("knee_l")
    return scene.person() + _hurts((min(x, other_x) - 12, y)) + _hurts((max(x, other_x) + 12, y + 34))


def _hot() -> str:
    tube = path("easy-tube", "M206 60v108")
    bulb = circle("easy-hurt", (206, 190), 22) + path("easy-heat", "M206 100v80")
    return _at(-70, 0, _one()) + tube + bulb


def _breath() -> str:
    scene = Scene("standing", {"neck": 8, "to_chest_r": 1}, view="side")
    x, y = scene.joint("head")
    puffs = path("easy-line", f"M{n(x + 34)} {n(y + 4)}q10 -8 20 0t20 0M{n(x + 34)} {n(y + 22)}q10 -8 20 0t20 0")
    return _at(-30, 0, scene.person() + puffs)


def _fall() -> str:
    scene = Scene("face_up", {"hip": 30, "kn": 50})
    ladder = path("fig-prop", "M236 30l44 206M270 26l36 206M243 64h34M252 104h34M261 146h34M270 188h32", 6)
    return ladder + _at(-6, 246 - scene.ground() * 0.72, scene.person(), 0.72) + path("fig-ground", "M16 248h288")


def _stop() -> str:
    return path("easy-stop", "M122 38h76l54 54v76l-54 54h-76l-54 -54V92z") + path("easy-bar", "M112 130h96")


def _walk() -> str:
    pose = {"gait": 0, "hip_l": 24, "hip_r": -18, "kn_r": 14, "sh_l": -22, "sh_r": 22, "el": 20}
    return Scene("standing", pose).person()


def _reach() -> str:
    return _front(abd=150, el=10).person()


def _better() -> str:
    curve = path("easy-line", "M56 70C110 76 118 150 176 176S250 204 276 206")
    return path("fig-prop", "M44 36v186h244", 5) + curve + circle("fig-dot", (276, 206), 9)


def _part_of(picture: Picture, only: int | None = None) -> str:
    css = f"easy-only easy-only-{only}" if only else ""
    scale = min(WIDTH / picture.width, HEIGHT / picture.height)
    left = (WIDTH - picture.width * scale) / 2
    top = (HEIGHT - picture.height * scale) / 2
    return f'<g class="{css}" transform="translate({n(left)} {n(top)}) scale({scale:.3f})">{picture.art()}</g>'


#: Each picture by the name that a page calls it with.
_DRAWN: Final[dict[str, Callable[[], str]]] = {
    "asks": _asks, "doctor": _doctor, "clock": _clock, "helper": _two, "call": _call, "unsure": _asks,
    "back": lambda: _part_of(BONES), "bones": lambda: _part_of(BONES, 2), "ribs": lambda: _part_of(BONES, 3),
    "muscles": lambda: _part_of(MUSCLES), "joint": lambda: _part_of(ABOVE), "bag": lambda: _part_of(CARRYING, 1),
    "bags": lambda: _part_of(CARRYING, 2), "desk": lambda: _part_of(DESK), "bed": lambda: _part_of(SLEEPING),
    "chest": lambda: _dot_on("neck", up=-14), "pelvis": lambda: _dot_on("hip_r", up=-2), "legs": _legs, "hot": _hot,
    "breath": _breath, "fall": _fall, "stop": _stop, "walk": _walk, "reach": _reach, "better": _better,
}  # fmt: skip
NAMES: Final = frozenset(_DRAWN)


@cache
def easy_svg(name: str) -> Markup:
    """The picture, as decoration beside the sentence that says the same."""
    inside = _DRAWN[name]()
    return Markup(  # noqa: S704  our own drawing
        f'<svg class="fig easy-picture" viewBox="0 0 {WIDTH} {HEIGHT}" aria-hidden="true" focusable="false">'
        f"{_BACK}{inside}</svg>"
    )
