"""Clinics of a service and who works there. On one's own machine there are none."""

import datetime as dt

from django.db import IntegrityError, transaction

from upperback.core.errors import Conflict, InputError
from upperback.services import audit
from upperback.services.access_rules import Role
from upperback.services.actors import Actor
from upperback.services.permissions import check_may
from upperback.store.models import Account, Clinic, Membership

__all__ = [
    "Account", "Clinic", "Membership", "add_member", "close_membership", "end_membership", "let_join", "make_clinic",
]  # fmt: skip

NAME_CHARACTERS_MAX = 80


def make_clinic(*, name: str, by: Actor, now: dt.datetime) -> Clinic:
    """A new clinic."""
    check_may(by, "run_service")
    name = " ".join(name.split())
    if not 0 < len(name) <= NAME_CHARACTERS_MAX or not name.isprintable():
        raise InputError(f"Give the clinic a name of up to {NAME_CHARACTERS_MAX} letters", field="name")
    with transaction.atomic():
        clinic = Clinic.objects.create(name=name, made_at=now)
        audit.record(by=by, action="make_clinic", now=now, object_kind="clinic", object_uuid=clinic.uuid)
    return clinic


def add_member(*, account: Account, clinic: Clinic, role: Role, by: Actor, now: dt.datetime) -> Membership:
    """Somebody works for a clinic from now on. Never with the account that holds their own record as a person."""
    check_may(by, "run_service")
    return let_join(account=account, clinic=clinic, role=role, by=by, now=now)


def let_join(*, account: Account, clinic: Clinic, role: Role, by: Actor, now: dt.datetime) -> Membership:
    """The same, for a use case that has asked who may: `joining`."""
    if role not in Membership.Role.values:
        raise InputError(f"A role is one of {', '.join(Membership.Role.values)}", field="role")
    if account.profile_id is not None:
        raise Conflict("This account holds a record of its own. Staff need an account only for their work.")
    try:
        with transaction.atomic():
            member = Membership.objects.create(account=account, clinic=clinic, role=role, since=now, by=str(by))
            audit.record(
                by=by, action="add_member", now=now, object_kind="account", object_uuid=account.uuid,
                role=role, clinic=str(clinic.uuid),
            )  # fmt: skip
    except IntegrityError as error:
        raise Conflict("This account has that role already.") from error
    return member


def end_membership(*, member: Membership, by: Actor, now: dt.datetime) -> None:
    """From now on they do not work there. What they could see by it is closed with the next look."""
    check_may(by, "run_service")
    close_membership(member=member, by=by, now=now)


def close_membership(*, member: Membership, by: Actor, now: dt.datetime) -> None:
    """The same, for a use case that has asked who may: `team`."""
    with transaction.atomic():
        if not Membership.objects.filter(pk=member.pk, ended_at__isnull=True).update(ended_at=now):
            raise Conflict("This membership has ended already.")
        audit.record(
            by=by, action="end_membership", now=now, object_kind="account", object_uuid=member.account.uuid,
            role=member.role, clinic=str(member.clinic.uuid),
        )  # fmt: skip
