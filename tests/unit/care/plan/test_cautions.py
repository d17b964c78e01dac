"""Who carries which caution, and that not knowing stays on the safe side."""

import pytest

from tests.unit.care.plan.people import CONTENT, facts_of, plan_of, record_of
from upperback.care.plan.cautions import NOT_KNOWN, carried_cautions

CARRIED = [
    ({"osteoporosis": True}, "osteoporosis_vf"),
    ({"fragility_fracture_history": True}, "osteoporosis_vf"),
    ({"steroid_use": "long_term"}, "osteoporosis_vf"),
    ({"vertebral_fracture_status": "healed"}, "osteoporosis_vf"),
    ({"known_conditions": ["vertebral_fracture_healed"]}, "osteoporosis_vf"),
    ({"known_conditions": ["hyperkyphosis"], "age": 60}, "osteoporosis_vf"),
    ({"numbness_arms": "one_side"}, "arm_neuro"),
    ({"arm_weakness": "mild"}, "arm_neuro"),
    ({"dizziness_neck": True}, "neck_ext"),
    ({"shoulder_pain_lifting": 3.5}, "shoulder_pain"),
    ({"wrist_pain": True}, "wrist_load"),
    ({"knee_problem": True}, "kneeling"),
    ({"cannot_get_off_floor": True}, "floor_transfer"),
    ({"age": 80}, "floor_transfer"),
    ({"falls_past_year": 2}, "balance_risk"),
    ({"gait": "unsteady"}, "balance_risk"),
    ({"age": 75, "fear_of_falling": True}, "balance_risk"),
    ({"age": 80}, "balance_risk"),
    ({"pregnancy": "pregnant", "gestation_weeks": 8}, "pregnancy"),
    ({"pregnancy": "postpartum"}, "pregnancy"),
    ({"pregnancy": "pregnant", "gestation_weeks": 16}, "pregnancy_supine"),
    ({"pregnancy": "pregnant"}, "pregnancy_supine"),
    ({"pregnancy": "pregnant", "gestation_weeks": "unknown"}, "pregnancy_supine"),
    ({"pregnancy": "pregnant", "gestation_weeks": 8}, "pregnancy_prone"),
    ({"pregnancy": "postpartum"}, "breath_hold"),
    ({"avoid_breath_hold": True}, "breath_hold"),
    ({"surgery_weeks_ago": 20, "surgery_cleared": True}, "post_surgery"),
    ({"pacemaker": True}, "post_surgery"),
    ({"known_conditions": ["axial_spa"]}, "axial_spa"),
    ({"hypermobile": True}, "hypermobile"),
    ({"strain_days_ago": 3}, "recent_strain"),
    ({"trauma": "strain", "trauma_days_ago": 2}, "recent_strain"),
    ({"trauma": "strain"}, "recent_strain"),
    ({"known_conditions": ["scoliosis"]}, "scoliosis"),
]

NOT_CARRIED = [
    ({"known_conditions": ["hyperkyphosis"], "age": 59}, "osteoporosis_vf"),
    ({"known_conditions": ["hyperkyphosis"], "age": 60, "osteoporosis": False}, "osteoporosis_vf"),
    ({"steroid_use": "short"}, "osteoporosis_vf"),
    ({"shoulder_pain_lifting": 3}, "shoulder_pain"),
    ({"falls_past_year": 1}, "balance_risk"),
    ({"age": 74, "fear_of_falling": True}, "balance_risk"),
    ({"age": 79}, "balance_risk"),
    ({"age": 80, "falls_past_year": 0}, "balance_risk"),
    ({"age": 80, "cannot_get_off_floor": False}, "floor_transfer"),
    ({"pregnancy": "pregnant", "gestation_weeks": 15.9}, "pregnancy_supine"),
    ({"pregnancy": "postpartum"}, "pregnancy_supine"),
    ({"pregnancy": "postpartum"}, "pregnancy_prone"),
    ({"strain_days_ago": 3.1}, "recent_strain"),
    ({"trauma": "strain", "trauma_days_ago": 4}, "recent_strain"),
]


def tags(**findings: object) -> set[str]:
    return {item.tag for item in carried_cautions(facts_of(**findings), CONTENT)}


def test_a_person_without_any_carries_none() -> None:
    assert tags() == set()
    assert len(CONTENT.cautions) == 17


@pytest.mark.parametrize("findings, tag", CARRIED)
def test_carried(findings: dict[str, object], tag: str) -> None:
    assert tag in tags(**findings)


@pytest.mark.parametrize("findings, tag", NOT_CARRIED)
def test_not_carried(findings: dict[str, object], tag: str) -> None:
    assert tag not in tags(**findings)


@pytest.mark.parametrize(
    "finding, tag",
    [
        ("osteoporosis", "osteoporosis_vf"),
        ("numbness_arms", "arm_neuro"),
        ("dizziness_neck", "neck_ext"),
        ("shoulder_pain_lifting", "shoulder_pain"),
        ("wrist_pain", "wrist_load"),
        ("knee_problem", "kneeling"),
        ("cannot_get_off_floor", "floor_transfer"),
        ("falls_past_year", "balance_risk"),
        ("pregnancy", "pregnancy_prone"),
        ("avoid_breath_hold", "breath_hold"),
        ("pacemaker", "post_surgery"),
        ("known_conditions", "axial_spa"),
        ("hypermobile", "hypermobile"),
    ],
)
def test_not_sure_carries(finding: str, tag: str) -> None:
    carried = {item.tag: item for item in carried_cautions(facts_of(**{finding: "unknown"}), CONTENT)}
    assert tag in carried
    assert not carried[tag].sure
    assert carried[tag].why == NOT_KNOWN


def test_a_caution_says_which_answers_brought_it() -> None:
    record = record_of(osteoporosis=True)
    (note,) = record["caution_notes"]
    assert note["sure"]
    assert note["why"].startswith("Because you told us that")
    assert note["source"]
    assert record["cautions"] == ["osteoporosis_vf"]


def test_tags_that_come_with_a_pattern_or_a_caution_are_carried_once() -> None:
    carried = carried_cautions(facts_of(hypermobile=True), CONTENT, added=("hypermobile", "scoliosis"))
    assert [item.tag for item in carried] == ["hypermobile", "scoliosis"]


def test_bone_care_caps_the_sets() -> None:
    plan = plan_of({"cleared_by": "gp"}, osteoporosis=True, duration_weeks=20)
    strength = [item.dose for item in plan.exercises if item.exercise.kind == "strength"]
    assert strength
    assert {dose.sets_top for dose in strength} == {3}
    assert all(dose.sets <= 3 for dose in strength)


def test_every_exercise_speaks_only_of_known_tags() -> None:
    for exercise in CONTENT.exercises.values():
        for item in exercise.cautions:
            assert item.tag in CONTENT.cautions
            assert item.effect != "swap" or item.how
            if item.effect == "hide":
                assert CONTENT.cautions[item.tag].effect == "hide", (exercise.id, item.tag)
