"""What a picture is: art with numbered parts, each with its name and a sentence, and the few strokes it is made of.

Pictures are in units of their own viewBox. Numbers stand in the art and names beside it, in HTML: they wrap on a small
screen, are read aloud in order, and can be translated without a drawing being touched.
"""

from collections.abc import Callable, Iterable, Sequence
from dataclasses import dataclass
from itertools import pairwise
from typing import Final

Spot = tuple[float, float]

PIN_RADIUS: Final = 12.0


@dataclass(frozen=True, slots=True)
class PicturePart:
    """One thing to point at. pin: where its number stands. term: what clinicians call it, where that differs.

    tip: what the number points to, where it would hide it.
    """

    name: object
    about: object
    pin: Spot
    term: object = ""
    tip: Spot | None = None


@dataclass(frozen=True, slots=True)
class Picture:
    """A drawing. words: what is seen, for whoever does not see it. art: SVG text without numbers.

    waits: it offers something to try, so it is shown where a safety check allows that.
    """

    id: str
    title: object
    words: object
    width: int
    height: int
    parts: tuple[PicturePart, ...]
    art: Callable[[], str]
    waits: bool = False


def n(value: float) -> str:
    """A number as short as it can be written."""
    text = f"{value:.1f}".removesuffix(".0")
    return "0" if text == "-0" else text


def spot(at: Spot) -> str:
    """Two coordinates."""
    return f"{n(at[0])} {n(at[1])}"


def path(css: str, d: str, width: float | None = None) -> str:
    """A path element."""
    wide = f' stroke-width="{n(width)}"' if width is not None else ""
    return f'<path class="{css}" d="{d}"{wide}/>'


def circle(css: str, at: Spot, radius: float) -> str:
    """A circle element."""
    return f'<circle class="{css}" cx="{n(at[0])}" cy="{n(at[1])}" r="{n(radius)}"/>'


def part(number: int, *inside: str) -> str:
    """The art that belongs to the part of that number: it lights up when its name is pointed at."""
    return f'<g class="part p{number}">{"".join(inside)}</g>'


def aside(*inside: str) -> str:
    """Art without a number: it steps back with the parts that are not pointed at."""
    return f'<g class="part">{"".join(inside)}</g>'


def backdrop(width: int, height: int) -> str:
    """The card that a picture stands on."""
    return f'<rect class="art-back" width="{width}" height="{height}" rx="16"/>'


def mirrored(middle_x: float, inside: str) -> str:
    """The same on the other side of an upright line."""
    return f'<g transform="translate({n(2 * middle_x)} 0) scale(-1 1)">{inside}</g>'


def line(spots: Sequence[Spot], *, closed: bool = False) -> str:
    """Straight lines from spot to spot."""
    return "M" + "L".join(spot(at) for at in spots) + ("Z" if closed else "")


def soft(spots: Sequence[Spot]) -> str:
    """A closed soft outline through the middles between the spots."""
    middles = [((a[0] + b[0]) / 2, (a[1] + b[1]) / 2) for a, b in zip(spots, [*spots[1:], spots[0]], strict=True)]
    curves = "".join(f"Q{spot(at)} {spot(middle)}" for at, middle in zip(spots, middles, strict=True))
    return f"M{spot(middles[-1])}{curves}Z"


def through(spots: Sequence[Spot]) -> str:
    """An open smooth curve that runs through every spot (Catmull-Rom as cubic curves)."""
    padded = [spots[0], *spots, spots[-1]]
    text = f"M{spot(spots[0])}"
    for number, (start, end) in enumerate(pairwise(spots)):
        before, after = padded[number], padded[number + 3]
        first = (start[0] + (end[0] - before[0]) / 6, start[1] + (end[1] - before[1]) / 6)
        second = (end[0] - (after[0] - start[0]) / 6, end[1] - (after[1] - start[1]) / 6)
        text += f"C{spot(first)} {spot(second)} {spot(end)}"
    return text


def rod(d: str, width: float, kind: str = "bone") -> str:
    """A long bone, nerve or the like along a path: its edge, its body and a little light on it."""
    return (
        path(f"art-{kind}-edge", d, width + 2.2) + path(f"art-{kind}-rod", d, width)
        + path(f"art-{kind}-light", d, width * 0.28)
    )  # fmt: skip


def between(one: Spot, other: Spot, share: float) -> Spot:
    """A spot on the way."""
    return one[0] + (other[0] - one[0]) * share, one[1] + (other[1] - one[1]) * share


def along(spots: Sequence[Spot], share: float) -> Spot:
    """A spot on a line of several legs, by the share of its legs."""
    legs = len(spots) - 1
    leg = min(int(share * legs), legs - 1)
    return between(spots[leg], spots[leg + 1], share * legs - leg)


def muscle(
    origin: Sequence[Spot], insertion: Sequence[Spot], *, fibres: int, bow: float = 0.0, kind: str = "muscle"
) -> str:
    """A sheet of muscle: from the line where it begins to the line where it ends, with its fibres.

    bow: how far fibres bend out to the side of their way, as a share of their length.
    """
    count = fibres + 2
    ways = [_fibre(along(origin, k / (count - 1)), along(insertion, k / (count - 1)), bow) for k in range(count)]
    first, last = ways[0], ways[-1]
    outline = (
        f"M{spot(first[0])}Q{spot(first[1])} {spot(first[2])}"
        + "".join(f"L{spot(way[2])}" for way in ways[1:])
        + f"Q{spot(last[1])} {spot(last[0])}"
        + "".join(f"L{spot(way[0])}" for way in reversed(ways[:-1]))
        + "Z"
    )
    lines = "".join(f"M{spot(a)}Q{spot(b)} {spot(c)}" for a, b, c in ways[1:-1])
    return path(f"art-{kind}", outline) + path(f"art-{kind}-fibre", lines)


def _fibre(start: Spot, end: Spot, bow: float) -> tuple[Spot, Spot, Spot]:
    middle = between(start, end, 0.5)
    across = (-(end[1] - start[1]), end[0] - start[0])
    return start, (middle[0] + across[0] * bow, middle[1] + across[1] * bow), end


def spread(first: float, last: float, count: int) -> Iterable[float]:
    """Numbers from first to last in equal steps."""
    return (first + (last - first) * k / (count - 1) for k in range(count))
