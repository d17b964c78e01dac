"""The journey page by page with Django's client: nothing skipped, nothing lost, nothing shown too early."""

import datetime as dt
import html
import re
from typing import Any

import pytest
from django.apps import apps
from django.test import Client
from django.urls import reverse

from tests.once import once
from upperback.care import intake
from upperback.care.intake import Answer
from upperback.content.models import Question
from upperback.content.vocabulary import default_content
from upperback.services import plans, screening
from upperback.services.actors import SYSTEM
from upperback.services.people import Profile
from upperback.services.screening import Screening
from upperback.store.models import Assessment, AuditEvent
from upperback.web.person import session

pytestmark = pytest.mark.django_db

QUIET = {
    "age": "41", "sex": "female", "pain_average": "3", "duration": "under_six", "flares": "0", "psfs": "7",
    "trend": "improving", "site": "between_blades", "character": "aching", "pain_now": "2", "pain_worst": "4",
}  # fmt: skip


@pytest.fixture
def me(client: Client) -> Client:
    """A browser that has chosen "Just me"."""

    def choose() -> None:
        assert client.post("/people/", {"just_me": "1"}).status_code == 302

    once("just me", choose, client)
    return client


def text_of(response: Any) -> str:
    return " ".join(re.sub(r"<[^>]+>", " ", response.content.decode()).split())


def shown(response: Any) -> str:
    """The text without what only scripts read, such as the words for a page that has no connection."""
    page = re.sub(r"(?s)<script\b.*?</script>", "", response.content.decode())
    return " ".join(re.sub(r"<[^>]+>", " ", page).split())


def hidden(response: Any, name: str) -> str:
    found = re.search(rf'name="{name}" value="([^"]*)"', response.content.decode())
    assert found, f"no {name} in the page"
    return found.group(1)


def calm(question: Any) -> str:
    return "none" if question.none_label else question.options[0].id if question.options else "0"


def questions_of(path: str) -> tuple[Question, ...]:
    """The questions of a page of the check that holds several."""
    page = intake.shared_page(path.split("/")[-2], default_content(), "screen")
    assert page is not None
    return page.questions


def walk(client: Client, own: dict[str, str] | None = None, stop_at: str | None = None) -> Any:
    """Answers page after page until the answers page, a result, or the page named by its id or that of a question."""
    said = QUIET | (own or {})
    content = default_content()
    response = client.post("/check/start/", follow=True)
    for _page in range(80):
        path = response.request["PATH_INFO"]
        questions = questions_of(path) if "/check/part/" in path else ()
        if stop_at in (path.split("/")[-2], *(question.id for question in questions)):
            return response
        if questions:
            data = {question.id: said.get(question.id, calm(question)) for question in questions}
        elif "/check/question/" in path:
            question = content.questions[path.split("/")[-2]]
            data = {"answer": said.get(question.id, calm(question))}
        else:
            return response
        response = client.post(path, data | {"version": hidden(response, "version")}, follow=True)
        assert response.status_code == 200, (path, text_of(response))
    raise AssertionError("the check does not end")


def finish(client: Client) -> Any:
    """ "See my result" on the page with all answers."""
    page = client.get("/check/answers/", follow=True)
    return client.post("/check/answers/", {"version": hidden(page, "version")}, follow=True)


def walk_assessment(client: Client, own: dict[str, dict[str, Any]] | None = None, stop_at: str = "") -> Any:
    """Page after page until the plan or the page named is there; what is not named is skipped or left empty."""
    content = default_content()
    response = client.post("/assessment/begin/", follow=True)
    for _page in range(40):
        path = response.request["PATH_INFO"]
        step = path.split("/")[-2]
        if "/assessment/step/" not in path or step == stop_at:
            return response
        asked = [name for name in re.findall(r'name="([^"]+)"', response.content.decode()) if name in content.questions]
        if asked:
            data: dict[str, Any] = {name: QUIET.get(name, calm(content.questions[name])) for name in asked}
            data |= (own or {}).get(step, {})
        else:
            data = (own or {}).get(step, {"skip": "1"})
        response = client.post(path, data | {"version": hidden(response, "version")}, follow=True)
        assert response.status_code == 200, (path, text_of(response))
    raise AssertionError("the assessment does not end")


def test_from_start_to_today(me: Client) -> None:
    response = walk(me)
    assert response.request["PATH_INFO"] == "/check/answers/"
    response = finish(me)
    assert "You can look after this yourself" in text_of(response)
    assert "What would change this advice" in text_of(response)
    response = walk_assessment(me, {
        "areas": {"areas": ["t4", "left_blade"]},
        "activities": {"words1": "Swim", "score1": "4"},
        "tasks": {"tasks": ["LM-SIT"]},
        "amounts": {"LM-SIT-minutes_to_symptom": "40", "LM-SIT-provocation": "6"},
        "equipment": {"equipment": ["chair", "wall", "band"]},
        "goals": {"goals": "A whole film\nSwim"},
    })  # fmt: skip
    assert response.request["PATH_INFO"] == "/plan/"
    words = text_of(response)
    assert "Movement, little and often" in words
    assert "Sitting" in words
    response = me.get("/today/")
    assert response.status_code == 200
    exercise = re.search(r'href="(/exercise/[A-Z0-9]+/)"', response.content.decode())
    assert exercise
    page = me.get(exercise.group(1))
    assert page.status_code == 200
    assert "<svg" in page.content.decode()


def test_nothing_reassures_before_the_end(me: Client) -> None:
    """No page of the check says that all is well."""
    content = default_content()
    good_news = {content.dispositions["self_manage"].title, content.dispositions["self_manage"].action}
    response = me.post("/check/start/", follow=True)
    while "/check/answers/" not in response.request["PATH_INFO"]:
        assert not any(words in text_of(response) for words in good_news)
        path = response.request["PATH_INFO"]
        if "/check/part/" in path:
            data = {question.id: QUIET.get(question.id, calm(question)) for question in questions_of(path)}
        else:
            question = content.questions[path.split("/")[-2]]
            data = {"answer": QUIET.get(question.id, calm(question))}
        response = me.post(path, data | {"version": hidden(response, "version")}, follow=True)
    assert not any(words in text_of(response) for words in good_news)


def test_one_tick_on_the_emergency_page_is_enough(me: Client) -> None:
    page = me.post("/check/start/", follow=True)
    response = me.post(
        page.request["PATH_INFO"], {"emergency_nerves": "saddle", "version": hidden(page, "version")}, follow=True
    )
    words = text_of(response)
    assert "/result/" in response.request["PATH_INFO"]
    assert 'href="tel:999"' in response.content.decode()
    assert "numb" in words.lower()
    assert me.get("/plan/").status_code == 200
    assert "/exercise/" not in me.get("/plan/").content.decode()
    assert me.get("/today/").status_code == 409


def test_asking_whether_to_stop_writes_nothing(me: Client) -> None:
    page = me.post("/check/start/", follow=True)
    path = page.request["PATH_INFO"]
    ask = {"X-Upperback-Ask": "stop"}
    assert me.post(path, {"emergency_breath": "racing", "version": "1"}, headers=ask).json() == {"stop": False}
    assert me.post(path, {"emergency_chest": "tight", "version": "1"}, headers=ask).json() == {"stop": True}
    assert Screening.objects.get().answers == {}


def test_a_tick_made_by_mistake_can_be_taken_back(me: Client) -> None:
    """Not even on the way to the new answer is it told again as what the person said; until then it stays stored."""
    page = me.post("/check/start/", follow=True)
    path = page.request["PATH_INFO"]
    sent = {"emergency_breath": "none", "emergency_nerves": "none", "emergency_chest": "none"}
    ticked = sent | {"emergency_sudden": "tearing", "version": hidden(page, "version")}
    result = me.post(path, ticked, follow=True)
    assert "/result/" in result.request["PATH_INFO"]
    page = me.post(f"{result.request['PATH_INFO']}correct/", follow=True)
    assert page.request["PATH_INFO"] == path
    taken_back = sent | {"version": hidden(page, "version")}
    assert me.post(path, taken_back, headers={"X-Upperback-Ask": "stop"}).json() == {"stop": False}
    response = me.post(path, taken_back)
    assert response.status_code == 422
    assert 'href="#emergency_sudden"' in response.content.decode()
    assert Screening.objects.get(state=Screening.State.IN_PROGRESS).answers["emergency_sudden"]
    still = taken_back | {"emergency_sudden": "first_minute"}
    assert me.post(path, {**still, "emergency_nerves": "saddle"}, headers={"X-Upperback-Ask": "stop"}).json()["stop"]
    response = me.post(path, taken_back | {"emergency_sudden": "none"}, follow=True)
    assert "/check/part/person/" in response.request["PATH_INFO"]


def test_an_incomplete_emergency_page_names_the_gaps_and_keeps_the_ticks(me: Client) -> None:
    page = me.post("/check/start/", follow=True)
    response = me.post(page.request["PATH_INFO"], {"emergency_breath": "racing", "version": hidden(page, "version")})
    assert response.status_code == 422
    body = response.content.decode()
    assert 'href="#emergency_chest"' in body
    assert re.search(r'value="racing"[^>]*checked', body)


def test_not_sure_is_asked_again_in_simpler_words(me: Client) -> None:
    page = me.post("/check/start/", follow=True)
    data = {"emergency_sudden": "none", "emergency_breath": "none", "emergency_nerves": "none"}
    response = me.post(
        page.request["PATH_INFO"],
        data | {"emergency_chest": "not_sure", "version": hidden(page, "version")},
        follow=True,
    )
    assert default_content().questions["emergency_chest"].simpler in text_of(response)
    response = me.post(
        response.request["PATH_INFO"], {"answer": "not_sure", "version": hidden(response, "version")}, follow=True
    )
    assert "/check/part/person/" in response.request["PATH_INFO"]


def test_what_was_ticked_beside_not_sure_stays_ticked_in_simpler_words(me: Client) -> None:
    page = me.post("/check/start/", follow=True)
    data = {"emergency_sudden": "none", "emergency_breath": "none", "emergency_nerves": "none"}
    sent = data | {"emergency_chest": ["spread", "not_sure"], "version": hidden(page, "version")}
    again = me.post(page.request["PATH_INFO"], sent, follow=True)
    assert again.request["PATH_INFO"] == "/check/question/emergency_chest/"
    assert re.search(r'value="spread"[^>]*checked', again.content.decode())
    assert not re.search(r'value="not_sure"[^>]*checked', again.content.decode())


def test_still_not_sure_at_the_end_is_advice_today(me: Client) -> None:
    page = me.post("/check/start/", follow=True)
    data = {"emergency_sudden": "none", "emergency_breath": "none", "emergency_chest": "none"}
    response = me.post(
        page.request["PATH_INFO"],
        data | {"emergency_nerves": "not_sure", "version": hidden(page, "version")},
        follow=True,
    )
    me.post(response.request["PATH_INFO"], {"answer": "not_sure", "version": hidden(response, "version")})
    walk(me)
    response = finish(me)
    assert default_content().dispositions["urgent_same_day"].title in text_of(response)


def test_errors_name_the_field_and_keep_what_was_typed(me: Client) -> None:
    page = walk(me, stop_at="age")
    for typed in ("", "abc", "400", "-3"):
        sent = {"age": typed, "sex": "female", "version": hidden(page, "version")}
        page = response = me.post("/check/part/person/", sent)
        assert response.status_code == 422
        assert 'href="#age"' in response.content.decode()
        assert f'value="{typed}"' in response.content.decode() or not typed


def test_two_tabs(me: Client) -> None:
    """The second tab's other answer is refused with a sentence; what is stored and what was typed are both there."""
    page = walk(me, stop_at="age")
    version = hidden(page, "version")
    me.post("/check/question/age/", {"answer": "41", "version": version})
    response = me.post("/check/question/age/", {"answer": "14", "version": version})
    assert response.status_code == 409
    assert "another window" in text_of(response)
    assert 'value="14"' in response.content.decode()
    assert Screening.objects.get().answers["age"] == {"number": 41}
    again = me.post("/check/question/age/", {"answer": "14", "version": hidden(response, "version")})
    assert again.status_code == 302


def test_two_tabs_on_a_page_of_several_questions(me: Client) -> None:
    page = walk(me, stop_at="age")
    sent = {"sex": "female", "version": hidden(page, "version")}
    me.post("/check/part/person/", sent | {"age": "41"})
    response = me.post("/check/part/person/", sent | {"age": "14"})
    assert response.status_code == 409
    assert "another window" in text_of(response)
    assert 'value="14"' in response.content.decode()
    assert Screening.objects.get().answers["age"] == {"number": 41}


def test_sending_twice_is_sending_once(me: Client) -> None:
    page = walk(me, stop_at="age")
    data = {"answer": "41", "version": hidden(page, "version")}
    first, second = me.post("/check/question/age/", data), me.post("/check/question/age/", data)
    assert first["Location"] == second["Location"]


def test_answers_survive_a_closed_browser(me: Client) -> None:
    walk(me, stop_at="trend")
    other = Client()
    other.post("/people/choose/", {"person": str(Profile.objects.get().uuid)})
    response = other.get("/home/", follow=True)
    assert "/check/part/course/" in response.request["PATH_INFO"]


def test_an_expired_session_says_so(me: Client) -> None:
    page = walk(me, stop_at="age")
    me.session.flush()
    me.cookies.clear()
    response = me.post("/check/question/age/", {"answer": "41", "version": hidden(page, "version")}, follow=True)
    assert "still here" in text_of(response)


def test_change_links_come_back(me: Client) -> None:
    walk(me)
    page = me.get("/check/question/trend/?from=answers")
    response = me.post(
        "/check/question/trend/?from=answers",
        {"answer": "same", "version": hidden(page, "version"), "row": "trend"},
    )
    assert response["Location"] == "/check/answers/#trend"


def test_a_finished_check_refuses_an_old_page(me: Client) -> None:
    page = walk(me, stop_at="trend")
    walk(me)
    finish(me)
    response = me.post("/check/question/trend/", {"answer": "worsening", "version": hidden(page, "version")})
    assert response.status_code == 409
    assert "This safety check is finished" in text_of(response)
    assert "See your result" in text_of(response)


def test_answers_changed_in_another_window_are_looked_at_before_the_result(me: Client) -> None:
    walk(me)
    page = me.get("/check/answers/")
    other = me.get("/check/question/trend/?from=answers")
    me.post("/check/question/trend/", {"answer": "worsening", "version": hidden(other, "version")})
    response = me.post("/check/answers/", {"version": hidden(page, "version")})
    assert response.status_code == 409
    assert "another window" in text_of(response)
    assert "/result/" in finish(me).request["PATH_INFO"]


@pytest.mark.parametrize("path", ["/today/", "/plan/shape/", "/exercise/MV02/", "/assessment/", "/plan/swap/MV02/"])
def test_no_page_leads_round_the_check(me: Client, path: str) -> None:
    response = me.get(path)
    assert response.status_code == 409
    assert "safety check" in text_of(response)
    assert me.post("/plan/make/").status_code == 409
    walk(me, stop_at="trend")
    assert me.get(path).status_code == 409


def test_unknown_pages(me: Client) -> None:
    for path in ("/check/part/nothing/", "/result/6f9619ff-8b86-d011-b42d-00cf4fc964ff/"):
        assert me.get(path).status_code == 404


def test_a_doctor_first_then_movement_unlocks(me: Client) -> None:
    walk(me, {"age": "63", "weight_sweats": "weight"})
    response = finish(me)
    assert "See your GP soon" in text_of(response)
    uuid = response.request["PATH_INFO"].split("/")[2]
    assert "/exercise/" not in me.get("/plan/").content.decode()
    assert me.get(f"/result/{uuid}/cleared/").status_code == 200
    today = Profile.objects.get().created_at
    data = {"role": "gp", "day": f"{today.day}", "month": f"{today.month}", "year": f"{today.year}"}
    assert me.post(f"/result/{uuid}/cleared/", data).status_code == 422
    assert me.post(f"/result/{uuid}/cleared/", data | {"agreed": "1", "year": "2090"}).status_code == 422
    assert me.post(f"/result/{uuid}/cleared/", data | {"agreed": "1"}).status_code == 302
    response = walk_assessment(me)
    assert "/exercise/" in response.content.decode()


def test_shaping_swapping_and_days(me: Client) -> None:
    walk(me)
    finish(me)
    walk_assessment(me)
    profile = Profile.objects.get()
    plan = plans.open_plan(profile=profile, by=SYSTEM)
    planned = [item["id"] for item in plan.record["exercises"]]
    data: dict[str, Any] = {"plan": str(plan.uuid), "had": planned, "exercises": planned[1:], "days": ["tue", "fri"]}
    assert me.post("/plan/shape/", data).status_code == 302
    assert me.post("/plan/shape/", data).status_code in {302, 409}
    shaped = plans.open_plan(profile=profile, by=SYSTEM)
    assert [item["id"] for item in shaped.record["exercises"]] == planned[1:]
    assert shaped.record["strength_days"] == ["tue", "fri"]
    assert "these have a day of rest between them" not in text_of(me.get("/plan/"))
    days = {"plan": str(shaped.uuid), "had": planned, "exercises": planned[1:], "days": ["mon", "tue", "wed", "fri"]}
    assert me.post("/plan/shape/", days).status_code == 302
    shaped = plans.open_plan(profile=profile, by=SYSTEM)
    assert shaped.record["strength_days"] == ["mon", "wed", "fri"]
    assert "these have a day of rest between them" in text_of(me.get("/plan/"))
    target = planned[1]
    offered = plans.swaps(shaped, target)
    assert offered
    response = me.post(f"/plan/swap/{target}/", {"plan": str(shaped.uuid), "instead": offered[0]}, follow=True)
    assert response.status_code == 200
    after = [item["id"] for item in plans.open_plan(profile=profile, by=SYSTEM).record["exercises"]]
    assert offered[0] in after
    assert target not in after
    assert me.post(f"/plan/swap/{after[0]}/", {"plan": str(shaped.uuid), "instead": "ST99"}).status_code == 422


def test_leaving_everything_out_is_allowed_and_can_be_taken_back(me: Client) -> None:
    walk(me)
    finish(me)
    walk_assessment(me)
    profile = Profile.objects.get()
    plan = plans.open_plan(profile=profile, by=SYSTEM)
    planned = [item["id"] for item in plan.record["exercises"]]
    assert me.post("/plan/shape/", {"plan": str(plan.uuid), "had": planned}).status_code == 302
    assert "/exercise/" not in me.get("/plan/").content.decode()
    assert me.get("/today/").status_code == 200
    page = me.get("/plan/shape/")
    data: dict[str, Any] = {"plan": hidden(page, "plan"), "exercises": planned}
    assert me.post("/plan/shape/", data).status_code == 302
    again = plans.open_plan(profile=profile, by=SYSTEM)
    assert [item["id"] for item in again.record["exercises"]] == planned


def test_today_ticks_once(me: Client) -> None:
    walk(me)
    finish(me)
    walk_assessment(me)
    page = me.get("/today/")
    data = {name: hidden(page, name) for name in ("client_id", "day", "item", "turn")} | {"done": "1"}
    me.post("/today/mark/", data)
    me.post("/today/mark/", data)
    assert me.get("/today/").content.decode().count("Not done after all") == 1
    assert me.post("/today/mark/", data | {"client_id": "x"}).status_code == 400
    assert (
        me.post("/today/mark/", data | {"client_id": "6f9619ff-8b86-d011-b42d-00cf4fc964ff", "item": "no"}).status_code
        == 400
    )


def test_a_second_person_sees_nothing_of_the_first(me: Client) -> None:
    walk(me)
    address = finish(me).request["PATH_INFO"]
    other = Client()
    other.post("/people/", {"name": "Ben", "whom": "self"})
    assert other.get(address).status_code == 404


def test_rather_not_say_holds_nothing_back_and_shows_whom_to_call(me: Client) -> None:
    low = dict.fromkeys(intake.MOOD_ITEMS, "nearly_every")
    walk(me, low | {"self_harm": "prefer_not_to_say"})
    response = finish(me)
    card = default_content().messages["crisis_card"]
    assert card.title in text_of(response)
    assert "Make my plan" in text_of(response)


def test_not_sure_about_self_harm_leads_to_the_crisis_line_first(me: Client) -> None:
    low = dict.fromkeys(intake.MOOD_ITEMS, "nearly_every")
    walk(me, low | {"self_harm": "not_sure"})
    page = finish(me)
    services = {item.key: item.name for item in default_content().service_table("uk").services}
    named = re.findall(r'"contact__name">([^<]*)<', page.content.decode())
    assert named[:2] == [services["crisis_line"], services["urgent_line"]]
    assert "I was asked about thoughts of harming myself and could not answer." in text_of(page)


def test_the_four_mood_questions_stand_on_one_page_and_the_next_one_alone(me: Client) -> None:
    page = walk(me, stop_at="mood")
    assert page.request["PATH_INFO"] == "/check/part/mood/"
    for id in intake.MOOD_ITEMS:
        assert default_content().questions[id].text in text_of(page)
    assert default_content().questions["self_harm"].text not in text_of(page)
    data = dict.fromkeys(intake.MOOD_ITEMS, "nearly_every") | {"version": hidden(page, "version")}
    assert me.post("/check/part/mood/", data).headers["location"] == "/check/question/self_harm/"


def test_check_your_answers_names_what_each_answer_is_about(me: Client) -> None:
    page = text_of(walk(me))
    for question in ("fever_signs", "head_signs", "clot_risk", "belly", "self_harm"):
        summary = default_content().questions[question].summary
        assert summary is not None
        assert (summary in page) == (question != "self_harm")
    assert "None of these Fever of 38 °C or more, or hot and shivery · " in page


def test_a_result_says_that_looking_again_holds_the_plan_and_prints_from_one_button(me: Client) -> None:
    walk(me)
    result = finish(me)
    assert "so your plan waits" not in text_of(result)
    walk_assessment(me)
    again = me.get(result.request["PATH_INFO"])
    assert "so your plan waits until it is finished" in text_of(again)
    assert again.content.decode().count("data-print>") == 1


def test_only_the_first_contact_is_loud(me: Client) -> None:
    walk(me, {"weight_sweats": "weight"})
    calls = re.findall(r'class="nhsuk-button([^"]*) contact__call"', finish(me).content.decode())
    assert calls
    assert all("secondary" in call for call in calls)  # the GP comes first and has no number


def test_just_me_is_one_person_however_often_it_is_chosen(me: Client) -> None:
    assert "just_me" not in me.get("/people/").content.decode()
    again = Client()
    assert again.post("/people/", {"just_me": "1"}).headers["location"] == "/home/"
    assert Profile.objects.filter(name="Me").count() == 1


def test_a_fourth_goal_is_refused_and_nothing_is_lost(me: Client) -> None:
    walk(me)
    finish(me)
    page = me.post("/assessment/begin/", follow=True)
    written = "one\ntwo\nthree\nfour"
    refused = me.post("/assessment/step/goals/", {"goals": written, "version": hidden(page, "version")})
    assert refused.status_code == 422
    assert "Up to three things, one on each line." in text_of(refused)
    assert written in refused.content.decode()
    assert Assessment.objects.get().goals == []


def test_pages_that_speak_to_the_person_name_them_to_who_answers_for_them(client: Client) -> None:
    client.post("/people/", {"name": "Mum", "whom": "other"})
    walk(client)
    finish(client)
    client.post("/assessment/begin/")
    assert "“You”, “I” and “me” mean Mum on this page." in text_of(client.get("/assessment/step/equipment/"))
    made = walk_assessment(client)
    assert "“You” means Mum on this page." in text_of(made)
    assert "“You” means Mum on this page." in text_of(client.get("/today/"))


def test_a_later_emergency_leads_back_to_its_own_page(me: Client) -> None:
    response = walk(me, {"belly": "bleed"})
    assert "/result/" in response.request["PATH_INFO"]
    again = me.post(response.request["PATH_INFO"] + "correct/", follow=True)
    assert again.request["PATH_INFO"] == "/check/question/belly/"
    confirmed = me.post(
        again.request["PATH_INFO"], {"answer": "bleed", "version": hidden(again, "version")}, follow=True
    )
    assert 'href="tel:999"' in confirmed.content.decode()


def test_proxy_words(client: Client) -> None:
    client.post("/people/", {"name": "Mum", "whom": "other"})
    page = client.post("/check/start/", follow=True)
    assert default_content().questions["emergency_chest"].text_proxy in text_of(page)


@pytest.mark.parametrize("name", ["people", "check"])
def test_pages_without_anybody(client: Client, name: str) -> None:
    assert client.get(reverse(name), follow=True).status_code == 200


def test_looking_changes_nothing(me: Client) -> None:
    """No page writes when it is only looked at, wherever the person stands."""
    paths = ["/", "/people/", "/home/", "/check/", "/check/next/", "/check/answers/", "/check/part/emergency/",
             "/check/question/age/", "/assessment/", "/assessment/step/goals/", "/plan/",
             "/plan/shape/", "/plan/swap/MV02/", "/exercise/MV02/", "/today/"]  # fmt: skip

    def state() -> list[list[Any]]:
        models = apps.get_app_config("store").get_models()
        return [list(model.objects.order_by("pk").values()) for model in models]  # type: ignore[attr-defined]

    def look() -> None:
        before = state()
        for path in paths:
            me.get(path)
        assert state() == before

    look()
    walk(me, stop_at="trend")
    look()
    walk(me)
    look()
    result = finish(me).request["PATH_INFO"]
    paths += [result, f"{result}cleared/"]
    look()
    me.post("/assessment/begin/")
    look()
    walk_assessment(me)
    look()


def test_answers_and_names_stay_out_of_the_log(client: Client, caplog: pytest.LogCaptureFixture) -> None:
    caplog.set_level("DEBUG")
    client.post("/people/", {"name": "Zanzibarina", "whom": "self"})
    walk(client)
    finish(client)
    walk_assessment(client, {"activities": {"words1": "Quuxwalking", "score1": "4"}, "goals": {"goals": "Frobnicate"}})
    client.get("/today/")
    for marker in ("Zanzibarina", "Quuxwalking", "Frobnicate", "between_blades"):
        assert marker not in caplog.text
    events = " ".join(str(event) for event in AuditEvent.objects.values_list("action", "details"))
    for marker in ("Zanzibarina", "Quuxwalking", "Frobnicate", "between_blades"):
        assert marker not in events


def test_stored_answers_are_the_ones_given(me: Client) -> None:
    walk(me, {"trend": "same"})
    stored = intake.from_plain(Screening.objects.get().answers)
    assert stored["trend"] == Answer(options=("same",))
    assert screening.open_screening(profile=Profile.objects.get(), by=SYSTEM) is not None


def test_while_waiting_for_the_doctor_there_is_movement_only(me: Client) -> None:
    """Somebody who may only move inside comfort reads nothing about strength work or hard effort."""
    answers = {"age": "29", "sex": "male", "duration": "year", "onset_age": "28", "night": "second_half",
               "stiffness": "hour", "eased_by": "movement", "inflamed_signs": "nsaid", "pattern": "mixed"}  # fmt: skip
    walk(me, answers)
    finish(me)
    response = walk_assessment(me)
    words = text_of(response)
    assert "these movements only" in words
    assert "Build it up" not in words
    assert 'id="strength"' not in response.content.decode()


# ---- the assessment ----------------------------------------------------------------------------------------------


def at_assessment(client: Client, step: str) -> Any:
    """The page of a step, once a safety check has opened the assessment."""
    walk(client)
    finish(client)
    client.post("/assessment/begin/")
    return client.get(f"/assessment/step/{step}/")


def test_only_the_amounts_that_the_sums_need_are_asked_and_every_wrong_one_is_named(me: Client) -> None:
    page = at_assessment(me, "tasks")
    data = {"tasks": ["LM-SIT", "LM-CARRY"], "version": hidden(page, "version")}
    page = me.post("/assessment/step/tasks/", data, follow=True)
    asked = re.findall(r'name="(LM-[^"]+)"', page.content.decode())
    assert asked == ["LM-SIT-minutes_to_symptom", "LM-CARRY-kg_ok", "LM-CARRY-kg_total"]
    sent = {"LM-CARRY-kg_ok": "some", "LM-CARRY-kg_total": "10", "LM-SIT-minutes_to_symptom": "an hour"}
    refused = me.post("/assessment/step/amounts/", sent | {"version": hidden(page, "version")})
    assert refused.status_code == 422
    words = text_of(refused)
    assert "Carrying shopping and bags. A weight that is fine in one go: Enter a number, for example 20" in words
    assert "Sitting for long stretches. Minutes until it starts to hurt more: Enter a number, for example 20" in words
    for control, typed in sent.items():
        assert re.search(rf'id="{control}" name="{control}"[^>]* value="{typed}"', refused.content.decode())


def test_ratings_are_asked_only_where_not_all_tasks_come_first(me: Client) -> None:
    page = at_assessment(me, "tasks")
    data = {"tasks": ["LM-SIT", "LM-CARRY", "LM-LIFT", "LM-SLEEP"], "version": hidden(page, "version")}
    page = me.post("/assessment/step/tasks/", data, follow=True)
    assert "How much does it matter to you?" in text_of(page)


def test_what_is_right_on_a_page_of_questions_is_kept_and_the_rest_is_named(me: Client) -> None:
    page = at_assessment(me, "pain_detail")
    sent = {"pain_now": "", "settle": "hour", "version": hidden(page, "version")}
    refused = me.post("/assessment/step/pain_detail/", sent)
    assert refused.status_code == 422
    assert "How strong is the pain right now? Choose a number" in text_of(refused)
    assert set(Assessment.objects.get().answers) == {"settle"}


@pytest.mark.parametrize("pressed", [{}, {"finish": "1"}])
def test_what_only_the_review_compares_with_may_stay_open(me: Client, pressed: dict[str, str]) -> None:
    walk(me)
    finish(me)
    page = walk_assessment(me, stop_at="everyday")
    sent = {"sleep": "7", "stress": "", "version": hidden(page, "version")}
    after = me.post("/assessment/step/everyday/", sent | pressed, follow=True)
    assert after.request["PATH_INFO"] == ("/plan/" if pressed else "/assessment/step/areas/")
    told = Assessment.objects.get()
    assert "sleep" in told.answers
    assert "stress" not in told.answers
    assert "everyday" in told.done
    assert "everyday" not in told.skipped


def test_a_wrong_number_there_is_named_and_the_right_ones_are_kept(me: Client) -> None:
    walk(me)
    finish(me)
    page = walk_assessment(me, stop_at="everyday")
    sent = {"sleep": "7", "stress": "11", "version": hidden(page, "version")}
    refused = me.post("/assessment/step/everyday/", sent)
    assert refused.status_code == 422
    assert "how much stress did you have?" in text_of(refused)
    assert "everyday" not in Assessment.objects.get().done


def test_a_question_that_an_answer_calls_for_comes_alone_after_its_page(me: Client) -> None:
    page = at_assessment(me, "moving")
    asked = {
        name for name in re.findall(r'name="([^"]+)"', page.content.decode()) if name in default_content().questions
    }
    assert "surgery" in asked
    assert "surgery_cleared" not in asked
    data = {name: calm(default_content().questions[name]) for name in asked} | {"surgery": "year"}
    me.post("/assessment/step/moving/", data | {"version": hidden(page, "version")})
    page = me.get("/assessment/step/pain_detail/")
    data = {"pain_now": "1", "settle": "hour", "version": hidden(page, "version")}
    for step in ("tasks", "equipment"):
        page = me.get(f"/assessment/step/{step}/")
        me.post(f"/assessment/step/{step}/", {"skip": "1", "version": hidden(page, "version")})
    page = me.get("/assessment/step/pain_detail/")
    after = me.post("/assessment/step/pain_detail/", data | {"version": hidden(page, "version")}, follow=True)
    assert after.request["PATH_INFO"] == "/assessment/step/surgery_cleared/"


def test_the_plan_need_not_wait_for_the_review_and_keeps_what_was_typed(me: Client) -> None:
    page = at_assessment(me, "activities")
    for step in ("tasks", "equipment"):
        me.post(
            f"/assessment/step/{step}/",
            {"skip": "1", "version": hidden(me.get(f"/assessment/step/{step}/"), "version")},
        )
    walked = walk_assessment(me, {"activities": {"words1": "Swim", "score1": "4", "finish": "1"}})
    assert walked.request["PATH_INFO"] == "/plan/"
    kept = Assessment.objects.get()
    assert kept.activities == [{"words": "Swim", "score": 4}]
    assert set(kept.skipped) >= {"areas", "day", "goals"}
    assert page.status_code == 200


def later(monkeypatch: pytest.MonkeyPatch, **time: float) -> None:
    """The clock of the pages goes on."""
    now = session.now() + dt.timedelta(**time)
    monkeypatch.setattr(session, "now", lambda: now)


def test_a_result_that_reassured_does_not_reassure_a_day_later(me: Client, monkeypatch: pytest.MonkeyPatch) -> None:
    walk(me)
    page = finish(me)
    good = default_content().dispositions["self_manage"]
    assert good.title in text_of(page)
    later(monkeypatch, hours=25)
    old = me.get(page.request["PATH_INFO"])
    assert good.title not in text_of(old)
    assert f"It was “{good.short}”." in text_of(old)
    assert default_content().messages["core"].title in text_of(old)
    assert "Do the safety check again" in text_of(old)


def test_a_result_that_reassured_does_not_reassure_while_a_new_check_is_half_way(me: Client) -> None:
    walk(me)
    address = finish(me).request["PATH_INFO"]
    walk(me, stop_at="trend")
    old = text_of(me.get(address))
    assert default_content().dispositions["self_manage"].title not in old
    assert "Go on with the safety check" in old


def test_an_older_milder_result_leads_to_the_newest_one(me: Client) -> None:
    walk(me, {"weight_sweats": "weight"})
    older = finish(me).request["PATH_INFO"]
    walk(me, {"belly": "jaundice"})
    newest = finish(me).request["PATH_INFO"]
    page = me.get(older)
    assert "This is an older result" in text_of(page)
    assert f'href="{newest}"' in page.content.decode()


def test_answers_of_another_day_are_looked_at_before_the_result(me: Client, monkeypatch: pytest.MonkeyPatch) -> None:
    page = walk(me)
    later(monkeypatch, hours=25)
    refused = me.post("/check/answers/", {"version": hidden(page, "version")})
    assert refused.status_code == 409
    assert "more than a day ago" in text_of(refused)
    again = me.get("/check/answers/")
    assert "is it still so today?" in text_of(again)
    folded = re.findall(r"<details[^>]*>", again.content.decode())
    assert folded
    assert all(" open" in part for part in folded), "whoever says that answers still hold has to see all of them"
    assert again.content.decode().count("See my result") == 1, "the button stands below what has to be looked at"
    data = {"version": hidden(again, "version"), "still_hold": hidden(again, "still_hold")}
    assert "/result/" in me.post("/check/answers/", data, follow=True).request["PATH_INFO"]


def test_a_plan_that_waits_for_the_surgery_team_says_so(me: Client) -> None:
    """Not "your plan can be made now", round and round: why it waits, and how it opens."""
    walk(me)
    finish(me)
    words = text_of(walk_assessment(me, {"moving": {"surgery": "recent"}}))
    lock = default_content().cautions["post_surgery"].lock_text
    assert lock is not None
    assert lock in words
    assert "I have been checked" in words
    assert "Answer those questions again" in words
    assert "/exercise/" not in words


def test_help_first_leaves_no_page_that_leads_to_a_plan(me: Client) -> None:
    walk(me)
    finish(me)
    page = me.post("/assessment/begin/", follow=True)
    walk(me, {"belly": "jaundice"})
    result = finish(me).request["PATH_INFO"]
    refused = me.post(page.request["PATH_INFO"], {"skip": "1", "version": hidden(page, "version")})
    assert refused.status_code == 409
    assert me.get("/assessment/").status_code == 409
    assert me.get("/home/").headers["location"] == result


# ---- what to say -------------------------------------------------------------------------------------------------


def what_to_say(response: Any) -> str:
    """The card that can be read out or copied."""
    found = re.search(r'id="say-text">(.*?)</div>', response.content.decode(), re.DOTALL)
    assert found, "nothing to say"
    return html.unescape(" ".join(re.sub(r"<[^>]+>", " ", found.group(1)).split()))


def test_what_to_say_never_speaks_of_you(me: Client) -> None:
    page = me.post("/check/start/", follow=True)
    stopped = me.post(
        page.request["PATH_INFO"], {"emergency_nerves": "saddle", "version": hidden(page, "version")}, follow=True
    )
    words = what_to_say(stopped)
    assert words.startswith("I have back pain")
    assert words.endswith("Answers from the safety check: Numb between the legs, or when wiping")
    assert not re.search(r"\b(you|your)\b", words, re.IGNORECASE)


def test_who_calls_for_somebody_says_so_and_gives_their_words(client: Client) -> None:
    client.post("/people/", {"name": "Mum", "whom": "other"})
    walk(client, {"age": "63", "weight_sweats": "weight"})
    words = what_to_say(finish(client))
    assert words.startswith("I am calling for Mum. In their words: “I have pain in my upper back")
    assert "Lost weight without trying" in words


def test_who_calls_about_a_child_needs_no_quotation(client: Client) -> None:
    client.post("/people/", {"name": "Robin", "whom": "other"})
    walk(client, {"age": "12", "onset": "gradual"})
    words = what_to_say(finish(client))
    assert "In their words" not in words
    assert "child" in words


def test_numbers_to_call_for_a_crisis_stand_on_the_page_once(me: Client) -> None:
    walk(me, {"phq4_pleasure": "nearly_every", "phq4_low": "nearly_every", "self_harm": "passive"})
    page = finish(me).content.decode()
    assert page.count('href="tel:116123"') == 1
    assert 'href="tel:999"' in page
