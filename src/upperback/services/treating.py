"""Whom somebody looks after, and what they are let see of each: the one place where pages about others ask for both.

A read model gets people with the kinds of data that they allow and loads nothing of the others. What is allowed is
asked of `access` at every use. On one's own machine, and of an archive that was opened, everything is to be seen.
"""

import datetime as dt
import uuid
from dataclasses import dataclass
from typing import Final

from upperback.core.errors import NotFound
from upperback.services import access, audit, broad_looks, people
from upperback.services.access_rules import DATA_CLASSES, DataClass, Purpose
from upperback.services.actors import Actor
from upperback.services.permissions import check_may
from upperback.store.models import Clinic, Profile

__all__ = ["EVERYTHING", "Seen", "all_still_seen", "clinic_of", "see", "see_all"]

#: Every kind of data a person can let somebody see.
EVERYTHING: Final[frozenset[DataClass]] = frozenset(DATA_CLASSES)


@dataclass(frozen=True, slots=True)
class Seen:
    """A person, and the kinds of data that whoever asked may see of them now."""

    profile: Profile
    classes: frozenset[DataClass]

    def may(self, data_class: DataClass) -> bool:
        """Whether that kind of data may be seen."""
        return data_class in self.classes

    def check(self, data_class: DataClass) -> None:
        """Raises NotFound, as for what is not there, where that kind of data may not be seen."""
        if data_class not in self.classes:
            raise NotFound("there is no such page", action="see_profile")


def see_all(*, by: Actor, now: dt.datetime, purpose: Purpose = "care") -> list[Seen]:
    """Everybody whom this actor looks after and who lets them: as a clinician, or as a carer (`caring`)."""
    check_may(by, "see_profile")
    if by.kind != "account":
        return [Seen(profile, EVERYTHING) for profile in people.list_profiles(by=by)]
    return [
        Seen(profile, classes) for profile, classes in access.caseload_with_kinds(actor=by, now=now, purpose=purpose)
    ]


def see(
    *,
    profile_uuid: uuid.UUID | None,
    by: Actor,
    now: dt.datetime,
    purpose: Purpose = "care",
    shows: frozenset[DataClass] | None = None,
) -> Seen:
    """One of them. That they were looked at, and what of them could be seen, is written into their record.

    `shows`: what a page shows that needs all of it and shows nothing else. Other pages show no sensor while it is worn.

    Raises
    ------
    NotFound : not there, or not for this actor: the same answer.
    """
    check_may(by, "see_profile")
    if by.kind != "account":
        return Seen(people.get_profile(profile_uuid=profile_uuid, by=by), EVERYTHING)
    person = Profile.objects.filter(uuid=profile_uuid).first() if profile_uuid else None
    classes = (
        access.allowed_of(actor=by, people=[person], purpose=purpose, now=now)[person.pk] if person else frozenset()
    )
    if person is None or "identity" not in classes or not (shows or frozenset()) <= classes:
        raise NotFound("there is no such person here")
    looked = shows if shows is not None else classes - {"live"}
    audit.record(
        by=by, action="look", now=now, object_kind="profile", object_uuid=person.uuid, profile=person,
        purpose=purpose, data_class=", ".join(sorted(looked)),
    )  # fmt: skip
    broad_looks.note(by=by, now=now)
    return Seen(person, classes if shows is None else shows)


def all_still_seen(
    *, profile_uuids: list[uuid.UUID], data_classes: frozenset[DataClass], by: Actor, now: dt.datetime
) -> bool:
    """Whether this much of each of these people may still be seen, for a page that shows several. Writes nothing."""
    people_here = list(Profile.objects.filter(uuid__in=profile_uuids))
    if len(people_here) < len(set(profile_uuids)):
        return False
    allowed = access.allowed_of(actor=by, people=people_here, purpose="care", now=now)
    return all(data_classes <= classes for classes in allowed.values())


def clinic_of(*, by: Actor, now: dt.datetime) -> Clinic | None:
    """The clinic that somebody works for as a clinician; None where the pages are tried out without accounts.

    Raises
    ------
    NotFound : they work for none.
    """
    if by.kind != "account":
        return None
    jobs = [job for job in access.jobs_of(actor=by, now=now) if job.role == "clinician"]
    if not jobs:
        raise NotFound("there is no such page")
    return Clinic.objects.get(uuid=jobs[0].clinic)
