"""The law of triage over generated states and all their single steps, counted.

The quick run takes 1,000,000 states; `just proofs-long` takes 10,000,000 (or UPPERBACK_LAW_STATES).
"""

import dataclasses
import os
from collections.abc import Callable

import numpy as np
import pytest
from numpy.typing import NDArray

from upperback.care.triage.columns import States, decide_states, in_part_code
from upperback.care.triage.law import Violation, steps_of_the_law, violations
from upperback.care.triage.sampling import random_states, row_findings
from upperback.content.vocabulary import default_content

CONTENT = default_content()

_ROWS_AT_ONCE = 100_000


def check_law(states: int, seed: int) -> tuple[int, int]:
    """States and single steps looked at; fails on the first violation with the state written out."""
    dice = np.random.default_rng(seed)
    looked_at = steps_taken = 0
    while looked_at < states:
        rows = min(_ROWS_AT_ONCE, states - looked_at)
        sample = random_states(CONTENT, rows, dice)
        taken, found = violations(sample, CONTENT, steps_of_the_law(CONTENT, dice))
        if found:
            pytest.fail(told(found[0], row_findings(sample, found[0].row, CONTENT)))
        looked_at += rows
        steps_taken += taken
    return looked_at, steps_taken


def told(violation: Violation, findings: dict[str, object]) -> str:
    loud = {key: value for key, value in findings.items() if value not in (False, [], "none", "normal")}
    return f"{violation.step.words} lowers {violation.before} to {violation.after}: {loud}"


def test_no_single_step_lowers_a_disposition(tell: Callable[[str], None]) -> None:
    states, steps = check_law(int(os.environ.get("UPPERBACK_LAW_STATES", "1000000")), seed=2_12)
    tell(f"law of triage: {states:,} states, {steps:,} single steps, 0 violations")
    assert steps > 50 * states


@pytest.mark.long
def test_no_single_step_lowers_a_disposition_long(tell: Callable[[str], None]) -> None:
    states, steps = check_law(int(os.environ.get("UPPERBACK_LAW_STATES", "10000000")), seed=11)
    tell(f"law of triage: {states:,} states, {steps:,} single steps, 0 violations")


def test_a_choice_known_in_part_lies_between_its_value_and_the_worst(tell: Callable[[str], None]) -> None:
    """For every ladder and every rung: never lower than the rung itself, and the worst value never lowers it."""
    states = random_states(CONTENT, 20_000, np.random.default_rng(33))
    compared = 0
    for key in CONTENT.triage_keys:
        finding = CONTENT.findings[key]
        if finding.kind != "choice" or finding.law.group != "alarming" or key == "trauma":  # the one exception
            continue
        sure = {value: urgency_with(states, key, place) for place, value in enumerate(finding.values)}
        for place, value in enumerate(finding.values):
            in_part = urgency_with(states, key, in_part_code(place))
            assert (in_part >= sure[value]).all(), (key, value)
            if len(finding.law.steps[-1]) == 1:
                assert (in_part <= sure[finding.law.steps[-1][0]]).all(), (key, value)
            compared += states.rows
    tell(f"known in part: {compared:,} states on every rung of every ladder, 0 lower")


def urgency_with(states: States, key: str, code: int) -> NDArray[np.int8]:
    column = np.full(states.rows, code, dtype=np.int8)
    return decide_states(dataclasses.replace(states, choices={**states.choices, key: column}), CONTENT).urgency


def test_generated_states_reach_every_disposition() -> None:
    """Control: a sample that never leaves one disposition would prove nothing."""
    states = random_states(CONTENT, 50_000, np.random.default_rng(5))
    shares = np.bincount(decide_states(states, CONTENT).urgency, minlength=5) / 50_000
    assert (shares > 0.005).all(), shares


def test_a_broken_rule_breaks_the_law() -> None:
    """Control: with "unless it is getting better" added to an alarming rule, the law check finds a violation."""
    import msgspec

    from upperback.content.load import Compiled, canonical_sha256
    from upperback.content.vocabulary import Content

    rules = tuple(
        msgspec.structs.replace(rule, when=f"({rule.when}) and not unwell") if rule.id == "U05" else rule
        for rule in CONTENT.release.rules
    )
    release = msgspec.structs.replace(CONTENT.release, rules=rules)
    broken = Content(Compiled(release, canonical_sha256(release), ""))
    dice = np.random.default_rng(3)
    _, found = violations(random_states(broken, 50_000, dice), broken, steps_of_the_law(broken, dice))
    assert {violation.step.finding for violation in found} == {"unwell"}
