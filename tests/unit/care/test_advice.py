"""What a result says to do and not to do: nothing twice in other words, and nothing lost."""

from typing import Any

import pytest

from upperback.care.advice import advice_record
from upperback.care.triage import decide, read_findings
from upperback.content.models import Rule
from upperback.content.vocabulary import default_content

CONTENT = default_content()
WITH_OWN_WORDS = [rule for rule in CONTENT.release.rules if rule.in_own_words]


def advice_of(rule: Rule) -> tuple[dict[str, Any], list[Rule]]:
    """The advice of a positive case of the rule, and the rules that decided it."""
    case = next(case for case in rule.cases if case.kind == "positive" and rule.disposition == case.disposition)
    facts = read_findings(case.findings, content=CONTENT, absent="no")
    decision = decide(facts, CONTENT)
    return advice_record(decision, facts, CONTENT), [state.rule for state in decision.deciding]


@pytest.mark.parametrize("rule", WITH_OWN_WORDS, ids=lambda rule: rule.id)
def test_a_rule_that_says_it_closer_to_the_case_stands_in_for_the_general_line(rule: Rule) -> None:
    advice, deciding = advice_of(rule)
    assert rule in deciding
    general = CONTENT.dispositions[rule.disposition]
    shown = {*advice["do_not"], *advice["meanwhile"]}
    own = {line for item in deciding for line in (*item.do_not, *item.meanwhile)}
    said = {topic for item in deciding for topic in item.in_own_words}
    assert own <= shown, "nothing a rule says is lost"
    for topic, line in (general.do_not | general.comfort).items():
        assert (line in shown) == (topic not in said or line in own), line


def test_without_such_a_rule_every_general_line_is_shown() -> None:
    rule = CONTENT.rules["U05"]
    assert rule.in_own_words == ()
    advice, _deciding = advice_of(rule)
    general = CONTENT.dispositions["urgent_same_day"]
    assert {*general.do_not.values(), *general.comfort.values()} <= {*advice["do_not"], *advice["meanwhile"]}


def test_what_somebody_does_not_have_is_no_reason() -> None:
    advice, _deciding = advice_of(CONTENT.rules["G05"])
    told = [phrase for reason in advice["reasons"] for phrase in reason["told"]]
    assert told
    assert not [phrase for phrase in told if phrase.startswith("you have no ")]
