"""From an exercise of the content to what the repetition counter has to know of it."""

from typing import Final

from upperback.content.figure_body import goes_both_ways
from upperback.content.models import Exercise, Figure
from upperback.sensing.repetitions import RepetitionTemplate

_BREATH_DEG: Final = (2.0, 8.0)
"""How far a sensor on the chest leans with a deep breath into the ribs: a planning value."""

_BREATH_DEG_MIN: Final = 1.5

_RAISED_DEG: Final = 45.0
_HANGING_DEG: Final = 20.0


def repetition_template(exercise: Exercise) -> RepetitionTemplate:
    """What is known of an exercise beforehand. Grade `none`: by the timer, or by its steps."""
    sensor, tempo = exercise.sensor, exercise.tempo
    if sensor.motion is None or sensor.motion == "steps":
        return RepetitionTemplate(grade="none")
    planned_s = tempo.out_s + tempo.pause_s + tempo.back_s
    if sensor.motion == "breath":
        return RepetitionTemplate(
            motion="lean",
            grade=sensor.count,
            range_deg=_BREATH_DEG,
            deg_min=_BREATH_DEG_MIN,
            repetition_s=planned_s,
        )
    return RepetitionTemplate(
        motion=sensor.motion,
        grade=sensor.count,
        range_deg=None if sensor.range_deg is None else (float(sensor.range_deg[0]), float(sensor.range_deg[1])),
        repetition_s=sensor.repetition_s or planned_s,
        # A sensor on one arm feels the repetitions of its own side.
        both_sides=sensor.at == "chest" and goes_both_ways(exercise.figure),
        alternates=sensor.at == "upper_arm" and goes_both_ways(exercise.figure),
        ends_at_rest=sensor.at == "upper_arm" and _arm_comes_down(exercise.figure),
    )


def _arm_comes_down(figure: Figure) -> bool:
    """Whether the arm starts raised and ends hanging, as it does before and after the exercise."""
    start = figure.start.get("sh", 0.0)
    return start > _RAISED_DEG and abs(figure.end.get("sh", start)) < _HANGING_DEG
