"""What a letter is made of, before it is set on paper or shown on a page. Plain text everywhere: no markup."""

import datetime as dt
from collections.abc import Sequence
from typing import Final, Literal, get_args

import msgspec

Reader = Literal["gp", "physiotherapist", "employer"]
READERS: Final[tuple[Reader, ...]] = get_args(Reader)


class Part(msgspec.Struct, frozen=True, kw_only=True):
    """Base: immutable, keyword-only."""


class Table(Part, frozen=True, kw_only=True):
    """Rows under column names. `wide`: the share of the width of each column."""

    columns: Sequence[str]
    rows: Sequence[Sequence[str]]
    wide: Sequence[int]


class Dot(Part, frozen=True, kw_only=True):
    """One number of a chart: both 0 to 1 from the lower left corner."""

    x: float
    y: float


class Line(Part, frozen=True, kw_only=True):
    """One measure in a chart. `at`: how high its name stands beside the end, 0 to 1."""

    name: str
    at: float
    dots: Sequence[Dot]
    joined: bool


class Chart(Part, frozen=True, kw_only=True):
    """Numbers over days.

    Attributes
    ----------
    told : what somebody who does not see it is told
    across : (0 to 1 along, day) below it
    up : (0 to 1 up, number) beside it
    """

    told: str
    lines: Sequence[Line]
    across: Sequence[tuple[float, str]]
    up: Sequence[tuple[float, str]]


class Block(Part, frozen=True, kw_only=True):
    """One heading with what stands under it, in this order: sentences, points, chart, table."""

    title: str
    lines: Sequence[str] = ()
    points: Sequence[str] = ()
    chart: Chart | None = None
    table: Table | None = None


class Letter(Part, frozen=True, kw_only=True):
    """One letter.

    Attributes
    ----------
    title, day : as they stand at the top and in the properties of the file
    who : names and values that say who it is about
    blocks : the first page
    question : what the reader is asked, under the heading `asks`
    about : where all of it comes from
    appendix : from the second page on
    """

    reader: Reader
    title: str
    day: dt.date
    who: Sequence[tuple[str, str]]
    blocks: Sequence[Block]
    question: str
    asks: str = "What we ask you"
    about: str
    appendix: Sequence[Block] = ()


def said_day(day: dt.date) -> str:
    """A day as it is written in a letter."""
    return f"{day.day} {day:%B %Y}"
