"""Every case that stands with a rule: a person in plain words, their answers, what has to come out."""

import pytest

from upperback.care.check import case_decision
from upperback.content.models import Case, Rule
from upperback.content.vocabulary import default_content

CONTENT = default_content()
CASES = [(rule, case) for rule in CONTENT.rules.values() for case in rule.cases]


@pytest.mark.parametrize("rule,case", CASES, ids=[f"{rule.id}-{case.kind}-{case.name}" for rule, case in CASES])
def test_case(rule: Rule, case: Case) -> None:
    decision = case_decision(case, CONTENT)
    fired = {state.rule.id for state in decision.fired}
    assert decision.disposition == case.disposition, f"{case.story} Fired: {sorted(fired)}"
    assert (rule.id in fired) == (case.state == "fired")
    if case.rules is not None:
        assert fired == set(case.rules)
