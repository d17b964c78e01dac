"""On which day what a sensor measured counts, whatever becomes of the computer's clock while it is worn."""

import datetime as dt

import numpy as np
import pytest

from tests.unit.services.conftest import NOW
from tests.unit.services.test_live import planned
from upperback.care.diary import Worn
from upperback.sensing.epochs import COLUMNS, Epochs
from upperback.sensing.minutes import pack_seconds
from upperback.services import diary, live_store, people
from upperback.services.actors import Actor
from upperback.services.live import Sitting, finish, finish_left
from upperback.services.live_store import LiveStream, Saving
from upperback.services.people import Profile
from upperback.services.worn import hints_an_hour, hints_since, worn_today

__all__ = ["planned"]  # fixture

EVENING = dt.datetime(2026, 11, 21, 23, 0, tzinfo=dt.UTC)  # Ana's midnight is that of UTC
TODAY = EVENING.date()


def wore(
    ana: Profile, by: Actor, *, minutes: int, since: dt.datetime = EVENING, saved_at: dt.datetime | None = None
) -> LiveStream:
    """A sensor that has measured 30 degrees for so many minutes, by its own clock, and what of it is stored."""
    stream = live_store.open_stream(profile=ana, by=by, now=since)
    row = {"flexion_deg": 30.0, "inclination_deg": 30.0, "measured_share": 1.0, "not_worn_share": 0.0}
    rows = np.tile(np.array([row.get(name, 0.0) for name in COLUMNS], np.float32), (60, 1))
    firsts = [int(since.timestamp()) + 60 * minute for minute in range(minutes)]
    parts = [(first_s, pack_seconds(Epochs(first_s=first_s, rows=rows))) for first_s in firsts]
    saving = Saving(stream=stream.pk, turn=stream.turn, profile=ana.pk, next_number=1, state=b"", minutes=parts)
    assert not live_store.save(savings=[saving], now=saved_at or since + dt.timedelta(minutes=minutes))
    return stream


def minutes_of_days(ana: Profile, by: Actor) -> dict[dt.date, float]:
    found: dict[dt.date, float] = {}
    for row in diary.entries(profile=ana, by=by, kinds=[Worn]):
        assert isinstance(row.entry, Worn)
        assert row.entry.bent_s == row.entry.measured_s
        found[row.day] = found.get(row.day, 0.0) + row.entry.measured_s / 60
    return found


def test_what_is_worn_past_midnight_counts_on_both_days(ana: Profile, actor: Actor) -> None:
    stream = wore(ana, actor, minutes=90)
    now = EVENING + dt.timedelta(minutes=90)
    running = worn_today(profile=ana, by=actor, now=now)
    assert running is not None
    assert running.day.measured_s == 30 * 60
    finish(stream=stream, by=actor, now=now)
    assert minutes_of_days(ana, actor) == {TODAY: 60, TODAY + dt.timedelta(days=1): 30}
    assert finish(stream=stream, by=actor, now=now) is None
    assert len(diary.entries(profile=ana, by=actor, kinds=[Worn])) == 2


@pytest.mark.parametrize(("zone", "day"), [("Europe/Helsinki", 1), ("America/New_York", 0)])
def test_midnight_is_where_the_person_is(zone: str, day: int, ana: Profile, actor: Actor) -> None:
    people.set_time_zone(profile=ana, time_zone=zone, by=actor, now=NOW)
    finish(stream=wore(ana, actor, minutes=90), by=actor, now=EVENING + dt.timedelta(minutes=90))
    assert minutes_of_days(ana, actor) == {TODAY + dt.timedelta(days=day): 90}


def test_quiet_hours_go_along_to_another_time_zone(planned: Profile, actor: Actor) -> None:
    sitting = Sitting(stream=live_store.open_stream(profile=planned, by=actor, now=NOW), by=actor)
    list(sitting.command({"hints": True}))
    sitting.look(now=NOW)
    assert not sitting.disturbs
    elsewhere = people.get_profile(profile_uuid=planned.uuid, by=actor)  # as another page does it
    people.set_time_zone(profile=elsewhere, time_zone="Pacific/Auckland", by=actor, now=NOW)
    sitting.look(now=NOW)
    assert sitting.disturbs


def test_a_sensor_that_went_away_before_midnight_counts_on_its_day(ana: Profile, actor: Actor) -> None:
    wore(ana, actor, minutes=45)
    finish_left(profile=ana, by=actor, now=EVENING + dt.timedelta(hours=12))
    assert minutes_of_days(ana, actor) == {TODAY: 45}


@pytest.mark.parametrize("set_by", [dt.timedelta(hours=hours) for hours in (-24, -1, 1, 24)])
def test_a_clock_that_is_set_takes_along_what_is_worn(set_by: dt.timedelta, ana: Profile, actor: Actor) -> None:
    since = EVENING.replace(hour=12)
    now = since + dt.timedelta(minutes=40) + set_by
    stream = wore(ana, actor, minutes=40, since=since, saved_at=now)
    running = worn_today(profile=ana, by=actor, now=now)
    assert running is not None
    assert running.day.measured_s == 40 * 60
    finish(stream=stream, by=actor, now=now)
    assert minutes_of_days(ana, actor) == {now.date(): 40}
    (row,) = diary.entries(profile=ana, by=actor, kinds=[Worn])
    assert now - dt.timedelta(seconds=1) <= row.at <= now


def test_hints_do_not_end_because_a_clock_was_ahead_once(ana: Profile, actor: Actor) -> None:
    finish(stream=wore(ana, actor, minutes=5), by=actor, now=EVENING + dt.timedelta(hours=1))
    yesterday = EVENING - dt.timedelta(days=1)
    assert hints_since(profile=ana, by=actor, now=yesterday) == yesterday
    assert hints_an_hour(profile=ana, by=actor, now=yesterday) == 4


@pytest.mark.parametrize(("weeks", "an_hour"), [(0, 4), (2, 2), (4, 1), (6, 0), (60, 0)])
def test_the_page_offers_as_many_hints_as_will_come(weeks: int, an_hour: int, ana: Profile, actor: Actor) -> None:
    finish(stream=wore(ana, actor, minutes=5), by=actor, now=EVENING + dt.timedelta(minutes=5))
    later = EVENING + dt.timedelta(minutes=5, weeks=weeks)
    assert hints_an_hour(profile=ana, by=actor, now=later) == an_hour
