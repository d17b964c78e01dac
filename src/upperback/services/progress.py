"""Progress: after each session and its morning, the next step of every strength exercise, kept with its reason."""

import datetime as dt
from collections.abc import Mapping, Sequence
from dataclasses import asdict, dataclass, replace
from typing import Any, Final

from django.db import transaction

from upperback.care.diary import ExerciseEnded, Morning, SessionEnded, SessionStarted, SetDone, Written
from upperback.care.flare import eased
from upperback.care.plan import exercise_pool, read_choices
from upperback.care.progression import (
    Bounds,
    ExerciseDone,
    Move,
    Step,
    StepChange,
    Verdict,
    after_absence,
    bounds_for,
    judge,
    limit_session,
)
from upperback.care.sessions import ONE_DAY, Session, exercise_done, mornings, sessions_of
from upperback.content.vocabulary import Content, default_content
from upperback.services import audit
from upperback.services.actors import Actor
from upperback.services.diary import entries
from upperback.services.flares import FlareNow, current_flare
from upperback.services.permissions import check_may
from upperback.services.plans import PlanVersion, open_plan, swaps
from upperback.services.today import local_day
from upperback.store.models import ExerciseStep, Profile

__all__ = ["ExerciseStep", "Prescribed", "decide_progress", "prescribed_today"]

#: A session is judged without its morning once that morning can hardly come any more.
_MORNING_WAITED_FOR: Final = dt.timedelta(days=2)
#: How much of the diary progress looks at; more cannot change a verdict.
_LOOKS_BACK: Final = dt.timedelta(days=70)

_SESSION_KINDS: Final = (SessionStarted, SetDone, ExerciseEnded, SessionEnded, Morning)


@dataclass(frozen=True, slots=True, kw_only=True)
class Prescribed:
    """One strength exercise of today.

    Attributes
    ----------
    planned : id of the exercise of the plan that it stands for
    step : what to do today, in a flare-up its share of the usual amount
    last : the newest verdict, None before the first
    absence : none, short, middle or long: why today is lighter
    anew : a safety check comes before it
    """

    planned: str
    step: Step
    last: ExerciseStep | None
    absence: str
    anew: bool


def prescribed_today(*, profile: Profile, by: Actor, now: dt.datetime) -> list[Prescribed]:
    """What each strength exercise of the open plan is now, days off taken into account."""
    check_may(by, "see_profile")
    plan = open_plan(profile=profile, by=by)
    content, today = default_content(), local_day(profile, now)
    bounds = _bounds(plan, content)
    sessions = _strength_sessions(_diary(profile, by, today))
    last_day = max((session.day for session in sessions if session.sets), default=None)
    days_off = (today - last_day).days if last_day else 0
    rows = _last_steps(profile, plan)
    flare = current_flare(profile=profile, by=by, now=now)
    found = []
    for item in _strength_items(plan):
        row = rows.get(item["id"])
        step = _within(_step_of(row) if row else first_step(item, content), bounds)
        back = after_absence(step, days_off, bounds, content)
        found.append(
            Prescribed(
                planned=item["id"], step=_share_of(back.step, flare), last=row, absence=back.absence, anew=back.anew
            )
        )
    return found


def decide_progress(*, profile: Profile, by: Actor, now: dt.datetime) -> list[ExerciseStep]:
    """Judges every session whose morning has been told, or can hardly come any more. Judging twice is judging once."""
    check_may(by, "keep_diary")
    plan = open_plan(profile=profile, by=by)
    content, today = default_content(), local_day(profile, now)
    kept: list[ExerciseStep] = []
    with transaction.atomic():
        Profile.objects.select_for_update().get(pk=profile.pk)
        written = _diary(profile, by, today)
        resting = mornings(written)
        done = set(ExerciseStep.objects.filter(profile=profile).values_list("session", flat=True))
        for session in _strength_sessions(written):
            waits = session.day + ONE_DAY not in resting and today < session.day + _MORNING_WAITED_FOR
            if session.id in done or session.ended is None or waits:
                continue
            kept += _judge_session(session, written, resting, plan, profile, by, now, content)
        if kept:
            audit.record(
                by=by, action="decide_progress", now=now, object_kind="plan", object_uuid=plan.uuid, profile=profile,
                steps=len(kept),
            )  # fmt: skip
    return kept


def first_step(item: Mapping[str, Any], content: Content) -> Step:
    """The step that a fresh plan begins with. A band starts light; a weight is for the person to choose."""
    equipment = content.exercises[item["id"]].equipment
    return Step(
        exercise=item["id"], sets=item["sets"], reps=item["reps"], band="light" if "band" in equipment else None
    )


def _judge_session(
    session: Session,
    written: Sequence[Written],
    resting: Mapping[dt.date, int],
    plan: PlanVersion,
    profile: Profile,
    by: Actor,
    now: dt.datetime,
    content: Content,
) -> list[ExerciseStep]:
    bounds = _bounds(plan, content)
    verdicts: dict[str, Verdict] = {}
    for item in _strength_items(plan):
        history = _history(item, session, written, resting, plan, profile, content)
        if history and history[-1].day == session.day:
            changes = _changes(profile, item["id"])
            verdicts[item["id"]] = judge(history, changes, bounds, content)
    order = sorted(verdicts, key=lambda planned: _last_up(profile, planned))
    limited = limit_session(verdicts, order, content)
    kept = []
    for planned, verdict in limited.items():
        kept.append(_keep(verdict, planned, session, plan, profile, by, now, content))
    return kept


def _keep(
    verdict: Verdict,
    planned: str,
    session: Session,
    plan: PlanVersion,
    profile: Profile,
    by: Actor,
    now: dt.datetime,
    content: Content,
) -> ExerciseStep:
    if verdict.move is Move.SWAP:
        verdict = _with_another_exercise(verdict, planned, plan, content)
    return ExerciseStep.objects.create(
        profile=profile, plan=plan, session=session.id, planned=planned, exercise=verdict.step.exercise,
        from_day=session.day + ONE_DAY, move=verdict.move.value, reason=verdict.reason,
        record=verdict_record(verdict), decided_at=now, by=str(by),
        release=content.release_id, release_sha256=content.sha256,
    )  # fmt: skip


def _with_another_exercise(verdict: Verdict, planned: str, plan: PlanVersion, content: Content) -> Verdict:
    """Another exercise of the same family from its start; where there is none, the easier step stays."""
    family = content.exercises[planned].family
    others = (id for id in swaps(plan, planned) if content.exercises[id].family == family)
    other = next((id for id in others if id != verdict.before.exercise), None)
    if other is None:
        return replace(verdict, move=Move.BACK)
    return replace(verdict, step=first_step({"id": other, "sets": 1, "reps": verdict.step.reps}, content))


def _history(
    item: Mapping[str, Any],
    until: Session,
    written: Sequence[Written],
    resting: Mapping[dt.date, int],
    plan: PlanVersion,
    profile: Profile,
    content: Content,
) -> list[ExerciseDone]:
    """The sessions of one planned exercise up to and with one session, each with the step of its day."""
    rows = list(ExerciseStep.objects.filter(profile=profile, planned=item["id"]).order_by("id"))
    usual = int(plan.findings.get("pain", 0) or 0) if isinstance(plan.findings.get("pain"), int | float) else 0
    history = []
    for session in _strength_sessions(written):
        if (session.day, session.at) > (until.day, until.at):
            break
        earlier = [row for row in rows if row.from_day <= session.day]
        step = _step_of(earlier[-1]) if earlier else first_step(item, content)
        if step.exercise in session.sets or step.exercise in session.felt:
            history.append(exercise_done(session, step.exercise, step, resting, usual, content))
    return history


def verdict_record(verdict: Verdict) -> dict[str, Any]:
    """A verdict as plain data, as it is kept and told."""
    return {
        "move": verdict.move.value,
        "reason": verdict.reason,
        "before": asdict(verdict.before),
        "after": asdict(verdict.step),
        "light": verdict.light.name.lower() if verdict.light is not None else None,
        "check_flags": verdict.check_flags,
    }


def _share_of(step: Step, flare: FlareNow | None) -> Step:
    """The share of a step that is right today; what is kept of the step stays as it was."""
    sets, reps = eased(step.sets, step.reps, flare.today.share) if flare is not None else (step.sets, step.reps)
    return replace(step, sets=sets, reps=reps)


def _step_of(row: ExerciseStep) -> Step:
    return Step(**row.record["after"])


def _changes(profile: Profile, planned: str) -> list[StepChange]:
    rows = ExerciseStep.objects.filter(profile=profile, planned=planned).order_by("id")
    return [
        StepChange(
            day=row.from_day - ONE_DAY,
            exercise=row.record["before"]["exercise"],
            move=Move(row.move),
            added_set=row.move == Move.UP.value and row.record["after"]["sets"] > row.record["before"]["sets"],
        )
        for row in rows
    ]


def _last_up(profile: Profile, planned: str) -> dt.date:
    row = ExerciseStep.objects.filter(profile=profile, planned=planned, move=Move.UP.value).last()
    return row.from_day if row else dt.date.min


def _last_steps(profile: Profile, plan: PlanVersion) -> dict[str, ExerciseStep]:
    """The newest verdict of each exercise that still stands: one that the plan does not allow any more does not."""
    allowed = _bounds(plan, default_content()).allowed
    rows = ExerciseStep.objects.filter(profile=profile).order_by("id")
    return {row.planned: row for row in rows if row.record["after"]["exercise"] in allowed}


def _bounds(plan: PlanVersion, content: Content) -> Bounds:
    """What the plan allows now: its cautions decide the sets, its pool the exercises.

    While the pain is still easily stirred up, strength stays at few sets of the exercises as they are.
    """
    items = _strength_items(plan)
    if plan.record["phase"] != "BUILD":
        light = int(content.limit("strength_sets_light"))
        return Bounds(
            sets_top=light, reps_top=int(content.limit("repetitions_top")), allowed=frozenset(i["id"] for i in items)
        )
    choices = read_choices({k: v for k, v in plan.choices.items() if k not in {"drop", "leave_out"}}, content)
    pool = exercise_pool(plan.record["cautions"], choices, content)
    return bounds_for(plan.record["cautions"], set(pool.allowed) - set(plan.choices.get("drop", ())), content)


def _within(step: Step, bounds: Bounds) -> Step:
    """A step of an earlier plan inside what the plan allows now."""
    return replace(step, sets=min(step.sets, bounds.sets_top), reps=min(step.reps, bounds.reps_top))


def _strength_items(plan: PlanVersion) -> list[dict[str, Any]]:
    return [item for item in plan.record["exercises"] if item["kind"] == "strength"]


def _strength_sessions(written: Sequence[Written]) -> list[Session]:
    return [session for session in sessions_of(written) if session.what == "strength"]


def _diary(profile: Profile, by: Actor, today: dt.date) -> list[Written]:
    return entries(profile=profile, by=by, since=today - _LOOKS_BACK, kinds=_SESSION_KINDS)
