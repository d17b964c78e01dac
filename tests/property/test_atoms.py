"""Each rule over every combination of the answers it reads, unknown included: as the clinical sheet reads it.

The quick run takes the whole product where it has up to 30 million states and otherwise every combination inside each
part of the rule; `just proofs-long` takes the whole product of every rule, thousands of millions of states.
"""

import os
from collections.abc import Callable, Iterable

import numpy as np
import pytest

from tests.property import independent_reading as sheet
from tests.property.atoms import axes_of, combinations, covering, every_state
from upperback.care.triage import columns
from upperback.care.triage.columns import States
from upperback.content import conditions as c
from upperback.content.vocabulary import OPEN_EMERGENCY_RULE, default_content

CONTENT = default_content()
VALUES = {key: finding.values for key, finding in CONTENT.findings.items()}
RULES = [id for id in CONTENT.rules if id != OPEN_EMERGENCY_RULE]

#: The largest product that the quick run takes whole, and the largest part where it does not.
WHOLE = 30_000_000
PART = 150_000


def condition_of(id: str) -> c.Node:
    return CONTENT.condition(CONTENT.rules[id].when)


def check_rule(id: str, blocks: Iterable[States]) -> int:
    """How many states were looked at; fails on the first difference with the answers written out."""
    test = columns.compile_condition(condition_of(id), CONTENT)
    rule = sheet.RULES[id]
    looked_at = 0
    for states in blocks:
        got = test(columns._Block(states))
        expected = rule(sheet.Reading(states, VALUES))
        if not np.array_equal(got, expected):
            row = int(np.flatnonzero(got != expected)[0])
            pytest.fail(f"{id} is {got[row]}, the sheet says {expected[row]}: {told(states, row)}")
        looked_at += states.rows
    return looked_at


def told(states: States, row: int) -> dict[str, object]:
    """The answers of one row, those that the rule does not read left out."""
    shown: dict[str, object] = {key: int(column[row]) for key, column in states.flags.items()}
    for key, codes in states.choices.items():
        shown[key] = (*CONTENT.findings[key].values, "unknown")[int(codes[row])]
    shown |= {key: float(column[row]) for key, column in states.numbers.items()}
    return shown | {f"{value} in {key}": int(column[row]) for (key, value), column in states.lists.items()}


def test_every_rule_over_every_combination_of_its_answers(tell: Callable[[str], None]) -> None:
    dice = np.random.default_rng(2_12)
    whole: dict[str, int] = {}
    parts: dict[str, tuple[int, int]] = {}
    for id in RULES:
        axes = axes_of(condition_of(id), CONTENT)
        product = combinations(axes)
        if product <= WHOLE:
            whole[id] = check_rule(id, every_state(axes))
            assert whole[id] == product
        else:
            looked_at = check_rule(id, covering(condition_of(id), CONTENT, dice, most=PART))
            parts[id] = looked_at, product
    tell(f"every combination of a rule's answers: {sum(whole.values()):,} states for {len(whole)} rules")
    tell("  " + ", ".join(f"{id} {count:,}" for id, count in whole.items()))
    tell(f"every combination inside each part: {sum(count for count, _ in parts.values()):,} states")
    tell("  " + ", ".join(f"{id} {count:,} of {product:,}" for id, (count, product) in parts.items()))
    tell("  0 differences")


@pytest.mark.long
@pytest.mark.parametrize("id", RULES)
def test_every_combination_whole_long(id: str, tell: Callable[[str], None]) -> None:
    """No part of it left out, however many; UPPERBACK_ATOMS_MOST sets a largest product for a smaller machine."""
    axes = axes_of(condition_of(id), CONTENT)
    if combinations(axes) > int(os.environ.get("UPPERBACK_ATOMS_MOST", "10000000000")):
        pytest.skip(f"{combinations(axes):,} states")
    looked_at = check_rule(id, every_state(axes))
    tell(f"{id}: all {looked_at:,} combinations, 0 differences")


def test_a_difference_in_one_combination_is_found() -> None:
    """Control: a rule that reads one unknown differently, in one of its many combinations."""
    node = CONTENT.condition("fever and no_if_unknown(rigors) and age >= limit.age_fracture")
    axes = axes_of(node, CONTENT)
    other = columns.compile_condition(CONTENT.condition("fever and rigors and age >= limit.age_fracture"), CONTENT)
    test = columns.compile_condition(node, CONTENT)
    differing = sum(
        int(np.count_nonzero(test(columns._Block(states)) != other(columns._Block(states))))
        for states in every_state(axes)
    )
    assert differing > 0
