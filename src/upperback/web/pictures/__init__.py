"""Pictures for the pages to read: anatomy and everyday life, drawn by code in our own lines.

How they are made and how to add one: `docs/reference/pictures.md`.
"""

from functools import lru_cache
from typing import Final

from django.utils.translation import get_language
from markupsafe import Markup, escape

from upperback.web.pictures.back import BONES, MUSCLES
from upperback.web.pictures.base import PIN_RADIUS, Picture, PicturePart, n, path
from upperback.web.pictures.joints import ABOVE, SEGMENT
from upperback.web.pictures.life import CARRYING, DESK, PHONE, SLEEPING
from upperback.web.pictures.side import SIDE

__all__ = ["PICTURES", "picture_svg"]

#: Every picture, by the id that a page to read names it with.
PICTURES: Final[dict[str, Picture]] = {
    picture.id: picture for picture in (BONES, MUSCLES, SEGMENT, ABOVE, SIDE, DESK, CARRYING, SLEEPING, PHONE)
}


def picture_svg(picture: Picture) -> Markup:
    """The drawing with its numbers, as SVG for a page. Its names stand beside it, not in it."""
    return _drawn(picture.id, get_language() or "")


@lru_cache(maxsize=64)
def _drawn(id: str, _language: str) -> Markup:
    picture = PICTURES[id]
    pins = "".join(_pin(picture.id, number, part) for number, part in enumerate(picture.parts, 1))
    return Markup(  # noqa: S704  our own drawing; its words are escaped
        f'<svg viewBox="0 0 {picture.width} {picture.height}" role="img" aria-labelledby="{id}-title {id}-words" '
        f'focusable="false"><title id="{id}-title">{escape(picture.title)}</title>'
        f'<desc id="{id}-words">{escape(picture.words)}</desc>{picture.art()}{pins}</svg>'
    )


def _pin(id: str, number: int, part: PicturePart) -> str:
    x, y = part.pin
    leader = ""
    if part.tip is not None:
        to_x, to_y = part.tip
        leader = path("pin-line", f"M{n(x)} {n(y)}L{n(to_x)} {n(to_y)}")
        leader += f'<circle class="pin-tip" cx="{n(to_x)}" cy="{n(to_y)}" r="3"/>'
    return (
        f'<g class="pin pin-{number}" id="{id}-{number}">{leader}<circle class="pin-disc" cx="{n(x)}" cy="{n(y)}" '
        f'r="{n(PIN_RADIUS)}"/><text x="{n(x)}" y="{n(y + 5.6)}">{number}</text></g>'
    )
