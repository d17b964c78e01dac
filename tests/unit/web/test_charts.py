"""Charts over days: every number is there, gaps stay gaps, nothing sticks out, and words are escaped."""

import datetime as dt
import re
from xml.etree import ElementTree as ET

from hypothesis import given
from hypothesis import strategies as st

from upperback.web.charts import WIDTH, Frame, Mark, columns, dots

START = dt.date(2026, 3, 2)
FRAME = Frame(start=START, end=START + dt.timedelta(days=42), top=10)
SVG = "{http://www.w3.org/2000/svg}"


def parsed(chart: str) -> ET.Element:
    return ET.fromstring(str(chart).replace("<svg ", '<svg xmlns="http://www.w3.org/2000/svg" ', 1))  # noqa: S314  our own


def on(*days: int) -> dict[dt.date, float]:
    return {START + dt.timedelta(days=day): float(day % 11) for day in days}


def test_a_dot_for_each_number_and_a_line_only_where_days_follow() -> None:
    values = on(0, 1, 2, 9, 10)
    root = parsed(dots(values, FRAME, title="Pain", joined_up_to=2))
    assert len(root.findall(f"{SVG}circle")) == 5
    lines = [line.get("points", "").split() for line in root.findall(f"{SVG}polyline")]
    assert [len(points) for points in lines] == [3, 2]


def test_days_outside_are_left_out_and_marks_are_named() -> None:
    values = on(0, 60)
    root = parsed(
        dots(
            values, FRAME, title="Pain", marks=[Mark(day=START, letter="F"), Mark(day=dt.date(2020, 1, 1), letter="P")]
        )
    )
    assert len(root.findall(f"{SVG}circle")) == 1
    assert [text.text for text in root.findall(f"{SVG}text") if text.get("class")] == ["F"]


def test_words_are_escaped() -> None:
    assert "<script>" not in dots({}, FRAME, title='"><script>')
    assert parsed(dots({}, FRAME, title='"><script>')).get("aria-label") == '"><script>'


def test_an_empty_week_has_no_column() -> None:
    root = parsed(columns([(START, 0.0), (START + dt.timedelta(days=7), 5.0)], FRAME, title="Turns"))
    assert len(root.findall(f"{SVG}rect")) == 1


@given(st.dictionaries(st.integers(0, 42), st.floats(0, 10)))
def test_nothing_sticks_out(numbers: dict[int, float]) -> None:
    values = {START + dt.timedelta(days=day): value for day, value in numbers.items()}
    chart = dots(values, FRAME, title="Pain", joined_up_to=3)
    assert all(0 <= float(x) <= WIDTH for x in re.findall(r'cx="([\d.]+)"', chart))
    assert all(0 <= float(y) <= 178 for y in re.findall(r'cy="([\d.]+)"', chart))
