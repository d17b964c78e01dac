"""How long somebody new needs from the start page to Today, worked out from the pages they really see."""

import re
from collections.abc import Callable
from dataclasses import dataclass, field
from typing import Final

import pytest
from playwright.sync_api import Browser, Page

from tests.browser import tour
from tests.browser.conftest import PHONE, start_live
from upperback.web.person.page import CHECK_TAKES

WORDS_A_MINUTE: Final = 200
TAP_S: Final = 2.0
LETTER_S: Final = 0.3

PRIMARY: Final = "main .nhsuk-button:not([name=skip])"
#: What they tell about their tasks and their home; the rest for the review can wait.
TELLS: Final = {
    "tasks": [("tasks", "LM-SIT"), ("tasks", "LM-CARRY")],
    "amounts": [("LM-SIT-minutes_to_symptom", "40"), ("LM-CARRY-kg_ok", "4"), ("LM-CARRY-kg_total", "10")],
    "equipment": [("equipment", "chair"), ("equipment", "wall"), ("equipment", "band")],
    "activities": [("words1", "Carry the shopping home"), ("score1", "4")],
}

#: What is on the screen and meant to be read, line by line: not what is folded, hidden, or the same on every page.
#: The numbers of a scale are looked at, not read.
SHOWN: Final = """() => {
    const steps = [...document.querySelectorAll('main .scale__step')];
    steps.forEach(step => step.hidden = true);
    const lines = document.querySelector('main').innerText.split(/\\n+/);
    steps.forEach(step => step.hidden = false);
    return lines;
}"""
#: What is asked, and nothing beside it: for who reads the question and looks for their answer.
#: A heading inside a legend is one line, not two.
ASKED: Final = """() => {
    const asked = [...document.querySelectorAll('main h1, main legend, main label.nhsuk-label--m')];
    const outer = asked.filter(part => !asked.some(other => other !== part && other.contains(part)));
    return outer.map(part => part.innerText).join(' ');
}"""
WORD: Final = re.compile(r"\S*\w\S*")


@dataclass(slots=True)
class Seen:
    """One page: its words, how many of them were new, and what was tapped and typed on it."""

    name: str
    words: int
    new_words: int
    asked_words: int
    taps: int = 0
    letters: int = 0

    @property
    def minutes(self) -> float:
        """Reading all of it, and every tap."""
        return self.words / WORDS_A_MINUTE + self.handling

    @property
    def minutes_of_new(self) -> float:
        """Reading what no earlier page said in the same words: nobody reads "I am not sure" forty times."""
        return self.new_words / WORDS_A_MINUTE + self.handling

    @property
    def minutes_of_asked(self) -> float:
        """Reading the questions, and every tap."""
        return self.asked_words / WORDS_A_MINUTE + self.handling

    @property
    def handling(self) -> float:
        return (self.taps * TAP_S + self.letters * LETTER_S) / 60


@dataclass
class Newcomer:
    """Goes from page to page like a person with one thumb, and is counted."""

    page: Page
    seen: list[Seen] = field(default_factory=list)
    read: set[str] = field(default_factory=set)

    def look(self) -> None:
        """Reads the page that is there now."""
        name = re.sub(r"^https?://[^/]+/|[?#].*$|[0-9a-f-]{36}/", "", self.page.url) or "start"
        lines = [line.strip() for line in self.page.evaluate(SHOWN)]
        words = [len(WORD.findall(line)) for line in lines]
        new = [count for line, count in zip(lines, words, strict=True) if line not in self.read]
        self.read.update(lines)
        asked = len(WORD.findall(self.page.evaluate(ASKED)))
        self.seen.append(Seen(name, sum(words), sum(new), asked))

    def press(self, selector: str = PRIMARY) -> None:
        """One tap that leads on."""
        self.seen[-1].taps += 1
        with self.page.expect_navigation():
            self.page.locator(selector).first.click()
        self.look()

    def answer(self, name: str, value: str) -> None:
        """One tap, or a box and what is typed into it."""
        self.seen[-1].taps += 1
        self.seen[-1].letters += 0 if tour.tick(self.page, name, value) else len(value)

    def until(self, name: str = "") -> list[Seen]:
        """The pages before the first one of that name."""
        names = [page.name for page in self.seen]
        return self.seen[: next((place for place, seen in enumerate(names) if name and seen.startswith(name)), None)]


def test_from_the_start_to_today_takes_minutes(
    browser: Browser, tmp_path_factory: pytest.TempPathFactory, tell: Callable[[str], None]
) -> None:
    with start_live(tmp_path_factory.mktemp("newcomer"), "demo=False") as started:
        page = browser.new_context(
            base_url=started.address, viewport={"width": PHONE[0], "height": PHONE[1]}
        ).new_page()
        page.goto(started.first_link)
        page.goto("/")
        one = Newcomer(page)
        one.look()
        one.press()
        while "/check/answers/" not in page.url:
            if "/people/" in page.url or page.url.endswith("/check/"):
                one.press()
                continue
            for name, value in tour.answers_here(page, tour.ORDINARY):
                one.answer(name, value)
            one.press()
        one.press()
        one.press("form[action='/assessment/begin/'] button")
        while "/assessment/step/" in page.url:
            step = page.url.rstrip("/").rsplit("/", maxsplit=1)[-1]
            for name, value in TELLS.get(step) or tour.answers_here(page, tour.ORDINARY):
                one.answer(name, value)
            one.press("button[name=finish]" if step == "activities" else PRIMARY)
        one.press("main a[href='/today/']")
        page.context.close()
    for seen in one.seen:
        minutes = f"{seen.minutes:5.2f} {seen.minutes_of_new:5.2f} {seen.minutes_of_asked:5.2f}"
        print(f"{minutes} {seen.words:5} {seen.asked_words:4} {seen.taps:3} {seen.name}")
    check, whole = one.until("check/answers"), one.until()
    tell(_told("the safety check", check))
    tell(_told("from the start to Today", whole))
    assert one.seen[-1].name == "today/"
    # The start page says how long the check takes.
    assert CHECK_TAKES["least"] < sum(seen.minutes_of_new for seen in check) < CHECK_TAKES["most"]


def _told(what: str, pages: list[Seen]) -> str:
    words, taps = sum(seen.words for seen in pages), sum(seen.taps for seen in pages)
    minutes, new = sum(seen.minutes for seen in pages), sum(seen.minutes_of_new for seen in pages)
    asked = sum(seen.minutes_of_asked for seen in pages)
    return (
        f"newcomer, {what}: {len(pages)} pages, {words} words, {taps} taps; {minutes:.1f} minutes to read every word, "
        f"{new:.1f} where a line that stood on an earlier page is not read again, "
        f"{asked:.2f} for who reads the questions and looks for their answer"
    )
