"""Choices are read strictly: whatever is wrong is named."""

import pytest

from tests.unit.care.plan.people import CONTENT
from upperback.care.plan import Choices, Task, build_plan, read_choices
from upperback.care.triage import read_findings
from upperback.core.errors import InputError

WRONG: list[tuple[object, str, str]] = [
    ({"colour": "red"}, "colour", "no key"),
    ({"equipment": ["sofa"]}, "choices.equipment", "sofa"),
    ({"equipment": "band"}, "choices.equipment", "band"),
    ({"equipment": None}, "choices.equipment", "null"),
    ({"keep": ["MV99"]}, "choices.keep", "MV99"),
    ({"drop": [5]}, "choices.drop", "5"),
    ({"days": ["monday"]}, "choices.days", "monday"),
    ({"positions_avoid": ["hanging"]}, "choices.positions_avoid", "hanging"),
    ({"cleared_by": "neighbour"}, "choices.cleared_by", "neighbour"),
    ({"cleared_by": None}, "choices.cleared_by", "null"),
    ({"cleared_by": True}, "choices.cleared_by", "true"),
    ({"pain_now": 11}, "choices.pain_now", "11"),
    ({"pain_now": float("nan")}, "choices.pain_now", "NaN"),
    ({"pain_now": True}, "choices.pain_now", "true"),
    ({"pain_now": "3"}, "choices.pain_now", "3"),
    ({"tasks": {}}, "choices.tasks", "{}"),
    ({"tasks": [{"category": "LM-SIT"}] * 9}, "choices.tasks", "LM-SIT"),
    ({"tasks": ["LM-SIT"]}, "choices.tasks[0]", "LM-SIT"),
    ({"tasks": [{"minutes_typical": 3}]}, "choices.tasks[0]", "minutes_typical"),
    ({"tasks": [{"category": "LM-FLY"}]}, "choices.tasks[0].category", "LM-FLY"),
    ({"tasks": [{"category": "LM-SIT", "minutes": 3}]}, "minutes", "no key"),
    ({"tasks": [{"category": "LM-SIT", "minutes_to_symptom": 0}]}, "choices.tasks[0].minutes_to_symptom", "0"),
    ({"tasks": [{"category": "LM-SIT", "minutes_to_symptom": -4}]}, "choices.tasks[0].minutes_to_symptom", "-4"),
    ({"tasks": [{"category": "LM-CARRY", "kg_ok": 0}]}, "choices.tasks[0].kg_ok", "0"),
    ({"tasks": [{"category": "LM-CARRY", "kg_total": 501}]}, "choices.tasks[0].kg_total", "501"),
    ({"tasks": [{"category": "LM-SIT", "importance": 10.5}]}, "choices.tasks[0].importance", "10.5"),
    ({"tasks": [{"category": "LM-SIT", "name": "x" * 121}]}, "choices.tasks[0].name", "xxx"),
    ({"tasks": [{"category": "LM-SIT", "name": "a\nb"}]}, "choices.tasks[0].name", "a?b"),
    ([], "choices", "[]"),
]


@pytest.mark.parametrize("raw, key, shown", WRONG)
def test_what_is_wrong_is_named(raw: object, key: str, shown: str) -> None:
    with pytest.raises(InputError) as caught:
        read_choices(raw, CONTENT)  # type: ignore[arg-type]
    assert shown in caught.value.message
    assert key in caught.value.message
    assert len(caught.value.message) < 600


def test_nothing_chosen() -> None:
    assert read_choices({}, CONTENT) == Choices()


def test_everything_chosen() -> None:
    choices = read_choices(
        {
            "equipment": ["chair", "band", "chair"],
            "tasks": [{"category": "LM-SIT", "minutes_to_symptom": 20, "importance": 8, "provocation": 7}],
            "keep": ["MV02", "MV02"],
            "drop": ["ST09"],
            "days": ["fri", "mon"],
            "positions_avoid": ["floor"],
            "cleared_by": "gp",
            "pain_now": 3,
        },
        CONTENT,
    )
    assert choices.equipment == frozenset({"chair", "band"})
    assert choices.keep == ("MV02",)
    assert choices.days == ("mon", "fri")
    assert choices.task_values == {"lm_sit"}
    assert choices.tasks[0].weight == 56


def test_ratings_that_were_not_given_stand_in_the_middle() -> None:
    assert Task(category="LM-SIT").weight == 25
    assert Task(category="LM-SIT", importance=0).weight == 0
    assert Task(category="LM-SIT", provocation=10).weight == 50


@pytest.mark.parametrize(
    ("written", "role"),
    [("gp", "gp"), ("GP", "gp"), ("physio", "physiotherapist"), ("Occupational therapist", "occupational_therapist")],
)
def test_a_clinician_may_be_named_as_people_write_it(written: str, role: str) -> None:
    assert read_choices({"cleared_by": written}, CONTENT).cleared_by == role


@pytest.mark.parametrize("written", ["gym instructor", "physios mate", "_", " "])
def test_somebody_who_is_no_clinician_clears_nobody(written: str) -> None:
    with pytest.raises(InputError, match="cleared_by"):
        read_choices({"cleared_by": written}, CONTENT)


@pytest.mark.parametrize(
    ("doses", "words"),
    [
        ("x", "expected a list of doses"),
        ([{}] * 200, "expected a list of doses"),
        ([{"exercise": "MV01", "sets": 1}], "expected exercise, sets and reps"),
        (["MV01"], "expected exercise, sets and reps"),
        ([{"exercise": "NONE", "sets": 1, "reps": 8}], "expected one of"),
        ([{"exercise": "MV01", "sets": 0, "reps": 8}], "from 1 to 10"),
        ([{"exercise": "MV01", "sets": 1, "reps": 51}], "from 1 to 50"),
        ([{"exercise": "MV01", "sets": 1.5, "reps": 8}], "a whole number"),
        ([{"exercise": "MV01", "sets": 1, "reps": 8}] * 2, "stands there twice"),
    ],
)
def test_doses_that_cannot_be(doses: object, words: str) -> None:
    with pytest.raises(InputError, match=words):
        read_choices({"doses": doses}, CONTENT)


def test_wanted_doses_are_taken_as_far_as_the_plan_allows() -> None:
    """Whatever is wished for: never more than progress may reach, and no more sets than a gentle plan starts with."""
    for own in ({}, {"pain_now": 9.0}, {"cleared_by": "gp"}):
        facts = read_findings({"age": 40, "pain": 8 if own else 3}, content=CONTENT, absent="no")
        plan = build_plan(facts, read_choices(own, CONTENT), CONTENT)
        assert plan.allowed
        for sets, reps in ((1, 1), (10, 50), (2, 9)):
            doses = [{"exercise": item.exercise.id, "sets": sets, "reps": reps} for item in plan.exercises]
            wished = build_plan(facts, read_choices(own | {"doses": doses}, CONTENT), CONTENT)
            assert [item.exercise.id for item in wished.exercises] == [item.exercise.id for item in plan.exercises]
            for before, after in zip(plan.exercises, wished.exercises, strict=True):
                (fewest_sets, most_sets), (fewest, most) = after.bounds.sets, after.bounds.reps
                assert (before.bounds, after.dose.sets_top) == (after.bounds, before.dose.sets_top)
                assert most_sets <= before.dose.sets_top
                assert most == before.dose.reps_top
                assert after.dose.sets == min(max(sets, fewest_sets), most_sets)
                assert after.dose.reps == min(max(reps, fewest), most)
                if plan.phase != "BUILD":
                    assert after.dose.sets <= before.dose.sets
