"""The obvious evaluator, one kind of condition after the other, in all three truths."""

import pytest

from upperback.care.triage import read_findings, truth
from upperback.care.triage.rows import compiled, counted_items
from upperback.content import conditions as c
from upperback.content.vocabulary import default_content
from upperback.core.ternary import Ternary

CONTENT = default_content()
NO, UNKNOWN, YES = Ternary.NO, Ternary.UNKNOWN, Ternary.YES


def truth_of(text: str, **findings: object) -> Ternary:
    facts = read_findings({"age": 41, **findings}, content=CONTENT)
    return truth(text, facts, CONTENT)


@pytest.mark.parametrize(
    "text, findings, expected",
    [
        ("always", {}, YES),
        ("not always", {}, NO),
        ("fever", {"fever": True}, YES),
        ("fever", {"fever": False}, NO),
        ("fever", {"fever": "unknown"}, UNKNOWN),
        ("fever", {}, UNKNOWN),
        ("not fever", {}, UNKNOWN),
        ("not fever", {"fever": False}, YES),
        ("fever and rigors", {"fever": False}, NO),
        ("fever and rigors", {"fever": True}, UNKNOWN),
        ("fever and rigors", {"fever": True, "rigors": True}, YES),
        ("fever and rigors", {"rigors": False}, NO),
        ("fever or rigors", {"fever": True}, YES),
        ("fever or rigors", {"rigors": True}, YES),
        ("fever or rigors", {"fever": False}, UNKNOWN),
        ("fever or rigors", {"fever": False, "rigors": False}, NO),
        ("rash == other", {"rash": "other"}, YES),
        ("rash == other", {"rash": "none"}, NO),
        ("rash != other", {}, UNKNOWN),
        ("rash in {other, none}", {"rash": "none"}, YES),
        ("trend == same", {}, YES),  # read as the same where it is not known
        ("tearing in character", {"character": ["aching", "tearing"]}, YES),
        ("tearing in character", {"character": []}, NO),
        ("tearing in character", {"character": "unknown"}, UNKNOWN),
        ("tearing not in character", {"character": []}, YES),
        ("not_empty(sepsis_signs)", {"sepsis_signs": []}, NO),
        ("not_empty(sepsis_signs)", {"sepsis_signs": ["no_urine"]}, YES),
        ("not_empty(sepsis_signs)", {}, UNKNOWN),
        ("answered(fever)", {"fever": False}, YES),
        ("answered(fever)", {"fever": "unknown"}, NO),
        ("answered(fever)", {}, NO),
        ("yes_if_unknown(fever)", {}, YES),
        ("yes_if_unknown(fever)", {"fever": False}, NO),
        ("no_if_unknown(fever)", {}, NO),
        ("no_if_unknown(fever)", {"fever": True}, YES),
    ],
)
def test_each_kind_of_condition(text: str, findings: dict[str, object], expected: Ternary) -> None:
    assert truth_of(text, **findings) is expected


@pytest.mark.parametrize(
    "sign, truths",
    [(">=", (NO, YES, YES)), (">", (NO, NO, YES)), ("<=", (YES, YES, NO)), ("<", (YES, NO, NO))],
)
def test_comparisons_just_below_on_and_just_above_the_limit(sign: str, truths: tuple[Ternary, ...]) -> None:
    limit = float(CONTENT.limit("severe_pain"))
    text = f"pain {sign} limit.severe_pain"
    assert tuple(truth_of(text, pain=limit + beside) for beside in (-0.1, 0, 0.1)) == truths
    assert truth_of(text, pain="unknown") is UNKNOWN


def test_a_number_that_does_not_apply_is_in_no_comparison() -> None:
    """Somebody never operated on is neither before nor after any week."""
    for sign in (">=", ">", "<=", "<"):
        assert truth_of(f"surgery_weeks_ago {sign} limit.surgery_lock_weeks", surgery_weeks_ago="never") is NO


@pytest.mark.parametrize(
    "findings, expected",
    [
        ({"onset_age": 44, "age": 80, "duration_weeks": 1}, YES),  # given: age and duration do not count
        ({"onset_age": 45, "age": 20, "duration_weeks": 1}, NO),
        ({"age": 46, "duration_weeks": 53}, YES),
        ({"age": 46, "duration_weeks": 51}, NO),
        ({"age": 46}, UNKNOWN),
    ],
)
def test_the_age_at_the_start_is_worked_out_where_it_is_not_given(
    findings: dict[str, object], expected: Ternary
) -> None:
    assert truth_of("age_at_onset < limit.age_spondyloarthritis_onset", **findings) is expected


@pytest.mark.parametrize(
    "items, expected",
    [
        ({"hand_clumsiness": True, "gait": "unsteady"}, YES),
        ({"hand_clumsiness": True}, UNKNOWN),
        (
            {
                "hand_clumsiness": True,
                "gait": "limp",
                "numbness_arms": "one_side",
                "electric_shocks": False,
                "leg_weakness": "none",
                "numbness_below_level": False,
            },
            NO,
        ),
    ],
)
def test_counting(items: dict[str, object], expected: Ternary) -> None:
    assert truth_of("at_least(limit.two_cord_items, cord_items)", **items) is expected


def test_a_counted_term_stands_for_its_items_beside_others() -> None:
    items = counted_items((c.Flag("cardiac_items"), c.Flag("fever")), CONTENT)
    assert len(items) == len(CONTENT.terms["cardiac_items"].count) + 1
    assert items[-1] == c.Flag("fever")


def test_a_term_is_worked_out_once_for_a_person() -> None:
    facts = read_findings({"age": 41, "tb_risk": True}, content=CONTENT)
    test = compiled("infection_risk", CONTENT)
    assert test(facts) == 2
    assert facts.terms == {"infection_risk": 2}
    facts.terms["infection_risk"] = 0
    assert test(facts) == 0  # the kept truth, not a new look
