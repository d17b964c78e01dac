"""Who may connect a sensor: a ticket lets one connection in, once, within a minute."""

import datetime as dt
import hashlib
import secrets
from collections.abc import Sequence
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
NO_TICKET: Final = "This page has waited for too long. Open it again"

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
    (profile,) = take_tickets(tokens=[(token, by)], now=now)
    if profile is None:
        raise NotFound(NO_TICKET)
    return profile


def take_tickets(*, tokens: Sequence[tuple[str, Actor]], now: dt.datetime) -> list[Profile | None]:
    """Whose sensors they are, in the order of their tokens; None where there is no such ticket for this browser."""
    for _, by in tokens:
        check_may(by, "wear_sensor")
    hashes = [_hash(token) if 0 < len(token) <= _TOKEN_CHARACTERS_MAX else "" for token, _ in tokens]
    with transaction.atomic():
        # Locked until they are gone: of two processes that are shown the same ticket one finds it.
        rows = LiveTicket.objects.select_for_update(of=("self",)).select_related("profile")
        tickets = {row.token_sha256: row for row in rows.filter(token_sha256__in=hashes, ends_at__gt=now)}
        taken: list[LiveTicket] = []
        found: list[Profile | None] = []
        for sha256, (_, by) in zip(hashes, tokens, strict=True):
            ticket = tickets.get(sha256)
            if ticket is None or (ticket.by, ticket.by_kind) != (by.id, by.kind):
                found.append(None)
                continue
            taken.append(tickets.pop(sha256))
            found.append(ticket.profile)
        LiveTicket.objects.filter(pk__in=[ticket.pk for ticket in taken]).delete()
    return found


def _hash(token: str) -> str:
    return hashlib.sha256(token.encode("utf-8", "surrogatepass")).hexdigest()
