"""A clinician looks on while a person wears a sensor: who may, a ticket for one line, and one event for each watching.

Only for whoever treats the person and was let see `live`; asked of `access` at the ticket, at the line, and again and
again while it is open. What is shown is made elsewhere: the same that the person's own pages are told.
"""

import datetime as dt
import secrets
import uuid
from dataclasses import dataclass
from typing import Final

from upperback.core.errors import NotFound
from upperback.core.tokens import TOKEN_CHARACTERS_MAX, stored_form
from upperback.services import access, audit
from upperback.services.access_rules import DataClass
from upperback.services.actors import Actor, public_id
from upperback.services.live_tickets import NO_TICKET, TICKET
from upperback.services.permissions import check_may
from upperback.store.models import Account, LiveTicket, Profile

__all__ = ["NEEDED", "Watcher", "check_still", "make_ticket", "note", "take_ticket"]

#: What a person has to let somebody see: who it is, and the sensor while it is worn.
NEEDED: Final[frozenset[DataClass]] = frozenset({"identity", "live"})
_NOT_SHARED: Final = "This is not shared with you any more"
#: Hashed with it, so that no ticket to look on lets a sensor in, and the other way round.
_WATCH: Final = "watch:"
_TOKEN_BYTES: Final = 32


@dataclass(frozen=True, slots=True, kw_only=True)
class Watcher:
    """Somebody who looks on at `profile`, and `name`: how that person knows them."""

    profile: Profile
    by: Actor
    name: str


def make_ticket(*, person_uuid: uuid.UUID, by: Actor, now: dt.datetime) -> str:
    """Lets one page of this clinician look on at this person, once, within a minute.

    Raises
    ------
    NotFound : not there, or not for this actor: the same answer.
    """
    check_may(by, "see_profile")
    person = Profile.objects.filter(uuid=person_uuid).first()
    if person is None or not _may(person, by, now):
        raise NotFound("there is no such person here")
    token = secrets.token_urlsafe(_TOKEN_BYTES)
    LiveTicket.objects.filter(ends_at__lte=now).delete()
    LiveTicket.objects.create(
        profile=person, token_sha256=stored_form(_WATCH + token), made_at=now, ends_at=now + TICKET, by=by.id,
        by_kind=by.kind,
    )  # fmt: skip
    return token


def take_ticket(*, token: str, by: Actor, now: dt.datetime) -> Watcher:
    """Who looks on at whom. A ticket is good once, and for whoever asked for it.

    Raises
    ------
    NotFound : there is no such ticket, or not any more, or the person takes it back meanwhile.
    """
    check_may(by, "see_profile")
    found = LiveTicket.objects.filter(
        token_sha256=stored_form(_WATCH + token), ends_at__gt=now, by=by.id, by_kind=by.kind
    ).select_related("profile")
    ticket = found.first() if 0 < len(token) <= TOKEN_CHARACTERS_MAX else None
    # Of two lines with the same ticket one deletes it.
    if ticket is None or not LiveTicket.objects.filter(pk=ticket.pk).delete()[0]:
        raise NotFound(NO_TICKET)
    watcher = Watcher(profile=ticket.profile, by=by, name=_name_of(by, now))
    check_still(watcher=watcher, now=now)
    return watcher


def check_still(*, watcher: Watcher, now: dt.datetime) -> None:
    """Raises NotFound where this clinician may not see it, or not any more."""
    if not _may(watcher.profile, watcher.by, now):
        raise NotFound(_NOT_SHARED)


def note(*, watcher: Watcher, now: dt.datetime) -> None:
    """Writes into the person's record that they are watched from now on. Raises NotFound."""
    check_still(watcher=watcher, now=now)
    person = watcher.profile
    audit.record(
        by=watcher.by, action="watch_live", now=now, object_kind="profile", object_uuid=person.uuid, profile=person,
        purpose="care", data_class="live",
    )  # fmt: skip


def _may(person: Profile, by: Actor, now: dt.datetime) -> bool:
    return by.kind == "account" and access.visible(actor=by, person_uuid=person.uuid, purpose="care", now=now) >= NEEDED


def _name_of(by: Actor, now: dt.datetime) -> str:
    """Name and clinic, as the person reads them under who looked."""
    account_uuid = public_id(by.id)
    account = Account.objects.filter(uuid=account_uuid).first() if account_uuid is not None else None
    clinics = [job.clinic_name for job in access.jobs_of(actor=by, now=now) if job.role == "clinician"]
    return ", ".join([account.name or account.email if account is not None else "", *clinics[:1]])
