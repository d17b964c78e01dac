"""A change of a plan that a clinician of a service sends: a signed file as by hand, kept until the person answers.

Nothing of a plan changes before the person says yes, and what they say yes to is what the file says at that moment.
"""

import datetime as dt
import uuid
from dataclasses import dataclass

from django.db import transaction

from upperback.care.diary import PlanAnswered, PlanProposed, only
from upperback.core.errors import InputError
from upperback.services import diary, plan_changes, policies
from upperback.services.actors import Actor
from upperback.services.permissions import check_may
from upperback.services.plans import PlanVersion
from upperback.services.today import local_day
from upperback.services.treating import Seen
from upperback.store.models import DiaryEntry, Profile

__all__ = ["Waiting", "answer", "send", "waiting"]


@dataclass(frozen=True, slots=True, kw_only=True)
class Waiting:
    """A change that waits for its person: its name, when it came, who it is from, and the signed file."""

    id: uuid.UUID
    day: dt.date
    name: str
    data: bytes


def send(*, seen: Seen, data: bytes, name: str, client_id: uuid.UUID | None, by: Actor, now: dt.datetime) -> DiaryEntry:
    """Keeps a signed file for the person. It takes the place of one that they have not answered yet.

    Parameters
    ----------
    data : from `plan_changes.propose_change` or `propose_clearance`, for this very person
    """
    seen.check("plan")
    if plan_changes.person_of(data) != seen.profile.uuid:
        raise InputError(plan_changes.OTHER_PERSON)
    small = plan_changes.put_pictures_aside(profile=seen.profile, data=data, by=by, now=now)
    entry = PlanProposed(name=" ".join(name.split()), file=small.decode("utf-8"))
    return diary.keep_from_clinic(profile=seen.profile, client_id=client_id, entry=entry, by=by, now=now)


def waiting(*, profile: Profile, by: Actor) -> Waiting | None:
    """The newest change that was sent, if it has no answer."""
    check_may(by, "see_profile")
    written = diary.entries(profile=profile, by=by, kinds=[PlanProposed, PlanAnswered])
    answered = {entry.proposal for _, entry in only(written, PlanAnswered)}
    sent = only(written, PlanProposed)
    if not sent or sent[-1][0].uuid in answered:
        return None
    row, entry = sent[-1]
    assert row.uuid is not None, "a kept entry has its name"
    return Waiting(id=row.uuid, day=row.day, name=entry.name, data=entry.file.encode())


def answer(
    *,
    profile: Profile,
    proposal_id: uuid.UUID | None,
    yes: bool,
    client_id: uuid.UUID | None,
    by: Actor,
    now: dt.datetime,
) -> PlanVersion | None:
    """Yes makes the new version of the plan; no, or later, leaves everything as it is. The same answer twice is one.

    Raises
    ------
    InputError : another change came meanwhile, or this one was answered.
    Conflict, NotAllowed : yes, but the plan has changed since, or is not open.
    """
    check_may(by, "answer_change")
    if client_id is None:
        raise InputError(policies.PAGE_IS_OLD)
    with transaction.atomic():
        if diary.is_kept(profile=profile, client_id=client_id, by=by):
            return None
        found = waiting(profile=profile, by=by)
        if found is None or found.id != proposal_id:
            raise InputError("This was answered already, or something newer has come")
        plan = None
        if yes:
            accepted_as = uuid.uuid5(client_id, "accepted")  # of the diary line that says who proposed it
            plan = plan_changes.accept_change(profile=profile, data=found.data, client_id=accepted_as, by=by, now=now)
        entry = PlanAnswered(proposal=found.id, yes=yes)
        diary.keep_entry(
            profile=profile, client_id=client_id, day=local_day(profile, now), at=now, entry=entry, by=by, now=now
        )
    return plan
