"""Invented people as plain data: whole, or as lines that `upperback triage`, `plan` and `review` read."""

from typing import Any, Final

from upperback.care import diary
from upperback.care.cohort.curve import mean
from upperback.care.cohort.life import Day, Invented, function_of, pgic_of

_WEEK: Final = 7


def cohort_record(id: str, invented: Invented) -> dict[str, Any]:
    """Everything about one person. `invented` says on each line that nobody lived this."""
    person = invented.person
    return {
        "id": id,
        "invented": True,
        "findings": dict(person.findings),
        "choices": dict(person.choices),
        "truth": {
            "course": invented.curve.kind,
            "adherence": round(person.adherence, 3),
            "serious": person.serious,
            "flares": list(invented.curve.flares),
        },
        "plan": {"allowed": invented.plan.allowed, "phase": invented.plan.phase, "pattern": invented.plan.pattern.id},
        "begun": invented.begun.isoformat(),
        "days": [{"day": day.day, "pain": day.pain, "planned": day.planned, "done": day.done} for day in invented.days],
        "diary": [
            {
                "kind": diary.kind_of(row.entry),
                "day": row.day.isoformat(),
                "at": row.at.isoformat(),
                "data": diary.entry_data(row.entry),
            }
            for row in invented.diary
        ],
        "review": review_line(id, invented)["inputs"],
    }


def triage_line(id: str, invented: Invented) -> dict[str, Any]:
    """A line for `upperback triage`: the findings of day 0."""
    return {"id": id, "findings": dict(invented.person.findings)}


def plan_line(id: str, invented: Invented) -> dict[str, Any]:
    """A line for `upperback plan`."""
    return triage_line(id, invented) | {"choices": dict(invented.person.choices)}


def review_line(id: str, invented: Invented) -> dict[str, Any]:
    """A line for `upperback review`: the last week of the days against day 0."""
    findings = invented.person.findings
    first, now = float(findings["pain"]), mean([day.pain for day in invented.days[-_WEEK:]])
    psfs = int(findings["psfs"])
    changed = sum(isinstance(row.entry, diary.TaskChanged) for row in invented.diary)
    trend = "improving" if now <= first - 1 else "worsening" if now >= first + 1 else "same"
    return {
        "id": id,
        "inputs": {
            "week": round(len(invented.days) / _WEEK, 1),
            "previous_outcome": None,
            "age": findings["age"],
            "pgic": pgic_of(now, first),
            "nprs_baseline": first,
            "nprs_now": round(now),
            "psfs_baseline": psfs,
            "psfs_now": function_of(now, first, psfs),
            "adherence_pct": _adherence_pct(invented.days),
            "load_changes_tried": changed,
            "findings": {key: value for key, value in findings.items() if key != "pain"} | {"trend": trend},
        },
    }


def _adherence_pct(days: tuple[Day, ...]) -> float | None:
    planned = sum(day.planned for day in days)
    return round(100 * sum(day.done for day in days) / planned, 1) if planned else None
