"""Whether there may be a plan at all, and how much of one."""

from dataclasses import dataclass
from typing import Literal

from upperback.care.plan.cautions import locking_cautions
from upperback.care.plan.choices import Choices
from upperback.care.plan.pattern import pattern_for
from upperback.care.triage import Decision, Facts, RuleState, decide, truth
from upperback.content.models import Disposition, Pattern
from upperback.content.vocabulary import Content
from upperback.core.ternary import Ternary

Level = Literal["none", "movement_only", "gentle", "full"]

#: Nothing a person or a clinician records here opens a plan while one of these stands.
NEVER_CLEARED: tuple[Disposition, ...] = ("emergency_now", "urgent_same_day")


@dataclass(frozen=True, slots=True)
class Gate:
    """How much of a plan is allowed. `locked_by`: rule ids, caution tags, a pattern id, or one plain word."""

    level: Level
    locked_because: str | None = None
    locked_by: tuple[str, ...] = ()

    @property
    def allowed(self) -> bool:
        """Whether there is a plan."""
        return self.level != "none"


def plan_gate(decision: Decision, facts: Facts, pattern: Pattern, choices: Choices, content: Content) -> Gate:
    """How much of a plan these answers allow.

    A clinician's clearance opens what waits for a doctor's visit: gp_soon, a GP rule that hangs on "not sure",
    surgery, a pattern that waits for a check. It never opens an emergency or same-day result, one that hangs on
    such a rule, an unfinished safety check, or a plan for somebody under 16.
    """
    locked = _always_locked(decision, facts, content)
    if locked is not None:
        return locked
    cleared = choices.cleared_by is not None
    if not cleared:
        locked = _locked_until_cleared(decision, facts, pattern, content)
        if locked is not None:
            return locked
    level = content.dispositions[decision.disposition].plan
    if not cleared:
        return Gate(level)
    # A clinician who has looked makes the interim plan a full one; after a GP's visit it still begins gently.
    return Gate("full" if decision.disposition in ("physio_routine", "self_manage") else "gentle")


def _always_locked(decision: Decision, facts: Facts, content: Content) -> Gate | None:
    if not decision.complete and decision.disposition != "emergency_now":
        return _locked("The safety check is not finished. Your plan comes after its last question.", "incomplete")
    if decision.disposition in NEVER_CLEARED:
        return _by_rules("Your answers need attention first. There is no exercise plan until then.", decision.deciding)
    age = facts.values["age"]
    if not isinstance(age, float) or age < content.limit("age_product_minimum"):
        return _locked("This plan is made for grown bodies. Please ask {gp} for advice at your age.", "age")
    hanging = tuple(state for state in decision.open if state.rule.disposition in NEVER_CLEARED)
    if hanging:
        return _by_rules("An important answer is still “not sure”. Please have it checked first.", hanging)
    return None


def _locked_until_cleared(decision: Decision, facts: Facts, pattern: Pattern, content: Content) -> Gate | None:
    hanging = tuple(state for state in decision.open if state.rule.disposition == "gp_soon")
    if hanging:
        return _by_rules("An answer is still “not sure”, and the plan hangs on it. Please ask {gp} about it.", hanging)
    for caution in locking_cautions(facts, content):
        return _locked(caution.lock_text or caution.meaning, caution.tag)
    return _locked_by_gp_rules(decision, facts, pattern, content)


def waits_for_clinician(facts: Facts, content: Content) -> frozenset[str]:
    """Everything that keeps the plan waiting until a clinician has looked: ids of rules, tags, and of a pattern."""
    decision = decide(facts, content)
    pattern = pattern_for(facts, content)
    hanging = (state.rule.id for state in decision.open if state.rule.disposition == "gp_soon")
    refusing = (state.rule.id for state in _fired_gp_rules(decision) if not _leaves_movement(state, facts, content))
    tags = (caution.tag for caution in locking_cautions(facts, content))
    return frozenset((*hanging, *refusing, *tags, *((pattern.id,) if pattern.locks_plan else ())))


def _fired_gp_rules(decision: Decision) -> tuple[RuleState, ...]:
    return tuple(state for state in decision.fired if state.rule.disposition == "gp_soon")


def _locked_by_gp_rules(decision: Decision, facts: Facts, pattern: Pattern, content: Content) -> Gate | None:
    """Movement inside comfort stays where every fired GP rule leaves it; else nothing."""
    fired = _fired_gp_rules(decision)
    refusing = tuple(state for state in fired if not _leaves_movement(state, facts, content))
    if refusing:
        return _by_rules("{gp} should see you before you exercise. Your result page says how soon.", refusing)
    if pattern.locks_plan:
        return _locked(pattern.lock_text or pattern.told, pattern.id)
    return Gate("movement_only") if fired else None


def _leaves_movement(state: RuleState, facts: Facts, content: Content) -> bool:
    gate = state.rule.plan
    if gate is None or gate.movement_when is None:
        return False
    return truth(gate.movement_when, facts, content) is Ternary.YES


def _locked(because: str, by: str) -> Gate:
    return Gate("none", because, (by,))


def _by_rules(because: str, states: tuple[RuleState, ...]) -> Gate:
    return Gate("none", because, tuple(state.rule.id for state in states))
