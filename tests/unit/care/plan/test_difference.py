"""Two versions of a plan, side by side: what is said to have changed is what changed, and nothing else."""

from dataclasses import replace
from typing import Any

from upperback.care.plan.difference import DoseMoved, PlanDifference, plan_difference

PLAN: dict[str, Any] = {
    "allowed": True,
    "phase": "CALM",
    "exercises": [
        {"id": "MV01", "title": "Reach", "sets": 1, "reps": 8},
        {"id": "ST01", "title": "Row", "sets": 2, "reps": 8},
    ],
    "caution_notes": [{"tag": "kneeling", "title": "Kneeling hurts"}],
    "load_changes": [{"id": "LM-SIT", "name": "Sitting"}],
}


def test_the_same_plan_twice_has_no_difference() -> None:
    assert not plan_difference(PLAN, PLAN)


def test_each_part_is_named_once_and_alone() -> None:
    new = {"id": "MV02", "title": "Turn", "sets": 1, "reps": 8}
    more = [PLAN["exercises"][0] | {"reps": 10}, PLAN["exercises"][1]]
    none = PlanDifference()
    found: dict[str, tuple[dict[str, Any], PlanDifference]] = {
        "in": ({"exercises": [*PLAN["exercises"], new]}, replace(none, added=("Turn",))),
        "out": ({"exercises": PLAN["exercises"][1:]}, replace(none, removed=("Reach",))),
        "dose": (
            {"exercises": more},
            replace(none, doses=(DoseMoved(id="MV01", title="Reach", before=(1, 8), after=(1, 10)),)),
        ),
        "phase": ({"phase": "BUILD"}, replace(none, phase=("CALM", "BUILD"))),
        "cautions": ({"caution_notes": []}, replace(none, cautions_removed=("Kneeling hurts",))),
        "tasks": ({"load_changes": []}, replace(none, tasks_removed=("Sitting",))),
        "lock": ({"allowed": False}, replace(none, allowed=(True, False))),
    }
    for name, (changed, expected) in found.items():
        assert plan_difference(PLAN, PLAN | changed) == expected, name


def test_back_again_it_is_the_other_way_round() -> None:
    other = PLAN | {"exercises": PLAN["exercises"][1:], "caution_notes": [], "load_changes": []}
    there, back = plan_difference(PLAN, other), plan_difference(other, PLAN)
    assert (there.added, there.removed) == (back.removed, back.added)
    assert there.cautions_removed == back.cautions_added
    assert there.tasks_removed == back.tasks_added
