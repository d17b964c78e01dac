"""The diary: what a person did and told, written once, in any order, as often as a device sends it."""

import datetime as dt
import uuid
from collections.abc import Iterable
from typing import Annotated, Any, Final

import msgspec
from django.db import transaction
from django.db.models import QuerySet

from upperback.care import diary
from upperback.care.diary import Entry, Written
from upperback.core.errors import Conflict, InputError, NotFound
from upperback.services import audit, policies
from upperback.services.actors import Actor
from upperback.services.permissions import check_may
from upperback.services.plans import latest_plan
from upperback.services.today import local_day
from upperback.store.models import DiaryEntry, Profile

__all__ = [
    "DiaryEntry",
    "correct_entry",
    "entries",
    "get_entry",
    "is_kept",
    "keep_entry",
    "keep_from_clinic",
    "keep_many",
    "keep_sent",
    "take_back",
]

#: How far back a day may be written up: a phone that was off for some weeks still brings everything.
_LATE: Final = dt.timedelta(days=60)
#: A device whose clock is ahead by no more than this is right.
_AHEAD: Final = dt.timedelta(minutes=10)
#: A device whose clock differs by less than this is taken at its word: sending takes time, too.
_CLOCK_IS_RIGHT: Final = dt.timedelta(minutes=2)
#: Rows that go to the database in one statement, where there are many.
_AT_ONCE: Final = 500
#: What a clinician writes to a person, and the person does not write.
_FROM_CLINIC: Final = (
    diary.Appointment,
    diary.AppointmentOff,
    diary.PlanProposed,
    diary.MessageFromClinic,
    diary.MessageHandled,
    diary.ClinicNote,
    diary.ClinicTask,
    diary.ClinicTaskDone,
    diary.HandedOver,
    diary.HelperLeft,
    diary.GroupTold,
    diary.GroupCame,
)
#: What a device may correct or take back. A warning sign that was told stays told.
_MENDABLE: Final = frozenset({diary.kind_of(diary.SetDone), diary.kind_of(diary.ExerciseEnded)})


def keep_entry(
    *,
    profile: Profile,
    client_id: uuid.UUID | None,
    day: dt.date,
    at: dt.datetime,
    entry: Entry,
    by: Actor,
    now: dt.datetime,
    replaces: DiaryEntry | None = None,
) -> DiaryEntry:
    """Keeps one entry. The same entry sent again is the one that is there; another one under its id is refused.

    Parameters
    ----------
    client_id : made by the page or device, once per entry
    day : the person's own day
    at : when it happened, aware; a clock that runs ahead is put back to `now`
    replaces : the entry that this one corrects or takes back
    """
    check_may(by, "keep_diary")
    if isinstance(entry, _FROM_CLINIC):
        raise InputError("This is for a clinician to write")
    return _keep(profile, client_id, day, at, entry, by, now, replaces)


def keep_from_clinic(
    *, profile: Profile, client_id: uuid.UUID | None, entry: Entry, by: Actor, now: dt.datetime
) -> DiaryEntry:
    """Keeps what a clinician writes to a person. Whether they look after them was asked before: see `treating`."""
    check_may(by, "propose_change")
    if not isinstance(entry, _FROM_CLINIC):
        raise InputError("This is for the person to write")
    return _keep(profile, client_id, local_day(profile, now), now, entry, by, now, None)


def _keep(
    profile: Profile,
    client_id: uuid.UUID | None,
    day: dt.date,
    at: dt.datetime,
    entry: Entry,
    by: Actor,
    now: dt.datetime,
    replaces: DiaryEntry | None,
) -> DiaryEntry:
    if client_id is None:
        raise InputError(policies.PAGE_IS_OLD)
    if at.tzinfo is None:
        raise InputError("at: a time with its time zone is expected")
    today = local_day(profile, now)
    if not today - _LATE <= day <= today:
        raise InputError("Choose a day that is not in the future and not more than two months ago", field="day")
    at = now if at > now + _AHEAD else at.astimezone(dt.UTC)
    with transaction.atomic():
        Profile.objects.select_for_update().get(pk=profile.pk)  # one writer per person
        kind, data = diary.kind_of(entry), diary.entry_data(entry)
        diary.read_entry(kind, data)  # what cannot be read back is refused now, or the diary could not be opened again
        same = DiaryEntry.objects.filter(profile=profile, client_id=client_id).first()
        if same is not None:
            if (same.kind, same.data, same.day) != (kind, data, day):
                raise Conflict("Something else was saved from this page already. Open it again")
            return same
        if replaces is not None:
            _check_can_replace(replaces, profile)
        kept = DiaryEntry.objects.create(
            profile=profile, plan=latest_plan(profile=profile, by=by), client_id=client_id, kind=kind, day=day, at=at,
            data=data, replaces=replaces, recorded_at=now, by=str(by),
        )  # fmt: skip
        audit.record(
            by=by, action="keep_diary", now=now, object_kind="diary_entry", object_uuid=kept.uuid, profile=profile
        )
    return kept


def is_kept(*, profile: Profile, client_id: uuid.UUID | None, by: Actor) -> bool:
    """Whether an entry with this id is there. Inside a transaction; until its end nobody else writes to this diary."""
    check_may(by, "see_profile")
    Profile.objects.select_for_update().get(pk=profile.pk)
    return client_id is not None and DiaryEntry.objects.filter(profile=profile, client_id=client_id).exists()


def keep_many(
    *,
    profile: Profile,
    rows: Iterable[tuple[uuid.UUID, dt.date, dt.datetime, Entry]],
    by: Actor,
    now: dt.datetime,
) -> int:
    """Keeps a whole history at once, however old, with one line in the audit. Returns how many entries are new.

    Parameters
    ----------
    rows : id made by whoever wrote it, the person's own day, when it happened (aware), and the entry; each is checked
        as one alone is, but for its age. What is there already stays; another entry under a known id is refused
    """
    check_may(by, "keep_diary")
    today = local_day(profile, now)
    new: dict[uuid.UUID, DiaryEntry] = {}
    with transaction.atomic():
        Profile.objects.select_for_update().get(pk=profile.pk)
        plan = latest_plan(profile=profile, by=by)
        known = {row.client_id: row for row in DiaryEntry.objects.filter(profile=profile)}
        for client_id, day, at, entry in rows:
            if at.tzinfo is None or day > today:
                raise InputError(f"{day}: a day that is not in the future, and a time with its time zone, are expected")
            kind, data = diary.kind_of(entry), diary.entry_data(entry)
            diary.read_entry(kind, data)
            same = known.get(client_id) or new.get(client_id)
            if same is None:
                new[client_id] = DiaryEntry(
                    profile=profile, plan=plan, client_id=client_id, kind=kind, day=day, data=data,
                    at=now if at > now + _AHEAD else at.astimezone(dt.UTC), recorded_at=now, by=str(by),
                )  # fmt: skip
            elif (same.kind, same.data, same.day) != (kind, data, day):
                raise Conflict(f"{day}: something else was kept under this id already")
        DiaryEntry.objects.bulk_create(new.values(), batch_size=_AT_ONCE)
        audit.record(
            by=by, action="keep_diary", now=now, object_kind="diary", object_uuid=profile.uuid, profile=profile,
            entries=len(new),
        )  # fmt: skip
    return len(new)


def correct_entry(
    *, kept: DiaryEntry, client_id: uuid.UUID | None, entry: Entry, by: Actor, now: dt.datetime
) -> DiaryEntry:
    """A new entry in the place of an old one: same day, same time."""
    return keep_entry(
        profile=kept.profile, client_id=client_id, day=kept.day, at=kept.at, entry=entry, replaces=kept, by=by, now=now
    )


def take_back(*, kept: DiaryEntry, client_id: uuid.UUID | None, by: Actor, now: dt.datetime) -> DiaryEntry:
    """The entry does not count any more. It stays in the history."""
    return correct_entry(kept=kept, client_id=client_id, entry=diary.Undone(), by=by, now=now)


def get_entry(*, profile: Profile, entry_uuid: uuid.UUID | None, by: Actor) -> DiaryEntry:
    """One entry of this person."""
    check_may(by, "see_profile")
    found = DiaryEntry.objects.filter(profile=profile, uuid=entry_uuid).first() if entry_uuid else None
    if found is None:
        raise NotFound("there is no such entry here")
    return found


def entries(
    *, profile: Profile, by: Actor, since: dt.date | None = None, kinds: Iterable[type[Entry]] = ()
) -> list[Written]:
    """The entries that count, oldest first.

    Parameters
    ----------
    since : first day; None for all
    kinds : only these; empty for all
    """
    check_may(by, "see_profile")
    rows = DiaryEntry.objects.filter(profile=profile)
    if since is not None:
        rows = rows.filter(day__gte=since)
    if names := [diary.kind_of(kind) for kind in kinds]:
        rows = rows.filter(kind__in=[*names, diary.kind_of(diary.Undone)])
    # Columns and not whole rows: a page of every day reads hundreds of entries.
    columns = rows.order_by("id").values_list("id", "day", "at", "kind", "data", "replaces_id", "uuid")
    return diary.in_force(
        Written(id=id, day=day, at=at, entry=diary.read_entry(kind, data), replaces=replaces, uuid=uuid)
        for id, day, at, kind, data, replaces, uuid in columns
    )


def keep_sent(*, profile: Profile, row: Any, ahead: dt.timedelta, by: Actor, now: dt.datetime) -> bool:
    """Keeps one entry as a device sends it; sent again it is the one that is there.

    A correction of something that was corrected meanwhile, on another device, takes the place of that correction:
    all of them are kept, the last one counts.

    Parameters
    ----------
    row : plain data of the device
    ahead : by how much the clock of the device was ahead of ours when it sent

    Returns
    -------
    Whether the same thing was written or changed elsewhere, too.

    Raises
    ------
    InputError : a part is missing, unknown or cannot be.
    """
    try:
        sent = msgspec.convert(row, _Sent)
    except msgspec.ValidationError as error:
        raise InputError(f"this entry cannot be read: {error}") from None
    if sent.kind == diary.kind_of(diary.FlareStarted):
        raise InputError("A flare-up begins on its own page, after three questions")
    if sent.kind == diary.kind_of(diary.GroupAnswered):
        raise InputError("A group is answered on its own page, where it is known if there is room")
    entry = diary.read_entry(sent.kind, sent.data)
    at = sent.at if abs(ahead) < _CLOCK_IS_RIGHT else sent.at - ahead
    with transaction.atomic():
        Profile.objects.select_for_update().get(pk=profile.pk)
        rows = DiaryEntry.objects.filter(profile=profile)
        known = rows.filter(client_id=sent.client_id).exists()
        replaces, elsewhere = (None, _elsewhere(sent, entry, rows)) if known else _place_of(sent, entry, profile)
        if known or replaces is not None or not isinstance(entry, diary.Undone):
            keep_entry(
                profile=profile, client_id=sent.client_id, day=sent.day, at=at, entry=entry, replaces=replaces,
                by=by, now=now,
            )  # fmt: skip
    return elsewhere


def _place_of(sent: "_Sent", entry: Entry, profile: Profile) -> tuple[DiaryEntry | None, bool]:
    """The entry that a sent one takes the place of, and whether it was changed, or written too, elsewhere.

    None with an entry that was taken back meanwhile: a correction then stands for itself, and taking back is done.
    """
    rows = DiaryEntry.objects.filter(profile=profile)
    if sent.replaces is None:
        if isinstance(entry, diary.Undone):
            raise InputError("There is nothing here to take back")
        return None, _elsewhere(sent, entry, rows)
    first = rows.filter(client_id=sent.replaces).first()
    if first is None or first.kind not in _MENDABLE:
        raise InputError("What this corrects is not here")
    was = diary.read_entry(first.kind, first.data)
    if not isinstance(entry, diary.Undone) and _of_what(entry) != _of_what(was):
        raise InputError("A correction must be of the same set or exercise")
    newest = first
    while (later := rows.filter(replaces=newest).first()) is not None:
        newest = later
    gone = newest.kind == diary.kind_of(diary.Undone)
    return None if gone else newest, newest != first


def _of_what(entry: Entry) -> tuple[object, ...]:
    names = ("session", "exercise", "number")
    return (type(entry), *(getattr(entry, name, None) for name in names))


def _elsewhere(sent: "_Sent", entry: Entry, rows: QuerySet[DiaryEntry]) -> bool:
    """Whether the same set stands there under another id, too."""
    if not isinstance(entry, diary.SetDone):
        return False
    of_it = {"data__session": entry.session, "data__exercise": entry.exercise, "data__number": entry.number}
    same = rows.filter(kind=diary.kind_of(diary.SetDone), replaced_by__isnull=True, **of_it)
    return same.exclude(client_id=sent.client_id).exists()


class _Sent(msgspec.Struct, frozen=True, forbid_unknown_fields=True):
    client_id: uuid.UUID
    kind: str
    day: dt.date
    at: Annotated[dt.datetime, msgspec.Meta(tz=True)]
    data: dict[str, Any]
    replaces: uuid.UUID | None = None


def _check_can_replace(replaces: DiaryEntry, profile: Profile) -> None:
    if replaces.profile_id != profile.pk:
        raise NotFound("there is no such entry here")
    if replaces.kind == diary.kind_of(diary.Undone) or DiaryEntry.objects.filter(replaces=replaces).exists():
        raise Conflict("This entry was changed already, perhaps in another window. Look at it as it is now")
