"""Sets that a sensor counts: which exercises, and what is said within one."""

from upperback.care.counted_sets import FURTHER, LESS_FAR, SLOWER, Done, can_count, set_hint
from upperback.content.vocabulary import default_content

PLAN = (35.0, 60.0)


def hint(*done: tuple[float, float | None]) -> str | None:
    last = [Done(moving_s=moving_s, range_deg=range_deg) for moving_s, range_deg in done]
    return set_hint(last, planned_s=4.0, range_deg=PLAN)


def test_nothing_is_said_while_all_is_well_or_little_is_known() -> None:
    assert hint(*[(4.0, 45.0)] * 5) is None
    assert hint((1.0, 10.0), (1.0, 10.0)) is None
    assert hint(*[(4.0, None)] * 5) is None
    assert hint((1.0, 45.0), (4.0, 45.0), (4.0, 45.0)) is None, "one quick one is nobody's habit"


def test_one_thing_is_said_and_hurry_comes_first() -> None:
    assert hint(*[(2.0, 10.0)] * 3) == SLOWER
    assert hint(*[(2.0, None)] * 3) == SLOWER
    assert hint(*[(4.0, 20.0)] * 3) == FURTHER
    assert hint(*[(4.0, 95.0)] * 3) == LESS_FAR
    assert hint((1.0, 45.0), *[(4.0, 45.0)] * 3) is None, "what was before is over"


def test_only_what_the_chest_feels_is_counted() -> None:
    exercises = default_content().exercises
    counted = {id for id, exercise in exercises.items() if can_count(exercise)}
    assert {"ST13", "MV12", "MV01", "MV02"} <= counted
    assert not {"ST01", "MV13", "ST20", "ST18"} & counted  # the arm, a breath, steps, held
