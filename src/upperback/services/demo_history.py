"""Weeks of an invented person, day by day through the use cases: mornings, movement, sessions, a flare-up."""

import datetime as dt
import uuid
from dataclasses import dataclass

from upperback.care.diary import (
    CheckIn,
    Entry,
    ExerciseEnded,
    FlareEnded,
    FlareStarted,
    Morning,
    Moved,
    SessionEnded,
    SessionStarted,
    SetDone,
)
from upperback.content.vocabulary import default_content
from upperback.services import diary, ledger, plans, progress
from upperback.services.actors import SYSTEM
from upperback.services.plans import DAYS, PlanVersion
from upperback.services.today import local_day
from upperback.store.models import Profile

_ONE_DAY = dt.timedelta(days=1)


@dataclass(frozen=True, slots=True, kw_only=True)
class Week:
    """One week of a plan: pain at rest each morning (None is a day without), turns a day, strength sessions.

    check_in : told on its last day. changed : a load change that was made. flare : whether a flare-up fell into it.
    told : tasks of the ledger, points of the desk, activity: one on each day of the week in turn
    """

    mornings: tuple[int | None, ...]
    turns: int
    sessions: int
    check_in: CheckIn | None = None
    changed: str | None = None
    flare: bool = False
    told: tuple[Entry, ...] = ()


def live_through(profile: Profile, weeks: tuple[Week, ...], *, began: dt.datetime) -> None:
    """Writes the weeks of a person whose plan began at that time."""
    plan = plans.latest_plan(profile=profile, by=SYSTEM)
    assert plan is not None, "an invented person with weeks behind them has a plan"
    for number, week in enumerate(weeks):
        sessions = 0
        for weekday, pain in enumerate(week.mornings):
            at = began + _ONE_DAY * (7 * number + weekday)
            if pain is not None and number + weekday > 0:
                _keep(profile, at, Morning(pain=pain))
                progress.decide_progress(profile=profile, by=SYSTEM, now=at)
            for _turn in range(week.turns):
                _keep(profile, at, Moved(exercises=()))
            if DAYS[local_day(profile, at).weekday()] in plan.record["strength_days"] and sessions < week.sessions:
                sessions += 1
                _session(profile, plan, at, hard=week.flare)
        _tell(profile, week, began + _ONE_DAY * 7 * number)


def _tell(profile: Profile, week: Week, first: dt.datetime) -> None:
    if week.changed is not None:
        at = first + _ONE_DAY
        ledger.start_change(
            profile=profile, client_id=uuid.uuid4(), task_id=week.changed, change_id=f"{week.changed}-sum-1",
            day=local_day(profile, at), by=SYSTEM, now=at,
        )  # fmt: skip
    for place, entry in enumerate(week.told):
        _keep(profile, first + _ONE_DAY * (place % len(week.mornings)), entry)
    if week.flare:
        _keep(profile, first + _ONE_DAY, FlareStarted(trigger="load"))
        _keep(profile, first + _ONE_DAY * 5, FlareEnded(helped="Heat, and shorter times at the desk"))
    if week.check_in is not None:
        _keep(profile, first + _ONE_DAY * 6, week.check_in)


def _session(profile: Profile, plan: PlanVersion, at: dt.datetime, *, hard: bool) -> None:
    """Every set that was asked for, with the effort of a good day; in a flare-up it goes to amber."""
    id = uuid.uuid4().hex
    _keep(profile, at, SessionStarted(session=id, what="strength"))
    for item in progress.prescribed_today(profile=profile, by=SYSTEM, now=at):
        step = item.step
        for number in range(1, step.sets + 1):
            done = SetDone(session=id, exercise=step.exercise, number=number, reps=step.reps, load_kg=step.load_kg)
            _keep(profile, at, done)
        worst = _amber() if hard else 2
        felt = ExerciseEnded(session=id, exercise=step.exercise, worst_pain=worst, effort=7, form_ok=True)
        _keep(profile, at, felt)
    _keep(profile, at, SessionEnded(session=id, how="finished"))


def _amber() -> int:
    return int(default_content().limit("light_amber_top"))


def _keep(profile: Profile, at: dt.datetime, entry: Entry) -> None:
    diary.keep_entry(
        profile=profile, client_id=uuid.uuid4(), day=local_day(profile, at), at=at, entry=entry, by=SYSTEM, now=at
    )
