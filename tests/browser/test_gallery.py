"""Pictures of every page in every state, for whoever looks after the look: `just gallery`.

They land in `$UPPERBACK_GALLERY`, one folder per way of seeing (`phone-light`, `print`, ...), with contact sheets.
"""

import itertools
import os
import shutil
import subprocess
from pathlib import Path
from typing import Final

import pytest
from playwright.sync_api import Browser, Page

from tests.browser import tour
from tests.browser.conftest import DESKTOP, PHONE, SMALL_PHONE, Live, Scheme, start_live

FOLDER: Final = os.environ.get("UPPERBACK_GALLERY")
ONLY: Final = os.environ.get("UPPERBACK_GALLERY_ONLY", "")  # names that contain this
WAYS: Final[dict[str, tuple[tuple[int, int], Scheme]]] = {
    "phone-light": (PHONE, "light"),
    "phone-dark": (PHONE, "dark"),
    "small-light": (SMALL_PHONE, "light"),
    "small-dark": (SMALL_PHONE, "dark"),
    "desktop-light": (DESKTOP, "light"),
    "desktop-dark": (DESKTOP, "dark"),
}
PRINTED: Final = ("result", "plan", "exercise-", "help", "today", "check-answers")
ON_A_SHEET: Final = 12
SHEET: Final = """<!doctype html><style>body{margin:16px;background:#777;font:14px sans-serif;display:flex;
flex-wrap:wrap;gap:16px;align-items:flex-start}figure{margin:0}figcaption{color:#fff}img{width:280px;display:block}</style>"""

pytestmark = pytest.mark.skipif(not FOLDER, reason="pictures are only taken by `just gallery`")


def test_gallery_of_somebody_new(
    browser: Browser, tmp_path_factory: pytest.TempPathFactory, live_arguments: str
) -> None:
    with start_live(tmp_path_factory.mktemp("gallery"), "demo=False") as started:
        page = _page(browser, started)
        for name in itertools.chain(tour.with_an_empty_start(page), tour.with_others(page)):
            shoot(page, name)
        for name in tour.with_the_database_locked(page, started.data):
            shoot(page, name)
        page.context.close()
        stranger = browser.new_page(base_url=started.address)
        stranger.goto("/")
        shoot(stranger, "error-closed")
        stranger.goto(started.first_link)
        shoot(stranger, "error-link-used")
        stranger.close()


def test_gallery_of_invented_people(browser: Browser, live: Live) -> None:
    page = _page(browser, live)
    for name in tour.with_invented_people(page):
        shoot(page, name)
    page.context.close()


def test_contact_sheets(browser: Browser) -> None:
    """Twelve pictures side by side, in the order they were taken."""
    for way in (*WAYS, "print"):
        taken = sorted((Path(str(FOLDER)) / way).glob("*.png"), key=lambda file: file.stat().st_mtime_ns)
        for start in range(0, len(taken), ON_A_SHEET):
            page = browser.new_page(viewport={"width": 6 * 296 + 32, "height": 600})
            sheet = Path(str(FOLDER)) / f"sheet-{way}-{start // ON_A_SHEET + 1:02}"
            figures = [
                f"<figure><figcaption>{file.stem}</figcaption><img src='{file.as_uri()}'></figure>"
                for file in taken[start : start + ON_A_SHEET]
            ]
            sheet.with_suffix(".html").write_text(SHEET + "".join(figures), encoding="utf-8")
            page.goto(sheet.with_suffix(".html").as_uri())
            page.screenshot(path=sheet.with_suffix(".png"), full_page=True)
            page.close()


def _page(browser: Browser, started: Live) -> Page:
    page = browser.new_context(base_url=started.address, reduced_motion="no-preference").new_page()
    page.set_viewport_size({"width": PHONE[0], "height": PHONE[1]})
    page.goto(started.first_link)
    return page


def shoot(page: Page, name: str) -> None:
    """The page as it stands, in every way of seeing it."""
    if ONLY not in name:
        return
    page.evaluate("() => scrollTo(0, 0)")
    for way, (size, scheme) in WAYS.items():
        page.set_viewport_size({"width": size[0], "height": size[1]})
        page.emulate_media(color_scheme=scheme)
        page.screenshot(path=_path(way, name), full_page=True)
    page.set_viewport_size({"width": PHONE[0], "height": PHONE[1]})
    page.emulate_media(color_scheme="light", reduced_motion="no-preference")
    if any(part in name for part in PRINTED):
        _print(page, name)


def _print(page: Page, name: str) -> None:
    paper = _path("print", name).with_suffix(".pdf")
    page.pdf(path=paper, format="A4", margin={"top": "15mm", "bottom": "15mm", "left": "15mm", "right": "15mm"})
    if drawer := shutil.which("pdftoppm"):
        subprocess.run([drawer, "-r", "60", "-png", str(paper), str(paper.with_suffix(""))], check=True)


def _path(way: str, name: str) -> Path:
    folder = Path(str(FOLDER)) / way
    folder.mkdir(parents=True, exist_ok=True)
    return folder / f"{name}.png"
