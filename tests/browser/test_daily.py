"""Daily care in a real browser: a flare-up by keyboard alone, and its pages looked at by axe."""

import datetime as dt
import json
import sqlite3
from collections.abc import Callable
from contextlib import closing
from typing import Any

import pytest
from playwright.sync_api import Page

from tests.browser.conftest import SMALL_PHONE, Live, OpenPage, too_small, too_wide
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


# ---- without a connection ----------------------------------------------------------------------------------------


def diary(live: Live, kind: str) -> list[dict[str, Any]]:
    """What the server has of a kind, oldest first, with its day."""
    with closing(sqlite3.connect(f"file:{next(live.data.rglob('*.sqlite3'))}?mode=ro", uri=True, timeout=20)) as base:
        rows = base.execute("SELECT day, data FROM store_diaryentry WHERE kind = ? ORDER BY id", (kind,)).fetchall()
    return [json.loads(data) | {"day": day} for day, data in rows]


def open_daily(page: Page, path: str) -> None:
    page.goto(path)
    page.wait_for_selector("html[data-daily=ready]")


def cut_off(page: Page) -> None:
    """No connection, and the form is sent."""
    page.context.set_offline(True)
    page.locator("form[data-kind] button[type=submit], form[data-kind] button[value=done]").first.click()


def again(page: Page) -> None:
    """The same key once more, after the second in which a key takes no double strike."""
    page.evaluate("() => new Promise((done) => setTimeout(done, 1_100))")  # a clock of the page: after the key's own
    page.locator("main button[type=submit]").first.click()


def back_on(page: Page) -> None:
    page.get_by_text("No connection. It is kept on this device").wait_for()
    page.context.set_offline(False)
    page.get_by_text("It is in your diary.").wait_for()


def test_the_morning_is_kept_without_a_connection_and_sent_once(open_page: OpenPage, live: Live) -> None:
    page = open_page()
    as_demo(page, "Priya")
    before = diary(live, "morning")
    open_daily(page, "/morning/")
    cut_off(page)
    page.get_by_text("once all that is needed is filled in").wait_for()
    page.locator("input[name=pain][value='3']").check(force=True)
    again(page)
    back_on(page)
    (told,) = diary(live, "morning")[len(before) :]
    assert told["pain"] == 3
    assert page.locator("main button[type=submit]").is_disabled()


def test_a_task_and_a_break_are_kept_without_a_connection(open_page: OpenPage, live: Live) -> None:
    page = open_page()
    as_demo(page, "Grace")
    before = [len(diary(live, kind)) for kind in ("task_done", "moved")]
    open_daily(page, "/load/task/LM-SIT/")
    page.locator("input[name=before][value='2']").check(force=True)
    page.locator("input[name=after][value='5']").check(force=True)
    page.locator("#minutes").fill("40")
    page.locator("#rose_after").fill("50")
    page.locator("#day").select_option(index=1)
    cut_off(page)
    page.get_by_text("once all that is needed is filled in").wait_for()
    assert page.evaluate("() => document.activeElement.id") == "rose_after"
    page.locator("#rose_after").fill("25,5")
    again(page)
    page.get_by_text("Then do the safety check before you do it again").wait_for()
    page.goto("about:blank")  # the page is shut
    page.context.set_offline(False)
    page.goto("/about/")  # whichever page is next sends it
    page.wait_for_function("() => localStorage.getItem('upperback.waits') === null")
    (done,) = diary(live, "task_done")[before[0] :]
    assert (done["task"], done["after"], done["minutes"], done["rose_after"]) == ("LM-SIT", 5, 40, 25.5)
    page.goto("/load/task/LM-SIT/")
    today = dt.date.fromisoformat(str(page.locator("form[data-kind]").get_attribute("data-day")))
    assert done["day"] == (today - dt.timedelta(days=1)).isoformat()
    open_daily(page, "/breaks/now/")
    move = page.locator("form input[name=move]").get_attribute("value")
    cut_off(page)
    back_on(page)
    (moved,) = diary(live, "moved")[before[1] :]
    assert moved["exercises"] == [move]


def test_where_the_line_is_needed_it_is_said_and_nothing_typed_is_lost(open_page: OpenPage, live: Live) -> None:
    page = open_page()
    as_demo(page, "Grace")
    for path, field in (("/load/ladder/", "#name"), ("/load/task/LM-SIT/amounts/", "#minutes_to_symptom")):
        open_daily(page, path)
        page.locator(field).fill("17")
        page.context.set_offline(True)
        page.locator("main button[type=submit]").first.click()
        page.get_by_text("What you typed stays here").first.wait_for()
        assert page.locator(field).input_value() == "17"
        page.context.set_offline(False)
    told = len(diary(live, "task_told"))
    with page.expect_navigation():
        again(page)
    assert len(diary(live, "task_told")) == told + 1


def test_a_browser_that_keeps_nothing_says_to_leave_the_page_open(open_page: OpenPage, live: Live) -> None:
    page = open_page()
    page.add_init_script("Object.defineProperty(globalThis, 'indexedDB', {value: undefined});")
    as_demo(page, "Tom")
    before = len(diary(live, "morning"))
    open_daily(page, "/morning/")
    page.locator("input[name=pain][value='4']").check(force=True)
    cut_off(page)
    page.get_by_text("Leave this page open").wait_for()
    page.context.set_offline(False)
    page.get_by_text("It is in your diary.").wait_for()
    assert len(diary(live, "morning")) == before + 1


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
