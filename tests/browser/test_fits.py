"""Pages on small screens, in large text, in German and from right to left: nothing sticks out, is cut or overlaps.

A sample here, and every page in every state with `just fits`; the pages that only a service has are given to axe too.
"""

import itertools
from collections.abc import Callable, Iterator
from pathlib import Path
from typing import Final

import pytest
from playwright.sync_api import Browser, Page

from tests.browser import service_tour, tour
from tests.browser.conftest import PHONE, Live, start_live
from tests.browser.fits import FAULTS, LANGUAGES, Twin, faults_of
from upperback.content.vocabulary import default_content
from upperback.web.person import easy

#: One of each kind: a list, cards with pictures, a form, a table, drawings.
SAMPLE: Final = ("/today/", "/breaks/", "/load/", "/progress/", "/learn/upper-back-pain/")
#: Pages that stand by themselves and of which the tour sees a few.
CONTENT: Final = default_content()
MORE: Final = (
    *(f"/learn/{id}/" for id in CONTENT.learn_pages),
    *(f"/easy/{page.id}/" for page in easy.PAGES),
    "/language/", "/load/plan/", "/workplace/print/", "/plan/pack/", "/plan-service/",
)  # fmt: skip

#: What is wrong on purpose, and what has to be said about it.
WRONG: Final = {
    "<p style='width: 40rem'>far too wide</p>": "wide P",
    "<p style='width: 6rem; overflow: hidden; white-space: nowrap'>these words are cut off at the end</p>": "cut P",
    "<p style='height: 1rem; overflow: hidden'>two<br>lines</p>": "cut below P",
    "<p>below</p><p style='margin-top: -2.2em'>on it</p>": "lies on P",
    "<svg viewBox='0 0 100 20' width='100'><text x='90' y='10'>outside</text></svg>": "outside its drawing text",
}


@pytest.fixture(scope="module")
def live(tmp_path_factory: pytest.TempPathFactory) -> Iterator[Live]:
    """`serve` with invented people, where the made-up languages are offered."""
    with pytest.MonkeyPatch.context() as patch:
        patch.setenv("UPPERBACK_DEBUG", "true")
        with start_live(tmp_path_factory.mktemp("live"), "demo=True") as started:
            yield started


def _page(browser: Browser, address: str) -> Page:
    context = browser.new_context(
        base_url=address, viewport={"width": PHONE[0], "height": PHONE[1]}, reduced_motion="reduce"
    )
    return context.new_page()


def _as(page: Page, name: str) -> None:
    page.goto("/people/")
    page.get_by_role("button", name=name).click()
    page.wait_for_load_state()


def test_a_sample_of_pages_fits(browser: Browser, live: Live) -> None:
    page = _page(browser, live.address)
    page.goto(live.first_link)
    _as(page, "Grace")
    twins = [Twin(browser, page, tag) for tag in LANGUAGES]
    faults = [f"{path} {fault}" for path in SAMPLE for twin in twins for fault in twin.look(f"{live.address}{path}")]
    assert not faults, "\n".join(["", *faults])


@pytest.mark.parametrize("html", WRONG)
def test_what_does_not_fit_is_found(browser: Browser, html: str) -> None:
    page = browser.new_page(viewport={"width": 320, "height": 640})
    page.set_content("<main><h1>Fits</h1><p>One line.</p><p>Another.</p></main>")
    assert page.evaluate(FAULTS) == []
    page.set_content(f"<main>{html}</main>")
    assert any(WRONG[html] in fault for fault in page.evaluate(FAULTS))
    page.close()


@pytest.mark.long
@pytest.mark.parametrize("demo", [False, True])
def test_every_page_of_a_home_fits(
    browser: Browser, tmp_path_factory: pytest.TempPathFactory, monkeypatch: pytest.MonkeyPatch, *, demo: bool
) -> None:
    monkeypatch.setenv("UPPERBACK_DEBUG", "true")
    with start_live(tmp_path_factory.mktemp("fits"), f"demo={demo}") as started:
        page = _page(browser, started.address)
        page.goto(started.first_link)
        twins = [Twin(browser, page, tag) for tag in LANGUAGES]
        somebody_new = itertools.chain(tour.with_an_empty_start(page), tour.with_others(page))
        states = tour.with_invented_people(page) if demo else somebody_new
        faults = list(_seen(page, states, twins))
        if demo:
            _as(page, "Grace")
            faults += _seen(page, _visits(page, MORE), twins)
    assert not faults, "\n".join(["", *faults])


@pytest.mark.long
def test_every_page_of_a_service_fits_and_is_clean(
    browser: Browser, tmp_path: Path, axe: Callable[..., list[str]]
) -> None:
    with service_tour.start_service(tmp_path) as service:
        page = _page(browser, service.address)
        twins = [Twin(browser, page, "de"), Twin(browser, page, "de", turned=True)]
        faults = list(_seen(page, service_tour.at_a_service(page, service), twins, axe))
    assert not faults, "\n".join(["", *faults])


def _visits(page: Page, paths: tuple[str, ...]) -> Iterator[str]:
    for path in paths:
        page.goto(path)
        yield path


def _seen(
    page: Page, states: Iterator[str], twins: list[Twin], axe: Callable[..., list[str]] | None = None
) -> Iterator[str]:
    """What is wrong in each state, and at its address for readers of other languages."""
    known: set[tuple[str, str]] = set()
    for name in states:
        if not page.locator(".help-now").count():
            continue  # a page of the framework, which only a developer sees
        faults = [f"en, {fault}" for fault in faults_of(page)]
        if axe:
            faults += axe(page)
            page.emulate_media(color_scheme="dark")
            faults += [f"dark {fault}" for fault in axe(page, rules=["color-contrast"])]
            page.emulate_media(color_scheme="light")
        address = page.url.split("#")[0]
        if (address, heading := page.locator("h1").first.inner_text()) not in known:
            known.add((address, heading))
            faults += [fault for twin in twins for fault in twin.look(address)]
        yield from (f"{name}: {fault}" for fault in faults)
