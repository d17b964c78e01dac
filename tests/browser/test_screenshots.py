"""Pictures for the documentation, taken from the running app: `just screenshots`."""

import os
from pathlib import Path
from typing import Final

import pytest
from playwright.sync_api import Page

from tests.browser.conftest import PHONE, OpenPage

FOLDER: Final = os.environ.get("UPPERBACK_SCREENSHOTS")


@pytest.mark.skipif(not FOLDER, reason="pictures are only taken by `just screenshots`")
def test_screenshots_for_the_documentation(open_page: OpenPage) -> None:
    page = open_page("/people/", size=PHONE)
    page.get_by_role("button", name="Priya").click()
    taken = [picture(page, name, path) for name, path in (("today", "/today/"), ("plan", "/plan/"))]
    page.goto("/today/")
    page.get_by_role("link", name="Seated turn").first.click()
    taken += [picture(page, "exercise"), picture(page, "help", "/help/")]
    assert all(path.stat().st_size > 10_000 for path in taken)


def picture(page: Page, name: str, path: str | None = None) -> Path:
    """What a phone shows of the page at first sight."""
    if path:
        page.goto(path)
    target = Path(str(FOLDER)) / f"{name}-phone.png"
    target.parent.mkdir(parents=True, exist_ok=True)
    page.screenshot(path=target)
    return target
