"""The single steps of the law: which there are, which rows they move, what is outside the law."""

import dataclasses

import msgspec
import numpy as np
import pytest

from upperback.care.triage.columns import States, states_from_findings
from upperback.care.triage.law import Step, _next_near, _steps, steps_of_the_law, violations
from upperback.content.models import Finding, Law
from upperback.content.vocabulary import default_content

CONTENT = default_content()
STEPS = steps_of_the_law(CONTENT, np.random.default_rng(1))
QUIET = {"age": 41, "pain": 4, "duration_weeks": 3, "pattern": "mechanical", "trend": "improving"}


def steps(finding: str) -> dict[str, Step]:
    """The steps of a finding by their words, the finding's name left out."""
    return {step.words.removeprefix(f"{finding}: "): step for step in STEPS if step.finding == finding}


def states(*findings: dict[str, object]) -> States:
    return states_from_findings([QUIET | one for one in findings], CONTENT, absent="no")


def test_a_flag_has_three_steps() -> None:
    found = steps("fever")
    assert {words: step.clause for words, step in found.items()} == {
        "no to unknown": "b",
        "unknown to yes": "c",
        "no to yes": "a",
    }
    before = states({"fever": False}, {"fever": "unknown"}, {"fever": True})
    after, rows = found["no to yes"].move(before)
    assert rows.tolist() == [True, False, False]
    assert after.flags["fever"].tolist() == [2, 1, 2]
    assert before.flags["fever"].tolist() == [0, 1, 2]


def test_a_ladder_goes_up_step_by_step() -> None:
    assert {words: step.clause for words, step in steps("breathless").items()} == {
        "none to new": "a",
        "new to severe": "a",
        "none to unknown": "b",
        "unknown to severe": "c",
    }
    assert {step.clause for step in steps("trend").values()} == {"d"}


def test_context_has_no_law() -> None:
    for key in ("duration_weeks", "sex", "neuro_onset_weeks", "adherence"):
        assert steps(key) == {}


def test_lists_grow_and_may_become_unknown() -> None:
    found = steps("known_conditions")
    assert "add axial_spa" not in found  # may lower, so it is outside the law
    before = states({"known_conditions": []}, {"known_conditions": ["scoliosis"]}, {"known_conditions": "unknown"})
    after, rows = found["add scoliosis"].move(before)
    assert rows.tolist() == [True, False, False]
    assert after.lists["known_conditions", "scoliosis"].tolist() == [2, 2, 1]
    after, rows = found["empty to unknown"].move(before)
    assert rows.tolist() == [True, False, False]
    assert after.lists["known_conditions", "axial_spa"].tolist() == [1, 0, 1]


def test_numbers_go_to_the_next_limit_and_anywhere_worse() -> None:
    before = states({"psfs": 8}, {"psfs": 0}, {"psfs": "unknown"})
    after, rows = steps("psfs")["down to the next value near a limit"].move(before)
    assert rows.tolist() == [True, False, False]
    assert 3 < after.numbers["psfs"][0] < 8
    after, rows = steps("psfs")["down by any amount"].move(before)
    assert rows.tolist() == [True, False, False]
    assert 0 <= after.numbers["psfs"][0] < 8


def test_age_counts_from_eighteen_and_with_a_given_onset_age() -> None:
    before = states({"age": 41}, {"age": 41, "onset_age": 30}, {"age": 17, "onset_age": 12})
    for step in steps("age").values():
        after, rows = step.move(before)
        assert rows.tolist() == [False, True, False]
        assert after.numbers["age"][1] == int(after.numbers["age"][1]) > 41


def test_pregnancy_weeks_count_up_to_the_limit() -> None:
    before = states({"gestation_weeks": 10}, {"gestation_weeks": 30})
    for step in steps("gestation_weeks").values():
        assert step.move(before)[1].tolist() == [True, False]


def test_a_first_injury_may_explain_an_instant_start() -> None:
    at_once = {"trauma": "none", "max_at_onset": True}
    before = states(
        at_once,
        at_once | {"max_at_onset": "unknown"},
        at_once | {"pattern": "non_mechanical"},
        {"trauma": "none"},
        {"trauma": "unknown", "max_at_onset": True},
    )
    assert steps("trauma")["none to strain"].move(before)[1].tolist() == [False, False, True, True, False]
    assert steps("trauma")["none to unknown"].move(before)[1].tolist() == [True, True, True, True, False]
    if "unknown to high_energy" in steps("trauma"):
        assert steps("trauma")["unknown to high_energy"].move(before)[1].tolist() == [False] * 5


def test_a_number_that_no_rule_compares_has_no_next_limit() -> None:
    nowhere = _next_near(np.array([1.0, 2.0]), np.array([]), "up")
    assert np.isnan(nowhere).all()


@pytest.mark.parametrize(
    "direction, expected", [("up", [2.0, 3.0, np.nan]), ("down", [np.nan, 1.0, 2.0])], ids=["up", "down"]
)
def test_the_next_value_near_a_limit(direction: str, expected: list[float]) -> None:
    near = np.array([1.0, 2.0, 3.0])
    assert np.array_equal(_next_near(near, near, direction), expected, equal_nan=True)


def test_an_alarming_number_without_a_direction_has_no_steps() -> None:
    finding = msgspec.structs.replace(CONTENT.findings["pain"], law=Law(group="alarming"))
    assert steps_for(finding) == []


def test_a_ladder_whose_last_step_has_several_values_has_no_step_to_it_from_unknown() -> None:
    law = Law(group="alarming", steps=(("none",), ("other", "one_sided_blistering")))
    finding = msgspec.structs.replace(CONTENT.findings["rash"], law=law)
    assert [step.clause for step in steps_for(finding)] == ["a", "a", "b"]


def test_a_ladder_without_a_quiet_first_value_has_no_step_to_unknown() -> None:
    finding = msgspec.structs.replace(CONTENT.findings["rash"], absent=None)
    assert [step.clause for step in steps_for(finding)] == ["a", "a", "c"]


def steps_for(finding: Finding) -> list[Step]:
    return list(_steps(finding, CONTENT, np.random.default_rng(0)))


def test_a_violation_names_the_row_and_both_levels() -> None:
    """Control: a step that makes things better is no step of the law, and is told as lowering."""
    before = states({"weight_loss": True}, {})
    step = steps("weight_loss")["no to yes"]
    better = dataclasses.replace(step, move=lambda given: (states({}, {}), np.array([True, False])))
    taken, found = violations(before, CONTENT, [step, better])
    assert taken == 2
    assert [(violation.row, violation.before, violation.after) for violation in found] == [(0, 2, 0)]
