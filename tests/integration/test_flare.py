"""A flare-up page by page, without any script: checked first, less at first, back day by day, and what helped kept."""

import datetime as dt
import re
from typing import Any

import pytest
from django.test import Client
from django.utils import timezone

from tests.integration.daily import id_in_form, planned
from tests.integration.test_journey import hidden, me, text_of
from tests.property import steps
from tests.property.steps import QUIET, STEPS, World
from upperback.care.intake import Answer
from upperback.services import flares, plans, progress
from upperback.services.actors import SYSTEM
from upperback.services.people import Profile
from upperback.store.models import AuditEvent, DiaryEntry, ExerciseStep
from upperback.web.person import session

__all__ = ["me", "planned"]  # fixtures

pytestmark = pytest.mark.django_db

CALM = {"before_legs": "no", "before_chest": "no", "flare_change": "no", "pain": "4"}


def begin(client: Client, **said: str) -> Any:
    page = client.get("/flare/")
    return client.post("/flare/", CALM | said | {"client_id": hidden(page, "client_id")}, follow=True)


def end(client: Client, helped: str) -> Any:
    page = client.get("/flare/over/")
    data = {"helped": helped, "what": "end", "client_id": hidden(page, "client_id")}
    return client.post("/flare/over/", data, follow=True)


def later(monkeypatch: pytest.MonkeyPatch, days: int) -> None:
    then = timezone.now() + dt.timedelta(days=days)
    monkeypatch.setattr(session, "now", lambda: then)


def amounts() -> list[tuple[int, int]]:
    now = session.now()
    due = progress.prescribed_today(profile=Profile.objects.get(), by=SYSTEM, now=now)
    return [(one.step.sets, one.step.reps) for one in due]


def test_from_today_to_the_first_three_days(planned: Client) -> None:
    before = amounts()
    assert 'href="/flare/"' in planned.get("/today/").content.decode()
    page = begin(planned)
    words = text_of(page)
    assert "Flare-up, day 1" in words
    assert "Ask a pharmacist" in words
    halves = amounts()
    assert all(sets * reps <= was[0] * was[1] / 2 for (sets, reps), was in zip(halves, before, strict=True))
    today = text_of(planned.get("/today/"))
    assert "Do about half of your usual amount" in today
    assert f"{halves[0][0]} set" in today
    assert not ExerciseStep.objects.exists()  # what is kept of the steps stays as it was


def test_sessions_take_the_share(planned: Client) -> None:
    begin(planned)
    page = planned.get("/training/")
    calm = {"before_legs": "no", "before_chest": "no", "before_change": "no", "client_id": hidden(page, "client_id")}
    page = planned.post("/training/", calm, follow=True)
    sets, reps = amounts()[0]
    assert f"{sets} × {reps}" in text_of(page)
    movement = planned.get("/training/movement/")
    page = planned.post("/training/movement/", calm | {"client_id": hidden(movement, "client_id")}, follow=True)
    assert f"Exercise 1 of {flares.FAVOURITES}" in text_of(page)


def test_breaks_keep_to_the_favourites_with_less_each(planned: Client) -> None:
    plan = plans.latest_plan(profile=Profile.objects.get(), by=SYSTEM)
    assert plan is not None
    movement = [item for item in plan.record["exercises"] if item["kind"] == "movement"]
    page = begin(planned)
    last = movement[-1]["id"]
    about = {"trigger": "load", "favourites": [last], "client_id": id_in_form(page, "/flare/about/")}
    planned.post("/flare/about/", about)
    words = text_of(planned.get(f"/breaks/now/?move={movement[0]['id']}"))
    assert movement[-1]["title"] in words
    assert f"{movement[-1]['reps'] // 2} " in words


@pytest.mark.parametrize("answer", ["yes", "not_sure"])
@pytest.mark.parametrize("check", flares.CHECKS)
def test_any_sign_or_doubt_shows_no_advice_and_closes_the_plan(planned: Client, check: str, answer: str) -> None:
    page = begin(planned, **{check: answer})
    words = text_of(page)
    assert "Flare-up, day" not in words
    assert "three days" not in words
    assert "safety check" in words
    if answer == "yes" and check != "flare_change":
        assert "999" in words
    assert list(DiaryEntry.objects.values_list("kind", "data")) == [("warned", {"signs": [check]})]
    for path in ("/flare/", "/today/", "/training/", "/plan/"):
        assert planned.get(path).status_code == 409, path


def test_a_yes_is_heard_even_if_the_rest_is_left_out(planned: Client) -> None:
    page = planned.get("/flare/")
    sent = planned.post("/flare/", {"before_chest": "yes", "client_id": hidden(page, "client_id")})
    assert "999" in text_of(sent)
    assert DiaryEntry.objects.get().kind == "warned"


def test_a_sign_told_from_an_old_page_counts_though_the_plan_is_closed(planned: Client) -> None:
    page = planned.get("/flare/")
    begin(planned, flare_change="yes")
    sent = planned.post("/flare/", CALM | {"before_legs": "yes", "client_id": hidden(page, "client_id")})
    assert "999" in text_of(sent)


def test_pain_three_points_above_the_check_leads_to_the_check(planned: Client) -> None:
    page = begin(planned, pain="6")  # 3 at the safety check
    assert "3 points or more above" in text_of(page)
    assert planned.get("/today/").status_code == 409


@pytest.mark.parametrize("left_out", [*flares.CHECKS, "pain"])
def test_what_is_left_out_is_asked_again_and_nothing_begins(planned: Client, left_out: str) -> None:
    page = planned.get("/flare/")
    data = {name: value for name, value in CALM.items() if name != left_out}
    sent = planned.post("/flare/", data | {"client_id": hidden(page, "client_id")})
    assert sent.status_code == 400
    assert not DiaryEntry.objects.exists()
    kept = next(name for name in flares.CHECKS if name != left_out)
    assert re.search(rf'name="{kept}"[^>]*value="no"[^>]*checked', sent.content.decode())


def test_sent_twice_is_one_flare_up(planned: Client) -> None:
    page = planned.get("/flare/")
    form = CALM | {"client_id": hidden(page, "client_id")}
    for _again in range(2):
        assert planned.post("/flare/", form).status_code == 302
    begin_again = CALM | {"client_id": "6f2c1ad0-9f5e-4d0e-9a55-0c3f6a8f7a11"}
    planned.post("/flare/", begin_again)
    assert DiaryEntry.objects.filter(kind="flare_started").count() == 1
    over = planned.get("/flare/over/")
    data = {"helped": "Rest", "what": "end", "client_id": hidden(over, "client_id")}
    for _again in range(2):
        assert planned.post("/flare/over/", data).status_code == 302
    assert DiaryEntry.objects.filter(kind="flare_ended").count() == 1
    assert AuditEvent.objects.filter(action="keep_diary").count() == 2


def test_what_set_it_off_and_the_two_movements(planned: Client) -> None:
    page = begin(planned)
    plan = plans.latest_plan(profile=Profile.objects.get(), by=SYSTEM)
    assert plan is not None
    movement = [item["id"] for item in plan.record["exercises"] if item["kind"] == "movement"]
    about = {"trigger": "sleep", "favourites": [movement[-1]], "client_id": hidden(page, "client_id")}
    page = planned.post("/flare/about/", about, follow=True)
    assert "Less sleep" in text_of(page)
    assert f"/exercise/{movement[-1]}/" in planned.get("/today/").content.decode()
    assert f"/exercise/{movement[0]}/" not in planned.get("/today/").content.decode()
    too_many = about | {"favourites": movement[:3], "client_id": hidden(page, "client_id")}
    sent = planned.post("/flare/about/", too_many)
    assert sent.status_code == 400
    assert "Choose two at most" in text_of(sent)


def test_the_card_is_offered_at_the_next_flare_up_after_the_check(planned: Client) -> None:
    begin(planned)
    end(planned, "Short walks <b>and</b> a warm shower")
    assert "Flare-up" not in text_of(planned.get("/today/"))
    asked = planned.get("/flare/")
    assert "warm shower" not in text_of(asked)  # not before the check
    page = begin(planned)
    assert "What helped last time" in text_of(page)
    assert "Short walks &lt;b&gt;and" in page.content.decode()


def test_the_card_can_be_changed_and_has_its_limit(planned: Client) -> None:
    begin(planned)
    end(planned, "Rest")
    page = planned.get("/flare/over/")
    data = {"helped": "Walks", "what": "card", "client_id": hidden(page, "client_id")}
    planned.post("/flare/over/", data)
    assert "Walks" in planned.get("/flare/over/").content.decode()
    sent = planned.post("/flare/over/", data | {"helped": "x" * 401})
    assert sent.status_code == 400
    assert "x" * 401 in sent.content.decode()  # nothing typed is lost


def test_begun_by_mistake_is_taken_back(planned: Client) -> None:
    before = amounts()
    page = begin(planned)
    planned.post("/flare/mistake/", {"client_id": id_in_form(page, "/flare/mistake/")})
    assert amounts() == before
    assert "It has flared up" in text_of(planned.get("/today/"))


def test_the_way_back_and_when_it_does_not_turn(planned: Client, monkeypatch: pytest.MonkeyPatch) -> None:
    begin(planned)
    later(monkeypatch, 4)
    words = text_of(planned.get("/flare/"))
    assert "about three quarters" in words
    assert words.count("about half") >= 3  # day by day: the first three
    later(monkeypatch, 7)
    words = text_of(planned.get("/flare/"))
    assert "Time to change the plan" in words
    assert "Is it over, and you have not said so yet?" in words
    today = text_of(planned.get("/today/"))
    assert "It is time to change the plan." in today
    assert "see a physiotherapist" not in today
    later(monkeypatch, 14)
    words = text_of(planned.get("/flare/"))
    assert "See a physiotherapist now" in words
    assert "Two weeks, and not back yet: see a physiotherapist." in text_of(planned.get("/today/"))
    assert "Time to change the plan" not in words


def test_the_usual_pain_is_of_before_the_flare_up_also_after_a_new_check(
    planned: Client, monkeypatch: pytest.MonkeyPatch
) -> None:
    me_now = Profile.objects.get()
    begin(planned)
    assert DiaryEntry.objects.get(kind="flare_started").data["usual"] == 0  # as told before the plan
    later(monkeypatch, 2)
    monkeypatch.setitem(steps.MOVING, "pain_now", Answer(number=6))
    world = World(session.now(), me_now, me_now)
    steps.answer(world, QUIET | {"pain_average": Answer(number=7)})
    for name in ("finish", "assess", "plan"):
        STEPS[name](world)
    assert "above your usual, which is 0 of 10" in text_of(planned.get("/flare/"))


def test_a_check_that_the_flare_up_led_to_does_not_say_what_is_usual(
    planned: Client, monkeypatch: pytest.MonkeyPatch
) -> None:
    me_now = Profile.objects.get()
    later(monkeypatch, 3)
    begin(planned, pain="7")  # a rise: the check first
    later(monkeypatch, 3)
    monkeypatch.setitem(steps.MOVING, "pain_now", Answer(number=6))
    world = World(session.now(), me_now, me_now)
    steps.answer(world, QUIET | {"pain_average": Answer(number=7)})
    for name in ("finish", "assess", "plan"):
        STEPS[name](world)
    begin(planned, pain="7")
    assert DiaryEntry.objects.get(kind="flare_started").data["usual"] == 0


def test_the_third_within_three_months(planned: Client) -> None:
    for _time in range(2):
        begin(planned)
        end(planned, "")
    DiaryEntry.objects.filter(kind__startswith="flare").update(day=timezone.now().date() - dt.timedelta(days=20))
    assert "third one within three months" in text_of(begin(planned))


def test_a_device_cannot_begin_one_past_the_check(planned: Client) -> None:
    now = timezone.now()
    row = {
        "client_id": "6f2c1ad0-9f5e-4d0e-9a55-0c3f6a8f7a12", "kind": "flare_started", "day": now.date().isoformat(),
        "at": now.isoformat(), "data": {},
    }  # fmt: skip
    body = {"person": str(Profile.objects.get().uuid), "sent_at": now.isoformat(), "entries": [row]}
    sent = planned.post("/diary/", body, content_type="application/json")
    assert [one["kept"] for one in sent.json()["answers"]] == [False]


def test_without_an_open_plan_there_is_none(me: Client) -> None:
    assert me.get("/flare/").status_code == 409
    assert me.post("/flare/", CALM | {"client_id": "6f2c1ad0-9f5e-4d0e-9a55-0c3f6a8f7a13"}).status_code == 409
