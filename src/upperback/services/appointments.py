"""Appointments that a clinician makes with a person: a time, and a video room by the template of the service.

The room's address holds 128 bits of chance, so it is known to those two only. Nothing is sent anywhere: the person sees
it on their pages and takes it into their calendar.
"""

import datetime as dt
import secrets
import uuid
from typing import Final
from zoneinfo import ZoneInfo

from upperback.care.diary import Appointment, AppointmentOff, Written, only
from upperback.core.errors import InputError, NotFound
from upperback.interchange.calendar import write_invitation
from upperback.services import diary
from upperback.services.actors import Actor
from upperback.services.permissions import check_may
from upperback.services.treating import Seen
from upperback.store.models import DiaryEntry, Profile

__all__ = ["call_off", "coming", "invitation", "make_appointment"]

MINUTES: Final = (5, 120)
#: No appointment is made for longer ahead.
_AHEAD: Final = dt.timedelta(days=370)


def make_appointment(
    *,
    seen: Seen,
    client_id: uuid.UUID | None,
    name: str,
    wall_time: dt.datetime,
    minutes: int,
    words: str,
    template: str,
    by: Actor,
    now: dt.datetime,
) -> DiaryEntry:
    """Keeps an appointment with a person.

    Parameters
    ----------
    wall_time : by the person's own clock, without a time zone
    template : address of a video room with `{room}` in it; empty for an appointment elsewhere
    words : where, or what to bring
    """
    seen.check("messages")
    at = wall_time.replace(tzinfo=ZoneInfo(seen.profile.time_zone)).astimezone(dt.UTC)
    if not now < at < now + _AHEAD:
        raise InputError("Choose a time ahead, within a year", field="at")
    if not MINUTES[0] <= minutes <= MINUTES[1]:
        raise InputError(f"Choose from {MINUTES[0]} to {MINUTES[1]} minutes", field="minutes")
    if not name.strip():
        raise InputError("Enter your name", field="name")
    told = " ".join(words.split())
    if len(told) > 80 or (told and not told.isprintable()):
        raise InputError("Use up to 80 letters", field="words")
    link = template.replace("{room}", f"upperback-{secrets.token_urlsafe(16)}") if template else ""
    entry = Appointment(name=" ".join(name.split()), starts_at=at, minutes=minutes, link=link, words=told)
    return diary.keep_from_clinic(profile=seen.profile, client_id=client_id, entry=entry, by=by, now=now)


def call_off(
    *, seen: Seen, appointment_id: uuid.UUID | None, client_id: uuid.UUID | None, name: str, by: Actor, now: dt.datetime
) -> DiaryEntry:
    """The appointment does not take place."""
    seen.check("messages")
    known = {row.uuid for row, _ in coming(profile=seen.profile, by=by, now=now)}
    if appointment_id is None or appointment_id not in known:
        raise InputError("This appointment is over, or it was called off already", field="at")
    entry = AppointmentOff(name=" ".join(name.split()) or "-", appointment=appointment_id)
    return diary.keep_from_clinic(profile=seen.profile, client_id=client_id, entry=entry, by=by, now=now)


def coming(*, profile: Profile, by: Actor, now: dt.datetime) -> list[tuple[Written, Appointment]]:
    """What is not over and not called off, the next one first."""
    check_may(by, "see_profile")
    written = diary.entries(profile=profile, by=by, kinds=[Appointment, AppointmentOff])
    off = {entry.appointment for _, entry in only(written, AppointmentOff)}
    found = [
        (row, entry)
        for row, entry in only(written, Appointment)
        if row.uuid not in off and entry.starts_at + dt.timedelta(minutes=entry.minutes) > now
    ]
    return sorted(found, key=lambda pair: (pair[1].starts_at, pair[0].id))


def invitation(
    *, profile: Profile, appointment_id: uuid.UUID, by: Actor, now: dt.datetime, title: str = "Appointment"
) -> bytes:
    """The appointment as a calendar file. Raises NotFound where it is not coming any more."""
    for row, entry in coming(profile=profile, by=by, now=now):
        if row.uuid == appointment_id:
            return write_invitation(
                uid=f"{appointment_id}@upperback.invalid", starts_at=entry.starts_at, minutes=entry.minutes,
                link=entry.link, now=now, title=title,
            )  # fmt: skip
    raise NotFound("there is no such appointment here")
