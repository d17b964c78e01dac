"""A FHIR file from outside for somebody who is here: looked at first, then taken whole or not at all.

What it brings is kept beside what the person told, marked with where it came from. Nothing is decided from it. A plan
in it is a proposal, held against the person's own plan by the rules as they stand here.
"""

import datetime as dt
import hashlib
import uuid
from collections.abc import Mapping
from dataclasses import dataclass
from pathlib import Path
from typing import Final

import msgspec
from django.db import transaction

from upperback.care import diary as entries_of
from upperback.care.diary import Observed, Written
from upperback.content.vocabulary import default_content
from upperback.core.errors import Conflict, InputError, NotAllowed
from upperback.devices.confined import Limits, run_confined
from upperback.interchange.fhir import person_resources
from upperback.interchange.fhir.making import Making
from upperback.interchange.fhir.reading import Incoming
from upperback.interchange.fhir.records import Chosen
from upperback.services import audit, diary, fhir, plan_changes
from upperback.services.actors import Actor
from upperback.services.permissions import check_may
from upperback.services.plan_changes import Proposed
from upperback.services.plans import latest_plan
from upperback.services.today import local_day
from upperback.store.models import DiaryEntry, PlanVersion, Profile

__all__ = ["Arrived", "Incoming", "accept_plan", "look_at_file", "look_at_incoming", "observed", "take_in"]

#: A bundle of the largest size as Python objects; measured with the largest numbers of entries and of values.
_LIMITS: Final = Limits(memory_bytes=768 << 20, cpu_s=60, wall_s=60.0, file_bytes=1 << 20)
#: Another clock may be ahead.
_AHEAD: Final = dt.timedelta(days=1)
_AT_ONCE: Final = 500


@dataclass(frozen=True, slots=True, kw_only=True)
class Arrived:
    """What a file would bring to this person.

    Attributes
    ----------
    new : observations that are not here yet; changed : new forms of such that are
    known : how many are here as they are
    proposal : what its plan would change; None where it has none, the same, or none that can be used
    plan_refused : why its plan cannot be used; empty where it can
    """

    incoming: Incoming
    new: tuple[Observed, ...]
    changed: tuple[Observed, ...]
    known: int
    proposal: Proposed | None
    plan_refused: str


def look_at_file(*, profile: Profile, path: Path, name: str, by: Actor, now: dt.datetime) -> Arrived:
    """Reads a file in a confined process and tells what it would bring. Nothing is kept.

    Raises
    ------
    InputError : it is refused as a whole, in one sentence that says where.
    """
    check_may(by, "keep_diary")
    told = run_confined("fhir", path, limits=_LIMITS, name=name)
    return look_at_incoming(profile=profile, incoming=msgspec.convert(told, Incoming), by=by, now=now)


def look_at_incoming(*, profile: Profile, incoming: Incoming, by: Actor, now: dt.datetime) -> Arrived:
    """The same for what was read already."""
    check_may(by, "keep_diary")
    for one in incoming.observations:
        if _at(one) > now + _AHEAD:
            raise InputError(f"the observation “{one.there[:60]}” is in the future")
    ours = _own_ids(profile, by)
    kept = _kept(profile, by)
    new, changed, known = [], [], 0
    for one in incoming.observations:
        before = kept.get(one.there)
        if one.there in ours or (before is not None and before.entry == one):
            known += 1
        elif before is not None:
            changed.append(one)
        else:
            new.append(one)
    proposal, refused = _proposal(profile, incoming, by, now)
    return Arrived(
        incoming=incoming, new=tuple(new), changed=tuple(changed), known=known, proposal=proposal, plan_refused=refused
    )


def take_in(*, profile: Profile, incoming: Incoming, by: Actor, now: dt.datetime) -> int:
    """Keeps every observation that is new or changed; returns how many. The same file twice is once."""
    check_may(by, "keep_diary")
    with transaction.atomic():
        Profile.objects.select_for_update().get(pk=profile.pk)
        found = look_at_incoming(profile=profile, incoming=incoming, by=by, now=now)
        kept = _kept(profile, by)
        plan = latest_plan(profile=profile, by=by)
        rows = [
            DiaryEntry(
                profile=profile, plan=plan, client_id=_client_id(profile, one), kind=entries_of.kind_of(Observed),
                day=_day(one, profile), at=_at(one), data=entries_of.entry_data(one), recorded_at=now, by=str(by),
                replaces_id=kept[one.there].id if one.there in kept else None,
            )
            for one in (*found.new, *found.changed)
        ]  # fmt: skip
        DiaryEntry.objects.bulk_create(rows, batch_size=_AT_ONCE)
        audit.record(
            by=by, action="take_in_fhir", now=now, object_kind="diary", object_uuid=profile.uuid, profile=profile,
            entries=len(rows), changed=len(found.changed),
        )  # fmt: skip
    return len(rows)


def accept_plan(
    *, profile: Profile, incoming: Incoming, client_id: uuid.UUID | None, by: Actor, now: dt.datetime
) -> PlanVersion | None:
    """The change that the plan in a file proposes, taken. None where it changes nothing."""
    wanted = _wanted(incoming)
    if wanted is None:
        raise InputError("this file has no plan")
    return plan_changes.accept_wanted(
        profile=profile, wanted=wanted, source=incoming.source, client_id=client_id, by=by, now=now
    )


def observed(*, profile: Profile, by: Actor) -> list[Written]:
    """Everything that came from outside, oldest first."""
    return diary.entries(profile=profile, by=by, kinds=[Observed])


def _kept(profile: Profile, by: Actor) -> dict[str, Written]:
    rows = observed(profile=profile, by=by)
    return {row.entry.there: row for row in rows if isinstance(row.entry, Observed)}


def _own_ids(profile: Profile, by: Actor) -> frozenset[str]:
    """What this record itself gives to others: it does not come back as something from outside."""
    person = fhir.gather(profile, by, default_content())
    make = Making(person=person, content=default_content(), chosen=Chosen(mood=True, diary=True))
    return frozenset(one.id for one in person_resources(make))


def _proposal(profile: Profile, incoming: Incoming, by: Actor, now: dt.datetime) -> tuple[Proposed | None, str]:
    wanted = _wanted(incoming)
    if wanted is None:
        return None, ""
    try:
        found = plan_changes.look_at_wanted(profile=profile, wanted=wanted, source=incoming.source, by=by, now=now)
    except (InputError, NotAllowed, Conflict) as problem:
        return None, problem.message
    return found, ""


def _wanted(incoming: Incoming) -> Mapping[str, tuple[int, int] | None] | None:
    if incoming.plan is None:
        return None
    return {
        one.id: (one.sets, one.reps) if one.sets is not None and one.reps is not None else None
        for one in incoming.plan.exercises
    }


def _client_id(profile: Profile, one: Observed) -> uuid.UUID:
    digest = hashlib.sha256(msgspec.json.encode(one, order="sorted")).hexdigest()
    return uuid.uuid5(profile.uuid, f"observed/{one.there}/{digest}")


def _at(one: Observed) -> dt.datetime:
    found = dt.datetime.fromisoformat(one.starts)
    return found if found.tzinfo is not None else found.replace(hour=12, tzinfo=dt.UTC)


def _day(one: Observed, profile: Profile) -> dt.date:
    return local_day(profile, _at(one)) if "T" in one.starts else dt.date.fromisoformat(one.starts)
