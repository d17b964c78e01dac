"""The desk and the habits page by page, without any script."""

import datetime as dt
import re
import uuid
from typing import Any

import pytest
from django.test import Client
from django.utils import timezone

from tests.integration.daily import planned
from tests.integration.test_journey import hidden, me, text_of
from tests.property import steps
from tests.property.steps import QUIET, STEPS, World
from upperback.care import intake
from upperback.care.intake import Answer
from upperback.content.vocabulary import default_content
from upperback.services import people
from upperback.services.people import Profile
from upperback.store.models import DiaryEntry, Screening
from upperback.web.person import session

__all__ = ["me", "planned"]  # fixtures

pytestmark = pytest.mark.django_db

#: What a sheet for an employer must not speak of.
HEALTH = re.compile(r"\b(pain|sore|ache|flare|symptom|exercise|plan|spine|Ana|physio|doctor|injur\w*)\b", re.IGNORECASE)


def look(client: Client, **states: str) -> Any:
    """All parts of the desk check, each as its page sends it."""
    page = client.get("/workplace/check/")
    for _part in range(4):
        asked = set(re.findall(r'name="(W\d\d)"', page.content.decode()))
        data = {item: state for item, state in states.items() if item in asked}
        path = page.request["PATH_INFO"]
        page = client.post(path, data | {"client_id": hidden(page, "client_id")}, follow=True)
    return page


def test_from_today_through_the_parts_to_three_changes(planned: Client) -> None:
    assert 'href="/workplace/"' in planned.get("/today/").content.decode()
    assert "<svg" in planned.get("/workplace/check/screen/").content.decode()
    page = look(planned, W01="to_change", W02="nearly", W05="fine", W10="to_change", W17="nearly")
    assert page.request["PATH_INFO"] == "/workplace/"
    words = text_of(page)
    assert "Change these first" in words
    assert "Raise or lower the screen." in words
    assert page.content.decode().count("I changed it") == 3
    assert "2 of 4 looked at" in words


def test_every_point_is_on_one_of_the_pages(planned: Client) -> None:
    found: list[str] = []
    for part in ("screen", "around", "seat", "day"):
        page = planned.get(f"/workplace/check/{part}/").content.decode()
        found += dict.fromkeys(re.findall(r'name="(W\d\d)"', page))
    assert sorted(found) == sorted(default_content().workstation)


def test_a_change_makes_room_for_the_next_and_is_one_however_often_sent(planned: Client) -> None:
    page = look(planned, W01="to_change", W02="to_change", W03="to_change", W04="to_change")
    form = {"item": "W01", "state": "changed", "client_id": hidden(page, "client_id")}
    for _again in range(2):
        assert planned.post("/workplace/point/", form).status_code == 302
    assert DiaryEntry.objects.filter(kind="desk_point", data__item="W01").count() == 2
    words = text_of(planned.get("/workplace/"))
    assert "Raise or lower the screen." not in words
    assert "Straight ahead" in words


def test_what_no_page_would_send_is_answered_in_a_sentence(planned: Client) -> None:
    for item, state in (("W99", "fine"), ("W01", "perfect")):
        data = {"item": item, "state": state, "client_id": str(uuid.uuid4())}
        assert planned.post("/workplace/point/", data).status_code == 400
    assert planned.get("/workplace/check/nothing/").status_code == 404
    assert not DiaryEntry.objects.exists()


def test_another_look_after_four_weeks(planned: Client, monkeypatch: pytest.MonkeyPatch) -> None:
    look(planned, W01="fine")
    assert "Nothing to change now" in text_of(planned.get("/workplace/"))
    then = timezone.now() + dt.timedelta(days=30)
    monkeypatch.setattr(session, "now", lambda: then)
    assert "You looked 30 days ago" in text_of(planned.get("/workplace/"))


def test_the_sheet_for_an_employer_speaks_of_the_desk_only(planned: Client) -> None:
    look(planned, W01="to_change", W02="fine")
    page = planned.get("/workplace/print/").content.decode()
    main = page.split("<main", maxsplit=1)[1].split("</main>", maxsplit=1)[0]
    words = " ".join(re.sub(r"<[^>]+>", " ", main).split())
    assert "Raise or lower the screen." in words
    assert "Not looked at yet" in words
    assert not HEALTH.search(words.replace("plan breaks", "")), HEALTH.search(words)


def test_habits_have_their_cards_and_the_way_to_help(planned: Client) -> None:
    words = text_of(planned.get("/habits/"))
    for card in ("relaxation", "sleep_card", "activity_pointer"):
        assert default_content().messages[card].title in words
    assert "116 123" in words
    assert "Nobody reads what you write here." in words
    assert "carry more weight" not in words
    calm = planned.get("/habits/breathing/")
    assert "one, two, three, four, five, six" in text_of(calm)


def test_minutes_of_activity(planned: Client) -> None:
    page = planned.get("/habits/")
    yesterday = timezone.now().date() - dt.timedelta(days=1)
    form = {"minutes": "100", "day": yesterday.isoformat(), "client_id": hidden(page, "client_id")}
    for _again in range(2):
        assert planned.post("/habits/", form).status_code == 302
    words = text_of(planned.get("/habits/"))
    assert "100 minutes in the last seven days." in words
    assert "up to 110, a tenth more" in words
    for wrong in ("", "0", "a lot"):
        sent = planned.post("/habits/", {"minutes": wrong, "client_id": str(uuid.uuid4())})
        assert sent.status_code == 400
    for ago in (-1, 8):  # no day of the list: a page that was left open does not write on another day than it showed
        day = timezone.now().date() - dt.timedelta(days=ago)
        sent = planned.post("/habits/", {"minutes": "10", "day": day.isoformat(), "client_id": str(uuid.uuid4())})
        assert sent.status_code == 400
        assert "Choose the day again" in text_of(sent)
    assert DiaryEntry.objects.get(kind="active").day == yesterday


@pytest.mark.parametrize(
    ("mood", "shown", "crisis_open"),
    [
        ("several", (), False),
        ("more_than_half", ("mood_support_pointer",), True),
        ("nearly_every", ("mood_support_pointer", "gp_mood_advice"), True),
        ("prefer_not_to_say", (), True),
    ],
)
def test_mood_decides_what_stands_there(
    client: Client, mood: str, shown: tuple[str, ...], crisis_open: bool, monkeypatch: pytest.MonkeyPatch
) -> None:
    said = Answer(prefer_not_to_say=True) if mood == "prefer_not_to_say" else Answer(options=(mood,))
    low = {f"phq4_{item}": said for item in ("nervous", "worry", "pleasure", "low")}
    answers = QUIET | low | {"self_harm": Answer(options=("none",))}
    world = World(timezone.now(), _person("Ana"), _person("Ben"))
    _answer_all(world, answers)
    for name in ("finish", "assess", "plan"):
        STEPS[name](world)
    client.post("/people/choose/", {"person": str(world.me.uuid)})
    page = client.get("/habits/")
    words = text_of(page)
    for id in ("mood_support_pointer", "gp_mood_advice"):
        assert (default_content().messages[id].title in words) is (id in shown), id
    folded = page.content.decode().split('id="mood"')[1].count("<details")
    assert (folded == 0) is crisis_open


def _person(name: str) -> Profile:
    return people.create_profile(name=name, by=steps.ME, now=timezone.now())


def _answer_all(world: World, answers: dict[str, Answer]) -> None:
    asked = {id: answer for id, answer in answers.items() if id != "self_harm"}
    steps.answer(world, asked)
    open_one = Screening.objects.get(profile=world.me)
    if intake.next_question(intake.from_plain(open_one.answers), default_content()) is not None:
        steps.answer(world, {"self_harm": answers["self_harm"]})


@pytest.mark.parametrize(
    "path", ["/workplace/", "/workplace/check/", "/workplace/print/", "/habits/", "/habits/breathing/"]
)
def test_without_an_open_plan_nothing_is_shown(me: Client, path: str) -> None:
    assert me.get(path).status_code == 409
