"""What the page of a worn phone costs the phone: share of a core, script, memory.

    python -m tests.bench.bench_phone [seconds]

A phone is emulated in headless Chromium: its sensors are set by the browser's own protocol, sixty readings a second. It
is aligned, worn and moves; then the work of the page's process is measured, as fast as this machine is and slowed down
four times. `seconds`: 20 unless given; 3600 is the hour that a phone is worn, told every ten minutes, and slowed down
it is a minute of it. Drawing is done by software here, in another process, and not counted.
Goals: 3 % of a core as fast as this machine is, 60 kB of script, memory that does not grow.
"""

import os
import platform
import shutil
import sys
import tempfile
import time
from pathlib import Path
from typing import Any, Final

from playwright.sync_api import Browser, CDPSession, Page, sync_playwright

from tests.browser.conftest import PHONE, start_live
from tests.browser.emulated_phone import Phone, part

_WEARS: Final = "() => Object.assign(document.querySelector('[data-live]').dataset, {putOnS: 6, standS: 6, bendS: 20})"
_PART_S: Final = 600.0
_PART_SLOWED_S: Final = 60.0
_PERMISSIONS: Final = ["accelerometer", "gyroscope", "magnetometer"]
_SCRIPT: Final = """async () => {
  const names = performance.getEntriesByType('resource').map((one) => one.name).filter((name) => name.includes('.js'));
  const sizes = await Promise.all(names.map(async (name) => (await (await fetch(name)).arrayBuffer()).byteLength));
  return names.map((name, at) => [new URL(name).pathname, sizes[at]]);
}"""


def wear(page: Page) -> Phone:
    """From the start of the page to the trunk as it is now."""
    phone = Phone.of(page)
    page.goto("/live/")
    page.evaluate(_WEARS)
    page.get_by_role("button", name="Start").click()
    page.get_by_role("heading", name="Get ready").wait_for(timeout=30_000)
    phone.leans(0)
    part(page, "step").filter(has_text="Bend forward").wait_for(timeout=30_000)
    for _ in range(2):
        phone.bends(0, 60, 1.2)
        phone.bends(60, 0, 1.2)
    page.locator("[data-stage=live]").wait_for(timeout=60_000, state="visible")
    return phone


def work(page: Page, phone: Phone, metrics: CDPSession, seconds: float) -> dict[str, float]:
    """Shares of a core while the wearer leans to and fro, and of the time with degrees to see; megabytes of objects."""
    before, began = _counted(metrics), time.monotonic()
    lean, looks, seen = 0, 0, 0
    while time.monotonic() - began < seconds:
        lean = 20 - lean
        phone.leans(lean)
        page.wait_for_timeout(2000)
        looks, seen = looks + 1, seen + part(page, "degrees").inner_text().endswith("°")
    after, took_s = _counted(metrics), time.monotonic() - began
    found = {name: (after[name] - before[name]) / took_s for name in ("TaskDuration", "ScriptDuration")}
    metrics.send("HeapProfiler.collectGarbage")
    return found | {"heap_mb": _counted(metrics)["JSHeapUsedSize"] / 1e6, "took_s": took_s, "seen": seen / looks}


def _counted(metrics: CDPSession) -> dict[str, float]:
    return {one["name"]: one["value"] for one in metrics.send("Performance.getMetrics")["metrics"]}


def scripts(page: Page) -> None:
    """How much script the page loads, uncompressed."""
    sizes: list[list[Any]] = page.evaluate(_SCRIPT)
    for name, size in sorted(sizes, key=lambda one: -one[1]):
        print(f"  {size / 1000:6.1f} kB  {name}")
    print(f"script: {sum(size for _, size in sizes) / 1000:.1f} kB in {len(sizes)} files (goal: 60 kB)")


def measure(browser: Browser, address: str, first_link: str, seconds: float) -> None:
    """One phone."""
    context = browser.new_context(
        base_url=address, viewport={"width": PHONE[0], "height": PHONE[1]}, permissions=_PERMISSIONS
    )
    page = context.new_page()
    page.goto(first_link)
    page.goto("/people/")
    page.get_by_role("button", name="Priya").click()
    phone = wear(page)
    scripts(page)
    metrics = context.new_cdp_session(page)
    metrics.send("Performance.enable", {"timeDomain": "threadTicks"})
    for slower in (1, 4):
        metrics.send("Emulation.setCPUThrottlingRate", {"rate": slower})
        left_s = seconds if slower == 1 else min(seconds, _PART_SLOWED_S)
        while left_s > 0:
            found = work(page, phone, metrics, min(left_s, _PART_S))
            left_s -= _PART_S
            speed = "as fast as this machine" if slower == 1 else f"slowed down {slower} times"
            print(
                f"{speed}: {found['TaskDuration']:.1%} of a core, {found['ScriptDuration']:.1%} of it script, over "
                f"{found['took_s']:.0f} s; {found['heap_mb']:.1f} MB of objects; "
                f"degrees at {found['seen']:.1%} of looks",
                flush=True,
            )
    shown = part(page, "degrees").inner_text()
    print(f"still measuring at the end: {shown}")
    context.close()


def main(seconds: float) -> None:
    """Prints the figures, with the machine."""
    chromium = os.environ.get("CHROMIUM") or shutil.which("chromium") or shutil.which("google-chrome")
    print(f"{platform.platform()}, {os.cpu_count()} processors, load {os.getloadavg()[0]:.1f}")
    with (
        tempfile.TemporaryDirectory(prefix="upperback-") as folder,
        start_live(Path(folder), "demo=True") as started,
        sync_playwright() as playwright,
    ):
        arguments = ["--no-sandbox"] if os.geteuid() == 0 else []
        browser = playwright.chromium.launch(executable_path=chromium, args=arguments)
        measure(browser, started.address, started.first_link, seconds)
        browser.close()


if __name__ == "__main__":
    main(float(sys.argv[1]) if len(sys.argv) > 1 else 20.0)
