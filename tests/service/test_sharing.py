"""Sharing over the pages: a code, what is seen, who looked, and taking it back."""

import re
import uuid

import pytest
from django.test import Client

from tests.service.conftest import sign_in
from tests.unit.services.service_world import World, new_staff
from upperback.services.access_rules import STAFF
from upperback.services.people import Profile
from upperback.services.sharing import Invitation
from upperback.web.service import visitors

pytestmark = pytest.mark.django_db


def words(page: bytes) -> str:
    """The text of a page."""
    return re.sub(r"\s+", " ", re.sub(r"<[^>]+>", " ", page.decode()))


def test_a_code_lets_a_clinician_in_and_the_person_sees_who_looked(world: World) -> None:
    person, clinician = sign_in(world.bo), sign_in(world.mina, second_factor=True)
    record = f"/clinic/people/{world.record(world.bo).uuid}/"
    assert clinician.get(record).status_code == 404
    assert "Nobody but you." in words(person.get("/share/").content)
    shown = person.post("/share/", {"name": "Bo", "see": ["plan", "mood"], "days": "30"})
    code = re.search(r"(?:[2-9A-Z]{4}-){3}[2-9A-Z]{4}", shown.content.decode())
    assert code is not None
    assert code[0] not in person.get("/share/").content.decode()  # shown once
    assert clinician.post("/staff/code/", {"code": "AAAA-AAAA-AAAA-AAAA"}).status_code == 422
    assert clinician.post("/staff/code/", {"code": code[0]})["Location"] == "/clinic/"
    assert clinician.post("/staff/code/", {"code": code[0]}).status_code == 422
    assert clinician.get(record).status_code == 200
    told = words(person.get("/share/").content)
    assert "Mina Patel, North Street looked at: your name, plan, mood" in told
    assert "You let in Mina Patel, North Street" in told
    grant = re.search(r'name="grant" value="([^"]+)"', person.get("/share/").content.decode())
    assert grant is not None
    # Nobody else takes it back, and nobody but its person sees this page.
    assert sign_in(world.ana).post("/share/withdraw/", {"grant": grant[1]}).status_code == 404
    assert clinician.get("/share/").status_code == 302
    assert person.post("/share/withdraw/", {"grant": grant[1]}).status_code == 302
    assert clinician.get(record).status_code == 404
    assert "You took it back from Mina Patel, North Street" in words(person.get("/share/").content)


def test_somebody_without_a_name_says_it_before_they_share(world: World) -> None:
    profile, person = world.record(world.bo), sign_in(world.bo)
    form = {"see": ["plan"], "days": "30"}
    Profile.objects.filter(pk=profile.pk).update(name="Me")  # as a new account calls itself
    for name in ({}, {"name": " "}, {"name": "x" * 61}):
        answer = person.post("/share/", form | name)
        assert answer.status_code == 422
        assert 'href="#name"' in answer.content.decode()
    assert not Invitation.objects.filter(profile=profile).exists()
    assert "Your code" in words(person.post("/share/", form | {"name": " Bo  Quill "}).content)
    assert Profile.objects.get(pk=profile.pk).name == "Bo Quill"
    assert 'value="Bo Quill"' in person.get("/share/").content.decode()


def test_a_check_at_a_service_does_not_say_that_answers_stay_on_a_machine(world: World) -> None:
    page = words(sign_in(world.bo).get("/check/").content)
    assert "on this machine" not in page
    assert "kept by this service" in page


def test_the_page_to_sign_out_has_a_button_and_help(world: World) -> None:
    person = sign_in(world.bo)
    page = person.get("/account/logout/").content.decode()
    assert "Sign out" in words(page.encode())
    assert 'href="/help/"' in page
    assert person.post("/account/logout/").status_code == 302
    assert person.get("/share/").status_code == 302


def test_a_page_for_a_code_leads_on_where_no_code_was_sent(world: World) -> None:
    assert sign_in(world.bo).get("/account/code/")["Location"] == "/account/ways/"
    assert Client().get("/account/code/")["Location"].startswith("/account/login/")


@pytest.mark.parametrize(
    "form", [{"days": "30"}, {"see": ["plan"]}, {"see": ["plan"], "days": "9999"}, {"see": ["x"], "days": "30"}]
)
def test_a_form_that_is_not_whole_makes_no_code(world: World, form: dict[str, object]) -> None:
    answer = sign_in(world.bo).post("/share/", form)
    assert answer.status_code == 422
    assert "There is a problem" in words(answer.content)


def test_an_open_page_is_told_at_once_when_less_may_be_seen(world: World) -> None:
    clinician, record = sign_in(world.mina, second_factor=True), world.record(world.ana)
    page = clinician.get(f"/clinic/people/{record.uuid}/").content.decode()
    still = re.search(r'data-still="([^"]+)"', page)
    assert still is not None
    assert clinician.get(still[1]).status_code == 204
    assert clinician.get(still[1].replace("plan", "plan.mood")).status_code == 410
    assert sign_in(world.stranger, second_factor=True).get(still[1]).status_code == 404
    before = clinician.session["seen"]
    clinician.get(still[1])
    assert clinician.session["seen"] == before
    grant = re.search(r'name="grant" value="([^"]+)"', sign_in(world.ana).get("/share/").content.decode())
    assert grant is not None
    sign_in(world.ana).post("/share/withdraw/", {"grant": grant[1]})
    assert clinician.get(still[1]).status_code == 404


def test_staff_see_the_pages_of_their_role_only(world: World) -> None:
    for role in sorted(STAFF):
        client = sign_in(new_staff(f"{role} x", world.north, role, visitors.now()), second_factor=True)
        assert client.get("/staff/").status_code == 200
        expected = 200 if role == "clinician" else 404
        assert client.get("/clinic/").status_code == expected
        assert client.get("/staff/code/").status_code == expected


def test_somebody_is_handed_over_when_they_say_yes(world: World) -> None:
    olu = new_staff("Olu <b>Ade</b>", world.north, now=visitors.now())
    person, giver, taker = sign_in(world.ana), sign_in(world.mina, second_factor=True), sign_in(olu, second_factor=True)
    record = f"/clinic/people/{world.record(world.ana).uuid}/"
    form = {"what": "hand_over", "taker": str(olu.uuid), "client_id": str(uuid.uuid4()), "to_person": "I <i>move</i>"}
    assert "Olu &lt;b&gt;Ade" in giver.get(f"{record}tasks/").content.decode()
    assert giver.post(f"{record}tasks/", form | {"taker": str(world.stranger.uuid)}).status_code == 422
    assert giver.post(f"{record}tasks/", form).status_code == 302
    assert "Since" in words(giver.get(f"{record}tasks/").content)
    assert taker.get(record).status_code == 404
    page = person.get("/messages/hand-over/").content.decode()
    assert "Mina Patel of North Street asks if Olu &lt;b&gt;Ade&lt;/b&gt; may look after you from now on." in page
    assert "I &lt;i&gt;move&lt;/i&gt;" in page
    sent = dict(re.findall(r'type="hidden" name="([\w-]+)" value="([^"]*)"', page)) | {"answer": "yes"}
    assert sign_in(world.bo).post("/messages/hand-over/", sent).status_code == 409
    assert person.post("/messages/hand-over/", sent)["Location"] == "/share/"
    assert taker.get(record).status_code == 200
    assert giver.get(record).status_code == 404
    assert "Nobody asks you anything now." in words(person.get("/messages/hand-over/").content)
    assert person.post("/messages/hand-over/", sent | {"client_id": str(uuid.uuid4())}).status_code == 422
