"""Templates: a clinic's own, about nobody."""

import uuid
from typing import Any

import pytest

from tests.unit.services.conftest import NOW
from tests.unit.services.service_world import World, as_person, as_staff, make_world, new_staff
from upperback.core.errors import InputError, NotFound
from upperback.services import templates
from upperback.services.actors import READER
from upperback.services.clinics import Account
from upperback.store.models import AuditEvent, ClinicTemplate

pytestmark = pytest.mark.django_db


@pytest.fixture
def world(db: None) -> World:
    return make_world()


def keep(who: Account, id: uuid.UUID | None = None, **parts: Any) -> uuid.UUID:
    usual = {"kind": "message", "name": "After the first week", "words": "How is it going?", "exercises": []}
    made = id or uuid.uuid4()
    templates.keep_template(client_id=made, by=as_staff(who), now=NOW, **usual | parts)
    return made


def names(who: Account) -> list[str]:
    return [one.name for one in templates.templates_of(by=as_staff(who), now=NOW)]


def test_a_template_is_the_clinics_and_no_other_clinics(world: World) -> None:
    olu = new_staff("Olu Ade", world.north)
    id = keep(world.mina)
    keep(world.mina, id)  # sent twice
    assert ClinicTemplate.objects.count() == 1
    keep(olu, kind="exercises", name="Desk", exercises=["MV01", "MV02", "MV01"])
    assert names(world.mina) == names(olu) == ["Desk", "After the first week"]
    assert templates.templates_of(by=as_staff(olu), now=NOW)[0].exercises == ("MV01", "MV02")
    assert names(world.stranger) == []
    templates.take_away(template=id, by=as_staff(world.stranger), now=NOW)
    with pytest.raises(NotFound):
        keep(world.stranger, id)
    assert names(world.mina) == ["Desk", "After the first week"]
    assert templates.templates_of(by=READER, now=NOW) == []
    for _again in range(2):
        templates.take_away(template=id, by=as_staff(olu), now=NOW)
    assert names(world.mina) == ["Desk"]
    assert ClinicTemplate.objects.count() == 3
    assert AuditEvent.objects.filter(object_kind="template").count() == 3


def test_a_template_names_nobody_whom_its_writer_looks_after(world: World) -> None:
    named: list[dict[str, Any]] = [{"words": "Dear Ana, how are you?"}, {"name": "For Ana"}, {"words": "(Ana)"}]
    for parts in named:
        with pytest.raises(InputError, match="name of somebody"):
            keep(world.mina, **parts)
    keep(world.mina, words="An analysis of the Anatomy")
    keep(world.stranger, words="Dear Ana")  # whom they do not know
    assert len(names(world.mina)) == 1


@pytest.mark.parametrize(
    "parts",
    [
        {"name": " "}, {"name": "x" * 61}, {"words": ""}, {"words": "x" * 1201}, {"words": "a\0b"}, {"kind": "other"},
        {"kind": "exercises"}, {"kind": "exercises", "exercises": ["NOT_THERE"]},
    ],
)  # fmt: skip
def test_what_cannot_be_is_refused(world: World, parts: dict[str, Any]) -> None:
    with pytest.raises(InputError):
        keep(world.mina, **parts)
    assert names(world.mina) == []


def test_people_and_whoever_is_no_clinician_have_none(world: World) -> None:
    for by in (as_person(world.ana), as_staff(new_staff("Ada", world.north, "clinic_admin"))):
        with pytest.raises(NotFound):
            templates.templates_of(by=by, now=NOW)


@pytest.mark.parametrize(
    ("person", "words", "is_named"),
    [
        ("Ana Ruiz", "for ana  ruiz", True),
        ("Ana", "ANA, how are you?", True),
        ("ana", "Dear Ana", True),
        ("Zoë", "Dear Zoe\u0308", True),  # the same letter, written in two
        ("May", "You may move, and you will.", False),  # the word
        ("May", "Dear May", True),
        ("may", "MAY!", True),
        ("May Lin", "may lin", True),
        ("Me", "Tell me", False),
    ],
)
def test_a_name_is_a_name_in_large_letters_and_small_and_a_word_is_a_word(
    world: World, person: str, words: str, is_named: bool
) -> None:
    profile = world.record(world.ana)
    profile.name = person
    profile.save()
    if is_named:
        with pytest.raises(InputError, match="name of somebody"):
            keep(world.mina, words=words)
    else:
        keep(world.mina, words=words)


def test_two_templates_do_not_have_one_name(world: World) -> None:
    id = keep(world.mina, name="May")
    olu = new_staff("Olu Ade", world.north)
    for name in ("may", " MAY ", "Ｍay"):
        with pytest.raises(InputError, match="with this name already"):
            keep(olu, name=name)
    keep(olu, kind="exercises", name="may", exercises=["MV01"])  # of another kind, listed apart
    keep(world.mina, id, name="MAY")  # itself
    keep(world.stranger, name="May")
    templates.take_away(template=id, by=as_staff(olu), now=NOW)
    keep(olu, name="May")
    assert names(olu) == ["may", "May"]
