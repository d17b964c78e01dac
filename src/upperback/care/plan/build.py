"""From what is known about a person to their plan. Pure: the same answers give the same plan."""

import dataclasses
from collections.abc import Iterable
from dataclasses import dataclass

from upperback.care.plan.cautions import Carried, carried_cautions
from upperback.care.plan.choices import Choices, OwnExercise
from upperback.care.plan.choose import Chosen, choose_exercises
from upperback.care.plan.dose import (
    Amount,
    Dose,
    DoseBounds,
    clinician_bounds,
    dose_bounds,
    dose_of,
    strength_days,
    within,
)
from upperback.care.plan.gate import Gate, plan_gate
from upperback.care.plan.irritability import PHASES, Irritability, Phase, irritability_of
from upperback.care.plan.pattern import pattern_for
from upperback.care.plan.pool import LeftOut, Pool, exercise_pool
from upperback.care.plan.tasks import Breaks, LoadChange, breaks_of, load_changes
from upperback.care.plan.words import told
from upperback.care.plan.workstation import DESK_TASKS, desk_points
from upperback.care.triage import Decision, Facts, attached_messages, decide
from upperback.content.models import Exercise, Message, Pattern
from upperback.content.vocabulary import Content

STRESS_RULE = "LM-STRESS"
NO_STRENGTH_YET = "Strength work comes later. See your phase and your result."
#: The part of the plan that each family of exercises covers, as "the ... part of the plan".
PARTS = {
    "rotate": "turning",
    "extend": "straightening",
    "breathe_side": "breathing and side-bending",
    "open": "opening",
    "calm": "calming",
    "pull": "pulling",
    "push": "pushing",
    "extensor_trunk": "back and trunk",
    "bend": "bending and lifting",
    "carry": "carrying",
}
NOT_FOR_A_START = "It is too hard for the start. It can come later."


@dataclass(frozen=True, slots=True, kw_only=True)
class PlannedExercise:
    """An exercise of the plan: how much, how it is changed for this person, and why it is here.

    bounds: between what its dose may be wished for. clinician_bounds: the same for a clinician who says why.
    why: the whole reason, with the person's own answers. why_short: what is special to this exercise, for places
    where those answers stand above it once.
    """

    exercise: Exercise
    dose: Dose
    how: tuple[str, ...]
    why: str
    why_short: str
    sources: tuple[str, ...]
    bounds: DoseBounds
    clinician_bounds: DoseBounds
    instead_of: str | None = None


@dataclass(frozen=True, slots=True, kw_only=True)
class Plan:
    """A plan for one person, or the reason why there is none yet.

    because: the answers of the person that point to the pattern. own: exercises in a clinician's own words.
    Phase and exercises are empty where the gate is shut. Nothing in here is a diagnosis or a promise.
    """

    gate: Gate
    decision: Decision
    pattern: Pattern
    because: str
    irritability: Irritability
    phase: Phase | None
    cautions: tuple[Carried, ...]
    strength_allowed: bool
    exercises: tuple[PlannedExercise, ...]
    left_out: tuple[LeftOut, ...]
    strength_days: tuple[str, ...]
    load_changes: tuple[LoadChange, ...]
    breaks: Breaks | None
    desk_points: tuple[str, ...]
    desk_named: bool
    messages: tuple[Message, ...]
    safety_net: tuple[Message, ...]
    review_day: int | None
    cleared_by: str | None
    content: Content = dataclasses.field(repr=False)
    own: tuple[OwnExercise, ...] = ()

    @property
    def allowed(self) -> bool:
        """Whether there is a plan."""
        return self.gate.allowed


def build_plan(facts: Facts, choices: Choices, content: Content) -> Plan:
    """The plan for these findings and choices.

    Steps: gate, pattern, irritability and phase, cautions, the pool of safe exercises, the starter set out of that
    pool, doses, changes to tasks, breaks, messages, review day. Nothing but the pool brings an exercise in.

    Parameters
    ----------
    facts : findings as triage reads them; the person's tasks are taken from `choices`
    choices : from `read_choices`
    content : the release
    """
    facts = with_tasks(facts, choices)
    decision = decide(facts, content)
    pattern = pattern_for(facts, content, cleared=choices.cleared_by is not None)
    gate = plan_gate(decision, facts, pattern, choices, content)
    irritability = irritability_of(facts, content, pain_now=choices.pain_now)
    cautions = carried_cautions(facts, content, added=(*pattern.adds_cautions, *choices.cautions))
    if not gate.allowed:
        return _locked(gate, decision, pattern, irritability, cautions, facts, choices, content)
    amount = _amount(gate, irritability, pattern, cautions, choices, content)
    pool = exercise_pool(amount.tags, choices, content)
    chosen = choose_exercises(pool, pattern, amount, choices.keep, content)
    changes = load_changes(facts, pattern, choices, content)
    has_strength = any(item.allowed.exercise.kind == "strength" for item in chosen)
    return Plan(
        gate=gate,
        decision=decision,
        pattern=pattern,
        because=told(pattern.when, facts, content) or pattern.because,
        irritability=irritability,
        phase=amount.phase,
        cautions=cautions,
        strength_allowed=amount.strength_allowed,
        exercises=tuple(_planned(item, pattern, amount, facts, choices, content) for item in chosen),
        left_out=_left_out(pool, chosen, pattern, amount, choices, content),
        strength_days=strength_days(choices.days, amount.strength_days) if has_strength else (),
        load_changes=changes,
        breaks=breaks_of(choices, content),
        desk_points=desk_points(facts, content),
        desk_named=not DESK_TASKS.isdisjoint(choices.task_values),
        messages=_messages(decision, facts, pattern, changes, content),
        safety_net=_attached(decision, facts, content, "safety_net", pattern.safety_net),
        review_day=int(content.limit("review_day")),
        cleared_by=choices.cleared_by,
        content=content,
        own=choices.own,
    )


def with_tasks(facts: Facts, choices: Choices) -> Facts:
    """The facts with the person's named tasks, however they were read."""
    values = {**facts.values, "tasks": choices.task_values}
    return dataclasses.replace(facts, values=values, terms={})


def _locked(
    gate: Gate,
    decision: Decision,
    pattern: Pattern,
    irritability: Irritability,
    cautions: tuple[Carried, ...],
    facts: Facts,
    choices: Choices,
    content: Content,
) -> Plan:
    return Plan(
        gate=gate,
        decision=decision,
        pattern=pattern,
        because=told(pattern.when, facts, content) or pattern.because,
        irritability=irritability,
        phase=None,
        cautions=cautions,
        strength_allowed=False,
        exercises=(),
        left_out=(),
        strength_days=(),
        load_changes=(),
        breaks=None,
        desk_points=(),
        desk_named=False,
        messages=attached_messages(facts, content, decision.disposition, ("message",)),
        safety_net=attached_messages(facts, content, decision.disposition, ("safety_net",)),
        review_day=None,
        cleared_by=choices.cleared_by,
        content=content,
    )


def _amount(
    gate: Gate,
    irritability: Irritability,
    pattern: Pattern,
    cautions: tuple[Carried, ...],
    choices: Choices,
    content: Content,
) -> Amount:
    wanted = int(content.limit("strength_days_per_week"))
    return Amount(
        phase=PHASES[irritability],
        level=gate.level,
        tags=frozenset(item.tag for item in cautions),
        fraction=float(content.limit_of(pattern.start_fraction)) if pattern.start_fraction else 1.0,
        strength_days=len(strength_days(choices.days, wanted)),
    )


def _planned(
    item: Chosen, pattern: Pattern, amount: Amount, facts: Facts, choices: Choices, content: Content
) -> PlannedExercise:
    exercise = item.allowed.exercise
    short = _why_short(item, content)
    starter = item.reason == "starter"
    dose = dose_of(exercise, amount, content)
    bounds = dose_bounds(dose, amount, content)
    beyond = clinician_bounds(dose, amount, content)
    wanted = next((one for one in choices.doses if one.exercise == exercise.id), None)
    return PlannedExercise(
        exercise=exercise,
        dose=within(dose, wanted, beyond if wanted is not None and wanted.beyond else bounds),
        bounds=bounds,
        clinician_bounds=beyond,
        how=tuple(dict.fromkeys(how for _, how in item.allowed.how)),
        why=" ".join(part for part in (told(pattern.when, facts, content), short) if part) if starter else short,
        why_short=short,
        sources=tuple(dict.fromkeys((*pattern.sources, *exercise.sources))),
        instead_of=item.instead_of,
    )


def _why_short(item: Chosen, content: Content) -> str:
    exercise = item.allowed.exercise
    match item.reason:
        case "kept":
            return f"Because you chose it. {exercise.purpose}"
        case "instead":
            other = content.exercises[item.instead_of or item.id].title
            return f"It stands in for “{other}”, which does not fit your answers. {exercise.purpose}"
        case "completes":
            return f"It rounds off your set with the {PARTS[exercise.family]} part of the plan. {exercise.purpose}"
        case _:
            return f"It is the {PARTS[exercise.family]} part of the plan. {exercise.purpose}"


def _left_out(
    pool: Pool, chosen: tuple[Chosen, ...], pattern: Pattern, amount: Amount, choices: Choices, content: Content
) -> tuple[LeftOut, ...]:
    """What the person asked for, or the starter set holds, and is not in the plan; with the reason."""
    wanted = dict.fromkeys((*choices.keep, *pattern.movement, *pattern.strength))
    ids = {item.id for item in chosen}
    found = [pool.left_out.get(id) or _held_back(id, amount, content) for id in wanted if id not in ids]
    return tuple(item for item in found if item is not None)


def _held_back(id: str, amount: Amount, content: Content) -> LeftOut | None:
    """Why something of the pool waits; None where it only was one too many for now."""
    exercise = content.exercises[id]
    if exercise.kind == "strength" and not amount.strength_allowed:
        return LeftOut(id, NO_STRENGTH_YET)
    return LeftOut(id, NOT_FOR_A_START) if exercise.level > content.limit("starting_level") else None


def _messages(
    decision: Decision, facts: Facts, pattern: Pattern, changes: tuple[LoadChange, ...], content: Content
) -> tuple[Message, ...]:
    stress = ("relaxation",) if any(change.rule.id == STRESS_RULE for change in changes) else ()
    return _attached(decision, facts, content, "message", (*pattern.messages, *stress, "review_date"))


def _attached(
    decision: Decision, facts: Facts, content: Content, kind: str, added: Iterable[str]
) -> tuple[Message, ...]:
    """What the facts call for plus what the plan brings, each once, in the order of the content."""
    attached = {item.id for item in attached_messages(facts, content, decision.disposition)} | set(added)
    return tuple(item for item in content.messages.values() if item.id in attached and item.kind == kind)
