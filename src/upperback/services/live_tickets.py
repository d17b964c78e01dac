"""Who may connect a sensor: a ticket lets one connection in, once, within a minute."""

import datetime as dt
import hashlib
import secrets
from typing import Final

from django.db import transaction

from upperback.core.errors import NotFound
from upperback.services import audit
from upperback.services.actors import Actor
from upperback.services.permissions import check_may
from upperback.services.plans import open_plan
from upperback.store.models import LiveTicket, Profile

#: Where the socket is.
SOCKET_PATH: Final = "/live/socket/"

_TICKET: Final = dt.timedelta(minutes=1)
_TOKEN_BYTES: Final = 32
_TOKEN_CHARACTERS_MAX: Final = 64


def make_ticket(*, profile: Profile, by: Actor, now: dt.datetime) -> str:
    """Lets one sensor of this person in, once, within a minute. Only while a plan is open."""
    check_may(by, "wear_sensor")
    open_plan(profile=profile, by=by)
    token = secrets.token_urlsafe(_TOKEN_BYTES)
    with transaction.atomic():
        LiveTicket.objects.filter(ends_at__lte=now).delete()
        ticket = LiveTicket.objects.create(
            profile=profile, token_sha256=_hash(token), made_at=now, ends_at=now + _TICKET, by=by.id, by_kind=by.kind
        )
        audit.record(
            by=by, action="wear_sensor", now=now, object_kind="live_ticket", object_uuid=ticket.uuid, profile=profile
        )
    return token


def take_ticket(*, token: str, by: Actor, now: dt.datetime) -> Profile:
    """Whose sensor it is. A ticket is good once, and for whoever asked for it.

    Raises
    ------
    NotFound : there is no such ticket, or not any more.
    """
    check_may(by, "wear_sensor")
    with transaction.atomic():
        found = None
        if 0 < len(token) <= _TOKEN_CHARACTERS_MAX:
            mine = LiveTicket.objects.filter(by=by.id, by_kind=by.kind, ends_at__gt=now)
            found = mine.select_related("profile").filter(token_sha256=_hash(token)).first()
        if found is None or not LiveTicket.objects.filter(pk=found.pk).delete()[0]:
            raise NotFound("This page has waited for too long. Open it again")
    return found.profile


def _hash(token: str) -> str:
    return hashlib.sha256(token.encode("utf-8", "surrogatepass")).hexdigest()
