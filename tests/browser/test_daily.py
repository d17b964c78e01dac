"""Daily care in a real browser: a flare-up by keyboard alone, and its pages looked at by axe."""

from collections.abc import Callable

import pytest
from playwright.sync_api import Page

from tests.browser.conftest import SMALL_PHONE, OpenPage, too_small, too_wide
from tests.browser.test_journey import choose, press, reach, where
from upperback.services.flares import CHECKS


def as_demo(page: Page, name: str) -> None:
    """As one of the invented people."""
    page.goto("/people/")
    page.locator(f"button:has-text('{name}')").click()
    page.wait_for_load_state()


def test_a_flare_up_from_today_to_its_card_by_keyboard(open_page: OpenPage, axe: Callable[..., list[str]]) -> None:
    page = open_page(size=SMALL_PHONE)
    as_demo(page, "Priya")
    page.goto("/today/")
    press(page, "a[href='/flare/']")
    assert page.locator("h1").inner_text() == "It has flared up"
    assert not axe(page)
    for check in CHECKS:
        choose(page, check, "no")
    choose(page, "pain", "4")
    press(page, "main button[type=submit]")
    assert page.locator("h1").inner_text() == "Flare-up, day 1"
    for details in page.locator("main details").all():
        details.evaluate("d => d.open = true")
    assert not axe(page)
    assert not too_wide(page)
    assert not too_small(page)
    press(page, "a[href='/flare/over/']")
    reach(page, "#helped")
    page.keyboard.type("A short walk each hour")
    press(page, "main button[type=submit]")
    assert where(page) == "/today/"
    page.goto("/flare/")
    for check in CHECKS:
        choose(page, check, "no")
    choose(page, "pain", "4")
    press(page, "main button[type=submit]")
    assert page.locator("blockquote").inner_text() == "A short walk each hour"


@pytest.mark.parametrize("script", [True, False])
def test_a_warning_sign_stops_it_with_and_without_script(
    open_page: OpenPage, axe: Callable[..., list[str]], script: bool
) -> None:
    page = open_page(script=script)
    as_demo(page, "Tom" if script else "Leila")
    page.goto("/flare/")
    page.locator("input[name=before_chest][value=yes]").check(force=True)
    page.locator("main button[type=submit]").click()
    page.wait_for_load_state()
    assert page.locator("h1").inner_text() == "Get help first"
    assert page.locator("main a[href='tel:999']").is_visible()
    if script:
        assert not axe(page)
    page.goto("/flare/")
    assert "safety check" in page.locator("main").inner_text()
    assert page.locator("main h3").count() == 0


def test_the_pages_of_a_person_with_a_history(open_page: OpenPage, axe: Callable[..., list[str]]) -> None:
    page = open_page(size=SMALL_PHONE)
    as_demo(page, "Grace")
    page.goto("/today/")
    assert page.locator(".today-card a[href='/load/task/LM-SIT/']").count() == 1
    desk = [f"/workplace/{place}" for place in ("", "print/", "check/screen/", "check/around/", "check/seat/")]
    for path in (
        *desk,
        "/habits/",
        "/habits/breathing/",
        "/load/",
        "/load/plan/",
        "/load/task/LM-SIT/",
        "/load/task/LM-CARRY/",
    ):
        page.goto(path)
        for details in page.locator("main details").all():
            details.evaluate("d => d.open = true")
        assert not axe(page), path
        page.emulate_media(color_scheme="dark")
        assert not axe(page, rules=["color-contrast"]), path
        page.emulate_media(color_scheme="light")
        assert not too_wide(page), path
        assert not too_small(page), path
    assert page.locator("svg circle.dots__dot").count() == 7


def test_the_breath_moves_and_stands_still_when_it_is_asked_to(open_page: OpenPage) -> None:
    page = open_page()
    as_demo(page, "Grace")
    page.goto("/habits/breathing/")
    assert not page.locator(".breath").is_visible()  # the browser asks for less motion: the words are enough
    page.emulate_media(reduced_motion="no-preference")
    moving = "() => getComputedStyle(document.querySelector('.breath__shape')).animationName"
    assert page.evaluate(moving) == "breathe"
    page.locator(".figure-hold input").check()
    assert page.evaluate(moving) == "none"
