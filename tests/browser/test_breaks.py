"""Breaks in a real browser, with a clock that the test moves on both sides: the card comes by itself; notices."""

import os
import re
import subprocess
import sys
import threading
import time
import urllib.request
from collections import deque
from collections.abc import Callable, Iterator
from pathlib import Path

import pytest
from playwright.sync_api import Page, expect

from tests.browser.conftest import PHONE, ROOT, Live, OpenPage, _read_link, _stop, too_small, too_wide

#: `serve` with a clock of its pages that runs ahead by as many seconds as stand in a file.
_CODE = """
import datetime as dt, os, pathlib, sys
os.environ["DJANGO_SETTINGS_MODULE"] = "upperback.web.settings"
folder = pathlib.Path(sys.argv[1])
os.environ["UPPERBACK_DATA"] = str(folder)
import django
django.setup()
from upperback.web.person import session
usual = session.now
session.now = lambda: usual() + dt.timedelta(seconds=float((folder / "ahead").read_text()))
from upperback.web.serve import serve
sys.exit(serve("127.0.0.1", 0, folder, browser=False, demo=True))
"""

MINUTE_MS = 60_000


@pytest.fixture(scope="module")
def chromium(whole_chromium: str) -> str:
    """A browser that shows notices."""
    return whole_chromium


@pytest.fixture(scope="module")
def live(tmp_path_factory: pytest.TempPathFactory) -> Iterator[Live]:
    """As everywhere, with the clock of this file."""
    data = tmp_path_factory.mktemp("breaks")
    # Noon, whatever time it is: a break is due at once, and the hours that go by here end before the quiet ones.
    (data / "ahead").write_text(str((12 * 3600 - time.time()) % 86_400))
    environment = {**os.environ, "PYTHONPATH": str(ROOT / "src"), "UPPERBACK_DEMO": "true"}
    began = time.monotonic()
    with subprocess.Popen(
        [sys.executable, "-c", _CODE, str(data)], stdin=subprocess.DEVNULL, stdout=subprocess.PIPE,
        stderr=subprocess.STDOUT, text=True, env=environment,
    ) as process:  # fmt: skip
        try:
            link = _read_link(process)
            threading.Thread(target=deque, args=(process.stdout, 0), daemon=True).start()
            address = link.split("/open/", maxsplit=1)[0]
            with urllib.request.urlopen(f"{address}/help/", timeout=60) as answer:
                answer.read()
            yield Live(address, data, process, link, time.monotonic() - began)
        finally:
            _stop(process)


def somebody(page: Page, name: str) -> None:
    page.goto("/people/")
    page.get_by_role("button", name=name).click()
    page.wait_for_load_state()


def wide_awake(page: Page) -> None:
    """No quiet hours, whatever time it is where the test runs; an interval of half an hour."""
    page.goto("/breaks/")
    page.locator("#interval_min").fill("30")
    for field in ("#quiet_from", "#quiet_until"):
        page.locator(field).fill("03:00")
    page.locator(".break-times button[type=submit]").click()
    page.wait_for_load_state()


def pass_minutes(page: Page, live: Live, minutes: int) -> None:
    """Time goes by on the server and in the page, which asks once a minute."""
    file = live.data / "ahead"
    for _ in range(minutes):
        file.write_text(str(float(file.read_text()) + 60))
        with page.expect_response("**/breaks/card/"):
            page.clock.fast_forward(MINUTE_MS)


def test_the_card_comes_by_itself_and_a_break_done_is_a_turn_done(
    open_page: OpenPage, live: Live, axe: Callable[[Page], list[str]], shoot: Callable[[Page, str], Path]
) -> None:
    page = open_page("/", size=PHONE)
    page.clock.install()
    somebody(page, "Priya")
    wide_awake(page)
    card = page.locator("[data-break-card]")
    page.locator("button[value=skipped]").click()
    page.goto("/today/")
    expect(card).to_contain_text("30 minutes after")
    card.evaluate("card => card.dataset.mark = 'the same'")
    pass_minutes(page, live, 29)
    expect(card).to_have_attribute("data-mark", "the same")  # nothing new to read out
    expect(page).to_have_title("Today - Upperback")
    pass_minutes(page, live, 2)
    expect(card).to_contain_text("Time for a short break")
    expect(page).to_have_title("Time for a short break - Today - Upperback")
    assert axe(page) == []
    card.get_by_role("link", name="Start").click()
    assert axe(page) == []
    assert too_small(page) == []
    shoot(page, "break-now-phone-light")
    page.get_by_role("button", name="Done").click()
    expect(page).to_have_url(re.compile("/today/"))
    expect(card).to_contain_text(re.compile("Next (short|longer) break"))
    expect(page.locator("#move-1")).to_contain_text("Not done after all")


def test_a_button_that_has_the_focus_is_not_taken_away(open_page: OpenPage, live: Live) -> None:
    page = open_page("/", size=PHONE)
    page.clock.install()
    somebody(page, "Tom")
    wide_awake(page)
    page.goto("/today/")
    link = page.get_by_role("link", name="Change times")
    link.focus()
    page.locator("[data-break-card]").evaluate("card => card.dataset.mark = 'kept'")
    page.clock.fast_forward(3 * MINUTE_MS)
    assert page.locator("[data-break-card]").get_attribute("data-mark") == "kept"
    expect(link).to_be_focused()


def test_after_sleep_the_page_offers_nothing_at_once(open_page: OpenPage, live: Live) -> None:
    page = open_page("/", size=PHONE)
    page.clock.install()
    somebody(page, "Joan")
    wide_awake(page)
    page.locator("button[value=skipped]").click()
    page.goto("/today/")
    pass_minutes(page, live, 1)
    file = live.data / "ahead"
    file.write_text(str(float(file.read_text()) + 4 * 3600))
    pass_minutes(page, live, 1)
    expect(page.locator("[data-break-card]")).to_contain_text("minutes after you came")


def test_an_open_page_that_nobody_looks_at_shows_a_notice_of_its_own(open_page: OpenPage, live: Live) -> None:
    """Without any push service: nothing leaves the computer. Only where the person turned notices on."""
    page = open_page("/", size=PHONE)
    page.context.grant_permissions(["notifications"], origin=live.address)
    page.clock.install()
    somebody(page, "Amir")
    wide_awake(page)
    notices = "navigator.serviceWorker.ready.then(r => r.getNotifications()).then(all => all.map(one => one.title))"
    for on, shown in (("off", []), ("on", ["Time for a short break"])):
        page.evaluate("on => localStorage.setItem('upperback.notices', on)", on)
        page.goto("/breaks/")
        if page.locator("button[value=skipped]").count():
            page.locator("button[value=skipped]").click()
        page.goto("/today/")
        page.evaluate("Object.defineProperty(document, 'hidden', { get: () => true })")
        pass_minutes(page, live, 32)
        expect(page.locator("[data-break-card]")).to_contain_text(re.compile("Time for a (short|longer) break"))
        assert page.evaluate(notices) == shown


def test_a_device_in_another_time_zone_says_so(open_page: OpenPage) -> None:
    page = open_page("/", size=PHONE, timezone_id="Europe/Berlin")
    somebody(page, "Leila")
    page.goto("/breaks/")
    expect(page.locator("#time_zone")).to_have_value("Europe/Berlin")
    page.get_by_role("button", name="Use this time zone").click()
    expect(page.get_by_text("All times are for Europe/Berlin.")).to_be_visible()


@pytest.mark.parametrize("size", [(320, 640), (1280, 900)])
@pytest.mark.parametrize("path", ["/today/", "/breaks/", "/breaks/now/"])
def test_pages_fit_and_are_clean(
    open_page: OpenPage, axe: Callable[[Page], list[str]], path: str, size: tuple[int, int]
) -> None:
    page = open_page("/", size=size, scheme="dark")
    somebody(page, "Leila")
    page.goto(path)
    page.wait_for_load_state("networkidle")  # the card has been asked for again
    assert too_wide(page) == []
    assert too_small(page) == []
    assert axe(page) == []


def test_without_script_a_break_is_offered_and_answered(open_page: OpenPage) -> None:
    page = open_page("/", size=PHONE, script=False)
    somebody(page, "Amir")
    wide_awake(page)
    page.goto("/today/")
    page.get_by_role("link", name="Start").or_(page.get_by_role("link", name="Take one now")).click()
    page.get_by_role("button", name="Done").click()
    expect(page.locator("#move-1")).to_contain_text("Not done after all")
    expect(page.locator("[data-break-card]")).to_contain_text(re.compile("Next (short|longer) break"))


def test_a_refused_permission_is_said_in_one_line(open_page: OpenPage) -> None:
    page = open_page("/", size=PHONE)
    somebody(page, "Priya")
    page.goto("/breaks/")
    page.evaluate("Notification.requestPermission = async () => 'denied'")
    page.get_by_role("button", name="Turn on notices in this browser").click()
    expect(page.locator("[data-push-status]")).to_have_text(
        "Your browser does not let this page send notices. You can change that in its settings."
    )


WORKER_STANDS = """() => navigator.serviceWorker.ready.then((registration) => new Promise((done) => {
  const worker = registration.active;
  const look = () => worker.state === "activated" && done(true);
  worker.addEventListener("statechange", look);
  look();
}))"""
NOTICES = """async () => {
  const registration = await navigator.serviceWorker.ready;
  for (let tries = 0; tries < 10; tries += 1) {
    const notices = await registration.getNotifications();
    if (notices.length) { return notices.map((one) => [one.title, one.data.path]); }
    await new Promise((done) => setTimeout(done, 100));
  }
  return [];
}"""


def until(page: Page, holds: Callable[[], bool], tries: int = 20) -> None:
    for _ in range(tries):
        if holds():
            return
        page.wait_for_timeout(100)
    raise AssertionError("what was waited for did not come")


@pytest.mark.parametrize(
    ("message", "text"),
    [
        ('{"text": "Time for your session", "path": "/training/"}', "Time for your session"),
        ("not json", "Time for a short break"),
        ('{"text": 5, "path": "https://elsewhere.example/"}', "Time for a short break"),
    ],
)
def test_what_comes_is_shown_as_a_notice(open_page: OpenPage, live: Live, message: str, text: str) -> None:
    page = open_page("/", size=PHONE)
    page.context.grant_permissions(["notifications"], origin=live.address)
    page.goto("/help/")
    page.evaluate(WORKER_STANDS)
    session = page.context.new_cdp_session(page)
    found: list[str] = []
    session.on(
        "ServiceWorker.workerRegistrationUpdated",
        lambda said: found.extend(one["registrationId"] for one in said["registrations"]),
    )
    session.send("ServiceWorker.enable")
    until(page, lambda: bool(found))
    push = {"origin": live.address, "registrationId": found[-1], "data": message}
    notices: list[list[str]] = []

    def arrived() -> bool:
        # The browser drops a message for a worker that it is just waking. Sent again it replaces itself: one tag.
        session.send("ServiceWorker.deliverPushMessage", push)
        notices[:] = page.evaluate(NOTICES)
        return bool(notices)

    until(page, arrived)
    path = "/training/" if "training" in message else "/today/"
    assert notices == [[text, path]]
