"""When breaks, movements and sessions are offered, and why they wait."""

import datetime as dt
from dataclasses import replace
from zoneinfo import ZoneInfo

import pytest
from hypothesis import given, settings
from hypothesis import strategies as st

from upperback.care.schedule import Habits, Next, Offered, Presence, Today, next_offer
from upperback.content.vocabulary import default_content

CONTENT = default_content()
LONDON = ZoneInfo("Europe/London")
HABITS = Habits(
    time_zone=LONDON,
    interval_min=30,
    quiet_from=dt.time(21, 0),
    quiet_until=dt.time(8, 0),
    strength_at=dt.time(17, 30),
)
TODAY = Today(movement_turns=3, movement_done=0, strength_due=True)


def at(hour: int, minute: int = 0, day: int = 27) -> dt.datetime:
    return dt.datetime(2026, 11, day, hour, minute, tzinfo=dt.UTC)


HERE = Presence(here_since=at(9))


def offer(now: dt.datetime, *, habits: Habits = HABITS, today: Today = TODAY, presence: Presence = HERE) -> Next:
    return next_offer(habits, today, presence, now, CONTENT)


def test_a_movement_is_offered_an_interval_after_coming() -> None:
    assert offer(at(9, 10)) == Next(kind="movement", offer_now=False, at=at(9, 30), why="just_back")
    assert offer(at(9, 30)) == Next(kind="movement", offer_now=True, at=at(9, 30), why="due")


def test_with_every_movement_of_the_day_done_a_break_is_just_a_break() -> None:
    assert offer(at(9, 30), today=replace(TODAY, movement_done=3)).kind == "break"


def test_the_interval_starts_anew_after_an_offer_whatever_was_answered() -> None:
    for answer in ("done", "skipped", "ignored"):
        today = replace(TODAY, offers=[Offered(kind="movement", at=at(9, 30), answer=answer)])
        assert (offer(at(9, 45), today=today).at, offer(at(9, 45), today=today).why) == (at(10), "not_yet")


def test_moving_without_being_asked_counts() -> None:
    assert offer(at(9, 30), today=replace(TODAY, last_moved=at(9, 20))).at == at(9, 50)


def test_snoozed_comes_back_when_it_was_promised_unless_they_moved() -> None:
    snoozed = Offered(kind="movement", at=at(9, 30), answer="snoozed", until=at(9, 35))
    today = replace(TODAY, offers=[snoozed])
    assert offer(at(9, 33), today=today).why == "snoozed"
    assert offer(at(9, 35), today=today).offer_now
    assert not offer(at(9, 35), today=replace(today, last_moved=at(9, 34))).offer_now


def test_quiet_hours_hold_until_the_morning() -> None:
    found = offer(at(22), presence=Presence(here_since=at(20)))
    assert (found.offer_now, found.why, found.at) == (False, "quiet_hours", at(8, 2, day=28))


@pytest.mark.parametrize(
    ("evening", "morning"),
    [  # quiet until 08:00 local, also in the nights when the clocks change
        (dt.datetime(2026, 3, 28, 22, tzinfo=dt.UTC), dt.datetime(2026, 3, 29, 7, 2, tzinfo=dt.UTC)),
        (dt.datetime(2026, 10, 24, 22, tzinfo=dt.UTC), dt.datetime(2026, 10, 25, 8, 2, tzinfo=dt.UTC)),
    ],
)
def test_quiet_hours_follow_the_clock_on_the_wall(evening: dt.datetime, morning: dt.datetime) -> None:
    presence = Presence(here_since=evening - dt.timedelta(hours=2))
    assert offer(evening, today=replace(TODAY, strength_due=False), presence=presence).at == morning


def test_a_call_holds_and_the_offer_comes_a_moment_after_it() -> None:
    assert offer(at(9, 40), presence=replace(HERE, in_call=True)) == Next(
        kind="movement", offer_now=False, at=None, why="in_call"
    )
    ended = replace(HERE, call_ended=at(9, 40))
    assert (offer(at(9, 41), presence=ended).why, offer(at(9, 41), presence=ended).at) == ("after_hold", at(9, 42))
    assert offer(at(9, 42), presence=ended).offer_now


def test_a_meeting_in_the_calendar_holds_until_after_it() -> None:
    presence = replace(HERE, busy=[(at(9, 20), at(10))])
    assert (offer(at(9, 10), presence=presence).why, offer(at(9, 10), presence=presence).at) == ("busy", at(10, 2))
    assert offer(at(10, 2), presence=presence).offer_now


def test_away_waits_and_the_interval_starts_anew_on_return() -> None:
    assert offer(at(11), presence=Presence(here_since=None)).why == "away"
    back = Presence(here_since=at(11))
    assert (offer(at(11, 1), presence=back).at, offer(at(11, 1), presence=back).why) == (at(11, 30), "just_back")


def test_strength_comes_at_its_time_and_once_more_and_not_after_skip() -> None:
    presence = Presence(here_since=at(17, 20))
    assert offer(at(17, 30), presence=presence).kind == "strength"
    ignored = Offered(kind="strength", at=at(17, 30), answer="ignored")
    later = Presence(here_since=at(19, 25))
    assert offer(at(19, 30), today=replace(TODAY, offers=[ignored]), presence=later).kind == "strength"
    twice = [ignored, replace(ignored, at=at(19, 30))]
    assert offer(at(19, 40), today=replace(TODAY, offers=twice), presence=later).kind != "strength"
    skipped = [replace(ignored, answer="skipped")]
    assert offer(at(19, 30), today=replace(TODAY, offers=skipped), presence=later).kind != "strength"


def test_two_ignored_in_a_row_ask_about_the_interval() -> None:
    ignored = Offered(kind="movement", at=at(9, 30), answer="ignored")
    one = replace(TODAY, offers=[ignored])
    two = replace(TODAY, offers=[ignored, replace(ignored, at=at(10))])
    assert not offer(at(10, 5), today=one).ask_interval
    assert offer(at(10, 5), today=two).ask_interval


def test_switched_off_says_so() -> None:
    off = replace(HABITS, breaks_on=False, strength_at=None)
    assert offer(at(9, 30), habits=off) == Next(kind="break", offer_now=False, at=None, why="switched_off")


def test_a_clock_set_back_brings_no_burst() -> None:
    future = [Offered(kind="movement", at=at(15), answer="done")]
    found = offer(at(9, 40), today=replace(TODAY, offers=future))
    assert found.offer_now
    again = replace(TODAY, offers=[*future, Offered(kind="movement", at=at(9, 40), answer="done")])
    assert not offer(at(9, 41), today=again).offer_now


@settings(deadline=None)  # the machine may be busy
@given(st.data())
def test_a_day_minute_by_minute_keeps_every_promise(data: st.DataObject) -> None:
    """Never in quiet hours, calls, meetings or while away; never two within an interval; always a reason."""
    interval = data.draw(st.integers(10, 90))
    habits = replace(HABITS, interval_min=interval)
    calls = data.draw(st.lists(st.tuples(st.integers(0, 1439), st.integers(1, 120)), max_size=4))
    away = data.draw(st.lists(st.tuples(st.integers(0, 1439), st.integers(1, 300)), max_size=4))
    busy = [
        (at(0) + dt.timedelta(minutes=m), at(0) + dt.timedelta(minutes=m + n))
        for m, n in data.draw(st.lists(st.tuples(st.integers(0, 1439), st.integers(1, 120)), max_size=3))
    ]
    answers = st.sampled_from(["done", "skipped", "ignored"])
    here: dt.datetime | None = at(0)
    call_ended: dt.datetime | None = None
    offers: list[Offered] = []
    was_in_call = False
    for minute in range(0, 1440, 2):
        now = at(0) + dt.timedelta(minutes=minute)
        in_call = any(m <= minute < m + n for m, n in calls)
        is_away = any(m <= minute < m + n for m, n in away)
        here = None if is_away else here or now
        call_ended = now if was_in_call and not in_call else call_ended
        was_in_call = in_call
        presence = Presence(here_since=here, in_call=in_call, call_ended=call_ended, busy=busy)
        found = next_offer(habits, replace(TODAY, offers=tuple(offers)), presence, now, CONTENT)
        if not found.offer_now:
            assert found.why != "due"
            assert found.at is None or found.at > now
            continue
        assert not in_call
        assert not is_away
        assert dt.time(8) <= now.time() < dt.time(21)
        assert not any(start <= now < end for start, end in busy)
        breaks = [one for one in offers if one.kind != "strength"]
        if found.kind != "strength" and breaks:
            assert now - breaks[-1].at >= dt.timedelta(minutes=interval)
        offers.append(Offered(kind=found.kind, at=now, answer=data.draw(answers)))  # type: ignore[arg-type]
    assert sum(one.kind == "strength" for one in offers) <= 2


def test_one_hold_may_follow_another() -> None:
    """A meeting right after a meeting, then the evening: the first is the reason, the time is after all of them."""
    busy = [(at(20), at(20, 30)), (at(20, 31), at(21))]
    found = offer(at(20, 10), presence=Presence(here_since=at(18), busy=busy), today=replace(TODAY, strength_due=False))
    assert (found.why, found.at) == ("busy", at(8, 2, day=28))
    assert found.at is not None
    later = offer(found.at, presence=Presence(here_since=at(18), busy=busy), today=replace(TODAY, strength_due=False))
    assert later.offer_now


# ---- the longer break of the hour --------------------------------------------------------------------------------


def offers_at(*minutes: int, long: tuple[int, ...] = ()) -> list[Offered]:
    """Short ones that were done, and long ones, so many minutes after nine."""
    return [
        Offered(kind="movement", at=at(9) + dt.timedelta(minutes=one), answer="done", is_long=one in long)
        for one in sorted({*minutes, *long})
    ]


@pytest.mark.parametrize(
    ("interval", "longs"), [(30, [60, 120, 180]), (25, [50, 100, 150]), (20, [60, 120, 180]), (60, [120, 180])]
)
def test_the_break_nearest_to_the_hour_is_the_longer_one(interval: int, longs: list[int]) -> None:
    habits = replace(HABITS, interval_min=interval, strength_at=None)
    made: list[Offered] = []
    for minute in range(181):
        now = at(9) + dt.timedelta(minutes=minute)
        found = next_offer(habits, replace(TODAY, offers=made), HERE, now, CONTENT)
        if found.offer_now:
            made.append(Offered(kind=found.kind, at=now, answer="ignored", is_long=found.is_long))
    assert [(one.at - at(9)).seconds // 60 for one in made if one.is_long] == longs


def test_the_hour_begins_anew_after_a_session_and_on_return() -> None:
    offers = offers_at(30)
    assert offer(at(10), today=replace(TODAY, offers=offers)).is_long
    rested = replace(TODAY, offers=offers, last_moved=at(9, 40), last_session=at(9, 40))
    assert not offer(at(10, 10), today=rested).is_long
    back = Presence(here_since=at(9, 35))
    assert not offer(at(10, 5), today=replace(TODAY, offers=offers), presence=back).is_long


def test_a_longer_break_that_was_put_off_comes_back_as_one_and_skipped_it_does_not() -> None:
    long = Offered(kind="movement", at=at(10), answer="snoozed", until=at(10, 5), is_long=True)
    assert offer(at(10, 5), today=replace(TODAY, offers=[*offers_at(30), long])).is_long
    skipped = replace(long, answer="skipped", until=None)
    assert not offer(at(10, 30), today=replace(TODAY, offers=[*offers_at(30), skipped])).is_long


def test_a_strength_session_is_never_a_longer_break() -> None:
    today = replace(TODAY, offers=[*offers_at(30), Offered(kind="movement", at=at(17, 20), answer="done")])
    found = offer(at(17, 30), today=today, presence=HERE)
    assert (found.kind, found.is_long) == ("strength", False)
