"""Pages of groups: a clinician makes one and offers it, the person says yes, and nothing typed runs."""

import datetime as dt
import re
import uuid
from typing import Any

import pytest
from django.test import Client
from django.utils import timezone

from tests.integration.payloads import PAYLOADS
from tests.integration.test_clinic import form_of, scripts_in, text_of
from upperback.care.course_items import pool_of
from upperback.content.vocabulary import default_content
from upperback.services import demo, plans
from upperback.services.actors import READER, SYSTEM
from upperback.services.people import Profile
from upperback.services.sessions import tell_warning
from upperback.store.models import DiaryEntry

pytestmark = pytest.mark.django_db


@pytest.fixture
def priya(db: None, settings: Any, client: Client) -> Profile:
    """With `serve --demo`, and this browser is hers."""
    settings.DEMO = True
    profile = demo.make_person(key="desk", now=timezone.now())
    client.post("/people/choose/", {"person": str(profile.uuid)})
    return profile


def group_form(**parts: str) -> dict[str, str]:
    tomorrow = timezone.now().date() + dt.timedelta(days=1)
    return {
        "group": str(uuid.uuid4()), "title": "Backs together", "words": "Gentle exercise.", "leader": "Mina Patel",
        "starts_on": tomorrow.isoformat(), "weeks": "6", "weekday": str(tomorrow.weekday()), "at": "18:30",
        "minutes": "60", "places": "8", "place": "Room 4", "link": "", "time_zone": "Europe/London",
    } | parts  # fmt: skip


def made(client: Client, **parts: str) -> str:
    """The address of a new group."""
    response = client.post("/clinic/groups/", group_form(**parts))
    assert response.status_code == 302
    return response["Location"]


def test_a_group_is_made_offered_and_answered(client: Client, priya: Profile) -> None:
    address = made(client)
    assert "Backs together" in text_of(client, "/clinic/groups/")
    page = text_of(client, f"{address}offer/?person={priya.uuid}")
    assert "say yes or no themselves" in page
    assert client.post(f"{address}offer/", {"person": str(priya.uuid)}).status_code == 302
    assert "has not answered" in text_of(client, address)
    assert "Mina Patel asks if you want to join a group." in text_of(client, "/today/")
    assert "say yes or no" in text_of(client, "/messages/")
    own = f"/groups/{address.split('/')[3]}/"
    page = text_of(client, own)
    assert "A group of up to 8 people" in page
    reply = {name: form_of(page)[name] for name in ("client_id", "version")} | {"person": str(priya.uuid)}
    assert client.post(own, reply | {"answer": "yes", "version": "9"}).status_code == 422
    for _again in range(2):
        assert client.post(own, reply | {"answer": "yes"}).status_code == 302
    assert "You are in this group." in text_of(client, own)
    assert "1 of 8 places are taken." in text_of(client, address)
    assert DiaryEntry.objects.filter(kind="group_answered").count() == 1
    assert "asks if you want to join" not in text_of(client, "/today/")
    assert "In a group: Backs together" in text_of(client, "/clinic/")
    assert re.search(r">Backs together</a>: in the group", text_of(client, f"/clinic/people/{priya.uuid}/"))
    assert "BEGIN:VEVENT" in text_of(client, f"{own}meetings.ics")
    assert client.post(own, reply | {"answer": "no", "client_id": str(uuid.uuid4())}).status_code == 302
    assert "You left it" in text_of(client, "/groups/")
    assert client.post(own, reply | {"answer": "yes", "person": str(uuid.uuid4())}).status_code == 409
    assert client.get(f"/groups/{uuid.uuid4()}/").status_code == 404


def test_each_is_shown_what_their_own_plan_allows(client: Client, priya: Profile) -> None:
    today = timezone.now().date()
    address = made(client, starts_on=today.isoformat(), weekday=str(today.weekday()), at="00:00")
    plan = plans.open_plan(profile=priya, by=READER)
    own = plan.record["exercises"][0]["id"]
    out = next(iter(pool_of(plan.record, plan.choices, default_content()).left_out))
    for exercise in (own, out):
        version = form_of(text_of(client, address))["version"]
        sent = {"what": "line", "version": version, "exercise": exercise, "first_week": "1", "last_week": "6",
                "sets": "1", "reps": "8"}  # fmt: skip
        assert client.post(address, sent).status_code == 302
    page = text_of(client, f"{address}offer/?person={priya.uuid}")
    assert "As the group, or as in their own plan: 1." in page
    assert default_content().exercises[out].title in page
    client.post(f"{address}offer/", {"person": str(priya.uuid)})
    mine = f"/groups/{address.split('/')[3]}/"
    assert "What the group does" not in text_of(client, mine)
    form = {"person": str(priya.uuid), "version": "3", "client_id": str(uuid.uuid4()), "answer": "yes"}
    client.post(mine, form)
    page = text_of(client, mine)
    came = {"what": "came", "day": today.isoformat(), "client_id": str(uuid.uuid4()), f"came-{priya.uuid}": "yes"}
    assert "Nobody whom you look after was in the group then." in text_of(client, address)
    assert client.post(address, came).status_code == 302
    assert not DiaryEntry.objects.filter(kind="group_came").exists()  # she said yes after it began
    assert "As in your plan" in page
    assert "Stop at once and get help" in page
    assert default_content().exercises[out].title in page  # swapped or left out, and said
    tell_warning(profile=priya, client_id=uuid.uuid4(), answers={"before_legs": "yes"}, by=SYSTEM,
                 now=timezone.now())  # fmt: skip
    page = text_of(client, mine)
    assert "We show no exercise now." in page
    assert "As in your plan" not in page


def test_a_meeting_is_called_off_and_everybody_in_it_is_told_why(client: Client, priya: Profile) -> None:
    address = made(client)
    client.post(f"{address}offer/", {"person": str(priya.uuid)})
    own = f"/groups/{address.split('/')[3]}/"
    form = {"person": str(priya.uuid), "version": "1", "client_id": str(uuid.uuid4()), "answer": "yes"}
    client.post(own, form)
    day = re.findall(r'name="day" value="([^"]*)"', text_of(client, address))[0]
    off = {"what": "off", "day": day, "reason": " "}
    assert client.post(address, off).status_code == 422
    assert client.post(address, off | {"reason": f"Ask {priya.name}"}).status_code == 422
    for _again in range(2):
        assert client.post(address, off | {"reason": "The room is closed"}).status_code == 302
    assert "called off" in text_of(client, address)
    assert "The room is closed" in text_of(client, own)
    assert "A meeting of your group is called off." in text_of(client, "/today/")
    assert client.post(address, {"what": "end", "reason": "Too few people"}).status_code == 302
    assert "This group is over." in text_of(client, own)
    assert "Too few people" in text_of(client, own)
    assert client.post(own, form | {"client_id": str(uuid.uuid4())}).status_code == 302  # in it already
    assert [row.data["what"] for row in DiaryEntry.objects.filter(kind="group_told").order_by("id")] == [
        "offered", "meeting_off", "over",
    ]  # fmt: skip


def test_what_cannot_be_comes_back_with_a_sentence_and_what_was_typed(client: Client, settings: Any) -> None:
    settings.DEMO = True
    for parts in (
        {"weeks": "0"}, {"weeks": "400"}, {"weeks": "1e2"}, {"starts_on": "2020-01-01"}, {"starts_on": "soon"},
        {"at": "25:00"}, {"at": "10:00+02:00"}, {"link": "javascript:alert(1)"}, {"places": "١٢"}, {"weekday": "9"},
        {"title": ""}, {"time_zone": "../etc"},
    ):  # fmt: skip
        response = client.post("/clinic/groups/", group_form(**parts))
        assert response.status_code == 422, parts
        assert "Gentle exercise.</textarea>" in response.content.decode()
    assert "There is none yet." in text_of(client, "/clinic/groups/")


def test_nothing_that_was_typed_runs(client: Client, priya: Profile) -> None:
    """Payloads in every field; as many as fit into the long ones."""
    lines = [line for payload in PAYLOADS if (line := " ".join(payload.split())) and line.isprintable()]
    for some in (lines[start::5] for start in range(5)):
        title, leader, place, reason = (line[:60] for line in some[:4])
        address = made(client, title=title, words=" ".join(some)[:600], leader=leader, place=place)
        client.post(f"{address}offer/", {"person": str(priya.uuid)})
        own = f"/groups/{address.split('/')[3]}/"
        form = {"person": str(priya.uuid), "version": "1", "client_id": str(uuid.uuid4()), "answer": "yes"}
        assert client.post(own, form).status_code == 302
        day = re.findall(r'name="day" value="([^"]*)"', text_of(client, address))[0]
        assert client.post(address, {"what": "off", "day": day, "reason": reason}).status_code == 302
        for page in (address, f"{address}offer/", own):
            assert scripts_in(text_of(client, page)) == [], (some, page)
    for page in ("/clinic/groups/", "/groups/", "/messages/", "/today/"):
        assert scripts_in(text_of(client, page)) == [], page


def test_on_ones_own_machine_there_are_no_such_pages(client: Client, db: None) -> None:
    id = uuid.uuid4()
    for page in ("/clinic/groups/", f"/clinic/groups/{id}/", f"/clinic/groups/{id}/offer/"):
        assert client.get(page).status_code == 404, page
