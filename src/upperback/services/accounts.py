"""Accounts of people at a service, and the records that guests begin before they have one."""

import datetime as dt
import uuid
from typing import Final, Literal

from django.db import transaction
from django.utils.translation import gettext as _

from upperback.core.errors import Conflict
from upperback.services import audit
from upperback.services.access_rules import STAFF
from upperback.services.actors import SYSTEM
from upperback.services.actors import person as as_person
from upperback.store.models import Account, AuditEvent, Profile

__all__ = [
    "GUEST_LASTS",
    "begin_guest",
    "close_account",
    "guest_record",
    "is_staff",
    "open_account",
    "sweep_guests",
    "tell_sign_in",
]

#: How long what a guest began is kept.
GUEST_LASTS: Final = dt.timedelta(days=2)
_SWEPT_AT_ONCE: Final = 50
_BEGUN: Final = "begin_guest"


def open_account(*, account: Account, guest: Profile | None, now: dt.datetime) -> Account:
    """A new account with its record: what a guest began, or an empty one."""
    with transaction.atomic():
        if guest is not None and Account.objects.filter(profile=guest).exists():
            guest = None
        account.profile = guest or Profile.objects.create(name=_("Me"), created_at=now)
        account.save()
        audit.record(
            by=as_person(account.uuid), action="open_account", now=now, object_kind="account",
            object_uuid=account.uuid, profile=account.profile, kept=guest is not None,
        )  # fmt: skip
    return account


def close_account(*, account: Account, now: dt.datetime) -> None:
    """Nobody signs in with it any more. The record stays until its person has it erased."""
    with transaction.atomic():
        if not Account.objects.filter(pk=account.pk, is_active=True).update(is_active=False):
            raise Conflict("This account is closed already.")
        audit.record(by=SYSTEM, action="close_account", now=now, object_kind="account", object_uuid=account.uuid)


def tell_sign_in(*, account: Account, what: Literal["sign_in", "sign_out"], now: dt.datetime) -> None:
    """Somebody signed in or out: one line of the audit."""
    audit.record(
        by=as_person(account.uuid), action=what, now=now, object_kind="account", object_uuid=account.uuid,
        profile=account.profile,
    )  # fmt: skip


def is_staff(account: Account) -> bool:
    """Whether somebody works, or worked, for a clinic: then the stricter rules hold, also once that has ended."""
    return account.memberships.filter(role__in=STAFF).exists()


def begin_guest(*, now: dt.datetime) -> Profile:
    """A record without an account. The audit says that it was begun like this: only such ones are swept away."""
    with transaction.atomic():
        profile = Profile.objects.create(name=_("Me"), created_at=now)
        audit.record(
            by=SYSTEM, action=_BEGUN, now=now, object_kind="profile", object_uuid=profile.uuid, profile=profile
        )
    return profile


def guest_record(profile_uuid: uuid.UUID | None) -> Profile | None:
    """A record that belongs to no account. One that does is never reached by this way."""
    if profile_uuid is None:
        return None
    return Profile.objects.filter(uuid=profile_uuid, account__isnull=True).first()


def sweep_guests(*, now: dt.datetime) -> int:
    """What guests began and did not keep goes, with what was done with it. Returns how many went."""
    begun = AuditEvent.objects.filter(action=_BEGUN, at__lt=now - GUEST_LASTS).values("profile_uuid")
    old = Profile.objects.filter(account__isnull=True, uuid__in=begun)[:_SWEPT_AT_ONCE]
    gone = 0
    for profile in old:
        with transaction.atomic():
            AuditEvent.objects.filter(profile_uuid=profile.uuid).delete()
            audit.record(
                by=SYSTEM, action="erase_person", now=now, object_kind="profile", object_uuid=profile.uuid, guest=True
            )
            profile.delete()
            gone += 1
    return gone
