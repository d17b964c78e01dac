"""Tasks about a person, and handing them over: for colleagues who may see them, and never without the person."""

import datetime as dt
import uuid

import pytest

from tests.unit.services.conftest import NOW
from tests.unit.services.service_world import World, as_person, as_staff, make_world, new_staff, share
from upperback.core.errors import InputError, NotFound
from upperback.services import access, caseload, clinic_tasks, clinics, diary, handing_over, lookout, sharing, treating
from upperback.services.access_rules import USUAL
from upperback.services.actors import SYSTEM
from upperback.services.clinics import Account
from upperback.services.treating import Seen
from upperback.store.models import AuditEvent, DiaryEntry, Relation

pytestmark = pytest.mark.django_db

TODAY = NOW.date()


@pytest.fixture
def world(db: None) -> World:
    return make_world()


@pytest.fixture
def olu(world: World) -> Account:
    """A colleague of Mina, whom Ana does not know."""
    return new_staff("Olu Ade", world.north)


def seen_by(world: World, who: Account) -> Seen:
    return treating.see(profile_uuid=world.record(world.ana).uuid, by=as_staff(who), now=NOW)


def sees(world: World, who: Account) -> frozenset[str]:
    return access.visible(actor=as_staff(who), person_uuid=world.record(world.ana).uuid, purpose="care", now=NOW)


def task(world: World, who: Account, until: dt.date | None = TODAY, account: Account | None = None) -> DiaryEntry:
    return clinic_tasks.note_task(
        seen=seen_by(world, who), client_id=uuid.uuid4(), name=who.name, words="Ring her", until=until,
        account=account.uuid if account else None, by=as_staff(who), now=NOW,
    )  # fmt: skip


def reasons(who: Account) -> list[str]:
    return [reason.id for placed in caseload.caseload(by=as_staff(who), now=NOW) for reason in placed.reasons]


def hand_over(world: World, giver: Account, taker: Account, words: str = "") -> DiaryEntry:
    return handing_over.hand_over(
        seen=seen_by(world, giver), taker=taker.uuid, name=giver.name, words=words, client_id=uuid.uuid4(),
        by=as_staff(giver), now=NOW,
    )  # fmt: skip


def reply(world: World, *, yes: bool, client_id: uuid.UUID | None = None) -> None:
    ana, by = world.record(world.ana), as_person(world.ana)
    asked = handing_over.asked(profile=ana, by=by)
    handing_over.answer(
        profile=ana, handed=asked.id if asked else uuid.uuid4(), yes=yes, client_id=client_id or uuid.uuid4(), by=by,
        now=NOW,
    )  # fmt: skip


# ---- tasks -----------------------------------------------------------------------------------------------------------


def test_a_task_is_a_reason_on_its_day_for_whoever_it_is_for_until_it_is_ticked_off(world: World, olu: Account) -> None:
    share(world.ana, olu)
    task(world, world.mina, TODAY + dt.timedelta(days=1))
    assert "task_due" not in reasons(world.mina)
    kept = task(world, world.mina)
    assert "task_due" in reasons(world.mina)
    assert "task_due" not in reasons(olu)
    task(world, world.mina, account=olu)
    assert "task_due" in reasons(olu)
    first = clinic_tasks.tasks_of(seen=seen_by(world, world.mina), by=as_staff(world.mina))[0]
    assert (first.id, first.entry.whose, first.done) == (kept.uuid, "Mina Patel", "")
    client_id = uuid.uuid4()
    for _again in range(2):
        clinic_tasks.tick_off(
            seen=seen_by(world, olu), task_id=kept.uuid, client_id=client_id, name="Olu", by=as_staff(olu), now=NOW
        )
    assert "task_due" not in reasons(world.mina)
    assert "task_due" in reasons(olu)
    with pytest.raises(InputError, match="already"):
        clinic_tasks.tick_off(
            seen=seen_by(world, olu), task_id=kept.uuid, client_id=uuid.uuid4(), name="Olu", by=as_staff(olu), now=NOW
        )
    assert clinic_tasks.tasks_of(seen=seen_by(world, olu), by=as_staff(olu))[-1].done == "Olu"


def test_a_task_is_for_nobody_who_would_not_see_it(world: World, olu: Account) -> None:
    assert clinic_tasks.for_whom(seen=seen_by(world, world.mina), by=as_staff(world.mina), now=NOW) == []
    for whom in (olu, world.stranger, world.bo):
        with pytest.raises(InputError, match="of your clinic"):
            task(world, world.mina, account=whom)
    for until in (None, TODAY - dt.timedelta(days=1), TODAY + dt.timedelta(days=400)):
        with pytest.raises(InputError, match="from today on"):
            task(world, world.mina, until)
    with pytest.raises(NotFound):
        task(world, world.stranger)
    assert not DiaryEntry.objects.filter(kind="clinic_task").exists()


def test_tasks_are_among_what_the_person_lets_be_seen_of_messages(world: World) -> None:
    seen = Seen(world.record(world.ana), frozenset({"identity", "plan"}))
    with pytest.raises(NotFound):
        clinic_tasks.tasks_of(seen=seen, by=as_staff(world.mina))
    with pytest.raises(NotFound):
        handing_over.waits(seen=seen, by=as_staff(world.mina))


# ---- handing over ----------------------------------------------------------------------------------------------------


def test_what_one_clinician_was_let_see_is_passed_on_by_the_person_only(world: World, olu: Account) -> None:
    kept = hand_over(world, world.mina, olu, "I move away.")
    assert kept.data["asks"]
    assert (sees(world, world.mina), sees(world, olu)) == (USUAL, frozenset())
    ends_at = Relation.objects.get(account=world.mina).ends_at
    client_id = uuid.uuid4()
    for _again in range(2):
        reply(world, yes=True, client_id=client_id)
    assert (sees(world, world.mina), sees(world, olu)) == (frozenset(), USUAL)
    assert Relation.objects.get(account=olu).ends_at == ends_at
    assert [
        one.who for one in sharing.grants_of(profile=world.record(world.ana), by=as_person(world.ana)) if one.holds(NOW)
    ] == ["Olu Ade"]
    assert AuditEvent.objects.filter(action="hand_over").count() == 1
    with pytest.raises(InputError, match="answered already"):
        reply(world, yes=True)


def test_a_no_leaves_everything(world: World, olu: Account) -> None:
    hand_over(world, world.mina, olu)
    reply(world, yes=False)
    assert (sees(world, world.mina), sees(world, olu)) == (USUAL, frozenset())
    assert handing_over.asked(profile=world.record(world.ana), by=as_person(world.ana)) is None


def test_what_the_clinic_was_let_see_stays_with_the_clinic(world: World, olu: Account) -> None:
    ana, by = world.record(world.ana), as_person(world.ana)
    (own,) = sharing.grants_of(profile=ana, by=by)
    sharing.grant(
        profile=ana, recipient=world.north, purpose="care", data_classes={"identity", "plan", "messages"},
        ends_at=NOW + dt.timedelta(days=30), by=by, now=NOW,
    )  # fmt: skip
    kept = hand_over(world, world.mina, olu)
    assert not kept.data["asks"]
    assert sees(world, olu) == {"identity", "plan", "messages"}
    assert sees(world, world.mina) == frozenset()
    assert handing_over.asked(profile=ana, by=by) is None
    written = diary.entries(profile=ana, by=by)
    told = lookout._handed_over(written, TODAY)
    assert told is not None
    assert (told.what, told.name, told.other) == ("handed_over", "Mina Patel", "Olu Ade")
    assert lookout._handed_over(written, TODAY + dt.timedelta(days=8)) is None
    (still,) = [one for one in sharing.grants_of(profile=ana, by=by) if one.id == own.id]
    assert still.withdrawn_at is None  # the consent of its own is the person's to take back


def test_only_to_somebody_of_the_same_clinic_and_only_while_both_are_there(world: World, olu: Account) -> None:
    for whom in (world.stranger, world.bo, world.mina):
        with pytest.raises(InputError, match="of your clinic"):
            hand_over(world, world.mina, whom)
    hand_over(world, world.mina, olu)
    clinics.end_membership(member=olu.memberships.get(), by=SYSTEM, now=NOW - dt.timedelta(seconds=1))
    with pytest.raises(InputError, match="Nothing was changed"):
        reply(world, yes=True)
    assert sees(world, world.mina) == USUAL


def test_nobody_but_the_person_says_yes(world: World, olu: Account) -> None:
    hand_over(world, world.mina, olu)
    asked = handing_over.asked(profile=world.record(world.ana), by=as_person(world.ana))
    assert asked is not None
    for by in (as_staff(world.mina), as_staff(olu)):
        with pytest.raises(NotFound):
            handing_over.answer(
                profile=world.record(world.ana), handed=asked.id, yes=True, client_id=uuid.uuid4(), by=by, now=NOW
            )
    assert sees(world, olu) == frozenset()
