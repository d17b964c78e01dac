"""Numbers in words, as a report says them."""

import datetime as dt
from typing import Final

_SPACE: Final = "\N{NO-BREAK SPACE}"  # a number and its unit stay together


def duration(seconds: float) -> str:
    """Length of time: "35 s", "48 min", "1 h 12 min", "3 days 2 h"."""
    whole = round(max(seconds, 0.0))
    if whole < 60:
        return _with_units((whole, "s"))
    minutes = round(whole / 60)
    if minutes < 60:
        return _with_units((minutes, "min"))
    if minutes < 48 * 60:
        return _with_units((minutes // 60, "h"), (minutes % 60, "min"))
    hours = round(minutes / 60)
    return _with_units((hours // 24, "days"), (hours % 24, "h"))


def _with_units(first: tuple[int, str], *more: tuple[int, str]) -> str:
    return _SPACE.join(f"{count}{_SPACE}{unit}" for count, unit in (first, *more) if count or (count, unit) == first)


def percent(share: float) -> str:
    """Share 0..1 as whole percents; small ones are not rounded away."""
    value = 100 * share
    return (
        f"under 1{_SPACE}%"
        if 0 < value < 0.5
        else f"over 99{_SPACE}%"
        if 99.5 < value < 100
        else f"{value:.0f}{_SPACE}%"
    )


def degrees(value: float) -> str:
    """An angle, whole degrees: more would claim too much."""
    return f"{value:.0f}°".replace("-", "\N{MINUS SIGN}").replace("\N{MINUS SIGN}0°", "0°")


def plural(count: int, word: str) -> str:
    """ "1 walk", "3 walks"."""
    return f"{count:,} {word}{'' if count == 1 else 's'}"


def date(moment: dt.datetime) -> str:
    """ "Friday 27 November 2026"."""
    return f"{moment:%A} {moment.day} {moment:%B %Y}"


def clock(start: dt.datetime | None, after_s: float, *, with_day: bool = False) -> str:
    """Time on the wearer's clock, or since the start where the recording has no clock."""
    if start is None:
        hours, rest = divmod(round(after_s), 3600)
        return f"{hours}:{rest // 60:02}:{rest % 60:02}"
    moment = start + dt.timedelta(seconds=after_s)
    return f"{moment:%a} {moment:%H:%M}" if with_day else f"{moment:%H:%M}"
