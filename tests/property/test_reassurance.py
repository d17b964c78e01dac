"""No page reassures where it must not: every address of a person's pages, in every state the services can bring about.

What reassures is taken from the content: results that need no clinician first, patterns, exercises, load changes, the
cards of a plan. Who may read it is worked out here, from the rows: a result that stands, a plan that is open.
"""

import datetime as dt
import html
import re
import uuid
from collections.abc import Callable, Iterator
from dataclasses import dataclass, field
from functools import cache
from typing import Any, Final

import pytest
from django.http import HttpResponse
from django.test import Client
from django.urls import reverse

from tests.property import steps
from tests.property.steps import ROAD, STEPS, World, all_orders, new_world, state_of, take
from upperback.care.intake import Answer
from upperback.content.vocabulary import default_content
from upperback.core.errors import NotAllowed
from upperback.services import flares, journey, plans, policies, reviews, screening
from upperback.services.reviews import Told
from upperback.store.models import Decision, DiaryEntry, PlanVersion, Review, Screening
from upperback.web.person import easy, result, session, urls
from upperback.web.person.page import filled

pytestmark = pytest.mark.django_db

CONTENT = default_content()

#: Results that need no clinician first: they reassure.
REASSURING: Final = frozenset(id for id, text in CONTENT.dispositions.items() if text.plan in {"gentle", "full"})


# ---- what reassures ----------------------------------------------------------------------------------------------


def plain(text: str) -> str:
    """A text as a reader sees it, for comparing: filled in, no marks, one space, no capitals."""
    return " ".join(html.unescape(filled(text)).split()).lower()


def page_text(response: HttpResponse) -> str:
    return " ".join(html.unescape(re.sub(r"<[^>]+>", " ", response.content.decode())).split()).lower()


@cache
def result_texts() -> dict[str, frozenset[str]]:
    """Of each reassuring result: its heading, what to do, how soon, and what may be tried meanwhile."""
    attached = {message.attach: message for message in CONTENT.messages.values()}
    return {
        id: frozenset(
            plain(line)
            for line in (text.title, text.action, text.when_text, *text.comfort.values())
            + (attached[id].lines if id in attached else ())
        )
        for id, text in CONTENT.dispositions.items()
        if id in REASSURING
    }


@cache
def plan_texts() -> frozenset[str]:
    """Everything that only a plan says: patterns, phases, lights, exercises, load changes, cards to read."""
    patterns = [p for p in CONTENT.patterns.values() if not p.locks_plan]
    texts: list[str] = [line for p in patterns for line in (p.title, p.told, *p.advice)]
    for exercise in CONTENT.exercises.values():
        texts += (exercise.title, exercise.purpose, exercise.feel, *exercise.steps)
    for rule in CONTENT.load_rules.values():
        texts += (*rule.change_now, *rule.build_back)
    texts += [item.text for item in CONTENT.dose_texts.values() if item.group not in {"check", "stop_sign"}]
    for message in CONTENT.messages.values():
        texts += message.lines if message.attach in {"by_plan", "by_pattern"} else ()
    return frozenset(plain(text) for text in texts if len(text.split()) > 1)


@cache
def review_texts() -> frozenset[str]:
    """What a review says that lets a person go on."""
    rows = [row for row in CONTENT.release.review if row.outcome == "continue"]
    return frozenset(plain(line) for row in rows for line in (row.why, *row.next))


@cache
def reading_texts() -> frozenset[str]:
    """Every line of the pages to read that waits for a safety check."""
    waiting = [part.html for page in CONTENT.learn_pages.values() for part in page.parts if part.waits]
    shown = [line for html in waiting for line in html.split("\n") if not line.startswith("<h")]  # headings say nothing
    lines = [" ".join(plain(re.sub(r"<[^>]+>", " ", line)).split()) for line in shown]
    return frozenset(line for line in lines if len(line.split()) > 4)


def reassurance(text: str, may: Callable[[str], bool]) -> Iterator[tuple[str, str, bool]]:
    """What of it stands in a page: the result it belongs to or "plan", the words, and whether they may stand there.

    Words that may stand are taken out before the others are looked for: results share lines.
    """
    kinds = {**result_texts(), "plan": plan_texts(), "review": review_texts(), "reading": reading_texts()}
    for kind in sorted(kinds, key=may, reverse=True):
        for words in sorted(kinds[kind], key=len, reverse=True):
            if words in text:
                yield kind, words, may(kind)
                text = text.replace(words, " ") if may(kind) else text


# ---- who may read it ---------------------------------------------------------------------------------------------


@dataclass(slots=True)
class Allowed:
    """What may stand where, as the rows have it. standing: the newest result, where it still counts today."""

    standing: Decision | None
    open_plan: bool
    plan_may_come: bool
    review: Review | None = None

    def may(self, kind: str, name: str, decision: Decision | None) -> bool:
        here = self.review is not None and name == f"review_result {self.review.uuid}"
        if kind == "plan":
            in_summary = here and self.review is not None and self.review.outcome != "seek_medical_help"
            return in_summary or (self.open_plan and name in PLAN_PAGES)
        if kind == "review":
            return here
        if kind == "reading":
            standing = self.standing is not None and self.standing.disposition in REASSURING
            return name == "learn_page" and (self.open_plan or (standing and self.plan_may_come))
        shown = decision is not None and decision == self.standing and decision.disposition == kind
        return (name == "result" and shown) or (self.open_plan and name in PLAN_PAGES)


PLAN_PAGES: Final = frozenset({
    "plan", "plan_pack", "easy_page",
    "plan_shape", "plan_swap", "exercise", "today", "training", "training_start", "training_start_movement",
    "training_done", "training_wrong", "training_exercise", "live", "live_screen", "morning", "breaks", "break_card",
    "break_now",
    "flare", "flare_over", "load", "load_new", "load_task", "load_amounts", "load_ladder", "load_rung", "load_entry",
    "checkin",
    "training_change",
    "workplace", "workplace_check", "workplace_part", "workplace_print", "habits", "habits_breathing",
    "learn", "learn_page",
})  # fmt: skip


def allowed(world: World) -> Allowed:
    newest = Decision.objects.filter(screening__profile=world.me).order_by("pk").last()
    half_way = Screening.objects.filter(profile=world.me, state="in_progress").exclude(answers={}).exists()
    plan = PlanVersion.objects.filter(profile=world.me).order_by("pk").last()
    told = DiaryEntry.objects.filter(profile=world.me, plan__decision=newest)
    alarms = any(row.kind == "warned" or row.data.get("how") == "felt_wrong" for row in told)
    fresh = newest is not None and dt.timedelta(0) <= world.now - newest.decided_at <= dt.timedelta(hours=24)
    return Allowed(
        standing=newest if newest is not None and newest.complete and fresh and not (half_way or alarms) else None,
        open_plan=plan is not None and plan.allowed and plan.decision == newest and not half_way and not alarms,
        plan_may_come=_goes(
            lambda: plans.check_plan_may_come(profile=world.me, by=steps.ME, now=world.now, today=world.today)
        ),
        review=_standing_review(world, nothing_new=not (half_way or alarms)),
    )


def _standing_review(world: World, *, nothing_new: bool) -> Review | None:
    """The newest review, where it was made from the newest check and nothing came after it."""
    newest = Decision.objects.filter(screening__profile=world.me).order_by("pk").last()
    review = Review.objects.filter(profile=world.me).order_by("pk").last()
    return review if review is not None and nothing_new and review.decision == newest else None


def _goes(ask: Callable[[], object]) -> bool:
    try:
        ask()
    except NotAllowed:
        return False
    return True


# ---- every page --------------------------------------------------------------------------------------------------


@dataclass(slots=True)
class Seen:
    """Pages that were looked at, and the reassuring words met where they may stand."""

    pages: int = 0
    states: set[str] = field(default_factory=set)
    met: set[str] = field(default_factory=set)


def addresses(world: World) -> Iterator[tuple[str, str, Decision | None]]:
    """Every address that can be looked at: its name, the path, and the result it is of."""
    decisions = list(Decision.objects.filter(screening__profile__in=(world.me, world.other)))
    plan = plans.latest_plan(profile=world.me, by=steps.ME)
    planned = [item["id"] for item in plan.record["exercises"]] if plan is not None else []
    of_each: dict[str, list[Any]] = {
        "page_id": [page.id for section in CONTENT.release.questions for page in section.together],
        "question_id": ["emergency_chest", "age", "trend", "self_harm", "psfs"],
        "step_id": ["areas", "tasks", "amounts", "goals", "moving", "pain_detail", "surgery_cleared"],
        "task_id": ["LM-SIT", "LM-HOUSE"],
        "rung_id": ["0" * 32],
        "group_id": [str(uuid.UUID(int=0))],
        "appointment_id": [str(uuid.UUID(int=0))],
        "sha256": ["0" * 64],
        "part_id": ["screen", "day"],
        "learn_id": ["hurt-and-harm", "posture"],
        "easy_id": [page.id for page in easy.PAGES],
        "kept": [str(uuid.uuid4())],
        "entry_uuid": [str(uuid.uuid4())],
        "exercise_id": [*planned[:2], "MV02", "ST01"],
        "session_id": [
            "0" * 32,
            *(one.id for one in steps.sessions_today(world)),
        ],
        "review_uuid": ["0" * 8 + "-0000-4000-8000-" + "0" * 12, *map(str, reviewed(world))],
    }
    for pattern in urls.urlpatterns:
        name = str(pattern.name)
        match list(pattern.pattern.converters):
            case []:
                yield name, reverse(name), None
            case ["decision_uuid"]:
                yield from ((name, reverse(name, args=[one.uuid]), one) for one in decisions)
            case ["review_uuid"]:
                yield from ((f"{name} {id}", reverse(name, args=[id]), None) for id in of_each["review_uuid"])
            case [argument]:
                yield from ((name, reverse(name, args=[id]), None) for id in of_each[argument])
            case arguments:
                yield name, reverse(name, args=[of_each[argument][0] for argument in arguments]), None
    yield from ((name, reverse(name), None) for name in ("start", "about"))


def reviewed(world: World) -> list[uuid.UUID]:
    """The ids of everybody's reviews."""
    return list(Review.objects.filter(profile__in=(world.me, world.other)).values_list("uuid", flat=True))


def look_everywhere(world: World, seen: Seen, monkeypatch: pytest.MonkeyPatch) -> None:
    """Gets every page as this person and as the other one. Raises AssertionError on the first word too many."""
    monkeypatch.setattr(session, "now", lambda: world.now)
    may = allowed(world)
    for person, whose in ((world.me, may), (world.other, Allowed(None, open_plan=False, plan_may_come=False))):
        client = Client()
        client.post("/people/choose/", {"person": str(person.uuid)})
        for name, path, decision in addresses(world):
            mine = decision if decision is not None and decision.screening.profile_id == person.pk else None
            _look(client.get(path), name, mine, whose, seen, f"{path} after {world.steps}")
    seen.states.add(signature(world))


def _look(response: Any, name: str, decision: Decision | None, may: Allowed, seen: Seen, place: str) -> None:
    seen.pages += 1
    if not response.content:
        return
    for kind, words, may_stand in reassurance(page_text(response), lambda kind: may.may(kind, name, decision)):
        assert may_stand, f"{place}: “{words}” ({kind}) must not stand here"
        seen.met.add(kind)
    body = response.content.decode()
    for action, ok in (
        ("/assessment/begin/", may.plan_may_come or may.open_plan),
        ("/plan/make/", may.plan_may_come),
        ("/exercise/", may.open_plan),
    ):
        assert ok or action not in body, f"{place}: a way to {action}"


def signature(world: World) -> str:
    """What a page can tell apart: pages are looked at once for each."""
    state = journey.current_state(profile=world.me, by=steps.ME, now=world.now)
    results = Decision.objects.filter(screening__profile=world.me).values_list("disposition", "complete")
    about = (state.place, state.current, state.plan_open, state.assessment_fits, state.open_assessment is not None)
    locked = plans.locked_plan(profile=world.me, by=steps.ME, today=world.today) is not None
    return f"{about} {locked} {state.screening is not None} {list(results)[-3:]}"


# ---- states ------------------------------------------------------------------------------------------------------


def _look_back(world: World, *, pgic: int = 2) -> None:
    reviews.record_review(
        profile=world.me, client_id=uuid.uuid4(), told=Told(pgic=pgic), region=None, by=steps.ME, now=world.now
    )


#: More answers, so that every result is reached.
MORE: Final[dict[str, Callable[[World], None]]] = {
    "tick a sign for the physio": lambda world: steps.answer(world, {"psfs": Answer(number=2)}),
    "be unsure of an emergency": lambda world: steps.answer(
        world, {"emergency_chest": Answer(not_sure=True, simpler=True)}
    ),
    "begin to assess": steps.begin_to_assess,
    "six weeks": lambda world: setattr(world, "now", world.now + dt.timedelta(days=42)),
    "look back, better": _look_back,
    "wake in the second half": lambda world: steps.answer(world, {"night": Answer(options=("second_half",))}),
    "look back, worse": lambda world: _look_back(world, pgic=6),
    "flare up": lambda world: _flare_up(world, "no"),
    "flare up, not sure": lambda world: _flare_up(world, "not_sure"),
}


def _flare_up(world: World, answer: str) -> None:
    answers = dict.fromkeys(flares.CHECKS, answer)
    id = uuid.uuid5(world.me.uuid, answer)
    flares.begin_flare(profile=world.me, client_id=id, answers=answers, pain=4, by=steps.ME, now=world.now)


LOOKED_BACK: Final = (*ROAD, "six weeks", "answer", "finish", "look back, better")

CHECKED: Final = ("answer", "finish")
STATES: Final[dict[str, tuple[str, ...]]] = {
    "no check": (),
    "an unfinished check": ("answer all but one",),
    "a whole check without its result": ("answer",),
    "an old check without its result": ("answer", "a day and an hour"),
    "a stopped check": ("tick an emergency",),
    "a stopped check, looked at again": ("tick an emergency", "look at the answers again"),
    "self-care": CHECKED,
    "self-care of yesterday": (*CHECKED, "a day and an hour"),
    "self-care from the future": (*CHECKED, "the clock goes back"),
    "self-care, and a new check half-way": (*CHECKED, "look at the answers again"),
    "self-care, then an emergency": (*CHECKED, "tick an emergency"),
    "self-care, then today": (*CHECKED, "answer", "tick a same-day sign", "finish"),
    "self-care and the questions begun, then today": (
        *CHECKED, "begin to assess", "answer", "tick a same-day sign", "finish",
    ),
    "physiotherapist": ("answer", "tick a sign for the physio", "finish"),
    "physiotherapist, yesterday": ("answer", "tick a sign for the physio", "finish", "a day and an hour"),
    "GP soon": ("answer", "tick a sign for the GP", "finish"),
    "GP soon, seen": ("answer", "tick a sign for the GP", "finish", "be cleared"),
    "GP soon, seen, planned": ("answer", "tick a sign for the GP", "finish", "be cleared", "assess", "plan"),
    "GP soon, not seen, questions answered before": (*ROAD, "answer", "tick a sign for the GP", "finish"),
    "left open": ("answer", "be unsure", "finish"),
    "an emergency left open": ("answer", "be unsure of an emergency", "finish"),
    "today": ("answer", "tick a same-day sign", "finish"),
    "fifteen": ("answer", "be fifteen", "finish"),
    "fifteen, seen": ("answer", "be fifteen", "finish", "be cleared"),
    "the questions begun": (*CHECKED, "begin to assess"),
    "questions answered, no plan yet": (*CHECKED, "assess"),
    "a plan": ROAD,
    "a plan for weeks": (*ROAD, "a day and an hour", "a day and an hour"),
    "a plan that waits": (*ROAD, "look at the answers again"),
    "a plan, then an emergency": (*ROAD, "tick an emergency"),
    "a plan, then today": (*ROAD, "answer", "tick a same-day sign", "finish"),
    "a plan, then not sure before a session": (*ROAD, "not sure before a session"),
    "a plan, then something felt wrong": (*ROAD, "begin a session", "something feels wrong"),
    "a plan, then a flare-up": (*ROAD, "flare up"),
    "a plan, then not sure at a flare-up": (*ROAD, "flare up, not sure"),
    "a flare-up, then not sure before a session": (*ROAD, "flare up", "not sure before a session"),
    "a plan of an older check": (*ROAD, "answer", "finish"),
    "a plan, looked back at": LOOKED_BACK,
    "looked back at, and the next weeks": (*LOOKED_BACK, "plan"),
    "looked back at, then an emergency": (*LOOKED_BACK, "tick an emergency"),
    "looked back at, and a new check half-way": (*LOOKED_BACK, "look at the answers again"),
    "looked back at, then not sure before a session": (*LOOKED_BACK, "plan", "not sure before a session"),
    "looked back at, then another check": (*LOOKED_BACK, "answer", "finish"),
    "a sign for the GP at the review": (
        *ROAD, "six weeks", "answer", "tick a sign for the GP", "finish", "look back, better",
    ),
    "looked back at, worse": (
        *ROAD, "six weeks", "answer", "wake in the second half", "finish", "look back, worse",
    ),
    "looked back at, worse, and checked again": (
        *ROAD, "six weeks", "answer", "wake in the second half", "finish", "look back, worse", "answer", "finish",
    ),
    "looked back at, worse, and seen": (
        *ROAD, "six weeks", "answer", "wake in the second half", "finish", "look back, worse", "be cleared",
    ),
    "a locked plan": (*CHECKED, "assess after an operation", "plan"),
    "a locked plan, seen": (*CHECKED, "assess after an operation", "plan", "be cleared"),
}  # fmt: skip


def brought_about(way: tuple[str, ...], monkeypatch: pytest.MonkeyPatch) -> World:
    """A state, by its steps through the services."""
    for name, step in MORE.items():
        monkeypatch.setitem(STEPS, name, step)
    world = new_world()
    for name in way:
        assert take(world, name, state_of(world)), (name, way)
    return world


@pytest.mark.parametrize("name", STATES)
def test_no_page_reassures_where_it_must_not(name: str, monkeypatch: pytest.MonkeyPatch) -> None:
    seen = Seen()
    look_everywhere(brought_about(STATES[name], monkeypatch), seen, monkeypatch)
    assert seen.pages > 80
    if name in {
        "self-care",
        "physiotherapist",
        "a plan",
        "a plan, looked back at",
    }:  # or the words are looked for in vain
        assert seen.met >= {"reading"}


def test_no_page_to_read_says_to_everybody_what_only_some_may_read() -> None:
    """Each of the pages, whole; the proof over all states looks at two of them."""
    found = []
    for page in CONTENT.learn_pages.values():
        open_parts = [part.html for part in page.parts if not part.waits]
        text = plain(re.sub(r"<[^>]+>", " ", " ".join([page.title, page.summary, *open_parts])))
        found += [f"{page.id}: {words}" for _, words, _ in reassurance(text, lambda kind: False)]
    assert found == []


def test_the_states_are_all_there(tell: Callable[[str], None], monkeypatch: pytest.MonkeyPatch) -> None:
    """Every result, a check at every point, a plan open, waiting and locked."""
    met, places = set(), set()
    for way in STATES.values():
        with steps.undone():
            world = brought_about(way, monkeypatch)
            state = journey.current_state(profile=world.me, by=steps.ME, now=world.now)
            places.add((state.place, state.current, state.plan_open))
            if state.decision is not None:
                met.add((state.decision.disposition, state.decision.complete))
    assert {disposition for disposition, _ in met} == set(CONTENT.dispositions)
    assert ("emergency_now", False) in met
    assert {place for place, _, _ in places} == {"nothing", "screening", "result", "assessment", "plan", "today"}
    words = sum(map(len, result_texts().values())) + len(plan_texts())
    tell(f"reassurance: {len(STATES)} states, every page in each, {words:,} texts looked for, none where it must not")


@pytest.mark.long
def test_no_page_reassures_after_any_order_of_steps(
    tell: Callable[[str], None], monkeypatch: pytest.MonkeyPatch
) -> None:
    seen = Seen()

    def look(world: World) -> None:
        if signature(world) not in seen.states:
            look_everywhere(world, seen, monkeypatch)

    for after, length in (((), 4), (ROAD, 3)):
        all_orders(length, after=after, look=look)
    tell(f"reassurance after any order of steps: {len(seen.states):,} states, {seen.pages:,} pages, none too many")


# ---- controls ----------------------------------------------------------------------------------------------------


@pytest.mark.parametrize(
    ("name", "break_it"),
    [
        ("self-care of yesterday", lambda patch: patch.setattr(result, "_template", lambda decision, stands: "result")),
        ("self-care, then an emergency", lambda patch: patch.setattr(result, "_template", lambda d, stands: "result")),
        ("a plan that waits", lambda patch: patch.setattr(policies, "check_plan_is_open", lambda *about, **more: None)),
        ("a plan, then today", lambda patch: patch.setattr(policies, "plan_is_open", lambda *about, **more: True)),
        ("today", lambda patch: patch.setattr(screening, "get_decision", milder)),
    ],
)
def test_control_a_page_that_reassures_is_seen(
    name: str, break_it: Callable[[pytest.MonkeyPatch], None], monkeypatch: pytest.MonkeyPatch
) -> None:
    world = brought_about(STATES[name], monkeypatch)
    break_it(monkeypatch)
    with pytest.raises(AssertionError, match="must not stand here"):
        look_everywhere(world, Seen(), monkeypatch)


def milder(**about: Any) -> Decision:
    """Another result than the one that was decided."""
    decision = Decision.objects.get(uuid=about["decision_uuid"])
    decision.disposition = "self_manage"
    decision.record["advice"]["title"] = CONTENT.dispositions["self_manage"].title
    return decision
