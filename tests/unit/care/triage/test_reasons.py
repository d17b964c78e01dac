"""Why a rule fired, and what would close one that is open: only what the person said, and all that counted."""

import pytest

from upperback.care.triage import Reason, decide, phrase_of, read_findings
from upperback.care.triage.decision import Decision
from upperback.care.triage.reasons import closing_keys, reasons_for
from upperback.care.triage.record import decision_record, told, why
from upperback.content.vocabulary import default_content

CONTENT = default_content()
QUIET = {"age": 41, "pain": 4, "duration_weeks": 3, "pattern": "mechanical", "trend": "improving"}


def reasons(text: str, **findings: object) -> list[tuple[str, object]]:
    facts = read_findings({**QUIET, **findings}, content=CONTENT, absent="no")
    return [(reason.key, reason.value) for reason in reasons_for(CONTENT.condition(text), facts, CONTENT)]


def closers(text: str, **findings: object) -> tuple[str, ...]:
    facts = read_findings({**QUIET, **findings}, content=CONTENT, absent="no")
    return closing_keys(CONTENT.condition(text), facts, CONTENT)


def decided(**findings: object) -> Decision:
    return decide(read_findings({**QUIET, **findings}, content=CONTENT, absent="no"), CONTENT)


# ---- reasons -----------------------------------------------------------------------------------------------------


@pytest.mark.parametrize(
    "text, findings, expected",
    [
        ("always", {}, []),
        ("fever", {"fever": True}, [("fever", True)]),
        ("not fever", {"fever": False}, [("fever", False)]),
        ("fever", {}, []),  # not asked: nothing was said
        ("fever and rigors", {"fever": True, "rigors": True}, [("fever", True), ("rigors", True)]),
        ("fever or rigors", {"fever": True, "rigors": False}, [("fever", True)]),
        ("rash == other", {"rash": "other"}, [("rash", "other")]),
        ("rash != none", {"rash": "other"}, [("rash", "other")]),
        ("pain >= limit.severe_pain", {"pain": 8}, [("pain", 8.0)]),
        ("tearing in character", {"character": ["tearing", "burning"]}, [("character", "tearing")]),
        ("tearing in character", {}, []),
        ("not_empty(sepsis_signs)", {"sepsis_signs": ["no_urine", "mottled_skin"]},
         [("sepsis_signs", "mottled_skin"), ("sepsis_signs", "no_urine")]),
        ("infection_risk", {"tb_risk": True, "iv_drug_use": False}, [("tb_risk", True)]),
        ("at_least(limit.one_cord_item, cord_items)", {"gait": "unsteady", "hand_clumsiness": False},
         [("gait", "unsteady")]),
        ("yes_if_unknown(fever)", {"fever": "unknown"}, [("fever", None)]),
        ("trend == same", {"trend": "unknown"}, [("trend", None)]),  # read as the same, and said as not known
        ("fever or (fever and rigors)", {"fever": True, "rigors": True}, [("fever", True), ("rigors", True)]),
    ],
)  # fmt: skip
def test_the_answers_that_made_the_difference(
    text: str, findings: dict[str, object], expected: list[tuple[str, object]]
) -> None:
    assert reasons(text, **findings) == expected


def test_a_list_without_the_value_is_not_told_as_not_sure() -> None:
    text = "yes_if_unknown(axial_spa not in known_conditions)"
    assert reasons(text, known_conditions=[]) == [("known_conditions", "none")]
    assert reasons(text, known_conditions=["scoliosis"]) == []
    assert reasons(text, known_conditions="unknown") == [("known_conditions", None)]
    assert reasons(text) == []
    assert reasons("tearing not in character", character=[]) in ([], [("character", "none")])


def test_every_list_that_a_rule_asks_about_has_words_for_what_it_may_tell() -> None:
    finding = CONTENT.findings["known_conditions"]
    assert phrase_of(Reason("known_conditions", "none"), finding) == finding.said["none"]


def test_several_answers_in_one_comparison_come_in_the_order_of_the_dictionary() -> None:
    told_keys = [key for key, _ in reasons("age_at_onset < limit.age_inflammatory_onset", age=30, duration_weeks=20)]
    assert told_keys == sorted(told_keys, key=list(CONTENT.findings).index)
    assert set(told_keys) == {"age", "duration_weeks"}


# ---- closers -----------------------------------------------------------------------------------------------------


@pytest.mark.parametrize(
    "text, findings, expected",
    [
        ("fever", {"fever": "unknown"}, ("fever",)),
        ("fever", {"fever": True}, ()),
        ("not fever", {"fever": "unknown"}, ("fever",)),
        ("fever or rigors", {"fever": "unknown", "rigors": False}, ("fever",)),
        ("fever and rigors", {"fever": "unknown", "rigors": "unknown"}, ("fever", "rigors")),
        ("fever or (fever and rigors)", {"fever": "unknown", "rigors": True}, ("fever",)),
        ("infection_risk", {"tb_risk": "unknown"}, ("tb_risk",)),
        ("at_least(limit.one_cord_item, cord_items)", {"gait": "unknown"}, ("gait",)),
        ("tearing in character", {"character": "unknown"}, ("character",)),
        ("not_empty(sepsis_signs)", {"sepsis_signs": "unknown"}, ("sepsis_signs",)),
        ("age_at_onset < limit.age_inflammatory_onset", {"duration_weeks": "unknown"}, ("duration_weeks", "onset_age")),
        ("yes_if_unknown(fever)", {"fever": "unknown"}, ()),
    ],
)
def test_the_answers_an_open_condition_hangs_on(
    text: str, findings: dict[str, object], expected: tuple[str, ...]
) -> None:
    assert sorted(closers(text, **findings)) == sorted(expected)


def test_the_answers_that_close_a_rule_close_it() -> None:
    """Whatever is said to close every open rule does: with all of it answered, the rule is open no more."""
    findings = {**QUIET, **dict.fromkeys(("fever", "tb_risk", "gait", "psfs", "known_conditions", "onset"), "unknown")}
    facts = read_findings(findings, content=CONTENT, absent="no")
    for state in decide(facts, CONTENT).open:
        assert state.closers
        answered = {key: value for key, value in findings.items() if key not in state.closers}
        again = decide(read_findings(answered, content=CONTENT, absent="no"), CONTENT)
        assert state.rule.id not in {other.rule.id for other in again.open}


# ---- words -------------------------------------------------------------------------------------------------------


@pytest.mark.parametrize(
    "reason, word",
    [
        (Reason("fever", True), "yes"),
        (Reason("fever", False), "no"),
        (Reason("fever", None), "unknown"),
        (Reason("rash", "other"), "other"),
        (Reason("sepsis_signs", "no_urine"), "no_urine"),
    ],
)
def test_phrases(reason: Reason, word: str) -> None:
    finding = CONTENT.findings[reason.key]
    assert phrase_of(reason, finding) == finding.said[word]


def test_a_number_stands_in_its_phrase() -> None:
    phrase = phrase_of(Reason("pain", 7.0), CONTENT.findings["pain"])
    assert phrase == CONTENT.findings["pain"].said["value"].replace("{value}", "7")


def test_an_open_rule_has_no_reasons_and_says_what_it_hangs_on() -> None:
    (state,) = decided(psfs="unknown").open
    assert state.reasons == ()
    assert told(state, CONTENT) == ()
    assert why(state, CONTENT).startswith(state.rule.because)
    assert CONTENT.findings["psfs"].title.lower() in why(state, CONTENT)


def test_u19_says_what_the_open_emergency_rules_hang_on() -> None:
    (u19,) = (
        state
        for state in decided(saddle_numbness="unknown", pulsating_abdomen="unknown").fired
        if state.rule.id == "U19"
    )
    assert set(u19.closers) >= {"saddle_numbness", "pulsating_abdomen"}
    assert len(set(u19.closers)) == len(u19.closers)
    assert "Not known yet" in why(u19, CONTENT)


def test_a_rule_that_fired_on_what_was_not_said_gives_its_reason_alone() -> None:
    """Nobody was asked about the time, so nothing is claimed to have been told."""
    facts = read_findings({"age": 12}, content=CONTENT, absent="no", age_required=False)
    (state,) = (state for state in decide(facts, CONTENT).fired if state.rule.id == "G12")
    assert [reason.key for reason in state.reasons] == ["age"]
    silent = decide(read_findings({}, content=CONTENT, age_required=False), CONTENT)
    (u19,) = (state for state in silent.fired if state.rule.id == "U19")
    assert told(u19, CONTENT) == ()


def test_one_answer_and_several_are_listed() -> None:
    facts = read_findings({**QUIET, "unwell": True, "night_sweats": True}, content=CONTENT, absent="no")
    record = decision_record(decide(facts, CONTENT), facts, CONTENT)
    (rule,) = (rule for rule in record["rules"] if rule["id"] == "G02")
    first, second = (CONTENT.findings[key].said["yes"] for key in ("unwell", "night_sweats"))
    assert rule["why"].startswith(f"Because you told us that {first} and {second}. ")
    assert rule["closed_by"] == []
