"""Progress: after each session and its morning, the next step of every strength exercise, kept with its reason."""

import datetime as dt
import uuid
from collections.abc import Iterable, Mapping
from dataclasses import asdict, dataclass, replace
from typing import Any, Final, Literal

from django.db import transaction
from django.db.models import Max, Q

from upperback.care import course
from upperback.care.course import Course, Kept
from upperback.care.course_items import bounds_of, items_of
from upperback.care.diary import ExerciseEnded, Morning, SessionEnded, SessionStarted, SetDone, kind_of
from upperback.care.flare import eased
from upperback.care.progression import Move, Step, Verdict
from upperback.care.sessions import ONE_DAY, Session, mornings, sessions_of
from upperback.content.vocabulary import default_content
from upperback.core.errors import InputError
from upperback.services import audit
from upperback.services.actors import Actor
from upperback.services.diary import entries
from upperback.services.flares import FlareNow, current_flare
from upperback.services.permissions import check_may
from upperback.services.plans import PlanVersion, open_plan
from upperback.services.policies import PAGE_IS_OLD
from upperback.services.today import local_day
from upperback.store.models import Decision, DiaryEntry, ExerciseStep, Profile

__all__ = [
    "ExerciseStep",
    "Prescribed",
    "Training",
    "change_step",
    "check_comes_first",
    "decide_progress",
    "prescribed_today",
    "rest_today",
    "training_today",
]

#: How much of the diary progress looks at; what was decided from earlier days is kept.
_LOOKS_BACK: Final = dt.timedelta(days=70)

#: Before the last session, for what is due: the sessions and mornings that a step and the usual pain hang on.
_DUE_LOOKS_BACK: Final = dt.timedelta(days=21)

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


@dataclass(frozen=True, slots=True, kw_only=True)
class Training:
    """What strength work is today.

    Attributes
    ----------
    prescribed : each strength exercise of the open plan, days off and a flare-up taken into account
    rest : why no strength session may begin today; None where one may
    flare : the flare-up that goes on
    """

    prescribed: list[Prescribed]
    rest: course.Rest | None
    flare: FlareNow | None


def training_today(*, profile: Profile, by: Actor, now: dt.datetime, plan: PlanVersion | None = None) -> Training:
    """What strength work is today: amounts, and whether it may begin. `plan`: the open one, where it is at hand."""
    check_may(by, "see_profile")
    plan = plan or open_plan(profile=profile, by=by)
    today = local_day(profile, now)
    rows = _rows(profile, today)
    last = {row.planned: row for row in rows}
    here = _course(profile, plan, rows, by, today, since=_since(profile, today))
    flare = current_flare(profile=profile, by=by, now=now)
    prescribed = [
        Prescribed(
            planned=one.planned,
            step=_share_of(one.step, flare),
            last=last.get(one.planned),
            absence=one.absence,
            anew=one.anew,
        )
        for one in course.due_on(here, today)
    ]
    return Training(prescribed=prescribed, rest=course.rest_on(here, today), flare=flare)


def prescribed_today(*, profile: Profile, by: Actor, now: dt.datetime) -> list[Prescribed]:
    """What each strength exercise of the open plan is now, days off taken into account."""
    return training_today(profile=profile, by=by, now=now).prescribed


def _share_of(step: Step, flare: FlareNow | None) -> Step:
    """The share of a step that is right today; what is kept of the step stays as it was."""
    sets, reps = eased(step.sets, step.reps, flare.today.share) if flare is not None else (step.sets, step.reps)
    return replace(step, sets=sets, reps=reps)


def rest_today(*, profile: Profile, by: Actor, now: dt.datetime, session: str | None = None) -> course.Rest | None:
    """Why no strength session may begin now; None where one may. `session`: one that is going on."""
    check_may(by, "see_profile")
    plan = open_plan(profile=profile, by=by)
    today = local_day(profile, now)
    here = _course(profile, plan, (), by, today, since=_since(profile, today))
    return course.rest_on(here, today, session=session)


def check_comes_first(*, profile: Profile, by: Actor, now: dt.datetime) -> bool:
    """Whether something since the newest safety check asks for another one before the next session."""
    check_may(by, "see_profile")
    plan = open_plan(profile=profile, by=by)
    today = local_day(profile, now)
    return course.needs_check(_course(profile, plan, _rows(profile, today), by, today, what=None))


def decide_progress(*, profile: Profile, by: Actor, now: dt.datetime) -> list[ExerciseStep]:
    """Judges every session whose morning has been told, or can hardly come any more. Judging twice is judging once."""
    check_may(by, "keep_diary")
    plan = open_plan(profile=profile, by=by)
    today = local_day(profile, now)
    kept: list[ExerciseStep] = []
    with transaction.atomic():
        Profile.objects.select_for_update().get(pk=profile.pk)
        here = _course(profile, plan, _rows(profile, today), by, today)
        for session in course.waiting(here, today):
            judged = course.judge_session(here, session)
            new = [_keep(one, planned, session, plan, by, now) for planned, one in judged.items()]
            here = replace(here, kept=[*here.kept, *(_kept(row, answered=False) for row in new)])
            kept += new
        if kept:
            audit.record(
                by=by, action="decide_progress", now=now, object_kind="plan", object_uuid=plan.uuid, profile=profile,
                steps=len(kept),
            )  # fmt: skip
    return kept


def change_step(
    *,
    profile: Profile,
    planned: str,
    direction: Literal["easier", "harder"],
    client_id: uuid.UUID | None,
    by: Actor,
    now: dt.datetime,
) -> ExerciseStep:
    """The person's own step with an exercise of the plan. Sent twice it is one.

    Raises
    ------
    InputError : it goes no further, or nothing speaks for more yet; the sentence says so.
    """
    check_may(by, "keep_diary")
    if client_id is None:
        raise InputError(PAGE_IS_OLD)
    plan = open_plan(profile=profile, by=by)
    today = local_day(profile, now)
    name = f"{course.OWN}{client_id.hex}"
    with transaction.atomic():
        Profile.objects.select_for_update().get(pk=profile.pk)
        same = ExerciseStep.objects.filter(profile=profile, session=name, planned=planned).first()
        if same is not None:
            return same
        if current_flare(profile=profile, by=by, now=now) is not None and direction == "harder":
            raise InputError("More comes after the flare-up")
        here = _course(profile, plan, _rows(profile, today), by, today, since=_since(profile, today))
        verdict = course.own_change(here, planned, today, direction)
        trained = any(session.day == today and session.sets for session in here.sessions)
        row = _row(verdict, planned, name, today + ONE_DAY if trained else today, plan, by, now)
        row.save()
        audit.record(
            by=by, action="change_step", now=now, object_kind="plan", object_uuid=plan.uuid, profile=profile
        )  # fmt: skip
    return row


def _keep(
    verdict: Verdict, planned: str, session: Session, plan: PlanVersion, by: Actor, now: dt.datetime
) -> ExerciseStep:
    row = step_row(verdict, planned, session, plan, by, now)
    row.save()
    return row


def step_row(
    verdict: Verdict, planned: str, session: Session, plan: PlanVersion, by: Actor, now: dt.datetime
) -> ExerciseStep:
    """A verdict as the row that keeps it, not saved yet."""
    return _row(verdict, planned, session.id, session.day + ONE_DAY, plan, by, now)


def _row(
    verdict: Verdict, planned: str, session: str, from_day: dt.date, plan: PlanVersion, by: Actor, now: dt.datetime
) -> ExerciseStep:
    content = default_content()
    return ExerciseStep(
        profile=plan.profile, plan=plan, session=session, planned=planned, exercise=verdict.step.exercise,
        from_day=from_day, move=verdict.move.value, reason=verdict.reason,
        record=verdict_record(verdict), decided_at=now, by=str(by),
        release=content.release_id, release_sha256=content.sha256,
    )  # fmt: skip


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


def _rows(profile: Profile, today: dt.date) -> list[ExerciseStep]:
    """The verdicts that can still count, in the order of writing: those of the last weeks, and the newest of each kind.

    Years of history are not read for one day.
    """
    rows = ExerciseStep.objects.filter(profile=profile)
    newest = rows.order_by().values("planned", "exercise", "move").annotate(last=Max("id")).values("last")
    counting = rows.filter(Q(from_day__gte=today - _LOOKS_BACK) | Q(pk__in=newest) | Q(record__check_flags=True))
    return list(counting.order_by("id"))


def _since(profile: Profile, today: dt.date) -> dt.date:
    """From when on the diary tells what is due today: some weeks before the last set, however long ago that was."""
    sets = DiaryEntry.objects.filter(profile=profile, kind=kind_of(SetDone), day__lte=today)
    last: dt.date | None = sets.aggregate(last=Max("day"))["last"]
    return min(last or today, today) - _DUE_LOOKS_BACK


def _course(
    profile: Profile,
    plan: PlanVersion,
    rows: Iterable[ExerciseStep],
    by: Actor,
    today: dt.date,
    *,
    what: str | None = "strength",
    since: dt.date | None = None,
) -> Course:
    """What the steps of this person are decided from. `what`: only sessions of this kind; None for all."""
    content = default_content()
    decision = plan.decision
    written = entries(profile=profile, by=by, since=since or today - _LOOKS_BACK, kinds=_SESSION_KINDS)
    under = frozenset(PlanVersion.objects.filter(profile=profile, decision=decision).values_list("pk", flat=True))
    usual = plan.findings.get("pain", 0)
    return Course(
        items=items_of(plan.record, plan.choices, content),
        bounds=bounds_of(plan.record, plan.choices, content),
        sessions=[session for session in sessions_of(written) if what in {None, session.what}],
        kept=[_kept(row, answered=row.plan_id not in under) for row in rows],
        resting=mornings(written),
        usual=int(usual) if isinstance(usual, int | float) else 0,
        checked=local_day(profile, decision.decided_at),
        answered=_answered(profile, decision, today - _LOOKS_BACK),
        content=content,
    )


def _kept(row: ExerciseStep, *, answered: bool) -> Kept:
    """A verdict; `answered`: a safety check came after it."""
    record: Mapping[str, Any] = row.record
    return Kept(
        session=row.session,
        planned=row.planned,
        day=row.from_day - ONE_DAY,
        move=Move(row.move),
        before=Step(**record["before"]),
        after=Step(**record["after"]),
        check_flags=record["check_flags"] and not answered,
    )


def _answered(profile: Profile, decision: Decision, since: dt.date) -> frozenset[str]:
    """Sessions with alarming pain that was told before the newest safety check was decided.

    The plan that an entry was written under says so, and not the clock, which may have been put back.
    """
    told = DiaryEntry.objects.filter(
        profile=profile, kind="exercise_ended", day__gte=since, data__alarming=True, replaced_by__isnull=True
    )
    under_another = told.filter(plan__isnull=False).exclude(plan__decision=decision)
    return frozenset(data["session"] for data in under_another.values_list("data", flat=True))
