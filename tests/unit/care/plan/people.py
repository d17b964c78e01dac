"""Invented people for the tests of the plan."""

from typing import Any

from upperback.care.plan import Plan, build_plan, plan_record, read_choices
from upperback.care.triage import Facts, read_findings
from upperback.content.vocabulary import default_content

CONTENT = default_content()

#: A grown person with low pain that settles soon, and nothing else to tell.
CALM_PERSON: dict[str, Any] = {
    "age": 41,
    "pain": 3,
    "duration_weeks": 3,
    "settle_hours": 0.5,
    "pattern": "mechanical",
    "trend": "improving",
}


def facts_of(absent: Any = "no", **findings: Any) -> Facts:
    """The calm person with these answers; a missing key means no."""
    return read_findings({**CALM_PERSON, **findings}, content=CONTENT, absent=absent)


def plan_of(choices: Any = None, absent: Any = "no", **findings: Any) -> Plan:
    """The plan of the calm person with these answers and choices."""
    return build_plan(facts_of(absent, **findings), read_choices(choices or {}, CONTENT), CONTENT)


def record_of(choices: Any = None, **findings: Any) -> dict[str, Any]:
    """The same as plain data."""
    return plan_record(plan_of(choices, **findings))


def exercise_ids(plan: Plan, kind: str | None = None) -> list[str]:
    """The exercises of a plan, by kind where one is named."""
    return [item.exercise.id for item in plan.exercises if kind in (None, item.exercise.kind)]
