"""A plan as plain data: what the command prints, what the store keeps, what a page shows."""

from dataclasses import asdict
from typing import Any

from upperback.care.plan.build import Plan, PlannedExercise
from upperback.care.plan.cautions import Carried
from upperback.care.plan.choices import OwnExercise
from upperback.care.plan.tasks import Line, LoadChange
from upperback.care.plan.text import filler, plan_text


def plan_record(plan: Plan) -> dict[str, Any]:
    """The stable keys of the `plan` contract, in its order, then more."""
    fill = filler(plan)
    return {
        "allowed": plan.allowed,
        "locked_because": fill(plan.gate.locked_because) if plan.gate.locked_because else None,
        "pattern": _shown_pattern(plan),
        "phase": plan.phase,
        "irritability": plan.irritability,
        "cautions": [item.tag for item in plan.cautions],
        "strength_allowed": plan.strength_allowed,
        "exercises": [exercise_record(item) for item in plan.exercises],
        "load_rules": list(dict.fromkeys(change.rule.id for change in plan.load_changes)),
        "messages": [message.id for message in plan.messages],
        "safety_net": [message.id for message in plan.safety_net],
        "review_day": plan.review_day,
        "text": plan_text(plan),
        "because": plan.because if plan.allowed else None,
        "level": plan.gate.level,
        "locked_by": list(plan.gate.locked_by),
        "disposition": plan.decision.disposition,
        "complete": plan.decision.complete,
        "cleared_by": plan.cleared_by,
        "caution_notes": [_caution_record(item, fill(item.caution.advice)) for item in plan.cautions],
        "strength_days": list(plan.strength_days),
        "left_out": [{"id": item.id, "because": item.because, "tags": list(item.tags)} for item in plan.left_out],
        "load_changes": [_change_record(change) for change in plan.load_changes],
        "breaks": _breaks_record(plan),
        "workstation": list(plan.desk_points),
        "release": plan.decision.release,
        "release_sha256": plan.decision.release_sha256,
    } | ({"own": [_own_record(item) for item in plan.own]} if plan.own else {})


def _own_record(item: OwnExercise) -> dict[str, Any]:
    """A picture stands there only where there is one."""
    return {name: value for name, value in asdict(item).items() if item.picture or name not in {"picture", "alt"}}


def _shown_pattern(plan: Plan) -> str | None:
    """No pattern while the plan is locked, unless it is one that says why: the others would reassure."""
    return plan.pattern.id if plan.allowed or plan.pattern.locks_plan else None


def exercise_record(item: PlannedExercise) -> dict[str, Any]:
    """One exercise with its dose and the reason why it is there."""
    dose = item.dose
    return {
        "id": item.exercise.id,
        "kind": item.exercise.kind,
        "sets": dose.sets,
        "reps": dose.reps,
        "rest_s": dose.rest_s,
        "per_day": dose.per_day,
        "days_per_week": dose.days_per_week,
        "why": item.why,
        "title": item.exercise.title,
        "unit": dose.unit,
        "hold_s": dose.hold_s,
        "reps_top": dose.reps_top,
        "sets_top": dose.sets_top,
        "reserve": list(dose.reserve) if dose.reserve else None,
        "how": list(item.how),
        "why_short": item.why_short,
        "instead_of": item.instead_of,
        "source": list(item.sources),
    }


def _caution_record(item: Carried, advice: str) -> dict[str, Any]:
    return {
        "tag": item.tag,
        "title": item.caution.title,
        "sure": item.sure,
        "why": item.why,
        "advice": advice,
        "source": list(item.caution.sources),
    }


def _change_record(change: LoadChange) -> dict[str, Any]:
    return {
        "id": change.rule.id,
        "name": change.name,
        "first": change.first,
        "why": change.why,
        "sums": _sums_record(change.sums),
        "numbers": dict(change.numbers),
        "source": list(change.rule.sources),
    }


def _breaks_record(plan: Plan) -> dict[str, Any] | None:
    breaks = plan.breaks
    if breaks is None:
        return None
    return {
        "every_minutes": breaks.every_minutes,
        "micro_s": breaks.micro_s,
        "long_minutes": breaks.long_minutes,
        "long_every_minutes": breaks.long_every_minutes,
        "sums": _sums_record(breaks.sums),
    }


def _sums_record(sums: tuple[Line, ...]) -> list[dict[str, Any]]:
    return [{"result": line.result, "how": line.how} for line in sums]
