"""Every exercise of the content as a template of the repetition counter."""

import pytest

from upperback.content.models import Exercise
from upperback.content.vocabulary import default_content
from upperback.devices.exercise_templates import repetition_template
from upperback.sensing.repetitions import RepetitionParams

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


@pytest.mark.parametrize("exercise", EXERCISES.values(), ids=EXERCISES)
def test_what_may_be_smaller_than_swaying_is_graded_poor(exercise: Exercise) -> None:
    template, params = repetition_template(exercise), RepetitionParams()
    if template.grade in {"good", "fair"}:
        assert template.range_deg is not None
        assert template.range_deg[0] >= (params.turn_deg_min if template.motion == "turn" else params.lean_deg_min)


def test_breaths_and_squeezes_lie_below_that() -> None:
    small = {
        id
        for id, exercise in EXERCISES.items()
        if (range_deg := repetition_template(exercise).range_deg) and range_deg[0] < RepetitionParams().lean_deg_min
    }
    assert small == {"MV09", "MV13"}
    assert {repetition_template(EXERCISES[id]).grade for id in small} == {"poor"}


def test_a_hold_goes_by_the_timer() -> None:
    holds = [exercise for exercise in EXERCISES.values() if exercise.dose == "hold"]
    assert holds
    assert {repetition_template(exercise).grade for exercise in holds} == {"none"}


def test_only_turns_about_the_vertical_need_a_gyroscope() -> None:
    turns = {id for id, exercise in EXERCISES.items() if repetition_template(exercise).motion == "turn"}
    assert turns == {"MV02", "ST01", "ST12"}


def test_a_chest_turns_to_both_sides_and_an_arm_has_one() -> None:
    assert repetition_template(EXERCISES["MV02"]).both_sides
    assert not repetition_template(EXERCISES["ST07"]).both_sides
    assert [id for id, exercise in EXERCISES.items() if repetition_template(exercise).alternates] == ["ST07"]


def test_a_pull_down_ends_where_the_arm_hangs() -> None:
    assert [id for id, exercise in EXERCISES.items() if repetition_template(exercise).ends_at_rest] == ["ST11"]
