"""The pages that only a service has: signing in, ways to sign in, sharing, messages, the work of a clinician.

`start_service` runs one with invented people; `at_a_service` drives a page through it, as `tour` does through a home.
"""

import os
import re
import subprocess
import sys
import threading
import time
from collections import deque
from collections.abc import Iterator
from contextlib import contextmanager
from dataclasses import dataclass
from pathlib import Path
from typing import Final
from urllib.parse import urlencode

import pytest
from playwright.sync_api import Page

from tests.browser.conftest import ROOT, _stop

_START_S: Final = 90


@dataclass(frozen=True, slots=True)
class Service:
    """A running service and how to get in."""

    address: str
    password: str
    codes: tuple[str, ...]
    others: dict[str, str]  # a spare code of each
    app: str  # client_id of an invented app

    def asks(self, scope: str) -> str:
        """The address to which that app sends people."""
        sent = {
            "response_type": "code", "client_id": self.app, "redirect_uri": "http://127.0.0.1:8123/back",
            "scope": scope, "state": "x", "aud": f"{self.address.rstrip('/')}/fhir", "code_challenge": "c" * 43,
            "code_challenge_method": "S256",
        }  # fmt: skip
        return f"/apps/authorize/?{urlencode(sent)}"


@contextmanager
def start_service(data: Path) -> Iterator[Service]:
    """`serve --service --trial --demo` until the end of the block."""
    command = [sys.executable, "-c", "from upperback.cli import main; raise SystemExit(main())"]
    command += ["serve", "--service", "--trial", "--demo", "--port", "0"]
    # Of the settings of a test nothing: a service refuses to start with what it does not know.
    own = {name: value for name, value in os.environ.items() if not name.startswith("UPPERBACK_")}
    environment = {**own, "PYTHONPATH": str(ROOT / "src")}
    with subprocess.Popen(
        [*command, "--data", str(data)], stdout=subprocess.PIPE, stderr=subprocess.STDOUT, text=True, env=environment
    ) as process:
        try:
            said = _read_until_up(process)
            threading.Thread(target=deque, args=(process.stdout, 0), daemon=True).start()
            address, password = (_after(said, words) for words in ("The service is up: ", "Password of all of them: "))
            codes = tuple(_after(said, "Second step of the physiotherapist, each once: ").split())
            told = _after(said, "Others who work there, each with a second step: ")
            others = {email: code for email, _role, code in (one.split() for one in told.split(", "))}
            yield Service(address, password, codes, others, _after(said, "and has the client_id: "))
        finally:
            _stop(process)


def _after(said: str, words: str) -> str:
    found = re.search(f"{re.escape(words)}(.+)", said)
    assert found, said
    return found[1].strip()


def _read_until_up(process: subprocess.Popen[str]) -> str:
    assert process.stdout is not None
    said, ends = "", time.monotonic() + _START_S
    while time.monotonic() < ends and (line := process.stdout.readline()):
        said += line
        if "The service is up: " in line:
            return said
    pytest.fail(f"the service did not start:\n{said}")


def sign_in(page: Page, service: Service, email: str) -> None:
    """With the password of all; the second step is still to come for staff."""
    page.goto("/account/login/")
    page.locator("input[name=login]").fill(email)
    page.locator("input[name=password]").fill(service.password)
    page.locator("main button[type=submit]:visible").first.click()
    page.wait_for_load_state()


def second_step(page: Page, code: str) -> None:
    """With a spare code."""
    page.locator("input[name=code]").fill(code)
    page.locator("main button[type=submit]:visible").first.click()
    page.wait_for_load_state()


def at_a_service(page: Page, service: Service) -> Iterator[str]:
    """Nobody yet, somebody who shares, who helps at home, a physiotherapist, who runs the clinic, support."""
    yield from _outside(page)
    for walk in (_person, _carer, _clinician, _others):
        yield from walk(page, service)
        page.context.clear_cookies()


def _outside(page: Page) -> Iterator[str]:
    for name in ("login", "new", "forgotten", "closed", "forgotten/done"):
        page.goto(f"/account/{name}/")
        yield f"account-{name.replace('/', '-')}"
    page.goto("/account/login/")
    page.locator("main button[type=submit]:visible").first.click()
    yield "account-login-error"
    page.goto("/account/new/")
    page.locator("main button[type=submit]:visible").first.click()
    yield "account-new-error"


def _person(page: Page, service: Service) -> Iterator[str]:
    sign_in(page, service, "grace@people.example")
    for address in ("today", "data", "share", "messages", "share/programs", "share/letter", "clinics", "referral"):
        page.goto(f"/{address}/")
        yield f"service-{address.replace('/', '-')}"
    for name in ("ways", "password", "app", "passkeys", "passkeys/add", "spare", "again"):
        page.goto(f"/account/{name}/")
        yield f"account-{name.replace('/', '-')}"
        if "/again/" in page.url and name != "again":
            page.locator("input[name=password]").fill(service.password)
            page.locator("main button[type=submit]:visible").first.click()
            page.wait_for_load_state()
            yield f"account-{name.replace('/', '-')}-asked-again"
    page.goto(service.asks("patient/*.rs offline_access"))
    yield "service-app"
    page.locator("main form button[type=submit]").first.click()
    page.wait_for_load_state()
    yield "service-app-error"
    page.goto(service.asks("patient/CarePlan.rs"))
    yield "service-app-once"
    page.goto("/apps/authorize/")
    yield "service-app-unknown"
    page.goto("/share/")
    page.locator("main summary").first.click()
    page.locator("form:has(#see) button[type=submit], form:has([name=days]) button[type=submit]").first.click()
    page.wait_for_load_state()
    yield "service-share-sent"
    page.goto("/share/")
    page.locator("main a[href^='/share/copy/']").first.click()
    page.wait_for_load_state()
    yield "service-share-copy"
    page.goto("/messages/")
    page.locator("main form button[type=submit]:visible").last.click()
    page.wait_for_load_state()
    yield "service-messages-error"


def _carer(page: Page, service: Service) -> Iterator[str]:
    sign_in(page, service, "robin@people.example")
    page.goto("/caring/code/")
    yield "caring-code"
    page.goto("/caring/")
    yield "caring"
    page.locator("main a[href^='/caring/people/']").first.click()
    page.wait_for_load_state()
    yield "caring-person"


def _others(page: Page, service: Service) -> Iterator[str]:
    for email, code in service.others.items():
        page.context.clear_cookies()
        sign_in(page, service, email)
        second_step(page, code)
        for name in ("staff", "staff/team", "staff/looks", "staff/copies", "staff/support", "staff/studies"):
            page.goto(f"/{name}/")
            yield f"{email.split('@')[0]}-{name.replace('/', '-')}"
            if name == "staff/copies" and (make := page.locator("main form:has([name=clinic]) button")).count():
                make.first.click()
                yield "staff-copies-being-made"
                page.locator("main .files a").first.wait_for()
                yield "staff-copies-made"


def _clinician(page: Page, service: Service) -> Iterator[str]:
    sign_in(page, service, "mina@clinic.example")
    yield "account-second-step"
    second_step(page, service.codes[0])
    for name in ("staff", "staff/code", "clinic", "account/ways", "account/spare"):
        page.goto(f"/{name}/")
        yield f"staff-{name.replace('/', '-')}"
    for who in ("Grace", "Priya", "Leila"):
        page.goto("/clinic/")
        page.locator("main a[href^='/clinic/people/']").filter(has_text=who).first.click()
        page.wait_for_load_state()
        person = page.url.rstrip("/")
        yield f"staff-person-{who.lower()}"
        for part in page.locator("main details").all():
            part.evaluate("part => part.open = true")
        yield f"staff-person-{who.lower()}-unfolded"
        for name in ("plan", "fine", "messages", "tasks", *(("live",) if who == "Grace" else ())):
            page.goto(f"{person}/{name}/")
            yield f"staff-{who.lower()}-{name}"
