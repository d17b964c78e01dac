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
from tests.once import once
from upperback.services import plans
from upperback.services.actors import SYSTEM
from upperback.services.people import Profile
from upperback.store.models import Decision, DiaryEntry, ExerciseStep

__all__ = ["me"]  # a fixture

pytestmark = pytest.mark.django_db

CALM = {"before_legs": "no", "before_chest": "no", "before_change": "no", "pain_now": "1"}


@pytest.fixture
def planned(me: Client) -> Client:
    """Somebody with an open plan and low pain, on a day with strength."""

    def begin() -> None:
        walk(me, {"pain_average": "2"})
        finish(me)
        walk_assessment(me)
        me.post("/plan/make/", follow=True)
        plan = plans.latest_plan(profile=Profile.objects.get(), by=SYSTEM)
        assert plan is not None
        assert plan.allowed
        plans.shape_plan(plan=plan, days=[plans.DAYS[timezone.now().weekday()]], by=SYSTEM, now=timezone.now())

    once("planned for training", begin, me)
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


def turns_of(client: Client) -> list[str]:
    """The turns of movement as Today shows them."""
    page = client.get("/today/").content.decode()
    parts = re.findall(r'id="move-\d".*?(?=id="move|</article>)', page, re.DOTALL)
    return [re.sub(r"<[^>]+>|\s+", " ", part) for part in parts]


def test_a_guided_session_of_movement_is_a_turn_and_is_changed_where_it_was_written(planned: Client) -> None:
    assert 'href="/training/movement/"' in planned.get("/today/").content.decode()
    page = planned.get("/training/movement/")
    page = planned.post("/training/movement/", CALM | {"client_id": hidden(page, "client_id")}, follow=True)
    assert "Go on with the session" in text_of(planned.get("/today/"))
    while "<h1>All done</h1>" not in page.content.decode():
        page = log(planned, page, reps_2="", reps_3="")
    end = re.search(r'action="(/training/[^"]*/end/)"', page.content.decode())
    assert end
    planned.post(end.group(1), {"client_id": hidden(page, "client_id"), "how": "finished"})
    first, second, *_ = turns_of(planned)
    assert "Change" in first
    assert "Not done after all" not in first  # there is nothing that such a button could take back
    assert "Change" not in second


def test_a_break_that_was_not_done_after_all_is_taken_back_once(planned: Client) -> None:
    page = planned.get("/breaks/now/")
    form = {"client_id": hidden(page, "client_id"), "move": hidden(page, "move"), "answer": "done"}
    planned.post("/breaks/answer/", form)
    assert "Not done after all" in turns_of(planned)[0]
    day = timezone.now().date().isoformat()
    undo = {"client_id": str(uuid.uuid4()), "day": day, "item": "move", "turn": "1", "done": "0"}
    for _twice in range(2):
        planned.post("/today/mark/", undo)
        assert "Not done after all" not in " ".join(turns_of(planned))
    planned.post("/breaks/answer/", form | {"client_id": str(uuid.uuid4())})
    planned.post("/today/mark/", undo)  # sent once more, late: what was done since then stays
    assert "Not done after all" in turns_of(planned)[0]


@pytest.mark.parametrize(
    ("days", "says"), [(3, "Leave a few repetitions"), (8, "a little lighter"), (15, "easier and shorter")]
)
def test_days_off_are_told_and_nothing_is_to_be_made_up(planned: Client, days: int, says: str) -> None:
    session_through(planned)
    ahead = dt.timedelta(days=days)
    DiaryEntry.objects.update(day=timezone.now().date() - ahead, at=timezone.now() - ahead)
    text = text_of(planned.get("/today/"))
    assert says in text
    assert ("Nothing has to be made up" in text) == (days > 7)


def test_after_more_than_four_weeks_every_way_leads_to_the_safety_check(planned: Client) -> None:
    session_through(planned)
    ahead = dt.timedelta(days=29)
    DiaryEntry.objects.update(day=timezone.now().date() - ahead, at=timezone.now() - ahead)
    Decision.objects.update(decided_at=timezone.now() - ahead)
    today = planned.get("/today/")
    assert "First a safety check, then small steps again" in text_of(today)
    assert "Start the session" not in text_of(today)
    refused = begin(planned)
    assert "You were away for more than four weeks" in text_of(refused)
    assert 'href="/check/"' in refused.content.decode().split("<main")[1].split("</main")[0]


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


def test_what_is_written_down_can_be_corrected_and_taken_back_afterwards(planned: Client) -> None:
    page = log(planned, begin(planned))
    path = page.request["PATH_INFO"] + "change/"
    form = planned.get(path)
    names = re.findall(r'name="(reps_ST\d\d_\d)"', form.content.decode())
    exercise = names[0].split("_")[1]
    change = dict.fromkeys(names, "8") | {names[0]: "6", names[1]: "", f"pain_{exercise}": "4"}
    change["client_id"] = hidden(form, "client_id")
    before = DiaryEntry.objects.count()
    for _again in range(2):
        assert planned.post(path, change).status_code == 302
    assert DiaryEntry.objects.count() == before + 3
    assert DiaryEntry.objects.filter(kind="undone").count() == 1
    again = planned.get(path).content.decode()
    assert names[1] not in again
    assert re.search(rf'name="{names[0]}"[^>]*value="6"', again)
    assert re.search(rf'name="pain_{exercise}"[^>]*value="4" checked', again)


@pytest.mark.parametrize("text", ["1000", "-1", "eight", "1e2"])
def test_a_correction_that_cannot_be_is_named_and_kept_on_the_page(planned: Client, text: str) -> None:
    path = log(planned, begin(planned)).request["PATH_INFO"] + "change/"
    form = planned.get(path)
    name = re.findall(r'name="(reps_ST\d\d_\d)"', form.content.decode())[0]
    sent = planned.post(path, {name: text, "client_id": hidden(form, "client_id")})
    assert sent.status_code == 400
    assert "enter a whole number" in text_of(sent)
    assert f'value="{text}"' in sent.content.decode()


def rows_of(session: str, *values: tuple[str, int]) -> list[dict[str, Any]]:
    """Sets as a device sends them: client id and repetitions."""
    now = timezone.now()
    return [
        {
            "client_id": id, "kind": "set_done", "day": now.date().isoformat(), "at": now.isoformat(),
            "data": {"session": session, "exercise": "ST01", "number": 1, "reps": reps},
        }
        for id, reps in values
    ]  # fmt: skip


def test_two_devices_correct_one_set_both_are_kept_the_last_counts_and_it_is_said(planned: Client) -> None:
    page = begin(planned)
    session = page.request["PATH_INFO"].split("/")[2]
    first, mine, theirs = (str(uuid.uuid4()) for _ in range(3))
    assert send(planned, rows_of(session, (first, 8))).json()["answers"] == [
        {"client_id": first, "kept": True, "elsewhere": False}
    ]
    for id, reps, elsewhere in ((mine, 7, False), (theirs, 5, True)):
        (row,) = rows_of(session, (id, reps))
        answer = send(planned, [row | {"replaces": first}]).json()["answers"]
        assert answer == [{"client_id": id, "kept": True, "elsewhere": elsewhere}]
    assert DiaryEntry.objects.filter(kind="set_done").count() == 3
    data = re.search(r'id="training-data">(.*?)</script>', planned.get(page.request["PATH_INFO"]).content.decode())
    assert data
    (done,) = [item["done"]["1"] for item in json.loads(data.group(1))["items"] if item["exercise"] == "ST01"]
    assert done == {"reps": 5, "kg": None, "id": theirs}


def test_what_one_person_did_never_lands_with_another(planned: Client) -> None:
    session = begin(planned).request["PATH_INFO"].split("/")[2]
    person = planned.get("/diary/").json()["person"]
    planned.post("/people/", {"name": "Ben", "whom": "self"}, follow=True)
    assert planned.get("/diary/").json()["person"] != person
    refused = send(planned, rows_of(session, (str(uuid.uuid4()), 8)), person=person)
    assert refused.status_code == 409
    assert "somebody else" in refused.json()["message"]
    assert DiaryEntry.objects.filter(kind="set_done").count() == 0


def test_a_warning_that_was_told_cannot_be_taken_back_by_a_device(planned: Client) -> None:
    page = begin(planned)
    session = page.request["PATH_INFO"].split("/")[2]
    ended, now = str(uuid.uuid4()), timezone.now()
    row = {"client_id": ended, "day": now.date().isoformat(), "at": now.isoformat()}
    stop = row | {"kind": "session_ended", "data": {"session": session, "how": "felt_wrong", "sign": "stop_legs"}}
    reply = send(planned, [stop]).json()
    assert reply["plan"]["id"] is None
    assert "check" in reply["plan"]["message"]
    for kind, data in (("undone", {}), ("session_ended", {"session": session, "how": "finished"})):
        change = row | {"client_id": str(uuid.uuid4()), "kind": kind, "data": data, "replaces": ended}
        assert not send(planned, [change]).json()["answers"][0]["kept"]
    assert planned.get("/plan/").status_code == 409


def test_a_device_whose_clock_is_wrong_writes_at_the_right_time(planned: Client) -> None:
    session = begin(planned).request["PATH_INFO"].split("/")[2]
    id, now = str(uuid.uuid4()), timezone.now()
    (row,) = rows_of(session, (id, 8))
    ahead = dt.timedelta(hours=5)
    row["at"] = (now + ahead - dt.timedelta(minutes=1)).isoformat()
    send(planned, [row], sent_at=(now + ahead).isoformat())
    at = DiaryEntry.objects.get(client_id=id).at
    assert abs(at - (now - dt.timedelta(minutes=1))) < dt.timedelta(minutes=2)


def test_an_exercise_is_shown_to_the_session_it_belongs_to(planned: Client) -> None:
    path = begin(planned).request["PATH_INFO"]
    data = re.search(r'id="training-data">(.*?)</script>', planned.get(path).content.decode())
    assert data
    ids = [item["exercise"] for item in json.loads(data.group(1))["items"]]
    part = planned.get(f"{path}exercise/{ids[0]}/").content.decode()
    assert "data-figure-part" in part
    assert "<svg" in part
    assert planned.get(f"{path}exercise/MV01/").status_code == 404
    assert planned.get(f"/training/{uuid.uuid4().hex}/exercise/{ids[0]}/").status_code == 404


def test_a_step_of_ones_own_on_the_page_of_an_exercise(planned: Client) -> None:
    plan = plans.latest_plan(profile=Profile.objects.get(), by=SYSTEM)
    assert plan is not None
    id = next(item["id"] for item in plan.record["exercises"] if item["kind"] == "strength")
    page = planned.get(f"/exercise/{id}/")
    assert "One step easier" in text_of(page)
    assert "Today:" not in text_of(planned.get("/plan/"))
    sent = {"client_id": hidden(page, "client_id"), "easier": "1"}
    for _ in range(2):  # sent twice it is one
        assert planned.post(f"/exercise/{id}/", sent).status_code == 302
    row = ExerciseStep.objects.get(reason="own_choice")
    assert row.record["after"] != row.record["before"]
    assert re.search(r"Today: .*\d × \d+", text_of(planned.get("/plan/")))
    refused = planned.post(f"/exercise/{id}/", {"client_id": str(uuid.uuid4()), "harder": "1"})
    assert refused.status_code == 422
    assert "More comes after a session that went well" in text_of(refused)
    assert 'href="#amount"' in refused.content.decode().split("<h1>")[0]  # seen at once, at the top
    assert planned.post(f"/exercise/{id}/", {"easier": "1"}).status_code == 422
    movement = next(item["id"] for item in plan.record["exercises"] if item["kind"] == "movement")
    assert "One step easier" not in text_of(planned.get(f"/exercise/{movement}/"))
