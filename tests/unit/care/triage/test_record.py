"""What a decision says of releases that are not like ours: rules for everybody, rules without a time."""

import msgspec
import pytest

from upperback.care.triage import decide, read_findings
from upperback.care.triage.record import why
from upperback.content.load import Compiled
from upperback.content.vocabulary import Content, default_content

CONTENT = default_content()
QUIET = {"age": 41, "pain": 4, "duration_weeks": 3, "pattern": "mechanical", "trend": "improving"}


def with_rule(id: str, **changed: object) -> Content:
    rules = tuple(msgspec.structs.replace(rule, **changed) if rule.id == id else rule for rule in CONTENT.release.rules)
    return Content(Compiled(msgspec.structs.replace(CONTENT.release, rules=rules), "", ""))


def test_a_rule_that_fires_for_everybody_claims_no_answers() -> None:
    content = with_rule("G11", when="always")
    decision = decide(read_findings(QUIET, content=content, absent="no"), content)
    (state,) = decision.fired
    assert state.reasons == ()
    assert why(state, content) == state.rule.because


def test_a_rule_without_a_time_for_everybody_is_a_mistake_and_not_a_guess() -> None:
    within = CONTENT.rules["G01"].within
    content = with_rule("G01", within=within[:1])
    facts = read_findings({**QUIET, "weight_loss": True}, content=content, absent="no")
    with pytest.raises(AssertionError, match="G01 states no time for everybody"):
        decide(facts, content)
