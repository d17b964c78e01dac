"""How easily the pain is stirred up: every edge of the table."""

import pytest

from tests.unit.care.plan.people import CONTENT, exercise_ids, facts_of, plan_of
from upperback.care.plan import irritability_of
from upperback.care.plan.dose import strength_days

EDGES = [
    ({"pain": 7}, "high"),
    ({"pain": 6.9}, "moderate"),
    ({"pain": 6}, "moderate"),
    ({"pain": 4}, "moderate"),
    ({"pain": 3.5}, "moderate"),
    ({"pain": 3}, "low"),
    ({"pain": 0}, "low"),
    ({"pain": 3, "settle_hours": 1}, "low"),
    ({"pain": 3, "settle_hours": 1.1}, "moderate"),
    ({"pain": 3, "settle_hours": 24}, "moderate"),
    ({"pain": 3, "settle_hours": 24.5}, "high"),
    ({"pain": 3, "settle_hours": "unknown"}, "low"),
    ({"pain": 5, "settle_hours": "unknown"}, "moderate"),
    ({"pain": 2, "constant": True, "night_pain": "position_related"}, "high"),
    ({"pain": 2, "constant": True}, "low"),
    ({"pain": 2, "night_pain": "position_related"}, "low"),
    ({"pain": 2, "constant": "unknown", "night_pain": "position_related"}, "moderate"),
    ({"pain": "unknown"}, "moderate"),
    ({"pain": "unknown", "settle_hours": 30}, "high"),
]


@pytest.mark.parametrize("findings, level", EDGES)
def test_edges(findings: dict[str, object], level: str) -> None:
    assert irritability_of(facts_of(**findings), CONTENT) == level


def test_the_higher_of_pain_now_and_on_average_counts() -> None:
    assert irritability_of(facts_of(pain=3), CONTENT, pain_now=8) == "high"
    assert irritability_of(facts_of(pain=8), CONTENT, pain_now=2) == "high"
    assert irritability_of(facts_of(pain="unknown"), CONTENT, pain_now=2) == "low"
    assert plan_of({"pain_now": 7}).phase == "CALM"


@pytest.mark.parametrize("pain, phase", [(7, "CALM"), (5, "BUILD-light"), (3, "BUILD")])
def test_phases(pain: float, phase: str) -> None:
    assert plan_of(pain=pain).phase == phase


def test_calming_down_is_one_or_two_small_movements_and_no_strength() -> None:
    plan = plan_of(settle_hours=30)
    assert plan.phase == "CALM"
    assert exercise_ids(plan) == ["MV09", "MV13"]
    assert not plan.strength_allowed
    assert plan.strength_days == ()
    for item in plan.exercises:
        assert 5 <= item.dose.reps <= 8
        assert 4 <= item.dose.per_day <= 6
        assert item.dose.sets == 1


def test_calming_down_keeps_what_the_person_chose_where_it_is_gentle() -> None:
    assert exercise_ids(plan_of({"keep": ["MV02"]}, settle_hours=30)) == ["MV02", "MV09"]
    plan = plan_of({"keep": ["MV15", "ST09"]}, settle_hours=30)
    assert exercise_ids(plan) == ["MV09", "MV13"]
    assert {item.id for item in plan.left_out} >= {"MV15", "ST09"}


def test_calming_down_without_the_first_ones_takes_other_gentle_ones() -> None:
    plan = plan_of({"drop": ["MV09", "MV13", "MV02"]}, settle_hours=30)
    levels = [item.exercise.level for item in plan.exercises]
    assert len(levels) == 2
    assert max(levels) <= 2


def test_the_light_phase_has_fewer_sets() -> None:
    light = [item.dose.sets for item in plan_of(pain=5).exercises if item.exercise.kind == "strength"]
    full = [item.dose.sets for item in plan_of(pain=3).exercises if item.exercise.kind == "strength"]
    assert set(light) == {2}
    assert {item.dose.reserve for item in plan_of(pain=5).exercises} == {None, (3, 4)}
    assert {item.dose.reserve for item in plan_of(pain=3).exercises} == {None, (1, 3)}
    assert set(full) == {3}


@pytest.mark.parametrize(
    "days, expected",
    [
        ((), ("mon", "wed", "fri")),
        (("mon", "tue", "wed"), ("mon", "wed")),
        (("sat", "sun"), ("sat",)),
        (("sun", "mon"), ("sun",)),
        (("tue", "thu", "sat"), ("tue", "thu", "sat")),
        (("mon", "thu"), ("mon", "thu")),
    ],
)
def test_strength_days_have_a_day_off_between(days: tuple[str, ...], expected: tuple[str, ...]) -> None:
    assert strength_days(days, 3) == expected
