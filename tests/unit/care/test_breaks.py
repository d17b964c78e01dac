"""The words of diary and plan become the words of the scheduler."""

import datetime as dt
from dataclasses import replace
from typing import Any
from zoneinfo import ZoneInfo

import pytest

from upperback.care import breaks, schedule
from upperback.care.breaks import BusyTime
from upperback.care.diary import Entry, Held, Moved, Offer, SessionEnded, Written
from upperback.care.schedule import Habits, Offered, Presence, Today
from upperback.content.vocabulary import default_content

CONTENT = default_content()
LONDON = ZoneInfo("Europe/London")
PLAN: dict[str, Any] = {
    "exercises": [
        {"id": "EX01", "kind": "movement", "reps": 8, "sets": 1},
        {"id": "EX02", "kind": "movement", "reps": 8, "sets": 1},
        {"id": "ST01", "kind": "strength", "reps": 8, "sets": 3},
    ],
    "load_changes": [],
}
MOVES = [id for id, one in CONTENT.exercises.items() if one.kind == "movement"][:2]
PLAN["exercises"][0]["id"], PLAN["exercises"][1]["id"] = MOVES


def at(hour: int, minute: int = 0) -> dt.datetime:
    return dt.datetime(2026, 11, 27, hour, minute, tzinfo=dt.UTC)


def written(*rows: tuple[dt.datetime, Entry]) -> list[Written]:
    return [Written(id=number, day=when.date(), at=when, entry=entry) for number, (when, entry) in enumerate(rows, 1)]


def change(id: str, minutes: float) -> dict[str, Any]:
    return {"id": id, "numbers": {"break_every_minutes": minutes}}


def test_the_interval_comes_from_the_shortest_time_to_symptoms_and_not_from_driving() -> None:
    changes = [change("LM-DRIVE", 20.0), change("LM-SIT", 28.0), change("LM-WORK", 40.0)]
    assert breaks.interval_of_plan(PLAN | {"load_changes": changes}, CONTENT) == (28, True)
    assert breaks.interval_of_plan(PLAN, CONTENT) == (30, False)
    assert breaks.interval_of_plan(PLAN | {"load_changes": [change("LM-SIT", 2.0)]}, CONTENT) == (5, True)


@pytest.mark.parametrize(
    ("now", "start"),
    [  # nine o'clock on the wall, in the week before and after each change of the clocks
        (dt.datetime(2027, 3, 26, 8, tzinfo=dt.UTC), dt.datetime(2027, 3, 26, 9, tzinfo=dt.UTC)),
        (dt.datetime(2027, 3, 29, 8, tzinfo=dt.UTC), dt.datetime(2027, 3, 29, 8, tzinfo=dt.UTC)),
        (dt.datetime(2026, 10, 23, 8, tzinfo=dt.UTC), dt.datetime(2026, 10, 23, 8, tzinfo=dt.UTC)),
        (dt.datetime(2026, 10, 26, 8, tzinfo=dt.UTC), dt.datetime(2026, 10, 26, 9, tzinfo=dt.UTC)),
    ],
)
def test_busy_times_of_the_week_follow_the_clock_on_the_wall(now: dt.datetime, start: dt.datetime) -> None:
    weekly = [BusyTime(day=day, start=dt.time(9), end=dt.time(10)) for day in (0, 4)]
    assert (start, start + dt.timedelta(hours=1)) in breaks.busy_spans(weekly, [], LONDON, now)


def test_busy_times_that_touch_are_one_and_a_night_shift_ends_on_the_next_day() -> None:
    weekly = [
        BusyTime(day=4, start=dt.time(9), end=dt.time(10)),
        BusyTime(day=4, start=dt.time(9, 30), end=dt.time(11)),
        BusyTime(day=4, start=dt.time(22), end=dt.time(6)),
    ]
    found = breaks.busy_spans(weekly, [(at(11), at(12)), (at(1), at(2))], LONDON, at(8))
    assert found == [(at(1), at(2)), (at(9), at(12)), (at(22), dt.datetime(2026, 11, 28, 6, tzinfo=dt.UTC))]


def test_a_call_holds_until_it_is_over_or_an_hour_has_passed() -> None:
    told = written((at(10), Held(why="in_call")))
    assert breaks.presence_of(told, at(9), [], at(10, 30), CONTENT).in_call
    ended = breaks.presence_of(told, at(9), [], at(11), CONTENT)
    assert (ended.in_call, ended.call_ended) == (False, at(11))
    back = breaks.presence_of([*told, *written((at(10, 20), Held(why="back")))], at(9), [], at(10, 30), CONTENT)
    assert (back.in_call, back.call_ended, back.here_since) == (False, at(10, 20), at(9))


def test_being_away_holds_and_the_interval_begins_on_return() -> None:
    told = written((at(10), Held(why="away", until=at(11))))
    assert breaks.presence_of(told, at(9), [], at(10, 59), CONTENT).here_since is None
    assert breaks.presence_of(told, at(9), [], at(11), CONTENT).here_since == at(11)
    back = [*told, *written((at(10, 20), Held(why="back")))]
    assert breaks.presence_of(back, at(9), [], at(10, 30), CONTENT).here_since == at(10, 20)
    assert breaks.presence_of([], at(9), [], at(10, 30), CONTENT).here_since == at(9)


def test_a_break_and_a_tick_by_hand_are_turns_and_a_session_counts_as_having_moved() -> None:
    rows = written(
        (at(9), Moved(exercises=(MOVES[0],), offered=True)),
        (at(9), Offer(kind="movement", answer="done")),
        (at(10), SessionEnded(session="s", how="finished")),
    )
    today = breaks.today_of(rows, turns=4, ticked=[1, 3], strength_due=True)
    assert (today.movement_turns, today.movement_done, today.last_moved) == (4, 2, at(10))
    assert today.offers == [Offered(kind="movement", at=at(9), answer="done")]


def test_the_movement_done_least_comes_next() -> None:
    first, second = (item["id"] for item in PLAN["exercises"][:2])
    assert (breaks.movement_for_break(PLAN, [], CONTENT) or {})["id"] == first
    done = written((at(9), Moved(exercises=(first,))))
    assert (breaks.movement_for_break(PLAN, done, CONTENT) or {})["id"] == second
    assert breaks.movement_for_break({"exercises": [PLAN["exercises"][2]]}, done, CONTENT) is None


@pytest.mark.parametrize("exercise", [one for one in CONTENT.exercises.values() if one.kind == "movement"])
def test_a_break_takes_one_to_three_minutes(exercise: Any) -> None:
    assert 60 <= breaks.seconds_of({"reps": 8, "sets": 1}, exercise) <= 180


HABITS = Habits(time_zone=LONDON, interval_min=30, quiet_from=dt.time(21), quiet_until=dt.time(8))
HERE = Presence(here_since=at(9))


def day(now: dt.datetime, *offers: Offered, presence: Presence = HERE) -> tuple[schedule.Next, Offered | None]:
    today = Today(movement_turns=3, movement_done=0, strength_due=False, offers=offers)
    return breaks.day_of_habits(HABITS, today, presence, now, CONTENT)


def test_an_offer_stands_for_ten_minutes_and_then_counts_as_not_answered() -> None:
    made = Offered(kind="movement", at=at(9, 30), answer="ignored")
    found, waits = day(at(9, 39), made)
    assert (found.offer_now, found.at, waits) == (True, at(9, 30), made)
    found, waits = day(at(9, 40), made)
    assert (found.offer_now, found.at, waits) == (False, at(10), None)


def test_a_call_or_an_answer_ends_an_offer() -> None:
    made = Offered(kind="movement", at=at(9, 30), answer="ignored")
    found, waits = day(at(9, 35), made, presence=Presence(here_since=at(9), in_call=True))
    assert (found.why, waits) == ("in_call", None)
    assert day(at(9, 35), Offered(kind="movement", at=at(9, 30), answer="skipped"))[1] is None


def test_what_is_done_without_its_help_ends_an_offer() -> None:
    for kind, today in (
        ("movement", Today(movement_turns=3, movement_done=1, strength_due=False, last_moved=at(9, 32))),
        ("strength", Today(movement_turns=3, movement_done=0, strength_due=False)),
    ):
        made = Offered(kind=kind, at=at(9, 30), answer="ignored")  # type: ignore[arg-type]
        found, waits = breaks.day_of_habits(HABITS, replace(today, offers=[made]), HERE, at(9, 35), CONTENT)
        assert waits is None
        assert not (found.offer_now and found.kind == kind)


def test_an_offer_that_still_waits_is_not_yet_counted_against_the_interval() -> None:
    made = [
        Offered(kind="movement", at=at(9, 30), answer="ignored"),
        Offered(kind="movement", at=at(10), answer="ignored"),
    ]
    assert not day(at(10, 5), *made)[0].ask_interval
    assert day(at(10, 10), *made)[0].ask_interval


def test_every_reason_has_words() -> None:
    assert set(breaks.WHY_WORDS) == set(schedule.Why.__args__)  # type: ignore[attr-defined]


def test_turns_are_spread_over_the_waking_hours_and_move_out_of_busy_times() -> None:
    every_day = frozenset(range(7))
    found = breaks.turn_times(3, HABITS, [])  # awake from eight to nine in the evening
    assert found == {
        (1, dt.time(10, 15)): every_day, (2, dt.time(14, 30)): every_day, (3, dt.time(18, 45)): every_day,
    }  # fmt: skip
    busy = [BusyTime(day=0, start=dt.time(10), end=dt.time(11)), BusyTime(day=0, start=dt.time(11), end=dt.time(12))]
    moved = breaks.turn_times(3, HABITS, busy)
    assert moved[1, dt.time(12)] == {0}
    assert moved[1, dt.time(10, 15)] == every_day - {0}
    night = [BusyTime(day=5, start=dt.time(18), end=dt.time(14, 45))]
    assert 6 not in breaks.turn_times(3, HABITS, night)[1, dt.time(10, 15)]
    assert breaks.turn_times(3, HABITS, night)[3, dt.time(18, 45)] == every_day - {5}, "busy until midnight: left out"
