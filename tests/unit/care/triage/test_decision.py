"""Decisions: what a result is made of."""

import pytest

from upperback.care.triage import decide, phrase_of, read_findings
from upperback.care.triage.decision import Decision
from upperback.care.triage.record import contacts, decision_record, words_to_say
from upperback.content.vocabulary import default_content

CONTENT = default_content()

#: A person whose every answer is quiet: the common, harmless kind.
QUIET = {"age": 41, "pain": 4, "duration_weeks": 3, "pattern": "mechanical", "trend": "improving"}


def decided(absent: str = "no", **findings: object) -> Decision:
    facts = read_findings({**QUIET, **findings}, content=CONTENT, absent=absent)  # type: ignore[arg-type]
    return decide(facts, CONTENT)


def ids(decision: Decision) -> set[str]:
    return {state.rule.id for state in decision.fired}


def test_the_quiet_person_manages_at_home() -> None:
    decision = decided()
    assert decision.disposition == "self_manage"
    assert decision.complete
    assert decision.rules == ()
    assert decision.within_days is None


def test_all_fired_rules_are_kept_and_the_most_urgent_decides() -> None:
    decision = decided(fever=True, weight_loss=True, saddle_numbness=True)
    assert decision.disposition == "emergency_now"
    assert {"E05", "U05", "G01"} <= ids(decision)
    assert [state.rule.id for state in decision.deciding] == ["E05"]


def test_an_open_emergency_rule_fires_u19() -> None:
    decision = decided(saddle_numbness="unknown")
    assert decision.disposition == "urgent_same_day"
    assert "U19" in ids(decision)
    (u19,) = (state for state in decision.fired if state.rule.id == "U19")
    assert u19.closers == ("saddle_numbness",)
    assert [state.rule.id for state in decision.open if state.rule.id == "E05"] == ["E05"]


def test_an_open_urgent_rule_means_gp_within_a_week() -> None:
    decision = decided(rigors="unknown")
    assert decision.disposition == "gp_soon"
    assert decision.within_days == 7


def test_an_open_gp_rule_means_physiotherapy() -> None:
    decision = decided(cough_weeks="unknown")
    assert decision.disposition == "physio_routine"
    assert decision.within_days is None


def test_an_open_physio_rule_means_nothing() -> None:
    decision = decided(psfs="unknown")
    assert decision.disposition == "self_manage"
    assert [state.rule.id for state in decision.open] == ["P03"]


@pytest.mark.parametrize("age, days", [(59, 14), (60, 7)])
def test_weight_loss_is_sooner_from_sixty(age: int, days: int) -> None:
    assert decided(age=age, weight_loss=True).within_days == days


def test_the_smallest_time_counts() -> None:
    assert decided(weight_loss=True, unwell=True).within_days == 7


def test_nothing_is_complete_while_questions_are_not_asked() -> None:
    decision = decided(absent="unknown")
    assert not decision.complete
    assert "fever" in decision.unanswered
    assert decision.disposition == "urgent_same_day"


def test_what_does_not_apply_is_not_missing() -> None:
    assert "gestation_weeks" not in decided(absent="unknown", pregnancy="none").unanswered
    assert "gestation_weeks" in decided(absent="unknown", pregnancy="pregnant").unanswered
    assert "gestation_weeks" in decided(absent="unknown", sex="other").unanswered
    assert {"pregnancy", "gestation_weeks"}.isdisjoint(decided(absent="unknown", sex="male").unanswered)


def test_not_sure_counts_as_asked() -> None:
    every = dict.fromkeys(CONTENT.triage_keys, "unknown")
    facts = read_findings({**every, "age": 44}, content=CONTENT)
    assert decide(facts, CONTENT).complete


def test_reasons_are_the_answers_that_fired_the_rule() -> None:
    (state,) = (rule for rule in decided(fever=True, cough_weeks=1).fired if rule.rule.id == "U05")
    assert [reason.key for reason in state.reasons] == ["fever"]
    phrase = phrase_of(state.reasons[0], CONTENT.findings["fever"])
    assert phrase == CONTENT.findings["fever"].said["yes"]


def test_why_repeats_the_answers_in_plain_words() -> None:
    facts = read_findings({**QUIET, "fever": True}, content=CONTENT, absent="no")
    record = decision_record(decide(facts, CONTENT), facts, CONTENT)
    (rule,) = (rule for rule in record["rules"] if rule["id"] == "U05")
    assert rule["why"].startswith(f"Because you told us that {CONTENT.findings['fever'].said['yes']}")
    assert rule["state"] == "fired"
    assert rule["source"]


def test_the_record_has_the_keys_of_the_contract() -> None:
    facts = read_findings({**QUIET, "fever": True}, content=CONTENT, absent="no")
    record = decision_record(decide(facts, CONTENT), facts, CONTENT)
    assert list(record) == [
        "disposition",
        "complete",
        "rules",
        "within_days",
        "contact",
        "messages",
        "safety_net",
        "unanswered",
        "release",
        "release_sha256",
    ]
    assert record["release_sha256"] == CONTENT.sha256
    assert "core" in record["safety_net"]


def test_contacts_come_from_the_deciding_rules() -> None:
    assert contacts(decided(rash="one_sided_blistering"), CONTENT)[0] == CONTENT.rules["U07"].contact[0]
    assert contacts(decided(), CONTENT) == CONTENT.dispositions["self_manage"].contact


def test_not_sure_about_self_harm_puts_the_crisis_line_first() -> None:
    decision = decided(self_harm="unknown")
    assert contacts(decision, CONTENT)[0] == "crisis_line"
    assert set(CONTENT.rules["U19"].contact) | {"listening_line", "crisis_text"} <= set(contacts(decision, CONTENT))
    (state,) = decision.deciding
    assert words_to_say(state) == (CONTENT.rules["E11"].say_unknown,)


def test_another_open_emergency_keeps_its_line_and_its_words() -> None:
    rule = CONTENT.rules["U19"]
    assert contacts(decided(chest_pain="unknown"), CONTENT) == rule.contact
    both = decided(chest_pain="unknown", self_harm="unknown")
    assert contacts(both, CONTENT)[:2] == ("crisis_line", "urgent_line")
    assert words_to_say(both.deciding[0]) == (CONTENT.rules["E11"].say_unknown, rule.say)


@pytest.mark.parametrize("disposition", ["self_manage", "physio_routine", "gp_soon", "urgent_same_day"])
def test_every_safety_net_has_the_core_card(disposition: str) -> None:
    findings = {
        "physio_routine": {"osteoporosis": True},
        "gp_soon": {"weight_loss": True},
        "urgent_same_day": {"fever": True},
    }
    facts = read_findings({**QUIET, **findings.get(disposition, {})}, content=CONTENT, absent="no")
    decision = decide(facts, CONTENT)
    assert decision.disposition == disposition
    record = decision_record(decision, facts, CONTENT)
    assert {"core"} <= set(record["safety_net"])
    assert {"national_line"} <= set(record["messages"])


@pytest.mark.parametrize("fever", [True, False])
def test_nothing_to_try_is_attached_where_help_comes_first(fever: bool) -> None:
    facts = read_findings({**QUIET, "osteoporosis": True, "phq4": 7, "fever": fever}, content=CONTENT, absent="no")
    record = decision_record(decide(facts, CONTENT), facts, CONTENT)
    assert ({"bone_health", "relaxation"} <= set(record["messages"])) is not fever
    assert "mood_support_pointer" in record["messages"]
    assert "bone_safety_net" in record["safety_net"]
