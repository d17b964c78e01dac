"""Whether there may be a plan: every gate, and what a clinician's clearance opens."""

import pytest

from tests.unit.care.plan.people import CONTENT, exercise_ids, facts_of, plan_of, record_of
from upperback.care.plan.choices import CLINICIAN_ROLES, Choices
from upperback.care.plan.gate import plan_gate, waits_for_clinician

EMERGENCY = {"saddle_numbness": True}
SAME_DAY = {"fever": True}
CHILD = {"age": 15}

#: One person per GP rule, and whether movement inside comfort is left (facts 2.10).
GP_SOON = [
    ({"weight_loss": True}, "G01", False),
    ({"unwell": True}, "G02", False),
    ({"age": 62, "duration_weeks": 8, "constant": True}, "G03", False),
    ({"night_pain": "unrelieved"}, "G04", False),
    ({"pattern": "mixed", "after_meals": True}, "G06", False),
    ({"pattern": "non_mechanical"}, "G07", False),
    ({"cancer_history": "past"}, "G08", True),
    ({"cancer_history": "past", "pattern": "mixed"}, "G08", False),
    ({"trauma": "low_energy", "trauma_days_ago": 20, "age": 52}, "G09", True),
    ({"trauma": "low_energy", "trauma_days_ago": 20, "age": 52, "trend": "same"}, "G09", False),
    ({"trauma": "low_energy", "trauma_days_ago": 20, "age": 52, "midline_tenderness": True}, "G09", False),
    ({"arm_weakness": "mild"}, "G10", True),
    ({"numbness_arms": "both"}, "G10", False),
    ({"new_deformity": True}, "G11", False),
    ({"chest_pain": "chest_wall"}, "G13", False),
    ({"tb_risk": True, "trend": "same"}, "G14", False),
    ({"vertebral_fracture_status": "recent"}, "G15", False),
    ({"age": 55, "morning_stiffness_minutes": 50}, "G16", True),
    ({"age": 45, "cough_weeks": 4}, "G17", True),
    ({"anticoagulant": True, "nsaid_use": True}, "G18", True),
]


def test_a_calm_person_gets_a_full_plan() -> None:
    plan = plan_of()
    assert plan.allowed
    assert plan.gate.level == "full"
    assert plan.strength_allowed
    assert plan.review_day == 42
    assert plan.gate.locked_because is None


@pytest.mark.parametrize("findings", [EMERGENCY, SAME_DAY, {"self_harm": "active"}, {"self_harm": "passive"}])
@pytest.mark.parametrize("cleared_by", [None, "gp", "surgeon"])
def test_no_plan_at_an_emergency_or_the_same_day_whoever_clears(
    findings: dict[str, object], cleared_by: str | None
) -> None:
    plan = plan_of({"cleared_by": cleared_by} if cleared_by else {}, **findings)
    assert not plan.allowed
    assert not plan.strength_allowed
    assert plan.exercises == ()
    assert plan.load_changes == ()
    assert plan.phase is None
    assert plan.review_day is None
    assert plan.gate.locked_by
    assert {item.id for item in plan.safety_net} >= {"core"}


@pytest.mark.parametrize("role", CLINICIAN_ROLES)
def test_every_clinician_role_opens_what_waits_for_the_gp(role: str) -> None:
    assert not plan_of(weight_loss=True).allowed
    plan = plan_of({"cleared_by": role}, weight_loss=True)
    assert plan.allowed
    assert plan.gate.level == "gentle"
    assert plan.strength_allowed
    assert plan.cleared_by == role


@pytest.mark.parametrize("cleared_by", [None, "gp"])
def test_no_plan_under_16(cleared_by: str | None) -> None:
    plan = plan_of({"cleared_by": cleared_by} if cleared_by else {}, **CHILD)
    assert not plan.allowed
    assert plan.gate.locked_by == ("age",)


@pytest.mark.parametrize("cleared_by", [None, "gp"])
def test_no_plan_before_the_last_question(cleared_by: str | None) -> None:
    plan = plan_of({"cleared_by": cleared_by} if cleared_by else {}, absent="unknown")
    assert not plan.allowed
    assert plan.gate.locked_by == ("incomplete",)
    assert not plan.decision.complete


def test_an_emergency_in_an_unfinished_check_is_named_as_such() -> None:
    plan = plan_of(absent="unknown", **EMERGENCY)
    assert "E05" in plan.gate.locked_by


@pytest.mark.parametrize("findings, rule, movement", GP_SOON)
def test_what_a_gp_rule_leaves_of_the_plan(findings: dict[str, object], rule: str, movement: bool) -> None:
    plan = plan_of(**findings)
    assert plan.decision.disposition == "gp_soon"
    assert rule in {state.rule.id for state in plan.decision.fired}
    assert plan.allowed is movement
    assert not plan.strength_allowed
    if movement:
        assert plan.gate.level == "movement_only"
        assert exercise_ids(plan, "movement")
        assert not exercise_ids(plan, "strength")
    else:
        assert rule in plan.gate.locked_by


def test_inflammation_leaves_movement() -> None:
    plan = plan_of(age=30, onset_age=28, duration_weeks=40, buttock_pain=True, psoriasis=True, family_spa=True, pain=2)
    assert "G05" in {state.rule.id for state in plan.decision.fired}
    assert plan.gate.level == "movement_only"
    assert plan.pattern.id == "C14"


def test_every_fired_gp_rule_has_to_leave_movement() -> None:
    assert plan_of(cancer_history="past", age=45, cough_weeks=4).allowed
    plan = plan_of(cancer_history="past", age=45, cough_weeks=4, weight_loss=True)
    assert not plan.allowed
    assert not {"G08", "G17"} & set(plan.gate.locked_by)


@pytest.mark.parametrize("finding", ["fever", "unwell"])
def test_no_plan_while_a_rule_is_open(finding: str) -> None:
    plan = plan_of(**{finding: "unknown"})
    assert plan.decision.open
    assert not plan.allowed


def test_clearance_opens_an_open_gp_rule_but_no_open_same_day_rule() -> None:
    assert plan_of({"cleared_by": "gp"}, after_meals="unknown", pattern="mixed").allowed
    plan = plan_of({"cleared_by": "gp"}, rigors="unknown")
    assert plan.gate.locked_by == ("U05",)


def test_physiotherapy_as_the_route_gives_a_gentle_plan_and_clearance_a_full_one() -> None:
    gentle = plan_of(pregnancy="pregnant", gestation_weeks=10)
    assert gentle.decision.disposition == "physio_routine"
    assert gentle.gate.level == "gentle"
    assert plan_of({"cleared_by": "midwife"}, pregnancy="pregnant", gestation_weeks=10).gate.level == "full"


@pytest.mark.parametrize(
    "weeks, cleared, allowed", [(8, True, False), (11.9, True, False), (12, True, True), (30, False, False)]
)
def test_surgery_waits_twelve_weeks_and_for_the_team(weeks: float, cleared: bool, allowed: bool) -> None:
    plan = plan_of(surgery_weeks_ago=weeks, surgery_cleared=cleared)
    assert plan.allowed is allowed
    if not allowed:
        assert plan.gate.locked_by == ("post_surgery",)
        assert plan_of({"cleared_by": "surgeon"}, surgery_weeks_ago=weeks, surgery_cleared=cleared).allowed


def test_not_knowing_whether_the_team_is_happy_keeps_it_shut() -> None:
    assert not plan_of(surgery_weeks_ago=30, surgery_cleared="unknown").allowed
    assert not plan_of(known_conditions=["previous_spinal_surgery"]).allowed
    assert not plan_of(pacemaker=True).allowed
    assert plan_of({"cleared_by": "heart_team"}, pacemaker=True).allowed


def test_not_knowing_about_a_pacemaker_only_hides_exercises() -> None:
    plan = plan_of(pacemaker="unknown")
    assert plan.allowed
    assert "post_surgery" in {item.tag for item in plan.cautions}


def test_a_locked_plan_says_why_and_what_to_do_instead() -> None:
    record = record_of(**EMERGENCY)
    assert record["locked_because"]
    assert "999" in record["text"]
    assert "{" not in record["text"]
    assert "Strength" not in record["text"]
    unfinished = plan_of(absent="unknown")
    assert unfinished.content.dispositions["self_manage"].title not in unfinished.gate.locked_by


def test_a_pattern_that_waits_for_a_check_is_passed_over_once_cleared() -> None:
    shut = plan_of(new_deformity=True)
    assert shut.pattern.id == "C07"
    opened = plan_of({"cleared_by": "gp"}, new_deformity=True)
    assert opened.allowed
    assert not opened.pattern.locks_plan


def test_a_pattern_can_lock_by_itself() -> None:
    """Whatever the rules say, a pattern that waits for a check shuts the plan."""
    plan = plan_of()
    gate = plan_gate(plan.decision, facts_of(), CONTENT.patterns["C07"], Choices(), CONTENT)
    assert gate.locked_by == ("C07",)
    assert gate.locked_because == CONTENT.patterns["C07"].lock_text


@pytest.mark.parametrize(
    ("findings", "waits"),
    [
        ({}, set()),
        ({"weight_loss": True}, {"G01"}),
        ({"cancer_history": "past"}, set()),  # G08 leaves movement
        ({"weight_loss": "unknown"}, {"G01"}),
        ({"surgery_weeks_ago": 3}, {"post_surgery"}),
        ({"weight_loss": True, "surgery_weeks_ago": 3}, {"G01", "post_surgery"}),
        ({"vertebral_fracture_status": "recent"}, {"G15", "C07"}),
    ],
)
def test_everything_that_waits_for_a_clinician_is_named(findings: dict[str, object], waits: set[str]) -> None:
    """All of it, not only the first reason: a clinician's word speaks for what was there when it was given."""
    assert waits_for_clinician(facts_of(**findings), CONTENT) == waits
