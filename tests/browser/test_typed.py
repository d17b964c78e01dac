"""What runs in a page is ours alone: every text field of every page is given texts that try to run, in a real browser.

Pages are not listed: every address of a person and of a clinician is looked at, and each form with a text field on it
is filled and sent, so that a page that comes later is in here from its first day. `just typed` takes hours, and
`just typed 0:100` a part of it. A service, with its own pages, is in `test_dark`; a record once more, without a
browser, in `test_clinic`.
"""

import os
from collections.abc import Iterator
from typing import Final

import pytest
from django.urls import URLPattern
from playwright.sync_api import Page

from tests.browser.conftest import DESKTOP, OpenPage
from tests.browser.typed import FORMS, look, send_if_there, watched
from tests.integration.payloads import PAYLOADS
from upperback.web.clinician import urls as clinician
from upperback.web.person import urls as person

#: Addresses with something in them, and what that is.
_NAMED: Final = {
    "load_task": "/load/task/LM-SIT/",
    "exercise": "/exercise/MV01/",
    "load_amounts": "/load/amounts/LM-SIT/",
    "load_change": "/load/change/LM-SIT/",
}
#: Leads to somebody else, asks for a device, or has nothing but a passphrase, which no page shows.
_LEFT_OUT: Final = frozenset({
    "take_data", "bring_data", "people", "live_muscle", "live_screen", "calendar_feed", "push_key", "break_feed",
})  # fmt: skip
_VIEWS: Final = 8
#: The invented people get their weeks of history when somebody first looks at them.
_HISTORY_MS: Final = 180_000


def _rounds() -> range:
    """All of them, or those that `UPPERBACK_TYPED` names: `0:100` and `100:204` are two halves, for two evenings."""
    first, _, end = os.environ.get("UPPERBACK_TYPED", "").partition(":")
    return range(len(PAYLOADS))[int(first or 0) : int(end or len(PAYLOADS))]


def addresses(record: str) -> list[str]:
    """Every page of a person and of their clinician that has an address of its own."""
    found = [*_NAMED.values()]
    for one in (*person.urlpatterns, *clinician.urlpatterns):
        assert isinstance(one, URLPattern)
        if one.name in _LEFT_OUT:
            continue
        if not one.pattern.converters:
            found.append(f"/{one.pattern}")
        elif set(one.pattern.converters) == {"person_id"}:
            found.append("/" + str(one.pattern).replace("<uuid:person_id>", record))
    return found


def as_grace(page: Page) -> str:
    """At the record of somebody with six weeks behind her. Returns its name in addresses."""
    page.goto("/people/")
    button = page.locator("button[name=person]", has_text="Grace")
    record = button.get_attribute("value")
    assert record
    with page.expect_navigation():
        button.click()
    return record


def pages_with(page: Page, found: list[str]) -> Iterator[tuple[str, int]]:
    """Those of these pages that are there, with how many forms with text fields each has."""
    for address in found:
        answer = page.request.get(address, max_redirects=0, timeout=_HISTORY_MS)
        if answer.status == 200 and answer.headers.get("content-type", "").startswith("text/html"):
            body = answer.text()
            if "<textarea" in body or "<input" in body:
                page.goto(address)
                yield address, page.evaluate(FORMS)
            else:
                yield address, 0


@pytest.mark.long
def test_every_payload_in_every_field_of_every_page_runs_nowhere(open_page: OpenPage) -> None:
    page = open_page("/people/", size=DESKTOP)
    page.set_default_timeout(_HISTORY_MS)
    ran, record = watched(page), as_grace(page)
    there = list(pages_with(page, addresses(record)))
    forms = [(address, number) for address, many in there for number in range(many)]
    print(f"{len(there)} pages, {len(forms)} forms: {forms}")
    fields = 0
    for first in _rounds():
        some = [PAYLOADS[(first + step) % len(PAYLOADS)] for step in range(30)]
        for address, number in forms:
            fields += send_if_there(page, address, number, some)
        if first % _VIEWS == 0:
            for address, _many in there:
                look(page, address)
        assert ran == []
    print(f"{len(_rounds())} rounds of {len(PAYLOADS)}: {fields} texts typed and sent, nothing ran")
    assert fields > len(_rounds()) * 20
