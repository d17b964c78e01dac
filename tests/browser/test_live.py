"""The live page on a phone whose motion sensors are moved by the test: it lies, is put on, stands, and bends."""

import json
import re
import socket
import sqlite3
from collections.abc import Callable, Iterator
from pathlib import Path
from typing import Final

import pyarrow.parquet as pq
import pytest
from playwright.sync_api import Browser, Page, expect

from tests.browser.conftest import DESKTOP, PHONE, Live, start_live
from tests.browser.emulated_phone import SENSORS, Phone, part
from tests.browser.live_states import lines_of, now
from tests.integration.soft_phone import SoftPhone, worn
from tests.unit.services.test_counting import chunks

#: Counts those of sensors; a page that looks on has its own.
SOCKETS_ARE_KNOWN: Final = (
    "const Plain = WebSocket; window.sockets = [];"
    "window.WebSocket = class extends Plain { constructor(at, ...all) { super(at, ...all);"
    "  if (!String(at).includes('/view/')) { window.sockets.push(this); } } };"
)


@pytest.fixture
def page(browser: Browser, tmp_path_factory: pytest.TempPathFactory) -> Iterator[tuple[Page, Live]]:
    with start_live(tmp_path_factory.mktemp("live-page"), "demo=True") as started:
        context = browser.new_context(
            base_url=started.address,
            viewport={"width": PHONE[0], "height": PHONE[1]},
            permissions=["accelerometer", "gyroscope", "magnetometer"],
        )
        one = context.new_page()
        one.goto(started.first_link)
        one.goto("/people/")
        one.get_by_role("button", name="Priya").click()
        yield one, started
        context.close()


def test_a_phone_is_aligned_and_shows_a_bend(
    page: tuple[Page, Live], shoot: Callable[[Page, str], Path], axe: Callable[..., list[str]]
) -> None:
    one, _started = page
    phone = Phone.of(one)
    one.goto("/live/")
    assert not axe(one)
    shoot(one, "live-start")
    one.evaluate(
        "() => Object.assign(document.querySelector('[data-live]').dataset, {putOnS: 6, standS: 6, bendS: 20})"
    )
    one.get_by_label("Keep the plain readings").check()
    one.get_by_role("button", name="Start").click()
    expect(one.get_by_role("heading", name="Get ready")).to_be_visible(timeout=15_000)
    phone.leans(0)
    shoot(one, "live-calibrate")
    expect(part(one, "step")).to_contain_text("Bend forward", timeout=20_000)
    for _ in range(2):
        phone.bends(0, 60, 1.2)
        phone.bends(60, 0, 1.2)
    expect(one.locator("[data-stage=live]")).to_be_visible(timeout=60_000)
    phone.bends(0, 30, 1.5)
    expect(part(one, "degrees")).to_have_text(re.compile("^(28|29|30|31|32)°$"), timeout=20_000)
    expect(part(one, "lean")).to_have_text("Leaning forward")
    looks_on = one.context.new_page()
    looks_on.goto("/live/")
    expect(part(looks_on, "degrees")).to_have_text(re.compile("^(28|29|30|31|32)°$"), timeout=20_000)
    expect(looks_on.get_by_text("You can stop it there.")).to_be_visible()
    expect(looks_on.get_by_role("button", name="Stop", exact=True)).to_be_hidden()
    assert not axe(looks_on)
    shoot(looks_on, "live-looks-on")
    expect(part(one, "kept")).to_have_text("The plain readings are kept as well.")
    assert not axe(one)
    shoot(one, "live-leaning")
    one.get_by_role("button", name="Stop").click()
    expect(one.get_by_role("heading", name="Stopped")).to_be_visible()
    expect(looks_on.get_by_role("heading", name="Stopped")).to_be_visible(timeout=10_000)
    the_readings_are_kept(one, shoot, axe)


def the_readings_are_kept(one: Page, shoot: Callable[[Page, str], Path], axe: Callable[..., list[str]]) -> None:
    """As a file that can be taken along, read again, and deleted with one touch."""
    for _ in range(20):  # it is made once the line is closed
        one.goto("/live/kept/")
        if one.get_by_text("Take a copy").count():
            break
    assert not axe(one)
    shoot(one, "live-kept-one")
    with one.expect_download() as coming:
        one.get_by_text("Take a copy").click()
    table = pq.read_table(coming.value.path())
    assert len(table) > 500
    assert table.column_names[:4] == ["time_s", "acc_x", "acc_y", "acc_z"]
    one.get_by_role("button", name=re.compile("^Delete ?:")).click()
    expect(one.get_by_text("Deleted.")).to_be_visible()
    expect(one.get_by_text("Nothing is kept.")).to_be_visible()


def test_a_computer_without_sensors_says_so(page: tuple[Page, Live], shoot: Callable[[Page, str], Path]) -> None:
    one, _started = page
    one.goto("/live/")
    one.get_by_role("button", name="Start").click()
    expect(part(one, "trouble")).to_contain_text("Open this page on a phone", timeout=10_000)
    shoot(one, "live-no-sensor")
    what_is_shown_is_old_by_either_clock(one)


def what_is_shown_is_old_by_either_clock(one: Page) -> None:
    """A clock that is set changes nothing; a computer that slept shows nothing old, though one clock stood still."""
    runs = ({"running": True, "is_aligned": True}, now(24, 200))
    one.add_init_script("{ const now = Date.now; Date.now = () => now() + (window.ahead ?? 0); }")
    with lines_of(one, "/live/view/socket/") as tell:
        one.goto("/live/")
        one.evaluate("() => { const at = performance.now(); performance.now = () => at; }")
        tell(*runs)
        for hours in (-24, -1):
            one.evaluate("(ms) => { window.ahead = ms; }", hours * 3_600_000)
            one.wait_for_timeout(600)
            expect(part(one, "degrees")).to_have_text("24°")
            expect(part(one, "held")).to_have_text("In this position for 3 min")
        one.evaluate("() => { window.ahead = 600_000; }")
        expect(part(one, "lean")).to_have_text("Nothing has come for a moment")
        expect(part(one, "degrees")).to_have_text("")
        tell(now(25, 200))
        expect(part(one, "degrees")).to_have_text("25°")


def test_what_is_old_is_shown_as_old(page: tuple[Page, Live]) -> None:
    one, _started = page
    phone = Phone.of(one)
    one.goto("/live/")
    one.evaluate(
        "() => Object.assign(document.querySelector('[data-live]').dataset, {putOnS: 6, standS: 6, bendS: 15})"
    )
    one.get_by_role("button", name="Start").click()
    expect(one.get_by_role("heading", name="Get ready")).to_be_visible(timeout=15_000)
    phone.leans(0)
    expect(part(one, "step")).to_contain_text("Bend forward", timeout=20_000)
    phone.bends(0, 60, 1.2)
    phone.bends(60, 0, 1.2)
    expect(one.locator("[data-stage=live]")).to_be_visible(timeout=60_000)
    for kind in SENSORS:
        phone.devtools.send("Emulation.setSensorOverrideEnabled", {"enabled": False, "type": kind})
    expect(part(one, "lean")).to_have_text("Nothing has come for a moment", timeout=10_000)
    expect(part(one, "degrees")).to_have_text("")


def test_a_lost_line_is_opened_again_and_goes_on(page: tuple[Page, Live]) -> None:
    one, started = page
    one.add_init_script(SOCKETS_ARE_KNOWN)
    phone = Phone.of(one)
    one.goto("/live/")
    one.evaluate(
        "() => Object.assign(document.querySelector('[data-live]').dataset, {putOnS: 6, standS: 6, bendS: 20})"
    )
    one.get_by_role("button", name="Start").click()
    expect(one.get_by_role("heading", name="Get ready")).to_be_visible(timeout=15_000)
    phone.leans(0)
    expect(part(one, "step")).to_contain_text("Stand tall", timeout=20_000)
    one.evaluate("() => window.sockets.at(-1).close(3000)")
    expect(part(one, "step")).to_contain_text("Bend forward", timeout=20_000)
    phone.bends(0, 60, 1.2)
    phone.bends(60, 0, 1.2)
    one.evaluate("() => window.sockets.at(-1).close(3000)")
    phone.bends(0, 60, 1.2)
    phone.bends(60, 0, 1.2)
    expect(one.locator("[data-stage=live]")).to_be_visible(timeout=60_000)
    phone.bends(0, 30, 1.5)
    expect(part(one, "degrees")).to_have_text(re.compile("^(28|29|30|31|32)°$"), timeout=20_000)
    one.get_by_role("button", name="Stop").click()
    expect(one.get_by_role("heading", name="Stopped")).to_be_visible()
    assert one.evaluate("() => window.sockets.length") == 3
    with sqlite3.connect(f"file:{started.data}/upperback.sqlite3?mode=ro", uri=True) as database:
        ((streams,),) = database.execute("select count(*) from store_livestream").fetchall()
    assert streams == 1


# ---- two devices -------------------------------------------------------------------------------------------------


def screen_with_a_code(browser: Browser, started: Live) -> tuple[Page, list[str]]:
    """The wide screen of Priya that waits for her phone, and the links behind the codes that it has shown."""
    desk = browser.new_context(base_url=started.address, viewport={"width": DESKTOP[0], "height": DESKTOP[1]})
    screen = desk.new_page()
    screen.add_init_script(SOCKETS_ARE_KNOWN)
    screen.goto(started.first_link)
    screen.goto("/people/")
    screen.get_by_role("button", name="Priya").click()
    links: list[str] = []
    screen.on("websocket", lambda socket: socket.on("framereceived", lambda data: _links(data, links)))
    screen.goto("/live/screen/")
    expect(part(screen, "code")).to_be_visible(timeout=15_000)
    return screen, links


def test_a_phone_is_the_sensor_of_another_screen(
    browser: Browser,
    tmp_path_factory: pytest.TempPathFactory,
    monkeypatch: pytest.MonkeyPatch,
    shoot: Callable[[Page, str], Path],
    axe: Callable[..., list[str]],
) -> None:
    pytest.importorskip("segno")
    port = free_port()
    monkeypatch.setenv("UPPERBACK_PHONE_ADDRESS", f"https://127.0.0.1:{port}")
    with start_live(tmp_path_factory.mktemp("live-pair"), "demo=True", port=port) as started:
        screen, links = screen_with_a_code(browser, started)
        assert not axe(screen)
        shoot(screen, "live-screen-code")
        hand = browser.new_context(
            base_url=started.address,
            viewport={"width": PHONE[0], "height": PHONE[1]},
            permissions=["accelerometer", "gyroscope", "magnetometer"],
        )
        page = hand.new_page()
        page.add_init_script(SOCKETS_ARE_KNOWN)
        phone = Phone.of(page)
        page.goto(links[-1].replace("https:", "http:"))  # this machine's own address is safe without a seal
        expect(part(page, "number")).to_have_text(re.compile(r"^\d{3} \d{3}$"), timeout=15_000)
        assert part(page, "number").inner_text() == part(screen, "number").inner_text()
        assert "#" not in page.url
        assert not axe(page)
        shoot(page, "live-phone-compare")
        shoot(screen, "live-screen-compare")
        page.evaluate(
            "() => Object.assign(document.querySelector('[data-live]').dataset, {putOnS: 6, standS: 6, bendS: 20})"
        )
        page.get_by_role("button", name="Yes").click()
        expect(page.get_by_role("heading", name="Now the other screen")).to_be_visible(timeout=10_000)
        expect(part(screen, "says")).to_have_text("The phone has said yes.")
        screen.get_by_role("button", name="Yes").click()
        expect(screen.get_by_role("heading", name="Get ready")).to_be_visible(timeout=15_000)
        phone.leans(0)
        expect(part(screen, "step")).to_contain_text("Bend forward", timeout=20_000)
        for _ in range(2):
            phone.bends(0, 60, 1.2)
            phone.bends(60, 0, 1.2)
        for one in (page, screen):
            expect(one.locator("[data-stage=live]")).to_be_visible(timeout=60_000)
        phone.bends(0, 30, 1.5)
        for one in (page, screen):
            expect(part(one, "degrees")).to_have_text(re.compile("^(28|29|30|31|32)°$"), timeout=20_000)
        expect(part(page, "watched")).to_contain_text("Your other screen shows this")
        hand.set_offline(True)
        page.evaluate("() => window.sockets.at(-1).close(3000)")
        for one in (page, screen):
            expect(part(one, "lean")).to_have_text(
                "The line is lost. It goes on by itself when it is back.", timeout=20_000
            )
        shoot(page, "live-phone-away")
        hand.set_offline(False)
        for one in (page, screen):
            expect(part(one, "degrees")).to_have_text(re.compile("°$"), timeout=20_000)
        screen.context.set_offline(True)
        screen.evaluate("() => window.sockets.at(-1).close(3000)")
        expect(part(screen, "lean")).to_have_text(
            "The line is lost. It goes on by itself when it is back.", timeout=20_000
        )
        expect(part(page, "watched")).to_contain_text("This phone goes on by itself.")
        screen.context.set_offline(False)
        expect(part(screen, "degrees")).to_have_text(re.compile("°$"), timeout=20_000)
        assert not axe(screen)
        shoot(screen, "live-screen-leaning")
        shoot(page, "live-phone-leaning")
        assert hand.cookies() == []
        screen.get_by_role("button", name="Stop").click()
        expect(part(page, "trouble")).to_have_text("Stopped on the other screen.", timeout=10_000)
        expect(screen.get_by_role("heading", name="Stopped")).to_be_visible()
        expect(part(screen, "end")).to_have_text("What was measured is kept with your day.")
        hand.close()
        screen.context.close()


def _links(data: str | bytes, links: list[str]) -> None:
    """The link behind the code."""
    told = json.loads(data)
    if "offer" in told:
        links.append(told["offer"]["link"])


def free_port() -> int:
    with socket.socket() as listener:
        listener.bind(("127.0.0.1", 0))
        return int(listener.getsockname()[1])


def test_a_set_is_counted_in_a_session_by_the_phone_that_is_worn(
    browser: Browser,
    tmp_path_factory: pytest.TempPathFactory,
    tmp_path: Path,
    monkeypatch: pytest.MonkeyPatch,
    shoot: Callable[[Page, str], Path],
    axe: Callable[..., list[str]],
) -> None:
    pytest.importorskip("segno")
    port = free_port()
    monkeypatch.setenv("UPPERBACK_PHONE_ADDRESS", f"https://127.0.0.1:{port}")
    with start_live(tmp_path_factory.mktemp("live-count"), "demo=True", port=port) as started:
        screen, links = screen_with_a_code(browser, started)
        with worn(SoftPhone(links[-1])) as phone:
            expect(part(screen, "number")).to_have_text(re.compile(r"^\d{3} \d{3}$"), timeout=15_000)
            screen.get_by_role("button", name="Yes").click()
            expect(screen.get_by_role("heading", name="Get ready")).to_be_visible(timeout=15_000)

            screen.goto("/training/movement/")
            for question in ("before_legs", "before_chest", "before_change"):
                screen.locator(f"input[name={question}][value=no]").check(force=True)
            screen.locator("main button[type=submit]").first.click()
            screen.wait_for_selector("html[data-session=ready]")
            items = json.loads(str(screen.locator("#training-data").text_content()))["items"]
            place = next(at for at, item in enumerate(items) if item["sensor"])
            for _ in range(place):
                screen.get_by_text("Leave out or end").click()
                screen.get_by_role("button", name="Leave this exercise out").click()
                screen.get_by_role("button", name="Save and go on").click()
            item = items[place]
            screen.get_by_text("Voice, vibration and counting").click()
            screen.locator("input[name=counting][value=sensor]").check(force=True)
            expect(screen.locator("[data-says=sensor]")).to_have_text(re.compile("Your phone counts"), timeout=10_000)
            shoot(screen, "session-sensor-chosen")
            screen.locator("[data-do=start]:visible").click()
            expect(screen.locator("[data-stage=moving]")).to_be_visible()
            sides = sum(phase["do"] == "move" for phase in item["pace"])  # both are one repetition
            phone.moves(chunks(tmp_path, item["exercise"], sides * item["reps"]))
            expect(screen.locator("[data-count]")).to_have_text("3", timeout=60_000)
            screen.context.set_offline(True)
            screen.evaluate("() => window.sockets.at(-1).close(3000)")
            says = screen.locator("[data-says=sensor]")
            # A browser without a connection may wait some seconds for the other side to close as well.
            expect(says).to_contain_text("The line to the phone is lost. It counts on by itself", timeout=20_000)
            screen.context.set_offline(False)
            expect(says).to_have_text(re.compile("Your phone counts"), timeout=10_000)
            assert not axe(screen)
            shoot(screen, "session-sensor-counts")
            expect(screen.locator("[data-sets] li").first).to_contain_text(f"{item['reps']}", timeout=60_000)
            screen.wait_for_function("() => localStorage.getItem('upperback.waits') === null")
            with sqlite3.connect(f"file:{next(started.data.rglob('*.sqlite3'))}?mode=ro", uri=True) as base:
                rows = [
                    json.loads(row[0])
                    for row in base.execute("SELECT data FROM store_diaryentry WHERE kind = 'set_done'")
                ]
            mine = [row for row in rows if row["counted_by"] == "sensor"]
            assert [(row["exercise"], row["reps"]) for row in mine] == [(item["exercise"], item["reps"])]
            phone.moves(None)
            gone = "The phone is gone. Tap for each one."
            expect(screen.locator("[data-says=sensor]")).to_have_text(gone, timeout=10_000)
        screen.context.close()
