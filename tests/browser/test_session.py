"""A guided session with its script: cut off, reloaded, by keyboard, on two devices; nothing is lost or doubled."""

import json
import sqlite3
from typing import Any

import pytest
from playwright.sync_api import Page

from tests.browser.conftest import Live, OpenPage

READY = "html[data-session=ready]"
#: More than three seconds of getting ready and eight repetitions of any tempo.
A_SET_MS = 130_000


@pytest.fixture
def session(open_page: OpenPage) -> Page:
    """Priya's strength session, just begun, at a clock that stands still until it is told to go."""
    page = open_page("/people/")
    page.clock.install()
    begin(page)
    return page


def begin(page: Page) -> None:
    page.goto("/people/")
    page.get_by_role("button", name="Priya").click()
    page.wait_for_url("**/today/")
    page.goto("/training/")
    for question in ("before_legs", "before_chest", "before_change"):
        page.locator(f"input[name={question}][value=no]").check(force=True)
    page.locator("main button[type=submit]").first.click()
    page.wait_for_selector(READY)


def press(page: Page, name: str) -> None:
    page.get_by_role("button", name=name, exact=True).click()


def stage(page: Page) -> str:
    return str(page.locator("[data-stage]:not([hidden])").first.get_attribute("data-stage"))


def at(page: Page, name: str) -> None:
    """Waits for a stage."""
    page.locator(f"[data-stage={name}]:not([hidden])").first.wait_for()


def do_a_set(page: Page, number: int) -> None:
    """In step with the tempo, to its end."""
    page.locator("[data-do=start]:visible").click()
    at(page, "moving")
    page.clock.run_for(A_SET_MS)
    page.locator(f"[data-stage=rest]:visible, [data-stage=felt]:visible, :text('Set {number + 1} of')").first.wait_for()


def do_an_exercise(page: Page) -> None:
    at(page, "ready")
    sets = int(page.locator("[data-set-words]").inner_text().split()[-1])
    for number in range(1, sets + 1):
        do_a_set(page, number)
    at(page, "felt")
    page.locator("#player-worst-2").check(force=True)
    page.locator("#player-effort-7").check(force=True)
    press(page, "Save and go on")
    page.locator("[data-stage=ready]:visible, [data-stage=last]:visible").wait_for()


def written(live: Live, page: Page) -> list[tuple[str, dict[str, Any]]]:
    """What the server has of this session, in order."""
    session = page.url.split("/training/")[1].split("/")[0]
    file = next(live.data.rglob("*.sqlite3"))
    base = sqlite3.connect(f"file:{file}?mode=ro", uri=True)
    try:
        rows = base.execute("SELECT kind, data FROM store_diaryentry ORDER BY id").fetchall()
    finally:
        base.close()
    found = [(str(kind), json.loads(data)) for kind, data in rows]
    return [(kind, data) for kind, data in found if data.get("session") == session or kind == "undone"]


def sets(live: Live, page: Page) -> list[tuple[str, int, int]]:
    return [
        (data["exercise"], data["number"], data["reps"]) for kind, data in written(live, page) if kind == "set_done"
    ]


def connected(page: Page) -> None:
    """Online again, and everything that waited has gone."""
    page.context.set_offline(False)
    page.evaluate("() => dispatchEvent(new Event('online'))")
    page.wait_for_function("() => localStorage.getItem('upperback.waits') === null")


def test_a_whole_session_cut_off_in_the_middle_and_reloaded(session: Page, live: Live) -> None:
    page, context = session, session.context
    at(page, "ready")
    do_a_set(page, 1)
    at(page, "rest")
    page.wait_for_function("() => navigator.serviceWorker.controller !== null")
    page.wait_for_function(
        "async () => (await (await caches.open('upperback-exercises')).keys()).length >= 3", timeout=20_000
    )
    context.set_offline(True)
    page.clock.run_for(61_000)
    assert "Rest is over" in page.locator("[data-rest-words]").inner_text()
    do_a_set(page, 2)
    at(page, "rest")
    assert "No connection" in page.locator("[data-net]").inner_text()
    assert len(sets(live, page)) == 1
    page.reload()  # the phone was closed
    page.wait_for_selector(READY)
    at(page, "rest")
    assert page.locator("[data-sets] li").count() == 2
    assert page.locator("[data-figure] svg").count() > 0
    title = page.locator("h1").inner_text()
    do_a_set(page, 3)
    at(page, "felt")
    page.locator("#player-worst-1").check(force=True)
    press(page, "Save and go on")
    at(page, "ready")
    assert page.locator("h1").inner_text() != title
    connected(page)
    assert [number for _, number, _ in sets(live, page)] == [1, 2, 3]
    page.reload()
    page.wait_for_selector(READY)
    while stage(page) == "ready":
        do_an_exercise(page)
    press(page, "Finish the session")
    at(page, "over")
    page.get_by_text("Everything is saved.").wait_for()
    kinds = [kind for kind, _ in written(live, page)]
    assert kinds.count("session_ended") == 1
    assert kinds.count("exercise_ended") == 3
    done = sets(live, page)
    assert len(done) == len({(exercise, number) for exercise, number, _ in done}) == 9
    assert all(reps == 8 for *_, reps in done)
