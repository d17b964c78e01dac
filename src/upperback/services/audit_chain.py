"""The audit of a service as a chain: what is changed, taken out, put in or cut off afterwards is found.

Every event has a link with a digest of the event, made with a key that is not in the database; the link is chained to
the one before, and the head says how far the chain goes. Whoever can write to the database but has not the key cannot
make a link. Whoever puts a whole older database back is found by comparing with a head that was noted elsewhere.

An erasure takes a person's events away and leaves their links; the event of the erasure explains them.
"""

import hashlib
import hmac
import json
import uuid
from collections.abc import Iterator
from contextlib import suppress
from dataclasses import dataclass
from typing import Final

from django.conf import settings
from django.db import IntegrityError, transaction
from django.db.models import Max

from upperback.core.errors import InputError
from upperback.store.models import AuditEvent, AuditHead, AuditLink

__all__ = ["Checked", "add", "head", "verify"]

_START: Final = "0" * 64
_AT_ONCE: Final = 2000
_FAULTS_MOST: Final = 20
_NOBODY: Final = "-"
_HEAD: Final = 1


@dataclass(frozen=True, slots=True, kw_only=True)
class Checked:
    """What a check of the chain found.

    Attributes
    ----------
    links : how many events are chained
    erased : how many of them an erasure has taken away
    older : events from before the chain, which it does not cover
    faults : in words, with the number of the link; not more than the first twenty
    """

    links: int
    erased: int
    older: int
    faults: tuple[str, ...]


def add(event: AuditEvent) -> None:
    """Chains an event that was just written, inside the same transaction. One writer at a time."""
    key = _key()
    last = AuditHead.objects.select_for_update().filter(pk=_HEAD).first() or _begun(event)
    number, whose = last.number + 1, _whose(key, event.profile_uuid)
    digest = _digest(key, event)
    chain = _chained(key, last.chain, number, event.pk, whose, digest)
    AuditLink.objects.create(number=number, event=event.pk, whose=whose, digest=digest, chain=chain)
    last.number, last.chain = number, chain
    last.seal = _seal(key, last)
    last.save()


def _begun(event: AuditEvent) -> AuditHead:
    """The head of a chain that begins with this event; of two that begin at once, one waits for the other."""
    older = AuditEvent.objects.exclude(pk=event.pk).aggregate(found=Max("pk"))["found"] or 0
    with suppress(IntegrityError), transaction.atomic():
        AuditHead.objects.create(pk=_HEAD, number=0, chain=_START, older=min(older, event.pk - 1), seal="")
    return AuditHead.objects.select_for_update().get(pk=_HEAD)


def head() -> str:
    """How far the chain goes, to be noted somewhere else: `NUMBER:CHAIN`."""
    last = AuditHead.objects.first()
    return f"{last.number}:{last.chain}" if last is not None else f"0:{_START}"


def verify(*, noted: str | None = None) -> Checked:
    """Checks every link, every event and the head. `noted`: what `head` told once.

    Raises
    ------
    InputError : `noted` is not in the form of `head`.
    """
    faults: list[str] = []
    links = erased = 0
    for fault, is_erased, count in _walk(_noted(noted) if noted is not None else None):
        links, erased = count, erased + is_erased
        if fault and len(faults) < _FAULTS_MOST:
            faults.append(fault)
    last = AuditHead.objects.first()
    older = AuditEvent.objects.filter(pk__lte=last.older).count() if last is not None else AuditEvent.objects.count()
    return Checked(links=links, erased=erased, older=older, faults=tuple(faults))


def _walk(noted: tuple[int, str] | None) -> Iterator[tuple[str, bool, int]]:
    """A fault or none, whether the event is erased, and the number, for each link; then what is wrong at the end."""
    key, chain, number = _key(), _START, 0
    gone: list[tuple[int, str]] = []
    erasures: set[str] = set()
    seen = 0
    walked = _Walked()
    for link, event in walked.links_and_events():
        number += 1
        seen = link.number
        fault = ""
        if link.number != number:
            fault, number = f"links before {link.number} are missing", link.number
        elif not _same(link.chain, _chained(key, chain, link.number, link.event, link.whose, link.digest)):
            fault = f"link {link.number} does not follow the one before it"
        elif event is not None and not _same(link.digest, _digest(key, event)):
            fault = f"the event of link {link.number} is not as it was written"
        elif noted is not None and noted[0] == link.number and not _same(noted[1], link.chain):
            fault = f"link {link.number} is not the one that was noted"
        if event is None:
            gone.append((link.number, link.whose))
        elif event.action == "erase_person":
            erasures.add(_whose(key, event.object_uuid))
        chain = link.chain
        yield fault, event is None, number
    for missing, whose in gone:
        if whose == _whose(key, None) or whose not in erasures:
            yield f"the event of link {missing} is gone, and no erasure explains it", False, number
    yield from ((fault, False, number) for fault in _at_the_end(key, walked.head, seen, chain, noted))


class _Walked:
    """The chain while a service goes on writing to it: read to where the head stands, and what came meanwhile, too.

    Attributes
    ----------
    head : as it stands where the links end; None before that, and where there is none
    """

    def __init__(self) -> None:
        self.head: AuditHead | None = None

    def links_and_events(self) -> Iterator[tuple[AuditLink, AuditEvent | None]]:
        """Every link in its order, with its event where that is still there; two queries for many."""
        last, looked = None, 0
        while True:
            rows = AuditLink.objects.order_by("number")
            block = list((rows if last is None else rows.filter(number__gt=last))[:_AT_ONCE])
            if not block:
                self.head = AuditHead.objects.first()
                if self.head is None or self.head.number in {last, looked} or self.head.number < (last or 0):
                    return
                looked = self.head.number
                continue  # the head is further on: it went on meanwhile, or links were cut off
            events = AuditEvent.objects.in_bulk([link.event for link in block])
            yield from ((link, events.get(link.event)) for link in block)
            last = block[-1].number


def _at_the_end(
    key: bytes, last: AuditHead | None, number: int, chain: str, noted: tuple[int, str] | None
) -> Iterator[str]:
    if AuditHead.objects.count() > 1:
        yield "there are two heads"
    if last is None:
        if number or AuditLink.objects.exists():
            yield "the head is missing"
    elif not _same(last.seal, _seal(key, last)):
        yield "the head is not as it was written"
    elif (last.number, last.chain) != (number, chain):
        yield f"the chain ends at {number} and has to go to {last.number}"
    if noted is not None and number < noted[0]:
        yield f"the chain ends at {number}; {noted[0]} was noted"
    linked = AuditLink.objects.values("event")
    since = last.older if last is not None else 0
    strangers = AuditEvent.objects.filter(pk__gt=since).exclude(pk__in=linked) if last is not None else ()
    for event in strangers:
        yield f"event {event.pk} has no link"


def _noted(text: str) -> tuple[int, str]:
    number, _, chain = text.partition(":")
    if not number.isdigit() or len(chain) != len(_START):
        raise InputError("A head has the form NUMBER:CHAIN, as `upperback audit head` prints it")
    return int(number), chain


def _key() -> bytes:
    return hashlib.sha256(b"upperback.audit:" + str(settings.SECRET_KEY).encode()).digest()


def _mac(key: bytes, *parts: object) -> str:
    return hmac.new(key, json.dumps(parts, sort_keys=True, default=str).encode(), hashlib.sha256).hexdigest()


def _same(one: str, other: str) -> bool:
    return hmac.compare_digest(one.encode(), other.encode())


def _digest(key: bytes, event: AuditEvent) -> str:
    at_us = int(event.at.timestamp() * 1_000_000)
    return _mac(
        key, "event", event.pk, at_us, event.actor_kind, event.actor_id, event.action, event.object_kind,
        str(event.object_uuid), str(event.profile_uuid), json.loads(json.dumps(event.details, default=str)),
    )  # fmt: skip


def _whose(key: bytes, profile: uuid.UUID | None) -> str:
    return _mac(key, "whose", str(profile) if profile is not None else _NOBODY)


def _chained(key: bytes, before: str, number: int, event: int, whose: str, digest: str) -> str:
    return _mac(key, "chain", before, number, event, whose, digest)


def _seal(key: bytes, last: AuditHead) -> str:
    return _mac(key, "head", last.number, last.chain, last.older)
