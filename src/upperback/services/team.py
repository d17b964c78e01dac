"""Who works at a clinic, for whoever runs it: to see, and to end. Never at another clinic, and nobody above them."""

import datetime as dt
import uuid
from dataclasses import dataclass
from typing import Final

from upperback.core.errors import NotFound
from upperback.services import access, clinics
from upperback.services.access_rules import Role
from upperback.services.actors import Actor
from upperback.services.permissions import check_may
from upperback.store.models import Membership

__all__ = ["Member", "end_work", "members"]

#: Whose work somebody who runs a clinic can end. Others who run it, and programs, are left to who runs the service.
BELOW: Final[frozenset[Role]] = frozenset({"clinician", "researcher", "support"})


@dataclass(frozen=True, slots=True, kw_only=True)
class Member:
    """Somebody who works at a clinic. `can_end`: whoever asked may end it."""

    id: uuid.UUID
    name: str
    email: str
    role: str
    clinic: str
    since: dt.datetime
    can_end: bool


def members(*, by: Actor, now: dt.datetime) -> list[Member]:
    """Everybody who works at a clinic that this actor runs, by clinic and name. Programs are no staff."""
    found = [
        Member(
            id=one.uuid, name=one.account.name or one.account.email, email=one.account.email, role=one.role,
            clinic=one.clinic.name, since=one.since, can_end=one.role in BELOW,
        )
        for one in _at_own_clinics(by, now)
    ]  # fmt: skip
    return sorted(found, key=lambda one: (one.clinic, one.name, one.role))


def end_work(*, member: uuid.UUID | None, by: Actor, now: dt.datetime) -> Membership:
    """From now on they do not work there in that role; their open pages go dark.

    Raises
    ------
    NotFound : they do not work at a clinic that this actor runs, or stand not below them.
    """
    found = next((one for one in _at_own_clinics(by, now) if one.uuid == member and one.role in BELOW), None)
    if found is None:
        raise NotFound("there is nobody like this here")
    clinics.close_membership(member=found, by=by, now=now)
    return found


def _at_own_clinics(by: Actor, now: dt.datetime) -> list[Membership]:
    check_may(by, "run_clinic")
    own = {job.clinic for job in access.jobs_of(actor=by, now=now) if job.role == "clinic_admin"}
    open_ones = Membership.objects.filter(clinic__uuid__in=own, ended_at__isnull=True, account__is_active=True)
    return list(open_ones.exclude(role=Membership.Role.APP).select_related("account", "clinic"))
