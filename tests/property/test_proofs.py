"""Proofs with z3 over every state there is, not a sample: the law, reachable outcomes, no unsafe self-care."""

import itertools
from collections.abc import Iterator
from typing import Any

import pytest
import z3

from tests.property.symbolic import Quantity, SymbolicState
from upperback.care.triage.decision import ORDER
from upperback.content.models import Finding
from upperback.content.vocabulary import OPEN_EMERGENCY_RULE, Content, default_content

CONTENT = default_content()
LAWFUL = [key for key in CONTENT.triage_keys if CONTENT.findings[key].law.group != "context"]

Formula = Any


def solver_for(*states: SymbolicState) -> z3.Solver:
    solver = z3.Solver()
    for state in states:
        solver.add(state.constraints)
    return solver


def worse_moves(finding: Finding, before: SymbolicState, after: SymbolicState) -> Iterator[tuple[str, Formula]]:
    """Each clause of the law for one finding, as a relation between two states that differ only there."""
    a, b = before.raw(finding.key), after.raw(finding.key)
    match finding.kind:
        case "flag":
            rank_a, rank_b = (z3.If(truth.yes, 2, z3.If(truth.possible, 1, 0)) for truth in (a, b))
            yield "no to unknown to yes", rank_a < rank_b
        case "choice":
            yield from choice_moves(finding, a, b, before)
        case "number":
            yield from number_moves(finding, a, b, before)
        case _:
            (known_a, held_a), (known_b, held_b) = a, b
            lawful = [value for value in finding.values if value not in finding.law.not_values]
            grows = [z3.Implies(held_a[value], held_b[value]) for value in lawful]
            same = [held_a[value] == held_b[value] for value in finding.law.not_values]
            yield "a value added", z3.And(known_a, known_b, *grows, *same)
            empty = z3.And([z3.Not(held_a[value]) for value in finding.values])
            yield "empty to unknown", z3.And(known_a, z3.Not(known_b), empty)


def choice_moves(finding: Finding, a: Formula, b: Formula, before: SymbolicState) -> Iterator[tuple[str, Formula]]:
    code = {value: place for place, value in enumerate(finding.values)}
    steps = finding.law.steps
    lawful = z3.BoolVal(True)
    if finding.key == "trauma":  # the one exception of the law: an injury may explain an instant start
        worst_at_once = before.raw("max_at_onset").possible
        non_mechanical = before.raw("pattern") == CONTENT.findings["pattern"].values.index("non_mechanical")
        lawful = z3.Not(z3.And(worst_at_once, z3.Not(non_mechanical)))
    for lower, higher in itertools.pairwise(steps):
        relation = z3.And(z3.Or([a == code[value] for value in lower]), z3.Or([b == code[value] for value in higher]))
        exempt = finding.key == "trauma" and "none" in lower
        yield f"{'/'.join(lower)} to {'/'.join(higher)}", z3.And(relation, lawful) if exempt else relation
    if finding.law.group == "alarming":
        if finding.absent in steps[0]:
            yield "first value to unknown", z3.And(a == code[str(finding.absent)], b == -1)
        if len(steps[-1]) == 1:
            yield "unknown to last value", z3.And(a == -1, b == code[steps[-1][0]], lawful)


def number_moves(finding: Finding, a: Quantity, b: Quantity, before: SymbolicState) -> Iterator[tuple[str, Formula]]:
    if finding.law.worse is None:
        return
    parts = [a.known, b.known, b.value > a.value if finding.law.worse == "up" else b.value < a.value]
    if finding.law.worse_from is not None:
        parts.append(a.value >= finding.law.worse_from)
    if finding.law.worse_to is not None:
        parts.append(a.value < finding.law.worse_to)
    if finding.key == "age":  # onset_age is held fixed when age moves
        parts.append(before.raw("onset_age").known)
    yield finding.law.worse, z3.And(parts)


def lowered(before: SymbolicState, after: SymbolicState, finding: str, content: Content) -> Formula:
    """The disposition after the move is less urgent; only rules that read the finding can make a difference."""
    reading = {id for id in before.rules if finding in content.keys_read(content.condition(content.rules[id].when))}
    ways = []
    for urgency in range(1, len(ORDER)):
        others = [id for id in before.rules if id not in reading]
        rest = before.at_least(urgency, {id: before.rules[id] for id in others})
        was = before.at_least(urgency, {id: before.rules[id] for id in reading})
        still = after.at_least(urgency, {id: after.rules[id] for id in reading})
        ways.append(z3.And(was, z3.Not(still), z3.Not(rest)))
    return z3.Or(ways)


@pytest.mark.parametrize("key", LAWFUL)
def test_the_law_holds_in_every_state(key: str) -> None:
    """No move of the law lowers a disposition: z3 finds no state where one does."""
    finding = CONTENT.findings[key]
    before = SymbolicState(CONTENT, "a")
    after = SymbolicState(CONTENT, "b", same_as=before, but=key)
    worse = lowered(before, after, key, CONTENT)
    moves = list(worse_moves(finding, before, after))
    solver = solver_for(before, after)
    solver.add(worse, z3.Or([relation for _, relation in moves]))
    if solver.check() != z3.unsat:
        pytest.fail(f"{key}: {counterexample(solver.model(), before, after, key)}")


def test_the_proof_can_fail() -> None:
    """Control: improving a mitigating finding does lower dispositions, and z3 finds such a state."""
    before = SymbolicState(CONTENT, "a")
    after = SymbolicState(CONTENT, "b", same_as=before, but="trend")
    values = CONTENT.findings["trend"].values
    solver = solver_for(before, after)
    worse = lowered(before, after, "trend", CONTENT)
    solver.add(worse, before.raw("trend") == values.index("worsening"), after.raw("trend") == values.index("improving"))
    assert solver.check() == z3.sat


@pytest.mark.parametrize("urgency", range(len(ORDER)), ids=ORDER)
def test_every_outcome_can_be_reached(urgency: int) -> None:
    state = SymbolicState(CONTENT, "a")
    reached = state.at_least(urgency) if urgency else z3.BoolVal(True)
    solver = solver_for(state)
    state.rules  # noqa: B018  # fills the constraints
    solver.add(state.constraints)
    solver.add(reached)
    if urgency + 1 < len(ORDER):
        solver.add(z3.Not(state.at_least(urgency + 1)))
    assert solver.check() == z3.sat


@pytest.mark.parametrize("id", [id for id in CONTENT.rules if id != OPEN_EMERGENCY_RULE])
def test_every_rule_can_decide(id: str) -> None:
    """There is a state where this rule is the only one that fires at its level and nothing more urgent does."""
    state = SymbolicState(CONTENT, "a")
    urgency = ORDER.index(CONTENT.rules[id].disposition)
    others = {other: truth for other, truth in state.rules.items() if other != id}
    solver = solver_for(state)
    solver.add(state.constraints)
    solver.add(state.rules[id].yes, z3.Not(state.at_least(urgency, others)))
    if solver.check() != z3.sat:
        pytest.fail(f"{id} never makes a difference: another rule always reaches its level")


def test_no_self_care_while_a_safety_rule_fires_or_is_open() -> None:
    state = SymbolicState(CONTENT, "a")
    solver = solver_for(state)
    safety = [truth.possible for id, truth in state.rules.items() if id[0] in "EUG"]
    solver.add(state.constraints)
    solver.add(z3.Or(safety), z3.Not(state.at_least(1)))
    assert solver.check() == z3.unsat


def test_no_self_care_under_eighteen() -> None:
    state = SymbolicState(CONTENT, "a")
    age = state.raw("age")
    solver = solver_for(state)
    solver.add(z3.Not(state.at_least(1)), age.known, age.value < 18)
    solver.add(state.constraints)
    assert solver.check() == z3.unsat


def counterexample(model: z3.ModelRef, before: SymbolicState, after: SymbolicState, key: str) -> str:
    """The part of a model that says yes or is a number, for the person who has to mend the rule."""
    named = sorted((str(name), str(model[name])) for name in model)
    telling = [f"{name}={value}" for name, value in named if value not in ("False", "0", "-1")]
    return f"{key} {before.raw(key)} to {after.raw(key)}: {', '.join(telling)}"
