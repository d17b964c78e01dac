"""How fast the scheduler is: the next offer of 10,000 people, recomputed on one core.

Run with `just bench` or `python -m tests.bench.bench_schedule`. Prints figures; asserts nothing about time.
"""

import datetime as dt
import platform
import random
import statistics
import time
from collections import Counter
from dataclasses import dataclass
from typing import Any
from zoneinfo import ZoneInfo

from upperback.care import breaks
from upperback.care.breaks import BusyTime, Span
from upperback.care.diary import Held, Moved, Offer, Written
from upperback.care.schedule import Habits, Next
from upperback.content.vocabulary import Content, default_content

PEOPLE = 10_000
NOW = dt.datetime(2026, 11, 27, 14, 10, tzinfo=dt.UTC)
ZONES = ("Europe/London", "Europe/Berlin", "America/New_York", "Asia/Kolkata", "Australia/Sydney")


@dataclass(frozen=True, slots=True)
class Person:
    """Habits, busy times and the diary of today up to now."""

    habits: Habits
    weekly: list[BusyTime]
    dated: list[Span]
    here_since: dt.datetime
    written: list[Written]


def someone(dice: random.Random) -> Person:
    """Half a working day: about nine offers, answered in every way, meetings, now and then a call."""
    zone = ZoneInfo(dice.choice(ZONES))
    habits = Habits(
        time_zone=zone, interval_min=dice.randint(20, 60), quiet_from=dt.time(dice.randint(19, 22)),
        quiet_until=dt.time(dice.randint(6, 9)), strength_at=dt.time(17, 30),
    )  # fmt: skip
    weekly = [
        BusyTime(day=day, start=dt.time(hour), end=dt.time(hour, 45))
        for day in range(5)
        for hour in dice.sample(range(8, 18), 2)
    ]
    since = NOW - dt.timedelta(minutes=dice.randint(10, 400))
    dated = [
        (NOW + dt.timedelta(minutes=start), NOW + dt.timedelta(minutes=start + 30))
        for start in (dice.randint(-300, 300) for _ in range(4))
    ]
    written: list[Written] = []
    for minutes in sorted(dice.sample(range(1, 480), 9), reverse=True):
        at = NOW - dt.timedelta(minutes=minutes)
        answer = dice.choice(["done", "done", "skipped", "snoozed", "ignored"])
        until = at + dt.timedelta(minutes=10) if answer == "snoozed" else None
        entries: list[Any] = [Offer(kind="movement", answer=answer, until=until)]  # type: ignore[arg-type]
        if answer == "done":
            entries.append(Moved(exercises=("MV01",), offered=True))
        if dice.random() < 0.05:
            entries.append(Held(why="in_call"))
        written += [Written(id=len(written) + n, day=NOW.date(), at=at, entry=one) for n, one in enumerate(entries)]
    return Person(habits, weekly, dated, since, written)


def next_of(person: Person, content: Content) -> Next:
    """All that stands between the rows of a person and their next offer."""
    busy = breaks.busy_spans(person.weekly, person.dated, person.habits.time_zone, NOW)
    presence = breaks.presence_of(person.written, person.here_since, busy, NOW, content)
    today = breaks.today_of(person.written, turns=3, ticked=(), strength_due=True)
    return breaks.day_of_habits(person.habits, today, presence, NOW, content)[0]


def main() -> None:
    dice = random.Random(1)
    content = default_content()
    people = [someone(dice) for _ in range(PEOPLE)]
    times: list[float] = []
    found: list[Next] = []
    for _ in range(5):
        start = time.process_time()
        found = [next_of(person, content) for person in people]
        times.append(time.process_time() - start)
    seconds = statistics.median(times)
    whys = ", ".join(f"{why} {count}" for why, count in Counter(one.why for one in found).most_common())
    print(f"machine                 {platform.processor() or platform.machine()}, Python {platform.python_version()}")
    print(f"{PEOPLE:,} people           {seconds:8.2f} s of one core (goal: at most 2)")
    print(f"one person              {seconds / PEOPLE * 1e6:8.0f} microseconds, from diary and busy times to reason")
    print(f"why                     {whys}")


if __name__ == "__main__":
    main()
