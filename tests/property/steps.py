"""Steps of a person through the services, in any order, and what has to hold after each of them.

A state is everything the services have written, told without ids and with times counted from now, so that two roads
which lead to the same state need to be followed only once.
"""

import datetime as dt
import hashlib
import itertools
import json
import random
import uuid
from collections.abc import Callable, Iterator, Mapping
from contextlib import contextmanager
from dataclasses import dataclass, field
from functools import cache
from typing import Any, Final

import msgspec
from django.db import connection, transaction

from tests.property import answers as oracle
from tests.property.roads import quiet_answer
from upperback.care import intake
from upperback.care.advice import advice_record
from upperback.care.intake import Answer
from upperback.care.sessions import Session, sessions_of
from upperback.care.triage import decide, read_findings
from upperback.care.triage.record import decision_record
from upperback.content.vocabulary import default_content
from upperback.core.errors import Conflict, InputError, NotAllowed
from upperback.services import actors, assessments, diary, journey, people, plans, screening, sessions, today
from upperback.store.models import (
    Assessment,
    AuditEvent,
    Clearance,
    Decision,
    DiaryEntry,
    PlanVersion,
    Profile,
    Review,
    Screening,
    TodayMark,
)

CONTENT = default_content()
ME = actors.household("steps")
BEGIN = dt.datetime(2026, 11, 21, 8, 0, tzinfo=dt.UTC)
DAY = dt.timedelta(hours=24)


def _plain_sore_back() -> dict[str, Answer]:
    answers: dict[str, Answer] = {}
    while (gap := next((id for id in oracle.read(answers).asked if id not in answers), None)) is not None:
        answers[gap] = quiet_answer(gap)
    return answers


#: A plain sore back, an emergency, a same-day result, one for the GP, somebody too young, something left open.
QUIET: Final[dict[str, Answer]] = _plain_sore_back()
MOVING: Final = {id: quiet_answer(id) for id, part in oracle.PART_OF.items() if part == "assessment"}
EMERGENCY: Final = {"emergency_nerves": Answer(options=("saddle",))}
URGENT: Final = {"belly": Answer(options=("jaundice",))}
SOON: Final = {"weight_sweats": Answer(options=("weight",))}
YOUNG: Final = {"age": Answer(number=15)}
UNSURE: Final = {"weight_sweats": Answer(not_sure=True, simpler=True)}
LAST: Final = "psfs"


@dataclass(slots=True)
class World:
    """Two people of one household and the clock of the machine."""

    now: dt.datetime
    me: Profile
    other: Profile
    steps: list[str] = field(default_factory=list)

    @property
    def today(self) -> dt.date:
        return today.local_day(self.me, self.now)

    def go_on(self) -> "World":
        """The same world for another road from here."""
        return World(self.now, self.me, self.other, [*self.steps])


def new_world() -> World:
    """Nobody has answered anything."""
    me, other = (people.create_profile(name=name, by=ME, now=BEGIN) for name in ("Ana", "Ben"))
    return World(BEGIN, me, other)


# ---- the steps ---------------------------------------------------------------------------------------------------


def answer(world: World, answers: Mapping[str, Answer]) -> None:
    """Answers into the open check, or into a new one."""
    begun = screening.start_screening(profile=world.me, by=ME, now=world.now)
    screening.record_answers(screening=begun, answers=answers, by=ME, now=world.now, version=begun.version)


def _finish(world: World, *, still_hold: bool) -> None:
    newest = Screening.objects.filter(profile=world.me).last()
    if newest is not None:
        screening.finish_screening(screening=newest, by=ME, now=world.now, still_hold=still_hold)


def _correct(world: World) -> None:
    decision = plans.latest_decision(world.me)
    if decision is not None:
        screening.correct_screening(screening=decision.screening, by=ME, now=world.now)


def begin_to_assess(world: World) -> None:
    """The questions before a plan are begun."""
    assessments.start_assessment(profile=world.me, by=ME, now=world.now)


def _assess(world: World, surgery: str) -> None:
    """The whole assessment: every step that may be is skipped. Its answers are written in one go, to be quick."""
    decision = plans.latest_decision(world.me)
    current = assessments.start_assessment(profile=world.me, by=ME, now=world.now)
    answers = MOVING | {"surgery": Answer(options=(surgery,))}
    rows = Assessment.objects.filter(pk=current.pk)
    rows.update(
        answers={id: intake.to_plain(answer) for id, answer in answers.items()},
        done=list(assessments.STEPS),
        skipped=list(assessments.STEPS),
    )
    assessments.finish_assessment(assessment=rows.get(), decision=decision, by=ME, now=world.now)


def _plan(world: World) -> None:
    plans.make_plan(profile=world.me, by=ME, now=world.now, today=world.today)


def _shape(world: World) -> None:
    plan = plans.open_plan(profile=world.me, by=ME)
    left_out = plan.choices.get(plans.LEAVE_OUT) or [plan.record["exercises"][0]["id"]]
    plans.shape_plan(plan=plan, leave_out=left_out, by=ME, now=world.now)


def _clear(world: World) -> None:
    decision = plans.latest_decision(world.me)
    if decision is not None:
        day = {"cleared_on": world.today, "today": world.today}
        try:
            plans.record_clearance(decision=decision, role="gp", by=ME, now=world.now, **day)
        except InputError as error:  # the clock was put back to before the check
            raise NotAllowed(error.message) from error


def _mark(world: World) -> None:
    plan = plans.open_plan(profile=world.me, by=ME)
    (item, turn), *_ = today.items_of(plan, world.today)
    dice = random.Random(f"{plan.number} {world.today}")
    id = actors.public_id(f"{dice.getrandbits(128):032x}")
    today.mark_today(
        profile=world.me, client_id=id, day=world.today, item=item, turn=turn, done=True, by=ME, now=world.now
    )


def _train(world: World, answers: dict[str, str]) -> None:
    """Before a session: three questions. An answer that is not "no" is kept, and no session begins."""
    dice = random.Random(f"{sorted(answers.items())} {world.now}")
    about: dict[str, Any] = {"profile": world.me, "client_id": uuid.UUID(int=dice.getrandbits(128)), "answers": answers}
    plans.open_plan(profile=world.me, by=ME)
    if not sessions.tell_warning(**about, by=ME, now=world.now):
        sessions.begin_session(**about, what="movement", pain_now=2, by=ME, now=world.now)


def sessions_today(world: World) -> list[Session]:
    """The sessions of this day, as the diary tells them."""
    written = diary.entries(profile=world.me, by=ME, since=world.today)
    return [one for one in sessions_of(written) if one.day == world.today]


def _feel_wrong(world: World) -> None:
    """The session of today is stopped because something feels wrong."""
    for one in sessions_today(world):
        sessions.end_session(
            profile=world.me, session_id=one.id, client_id=uuid.uuid5(uuid.UUID(one.id), "wrong"), how="felt_wrong",
            sign=None, by=ME, now=world.now,
        )  # fmt: skip


def _wait(world: World, hours: int) -> None:
    world.now += dt.timedelta(hours=hours)


def _erase_other(world: World) -> None:
    """Everything of the other person goes, and nothing of this one."""
    Profile.objects.filter(pk=world.other.pk).delete()
    world.other = people.create_profile(name="Ben", by=ME, now=BEGIN)


def _other_emergency(world: World) -> None:
    begun = screening.start_screening(profile=world.other, by=ME, now=world.now)
    screening.record_answers(screening=begun, answers=EMERGENCY, by=ME, now=world.now, version=begun.version)


Step = Callable[[World], None]

STEPS: Final[dict[str, Step]] = {
    "answer": lambda world: answer(world, QUIET),
    "answer all but one": lambda world: answer(world, {id: a for id, a in QUIET.items() if id != LAST}),
    "tick an emergency": lambda world: answer(world, EMERGENCY),
    "tick a same-day sign": lambda world: answer(world, URGENT),
    "tick a sign for the GP": lambda world: answer(world, SOON),
    "be fifteen": lambda world: answer(world, YOUNG),
    "be unsure": lambda world: answer(world, UNSURE),
    "finish": lambda world: _finish(world, still_hold=False),
    "say that all still holds": lambda world: _finish(world, still_hold=True),
    "look at the answers again": _correct,
    "assess": lambda world: _assess(world, "none"),
    "assess after an operation": lambda world: _assess(world, "recent"),
    "plan": _plan,
    "shape": _shape,
    "be cleared": _clear,
    "tick today": _mark,
    "begin a session": lambda world: _train(world, dict.fromkeys(sessions.CHECKS, "no")),
    "not sure before a session": lambda world: _train(world, {sessions.CHECKS[0]: "not_sure"}),
    "something feels wrong": _feel_wrong,
    "a day and an hour": lambda world: _wait(world, 25),
    "the clock goes back": lambda world: _wait(world, -25),
}

#: The road and what crosses it: enough to go deeper in a short time.
MAIN: Final = (
    "answer", "tick an emergency", "tick a sign for the GP", "finish", "look at the answers again", "assess", "plan",
    "be cleared", "a day and an hour",
)  # fmt: skip

#: The shortest road to a plan.
ROAD: Final = ("answer", "finish", "assess", "plan")

#: Steps that are allowed twice and are then done once.
ONCE: Final = frozenset(
    {
        "finish",
        "say that all still holds",
        "plan",
        "shape",
        "be cleared",
        "tick today",
        "look at the answers again",
        "something feels wrong",
    }
)

#: What somebody else of the household may do at any time.
ELSEWHERE: Final[dict[str, Step]] = {
    "another person's emergency": _other_emergency,
    "another person goes": _erase_other,
}


#: It is tried in one state out of so many.
ELSEWHERE_EVERY: Final = 10


def take(world: World, name: str, state: str) -> bool:
    """One step from a state. False where it was refused; then nothing has changed."""
    world.steps.append(name)
    try:
        with transaction.atomic():
            STEPS[name](world)
    except (Conflict, NotAllowed):
        assert state_of(world) == state, f"{world.steps}: refused, and something changed"
        return False
    return True


# ---- a state ------------------------------------------------------------------------------------------------------

#: The tables of a person and how their rows are found. The clock moves by whole days and hours of its own, so a state
#: needs no hour of the day.
_OF_PERSON: Final = "profile_id = %s"
_TABLES: Final[tuple[tuple[Any, str], ...]] = (
    (Screening, _OF_PERSON),
    (Decision, "screening_id IN (SELECT id FROM store_screening WHERE profile_id = %s)"),
    (Assessment, _OF_PERSON),
    (Clearance, _OF_PERSON),
    (PlanVersion, _OF_PERSON),
    (TodayMark, _OF_PERSON),
    (DiaryEntry, _OF_PERSON),
    (Review, _OF_PERSON),
)
_OF_NO_MATTER: Final = {"id", "uuid", "client_id", "profile_id", "version", "by"}


def state_of(world: World) -> str:
    """Everything that is written about this person, without ids and with times counted from now."""
    whole: list[Any] = []
    places: dict[Any, dict[int, int]] = {}
    with connection.cursor() as cursor:
        for model, where in _TABLES:
            columns = [field.column for field in model._meta.concrete_fields]
            cursor.execute(
                f"SELECT {', '.join(columns)} FROM {model._meta.db_table} WHERE {where} ORDER BY id", [world.me.pk]
            )
            rows = [dict(zip(columns, row, strict=True)) for row in cursor.fetchall()]
            places[model] = {row["id"]: place for place, row in enumerate(rows)}
            whole.append([_told(row, model, places, world.now) for row in rows])
    return hashlib.sha256(json.dumps(whole, sort_keys=True).encode()).hexdigest()


def _told(row: dict[str, Any], model: Any, places: Mapping[Any, Mapping[int, int]], now: dt.datetime) -> dict[str, Any]:
    def told(column: str, value: Any) -> Any:
        field = _fields(model)[column]
        if value is None:
            return None
        if field.many_to_one or field.one_to_one:  # which of its kind, by order
            return places[field.related_model][value]
        match field.get_internal_type():
            case "DateTimeField":
                return (now - dt.datetime.fromisoformat(str(value)).replace(tzinfo=dt.UTC)).total_seconds()
            case "DateField":
                return (now.date() - dt.date.fromisoformat(str(value))).days
            case _:
                return value

    return {column: told(column, value) for column, value in row.items() if column not in _OF_NO_MATTER}


@cache
def _fields(model: Any) -> dict[str, Any]:
    return {field.column: field for field in model._meta.concrete_fields}


# ---- what has to hold --------------------------------------------------------------------------------------------


def check(world: World) -> None:
    """Everything that has to hold wherever somebody stands. Raises AssertionError with the road that led there."""
    road = f"after {world.steps}"
    _check_rows(world, road)
    decision = Decision.objects.filter(screening__profile=world.me).order_by("pk").last()
    state = journey.current_state(profile=world.me, by=ME, now=world.now)
    assert (state.decision and state.decision.pk) == (decision and decision.pk), road
    _check_open_plan(world, decision, road)
    if decision is None or not decision.complete:
        assert not state.current, road
    if decision is not None and state.current:
        assert dt.timedelta(0) <= world.now - decision.decided_at <= DAY, road


def _check_rows(world: World, road: str) -> None:
    """Nothing doubled, nothing left over, nothing decided without every answer."""
    rows = Screening.objects.filter(profile=world.me)
    finished = rows.filter(state=Screening.State.FINISHED)
    assert rows.count() - finished.count() <= 1, road
    assert Decision.objects.filter(screening__profile=world.me).count() == finished.count(), road
    for decision in Decision.objects.filter(screening__in=finished).select_related("screening"):
        _check_decision(decision, road)
    versions = list(PlanVersion.objects.filter(profile=world.me).order_by("pk"))
    assert [plan.number for plan in versions] == list(range(1, len(versions) + 1)), road
    for one, next_one in itertools.pairwise(versions):
        assert _made_from(one) != _made_from(next_one), f"{road}: the same plan twice"
    assert Assessment.objects.filter(profile=world.me, state=Assessment.State.IN_PROGRESS).count() <= 1, road
    audited = AuditEvent.objects.filter(profile_uuid=world.me.uuid)
    assert audited.filter(action="finish_screening").count() == finished.count(), road
    assert audited.filter(action__in=("make_plan", "shape_plan")).count() == len(versions), road


def _made_from(plan: PlanVersion) -> tuple[Any, ...]:
    return plan.decision_id, plan.assessment_id, plan.clearance_id, json.dumps(plan.choices, sort_keys=True)


def _check_decision(decision: Decision, road: str) -> None:
    answers = intake.from_plain(decision.screening.answers)
    reading = oracle.read(answers)
    assert decision.findings == reading.findings, road
    whole = all(id in answers for id in reading.asked)
    assert decision.complete == whole, road
    assert whole or decision.disposition == "emergency_now", f"{road}: {decision.disposition} of an unfinished check"
    since = decision.screening.answers_since
    if decision.disposition != "emergency_now":
        assert dt.timedelta(0) <= decision.decided_at - since <= DAY, f"{road}: a result from old answers"


def _check_open_plan(world: World, decision: Decision | None, road: str) -> None:
    """T3: no plan unless the check is complete, was current when the plan was made, and in scope."""
    try:
        plan = plans.open_plan(profile=world.me, by=ME)
    except NotAllowed:
        return
    assert decision is not None, road
    assert plan.decision_id == decision.pk, f"{road}: a plan from an older check"
    assert decision.complete, road
    assert decision.disposition not in {"emergency_now", "urgent_same_day"}, road
    half_way = Screening.objects.filter(profile=world.me, state="in_progress").exclude(answers={})
    assert not half_way.exists(), f"{road}: a new check is half-way"
    assert plan.allowed, road
    told = DiaryEntry.objects.filter(profile=world.me, plan__decision=decision)
    alarms = [row for row in told if row.kind == "warned" or row.data.get("how") == "felt_wrong"]
    assert not alarms, f"{road}: open after a warning sign"
    first = PlanVersion.objects.filter(decision=decision, reason="made").order_by("pk").first()
    assert first is not None, road
    assert dt.timedelta(0) <= first.made_at - decision.decided_at <= DAY, f"{road}: a plan from an old check"
    assert decision.findings["age"] >= 16, road
    states = {rule["id"]: rule["state"] for rule in decision.record["triage"]["rules"]}
    assert not any(state == "open" and id[0] in "EU" for id, state in states.items()), road
    assert plan.assessment is not None, f"{road}: nobody asked about moving safely"
    waits = decision.disposition == "gp_soon" or any(state == "open" and id[0] == "G" for id, state in states.items())
    after_operation = plan.findings.get("surgery_weeks_ago") != "never"
    assert plan.clearance is not None or not (waits or after_operation), f"{road}: nobody has looked first"


# ---- again, from what was kept --------------------------------------------------------------------------------------


def replay(world: World, known: set[uuid.UUID]) -> Iterator[tuple[str, bytes, bytes]]:
    """Every stored decision and plan of this person: what was kept, and the same made again from its inputs."""
    decisions = Decision.objects.filter(screening__profile=world.me).exclude(uuid__in=known)
    for decision in decisions.select_related("screening"):
        known.add(decision.uuid)
        again = _decided_again(decision)
        for name in ("findings", "declined", "disposition", "complete", "rules", "record"):
            yield f"decision {name}", _bytes(getattr(decision, name)), _bytes(again[name])
    for plan in PlanVersion.objects.filter(profile=world.me).exclude(uuid__in=known):
        known.add(plan.uuid)
        assert plan.release_sha256 == CONTENT.sha256
        findings = plans.plan_findings(plan.decision, plan.assessment)
        yield "plan findings", _bytes(plan.findings), _bytes(findings)
        yield "plan record", _bytes(plan.record), _bytes(plans.build_record(plan.findings, plan.choices))


def _decided_again(decision: Decision) -> dict[str, Any]:
    """From the stored answers and the release, by the pure functions alone."""
    assert decision.release_sha256 == CONTENT.sha256
    answers = intake.from_plain(decision.screening.answers)
    read = intake.read_answers(answers, CONTENT)
    facts = read_findings(read.findings, content=CONTENT, age_required=False)
    decided = decide(facts, CONTENT)
    complete = decided.complete and intake.next_question(answers, CONTENT) is None
    emergencies = frozenset(state.rule.id for state in intake.fired_emergencies(answers, CONTENT))
    only = None if complete else emergencies
    advice = advice_record(decided, facts, CONTENT, declined=read.declined, only_rules=only)
    return {
        "findings": dict(read.findings),
        "declined": list(read.declined),
        "disposition": decided.disposition,
        "complete": complete,
        "rules": [state.rule.id for state in decided.rules],
        "record": {"triage": decision_record(decided, facts, CONTENT), "advice": advice},
    }


def _bytes(value: Any) -> bytes:
    return msgspec.json.encode(value)


# ---- all orders ----------------------------------------------------------------------------------------------------


@dataclass(slots=True)
class Walked:
    """What a search has been through. seen: states, with the most steps that were left to go from there."""

    steps: tuple[str, ...]
    seen: dict[str, int] = field(default_factory=dict)
    plans: int = 0
    again: int = 0
    known: set[uuid.UUID] = field(default_factory=set)

    def orders(self, length: int) -> int:
        """How many orders of steps it stands for: every order of up to that many steps."""
        return sum(len(self.steps) ** taken for taken in range(1, length + 1))


def all_orders(
    length: int,
    steps: tuple[str, ...] = tuple(STEPS),
    *,
    after: tuple[str, ...] = (),
    look: Callable[[World], None] = lambda world: None,
) -> Walked:
    """Every order of up to `length` steps; a state that was met with as many steps to go is not followed again.

    after: steps that come before them. look: is shown every new state.
    """
    walked = Walked(steps)
    world = new_world()
    for name in after:
        assert take(world, name, state_of(world)), name
    state = state_of(world)
    walked.seen[state] = length
    look(world)
    _follow(world, state, length, walked, look)
    return walked


def _follow(world: World, state: str, left: int, walked: Walked, look: Callable[[World], None]) -> None:
    if left == 0:
        return
    for name in walked.steps:
        with undone():
            here = world.go_on()
            if not take(here, name, state):
                continue
            arrived = state_of(here)
            if arrived not in walked.seen:
                _arrived(here, name, arrived, walked, look)
            if walked.seen.get(arrived, -1) < left - 1:
                walked.seen[arrived] = left - 1
                _follow(here, arrived, left - 1, walked, look)


def _arrived(world: World, name: str, state: str, walked: Walked, look: Callable[[World], None]) -> None:
    """A state that was not met before: everything has to hold, and the step done again is one step."""
    check(world)
    walked.again += check_replay(world, walked.known)
    walked.plans += journey.current_state(profile=world.me, by=ME, now=world.now).plan_open
    look(world)
    with undone():
        again = world.go_on()
        if name in ONCE and take(again, name, state):
            assert state_of(again) == state, f"{again.steps}: done twice"
        for step in ELSEWHERE.values() if len(walked.seen) % ELSEWHERE_EVERY == 0 else ():
            before = state_of(again)
            step(again)
            assert state_of(again) == before, f"{again.steps}: what another person does is seen here"


def check_replay(world: World, known: set[uuid.UUID]) -> int:
    """Every stored decision and plan is the same to the byte when it is made again. How many there were to make."""
    before = len(known)
    for what, kept, again in replay(world, known):
        assert kept == again, f"after {world.steps}: {what}"
    return len(known) - before


@contextmanager
def undone() -> Iterator[None]:
    """Whatever is written inside is taken back at the end."""
    savepoint = transaction.savepoint()
    try:
        yield
    finally:
        transaction.savepoint_rollback(savepoint)
