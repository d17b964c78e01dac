"""The pace of an exercise: in step with its figure, and with the seconds that its tempo says."""

import pytest

from upperback.content.vocabulary import default_content
from upperback.web.figures import timing_of
from upperback.web.pace import pace_of

EXERCISES = default_content().exercises


@pytest.mark.parametrize("id", sorted(EXERCISES))
def test_one_repetition_is_one_turn_of_the_figure(id: str) -> None:
    exercise = EXERCISES[id]
    pace = pace_of(exercise)
    if exercise.dose == "distance":
        assert pace == []
        return
    assert sum(phase.figure_for_s for phase in pace) == pytest.approx(timing_of(exercise).length_s)
    at_s = 0.0
    for phase in pace:
        assert phase.figure_s == pytest.approx(at_s)
        assert phase.seconds >= phase.figure_for_s > 0
        at_s += phase.figure_for_s
    assert [phase.do for phase in pace if phase.do not in {"hold", "rest"}][:2] in (["move", "back"], ["in", "out"])


@pytest.mark.parametrize("id", sorted(EXERCISES))
def test_a_hold_lasts_as_long_as_it_is_prescribed(id: str) -> None:
    exercise = EXERCISES[id]
    holds = {phase.seconds for phase in pace_of(exercise) if phase.do == "hold"}
    wanted = exercise.tempo.hold_s or exercise.tempo.pause_s
    assert holds <= {wanted}
    if exercise.tempo.hold_s and exercise.dose != "distance":
        assert holds
