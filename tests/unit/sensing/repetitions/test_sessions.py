"""The short version of validation/movement.py: sessions of simulated wearers, live in small pieces, and pauses.

The seeds are neither those that thresholds were chosen on nor those of the published figures.
"""

from typing import Any

import numpy as np
import pytest

from tests.unit.sensing import bodies
from upperback.content.vocabulary import default_content
from upperback.devices.exercise_templates import repetition_template
from upperback.sensing.repetitions import CounterState, RepetitionBlock, RepetitionCounter, count_repetitions
from upperback.sensing.state import from_bytes, to_bytes
from validation._sessions import make_pause, make_session, plain_count

EXERCISES = {exercise.id: exercise for exercise in default_content().release.exercises}
SEEDS = range(500, 503)
KINDS = ("MV01", "MV02", "MV06", "MV15", "ST02", "ST03", "ST04", "ST07", "ST10", "ST16", "ST17")


def count(block: RepetitionBlock) -> int:
    return len(block.counted) - len(block.taken_back)


def test_sessions_are_counted_and_better_than_peaks_of_a_component() -> None:
    errors, plain = [], []
    for id in KINDS:
        template = repetition_template(EXERCISES[id])
        for seed in SEEDS:
            session = make_session(EXERCISES[id], seed)
            errors.append(count(count_repetitions(session.chunk, template, up=session.up)) - session.repetitions)
            plain.append(plain_count(session, template, 0.6) - session.repetitions)
    exact, within_one = (np.mean(np.abs(errors) <= slack) for slack in (0, 1))
    assert exact >= 0.85
    assert within_one >= 0.95
    assert np.mean(np.equal(plain, 0)) <= 0.5


@pytest.mark.parametrize("id", ["MV14", "ST04", "ST12"])
def test_a_session_in_pieces_that_travel_gives_the_same(id: str) -> None:
    session, template = make_session(EXERCISES[id], 501), repetition_template(EXERCISES[id])
    expected = count_repetitions(session.chunk, template)
    rate_hz = session.chunk.sampling_rate_hz
    state: CounterState | None = None
    blocks = []
    rng = np.random.default_rng(7)
    cuts = np.sort(rng.choice(len(session.chunk), 40, replace=False)).tolist()
    for chunk in bodies.cut(session.chunk, cuts):
        counter = RepetitionCounter(sampling_rate_hz=rate_hz, template=template, state=state)
        blocks.append(counter.update(chunk))
        state = from_bytes(CounterState, to_bytes(counter.state))
    blocks.append(RepetitionCounter(sampling_rate_hz=rate_hz, template=template, state=state).finish())
    assert tuple(one for block in blocks for one in block.counted) == expected.counted
    assert tuple(one for block in blocks for one in block.taken_back) == expected.taken_back
    assert len(expected.counted) > 5


@pytest.mark.parametrize(
    ("activity", "fidget_deg"), [({"do": "walk"}, 3.0), ({"do": "sit"}, 0.0), ({"do": "stand"}, 0.0)]
)
def test_no_repetitions_while_walking_and_sitting(activity: dict[str, Any], fidget_deg: float) -> None:
    for place, id in (("chest", "MV01"), ("chest", "ST03"), ("upper_arm_right", "ST02")):
        pause = make_pause([{**activity, "duration_s": 120}], fidget_deg, place, 500)
        assert count(count_repetitions(pause.chunk, repetition_template(EXERCISES[id]), up=pause.up)) == 0
