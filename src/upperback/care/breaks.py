"""Breaks and movement snacks of a day: what the diary and the plan say, in the words of the scheduler. Pure.

A break brings one movement of the plan and takes one to three minutes. A break that is done is a turn of movement done.
"""

import datetime as dt
from collections import Counter
from collections.abc import Iterable, Mapping, Sequence
from dataclasses import dataclass, replace
from typing import Any, Final
from zoneinfo import ZoneInfo

from upperback.care.diary import Held, Moved, Offer, SessionEnded, Written, only
from upperback.care.schedule import Habits, Next, Offered, Presence, Today, Why, next_offer
from upperback.content.models import Exercise
from upperback.content.vocabulary import Content

Span = tuple[dt.datetime, dt.datetime]

#: Shortest and longest interval that a person may choose. Below five minutes nobody gets anything done.
INTERVAL_MIN: Final = (5, 120)

_DAY_MIN: Final = 24 * 60
_ROUND_MIN: Final = 15

#: Why the next offer comes when it comes, in words; `%(minutes)s` is the interval.
WHY_WORDS: Final[Mapping[Why, str]] = {
    "due": "Now is a good time.",
    "quiet_hours": "Your quiet hours come first.",
    "busy": "You are busy until then.",
    "in_call": "It waits until your call is over.",
    "away": "It waits until you are back.",
    "snoozed": "You asked for a little more time.",
    "not_yet": "That is %(minutes)s minutes after the last one.",
    "just_back": "That is %(minutes)s minutes after you came.",
    "switched_off": "Breaks are switched off.",
    "after_hold": "You get a moment to yourself first.",
}
_WHY_STRENGTH: Final = "That is the time you chose for strength."


@dataclass(frozen=True, slots=True, kw_only=True)
class BusyTime:
    """A time of the week that is taken. `day` counts from Monday, 0; an end that is not after the start is tomorrow."""

    day: int
    start: dt.time
    end: dt.time


def interval_of_plan(record: Mapping[str, Any], content: Content) -> tuple[int, bool]:
    """Minutes between breaks, and whether they come from the person's own time to symptoms.

    Parameters
    ----------
    record : plan as plain data; the shortest interval of its changes counts, driving apart
    """
    found = [
        change["numbers"]["break_every_minutes"]
        for change in record.get("load_changes", ())
        if "break_every_minutes" in change["numbers"] and change["id"] != "LM-DRIVE"
    ]
    usual = int(content.limit("break_minutes_most"))
    return (max(int(min(found)), INTERVAL_MIN[0]), True) if found else (usual, False)


def busy_spans(weekly: Iterable[BusyTime], dated: Iterable[Span], zone: ZoneInfo, now: dt.datetime) -> list[Span]:
    """The busy times around now, put together where they touch: yesterday to tomorrow.

    Parameters
    ----------
    weekly : by the clock on the wall, so they move with it when the clocks change
    dated : from a calendar file, aware
    """
    today = now.astimezone(zone).date()
    days = [today + dt.timedelta(days=shift) for shift in (-1, 0, 1)]
    spans = [
        (_at(day, one.start, zone), _at(day + dt.timedelta(days=one.end <= one.start), one.end, zone))
        for one in weekly
        for day in days
        if day.weekday() == one.day
    ]
    spans += [span for span in dated if days[0] <= span[1].astimezone(zone).date() and span[0] < now + dt.timedelta(2)]
    joined: list[Span] = []
    for start, end in sorted(span for span in spans if span[0] < span[1]):
        if joined and start <= joined[-1][1]:
            joined[-1] = (joined[-1][0], max(end, joined[-1][1]))
        else:
            joined.append((start, end))
    return joined


def turn_times(turns: int, habits: Habits, weekly: Sequence[BusyTime]) -> dict[tuple[int, dt.time], frozenset[int]]:
    """When each turn of movement might be, spread over the waking hours: (turn, local time) -> days of the week.

    A turn that falls into a busy time moves to its end, so one turn may have several times. One that finds no free
    time before the quiet hours is left out on that day.
    """
    wakes = _minute(habits.quiet_until)
    awake = (_minute(habits.quiet_from) - wakes) % _DAY_MIN or _DAY_MIN
    found: dict[tuple[int, dt.time], set[int]] = {}
    for turn in range(1, turns + 1):
        wanted = wakes + round(awake * (turn - 0.5) / turns / _ROUND_MIN) * _ROUND_MIN
        for day in range(7):
            minute = _free_from(wanted, day, weekly)
            if minute < min(wakes + awake, _DAY_MIN):
                found.setdefault((turn, dt.time(minute // 60, minute % 60)), set()).add(day)
    return {key: frozenset(days) for key, days in found.items()}


def _free_from(minute: int, day: int, weekly: Sequence[BusyTime]) -> int:
    """The first minute of a day from a minute on that is not busy."""
    spans = []
    for one in weekly:
        start, end = _minute(one.start), _minute(one.end)
        if one.day == day:
            spans.append((start, end if end > start else _DAY_MIN))
        if end <= start and (one.day + 1) % 7 == day:
            spans.append((0, end))
    for start, end in sorted(spans):
        if start <= minute < end:
            minute = end
    return minute


def offers_of(written: Iterable[Written]) -> list[Offered]:
    """The offers of the diary, oldest first."""
    return [
        Offered(kind=one.kind, at=row.at, answer=one.answer, until=one.until, is_long=one.long)
        for row, one in only(written, Offer)
    ]


def presence_of(
    written: Iterable[Written], here_since: dt.datetime, busy: Sequence[Span], now: dt.datetime, content: Content
) -> Presence:
    """Whether the person is there: what they told last counts, then what their computer says.

    Parameters
    ----------
    here_since : since when the page, the terminal or the server has run without a longer gap
    """
    told = [(row, held) for row, held in only(written, Held) if row.at <= now]
    if not told:
        return Presence(here_since=here_since, busy=busy)
    row, last = told[-1]
    longest = row.at + dt.timedelta(minutes=content.limit("schedule_call_minutes_most"))
    if last.why == "in_call":
        ends = min(last.until or longest, longest)
        in_call = now < ends
        return Presence(here_since=here_since, in_call=in_call, call_ended=None if in_call else ends, busy=busy)
    if last.why == "away":
        is_away = last.until is None or now < last.until
        return Presence(here_since=None if is_away else max(here_since, last.until or now), busy=busy)
    before = told[-2][1].why if len(told) > 1 else "back"
    if before == "in_call":
        return Presence(here_since=here_since, call_ended=row.at, busy=busy)
    return Presence(here_since=max(here_since, row.at) if before == "away" else here_since, busy=busy)


def today_of(written: Iterable[Written], *, turns: int, ticked: Iterable[int], strength_due: bool) -> Today:
    """What came of the day so far.

    Parameters
    ----------
    written : entries of today, oldest first
    turns : how often the plan asks for movement today
    ticked : the turns of movement that were ticked by hand
    """
    rows = list(written)
    moved = only(rows, Moved)
    sessions = [row.at for row, _ in only(rows, SessionEnded)]
    ends = [row.at for row, _ in moved] + sessions
    return Today(
        movement_turns=turns,
        movement_done=len({*ticked, *range(1, len(moved) + 1)}),
        strength_due=strength_due,
        last_moved=max(ends, default=None),
        last_session=max(sessions, default=None),
        offers=offers_of(rows),
    )


def movement_for_break(
    record: Mapping[str, Any], written: Iterable[Written], content: Content
) -> Mapping[str, Any] | None:
    """The movement of the plan whose turn it is: done least often lately, then the plan's own order."""
    items = [one for one in record["exercises"] if one["kind"] == "movement" and one["id"] in content.exercises]
    done = Counter(exercise for _, moved in only(written, Moved) for exercise in moved.exercises)
    return min(items, key=lambda one: done[one["id"]], default=None)


def seconds_of(item: Mapping[str, Any], exercise: Exercise) -> int:
    """About how long one turn of a movement takes, from its tempo: a minute at least, three at most."""
    tempo = exercise.tempo
    one = tempo.hold_s or tempo.out_s + tempo.pause_s + tempo.back_s
    return int(min(max(one * (item["reps"] or 1) * (item["sets"] or 1), 60), 180))


def why_words(found: Next) -> str:
    """The reason for the time of an offer, as a sentence with `%(minutes)s` for the interval where it is said."""
    return _WHY_STRENGTH if found.kind == "strength" and found.why == "not_yet" else WHY_WORDS[found.why]


def standing(offers: Sequence[Offered], interval_min: int, now: dt.datetime, content: Content) -> Offered | None:
    """The offer that still waits for an answer; None where there is none or it has waited long enough."""
    stands = dt.timedelta(minutes=min(content.limit("schedule_offer_stands_minutes"), interval_min))
    last = next((offer for offer in reversed(offers) if offer.at <= now), None)
    return last if last is not None and last.answer == "ignored" and now < last.at + stands else None


def day_of_habits(
    habits: Habits, today: Today, presence: Presence, now: dt.datetime, content: Content
) -> tuple[Next, Offered | None]:
    """What comes next, and the offer that waits for an answer now.

    While one waits, it is what is offered, whatever the clock says about the one after it. A call, going away or
    having moved without its help ends it.
    """
    waits = standing(today.offers, habits.interval_min, now, content)
    if waits is not None and not _is_settled(waits, today) and presence.here_since is not None and not presence.in_call:
        before = replace(today, offers=[offer for offer in today.offers if offer is not waits])
        asked = next_offer(habits, before, presence, now, content).ask_interval
        offered = Next(
            kind=waits.kind, offer_now=True, at=waits.at, why="due", ask_interval=asked, is_long=waits.is_long
        )
        return offered, waits
    return next_offer(habits, today, presence, now, content), None


def _is_settled(offer: Offered, today: Today) -> bool:
    """What it was about is done, by whatever way."""
    if offer.kind == "strength":
        return not today.strength_due
    return today.last_moved is not None and today.last_moved >= offer.at


def _minute(clock: dt.time) -> int:
    return clock.hour * 60 + clock.minute


def _at(day: dt.date, clock: dt.time, zone: ZoneInfo) -> dt.datetime:
    return dt.datetime.combine(day, clock, zone).astimezone(dt.UTC)
