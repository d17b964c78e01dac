"""Whoever runs a clinic invites somebody to work there: a link by mail that works once and ends by itself.

Only the hash of the link is kept, and no row longer than its invitation: whoever took it is a member, and what was
taken back or ran out is gone. An invitation holds only while whoever made it still runs the clinic, so nobody who left
has a way back in. Whoever invites is never told whether there is an account with that address.
"""

import datetime as dt
import re
import secrets
import uuid
from dataclasses import dataclass
from typing import Final

from django.db import transaction

from upperback.core.errors import InputError, NotFound
from upperback.core.tokens import stored_form
from upperback.services import access, audit, clinics
from upperback.services.access_rules import Role
from upperback.services.actors import Actor, public_id
from upperback.services.permissions import check_may
from upperback.services.team import BELOW
from upperback.store.models import Account, AuditEvent, Clinic, Membership, StaffInvitation

__all__ = ["LASTS", "Invited", "StaffInvitation", "accept", "invitation_of", "invite", "invited", "sweep", "take_back"]

#: How long a link works.
LASTS: Final = dt.timedelta(days=7)
#: Open ones of a clinic, and mails that one account may have sent within a day.
OPEN_MOST: Final = 40
A_DAY_MOST: Final = 60
NAME_CHARACTERS_MAX: Final = 60
_ADDRESS: Final = re.compile(r"[^@\s,;<>\"]+@[^@\s,;<>\"]+\.[^@\s,;<>\".]+")
_ADDRESS_CHARACTERS_MAX: Final = 254
_DAY: Final = dt.timedelta(days=1)
_GONE: Final = "This link does not work any more. Ask whoever runs the clinic for a new one."


@dataclass(frozen=True, slots=True, kw_only=True)
class Invited:
    """Somebody who was invited and has not come yet."""

    id: uuid.UUID
    name: str
    email: str
    role: str
    clinic: str
    ends_at: dt.datetime


def invite(
    *, clinic: uuid.UUID | None, email: str, name: str, role: str, by: Actor, now: dt.datetime
) -> tuple[StaffInvitation, str]:
    """A new invitation, in the place of one to the same address for the same work, and the secret of its link.

    Parameters
    ----------
    clinic : one that this actor runs; None where they run one only

    Raises
    ------
    InputError : something is missing or cannot be, they work there already, or there are too many.
    NotFound : the clinic is not one that this actor runs.
    """
    own = _own_clinics(by, now)
    where = next((one for one in own if one.uuid == clinic or (clinic is None and len(own) == 1)), None)
    if where is None:
        raise NotFound("there is no such clinic here")
    email, name = email.strip().lower(), " ".join(name.split())
    if len(email) > _ADDRESS_CHARACTERS_MAX or not _ADDRESS.fullmatch(email) or not email.isprintable():
        raise InputError("Write an e-mail address", field="email")
    if not 0 < len(name) <= NAME_CHARACTERS_MAX or not name.isprintable():
        raise InputError(f"Write their name, in up to {NAME_CHARACTERS_MAX} letters", field="name")
    if role not in BELOW:
        raise InputError("Choose what they are to do", field="role")
    works = Membership.objects.filter(clinic=where, role=role, ended_at__isnull=True, account__email=email)
    if works.exists():  # which whoever runs the clinic sees on the same page
        raise InputError("They work here in that role already", field="email")
    secret = secrets.token_urlsafe(32)
    with transaction.atomic():
        sweep(now=now)
        StaffInvitation.objects.filter(clinic=where, email=email, role=role).delete()
        _check_not_too_many(where, by, now)
        made = StaffInvitation.objects.create(
            clinic=where, email=email, name=name, role=role, secret_sha256=stored_form(secret), made_at=now,
            ends_at=now + LASTS, by=str(by),
        )  # fmt: skip
        audit.record(
            by=by, action="invite_staff", now=now, object_kind="staff_invitation", object_uuid=made.uuid,
            role=role, clinic=str(where.uuid),
        )  # fmt: skip
    return made, secret


def invited(*, by: Actor, now: dt.datetime) -> list[Invited]:
    """Who has been invited to a clinic that this actor runs, the newest first."""
    rows = StaffInvitation.objects.filter(clinic__in=_own_clinics(by, now), ends_at__gt=now).select_related("clinic")
    return [
        Invited(id=one.uuid, name=one.name, email=one.email, role=one.role, clinic=one.clinic.name, ends_at=one.ends_at)
        for one in rows.order_by("-id")
    ]


def take_back(*, invitation: uuid.UUID | None, by: Actor, now: dt.datetime) -> bool:
    """The link works no more. False where there is no such invitation here: used, run out, or of another clinic."""
    rows = StaffInvitation.objects.filter(clinic__in=_own_clinics(by, now), uuid=invitation or uuid.UUID(int=0))
    with transaction.atomic():
        if not rows.delete()[0]:
            return False
        audit.record(
            by=by, action="take_staff_invitation_back", now=now, object_kind="staff_invitation", object_uuid=invitation
        )
    return True


def invitation_of(*, secret: str, now: dt.datetime) -> StaffInvitation | None:
    """The invitation behind a link, while it holds: not run out, and made by somebody who still runs the clinic."""
    rows = StaffInvitation.objects.filter(secret_sha256=stored_form(secret), ends_at__gt=now)
    found = rows.select_related("clinic").first()
    if found is None:
        return None
    maker = public_id(found.by.partition(":")[2])
    runs = Membership.objects.filter(
        account__uuid=maker or uuid.UUID(int=0), account__is_active=True, clinic=found.clinic,
        role=Membership.Role.CLINIC_ADMIN, ended_at__isnull=True,
    )  # fmt: skip
    return found if runs.exists() else None


def accept(*, secret: str, account: Account, by: Actor, now: dt.datetime) -> Membership:
    """Whoever was invited works there from now on. The link works once; of two who press at once, one comes in.

    Raises
    ------
    InputError : the link does not hold, or is for another address.
    Conflict : the account holds a record of its own, or has the role already.
    """
    check_may(by, "accept_invitation")
    with transaction.atomic():
        found = invitation_of(secret=secret, now=now)
        if found is None or found.email != account.email.lower() or public_id(by.id) != account.uuid:
            raise InputError(_GONE)
        if not StaffInvitation.objects.filter(pk=found.pk).delete()[0]:
            raise InputError(_GONE)
        role: Role = found.role  # type: ignore[assignment]  # one of `BELOW`
        return clinics.let_join(account=account, clinic=found.clinic, role=role, by=by, now=now)


def sweep(*, now: dt.datetime) -> int:
    """What ran out goes, with the name and address in it. Returns how many went."""
    return StaffInvitation.objects.filter(ends_at__lte=now).delete()[0]


def _own_clinics(by: Actor, now: dt.datetime) -> list[Clinic]:
    check_may(by, "run_clinic")
    own = {job.clinic for job in access.jobs_of(actor=by, now=now) if job.role == "clinic_admin"}
    return list(Clinic.objects.filter(uuid__in=own).order_by("name", "id"))


def _check_not_too_many(clinic: Clinic, by: Actor, now: dt.datetime) -> None:
    if StaffInvitation.objects.filter(clinic=clinic).count() >= OPEN_MOST:
        raise InputError("Too many invitations wait for an answer. Take some back first", field="email")
    sent = AuditEvent.objects.filter(action="invite_staff", actor_id=by.id, at__gt=now - _DAY)
    if sent.count() >= A_DAY_MOST:
        raise InputError("Too many invitations today. Go on tomorrow", field="email")
