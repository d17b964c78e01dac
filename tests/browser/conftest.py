"""A running installation and a real browser.

`live` starts `serve` as its own process on a free port with an empty data folder. `open_page` gives pages that are let
in; at the end of each test every page must have been quiet: no script error, no message, no request to anybody else.
"""

import os
import re
import shutil
import subprocess
import sys
import threading
import time
import urllib.request
from collections import deque
from collections.abc import Callable, Iterator
from contextlib import contextmanager
from dataclasses import dataclass, field
from pathlib import Path
from typing import Any, Final, Literal

import pytest
from playwright.sync_api import Browser, BrowserContext, Page, Request, expect, sync_playwright

# The usual five seconds are short for two tests on one busy processor.
expect.set_options(timeout=15_000)

ROOT: Final = Path(__file__).resolve().parents[2]
SHOTS: Final = ROOT / "test-results" / "shots"
PHONE: Final = (390, 844)
SMALL_PHONE: Final = (320, 640)
DESKTOP: Final = (1280, 900)
AXE_TAGS: Final = ["wcag2a", "wcag2aa", "wcag21a", "wcag21aa", "wcag22aa", "best-practice"]

_NAMES: Final = ("chromium", "chromium-browser", "google-chrome")
#: The same engine without windows and what belongs to them, such as notices: a page takes 40 % less of the processor.
_LEAN: Final = "chromium-headless-shell"
_HOW: Final = "apt-get install --no-install-recommends chromium fonts-liberation"
_START_S: Final = 90  # a busy machine; how long it takes on an idle one is for the bench to say

Scheme = Literal["light", "dark"]


def pytest_collection_modifyitems(items: list[pytest.Item]) -> None:
    """Everything in this folder needs a browser."""
    for item in items:
        if "tests/browser/" in item.path.as_posix():
            item.add_marker("browser")


@pytest.fixture(scope="session")
def chromium(request: pytest.FixtureRequest) -> str:
    """The browser: `$CHROMIUM`, else one on the path. Without one the tests say how to get it."""
    return _found(request, os.environ.get("CHROMIUM"))


@pytest.fixture(scope="session")
def whole_chromium(request: pytest.FixtureRequest) -> str:
    """The same, but one with windows, also where `$CHROMIUM` names the lean one."""
    named = os.environ.get("CHROMIUM", "")
    return _found(request, None if named.endswith(_LEAN) else named)


def _found(request: pytest.FixtureRequest, named: str | None) -> str:
    found = named or next((path for name in _NAMES if (path := shutil.which(name))), None)
    if found and Path(found).exists():
        return found
    message = f"no Chromium: set CHROMIUM or run: {_HOW}"
    if request.config.getoption("--require-browser"):
        pytest.fail(message, pytrace=False)
    pytest.skip(message)


@dataclass
class Live:
    """A running installation."""

    address: str
    data: Path
    process: subprocess.Popen[str]
    first_link: str
    started_s: float
    state: Any = field(default=None)


@pytest.fixture(scope="module")
def live_arguments() -> str:
    """Arguments of `serve` in Python, for a module that wants others."""
    return "demo=True"


@pytest.fixture(scope="module")
def live(tmp_path_factory: pytest.TempPathFactory, live_arguments: str) -> Iterator[Live]:
    """`serve` as a process, stopped at the end of the module."""
    with start_live(tmp_path_factory.mktemp("live"), live_arguments) as started:
        yield started


@contextmanager
def start_live(data: Path, arguments: str, *, port: int = 0) -> Iterator[Live]:
    """`serve` as a process with this data folder, until the end of the block."""
    code = (
        "import pathlib, sys; from upperback.web.serve import serve; "
        f"sys.exit(serve('127.0.0.1', {port}, pathlib.Path(sys.argv[1]), browser=False, {arguments}))"
    )
    environment = {**os.environ, "PYTHONPATH": str(ROOT / "src"), "UPPERBACK_DATA": str(data)}
    began = time.monotonic()
    with subprocess.Popen(
        [sys.executable, "-c", code, str(data)],
        stdin=subprocess.DEVNULL,
        stdout=subprocess.PIPE,
        stderr=subprocess.STDOUT,
        text=True,
        env=environment,
    ) as process:
        try:
            link = _read_link(process)
            # Somebody has to read on, or the pipe is full one day and the server waits for ever.
            threading.Thread(target=deque, args=(process.stdout, 0), daemon=True).start()
            address = link.split("/open/", maxsplit=1)[0]
            with urllib.request.urlopen(f"{address}/help/", timeout=_START_S) as answer:
                answer.read()
            yield Live(address, data, process, link, time.monotonic() - began)
        finally:
            _stop(process)


def _stop(process: subprocess.Popen[str]) -> None:
    """Gently, then for good: a test that fails must not wait for its server for ever."""
    process.terminate()
    try:
        process.wait(timeout=20)
    except subprocess.TimeoutExpired:
        process.kill()


def _read_link(process: subprocess.Popen[str]) -> str:
    assert process.stdout is not None
    ends = time.monotonic() + _START_S
    said = []
    while time.monotonic() < ends:
        line = process.stdout.readline()
        said.append(line)
        if found := re.search(r"http://\S+/open/\S+", line):
            return found.group()
        if not line:
            break
    pytest.fail("serve did not start:\n" + "".join(said))


@pytest.fixture(scope="module")
def browser(chromium: str) -> Iterator[Browser]:
    """One browser per module: a longer-lived one would keep an event loop that Django's tests trip over."""
    with sync_playwright() as playwright:
        arguments = ["--no-sandbox"] if hasattr(os, "geteuid") and os.geteuid() == 0 else []
        started = playwright.chromium.launch(executable_path=chromium, args=arguments)
        yield started
        started.close()


OpenPage = Callable[..., Page]


@pytest.fixture
def open_page(live: Live, browser: Browser) -> Iterator[OpenPage]:
    """`open_page("/about/", size=PHONE, scheme="dark", script=False, let_in=True)` gives a page at that address."""
    contexts: list[BrowserContext] = []
    noises: list[str] = []
    sendings: set[Request] = set()

    def left(request: Request) -> None:
        if request.method == "POST":
            sendings.add(request)

    def arrived(request: Request) -> None:
        sendings.discard(request)

    def make(
        path: str = "/",
        *,
        size: tuple[int, int] = PHONE,
        scheme: Scheme = "light",
        script: bool = True,
        let_in: bool = True,
        **more: Any,
    ) -> Page:
        if let_in and live.state is None:
            live.state = _let_in(live, browser)
        context = browser.new_context(
            viewport={"width": size[0], "height": size[1]},
            color_scheme=scheme,
            reduced_motion="reduce",
            java_script_enabled=script,
            storage_state=live.state if let_in else None,
            base_url=live.address,
            **more,
        )
        contexts.append(context)
        page = context.new_page()
        page.on("console", lambda message: noises.append(f"console: {message.text}"))
        page.on("pageerror", lambda error: noises.append(f"script: {error}"))
        page.on(
            "request",
            lambda request: (
                None if request.url.startswith((live.address, "data:")) else noises.append(f"left: {request.url}")
            ),
        )
        page.on("request", left)
        page.on("requestfinished", arrived)
        page.on("requestfailed", arrived)
        page.goto(path)
        return page

    yield make
    _let_arrive(contexts, sendings)
    for context in contexts:
        context.close()
    # A status of 403, 404 or 500 is noted by the browser itself; that is not a fault of the page.
    assert [noise for noise in noises if "Failed to load resource" not in noise] == []


def _let_arrive(contexts: list[BrowserContext], sendings: set[Request]) -> None:
    """What is on its way when a test ends would else be written down in the middle of the next."""
    pages = [page for context in contexts for page in context.pages]
    for _ in range(100):
        if not sendings or not pages:
            return
        pages[0].wait_for_timeout(20)


def _let_in(live: Live, browser: Browser) -> Any:
    context = browser.new_context()
    page = context.new_page()
    page.goto(live.first_link)
    state = context.storage_state()
    context.close()
    return state


@pytest.fixture(scope="session")
def axe_source() -> str:
    """axe-core: `$UPPERBACK_AXE`, else from the browser packages of this checkout."""
    named = os.environ.get("UPPERBACK_AXE")
    path = Path(named) if named else ROOT / "node_modules" / "axe-core" / "axe.min.js"
    if not path.is_file():
        pytest.skip("no axe-core: run: python3 dev.py test (or set UPPERBACK_AXE)")
    return path.read_text(encoding="utf-8")


@pytest.fixture
def axe(axe_source: str) -> Callable[..., list[str]]:
    """`axe(page)`: what is wrong with the page for people who use assistive technology, as lines. Empty is good.

    `rules`: only these, by their ids; else all.
    """

    def check(page: Page, rules: list[str] | None = None) -> list[str]:
        if not page.evaluate("() => 'axe' in window"):
            page.evaluate(axe_source)
        found = page.evaluate("only => axe.run({runOnly: only})", rules or AXE_TAGS)
        return [
            f"{fault['id']}: {fault['help']}: {node['target']}"
            for fault in found["violations"]
            for node in fault["nodes"]
        ]

    return check


@pytest.fixture
def shoot() -> Callable[[Page, str], Path]:
    """`shoot(page, "start-phone-dark")`: a picture of the whole page in `test-results/shots`."""

    def take(page: Page, name: str) -> Path:
        SHOTS.mkdir(parents=True, exist_ok=True)
        path = SHOTS / f"{name}.png"
        page.screenshot(path=path, full_page=True)
        return path

    return take


def too_wide(page: Page) -> list[str]:
    """Elements that stick out to the right of the page. Empty is good."""
    found: list[str] = page.evaluate(
        """() => document.documentElement.scrollWidth <= innerWidth ? [] :
        [...document.querySelectorAll('body *')].filter(e => e.getBoundingClientRect().right > innerWidth + 1)
        .map(e => e.tagName + '.' + e.getAttribute('class')).slice(0, 5)"""
    )
    return found


def too_small(page: Page, least: int = 44) -> list[str]:
    """Visible controls that are smaller than a thumb needs. Links inside sentences do not count."""
    found: list[str] = page.evaluate(
        """least => [...document.querySelectorAll(
            'button, [role=button], a.nhsuk-button, a.help-now, a.brand, select, label.scale__step, ' +
            '.nhsuk-radios__item, .nhsuk-checkboxes__item, .site-nav a, .theme-switch label, summary')]
        .filter(e => e.checkVisibility()).map(e => [e, e.getBoundingClientRect()])
        .filter(([, r]) => r.height < least || r.width < least)
        .map(([e, r]) => `${e.tagName}.${e.getAttribute('class')} ${Math.round(r.width)}x${Math.round(r.height)}`)""",
        least,
    )
    return found
