"""How soon a guided session can be used on a middling phone, and how much script and style it takes.

    python -m tests.bench.bench_session

Chromium as a phone of 390 by 844 points whose processor is slowed down four times, as Lighthouse takes a phone of the
middle: a session is opened five times without anything kept and five times with, from asking for the page to the moment
its first key works. How long of that the server took is said beside it, and four times the work of the page's thread at
full speed: that figure stays the same on a busy machine. Then every script and style of the page is weighed, gzipped.
Goals: 1 s, 150 kB.
"""

import gzip
import os
import platform
import re
import shutil
import statistics
import sys
import tempfile
import time
from pathlib import Path
from typing import Any, Final

from playwright.sync_api import Browser, Page, sync_playwright

from tests.bench.bench_pages import Running

STATIC: Final = Path(__file__).resolve().parents[2] / "src" / "upperback" / "web" / "static"
TIMES: Final = 5
SLOWER: Final = 4
GOAL_S: Final = 1.0
GOAL_KB: Final = 150


def main() -> int:
    """Prints the figures; 1 when a goal is missed."""
    names = ("chromium", "chromium-browser", "google-chrome")
    program = os.environ.get("CHROMIUM") or next((path for name in names if (path := shutil.which(name))), None)
    if program is None:
        print("no Chromium: nothing measured")
        return 0
    print(f"{platform.processor() or platform.machine()}, {os.cpu_count()} cores, processor {SLOWER} times slower")
    with tempfile.TemporaryDirectory() as folder, sync_playwright() as playwright:
        running = Running(folder, "demo")
        arguments = ["--no-sandbox"] if hasattr(os, "geteuid") and os.geteuid() == 0 else []
        browser = playwright.chromium.launch(executable_path=program, args=arguments)
        try:
            path, state = _begun(browser, running)
            missed = False
            for what, keeps in (("nothing kept", False), ("kept", True)):
                taken = [_opened(browser, running.base, path, state, keeps=keeps) for _ in range(TIMES)]
                server, drawn, usable = (
                    statistics.median(one[name] for one in taken) for name in ("server", "drawn", "usable")
                )
                missed = missed or usable > GOAL_S
                print(
                    f"session page, {what:<12} server {server:.2f} s   drawn {drawn:.2f} s   "
                    f"first key works {usable:.2f} s   (middle of {TIMES}, goal {GOAL_S:g} s)"
                )
            work_s = statistics.median(_work_s(browser, running.base, path, state) for _ in range(TIMES))
            print(f"work of the page's thread {SLOWER} × {work_s:.2f} s = {SLOWER * work_s:.2f} s")
            if hasattr(os, "getloadavg"):
                print(f"{os.getloadavg()[0]:.0f} programs waited for {os.cpu_count()} cores in the last minute")
            kilobytes, parts = _weight(browser, running.base, path, state)
            for name, size in sorted(parts.items(), key=lambda part: -part[1]):
                print(f"    {name:<44} {size / 1000:6.1f} kB")
            print(f"script and style, gzipped {kilobytes:.0f} kB (goal {GOAL_KB} kB)")
            return int(missed or kilobytes > GOAL_KB)
        finally:
            browser.close()
            running.stop()


def _begun(browser: Browser, running: Running) -> tuple[str, Any]:
    """A session that was just begun, and the cookies of whoever did."""
    running.go_on_as()
    cookies = [{"name": one.name, "value": str(one.value), "url": running.base} for one in running.cookies]
    context = browser.new_context(base_url=running.base)
    context.add_cookies(cookies)  # type: ignore[arg-type]
    page = context.new_page()
    page.goto("/training/")
    for name in ("before_legs", "before_chest", "before_change"):
        page.locator(f"input[name={name}][value=no]").check(force=True)
    page.locator("main button[type=submit]").first.click()
    page.wait_for_url(re.compile(r"/training/[0-9a-f]{32}/"))
    path, state = page.url.removeprefix(running.base), context.storage_state()
    context.close()
    return path, state


def _phone(browser: Browser, base: str, state: Any) -> Page:
    context = browser.new_context(
        base_url=base, storage_state=state, viewport={"width": 390, "height": 844}, has_touch=True, is_mobile=True
    )
    page = context.new_page()
    context.new_cdp_session(page).send("Emulation.setCPUThrottlingRate", {"rate": SLOWER})
    return page


def _opened(browser: Browser, base: str, path: str, state: Any, *, keeps: bool) -> dict[str, float]:
    """Seconds from asking for the page until it is drawn, and until its first key starts a set."""
    page = _phone(browser, base, state)
    if keeps:
        page.goto(path)
        page.wait_for_selector("html[data-session=ready]")
        page.wait_for_function("() => navigator.serviceWorker.controller !== null")
        page.wait_for_load_state("networkidle")
    page.add_init_script(
        """
        new MutationObserver((_, observer) => {
            const key = document.querySelector('[data-stage=ready]:not([hidden]) [data-do=start]');
            if (key) {
                globalThis.usable = performance.now() / 1000;
                observer.disconnect();
            }
        }).observe(document, {subtree: true, childList: true, attributes: true, attributeFilter: ['hidden']});
        """
    )
    page.goto(path)
    page.wait_for_function("() => globalThis.usable !== undefined")
    page.locator("[data-stage=ready] [data-do=start]").click()
    page.locator("[data-stage=moving]:not([hidden])").wait_for()
    found = page.evaluate(
        """() => ({
            usable: globalThis.usable,
            server: performance.getEntriesByType('navigation')[0].responseStart / 1000,
            drawn: performance.getEntriesByName('first-contentful-paint')[0].startTime / 1000,
        })"""
    )
    page.context.close()
    return dict(found)


def _work_s(browser: Browser, base: str, path: str, state: Any) -> float:
    """Seconds that the thread of the page works until its first key works, on this processor as it is."""
    context = browser.new_context(base_url=base, storage_state=state, viewport={"width": 390, "height": 844})
    page = context.new_page()
    devtools = context.new_cdp_session(page)
    devtools.send("Performance.enable", {"timeDomain": "threadTicks"})
    page.goto(path)
    page.wait_for_selector("html[data-session=ready]")
    metrics = {one["name"]: one["value"] for one in devtools.send("Performance.getMetrics")["metrics"]}
    context.close()
    return float(metrics["TaskDuration"])


def _weight(browser: Browser, base: str, path: str, state: Any) -> tuple[float, dict[str, int]]:
    """Every script and style that the page asks for, gzipped as a server in front of us would send it."""
    page = _phone(browser, base, state)
    asked: set[str] = set()
    page.on("request", lambda request: asked.add(request.url.removeprefix(base).split("?")[0]))
    page.goto(path)
    page.wait_for_selector("html[data-session=ready]")
    time.sleep(1)
    page.context.close()
    files = {name.removeprefix("/static/") for name in asked if name.endswith((".js", ".css"))}
    files = {"js/help_worker.js" if name == "/help_worker.js" else re.sub(r"^~\w+/", "", name) for name in files}
    parts = {name: len(gzip.compress((STATIC / name).read_bytes(), 9)) for name in files}
    return sum(parts.values()) / 1000, parts


if __name__ == "__main__":
    sys.exit(main())
