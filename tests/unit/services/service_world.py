"""A small service: a clinic and its people, another clinic, two patients. The stranger is in every test."""

import datetime as dt
from dataclasses import dataclass

from tests.unit.services.conftest import NOW
from upperback.services import actors, clinics, sharing
from upperback.services.access_rules import USUAL
from upperback.services.actors import SYSTEM, Actor
from upperback.services.clinics import Account, Clinic
from upperback.services.people import Profile
from upperback.store.models import Relation


@dataclass(frozen=True, slots=True, kw_only=True)
class World:
    """`ana` shares with `mina`, who treats her at `north`; `bo` shares with nobody."""

    north: Clinic
    south: Clinic
    ana: Account
    bo: Account
    mina: Account
    stranger: Account  # a clinician at the other clinic

    def record(self, whose: Account) -> Profile:
        """The record of a person."""
        assert whose.profile is not None
        return whose.profile


def as_staff(account: Account) -> Actor:
    """Signed in with the second factor."""
    return actors.account(account.uuid, second_factor=True)


def as_person(account: Account) -> Actor:
    """At their own record."""
    return actors.person(account.uuid)


def new_person(name: str, now: dt.datetime = NOW) -> Account:
    """Somebody with a record of their own."""
    profile = Profile.objects.create(name=name, created_at=now)
    return Account.objects.create(email=f"{name.lower().replace(' ', '.')}@people.invalid", profile=profile)


def new_staff(name: str, clinic: Clinic, role: str = "clinician", now: dt.datetime = NOW) -> Account:
    """Somebody who works at a clinic."""
    account = Account.objects.create(email=f"{name.lower().replace(' ', '.')}@clinic.invalid", name=name)
    clinics.add_member(account=account, clinic=clinic, role=role, by=SYSTEM, now=now)  # type: ignore[arg-type]
    return account


def share(
    person: Account,
    clinician: Account,
    *,
    data_classes: frozenset[str] = USUAL,
    days: int = 90,
    kind: str = "treats",
    now: dt.datetime = NOW,
) -> Relation:
    """By the way that people go: an invitation, and a code that is typed in."""
    assert person.profile is not None
    _, code = sharing.invite(
        profile=person.profile, kind=kind, data_classes=data_classes, days=days, by=as_person(person), now=now
    )
    return sharing.accept(code=code, by=as_staff(clinician), now=now)


def make_world(now: dt.datetime = NOW) -> World:
    """All of them."""
    north = clinics.make_clinic(name="North Street", by=SYSTEM, now=now)
    south = clinics.make_clinic(name="South Bank", by=SYSTEM, now=now)
    ana, bo = new_person("Ana", now), new_person("Bo", now)
    mina, stranger = new_staff("Mina Patel", north, now=now), new_staff("Sam Stone", south, now=now)
    share(ana, mina, now=now)
    return World(north=north, south=south, ana=ana, bo=bo, mina=mina, stranger=stranger)
