"""Whatever is sent from the pages of the safety check is stored as it was sent and decided as it was stored.

Random people go through the pages as a browser does: back and forth, the same form twice, an old page in another
window, for themselves or for somebody else.
"""

import html
import random
import re
from collections.abc import Callable
from typing import Any

import msgspec
import pytest
from django.test import Client

from tests.property import answers as oracle
from tests.property.roads import Habits, any_answer, any_habits
from upperback.care import intake
from upperback.care.intake import Answer
from upperback.content.vocabulary import default_content
from upperback.store.models import Decision, Screening
from upperback.web.person.forms import field_of

pytestmark = pytest.mark.django_db

CONTENT = default_content()
PAGES_AT_MOST = 150


class Browser:
    """One person at one browser, with everything they have sent."""

    def __init__(self, dice: random.Random, number: int) -> None:
        self.dice = dice
        self.client = Client()
        whom = dice.choice(("self", "other"))
        self.client.post("/people/", {"name": f"Person {number}", "whom": whom})
        self.given: dict[str, Answer] = {}
        self.sent = 0
        self.page: Any = self.client.post("/check/start/", follow=True)

    @property
    def path(self) -> str:
        return str(self.page.request["PATH_INFO"])

    def answer_page(self, habits: Habits) -> None:
        """Sends the form of the page that is open."""
        kind, id = self.path.split("/")[2:4]
        if kind == "part":
            page = intake.shared_page(id, CONTENT, "screen")
            assert page is not None
            ids = [question.id for question in page.questions]
            for one in ids:
                if one in self.given:
                    self.check_shown(one)
            answers = {one: self._answer(one, habits, simpler=False) for one in ids}
            form = {one: as_form(answer) for one, answer in answers.items()}
        else:
            body = self.page.content.decode()
            simpler = html.escape(CONTENT.questions[id].simpler, quote=False) in body
            if id in self.given:
                self.check_shown(id)
            answers = {id: self._answer(id, habits, simpler=simpler)}
            form = {"answer": as_form(answers[id])}
        self.send(answers, form)

    def _answer(self, id: str, habits: Habits, *, simpler: bool) -> Answer:
        before = self.given.get(id)
        asked_before = before is not None and before.simpler
        return msgspec.structs.replace(any_answer(id, habits, self.dice), simpler=simpler or asked_before)

    def send(self, answers: dict[str, Answer], form: dict[str, list[str]]) -> None:
        """The form as it stands; now and then twice, or from a page that was overtaken."""
        version = hidden(self.page, "version")
        path, data = self.path, form | {"version": [version]}
        if self.dice.random() < 0.05:
            old = self.client.post(path, form | {"version": ["0"]})
            stored = Screening.objects.latest("pk").answers
            assert old.status_code == 409 or intake.from_plain(stored) == oracle.answered(self.given, answers)
            if old.status_code != 409:
                self.page = self.client.get("/check/next/", follow=True)
                return
        self.page = self.client.post(path, data, follow=True)
        assert self.page.status_code == 200, (path, form)
        self.given = oracle.answered(self.given, answers)
        self.sent += 1
        stored = intake.from_plain(Screening.objects.latest("pk").answers)
        assert stored == self.given, f"{path}: sent {answers}, stored {stored}"
        if self.dice.random() < 0.05:
            self.client.post(path, data)
            assert intake.from_plain(Screening.objects.latest("pk").answers) == self.given

    def go_back(self) -> None:
        """To a page that was answered before, by "change" or by the address."""
        id = self.dice.choice([one for one in oracle.read(self.given).asked if one in self.given])
        page = intake.page_of(id, CONTENT)
        address = f"/check/part/{page.id}/" if page.title else f"/check/question/{id}/"
        self.page = self.client.get(address + self.dice.choice(("", "?from=answers")), follow=True)
        self.check_shown(id)

    def check_shown(self, id: str) -> None:
        """What was ticked is ticked on its page, and stays so unless it is taken away."""
        body = self.page.content.decode()
        for option in self.given[id].options:
            assert re.search(rf'value="{option}"[^>]*checked', body), f"{id}: {option} is not ticked any more"


def as_form(answer: Answer) -> list[str]:
    """What a browser sends for an answer."""
    words = ((answer.none, "none"), (answer.not_sure, "not_sure"), (answer.prefer_not_to_say, "prefer_not_to_say"))
    number = [] if answer.number is None else [f"{answer.number:g}"]
    return [*answer.options, *number, *(word for said, word in words if said)]


def hidden(page: Any, name: str) -> str:
    found = re.search(rf'name="{name}" value="([^"]*)"', page.content.decode())
    assert found, f"no {name} in {page.request['PATH_INFO']}"
    return found.group(1)


def journey(dice: random.Random, number: int) -> tuple[Browser, Decision]:
    """A whole check through the pages."""
    browser, habits = Browser(dice, number), any_habits(dice)
    for _page in range(PAGES_AT_MOST):
        if "/result/" in browser.path:
            return browser, Decision.objects.latest("pk")
        if "/check/answers/" in browser.path:
            if dice.random() < 0.7:
                version = hidden(browser.page, "version")
                browser.page = browser.client.post("/check/answers/", {"version": version}, follow=True)
                continue
            browser.go_back()
        elif browser.given and dice.random() < habits.changes / 40:
            browser.go_back()
        browser.answer_page(habits.louder() if "from=answers" in str(browser.page.request) else habits)
    raise AssertionError(f"the check does not end: {browser.path}")


@pytest.mark.parametrize("journeys", [8, pytest.param(400, marks=pytest.mark.long)])
def test_what_is_sent_is_what_is_decided(journeys: int, tell: Callable[[str], None]) -> None:
    dice = random.Random(404)
    sent = stopped = 0
    for number in range(journeys):
        browser, decision = journey(dice, number)
        reading = oracle.read(browser.given)
        assert decision.findings == reading.findings, browser.given
        assert list(oracle.harmed(browser.given, decision.findings, reading.asked)) == []
        sent += browser.sent
        stopped += not decision.complete
    tell(f"through the pages: {journeys:,} journeys, {sent:,} forms, {stopped:,} stopped, every answer stored as sent")


def journeys_of(dice: random.Random, journeys: int) -> None:
    """So many journeys, one after the other."""
    for number in range(journeys):
        journey(dice, number)


def test_control_a_page_that_loses_a_tick_is_seen(monkeypatch: pytest.MonkeyPatch) -> None:
    whole = intake.to_plain
    monkeypatch.setattr(
        intake, "to_plain", lambda answer: whole(msgspec.structs.replace(answer, options=answer.options[:1]))
    )
    with pytest.raises(AssertionError, match="stored"):
        journeys_of(random.Random(404), 30)


def test_control_a_question_that_is_drawn_without_what_was_ticked_is_seen(monkeypatch: pytest.MonkeyPatch) -> None:
    """As the simpler question was: what stood beside "not sure" was gone."""
    whole = field_of

    def empty(*about: Any, **more: Any) -> Any:
        return whole(*about, **more | {"answer": None if more.get("simpler") else more.get("answer")})

    monkeypatch.setattr("upperback.web.person.check.field_of", empty)
    with pytest.raises(AssertionError, match="not ticked any more"):
        journeys_of(random.Random(405), 60)
