"""The plan: made from the newest safety check, shaped by the person, unlocked by a clinician."""

import dataclasses
import datetime as dt
import uuid
from collections.abc import Iterable, Mapping, Sequence
from typing import Any, Final

from django.db import transaction

from upperback.care import intake, looking_back
from upperback.care.course_items import stand_ins
from upperback.care.looking_back import LastReview
from upperback.care.plan import Choices, Plan, build_plan, plan_record, read_choices
from upperback.care.plan.choices import Task
from upperback.care.plan.gate import NEVER_CLEARED, waits_for_clinician
from upperback.care.triage import read_findings
from upperback.content.vocabulary import Content, default_content
from upperback.core.errors import Conflict, InputError, NotAllowed, NotFound
from upperback.services import audit, policies
from upperback.services.actors import Actor
from upperback.services.alarms import alarmed_after, alarmed_since
from upperback.services.assessments import all_answers, latest_assessment
from upperback.services.permissions import check_may
from upperback.store.models import Assessment, Clearance, Decision, PlanVersion, Profile, Review, Screening

__all__ = [
    "CLINICIANS",
    "DAYS",
    "Clearance",
    "PlanVersion",
    "clearance_for",
    "closed_plans",
    "follow_clinician",
    "follow_tasks",
    "get_plan",
    "latest_plan",
    "locked_plan",
    "make_plan",
    "open_plan",
    "preview",
    "record_clearance",
    "shape_plan",
    "swaps",
]

DAYS: Final = ("mon", "tue", "wed", "thu", "fri", "sat", "sun")

#: Who may have said that exercise is fine.
CLINICIANS: Final = ("gp", "physiotherapist", "doctor", "surgical_team", "nurse", "midwife", "clinician")

#: Among the stored choices: exercises the person leaves out for now, with nothing in their place.
LEAVE_OUT: Final = "leave_out"

#: Choices that go on into the next plan.
_STAYS: Final = ("keep", "drop", LEAVE_OUT, "days", "doses", "cautions", "own")

#: A clearance counts for a later safety check with the same findings for as long as one block of six weeks.
CLEARANCE_COUNTS: Final = dt.timedelta(days=42)


def latest_decision(profile: Profile) -> Decision | None:
    """The newest result."""
    rows = Decision.objects.select_related("screening", "screening__profile")
    return rows.filter(screening__profile=profile).last()


def open_screening(profile: Profile) -> Screening | None:
    """A safety check that was begun and not finished. One without any answer is none."""
    found = Screening.objects.filter(profile=profile, state=Screening.State.IN_PROGRESS).first()
    return found if found is not None and found.answers else None


def latest_plan(*, profile: Profile, by: Actor) -> PlanVersion | None:
    """The newest version, whether or not it may be shown now."""
    check_may(by, "see_profile")
    return PlanVersion.objects.select_related("decision").filter(profile=profile).last()


def open_plan(*, profile: Profile, by: Actor) -> PlanVersion:
    """The plan that may be shown now. Raises NotAllowed with the reason: never an exercise without it."""
    plan = latest_plan(profile=profile, by=by)
    decision = latest_decision(profile)
    alarmed = alarmed_since(profile, decision)
    policies.check_plan_is_open(plan, decision, open_screening(profile), alarmed=alarmed)
    assert plan is not None, "check_plan_is_open refuses a missing plan"
    return plan


def closed_plans(profiles: Sequence[Profile]) -> dict[int, NotAllowed]:
    """Of these people who has no open plan, and why not: what `open_plan` says, with four questions for all of them."""
    plan_rows = PlanVersion.objects.filter(profile__in=profiles).only("profile", "allowed", "decision")
    plans = {plan.profile_id: plan for plan in plan_rows}
    decision_rows = Decision.objects.filter(screening__profile__in=profiles).select_related("screening")
    decisions = {row.screening.profile_id: row for row in decision_rows.only("decided_at", "screening__profile")}
    begun: dict[int, Screening] = {}
    for screening in Screening.objects.filter(profile__in=profiles, state=Screening.State.IN_PROGRESS):
        begun.setdefault(screening.profile_id, screening)
    alarmed = alarmed_after(decisions)
    found = {}
    for profile in profiles:
        is_begun = begun.get(profile.pk)
        try:
            policies.check_plan_is_open(
                plans.get(profile.pk),
                decisions.get(profile.pk),
                is_begun if is_begun is not None and is_begun.answers else None,
                alarmed=profile.pk in alarmed,
            )
        except NotAllowed as refused:
            found[profile.pk] = refused
    return found


def latest_review(profile: Profile) -> Review | None:
    """The newest review that counts: the last one written, as a correction comes after what it corrects."""
    return Review.objects.filter(profile=profile).select_related("decision").last()


def as_last(review: Review | None) -> LastReview | None:
    """A review as far as the days of the next one need it."""
    return LastReview(day=review.day, next_on=review.next_on) if review is not None else None


def waits_for_visit(profile: Profile) -> bool:
    """Whether the newest review sends to a doctor for how the pain went, and nobody has looked since.

    Where a rule of the safety check sends there, the check itself holds the plan back.
    """
    review = latest_review(profile)
    if review is None or review.outcome != "seek_medical_help" or review.record["rules"]:
        return False
    return not Clearance.objects.filter(profile=profile, recorded_at__gte=review.reviewed_at).exists()


def locked_plan(*, profile: Profile, by: Actor, today: dt.date) -> PlanVersion | None:
    """The newest version where it says why there is no plan: made from all that is known now, and not allowed."""
    plan = latest_plan(profile=profile, by=by)
    decision = latest_decision(profile)
    if plan is None or decision is None or plan.allowed:
        return None
    assessment = latest_assessment(profile=profile, by=by)
    clearance = clearance_for(decision, plan_findings(decision, assessment), today)
    return plan if _made_from(plan) == (decision.pk, _pk(assessment), _pk(clearance)) else None


def get_plan(*, profile: Profile, plan_uuid: uuid.UUID | None, by: Actor) -> PlanVersion:
    """One version of this person's plan, for reading back."""
    check_may(by, "see_profile")
    found = PlanVersion.objects.filter(profile=profile, uuid=plan_uuid).first() if plan_uuid else None
    if found is None:
        raise NotFound("there is no such plan here")
    return found


def make_plan(*, profile: Profile, by: Actor, now: dt.datetime, today: dt.date) -> PlanVersion:
    """A plan from the newest safety check and the newest assessment. Making it twice from the same gives one."""
    check_may(by, "make_plan")
    with transaction.atomic():
        Profile.objects.select_for_update().get(pk=profile.pk)
        decision = latest_decision(profile)
        policies.check_can_plan(decision, open_screening(profile), now, alarmed=alarmed_since(profile, decision))
        assert decision is not None, "check_can_plan refuses a missing decision"
        policies.check_review_allows(waits=waits_for_visit(profile))
        assessment = latest_assessment(profile=profile, by=by)
        policies.check_assessment_fits(assessment, decision)
        findings = plan_findings(decision, assessment)
        clearance = clearance_for(decision, findings, today)
        last = latest_plan(profile=profile, by=by)
        choices = _choices(assessment, clearance, last, findings)
        if last is not None and _made_from(last) == (decision.pk, _pk(assessment), _pk(clearance)):
            return last
        starts_on = _day_one(last, latest_review(profile), today)
        return _write(profile, decision, assessment, clearance, choices, "made", findings, starts_on, last, by, now)


def shape_plan(
    *,
    plan: PlanVersion,
    keep: Iterable[str] = (),
    drop: Iterable[str] = (),
    leave_out: Iterable[str] = (),
    days: Iterable[str] = (),
    by: Actor,
    now: dt.datetime,
) -> PlanVersion:
    """A new version with the person's choices. Nothing has to be kept, and nothing is held back for it.

    keep: wanted in the plan. drop: never this one; another may take its place. leave_out: simply not, for now.
    """
    check_may(by, "make_plan")
    content = default_content()
    keep, drop, leave_out = (tuple(dict.fromkeys(ids)) for ids in (keep, drop, leave_out))
    chosen_days = [day for day in DAYS if day in set(days)]
    unknown = {*keep, *drop, *leave_out} - set(content.exercises)
    if unknown or set(days) - set(DAYS) or set(keep) & set(drop):
        raise InputError("Choose from the list on the page")
    with transaction.atomic():
        Profile.objects.select_for_update().get(pk=plan.profile_id)
        profile = Profile.objects.get(pk=plan.profile_id)
        last = latest_plan(profile=profile, by=by)
        decision = latest_decision(profile)
        policies.check_plan_is_open(last, decision, open_screening(profile), alarmed=alarmed_since(profile, decision))
        assert last is not None, "check_plan_is_open refuses a missing plan"
        assert decision is not None, "check_plan_is_open refuses a missing decision"
        choices = last.choices | {
            "keep": list(keep), "drop": list(drop), LEAVE_OUT: list(leave_out), "days": chosen_days,
        }  # fmt: skip
        if choices == last.choices:
            return last
        if last.pk != plan.pk:
            raise Conflict("Your plan was changed in another window. Look at it as it is now and choose again.")
        return _write(
            profile,
            decision,
            last.assessment,
            last.clearance,
            choices,
            "shaped",
            last.findings,
            last.starts_on,
            last,
            by,
            now,
        )


def follow_tasks(*, plan: PlanVersion, tasks: Sequence[Task], by: Actor, now: dt.datetime) -> PlanVersion:
    """A new version with the amounts of these tasks. Nothing else of the plan may move with them.

    Raises
    ------
    Conflict : the plan was changed since. NotAllowed : no plan is open, or its exercises would be others.
    """
    check_may(by, "make_plan")
    with transaction.atomic():
        Profile.objects.select_for_update().get(pk=plan.profile_id)
        last = open_plan(profile=plan.profile, by=by)
        choices = choices_with(last, tasks)
        if choices["tasks"] == last.choices.get("tasks"):
            return last
        if last.pk != plan.pk:
            raise Conflict("Your plan was changed in another window. Look at it as it is now and choose again.")
        if not only_tasks_move(last, tasks):
            raise NotAllowed("With these tasks other exercises would come. Answer the questions for a plan again.")
        return _write(
            last.profile, last.decision, last.assessment, last.clearance, choices, "shaped", last.findings,
            last.starts_on, last, by, now,
        )  # fmt: skip


def follow_clinician(*, plan: PlanVersion, choices: dict[str, Any], by: Actor, now: dt.datetime) -> PlanVersion:
    """A new version as a clinician proposed it and the person accepted it: see `plan_changes`."""
    check_may(by, "make_plan")
    with transaction.atomic():
        Profile.objects.select_for_update().get(pk=plan.profile_id)
        last = open_plan(profile=plan.profile, by=by)
        if last.pk != plan.pk:
            raise Conflict("Your plan was changed in another window. Look at it as it is now and choose again.")
        return _write(
            last.profile, last.decision, last.assessment, last.clearance, choices, "clinician", last.findings,
            last.starts_on, last, by, now,
        )  # fmt: skip


def choices_with(plan: PlanVersion, tasks: Sequence[Task]) -> dict[str, Any]:
    """The choices of a plan with these tasks in the place of its own."""
    choices: dict[str, Any] = dict(plan.choices)
    return choices | {"tasks": [_task(dataclasses.asdict(task)) for task in tasks]}


def only_tasks_move(plan: PlanVersion, tasks: Sequence[Task]) -> bool:
    """Whether a plan with these tasks has the exercises, pattern and phase that it has now."""
    new = build_record(plan.findings, choices_with(plan, tasks))
    return all(new[name] == plan.record[name] for name in ("allowed", "pattern", "phase", "exercises"))


def record_clearance(
    *, decision: Decision, cleared_on: dt.date, role: str, by: Actor, now: dt.datetime, today: dt.date
) -> Clearance:
    """ "A clinician has checked this and is happy for me to exercise." Recording the same twice is recording once."""
    check_may(by, "record_clearance")
    if role not in CLINICIANS:
        raise InputError("Choose who has seen you", field="role")
    if not decision.decided_at.date() - dt.timedelta(days=1) <= cleared_on <= today:
        raise InputError(
            "Enter the day you were seen: not before this safety check, and not in the future", field="date"
        )
    if not can_be_cleared(decision):
        raise NotAllowed("Once you have been seen, start a new safety check.")
    profile = decision.screening.profile
    with transaction.atomic():
        Profile.objects.select_for_update().get(pk=profile.pk)
        same = Clearance.objects.filter(decision=decision, cleared_on=cleared_on, role=role).first()
        if same is not None:
            return same
        clearance = Clearance.objects.create(
            profile=profile, decision=decision, cleared_on=cleared_on, role=role, recorded_at=now, by=str(by)
        )
        audit.record(
            by=by, action="record_clearance", now=now, object_kind="clearance", object_uuid=clearance.uuid,
            profile=profile,
        )  # fmt: skip
    return clearance


def can_be_cleared(decision: Decision) -> bool:
    """An emergency or same-day result, or a check that was stopped, needs a new check after the person was seen."""
    return decision.complete and decision.disposition not in NEVER_CLEARED


def clearance_for(decision: Decision, findings: Mapping[str, Any], today: dt.date) -> Clearance | None:
    """The newest clearance that speaks for this decision and these findings.

    One recorded on the very decision counts. One from an earlier safety check counts for a GP-soon or milder result
    with nothing new in it, for six weeks: a rule that fires for the first time, or an operation since then, needs a
    clinician again.
    """
    profile = decision.screening.profile
    own = Clearance.objects.filter(decision=decision).last()
    if own is not None:
        return own
    if decision.disposition in NEVER_CLEARED:
        return None
    for clearance in Clearance.objects.select_related("decision").filter(profile=profile).order_by("-id"):
        recent = dt.timedelta(0) <= today - clearance.cleared_on <= CLEARANCE_COUNTS
        if recent and not _new_since(clearance, decision, findings):
            return clearance
    return None


def _new_since(clearance: Clearance, decision: Decision, findings: Mapping[str, Any]) -> set[str]:
    """Rules that fired or opened, and whatever else waits for a clinician, that were not there at a clearance."""
    now, then = _rule_states(decision), _rule_states(clearance.decision)
    rules = {id for id, state in now.items() if then.get(id) not in (state, "fired")}
    assessment = Assessment.objects.filter(
        profile=clearance.profile, state=Assessment.State.FINISHED, finished_at__lte=clearance.recorded_at
    ).last()  # fmt: skip
    known = plan_findings(clearance.decision, assessment)
    return rules | (_waiting(findings) - _waiting(known))


def _rule_states(decision: Decision) -> dict[str, str]:
    return {rule["id"]: rule["state"] for rule in decision.record["triage"]["rules"]}


def _waiting(findings: Mapping[str, Any]) -> frozenset[str]:
    content = default_content()
    return waits_for_clinician(read_findings(findings, content=content), content)


def _day_one(last: PlanVersion | None, review: Review | None, today: dt.date) -> dt.date:
    """The first day of the block. It goes on through a new check until it is looked back at."""
    if last is None or not last.allowed or (review is not None and last.made_at < review.reviewed_at):
        return today
    content = default_content()
    due_on = looking_back.review_due_on(last.starts_on, as_last(review), content)
    return last.starts_on if looking_back.block_goes_on(last.starts_on, due_on, today, content) else today


def _made_from(plan: PlanVersion) -> tuple[Any, Any, Any]:
    return plan.decision_id, plan.assessment_id, plan.clearance_id


def _pk(row: Assessment | Clearance | None) -> Any:
    return row.pk if row is not None else None


def _choices(
    assessment: Assessment | None, clearance: Clearance | None, last: PlanVersion | None, findings: Mapping[str, Any]
) -> dict[str, Any]:
    choices: dict[str, Any] = {}
    if assessment is not None:
        if assessment.equipment:  # nothing ticked is nothing said: what is common at home is assumed
            choices["equipment"] = list(assessment.equipment)
        choices |= {
            "positions_avoid": list(assessment.positions_avoid),
            "tasks": told_tasks(assessment),
        }
    if last is not None:
        choices |= {name: last.choices[name] for name in _STAYS if name in last.choices}
    if clearance is not None:
        choices["cleared_by"] = clearance.role
    if isinstance(findings.get("pain_now"), int | float):
        choices["pain_now"] = findings["pain_now"]
    return choices


def told_tasks(assessment: Assessment) -> list[dict[str, Any]]:
    """The tasks of an assessment, without what nobody knows."""
    return [_task(task) for task in assessment.tasks]


def _task(task: Mapping[str, Any]) -> dict[str, Any]:
    return {name: value for name, value in task.items() if value is not None}


def _write(
    profile: Profile,
    decision: Decision,
    assessment: Assessment | None,
    clearance: Clearance | None,
    choices: dict[str, Any],
    reason: str,
    findings: dict[str, Any],
    starts_on: dt.date,
    last: PlanVersion | None,
    by: Actor,
    now: dt.datetime,
) -> PlanVersion:
    content = default_content()
    record = build_record(findings, choices)
    plan = PlanVersion.objects.create(
        profile=profile, number=(last.number if last else 0) + 1, made_at=now, by=str(by), reason=reason,
        decision=decision, assessment=assessment, clearance=clearance, choices=choices, findings=findings,
        record=record, allowed=record["allowed"], starts_on=starts_on,
        release=content.release_id, release_sha256=content.sha256,
    )  # fmt: skip
    audit.record(
        by=by, action="make_plan" if reason == "made" else "shape_plan", now=now, object_kind="plan",
        object_uuid=plan.uuid, profile=profile, number=plan.number, allowed=plan.allowed,
        release_sha256=content.sha256,
    )  # fmt: skip
    return plan


def plan_findings(decision: Decision, assessment: Assessment | None) -> dict[str, Any]:
    """The findings of the safety check as it was decided, and those that only the assessment asks about."""
    read = intake.read_answers(all_answers(assessment, decision), default_content(), parts=intake.PARTS)
    return dict(read.findings) | dict(decision.findings)


def build(findings: Mapping[str, Any], choices: Mapping[str, Any]) -> Plan:
    """The plan, with exercises in it that the person leaves out for now."""
    content = default_content()
    return build_plan(read_findings(findings, content=content), _read(choices, content), content)


def build_record(findings: Mapping[str, Any], choices: Mapping[str, Any]) -> dict[str, Any]:
    """The plan as plain data."""
    plan = build(findings, choices)
    left_out = set(choices.get(LEAVE_OUT, ()))
    exercises = tuple(item for item in plan.exercises if item.exercise.id not in left_out)
    has_strength = any(item.exercise.kind == "strength" for item in exercises)
    days = plan.strength_days if has_strength else ()
    return plan_record(dataclasses.replace(plan, exercises=exercises, strength_days=days))


def _read(choices: Mapping[str, Any], content: Content) -> Choices:
    return read_choices({name: value for name, value in choices.items() if name != LEAVE_OUT}, content)


def preview(decision: Decision, *, today: dt.date) -> dict[str, Any]:
    """Whether there would be a plan, and why not: for the button on the result page. Nothing is stored."""
    findings = plan_findings(decision, None)
    clearance = clearance_for(decision, findings, today)
    return build_record(findings, {"cleared_by": clearance.role} if clearance else {})


def check_plan_may_come(*, profile: Profile, by: Actor, now: dt.datetime, today: dt.date) -> Decision:
    """The newest result, where the questions before a plan may lead to one. Raises NotAllowed with the reason."""
    check_may(by, "see_profile")
    decision = latest_decision(profile)
    policies.check_can_plan(decision, open_screening(profile), now, alarmed=alarmed_since(profile, decision))
    assert decision is not None, "check_can_plan refuses a missing decision"
    policies.check_review_allows(waits=waits_for_visit(profile))
    if not preview(decision, today=today)["allowed"]:
        raise NotAllowed(policies.HELP_FIRST)
    return decision


def swaps(plan: PlanVersion, exercise_id: str) -> tuple[str, ...]:
    """What may take the place of an exercise of this plan: same kind, safe for this person, the same family first."""
    return stand_ins(plan.record, plan.choices, exercise_id, default_content())
