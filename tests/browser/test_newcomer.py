"""How long somebody new needs from the start page to Today, worked out from the pages they really see."""

import re
from collections.abc import Callable
from dataclasses import dataclass, field
from typing import Final

import pytest
from playwright.sync_api import Browser, Page

from tests.browser import tour
from tests.browser.conftest import PHONE, start_live

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

#: What is on the screen and meant to be read: not what is folded, hidden, or the same on every page.
SHOWN: Final = """() => document.querySelector('main').innerText.split(/\\s+/)
    .filter(word => /[\\p{L}\\p{N}]/u.test(word)).length"""


@dataclass(slots=True)
class Seen:
    """One page: its words, and what was tapped and typed on it."""

    name: str
    words: int
    taps: int = 0
    letters: int = 0

    @property
    def minutes(self) -> float:
        """Reading all of it, and two seconds for each tap."""
        return self.words / WORDS_A_MINUTE + (self.taps * TAP_S + self.letters * LETTER_S) / 60


@dataclass
class Newcomer:
    """Goes from page to page like a person with one thumb, and is counted."""

    page: Page
    seen: list[Seen] = field(default_factory=list)

    def look(self) -> None:
        """Reads the page that is there now."""
        name = re.sub(r"^https?://[^/]+/|[?#].*$|[0-9a-f-]{36}/", "", self.page.url) or "start"
        self.seen.append(Seen(name, self.page.evaluate(SHOWN)))

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

    def minutes(self, until: str = "") -> float:
        """The sum, up to and with the first page of that name."""
        names = [page.name for page in self.seen]
        last = next((place for place, name in enumerate(names) if until and name.startswith(until)), len(names) - 1)
        return sum(page.minutes for page in self.seen[: last + 1])


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
        print(f"{seen.minutes:5.2f} {seen.words:5} {seen.taps:3} {seen.name}")
    pages, words = len(one.seen), sum(seen.words for seen in one.seen)
    taps = sum(seen.taps for seen in one.seen)
    tell(
        f"newcomer: {pages} pages, {words} words, {taps} taps; {one.minutes('check/answers'):.1f} minutes to the end "
        f"of the safety check, {one.minutes():.1f} to Today"
    )
    assert one.seen[-1].name == "today/"
