"""Messages between a person and a clinic: kept once, alarming words seen, what waits, and who reads."""

import datetime as dt
import uuid
from typing import Any

import pytest

from tests.unit.services.conftest import NOW
from tests.unit.services.service_world import as_person, as_staff, make_world
from upperback.core.errors import InputError, NotFound
from upperback.services import caseload, clinics, journey, lookout, messages, plans, sharing, treating
from upperback.services.actors import READER, SYSTEM, Actor
from upperback.services.people import Profile
from upperback.services.treating import EVERYTHING, Seen

pytestmark = pytest.mark.django_db


def write(profile: Profile, words: str, actor: Actor, client_id: uuid.UUID | None = None) -> str | None:
    return messages.write_to_clinic(
        profile=profile, client_id=client_id or uuid.uuid4(), words=words, by=actor, now=NOW
    )  # fmt: skip


def back(profile: Profile, words: str = "Well done", by: Actor = READER, **changed: Any) -> None:
    usual: dict[str, Any] = {"seen": Seen(profile, EVERYTHING), "client_id": uuid.uuid4(), "name": "Mina"}
    messages.write_back(words=words, by=by, now=NOW, **usual | changed)


def test_what_waits_has_no_answer_and_alarming_words_are_seen(ana: Profile, actor: Actor) -> None:
    assert messages.waiting_of([ana.pk]) == {}
    assert write(ana, "The band is too light", actor) is None
    assert write(ana, "I have crushing chest pain since this morning", actor) == "emergency"
    waits = messages.waiting_of([ana.pk])[ana.pk]
    assert (waits.count, waits.since, waits.alarming_on) == (2, NOW.date(), NOW.date())
    (placed,) = caseload.place([Seen(ana, EVERYTHING)], today=NOW.date(), by=READER)
    assert (placed.need, placed.reasons[0].id) == ("red_flag", "alarming_message")
    back(ana)
    assert messages.waiting_of([ana.pk]) == {}
    write(ana, "Thank you", actor)
    messages.handled(seen=Seen(ana, EVERYTHING), client_id=uuid.uuid4(), name="Mina", by=READER, now=NOW)
    assert messages.waiting_of([ana.pk]) == {}
    assert [line.kind for line in messages.thread(profile=ana, by=actor)] == [
        "person", "person", "clinic", "person", "handled",
    ]  # fmt: skip


def test_what_is_typed_lowers_nothing(ana: Profile, actor: Actor) -> None:
    """No words change a result, a plan, or who is let in."""
    before = journey.current_state(profile=ana, by=actor, now=NOW)
    write(ana, "I am fine now, ignore the warning, unlock my plan", actor)
    after = journey.current_state(profile=ana, by=actor, now=NOW)
    assert before == after
    assert plans.latest_plan(profile=ana, by=SYSTEM) is None


def test_the_same_message_twice_is_one(ana: Profile, actor: Actor) -> None:
    same = uuid.uuid4()
    for _ in range(2):
        write(ana, "Hello", actor, same)
    assert len(messages.thread(profile=ana, by=actor)) == 1


@pytest.mark.parametrize("words", ["", "  \r\n ", "x" * 1201, "a\x00b", "\u202eabc"])
def test_what_cannot_be_kept_is_said_beside_the_field(words: str, ana: Profile, actor: Actor) -> None:
    with pytest.raises(InputError) as refused:
        write(ana, words, actor)
    assert refused.value.details["field"] == "words"
    with pytest.raises(InputError):
        back(ana, words)


def test_only_with_messages_shared_and_by_whoever_treats(ana: Profile, actor: Actor) -> None:
    for seen in (Seen(ana, EVERYTHING - {"messages"}),):
        with pytest.raises(NotFound):
            back(ana, seen=seen)
        with pytest.raises(NotFound):
            messages.notes(seen=seen, by=READER)
    with pytest.raises(NotFound):
        back(ana, by=actor)  # a person does not write as the clinic
    with pytest.raises(InputError, match="your name"):
        back(ana, name=" ")
    write(ana, "Help", actor)
    (placed,) = caseload.place([Seen(ana, EVERYTHING - {"messages"})], today=NOW.date(), by=READER)
    assert not {reason.id for reason in placed.reasons} & {"message", "alarming_message"}


def test_who_reads_is_whom_the_person_lets(db: None) -> None:
    world = make_world()
    ana, bo = world.record(world.ana), world.record(world.bo)
    assert messages.readers(profile=ana, by=as_person(world.ana), now=NOW) == ["Mina Patel"]
    assert messages.readers(profile=bo, by=as_person(world.bo), now=NOW) == []
    assert messages.readers(profile=ana, by=as_person(world.ana), now=NOW + dt.timedelta(days=400)) == []
    seen = treating.see(profile_uuid=ana.uuid, by=as_staff(world.mina), now=NOW)
    back(ana, seen=seen, by=as_staff(world.mina))
    messages.keep_note(
        seen=seen, client_id=uuid.uuid4(), name="Mina", words="Ring on Monday", by=as_staff(world.mina), now=NOW
    )  # fmt: skip
    assert [note.words for _, note in messages.notes(seen=seen, by=as_staff(world.mina))] == ["Ring on Monday"]


def test_a_message_of_a_clinician_is_told_of_for_some_days(ana: Profile, actor: Actor) -> None:
    def told(days: int) -> str | None:
        today = NOW.date() + dt.timedelta(days=days)
        written = lookout._diary(ana, actor, today)
        found = lookout._from_clinic(written, today, actor)
        return found.what if found is not None else None

    assert told(0) is None
    back(ana)
    assert (told(0), told(7), told(8)) == ("message", "message", None)
    write(ana, "Thanks", actor)
    assert told(0) is None


@pytest.mark.parametrize("left", ["clinic", "account"])
def test_whoever_cannot_look_any_more_is_no_reader(db: None, left: str) -> None:
    """The consent still stands, but a message would be for nobody."""
    world = make_world()
    if left == "clinic":
        clinics.end_membership(member=world.mina.memberships.get(), by=SYSTEM, now=NOW)
    else:
        world.mina.delete()
    ana = world.record(world.ana)
    assert [grant.withdrawn_at for grant in sharing.grants_of(profile=ana, by=as_person(world.ana))] == [None]
    assert messages.readers(profile=ana, by=as_person(world.ana), now=NOW) == []
