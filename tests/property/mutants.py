"""Small mistakes put into the rules on purpose, to see that each one is noticed.

A mutant changes one thing: an operand, a comparison, a limit, a value, a `not`, how an unknown is read, a level, a
number of days, what a GP rule leaves of the plan, a derived term, a parameter, a finding's reading of unknown.
It is caught when a stored case or the second reading of the clinical sheet comes out differently. What nothing
catches has to be shown to mean the same in every state (z3); else it is a survivor, and the tests have a hole.
"""

from collections.abc import Iterator, Mapping
from dataclasses import dataclass, field
from functools import cached_property

import msgspec
import numpy as np
import z3
from numpy.typing import NDArray

from tests.property import independent_reading as sheet
from tests.property.atoms import axes_of, combinations, covering, every_state, inline, truths
from tests.property.symbolic import SymbolicState
from tests.property.symbolic import Truth as SymbolicTruth
from upperback.care.triage import decide, read_findings
from upperback.care.triage.columns import States, decide_states, states_from_findings
from upperback.care.triage.decision import OPEN_MEANS, ORDER
from upperback.care.triage.sampling import random_states
from upperback.content import conditions as c
from upperback.content.load import Compiled
from upperback.content.models import Case, Disposition, Finding, Parameter, Release, Rule, Term
from upperback.content.vocabulary import OPEN_EMERGENCY_RULE, Content

Truths = NDArray[np.int8]

#: How soon, in days, with the condition; the first that is not surely no counts.
Days = tuple[tuple[int, c.Node | None], ...]

_NEVER = c.Not(c.Always())
_FINE = 0.1


@dataclass(frozen=True, slots=True)
class Mutant:
    """One mistake. What it touches says how it is looked for.

    conditions: rules whose condition reads differently. levels: rules at another level. within: rules with other
    days, as (days, when) in order. gates: rules that leave something else of the plan, None for nothing.
    whole: it shows in whole decisions only, not in a rule of its own.
    """

    place: str
    words: str
    content: Content
    conditions: Mapping[str, c.Node] = field(default_factory=dict)
    levels: Mapping[str, Disposition] = field(default_factory=dict)
    within: Mapping[str, Days] = field(default_factory=dict)
    gates: Mapping[str, c.Node | None] = field(default_factory=dict)
    whole: bool = False

    def __str__(self) -> str:
        return f"{self.place}: {self.words}"


# ---- changes of a condition --------------------------------------------------------------------------------------

Change = tuple[str, c.Node]


def changes(node: c.Node, content: Content) -> Iterator[Change]:
    """The condition with one thing changed, in every way there is, each with words for it."""
    yield from _own_changes(node, content)
    for place, part in enumerate(_parts(node)):
        if isinstance(part, c.Flag) and part.name in content.terms and content.terms[part.name].count:
            continue  # a counted term has no truth of its own; its items are changed as a term
        for words, changed in changes(part, content):
            yield words, _with_part(node, place, changed)


def _parts(node: c.Node) -> tuple[c.Node, ...]:
    match node:
        case c.All(operands) | c.Any(operands) | c.AtLeast(_, operands):
            return operands
        case c.Not(operand) | c.IfUnknown(_, operand):
            return (operand,)
        case _:
            return ()


def _with_part(node: c.Node, place: int, part: c.Node) -> c.Node:
    match node:
        case c.All(operands):
            return c.All((*operands[:place], part, *operands[place + 1 :]))
        case c.Any(operands):
            return c.Any((*operands[:place], part, *operands[place + 1 :]))
        case c.AtLeast(needed, operands):
            return c.AtLeast(needed, (*operands[:place], part, *operands[place + 1 :]))
        case c.Not():
            return c.Not(part)
        case c.IfUnknown(becomes, _):
            return c.IfUnknown(becomes, part)
        case _:
            raise AssertionError(f"{node} has no parts")


def _own_changes(node: c.Node, content: Content) -> Iterator[Change]:
    text = c.render(node)
    match node:
        case c.All(operands) | c.Any(operands):
            other = c.Any(operands) if isinstance(node, c.All) else c.All(operands)
            yield f"“{text}” with and and or swapped", other
            for place, operand in enumerate(operands):
                rest = operands[:place] + operands[place + 1 :]
                left = rest[0] if len(rest) == 1 else type(node)(rest)
                yield f"“{c.render(operand)}” dropped from “{text}”", left
        case c.OneOf(finding, values):
            yield from _other_values(finding, values, content)
        case c.Contains(finding, value):
            for other_value in content.findings[finding].values:
                if other_value != value:
                    yield f"“{text}” asks for {other_value}", c.Contains(finding, other_value)
        case c.NotEmpty(finding):
            for value in content.findings[finding].values:
                yield f"“{text}” asks for {value} only", c.Contains(finding, value)
        case c.Compare():
            yield from _other_comparisons(node, content)
        case c.AtLeast(needed, operands):
            for name, shifted in (("more", f"{needed.id}_up"), ("less", f"{needed.id}_down")):
                yield f"“{text}” needs one {name}", c.AtLeast(c.Limit(shifted), operands)
            for place, operand in enumerate(operands if len(operands) > 1 else ()):
                rest = operands[:place] + operands[place + 1 :]
                yield f"“{c.render(operand)}” dropped from “{text}”", c.AtLeast(needed, rest)
        case c.IfUnknown(becomes, operand):
            yield f"“{text}” leaves unknown as it is", operand
            yield f"“{text}” the other way", c.IfUnknown(not becomes, operand)
        case _:
            pass
    if isinstance(node, c.Not):
        yield f"not dropped from “{text}”", node.operand
    else:
        yield f"not before “{text}”", c.Not(node)
    if not _parts(node) and _may_be_unknown(node, content):
        yield f"“{text}” is no when unknown", c.IfUnknown(False, node)
        yield f"“{text}” is yes when unknown", c.IfUnknown(True, node)


def _may_be_unknown(node: c.Node, content: Content) -> bool:
    return any(content.findings[key].unknown_as is None for key in content.keys_read(node))


def _other_values(finding: str, values: tuple[str, ...], content: Content) -> Iterator[Change]:
    text = c.render(c.OneOf(finding, values))
    for other in content.findings[finding].values:
        if other not in values:
            yield f"{other} added to “{text}”", c.OneOf(finding, (*values, other))
    for value in values:
        rest = tuple(kept for kept in values if kept != value)
        if rest:
            yield f"{value} dropped from “{text}”", c.OneOf(finding, rest)
        for other in content.findings[finding].values:
            if other not in values:
                yield f"{other} for {value} in “{text}”", c.OneOf(finding, (*rest, other))


_STRICT: dict[str, c.Operator] = {"<=": "<", "<": "<=", ">=": ">", ">": ">="}
_TURNED: dict[str, c.Operator] = {"<=": ">", "<": ">=", ">=": "<", ">": "<="}


def _other_comparisons(node: c.Compare, content: Content) -> Iterator[Change]:
    text = c.render(node)
    left, sign, right = node.left, node.operator, node.right
    yield f"“{text}” with {_STRICT[sign]}", c.Compare(left, _STRICT[sign], right)
    yield f"“{text}” with {_TURNED[sign]}", c.Compare(left, _TURNED[sign], right)
    if isinstance(right, c.Limit):
        whole = all(_is_whole(content.findings[key]) for key in content.keys_read(left))
        for shift in ("up", "down") if whole else ("fine_up", "fine_down"):
            yield f"“{text}” with the limit {shift}", c.Compare(left, sign, c.Limit(f"{right.id}_{shift}"))
    for words, other in _other_quantities(left):
        yield f"{words} in “{text}”", c.Compare(other, sign, right)


def _other_quantities(quantity: c.Quantity) -> Iterator[tuple[str, c.Quantity]]:
    text = c.render(quantity)
    match quantity:
        case c.FirstKnown(operands):
            for place, operand in enumerate(operands):
                rest = operands[:place] + operands[place + 1 :]
                yield f"{c.render(operand)} dropped", rest[0] if len(rest) == 1 else c.FirstKnown(rest)
                for words, other in _other_quantities(operand):
                    yield words, c.FirstKnown((*operands[:place], other, *operands[place + 1 :]))
            yield f"“{text}” in reverse", c.FirstKnown(operands[::-1])
        case c.Arithmetic(sign, left, right):
            for other_sign in ("+", "-", "*", "/"):
                if other_sign != sign:
                    yield f"“{text}” with {other_sign}", c.Arithmetic(other_sign, left, right)
            for words, other in _other_quantities(left):
                yield words, c.Arithmetic(sign, other, right)
            for words, other in _other_quantities(right):
                yield words, c.Arithmetic(sign, left, other)
        case _:
            return


def _is_whole(finding: Finding) -> bool:
    return finding.number is not None and finding.number.integer


# ---- all mutants of a release ------------------------------------------------------------------------------------


class Workshop:
    """A release with every parameter at hand a step up and a step down, and the mutants that can be made of it."""

    def __init__(self, content: Content) -> None:
        self.plain = content
        self._parsed = dict(content._parsed)
        shifted = [other for parameter in content.release.parameters for other in _shifted(parameter, content)]
        self._release = msgspec.structs.replace(content.release, parameters=(*content.release.parameters, *shifted))
        self.content = self._made()

    @cached_property
    def rules(self) -> dict[str, Rule]:
        """The rules that have findings of their own."""
        return {id: rule for id, rule in self.plain.rules.items() if id != OPEN_EMERGENCY_RULE}

    def every_mutant(self) -> Iterator[Mutant]:
        """All of them, in the order of the rules, then what rules share."""
        for rule in self.rules.values():
            yield from self.of_condition(rule)
            yield from self.of_level(rule)
            yield from self.of_days(rule)
            yield from self.of_gate(rule)
        yield from self.of_open_emergencies()
        for term in self.plain.release.terms:
            yield from self.of_term(term)
        for id in sorted(self._limits_of_triage()):
            yield from self.of_parameter(self.plain.parameters[id])
        for key in self.plain.triage_keys:
            yield from self.of_finding(self.plain.findings[key])

    def of_condition(self, rule: Rule) -> Iterator[Mutant]:
        """The rule's own text, and the rule deleted."""
        yield Mutant(f"rule {rule.id}", "deleted", self.content, conditions={rule.id: _NEVER})
        yield Mutant(f"rule {rule.id}", "always", self.content, conditions={rule.id: c.Always()})
        for words, node in changes(self.plain.condition(rule.when), self.plain):
            yield Mutant(f"rule {rule.id}", words, self.content, conditions={rule.id: node})

    def of_level(self, rule: Rule) -> Iterator[Mutant]:
        """One level up, one down."""
        place = ORDER.index(rule.disposition)
        for other in ORDER[place + 1 : place + 2] + ORDER[max(place - 1, 0) : place]:
            yield Mutant(f"rule {rule.id}", f"{other} for {rule.disposition}", self.content, levels={rule.id: other})

    def of_open_emergencies(self) -> Iterator[Mutant]:
        """What an emergency rule that hangs on an answer means: another level of its rule, other days."""
        rule = self.plain.rules[OPEN_EMERGENCY_RULE]
        for other in ORDER:
            if other != rule.disposition:
                changed = msgspec.structs.replace(rule, disposition=other)
                rules = tuple(changed if item.id == rule.id else item for item in self._release.rules)
                content = self._made(msgspec.structs.replace(self._release, rules=rules))
                yield Mutant(f"rule {rule.id}", f"{other} for {rule.disposition}", content, whole=True)

    def of_days(self, rule: Rule) -> Iterator[Mutant]:
        """Other days, an entry left out, another condition for the days."""
        stated = _stated_days(rule, self.plain)
        for place, (days, when) in enumerate(stated):
            others: list[tuple[str, Days]] = [
                (f"{days + shift} for {days} days", ((days + shift, when),)) for shift in (-1, 1)
            ]
            if when is not None:
                others.append((f"the {days} days left out", ()))
                others += [(words, ((days, changed),)) for words, changed in changes(when, self.plain)]
            for words, entry in others:
                changed_days = (*stated[:place], *entry, *stated[place + 1 :])
                yield Mutant(f"days of {rule.id}", words, self.content, within={rule.id: changed_days})

    def of_gate(self, rule: Rule) -> Iterator[Mutant]:
        """What a fired GP rule leaves of the plan."""
        if rule.plan is None:
            return
        place = f"plan of {rule.id}"
        if rule.plan.movement_when is None:
            yield Mutant(place, "movement allowed", self.content, gates={rule.id: c.Always()})
            return
        node = self.plain.condition(rule.plan.movement_when)
        yield Mutant(place, "nothing allowed", self.content, gates={rule.id: None})
        for words, changed in changes(node, self.plain):
            yield Mutant(place, words, self.content, gates={rule.id: changed})

    def of_term(self, term: Term) -> Iterator[Mutant]:
        """A derived term, in every rule that reads it."""
        for words, changed in self._changed_terms(term):
            release = msgspec.structs.replace(
                self._release, terms=tuple(changed if item.id == term.id else item for item in self._release.terms)
            )
            reading = {id for id, rule in self.rules.items() if term.id in self._terms_read(rule)}
            if reading:
                yield self._shared(f"term {term.id}", words, release, reading)

    def _changed_terms(self, term: Term) -> Iterator[tuple[str, Term]]:
        if term.when is not None:
            for words, node in changes(self.plain.condition(term.when), self.plain):
                yield words, msgspec.structs.replace(term, when=c.render(node))
        for place, text in enumerate(term.count):
            before, after = term.count[:place], term.count[place + 1 :]
            yield f"“{text}” dropped", msgspec.structs.replace(term, count=(*before, *after))
            for words, node in changes(self.plain.condition(text), self.plain):
                yield words, msgspec.structs.replace(term, count=(*before, c.render(node), *after))
        if term.number is not None:
            for words, quantity in _other_quantities(c.parse_quantity(term.number)):
                yield words, msgspec.structs.replace(term, number=c.render(quantity))

    def of_parameter(self, parameter: Parameter) -> Iterator[Mutant]:
        """A number of the release, wherever triage reads it."""
        value = self.plain.limit(parameter.id)
        for shift in (-1, 1):
            if value + shift < 0:
                continue
            changed = msgspec.structs.replace(
                self.content.parameters[f"{parameter.id}_{_NAMES[shift]}"], id=parameter.id
            )
            release = msgspec.structs.replace(
                self._release,
                parameters=tuple(changed if item.id == parameter.id else item for item in self._release.parameters),
            )
            reading = {id for id, rule in self.rules.items() if parameter.id in self._limits_read(rule)}
            words = f"{value + shift} for {value}"
            yield self._shared(f"parameter {parameter.id}", words, release, reading, with_days=True)

    def of_finding(self, finding: Finding) -> Iterator[Mutant]:
        """Another reading of unknown, in every rule that reads the finding."""
        reading = {
            id
            for id, rule in self.rules.items()
            if finding.key in self.plain.keys_read(self.plain.condition(rule.when))
        }
        for other in _other_readings(finding):
            changed = msgspec.structs.replace(finding, unknown_as=other)
            groups = tuple(
                msgspec.structs.replace(
                    group, findings=tuple(changed if item.key == finding.key else item for item in group.findings)
                )
                for group in self._release.findings
            )
            words = f"unknown is read as {other}" if other is not None else "unknown stays unknown"
            release = msgspec.structs.replace(self._release, findings=groups)
            yield self._shared(f"finding {finding.key}", words, release, reading)

    def _shared(
        self, place: str, words: str, release: Release, reading: set[str], *, with_days: bool = False
    ) -> Mutant:
        content = self._made(release)
        conditions = {id: self.plain.condition(self.rules[id].when) for id in sorted(reading)}
        days = {rule.id: _stated_days(rule, content) for rule in self.rules.values() if rule.within and with_days}
        return Mutant(place, words, content, conditions=conditions, within=days, whole=with_days)

    def _made(self, release: Release | None = None) -> Content:
        content = Content(Compiled(release or self._release, self.plain.sha256, ""))
        content._parsed = self._parsed  # what a text means does not depend on the release
        return content

    def _limits_of_triage(self) -> set[str]:
        return set().union(*(self._limits_read(rule) for rule in self.rules.values())) | {"days_open_urgent"}

    def _limits_read(self, rule: Rule) -> set[str]:
        nodes = [
            self.plain.condition(rule.when),
            *(self.plain.condition(item.when) for item in rule.within if item.when),
        ]
        parts = [part for node in nodes for part in c.walk(inline(node, self.plain))]
        return {part.id for part in parts if isinstance(part, c.Limit)} | {
            item.days.removeprefix("limit.") for item in rule.within
        }

    def _terms_read(self, rule: Rule) -> set[str]:
        """Terms that the rule names, and terms named by these."""
        found: set[str] = set()
        texts = [rule.when]
        while texts:
            parts = list(c.walk(self.plain.condition(texts.pop())))
            for part in parts:
                if isinstance(part, c.Flag | c.Number) and part.name in self.plain.terms and part.name not in found:
                    found.add(part.name)
                    term = self.plain.terms[part.name]
                    texts += [term.when] if term.when else list(term.count)
        return found


def _stated_days(rule: Rule, content: Content) -> Days:
    return tuple(
        (int(content.limit_of(item.days)), content.condition(item.when) if item.when else None) for item in rule.within
    )


_NAMES = {-1: "down", 1: "up"}


def _shifted(parameter: Parameter, content: Content) -> Iterator[Parameter]:
    for name, shift in (("up", 1), ("down", -1), ("fine_up", _FINE), ("fine_down", -_FINE)):
        values = tuple(msgspec.structs.replace(item, value=round(item.value + shift, 6)) for item in parameter.values)
        yield msgspec.structs.replace(parameter, id=f"{parameter.id}_{name}", values=values)


def _other_readings(finding: Finding) -> Iterator[bool | str | int | float | None]:
    match finding.kind:
        case "flag":
            yield from (reading for reading in (False, True, None) if reading is not finding.unknown_as)
        case "choice":
            yield from (reading for reading in (*finding.values, None) if reading != finding.unknown_as)
        case "number":
            assert finding.number is not None
            ends = (float(finding.number.minimum), float(finding.number.maximum), None)
            yield from (reading for reading in ends if reading != finding.unknown_as)
        case _:
            return


# ---- who notices -------------------------------------------------------------------------------------------------


@dataclass(frozen=True, slots=True)
class Pool:
    """States over the answers that a rule reads, in random order, and what the sheet says about the rule there."""

    states: States
    expected: Truths


class Judge:
    """Looks at mutants with the stored cases, with the second reading of the sheet, and with z3."""

    def __init__(self, workshop: Workshop, *, dice: np.random.Generator, rows: int = 60_000) -> None:
        self._workshop = workshop
        self._plain = workshop.plain
        self._values = {key: finding.values for key, finding in self._plain.findings.items()}
        self._dice = dice
        self._rows = rows
        self._pools: dict[str, Pool] = {}
        self._symbolic = SymbolicState(self._plain, "a")

    # ---- the stored cases ----------------------------------------------------------------------------------------

    def caught_by_a_case(self, mutant: Mutant) -> bool:
        """Whether a stored case of the content comes out differently."""
        states, truth_of = self._case_states, dict(self._case_truths)
        for id, node in mutant.conditions.items():
            truth_of[id] = truths(node, states, mutant.content)
        level_of = {id: mutant.levels.get(id, rule.disposition) for id, rule in self._workshop.rules.items()}
        urgency = np.maximum.reduce([_meaning(level_of[id])[truth] for id, truth in truth_of.items()])
        if (urgency != self._case_urgency).any():
            return True
        own = np.array([truth_of[id][row] if id in truth_of else 0 for row, id in enumerate(self._case_rules)])
        if (own[self._case_has_own] != self._case_states_said[self._case_has_own]).any():
            return True
        opened = [truth == 1 for id, truth in truth_of.items() if level_of[id] == "emergency_now"]
        fired = np.stack([truth == 2 for truth in truth_of.values()] + [np.logical_or.reduce(opened)])
        return bool((fired != self._case_fired)[:, self._case_names_rules].any())

    @cached_property
    def _cases(self) -> list[tuple[str, Case]]:
        return [(rule.id, case) for rule in self._plain.rules.values() for case in rule.cases]

    @cached_property
    def _case_states(self) -> States:
        return states_from_findings([case.findings for _, case in self._cases], self._plain, absent="no")

    @cached_property
    def _case_truths(self) -> dict[str, Truths]:
        result = sheet.read(self._case_states, self._values)
        return {id: result.rules[id] for id in self._workshop.rules}

    @cached_property
    def _case_urgency(self) -> Truths:
        return np.array([ORDER.index(case.disposition) for _, case in self._cases], dtype=np.int8)

    @cached_property
    def _case_rules(self) -> list[str]:
        return [id for id, _ in self._cases]

    @cached_property
    def _case_has_own(self) -> NDArray[np.bool_]:
        return np.array([id != OPEN_EMERGENCY_RULE for id in self._case_rules])

    @cached_property
    def _case_states_said(self) -> Truths:
        return np.array([("quiet", "open", "fired").index(case.state) for _, case in self._cases], dtype=np.int8)

    @cached_property
    def _case_names_rules(self) -> NDArray[np.bool_]:
        return np.array([case.rules is not None for _, case in self._cases])

    @cached_property
    def _case_fired(self) -> NDArray[np.bool_]:
        ids = [*self._workshop.rules, OPEN_EMERGENCY_RULE]
        return np.array([[id in (case.rules or ()) for _, case in self._cases] for id in ids])

    # ---- the second reading --------------------------------------------------------------------------------------

    def caught_by_the_sheet(self, mutant: Mutant) -> bool:
        """Whether the second reading differs somewhere in the pools."""
        return (
            any(self._condition_differs(id, node, mutant.content) for id, node in mutant.conditions.items())
            or any(self._level_differs(id, level) for id, level in mutant.levels.items())
            or any(self._days_differ(id, days, mutant.content) for id, days in mutant.within.items())
            or any(self._gate_differs(id, node, mutant.content) for id, node in mutant.gates.items())
            or (mutant.whole and self._decisions_differ(mutant.content))
        )

    def caught_by_every_combination(self, mutant: Mutant, most: int = 30_000_000) -> bool:
        """The slow look, for what nothing else settles: all states of `test_atoms`."""
        for id, node in mutant.conditions.items():
            plain = self._plain.condition(self._workshop.rules[id].when)
            axes = axes_of(plain, self._plain)
            blocks = (
                every_state(axes)
                if combinations(axes) <= most
                else covering(plain, self._plain, self._dice, most=150_000)
            )
            for states in blocks:
                reading = sheet.Reading(states, self._values)
                if (truths(node, states, mutant.content) != sheet.RULES[id](reading)).any():
                    return True
        return False

    def pool(self, id: str) -> Pool:
        """The states of a rule: its whole product where that is small, else a covering of it."""
        if id not in self._pools:
            node = self._plain.condition(self._workshop.rules[id].when)
            axes = axes_of(node, self._plain)
            small = combinations(axes) <= self._rows
            blocks = every_state(axes) if small else covering(node, self._plain, self._dice, most=self._rows // 15)
            states = _shuffled(list(blocks), self._dice)
            self._pools[id] = Pool(states, sheet.RULES[id](sheet.Reading(states, self._values)))
        return self._pools[id]

    def _condition_differs(self, id: str, node: c.Node, content: Content) -> bool:
        pool = self.pool(id)
        first = min(2_000, pool.states.rows)
        for start, end in ((0, first), (first, pool.states.rows)):
            if start < end:
                got = truths(node, pool.states.block(start, end), content)
                if (got != pool.expected[start:end]).any():
                    return True
        states, expected = self._generated
        return bool((truths(node, states, content) != expected.rules[id]).any())

    @cached_property
    def _generated(self) -> tuple[States, sheet.Result]:
        states = random_states(self._plain, 20_000, self._dice)
        return states, sheet.read(states, self._values)

    def _level_differs(self, id: str, level: Disposition) -> bool:
        """With every other answer quiet, so that the rule is alone where it can be."""
        pool = self.pool(id).states
        states = self._with_quiet_rest(pool.block(0, min(4_000, pool.rows)))
        result = sheet.read(states, self._values)
        others = [
            _meaning(rule.disposition)[result.rules[other]]
            for other, rule in self._workshop.rules.items()
            if other != id
        ]
        urgency = np.maximum(np.maximum.reduce(others), _meaning(level)[result.rules[id]])
        return bool((urgency != result.urgency).any())

    def _with_quiet_rest(self, states: States) -> States:
        quiet: dict[str, object] = {key: _quiet(self._plain.findings[key]) for key in self._plain.triage_keys}
        quiet |= {"age": 41, "pain": 4, "duration_weeks": 1.5, "pattern": "mechanical", "trend": "improving"}
        one = states_from_findings([{key: value for key, value in quiet.items() if value is not None}], self._plain)
        rest = States(
            states.rows,
            {key: np.repeat(column, states.rows) for key, column in one.flags.items()} | dict(states.flags),
            {key: np.repeat(column, states.rows) for key, column in one.choices.items()} | dict(states.choices),
            {key: np.repeat(column, states.rows) for key, column in one.numbers.items()} | dict(states.numbers),
            {key: np.repeat(column, states.rows) for key, column in one.lists.items()} | dict(states.lists),
        )
        for key, value in states.lists:  # a list is unknown in all its values or in none
            unknown = states.lists[key, value] == 1
            for other in self._plain.findings[key].values:
                rest.lists[key, other] = np.where(unknown, np.int8(1), rest.lists[key, other])  # type: ignore[index]
        return rest

    def _days_differ(self, id: str, days: Days, content: Content) -> bool:
        stated = _stated_days(self._workshop.rules[id], self._plain)
        states = self._states_for([when for _, when in stated if when is not None])
        got = np.full(states.rows, -1, dtype=np.int16)
        for number, when in reversed(days):
            met = np.ones(states.rows, dtype=np.bool_) if when is None else truths(when, states, content) != 0
            got = np.where(met, np.int16(number), got)
        return bool((got != sheet.days_of(id, sheet.Reading(states, self._values))).any())

    def _gate_differs(self, id: str, node: c.Node | None, content: Content) -> bool:
        plan = self._workshop.rules[id].plan
        plain = plan.movement_when if plan is not None else None
        states = self._states_for([self._plain.condition(plain)] if plain is not None else [])
        got = np.zeros(states.rows, dtype=np.bool_) if node is None else truths(node, states, content) == 2
        allowed = sheet.MOVEMENT.get(id)
        if allowed is None:
            return bool((got != (id in sheet.MOVEMENT)).any())
        return bool((got != (allowed(sheet.Reading(states, self._values)) == 2)).any())

    def _states_for(self, nodes: list[c.Node]) -> States:
        axes = axes_of(c.All(tuple(nodes)), self._plain)
        return _shuffled(list(every_state(axes)), self._dice)

    def _decisions_differ(self, content: Content) -> bool:
        """Whole decisions: the disposition of the generated states, and the days where an urgent rule is open."""
        states, expected = self._generated
        if (decide_states(states, content).urgency != expected.urgency).any():
            return True
        quiet = {key: _quiet(self._plain.findings[key]) for key in self._plain.triage_keys}
        person = {key: value for key, value in quiet.items() if value is not None}
        person |= {"age": 41, "pain": 4, "duration_weeks": 1, "pattern": "mechanical", "rigors": "unknown"}
        days = sheet.read(states_from_findings([person], self._plain), self._values).days
        return (decide(read_findings(person, content=content), content).within_days or 0) != int(days[0])

    # ---- proof ---------------------------------------------------------------------------------------------------

    def means_the_same(self, mutant: Mutant) -> bool:
        """Whether z3 finds no state at all in which the mutant differs from the rules as they are."""
        other = SymbolicState(mutant.content, "b", same_as=self._symbolic)
        different = [
            z3.Or(z3.Xor(a.yes, b.yes), z3.Xor(a.possible, b.possible))
            for id, node in mutant.conditions.items()
            for a, b in [(self._truth(self._workshop.rules[id].when), other.truth(node))]
        ]
        for id, gate in mutant.gates.items():
            plan = self._workshop.rules[id].plan
            if plan is None or plan.movement_when is None or gate is None:
                return False
            different.append(z3.Xor(self._truth(plan.movement_when).yes, other.truth(gate).yes))
        for id, days in mutant.within.items():
            stated = _stated_days(self._workshop.rules[id], self._plain)
            if [number for number, _ in days] != [number for number, _ in stated]:
                return False
            pairs = [(a, b) for (_, a), (_, b) in zip(stated, days, strict=True) if a is not None and b is not None]
            different += [z3.Xor(self._symbolic.truth(a).possible, other.truth(b).possible) for a, b in pairs]
        if mutant.levels or not different:
            return False
        solver = z3.Solver()
        solver.add(*self._symbolic.constraints, z3.Or(different))
        return bool(solver.check() == z3.unsat)

    def _truth(self, text: str) -> SymbolicTruth:
        return self._symbolic.truth(self._plain.condition(text))


def _meaning(disposition: Disposition) -> Truths:
    """The urgency of a rule that is no, open, fired."""
    opened = "urgent_same_day" if disposition == "emergency_now" else OPEN_MEANS.get(disposition, "self_manage")
    return np.array([0, ORDER.index(opened), ORDER.index(disposition)], dtype=np.int8)


def _quiet(finding: Finding) -> object:
    return sheet.quiet_value(finding.key, finding.kind)


def _shuffled(blocks: list[States], dice: np.random.Generator) -> States:
    """Blocks with the same columns as one, in random order."""
    order = dice.permutation(sum(block.rows for block in blocks))
    first = blocks[0]
    return States(
        len(order),
        {key: np.concatenate([block.flags[key] for block in blocks])[order] for key in first.flags},
        {key: np.concatenate([block.choices[key] for block in blocks])[order] for key in first.choices},
        {key: np.concatenate([block.numbers[key] for block in blocks])[order] for key in first.numbers},
        {key: np.concatenate([block.lists[key] for block in blocks])[order] for key in first.lists},
    )
