"""Group programmes of a clinic: what they are, when they meet, what is done in which week. Who takes part is not here.

Each change is a new version, and the newest counts. Who is offered a group, and who comes, stands in `group_places`.
"""

import dataclasses
import datetime as dt
import re
import secrets
import uuid
from collections.abc import Iterable
from dataclasses import dataclass
from typing import Any, Final
from zoneinfo import ZoneInfo, available_timezones

from django.db import IntegrityError, transaction

from upperback.care.group_meetings import Rhythm
from upperback.care.plan.dose import Amount, DoseBounds, dose_bounds, dose_of
from upperback.content.vocabulary import default_content
from upperback.core.errors import InputError, NotFound
from upperback.services import audit, group_places, templates, treating
from upperback.services.actors import Actor
from upperback.services.group_rows import CHANGED_MEANWHILE, OVER, Group, Line, as_group, newest
from upperback.services.permissions import check_may
from upperback.store.models import ClinicGroup

__all__ = [
    "MINUTES", "PLACES", "WEEKS", "Form", "Group", "Line", "add_line", "bounds_in_groups", "call_off", "end",
    "group_of", "groups_of", "keep_group", "take_out",
]  # fmt: skip

TITLE_MOST: Final = 60
WORDS_MOST: Final = 600
PLACE_MOST: Final = 80
REASON_MOST: Final = 200
NAME_MOST: Final = 80
WEEKS: Final = (1, 26)
PLACES: Final = (2, 30)
MINUTES: Final = (15, 180)
_GROUPS_MOST: Final = 200
_LINES_MOST: Final = 60
#: As an appointment holds one.
_LINK: Final = re.compile(r"https://[^\s\"'<>]{1,290}")
_AHEAD: Final = dt.timedelta(days=370)
_SUNDAY: Final = 6


@dataclass(frozen=True, slots=True, kw_only=True)
class Form:
    """What a clinician says of a group. Numbers and days that could not be read are None."""

    title: str
    words: str
    leader: str
    starts_on: dt.date | None
    weeks: int | None
    weekday: int | None
    at: dt.time | None
    minutes: int | None
    time_zone: str
    place: str
    link: str
    places: int | None


def groups_of(*, by: Actor, now: dt.datetime) -> list[Group]:
    """Those of the clinic that this clinician works for: what goes on first, the next to begin before the others."""
    check_may(by, "propose_change")
    clinic = treating.clinic_of(by=by, now=now)
    rows = {row.group: row for row in ClinicGroup.objects.filter(clinic=clinic).select_related("clinic")}
    found = [as_group(row) for row in rows.values()]
    return sorted(found, key=lambda one: (one.rhythm.is_over(now), one.rhythm.starts_on, one.title.casefold(), one.id))


def group_of(*, group: uuid.UUID | None, by: Actor, now: dt.datetime) -> Group:
    """One of them.

    Raises
    ------
    NotFound : not there, or another clinic's.
    """
    check_may(by, "propose_change")
    clinic = treating.clinic_of(by=by, now=now)
    row = ClinicGroup.objects.filter(group=group, clinic=clinic).select_related("clinic").last() if group else None
    if row is None:
        raise NotFound("there is no such group")
    return as_group(row)


def keep_group(
    *, group: uuid.UUID | None, version: int, form: Form, room: str = "", by: Actor, now: dt.datetime
) -> Group:
    """A new group, or a new version of one. The same sent twice is one. People who are in it are told of a change.

    Parameters
    ----------
    version : the one that the page showed; 0 for a new group
    room : template of a video room's address with `{room}` in it, for a group that is to get one; empty for none

    Raises
    ------
    InputError : what the page shows beside the field it names.
    """
    check_may(by, "propose_change")
    clinic = treating.clinic_of(by=by, now=now)
    if group is None:
        raise InputError("This page is too old to be used. Open it again", field="title")
    with transaction.atomic():
        last = newest(group)
        if last is None and version:
            raise NotFound("there is no such group")
        if last is not None and last.clinic != clinic:
            raise NotFound("there is no such group")
        before = as_group(last) if last is not None else None
        said = _checked(form, before, by, now)
        if before is None and ClinicGroup.objects.filter(clinic=clinic, version=1).count() >= _GROUPS_MOST:
            raise InputError("There are too many groups", field="title")
        link = said.link
        if room and not link:
            link = room.replace("{room}", f"upperback-{secrets.token_urlsafe(16)}")
        rhythm = _rhythm(said, before)
        if before is None:
            new = Group(
                id=group, version=0, title=said.title, words=said.words, leader=said.leader, rhythm=rhythm,
                place=said.place, link=link, places=said.places or 0, programme=(), off={}, ended_because="",
                clinic=clinic,
            )  # fmt: skip
        else:
            new = dataclasses.replace(
                before, title=said.title, words=said.words, leader=said.leader, rhythm=rhythm, place=said.place,
                link=link, places=said.places or 0,
            )  # fmt: skip
            if new == before:
                return before
            if version != before.version:
                raise InputError(CHANGED_MEANWHILE, field="title")
            _check_may_go_on(before, now)
            count = group_places.count_in(group=before, now=now)
            if new.places < count:
                raise InputError(f"{count} people are in this group already", field="places")
        kept = _write(new, by, now, action="make_group" if before is None else "change_group")
        if before is not None and _meets(before) != _meets(new):
            group_places.tell(group=kept, what="changed", by=by, now=now)
    return kept


def add_line(*, group: Group, version: int, line: Line, by: Actor, now: dt.datetime) -> Group:
    """An exercise comes into the programme, from a week to a week. The same sent twice is one."""
    check_may(by, "propose_change")
    weeks = group.rhythm.weeks
    exercise = default_content().exercises.get(line.exercise)
    if exercise is None:
        raise InputError("Choose an exercise", field="exercise")
    if not 1 <= line.first_week <= line.last_week <= weeks:
        raise InputError(f"Choose weeks from 1 to {weeks}, the first before the last", field="first_week")
    bounds = bounds_in_groups(line.exercise)
    if not (_within(line.sets, bounds.sets) and _within(line.reps, bounds.reps)):
        raise InputError(
            f"“{exercise.title}” can be {bounds.sets[0]} to {bounds.sets[1]} sets of {bounds.reps[0]} to "
            f"{bounds.reps[1]} in a group", field="sets",
        )  # fmt: skip
    with transaction.atomic():
        before = _locked(group, now)
        if line in before.programme:
            return before
        if version != before.version:
            raise InputError(CHANGED_MEANWHILE, field="exercise")
        if any(
            one.exercise == line.exercise and one.first_week <= line.last_week and line.first_week <= one.last_week
            for one in before.programme
        ):
            raise InputError("This exercise is there already in one of these weeks", field="exercise")
        if len(before.programme) >= _LINES_MOST:
            raise InputError("There are too many exercises. Take some out first", field="exercise")
        programme = sorted((*before.programme, line), key=lambda one: (one.first_week, one.last_week))
        return _write(dataclasses.replace(before, programme=tuple(programme)), by, now, action="change_group")


def take_out(*, group: Group, line: Line, by: Actor, now: dt.datetime) -> Group:
    """An exercise goes out of the programme. Taking it out twice changes nothing."""
    check_may(by, "propose_change")
    with transaction.atomic():
        before = _locked(group, now)
        left = tuple(one for one in before.programme if one != line)
        if left == before.programme:
            return before
        return _write(dataclasses.replace(before, programme=left), by, now, action="change_group")


def call_off(*, group: Group, day: dt.date | None, reason: str, by: Actor, now: dt.datetime) -> Group:
    """A meeting does not take place; everybody in the group is told why. Calling it off twice changes nothing."""
    check_may(by, "propose_change")
    why = _reason(reason, by, now)
    with transaction.atomic():
        before = _locked(group, now)
        meeting = next((one for one in before.meetings if one.day == day), None)
        if meeting is None:
            raise InputError("There is no meeting on this day any more. Look again", field="reason")
        if meeting.is_off:
            return before
        if meeting.ends_at <= now:
            raise InputError("This meeting is over", field="reason")
        off = dict(sorted({**before.off, meeting.day: why}.items()))
        new = dataclasses.replace(before, off=off, rhythm=dataclasses.replace(before.rhythm, off=frozenset(off)))
        kept = _write(new, by, now, action="call_off_meeting")
        group_places.tell(group=kept, what="meeting_off", day=meeting.day, words=why, by=by, now=now)
    return kept


def end(*, group: Group, reason: str, by: Actor, now: dt.datetime) -> Group:
    """The group ends today, earlier than meant; everybody in it is told why. Ending it twice changes nothing."""
    check_may(by, "propose_change")
    why = _reason(reason, by, now)
    with transaction.atomic():
        row = newest(group.id)
        assert row is not None, "a group that was read is there"
        before = as_group(row)
        if before.rhythm.ended_on is not None:
            return before
        _check_may_go_on(before, now)
        today = now.astimezone(ZoneInfo(before.rhythm.zone)).date()
        went = any(one.day == today and one.starts_at <= now for one in before.meetings)  # a meeting that began stays
        last = today + dt.timedelta(days=1) if went else today
        new = dataclasses.replace(
            before, rhythm=dataclasses.replace(before.rhythm, ended_on=last), ended_because=why
        )  # fmt: skip
        kept = _write(new, by, now, action="end_group")
        group_places.tell(group=kept, what="over", words=why, by=by, now=now)
    return kept


def bounds_in_groups(exercise: str) -> DoseBounds:
    """Between what sets and repetitions an exercise may stand in a programme: the most of a full plan without cautions.

    What a person is shown of it is never more than their own plan allows: see `group_weeks`.
    """
    content = default_content()
    amount = Amount(phase="BUILD", level="full", tags=frozenset(), fraction=1.0, strength_days=2)
    return dose_bounds(dose_of(content.exercises[exercise], amount, content), amount, content)


def _locked(group: Group, now: dt.datetime) -> Group:
    row = newest(group.id)
    assert row is not None, "a group that was read is there"
    found = as_group(row)
    _check_may_go_on(found, now)
    return found


def _check_may_go_on(group: Group, now: dt.datetime) -> None:
    if group.rhythm.is_over(now):
        raise InputError(OVER, field="title")


def _write(one: Group, by: Actor, now: dt.datetime, *, action: str) -> Group:
    rhythm = one.rhythm
    try:
        with transaction.atomic():
            row = ClinicGroup.objects.create(
                group=one.id, version=one.version + 1, clinic=one.clinic, title=one.title, words=one.words,
                leader=one.leader, starts_on=rhythm.starts_on, weeks=rhythm.weeks, weekday=rhythm.weekday,
                at=rhythm.at, minutes=rhythm.minutes, time_zone=rhythm.zone, place=one.place, link=one.link,
                places=one.places, programme=[dataclasses.asdict(line) for line in one.programme],
                off=[{"day": day.isoformat(), "reason": why} for day, why in one.off.items()],
                ended_on=rhythm.ended_on, ended_because=one.ended_because, made_at=now, by=str(by),
            )  # fmt: skip
    except IntegrityError as error:
        raise InputError(CHANGED_MEANWHILE, field="title") from error
    audit.record(
        by=by, action=action, now=now, object_kind="group", object_uuid=one.id, version=row.version,
        clinic=str(one.clinic.uuid) if one.clinic is not None else "",
    )  # fmt: skip
    return as_group(row)


def _meets(group: Group) -> tuple[Any, ...]:
    """What somebody in the group has to know of: when, where and who."""
    rhythm = group.rhythm
    when = (rhythm.starts_on, rhythm.weeks, rhythm.weekday, rhythm.at, rhythm.minutes, rhythm.zone)
    return (*when, group.place, group.link, group.leader)


def _rhythm(said: Form, before: Group | None) -> Rhythm:
    assert said.starts_on is not None, "checked"
    assert said.weeks is not None, "checked"
    assert said.weekday is not None, "checked"
    assert said.at is not None, "checked"
    assert said.minutes is not None, "checked"
    new = Rhythm(
        starts_on=said.starts_on, weeks=said.weeks, weekday=said.weekday, at=said.at, minutes=said.minutes,
        zone=said.time_zone,
    )  # fmt: skip
    if before is None:
        return new
    return dataclasses.replace(new, off=before.rhythm.off, ended_on=before.rhythm.ended_on)


def _checked(form: Form, before: Group | None, by: Actor, now: dt.datetime) -> Form:
    """The form with its spaces in order, or what is wrong with it."""
    title, leader, place = (" ".join(text.split()) for text in (form.title, form.leader, form.place))
    words, zone = form.words.replace("\r\n", "\n").strip(), "_".join(form.time_zone.split())
    _check_text(title, TITLE_MOST, "title", f"Give it a title of up to {TITLE_MOST} letters", needed=True)
    _check_text(words.replace("\n", " "), WORDS_MOST, "words", f"Say what it is, in up to {WORDS_MOST} letters",
                needed=True)  # fmt: skip
    _check_text(leader, NAME_MOST, "leader", f"Say who leads it, in up to {NAME_MOST} letters", needed=True)
    _check_text(place, PLACE_MOST, "place", f"Use up to {PLACE_MOST} letters")
    if zone not in available_timezones():
        raise InputError("Enter a time zone by its place, for example Europe/London", field="time_zone")
    today = now.astimezone(ZoneInfo(zone)).date()
    is_as_before = before is not None and form.starts_on == before.rhythm.starts_on
    if form.starts_on is None or not (is_as_before or today <= form.starts_on <= today + _AHEAD):
        raise InputError("Choose a first day from today on, within a year", field="starts_on")
    _check_number(form.weeks, WEEKS, "weeks", "weeks")
    if form.weekday is None or not 0 <= form.weekday <= _SUNDAY:
        raise InputError("Choose the day of the week", field="weekday")
    if form.at is None:
        raise InputError("Enter the time it begins, for example 10:30", field="at")
    _check_number(form.minutes, MINUTES, "minutes", "minutes")
    _check_number(form.places, PLACES, "places", "people")
    link = form.link.strip()
    if link and not _LINK.fullmatch(link):
        raise InputError("Enter a link that begins with https:// and has no spaces", field="link")
    templates.check_names_nobody(f"{title} {words} {place}", by=by, now=now)
    return dataclasses.replace(
        form, title=title, leader=leader, place=place, words=words, time_zone=zone, link=link
    )  # fmt: skip


def _check_text(text: str, most: int, field: str, says: str, *, needed: bool = False) -> None:
    if (needed and not text) or len(text) > most or (text and not text.isprintable()):
        raise InputError(says, field=field)


def _check_number(number: int | None, bounds: tuple[int, int], field: str, what: str) -> None:
    if number is None or not _within(number, bounds):
        raise InputError(f"Choose from {bounds[0]} to {bounds[1]} {what}", field=field)


def _within(number: int, bounds: Iterable[int]) -> bool:
    least, most = bounds
    return least <= number <= most


def _reason(reason: str, by: Actor, now: dt.datetime) -> str:
    why = " ".join(reason.split())
    _check_text(why, REASON_MOST, "reason", f"Say why, in up to {REASON_MOST} letters", needed=True)
    templates.check_names_nobody(why, by=by, now=now)
    return why
