"""Every page in every state: clean for assistive technology, readable in both colours, whole on the smallest phone."""

from collections.abc import Callable, Iterator
from typing import Final

import pytest
from playwright.sync_api import Browser, Error, Frame, Page

from tests.browser import tour
from tests.browser.conftest import PHONE, SMALL_PHONE, Live, start_live, too_small, too_wide

Check = Callable[[Page, str], list[str]]


#: What a page is built from. One that is built from nothing new is not given to axe again: most questions are alike.
PARTS: Final = """() => [...new Set([...document.querySelectorAll('body *')].map(
    part => `${part.tagName}.${part.getAttribute('class')} ${part.getAttribute('type')}`))].sort().join()"""


@pytest.fixture
def check(axe: Callable[..., list[str]]) -> Check:
    """What is wrong with the page as it stands, each line with the name of the state."""
    known: set[str] = set()

    def faults(page: Page, name: str) -> list[str]:
        found: list[str] = []
        parts = page.evaluate(PARTS)
        if parts not in known:
            known.add(parts)
            found += [f"light {line}" for line in axe(page)]
            page.emulate_media(color_scheme="dark")
            found += [f"dark {line}" for line in axe(page, rules=["color-contrast"])]
            page.emulate_media(color_scheme="light")
        page.evaluate("() => document.documentElement.style.fontSize = '200%'")
        found += [f"large text {line}" for line in too_wide(page)]
        page.evaluate("() => document.documentElement.style.fontSize = ''")
        page.set_viewport_size({"width": SMALL_PHONE[0], "height": SMALL_PHONE[1]})
        found += [f"small {line}" for line in (*too_wide(page), *too_small(page))]
        page.set_viewport_size({"width": PHONE[0], "height": PHONE[1]})
        found += [] if page.locator("h1").count() == 1 else ["not one h1"]
        return [f"{name}: {line}" for line in found]

    return faults


def _all(page: Page, states: Iterator[str], check: Check) -> list[str]:
    return [fault for name in states for fault in _checked(page, name, check)]


def _checked(page: Page, name: str, check: Check) -> list[str]:
    """A state that is reached by a button may come while it is looked at: then it is looked at once more."""
    gone: list[Frame] = []

    def went(frame: Frame) -> None:
        gone.append(frame)

    page.on("framenavigated", went)
    try:
        return check(page, name)
    except Error:
        if not gone:
            raise
        page.wait_for_load_state()
        return check(page, name)
    finally:
        page.remove_listener("framenavigated", went)


def _page(browser: Browser, started: Live) -> Page:
    page = browser.new_context(
        base_url=started.address, viewport={"width": PHONE[0], "height": PHONE[1]}, reduced_motion="reduce"
    ).new_page()
    page.goto(started.first_link)
    return page


def test_the_way_of_somebody_new(browser: Browser, tmp_path_factory: pytest.TempPathFactory, check: Check) -> None:
    with start_live(tmp_path_factory.mktemp("states"), "demo=False") as started:
        page = _page(browser, started)
        faults = _all(page, tour.with_an_empty_start(page), check)
        faults += _all(page, tour.with_the_database_locked(page, started.data), check)
        stranger = browser.new_page(base_url=started.address)
        stranger.goto(started.first_link)
        faults += check(stranger, "link used")
        stranger.goto("/today/")
        faults += check(stranger, "closed")
        stranger.close()
        page.context.close()
    assert not faults, "\n".join(["", *faults])


def test_people_who_answer_in_other_ways(
    browser: Browser, tmp_path_factory: pytest.TempPathFactory, check: Check
) -> None:
    with start_live(tmp_path_factory.mktemp("others"), "demo=False") as started:
        page = _page(browser, started)
        faults = _all(page, tour.with_others(page), check)
        page.context.close()
    assert not faults, "\n".join(["", *faults])


def test_the_invented_people(browser: Browser, live: Live, check: Check) -> None:
    page = _page(browser, live)
    faults = _all(page, tour.with_invented_people(page), check)
    page.context.close()
    assert not faults, "\n".join(["", *faults])
