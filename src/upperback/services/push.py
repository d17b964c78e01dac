"""Notices to browsers that asked for them: who gets one, when, and what happens to addresses that are gone.

Nothing is sent unless a person turned it on in that browser. A message says that a break is due and nothing else.
One that cannot be delivered is not sent again: a late break is no help.
"""

import datetime as dt
import http.client
import ipaddress
import json
import logging
import socket
import ssl
from collections.abc import Callable, Mapping
from dataclasses import dataclass
from typing import Final
from urllib.parse import urlsplit

from django.db import transaction

from upperback.core.errors import InputError, NotAllowed
from upperback.core.tokens import stored_form
from upperback.interchange import webpush
from upperback.interchange.webpush import Receiver
from upperback.services import audit, breaks
from upperback.services.actors import SYSTEM, Actor
from upperback.services.permissions import check_may
from upperback.store.models import Profile, PushSubscription, PushTurn

__all__ = ["PushSubscription", "Sender", "count_of", "deliver", "send_due", "subscribe", "unsubscribe"]

_log = logging.getLogger(__name__)

_ENDPOINT_CHARACTERS_MAX: Final = 1000
_BROWSERS_MOST: Final = 10
_TIMEOUT_S: Final = 10
_GONE: Final = frozenset({404, 410})
#: A browser that is off gets the message within this time or not at all.
_TTL_S: Final = 600
#: How long nobody is looked at again at the longest; so long a changed habit may take to be noticed.
_LOOK_AGAIN: Final = dt.timedelta(minutes=5)
_LOOK_AGAIN_LEAST: Final = dt.timedelta(seconds=20)
_AT_ONCE: Final = 500
# On a screen that others may see.
_WORDS: Final = {"strength": "Time for your session"}
_WORDS_ELSE: Final = "Time for a short break"

Deliver = Callable[[str, Mapping[str, str], bytes], int]


@dataclass(frozen=True, slots=True, kw_only=True)
class Sender:
    """Who sends: the key of this installation, and whom a push service may write to."""

    key: bytes
    contact: str


def count_of(*, profile: Profile, by: Actor) -> int:
    """In how many browsers this person has notices on."""
    check_may(by, "see_profile")
    return PushSubscription.objects.filter(profile=profile).count()


def subscribe(*, profile: Profile, receiver: Receiver, by: Actor, now: dt.datetime) -> PushSubscription:
    """Notices in this browser from now on. The same browser again takes the place of itself."""
    check_may(by, "use_push")
    if len(receiver.endpoint) > _ENDPOINT_CHARACTERS_MAX:
        raise InputError("This browser's notices cannot be turned on: it sent something unknown")
    webpush.check_receiver(receiver)
    with transaction.atomic():
        Profile.objects.select_for_update().get(pk=profile.pk)
        mark = stored_form(receiver.endpoint)
        PushSubscription.objects.filter(endpoint_sha256=mark).delete()
        if PushSubscription.objects.filter(profile=profile).count() >= _BROWSERS_MOST:
            raise InputError(f"Notices are on in {_BROWSERS_MOST} browsers. Turn them off somewhere first")
        kept = PushSubscription.objects.create(
            profile=profile, endpoint=receiver.endpoint, endpoint_sha256=mark, p256dh=receiver.p256dh,
            auth=receiver.auth, added_at=now, by=str(by),
        )  # fmt: skip
        PushTurn.objects.get_or_create(profile=profile, defaults={"look_at": now})
        audit.record(
            by=by, action="use_push", now=now, object_kind="push_subscription", object_uuid=kept.uuid, profile=profile
        )
    return kept


def unsubscribe(*, profile: Profile, endpoint: str | None, by: Actor, now: dt.datetime) -> int:
    """No more notices: in the browser of this endpoint, or in all of them (None). Returns how many it were."""
    check_may(by, "use_push")
    with transaction.atomic():
        rows = PushSubscription.objects.filter(profile=profile)
        if endpoint is not None:
            rows = rows.filter(endpoint_sha256=stored_form(endpoint))
        found = list(rows)
        for row in found:
            _forget(row, by, now, "stop_push")
    return len(found)


def send_due(*, sender: Callable[[], Sender], here_since: dt.datetime, now: dt.datetime, deliver: Deliver) -> int:
    """Looks at everybody whose turn it is and sends what is due. Returns how many messages were delivered.

    A row is claimed by moving its time on under the condition that nobody else has: several processes may do this at
    once, and each person is looked at by one of them.

    Parameters
    ----------
    sender : asked for only where something is to be sent
    here_since : since when this server runs without a gap; after a sleep nothing is made up for
    """
    sent = 0
    turns = PushTurn.objects.select_related("profile").filter(look_at__lte=now).order_by("look_at")[:_AT_ONCE]
    for turn in turns:
        if PushTurn.objects.filter(pk=turn.pk, look_at=turn.look_at).update(look_at=now + _LOOK_AGAIN):
            sent += _look(turn, sender, here_since, now, deliver)
    return sent


def _look(
    turn: PushTurn, sender: Callable[[], Sender], here_since: dt.datetime, now: dt.datetime, deliver: Deliver
) -> int:
    receivers = list(PushSubscription.objects.filter(profile=turn.profile))
    if not receivers:
        turn.delete()
        return 0
    try:
        day = breaks.offer_if_due(profile=turn.profile, here_since=here_since, by=SYSTEM, now=now)
    except NotAllowed:
        return 0  # no plan is open
    if day.offer is None:
        if day.next.at is not None:
            soon = min(max(day.next.at, now + _LOOK_AGAIN_LEAST), now + _LOOK_AGAIN)
            PushTurn.objects.filter(pk=turn.pk).update(look_at=soon)
        return 0
    if turn.told == day.offer.uuid:
        return 0
    PushTurn.objects.filter(pk=turn.pk).update(told=day.offer.uuid)
    text = _WORDS.get(day.next.kind, _WORDS_ELSE)
    path = "/training/" if day.next.kind == "strength" else "/breaks/now/"
    message = json.dumps({"text": text, "path": path}).encode()
    who = sender()
    return sum(_send(row, message, who, now, deliver) for row in receivers)


def _send(row: PushSubscription, message: bytes, sender: Sender, now: dt.datetime, deliver: Deliver) -> bool:
    receiver = Receiver(endpoint=row.endpoint, p256dh=row.p256dh, auth=row.auth)
    lines = webpush.headers(row.endpoint, sender.key, contact=sender.contact, now=now, ttl_s=_TTL_S, topic="break")
    try:
        status = deliver(row.endpoint, lines, webpush.seal(message, receiver))
    except (OSError, http.client.HTTPException) as error:
        _log.info("push not delivered kind=%s", type(error).__name__)
        return False
    if status in _GONE:
        with transaction.atomic():
            _forget(row, SYSTEM, now, "push_gone")
    elif not 200 <= status < 300:
        _log.info("push not delivered status=%d", status)
    return 200 <= status < 300


def deliver(endpoint: str, lines: Mapping[str, str], body: bytes) -> int:
    """Posts to a push service and returns its status. Redirects are not followed, nothing of the answer is read.

    The address is looked up once, has to be public, and is the one that is connected to: a name that leads into the
    own network, now or a moment later, leads nowhere.

    Raises
    ------
    OSError : it cannot be reached, or it is no public address.
    """
    parts = urlsplit(endpoint)
    host = parts.hostname or ""
    connection = _Pinned(host, public_address(host))
    try:
        path = f"{parts.path or '/'}{f'?{parts.query}' if parts.query else ''}"
        connection.request("POST", path, body=body, headers=dict(lines))
        return connection.getresponse().status
    finally:
        connection.close()


def public_address(host: str) -> str:
    """The address of a host, if all it has are public. Raises OSError."""
    found = [str(info[4][0]) for info in socket.getaddrinfo(host, 443, type=socket.SOCK_STREAM)]
    if not found or not all(_is_public(address) for address in found):
        raise OSError("no public address")
    return found[0]


def _is_public(text: str) -> bool:
    """Not of this machine, this network, or of a tunnel that may lead there."""
    address = ipaddress.ip_address(text)
    if isinstance(address, ipaddress.IPv6Address):
        if address.ipv4_mapped is not None:
            address = address.ipv4_mapped
        elif address.sixtofour is not None or address.teredo is not None or address in _TRANSLATED:
            return False
    return address.is_global and not address.is_multicast


_TRANSLATED: Final = ipaddress.ip_network("64:ff9b::/96")


class _Pinned(http.client.HTTPSConnection):
    """Connects to one address and holds it to the name of the host."""

    def __init__(self, host: str, address: str) -> None:
        self._tls = ssl.create_default_context()
        super().__init__(host, 443, timeout=_TIMEOUT_S, context=self._tls)
        self._address = address

    def connect(self) -> None:
        """TLS with the name of the host, over a connection to the address that was checked."""
        plain = socket.create_connection((self._address, self.port), _TIMEOUT_S)
        self.sock = self._tls.wrap_socket(plain, server_hostname=self.host)


def _forget(row: PushSubscription, by: Actor, now: dt.datetime, action: str) -> None:
    row.delete()
    audit.record(
        by=by, action=action, now=now, object_kind="push_subscription", object_uuid=row.uuid, profile=row.profile
    )
