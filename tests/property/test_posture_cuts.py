"""However a stream is cut and saved on the way, posture is the same, bit for bit."""

from functools import cache
from itertools import pairwise

import numpy as np
import pytest
from hypothesis import given, settings
from hypothesis import strategies as st

from tests.unit.sensing.posture.streams import ALIGNMENT, cut, samples, verticals
from upperback.sensing.compiled import available
from upperback.sensing.epochs import COLUMNS, Epochs
from upperback.sensing.posture import HoldParams, PostureState, PostureSummary, PostureTracker, VerticalBlock
from upperback.sensing.posture._holds import HoldState, HoldTally, hold_epochs
from upperback.sensing.signal import Chunk
from upperback.sensing.state import from_bytes, to_bytes

N_SAMPLES = 3000
STREAMS: dict[str, Chunk | VerticalBlock] = {
    "verticals": verticals(N_SAMPLES, 51.3, start_s=12.6),
    "accelerometer": samples(N_SAMPLES, 51.3, start_s=12.6, with_gyr=False)[0],
    "gyroscope": samples(N_SAMPLES, 51.3, start_s=12.6)[0],
}
KINDS = [("verticals", "numpy")] + [(name, isa) for isa in available() for name in STREAMS]
"""The reference of the orientation stage is too slow for all of them; it has laws of its own."""

places = st.lists(st.integers(0, N_SAMPLES), max_size=8)


def through(blocks: list[Chunk | VerticalBlock], isa: str, *, saving: bool) -> tuple[Epochs, PostureSummary]:
    state, parts = PostureState(), []
    tracker = PostureTracker(sampling_rate_hz=51.3, alignment=ALIGNMENT, state=state, instruction_set=isa)
    for block in blocks:
        parts.append(tracker.update(block))
        if saving:
            state = from_bytes(PostureState, to_bytes(tracker.state))
            tracker = PostureTracker(sampling_rate_hz=51.3, alignment=ALIGNMENT, state=state, instruction_set=isa)
    parts.append(tracker.finish())
    summary = tracker.take_summary()
    assert summary is not None
    return Epochs.join(parts), summary


@cache
def whole(name: str, isa: str) -> tuple[Epochs, PostureSummary]:
    return through([STREAMS[name]], isa, saving=False)


@pytest.mark.parametrize(("name", "isa"), KINDS)
@settings(max_examples=25, deadline=None)
@given(places=places, saving=st.booleans())
def test_however_a_stream_is_cut(name: str, isa: str, places: list[int], saving: bool) -> None:
    epochs, summary = through(cut(STREAMS[name], places), isa, saving=saving)
    expected, expected_summary = whole(name, isa)
    np.testing.assert_array_equal(epochs.rows, expected.rows)
    assert epochs.first_s == expected.first_s
    assert summary == expected_summary


def test_a_law_that_could_fail() -> None:
    """The control: a tracker that forgets its state at a cut gives other figures."""
    one, other = cut(STREAMS["verticals"], [1017])
    forgetful = [
        PostureTracker(sampling_rate_hz=51.3, alignment=ALIGNMENT, instruction_set="numpy").update(block)
        for block in (one, other)
    ]
    expected, _ = whole("verticals", "numpy")
    assert sum(map(len, forgetful)) != len(expected) or not np.array_equal(
        np.concatenate([part.rows for part in forgetful]), expected.rows, equal_nan=True
    )


@st.composite
def some_epochs(draw: st.DrawFn) -> Epochs:
    rng = np.random.default_rng(draw(st.integers(0, 2**32)))
    n_epochs = draw(st.integers(0, 120))
    rows = np.full((n_epochs, len(COLUMNS)), np.nan, np.float32)
    angle = np.radians(
        np.repeat(rng.integers(0, 4, n_epochs // 8 + 1) * 15.0, 8)[:n_epochs] + rng.normal(0, 2, n_epochs)
    )
    share = rng.choice([0.0, 0.4, 0.7, 1.0], n_epochs, p=[0.05, 0.05, 0.1, 0.8])
    rows[:, COLUMNS.index("flexion_deg")] = np.degrees(angle)
    rows[:, COLUMNS.index("generalised_velocity_dps")] = rng.choice([1.0, 4.0, 20.0], n_epochs, p=[0.6, 0.3, 0.1])
    rows[:, 5:8] = np.stack([-np.sin(angle), 0 * angle, np.cos(angle)], axis=1)
    rows[:, COLUMNS.index("measured_share")] = share
    rows[share == 0, :9] = np.nan
    return Epochs(first_s=draw(st.integers(0, 2**31)), rows=rows)


@settings(deadline=None)
@given(epochs=some_epochs(), places=st.lists(st.integers(0, 120), max_size=5))
def test_bouts_and_dose_do_not_depend_on_cuts_nor_on_the_kernel(epochs: Epochs, places: list[int]) -> None:
    edges = [0, *sorted(min(place, len(epochs)) for place in places), len(epochs)]
    found = []
    for isa in ("numpy", *available()):
        state, tally = HoldState(), HoldTally()
        hold_epochs(epochs, state, HoldParams(), tally, instruction_set=isa)
        cut_state, cut_tally = HoldState(), HoldTally()
        for start, end in pairwise(edges):
            hold_epochs(epochs[start:end], cut_state, HoldParams(), cut_tally, instruction_set=isa)
        found += [(state.numbers.tolist(), tally.holds()), (cut_state.numbers.tolist(), cut_tally.holds())]
    assert all(one == found[0] for one in found)
