"""Changes to the person's own tasks, with the sums."""

import pytest

from tests.unit.care.plan.people import CONTENT, facts_of, plan_of, record_of
from upperback.care.plan.choices import Task
from upperback.care.plan.tasks import LoadChange, sums_of_task
from upperback.care.plan.workstation import desk_points, points_to_change
from upperback.core.errors import InputError


def change_of(category: str, **amounts: float) -> LoadChange:
    (change,) = plan_of({"tasks": [{"category": category, **amounts}]}).load_changes
    return change


SUMS = [
    ("LM-SIT", {"minutes_to_symptom": 20}, {"break_every_minutes": 14}, "0.7 × 20 = 14"),
    ("LM-SIT", {"minutes_to_symptom": 90}, {"break_every_minutes": 30}, "30 at most"),
    ("LM-SIT", {}, {"break_every_minutes": 30}, "every 30 minutes"),
    ("LM-DRIVE", {"minutes_to_symptom": 120}, {"break_every_minutes": 45}, "45 at most"),
    ("LM-CARRY", {"kg_total": 12, "kg_ok": 4}, {"bags": 3}, "Take 3 bags"),
    ("LM-CARRY", {"kg_total": 12.5, "kg_ok": 4}, {"bags": 4}, "Take 4 bags"),
    ("LM-CARRY", {"kg_total": 3, "kg_ok": 4}, {"bags": 1}, "Take 1 bag or"),
    ("LM-PHONE", {}, {"slot_minutes": 15}, "15 minutes at a time"),
    ("LM-HOUSE", {"minutes_to_symptom": 10, "minutes_typical": 45}, {"slot_minutes": 8, "slots": 6}, "into 6 short"),
    ("LM-REACH", {"minutes_to_symptom": 60}, {"slot_minutes": 10}, "10 at most"),
    ("LM-GARDEN", {"minutes_typical": 60}, {"slot_minutes": 20, "slots": 3}, "into 3 short"),
    ("LM-GYM", {"minutes_typical": 60}, {"minutes_low": 30, "minutes_high": 42}, "30 to 42 minutes"),
    ("LM-GYM", {}, {}, "50% to 70%"),
    ("LM-LIFT", {"kg_total": 20}, {"start_kg": 14}, "14 kg"),
    ("LM-LIFT", {"kg_total": 20, "kg_ok": 14}, {"start_kg": 14}, "14 kg"),
    ("LM-LIFT", {"kg_total": 20, "kg_ok": 13.5}, {"start_kg": 13.5}, "13.5 kg"),
]


@pytest.mark.parametrize("category, amounts, numbers, words", SUMS)
def test_sums(category: str, amounts: dict[str, float], numbers: dict[str, float], words: str) -> None:
    change = change_of(category, **amounts)
    assert dict(change.numbers) == numbers
    assert words in " ".join(f"{line.result} {line.how}" for line in change.sums)


def test_a_task_told_later_has_the_sums_that_the_plan_would_give_it() -> None:
    task = Task(category="LM-CARRY", kg_total=12, kg_ok=4)
    assert sums_of_task(task, CONTENT) == change_of("LM-CARRY", kg_total=12, kg_ok=4).sums != ()


def test_what_comes_out_and_how_stand_apart() -> None:
    (change,) = record_of({"tasks": [{"category": "LM-CARRY", "kg_total": 12, "kg_ok": 4}]})["load_changes"]
    how = "12 kg in all ÷ 4 kg that is fine at a time, rounded up = 3."
    assert change["sums"] == [{"result": "Take 3 bags or trips.", "how": how}]
    (change,) = record_of({"tasks": [{"category": "LM-SIT"}]})["load_changes"]
    assert change["sums"] == [{"result": "Take a break every 30 minutes to start with.", "how": None}]


@pytest.mark.parametrize("category", ["LM-LIFT", "LM-CARRY", "LM-WORK", "LM-SLEEP", "LM-FEED", "LM-STRESS"])
def test_without_amounts_there_is_no_sum(category: str) -> None:
    assert change_of(category).sums == ()
    assert change_of(category).rule.change_now


def test_the_most_important_and_most_provoking_come_first() -> None:
    tasks = [
        {"category": "LM-SIT", "importance": 5, "provocation": 5},
        {"category": "LM-CARRY", "importance": 9, "provocation": 9, "name": "the weekly shop"},
        {"category": "LM-PHONE", "importance": 2, "provocation": 2},
        {"category": "LM-HOUSE", "importance": 8, "provocation": 8},
        {"category": "LM-SIT", "importance": 1, "provocation": 1, "name": "long drives as passenger"},
    ]
    plan = plan_of({"tasks": tasks})
    assert [change.rule.id for change in plan.load_changes] == ["LM-CARRY", "LM-HOUSE", "LM-SIT", "LM-PHONE", "LM-SIT"]
    assert [change.first for change in plan.load_changes] == [True, True, True, False, False]
    assert plan.load_changes[0].name == "the weekly shop"
    assert record_of({"tasks": tasks})["load_rules"] == ["LM-CARRY", "LM-HOUSE", "LM-SIT", "LM-PHONE"]


def test_without_named_tasks_the_answers_and_the_pattern_point_to_some() -> None:
    plan = plan_of(worse_with=["lifting", "sitting"], night_pain="position_related")
    assert [change.rule.id for change in plan.load_changes] == ["LM-SIT", "LM-LIFT", "LM-SLEEP", "LM-PHONE"]
    assert "Because you told us that" in plan.load_changes[0].why
    assert plan.load_changes[3].why.startswith("Because you told us that")


def test_breaks_follow_the_shortest_sitting_time() -> None:
    breaks = plan_of(
        {
            "tasks": [
                {"category": "LM-SIT", "minutes_to_symptom": 40},
                {"category": "LM-SIT", "minutes_to_symptom": 10},
                {"category": "LM-SIT"},
            ]
        }
    ).breaks
    assert breaks is not None
    assert breaks.every_minutes == 7
    usual = plan_of().breaks
    assert usual is not None
    assert (usual.every_minutes, usual.micro_s, usual.long_minutes, usual.long_every_minutes) == (30, 60, 5, 60)


def test_stress_brings_the_breathing_message() -> None:
    assert "relaxation" in record_of({"tasks": [{"category": "LM-STRESS"}]})["messages"]
    assert "relaxation" not in record_of()["messages"]


def test_the_desk_check_comes_with_desks_and_screens() -> None:
    assert len(desk_points(facts_of(worse_with=["sitting"]), CONTENT)) == 17
    assert record_of({"tasks": [{"category": "LM-PHONE"}]})["workstation"][0] == "W01"
    assert record_of()["workstation"] == []


def test_three_points_to_change_first() -> None:
    assert points_to_change({"W01": 2, "W02": 1, "W03": 0, "W04": 1, "W05": 0, "W06": 1}, CONTENT) == (
        "W03",
        "W05",
        "W02",
    )
    assert points_to_change({"W01": 2}, CONTENT) == ()
    assert points_to_change({}, CONTENT) == ()


@pytest.mark.parametrize("scores", [{"W18": 1}, {"W01": 3}, {"W01": True}])
def test_a_desk_check_is_read_strictly(scores: dict[str, int]) -> None:
    with pytest.raises(InputError):
        points_to_change(scores, CONTENT)  # type: ignore[arg-type]
