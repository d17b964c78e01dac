"""The fast evaluator: columns that are missing, values that are not its own, the same as the rows."""

import msgspec
import numpy as np
import pytest

from upperback.care.triage import columns
from upperback.care.triage.columns import RuleTruths, States, decide_states, states_from_findings
from upperback.care.triage.decision import ORDER
from upperback.care.triage.sampling import random_states
from upperback.content.load import Compiled
from upperback.content.vocabulary import Content, default_content

CONTENT = default_content()
QUIET = {"age": 41, "pain": 4, "duration_weeks": 3, "pattern": "mechanical", "trend": "improving"}


def truths(text: str, states: States) -> list[int]:
    column = columns.compile_condition(CONTENT.condition(text), CONTENT)(columns._Block(states))
    return [int(truth) for truth in column]


def test_a_finding_without_a_column_is_unknown_everywhere() -> None:
    states = States(3, {}, {}, {}, {})
    assert truths("fever", states) == [1, 1, 1]
    assert truths("rash == other", states) == [1, 1, 1]
    assert truths("pain >= limit.severe_pain", states) == [1, 1, 1]
    assert truths("tearing in character", states) == [1, 1, 1]
    assert truths("not_empty(sepsis_signs)", states) == [1, 1, 1]
    assert truths("always", states) == [2, 2, 2]


def test_what_is_read_instead_of_unknown_holds_without_a_column_too() -> None:
    states = States(2, {}, {}, {}, {})
    assert truths("trend == same", states) == [2, 2]
    assert truths("pattern == mechanical", states) == [0, 0]
    assert truths("trauma_days_ago <= limit.days_major_injury_emergency", states) == [2, 2]
    assert truths("trigger_known", states) == [2, 2]


def test_nothing_known_at_all_is_decided() -> None:
    assert decide_states(States(2, {}, {}, {}, {}), CONTENT).urgency.tolist() == [3, 3]


@pytest.mark.parametrize("absent, expected", [("no", "self_manage"), ("unknown", "urgent_same_day")])
def test_columns_from_findings_read_absence_as_told(absent: str, expected: str) -> None:
    states = states_from_findings([QUIET, {**QUIET, "surgery_weeks_ago": "never"}], CONTENT, absent=absent)  # type: ignore[arg-type]
    assert [ORDER[place] for place in decide_states(states, CONTENT).urgency] == [expected, expected]
    assert states.numbers["surgery_weeks_ago"][1] == np.inf


def test_a_list_that_is_unknown_is_unknown_in_all_its_values() -> None:
    states = states_from_findings([{"character": "unknown"}, {"character": ["tearing"]}], CONTENT)
    assert truths("tearing in character", states) == [1, 2]
    assert truths("burning in character", states) == [1, 0]


def test_rules_are_kept_where_asked_for() -> None:
    states = states_from_findings([{**QUIET, "weight_loss": True}], CONTENT, absent="no")
    assert decide_states(states, CONTENT).rules == {}
    kept = decide_states(states, CONTENT, keep_rules=True).rules
    assert kept["G01"].tolist() == [2]
    assert "U19" not in kept


def test_a_change_of_one_finding_asks_the_rules_that_read_it() -> None:
    states = random_states(CONTENT, 5_000, np.random.default_rng(1))
    flags = {**states.flags, "fever": np.full(states.rows, 2, dtype=np.int8)}
    moved = States(states.rows, flags, states.choices, states.numbers, states.lists)
    base = RuleTruths(states, CONTENT)
    assert (base.urgency == decide_states(states, CONTENT).urgency).all()
    assert (base.urgency_after(moved, "fever") == decide_states(moved, CONTENT).urgency).all()


def test_what_belongs_to_plans_is_refused() -> None:
    with pytest.raises(ValueError, match="belongs to plans"):
        columns.compile_condition(CONTENT.condition("answered(fever)"), CONTENT)
    with pytest.raises(ValueError, match="surgery_weeks_ago can be “never”"):
        columns.compile_condition(CONTENT.condition("surgery_weeks_ago >= limit.surgery_lock_weeks"), CONTENT)


def test_the_level_of_u19_is_what_an_open_emergency_means() -> None:
    """The level stands in the content; the columns read it from there."""
    rules = tuple(
        msgspec.structs.replace(rule, disposition="gp_soon") if rule.id == "U19" else rule
        for rule in CONTENT.release.rules
    )
    altered = Content(Compiled(msgspec.structs.replace(CONTENT.release, rules=rules), "", ""))
    states = states_from_findings([{**QUIET, "saddle_numbness": "unknown"}], CONTENT, absent="no")
    assert decide_states(states, CONTENT).urgency.tolist() == [3]
    assert decide_states(states, altered).urgency.tolist() == [2]
