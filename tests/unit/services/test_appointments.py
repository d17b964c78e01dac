"""Appointments: a time by the person's own clock, a room that nobody guesses, a calendar file, and calling it off."""

import datetime as dt
import uuid
from typing import Any

import icalendar
import pytest

from tests.unit.services.conftest import NOW
from upperback.core.errors import InputError, NotFound
from upperback.services import appointments, lookout
from upperback.services.actors import READER, Actor
from upperback.services.people import Profile
from upperback.services.treating import EVERYTHING, Seen
from upperback.store.models import DiaryEntry
from upperback.web.options import read_options

pytestmark = pytest.mark.django_db

ROOM = "https://meet.example/{room}"
#: A summer day: the clock of the person is one hour ahead of UTC.
SUMMER = dt.datetime.fromisoformat("2027-07-01T14:30")


def make(profile: Profile, **changed: Any) -> DiaryEntry:
    usual: dict[str, Any] = {
        "seen": Seen(profile, EVERYTHING), "client_id": uuid.uuid4(), "name": "Mina", "wall_time": SUMMER,
        "minutes": 30, "words": "Bring the band", "template": ROOM, "by": READER, "now": NOW,
    }  # fmt: skip
    return appointments.make_appointment(**usual | changed)


def test_a_time_by_the_persons_clock_a_room_and_a_file_for_the_calendar(ana: Profile, actor: Actor) -> None:
    kept, other = make(ana), make(ana, wall_time=SUMMER.replace(day=2))
    (row, entry), (_, second) = appointments.coming(profile=ana, by=actor, now=NOW)
    assert row.uuid == kept.uuid
    assert entry.starts_at == dt.datetime(2027, 7, 1, 13, 30, tzinfo=dt.UTC)
    assert entry.link.startswith("https://meet.example/upperback-")
    assert len(entry.link) >= len("https://meet.example/upperback-") + 22  # 128 bits
    assert entry.link != second.link
    data = appointments.invitation(profile=ana, appointment_id=kept.uuid, by=actor, now=NOW)
    (event,) = icalendar.Calendar.from_ical(data).walk("VEVENT")
    assert event["DTSTART"].dt == entry.starts_at
    assert (str(event["SUMMARY"]), str(event["URL"])) == ("Appointment", entry.link)
    assert b"band" not in data
    assert b"Ana" not in data
    about: dict[str, Any] = {"seen": Seen(ana, EVERYTHING), "name": "Mina", "by": READER, "now": NOW}
    appointments.call_off(appointment_id=kept.uuid, client_id=uuid.uuid4(), **about)
    assert [row.uuid for row, _ in appointments.coming(profile=ana, by=actor, now=NOW)] == [other.uuid]
    with pytest.raises(NotFound):
        appointments.invitation(profile=ana, appointment_id=kept.uuid, by=actor, now=NOW)
    with pytest.raises(InputError):
        appointments.call_off(appointment_id=kept.uuid, client_id=uuid.uuid4(), **about)


def test_it_is_over_when_it_is_over_and_today_tells_of_it_until_then(ana: Profile, actor: Actor) -> None:
    make(ana, wall_time=dt.datetime.fromisoformat("2026-11-23T09:00"), template="")
    at = dt.datetime(2026, 11, 23, 9, 0, tzinfo=dt.UTC)
    ends = at + dt.timedelta(minutes=30)
    assert appointments.coming(profile=ana, by=actor, now=ends - dt.timedelta(seconds=1))
    assert not appointments.coming(profile=ana, by=actor, now=ends)
    for days, told in ((0, "appointment"), (2, "appointment"), (3, None)):
        today = NOW.date() + dt.timedelta(days=days)
        found = lookout._from_clinic(lookout._diary(ana, actor, today), today, actor)
        assert (found.what if found else None) == told


@pytest.mark.parametrize(
    ("changed", "field"),
    [
        ({"wall_time": SUMMER.replace(year=2026)}, "at"),
        ({"wall_time": SUMMER.replace(year=2029)}, "at"),
        ({"minutes": 4}, "minutes"),
        ({"minutes": 121}, "minutes"),
        ({"name": " "}, "name"),
        ({"words": "x" * 81}, "words"),
        ({"words": "a\u202eb"}, "words"),
    ],
)
def test_what_cannot_be_is_said_beside_its_field(ana: Profile, changed: dict[str, Any], field: str) -> None:
    with pytest.raises(InputError) as refused:
        make(ana, **changed)
    assert refused.value.details["field"] == field


def test_only_with_messages_shared_and_by_whoever_treats(ana: Profile, actor: Actor) -> None:
    with pytest.raises(NotFound):
        make(ana, seen=Seen(ana, EVERYTHING - {"messages"}))
    with pytest.raises(NotFound):
        make(ana, by=actor)


@pytest.mark.parametrize(
    "template",
    [
        "http://meet.example/{room}",
        "https://meet.example/",
        "javascript:{room}",
        "https://a b/{room}",
        "https://x/{room}'\"",
    ],
)
def test_a_template_that_is_none_stops_the_start(template: str) -> None:
    with pytest.raises(InputError, match="UPPERBACK_VIDEO_URL"):
        read_options({"UPPERBACK_VIDEO_URL": template})
    assert read_options({"UPPERBACK_VIDEO_URL": ROOM}).video_url == ROOM
