"""The rules as formulas for z3: the third reading of the same text, over all states at once.

A three-valued truth is a pair of formulas: surely yes, and possibly yes. AND and OR work part by part, NOT
swaps and negates, so that no, unknown and yes are (False, False), (False, True) and (True, True).
"""

from __future__ import annotations

from dataclasses import dataclass
from functools import cached_property
from typing import Any

import z3

from upperback.care.triage.decision import OPEN_MEANS, ORDER
from upperback.care.triage.rows import counted_items
from upperback.content import conditions as c
from upperback.content.models import Finding
from upperback.content.vocabulary import OPEN_EMERGENCY_RULE, Content

Formula = Any  # z3 carries no types


@dataclass(frozen=True)
class Truth:
    """A three-valued truth as two formulas."""

    yes: Formula
    possible: Formula

    @property
    def unknown(self) -> Formula:
        """Neither surely yes nor surely no."""
        return z3.And(self.possible, z3.Not(self.yes))


@dataclass(frozen=True)
class Quantity:
    """A number that may be unknown."""

    known: Formula
    value: Formula


class SymbolicState:
    """One person with every finding left open. `name` keeps the variables of two persons apart."""

    def __init__(self, content: Content, name: str, *, same_as: SymbolicState | None = None, but: str = "") -> None:
        self.content = content
        self._name = name
        self._same_as = same_as
        self._but = but
        self.constraints: list[Formula] = []
        self._variables: dict[str, Any] = {}
        self._terms: dict[str, Truth] = {}

    # ---- findings ------------------------------------------------------------------------------------------------

    def raw(self, key: str) -> Any:
        """The finding as given: a Truth for flags, an Int code for choices, a Quantity, or a Truth per list value."""
        if self._same_as is not None and key != self._but:
            return self._same_as.raw(key)
        if key not in self._variables:
            self._variables[key] = self._make(self.content.findings[key])
        return self._variables[key]

    def _make(self, finding: Finding) -> Any:
        label = f"{self._name}.{finding.key}"
        match finding.kind:
            case "flag":
                return self._truth(label)
            case "choice":
                code = z3.Int(label)
                self.constraints += [code >= -1, code < len(finding.values)]
                return code
            case "number":
                assert finding.number is not None
                value = z3.Int(label) if finding.number.integer else z3.Real(label)
                self.constraints += [value >= finding.number.minimum, value <= finding.number.maximum]
                return Quantity(z3.Bool(f"{label}?"), z3.ToReal(value) if finding.number.integer else value)
            case _:
                known = z3.Bool(f"{label}?")
                held = {value: z3.Bool(f"{label}.{value}") for value in finding.values}
                return known, held

    def _truth(self, label: str) -> Truth:
        yes, possible = z3.Bool(f"{label}.yes"), z3.Bool(f"{label}.possible")
        self.constraints.append(z3.Implies(yes, possible))
        return Truth(yes, possible)

    # ---- conditions ----------------------------------------------------------------------------------------------

    def truth(self, node: c.Node) -> Truth:
        """The formula of a condition."""
        match node:
            case c.Always():
                return Truth(z3.BoolVal(True), z3.BoolVal(True))
            case c.Flag(name) if name in self.content.terms:
                return self._term(name)
            case c.Flag(name):
                return self._flag(name)
            case c.OneOf(finding, values):
                return self._one_of(self.content.findings[finding], values)
            case c.Contains(finding, value):
                known, held = self.raw(finding)
                return Truth(z3.And(known, held[value]), z3.Or(z3.Not(known), held[value]))
            case c.NotEmpty(finding):
                values = self.content.findings[finding].values
                return self._any([self.truth(c.Contains(finding, value)) for value in values])
            case c.Compare(left, sign, right):
                return self._compare(self.quantity(left), sign, self.quantity(right))
            case c.Not(operand):
                part = self.truth(operand)
                return Truth(z3.Not(part.possible), z3.Not(part.yes))
            case c.All(operands):
                parts = [self.truth(operand) for operand in operands]
                return Truth(z3.And([part.yes for part in parts]), z3.And([part.possible for part in parts]))
            case c.Any(operands):
                return self._any([self.truth(operand) for operand in operands])
            case c.AtLeast(needed, operands):
                parts = [self.truth(item) for item in counted_items(operands, self.content)]
                number = int(self.content.limit(needed.id))
                return Truth(
                    z3.AtLeast(*[part.yes for part in parts], number),
                    z3.AtLeast(*[part.possible for part in parts], number),
                )
            case c.IfUnknown(becomes, operand):
                part = self.truth(operand)
                formula = part.possible if becomes else part.yes
                return Truth(formula, formula)
        raise AssertionError(f"{node} is not part of a triage rule")

    def quantity(self, quantity: c.Quantity) -> Quantity:
        """The formula of a number."""
        match quantity:
            case c.Limit(id):
                return Quantity(z3.BoolVal(True), z3.RealVal(str(self.content.limit(id))))
            case c.Number(name):
                term = self.content.terms.get(name)
                if term is not None and term.number:
                    return self.quantity(c.parse_quantity(term.number))
                return self._number(self.content.findings[name])
            case c.FirstKnown(operands):
                result = self.quantity(operands[-1])
                for operand in reversed(operands[:-1]):
                    first = self.quantity(operand)
                    value = z3.If(first.known, first.value, result.value)
                    result = Quantity(z3.Or(first.known, result.known), value)
                return result
            case c.Arithmetic(sign, left, right):
                a, b = self.quantity(left), self.quantity(right)
                value = {"+": a.value + b.value, "-": a.value - b.value, "*": a.value * b.value, "/": a.value / b.value}
                return Quantity(z3.And(a.known, b.known), value[sign])

    def _term(self, name: str) -> Truth:
        if name not in self._terms:
            when = self.content.terms[name].when
            assert when is not None
            self._terms[name] = self.truth(self.content.condition(when))
        return self._terms[name]

    def _flag(self, name: str) -> Truth:
        truth: Truth = self.raw(name)
        reads_as = self.content.findings[name].unknown_as
        if reads_as is None:
            return truth
        formula = truth.possible if reads_as else truth.yes
        return Truth(formula, formula)

    def _one_of(self, finding: Finding, values: tuple[str, ...]) -> Truth:
        code = self.raw(finding.key)
        named = z3.Or([code == finding.values.index(value) for value in values])
        unknown = code == -1
        if finding.unknown_as is None:
            return Truth(named, z3.Or(named, unknown))
        formula = z3.Or(named, unknown) if finding.unknown_as in values else named
        return Truth(formula, formula)

    def _number(self, finding: Finding) -> Quantity:
        number: Quantity = self.raw(finding.key)
        if finding.unknown_as is None:
            return number
        return Quantity(z3.BoolVal(True), z3.If(number.known, number.value, z3.RealVal(str(finding.unknown_as))))

    @staticmethod
    def _any(parts: list[Truth]) -> Truth:
        return Truth(z3.Or([part.yes for part in parts]), z3.Or([part.possible for part in parts]))

    @staticmethod
    def _compare(a: Quantity, sign: str, b: Quantity) -> Truth:
        known = z3.And(a.known, b.known)
        holds = {
            "<=": a.value <= b.value,
            "<": a.value < b.value,
            ">=": a.value >= b.value,
            ">": a.value > b.value,
        }[sign]
        return Truth(z3.And(known, holds), z3.Or(z3.Not(known), holds))

    # ---- decision ------------------------------------------------------------------------------------------------

    @cached_property
    def rules(self) -> dict[str, Truth]:
        """Every rule but U19, which follows from open emergency rules."""
        return {
            rule.id: self.truth(self.content.condition(rule.when))
            for rule in self.content.rules.values()
            if rule.id != OPEN_EMERGENCY_RULE
        }

    def at_least(self, urgency: int, rules: dict[str, Truth] | None = None) -> Formula:
        """The disposition is at least this urgent (0 self_manage .. 4 emergency_now)."""
        reaching = [self._reaches(id, truth, urgency) for id, truth in (rules or self.rules).items()]
        return z3.Or(reaching)

    def _reaches(self, id: str, truth: Truth, urgency: int) -> Formula:
        disposition = self.content.rules[id].disposition
        opened = (
            self.content.rules[OPEN_EMERGENCY_RULE].disposition
            if disposition == "emergency_now"
            else OPEN_MEANS.get(disposition, "self_manage")
        )
        ways = []
        if ORDER.index(disposition) >= urgency:
            ways.append(truth.yes)
        if ORDER.index(opened) >= urgency:
            ways.append(truth.unknown)
        return z3.Or(ways)
