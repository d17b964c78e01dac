"""The amounts of a task as they were found out: the middle of some days, down at once, up by a step."""

import datetime as dt

import pytest

from upperback.care.diary import Entry, TaskDone, TaskTold, Written
from upperback.care.ledger import occasions_of
from upperback.care.load_follow import Measured, measured
from upperback.care.plan.choices import Task
from upperback.content.vocabulary import default_content

CONTENT = default_content()
START = dt.date(2026, 11, 2)


def written(*entries: tuple[int, Entry]) -> list[Written]:
    at = dt.datetime(2026, 11, 2, 9, tzinfo=dt.UTC)
    return [
        Written(id=id, day=START + dt.timedelta(days=day), at=at + dt.timedelta(days=day), entry=entry)
        for id, (day, entry) in enumerate(entries, start=1)
    ]


def done(rose_after: float | None, *, after: int = 5) -> TaskDone:
    return TaskDone(task="LM-HOUSE", before=2, after=after, minutes=60, rose_after=rose_after)


def found(told: float | None, *entries: tuple[int, Entry], category: str = "LM-HOUSE") -> Measured | None:
    rows = written(*entries)
    task = Task(category=category, minutes_to_symptom=told)
    return measured("LM-HOUSE", task, occasions_of("LM-HOUSE", rows), rows, CONTENT)


def days(*minutes: float) -> list[tuple[int, Entry]]:
    return [(day, done(one)) for day, one in enumerate(minutes)]


@pytest.mark.parametrize(
    ("told", "minutes", "then", "is_step"),
    [
        (None, (12, 20, 9), 12, False),
        (30, (12, 20, 9), 12, False),
        (30, (12, 20, 9, 15, 16), 15, False),
        (10, (12, 20, 13), 11, True),
        (20, (21, 30, 21), 21, False),
        (3, (12, 20, 9), 4, True),
        (10, (10.6, 10.6, 10.6), None, False),
        (12, (12, 20, 9), None, False),
        (None, (12, 20), None, False),
    ],
)
def test_the_middle_of_the_days(
    told: float | None, minutes: tuple[float, ...], then: float | None, is_step: bool
) -> None:
    one = found(told, *days(*minutes))
    assert (one.task.minutes_to_symptom if one else None) == then
    assert (one.is_step if one else False) is is_step


def test_of_a_day_the_shortest_and_of_many_days_the_newest_count() -> None:
    one = found(None, *days(*[50] * 7, *[10] * 4), (10, done(4)))
    assert one is not None
    assert (list(one.tolerances), one.middle) == ([50, 50, 50, 10, 10, 10, 4], 10)


def test_days_before_it_was_told_do_not_count_again() -> None:
    told = TaskTold(task="LM-HOUSE", category="LM-HOUSE", minutes_to_symptom=20)
    assert found(20, *days(5, 5, 5), (2, told)) is None
    assert found(20, *days(5, 5, 5), (2, told), *((day, done(9)) for day in (3, 4, 5))) is not None


def test_after_red_nothing_goes_up_but_down() -> None:
    red = (5, done(30, after=9))
    assert found(10, *days(30, 30, 30), red) is None
    assert found(40, *days(30, 30, 30), red) is not None


def test_a_task_whose_sum_reads_no_minutes_has_none() -> None:
    assert found(None, *days(12, 20, 9), category="LM-CARRY") is None
