"""Simulated exercises follow the content: its poses, its range, its tempo."""

import numpy as np
import pytest

from upperback.content.vocabulary import default_content
from upperback.core.errors import InputError
from upperback.devices.simulate import Simulation, read_scenario
from upperback.devices.simulate.pose import exercise_motion
from upperback.devices.simulate.quaternions import conjugate, logarithm, product

EXERCISES = {exercise.id: exercise for exercise in default_content().release.exercises}
COUNTED = [id for id, exercise in EXERCISES.items() if exercise.sensor.count != "none"]
UNIT_M = 0.0172


def simulation(id: str, place: str = "chest", **options: object) -> Simulation:
    activity = {"do": "exercise", "id": id, "repetitions": 4, **options}
    data = {
        "wearer": {"sway_deg": 0, "tremor_deg": 0, "breathing_deg": 0},
        "sensors": [{"place": place, "flaws": "none"}],
        "activities": [{"do": "stand", "duration_s": 2}, activity, {"do": "stand", "duration_s": 2}],
    }
    return Simulation(read_scenario(data), 5)


def turned_deg(made: Simulation, one_s: float, other_s: float) -> float:
    """How far the sensor turns between two moments."""
    (times, orientations) = zip(*((p.truth.true_time_s, p.truth.orientation) for p in made.pages()), strict=True)
    t, q = np.concatenate(times), np.concatenate(orientations)
    one, other = q[np.searchsorted(t, one_s)], q[np.searchsorted(t, other_s)]
    return float(np.degrees(np.linalg.norm(logarithm(product(conjugate(one), other)))))


@pytest.mark.parametrize("id", COUNTED)
def test_every_counted_exercise_has_its_repetitions(id: str) -> None:
    made = simulation(id)
    repetitions = made.truth.repetitions
    assert [repetition.number for repetition in repetitions] == [1, 2, 3, 4]
    assert {repetition.of for repetition in repetitions} == {id}
    for repetition in repetitions:
        assert repetition.start_s < repetition.out_s <= repetition.back_s < repetition.end_s
    exercise = EXERCISES[id]
    if exercise.sensor.range_deg is not None:
        low, high = exercise.sensor.range_deg
        assert all(0.6 * low < repetition.range_deg < 1.5 * high for repetition in repetitions)
    if exercise.dose == "repetitions":
        tempo = exercise.tempo
        stated_s = tempo.out_s + (tempo.hold_s or tempo.pause_s) + tempo.back_s
        lasted_s = np.mean([repetition.end_s - repetition.start_s for repetition in repetitions])
        assert lasted_s == pytest.approx(stated_s, rel=0.2)


@pytest.mark.parametrize("id", [id for id in COUNTED if EXERCISES[id].sensor.signal.startswith("Chest")])
def test_the_chest_turns_by_the_stated_range(id: str) -> None:
    made = simulation(id, variation=0)
    for repetition in made.truth.repetitions:
        assert turned_deg(made, repetition.start_s, repetition.out_s + 0.02) == pytest.approx(
            repetition.range_deg, abs=0.5
        )


@pytest.mark.parametrize("id", ["MV10", "ST02", "ST08", "ST09", "ST11"])
def test_the_arm_is_raised_by_the_stated_range(id: str) -> None:
    motion = exercise_motion(id, unit_m=UNIT_M)
    assert motion.arm is not None
    place = {"arm_l": "upper_arm_left", "arm_r": "upper_arm_right"}[motion.arm]
    made = simulation(id, place=place, variation=0)
    for repetition in made.truth.repetitions:
        turned = turned_deg(made, repetition.start_s, repetition.out_s + 0.02)
        assert turned == pytest.approx(repetition.range_deg, rel=0.25)


def test_both_sides_in_turn() -> None:
    sides = [repetition.side for repetition in simulation("MV02").truth.repetitions]
    assert sides == ["as_drawn", "other", "as_drawn", "other"]


def test_the_other_side_is_the_mirror_image() -> None:
    lean = {}
    for side in ("as_drawn", "other"):
        made = simulation("MV12", side=side)
        lateral = np.concatenate([page.truth.lateral_rad for page in made.pages()])
        lean[side] = float(lateral[np.abs(lateral).argmax()])
    assert lean["as_drawn"] == pytest.approx(-lean["other"], abs=1e-9)
    assert abs(lean["other"]) > 0.3


def test_a_smaller_range_and_a_slower_tempo() -> None:
    usual, easy = simulation("ST13", variation=0), simulation("ST13", variation=0, range_deg=20, tempo=2)
    assert easy.truth.repetitions[0].range_deg == 20
    one, other = usual.truth.repetitions[0], easy.truth.repetitions[0]
    assert other.end_s - other.start_s == pytest.approx(2 * (one.end_s - one.start_s))


def test_a_carry_is_walked() -> None:
    truth = simulation("ST20").truth
    assert len(truth.steps_s) > 40
    assert len(truth.repetitions) == 4


def test_an_exercise_that_is_not_there_is_refused() -> None:
    with pytest.raises(InputError, match="there is no exercise MV99"):
        simulation("MV99")
