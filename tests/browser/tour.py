"""Every page of a person in every state, one after the other: for pictures, for axe, for a look at small screens.

`with_an_empty_start`, `with_others` and `with_invented_people` drive a page of a running `serve` and yield a name for
each state they stand on. Whoever iterates may resize the page, change its colours and scroll, but not leave it.
"""

import datetime as dt
import json
import re
import sqlite3
from collections.abc import Callable, Iterator
from contextlib import contextmanager
from pathlib import Path
from typing import Any, Final
from zoneinfo import ZoneInfo

from playwright.sync_api import Page, WebSocketRoute

from tests.browser.live_states import lines_of, live_states, lost
from upperback.care.intake import PARTS, sections, shared_page
from upperback.content.models import Question
from upperback.content.vocabulary import default_content
from upperback.services.flares import CHECKS

CONTENT: Final = default_content()
Says = dict[str, tuple[str, ...]]

#: Somebody with ordinary pain; every question that is not named gets its quietest answer.
ORDINARY: Final[Says] = {
    "age": ("41",), "sex": ("female",), "duration": ("under_six",), "trend": ("improving",), "psfs": ("7",),
    "pain_average": ("3",), "pain_now": ("2",), "pain_worst": ("4",), "site": ("between_blades",),
    "character": ("aching",), "worse_with": ("sitting",), "eased_by": ("movement",), "flares": ("1",),
    "sleep": ("4",), "confidence": ("6",), "stress": ("5",),
}  # fmt: skip
#: Somebody whose answers open every further question there is, short of an emergency.
MUCH: Final[Says] = ORDINARY | {
    "age": ("31",), "pregnancy": ("pregnant",), "gestation": ("24",), "trauma": ("low_energy",), "trauma_days": ("20",),
    "weight_sweats": ("not_sure",), "arms": ("numb_one",), "chest_pain": ("unclear",), "chest_pain_when": ("older",),
    "skin": ("blisters",), "rash_since": ("40",), "duration": ("five_years",), "tried": ("six",),
    "onset_age": ("28",), "phq4_pleasure": ("more_than_half",), "phq4_low": ("more_than_half",),
}  # fmt: skip
#: Low mood, with thoughts of self-harm; else quiet.
LOW: Final[Says] = ORDINARY | {
    "phq4_pleasure": ("nearly_every",),
    "phq4_low": ("nearly_every",),
    "self_harm": ("passive",),
}
#: Rather not said.
SILENT: Final[Says] = ORDINARY | {
    f"phq4_{item}": ("prefer_not_to_say",) for item in ("nervous", "worry", "pleasure", "low")
}


def with_an_empty_start(page: Page) -> Iterator[str]:
    """The way of somebody new from the start page to Today, with the errors they may meet, then a second check."""
    page.goto("/")
    yield "start"
    for name in ("about", "help", "learn/hurt-and-harm", "nothing-here"):
        page.goto(f"/{name}/")
        yield name
    page.goto("/people/")
    yield "people"
    page.locator("details:has(.new-person) > summary").click()
    yield "people-named"
    page.locator(".new-person button").click()
    yield "people-error"
    page.locator("button[name=just_me]").click()
    yield "check-start"
    go_on(page)
    yield from _questions(page, ORDINARY, "", errors=True)
    yield "check-answers"
    go_on(page)
    yield "result-self-manage"
    page.goto("/plan/")
    yield "plan-not-made"
    page.goto("/home/")
    page.locator("form[action='/assessment/begin/'] button").click()
    yield from _assessment(page)
    yield from _plan(page)
    yield from session(page)
    yield from _flare(page)
    yield from _load(page)
    yield from _desk_and_habits(page)
    page.goto("/")
    yield "start-known"
    page.goto("/people/")
    yield "people-known"
    yield from _own_data(page)
    page.goto("/check/")
    yield "check-start-with-plan"
    go_on(page)
    for question in sections(CONTENT, "screen")[0].questions:
        tick(page, question.id, "none")
    go_on(page)
    page.goto("/plan/")
    yield "plan-waits"
    page.goto("/today/")
    yield "today-waits"
    page.goto("/")
    yield "start-open"
    page.goto("/check/")
    yield "check-start-open"
    page.goto("/check/part/emergency/")
    tick(page, "emergency_nerves", "saddle")
    page.wait_for_url("**/result/**")
    yield "result-emergency"
    emergency = _path(page)
    page.goto("/plan/")
    yield "plan-emergency"
    page.goto(f"{emergency}cleared/")
    yield "clearance-not-yet"
    page.goto(emergency)
    page.get_by_role("button", name="Look at my answers again").click()
    yield "check-part-again"
    yield from _broken(page)


def with_others(page: Page) -> Iterator[str]:
    """Somebody who is answered for, question by question, and people who answer in other ways, up to the result."""
    yield from _somebody(page, "Gran", MUCH, proxy=True, walk="proxy-")
    yield from _somebody(page, "Low", LOW)
    yield from _somebody(page, "Silent", SILENT)


def with_invented_people(page: Page) -> Iterator[str]:
    """The result, plan and Today of each invented person, and what a clinician said."""
    page.goto("/people/")
    yield "people-invented"
    page.goto("/styleguide/")
    yield "styleguide"
    page.goto("/people/")
    names = [text.split(",")[0].lower() for text in page.locator(".choices__story b").all_inner_texts()]
    for name in names:
        page.goto("/people/")
        page.get_by_role("button", name=name.title()).click()
        page.wait_for_load_state()
        if "/today/" in page.url:
            yield f"{name}-today"
        page.goto("/plan/")
        yield f"{name}-plan"
        page.goto(str(page.locator("a[href^='/result/']").first.get_attribute("href")))
        yield f"{name}-result"
        if page.locator("a[href$='/cleared/']").count():
            page.locator("a[href$='/cleared/']").first.click()
            yield f"{name}-clearance"
            if page.locator("#agreed").count():
                go_on(page)
                yield f"{name}-clearance-error-1"
                page.locator("#agreed").check(force=True)
                page.locator("#day").fill("40")
                go_on(page)
                yield f"{name}-clearance-error-2"
    page.goto("/people/")
    page.get_by_role("button", name="Priya").click()
    for href in dict.fromkeys(link.get_attribute("href") for link in page.locator("a[href^='/exercise/']").all()):
        page.goto(str(href))
        yield f"exercise-{str(href).split('/')[2].lower()}"
    page.goto("/plan/shape/")
    yield "shape"
    yield from looking_back(page)


def looking_back(page: Page) -> Iterator[str]:
    """The pages of somebody who is six weeks on."""
    page.goto("/people/")
    page.get_by_role("button", name="Grace").click()
    for name in ("progress", "history", "goals", "card", "checkin", "sooner", "review"):
        page.goto(f"/{name}/")
        yield f"grace-{name}"
    page.goto("/progress/")
    for summary in page.locator("main summary").all():
        summary.click()
    yield "grace-progress-tables"
    page.goto("/checkin/")
    go_on(page)
    yield "grace-checkin-error"
    yield from for_a_clinician(page)


def for_a_clinician(page: Page) -> Iterator[str]:
    """Pages of whoever looks after many people."""
    page.goto("/clinic/?name=grace")
    yield "clinic-caseload"
    page.locator("main h2 a").first.click()
    yield "clinic-person"
    person = _path(page)
    page.goto(f"{person}tasks/")
    page.get_by_role("button", name="Keep the task").click()
    yield "clinic-tasks-error"
    page.goto("/clinic/groups/")
    page.locator("main summary").click()
    page.get_by_role("button", name="Make the group").click()
    yield "clinic-groups-error"
    yield from _a_group(page)
    page.goto("/clinic/templates/")
    page.evaluate("() => document.querySelectorAll('main details').forEach(one => { one.open = true; })")
    yield "clinic-templates"


def _a_group(page: Page) -> Iterator[str]:
    """A group that begins today: for the clinician, then for Grace, who says yes."""
    today = dt.datetime.now(ZoneInfo("Europe/London")).date()
    told = {"title": "Backs together", "words": "Gentle exercise.", "leader": "Mina", "at": "00:00", "place": "Room 4"}
    for field, words in (told | {"starts_on": today.isoformat()}).items():
        page.locator(f"#{field}").fill(words)
    page.locator("#weekday").select_option(str(today.weekday()))
    page.get_by_role("button", name="Make the group").click()
    page.locator("#exercise").select_option("MV01")
    page.get_by_role("button", name="Add it").click()
    group = _path(page)
    page.get_by_role("link", name="Offer it to people").click()
    yield "clinic-group-offer"
    page.get_by_label("Grace").check(force=True)
    page.get_by_role("button", name="Look at each").click()
    yield "clinic-group-look"
    page.get_by_role("button", name="Offer it to them").click()
    page.goto(group.replace("/clinic", ""))
    yield "group-asked"
    page.get_by_role("button", name="Yes, I want to join").click()
    yield "group-in"
    page.goto("/groups/")
    yield "groups"
    page.goto(group)
    page.evaluate("() => document.querySelectorAll('main details').forEach(one => { one.open = true; })")
    yield "clinic-group"


# ---- parts of the way --------------------------------------------------------------------------------------------


def _own_data(page: Page) -> Iterator[str]:
    """Taking data along and bringing it in, with what is said where that cannot be."""
    page.goto("/data/")
    yield "own-data"
    page.goto("/data/take/")
    yield "take-data"
    page.locator("#passphrase").fill("short")
    go_on(page)
    yield "take-data-error"
    page.goto("/data/clinic/")
    yield "clinic-data"
    page.locator("#nhs_number").fill("123")
    page.locator("#year").fill("80")
    go_on(page)
    yield "clinic-data-error"
    page.goto("/share/in/")
    yield "clinic-in"
    go_on(page)
    yield "clinic-in-error"
    page.goto("/share/in/")
    page.locator("#file").set_input_files({"name": "b.json", "mimeType": "application/json", "buffer": _BUNDLE})
    go_on(page)
    yield "clinic-in-look"
    go_on(page)
    yield "clinic-in-look-error"
    page.locator("#is_me").check(force=True)
    page.locator("button[value=entries]").click()
    yield "clinic-in-taken"
    page.goto("/clinics/")
    yield "clinics"
    page.goto("/referral/")
    yield "referral"
    page.locator("button[name=begin]").click()
    yield "referral-begun"
    page.goto("/share/programs/")
    yield "programs"
    page.locator("main .nhsuk-button").last.click()
    yield "programs-error"
    page.locator("#label").fill("Practice system")
    page.locator("input[value=measures]").check(force=True)
    page.locator("input[value='30']").check(force=True)
    page.locator("main .nhsuk-button").last.click()
    yield "programs-key"
    page.goto("/share/letter/")
    yield "letter"
    go_on(page)
    yield "letter-error"
    tick(page, "reader", "gp")
    go_on(page)
    page.locator("main summary").click()
    yield "letter-look"
    page.goto("/data/delete/")
    yield "delete-data"
    go_on(page)
    yield "delete-data-error"
    page.goto("/data/change/")
    yield "plan-change"
    page.goto("/data/bring/")
    yield "bring-data"
    go_on(page)
    yield "bring-data-error"


#: Somebody measured how hard this person can grip.
_BUNDLE: Final = json.dumps(
    {"resourceType": "Bundle", "type": "collection", "entry": [{"resource": {
        "resourceType": "Observation", "id": "o1", "status": "final", "code": {"text": "Grip strength, right hand"},
        "subject": {"reference": "Patient/1"}, "effectiveDateTime": "2026-01-20",
        "performer": [{"display": "City Physio"}], "valueQuantity": {"value": 31.5, "unit": "kg"},
    }}]}
).encode()  # fmt: skip


def go_on(page: Page) -> None:
    """The one primary button."""
    with page.expect_navigation():
        page.locator("main .nhsuk-button[type=submit]:not([name=skip])").first.click()


def tick(page: Page, name: str, value: str) -> bool:
    """A radio or tick box, or the text of a number; whether there was something to tick."""
    box = page.locator(f"input[name='{name}'][value='{value}']")
    if box.count():
        box.first.check(force=True)
        return True
    page.locator(f"input[name='{name}'][type=text]").fill(value)
    return False


def answers_here(page: Page, says: Says) -> list[tuple[str, str]]:
    """The answers of this person to the questions on the page: name of the control, and value."""
    found = [
        (name, value)
        for question in questions_here(page)
        for name in (question.id, "answer")
        if page.locator(f"input[name='{name}']").count()
        for value in said(question, says)
    ]
    assert found, f"no question on {page.url}"
    return found


def said(question: Question, says: Says) -> tuple[str, ...]:
    """What this person answers to a question."""
    if question.id in says:
        return says[question.id]
    return ("none",) if question.none_label else (question.options[0].id,) if question.options else ("0",)


def _questions(page: Page, says: Says, prefix: str, *, errors: bool = False) -> Iterator[str]:
    """Every question until all are answered; with errors, each kind of page is once sent empty and once wrong."""
    kinds: set[str] = set()
    while "/check/answers/" not in page.url:
        id = _last_part(page)
        questions = questions_here(page)
        kind = id if len(questions) > 1 else f"{questions[0].kind} {bool(questions[0].low_label)}"
        again = page.locator(".nhsuk-inset-text").count() > 0
        yield f"{prefix}{'simpler' if again else 'question'}-{id}"
        if errors and (kind not in kinds or id == "site"):
            kinds.add(kind)
            go_on(page)
            yield f"{prefix}question-{id}-error"
            if kind == "number False":
                tick(page, "answer", "500")
                go_on(page)
                yield f"{prefix}question-{id}-too-much"
        for name, value in answers_here(page, says):
            tick(page, name, value)
        go_on(page)


def questions_here(page: Page) -> tuple[Question, ...]:
    """The questions on the page."""
    id = _last_part(page)
    shared = next((found for part in PARTS if (found := shared_page(id, CONTENT, part))), None)
    return shared.questions if shared is not None else (CONTENT.questions[id],)


def _assessment(page: Page) -> Iterator[str]:
    while "/assessment/step/" in page.url:
        id = _last_part(page)
        yield f"assessment-{id}"
        if id not in _WRONG and id not in _RIGHT:
            go_on(page)
            yield f"assessment-{id}-error"
            for name, value in answers_here(page, ORDINARY):
                tick(page, name, value)
        if id in _WRONG:
            _WRONG[id](page)
            go_on(page)
            yield f"assessment-{id}-error"
        if id in _RIGHT:
            _RIGHT[id](page)
            yield f"assessment-{id}-filled-in"
        go_on(page)


def _wrong_amounts(page: Page) -> None:
    for box in page.locator("main input[type=text]").all():
        box.fill("forty")


def _right_amounts(page: Page) -> None:
    for box in page.locator("main input[type=text]").all():
        box.fill("40" if "minutes" in str(box.get_attribute("id")) else "8")


def _wrong_activities(page: Page) -> None:
    page.locator("#words1").fill("Carry the shopping home from the market at the end of the road")
    page.locator("main summary").click()
    tick(page, "score2", "6")


def _right_activities(page: Page) -> None:
    tick(page, "score1", "4")
    page.locator("#words2").fill("Swim")


def _tick_all(name: str, *values: str) -> Callable[[Page], None]:
    def tick_all(page: Page) -> None:
        for value in values:
            tick(page, name, value)

    return tick_all


def _touch_areas(page: Page) -> None:
    for area in ("t4", "left_blade_edge", "right_blade_edge"):
        page.locator(f"label.area-spot[for=area-{area}]").click()


def _answer_all(page: Page) -> None:
    for name, value in answers_here(page, ORDINARY):
        tick(page, name, value)


_WRONG: Final[dict[str, Callable[[Page], None]]] = {
    "amounts": _wrong_amounts,
    "activities": _wrong_activities,
    "day": lambda page: page.locator("#hours_sitting").fill("30"),
    "goals": lambda page: page.locator("#goals").fill("One\nTwo\nThree\nFour"),
}
_RIGHT: Final[dict[str, Callable[[Page], None]]] = {
    "tasks": _tick_all("tasks", "LM-SIT", "LM-CARRY", "LM-LIFT", "LM-SLEEP"),
    "amounts": _right_amounts,
    "equipment": _tick_all("equipment", "chair", "wall", "doorway", "band"),
    "activities": _right_activities,
    "everyday": _answer_all,
    "areas": _touch_areas,
    "day": lambda page: page.locator("#hours_sitting").fill("8"),
    "goals": lambda page: page.locator("#goals").fill("A film without shifting about"),
}


def _plan(page: Page) -> Iterator[str]:
    yield "plan"
    page.goto("/plan/shape/")
    yield "plan-shape"
    for day in page.locator("input[name=days]").all():
        day.set_checked(False, force=True)
    tick(page, "days", "mon")
    go_on(page)
    yield "plan-shape-error"
    page.goto("/plan/")
    page.goto(str(page.locator("a[href^='/plan/swap/']").first.get_attribute("href")))
    yield "plan-swap"
    go_on(page)
    yield "plan-swap-error"
    page.goto("/today/")
    yield "today"
    page.goto("/breaks/")
    yield "breaks"
    page.locator("#interval_min").fill("soon")
    page.locator(".break-times button[type=submit]").click()
    yield "breaks-error"
    page.goto("/live/")
    yield "live"
    yield from live_states(page)
    page.goto("/live/screen/")
    yield "live-screen"
    page.goto("/live/muscle/")
    yield "live-muscle"
    page.get_by_text("Play a recording of a muscle").click()
    page.get_by_role("button", name="Play it").click()
    yield "live-muscle-file-error"
    yield from _muscle(page)
    page.goto("/live/kept/")
    yield "live-kept"
    page.goto("/breaks/now/")
    yield "break-now"
    page.goto("/today/")
    page.locator("button[name=done]").first.click()
    page.wait_for_load_state()
    yield "today-done"


def _muscle(page: Page) -> Iterator[str]:
    """A muscle that is let go of, as the server would tell it."""
    for name, told in MUSCLE_TOLD.items():
        with muscle_told(page) as tell:
            page.get_by_role("button", name="Try it with a made-up muscle").click()
            tell(*told)
            if name == "silent":
                page.get_by_text("Nothing has come for a moment").wait_for()
            yield f"live-muscle-{name}"
    with muscle_told(page) as tell:
        page.get_by_role("button", name="Try it with a made-up muscle").click()
        with lost(page, tell(_READY, *_LETS_GO)):
            yield "live-muscle-line-lost"


_READY: Final[dict[str, Any]] = {"ready": "", "rounds": 5, "stage": "rest"}
_LETS_GO: Final[tuple[dict[str, Any], ...]] = ({"level": 6.2, "stage": "press"}, {"level": 7.0, "stage": "let_go"})
_FOUND: Final[tuple[dict[str, Any], ...]] = ({"level": 0.4, "round": {"number": 1, "after_s": 1.8}},)
#: What is told until each state of the page.
MUSCLE_TOLD: Final[dict[str, tuple[dict[str, Any], ...]]] = {
    "looks": (),
    "rest": (_READY, {"level": None}),
    "let-go": (_READY, *_LETS_GO),
    "gap": (_READY, *_LETS_GO, *_FOUND, {"level": 0.3, "stage": "press"}),
    "not-measured": (_READY, {"level": None, "stage": "press"}),
    "silent": (_READY, *_LETS_GO),
    "lost": (_READY, {"stopped": "The signal of the electrodes is gone."}),
    "done": (_READY, *_LETS_GO, *_FOUND, {"done": {"rounds": 5, "gaps": 4, "median_s": 2.3}}),
}


@contextmanager
def muscle_told(page: Page) -> Iterator[Callable[..., WebSocketRoute]]:
    """The page of a muscle, opened anew, with a server that tells what it is given here."""
    with lines_of(page, "/live/muscle/socket/") as say:
        page.goto("/live/muscle/")

        def tell(*told: dict[str, Any]) -> WebSocketRoute:
            page.wait_for_function(
                "() => document.querySelector('[data-stage=looks]:not([hidden]), [data-stage=train]:not([hidden])')"
            )
            return say(*told)

        yield tell


def _flare(page: Page) -> Iterator[str]:
    """A flare-up, begun and ended."""
    page.goto("/flare/")
    yield "flare-start"
    go_on(page)
    yield "flare-start-error"
    for check in CHECKS:
        tick(page, check, "no")
    tick(page, "pain", "4")
    go_on(page)
    yield "flare"
    for part in page.locator("main details").all():
        part.evaluate("part => part.open = true")
    yield "flare-unfolded"
    page.goto("/today/")
    yield "flare-today"
    page.goto("/flare/over/")
    yield "flare-over"
    page.locator("#helped").fill("A short walk each hour")
    go_on(page)
    page.goto("/flare/over/")
    yield "flare-card"


#: Takes what waits out of this browser, so that nothing of it is ever sent.
_FORGET: Final = """() => new Promise((resolve) => {
    localStorage.clear();
    const asked = indexedDB.open('upperback-session');
    asked.onsuccess = () => {
        const change = asked.result.transaction(['entries', 'states'], 'readwrite');
        change.objectStore('entries').clear();
        change.objectStore('states').clear();
        change.oncomplete = () => { asked.result.close(); resolve(); };
    };
})"""


def session(page: Page) -> Iterator[str]:
    """A strength session with its script: questions, sets, rest, red pain, no connection, a stop sign, the end."""
    page.goto("/training/")
    yield "session-questions"
    go_on(page)
    yield "session-questions-error"
    for question in ("before_legs", "before_chest", "before_change"):
        tick(page, question, "no")
    go_on(page)
    page.wait_for_selector("html[data-session=ready]")
    yield "session-ready"
    page.get_by_text("Voice, vibration and counting").click()
    page.get_by_label("I tap for each one").check(force=True)
    page.locator("[data-do=start]:visible").click()
    page.get_by_role("button", name="Count one", exact=True).click()
    yield "session-set"
    _set_done(page)
    page.locator("[data-stage=rest]:visible").first.wait_for()
    yield "session-rest"
    page.get_by_text("Does it hurt?").click()
    page.locator("#player-during-8").check(force=True)
    yield "session-red"
    page.context.set_offline(True)
    page.locator("[data-stage=rest] [data-do=start]:visible").click()
    _set_done(page)
    page.locator("[data-net]:not(:empty)").first.wait_for()
    yield "session-offline"
    page.get_by_role("button", name="Something feels wrong", exact=True).click()
    yield "session-wrong"
    page.get_by_role("button", name="Chest pain or pressure", exact=True).click()
    page.locator("[data-stage=stopped]:visible").first.wait_for()
    yield "session-stopped"
    page.evaluate(_FORGET)
    page.context.set_offline(False)
    page.reload()
    page.wait_for_selector("html[data-session=ready]")
    while page.locator("[data-stage=ready]").is_visible():
        leave = page.get_by_role("button", name="Leave this exercise out", exact=True)
        if not leave.is_visible():
            page.get_by_text("Leave out or end").click()
        leave.click()
        page.get_by_role("button", name="Save and go on", exact=True).click()
        page.locator("[data-stage=ready]:visible, [data-stage=last]:visible").first.wait_for()
    yield "session-last"
    page.get_by_role("button", name="Finish the session", exact=True).click()
    page.get_by_text("Everything is saved.").wait_for()
    yield "session-finished"


def _set_done(page: Page) -> None:
    page.locator("[data-stage=moving] [data-do=set-done]").click()


def _load(page: Page) -> Iterator[str]:
    """A task of the ledger, written down and changed, and the first step of a ladder."""
    page.goto("/load/")
    yield "load"
    page.goto("/load/new/")
    yield "load-new"
    tick(page, "category", "LM-HOUSE")
    go_on(page)
    yield "load-amounts"
    page.locator("#minutes_to_symptom").fill("long")
    go_on(page)
    yield "load-amounts-error"
    page.locator("#minutes_to_symptom").fill("15")
    go_on(page)
    yield "load-task"
    go_on(page)
    yield "load-task-error"
    for _time in range(2):
        tick(page, "before", "2")
        tick(page, "after", "5")
        page.locator("#minutes").fill("20")
        go_on(page)
    yield "load-task-written"
    page.goto(str(page.locator("a[href^='/load/entry/']").first.get_attribute("href")))
    yield "load-entry"
    page.goto("/load/plan/")
    yield "load-plan"
    go_on(page)
    yield "load-plan-followed"
    page.goto("/load/ladder/")
    yield "load-ladder"
    page.locator("#name").fill("Carry a full basket down the stairs")
    tick(page, "worry", "5")
    go_on(page)
    yield "load-ladder-begun"
    page.locator("a[href^='/load/ladder/']").first.click()
    yield "load-rung"


#: The names of the questions on a page.
_RADIOS: Final = "() => [...new Set([...document.querySelectorAll('main [type=radio]')].map(e => e.name))]"


def _desk_and_habits(page: Page) -> Iterator[str]:
    """The desk before and after a look, its sheet for an employer, and the habits."""
    page.goto("/workplace/")
    yield "desk"
    page.goto("/workplace/check/")
    while "/check/" in page.url:
        yield f"desk-{_last_part(page)}"
        for name in page.evaluate(_RADIOS):
            tick(page, name, "to_change")
        go_on(page)
    yield "desk-looked-at"
    page.goto("/workplace/print/")
    yield "desk-sheet"
    page.goto("/habits/")
    yield "habits"
    go_on(page)
    yield "habits-error"
    page.goto("/habits/breathing/")
    yield "breathing"
    page.goto("/learn/")
    yield "learn"
    page.goto("/learn/hurt-and-harm/")
    yield "learn-page"
    for name, typed in (
        ("found", "pins and needles"),
        ("nothing", "zzzz"),
        ("alarm", "chest pain"),
        ("crisis", "suicide"),
    ):
        page.goto(f"/learn/search/?q={typed}")
        yield f"learn-search-{name}"
    for name, address in (
        ("learn-drawings", "/learn/upper-back-pain/"), ("easy", "/easy/"), ("easy-page", "/easy/help/"),
        ("plan-pack", "/plan/pack/"), ("plan-service", "/plan-service/"),
    ):  # fmt: skip
        page.goto(address)
        yield name


def _somebody(page: Page, name: str, says: Says, *, proxy: bool = False, walk: str = "") -> Iterator[str]:
    """A further person up to the result; with `walk` their questions are shown too."""
    page.goto("/people/")
    page.locator("details:has(.new-person) > summary").click()
    page.locator("#name").fill(name)
    tick(page, "whom", "other" if proxy else "self")
    page.locator(".new-person button").click()
    yield f"{name.lower()}-check-start"
    go_on(page)
    for state in _questions(page, says, walk):
        if walk:
            yield state
    yield f"{name.lower()}-check-answers"
    go_on(page)
    yield f"{name.lower()}-result"


def _broken(page: Page) -> Iterator[str]:
    """Pages of the unforeseen."""
    page.goto("/check/start/")
    yield "error-method"
    page.goto("/people/")
    page.locator("details:has(.new-person) > summary").click()
    page.evaluate(
        "() => document.querySelectorAll('[name=csrfmiddlewaretoken]').forEach(e => e.value = 'x'.repeat(64))"
    )
    page.locator(".new-person button").click()
    page.wait_for_load_state()
    yield "error-form-expired"
    page.goto("/help/stopped/")
    yield "error-stopped"


def with_the_database_locked(page: Page, data: Path) -> Iterator[str]:
    """What is shown while another program holds the database."""
    file = next(data.rglob("*.sqlite3"))
    held = sqlite3.connect(file, isolation_level=None)
    try:
        held.execute("BEGIN EXCLUSIVE")
        page.goto("/today/")
        yield "error-unavailable"
    finally:
        held.close()


def _path(page: Page) -> str:
    return re.sub(r"^https?://[^/]+|[?#].*$", "", page.url)


def _last_part(page: Page) -> str:
    return _path(page).rstrip("/").rsplit("/", maxsplit=1)[-1]
