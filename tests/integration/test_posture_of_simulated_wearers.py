"""From the samples of a simulated wearer to figures, with the alignment found in them; beside the truth."""

import numpy as np
import pytest

from upperback.devices.simulate import Simulation, read_scenario
from upperback.sensing.compiled import available
from upperback.sensing.posture import posture_figures, posture_of
from upperback.sensing.trunk import WearWatch
from validation.posture import Case, errors_deg, make_case, without_gyroscope

pytestmark = pytest.mark.skipif(not available(), reason="no C compiler here: run `just kernel` where there is one")

SENSOR = {"name": "chest", "place": "chest", "sampling_rate_hz": 50, "mount_deg": [30, -12, 70]}
SHORT = read_scenario(
    {
        "sensors": [SENSOR],
        "activities": [
            {"do": "align"},
            {"do": "walk", "duration_s": 60},
            {"do": "sit", "duration_s": 120, "flexion_deg": 10},
            {"do": "bend", "times": 8, "flexion_deg": 70},
        ],
    }
)
PUT_ON_AGAIN = read_scenario(
    {
        "sensors": [{**SENSOR, "flaws": {"rewear_deg": 25}}],
        "activities": [
            {"do": "align"},
            {"do": "walk", "duration_s": 120},
            {"do": "table", "duration_s": 60},
            {"do": "walk", "duration_s": 200},
        ],
    }
)


@pytest.fixture(scope="module", params=[1, 2])
def case(request: pytest.FixtureRequest) -> Case:
    return make_case(SHORT, request.param)


def test_the_alignment_is_found_however_the_sensor_is_turned(case: Case) -> None:
    assert case.search.alignment is not None, case.search.sentence
    assert case.up_off_deg < 3
    assert case.front_off_deg < 3


@pytest.mark.parametrize(("with_gyr", "flexion_deg_max"), [(True, 1.5), (False, 5.0)])
def test_seconds_and_percentiles_are_near_the_truth(case: Case, with_gyr: bool, flexion_deg_max: float) -> None:
    blocks = case.blocks if with_gyr else without_gyroscope(case.blocks)
    result = posture_of(blocks, alignment=case.search.alignment)
    errors = errors_deg(result.epochs, case.truth)
    assert errors["flexion_deg"] < flexion_deg_max
    assert errors["lateral_deg"] < 2
    for percent in (10, 50, 90):
        truth_deg = float(np.percentile(case.truth.samples_deg, percent))
        assert result.summaries[0].flexion.percentile(percent) == pytest.approx(truth_deg, abs=2 * flexion_deg_max)
    figures = posture_figures(result.summaries[0])
    assert figures is not None
    assert figures.sensor == ("accelerometer and gyroscope" if with_gyr else "accelerometer")
    assert figures.dose_deg_h is not None
    assert figures.dose_deg_h > 0


def test_the_sensor_changes_the_speeds_as_the_field_says(case: Case) -> None:
    """Speeds of an accelerometer are higher, and generalised ones higher than those of inclination."""
    both = posture_of(case.blocks, alignment=case.search.alignment).summaries[0]
    alone = posture_of(without_gyroscope(case.blocks), alignment=case.search.alignment).summaries[0]
    assert alone.generalised_velocity.percentile(50) > 1.5 * both.generalised_velocity.percentile(50)
    assert both.generalised_velocity.percentile(50) > both.inclination_velocity.percentile(50)


def test_a_sensor_that_was_put_on_otherwise_is_noticed() -> None:
    found = make_case(PUT_ON_AGAIN, 1)
    assert found.search.alignment is not None
    before, after = (np.array(each.to_trunk) for each in Simulation(PUT_ON_AGAIN, 1).truth.sensors[0].mountings)
    moved_deg = float(np.degrees(np.arccos(before[2] @ after[2])))
    assert moved_deg > 15  # or this wearer tests nothing
    result = posture_of(found.blocks, alignment=found.search.alignment)
    shifts = WearWatch(found.search.alignment).update(result.epochs)
    assert [shift.kind for shift in shifts] == ["moved"]
    assert shifts[0].angle_deg == pytest.approx(moved_deg, abs=4)
