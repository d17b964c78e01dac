"""Charts as SVG text. Each has a title and a description; the same numbers stand in a table beside it.

Sizes are in units of a 480-wide drawing, which is legible on a phone and fills a sheet of paper. Colours are the
classes of report.css, so that a chart follows light, dark and print.
"""

from collections.abc import Iterable, Sequence
from dataclasses import dataclass
from itertools import groupby

from markupsafe import Markup, escape

WIDTH = 480
_LEFT = 62  # room for the labels of rows
_RIGHT = 20  # room for the labels of guide lines


@dataclass(frozen=True, slots=True, kw_only=True)
class StripRow:
    """One row of the day strip.

    Attributes
    ----------
    label : what stands before it: a date or a time
    kinds : class of each cell, `none` where nothing was measured
    heights : 0..1 for each cell, or None: the line drawn above the cells
    """

    label: str
    kinds: Sequence[str]
    heights: Sequence[float | None]


def strip(
    rows: Sequence[StripRow], *, ticks: Sequence[tuple[float, str]], guides: Sequence[tuple[float, str]], title: str
) -> Markup:
    """Time from left to right, a row for each day or part of a day.

    Parameters
    ----------
    rows : from top to bottom
    ticks : (0..1 along the row, label)
    guides : (height 0..1, label) of thin lines that help the eye
    title : what a person who does not see it is told
    """
    line_high = 34 if len(rows) > 2 else 76  # a single day may fill the place of a week
    band_high, gap = 12, 16
    step = line_high + band_high + gap
    parts: list[str] = []
    for number, row in enumerate(rows):
        top = 6 + number * step
        base = top + line_high
        parts.append(_text(0, base - 6, row.label, "label"))
        for at, label in guides:
            y = _n(base - at * line_high)
            parts.append(f'<line class="guide" x1="{_LEFT}" x2="{WIDTH - _RIGHT}" y1="{y}" y2="{y}"/>')
            parts.append(_text(WIDTH - _RIGHT + 3, base - at * line_high + 3, label, "guide-label"))
        parts.append(f'<path class="area" d="{_area(row.heights, base, line_high)}"/>')
        parts.append(
            f'<rect class="k-none" x="{_LEFT}" y="{base + 2}" width="{WIDTH - _RIGHT - _LEFT}" height="{band_high}"/>'
        )
        for kind, start, end in _runs(row.kinds):
            if kind != "none":
                x, wide = _x(start, len(row.kinds)), _x(end, len(row.kinds)) - _x(start, len(row.kinds))
                parts.append(
                    f'<rect class="k-{kind}" x="{_n(x)}" y="{base + 2}" width="{_n(wide)}" height="{band_high}"/>'
                )
    bottom = 6 + len(rows) * step
    for at, label in ticks:
        x = _LEFT + at * (WIDTH - _RIGHT - _LEFT)
        parts.append(f'<line class="tick" x1="{_n(x)}" x2="{_n(x)}" y1="4" y2="{bottom - gap + 4}"/>')
        parts.append(_text(x, bottom + 2, label, "tick-label", anchor="middle"))
    return _svg(bottom + 8, title, parts)


def columns(
    heights: Sequence[float],
    *,
    labels: Sequence[tuple[float, str]],
    kinds: Sequence[str],
    marks: Sequence[tuple[float, str]],
    title: str,
) -> Markup:
    """Upright columns: a distribution, or hours of a day.

    Parameters
    ----------
    heights : 0..1, one column each
    labels : (position in columns, text) below the axis
    kinds : class of each column
    marks : (position in columns, text): upright lines with a name, such as the person's own neutral
    """
    high, top = 130, 22
    wide = (WIDTH - _RIGHT - 8) / max(len(heights), 1)
    base = top + high
    parts = [f'<line class="axis" x1="8" x2="{WIDTH - _RIGHT}" y1="{base}" y2="{base}"/>']
    for number, (height, kind) in enumerate(zip(heights, kinds, strict=True)):
        if height > 0:
            tall = max(height * high, 0.8)
            parts.append(
                f'<rect class="c-{kind}" x="{_n(8 + number * wide + wide * 0.08)}" y="{_n(base - tall)}" '
                f'width="{_n(wide * 0.84)}" height="{_n(tall)}" rx="1"/>'
            )
    parts.extend(_text(8 + at * wide, base + 15, label, "tick-label", anchor="middle") for at, label in labels)
    for at, label in marks:
        x = 8 + at * wide
        parts.append(f'<line class="mark" x1="{_n(x)}" x2="{_n(x)}" y1="{top - 4}" y2="{base}"/>')
        parts.append(_text(x, top - 9, label, "mark-label", anchor="middle"))
    return _svg(base + 22, title, parts)


def bars(items: Sequence[tuple[str, float, str]], *, kind: str, title: str) -> Markup:
    """Lying bars with their name before and their value behind them.

    Parameters
    ----------
    items : (name, 0..1, value as text)
    kind : class of the bars
    """
    high, gap, before, behind = 16, 10, 118, 84
    parts: list[str] = []
    for number, (name, share, value) in enumerate(items):
        y = 4 + number * (high + gap)
        wide = max(share * (WIDTH - before - behind), 1)
        parts.append(_text(0, y + 12, name, "label"))
        parts.append(f'<rect class="c-{kind}" x="{before}" y="{y}" width="{_n(wide)}" height="{high}" rx="2"/>')
        parts.append(_text(before + wide + 6, y + 12, value, "value"))
    return _svg(4 + len(items) * (high + gap), title, parts)


def share_bar(parts_of_it: Sequence[tuple[str, float]], *, title: str) -> Markup:
    """One bar cut into parts that add up to 1: (class, share)."""
    parts = [f'<rect class="k-none" x="0" y="0" width="{WIDTH}" height="18" rx="4"/>']
    x = 0.0
    for kind, share in parts_of_it:
        parts.append(f'<rect class="k-{kind}" x="{_n(x)}" y="0" width="{_n(share * WIDTH)}" height="18"/>')
        x += share * WIDTH
    return _svg(18, title, parts)


def curve(
    lines: Iterable[tuple[str, Sequence[tuple[float, float]]]],
    *,
    ticks: Sequence[tuple[float, str]],
    levels: Sequence[tuple[float, str]],
    title: str,
) -> Markup:
    """Lines over a plane of 0..1 x 0..1: (class, points). `levels` are named heights on the left."""
    high, top, left = 150, 10, 44
    base = top + high
    wide = WIDTH - _RIGHT - left
    parts = [f'<line class="axis" x1="{left}" x2="{WIDTH - _RIGHT}" y1="{base}" y2="{base}"/>']
    for at, label in levels:
        y = base - at * high
        parts.append(f'<line class="guide" x1="{left}" x2="{WIDTH - _RIGHT}" y1="{_n(y)}" y2="{_n(y)}"/>')
        parts.append(_text(left - 6, y + 4, label, "tick-label", anchor="end"))
    parts.extend(_text(left + at * wide, base + 15, label, "tick-label", anchor="middle") for at, label in ticks)
    for kind, points in lines:
        path = " ".join(
            f"{'M' if i == 0 else 'L'}{_n(left + x * wide)} {_n(base - y * high)}" for i, (x, y) in enumerate(points)
        )
        parts.append(f'<path class="l-{kind}" d="{path}"/>')
    return _svg(base + 22, title, parts)


def _svg(height: float, title: str, parts: Iterable[str]) -> Markup:
    return Markup(  # noqa: S704 -- every text in it went through escape()
        f'<svg viewBox="0 0 {WIDTH} {_n(height)}" role="img" aria-label="{escape(title)}">{"".join(parts)}</svg>'
    )


def _text(x: float, y: float, text: str, kind: str, anchor: str = "start") -> str:
    return f'<text class="{kind}" x="{_n(x)}" y="{_n(y)}" text-anchor="{anchor}">{escape(text)}</text>'


def _n(value: float) -> str:
    return f"{value:.1f}".removesuffix(".0")


def _x(cell: int, cells: int) -> float:
    return _LEFT + cell / max(cells, 1) * (WIDTH - _RIGHT - _LEFT)


def _runs(kinds: Sequence[str]) -> Iterable[tuple[str, int, int]]:
    at = 0
    for kind, run in groupby(kinds):
        length = sum(1 for _ in run)
        yield kind, at, at + length
        at += length


def _area(heights: Sequence[float | None], base: float, high: float) -> str:
    """A filled line with holes where nothing was measured."""
    path: list[str] = []
    is_open = False
    for cell, height in enumerate(heights):
        if height is None:
            if is_open:
                path.append(f"L{_n(_x(cell, len(heights)))} {_n(base)}Z")
            is_open = False
            continue
        if not is_open:
            path.append(f"M{_n(_x(cell, len(heights)))} {_n(base)}")
            is_open = True
        y = _n(base - min(max(height, 0.0), 1.0) * high)
        path.append(f"L{_n(_x(cell, len(heights)))} {y}L{_n(_x(cell + 1, len(heights)))} {y}")
    if is_open:
        path.append(f"L{_n(_x(len(heights), len(heights)))} {_n(base)}Z")
    return "".join(path)
