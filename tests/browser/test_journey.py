"""The whole journey in a real browser on a phone: by keyboard and without JavaScript."""

import re
from collections.abc import Callable
from pathlib import Path
from typing import Final

import pytest
from playwright.sync_api import Page

from tests.browser.conftest import DESKTOP, PHONE, SMALL_PHONE, OpenPage, too_small, too_wide
from tests.browser.tour import questions_here
from upperback.care.intake import section_of, sections
from upperback.content.models import Question
from upperback.content.vocabulary import default_content

CONTENT: Final = default_content()

#: What somebody with ordinary pain says; everything else gets the quietest answer.
SAYS: Final = {
    "age": "41", "sex": "female", "pain_average": "3", "duration": "under_six", "flares": "0", "psfs": "7",
    "trend": "improving", "site": "between_blades", "character": "aching", "pain_now": "2", "pain_worst": "4",
}  # fmt: skip
#: The questions of each page of the assessment; one that hangs on another of its page comes alone, if at all.
SECTIONS: Final = {
    section.id: [question for question in section.questions if question.ask_when is None]
    for section in sections(CONTENT, "assessment")
}
EMERGENCY: Final = tuple(question.id for question in section_of("emergency_chest", CONTENT).questions)


def quiet(question: Question) -> str:
    return SAYS.get(question.id) or (
        "none" if question.none_label else question.options[0].id if question.options else "0"
    )


def where(page: Page) -> str:
    return re.sub(r"^https?://[^/]+|[?#].*$", "", page.url)


def last_part(page: Page) -> str:
    return where(page).rstrip("/").rsplit("/", maxsplit=1)[-1]


def asked_here(page: Page) -> list[tuple[Question, str]]:
    """The questions on the page, each with the name of its control."""
    questions = questions_here(page)
    return [(question, question.id if len(questions) > 1 else "answer") for question in questions]


# ---- the keyboard alone ------------------------------------------------------------------------------------------


def reach(page: Page, selector: str) -> None:
    """Presses Tab until something that fits has the focus, as a person without a mouse does."""
    for _press in range(90):
        page.keyboard.press("Tab")
        if page.evaluate("s => document.activeElement.matches(s)", selector):
            return
    pytest.fail(f"the keyboard does not reach {selector} on {where(page)}")


def press(page: Page, selector: str) -> None:
    """Enter on a button or link, and the page that follows."""
    reach(page, selector)
    with page.expect_navigation():
        page.keyboard.press("Enter")


def choose(page: Page, name: str, value: str) -> None:
    """One of the radios, or a tick box, by keyboard."""
    kind = page.locator(f"input[name={name}]").first.get_attribute("type")
    if kind != "radio":
        reach(page, f"input[name={name}][value={value}]")
        page.keyboard.press("Space")
        return
    reach(page, f"input[name={name}]")
    page.keyboard.press("Space")
    for _press in range(20):
        if page.evaluate("() => document.activeElement.value") == value:
            break
        page.keyboard.press("ArrowDown")
    assert page.locator(f"input[name={name}][value='{value}']").is_checked()


def answer_by_keyboard(page: Page, question: Question, name: str) -> None:
    if question.kind == "number" and not question.low_label:
        reach(page, f"input[name={name}]")
        page.keyboard.type(quiet(question))
    else:
        choose(page, name, quiet(question))


def test_from_nothing_to_today_by_keyboard(open_page: OpenPage, shoot: Callable[[Page, str], Path]) -> None:
    page = open_page("/people/")
    press(page, "button[name=just_me]")
    press(page, "main button[type=submit]")
    assert last_part(page) == "emergency"
    for name in EMERGENCY:
        choose(page, name, "none")
    press(page, "main button[type=submit]")
    shown = 0
    while where(page) != "/check/answers/":
        assert page.locator("h1").count() == 1
        for question, name in asked_here(page):
            answer_by_keyboard(page, question, name)
        press(page, "main button[type=submit]")
        shown += 1
    assert 25 <= shown <= 45
    press(page, "main button[type=submit]")
    assert CONTENT.dispositions["self_manage"].title in page.locator("h1").inner_text()
    shoot(page, "journey-result")
    press(page, "form[action='/assessment/begin/'] button")
    while "/assessment/step/" in where(page):
        step = last_part(page)
        if step == "tasks":
            choose(page, "tasks", "LM-SIT")
        elif step in SECTIONS:
            for question in SECTIONS[step]:
                answer_by_keyboard(page, question, question.id)
        press(page, "button[name=finish]" if step == "activities" else "main button[type=submit]:not([name=skip])")
    assert where(page) == "/plan/"
    assert page.locator(".plan-item").count() >= 3
    shoot(page, "journey-plan")
    press(page, "main a[href='/today/']")
    before = page.locator(".today-card--done").count()
    press(page, "button[name=done]")
    assert page.locator(".today-card--done").count() == before + 1
    shoot(page, "journey-today")
    press(page, ".today-card__list a")
    assert page.locator("svg.fig").count() == 2
    assert page.locator(".figure-still").is_visible()  # this browser asks for less motion


# ---- an emergency ------------------------------------------------------------------------------------------------


def begin(page: Page) -> None:
    page.locator("details:has(.new-person) > summary").click()
    page.locator("#name").fill("Somebody")
    page.locator("input[name=whom][value=self]").check(force=True)
    page.locator(".new-person button").click()
    page.locator("main button[type=submit]").click()
    page.wait_for_url("**/check/part/emergency/")


def test_one_tick_stops_the_check_at_once(open_page: OpenPage, shoot: Callable[[Page, str], Path]) -> None:
    page = open_page("/people/")
    begin(page)
    page.locator("input[value=saddle]").click(force=True)
    page.wait_for_url("**/result/**")
    assert page.locator("a[href='tel:999']").first.is_visible()
    assert page.locator("a[href^='/exercise']").count() == 0
    box = page.locator("a[href='tel:999']").first.bounding_box()
    assert box is not None
    assert box["y"] + box["height"] < 844, "the number to tap is on the first screen"
    shoot(page, "journey-emergency")


def test_without_javascript_the_button_does_the_same(open_page: OpenPage) -> None:
    page = open_page("/people/", script=False)
    begin(page)
    page.locator("input[value=saddle]").check(force=True)
    page.locator("main button[type=submit]").click()
    page.wait_for_url("**/result/**")
    assert page.locator("a[href='tel:999']").first.is_visible()


def test_a_tick_that_settles_nothing_stays_on_the_page(open_page: OpenPage) -> None:
    page = open_page("/people/")
    begin(page)
    with page.expect_response("**/check/part/emergency/") as answer:
        page.locator("input[value=racing]").check(force=True)
    assert answer.value.json() == {"stop": False}
    assert last_part(page) == "emergency"


def test_a_mistaken_tick_can_be_taken_back(open_page: OpenPage) -> None:
    page = open_page("/people/")
    begin(page)
    page.locator("input[value=saddle]").click(force=True)
    page.wait_for_url("**/result/**")
    page.get_by_role("button", name="Look at my answers again").click()
    page.wait_for_url("**/check/part/emergency/")
    assert page.locator("input[value=saddle]").is_checked()


# ---- the invented people, and how the pages look -------------------------------------------------------------------

PEOPLE: Final = ("Priya", "Tom", "Joan", "Leila", "Amir", "Ken", "Margaret", "Walter")


@pytest.mark.parametrize("name", PEOPLE)
def test_every_invented_person_is_one_click_away(
    open_page: OpenPage, shoot: Callable[[Page, str], Path], name: str
) -> None:
    page = open_page("/people/")
    page.get_by_role("button", name=name).click()
    page.wait_for_load_state()
    assert where(page) == "/today/" or where(page).startswith("/result/")
    assert too_wide(page) == []
    shoot(page, f"demo-{name.lower()}")


def test_the_plan_leads_with_this_week_and_loses_nothing_on_paper(open_page: OpenPage) -> None:
    page = open_page("/people/")
    page.get_by_role("button", name="Priya").click()
    page.wait_for_url("**/today/")
    page.goto("/plan/")
    week = page.locator(".plan-part").last.bounding_box()
    assert week is not None
    assert week["y"] + week["height"] < 2.5 * 844, "what to do this week is taken in with two swipes"
    folded = page.locator("main details .nhsuk-details__text")
    assert folded.count() >= 6
    assert not folded.first.is_visible()
    page.emulate_media(media="print")
    assert all(part.is_visible() for part in folded.all())


PLACES: Final = ("/people/", "/check/", "/plan/", "/plan/shape/", "/today/")


def test_pages_fit_and_can_be_touched(open_page: OpenPage) -> None:
    """On wide screens, too; what axe says of them, in both colours, stands in test_every_state."""
    page = open_page("/people/")
    page.get_by_role("button", name="Priya").click()
    page.wait_for_url("**/today/")
    for path in PLACES:
        page.goto(path)
        for width, height in (SMALL_PHONE, PHONE, DESKTOP):
            page.set_viewport_size({"width": width, "height": height})
            assert (path, width, too_wide(page), too_small(page)) == (path, width, [], [])
