"""Looking back with the keyboard alone, at phone width: the check-in of week three, then the whole six-week review."""

from playwright.sync_api import Page

from tests.browser import tour
from tests.browser.conftest import OpenPage, too_wide

PHONE = (360, 740)
BETTER = tour.ORDINARY | {"age": ("45",), "pain_average": ("3",), "trend": ("improving",)}


def focus(page: Page, selector: str) -> None:
    """Tab until the control has the focus. Raises where the keyboard does not get there."""
    for _tab in range(250):
        if page.evaluate("s => document.activeElement.matches(s)", selector):
            return
        page.keyboard.press("Tab")
    raise AssertionError(f"the keyboard does not reach {selector} on {page.url}")


def choose(page: Page, name: str, value: str) -> None:
    """A radio, a tick box or a text, as somebody without a mouse does it."""
    kind = page.locator(f"input[name='{name}']").first.get_attribute("type")
    if kind == "checkbox":
        focus(page, f"input[name='{name}'][value='{value}']")
        if not page.evaluate("() => document.activeElement.checked"):
            page.keyboard.press("Space")
    elif kind == "radio":
        focus(page, f"input[name='{name}']")
        page.keyboard.press("Space")
        for _arrow in range(12):
            if page.evaluate("() => document.activeElement.value") == value:
                return
            page.keyboard.press("ArrowDown")
        raise AssertionError(f"{name} has no {value}")
    else:
        focus(page, f"input[name='{name}']")
        page.keyboard.type(value)


def press(page: Page, selector: str) -> None:
    """Enter on a button or link; the next page is there."""
    page.evaluate("() => document.activeElement && document.activeElement.blur()")
    focus(page, selector)
    with page.expect_navigation():
        page.keyboard.press("Enter")


def primary(page: Page) -> None:
    press(page, "main form .nhsuk-button[type=submit]:not([name=skip])")


def as_person(page: Page, name: str) -> None:
    page.goto("/people/")
    with page.expect_navigation():
        page.get_by_role("button", name=name).press("Enter")


def test_week_three(open_page: OpenPage) -> None:
    page = open_page("/", size=PHONE)
    as_person(page, "Marco")
    assert "it also asks how it is overall" in page.locator("main").inner_text()
    press(page, "a[href='/checkin/']")
    for name in ("before_legs", "before_chest", "before_change", "arm"):
        choose(page, name, "no")
    choose(page, "pgic", "3")
    for name, value in (("pain_now", "2"), ("pain_average", "3"), ("pain_worst", "5"), ("activity0", "7")):
        choose(page, name, value)
    primary(page)
    assert "Nothing in it calls for a change now" in page.locator("main").inner_text()
    press(page, "a[href='/progress/']")
    assert page.locator("h1").inner_text() == "How it goes"
    assert page.locator(".measure--function .dot").count() == 3
    assert not too_wide(page)


def test_the_review_of_six_weeks(open_page: OpenPage) -> None:
    """From the card on Today through the safety check to the next six weeks."""
    page = open_page("/", size=PHONE)
    as_person(page, "Grace")
    press(page, "a[href='/review/']")
    primary(page)
    for _page in range(60):
        if "/check/answers/" in page.url:
            break
        for name, value in tour.answers_here(page, BETTER):
            choose(page, name, value)
        primary(page)
    primary(page)
    assert "This check is the first part of your review" in page.locator("main").inner_text()
    press(page, "a[href='/review/']")
    choose(page, "pgic", "2")
    for index, value in enumerate(("6", "7", "7")):
        choose(page, f"activity{index}", value)
    choose(page, "sleep", "2")
    choose(page, "confidence", "8")
    primary(page)
    words = page.locator("main").inner_text()
    assert page.locator("h1").inner_text() == "Go on"
    for said in (
        "Better, and neither the pain score nor the three activities are worse.",
        "Clearly better",
        "may be chance",
        "Summary to take along",
    ):
        assert said in words
    assert not too_wide(page)
    press(page, "form[action='/plan/make/'] button")
    assert page.url.endswith("/plan/")
    page.goto("/review/")
    assert "Your plan is ready." in page.locator("main").inner_text()
