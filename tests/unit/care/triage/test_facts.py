"""Findings, read strictly: what is refused and what absence means."""

import math
from typing import Any

import pytest

from upperback.care.triage import read_findings, truth
from upperback.content.vocabulary import default_content
from upperback.core.errors import InputError
from upperback.core.ternary import Ternary

CONTENT = default_content()


@pytest.mark.parametrize(
    "key, value",
    [
        ("age", 400),
        ("age", -1),
        ("age", 44.5),
        ("age", "44"),
        ("age", True),
        ("age", None),
        ("pain", 11),
        ("pain", math.nan),
        ("pain", math.inf),
        ("pain", [5]),
        ("duration_weeks", -1),
        ("duration_weeks", 10**400),
        ("fever", 1),
        ("fever", "yes"),
        ("fever", None),
        ("trend", "better"),
        ("trend", ["same"]),
        ("trend", ["same", "unknown"]),
        ("character", "tearing"),
        ("character", ["tearing", "sore"]),
        ("character", [None]),
        ("character", {"tearing": True}),
        ("self_harm", "declined"),
    ],
)
def test_impossible_values_are_refused_naming_key_and_value(key: str, value: Any) -> None:
    with pytest.raises(InputError) as refused:
        read_findings({"age": 44, key: value}, content=CONTENT)
    assert refused.value.message.startswith(f"{key}: ")
    assert "expected" in refused.value.message
    assert len(refused.value.message) < 300


def test_unknown_keys_are_refused() -> None:
    with pytest.raises(InputError, match="there is no finding called “feverish”"):
        read_findings({"age": 44, "feverish": True}, content=CONTENT)


def test_choices_are_no_findings() -> None:
    with pytest.raises(InputError, match="there is no finding called “tasks”"):
        read_findings({"age": 44, "tasks": ["lm_sit"]}, content=CONTENT)


def test_a_hostile_key_cannot_break_the_line() -> None:
    with pytest.raises(InputError) as refused:
        read_findings({"age": 44, "x\n\x1b[31m" + "y" * 500: True}, content=CONTENT)
    assert refused.value.message.isprintable()
    assert len(refused.value.message) < 200


def test_age_is_needed() -> None:
    with pytest.raises(InputError, match="age is missing"):
        read_findings({"fever": True}, content=CONTENT)
    assert read_findings({"fever": True}, content=CONTENT, age_required=False).values["age"] is None


@pytest.mark.parametrize("key", sorted(CONTENT.answerable))
def test_not_sure_is_allowed_for_every_key(key: str) -> None:
    facts = read_findings({"age": 44, key: "unknown"}, content=CONTENT)
    assert key in facts.present
    assert key not in facts.given


def test_absent_is_unknown_unless_said_otherwise() -> None:
    assert read_findings({"age": 44}, content=CONTENT).values["fever"] is Ternary.UNKNOWN
    assert read_findings({"age": 44}, content=CONTENT, absent="no").values["fever"] is Ternary.NO


def test_not_sure_stays_unknown_where_absence_means_no() -> None:
    facts = read_findings({"age": 44, "fever": "unknown"}, content=CONTENT, absent="no")
    assert facts.values["fever"] is Ternary.UNKNOWN


@pytest.mark.parametrize("key", ["pain", "duration_weeks"])
def test_pain_and_duration_have_no_value_that_means_no(key: str) -> None:
    assert read_findings({"age": 44}, content=CONTENT, absent="no").values[key] is None


@pytest.mark.parametrize(
    "key, value",
    [
        ("chest_pain_when", "now"),
        ("trauma_days_ago", 0),
        ("sex", "other"),
        ("pattern", "mixed"),
        ("trend", "same"),
        ("trigger_known", Ternary.YES),
    ],
)
@pytest.mark.parametrize("given", [{}, "unknown"])
def test_what_a_missing_answer_is_read_as(key: str, value: object, given: Any) -> None:
    findings = {"age": 44} if given == {} else {"age": 44, key: "unknown"}
    assert read_findings(findings, content=CONTENT).values[key] == value


@pytest.mark.parametrize(
    "key, value",
    [
        ("onset", "gradual"),
        ("adherence", "poor"),
        ("psfs", 10),
        ("morning_stiffness_minutes", 0),
        ("cough_weeks", 0),
        ("flares_past_year", 0),
        ("tried_self_management_weeks", 0),
        ("gait", "normal"),
        ("character", frozenset()),
        ("known_conditions", frozenset()),
    ],
)
def test_what_absence_means_in_stored_cases(key: str, value: object) -> None:
    assert read_findings({"age": 44}, content=CONTENT, absent="no").values[key] == value


def test_order_and_repeats_in_lists_mean_nothing() -> None:
    one = read_findings({"age": 44, "character": ["aching", "sharp", "aching"]}, content=CONTENT)
    other = read_findings({"age": 44, "character": ["sharp", "aching"]}, content=CONTENT)
    assert one.values == other.values


def test_a_list_may_be_known_in_part() -> None:
    """Named values are sure; beside "unknown" the others are not known, and never no."""
    facts = read_findings({"age": 44, "worse_with": ["deep_breath", "unknown"]}, content=CONTENT)
    assert truth("deep_breath in worse_with", facts, CONTENT) is Ternary.YES
    assert truth("exertion in worse_with", facts, CONTENT) is Ternary.UNKNOWN
    assert truth("not_empty(worse_with)", facts, CONTENT) is Ternary.YES
    assert not_sure("worse_with", ["unknown"]) is Ternary.UNKNOWN


def test_a_choice_may_be_known_in_part() -> None:
    """A little weak or worse: whatever holds for both holds, whatever tells them apart is not known."""
    facts = read_findings({"age": 44, "arm_weakness": ["mild", "unknown"]}, content=CONTENT)
    assert truth("arm_weakness in {mild, marked}", facts, CONTENT) is Ternary.YES
    assert truth("arm_weakness == marked", facts, CONTENT) is Ternary.UNKNOWN
    assert truth("arm_weakness == none", facts, CONTENT) is Ternary.NO
    assert "arm_weakness" in facts.given


@pytest.mark.parametrize(
    "value",
    [["mild"], ["mild", "marked"], ["unknown", "unknown"], ["mild", "unknown", "marked"], ["weak", "unknown"], [1]],
)
def test_a_choice_known_in_part_is_one_value_and_unknown(value: object) -> None:
    with pytest.raises(InputError, match="arm_weakness"):
        read_findings({"age": 44, "arm_weakness": value}, content=CONTENT)


def not_sure(key: str, value: list[str]) -> Ternary:
    facts = read_findings({"age": 44, key: value}, content=CONTENT)
    return truth(f"not_empty({key})", facts, CONTENT)
