"""A row seen as a whole: what is found in it, and which end of it was rest."""

import numpy as np
import pytest

from tests.unit.sensing.repetitions.test_repetitions import LEAN, RATE_HZ, angle, count, leaning
from upperback.sensing.repetitions import count_repetitions
from upperback.sensing.repetitions._rows import THINNED, outer_rests, swings, turning_points
from upperback.sensing.slots import SLOTS_PER_S

OUT = [1.0, 0.0, 0.0, 0.0]
BACK = [-1.0, 0.0, 0.0, 0.0]


def history(*ranges_deg: float, sinks_deg: float = 0.0) -> list[tuple[float, float, float, float]]:
    """Places of a sensor that leans about its first axis."""
    deg = angle(ranges_deg)[:: round(RATE_HZ / SLOTS_PER_S) * THINNED]
    lean = np.radians(deg + np.linspace(0, sinks_deg, len(deg)))
    return [(0.0, float(np.sin(each)), float(np.cos(each)), 0.0) for each in -lean]


def test_turning_points_leave_swaying_out() -> None:
    along = np.array([0, 1, 0, 8, 10, 9, 10, 3, 0, 2, 1, 9, 0.0])
    assert turning_points(along, 5) == [0, 4, 8, 11, 12]
    assert turning_points(np.zeros(4), 5) == [0, 3]


@pytest.mark.parametrize("sinks_deg", [0.0, 25.0])
def test_every_way_out_and_back_is_found_however_the_body_sinks(sinks_deg: float) -> None:
    places = history(20, 22, 6, 19, 20, sinks_deg=sinks_deg)
    line = max((OUT, BACK), key=lambda each: len(list(swings(places, 0, each, 20))))
    found = list(swings(places, 0, line, 20))
    assert [one.range_deg for one in found] == pytest.approx([20, 22, 19, 20], abs=2.5)


def test_half_a_repetition_left_over_at_both_ends_tells_that_the_far_end_was_taken_for_rest() -> None:
    places = history(20, 21, 19, 20, 20)
    right, other = (OUT, BACK) if len(list(swings(places, 0, OUT, 20))) == 5 else (BACK, OUT)
    inside_out = list(swings(places, 0, other, 20))
    assert len(inside_out) == 4
    rests = outer_rests(places, 0, other, inside_out)
    assert rests is not None
    begin, end = rests
    assert len(list(swings(places[begin : end + 1], begin * THINNED, right, 20))) == 5
    assert outer_rests(places, 0, right, list(swings(places, 0, right, 20))) is None


def test_a_small_row_before_the_exercise_is_taken_back_and_alone_it_stays() -> None:
    small, whole = angle([7, 7, 7], still_s=9), angle([20] * 5, still_s=9)
    assert count(count_repetitions(leaning(small), LEAN)) == 3
    block = count_repetitions(leaning(np.concatenate([small, whole])), LEAN)
    assert count(block) == 5
    assert len(block.taken_back) == len(set(block.taken_back)) == 3
