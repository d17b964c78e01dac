"""Who an invented person is: every finding answered, things at home, tasks that hurt."""

from collections.abc import Mapping, Sequence
from dataclasses import dataclass
from typing import Any, Final

import numpy as np

from upperback.care.plan.choices import DAYS, EQUIPMENT
from upperback.content.vocabulary import Content

#: What changes an exercise and is mixed in: finding, value, how many in a hundred. Choices of this project.
_MIXED_IN: Final[tuple[tuple[str, Any, float], ...]] = (
    ("osteoporosis", True, 3),
    ("dizziness_neck", True, 3),
    ("shoulder_pain_lifting", 5, 8),
    ("wrist_pain", True, 6),
    ("knee_problem", True, 10),
    ("cannot_get_off_floor", True, 5),
    ("fear_of_falling", True, 4),
    ("avoid_breath_hold", True, 6),
    ("hypermobile", True, 3),
    ("hypertension", True, 12),
    ("diabetes", True, 6),
    ("nsaid_use", True, 15),
)

_WORSE_WITH: Final = ("sitting", "standing", "bending", "twisting", "lifting", "reaching")
_SITES: Final = ("upper_midline", "between_blades", "one_side", "lower_thoracic")
_LEAST_AGE: Final = 18


@dataclass(frozen=True, slots=True, kw_only=True)
class Person:
    """An invented person on day 0, in the words of `upperback triage` and `upperback plan`.

    Attributes
    ----------
    findings : every finding that applies, answered
    choices : of the plan
    adherence : share of the exercise that they will do, 0..1
    serious : id of the rule whose case they were made from; None for nearly everybody
    """

    findings: Mapping[str, Any]
    choices: Mapping[str, Any]
    adherence: float
    serious: str | None


def person_of(dice: np.random.Generator, content: Content) -> Person:
    """Somebody with upper back pain."""
    findings = _quiet(content) | _who(dice) | _pain(dice)
    findings["onset_age"] = max(findings["age"] - findings["duration_weeks"] // 52, 0)
    for key, value, percent in _MIXED_IN:
        if dice.random() * 100 < percent:
            findings[key] = value
    serious = None
    if dice.random() < content.limit("cohort_serious_share"):
        serious, case = _serious(dice, content)
        findings |= case
    mean, spread = content.limit("cohort_adherence_mean"), content.limit("cohort_adherence_spread")
    adherence = float(min(max(dice.normal(mean, spread), 0.0), 1.0))
    return Person(findings=findings, choices=_choices(dice, content), adherence=adherence, serious=serious)


def _quiet(content: Content) -> dict[str, Any]:
    """Every finding that has a quiet value, at it."""
    quiet = {key: finding.absent for key, finding in content.answerable.items() if finding.absent is not None}
    return {key: list(value) if isinstance(value, tuple) else value for key, value in quiet.items()}


def _who(dice: np.random.Generator) -> dict[str, Any]:
    return {
        "age": int(min(max(dice.normal(46, 15), _LEAST_AGE), 88)),
        "sex": str(dice.choice(("female", "male"))),
        "phq4_nervous": int(dice.choice((0, 0, 1, 2))),
        "phq4_worry": int(dice.choice((0, 0, 1, 2))),
        "phq4_pleasure": int(dice.choice((0, 0, 0, 1))),
        "phq4_low": int(dice.choice((0, 0, 0, 1))),
        "sleep_disturbed": int(dice.integers(0, 8)),
        "confidence": int(dice.integers(3, 10)),
        "stress": int(dice.integers(0, 9)),
    }


def _pain(dice: np.random.Generator) -> dict[str, Any]:
    pain = int(min(max(round(dice.normal(4.2, 1.8)), 1), 9))
    return {
        "pain": pain,
        "pain_now": max(pain - int(dice.integers(0, 3)), 0),
        "pain_worst": min(pain + int(dice.integers(0, 4)), 10),
        "duration_weeks": int(min(max(round(float(np.exp(dice.normal(2.0, 1.1)))), 1), 500)),
        "character": [str(dice.choice(("aching", "sharp", "burning")))],
        "site": [str(dice.choice(_SITES))],
        "pattern": "mechanical",
        "worse_with": _some(dice, _WORSE_WITH, 1, 3),
        "eased_by": _some(dice, ("rest", "movement", "position_change", "heat"), 1, 2),
        "trend": str(dice.choice(("same", "same", "improving"))),
        "settle_hours": float(dice.choice((0.5, 1, 2, 6, 12))),
        "flares_past_year": int(dice.integers(0, 3)),
        "psfs": min(max(10 - pain + int(dice.integers(-2, 2)), 0), 9),
    }


def _serious(dice: np.random.Generator, content: Content) -> tuple[str, dict[str, Any]]:
    """The findings of a positive case of a rule that sends to help, out of the clinical content."""
    rules = [rule for rule in content.rules.values() if rule.disposition in ("urgent_same_day", "gp_soon")]
    cases = [(rule.id, case) for rule in rules for case in rule.cases if case.kind == "positive"]
    id, case = cases[int(dice.integers(len(cases)))]
    adult = {key: value for key, value in case.findings.items() if key != "age" or float(str(value)) >= _LEAST_AGE}
    return id, {key: list(value) if isinstance(value, tuple) else value for key, value in adult.items()}


def _choices(dice: np.random.Generator, content: Content) -> dict[str, Any]:
    rules = sorted(content.load_rules)
    tasks = [_task(str(rule), dice) for rule in dice.permutation(rules)[: int(dice.integers(1, 4))]]
    choices: dict[str, Any] = {"equipment": ["chair", "wall", *_some(dice, EQUIPMENT[2:], 0, 5)], "tasks": tasks}
    if dice.random() < 0.5:
        choices["days"] = _some(dice, DAYS, 2, 5)
    return choices


def _task(rule: str, dice: np.random.Generator) -> dict[str, Any]:
    return {
        "category": rule,
        "minutes_to_symptom": int(dice.integers(5, 90)),
        "importance": int(dice.integers(3, 11)),
        "provocation": int(dice.integers(2, 9)),
    }


def _some(dice: np.random.Generator, values: Sequence[str], fewest: int, most: int) -> list[str]:
    """So many of the values, in their order."""
    chosen = set(dice.permutation(len(values))[: int(dice.integers(fewest, most + 1))].tolist())
    return [value for place, value in enumerate(values) if place in chosen]
