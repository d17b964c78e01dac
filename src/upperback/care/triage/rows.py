"""The obvious evaluator: one condition, one person, three-valued. The reference for `columns`.

Conditions are turned into small functions once per release, so that a decision costs microseconds.
Truth values are plain integers here (0 no, 1 unknown, 2 yes): AND is the lowest, OR the highest.
"""

import operator
from collections.abc import Callable
from functools import lru_cache

from upperback.care.triage.facts import NEVER, UNKNOWN, Facts, above
from upperback.content import conditions as c
from upperback.content.models import Finding
from upperback.content.vocabulary import Content
from upperback.core.ternary import Ternary

Test = Callable[[Facts], int]
Measure = Callable[[Facts], "float | None"]

_COMPARE: dict[str, Callable[[float, float], bool]] = {
    "<=": operator.le,
    "<": operator.lt,
    ">=": operator.ge,
    ">": operator.gt,
}
_COMPUTE: dict[str, Callable[[float, float], float]] = {
    "+": operator.add,
    "-": operator.sub,
    "*": operator.mul,
    "/": operator.truediv,
}


def truth(text: str, facts: Facts, content: Content) -> Ternary:
    """Whether a condition, as written in the content, holds for these facts."""
    return Ternary(compiled(text, content)(facts))


@lru_cache(maxsize=4096)
def compiled(text: str, content: Content) -> Test:
    """The function of a condition of this release."""
    return compile_condition(content.condition(text), content)


@lru_cache(maxsize=4096)
def compiled_node(node: c.Node, content: Content) -> Test:
    """The function of a part of a condition, kept for whoever explains decisions."""
    return compile_condition(node, content)


def compile_condition(node: c.Node, content: Content) -> Test:
    """A function from facts to 0, 1 or 2."""
    match node:
        case c.Always():
            return lambda facts: 2
        case c.Flag(name):
            return _flag(name, content)
        case c.OneOf(finding, values):
            return _one_of(content.findings[finding], frozenset(values))
        case c.Contains(finding, value):
            return _contains(finding, value)
        case c.NotEmpty(finding):
            return _not_empty(finding)
        case c.Answered(finding):
            return lambda facts: 2 if finding in facts.given else 0
        case c.Compare(left, sign, right):
            return _compare(compile_quantity(left, content), _COMPARE[sign], compile_quantity(right, content))
        case c.Not(operand):
            test = compile_condition(operand, content)
            return lambda facts: 2 - test(facts)
        case c.All(operands):
            return _all(tuple(compile_condition(operand, content) for operand in operands))
        case c.Any(operands):
            return _any(tuple(compile_condition(operand, content) for operand in operands))
        case c.AtLeast(needed, operands):
            tests = tuple(compile_condition(item, content) for item in counted_items(operands, content))
            return _at_least(int(content.limit(needed.id)), tests)
        case c.IfUnknown(becomes, operand):  # pragma: no branch - the last kind there is
            return _if_unknown(compile_condition(operand, content), 2 if becomes else 0)


def counted_items(operands: tuple[c.Node, ...], content: Content) -> tuple[c.Node, ...]:
    """What `at_least` counts: the items of a counted term where one is named, else the operands themselves."""
    items: list[c.Node] = []
    for operand in operands:
        term = content.terms.get(operand.name) if isinstance(operand, c.Flag) else None
        if term is not None and term.count:
            items += [content.condition(text) for text in term.count]
        else:
            items.append(operand)
    return tuple(items)


def compile_quantity(quantity: c.Quantity, content: Content) -> Measure:
    """A function from facts to a number, or None where it is unknown."""
    match quantity:
        case c.Limit(id):
            value = float(content.limit(id))
            return lambda facts: value
        case c.Number(name):
            term = content.terms.get(name)
            if term is not None and term.number:
                return compile_quantity(c.parse_quantity(term.number), content)
            return lambda facts: facts.values[name]  # type: ignore[return-value]  # a number finding: checked
        case c.FirstKnown(operands):
            return _first_known(tuple(compile_quantity(operand, content) for operand in operands))
        case c.Arithmetic(sign, left, right):  # pragma: no branch - the last kind there is
            return _compute(compile_quantity(left, content), _COMPUTE[sign], compile_quantity(right, content))


def _flag(name: str, content: Content) -> Test:
    term = content.terms.get(name)
    if term is None:
        return lambda facts: facts.values[name]  # type: ignore[return-value]  # a flag finding: checked
    assert term.when is not None, f"{name} is not a condition"
    test = compile_condition(content.condition(term.when), content)

    def of_term(facts: Facts) -> int:
        kept = facts.terms.get(name)
        if kept is None:
            kept = facts.terms[name] = test(facts)
        return kept

    return of_term


def _one_of(finding: Finding, values: frozenset[str]) -> Test:
    key = finding.key
    in_part = {value: truth_in_part(finding, value, values) for value in finding.values}

    def test(facts: Facts) -> int:
        value = facts.values[key]
        if isinstance(value, frozenset):
            (named,) = value - {UNKNOWN}
            return in_part[named]
        return 1 if value is None else 2 if value in values else 0

    return test


def truth_in_part(finding: Finding, named: str, values: frozenset[str]) -> int:
    """Whether a choice is one of `values` when one value is sure and those above it are not known."""
    return 2 if named in values else 0 if above(finding, named).isdisjoint(values) else 1


def _contains(finding: str, value: str) -> Test:
    def test(facts: Facts) -> int:
        held = facts.values[finding]
        if held is None:
            return 1
        assert isinstance(held, frozenset)
        return 2 if value in held else 1 if UNKNOWN in held else 0

    return test


def _not_empty(finding: str) -> Test:
    def test(facts: Facts) -> int:
        held = facts.values[finding]
        if held is None:
            return 1
        assert isinstance(held, frozenset)
        return 2 if held - {UNKNOWN} else 1 if held else 0

    return test


def _compare(left: Measure, holds: Callable[[float, float], bool], right: Measure) -> Test:
    def test(facts: Facts) -> int:
        a, b = left(facts), right(facts)
        if a is None or b is None:
            return 1
        return 2 if a != NEVER and holds(a, b) else 0

    return test


def _all(tests: tuple[Test, ...]) -> Test:
    def test(facts: Facts) -> int:
        lowest = 2
        for part in tests:
            value = part(facts)
            if value < lowest:
                if value == 0:
                    return 0
                lowest = value
        return lowest

    return test


def _any(tests: tuple[Test, ...]) -> Test:
    def test(facts: Facts) -> int:
        highest = 0
        for part in tests:
            value = part(facts)
            if value > highest:
                if value == 2:
                    return 2
                highest = value
        return highest

    return test


def _at_least(needed: int, tests: tuple[Test, ...]) -> Test:
    def test(facts: Facts) -> int:
        results = [part(facts) for part in tests]
        if results.count(2) >= needed:
            return 2
        return 1 if len(results) - results.count(0) >= needed else 0

    return test


def _if_unknown(part: Test, becomes: int) -> Test:
    def test(facts: Facts) -> int:
        value = part(facts)
        return becomes if value == 1 else value

    return test


def _first_known(measures: tuple[Measure, ...]) -> Measure:
    def measure(facts: Facts) -> float | None:
        for part in measures:
            value = part(facts)
            if value is not None:
                return value
        return None

    return measure


def _compute(left: Measure, compute: Callable[[float, float], float], right: Measure) -> Measure:
    def measure(facts: Facts) -> float | None:
        a, b = left(facts), right(facts)
        return None if a is None or b is None else compute(a, b)

    return measure
