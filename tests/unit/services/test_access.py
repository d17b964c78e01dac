"""Who may see what of whom, asked of a small service with a stranger in it."""

import datetime as dt
from typing import Any

import pytest

from tests.unit.services.conftest import NOW
from tests.unit.services.service_world import World, as_person, as_staff, make_world, new_person, new_staff, share
from upperback.core.errors import Conflict, InputError, NotFound
from upperback.services import access, actors, clinics, sharing
from upperback.services.access import Denied
from upperback.services.actors import SYSTEM, Actor
from upperback.services.people import Profile
from upperback.store.models import Account, AuditEvent, ConsentEvent, Invitation, Membership, Relation

pytestmark = pytest.mark.django_db

LATER = NOW + dt.timedelta(minutes=1)


@pytest.fixture
def world() -> World:
    return make_world()


def reason(
    actor: Actor, person: Profile, data_class: str = "plan", purpose: str = "care", now: dt.datetime = LATER
) -> str:
    """Why not; empty for yes."""
    verdict = access.may(actor=actor, person=person, purpose=purpose, data_class=data_class, now=now)  # type: ignore[arg-type]
    return verdict.reason if isinstance(verdict, Denied) else ""


def test_a_person_shares_with_one_clinician_and_nobody_else_sees_anything(world: World) -> None:
    ana, bo = world.record(world.ana), world.record(world.bo)
    assert reason(as_staff(world.mina), ana) == ""
    assert reason(as_staff(world.mina), ana, "mood") == "no_consent"
    assert reason(as_staff(world.mina), ana, "live") == "no_consent"
    assert reason(as_staff(world.mina), bo) == "not_permitted"
    assert reason(as_staff(world.stranger), ana) == "not_permitted"
    assert reason(as_person(world.bo), ana, purpose="own") == "not_permitted"
    assert reason(as_person(world.ana), ana, "mood", purpose="own") == ""
    for other in (actors.NOBODY, actors.guest("x"), actors.READER, SYSTEM):
        assert reason(other, ana) == reason(other, ana, purpose="own") == "not_permitted"


def test_without_the_second_factor_staff_see_nothing(world: World) -> None:
    actor = actors.account(world.mina.uuid)
    assert reason(actor, world.record(world.ana)) == "second_factor"
    assert access.caseload(actor=actor, now=LATER) == []
    assert access.jobs_of(actor=actor, now=LATER) == []


def test_mood_is_seen_only_where_it_was_chosen(world: World) -> None:
    share(world.bo, world.mina, data_classes=frozenset({"answers", "mood"}))
    assert reason(as_staff(world.mina), world.record(world.bo), "mood") == ""
    assert reason(as_staff(world.mina), world.record(world.bo), "plan") == "no_consent"


def test_what_is_withdrawn_is_closed_with_the_next_look(world: World) -> None:
    ana = world.record(world.ana)
    [given] = sharing.grants_of(profile=ana, by=as_person(world.ana))
    assert (given.who, given.clinic, given.holds(NOW)) == ("Mina Patel", "North Street", True)
    assert access.caseload(actor=as_staff(world.mina), now=NOW) == [ana]
    for _ in range(2):  # twice is once
        sharing.withdraw(profile=ana, grant_uuid=given.id, by=as_person(world.ana), now=LATER)
    assert reason(as_staff(world.mina), ana, now=LATER) == "relation_over"
    assert access.caseload(actor=as_staff(world.mina), now=LATER) == []
    assert ConsentEvent.objects.count() == 2
    with pytest.raises(Conflict):
        ConsentEvent.objects.get(kind="granted").save()


def test_a_grant_and_a_membership_run_out(world: World) -> None:
    ana = world.record(world.ana)
    assert reason(as_staff(world.mina), ana, now=NOW + dt.timedelta(days=89)) == ""
    assert reason(as_staff(world.mina), ana, now=NOW + dt.timedelta(days=90)) != ""
    clinics.end_membership(member=Membership.objects.get(account=world.mina), by=SYSTEM, now=LATER)
    assert reason(as_staff(world.mina), ana) == "not_a_member"
    # Working somewhere else now opens nothing that was shared with the clinic before.
    clinics.add_member(account=world.mina, clinic=world.south, role="clinician", by=SYSTEM, now=LATER)
    assert reason(as_staff(world.mina), ana) == "other_clinic"


def test_a_closed_account_sees_nothing(world: World) -> None:
    Account.objects.update(is_active=False)
    assert reason(as_staff(world.mina), world.record(world.ana)) == "account_closed"
    assert reason(as_person(world.ana), world.record(world.ana), purpose="own") == "account_closed"


def test_a_code_works_once_and_for_two_days_and_not_for_everybody(world: World) -> None:
    bo = world.record(world.bo)

    def code(kind: str = "treats") -> str:
        return sharing.invite(profile=bo, kind=kind, data_classes=["plan"], days=30, by=as_person(world.bo), now=NOW)[1]

    first = code()
    for by, at in (
        (as_person(world.ana), NOW),  # not a clinician
        (as_person(world.bo), NOW),  # themself
        (actors.account(world.mina.uuid), NOW),  # without the second factor
        (as_staff(world.mina), NOW + sharing.INVITATION_LASTS),
    ):
        with pytest.raises(InputError, match="does not work"):
            sharing.accept(code=first, by=by, now=at)
    sharing.accept(code=first.lower().replace("-", " "), by=as_staff(world.mina), now=NOW)
    with pytest.raises(InputError, match="does not work"):
        sharing.accept(code=first, by=as_staff(world.stranger), now=NOW)
    with pytest.raises(InputError, match="does not work"):
        sharing.accept(code=code("cares"), by=as_staff(world.mina), now=NOW)  # staff care by their work only
    assert access.caseload(actor=as_staff(world.mina), now=LATER) == [world.record(world.ana), bo]


def test_a_code_that_is_refused_changes_nothing_and_is_written_down(world: World) -> None:
    bo, left = world.record(world.bo), new_staff("Lee Gone", world.north)
    clinics.end_membership(member=Membership.objects.get(account=left), by=SYSTEM, now=NOW)
    [old, used, fresh] = (
        sharing.invite(profile=bo, kind="treats", data_classes=["plan"], days=30, by=as_person(world.bo), now=NOW)[1]
        for _ in range(3)
    )
    sharing.accept(code=used, by=as_staff(world.mina), now=NOW)

    def rows() -> list[Any]:
        kept = (Relation, ConsentEvent, Invitation)
        return [list(model.objects.order_by("pk").values()) for model in kept]

    before = rows()
    for code, by, at in (
        (old, as_staff(world.mina), NOW + sharing.INVITATION_LASTS),  # run out
        (used, as_staff(world.mina), NOW),  # used before, by the same
        (used, as_staff(world.stranger), NOW),  # and by somebody else
        (fresh, as_staff(left), LATER),  # works here no more
    ):
        with pytest.raises(InputError, match="does not work"):
            sharing.accept(code=code, by=by, now=at)
        told = AuditEvent.objects.latest("pk")
        assert (told.action, told.actor_id, told.profile_uuid) == ("wrong_code", by.id, None)
    assert rows() == before
    for _ in range(sharing.TRIES_OF_ONE):
        with pytest.raises(InputError):
            sharing.accept(code=fresh, by=as_staff(left), now=LATER)
    assert AuditEvent.objects.latest("pk").action == "too_many_codes"
    assert rows() == before
    assert access.caseload(actor=as_staff(left), now=LATER) == []


def test_guessing_codes_is_stopped(world: World) -> None:
    for _ in range(sharing.TRIES_OF_ONE):
        with pytest.raises(InputError, match="does not work"):
            sharing.accept(code="AAAA-AAAA-AAAA-AAAA", by=as_staff(world.stranger), now=NOW)
    with pytest.raises(InputError, match="Wait an hour"):
        share(world.bo, world.stranger)
    share(world.bo, world.stranger, now=NOW + dt.timedelta(hours=1))


def test_a_carer_helps_with_the_days_and_never_sees_messages_or_mood(world: World) -> None:
    carer = new_person("Cara")
    with pytest.raises(InputError):
        share(world.ana, carer, kind="cares", data_classes=frozenset({"messages"}))
    share(world.ana, carer, kind="cares", data_classes=frozenset({"plan"}), days=7)
    ana = world.record(world.ana)
    assert reason(as_staff(carer), ana, "plan", "caring") == ""
    assert {reason(as_staff(carer), ana, one, "caring") for one in ("mood", "messages", "live")} == {"not_permitted"}
    assert reason(as_staff(carer), ana, "plan", "care") == "not_permitted"
    assert reason(as_staff(carer), ana, "plan", "caring", NOW + dt.timedelta(days=7)) == "relation_over"


def test_research_and_apps_need_a_consent_of_their_own(world: World) -> None:
    ana, until = world.record(world.ana), NOW + dt.timedelta(days=30)
    researcher, app = new_staff("Rea", world.north, "researcher"), new_staff("App", world.north, "app")
    assert reason(as_staff(researcher), ana, "plan", "research") == "no_consent"
    who = {"profile": ana, "by": as_person(world.ana), "now": NOW, "ends_at": until}
    sharing.grant(recipient=world.north, purpose="research", data_classes=["plan"], **who)  # type: ignore[arg-type]
    sharing.grant(recipient=app, purpose="app", data_classes=["plan"], **who)  # type: ignore[arg-type]
    assert reason(as_staff(researcher), ana, "plan", "research") == ""
    assert reason(as_staff(researcher), ana, "identity", "research") == "not_permitted"
    assert reason(as_staff(new_staff("Other", world.south, "researcher")), ana, "plan", "research") == "no_consent"
    assert reason(actors.account(app.uuid), ana, "plan", "app") == ""
    # What is given to a clinic for research does not open its clinicians' eyes.
    assert reason(as_staff(new_staff("Nia", world.north)), ana, "plan") == "not_permitted"


def test_a_look_is_written_down_and_not_there_looks_like_not_yours(world: World) -> None:
    ana, before = world.record(world.ana), AuditEvent.objects.count()
    opened = access.open_record(
        actor=as_staff(world.mina), person_uuid=ana.uuid, purpose="care", data_class="plan", now=LATER
    )
    [event] = AuditEvent.objects.order_by("id")[before:]
    assert opened == ana
    assert (event.action, event.actor_id, event.profile_uuid) == ("look", str(world.mina.uuid), ana.uuid)
    for who in (world.record(world.bo).uuid, world.north.uuid, None):
        with pytest.raises(NotFound, match="there is no such person here"):
            access.open_record(
                actor=as_staff(world.mina), person_uuid=who, purpose="care", data_class="plan", now=LATER
            )
    assert AuditEvent.objects.count() == before + 1


def test_staff_hold_no_record_and_people_get_no_role(world: World) -> None:
    with pytest.raises(Conflict):
        clinics.add_member(account=world.ana, clinic=world.north, role="clinician", by=SYSTEM, now=NOW)
    with pytest.raises(NotFound):
        clinics.make_clinic(name="Mine", by=as_staff(world.mina), now=NOW)
    with pytest.raises(NotFound):
        sharing.grants_of(profile=world.record(world.ana), by=as_staff(world.mina))
