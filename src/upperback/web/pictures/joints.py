"""Two pictures from close by: three bones of the upper back from the side, and one with its two ribs from above."""

from math import cos, pi, sin
from typing import Final

from django.utils.translation import gettext_lazy as _

from upperback.web.pictures.base import (
    Picture,
    PicturePart,
    Spot,
    backdrop,
    mirrored,
    n,
    part,
    path,
    rod,
    soft,
    through,
)  # fmt: skip

# ---- from the side ------------------------------------------------------------------------------------------------
#: Not inside the f-strings of the drawings, where whoever gathers texts for translators does not look.
_FRONT: Final = _("front")
_BACK: Final = _("back")

# The front of the body is on the left. A bone is drawn around the middle of its body; the next one stands below it, a
# little further back, as the upper back curves.

_STEP_Y: Final = 112.0
_MIDDLES: Final = ((122.0, 74.0), (116.0, 74.0 + _STEP_Y), (116.0, 74.0 + 2 * _STEP_Y))

#: Around the middle: the body; the arch with its joint surfaces and the long spike, which slopes down at the back.
_BODY: Final = (
    (-54, -43), (-48, -46), (0, -43), (46, -46), (53, -42), (50, -14), (50, 14), (55, 42), (48, 46), (0, 43),
    (-50, 46),
    (-57, 42), (-50, 14), (-49, -14),
)  # fmt: skip
_ARCH: Final = (
    (46, -38), (66, -36), (80, -44), (84, -72), (90, -76), (97, -70), (98, -34), (112, -14), (146, 20),
    (188, 74), (196, 92),
    (190, 100), (178, 94), (140, 52), (120, 34), (118, 36), (116, 52), (108, 56), (102, 48), (98, 20),
    (88, -2), (72, -8), (48, -10),
)  # fmt: skip


def _moved(spots: tuple[Spot, ...], at: Spot) -> list[Spot]:
    return [(x + at[0], y + at[1]) for x, y in spots]


def _bone_from_side(at: Spot, css: str) -> str:
    return path(css, soft(_moved(_ARCH, at))) + path(css, soft(_moved(_BODY, at)))


def _side_process(at: Spot, css: str) -> str:
    """The side process points at whoever looks, with the smooth place where the rib leans on it."""
    x, y = at
    knob = soft(_moved(((84, -26), (104, -34), (122, -20), (122, 2), (106, 10), (88, 0)), at))
    return path(css, knob) + path(
        "art-facet", soft(_moved(((94, -18), (106, -22), (113, -12), (107, 0), (96, -4)), (x, y)))
    )


def _disc(at: Spot) -> str:
    x, y = at[0], at[1] + _STEP_Y / 2
    rim = ((-54, -11), (0, -14), (50, -11), (59, 0), (51, 11), (0, 14), (-55, 11), (-62, 0))
    core = ((-18, -6), (8, -7), (22, 0), (8, 7), (-18, 6), (-28, 0))
    return path("art-disc", soft(_moved(rim, (x, y)))) + path("art-disc-core", soft(_moved(core, (x, y))))


def _nerve_from_side(at: Spot) -> str:
    """The nerve comes out of the window between two bones and runs forward and down below the rib."""
    x, y = at[0] + 74, at[1] + 34
    way = through(
        [(x + 2, y - 2), (x - 4, y + 12), (x - 30, y + 26), (x - 74, y + 44), (x - 134, y + 74), (x - 200, y + 116)]
    )
    return rod(way, 7, "nerve") + path(
        "art-nerve-knot", soft([(x - 10, y - 8), (x + 4, y - 13), (x + 13, y - 2), (x + 6, y + 13), (x - 8, y + 10)])
    )


def _rib_place(at: Spot) -> str:
    """Where the head of a rib meets two bones and the disc between them."""
    x, y = at[0] + 44, at[1] + _STEP_Y / 2
    return path(
        "art-facet",
        soft([(x - 13, y - 18), (x + 8, y - 22), (x + 13, y - 2), (x + 11, y + 18), (x - 10, y + 20), (x - 17, y + 2)]),
    )


def _cord_from_side() -> str:
    spots: list[Spot] = [(_MIDDLES[0][0] + 72, -10), (_MIDDLES[1][0] + 73, 150), (_MIDDLES[2][0] + 73, 400)]
    return path("art-hole-wide", through(spots), 36) + rod(through(spots), 17, "nerve")


def _facet_gaps() -> str:
    """The joints of the arches: the upper bone's surface lies behind the lower one's, almost upright."""
    gaps = []
    for at in _MIDDLES[:2]:
        x, y = at
        gaps.append(
            path("art-gristle", through([(x + 97, y + 38), (x + 94, y + 47), (x + 94, y + 60), (x + 98, y + 72)]))
        )
    return "".join(gaps)


def _segment() -> str:
    looks = [(at, "art-spine" if number == 1 else "art-bone") for number, at in enumerate(_MIDDLES)]
    bones = "".join(_bone_from_side(at, css) for at, css in reversed(looks))
    return "".join([
        backdrop(360, 390),
        part(4, _cord_from_side()),
        part(1, bones, *(_side_process(at, css) for at, css in looks)),
        part(2, *(_disc(at) for at in _MIDDLES[:2])),
        part(6, *(_rib_place(at) for at in _MIDDLES[:2])),
        part(3, _facet_gaps()),
        part(5, *(_nerve_from_side(at) for at in _MIDDLES[:2])),
        f'<text class="art-note" x="14" y="376">{_FRONT}</text>',
        f'<text class="art-note" x="346" y="376" text-anchor="end">{_BACK}</text>',
    ])  # fmt: skip


# ---- from above ---------------------------------------------------------------------------------------------------
# The front of the body is at the top.

_ABOVE_X: Final = 200.0


def _ring(middle: Spot, wide: float, deep: float, dent: float) -> list[Spot]:
    """The outline of a body or disc from above: like a heart, with a dent at the back."""
    spots = []
    for step in range(28):
        angle = 2 * pi * step / 28 - pi / 2
        x, y = cos(angle) * wide, sin(angle) * deep
        if y > 0:
            y -= dent * (1 - abs(cos(angle))) ** 1.3
        spots.append((middle[0] + x, middle[1] + y))
    return spots


_DISC_AT: Final = (_ABOVE_X, 128.0)


def _disc_from_above() -> str:
    rings = "".join(path("art-ring", soft(_ring(_DISC_AT, 62 * s, 48 * s, 13 * s))) for s in (0.86, 0.73, 0.6))
    return (
        path("art-disc", soft(_ring(_DISC_AT, 62, 48, 13))) + rings
        + path("art-disc-core", soft(_ring((_ABOVE_X, 126), 27, 19, 5)))
    )  # fmt: skip


def _arch_from_above() -> str:
    """Right half: from the body back along the foot of the arch, the side process, the plate, the spike."""
    x = _ABOVE_X
    half = [
        (x + 30, 158), (x + 36, 178), (x + 40, 190), (x + 60, 196), (x + 84, 214), (x + 101, 232),
            (x + 101, 248), (x + 88, 252),
        (x + 66, 240), (x + 46, 232), (x + 26, 248), (x + 11, 264), (x + 7, 300), (x + 5, 326),
    ]  # fmt: skip
    other = [(2 * x - a, b) for a, b in reversed(half)]
    outer = soft([*half, *other])
    hole = soft(_hole())
    return f'<path class="art-spine" fill-rule="evenodd" d="{outer}{hole}"/>'


def _hole() -> list[Spot]:
    x = _ABOVE_X
    return [
        (x, 168),
        (x + 16, 167),
        (x + 29, 176),
        (x + 31, 196),
        (x + 22, 216),
        (x, 228),
        (x - 22, 216),
        (x - 31, 196),
        (x - 29, 176),
        (x - 16, 167),
    ]


def _cord_from_above() -> str:
    x = _ABOVE_X
    horns = "".join(
        f"M{n(x + side * 10)} 186C{n(x + side * 4)} 196 {n(x + side * 4)} 198 {n(x + side * 9)} 208" for side in (-1, 1)
    )
    grey = f"{horns}M{n(x - 5)} 197H{n(x + 5)}"
    return f'<ellipse class="art-cord" cx="{n(x)}" cy="197" rx="19" ry="16.5"/>' + path("art-grey", grey, 4.5)


def _nerve_from_above() -> str:
    """Two roots join, pass the knot, and run outwards in front of the side process and along the rib."""
    x = _ABOVE_X
    front = through([(x + 12, 187), (x + 26, 181), (x + 46, 184)])
    back = through([(x + 12, 207), (x + 26, 200), (x + 46, 188)])
    on = through(
        [
            (x + 44, 186),
            (x + 70, 190),
            (x + 104, 204),
            (x + 134, 210),
            (x + 160, 190),
            (x + 172, 140),
            (x + 168, 70),
            (x + 156, -12),
        ]
    )
    knot = soft([(x + 28, 194), (x + 36, 187), (x + 45, 186), (x + 43, 194), (x + 33, 200)])
    return rod(front, 3.6, "nerve") + rod(back, 3.6, "nerve") + rod(on, 5.4, "nerve") + path("art-nerve-knot", knot)


_RIB_WAY: Final = (
    (_ABOVE_X + 66, 158), (_ABOVE_X + 82, 176), (_ABOVE_X + 108, 210), (_ABOVE_X + 136, 232),
    (_ABOVE_X + 164, 226), (_ABOVE_X + 182, 190),
    (_ABOVE_X + 188, 130), (_ABOVE_X + 182, 60), (_ABOVE_X + 172, -10),
)  # fmt: skip


def _rib_from_above() -> str:
    head = soft(
        [
            (_ABOVE_X + 58, 146),
            (_ABOVE_X + 72, 146),
            (_ABOVE_X + 80, 160),
            (_ABOVE_X + 76, 174),
            (_ABOVE_X + 64, 170),
            (_ABOVE_X + 56, 158),
        ]
    )
    bump = soft(
        [
            (_ABOVE_X + 96, 212),
            (_ABOVE_X + 112, 206),
            (_ABOVE_X + 124, 220),
            (_ABOVE_X + 116, 232),
            (_ABOVE_X + 104, 230),
        ]
    )
    return rod(through(_RIB_WAY), 15) + path("art-bone", head) + path("art-bone", bump)


def _upper_facets() -> str:
    x = _ABOVE_X
    return path("art-facet", soft([(x + 28, 214), (x + 44, 204), (x + 54, 212), (x + 46, 224), (x + 32, 228)]))


def _rib_joint() -> str:
    return path("art-gristle", through([(_ABOVE_X + 57, 148), (_ABOVE_X + 55, 158), (_ABOVE_X + 60, 168)]))


def _side_joint() -> str:
    return path("art-gristle", through([(_ABOVE_X + 95, 216), (_ABOVE_X + 100, 226), (_ABOVE_X + 107, 234)]))


def _muscle_beside() -> str:
    x = _ABOVE_X
    big = [
        (x + 14, 268),
        (x + 30, 254),
        (x + 50, 243),
        (x + 84, 258),
        (x + 112, 248),
        (x + 142, 248),
        (x + 150, 262),
        (x + 120, 292),
        (x + 70, 312),
        (x + 28, 316),
        (x + 11, 300),
    ]
    lines = "".join(
        f"M{n(x + 22 + k * 16)} {n(270 + (k % 2) * 6)}q8 6 3 18" for k in range(7)
    )  # fmt: skip
    return path("art-deep", soft(big)) + path("art-deep-fibre", lines)


def _above() -> str:
    both = (_muscle_beside(), _nerve_from_above())
    rib = _rib_from_above()

    def twice(inside: str) -> str:
        return inside + mirrored(_ABOVE_X, inside)

    skin = soft(
        [
            (-40, 120),
            (0, 220),
            (60, 310),
            (140, 346),
            (200, 340),
            (260, 346),
            (340, 310),
            (400, 220),
            (440, 120),
            (420, -60),
            (-20, -60),
        ]
    )
    return "".join([
        backdrop(400, 372), path("art-skin", skin),
        part(7, twice(both[0])),
        part(8, twice(rib)),
        part(6, _arch_from_above()), part(6, twice(_upper_facets())),
        part(1, _disc_from_above()),
        part(2, _cord_from_above()),
        part(3, twice(both[1])),
        part(4, twice(_rib_joint())), part(5, twice(_side_joint())),
        f'<text class="art-note" x="200" y="30" text-anchor="middle">{_FRONT}</text>',
        f'<text class="art-note" x="200" y="364" text-anchor="middle">{_BACK}</text>',
    ])  # fmt: skip


SEGMENT: Final = Picture(
    "joints",
    _("Three bones of the upper back, seen from the side"),
    _(
        "Three bones of the spine, one above the other, seen from the side. Between their thick front parts lie the "
        "discs. At the back small joints link one bone to the next, and a long spike slopes down from each. Through a "
        "window between two bones a nerve comes out and runs forward."
    ),
    360,
    390,
    (
        PicturePart(_("Bone"), _("The thick front part carries your weight."), (92, 190), _("vertebra")),
        PicturePart(
            _("Disc"),
            _("A tough ring with a soft middle. It lets the spine bend and turn."),
            (62, 130),
            _("intervertebral disc"),
        ),
        PicturePart(
            _("Joint of the arches"),
            _("A small sliding joint on each side. It guides each movement."),
            (262, 122),
            _("facet joint"),
            (213, 136),
        ),
        PicturePart(_("Spinal cord"), _("It runs down behind the bones, inside a ring of bone."), (194, 16)),
        PicturePart(
            _("Nerve"), _("One leaves on each side, at each level, and follows the rib."), (116, 260), _("nerve root")
        ),
        PicturePart(
            _("Place for the rib"),
            _("Here the head of a rib meets two bones and the disc."),
            (40, 330),
            _("costal facets"),
            (156, 244),
        ),
    ),
    _segment,
)

ABOVE: Final = Picture(
    "from-above",
    _("One bone with its two ribs, seen from above"),
    _(
        "One bone of the upper back seen from above, with a disc on it. Behind the disc is a ring of bone with the "
        "spinal cord inside. A nerve leaves on each side. Each rib meets the spine at two small joints: one "
        "beside the disc, one at the tip of the side process. From there it curves round to the front."
    ),
    400,
    372,
    (
        PicturePart(_("Disc"), _("Rings of tough fibres around a soft middle."), (200, 96), _("intervertebral disc")),
        PicturePart(_("Spinal cord"), _("It lies in a ring of bone."), (200, 196)),
        PicturePart(
            _("Nerve"),
            _("It leaves between two bones and runs along the rib to the front."),
            (304, 192),
            _("nerve root, then intercostal nerve"),
        ),
        PicturePart(
            _("Rib joint at the disc"),
            _("It moves each time you breathe."),
            (300, 124),
            _("costovertebral joint"),
            (258, 156),
        ),
        PicturePart(
            _("Rib joint at the side"),
            _("The rib leans on the side process here."),
            (346, 272),
            _("costotransverse joint"),
            (303, 228),
        ),
        PicturePart(
            _("Arch of the bone"),
            _("Its joint surfaces meet the bone above. The spike is the bump under your skin."),
            (200, 284),
            _("vertebral arch and spinous process"),
        ),
        PicturePart(_("Long back muscles"), _("They lie on both sides of the spike."), (116, 284), _("erector spinae")),
        PicturePart(_("Rib"), _("It curves round to the breastbone."), (24, 150)),
    ),
    _above,
)
