"""The chain of the audit: whatever is done to it afterwards in the database is found."""

import datetime as dt
import logging
import random
import uuid
from collections.abc import Callable
from typing import Any

import pytest
from django.db import connection, transaction
from django.test import Client

from tests.service.conftest import sign_in
from tests.unit.services.service_world import World, as_person, as_staff, new_person, share
from upperback.core.errors import InputError
from upperback.services import access, audit, audit_chain, erasure, sharing
from upperback.services.actors import SYSTEM
from upperback.store.models import AuditEvent, AuditHead, AuditLink
from upperback.web.service import visitors

pytestmark = pytest.mark.django_db

_FIELDS: dict[str, Callable[[random.Random, Any], Any]] = {
    "at": lambda dice, old: old + dt.timedelta(microseconds=dice.choice((-1, 1)) * dice.randint(1, 10**9)),
    "actor_kind": lambda dice, old: old + "x",
    "actor_id": lambda dice, old: str(uuid.UUID(int=dice.getrandbits(128))),
    "action": lambda dice, old: {"look": "grant"}.get(old, "look"),
    "object_kind": lambda dice, old: old[1:],
    "object_uuid": lambda dice, old: uuid.UUID(int=dice.getrandbits(128)),
    "profile_uuid": lambda dice, old: uuid.UUID(int=dice.getrandbits(128)) if old is None else None,
    "details": lambda dice, old: old | {"x": dice.random()},
}


@pytest.fixture
def chained(world: World) -> World:
    """Looks, grants, a withdrawal, and somebody who was erased."""
    now = visitors.now()
    for _ in range(12):
        for data_class in ("plan", "progress"):
            access.see(
                actor=as_staff(world.mina), person=world.record(world.ana), purpose="care", data_class=data_class,
                now=now,
            )  # fmt: skip
    gone = new_person("Gone", now)
    share(gone, world.mina, now=now)
    assert gone.profile is not None
    erasure.erase_person(profile=gone.profile, by=as_person(gone), now=now)
    [given] = sharing.grants_of(profile=world.record(world.ana), by=as_person(world.ana))
    sharing.withdraw(profile=world.record(world.ana), grant_uuid=given.id, by=as_person(world.ana), now=now)
    return world


def tampered(dice: random.Random) -> str:
    """One thing that somebody may do who can write to the database and has not the key. Told in words."""
    events, links = list(AuditEvent.objects.order_by("pk")), list(AuditLink.objects.order_by("number"))
    event, link = dice.choice(events), dice.choice(links)
    what = dice.choice(
        ("edit", "delete", "delete both", "link", "no link", "insert", "swap", "cut", "cut head", "erase")
    )
    match what:
        case "edit":
            name = dice.choice(sorted(_FIELDS))
            AuditEvent.objects.filter(pk=event.pk).update(**{name: _FIELDS[name](dice, getattr(event, name))})
            return f"edit {name}"
        case "delete":
            AuditEvent.objects.filter(pk=event.pk).delete()
        case "delete both":
            AuditLink.objects.filter(event=event.pk).delete()
            AuditEvent.objects.filter(pk=event.pk).delete()
        case "link":
            name = dice.choice(("whose", "digest", "chain"))
            AuditLink.objects.filter(pk=link.pk).update(**{name: f"{dice.getrandbits(256):064x}"})
        case "no link":
            AuditLink.objects.filter(pk=link.pk).delete()
        case "insert":
            event.pk = None
            event.save()
            if dice.random() < 0.5:
                AuditLink.objects.create(
                    number=links[-1].number + 1, event=event.pk, whose=link.whose, digest=link.digest, chain=link.chain
                )
        case "swap":
            other = dice.choice([one for one in events if (one.action, one.at) != (event.action, event.at)])
            for one, of in ((event, other), (other, event)):
                AuditEvent.objects.filter(pk=one.pk).update(
                    at=of.at, action=of.action, actor_id=of.actor_id, object_uuid=of.object_uuid, details=of.details,
                    object_kind=of.object_kind, actor_kind=of.actor_kind, profile_uuid=of.profile_uuid,
                )  # fmt: skip
        case "cut" | "cut head":
            kept = links[: -dice.randint(1, 9)]
            AuditEvent.objects.filter(pk__in=[one.event for one in links[len(kept) :]]).delete()
            AuditLink.objects.filter(number__gt=kept[-1].number).delete()
            if what == "cut head":
                AuditHead.objects.update(number=kept[-1].number, chain=kept[-1].chain)
        case "erase":  # an erasure of somebody who asked for none
            named = dice.choice([one.profile_uuid for one in events if one.profile_uuid is not None])
            AuditEvent.objects.filter(profile_uuid=named).delete()
            AuditEvent.objects.filter(action="erase_person").update(object_uuid=named)
    return what


def _found(runs: int, seed: int) -> dict[str, int]:
    """How often each tampering was tried; every one has to be found."""
    tried: dict[str, int] = {}
    for run in range(runs):
        dice = random.Random(seed + run)
        with transaction.atomic():
            what = tampered(dice)
            assert audit_chain.verify().faults, (what, seed + run)
            transaction.set_rollback(True)
        tried[what.split()[0]] = tried.get(what.split()[0], 0) + 1
    assert audit_chain.verify().faults == ()
    return tried


def test_what_is_done_by_the_product_is_whole_and_what_is_done_to_it_is_found(
    chained: World, tell: Callable[[str], None]
) -> None:
    whole = audit_chain.verify()
    assert whole.faults == ()
    assert whole.links == AuditEvent.objects.count() + whole.erased
    assert whole.erased == 2
    tried = _found(60, seed=1)
    tell(f"audit: {sum(tried.values())} tamperings of {len(tried)} kinds, all found; {whole.links} links")


@pytest.mark.long
def test_a_thousand_tamperings_are_found(chained: World, tell: Callable[[str], None]) -> None:
    tried = _found(1000, seed=10_000)
    tell(f"audit: all found of {tried}")


def test_an_older_copy_put_back_is_found_by_a_head_that_was_noted(chained: World) -> None:
    earlier = audit_chain.head()
    with transaction.atomic():
        audit.record(by=SYSTEM, action="later", now=visitors.now(), object_kind="test")
        later = audit_chain.head()
        assert audit_chain.verify(noted=earlier).faults == audit_chain.verify(noted=later).faults == ()
        transaction.set_rollback(True)
    assert audit_chain.verify().faults == ()  # the copy is whole in itself
    assert "was noted" in audit_chain.verify(noted=later).faults[0]
    assert "was noted" in audit_chain.verify(noted=f"3:{'a' * 64}").faults[0]
    with pytest.raises(InputError):
        audit_chain.verify(noted="3")


@pytest.mark.parametrize("at", ["store_auditlink", "store_auditevent", "store_audithead"])
def test_a_chain_that_goes_on_while_it_is_checked_is_whole(chained: World, at: str) -> None:
    busy: list[int] = []

    def meanwhile(execute: Callable[..., Any], sql: str, *rest: Any) -> Any:
        if f'FROM "{at}"' in sql and not busy and len(wrote) < 3:
            busy.append(1)
            audit.record(by=SYSTEM, action="meanwhile", now=visitors.now(), object_kind="test")
            wrote.append(audit_chain.head())
            busy.clear()
        return execute(sql, *rest)

    wrote: list[str] = []
    with connection.execute_wrapper(meanwhile):
        assert audit_chain.verify().faults == ()
    assert len(wrote) == 3
    AuditLink.objects.order_by("-number")[0].delete()
    assert audit_chain.verify().faults  # cut off is still found


def test_with_another_key_nothing_holds(chained: World, settings: Any) -> None:
    settings.SECRET_KEY = "x" * 60
    assert audit_chain.verify().faults


def test_what_is_logged_and_audited_holds_no_name_and_no_answer(world: World, caplog: pytest.LogCaptureFixture) -> None:
    name = "CANARY-QUILL"
    profile = world.record(world.ana)
    type(profile).objects.filter(pk=profile.pk).update(name=name)
    ours = logging.getLogger("upperback")  # keeps its lines to itself
    ours.addHandler(caplog.handler)
    with caplog.at_level("DEBUG", logger="upperback"):
        person, clinician = sign_in(world.ana), sign_in(world.mina, second_factor=True)
        for client, address in (
            (person, "/share/"), (person, "/check/"), (clinician, "/clinic/"),
            (clinician, f"/clinic/people/{profile.uuid}/"), (Client(), "/today/"),
        ):  # fmt: skip
            client.get(address)
    ours.removeHandler(caplog.handler)
    lines = [record.getMessage() for record in caplog.records if record.name.startswith("upperback")]
    assert len(lines) >= 5
    assert not any(name in line or world.ana.email in line or str(profile.uuid) in line for line in lines)
    rows = str(list(AuditEvent.objects.values()))
    assert name not in rows
    assert world.ana.email not in rows
