"""Figures of a summary that was made by hand."""

import dataclasses

import numpy as np
import pytest

from tests.unit.sensing.trunks import Sitting, bend, still
from upperback.sensing.histogram import FLEXION_BINS, INCLINATION_BINS, VELOCITY_BINS, Histogram
from upperback.sensing.posture import (
    Holds,
    Method,
    PostureSummary,
    alignment_figures,
    posture_figures,
)
from upperback.sensing.trunk import Shift, Task, TrunkAlignment, align

METHOD = Method(
    sensor="accelerometer and gyroscope",
    smoothing="live",
    sampling_rate_hz=10.0,
    filter="some",
    reference="standard tasks",
    has_front=True,
)


def summary_of(flexion_deg: list[float], *, has_front: bool = True) -> PostureSummary:
    values = np.repeat(np.array(flexion_deg, np.float32), 10)
    nothing = PostureSummary.empty(METHOD)
    return PostureSummary(
        method=dataclasses.replace(METHOD, has_front=has_front),
        samples=np.array([len(values), 0, 0, 0, 0, 0]),
        inclination=Histogram.of(INCLINATION_BINS, np.abs(values)),
        flexion=Histogram.of(FLEXION_BINS, values) if has_front else nothing.flexion,
        lateral=nothing.lateral,
        inclination_velocity=Histogram.of(VELOCITY_BINS, np.full(len(values), 3.0)),
        generalised_velocity=Histogram.of(VELOCITY_BINS, np.full(len(values), 6.0)),
        holds=Holds(epochs=len(flexion_deg), changes=2, dose_mdeg_s=36_000_000),
    )


def test_time_above_and_bands_are_exact() -> None:
    figures = posture_figures(summary_of([-30, -10, 0, 4, 10, 20, 30, 45, 60, 90]))
    assert figures is not None
    assert figures.measured_s == 10
    assert figures.time_above_s == {20: 6, 30: 5, 45: 3, 60: 2, 90: 1}
    assert figures.rula_share == pytest.approx(
        {
            "upright": 0.2,
            "5 to 20 degrees": 0.1,
            "20 to 60 degrees": 0.3,
            "60 degrees or more": 0.2,
            "bent back (no band)": 0.2,
        }
    )
    assert figures.reba_share == pytest.approx(
        {
            "upright": 0.2,
            "5 to 20 degrees forward or back": 0.2,
            "20 to 60 degrees forward, or 20 or more back": 0.4,
            "60 degrees or more forward": 0.2,
        }
    )
    assert sum(figures.rula_share.values()) == pytest.approx(1)
    assert sum(figures.reba_share.values()) == pytest.approx(1)
    assert figures.dose_deg_h == 10
    assert figures.static is not None
    assert figures.static.changes_per_h == 720
    assert figures.sensor == "accelerometer and gyroscope"


def test_classes_are_contiguous_and_hold_all_of_the_time() -> None:
    figures = posture_figures(summary_of([-7, -7, 3, 22]))
    assert figures is not None
    assert figures.histogram_of == "flexion"
    assert figures.histogram_deg == ((-10, 2), (-5, 0), (0, 1), (5, 0), (10, 0), (15, 0), (20, 1))


def test_without_a_front_only_what_can_be_known() -> None:
    figures = posture_figures(summary_of([10, 30], has_front=False))
    assert figures is not None
    assert figures.histogram_of == "inclination"
    assert [figures.flexion_deg, figures.lateral_deg, figures.dose_deg_h] == [None, None, None]
    assert figures.rula_share == {}
    assert figures.inclination_deg is not None
    assert figures.inclination_deg.p90 == pytest.approx(30, abs=0.1)


def test_nothing_measured_gives_no_figures() -> None:
    assert posture_figures(PostureSummary.empty(METHOD)) is None


def test_of_an_alignment_its_numbers_and_its_sentence() -> None:
    sitting = Sitting.some(1)
    tasks = [
        Task(kind="stand", up=sitting.vertical(still(5).flexion_deg, still(5).lateral_deg)),
        Task(kind="bend", up=sitting.vertical(bend(60).flexion_deg, bend(60).lateral_deg)),
    ]
    shift = Shift(at_s=77, kind="moved", angle_deg=20, after_removal=True, sentence="It moved.")
    figures = alignment_figures(align(tasks), [shift])
    assert figures.state == "given"
    assert figures.bend_deg == pytest.approx(60, abs=1)
    assert list(figures.rewear_times_s) == [77]
    assert figures.sensor_to_trunk is not None
    rotation = np.array(figures.sensor_to_trunk)
    np.testing.assert_allclose(rotation @ sitting.axes, np.eye(3), atol=1e-3)
    assert np.linalg.det(rotation) == pytest.approx(1)


@pytest.mark.parametrize(
    ("alignment", "words"),
    [
        (None, "not known"),
        (TrunkAlignment.of_mounting("x"), "sensor's own axis"),
        (TrunkAlignment.from_axes(np.array([0, 0, 1.0]), None, source="walking"), "from walking"),
        (TrunkAlignment.from_axes(np.array([0, 0, 1.0]), None, source="standing"), "from standing"),
    ],
)
def test_without_a_front_no_axes_are_given(alignment: TrunkAlignment | None, words: str) -> None:
    figures = alignment_figures(alignment)
    assert figures.state == "none"
    assert figures.sensor_to_trunk is None
    assert words in figures.sentence
