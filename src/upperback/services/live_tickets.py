"""Who may connect a sensor: a ticket lets one connection in, once, within a minute.

A phone that was paired has no browser to ask for a ticket. It is told a secret with which it comes back by itself,
once, also to a server that was started again; of that, too, only the hash is stored.
"""

import datetime as dt
import secrets
import uuid
from collections.abc import Sequence
from dataclasses import dataclass
from typing import Final

from django.db import transaction

from upperback.core.errors import NotFound
from upperback.core.tokens import TOKEN_CHARACTERS_MAX, stored_form
from upperback.services import actors, audit
from upperback.services.actors import Actor
from upperback.services.permissions import check_may
from upperback.services.plans import open_plan
from upperback.store.models import LiveStream, LiveTicket, Profile

#: How long a ticket is good.
TICKET: Final = dt.timedelta(minutes=1)
#: Where the socket is.
SOCKET_PATH: Final = "/live/socket/"
NO_TICKET: Final = "This page has waited for too long. Open it again"

#: A stream that was not heard of for so long is over: a phone that comes back later begins another one.
LEFT_AFTER: Final = dt.timedelta(minutes=30)

#: A phone is told a new way back each while; each is good for as long as a stream can be gone on with after that.
RENEWED: Final = dt.timedelta(minutes=10)
NO_WAY_BACK: Final = "This measurement is over, and what was measured is kept. Scan a new code to begin again."

_WAY_BACK: Final = RENEWED + LEFT_AFTER
#: Hashed with it, so that no ticket is a way back and no way back a ticket.
_BACK: Final = "back:"
_TOKEN_BYTES: Final = 32


def make_ticket(*, profile: Profile, by: Actor, now: dt.datetime) -> str:
    """Lets one sensor of this person in, once, within a minute. Only while a plan is open."""
    check_may(by, "wear_sensor")
    open_plan(profile=profile, by=by)
    token = secrets.token_urlsafe(_TOKEN_BYTES)
    with transaction.atomic():
        LiveTicket.objects.filter(ends_at__lte=now).delete()
        ticket = LiveTicket.objects.create(
            profile=profile,
            token_sha256=stored_form(token),
            made_at=now,
            ends_at=now + TICKET,
            by=by.id,
            by_kind=by.kind,
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
    hashes = [stored_form(token) if 0 < len(token) <= TOKEN_CHARACTERS_MAX else "" for token, _ in tokens]
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


@dataclass(frozen=True, slots=True, kw_only=True)
class WayBack:
    """Whose paired phone it is, and until when the browser that paired it is let in: the phone is for no longer."""

    profile: Profile
    by: Actor
    until: dt.datetime


def make_way_back(way: WayBack, *, now: dt.datetime) -> str:
    """A secret for a phone that is paired. When its right ends stands in it: changed, it is another secret.

    Of a service nothing is stored: whether its person is still signed in is not known without their browser, so after
    a restart the phone has to be paired again.
    """
    check_may(way.by, "wear_sensor")
    token = f"{secrets.token_urlsafe(_TOKEN_BYTES)}.{int(way.until.timestamp())}"
    if way.by.kind != "household":
        return token
    LiveTicket.objects.filter(ends_at__lte=now).delete()
    LiveTicket.objects.create(
        profile=way.profile, token_sha256=stored_form(_BACK + token), made_at=now,
        ends_at=min(now + _WAY_BACK, way.until), by=way.by.id, by_kind=way.by.kind,
    )  # fmt: skip
    return token


def take_way_back(*, token: str, stream: uuid.UUID | None, now: dt.datetime) -> WayBack:
    """Whose it is, once, to go on with this stream of theirs.

    Raises
    ------
    NotFound : there is no such secret, or not any more, or the stream is over or another person's: the same for all.
    NotAllowed : the plan is locked by now.
    """
    with transaction.atomic():
        rows = LiveTicket.objects.select_for_update(of=("self",)).select_related("profile")
        mine = rows.filter(token_sha256=stored_form(_BACK + token), ends_at__gt=now, by_kind="household")
        row = mine.first() if 0 < len(token) <= TOKEN_CHARACTERS_MAX else None
        if row is not None:
            row.delete()
    if row is None or stream is None:
        raise NotFound(NO_WAY_BACK)
    by = actors.household(row.by)
    if not _can_go_on(stream=stream, profile=row.profile, by=by, now=now):
        raise NotFound(NO_WAY_BACK)
    until = dt.datetime.fromtimestamp(int(token.rpartition(".")[2]), dt.UTC)
    return WayBack(profile=row.profile, by=by, until=until)


def end_ways_back(*, tokens: Sequence[str]) -> None:
    """Nobody comes back by these any more."""
    LiveTicket.objects.filter(token_sha256__in=[stored_form(_BACK + token) for token in tokens]).delete()


def _can_go_on(*, stream: uuid.UUID, profile: Profile, by: Actor, now: dt.datetime) -> bool:
    """There is such a stream of this person in this browser, and it is not over. Nothing is taken over."""
    check_may(by, "wear_sensor")
    there = LiveStream.objects.filter(uuid=stream, profile=profile, by=str(by), ended_at=None)
    return there.filter(saved_at__gt=now - LEFT_AFTER).exists()
