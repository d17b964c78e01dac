"""Everyday life: a desk, carrying, sleeping, a phone.

The people are those of the exercise figures; the things are drawn around them.
"""

from collections.abc import Mapping
from typing import Final, Literal

from django.utils.translation import gettext_lazy as _

from upperback.content.figure_space import Vec
from upperback.content.models import Figure
from upperback.web.figures import Drawing
from upperback.web.figures import Part as Drawn
from upperback.web.pictures.base import Picture, PicturePart, Spot, circle, line, n, part, path


class Scene:
    """Somebody in one pose, fitted into a box of 320 by 260, and where the joints came to stand in it."""

    def __init__(
        self,
        posture: str,
        pose: Mapping[str, float],
        *,
        view: Literal["side", "front", "top"] = "side",
        props: tuple[str, ...] = (),
    ) -> None:
        figure = Figure(view=view, posture=posture, start=dict(pose), end=dict(pose), props=props, works=(), words="-")  # type: ignore[arg-type]
        self._drawing = Drawing(figure, (0.0,), (False,))
        self.scale = self._drawing.scale

    def person(self) -> str:
        """The person, without what they sit on and without the ground."""
        return "".join(_drawn(item) for item in self._shown() if not _is_thing(item))

    def things(self) -> str:
        """What the person sits on."""
        return "".join(_drawn(item) for item in self._shown() if _is_thing(item))

    def _shown(self) -> list[Drawn]:
        return [item for item in self._drawing.parts(arrows=False) if item.css != "fig-ground"]

    def ground(self) -> float:
        """How far down the ground is in the box."""
        return self._drawing._spot(Vec(0, 0, 0))[1]  # noqa: SLF001

    def joint(self, name: str, *, ahead: float = 0, up: float = 0) -> Spot:
        """Where a joint is in the box, or a place that many hundredths of body height from it."""
        return self._drawing._spot(self._drawing.bodies[0][name].plus(Vec(ahead, 0, up)))  # noqa: SLF001

    def station(self, number: int, *, ahead: float = 0, up: float = 0) -> Spot:
        """Where a slice of the trunk is, from 0 at the hips to 8 at the neck."""
        return self._drawing._spot(self._drawing.bodies[0].spine[number].at.plus(Vec(ahead, 0, up)))  # noqa: SLF001


def _is_thing(item: Drawn) -> bool:
    return item.css.startswith("fig-prop")


def _drawn(item: Drawn) -> str:
    if item.radius is not None:
        return circle(item.css, item.spots[0], item.radius)
    return path(item.css, item.shapes[0], item.width)


def _placed(x: float, y: float, inside: str) -> str:
    return f'<g transform="translate({n(x)} {n(y)})">{inside}</g>'


def _box(at: Spot, wide: float, high: float, css: str, radius: float) -> str:
    x, y = at[0] - wide / 2, at[1] - high / 2
    return f'<rect class="{css}" x="{n(x)}" y="{n(y)}" width="{n(wide)}" height="{n(high)}" rx="{n(radius)}"/>'


def _room(width: int, height: int, *grounds: float) -> str:
    lines = "".join(path("fig-ground", f"M16 {n(y)}H{n(width - 16)}") for y in grounds)
    return f'<rect class="fig-back" width="{width}" height="{height}" rx="16"/>{lines}'


# ---- desk ---------------------------------------------------------------------------------------------------------


def _desk() -> str:
    scene = Scene("seated", {"sh": 22, "el": 78, "neck": 2, "thx": 14, "lum": -6}, props=("chair",))
    hand, head, ground = scene.joint("finger_r"), scene.joint("head"), scene.ground()
    top = hand[1] + 9
    screen = head[0] + 116
    table = path(
        "fig-prop", f"M{n(hand[0] - 26)} {n(top)}H{n(screen + 40)}M{n(screen + 34)} {n(top)}V{n(ground - 3)}", 6.5
    )
    stand = path("fig-prop", f"M{n(screen + 3)} {n(top - 3)}V{n(head[1] + 40)}M{n(screen - 11)} {n(top - 5)}h28", 5)
    face = path("fig-screen", f"M{n(screen - 3)} {n(head[1] - 8)}L{n(screen + 4)} {n(head[1] + 58)}", 9)
    keys = path("fig-prop", f"M{n(hand[0] - 12)} {n(top - 6)}h32", 4.5)
    sight = path("art-leader", f"M{n(head[0] + 24)} {n(head[1] - 4)}H{n(screen - 12)}")
    elbow, foot = circle("fig-dot", scene.joint("elbow_r"), 5), circle("fig-dot", scene.joint("ankle_r"), 5)
    inside = "".join([
        part(1, stand, face), sight, part(4, table, keys), part(2, scene.things()), scene.person(),
        part(4, elbow), part(3, foot),
    ])  # fmt: skip
    return _room(360, 268, ground + 6) + _placed(-15, 6, inside)


# ---- carrying -----------------------------------------------------------------------------------------------------


def _bag(scene: Scene, side: str, size: float) -> str:
    wrist, tip = scene.joint(f"wrist_{side}"), scene.joint(f"finger_{side}")
    x, y = (wrist[0] + tip[0]) / 2, (wrist[1] + tip[1]) / 2 + 4
    half, high = 17 * size, 30 * size
    handle = path(
        "fig-screen", f"M{n(x - half * 0.55)} {n(y + 14)}Q{n(x)} {n(y - 12)} {n(x + half * 0.55)} {n(y + 14)}", 3
    )
    top, bottom = y + 13, y + 13 + high
    corners = [(x - half * 0.8, top), (x - half, bottom), (x + half, bottom), (x + half * 0.8, top)]
    return handle + path("fig-pillow", line(corners, closed=True))


def _carrying() -> str:
    one = Scene("standing", {"lean": 4, "abd_l": 16, "el": 4}, view="front")
    two = Scene("standing", {"abd": 10, "el": 4}, view="front")
    close = Scene("standing", {"sh": 14, "el": 100, "habd": -8}, view="side")
    held = close.joint("wrist_r")
    crate = _box((held[0] + 9, held[1] - 4), 50, 42, "fig-pillow", 4)
    people = (
        (-84, one, one.person() + _bag(one, "r", 1.5)),
        (48, two, two.person() + _bag(two, "r", 0.95) + _bag(two, "l", 0.95)),
        (186, close, crate + close.person()),
    )
    floor = 256.0
    shown = (part(k, _placed(x, floor - scene.ground(), inside)) for k, (x, scene, inside) in enumerate(people, 1))
    return _room(420, 272, floor + 2) + "".join(shown)


# ---- sleeping -----------------------------------------------------------------------------------------------------


def _pillow(at: Spot, wide: float, high: float) -> str:
    return _box(at, wide, high, "fig-pillow", min(high / 2, 18))


def _sleeping() -> str:
    back = Scene("face_up", {"hip": 22, "kn": 34, "thx": 8, "neck": 8, "elev": 6})
    side = Scene(
        "side_lying", {"view_turn": 90, "hip": 46, "kn": 70, "to_chest_l": 1, "sh_r": 70, "el_r": 110}, view="top"
    )
    front = Scene("face_down", {"neck": 4, "abd": 20, "el": 30})
    knees, head = back.joint("knee_r"), back.joint("head")
    chest, thigh = side.joint("elbow_l"), side.joint("knee_l")
    belly = front.station(4)
    on_back = (
        _pillow((head[0] + 2, head[1] + 20), 78, 24)
        + _pillow((knees[0] + 4, back.ground() - 18), 70, 34)
        + back.person()
    )
    between = _box((thigh[0] + 6, thigh[1] - 6), 92, 34, "fig-pillow", 16)
    on_side = (
        _pillow(side.joint("head"), 84, 62) + between + _pillow((chest[0] + 10, chest[1] + 14), 44, 76) + side.person()
    )
    on_front = _pillow((belly[0], front.ground() - 8), 96, 20) + front.person()
    first, last = 96.0, 392.0
    return _room(360, 420, first + 3, last + 3) + "".join([
        part(1, _placed(20, first - back.ground(), on_back)),
        part(2, _placed(20, 100, on_side)),
        part(3, _placed(20, last - front.ground(), on_front)),
    ])  # fmt: skip


# ---- a phone ------------------------------------------------------------------------------------------------------


def _phone() -> str:
    low = Scene("seated", {"sh": 26, "el": 78, "neck": 40, "thx": 26, "lum": 2}, props=("chair",))
    high = Scene("seated", {"sh": 44, "el": 92, "neck": 8, "thx": 16, "lum": -4}, props=("chair",))

    def with_phone(scene: Scene) -> str:
        x, y = scene.joint("finger_r")
        return scene.things() + scene.person() + path("fig-screen", f"M{n(x)} {n(y + 2)}L{n(x + 10)} {n(y - 22)}", 7)

    floor = 252.0
    return _room(420, 272, floor + 4) + "".join([
        part(1, _placed(-66, floor - low.ground(), with_phone(low))),
        part(2, _placed(138, floor - high.ground(), with_phone(high))),
    ])  # fmt: skip


DESK: Final = Picture(
    "desk-set-up",
    _("Somebody at a desk, from the side"),
    _(
        "A person sits at a desk, seen from the side. The screen is about an arm's length away, its top near eye "
        "height. The elbows hang near the sides, the forearms rest on the desk, the back leans on the chair, the feet "
        "stand flat."
    ),
    360,
    268,
    (
        PicturePart(
            _("Screen"),
            _("About an arm's length away. Its top edge near the height of your eyes."),
            (294, 52),
            tip=(249, 74),
        ),
        PicturePart(_("Your back"), _("Let the chair carry you. Lean back now and then."), (66, 108), tip=(100, 128)),
        PicturePart(_("Feet"), _("Flat on the floor, or on a box or a footrest."), (246, 214), tip=(206, 228)),
        PicturePart(_("Arms"), _("Elbows near your sides, forearms on the desk."), (190, 98), tip=(160, 131)),
    ),
    _desk,
    waits=True,
)

CARRYING: Final = Picture(
    "ways-to-carry",
    _("Three ways to carry the same load"),
    _(
        "Three people carry the same shopping. The first has one heavy bag in one hand. The second has two lighter "
        "bags, one in each hand. The third holds a box close to the body with both arms."
    ),
    420,
    272,
    (
        PicturePart(_("All in one hand"), _("One side does all the work. Change hands often."), (118, 30)),
        PicturePart(_("Shared"), _("The same load in two bags. Each side does half."), (252, 30)),
        PicturePart(_("Close"), _("Held near your body, the same box is easier to carry."), (392, 30)),
    ),
    _carrying,
    waits=True,
)

SLEEPING: Final = Picture(
    "ways-to-lie",
    _("Three ways to lie with pillows"),
    _(
        "A person lies in bed in three ways. On the back, with a pillow under the head and one under the knees. On the "
        "side, seen from above, with a pillow under the head, one to hug and one between the knees. On the front, with "
        "a flat pillow under the tummy."
    ),
    360,
    420,
    (
        PicturePart(_("On your back"), _("A pillow under your head, and one under your knees."), (34, 30)),
        PicturePart(_("On your side"), _("A pillow to hug, and one between your knees."), (34, 148)),
        PicturePart(
            _("On your front"),
            _("A flat pillow under your tummy. Turn your head the other way now and then."),
            (34, 334),
        ),
    ),
    _sleeping,
    waits=True,
)

PHONE: Final = Picture(
    "ways-to-hold-a-phone",
    _("Two ways to hold a phone"),
    _(
        "A person on a chair looks at a phone in two ways. First the phone is low, near the lap, and the head looks "
        "down. Then it is held up near the height of the face."
    ),
    420,
    272,
    (
        PicturePart(_("Low"), _("Your head looks down. Change before it tires you."), (172, 40)),
        PicturePart(_("Higher"), _("Nearer to your face. Rest your elbows on a cushion or a table."), (392, 40)),
    ),
    _phone,
    waits=True,
)
