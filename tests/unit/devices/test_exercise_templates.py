"""Every exercise of the content as a template of the repetition counter."""

import pytest

from upperback.content.models import Exercise
from upperback.content.vocabulary import default_content
from upperback.devices.exercise_templates import repetition_template

EXERCISES = {exercise.id: exercise for exercise in default_content().release.exercises}


@pytest.mark.parametrize("exercise", EXERCISES.values(), ids=EXERCISES)
def test_what_can_be_counted_says_how(exercise: Exercise) -> None:
    sensor, template = exercise.sensor, repetition_template(exercise)
    assert (sensor.motion is None) == (sensor.count == "none")
    assert (sensor.motion is None) == (sensor.at is None)
    if sensor.motion in {None, "steps"}:
        assert template.grade == "none"
        return
    assert template.grade == sensor.count
    assert template.repetition_s is not None
    if sensor.count in {"good", "fair"}:
        assert template.range_deg is not None
        assert 0 < template.range_deg[0] < template.range_deg[1]


def test_only_turns_about_the_vertical_need_a_gyroscope() -> None:
    turns = {id for id, exercise in EXERCISES.items() if repetition_template(exercise).motion == "turn"}
    assert turns == {"MV02", "ST01", "ST12"}


def test_a_chest_turns_to_both_sides_and_an_arm_has_one() -> None:
    assert repetition_template(EXERCISES["MV02"]).both_sides
    assert not repetition_template(EXERCISES["ST07"]).both_sides


def test_a_pull_down_ends_where_the_arm_hangs() -> None:
    assert [id for id, exercise in EXERCISES.items() if repetition_template(exercise).ends_at_rest] == ["ST11"]
