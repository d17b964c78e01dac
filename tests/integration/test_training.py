"""A strength session page by page, without any script: safe at the door, nothing lost, the morning after decides."""

import datetime as dt
import json
import re
import uuid
from typing import Any

import pytest
from django.test import Client
from django.utils import timezone

from tests.integration.test_journey import finish, hidden, me, text_of, walk, walk_assessment
from upperback.services import plans
from upperback.services.actors import SYSTEM
from upperback.services.people import Profile
from upperback.store.models import DiaryEntry, ExerciseStep

__all__ = ["me"]  # a fixture

pytestmark = pytest.mark.django_db

CALM = {"before_legs": "no", "before_chest": "no", "before_change": "no", "pain_now": "1"}


@pytest.fixture
def planned(me: Client) -> Client:
    """Somebody with an open plan and low pain, on a day with strength."""
    walk(me, {"pain_average": "2"})
    finish(me)
    walk_assessment(me)
    me.post("/plan/make/", follow=True)
    plan = plans.latest_plan(profile=Profile.objects.get(), by=SYSTEM)
    assert plan is not None
    assert plan.allowed
    plans.shape_plan(plan=plan, days=[plans.DAYS[timezone.now().weekday()]], by=SYSTEM, now=timezone.now())
    return me


def begin(client: Client) -> Any:
    page = client.get("/training/")
    return client.post("/training/", CALM | {"client_id": hidden(page, "client_id")}, follow=True)


def log(client: Client, page: Any, **fields: str) -> Any:
    action = re.search(r'action="(/training/[^"]*/log/[^"]*)"', page.content.decode())
    assert action
    form = page.content.decode()[action.start() :]
    client_id = re.search(r'name="client_id" value="([^"]*)"', form)
    assert client_id
    data = {
        "client_id": client_id.group(1),
        "reps_1": "8",
        "reps_2": "8",
        "reps_3": "8",
        "worst_pain": "2",
        "effort": "7",
    }
    return client.post(action.group(1), data | {"alarming": "no", "form_ok": "yes"} | fields, follow=True)


def send(client: Client, rows: list[Any], **more: str) -> Any:
    """As the script of a session sends."""
    person = client.get("/diary/").json()["person"]
    body = {"person": person, "sent_at": timezone.now().isoformat(), "entries": rows} | more
    return client.post("/diary/", json.dumps(body), content_type="application/json")


def session_through(client: Client) -> Any:
    page = begin(client)
    for _exercise in range(6):
        if "<h1>All done</h1>" in page.content.decode():
            break
        page = log(client, page)
    end = re.search(r'action="(/training/[^"]*/end/)"', page.content.decode())
    assert end
    return client.post(end.group(1), {"client_id": hidden(page, "client_id"), "how": "finished"}, follow=True)


def test_a_whole_session_and_the_morning_after(planned: Client) -> None:
    assert "Start the session" in text_of(planned.get("/today/"))
    done = session_through(planned)
    assert "Session saved" in text_of(done)
    assert "Start the session" not in text_of(planned.get("/today/"))
    ahead = dt.timedelta(days=1)
    DiaryEntry.objects.update(day=timezone.now().date() - ahead, at=timezone.now() - ahead)
    page = planned.get("/morning/")
    told = planned.post("/morning/", {"pain": "1", "client_id": hidden(page, "client_id")})
    assert "One more like it, and it goes up" in text_of(told)
    assert ExerciseStep.objects.count() >= 2


def test_the_day_after_a_session_is_one_of_rest(planned: Client) -> None:
    session_through(planned)
    ahead = dt.timedelta(days=1)
    DiaryEntry.objects.update(day=timezone.now().date() - ahead, at=timezone.now() - ahead)
    text = text_of(planned.get("/today/"))
    assert "Strength work needs a day of rest in between" in text
    assert "Start the session" not in text
    assert "day of rest" in text_of(begin(planned))


@pytest.mark.parametrize("answer", ["yes", "not_sure"])
@pytest.mark.parametrize("check", ["before_legs", "before_chest", "before_change"])
def test_a_yes_or_not_sure_at_the_door_leads_to_the_safety_check(planned: Client, check: str, answer: str) -> None:
    page = planned.get("/training/")
    sent = planned.post("/training/", CALM | {check: answer, "client_id": hidden(page, "client_id")})
    assert sent.status_code == 302
    assert sent["Location"].startswith("/check/")
    assert list(DiaryEntry.objects.values_list("kind", "data")) == [("warned", {"signs": [check]})]
    for path in ("/training/", "/today/", "/exercise/MV02/"):  # and going back does not help
        assert planned.get(path).status_code == 409
    assert planned.get("/home/").headers["location"] == "/check/"


def test_a_question_left_out_is_asked_again_and_what_was_chosen_stays(planned: Client) -> None:
    page = planned.get("/training/")
    sent = planned.post("/training/", {"before_legs": "no", "client_id": hidden(page, "client_id")})
    assert sent.status_code == 400
    assert "Answer each of the three questions" in text_of(sent)
    assert re.search(r'name="before_legs"[^>]*value="no"[^>]*checked', sent.content.decode())


def test_sent_twice_is_one_session_and_one_set(planned: Client) -> None:
    page = planned.get("/training/")
    form = CALM | {"client_id": hidden(page, "client_id")}
    first, again = planned.post("/training/", form), planned.post("/training/", form)
    assert first["Location"] == again["Location"]
    exercise = planned.get(first["Location"])
    log(planned, exercise)
    before = DiaryEntry.objects.count()
    log(planned, exercise)
    assert DiaryEntry.objects.count() == before


def test_bad_numbers_are_named_and_nothing_typed_is_lost(planned: Client) -> None:
    page = begin(planned)
    sent = log(planned, page, reps_1="eight", reps_2="7")
    assert sent.status_code == 400
    assert "Set 1: enter a whole number" in text_of(sent)
    assert 'value="7"' in sent.content.decode()
    assert DiaryEntry.objects.count() == 1


def test_something_feels_wrong_shows_what_to_do_and_closes_the_plan_until_the_check(planned: Client) -> None:
    page = begin(planned)
    link = re.search(r'href="(/training/[^"]*/wrong/)"', page.content.decode())
    assert link
    signs = planned.get(link.group(1))
    stopped = planned.post(link.group(1), {"sign": "stop_legs", "client_id": hidden(signs, "client_id")})
    assert "999" in text_of(stopped)
    for path in ("/training/", "/today/", "/plan/"):
        closed = planned.get(path)
        assert closed.status_code == 409
        assert "Do the safety check first" in text_of(closed)
        assert "/exercise/" not in closed.content.decode()


def test_without_an_open_plan_there_is_no_session(me: Client) -> None:
    assert me.get("/training/").status_code == 409
    assert me.get("/training/abc/").status_code == 409


def test_a_session_of_somebody_else_is_not_there(planned: Client) -> None:
    page = begin(planned)
    path = page.request["PATH_INFO"]
    assert planned.get(path.replace(path.split("/")[2], uuid.uuid4().hex)).status_code == 404


def test_a_device_sends_its_entries_in_any_order_and_twice(planned: Client) -> None:
    session = begin(planned).request["PATH_INFO"].split("/")[2]
    now = timezone.now()
    rows = [
        {
            "client_id": str(uuid.uuid4()), "kind": "set_done", "day": now.date().isoformat(), "at": now.isoformat(),
            "data": {"session": session, "exercise": "ST01", "number": number, "reps": 8, "counted_by": "tap"},
        }
        for number in (2, 1)
    ]  # fmt: skip
    wrong = rows[0] | {
        "client_id": str(uuid.uuid4()),
        "data": {"session": session, "exercise": "ST01", "number": 1, "reps": 900},
    }
    for _again in range(2):
        sent = send(planned, [*rows, wrong])
        answers = {one["client_id"]: one["kept"] for one in sent.json()["answers"]}
        assert answers == {rows[0]["client_id"]: True, rows[1]["client_id"]: True, wrong["client_id"]: False}
    assert DiaryEntry.objects.filter(kind="set_done").count() == 2


@pytest.mark.parametrize(
    "body", ["", "{", "[]", '{"entries": 3}', '{"entries": []}', '{"entries": [], "person": 3, "sent_at": ""}']
)
def test_what_no_device_would_send_is_answered_in_a_sentence(planned: Client, body: str) -> None:
    sent = planned.post("/diary/", body, content_type="application/json")
    assert sent.status_code == 400
    assert sent.json() == {"message": "These entries cannot be read."}


@pytest.mark.parametrize("row", [1, {}, {"client_id": "x"}, None, {"client_id": str(uuid.uuid4()), "kind": []}])
def test_an_entry_that_cannot_be_read_is_answered_in_a_sentence(planned: Client, row: Any) -> None:
    (answer,) = send(planned, [row]).json()["answers"]
    assert not answer["kept"]
    assert answer["message"]
