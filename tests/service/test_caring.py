"""A carer over the pages: what is shared is seen, nothing else, every look is told, and taking it back ends it."""

import datetime as dt
import re
import uuid

import pytest
from django.test import Client

from tests.service.conftest import sign_in
from tests.service.test_sharing import words
from tests.unit.services.service_world import World, as_person
from upperback.care.intake import Answer
from upperback.services import actors, caring, demo, lookout, screening
from upperback.services.actors import Actor
from upperback.services.clinics import Account
from upperback.services.plans import latest_plan
from upperback.store.models import AuditEvent, Relation
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


def test_a_carer_ends_it_themselves_with_a_word(world: World) -> None:
    carer, person = sign_in(world.bo), sign_in(world.ana)
    page = let_in(world.ana, carer, "plan")
    still = re.search(r'data-still="([^"]+)"', carer.get(page).content.decode())
    assert still is not None
    form = {"client_id": str(uuid.uuid4()), "words": "I move <b>away</b>.\r\nAll the best"}
    # Nobody ends it for somebody else, and what cannot be kept ends nothing.
    for other in (person, sign_in(world.mina, second_factor=True)):
        assert other.post(f"{page}end/", form).status_code in {302, 404}
    for words_sent in ("x" * 401, "a\x1b[2Jb"):
        refused = carer.post(f"{page}end/", form | {"words": words_sent})
        assert (refused.status_code, words_sent[:3] in refused.content.decode()) == (422, True)
    assert carer.post(f"{page}end/", {"words": ""}).status_code == 422  # a page without its id is too old
    assert carer.get(still[1]).status_code == 204
    for _ in range(2):  # pressed twice
        assert carer.post(f"{page}end/", form)["Location"] == "/caring/?ended"
    assert (carer.get(still[1]).status_code, carer.get(page).status_code) == (404, 404)
    assert carer.post(f"{page}end/", form | {"client_id": str(uuid.uuid4())}).status_code == 404
    told = person.get("/share/").content.decode()
    assert "I move &lt;b&gt;away&lt;/b&gt;." in told
    assert f"{world.bo.email} does not help you here any more: they ended it themselves" in words(told.encode())
    assert "They ended it on" in words(told.encode())
    assert AuditEvent.objects.filter(action="leave").count() == 1
    # Mina treats her as before, and a new code lets him in again.
    assert Relation.objects.filter(account=world.mina, ended_at__isnull=True).count() == 1
    assert carer.get(let_in(world.ana, carer, "plan")).status_code == 200


def test_today_tells_of_a_helper_who_left_for_a_week(world: World, dana: Account) -> None:
    carer = sign_in(world.bo)
    page, now = let_in(dana, carer, "plan"), visitors.now()
    carer.post(f"{page}end/", {"client_id": str(uuid.uuid4())})
    assert f"{world.bo.email} does not help you here any more." in words(sign_in(dana).get("/today/").content)
    assert dana.profile is not None
    plan = latest_plan(profile=dana.profile, by=as_person(dana))
    assert plan is not None
    for days, what in ((7, "helper_left"), (8, None)):
        seen = lookout.ahead(profile=dana.profile, by=as_person(dana), now=now + days * DAY, plan=plan).from_clinic
        assert (seen.what if seen is not None else None) == what


def test_a_code_that_nobody_used_is_taken_back(world: World) -> None:
    person, carer = sign_in(world.ana), sign_in(world.bo)
    shown = person.post("/share/", {"for": "cares", "see": ["plan"], "days": "30"}).content.decode()
    code, held = CODE.search(shown), re.search(r'name="code" value="([^"]+)"', shown)
    assert code is not None
    assert held is not None
    assert sign_in(world.bo).post("/share/code/", {"code": held[1]}).status_code == 404  # not somebody else's
    assert person.post("/share/code/", {"code": "x"}).status_code == 404
    for _ in range(2):
        assert person.post("/share/code/", {"code": held[1]})["Location"] == "/share/?back"
    assert carer.post("/caring/code/", {"code": code[0]}).status_code == 422
    assert "Codes that nobody has used" not in words(person.get("/share/").content)
    assert AuditEvent.objects.filter(action="take_code_back", profile_uuid=world.record(world.ana).uuid).count() == 1


def test_a_code_that_was_used_is_not_taken_back(world: World) -> None:
    person, carer = sign_in(world.ana), sign_in(world.bo)
    shown = person.post("/share/", {"for": "cares", "see": ["plan"], "days": "30"}).content.decode()
    code, held = CODE.search(shown), re.search(r'name="code" value="([^"]+)"', shown)
    assert code is not None
    assert held is not None
    assert carer.post("/caring/code/", {"code": code[0]}).status_code == 302
    answer = person.post("/share/code/", {"code": held[1]})
    assert (answer.status_code, "has been used" in words(answer.content)) == (422, True)
    assert carer.get(f"/caring/people/{world.record(world.ana).uuid}/").status_code == 200
