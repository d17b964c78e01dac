"""Charts over days as SVG text: dots as they were told, a line only where days follow one another, words on the spot.

Drawn 360 wide, legible on a phone and on paper. Colours are classes of progress.css, so a chart follows light, dark and
print. The same numbers stand in a table beside each.
"""

import datetime as dt
from collections.abc import Mapping, Sequence
from dataclasses import dataclass

from markupsafe import Markup, escape

from upperback.care.story import without_gaps
from upperback.web import languages

WIDTH = 360
_LEFT, _RIGHT, _TOP, _HIGH, _BELOW = 26, 10, 24, 130, 24


@dataclass(frozen=True, slots=True, kw_only=True)
class Frame:
    """The days and the numbers a chart spans."""

    start: dt.date
    end: dt.date
    top: float
    bottom: float = 0.0

    def x(self, day: dt.date) -> float:
        """Where a day stands."""
        days = max((self.end - self.start).days, 1)
        return _LEFT + (day - self.start).days / days * (WIDTH - _LEFT - _RIGHT)

    def y(self, value: float) -> float:
        """How high a number stands."""
        span = (self.top - self.bottom) or 1.0
        return _TOP + _HIGH - (value - self.bottom) / span * _HIGH

    def holds(self, day: dt.date) -> bool:
        """Whether a day lies inside."""
        return self.start <= day <= self.end


@dataclass(frozen=True, slots=True, kw_only=True)
class Mark:
    """Something that happened on a day: an upright line with a letter that the list below the chart explains."""

    day: dt.date
    letter: str


def dots(
    values: Mapping[dt.date, float],
    frame: Frame,
    *,
    title: str,
    joined_up_to: int = 0,
    middle: Mapping[dt.date, float] | None = None,
    first: float | None = None,
    marks: Sequence[Mark] = (),
) -> Markup:
    """Every number as a dot.

    Parameters
    ----------
    joined_up_to : days between two dots that a thin line still joins; 0 draws none
    middle : a line through other numbers, such as the middle of a week; broken at gaps of more than three days
    first : the number at the start, as a thin line across
    title : what somebody who does not see it is told
    """
    shown = {day: value for day, value in sorted(values.items()) if frame.holds(day)}
    parts = [*_axes(frame), *_marks(frame, marks)]
    if first is not None:
        y = _n(frame.y(first))
        parts.append(f'<line class="first" x1="{_LEFT}" x2="{WIDTH - _RIGHT}" y1="{y}" y2="{y}"/>')
    if joined_up_to:
        parts += [_line("joined", frame, shown, run) for run in without_gaps(list(shown), joined_up_to)]
    if middle:
        inside = {day: value for day, value in sorted(middle.items()) if frame.holds(day)}
        parts += [_line("middle", frame, inside, run) for run in without_gaps(list(inside), 3)]
    parts += [
        f'<circle class="dot" cx="{_n(frame.x(day))}" cy="{_n(frame.y(value))}" r="3"/>' for day, value in shown.items()
    ]
    return _svg(title, parts)


def columns(values: Sequence[tuple[dt.date, float]], frame: Frame, *, title: str, wide_days: int = 7) -> Markup:
    """Upright columns, one for each span of days that begins on its day; nothing stands where nothing was done."""
    parts = _axes(frame)
    wide = frame.x(frame.start + dt.timedelta(days=wide_days)) - frame.x(frame.start)
    for day, value in values:
        if value > 0 and frame.holds(day):
            y = frame.y(min(value, frame.top))
            right = min(frame.x(day) + wide * 0.85, WIDTH - _RIGHT)
            parts.append(
                f'<rect class="column" x="{_n(frame.x(day) + wide * 0.1)}" y="{_n(y)}" rx="2" '
                f'width="{_n(max(right - frame.x(day) - wide * 0.1, 2))}" height="{_n(_TOP + _HIGH - y)}"/>'
            )
    return _svg(title, parts)


def _axes(frame: Frame) -> list[str]:
    base = _TOP + _HIGH
    parts = [f'<line class="axis" x1="{_LEFT}" x2="{WIDTH - _RIGHT}" y1="{base}" y2="{base}"/>']
    for value in (frame.bottom, (frame.bottom + frame.top) / 2, frame.top):
        y = frame.y(value)
        if value > frame.bottom:
            parts.append(f'<line class="guide" x1="{_LEFT}" x2="{WIDTH - _RIGHT}" y1="{_n(y)}" y2="{_n(y)}"/>')
        parts.append(f'<text x="{_LEFT - 5}" y="{_n(y + 4)}" text-anchor="end">{languages.said(f"{value:g}")}</text>')
    days = (frame.end - frame.start).days
    for day, anchor in ((frame.start, "start"), (frame.start + dt.timedelta(days=days // 2), "middle")):
        parts.append(_day(frame, day, anchor))
    parts.append(_day(frame, frame.end, "end"))
    return parts


def _day(frame: Frame, day: dt.date, anchor: str) -> str:
    y = _TOP + _HIGH + 17
    return (
        f'<text x="{_n(frame.x(day))}" y="{y}" text-anchor="{anchor}">{languages.said(day.strftime("%-d %b"))}</text>'
    )


def _marks(frame: Frame, marks: Sequence[Mark]) -> list[str]:
    parts = []
    for mark in marks:
        if frame.holds(mark.day):
            x = _n(frame.x(mark.day))
            parts.append(f'<line class="mark" x1="{x}" x2="{x}" y1="{_TOP - 6}" y2="{_TOP + _HIGH}"/>')
            parts.append(f'<text class="mark-letter" x="{x}" y="{_TOP - 9}" text-anchor="middle">{mark.letter}</text>')
    return parts


def _line(kind: str, frame: Frame, values: Mapping[dt.date, float], run: Sequence[dt.date]) -> str:
    points = " ".join(f"{_n(frame.x(day))},{_n(frame.y(values[day]))}" for day in run)
    return f'<polyline class="{kind}" points="{points}"/>' if len(run) > 1 else ""


def _n(value: float) -> str:
    return f"{value:.1f}".rstrip("0").rstrip(".")


def _svg(title: str, parts: Sequence[str]) -> Markup:
    high = _TOP + _HIGH + _BELOW
    body = "".join(parts)
    return Markup(  # noqa: S704  our own drawing; the title is escaped
        f'<svg class="chart" viewBox="0 0 {WIDTH} {high}" role="img" focusable="false" aria-label="{escape(title)}">'
        f"{body}</svg>"
    )
