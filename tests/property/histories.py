"""Invented people, day by day through the pure decisions of care: what may never happen to any of them.

Run with `just histories` or `python -m tests.property.histories [PERSON-MONTHS] [--seed N]`. Every person is made from
a number, so a history that breaks a law can be lived again: `live(seed)`.

The laws know the limits as bare numbers, from the clinical sheet and not from the content, so that a wrong number in
the content is found as well.
"""

import argparse
import datetime as dt
import functools
import multiprocessing
import os
import random
import signal
import sys
import time
from collections import Counter
from collections.abc import Callable, Iterable, Iterator, Sequence
from dataclasses import dataclass, field, replace
from typing import Any, Final, Literal
from zoneinfo import ZoneInfo

from upperback.care import course, early, flare, load_effect, schedule
from upperback.care import review as reviewing
from upperback.care.course import Course, Due, Kept
from upperback.care.course_items import bounds_of, items_of
from upperback.care.diary import (
    Entry,
    ExerciseEnded,
    SessionEnded,
    SessionStarted,
    SetDone,
    Written,
    in_force,
    read_entry,
)
from upperback.care.plan import Plan, build_plan, plan_record, read_choices
from upperback.care.progression import BANDS, Bounds, Move, Step, Verdict
from upperback.care.sessions import Session, sessions_of
from upperback.care.triage import read_findings
from upperback.cli.progress import Bar
from upperback.content.vocabulary import default_content
from upperback.core.errors import InputError

CONTENT = default_content()
BEGIN: Final = dt.date(2026, 1, 5)  # a Monday
DAY: Final = dt.timedelta(days=1)
DAYS: Final = 183
MONTH_DAYS: Final = 30.5
WEEKDAYS: Final = ("mon", "tue", "wed", "thu", "fri", "sat", "sun")

# Limits by hand, from sections 5 to 8 of the clinical sheet.
SETS, SETS_BONE, SETS_LIGHT, REPS, REPS_FEWEST = 4, 3, 2, 12, 6
TURNS_A_DAY, SESSIONS_A_WEEK, UPS, REVIEW_DAYS, FLARE_DAYS = 6, 4, 2, 42, 14
LONG_AWAY_DAYS, SHORT_AWAY_DAYS = 28, 8
LOAD_UP_MOST = 1.10

Kind = Literal["good", "poor", "erratic", "hostile"]


# ---- the product: what is under test -----------------------------------------------------------------------------


@dataclass(frozen=True, kw_only=True)
class Product:
    """The decisions. A control puts a broken one in the place of one of them."""

    due_on: Callable[[Course, dt.date], list[Due]] = course.due_on
    rest_on: Callable[[Course, dt.date], course.Rest | None] = course.rest_on
    needs_check: Callable[[Course], bool] = course.needs_check
    waiting: Callable[[Course, dt.date], list[Session]] = course.waiting
    judge_session: Callable[[Course, Session], dict[str, Verdict]] = course.judge_session
    flare_day: Callable[..., flare.FlareDay] = flare.flare_day
    review: Callable[..., reviewing.ReviewOutcome] = reviewing.review
    early_signs: Callable[..., tuple[early.EarlySign, ...]] = early.early_signs
    next_offer: Callable[..., schedule.Next] = schedule.next_offer
    effect_of_change: Callable[..., load_effect.Effect] = load_effect.effect_of_change
    read_entry: Callable[..., Entry] = read_entry
    says_whom_to_ask: Callable[[Plan], bool] = lambda plan: bool(
        plan.gate.locked_because and CONTENT.dispositions[plan.decision.disposition].contact
    )
    review_is_due: Callable[[dt.date, dt.date], bool] = lambda start, today: (today - start).days >= REVIEW_DAYS


# ---- people ------------------------------------------------------------------------------------------------------


@dataclass(frozen=True, kw_only=True)
class Habits:
    """Chances of a day, or of an answer, unless the name says otherwise."""

    does: float  # a session that is due
    tells: float  # each single answer
    drift: float  # of pain in points a week
    noise: float
    red: float = 0.02  # an exercise that hurts
    alarming: float = 0.002
    flares: float = 0.006
    leaves: float = 0.004  # for days or weeks
    changes_plan: float = 0.01
    quits_early: float = 0.05  # a session without its end
    alone: float = 0.0  # a session nobody offered
    second_device: float = 0.0  # a session by an old page that arrives late
    answers_late: float = 0.0  # how one exercise felt, days after everything else
    sets_clock: float = 0.0
    impossible: float = 0.0  # a value that cannot be
    easy: float = 0.3  # more than was asked for, with little effort
    goes: float = 0.9  # follows advice to do a check, a review, or to see somebody


HABITS: Final[dict[Kind, Habits]] = {
    "good": Habits(does=0.95, tells=0.95, drift=-0.25, noise=0.6),
    "poor": Habits(does=0.7, tells=0.8, drift=0.12, noise=1.0, red=0.15, alarming=0.01, flares=0.02),
    "erratic": Habits(
        does=0.4, tells=0.5, drift=-0.05, noise=1.5, red=0.06, leaves=0.02, quits_early=0.3, alone=0.05, goes=0.5,
        second_device=0.02, answers_late=0.2,
    ),
    "hostile": Habits(
        does=0.8, tells=0.5, drift=0.0, noise=3.0, red=0.25, alarming=0.05, flares=0.04, leaves=0.02, changes_plan=0.1,
        quits_early=0.4, alone=0.4, second_device=0.1, answers_late=0.5, sets_clock=0.03, impossible=0.2, goes=0.6,
    ),
}  # fmt: skip
KINDS: Final[tuple[Kind, ...]] = tuple(HABITS)

#: Findings of exercise cautions that are mixed into the people, and how often each.
_CAUTIONS: Final[tuple[tuple[str, Any, float], ...]] = (
    ("osteoporosis", "unknown", 0.06),
    ("dizziness_neck", True, 0.06),
    ("shoulder_pain_lifting", 5, 0.1),
    ("wrist_pain", True, 0.08),
    ("knee_problem", True, 0.1),
    ("cannot_get_off_floor", True, 0.08),
    ("falls_past_year", 2, 0.05),
    ("avoid_breath_hold", True, 0.08),
    ("hypermobile", True, 0.05),
    ("surgery_weeks_ago", 20, 0.03),
    ("strain_days_ago", 1, 0.05),
    ("numbness_arms", "one_side", 0.03),
    ("pregnancy", "pregnant", 0.04),
    ("weight_loss", True, 0.03),
    ("duration_weeks", 30, 0.2),
)
#: So many people with their findings; each with every pain, six sets of wishes, cleared or not: thousands of plans.
_BASES: Final = 60

_EQUIPMENT: Final = ("chair", "wall", "doorway", "mat", "band", "weight", "roller", "stick")


@dataclass(frozen=True)
class PlanFacts:
    """A plan with everything the course of a person needs from it."""

    plan: Plan
    record: dict[str, Any]
    items: tuple[course.Planned, ...]
    bounds: Bounds
    tags: frozenset[str]
    refused: frozenset[str]  # taken off the list by the person
    avoided: frozenset[str]
    allowed: frozenset[str]
    findings: dict[str, Any]


@functools.cache
def plan_of(base: int, pain: int, shape: int, *, cleared: bool) -> PlanFacts:
    """The plan of somebody: the same numbers, the same plan."""
    dice = random.Random(base)  # not for secrets
    findings: dict[str, Any] = {"age": dice.choice((19, 27, 34, 41, 49, 55, 63, 71, 82)), "sex": "male"}
    findings |= {key: value for key, value, chance in _CAUTIONS if dice.random() < chance}
    if "pregnancy" in findings:
        findings |= {"sex": "female", "age": 31, "gestation_weeks": dice.choice((10, 24))}
    findings = {key: value for key, value in findings.items() if key in CONTENT.answerable}
    findings["pain"] = pain
    wish = random.Random(f"{base} {shape}")
    choices: dict[str, Any] = {"pain_now": pain}
    if wish.random() < 0.5:
        choices["equipment"] = sorted(wish.sample(_EQUIPMENT, wish.randint(1, 8)))
    if wish.random() < 0.3:
        choices["positions_avoid"] = sorted(wish.sample(("lying", "floor", "standing"), wish.randint(1, 2)))
    if wish.random() < 0.5:
        choices["days"] = sorted(wish.sample(WEEKDAYS, wish.randint(1, 7)), key=WEEKDAYS.index)
    exercises = sorted(CONTENT.exercises)
    picked = wish.sample(exercises, wish.randint(0, 10))
    choices["keep"], choices["drop"] = picked[: len(picked) // 2], picked[len(picked) // 2 :]
    if cleared:
        choices["cleared_by"] = "gp"
    facts = read_findings(findings, content=CONTENT, absent="no")
    plan = build_plan(facts, read_choices(choices, CONTENT), CONTENT)
    record = plan_record(plan)
    items, bounds = items_of(record, choices, CONTENT), bounds_of(record, choices, CONTENT)
    return PlanFacts(
        plan=plan,
        record=record,
        items=items,
        bounds=bounds,
        allowed=bounds.allowed.union(*(item.stand_ins for item in items)),
        tags=frozenset(record["cautions"]),
        refused=frozenset(choices["drop"]),
        avoided=frozenset(choices.get("positions_avoid", ())),
        findings=findings,
    )


# ---- a life ------------------------------------------------------------------------------------------------------


@dataclass
class Tally:
    """How often each law was looked at, what happened, and the first few times a law was broken."""

    looked_at: Counter[str] = field(default_factory=Counter)
    happened: Counter[str] = field(default_factory=Counter)
    broken: Counter[str] = field(default_factory=Counter)
    examples: list[str] = field(default_factory=list)

    def law(self, name: str, *, holds: bool, words: Callable[[], str]) -> None:
        """Counts one look at a law."""
        self.looked_at[name] += 1
        if not holds:
            self.broken[name] += 1
            if self.broken[name] <= 3:
                self.examples.append(f"{name}: {words()}")

    def add(self, other: "Tally") -> None:
        """Takes in what another process counted."""
        self.looked_at += other.looked_at
        self.happened += other.happened
        self.broken += other.broken
        self.examples += other.examples


@dataclass
class Life:
    """One person and everything written about them."""

    seed: int
    kind: Kind
    habits: Habits
    dice: random.Random
    product: Product
    tally: Tally
    base: int
    pain: float
    shape: int = 0
    cleared: bool = False
    today: dt.date = BEGIN
    away: int = 0
    start: dt.date = BEGIN  # of the six weeks
    checked: dt.date | None = None
    answered: frozenset[str] = frozenset()
    locked_since: dt.date | None = None
    previous: reviewing.Outcome | None = None
    recheck: dt.date | None = None
    adjusted: int = 0  # times in a row without getting better, second half of the year
    sessions: list[Session] = field(default_factory=list)
    kept: list[Kept] = field(default_factory=list)
    resting: dict[dt.date, int] = field(default_factory=dict)
    flaring: flare.Flare | None = None
    flares: list[dt.date] = field(default_factory=list)
    offered: list[dt.date] = field(default_factory=list)  # strength sessions that the product let begin
    old_page: list[Due] = field(default_factory=list)
    late: list[tuple[dt.date, Session]] = field(default_factory=list)
    untold: list[tuple[dt.date, Session, ExerciseEnded]] = field(default_factory=list)
    written: int = 0
    plan_: PlanFacts | None = None
    course_: tuple[tuple[object, ...], Course] | None = None

    @property
    def plan(self) -> PlanFacts:
        """The plan that is in force."""
        assert self.plan_ is not None
        return self.plan_

    def at(self, hour: int) -> dt.datetime:
        """A time of today."""
        return dt.datetime.combine(self.today, dt.time(hour), dt.UTC)

    def course(self) -> Course:
        """What progress is decided from now; made again only where something was added."""
        key = (id(self.plan_), len(self.kept), len(self.sessions))
        if self.course_ is None or self.course_[0] != key:
            self.course_ = (key, self._new_course())
        return self.course_[1]

    def _new_course(self) -> Course:
        return Course(
            items=self.plan.items,
            bounds=self.plan.bounds,
            sessions=self.sessions,
            kept=self.kept,
            resting=self.resting,
            usual=int(self.plan.findings["pain"]),
            checked=self.checked,
            answered=self.answered,
            content=CONTENT,
        )

    def says(self) -> bool:
        """Whether this answer is given."""
        return self.dice.random() < self.habits.tells

    def happens(self, chance: float) -> bool:
        """Whether something with this chance happens."""
        return self.dice.random() < chance

    def words(self, more: str = "") -> Callable[[], str]:
        """Where to look for a broken law."""
        return lambda: f"live({self.seed}) {self.kind}, {self.today}: {more}"

    def law(self, name: str, *, holds: bool, more: str = "") -> None:
        """Looks at one law."""
        self.tally.law(name, holds=holds, words=self.words(more))


def live(seed: int, *, days: int = DAYS, product: Product | None = None, tally: Tally | None = None) -> Tally:
    """One person's days, every law looked at on each of them."""
    dice = random.Random(seed)
    kind = KINDS[seed % len(KINDS)]
    life = Life(
        seed=seed,
        kind=kind,
        habits=HABITS[kind],
        dice=dice,
        product=product or Product(),
        tally=tally if tally is not None else Tally(),
        base=dice.randrange(_BASES),
        pain=dice.choice((1, 2, 2, 3, 3, 4, 5, 6, 7, 8)),
    )
    life.tally.happened["people"] += 1
    _check(life)
    for _ in range(days):
        _one_day(life)
        life.today += DAY
        life.tally.happened["person-days"] += 1
        if life.happens(life.habits.sets_clock):
            life.tally.happened["clock set back"] += 1
            life.today -= DAY * dice.randint(1, 4)
    return life.tally


def _one_day(life: Life) -> None:
    _pain_goes_on(life)
    _late_sessions_arrive(life)
    _late_answers_arrive(life)
    if life.happens(life.habits.leaves):
        life.away = life.dice.choice((3, 9, 12, 16, 25, 30, 45, 80))
        life.tally.happened["times away"] += 1
    if life.away:
        life.away -= 1
        _look_at_due(life)
        return
    _morning(life)
    _judge(life)
    _flare(life)
    _look_at_due(life)
    _early(life)
    _do_next(life)
    if life.happens(life.habits.alone):
        _session(life, _due(life), offered=False)
    if life.happens(0.02):
        _offers(life)
        _load_effect(life)
    if life.happens(life.habits.impossible):
        _impossible(life)
    if life.happens(life.habits.changes_plan):
        life.shape += 1
        _new_plan(life)
        life.tally.happened["plan changes"] += 1


def _pain_goes_on(life: Life) -> None:
    life.pain = min(max(life.pain + life.habits.drift / 7 + life.dice.gauss(0, life.habits.noise) * 0.3, 0), 10)


def _morning(life: Life) -> None:
    if life.says():
        life.resting[life.today] = min(max(round(life.pain + life.dice.gauss(0, 0.5)), 0), 10)


def _check(life: Life) -> None:
    """A safety check, and the plan that follows from it."""
    life.checked = life.today
    life.answered = frozenset(session.id for session in life.sessions)
    life.kept = [replace(one, check_flags=False) for one in life.kept]
    life.course_ = None
    _new_plan(life)
    life.tally.happened["safety checks"] += 1


def _new_plan(life: Life) -> None:
    pain = min(max(round(life.pain), 0), 10)
    life.plan_ = plan_of(life.base, pain, life.shape % 6, cleared=life.cleared)
    life.tally.happened["plans"] += 1
    life.locked_since = None if life.plan_.plan.allowed else life.locked_since or life.today


def _due(life: Life) -> list[Due]:
    return life.product.due_on(life.course(), life.today) if life.plan.plan.allowed else []


# ---- what comes next, and doing it -------------------------------------------------------------------------------

Thing = Literal["check", "clinician", "review", "strength", "move", "tasks"]


def next_thing(life: Life) -> Thing | None:
    """The first thing the product has for this person now; None would be a dead end."""
    plan = life.plan.plan
    now = life.course()
    if life.product.needs_check(now):
        return "check"
    if not plan.allowed:
        return "clinician" if life.product.says_whom_to_ask(plan) else None
    if life.product.review_is_due(life.start, life.today) or (life.recheck is not None and life.today >= life.recheck):
        return "review"
    due = life.product.due_on(now, life.today)
    if any(one.anew for one in due):
        return "check"
    if due and _is_strength_day(life) and life.product.rest_on(now, life.today) is None:
        return "strength"
    if any(item.exercise.kind == "movement" for item in plan.exercises):
        return "move"
    # Somebody who took every movement off the list still has the review, the check and the texts of the plan.
    return "tasks" if plan.messages and plan.review_day else None


def _is_strength_day(life: Life) -> bool:
    return WEEKDAYS[life.today.weekday()] in life.plan.plan.strength_days


def _do_next(life: Life) -> None:
    thing = next_thing(life)
    life.law("there is a next thing", holds=thing is not None)
    _look_at_review(life, thing)
    life.tally.happened[f"next: {thing}"] += 1
    if thing in ("check", "clinician", "review") and not life.happens(life.habits.goes):
        return
    match thing:
        case "check":
            _check(life)
            again = next_thing(life)
            life.law("a check that was asked for opens the way", holds=again != "check", more=str(again))
        case "clinician":
            life.cleared = life.plan.plan.decision.disposition not in ("emergency_now", "urgent_same_day")
            if not life.cleared:
                life.base = life.dice.randrange(_BASES)  # seen, treated, and well enough to begin anew
            _check(life)
        case "review":
            _review(life)
        case "strength":
            if life.happens(life.habits.does):
                _session(life, _due(life), offered=True)
        case _:
            pass


def _look_at_review(life: Life, thing: Thing | None) -> None:
    days = (life.today - life.start).days
    if days >= REVIEW_DAYS:
        life.law("the review is reached", holds=thing in ("review", "check", "clinician"), more=f"day {days}, {thing}")


def _review(life: Life) -> None:
    baseline = float(life.plan.findings["pain"])
    now = float(round(life.pain))
    change = now - baseline
    pgic = min(max(round(4 + change + life.dice.gauss(0, 1)), 1), 7) if life.says() else None
    week = ((life.today - BEGIN).days) / 7
    inputs = reviewing.read_review_inputs(
        {
            "week": max(week, 0),
            "previous_outcome": life.previous,
            "pgic": pgic,
            "nprs_baseline": baseline if life.says() else None,
            "nprs_now": now,
            "adherence_pct": life.dice.choice((None, 10, 39, 40, 55, 69, 70, 90)),
            "load_changes_tried": life.dice.choice((None, 0, 1, 2, 3)),
            "findings": {key: value for key, value in life.plan.findings.items() if key != "pain"},
        },
        content=CONTENT,
        absent="no",
    )
    outcome = life.product.review(inputs, CONTENT)
    life.tally.happened[f"review: {outcome.outcome}"] += 1
    life.law("a review says what comes next", holds=outcome.outcome in reviewing.OUTCOMES and bool(outcome.next))
    if life.previous == "continue_and_adjust" and pgic is not None and pgic >= 4 and week >= 12:
        life.law(
            "adjusting without getting better ends",
            holds=outcome.outcome != "continue_and_adjust",
            more=f"row {outcome.row}, week {week:.0f}",
        )
    life.previous = outcome.outcome
    life.start, life.recheck = life.today, None
    if outcome.outcome == "continue_and_adjust" and outcome.recheck_days is not None:
        life.recheck = life.today + DAY * outcome.recheck_days
    if outcome.outcome in ("refer_physio", "seek_medical_help"):
        life.cleared = life.happens(0.5)
    _check(life)


# ---- sessions ----------------------------------------------------------------------------------------------------


def _session(life: Life, due: Sequence[Due], *, offered: bool) -> None:
    """A strength session, as somebody with these habits does it. Not offered: out of a page of another day."""
    if not due:
        return
    if offered:
        _look_at_frequency(life)
        life.offered.append(life.today)
        life.old_page = [*due]
    life.tally.happened["sessions" if offered else "sessions nobody offered"] += 1
    life.sessions = sorted([*life.sessions, _done_session(life, due)], key=lambda one: (one.day, one.at))
    if life.old_page and life.happens(life.habits.second_device):
        arrives = life.today + DAY * life.dice.randint(0, 9)
        life.late.append((arrives, _done_session(life, life.old_page)))


def _done_session(life: Life, due: Sequence[Due]) -> Session:
    life.written += 1
    id = f"s{life.written}"
    entries: list[Entry] = [SessionStarted(session=id, what="strength", pain_now=_score(life, life.pain))]
    for one in due:
        if life.happens(0.1):
            continue
        entries += _exercise(life, id, one.step)
    if not life.happens(life.habits.quits_early):
        entries.append(SessionEnded(session=id, how="finished"))
    if life.kind == "hostile":
        life.dice.shuffle(entries)  # whatever order the network likes
        entries += life.dice.sample(entries, len(entries) // 3)
    rows = [Written(id=n, day=life.today, at=life.at(18), entry=entry) for n, entry in enumerate(entries)]
    done = sessions_of(in_force(rows))
    assert len(done) == 1
    done[0].what = "strength"
    if life.happens(life.habits.answers_late) and done[0].felt:
        exercise = life.dice.choice(sorted(done[0].felt))
        life.untold.append((life.today + DAY * life.dice.randint(2, 3), done[0], done[0].felt.pop(exercise)))
    return done[0]


def _exercise(life: Life, id: str, step: Step) -> Iterator[Entry]:
    easy = life.happens(life.habits.easy)
    reps = step.reps + (life.dice.randint(0, 5) if easy else life.dice.choice((0, 0, 0, 0, 0, -1, -3)))
    load_kg = step.load_kg
    if load_kg is None and "weight" in CONTENT.exercises[step.exercise].equipment:
        load_kg = life.dice.choice((0.5, 1.0, 2.5, 8.0))
    for number in range(1, step.sets + 1):
        yield SetDone(session=id, exercise=step.exercise, number=number, reps=max(reps, 0), load_kg=load_kg)
    hurts = life.happens(life.habits.red)
    worst = life.pain + (life.dice.uniform(3, 6) if hurts else life.dice.uniform(-1, 1.5))
    yield ExerciseEnded(
        session=id,
        exercise=step.exercise,
        worst_pain=_score(life, worst),
        alarming=life.happens(life.habits.alarming),
        effort=life.dice.choice((4, 6, 7, 7, 7.5, 8, 8.5, 9.5)) if life.says() else None,
        form_ok=life.dice.random() > 0.1 if life.says() else None,
    )


def _score(life: Life, value: float) -> int | None:
    return min(max(round(value), 0), 10) if life.says() else None


def _late_sessions_arrive(life: Life) -> None:
    here = [session for day, session in life.late if day <= life.today]
    if here:
        life.late = [(day, session) for day, session in life.late if day > life.today]
        life.sessions = sorted([*life.sessions, *here], key=lambda one: (one.day, one.at))
        life.tally.happened["sessions that came late"] += len(here)


def _late_answers_arrive(life: Life) -> None:
    """How an exercise felt, told by a device days after the session was judged."""
    here = [one for one in life.untold if one[0] <= life.today]
    life.untold = [one for one in life.untold if one[0] > life.today]
    for _day, session, felt in here:
        last = [one for one in life.kept if one.before.exercise == felt.exercise][-1:]
        before = {one.planned: one.step for one in _due(life)}
        session.felt[felt.exercise] = felt
        life.course_ = None
        life.tally.happened["answers that came late"] += 1
        after = {one.planned: one.step for one in _due(life)}
        if last and last[0].session == session.id and last[0].move in (Move.HOLD, Move.UP) and not felt.alarming:
            _look_after_late_red(life, last[0].planned, before, after, red=_is_red(life, session, felt))


def _look_after_late_red(
    life: Life, planned: str, before: dict[str, Step], after: dict[str, Step], *, red: bool
) -> None:
    if red and planned in before and planned in after:
        now, then = after[planned], before[planned]
        least = then.sets == 1 and then.reps <= 8
        life.law(
            "red that is told late counts", holds=_is_no_more(now, then) and (now != then or least),
            more=f"{then} -> {now}",
        )  # fmt: skip


def _judge(life: Life) -> None:
    if not life.plan.plan.allowed:
        return
    for session in life.product.waiting(life.course(), life.today):
        now = life.course()
        before = {one.planned: one.step for one in life.product.due_on(now, life.today)}
        verdicts = life.product.judge_session(now, session)
        _look_at_verdicts(life, session, verdicts)
        for planned, verdict in verdicts.items():
            life.kept.append(
                Kept(
                    session=session.id, planned=planned, day=session.day, move=verdict.move, before=verdict.before,
                    after=verdict.step, check_flags=verdict.check_flags,
                )
            )  # fmt: skip
            life.tally.happened[f"step: {verdict.move.value}"] += 1
        _look_after_red(life, session, verdicts, before)
        again = life.product.judge_session(life.course(), session)
        twice = set(again) & set(verdicts)
        life.law("judged twice is judged once", holds=not twice, more=str(twice))
    _look_at_unjudged(life)


# ---- the laws ----------------------------------------------------------------------------------------------------


def _look_at_due(life: Life) -> None:
    """Of everything that is offered today: amounts, cautions, doubles, the way back."""
    if not life.plan.plan.allowed:
        return
    due = _due(life)
    sets_top = SETS_BONE if "osteoporosis_vf" in life.plan.tags else SETS
    if life.plan.record["phase"] != "BUILD":
        sets_top = SETS_LIGHT
    for one in due:
        step = one.step
        amount = 1 <= step.sets <= sets_top and REPS_FEWEST <= step.reps <= REPS
        life.law("dose within its caps", holds=amount, more=f"{step} top {sets_top}")
        _look_at_caution(life, step.exercise)
    exercises = [one.step.exercise for one in due]
    life.law("no exercise twice in a session", holds=len(set(exercises)) == len(exercises), more=str(exercises))
    for item in life.plan.plan.exercises:
        if item.exercise.kind == "movement":
            life.law("dose within its caps", holds=item.dose.per_day <= TURNS_A_DAY, more=item.exercise.id)
            _look_at_caution(life, item.exercise.id)
    _look_at_way_back(life, due)


def _look_at_caution(life: Life, exercise: str) -> None:
    hiding = {one.tag for one in CONTENT.exercises[exercise].cautions if one.effect == "hide"} & life.plan.tags
    refused = exercise in life.plan.refused
    positions = set(CONTENT.exercises[exercise].positions)
    avoided = bool(positions) and positions <= life.plan.avoided
    life.law(
        "no exercise against a caution or a wish",
        holds=not hiding and not refused and not avoided,
        more=f"{exercise} {sorted(hiding)} {refused=} {avoided=}",
    )


def _look_at_way_back(life: Life, due: Sequence[Due]) -> None:
    """After days off it is less than before; after four weeks a check comes first, unless there was one since."""
    done = [session.day for session in life.sessions if session.sets and session.day <= life.today]
    done += [one.day for one in life.kept if one.day <= life.today]
    if not done:
        return
    off = (life.today - max(done)).days
    if off > LONG_AWAY_DAYS and due:
        checked = life.checked is not None and life.checked > max(done) + DAY * LONG_AWAY_DAYS
        anew = all(one.anew for one in due)
        life.law("after four weeks a check comes first", holds=anew != checked, more=f"{off} days off, {anew=}")
    for one in due:
        last = [kept for kept in life.kept if kept.planned == one.planned]
        may_stay = last and last[-1].after.exercise in life.plan.allowed
        if may_stay and off >= SHORT_AWAY_DAYS:
            less = _is_no_more(one.step, last[-1].after)
            life.law("the way back is not harder", holds=less, more=f"{off} days off: {last[-1].after} -> {one.step}")


def _look_at_frequency(life: Life) -> None:
    """Of sessions that were let begin: a day off between any two, four in any seven days."""
    done = [session.day for session in life.sessions if session.sets]
    near = [day for day in done if abs((day - life.today).days) < 2]
    week = {day for day in done if 0 <= (life.today - day).days < 7}
    known = len(week & set(life.offered)) < SESSIONS_A_WEEK
    life.law("a day off between strength sessions, four a week", holds=not near and known, more=f"{near} {week}")
    usual = [life.resting[day] for day in sorted(life.resting) if day <= life.today][-3:]
    strong = len(usual) == 3 and sorted(usual)[1] >= 6
    life.law("no strength work while pain at rest is strong", holds=not strong, more=str(usual))


def _look_at_verdicts(life: Life, session: Session, verdicts: dict[str, Verdict]) -> None:
    ups = [planned for planned, verdict in verdicts.items() if verdict.move is Move.UP]
    ups += [one.planned for one in life.kept if one.session == session.id and one.move is Move.UP]
    life.law("at most two go up in a session", holds=len(ups) <= UPS, more=str(ups))
    for planned, verdict in verdicts.items():
        before, after = verdict.before, verdict.step
        if verdict.move is Move.UP and after.sets > before.sets:
            added = [one for one in life.kept if one.planned == planned and one.added_set]
            lately = [one for one in added if abs((session.day - one.day).days) < 7]
            lately = [one for one in lately if one.before.exercise == before.exercise]
            one_set = after.sets == before.sets + 1 and not lately
            life.law("one set a week at most is added", holds=one_set, more=f"{before} -> {after} {lately}")
        if verdict.move is Move.UP and before.load_kg and after.load_kg:
            little = after.load_kg <= max(before.load_kg * LOAD_UP_MOST, before.load_kg + 0.5) + 1e-9
            life.law("weight grows a tenth at most", holds=little, more=f"{before} -> {after}")


def _look_after_red(life: Life, session: Session, verdicts: dict[str, Verdict], before: dict[str, Step]) -> None:
    """Red, by hand: what comes next is less than it was, or it was the least there is, or another exercise."""
    due = {one.planned: one.step for one in life.product.due_on(life.course(), life.today)}
    for planned, verdict in verdicts.items():
        felt = session.felt.get(verdict.before.exercise)
        if felt is None or not _is_red(life, session, felt):
            continue
        life.tally.happened["red answers"] += 1
        least = verdict.before.sets == 1 and verdict.before.reps <= 8
        back = verdict.move in (Move.BACK, Move.BACK_TWO, Move.SWAP)
        less = verdict.step != verdict.before and _is_no_more(verdict.step, verdict.before)
        life.law("red goes back", holds=back and (less or least), more=f"{planned} {verdict}")
        if planned in due and planned in before and session.day < life.today:
            life.law(
                "after red, what comes next is not more",
                holds=_is_no_more(due[planned], before[planned]),
                more=f"{before[planned]} -> {due[planned]}",
            )
        if felt.alarming and session.id not in life.answered:
            life.law("alarming pain asks for a check", holds=life.product.needs_check(life.course()), more=planned)


def _look_at_unjudged(life: Life) -> None:
    """No session waits for ever: two days on, whatever hurt in an exercise of the plan has its verdict."""
    planned = {item.id for item in life.plan.items}
    for session in life.sessions[-6:]:
        if session.day + 2 * DAY > life.today:
            continue
        for exercise in session.felt:
            if exercise in planned:
                judged = exercise in life.course().judged.get(session.id, ())
                life.law("what hurt is judged", holds=judged, more=f"{session.id} of {session.day}: {exercise}")


def _is_red(life: Life, session: Session, felt: ExerciseEnded) -> bool:
    """The pain light by hand."""
    if felt.alarming:
        return True
    if felt.worst_pain is None:
        return False
    known = [life.resting[day] for day in sorted(life.resting) if day <= session.day][-3:]
    usual = _median(known) if known else session.pain_now
    usual = int(life.plan.findings["pain"]) if usual is None else usual
    return felt.worst_pain >= 8 or (felt.worst_pain >= 6 if usual <= 2 else felt.worst_pain >= usual + 3)


def _median(scores: Sequence[int]) -> int:
    """A half is rounded up."""
    inside = sorted(scores)
    middle = len(inside) // 2
    return inside[middle] if len(inside) % 2 else (inside[middle - 1] + inside[middle] + 1) // 2


def _is_no_more(now: Step, then: Step) -> bool:
    """A weight counts where both are known: whoever chose one has just told what there was before."""
    return _amount(now, then.load_kg) <= _amount(then, now.load_kg)


def _amount(step: Step, other_kg: float | None) -> tuple[int, int, float, int]:
    """How much a step is, for comparing: level of the exercise, band, weight, repetitions in all."""
    band = BANDS.index(step.band) + 1 if step.band else 0
    weight = step.load_kg if step.load_kg is not None and other_kg is not None else 0.0
    return CONTENT.exercises[step.exercise].level, band, weight, step.sets * step.reps


# ---- flare-ups, early signs, offers, load, impossible values -----------------------------------------------------


def _flare(life: Life) -> None:
    if life.flaring is None:
        if life.happens(life.habits.flares):
            recent = [day for day in life.flares if 0 <= (life.today - day).days < 91]
            life.flaring = flare.Flare(started=life.today, usual=min(max(round(life.pain), 0), 10), earlier=len(recent))
            life.flares.append(life.today)
            life.pain = min(life.pain + 3, 10)
            life.tally.happened["flare-ups"] += 1
        return
    now = life.product.flare_day(life.flaring, life.today, life.resting, CONTENT)
    days = (life.today - life.flaring.started).days
    life.law("a flare-up never asks for more than usual", holds=0 < now.share <= 1, more=str(now))
    third = life.flaring.earlier >= 2
    if third and now.stage != "over":
        life.law("the third flare-up is looked at", holds=now.advice != "carry_on", more=str(now))
    if days >= FLARE_DAYS:
        ended = now.stage == "over" or now.advice == "refer_physio"
        life.law("a flare-up ends or somebody looks", holds=ended, more=f"day {days} {now}")
    if now.stage == "over" or now.advice == "refer_physio":
        life.tally.happened[f"flare-up: {'over' if now.stage == 'over' else now.advice}"] += 1
        life.flaring = None
    elif days > 3:
        life.pain = max(life.pain - 0.5, 0)


def _early(life: Life) -> None:
    if life.today.weekday() != 0:
        return
    week = [life.resting[day] for n in range(7) if (day := life.today - DAY * n) in life.resting]
    strong = sum(score >= 7 for score in week) * 2 > len(week) if week else None
    weeks = (life.today - life.start).days / 7
    pgic = life.dice.choice((None, 1, 4, 5, 6, 7))
    flares = sum(0 <= (life.today - day).days < 91 for day in life.flares)
    found = life.product.early_signs(
        early.SoFar(week=weeks, strong_pain_most_days=strong, flares=flares, pgic=pgic), CONTENT
    )
    expected = (strong is True and weeks >= 2) or flares >= 3 or (pgic is not None and pgic >= 6 and weeks >= 3)
    refers = any(sign.step == "refer_physio" for sign in found)
    life.law("early signs are seen", holds=refers == expected, more=f"{week} {weeks:.1f} {flares} {pgic}")
    life.tally.happened["early: refer_physio"] += refers


_LONDON: Final = ZoneInfo("Europe/London")


def _offers(life: Life) -> None:
    """A day of offers, looked at every ten minutes."""
    dice = life.dice
    habits = schedule.Habits(
        time_zone=_LONDON,
        interval_min=dice.choice((5, 20, 30, 60)),
        quiet_from=dt.time(dice.choice((0, 12, 20, 22))),
        quiet_until=dt.time(dice.choice((0, 7, 9, 13))),
        strength_at=dice.choice((None, dt.time(18))),
    )
    made: list[schedule.Offered] = []
    call_until = life.at(0)
    quiet_spell = 0
    for minute in range(0, 24 * 60, 10):
        now = life.at(0) + dt.timedelta(minutes=minute)
        here = 6 * 60 <= minute < 23 * 60
        if here and life.happens(0.02):
            call_until = now + dt.timedelta(minutes=40)
        in_call = now < call_until
        found = life.product.next_offer(
            habits,
            schedule.Today(movement_turns=4, movement_done=0, strength_due=True, offers=made),
            schedule.Presence(
                here_since=life.at(6) if here else None, in_call=in_call, call_ended=call_until if not in_call else None
            ),
            now,
            CONTENT,
        )
        clock = now.astimezone(_LONDON).time()
        start, end = habits.quiet_from, habits.quiet_until
        quiet = start != end and (start <= clock < end if start < end else clock >= start or clock < end)
        if found.offer_now:
            life.law("offers keep quiet hours, calls and absence", holds=here and not in_call and not quiet)
            made.append(schedule.Offered(kind=found.kind, at=now, answer=dice.choice(("done", "skipped", "ignored"))))
            quiet_spell = 0
        elif here and not in_call and not quiet:
            quiet_spell += 10
            enough = quiet_spell <= habits.interval_min + 30
            life.law("an offer always comes again", holds=enough, more=f"{clock} {habits} {found}")
        else:
            quiet_spell = 0


def _load_effect(life: Life) -> None:
    before, after = life.dice.randrange(12), life.dice.randrange(12)
    days = [life.today - DAY * (n + 1) for n in range(before)] + [life.today + DAY * n for n in range(after)]
    occasions = [
        load_effect.Occasion(day=day, before=life.dice.randint(0, 6), after=life.dice.randint(0, 10)) for day in days
    ]
    found = life.product.effect_of_change(occasions, life.today, CONTENT)
    enough = min(before, after) >= 5
    life.law("no effect is told from too little", holds=enough or found.answer == "cannot_tell", more=str(found))


_IMPOSSIBLE: Final[tuple[tuple[str, dict[str, Any]], ...]] = (
    ("morning", {"pain": 11}),
    ("morning", {"pain": -1}),
    ("morning", {"pain": "three"}),
    ("morning", {"pain": 2.5}),
    ("morning", {}),
    ("set_done", {"session": "a", "exercise": "ST01", "number": 0, "reps": 8}),
    ("set_done", {"session": "a", "exercise": "ST01", "number": 1, "reps": -8}),
    ("set_done", {"session": "a", "exercise": "ST01", "number": 1, "reps": 1000}),
    ("set_done", {"session": "a", "exercise": "ST01", "number": 1, "reps": 8, "load_kg": float("inf")}),
    ("set_done", {"session": "a", "exercise": "ST01", "number": 1, "reps": 8, "band": "iron"}),
    ("exercise_ended", {"session": "a", "exercise": "../etc", "worst_pain": 3}),
    ("exercise_ended", {"session": "a", "exercise": "ST01", "effort": float("nan")}),
    ("session_ended", {"session": "a", "how": "won"}),
    ("check_in", {"pgic": 8}),
    ("check_in", {"days_off_work": 9}),
    ("flare_started", {"trigger": "moon"}),
    ("nonsense", {}),
)


def _impossible(life: Life) -> None:
    kind, data = life.dice.choice(_IMPOSSIBLE)
    try:
        entry = life.product.read_entry(kind, data)
    except InputError:
        refused, entry = True, None
    else:
        refused = False
    life.law("what cannot be is refused", holds=refused, more=f"{kind} {data} {entry}")


_BATCH: Final = 20


# ---- many lives --------------------------------------------------------------------------------------------------


def lives(seeds: Iterable[int], product: Product | None = None) -> Tally:
    """These people, one after the other."""
    tally = Tally()
    for seed in seeds:
        live(seed, product=product, tally=tally)
    return tally


def many(people: int, *, first: int = 0, processes: int = 1, shown: bool = False) -> Tally:
    """So many people, on so many cores; Ctrl-C, or SIGTERM, ends with those that were lived so far."""
    batches = [range(first + n, min(first + n + _BATCH, first + people)) for n in range(0, people, _BATCH)]
    tally = Tally()
    with Bar(people, shown=shown) as bar, multiprocessing.get_context("spawn").Pool(processes, _ends_quietly) as pool:
        try:
            for done in pool.imap_unordered(lives, batches):
                tally.add(done)
                bar.more(_BATCH)
        except KeyboardInterrupt:
            pool.terminate()
    return tally


def _ends_quietly() -> None:
    """Ctrl-C is for the process that counts; it ends the others."""
    signal.signal(signal.SIGINT, signal.SIG_IGN)


def table(tally: Tally) -> str:
    """What was looked at and what happened."""
    lines = ["law                                                   looked at    broken"]
    lines += [f"{name:50} {count:12,} {tally.broken[name]:9,}" for name, count in sorted(tally.looked_at.items())]
    lines += ["", "what happened                                            times"]
    lines += [f"{name:50} {count:12,}" for name, count in sorted(tally.happened.items())]
    return "\n".join(lines)


def months(tally: Tally) -> float:
    """Person-months that were lived."""
    return tally.happened["person-days"] / MONTH_DAYS


def main(arguments: Sequence[str] | None = None) -> int:
    """Prints the table; 1 where a law was broken."""
    parser = argparse.ArgumentParser(description=__doc__)
    parser.add_argument("months", nargs="?", type=int, default=100_000, help="person-months")
    parser.add_argument("--seed", type=int, default=1)
    parser.add_argument("--processes", type=int, default=os.cpu_count() or 1)
    chosen = parser.parse_args(arguments)
    signal.signal(signal.SIGTERM, signal.default_int_handler)  # in the background Ctrl-C does not come through
    people = max(1, -int(-chosen.months * MONTH_DAYS // DAYS))
    began = time.perf_counter()
    tally = many(people, first=chosen.seed * 1_000_000, processes=chosen.processes, shown=sys.stderr.isatty())
    print(table(tally))
    for example in tally.examples[:20]:
        print(f"BROKEN {example}")
    took = time.perf_counter() - began
    broken = sum(tally.broken.values())
    people = tally.happened["people"]
    print(f"\n{people:,} people, {months(tally):,.0f} person-months, {broken} broken, {took:,.0f} s")
    return 1 if broken else 0


if __name__ == "__main__":
    sys.exit(main())
