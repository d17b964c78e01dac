"""The fast evaluator: the same rule text over columns of states, for proofs and for whole populations.

A truth is an int8 array (0 no, 1 unknown, 2 yes), so AND is `minimum` and OR is `maximum`. Work goes in
blocks that stay in the processor's cache.
"""

from collections.abc import Callable, Iterable, Mapping
from dataclasses import dataclass
from functools import lru_cache

import numpy as np
from numpy.typing import NDArray

from upperback.care.triage.decision import OPEN_MEANS, ORDER
from upperback.care.triage.facts import UNKNOWN, AbsentMeans
from upperback.care.triage.rows import counted_items, truth_in_part
from upperback.content import conditions as c
from upperback.content.models import Disposition, Finding
from upperback.content.vocabulary import OPEN_EMERGENCY_RULE, Content

Truths = NDArray[np.int8]
Numbers = NDArray[np.float64]
Codes = NDArray[np.int8]

#: A choice that is not known.
UNKNOWN_CODE = -1

_BLOCK_ROWS = 16_384

_URGENCY = {disposition: np.int8(place) for place, disposition in enumerate(ORDER)}


@dataclass(frozen=True, slots=True)
class States:
    """Many states, column by column, as given: no reading of absence applied yet.

    flags: finding -> truths. choices: finding -> place in the finding's values, -1 unknown, below that known in
    part (`in_part_code`). numbers: finding -> value, NaN unknown. lists: (finding, value) -> truths; a list that is
    unknown is unknown in all its values.
    A finding without a column is unknown everywhere.
    """

    rows: int
    flags: Mapping[str, Truths]
    choices: Mapping[str, Codes]
    numbers: Mapping[str, Numbers]
    lists: Mapping[tuple[str, str], Truths]

    def block(self, start: int, end: int) -> "States":
        """Rows [start, end) as views."""
        return States(
            rows=end - start,
            flags={key: column[start:end] for key, column in self.flags.items()},
            choices={key: column[start:end] for key, column in self.choices.items()},
            numbers={key: column[start:end] for key, column in self.numbers.items()},
            lists={key: column[start:end] for key, column in self.lists.items()},
        )


@dataclass(frozen=True, slots=True)
class Decisions:
    """Urgency per state (0 self_manage .. 4 emergency_now), and each rule's truth where it was asked for.

    U19, which fires because other rules are open, is in the urgency and has no truth of its own.
    """

    urgency: NDArray[np.int8]
    rules: Mapping[str, Truths]


def decide_states(states: States, content: Content, *, keep_rules: bool = False) -> Decisions:
    """The disposition of every state, as `decide` would give it row by row.

    Parameters
    ----------
    states : columns of equal length
    keep_rules : also return the truth of each rule, one int8 column a rule
    """
    urgency = np.zeros(states.rows, dtype=np.int8)
    asked = [id for id, _, _ in _tests(content)] if keep_rules else []
    kept = {id: np.empty(states.rows, dtype=np.int8) for id in asked}
    for start in range(0, states.rows, _BLOCK_ROWS):
        end = min(start + _BLOCK_ROWS, states.rows)
        _decide_block(states.block(start, end), content, urgency[start:end], start, kept)
    return Decisions(urgency, kept)


class RuleTruths:
    """States with every rule's truth kept, so that a change of one finding only asks the rules that read it."""

    def __init__(self, states: States, content: Content) -> None:
        self._content = content
        self._levels = _levels(decide_states(states, content, keep_rules=True).rules, content)
        self.urgency = _urgency(self._levels)

    def urgency_after(self, moved: States, finding: str) -> NDArray[np.int8]:
        """Urgency of states that differ from the first ones in one finding only."""
        affected = _reading(finding, self._content)
        levels = {**self._levels, **_levels(_truths(moved, self._content, affected), self._content)}
        return _urgency(levels)


@lru_cache(maxsize=1024)
def _reading(finding: str, content: Content) -> frozenset[str]:
    return frozenset(
        rule.id for rule in content.rules.values() if finding in content.keys_read(content.condition(rule.when))
    )


def _truths(states: States, content: Content, rules: frozenset[str]) -> dict[str, Truths]:
    truths = {id: np.empty(states.rows, dtype=np.int8) for id in rules}
    tests = [(id, test) for id, _, test in _tests(content) if id in rules]
    for start in range(0, states.rows, _BLOCK_ROWS):
        end = min(start + _BLOCK_ROWS, states.rows)
        block = _Block(states.block(start, end))
        for id, test in tests:
            truths[id][start:end] = test(block)
    return truths


def _levels(truths: Mapping[str, Truths], content: Content) -> dict[str, NDArray[np.int8]]:
    """What each rule's truth means for the urgency: what it says when fired, what being open means."""
    return {id: _meaning(content.rules[id].disposition, content)[column] for id, column in truths.items()}


def _meaning(disposition: Disposition, content: Content) -> NDArray[np.int8]:
    raised = content.rules[OPEN_EMERGENCY_RULE].disposition
    opened = raised if disposition == "emergency_now" else OPEN_MEANS.get(disposition, "self_manage")
    return np.array([0, _URGENCY[opened], _URGENCY[disposition]], dtype=np.int8)


def _urgency(levels: Mapping[str, NDArray[np.int8]]) -> NDArray[np.int8]:
    columns = list(levels.values())
    highest = columns[0].copy()
    for column in columns[1:]:
        np.maximum(highest, column, out=highest)
    return highest


def states_from_findings(
    rows: Iterable[Mapping[str, object]], content: Content, *, absent: AbsentMeans = "unknown"
) -> States:
    """Columns from findings as `read_findings` takes them. For tests and small sets; values are not checked."""
    records = list(rows)
    columns = States(len(records), {}, {}, {}, {})
    for key, finding in content.answerable.items():
        given = [_given(finding, record, absent) for record in records]
        _add_column(columns, key, finding, given)
    return columns


def _given(finding: Finding, record: Mapping[str, object], absent: AbsentMeans) -> object:
    value = record.get(finding.key)
    if value is None and absent == "no":
        value = finding.absent
    return None if isinstance(value, str) and value == UNKNOWN else value


def _add_column(columns: States, key: str, finding: Finding, given: list[object]) -> None:
    flags: dict[str, Truths] = columns.flags  # type: ignore[assignment]  # filled here, read-only after
    match finding.kind:
        case "flag":
            flags[key] = np.array([1 if value is None else 2 if value else 0 for value in given], dtype=np.int8)
        case "choice":
            codes = [_choice_code(finding, value) for value in given]
            columns.choices[key] = np.array(codes, dtype=np.int8)  # type: ignore[index]
        case "number":
            columns.numbers[key] = np.array(  # type: ignore[index]
                [np.nan if value is None else np.inf if value == "never" else float(value) for value in given]  # type: ignore[arg-type]
            )
        case _:
            for item in finding.values:
                columns.lists[key, item] = np.array(  # type: ignore[index]
                    [_list_truth(item, value) for value in given],
                    dtype=np.int8,
                )


def _choice_code(finding: Finding, value: object) -> int:
    if value is None:
        return UNKNOWN_CODE
    if isinstance(value, list | tuple):
        (named,) = (item for item in value if item != UNKNOWN)
        return in_part_code(finding.values.index(named))
    return finding.values.index(str(value))


def in_part_code(place: int) -> int:
    """The code of a choice that is surely the value at this place and perhaps one above it on the ladder."""
    return UNKNOWN_CODE - 1 - place


def by_code(known: list[int], in_part: list[int], unknown: int) -> list[int]:
    """A look-up table for codes of choices: the negative ones count from its end."""
    return [*known, *reversed(in_part), unknown]


def _list_truth(item: str, value: object) -> int:
    """Whether a list holds an item; beside "unknown" the items that are not named are not known."""
    if value is None:
        return 1
    assert isinstance(value, list | tuple)
    return 2 if item in value else 1 if UNKNOWN in value else 0


class _Block:
    """A block of states with the terms already worked out for it."""

    __slots__ = ("states", "truths")

    def __init__(self, states: States) -> None:
        self.states = states
        self.truths: dict[c.Node, Truths] = {}


Test = Callable[[_Block], Truths]
Measure = Callable[[_Block], "Numbers | float"]


def _decide_block(
    states: States, content: Content, urgency: NDArray[np.int8], start: int, kept: dict[str, Truths]
) -> None:
    block = _Block(states)
    for id, disposition, test in _tests(content):
        truths = test(block)
        if kept:
            kept[id][start : start + states.rows] = truths
        np.maximum(urgency, _meaning(disposition, content)[truths], out=urgency)


@lru_cache(maxsize=8)
def _tests(content: Content) -> tuple[tuple[str, Disposition, Test], ...]:
    return tuple(
        (rule.id, rule.disposition, compile_condition(content.condition(rule.when), content))
        for rule in content.rules.values()
        if rule.id != OPEN_EMERGENCY_RULE
    )


def compile_condition(node: c.Node, content: Content) -> Test:
    """A function from a block of states to truths. Parts that several rules share are worked out once a block."""
    test = _compile(node, content)

    def kept(block: _Block) -> Truths:
        truths = block.truths.get(node)
        if truths is None:
            truths = block.truths[node] = test(block)
        return truths

    return kept


def _compile(node: c.Node, content: Content) -> Test:
    match node:
        case c.Always():
            return lambda block: np.full(block.states.rows, 2, dtype=np.int8)
        case c.Flag(name):
            return _flag(name, content)
        case c.OneOf(finding, values):
            return _one_of(content.findings[finding], values)
        case c.Contains(finding, value):
            return lambda block: _list_column(block, finding, value)
        case c.NotEmpty(finding):
            return _any(
                tuple(_compile(c.Contains(finding, value), content) for value in content.findings[finding].values)
            )
        case c.Compare(left, sign, right):
            return _compare(compile_quantity(left, content), sign, compile_quantity(right, content))
        case c.Not(operand):
            test = compile_condition(operand, content)
            return lambda block: np.subtract(2, test(block), dtype=np.int8)
        case c.All(operands):
            return _all(tuple(compile_condition(operand, content) for operand in operands))
        case c.Any(operands):
            return _any(tuple(compile_condition(operand, content) for operand in operands))
        case c.AtLeast(needed, operands):
            tests = tuple(compile_condition(item, content) for item in counted_items(operands, content))
            return _at_least(int(content.limit(needed.id)), tests)
        case c.IfUnknown(becomes, operand):
            return _if_unknown(compile_condition(operand, content), 2 if becomes else 0)
        case c.Answered():  # pragma: no branch - the last kind there is
            raise ValueError("answered(...) belongs to plans; no triage rule reads it")


def compile_quantity(quantity: c.Quantity, content: Content) -> Measure:
    """A function from a block of states to numbers, NaN where unknown; a plain float for a parameter."""
    match quantity:
        case c.Limit(id):
            value = float(content.limit(id))
            return lambda block: value
        case c.Number(name):
            term = content.terms.get(name)
            if term is not None and term.number:
                return compile_quantity(c.parse_quantity(term.number), content)
            return _number_column(content.findings[name])
        case c.FirstKnown(operands):
            return _first_known(tuple(compile_quantity(operand, content) for operand in operands))
        case c.Arithmetic(sign, left, right):  # pragma: no branch - the last kind there is
            return _compute(_ARITHMETIC[sign], compile_quantity(left, content), compile_quantity(right, content))


def _flag(name: str, content: Content) -> Test:
    term = content.terms.get(name)
    if term is not None:
        assert term.when is not None, f"{name} is not a condition"
        return compile_condition(content.condition(term.when), content)
    reads_unknown_as = content.findings[name].unknown_as

    def column(block: _Block) -> Truths:
        truths = block.states.flags.get(name)
        if truths is None:
            truths = np.ones(block.states.rows, dtype=np.int8)
        if reads_unknown_as is not None:
            truths = np.where(truths == 1, np.int8(2 if reads_unknown_as else 0), truths)
        return truths

    return column


def _one_of(finding: Finding, values: tuple[str, ...]) -> Test:
    # One look-up: the truth for each code.
    known = [2 if value in values else 0 for value in finding.values]
    in_part = [truth_in_part(finding, value, frozenset(values)) for value in finding.values]
    table = np.array(by_code(known, in_part, 1), dtype=np.int8)
    if finding.unknown_as is not None:
        table[UNKNOWN_CODE] = 2 if finding.unknown_as in values else 0

    def test(block: _Block) -> Truths:
        codes = block.states.choices.get(finding.key)
        if codes is None:
            return np.full(block.states.rows, table[-1], dtype=np.int8)
        return table[codes]

    return test


def _list_column(block: _Block, finding: str, value: str) -> Truths:
    truths = block.states.lists.get((finding, value))
    return np.ones(block.states.rows, dtype=np.int8) if truths is None else truths


def _number_column(finding: Finding) -> Measure:
    if finding.absent == "never" or finding.unknown_as == "never":
        raise ValueError(f"{finding.key} can be “never”; triage rules do not read such numbers")
    substitute = None if finding.unknown_as is None else float(finding.unknown_as)

    def column(block: _Block) -> Numbers:
        numbers = block.states.numbers.get(finding.key)
        if numbers is None:
            numbers = np.full(block.states.rows, np.nan)
        return numbers if substitute is None else np.where(np.isnan(numbers), substitute, numbers)

    return column


_COMPARE: dict[str, np.ufunc] = {"<=": np.less_equal, "<": np.less, ">=": np.greater_equal, ">": np.greater}
_ARITHMETIC: dict[str, np.ufunc] = {"+": np.add, "-": np.subtract, "*": np.multiply, "/": np.divide}


def _compare(left: Measure, sign: str, right: Measure) -> Test:
    holds = _COMPARE[sign]

    def test(block: _Block) -> Truths:
        a, b = left(block), right(block)
        truths: Truths = holds(a, b).astype(np.int8)
        truths += truths
        unknown = np.isnan(a) | np.isnan(b)
        truths[unknown] = 1
        return truths

    return test


def _all(tests: tuple[Test, ...]) -> Test:
    def test(block: _Block) -> Truths:
        result = tests[0](block)
        for part in tests[1:]:
            result = np.minimum(result, part(block))
        return result

    return test


def _any(tests: tuple[Test, ...]) -> Test:
    def test(block: _Block) -> Truths:
        result = tests[0](block)
        for part in tests[1:]:
            result = np.maximum(result, part(block))
        return result

    return test


def _at_least(needed: int, tests: tuple[Test, ...]) -> Test:
    def test(block: _Block) -> Truths:
        yes = np.zeros(block.states.rows, dtype=np.int8)
        possible = np.zeros(block.states.rows, dtype=np.int8)
        for part in tests:
            truths = part(block)
            yes += truths == 2
            possible += truths != 0
        # yes >= needed implies possible >= needed, so the two comparisons add up to 0, 1 or 2
        return (yes >= needed).astype(np.int8) + (possible >= needed)

    return test


def _if_unknown(part: Test, becomes: int) -> Test:
    table = np.array([0, becomes, 2], dtype=np.int8)
    return lambda block: table[part(block)]


def _first_known(measures: tuple[Measure, ...]) -> Measure:
    def measure(block: _Block) -> Numbers | float:
        result = measures[0](block)
        for part in measures[1:]:
            result = np.where(np.isnan(result), part(block), result)
        return result

    return measure


def _compute(compute: np.ufunc, left: Measure, right: Measure) -> Measure:
    def measure(block: _Block) -> Numbers:
        result: Numbers = compute(left(block), right(block))
        return result

    return measure
