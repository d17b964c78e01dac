"""What was typed when a session ended is there after signing in again: for the same account, and for nobody else."""

from typing import Any, Final

from playwright.sync_api import Page, expect, sync_playwright

from tests.browser.conftest import OpenPage
from tests.browser.test_dark import Service, page_of, service

__all__ = ["service"]

WORDS: Final = "My back <b>is</b> sore since Monday"
_KEPT: Final = "() => JSON.stringify({...localStorage}) + JSON.stringify({...sessionStorage})"


def field(page: Page) -> Any:
    return page.locator("textarea[name=words]").first


def stored(page: Page, what: str) -> None:
    """Waits until something is kept; the pages' own rules let no text be run to ask for it."""
    for _ in range(100):
        if what in page.evaluate(_KEPT):
            return
        page.wait_for_timeout(50)
    raise AssertionError(f"{what} is not kept: {page.evaluate(_KEPT)}")


def sign_out(page: Page) -> None:
    page.context.clear_cookies(name="upperback_session")


def sign_in(page: Page, service: Service, who: str) -> None:
    page.context.add_cookies([{"name": "upperback_session", "value": service.keys[who], "url": service.address}])


def test_a_message_sent_after_signing_out_is_there_again(service: Service, chromium: str) -> None:
    with sync_playwright() as playwright:
        browser = playwright.chromium.launch(executable_path=chromium, args=["--no-sandbox"])
        page = page_of(browser, service, "person")
        messages = f"{service.address}/messages/"
        page.goto(messages)
        field(page).fill(WORDS)
        sign_out(page)
        with page.expect_navigation():
            page.get_by_role("button", name="Keep this for them to read").click()
        assert "/account/login/?next=%2Fmessages%2F" in page.url
        assert "upperback.typed" in page.evaluate(_KEPT)
        assert "sore" not in page.evaluate(_KEPT), "nothing in the clear"
        # Somebody else signs in here: a clinician, who gets none of it.
        sign_in(page, service, "clinician")
        page.goto(f"{service.address}/clinic/people/{service.keys['record']}/messages/")
        assert [one.input_value() for one in page.locator("textarea").all()] == ["", ""]
        sign_in(page, service, "person")
        page.goto(messages)
        expect(field(page)).to_have_value(WORDS)
        expect(page.get_by_role("status")).to_have_text("We put back what you had typed. It is not sent yet.")
        page.get_by_role("button", name="Keep this for them to read").click()
        expect(page.get_by_text(WORDS)).to_be_visible()
        # Sent, it is forgotten, here and after the next sign-in.
        page.wait_for_function(f"() => !({_KEPT})().includes('upperback.typed')")
        page.goto(f"{service.address}/account/login/")
        page.goto(messages)
        expect(field(page)).to_have_value("")
        # A note of the clinician, unsent when their page went: two forms of one page are told apart.
        sign_in(page, service, "clinician")
        theirs = f"{service.address}/clinic/people/{service.keys['record']}/messages/"
        page.goto(theirs)
        note = page.locator("form:has(input[name=what][value=note]) textarea")
        page.evaluate("for (const one of document.querySelectorAll('details')) one.open = true")
        note.fill("Rang her")
        stored(page, "#note")
        sign_out(page)
        page.goto(theirs)
        assert "/account/login/" in page.url
        stored(page, '\\"lost\\":true')
        sign_in(page, service, "clinician")
        page.goto(theirs)
        expect(note).to_have_value("Rang her")
        assert page.locator("textarea").first.input_value() == ""
        browser.close()


def test_on_ones_own_machine_a_link_that_ran_out_loses_nothing(open_page: OpenPage) -> None:
    page = open_page("/people/")
    page.locator("button[name=person]", has_text="Priya").click()
    page.goto("/messages/")
    cookie = next(one for one in page.context.cookies() if one.get("name") == "upperback_open")
    words = field(page)
    words.fill(WORDS)
    page.context.clear_cookies(name="upperback_open")
    page.locator("form[data-keep-typed] button").first.click()
    expect(page.get_by_role("heading", level=1)).to_have_text("Open the link from your terminal")
    assert "sore" not in page.evaluate(_KEPT)
    page.context.add_cookies([cookie])  # type: ignore[list-item]  # as it came
    page.goto("/messages/")
    expect(words).to_have_value(WORDS)
    # Another person of the household does not find it.
    page.goto("/people/")
    page.locator("button[name=person]").last.click()
    page.goto("/messages/")
    assert WORDS not in page.content()
