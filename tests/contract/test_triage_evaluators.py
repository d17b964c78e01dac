"""One rule text, two evaluators: row by row and column by column agree on everything."""

import dataclasses

import numpy as np
import pytest
from hypothesis import given, settings
from hypothesis import strategies as st

from upperback.care.triage import decide, read_findings
from upperback.care.triage.columns import UNKNOWN_CODE, decide_states, states_from_findings
from upperback.care.triage.decision import ORDER
from upperback.care.triage.rows import compiled
from upperback.care.triage.sampling import random_states, row_findings
from upperback.content.models import Finding
from upperback.content.vocabulary import OPEN_EMERGENCY_RULE, default_content

CONTENT = default_content()


@pytest.mark.parametrize("seed", range(4))
def test_they_agree_on_generated_states(seed: int) -> None:
    """Every rule's truth and the disposition, over states from almost empty to dense."""
    rows = 1_500
    states = random_states(CONTENT, rows, np.random.default_rng(seed))
    decided = decide_states(states, CONTENT, keep_rules=True)
    tests = {rule.id: compiled(rule.when, CONTENT) for rule in CONTENT.rules.values() if rule.id != OPEN_EMERGENCY_RULE}
    for row in range(rows):
        facts = read_findings(row_findings(states, row, CONTENT), content=CONTENT)
        for id, test in tests.items():
            assert test(facts) == decided.rules[id][row], (id, facts.raw)
        assert decide(facts, CONTENT).disposition == ORDER[decided.urgency[row]]


def test_they_agree_on_choices_known_in_part() -> None:
    """A value, or one above it: half of the choices of every state."""
    rows = 1_500
    dice = np.random.default_rng(17)
    states = random_states(CONTENT, rows, dice)
    choices = {
        key: np.where((codes >= 0) & (dice.random(rows) < 0.5), UNKNOWN_CODE - 1 - codes, codes)
        for key, codes in states.choices.items()
        if CONTENT.findings[key].law.group == "alarming"
    }
    states = dataclasses.replace(states, choices={**states.choices, **choices})
    decided = decide_states(states, CONTENT)
    for row in range(rows):
        facts = read_findings(row_findings(states, row, CONTENT), content=CONTENT)
        assert decide(facts, CONTENT).disposition == ORDER[decided.urgency[row]], facts.raw


def values_of(finding: Finding) -> st.SearchStrategy[object]:
    match finding.kind:
        case "flag":
            known: st.SearchStrategy[object] = st.booleans()
        case "choice":
            one = st.sampled_from(finding.values)
            known = one | one.map(lambda value: [value, "unknown"]) if finding.law.group == "alarming" else one
        case "list":
            known = st.lists(st.sampled_from((*finding.values, "unknown")), max_size=4)
        case _:
            assert finding.number is not None
            low, high = finding.number.minimum, finding.number.maximum
            whole = st.integers(int(low), int(high))
            known = whole if finding.number.integer else whole | st.floats(low, high, allow_nan=False)
    return known | st.just("unknown")


FINDINGS = st.fixed_dictionaries(
    {"age": values_of(CONTENT.findings["age"])},
    optional={key: values_of(CONTENT.findings[key]) for key in CONTENT.answerable if key != "age"},
)


@given(findings=FINDINGS, absent=st.sampled_from(["unknown", "no"]))
@settings(max_examples=300, deadline=None)
def test_they_agree_on_any_findings(findings: dict[str, object], absent: str) -> None:
    """Also with missing keys, under both readings of absence."""
    facts = read_findings(findings, content=CONTENT, absent=absent)  # type: ignore[arg-type]
    states = states_from_findings([findings], CONTENT, absent=absent)  # type: ignore[arg-type]
    assert decide(facts, CONTENT).disposition == ORDER[decide_states(states, CONTENT).urgency[0]]


def test_blocks_do_not_matter() -> None:
    """More rows than one block holds come out as the same rows alone."""
    states = random_states(CONTENT, 40_000, np.random.default_rng(9))
    whole = decide_states(states, CONTENT).urgency
    parts = [decide_states(states.block(start, start + 5_000), CONTENT).urgency for start in range(0, 40_000, 5_000)]
    assert (whole == np.concatenate(parts)).all()
