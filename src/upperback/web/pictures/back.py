"""The upper back from behind: its bones, and its muscles in two layers.

Sizes after a grown person at 7.2 units to a centimetre: T1 to T12 take 26 cm, a shoulder blade reaches from the second
to the seventh or eighth rib, its inner edge stands some 6 cm from the middle, its ridge ends at T3.
"""

from itertools import accumulate
from typing import Final

from django.utils.translation import gettext_lazy as _

from upperback.web.pictures.base import (
    Picture,
    PicturePart,
    Spot,
    aside,
    backdrop,
    circle,
    line,
    mirrored,
    muscle,
    n,
    part,
    path,
    rod,
    soft,
    spread,
    through,
)  # fmt: skip

MIDDLE: Final = 212.0
WIDTH, HEIGHT = 412, 372

#: The middle of T1 to T12. They grow on the way down.
T_Y: Final = tuple(accumulate(spread(14.6, 20.0, 11), initial=96.0))
C_Y: Final = tuple(96.0 - 11.5 * step for step in range(5, 0, -1))
L_Y: Final = tuple(T_Y[-1] + 21.5 * step for step in range(1, 5))

#: Of each pair of ribs: how far out it reaches, and how far down it has come there.
_REACH: Final = (34, 53, 67, 78, 87, 94, 99, 102, 103, 100, 80, 50)
_DROP: Final = (17, 29, 39, 46, 51, 55, 57, 58, 58, 56, 42, 24)
#: Half the span of the side processes, and the length of the middle spike, of T1 to T12.
_SPAN: Final = (27, 25, 24, 24, 23.5, 23, 22.5, 22, 21, 19, 16, 14)
_SPIKE: Final = (13, 14, 16, 18, 20, 21, 21, 20, 17, 14, 12, 11)


def _x(x: float) -> float:
    return MIDDLE + x


def _at(*spots: Spot) -> list[Spot]:
    return [(_x(x), y) for x, y in spots]


def _skin() -> str:
    """The outline: neck, shoulders, arms that run out of the picture, waist."""
    outer = (
        (40, -6),
        (36, 24),
        (28, 50),
        (27, 66),
        (44, 80),
        (96, 88),
        (132, 98),
        (152, 128),
        (162, 196),
        (172, 290),
        (178, 384),
    )
    inner = ((150, 384), (142, 300), (132, 226), (116, 180), (110, 240), (99, 300), (98, 340), (106, 384))
    right = through(_at(*outer)) + "L" + through(_at(*inner))[1:]
    left = (
        "L"
        + through(_at(*((-x, y) for x, y in reversed(inner))))[1:]
        + "L"
        + through(_at(*((-x, y) for x, y in reversed(outer))))[1:]
    )
    return path("art-skin", right + left + "Z")


def _rib(number: int, side: int) -> str:
    y, reach, drop = T_Y[number], _REACH[number], _DROP[number]
    start = _SPAN[number] - 5
    d = (
        f"M{n(_x(side * start))} {n(y - 1)}C{n(_x(side * (start + 0.5 * (reach - start))))} {n(y - 9)} "
        f"{n(_x(side * reach))} {n(y + drop * 0.25)} {n(_x(side * reach))} {n(y + drop)}"
    )
    return rod(d, 5.4)


def _front(number: int, side: int) -> str:
    """The part of a rib that runs round to the front, seen through the gaps."""
    x, y = side * _REACH[number], T_Y[number] + _DROP[number]
    return path(
        "art-far",
        f"M{n(_x(x))} {n(y)}C{n(_x(x * 1.01))} {n(y + 20)} {n(_x(x * 0.8))} {n(y + 30)} {n(_x(x * 0.45))} {n(y + 24)}",
    )


def _ribs(*, sides: tuple[int, ...] = (-1, 1)) -> str:
    fronts = "".join(_front(number, side) for number in range(1, 9) for side in sides)
    return fronts + "".join(_rib(number, side) for number in range(11, -1, -1) for side in sides)


def _vertebra(y: float, *, span: float, rise: float, spike: float, size: float, kind: str) -> str:
    """One bone of the spine from behind: two side processes, the arch between them, the spike in the middle."""
    wings = "".join(
        f"M{n(_x(side * 3))} {n(y + 1)}L{n(_x(side * (span - 2.4)))} {n(y - rise)}" for side in (-1, 1)
    )  # fmt: skip
    arch = _at(
        (-6.2 * size, y - 7.4 * size), (0, y - 5.4 * size), (6.2 * size, y - 7.4 * size), (8.8 * size, y),
        (7.4 * size, y + 8 * size), (0, y + 5.8 * size), (-7.4 * size, y + 8 * size), (-8.8 * size, y),
    )  # fmt: skip
    tip = y + spike
    thorn = (
        f"M{n(_x(-3.2))} {n(y - 4)}C{n(_x(-3.4))} {n(y + spike * 0.6)} {n(_x(-2.6))} {n(tip - 2)} {n(MIDDLE)} {n(tip)}"
        f"C{n(_x(2.6))} {n(tip - 2)} {n(_x(3.4))} {n(y + spike * 0.6)} {n(_x(3.2))} {n(y - 4)}Z"
    )
    return (
        path(f"art-{kind}-edge", wings, 6.8 * size + 1.8) + path(f"art-{kind}-rod", wings, 6.8 * size)
        + path(f"art-{kind}", soft(arch)) + path(f"art-{kind}", thorn)
    )  # fmt: skip


def _upper(number: int) -> str:
    return _vertebra(
        T_Y[number], span=_SPAN[number], rise=5.5 - number * 0.25, spike=_SPIKE[number], size=0.86 + number * 0.022,
        kind="spine",
    )  # fmt: skip


def _necks() -> str:
    return "".join(_vertebra(y, span=15, rise=0, spike=9, size=0.72, kind="bone") for y in reversed(C_Y))


def _lows() -> str:
    return "".join(_vertebra(y, span=25, rise=-1, spike=14, size=1.16, kind="bone") for y in reversed(L_Y))


def _spine() -> str:
    return "".join(_upper(number) for number in range(11, -1, -1))


def _upper_arm() -> str:
    shaft = f"M{n(_x(127))} 126C{n(_x(134))} 190 {n(_x(142))} 260 {n(_x(150))} 390"
    return rod(shaft, 12) + circle("art-bone", (_x(122), 117), 13.5)


_BLADE: Final = (
    (50, 104), (56, 103), (74, 108), (94, 106), (110, 108), (114, 122), (106, 138), (92, 160), (78, 186), (68, 204),
    (61, 207), (56, 200), (51, 176), (46, 150), (44.5, 130), (46, 114),
)  # fmt: skip
_RIDGE: Final = (
    (45, 125), (62, 116), (86, 108), (110, 95), (124, 92), (133, 98), (131, 107), (120, 107), (106, 106), (88, 117),
    (64, 126), (46, 131),
)  # fmt: skip


_HOLLOW: Final = ((54, 136), (78, 128), (98, 124), (92, 146), (76, 174), (64, 192), (56, 170))


def _blade() -> str:
    shapes = (("art-bone", _BLADE), ("art-bone-hollow", _HOLLOW), ("art-bone", _RIDGE))
    return "".join(path(css, soft(_at(*spots))) for css, spots in shapes)


def _collar() -> str:
    return rod(f"M{n(_x(128))} 97C{n(_x(96))} 84 {n(_x(60))} 92 {n(_x(24))} 104", 5.5)


def _levels() -> str:
    """T1, T4, T8, T12 beside the body, each with a fine line to its bone."""
    text = []
    for number in (0, 3, 7, 11):
        y = T_Y[number]
        text.append(path("art-leader", f"M36 {n(y)}H{n(_x(-12))}"))
        text.append(f'<text class="art-level" x="32" y="{n(y + 5.5)}" text-anchor="end">T{number + 1}</text>')
    return "".join(text)


def _bones() -> str:
    side = _collar() + _upper_arm() + _blade()
    return "".join([
        backdrop(WIDTH, HEIGHT), _skin(),
        part(5, _lows()), part(1, _necks()),
        part(3, _ribs()), part(2, _spine()),
        part(4, side, mirrored(MIDDLE, side)),
        _levels(),
    ])  # fmt: skip


# ---- muscles ------------------------------------------------------------------------------------------------------


def _long_muscles() -> str:
    """The long muscles beside the spine, in three strands, from the low back to the neck."""
    strands = []
    for inner, outer, top, fibres in ((7, 15, 60, 2), (14, 26, 92, 2), (25, 35, 128, 2)):
        low = 380.0
        origin = _at((inner * 1.15, low), (outer * 1.35, low))
        insertion = _at((inner * 0.8 + 1, top), (outer * 0.72 + 1, top + 6))
        strands.append(muscle(origin, insertion, fibres=fibres, bow=-0.035, kind="deep"))
    return "".join(strands)


def _between_blades() -> str:
    minor = muscle(_at((3, C_Y[-1] + 4), (3, T_Y[0] + 2)), _at((44, 117), (43, 129)), fibres=2, bow=0.03)
    major = muscle(_at((3, T_Y[1] - 4), (3, T_Y[4] + 4)), _at((44, 132), (57, 200)), fibres=7, bow=0.03)
    return minor + major


def _lifter() -> str:
    return muscle(_at((11, C_Y[0] - 8), (9, C_Y[3])), _at((54, 102), (46, 116)), fibres=3, bow=0.1)


def _saw() -> str:
    """The muscle that wraps round the ribs to the inner edge of the blade: its fingers show at the side."""
    fingers = []
    for number in range(3, 9):
        y = T_Y[number] + _DROP[number]
        x = _REACH[number]
        root = (x - 20 - (number - 3) * 1.5, y - 26)
        fingers.append(
            muscle(_at((x + 3, y - 5), (x + 1, y + 6)), _at(root, (root[0] - 4, root[1] + 10)), fibres=2, bow=0.06)
        )
    return "".join(fingers)


def _hood() -> str:
    """The trapezius: three parts that meet at the ridge of the blade."""
    upper = muscle(_at((7, 40), (2.5, 84)), _at((122, 93), (112, 95)), fibres=6, bow=0.16)
    middle = muscle(_at((2.5, 84), (2.5, 140)), _at((112, 95), (50, 121)), fibres=6, bow=0.02)
    lower = muscle(_at((2.5, 140), (2.5, T_Y[11] + 4)), _at((50, 121), (46, 131)), fibres=8, bow=-0.03)
    return upper + middle + lower


def _wide() -> str:
    """The latissimus: from the lower spine and the low back up to the arm."""
    return muscle(
        _at((3, T_Y[6] + 6), (3, 340), (8, 396), (84, 396)),
        _at((112, 160), (118, 166), (122, 174), (122, 186)),
        fibres=14,
        bow=0.09,
    )


def _cap() -> str:
    return muscle(_at((133, 98), (110, 100), (84, 112)), _at((150, 190), (147, 192), (144, 190)), fibres=6, bow=-0.16)


def _on_the_blade() -> str:
    return muscle(_at((50, 134), (60, 198)), _at((118, 116), (116, 130)), fibres=5, bow=-0.06)


def _muscles() -> str:
    left = "".join([
        aside(_on_the_blade()), part(7, _wide()), aside(_cap()), part(1, _hood()),
    ])  # fmt: skip
    right = "".join([
        _collar(), _upper_arm(), part(5, _saw()), part(4, _long_muscles()), _blade(),
        part(3, _between_blades()), part(2, _lifter()),
    ])  # fmt: skip
    return "".join([
        backdrop(WIDTH, HEIGHT), _skin(), _ribs(sides=(1,)), _lows(), _necks(), part(6, _spine()),
        mirrored(MIDDLE, left), right,
        path("art-middle", line([(MIDDLE, 46), (MIDDLE, 366)])),
    ])  # fmt: skip


BONES: Final = Picture(
    "bones",
    _("The bones of the upper back, seen from behind"),
    _(
        "A back seen from behind. In the middle, from the neck down to the low back, twelve bones sit one on top of "
        "the other. They are called T1 to T12. A pair of ribs runs out from each of them, round to the front. The two "
        "shoulder blades lie flat on the ribs, on both sides."
    ),
    WIDTH,
    HEIGHT,
    (
        PicturePart(
            _("Neck"),
            _("Seven bones. The lowest one is the bump you can feel when you look down."),
            (_x(-44), 58),
            _("cervical spine, C1 to C7"),
        ),
        PicturePart(
            _("Upper back"),
            _("Twelve bones, T1 to T12. Each one carries a pair of ribs."),
            (_x(0), T_Y[8] + 3),
            _("thoracic spine"),
        ),
        PicturePart(_("Ribs"), _("Twelve pairs. They move a little each time you breathe."), (_x(88), T_Y[10] + 6)),
        PicturePart(
            _("Shoulder blade"), _("It glides over the ribs when you move your arm."), (_x(76), 158), _("scapula")
        ),
        PicturePart(
            _("Low back"), _("Five large bones below the ribs."), (_x(44), L_Y[1] + 8), _("lumbar spine, L1 to L5")
        ),
    ),
    _bones,
)

MUSCLES: Final = Picture(
    "muscles",
    _("The muscles of the upper back, seen from behind"),
    _(
        "A back seen from behind. The left half shows the muscles right under the skin: a large one like half a kite "
        "from the neck to the shoulder and down the spine, and a wide one below it. The right half shows what lies "
        "deeper: muscles between the spine and the shoulder blade, and long ones beside the spine."
    ),
    WIDTH,
    HEIGHT,
    (
        PicturePart(
            _("Kite muscle"),
            _("From the neck and spine to the shoulder. It lifts and turns the shoulder blade."),
            (_x(-40), 112),
            _("trapezius"),
        ),
        PicturePart(
            _("Lifter of the blade"),
            _("From the side of the neck to the top corner of the blade."),
            (_x(42), 76),
            _("levator scapulae"),
        ),
        PicturePart(
            _("Muscles between the blades"), _("They draw the shoulder blades together."), (_x(26), 152), _("rhomboids")
        ),
        PicturePart(
            _("Long back muscles"),
            _("They run beside the spine from bottom to top, and hold you up."),
            (_x(26), 296),
            _("erector spinae"),
        ),
        PicturePart(
            _("Side muscle"),
            _("Its fingers hold on to the ribs. It keeps the blade flat and brings it forward."),
            (_x(96), T_Y[8] + 20),
            _("serratus anterior"),
        ),
        PicturePart(_("Spine"), _("T1 to T12, in the middle under the muscles."), (_x(0), 344)),
        PicturePart(
            _("Wide muscle"),
            _("From the lower back up to the arm. It pulls the arm down and back."),
            (_x(-76), 262),
            _("latissimus dorsi"),
        ),
    ),
    _muscles,
)
