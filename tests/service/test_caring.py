"""A carer over the pages: what is shared is seen, nothing else, every look is told, and taking it back ends it."""

import datetime as dt
import re

import pytest
from django.test import Client

from tests.service.conftest import sign_in
from tests.service.test_sharing import words
from tests.unit.services.service_world import World, as_person
from upperback.care.intake import Answer
from upperback.services import actors, caring, demo, screening
from upperback.services.actors import Actor
from upperback.services.clinics import Account
from upperback.store.models import Relation
from upperback.web.service import visitors

pytestmark = pytest.mark.django_db

CODE = re.compile(r"(?:[2-9A-Z]{4}-){3}[2-9A-Z]{4}")
DAY = dt.timedelta(days=1)


def as_person_at_others(account: Account) -> Actor:
    """Without a second step, as people sign in."""
    return actors.account(account.uuid)


@pytest.fixture
def dana(world: World) -> Account:
    """Somebody with a plan, a diary and an account."""
    profile = demo.make_person(key="strain", now=visitors.now())
    return Account.objects.create(email="dana@people.invalid", profile=profile)


def let_in(person: Account, carer: Client, *kinds: str) -> str:
    """By the pages; returns the address of the page about the person."""
    shown = sign_in(person).post("/share/", {"for": "cares", "see": list(kinds), "days": "30"})
    code = CODE.search(shown.content.decode())
    assert code is not None
    assert "http://testserver/caring/" in words(shown.content)
    assert carer.post("/caring/code/", {"code": code[0]})["Location"] == "/caring/"
    assert person.profile is not None
    return f"/caring/people/{person.profile.uuid}/"


def test_a_carer_sees_what_was_chosen_and_the_person_sees_each_look(world: World, dana: Account) -> None:
    carer = sign_in(world.bo)
    page = let_in(dana, carer, "plan")
    assert dana.profile is not None
    assert dana.profile.name in words(carer.get("/caring/").content)
    shown = words(carer.get(page).content)
    assert "does not share this with you: the safety check" in shown
    assert "does not share this with you: pain and exercise" in shown
    assert "The plan Day" in shown
    assert "999" in shown
    told = words(sign_in(dana).get("/share/").content)
    assert f"{world.bo.email} looked at: your name, plan" in told
    assert "helps you" in told
    # Nobody else gets there, and it is no way to change anything.
    for other in (sign_in(world.ana), sign_in(world.mina, second_factor=True)):
        assert other.get(page).status_code in {302, 404}
    assert sign_in(world.ana).get(page).status_code == 404
    assert carer.post(page).status_code == 405
    assert carer.get(page.replace("/caring/", "/clinic/")).status_code == 404


def test_taking_it_back_ends_an_open_page(world: World) -> None:
    carer = sign_in(world.bo)
    page = let_in(world.ana, carer, "plan", "progress", "answers")
    html = carer.get(page).content.decode()
    assert 'data-back-href="/caring/"' in html
    still = re.search(r'data-still="([^"]+)"', html)
    assert still is not None
    assert carer.get(still[1]).status_code == 204
    assert carer.get(still[1].replace(".plan", "")).status_code == 410
    grant = re.search(r'name="grant" value="([^"]+)"', sign_in(world.ana).get("/share/").content.decode())
    assert grant is not None
    sign_in(world.ana).post("/share/withdraw/", {"grant": grant[1]})
    assert carer.get(still[1]).status_code == 404
    assert carer.get(page).status_code == 404
    assert "Nobody has let you in" in words(carer.get("/caring/").content)


def test_mood_and_messages_are_never_given_to_a_carer(world: World) -> None:
    answer = sign_in(world.ana).post("/share/", {"for": "cares", "see": ["mood", "messages", "live"], "days": "30"})
    assert answer.status_code == 422
    assert 'href="#carer-see"' in answer.content.decode()
    carer = sign_in(world.bo)
    page = let_in(world.ana, carer, "answers", "mood")
    assert "your name, safety checks" in words((carer.get(page), sign_in(world.ana).get("/share/"))[1].content)
    consent = Relation.objects.get(account=world.bo).profile.consents.get(recipient=world.bo.uuid)
    assert consent.data_classes == ["answers", "identity"]


def test_nothing_reassures_or_asks_for_exercise_where_the_check_does_not_allow_it(world: World, dana: Account) -> None:
    carer = sign_in(world.bo)
    page, now = let_in(dana, carer, "answers", "plan", "progress"), visitors.now()
    assert dana.profile is not None
    cared = caring.look(profile_uuid=dana.profile.uuid, by=as_person_at_others(world.bo), now=now)
    assert (cared.result_stands, cared.plan_open) == (True, True)
    later = caring.look(profile_uuid=dana.profile.uuid, by=as_person_at_others(world.bo), now=now + DAY + DAY)
    assert not later.result_stands
    assert "Nothing has to be made up" in words(carer.get(page).content)
    # A new check is begun: what reassured before does not count, and the plan waits.
    begun = screening.start_screening(profile=dana.profile, by=as_person(dana), now=now)
    screening.record_answers(
        screening=begun, answers={"age": Answer(number=40)}, version=begun.version, by=as_person(dana), now=now
    )
    after = words(carer.get(page).content)
    assert "There is no plan to do now" in after
    assert "It is not what counts today" in after
    assert "Nothing has to be made up" not in after


def test_a_carers_code_is_not_for_staff(world: World) -> None:
    shown = sign_in(world.ana).post("/share/", {"for": "cares", "see": ["plan"], "days": "30"})
    code = CODE.search(shown.content.decode())
    assert code is not None
    assert sign_in(world.mina, second_factor=True).post("/staff/code/", {"code": code[0]}).status_code == 422
    assert sign_in(world.ana).post("/caring/code/", {"code": code[0]}).status_code == 422  # nobody cares for themselves
    assert sign_in(world.bo).post("/caring/code/", {"code": code[0]}).status_code == 302
