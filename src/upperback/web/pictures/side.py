"""The whole spine from the side, with its three curves, the ribs and the shoulder blade in outline. Facing right."""

from itertools import pairwise
from math import atan2, cos, pi, sin
from typing import Final

from django.utils.translation import gettext_lazy as _

from upperback.web.pictures.base import (
    Picture,
    PicturePart,
    Spot,
    backdrop,
    n,
    part,
    path,
    rod,
    soft,
    spot,
    through,
)  # fmt: skip

WIDTH, HEIGHT = 360, 420

#: The middle line of the spine from the top of the neck to the pelvis: hollow, round, hollow.
_LINE: Final = (
    (190, 52), (192, 74), (187, 98), (174, 122), (161, 148), (152, 176), (148, 206), (151, 236), (160, 264),
    (172, 290), (181, 318),
    (180, 346), (170, 370),
)  # fmt: skip
#: How many bones: neck, upper back, low back; and their size along the spine, as shares of the whole.
_NECK, _UPPER, _LOW = 7, 12, 5


def _curve(samples: int = 240) -> list[Spot]:
    """Points on a smooth line through the given ones, close together."""
    spots: list[Spot] = []
    for number in range(len(_LINE) - 1):
        a, b = _LINE[number], _LINE[number + 1]
        before, after = _LINE[max(0, number - 1)], _LINE[min(len(_LINE) - 1, number + 2)]
        for step in range(samples // (len(_LINE) - 1)):
            t = step / (samples // (len(_LINE) - 1))
            spots.append((_cubic(before[0], a[0], b[0], after[0], t), _cubic(before[1], a[1], b[1], after[1], t)))
    return [*spots, _LINE[-1]]


def _cubic(p: float, a: float, b: float, q: float, t: float) -> float:
    return 0.5 * (2 * a + (b - p) * t + (2 * p - 5 * a + 4 * b - q) * t * t + (3 * a - p - 3 * b + q) * t**3)


def _bones() -> list[tuple[Spot, float, float]]:
    """Middle, turn and height of every bone, from the neck down."""
    heights = [10.0] * _NECK + [12.4 + 0.45 * k for k in range(_UPPER)] + [19.0 + 0.5 * k for k in range(_LOW)]
    curve = _curve()
    lengths = [0.0]
    for a, b in pairwise(curve):
        lengths.append(lengths[-1] + ((b[0] - a[0]) ** 2 + (b[1] - a[1]) ** 2) ** 0.5)
    stretch = lengths[-1] / sum(heights)
    found, way = [], 0.0
    for height in heights:
        middle = (way + height / 2) * stretch
        index = next(k for k, length in enumerate(lengths) if length >= middle)
        a, b = curve[max(0, index - 3)], curve[min(len(curve) - 1, index + 3)]
        found.append((curve[index], atan2(b[1] - a[1], b[0] - a[0]) - pi / 2, height * stretch))
        way += height
    return found


def _placed(at: Spot, turn: float, spots: tuple[Spot, ...]) -> list[Spot]:
    c, s = cos(turn), sin(turn)
    return [(at[0] + x * c - y * s, at[1] + x * s + y * c) for x, y in spots]


def _bone(at: Spot, turn: float, height: float, *, kind: str, deep: float, spike: float, droop: float) -> str:
    half = height * 0.4
    body = soft(_placed(at, turn, (
        (-deep, -half), (0, -half * 0.9), (deep, -half), (deep * 0.92, 0), (deep, half), (0, half * 0.9),
            (-deep, half), (-deep * 0.92, 0),
    )))  # fmt: skip
    thorn = soft(_placed(at, turn, (
        (-deep, -half * 0.7), (-deep - spike * 0.5, -half * 0.5 + droop * 0.4), (-deep - spike, droop),
            (-deep - spike, droop + 4),
        (-deep - spike * 0.5, half * 0.6 + droop * 0.5), (-deep, half * 0.4),
    )))  # fmt: skip
    return path(f"art-{kind}", thorn) + path(f"art-{kind}", body)


def _disc(one: tuple[Spot, float, float], other: tuple[Spot, float, float], deep: float) -> str:
    (a, turn, _height), (b, turn_b, _other) = one, other
    at, both = ((a[0] + b[0]) / 2, (a[1] + b[1]) / 2), (turn + turn_b) / 2
    thick = 1.9 if deep < 13 else 2.6
    return path(
        "art-disc",
        soft(
            _placed(
                at,
                both,
                ((-deep, -thick), (deep, -thick), (deep + 1.5, 0), (deep, thick), (-deep, thick), (-deep - 1, 0)),
            )
        ),
    )


def _row(
    bones: list[tuple[Spot, float, float]], first: int, last: int, *, kind: str, deep: float, spike: float, droop: float
) -> str:
    drawn = [_disc(bones[k], bones[k + 1], deep * 0.94) for k in range(first, min(last, len(bones) - 1))]
    drawn += [_bone(*bones[k], kind=kind, deep=deep, spike=spike, droop=droop) for k in range(last - 1, first - 1, -1)]
    return "".join(drawn)


_SKIN: Final = (
    (222, -20), (246, 0), (252, 30), (262, 50), (252, 60), (250, 74), (232, 84), (220, 92), (222, 112),
    (244, 130), (262, 160), (272, 200),
    (270, 236), (262, 270), (264, 310), (268, 350), (266, 450), (96, 450), (92, 392), (110, 356), (132, 320),
    (136, 290), (122, 250), (108, 208), (110, 172),
    (126, 134), (146, 108), (154, 84), (146, 60), (138, 30), (146, -10), (180, -30),
)  # fmt: skip

#: Where the front end of the ribs stands, from the first to the tenth: on the breastbone, then on its gristle.
_FRONT: Final = (
    (224, 134),
    (236, 150),
    (244, 166),
    (250, 182),
    (254, 198),
    (256, 213),
    (257, 227),
    (254, 244),
    (248, 260),
    (240, 274),
)


def _ribs(bones: list[tuple[Spot, float, float]]) -> str:
    drawn = []
    for number, front in enumerate(_FRONT):
        (x, y), _turn, _height = bones[_NECK + number]
        start = (x - 6, y + 2)
        low = max(front[1], y) + 10 + number * 1.6
        bends = f"{n(x - 16)} {n(y + 22 + number)} {n((x + front[0]) / 2 - 6)} {n(low + 6)}"
        drawn.append(rod(f"M{spot(start)}C{bends} {spot(front)}", 4.4))
    for number, reach in ((10, 44), (11, 26)):
        (x, y), _turn, _height = bones[_NECK + number]
        drawn.append(rod(f"M{spot((x - 4, y + 3))}Q{n(x + 4)} {n(y + 20)} {n(x + reach)} {n(y + 22)}", 4.4))
    drawn.append(path("art-gristle", through([_FRONT[-1], _FRONT[-2], _FRONT[-3], (259, 218)])))
    return "".join(drawn)


def _breastbone() -> str:
    return path(
        "art-bone",
        soft(
            [(218, 124), (228, 126), (246, 162), (260, 204), (260, 216), (252, 214), (242, 186), (230, 154), (218, 132)]
        ),
    )


def _blade() -> str:
    return path(
        "art-blade-line",
        soft(
            [(140, 140), (152, 136), (170, 146), (176, 156), (164, 184), (152, 214), (144, 212), (138, 180), (134, 154)]
        ),
    )


def _pelvis() -> str:
    wing = soft(
        [
            (138, 384),
            (150, 364),
            (176, 352),
            (206, 362),
            (220, 380),
            (210, 394),
            (202, 400),
            (206, 440),
            (150, 440),
            (152, 410),
            (142, 398),
        ]
    )
    return path("art-bone", wing)


def _art() -> str:
    bones = _bones()
    return "".join([
        backdrop(WIDTH, HEIGHT), path("art-skin", soft(_SKIN)),
        part(4, _ribs(bones)), part(5, _breastbone()),
        part(3, _row(bones, _NECK + _UPPER, _NECK + _UPPER + _LOW, kind="bone", deep=17, spike=15, droop=2)), _pelvis(),
        part(2, _row(bones, _NECK, _NECK + _UPPER, kind="spine", deep=12.5, spike=18, droop=11)),
        part(1, _row(bones, 0, _NECK, kind="bone", deep=8.5, spike=10, droop=4)),
        part(6, _blade()),
    ])  # fmt: skip


SIDE: Final = Picture(
    "curves",
    _("The spine from the side"),
    _(
        "A person seen from the side, facing right. The spine bends three times: hollow at the neck, round in the "
        "upper back, hollow in the low back. The ribs slope forward and down from the spine to the breastbone."
    ),
    WIDTH,
    HEIGHT,
    (
        PicturePart(_("Neck"), _("It bends inwards, in a soft hollow."), (226, 74), tip=(196, 76)),
        PicturePart(
            _("Upper back"),
            _("It bends outwards. Everybody's upper back is round, some more than others."),
            (84, 206),
            _("thoracic curve"),
            (128, 206),
        ),
        PicturePart(_("Low back"), _("It bends inwards again."), (224, 326), tip=(196, 326)),
        PicturePart(_("Ribs"), _("They slope down to the front and lift as you breathe in."), (206, 262)),
        PicturePart(_("Breastbone"), _("The upper ribs join it in front."), (290, 166), _("sternum"), (250, 176)),
        PicturePart(
            _("Shoulder blade"),
            _("It lies on the ribs, here drawn as an outline."),
            (90, 150),
            _("scapula"),
            (142, 156),
        ),
    ),
    _art,
)
