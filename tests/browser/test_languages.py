"""Pages in German and in the made-up languages on the smallest phone: nothing sticks out and no word is cut."""

from collections.abc import Iterator

import pytest
from playwright.sync_api import Browser, Page

from tests.browser.conftest import SMALL_PHONE, Live, start_live
from upperback.web.languages import LANGUAGE_COOKIE

PAGES = ("/", "/help/", "/language/", "/today/", "/plan/", "/learn/posture/")

#: What sticks out on either side, and texts that are cut off where nothing scrolls.
FAULTS = """() => {
  const named = e => e.tagName + '.' + e.getAttribute('class');
  const all = [...document.querySelectorAll('body *')].filter(e => e.checkVisibility());
  const wide = document.documentElement.scrollWidth <= innerWidth ? [] : all.filter(e => {
    const box = e.getBoundingClientRect();
    return box.right > innerWidth + 1 || box.left < -1;
  });
  const cut = all.filter(e => getComputedStyle(e).overflowX === 'hidden' && e.scrollWidth > e.clientWidth + 1
    && e.clientWidth > 1 && !e.closest('svg') && e.textContent.trim());
  return [...wide.map(e => `wide ${named(e)}`), ...cut.map(e => `cut ${named(e)}`)].slice(0, 5);
}"""


@pytest.fixture(scope="module")
def live(tmp_path_factory: pytest.TempPathFactory) -> Iterator[Live]:
    """`serve` where the made-up languages are offered."""
    with pytest.MonkeyPatch.context() as patch:
        patch.setenv("UPPERBACK_DEBUG", "true")
        with start_live(tmp_path_factory.mktemp("live"), "demo=True") as started:
            yield started


@pytest.fixture(scope="module")
def page(browser: Browser, live: Live) -> Iterator[Page]:
    """A browser that is let in, with an invented person who has a plan."""
    context = browser.new_context(
        base_url=live.address, viewport={"width": SMALL_PHONE[0], "height": SMALL_PHONE[1]}, reduced_motion="reduce"
    )
    page = context.new_page()
    page.goto(live.first_link)
    page.goto("/people/")
    page.locator("form[action='/people/choose/'] button[name=person]").first.click()
    page.wait_for_load_state()
    yield page
    context.close()


def test_pages_fit_the_smallest_phone_in_every_language(page: Page, live: Live) -> None:
    faults = []
    for tag, direction in (("de", "ltr"), ("en-XA", "ltr"), ("ar-XB", "rtl")):
        page.context.add_cookies([{"name": LANGUAGE_COOKIE, "value": tag, "url": live.address}])
        for path in PAGES:
            page.goto(path)
            shown = page.evaluate("[document.documentElement.lang, document.documentElement.dir]")
            assert shown == [tag, direction], path
            faults += [f"{tag} {path}: {fault}" for fault in page.evaluate(FAULTS)]
        page.context.clear_cookies(name=LANGUAGE_COOKIE)
    assert faults == []


def test_language_is_chosen_on_a_page_and_help_follows(page: Page) -> None:
    page.goto("/language/")
    page.get_by_label("Deutsch").check()
    page.get_by_label("Germany").check()
    page.get_by_role("button", name="Save").click()
    assert page.locator("h1").inner_text() == "Sprache und Land"
    page.goto("/help/")
    assert page.locator("h1").inner_text() == "Hilfe jetzt"
    assert page.locator("a[href='tel:112']").count() >= 1
    assert page.locator("a[href='tel:116117']").count() == 1
    assert page.locator("a[href='tel:999'], a[href='tel:111']").count() == 0


def test_what_comes_over_a_socket_is_said_in_the_language_of_the_page(page: Page, live: Live) -> None:
    told = {
        "Standing was not still enough: it swayed by 2.5 degrees.": "Das Stehen war nicht ruhig genug: "
        "Es schwankte um 2,5 Grad.",
        "The sensor has turned and sits about 12 degrees otherwise since then: how far you lean is still measured, but "
        "not forward and to the side apart, until you stand and bend again.": "Der Sensor hat sich gedreht und sitzt "
        "seitdem etwa 12 Grad anders. Wie weit Sie sich neigen, wird weiter gemessen. Vorn und Seite werden erst "
        "wieder unterschieden, wenn Sie noch einmal stehen und sich beugen.",
        "How the sensor sits is known roughly: only one bend was seen and the bends were small, 21 degrees.": "Wie der "
        "Sensor sitzt, ist ungefähr bekannt: es gab nur eine Beugung und die Beugungen waren klein, 21 Grad.",
        "Nobody listens": "Niemand hört zu",
        "A sentence that nobody has translated.": "A sentence that nobody has translated.",
    }
    say = """async texts => {
      const { said, tell } = await import("/static/js/session/said.js");
      const one = document.createElement("p");
      tell(one, texts.at(-1));
      return [texts.map(said), one.lang, one.className];
    }"""
    for path in ("/live/", "/live/muscle/"):
        page.context.add_cookies([{"name": LANGUAGE_COOKIE, "value": "de", "url": live.address}])
        page.goto(path)
        assert page.evaluate(say, list(told)) == [list(told.values()), "en-GB", "in-english"]
        page.context.clear_cookies(name=LANGUAGE_COOKIE)
        page.goto(path)
        assert page.evaluate(say, list(told)) == [list(told), "", ""], "in English they stay"
