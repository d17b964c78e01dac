"""Which pattern the answers fit."""

import pytest

from tests.unit.care.plan.people import CONTENT, plan_of

FITTING: list[tuple[str, dict[str, object], list[str]]] = [
    ("C01", {}, []),
    ("C01", {"pattern": "mixed"}, []),
    ("C02", {"worse_with": ["sitting"]}, []),
    ("C02", {}, ["LM-PHONE"]),
    ("C03", {"trauma": "strain", "trauma_days_ago": 2, "duration_weeks": 0.3}, []),
    ("C03", {"onset": "after_activity"}, []),
    ("C01", {"onset": "after_activity", "duration_weeks": 7}, []),
    ("C04", {"worse_with": ["deep_breath", "twisting"]}, []),
    ("C04", {"worse_with": ["deep_breath"], "character": ["stabbing"]}, []),
    ("C05", {"age": 50, "worse_with": ["bending"]}, []),
    ("C05", {"known_conditions": ["spondylosis"]}, []),
    ("C01", {"age": 49, "worse_with": ["bending"]}, []),
    ("C06a", {"numbness_arms": "one_side", "worse_with": ["sitting"]}, []),
    ("C06a", {"arm_weakness": "mild"}, []),
    ("C06b", {"character": ["burning"], "site": ["one_side"]}, []),
    ("C07", {"new_deformity": True}, []),
    ("C07", {"osteoporosis": True, "onset": "sudden"}, []),
    ("C07", {"age": 66, "trauma": "low_energy", "trauma_days_ago": 10}, []),
    ("C08", {"vertebral_fracture_status": "healed", "duration_weeks": 30}, []),
    ("C09", {"osteoporosis": True, "duration_weeks": 20}, []),
    ("C10", {"known_conditions": ["hyperkyphosis"]}, []),
    ("C11", {"known_conditions": ["scoliosis"]}, []),
    ("C12", {"phq4": 6}, []),
    ("C12", {"stress": 8}, []),
    ("C12", {"site": ["neck"]}, ["LM-STRESS"]),
    ("C13", {"duration_weeks": 30, "phq4": 7, "night_pain": "position_related"}, []),
    ("C13", {"duration_weeks": 30, "sleep_disturbed": 6, "site": ["neck", "shoulder", "low_back"]}, []),
    ("C01", {"duration_weeks": 30, "sleep_disturbed": 6}, []),
    ("C14", {"known_conditions": ["axial_spa"]}, []),
    ("C15", {"pattern": "mixed", "after_meals": True}, []),
    ("C15", {"jaundice": True}, []),
    ("C16", {"pregnancy": "postpartum"}, []),
    ("C17", {"age": 17}, []),
    ("C18", {"surgery_weeks_ago": 30, "surgery_cleared": True}, []),
    ("C18", {"known_conditions": ["previous_spinal_surgery"]}, []),
    ("C19", {"worse_with": ["lifting"]}, ["LM-GYM"]),
    ("C20", {"hypermobile": True}, []),
]


@pytest.mark.parametrize("pattern, findings, tasks", FITTING)
def test_the_first_pattern_that_fits(pattern: str, findings: dict[str, object], tasks: list[str]) -> None:
    plan = plan_of({"tasks": [{"category": task} for task in tasks]}, **findings)
    assert plan.pattern.id == pattern


def test_every_pattern_is_reached() -> None:
    assert {pattern for pattern, _, _ in FITTING} == set(CONTENT.patterns)
    assert len(CONTENT.patterns) == 21


def test_a_locking_pattern_never_stands_alone() -> None:
    """Wherever a pattern waits for a check, a rule has already said so."""
    for pattern, findings, tasks in FITTING:
        plan = plan_of({"tasks": [{"category": task} for task in tasks]}, **findings)
        if CONTENT.patterns[pattern].locks_plan:
            assert plan.decision.disposition in ("emergency_now", "urgent_same_day", "gp_soon")


def test_patterns_name_only_what_exists() -> None:
    for pattern in CONTENT.patterns.values():
        assert {*pattern.movement, *pattern.strength} <= set(CONTENT.exercises)
        assert all(CONTENT.exercises[id].kind == "movement" for id in pattern.movement)
        assert all(CONTENT.exercises[id].kind == "strength" for id in pattern.strength)
        assert set(pattern.load_rules) <= set(CONTENT.load_rules)
        assert {*pattern.messages, *pattern.safety_net} <= set(CONTENT.messages)
        assert all(CONTENT.messages[id].kind == "safety_net" for id in pattern.safety_net)
        assert pattern.locks_plan == (not pattern.movement)


def test_long_lasting_pain_starts_at_half_the_dose() -> None:
    plan = plan_of(duration_weeks=30, phq4=7, sleep_disturbed=6)
    assert plan.pattern.id == "C13"
    assert {item.dose.sets for item in plan.exercises if item.exercise.kind == "strength"} == {1}
    assert {item.dose.per_day for item in plan.exercises if item.exercise.kind == "movement"} == {2}
