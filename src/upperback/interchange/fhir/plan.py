"""The plan: each version, what its exercises are, what was left out and why, the goals."""

import datetime as dt
from collections.abc import Iterator, Mapping
from typing import Any, Final

from upperback.interchange.fhir import codes
from upperback.interchange.fhir.elements import (
    Activity,
    ActivityDetail,
    Annotation,
    CarePlan,
    CodeableConcept,
    DetectedIssue,
    Extension,
    Goal,
    Identifier,
    Mitigation,
    Period,
    Reference,
    Repeat,
    Resource,
    Target,
    Timing,
)
from upperback.interchange.fhir.making import Making, canonical, named, own_words, released, second
from upperback.interchange.fhir.records import GoalKept, PlanMade
from upperback.interchange.fhir.screening import condition_refs, safety_flag

_NOT_SURE: Final = "the person is not sure; taken as if it were so"
_LAST_DAY: Final = dt.timedelta(days=41)


def plan_resources(make: Making) -> Iterator[Resource]:
    """Every version of the plan, the newest one with its goals, cautions and what does not fit."""
    plans = make.person.plans
    checks = {check.uuid: check for check in make.person.checks}
    for earlier, plan in zip([None, *plans], plans, strict=False):
        yield _care_plan(make, plan, earlier, is_newest=plan is plans[-1])
    if plans:
        newest = plans[-1]
        flagged = _shown_cautions(make, newest)
        yield from (safety_flag(make, tag, title, checks[newest.check]) for tag, title in flagged.items())
        yield from _clashes(make, newest, flagged)
    yield from (_goal(make, goal) for goal in make.person.goals)


def plan_ref(make: Making, plan: PlanMade) -> Reference:
    """One version."""
    return make.ref("CarePlan", plan.uuid)


def plan_on(make: Making, at: dt.datetime) -> tuple[Reference, ...]:
    """The version that held at a time, if any did."""
    held = [plan for plan in make.person.plans if plan.made_at <= at]
    return (plan_ref(make, held[-1]),) if held else ()


def _care_plan(make: Making, plan: PlanMade, earlier: PlanMade | None, *, is_newest: bool) -> CarePlan:
    id = make.id("CarePlan", plan.uuid)
    is_open = is_newest and plan.allowed and make.person.plan_is_open
    checks = make.person.checks
    return CarePlan(
        id=id, identifier=named(id), intent="plan", title=f"Plan for the upper back, version {plan.number}",
        instantiates_canonical=(canonical("PlanDefinition", "programme", make.content),),
        replaces=(plan_ref(make, earlier),) if earlier is not None else (),
        status="active" if is_open else "on-hold" if is_newest else "revoked",
        category=(codes.own("self-management"),), description=_pattern(make, plan), subject=make.patient,
        period=Period(start=plan.starts_on, end=plan.starts_on + _LAST_DAY), created=second(plan.made_at),
        author=make.software, addresses=condition_refs(make, checks[-1]) if checks else (),
        supporting_info=(make.ref("Observation", "disposition", plan.check),),
        goal=tuple(make.ref("Goal", goal.id) for goal in make.person.goals) if is_newest else (),
        activity=tuple(_activities(plan, make, is_open=is_open)),
        note=_notes(plan, is_newest=is_newest, is_open=is_open),
    )  # fmt: skip


def _pattern(make: Making, plan: PlanMade) -> str | None:
    """What the answers are consistent with: never a diagnosis."""
    pattern = make.content.patterns.get(plan.record["pattern"] or "")
    if pattern is None or not make.is_shown(pattern.when):
        return None
    return f"Answers consistent with: {pattern.title}. Not a diagnosis."


def _notes(plan: PlanMade, *, is_newest: bool, is_open: bool) -> tuple[Annotation, ...]:
    if plan.allowed and (is_open or not is_newest):
        return ()
    if plan.allowed:
        return (Annotation(text="On hold: a safety check, or advice to see somebody, comes first."),)
    return (Annotation(text="No exercises: the answers call for somebody to look first."),)


def _activities(plan: PlanMade, make: Making, *, is_open: bool) -> Iterator[Activity]:
    if not plan.allowed:
        return
    for item in plan.record["exercises"]:
        yield Activity(detail=_exercise(item, plan, make, is_open=is_open))
    pattern = make.content.patterns.get(plan.record["pattern"] or "")
    stay = () if pattern is None or make.is_shown(pattern.when) else pattern.load_rules
    for change in plan.record["load_changes"]:
        if change["id"] in stay:  # only the pattern that stays brought it, or might have
            continue
        words = " ".join(line["result"] for line in change["sums"])
        yield _advised("load-change", f"{change['name']}: done in a changed way", words, is_open=is_open)
    breaks = plan.record["breaks"]
    if breaks is not None:
        words = f"A break of about a minute every {breaks['every_minutes']} minutes."
        yield _advised("breaks", codes.OWN["breaks"], words, is_open=is_open)


def _advised(code: str, title: str, words: str, *, is_open: bool) -> Activity:
    return Activity(
        detail=ActivityDetail(
            code=codes.own(code, title), status="scheduled" if is_open else "stopped", description=words or None
        )
    )


def _exercise(item: Mapping[str, Any], plan: PlanMade, make: Making, *, is_open: bool) -> ActivityDetail:
    code = exercise_code(item["id"], item["title"])
    days = tuple(plan.record["strength_days"]) if item["kind"] == "strength" else ()
    if days:
        repeat = Repeat(frequency=len(days), period=1, period_unit="wk", day_of_week=days)
    else:
        repeat = Repeat(frequency=item["per_day"], period=1, period_unit="d")
    return ActivityDetail(
        kind="ServiceRequest",
        instantiates_canonical=(canonical("ActivityDefinition", item["id"].lower(), make.content),),
        code=CodeableConcept(coding=(*codes.concept(codes.EXERCISE_THERAPY).coding, *code.coding), text=item["title"]),
        status="scheduled" if is_open else "stopped", scheduled_timing=Timing(repeat=repeat), performer=make.by_person,
        description=_dose_words(item), extension=tuple(_dose(item)),
    )  # fmt: skip


def exercise_code(id: str, title: str) -> CodeableConcept:
    """An exercise of the content release."""
    return released("exercise", id, title)


def _dose_words(item: Mapping[str, Any]) -> str:
    dose = f"{item['sets']} x {item['reps']} {item['unit']}"
    return " ".join([f"{dose}. {item['why_short']}", *item["how"]])


def _dose(item: Mapping[str, Any]) -> Iterator[Extension]:
    yield _dose_part("sets", item["sets"], "{set}", "sets")
    yield _dose_part("repetitions", item["reps"], "{repetition}", item["unit"])
    if item["rest_s"]:
        yield _dose_part("rest", item["rest_s"], "s", "s")
    if item["hold_s"]:
        yield _dose_part("hold", item["hold_s"], "s", "s")


def _dose_part(name: str, value: float, code: str, unit: str) -> Extension:
    return Extension(
        url=f"{codes.BASE}/StructureDefinition/dose-{name}", value_quantity=codes.quantity(value, code, unit)
    )


# ---- what does not fit -------------------------------------------------------------------------------------------


def _shown_cautions(make: Making, plan: PlanMade) -> dict[str, str]:
    cautions = make.content.cautions
    return {
        note["tag"]: note["title"] if note["sure"] else f"{note['title']} ({_NOT_SURE})"
        for note in plan.record["caution_notes"]
        if note["tag"] in cautions and make.is_shown(cautions[note["tag"]].when)
    }


def _clashes(make: Making, plan: PlanMade, flagged: Mapping[str, str]) -> Iterator[DetectedIssue]:
    """Exercises that were left out because of a caution."""
    stand_ins = {item["instead_of"] for item in plan.record["exercises"]}
    for item in plan.record["left_out"]:
        tags = [tag for tag in item["tags"] if tag in flagged]
        exercise = make.content.exercises.get(item["id"])
        if not tags or exercise is None:
            continue
        id = make.id("DetectedIssue", item["id"])
        definition = f"{codes.BASE}/ActivityDefinition/{item['id'].lower()}"
        yield DetectedIssue(
            id=id, identifier=named(id), status="final", code=codes.own("caution-clash"), severity="moderate",
            patient=make.patient, identified_date_time=second(plan.made_at), author=make.software,
            implicated=(
                Reference(
                    type="ActivityDefinition", display=exercise.title,
                    identifier=Identifier(system=codes.URI, value=definition),
                ),
                *(make.ref("Flag", tag) for tag in tags),
            ),
            detail=item["because"],
            mitigation=(Mitigation(action=codes.own("exchanged" if item["id"] in stand_ins else "left-out")),),
        )  # fmt: skip


# ---- goals -------------------------------------------------------------------------------------------------------


def _goal(make: Making, goal: GoalKept) -> Goal:
    id = make.id("Goal", goal.id)
    newest = make.person.plans[-1] if make.person.plans else None
    target = () if goal.aim is None else (
        Target(
            measure=codes.own("psfs-item", own_words(goal.activity) or None),
            detail_quantity=codes.quantity(goal.aim, "{score}", "score"),
            due_date=newest.starts_on + _LAST_DAY if newest is not None else None,
        ),
    )  # fmt: skip
    achieved = "achieved" if goal.reached else "in-progress"
    return Goal(
        id=id, identifier=named(id), lifecycle_status="completed" if goal.reached else "active",
        achievement_status=codes.terminology("goal-achievement", achieved),
        description=CodeableConcept(text=own_words(goal.words) or "-"), subject=make.patient,
        start_date=newest.starts_on if newest is not None else None, target=target, status_date=goal.reached_on,
        expressed_by=make.patient,
    )  # fmt: skip
