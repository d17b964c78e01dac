"""A few invented people through the real services and the database, day by day, in whatever order they like.

What `just histories` shows of the pure decisions has to hold of what is kept and offered here. `just proofs-long` goes
through more people and more days.
"""

import datetime as dt
import random
import uuid
from collections import Counter
from collections.abc import Callable
from dataclasses import dataclass, field
from typing import Any, Final

import pytest

from upperback.care.course import Rest
from upperback.care.diary import Entry, ExerciseEnded, Morning, SessionEnded, SetDone, read_entry
from upperback.content.vocabulary import default_content
from upperback.core.errors import InputError, NotAllowed, UpperbackError
from upperback.services import demo, diary, flares, journey, plans, progress, sessions
from upperback.services.actors import SYSTEM
from upperback.services.people import Profile
from upperback.store.models import ExerciseStep

pytestmark = pytest.mark.django_db

CONTENT = default_content()
BEGIN: Final = dt.datetime(2026, 6, 1, 7, 0, tzinfo=dt.UTC)
DAY: Final = dt.timedelta(days=1)
NO: Final = dict.fromkeys(sessions.CHECKS, "no")

# By hand, from section 5 of the clinical sheet.
SETS, SETS_LIGHT, REPS_FEWEST, REPS, A_WEEK = 4, 2, 6, 12, 4


@dataclass
class Life:
    """One person, their clock, and what they were let do."""

    seed: int
    profile: Profile
    dice: random.Random
    now: dt.datetime = BEGIN
    trained: list[dt.date] = field(default_factory=list)
    happened: Counter[str] = field(default_factory=Counter)

    @property
    def today(self) -> dt.date:
        return self.now.date()

    def where(self, more: object = "") -> str:
        return f"seed {self.seed}, {self.now}: {more}"

    def keep(self, entry: Entry, *, at: dt.datetime | None = None) -> None:
        """Writes into the diary, now and then twice."""
        id, at = uuid.uuid4(), at or self.now
        for _ in range(self.dice.choice((1, 1, 1, 2))):
            diary.keep_entry(
                profile=self.profile, client_id=id, day=at.date(), at=at, entry=entry, by=SYSTEM, now=self.now
            )  # fmt: skip


def live(seed: int, days: int) -> Counter[str]:
    """So many days of one person. Every day it is looked at what is offered."""
    key = ("desk", "strain", "bone", "pregnant")[seed % 4]
    life = Life(seed, demo.make_person(key=key, now=BEGIN), random.Random(seed))
    for _ in range(days):
        life.now = (life.now + DAY).replace(hour=7)
        if life.dice.random() < 0.03:
            life.now += DAY * life.dice.choice((3, 9, 16, 31, 75))
            life.happened["away"] += 1
        if life.dice.random() < 0.03:
            life.now -= DAY * life.dice.randint(1, 3)
            life.happened["clock set back"] += 1
        _one_day(life)
    return life.happened


def _one_day(life: Life) -> None:
    for step in (_morning, _flare, _shape, _impossible, _train, _warn, _old_page):
        life.now += dt.timedelta(hours=1)
        step(life)
        _look(life)
    _go_on(life)


def _morning(life: Life) -> None:
    if life.dice.random() < 0.6:
        life.keep(Morning(pain=life.dice.choice((1, 2, 2, 3, 3, 4, 6, 7))))
        _decide(life)


def _decide(life: Life) -> None:
    try:
        progress.decide_progress(profile=life.profile, by=SYSTEM, now=life.now)
        assert progress.decide_progress(profile=life.profile, by=SYSTEM, now=life.now) == [], life.where()
    except NotAllowed:
        life.happened["plan closed"] += 1


def _flare(life: Life) -> None:
    going_on = _open(life) and flares.current_flare(profile=life.profile, by=SYSTEM, now=life.now) is not None
    if going_on and life.dice.random() < 0.15:
        flares.end_flare(profile=life.profile, client_id=uuid.uuid4(), helped="rest", by=SYSTEM, now=life.now)
        life.happened["flare-up over"] += 1
    elif not going_on and life.dice.random() < 0.04:
        try:
            answers = dict.fromkeys(flares.CHECKS, "no")
            flares.begin_flare(
                profile=life.profile, client_id=uuid.uuid4(), answers=answers, pain=5, by=SYSTEM,
                now=life.now,
            )  # fmt: skip
            life.happened["flare-up"] += 1
        except UpperbackError:
            life.happened["flare-up refused"] += 1


def _shape(life: Life) -> None:
    """Other exercises, other days."""
    if life.dice.random() < 0.08 and _open(life):
        plan = plans.open_plan(profile=life.profile, by=SYSTEM)
        planned = [item["id"] for item in plan.record["exercises"]]
        dropped = life.dice.sample(planned, 1)
        plans.shape_plan(
            plan=plan, drop=dropped, keep=life.dice.sample(sorted(set(planned) - set(dropped)), 1),
            days=life.dice.sample(plans.DAYS, life.dice.randint(1, 7)), by=SYSTEM, now=life.now,
        )  # fmt: skip
        life.happened["plan shaped"] += 1


_IMPOSSIBLE: Final[tuple[tuple[str, dict[str, Any]], ...]] = (
    ("morning", {"pain": 11}),
    ("set_done", {"session": "x", "exercise": "ST01", "number": 1, "reps": -1}),
    ("check_in", {"pgic": 0}),
)


def _impossible(life: Life) -> None:
    kind, data = life.dice.choice(_IMPOSSIBLE)
    with pytest.raises(InputError):
        life.keep(read_entry(kind, data))
    with pytest.raises(InputError):
        life.keep(Morning(pain=3), at=life.now + 3 * DAY)


def _train(life: Life) -> None:
    """Tries to train, whatever day it is; does some or all of it, and tells some or all of it."""
    id = uuid.uuid4()
    try:
        sessions.begin_session(
            profile=life.profile, client_id=id, what="strength", answers=NO, pain_now=2, by=SYSTEM, now=life.now
        )
    except NotAllowed:
        life.happened["session refused"] += 1
        return
    life.happened["session"] += 1
    due = progress.prescribed_today(profile=life.profile, by=SYSTEM, now=life.now)
    done = [one for one in due if life.dice.random() < 0.85]
    for one in done:
        _exercise(life, id.hex, one.step)
    if done:
        _look_at_days(life)
        life.trained.append(life.today)
    if life.dice.random() < 0.7:
        life.keep(SessionEnded(session=id.hex, how="finished"))


def _exercise(life: Life, session: str, step: Any) -> None:
    for number in range(1, step.sets + 1):
        life.keep(SetDone(session=session, exercise=step.exercise, number=number, reps=step.reps))
    worst = life.dice.choice((None, 1, 2, 3, 3, 4, 5, 8))
    life.happened["red"] += worst == 8
    life.keep(
        ExerciseEnded(
            session=session, exercise=step.exercise, worst_pain=worst, alarming=life.dice.random() < 0.01,
            effort=life.dice.choice((None, 6, 7, 8)), form_ok=True,
        )
    )  # fmt: skip


def _warn(life: Life) -> None:
    if life.dice.random() < 0.02:
        answers = NO | {life.dice.choice(sessions.CHECKS): "not_sure"}
        assert sessions.tell_warning(
            profile=life.profile, client_id=uuid.uuid4(), answers=answers, by=SYSTEM, now=life.now
        )
        assert not _open(life), life.where("a warning closes the plan")
        life.happened["warning"] += 1


def _old_page(life: Life) -> None:
    """Another device sends an exercise of last week's session that it had kept; it hurt."""
    last = ExerciseStep.objects.filter(profile=life.profile).last()
    if last is None or life.dice.random() > 0.05:
        return
    before = _due(life)
    at = max(life.now - 8 * DAY, BEGIN + DAY)
    session = uuid.uuid4().hex
    exercise = last.record["before"]["exercise"]
    life.keep(SetDone(session=session, exercise=exercise, number=1, reps=8), at=at)
    life.keep(ExerciseEnded(session=session, exercise=exercise, worst_pain=9), at=at)
    _decide(life)
    after = _due(life)
    for planned in before.keys() & after.keys():
        same = before[planned].exercise == after[planned].exercise
        more = after[planned].sets * after[planned].reps > before[planned].sets * before[planned].reps
        assert not (same and more), life.where(f"{before[planned]} -> {after[planned]}")
    life.happened["session that came late"] += 1


def _go_on(life: Life) -> None:
    """Whoever stands before a closed door does the safety check, and then it is open."""
    if _open(life) and not _asks_for_check(life):
        return
    demo.check_again(profile=life.profile, now=life.now)
    life.happened["safety check"] += 1
    assert _open(life), life.where("the plan is open after the check")
    assert not _asks_for_check(life), life.where("the check was done")


def _asks_for_check(life: Life) -> bool:
    due = progress.prescribed_today(profile=life.profile, by=SYSTEM, now=life.now)
    return progress.check_comes_first(profile=life.profile, by=SYSTEM, now=life.now) or any(one.anew for one in due)


def _open(life: Life) -> bool:
    return journey.current_state(profile=life.profile, by=SYSTEM, now=life.now).plan_open


def _due(life: Life) -> dict[str, Any]:
    if not _open(life):
        return {}
    return {one.planned: one.step for one in progress.prescribed_today(profile=life.profile, by=SYSTEM, now=life.now)}


# ---- what has to hold --------------------------------------------------------------------------------------------


def _look(life: Life) -> None:
    """The offers of now: amounts, cautions, wishes, nothing twice."""
    due = _due(life)
    if not due:
        return
    record = plans.open_plan(profile=life.profile, by=SYSTEM)
    tags = set(record.record["cautions"])
    top = 3 if "osteoporosis_vf" in tags else SETS
    top = SETS_LIGHT if record.record["phase"] != "BUILD" else top
    in_flare = flares.current_flare(profile=life.profile, by=SYSTEM, now=life.now) is not None
    fewest = 1 if in_flare else REPS_FEWEST
    exercises = [step.exercise for step in due.values()]
    assert len(set(exercises)) == len(exercises), life.where(exercises)
    for step in due.values():
        assert 1 <= step.sets <= top, life.where(step)
        assert fewest <= step.reps <= REPS, life.where(step)
        hidden = {one.tag for one in CONTENT.exercises[step.exercise].cautions if one.effect == "hide"}
        assert not hidden & tags, life.where(step)
        assert step.exercise not in record.choices.get("drop", ()), life.where(step)


def _look_at_days(life: Life) -> None:
    near = [day for day in life.trained if abs((day - life.today).days) < 2]
    week = {day for day in life.trained if 0 <= (life.today - day).days < 7}
    assert not near, life.where(near)
    assert len(week) < A_WEEK, life.where(week)


# ---- the tests ---------------------------------------------------------------------------------------------------


@pytest.mark.parametrize("seed", [0, 1])
def test_days_of_somebody_through_the_services(seed: int, tell: Callable[[str], None]) -> None:
    happened = live(seed, 30)
    tell(f"stored histories: seed {seed}, 30 days lived, {happened['session']} sessions, 0 broken")
    assert happened["session"] > 5
    assert happened["session refused"] > 5


@pytest.mark.long
@pytest.mark.parametrize("seed", range(100, 140))
def test_half_years_of_more_people_through_the_services(seed: int) -> None:
    happened = live(seed, 183)
    assert happened["red"] > 5
    assert happened["safety check"] > 0


def test_without_the_day_of_rest_it_would_be_noticed(monkeypatch: pytest.MonkeyPatch) -> None:
    """Control."""

    def never(**_asked: Any) -> Rest | None:
        return None

    monkeypatch.setattr(sessions, "rest_today", never)
    with pytest.raises(AssertionError, match="seed 0"):
        live(0, 20)


def test_without_the_caps_it_would_be_noticed(monkeypatch: pytest.MonkeyPatch) -> None:
    """Control."""
    monkeypatch.setattr(progress, "_share_of", lambda step, _flare: step.__class__(
        exercise=step.exercise, sets=step.sets + 4, reps=step.reps
    ))  # fmt: skip
    with pytest.raises(AssertionError, match="seed 0"):
        live(0, 5)
