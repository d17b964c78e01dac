"""Every static page and every component: fits a small phone, in light and dark, clean for assistive technology."""

import subprocess
import sys
from collections.abc import Callable
from pathlib import Path

import pytest
from playwright.sync_api import Browser, Page, expect

from tests.browser.conftest import DESKTOP, PHONE, SMALL_PHONE, Live, OpenPage, Scheme, start_live, too_small, too_wide

PAGES = ["/", "/about/", "/help/", "/styleguide/", "/nothing-here/"]
SCHEMES: tuple[Scheme, ...] = ("light", "dark")
SIZES = {"small": SMALL_PHONE, "phone": PHONE, "desktop": DESKTOP}


@pytest.mark.parametrize("path", PAGES)
def test_page_fits_and_is_clean(
    open_page: OpenPage, axe: Callable[..., list[str]], shoot: Callable[[Page, str], Path], path: str
) -> None:
    """On screens of each size, in both colours: of what axe looks at, nothing but contrast hangs on the colours."""
    page = open_page(path)
    for size, (width, height) in SIZES.items():
        page.set_viewport_size({"width": width, "height": height})
        for scheme in SCHEMES:
            page.emulate_media(color_scheme=scheme)
            shoot(page, f"{path.strip('/') or 'start'}-{size}-{scheme}")
            assert axe(page, rules=["color-contrast"] if scheme == "dark" else None) == []
        page.emulate_media(color_scheme="light")
        assert too_wide(page) == []
        assert too_small(page) == []
        assert page.locator("h1").count() == 1
        box = page.locator(".help-now").bounding_box()
        assert box is not None
        assert box["x"] + box["width"] > width / 2, "help stands in the right-hand corner"


def test_help_needs_no_script_and_no_cookie(open_page: OpenPage) -> None:
    page = open_page("/help/", script=False, let_in=False)
    expect(page.get_by_role("link", name="Call 999").first).to_have_attribute("href", "tel:999")
    expect(page.get_by_role("link", name="Call 111", exact=True)).to_have_attribute("href", "tel:111")
    expect(page.get_by_role("link", name="option 2")).to_have_attribute("href", "tel:111")
    expect(page.get_by_text("Nobody is watching this page")).to_be_visible()


def test_every_page_leads_to_help_by_keyboard(open_page: OpenPage) -> None:
    page = open_page("/about/", size=DESKTOP)
    names = []
    for _ in range(3):
        page.keyboard.press("Tab")
        names.append(page.evaluate("document.activeElement.innerText.trim()"))
    assert names == ["Skip to main content", "Upperback", "Help now"]
    page.keyboard.press("Enter")
    expect(page.get_by_role("heading", level=1)).to_have_text("Help now")


def test_browser_without_link_is_told_how_to_come_in(open_page: OpenPage, axe: Callable[[Page], list[str]]) -> None:
    page = open_page("/", let_in=False)
    expect(page.get_by_role("heading", level=1)).to_have_text("Open the link from your terminal")
    assert axe(page) == []


def test_link_works_once(open_page: OpenPage, live: Live) -> None:
    open_page("/")  # uses the first link
    page = open_page(live.first_link, let_in=False)
    expect(page.get_by_role("heading", level=1)).to_have_text("This link no longer works")


def test_theme_is_kept(open_page: OpenPage) -> None:
    page = open_page("/", scheme="light", size=DESKTOP)
    page.get_by_label("Dark").check()
    page.goto("/about/")
    assert page.evaluate("getComputedStyle(document.body).backgroundColor") == "rgb(18, 24, 29)"
    expect(page.get_by_label("Dark")).to_be_checked()
    page.get_by_label("As my device").check()
    assert page.evaluate("getComputedStyle(document.body).backgroundColor") == "rgb(251, 250, 247)"


def test_picture_of_the_back_ticks_boxes_without_script(open_page: OpenPage) -> None:
    page = open_page("/styleguide/", script=False, size=DESKTOP)
    box = page.locator("#site-neck")
    expect(box).not_to_be_checked()
    page.locator(".spot--neck").click()
    expect(box).to_be_checked()


def test_none_of_these_rules_the_others_out(open_page: OpenPage) -> None:
    page = open_page("/styleguide/", size=DESKTOP)
    expect(
        page.locator("[data-nhsuk-checkboxes-init]").first
    ).to_be_attached()  # polling by script is against the policy
    expect(page.get_by_label("Losing weight without trying")).to_be_checked()
    unsure = page.locator("input[name=general][value=not_sure]")
    unsure.check()  # about the rest: what is ticked stays
    expect(page.get_by_label("Losing weight without trying")).to_be_checked()
    page.get_by_label("None of these").check()
    expect(page.get_by_label("Losing weight without trying")).not_to_be_checked()
    expect(unsure).not_to_be_checked()


def test_scale_is_one_stop_and_moves_by_arrows(open_page: OpenPage) -> None:
    page = open_page("/styleguide/", size=SMALL_PHONE)
    page.locator("#pain-4").focus()
    page.keyboard.press("ArrowRight")
    expect(page.locator("#pain-5")).to_be_checked()


def test_error_summary_takes_the_focus(open_page: OpenPage) -> None:
    page = open_page("/styleguide/")
    expect(page.locator(".nhsuk-error-summary").last).to_be_focused()


def test_high_contrast_mode_keeps_shapes_and_controls(open_page: OpenPage, shoot: Callable[[Page, str], Path]) -> None:
    page = open_page("/styleguide/", forced_colors="active")
    shoot(page, "styleguide-forced-colors")
    assert page.evaluate("getComputedStyle(document.querySelector('.nhsuk-button')).borderTopWidth") == "2px"


def test_print_leaves_out_what_paper_cannot_do(open_page: OpenPage, shoot: Callable[[Page, str], Path]) -> None:
    page = open_page("/help/", size=DESKTOP)
    page.emulate_media(media="print")
    shoot(page, "help-print")
    assert not page.locator(".site-header").is_visible()
    assert page.get_by_text("Call 999", exact=True).first.is_visible()


def test_help_opens_when_the_process_is_gone(
    chromium: str, browser: Browser, tmp_path_factory: pytest.TempPathFactory, axe: Callable[[Page], list[str]]
) -> None:
    """The browser keeps the help page; any other page says that Upperback is not running, and whom to call."""
    with start_live(tmp_path_factory.mktemp("gone"), "demo=False") as live:
        page = browser.new_page(viewport={"width": PHONE[0], "height": PHONE[1]})
        page.goto(live.first_link)
        page.evaluate("navigator.serviceWorker.ready.then(() => true)")
        kept = page.evaluate(
            """async () => {
              const caches_ = await Promise.all((await caches.keys()).map((name) => caches.open(name)));
              const requests = await Promise.all(caches_.map((one) => one.keys()));
              return requests.flat().map((one) => one.url);
            }"""
        )
    # Empty frames of a session and of a plan are kept as well: nobody's data is in them.
    public = ("/help/", "/static/", "/training/shell/", "/plan/shell/", "/learn/book/", "/app.webmanifest")
    assert not [address for address in kept if not any(part in address for part in public)]
    page.goto(f"{live.address}/help/")
    expect(page.get_by_role("link", name="Call 999").first).to_be_visible()
    assert page.evaluate("getComputedStyle(document.querySelector('.site-header')).position") == "sticky", (
        "with its look"
    )
    assert axe(page) == []
    page.goto(f"{live.address}/about/")
    expect(page.get_by_role("heading", level=1)).to_have_text("Upperback is not running")
    expect(page.get_by_role("link", name="Call 999").first).to_be_visible()
    page.close()


def test_a_new_link_leads_to_where_the_app_of_that_folder_listens(open_page: OpenPage, live: Live) -> None:
    made = subprocess.run(
        [sys.executable, "-m", "upperback.cli", "link", "--data", str(live.data)],
        capture_output=True, text=True, check=True,
    )  # fmt: skip
    assert made.stdout.startswith(f"{live.address}/open/")
    page = open_page("/people/", let_in=False)
    expect(page.get_by_role("button", name="Priya")).to_have_count(0)
    page.goto(made.stdout.strip())
    page.goto("/people/")
    expect(page.get_by_role("button", name="Priya")).to_be_visible()
