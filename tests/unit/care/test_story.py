"""Numbers over weeks as they are: gaps stay gaps, and the middle is a number that was told or half-way between two."""

import datetime as dt

from hypothesis import given
from hypothesis import strategies as st

from upperback.care.story import by_week, running_middle, without_gaps

START = dt.date(2026, 3, 2)
VALUES = st.dictionaries(st.integers(0, 60).map(lambda day: START + dt.timedelta(days=day)), st.integers(0, 10))


def on(**days: int) -> dict[dt.date, float]:
    return {START + dt.timedelta(days=int(name[1:])): value for name, value in days.items()}


def test_a_week_without_a_word_stands_there_empty() -> None:
    weeks = by_week(on(d0=4, d1=6, d15=2), START, START + dt.timedelta(days=20))
    assert [(week.days, week.low, week.middle, week.high) for week in weeks] == [
        (2, 4, 5, 6), (0, None, None, None), (1, 2, 2, 2),
    ]  # fmt: skip


def test_the_middle_needs_most_of_a_week_and_one_bad_day_does_not_move_it() -> None:
    calm = on(d0=2, d1=2, d2=2)
    assert running_middle(calm, least=4) == {}
    found = running_middle(calm | on(d3=9, d4=2), least=4)
    assert found == on(d3=2, d4=2)


def test_a_line_ends_where_days_are_missing() -> None:
    days = [START, START + dt.timedelta(days=1), START + dt.timedelta(days=5)]
    assert without_gaps(days, 3) == [days[:2], days[2:]]
    assert without_gaps([], 3) == []


@given(VALUES)
def test_nothing_is_made_up_and_nothing_is_lost(values: dict[dt.date, float]) -> None:
    weeks = by_week(values, START, START + dt.timedelta(days=60))
    assert sum(week.days for week in weeks) == len(values)
    assert set(running_middle(values, least=1)) == set(values)
    for week in weeks:
        assert week.middle is None or week.low is None or week.high is None or week.low <= week.middle <= week.high
    runs = without_gaps(sorted(values), 2)
    assert [day for run in runs for day in run] == sorted(values)
