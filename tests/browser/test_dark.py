"""A service in a browser: what a person takes back goes from a clinician's open page within a second.

And what somebody types there runs nowhere, on either side.
"""

import json
import os
import random
import re
import subprocess
import sys
import time
from collections.abc import Callable, Iterator
from dataclasses import dataclass
from pathlib import Path

import pytest
from playwright.sync_api import Browser, Page, expect, sync_playwright

from tests.browser.conftest import ROOT
from tests.browser.typed import STRANGE, look, send, watched
from tests.integration.payloads import PAYLOADS

_SERVE = (
    "import pathlib, sys; from upperback.web.serve import serve, settle; "
    "settle(service=True, trial=True, database=None); "
    "sys.exit(serve('127.0.0.1', 0, pathlib.Path(sys.argv[1]), browser=False))"
)


@dataclass(frozen=True, slots=True)
class Service:
    """One that runs, and the cookies of who is signed in to it."""

    address: str
    keys: dict[str, str]


@pytest.fixture
def service(tmp_path: Path) -> Iterator[Service]:
    kept = {name: value for name, value in os.environ.items() if not name.startswith(("UPPERBACK_", "DJANGO_"))}
    here = kept | {"PYTHONPATH": f"{ROOT / 'src'}{os.pathsep}{ROOT}"}
    with subprocess.Popen(
        [sys.executable, "-c", _SERVE, str(tmp_path)], stdout=subprocess.PIPE, text=True, env=here
    ) as running:
        try:
            assert running.stdout is not None
            address = next(found[0] for line in running.stdout if (found := re.search(r"http://[\d.:]+", line)))
            asked = here | {
                "UPPERBACK_MODE": "service", "UPPERBACK_TRIAL": "true", "UPPERBACK_DATA": str(tmp_path),
                "DJANGO_SETTINGS_MODULE": "upperback.web.settings",
            }  # fmt: skip
            made = subprocess.run(
                [sys.executable, "-m", "tests.service.prepare"], env=asked, cwd=ROOT, capture_output=True, check=True
            )
            yield Service(address, json.loads(made.stdout))
        finally:
            running.terminate()


def page_of(browser: Browser, service: Service, who: str) -> Page:
    """A page of somebody who is signed in."""
    context = browser.new_context()
    context.add_cookies([{"name": "upperback_session", "value": service.keys[who], "url": service.address}])
    return context.new_page()


def test_what_is_taken_back_goes_dark_within_a_second(
    service: Service, chromium: str, tell: Callable[[str], None]
) -> None:
    with sync_playwright() as playwright:
        browser = playwright.chromium.launch(executable_path=chromium, args=["--no-sandbox"])
        clinician, person, stranger = (page_of(browser, service, who) for who in ("clinician", "person", "stranger"))
        record = f"{service.address}/clinic/people/{service.keys['record']}/"
        assert stranger.goto(record).status == 404  # type: ignore[union-attr]
        assert clinician.goto(record).status == 200  # type: ignore[union-attr]
        expect(clinician.get_by_role("heading", level=1)).to_have_text("Ana")
        quiet: list[str] = []
        clinician.on(
            "console", lambda message: quiet.append(message.text) if "Content Security" in message.text else None
        )
        clinician.wait_for_timeout(1200)
        expect(clinician.get_by_role("heading", level=1)).to_have_text("Ana")  # nothing is taken back yet

        person.goto(f"{service.address}/share/")
        expect(person.get_by_text("Mina Patel, North Street looked at:")).to_be_visible()
        done = time.monotonic()
        person.get_by_role("button", name="Take it back").click()
        took = time.monotonic() - done
        clinician.get_by_role("alert").wait_for(timeout=3000)
        dark_s = time.monotonic() - done - took
        assert clinician.locator("body").inner_text().count("Ana") == 0
        assert clinician.title() == "Upperback"
        expect(person.get_by_text("Nobody but you.")).to_be_visible()
        # Loading it again, going back, or asking by hand gives nothing either.
        assert clinician.goto(record).status == 404  # type: ignore[union-attr]
        clinician.goto(f"{service.address}/clinic/")
        expect(clinician.locator("main")).not_to_contain_text("Ana")
        assert quiet == []
        tell(f"an open clinician's page is dark {dark_s:.2f} s after what it shows was taken back")
        browser.close()


def test_what_is_typed_at_a_service_runs_nowhere(service: Service, chromium: str) -> None:
    dice = random.Random(7)
    with sync_playwright() as playwright:
        browser = playwright.chromium.launch(executable_path=chromium, args=["--no-sandbox"])
        clinician, person = (page_of(browser, service, who) for who in ("clinician", "person"))
        nobody = browser.new_page()
        ran = [told for page in (clinician, person, nobody) for told in [watched(page)]]
        about = f"{service.address}/clinic/people/{service.keys['record']}/"
        fields = 0
        for page, address, number in (
            (person, "/share/", 0), (person, "/messages/", 0), (clinician, "/staff/code/", 0),
            *((clinician, f"{about}messages/", form) for form in range(3)),
            (nobody, "/account/login/", 0), (nobody, "/account/new/", 0), (nobody, "/account/forgotten/", 0),
        ):  # fmt: skip
            there = address if address.startswith("http") else service.address + address
            fields += send(page, there, number, [text[:60] for text in dice.sample(PAYLOADS, 12)])
        assert fields >= 11
        for page, there in (
            (clinician, about), (clinician, f"{about}messages/"), (clinician, f"{service.address}/clinic/?name=<b>"),
            (person, f"{service.address}/share/"), (person, f"{service.address}/messages/"),
        ):  # fmt: skip
            look(page, there)
        assert "alert(1)" in person.locator("main").inner_text()
        assert ran == [[], [], []]
        # And what would run is seen.
        nobody.goto("about:blank")
        nobody.set_content("<img src=x onerror=alert(1)>")
        nobody.wait_for_timeout(300)
        assert ran[2] == ["1"]
        assert nobody.evaluate(STRANGE)
        browser.close()
