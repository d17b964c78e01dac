"""A guided session with its script: cut off, reloaded, by keyboard, on two devices; nothing is lost or doubled."""

import itertools
import json
import sqlite3
import uuid
from collections import Counter
from collections.abc import Callable, Iterator
from contextlib import contextmanager, suppress
from random import Random
from typing import Any

import pytest
from playwright.sync_api import Error as PlaywrightError
from playwright.sync_api import Page, Route

from tests.browser.conftest import PHONE, SMALL_PHONE, Live, OpenPage, too_small, too_wide

Axe = Callable[..., list[str]]
READY = "html[data-session=ready]"
#: More than three seconds of getting ready and eight repetitions of any tempo.
A_SET_MS = 130_000


@pytest.fixture(autouse=True)
def nothing_done_yet(live: Live) -> None:
    """Each test begins on a day on which nobody has done or told anything: strength has its days of rest."""
    with _base(live, "rw") as base:
        for table in ("store_exercisestep", "store_diaryentry"):
            base.execute(f"DELETE FROM {table}")


@contextmanager
def _base(live: Live, mode: str) -> Iterator[sqlite3.Connection]:
    base = sqlite3.connect(f"file:{next(live.data.rglob('*.sqlite3'))}?mode={mode}", uri=True, timeout=20)
    try:
        with base:
            yield base
    finally:
        base.close()


@pytest.fixture
def session(open_page: OpenPage) -> Page:
    """Priya's strength session, just begun, at a clock that stands still until it is told to go."""
    page = open_page("/people/")
    page.clock.install()
    begin(page)
    return page


def begin(page: Page) -> None:
    page.goto("/people/")
    page.get_by_role("button", name="Priya").click()
    page.wait_for_url("**/today/")
    page.goto("/training/")
    for question in ("before_legs", "before_chest", "before_change"):
        page.locator(f"input[name={question}][value=no]").check(force=True)
    page.locator("main button[type=submit]").first.click()
    page.wait_for_selector(READY)


def press(page: Page, name: str) -> None:
    page.get_by_role("button", name=name, exact=True).click()


def leave_or_end(page: Page, name: str) -> None:
    """Two taps: nobody ends a session by accident."""
    if not page.get_by_role("button", name=name, exact=True).is_visible():
        page.get_by_text("Leave out or end").click()
    press(page, name)


def stage(page: Page) -> str:
    return str(page.locator("[data-stage]:not([hidden])").first.get_attribute("data-stage"))


def at(page: Page, name: str) -> None:
    """Waits for a stage."""
    page.locator(f"[data-stage={name}]:not([hidden])").first.wait_for()


def start_a_set(page: Page) -> None:
    """Until the tempo has begun to lead."""
    page.locator("[data-do=start]:visible").click()
    at(page, "moving")
    page.locator("[data-phase]:not(:empty)").wait_for()


def do_a_set(page: Page, number: int) -> None:
    """In step with the tempo, to its end."""
    start_a_set(page)
    page.clock.run_for(A_SET_MS)
    page.locator(f"[data-stage=rest]:visible, [data-stage=felt]:visible, :text('Set {number + 1} of')").first.wait_for()


def do_an_exercise(page: Page) -> None:
    at(page, "ready")
    sets = int(page.locator("[data-set-words]").inner_text().split()[-1])
    for number in range(1, sets + 1):
        do_a_set(page, number)
    at(page, "felt")
    page.locator("#player-worst-2").check(force=True)
    page.locator("#player-effort-7").check(force=True)
    press(page, "Save and go on")
    page.locator("[data-stage=ready]:visible, [data-stage=last]:visible").wait_for()


def written(live: Live, page: Page) -> list[tuple[str, dict[str, Any]]]:
    """What the server has of this session, in order."""
    session = page.url.split("/training/")[1].split("/")[0]
    with _base(live, "ro") as base:
        rows = base.execute("SELECT kind, data FROM store_diaryentry ORDER BY id").fetchall()
    found = [(str(kind), json.loads(data)) for kind, data in rows]
    return [(kind, data) for kind, data in found if data.get("session") == session or kind == "undone"]


def sets(live: Live, page: Page) -> list[tuple[str, int, int]]:
    return [
        (data["exercise"], data["number"], data["reps"]) for kind, data in written(live, page) if kind == "set_done"
    ]


def connected(page: Page) -> None:
    """Online again, and everything that waited has gone."""
    page.context.set_offline(False)
    page.evaluate("() => dispatchEvent(new Event('online'))")
    page.wait_for_function("() => localStorage.getItem('upperback.waits') === null")


def test_a_whole_session_cut_off_in_the_middle_and_reloaded(session: Page, live: Live) -> None:
    page, context = session, session.context
    at(page, "ready")
    do_a_set(page, 1)
    at(page, "rest")
    page.wait_for_function("() => navigator.serviceWorker.controller !== null")
    page.wait_for_function(
        "async () => (await (await caches.open('upperback-exercises')).keys()).length >= 3", timeout=20_000
    )
    sent(page)
    context.set_offline(True)
    page.clock.run_for(61_000)
    assert "Rest is over" in page.locator("[data-rest-words]").inner_text()
    do_a_set(page, 2)
    at(page, "rest")
    assert "No connection" in page.locator("[data-net]").inner_text()
    assert len(sets(live, page)) == 1
    page.reload()  # the phone was closed
    page.wait_for_selector(READY)
    at(page, "rest")
    assert page.locator("[data-sets] li").count() == 2
    assert page.locator("[data-figure] svg").count() > 0
    title = page.locator("h1").inner_text()
    do_a_set(page, 3)
    at(page, "felt")
    page.locator("#player-worst-1").check(force=True)
    press(page, "Save and go on")
    at(page, "ready")
    assert page.locator("h1").inner_text() != title
    connected(page)
    assert [number for _, number, _ in sets(live, page)] == [1, 2, 3]
    page.reload()
    page.wait_for_selector(READY)
    while stage(page) == "ready":
        do_an_exercise(page)
    press(page, "Finish the session")
    at(page, "over")
    page.get_by_text("Everything is saved.").wait_for()
    kinds = [kind for kind, _ in written(live, page)]
    assert kinds.count("session_ended") == 1
    assert kinds.count("exercise_ended") == 3
    done = sets(live, page)
    assert len(done) == len({(exercise, number) for exercise, number, _ in done}) == 9
    assert all(reps == 8 for *_, reps in done)


def test_on_a_low_screen_the_next_key_stands_whole_between_the_bars(session: Page) -> None:
    page = session
    page.set_viewport_size({"width": 360, "height": 640})

    def is_whole(key: str) -> bool:
        box = page.locator(key).bounding_box()
        above = page.locator(".site-header, header").first.bounding_box()
        below = page.locator(".player__wrong").bounding_box()
        assert box
        assert above
        assert below
        return above["y"] + above["height"] <= box["y"] and box["y"] + box["height"] <= below["y"]

    at(page, "ready")
    assert is_whole("[data-stage=ready] [data-do=start]")
    start_a_set(page)
    assert is_whole("[data-stage=moving] [data-do=pause]")
    assert is_whole("[data-stage=moving] [data-do=set-done]")
    press(page, "Pause")
    assert is_whole("[data-do=go-on]")
    page.context.set_offline(True)
    page.locator("[data-stage=paused] [data-do=set-done]").click()
    at(page, "rest")
    page.get_by_text("No connection").wait_for()
    assert is_whole("[data-start-next]")
    page.locator("[data-start-next]").press("Enter")
    at(page, "moving")
    assert is_whole("[data-stage=moving] [data-do=pause]")


def test_by_keyboard_alone(session: Page, live: Live) -> None:
    """Enter and Space lead through an exercise; the key that is next has the focus."""
    page = session
    keys = page.keyboard
    page.locator("[data-stage=ready] [data-do=start]").focus()
    for number in (1, 2, 3):
        keys.press("Enter")  # start the set
        at(page, "moving")
        assert page.evaluate("() => document.activeElement.dataset.do") == "pause"
        keys.press("Enter")
        at(page, "paused")
        keys.press("Enter")
        at(page, "moving")
        page.locator("[data-phase]:not(:empty)").wait_for()
        page.clock.run_for(A_SET_MS)
        at(page, "rest" if number < 3 else "felt")
    assert page.evaluate("() => document.activeElement === document.querySelector('h1')")
    tab_to(page, "[name=worst_pain]")
    keys.press("ArrowRight")  # from 0, the first, to 1
    tab_to(page, "[data-felt] button[type=submit]")
    keys.press("Enter")
    at(page, "ready")
    page.wait_for_function("() => localStorage.getItem('upperback.waits') === null")
    assert [reps for *_, reps in sets(live, page)] == [8, 8, 8]
    tab_to(page, "[data-do=wrong]")
    keys.press("Enter")
    at(page, "wrong")
    tab_to(page, "[data-do=not-wrong]")
    keys.press("Enter")
    at(page, "ready")


def tab_to(page: Page, selector: str) -> None:
    for _ in range(60):
        page.keyboard.press("Tab")
        if page.evaluate("s => document.activeElement.matches(s)", selector):
            return
    raise AssertionError(f"no way by Tab to {selector}")


def test_counted_by_tap_corrected_and_taken_back(session: Page, live: Live) -> None:
    page = session
    page.get_by_text("Voice, vibration and counting").click()
    page.get_by_label("I tap for each one").check(force=True)
    page.locator("[data-do=start]:visible").click()
    for _ in range(5):
        press(page, "Count one")
    press(page, "Set done")
    at(page, "rest")
    press(page, "One more in set 1")
    page.get_by_text("Set 1: 6").wait_for()
    press(page, "One more in set 1")
    page.get_by_text("Set 1: 7").wait_for()
    press(page, "Take back set 1")
    at(page, "ready")
    page.get_by_text("Set 1 of 3").wait_for()
    page.wait_for_function("() => localStorage.getItem('upperback.waits') === null")
    assert [kind for kind, _ in written(live, page)][-1] == "undone"
    assert [reps for *_, reps in sets(live, page)] == [5, 6, 7]


def test_rest_is_timed_said_and_changed(session: Page) -> None:
    page = session
    page.locator("[data-do=start]:visible").click()
    page.locator("[data-stage=moving] [data-do=set-done]").click()
    at(page, "rest")
    assert "Rest, 60 seconds. Next: set 2 of 3" in page.locator("[data-say]").inner_text()
    press(page, "+ 15 s of rest")
    assert int(page.locator("[data-rest]").inner_text()) in range(70, 76)
    page.clock.run_for(30_000)
    press(page, "− 15 s of rest")
    assert int(page.locator("[data-rest]").inner_text()) in range(25, 32)
    page.clock.run_for(40_000)
    assert page.locator("[data-rest]").inner_text() == "0"
    assert "Rest is over. Next: set 2 of 3" in page.locator("[data-say]").inner_text()
    assert page.locator("[data-start-next]").inner_text() == "Start set 2"
    page.clock.run_for(20_000)
    assert page.locator("[data-say]").inner_text() == ""  # nobody who reads on hears of a rest that is long over


def test_pain_has_a_light_in_words_and_red_offers_to_leave_the_exercise(session: Page, live: Live) -> None:
    page = session
    page.locator("[data-do=start]:visible").click()
    page.locator("[data-stage=moving] [data-do=set-done]").click()
    at(page, "rest")
    page.get_by_text("Does it hurt?").click()
    for pain, words in (("2", "Green"), ("5", "Amber"), ("7", "Red")):
        page.locator(f"#player-during-{pain}").check(force=True)
        assert words in page.locator("[data-lights]").inner_text()
        assert page.locator("[data-light]:not([hidden]) svg").count() == 1
    press(page, "Leave this exercise for today")
    at(page, "felt")
    assert page.locator("#player-worst-7").is_checked()
    assert "Red" in page.locator("[data-lights]").inner_text()
    press(page, "Save and go on")
    at(page, "ready")
    page.wait_for_function("() => localStorage.getItem('upperback.waits') === null")
    (felt,) = [data for kind, data in written(live, page) if kind == "exercise_ended"]
    assert felt["worst_pain"] == 7


def test_something_feels_wrong_without_a_connection(session: Page, live: Live) -> None:
    page = session
    page.context.set_offline(True)
    page.locator("[data-do=start]:visible").click()
    press(page, "Something feels wrong")
    at(page, "wrong")
    press(page, "Chest pain or pressure")
    at(page, "stopped")
    assert "call 999 now" in page.locator("[data-stopped]:visible").inner_text()
    page.reload()  # there is no way back into the session, and what to do stays
    page.wait_for_selector(READY)
    at(page, "stopped")
    assert "call 999 now" in page.locator("[data-stopped]:visible").inner_text()
    page.context.set_offline(False)
    page.goto("/about/")  # whatever page is next sends it
    page.wait_for_function("() => localStorage.getItem('upperback.waits') === null")
    page.goto("/plan/")
    assert "Do the safety check first" in page.locator("main").inner_text()


def second_device(open_page: OpenPage, path: str) -> Page:
    """The same session on another device."""
    page = open_page("/people/")
    page.clock.install()
    page.get_by_role("button", name="Priya").click()
    page.wait_for_url("**/today/")
    page.goto(path)
    page.wait_for_selector(READY)
    return page


def quick_set(page: Page, taps: int) -> None:
    """A set that is ended before its time, and written down: whoever asks what waits must not ask too early."""
    start_a_set(page)
    page.clock.run_for(4_000 + 5_500 * taps)
    page.locator("[data-stage=moving] [data-do=set-done]").click()
    page.locator("[data-stage=moving]").wait_for(state="hidden")


def sent(page: Page) -> None:
    page.wait_for_function("() => localStorage.getItem('upperback.waits') === null")


def test_two_devices_write_one_set_both_are_kept_and_it_is_said(session: Page, open_page: OpenPage, live: Live) -> None:
    other = second_device(open_page, session.url)
    session.context.set_offline(True)
    quick_set(session, 2)
    at(session, "rest")
    quick_set(other, 3)
    sent(other)
    connected(session)
    session.get_by_text("Set 1 was also written on another device. Both are kept and the last one counts.").wait_for()
    assert sorted(reps for *_, reps in sets(live, session)) == [2, 3]


def test_a_warning_told_elsewhere_stops_the_session_here(session: Page, open_page: OpenPage) -> None:
    other = second_device(open_page, session.url)
    press(other, "Something feels wrong")
    press(other, "Sudden, severe pain")
    at(other, "stopped")
    sent(other)
    quick_set(session, 1)
    at(session, "waits")
    assert session.locator("h1").inner_text() == "Your plan waits"
    assert session.get_by_role("link", name="Do the safety check now").is_visible()
    assert not session.get_by_role("button", name="Start set 2 now").is_visible()


def test_a_plan_replaced_meanwhile_is_said_and_everything_counts(
    session: Page, open_page: OpenPage, live: Live
) -> None:
    other = open_page("/people/")
    other.get_by_role("button", name="Priya").click()
    other.goto("/plan/shape/")
    day = other.locator("input[name=days]:not(:checked)").first
    day.check(force=True)
    other.locator("main button[type=submit]").first.click()
    other.wait_for_load_state()
    quick_set(session, 2)
    session.get_by_text("Your plan was changed meanwhile.").wait_for()
    assert len(sets(live, session)) == 1


def test_what_one_person_logged_waits_while_the_browser_is_for_somebody_else(session: Page, live: Live) -> None:
    page, path = session, session.url
    page.context.route("**/diary/", lambda route: route.abort())
    quick_set(page, 2)
    at(page, "rest")
    page.goto("/people/")
    page.get_by_role("button", name="Tom").click()
    page.wait_for_load_state()
    page.context.unroute("**/diary/")
    with page.expect_response("**/diary/"):
        page.goto("/about/")
    page.wait_for_load_state("networkidle")
    assert page.evaluate("() => localStorage.getItem('upperback.waits')") == "1"
    page.goto("/people/")
    today = itertools.count(1)
    # Today loads itself again when something was sent, to tell what is done.
    with page.expect_response(lambda answer: answer.url.endswith("/today/") and next(today) == 2):
        page.get_by_role("button", name="Priya").click()
    page.wait_for_load_state()
    sent(page)
    page.goto(path)
    page.wait_for_selector(READY)
    assert [reps for *_, reps in sets(live, page)] == [2]


def test_a_clock_set_back_starts_the_rest_again_and_says_so(session: Page) -> None:
    page = session
    quick_set(page, 1)
    at(page, "rest")
    page.add_init_script("const right = Date.now; Date.now = () => right() - 3_600_000")
    page.reload()
    page.wait_for_selector(READY)
    at(page, "rest")
    assert "The clock of this device was changed" in page.locator("[data-net]").inner_text()
    assert int(page.locator("[data-rest]").inner_text()) in range(50, 61)


def test_a_set_stops_counting_when_nobody_looks(session: Page) -> None:
    page = session
    start_a_set(page)
    page.clock.run_for(4_000 + 5_500 * 2)
    page.evaluate(
        """() => {
            Object.defineProperty(document, 'visibilityState', {value: 'hidden', configurable: true});
            document.dispatchEvent(new Event('visibilitychange'));
        }"""
    )
    at(page, "paused")
    assert "2 of 8 done" in page.locator("[data-paused-at]").inner_text()
    page.reload()  # and the phone was put away
    page.wait_for_selector(READY)
    at(page, "paused")
    assert "2 of 8 done" in page.locator("[data-paused-at]").inner_text()
    press(page, "Go on")
    page.locator("[data-phase]:not(:empty)").wait_for()
    page.clock.run_for(3_000 + 5_500)
    assert page.locator("[data-count]").inner_text() == "3"


#: What a browser may refuse, and the line that says so.
REFUSALS = {
    "storage": "Object.defineProperty(globalThis, 'indexedDB', {value: {open() { throw new Error('private') }}});"
    "Object.defineProperty(globalThis, 'caches', {value: {open: () => Promise.reject(new Error('private'))}});"
    "Object.defineProperty(globalThis, 'localStorage', {get() { throw new Error('private') }});",
    "wake lock": "Object.defineProperty(navigator, 'wakeLock', {value: {request: () => Promise.reject(new Error())}});",
}


def test_a_browser_that_keeps_nothing_says_so_and_every_set_is_sent_at_once(open_page: OpenPage, live: Live) -> None:
    page = open_page("/people/")
    page.clock.install()
    page.add_init_script(REFUSALS["storage"])
    begin(page)
    page.get_by_text("This browser keeps nothing. Stay online: each set is sent at once.").wait_for()
    with page.expect_response(lambda answer: answer.url.endswith("/diary/") and answer.request.method == "POST"):
        quick_set(page, 2)
    at(page, "rest")
    page.reload()
    page.wait_for_selector(READY)
    assert page.locator("[data-sets] li").all_inner_texts()[0].startswith("Set 1: 2")
    assert [reps for *_, reps in sets(live, page)] == [2]


def test_a_disk_that_is_full_in_the_middle_is_said_and_the_set_is_sent(session: Page, live: Live) -> None:
    page = session
    page.evaluate(
        "() => { IDBObjectStore.prototype.put = () => { throw new DOMException('full', 'QuotaExceededError'); }; }"
    )
    with page.expect_response(lambda answer: answer.url.endswith("/diary/") and answer.request.method == "POST"):
        quick_set(page, 2)
    at(page, "rest")
    page.get_by_text("This browser keeps nothing. Stay online: each set is sent at once.").wait_for()
    assert [reps for *_, reps in sets(live, page)] == [2]


def test_a_key_that_is_struck_twice_counts_once(session: Page, live: Live) -> None:
    page = session
    page.locator("[data-do=start]:visible").click()
    at(page, "moving")
    page.evaluate(
        """() => {
            const key = document.querySelector('[data-stage=moving] [data-do=set-done]');
            key.click(); key.click(); key.click();
        }"""
    )
    at(page, "rest")
    sent(page)
    assert len(sets(live, page)) == 1


def test_aids_that_are_not_to_be_had_say_so_in_one_line(open_page: OpenPage) -> None:
    page = open_page("/people/")
    page.clock.install()
    page.add_init_script(
        REFUSALS["wake lock"] + "Notification.requestPermission = () => Promise.resolve('denied');"
        "navigator.vibrate = () => false;"
    )
    begin(page)
    page.get_by_text("Voice, vibration and counting").click()
    for name, words in (
        ("voice", "This browser has no voice. The words on the screen lead you."),
        ("shake", "This device cannot vibrate here. The words on the screen lead you."),
        ("tell", "Messages are switched off for this page. The rest is shown here."),
    ):
        page.locator(f"label[for=player-{name}]").click()
        page.clock.run_for(2_000)
        page.get_by_text(words).wait_for()
        assert not page.locator(f"#player-{name}").is_checked()
    quick_set(page, 1)
    at(page, "rest")
    assert page.locator("[data-says=awake]").inner_text() == (
        "The screen may go dark. Tap it to wake it; nothing is lost."
    )


def test_voice_vibration_message_and_screen_are_used_when_they_are_there(open_page: OpenPage) -> None:
    page = open_page("/people/")
    page.clock.install()
    page.add_init_script(
        """
        globalThis.used = {said: [], shaken: 0, told: [], locks: 0};
        speechSynthesis.getVoices = () => [{lang: 'en-GB'}];
        speechSynthesis.speak = (one) => used.said.push(one.text);
        navigator.vibrate = () => { used.shaken += 1; return true; };
        Notification.requestPermission = () => Promise.resolve('granted');
        ServiceWorkerRegistration.prototype.showNotification = async (title, {body}) => { used.told.push(body); };
        Object.defineProperty(navigator, 'wakeLock', {value: {request: async () => {
            used.locks += 1; return {release: async () => { used.locks -= 1; }};
        }}});
        """
    )
    begin(page)
    page.get_by_text("Voice, vibration and counting").click()
    for name in ("voice", "shake", "tell"):
        page.locator(f"#player-{name}").check(force=True)
        page.wait_for_function("name => document.querySelector(`#player-${name}`).checked", arg=name)
    quick_set(page, 2)
    at(page, "rest")
    used = page.evaluate("() => used")
    assert list(dict.fromkeys(used["said"]))[:4] == ["Get ready", "Move", "Hold", "Back"]
    assert used["said"][-1] == "Rest, 60 seconds."
    assert used["shaken"] > 6
    assert used["locks"] == 1
    page.evaluate("() => Object.defineProperty(document, 'visibilityState', {value: 'hidden', configurable: true})")
    page.clock.run_for(61_000)
    page.wait_for_function("() => used.told.length > 0")
    assert page.evaluate("() => used.told") == ["Rest is over."]  # no word about health
    leave_or_end(page, "End here for today")
    at(page, "over")
    assert page.evaluate("() => used.locks") == 0


def test_without_script_there_is_the_plain_form_and_nothing_else(open_page: OpenPage, session: Page) -> None:
    page = open_page("/people/", script=False)
    page.get_by_role("button", name="Priya").click()
    page.goto(session.url)
    assert page.locator("h1").count() == 1
    assert page.locator("[data-player]").count() == 0
    page.locator("#reps_1").fill("8")
    page.get_by_role("button", name="Save and go on").click()
    assert "Exercise 2 of 3" in page.locator("main").inner_text()


# ---- generated lives, with the real store, the real way and the real server ---------------------------------------

KEEP = """async ([session, exercise, number, reps, replaces, person]) => {
    const {Keeping} = await import('/static/js/session/keeping.js');
    globalThis.keeping ??= await Keeping.open();
    keeping.watch(person);
    const entry = await keeping.add({
        person, kind: 'set_done', day: new Date().toISOString().slice(0, 10), replaces,
        data: {session, exercise, number, reps, counted_by: 'tap'},
    });
    return entry.id;
}"""


@pytest.mark.parametrize("lives", [8, pytest.param(150, marks=pytest.mark.long)])
def test_nothing_is_lost_or_doubled_in_generated_lives(
    session: Page, open_page: OpenPage, live: Live, tell: Callable[[str], None], lives: int
) -> None:
    person = json.loads(session.locator("#training-data").inner_text())["person"]
    url = session.url
    devices = [session, second_device(open_page, url)]
    made: dict[str, int] = {}
    dice = Random(lives)
    met: Counter[str] = Counter()

    def way(route: Route) -> None:
        """To the server and back, or not quite."""
        if route.request.method != "POST":
            route.continue_()
            return
        fate = dice.choices(["fine", "lost before", "lost after", "twice", "broken"], [4, 2, 2, 1, 1])[0]
        met[fate] += 1
        if fate == "lost before":
            route.abort()
        elif fate == "broken":
            route.fulfill(status=503, body="")
        elif fate == "fine":
            route.continue_()
        else:
            with suppress(PlaywrightError):  # the page that asked may be gone by now
                answer = route.fetch()
                if fate == "lost after":
                    route.abort()
                else:
                    route.fulfill(response=route.fetch() if answer.ok else answer)

    for device in devices:
        device.context.route("**/diary/", way)
        device.goto("/about/")
    for life in range(lives):
        standing: dict[tuple[str, int], str] = {}
        for number in range(1, dice.randint(3, 7)):
            device = dice.choice(devices)
            key = (f"L{life}", number)
            reps = dice.randint(0, 12)
            made[_kept(device, url, person, key, reps, None)] = reps
            met["entries"] += 1
            if dice.random() < 0.3:
                standing[key] = list(made)[-1]
                again = dice.randint(0, 12)
                made[_kept(device, url, person, key, again, standing[key])] = again
                met["corrections"] += 1
            if dice.random() < 0.25:
                device.goto("/about/")  # whatever was under way is cut off
                met["reloads"] += 1
    for device in devices:
        device.context.unroute_all(behavior="ignoreErrors")
        device.goto("/about/")
        device.wait_for_function("() => localStorage.getItem('upperback.waits') === null")
    with _base(live, "ro") as base:
        rows = base.execute("SELECT client_id, data FROM store_diaryentry WHERE kind = 'set_done'").fetchall()
    found = {str(uuid.UUID(id)): json.loads(data)["reps"] for id, data in rows}
    assert len(rows) == len(found)
    assert found == made
    assert met["lost before"] + met["broken"] + met["lost after"] + met["twice"] > 0
    tell(
        f"session in Chromium: {lives} generated lives, {len(made)} entries, {met['lost before'] + met['broken']} "
        f"sendings lost, {met['lost after']} answers lost, {met['reloads']} reloads: 0 lost, 0 doubled"
    )


def _kept(page: Page, url: str, person: str, key: tuple[str, int], reps: int, replaces: str | None) -> str:
    session_id = url.split("/training/")[1].strip("/")
    return str(page.evaluate(KEEP, [session_id, key[0], key[1], reps, replaces, person]))


# ---- every state of the page --------------------------------------------------------------------------------------


def states(page: Page) -> Iterator[str]:
    """One after the other; whoever iterates may change size and colours, but not leave."""
    yield "ready"
    page.get_by_text("Voice, vibration and counting").click()
    page.get_by_text("How to do it").click()
    yield "ready-unfolded"
    page.get_by_label("I tap for each one").check(force=True)
    page.locator("[data-do=start]:visible").click()
    yield "tapping"
    press(page, "Pause")
    page.get_by_label("The tempo counts for me").check(force=True)
    press(page, "Go on")
    page.locator("[data-phase]:not(:empty)").wait_for()
    page.clock.run_for(5_500)
    yield "moving"
    press(page, "Pause")
    yield "paused"
    page.locator("[data-stage=paused] [data-do=set-done]").click()
    at(page, "rest")
    page.get_by_text("Does it hurt?").click()
    page.locator("#player-during-5").check(force=True)
    yield "rest"
    page.clock.run_for(61_000)
    page.locator("#player-during-8").check(force=True)
    yield "rest-over"
    press(page, "Leave this exercise for today")
    at(page, "felt")
    yield "felt"
    press(page, "Something feels wrong")
    yield "wrong"
    press(page, "None of these. Back to the exercise")
    press(page, "Save and go on")
    for _ in range(2):
        at(page, "ready")
        leave_or_end(page, "Leave this exercise out")
        at(page, "felt")
        press(page, "Save and go on")
    at(page, "last")
    yield "last"
    press(page, "Finish the session")
    at(page, "over")
    page.get_by_text("Everything is saved.").wait_for()
    yield "over"


def stopped_states(page: Page) -> Iterator[str]:
    press(page, "Something feels wrong")
    press(page, "New weakness or unsteadiness in your legs")
    at(page, "stopped")
    yield "stopped"
    page.goto("/training/shell/")
    page.wait_for_selector(READY)
    yield "shell"


def plain_states(page: Page) -> Iterator[str]:
    """The pages around it, which need no script."""
    path = page.url
    quick_set(page, 2)
    sent(page)
    page.goto(f"{path}wrong/")
    yield "wrong-page"
    page.goto(f"{path}change/")
    yield "change"
    page.locator("main input[name^=reps_]").first.fill("many")
    page.get_by_role("button", name="Save the changes").click()
    page.get_by_text("There is a problem").wait_for()
    yield "change-error"
    page.goto(path)
    page.wait_for_selector(READY)
    leave_or_end(page, "End here for today")
    at(page, "over")
    sent(page)
    page.goto(f"{path}done/")
    yield "done"
    page.goto("/training/movement/")
    yield "start"
    page.locator("main button[type=submit]").first.click()
    page.get_by_text("There is a problem").wait_for()
    yield "start-error"
    page.goto("/morning/")
    yield "morning"


def faults(page: Page, name: str, axe: Axe) -> list[str]:
    found = [f"light {line}" for line in axe(page)]
    page.emulate_media(color_scheme="dark")
    found += [f"dark {line}" for line in axe(page, rules=["color-contrast"])]
    page.emulate_media(color_scheme="light")
    page.set_viewport_size({"width": SMALL_PHONE[0], "height": SMALL_PHONE[1]})
    found += [f"small {line}" for line in (*too_wide(page), *too_small(page))]
    page.set_viewport_size({"width": PHONE[0], "height": PHONE[1]})
    page.evaluate("() => document.documentElement.style.fontSize = '200%'")
    found += [f"large text {line}" for line in too_wide(page)]
    page.evaluate("() => document.documentElement.style.fontSize = ''")
    found += [] if page.locator("h1").count() == 1 else ["not one h1"]
    return [f"{name}: {line}" for line in found]


@pytest.mark.parametrize("walk", [states, stopped_states, plain_states])
def test_every_state_is_clean_in_both_colours_and_on_the_smallest_phone(
    session: Page, axe: Axe, shoot: Callable[[Page, str], object], walk: Callable[[Page], Iterator[str]]
) -> None:
    found = []
    for name in walk(session):
        found += faults(session, name, axe)
        shoot(session, f"session-{name}")
        session.emulate_media(color_scheme="dark")
        shoot(session, f"session-{name}-dark")
        session.emulate_media(color_scheme="light")
    assert not found, "\n".join(["", *found])
