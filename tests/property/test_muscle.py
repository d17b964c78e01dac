"""Laws of the muscle stage: however a stream is cut, saved and resumed, the result is the same, bit for bit."""

import itertools
from collections.abc import Sequence

import numpy as np
import numpy.typing as npt
import pytest
from hypothesis import given, settings
from hypothesis import strategies as st

from tests.unit.sensing.emg_model import emg, reference, work_and_rest
from upperback.sensing.muscle import (
    Engine,
    MuscleBlock,
    MuscleParams,
    MuscleState,
    fastest_engine,
    muscle_figures,
    start_muscle,
    update_muscle,
)
from upperback.sensing.muscle._reference import Reference
from upperback.sensing.signal import EmgChunk, QualityFlag, SignalShapeError
from upperback.sensing.state import from_bytes, to_bytes

SECONDS, RATE_HZ = 9, 1000.0
OF = (reference(), reference(noise_rms_v=None))
ENGINES = [fastest_engine(), Reference()]
Samples = npt.NDArray[np.float32]


def signal(seed: int, gaps: int) -> Samples:
    rng = np.random.default_rng(seed)
    columns = [emg(rng, SECONDS, work_and_rest(rng, SECONDS)[0], heart_v=60e-6, hum_v=1e-6) for _ in OF]
    samples = np.stack(columns, axis=1).astype(np.float32)
    for _ in range(gaps):
        start = int(rng.integers(0, len(samples)))
        samples[start : start + int(rng.integers(1, 600)), int(rng.integers(0, 2)) :] = np.nan
    return samples


def run(
    samples: Samples, cuts: Sequence[int], params: MuscleParams, engine: Engine, *, saved: bool
) -> tuple[MuscleState, list[MuscleBlock]]:
    state, blocks = start_muscle(sampling_rate_hz=RATE_HZ, references=OF, params=params), []
    for start, end in itertools.pairwise([0, *sorted(cuts), len(samples)]):
        piece = EmgChunk(start_s=start / RATE_HZ, sampling_rate_hz=RATE_HZ, emg_v=samples[start:end])
        before = to_bytes(state)
        following, block = update_muscle(state, piece, params, engine=engine)
        assert to_bytes(state) == before  # what was handed in is not changed
        state = from_bytes(MuscleState, to_bytes(following)) if saved else following
        blocks.append(block)
    return state, blocks


cutting = st.lists(st.integers(0, round(SECONDS * RATE_HZ)), max_size=8)
tuning = st.sampled_from(
    [
        MuscleParams(),
        MuscleParams(ecg="highpass", spectrum=False),
        MuscleParams(ecg="none", notch_harmonics=1),
        MuscleParams(window_s=0.2, sustained_window_s=3),
    ]
)


@pytest.mark.parametrize("engine", ENGINES, ids=lambda engine: type(engine).__name__)
@settings(max_examples=25, deadline=None)
@given(seed=st.integers(0, 1000), gaps=st.integers(0, 4), cuts=cutting, params=tuning, saved=st.booleans())
def test_however_it_is_cut_it_is_the_same(
    engine: Engine, seed: int, gaps: int, cuts: list[int], params: MuscleParams, saved: bool
) -> None:
    samples = signal(seed, gaps)
    whole, (block,) = run(samples, [], params, engine, saved=False)
    state, blocks = run(samples, cuts, params, engine, saved=saved)
    assert to_bytes(state) == to_bytes(whole)
    assert muscle_figures(state, params) == muscle_figures(whole, params)
    for name in ("rms_v", "quality", "median_frequency_hz"):
        joined = np.concatenate([getattr(part, name) for part in blocks])
        assert joined.tobytes() == np.ascontiguousarray(getattr(block, name)).tobytes()


@settings(max_examples=20, deadline=None)
@given(seed=st.integers(0, 1000), start=st.integers(1, 8000), length=st.integers(1, 900))
def test_a_chunk_that_starts_late_is_a_gap(seed: int, start: int, length: int) -> None:
    samples, params = signal(seed, 0), MuscleParams()
    end = min(start + length, len(samples))
    missing = samples.copy()
    missing[start:end] = np.nan
    whole, _ = run(missing, [], params, fastest_engine(), saved=False)
    state = start_muscle(sampling_rate_hz=RATE_HZ, references=OF, params=params)
    for first, last in ((0, start), (end, len(samples))):
        piece = EmgChunk(start_s=first / RATE_HZ, sampling_rate_hz=RATE_HZ, emg_v=samples[first:last])
        state, _ = update_muscle(state, piece, params)
    assert to_bytes(state) == to_bytes(whole)


@settings(max_examples=40, deadline=None)
@given(
    values=st.lists(st.floats(width=32), min_size=0, max_size=40),
    repeats=st.integers(1, 200),
    rate_hz=st.sampled_from([250.0, 1000.0, 2048.0]),
    params=tuning,
)
def test_any_numbers_are_survived(values: list[float], repeats: int, rate_hz: float, params: MuscleParams) -> None:
    samples = np.tile(np.array(values, np.float32), repeats)[:, None]
    piece = EmgChunk(start_s=0.0, sampling_rate_hz=rate_hz, emg_v=samples)
    state = start_muscle(sampling_rate_hz=rate_hz, references=(reference(),), params=params)
    with np.errstate(over="ignore", invalid="ignore"):  # numbers beyond what a float32 can square
        state, block = update_muscle(state, piece, params)
    (figures,) = muscle_figures(state, params)
    assert figures.measured_s <= figures.recorded_s <= len(samples) / rate_hz
    assert np.all((block.rms_v >= 0) | np.isnan(block.rms_v))
    if figures.rest is not None:
        assert 0 <= figures.rest.share <= 1


@pytest.mark.parametrize("value", [np.nan, np.inf, -np.inf, 0.0, 1e-3, 1e30])
def test_what_never_changes_is_never_rest(value: float) -> None:
    samples = np.full((30_000, 1), value, np.float32)
    piece = EmgChunk(start_s=0.0, sampling_rate_hz=RATE_HZ, emg_v=samples)
    state = start_muscle(sampling_rate_hz=RATE_HZ, references=(reference(),), params=MuscleParams())
    state, _ = update_muscle(state, piece, MuscleParams())
    (figures,) = muscle_figures(state, MuscleParams())
    assert figures.rest is None
    assert figures.amplitude_v is None
    assert figures.notes[0].startswith("Not measured")


def test_samples_that_are_said_to_be_bad_are_a_gap() -> None:
    samples, params = signal(1, 0), MuscleParams()
    quality = np.zeros(len(samples), np.uint8)
    quality[2000:2500] = int(QualityFlag.IMPLAUSIBLE)
    missing = samples.copy()
    missing[2000:2500] = np.nan
    state = start_muscle(sampling_rate_hz=RATE_HZ, references=OF, params=params)
    told = EmgChunk(start_s=0.0, sampling_rate_hz=RATE_HZ, emg_v=samples, quality=quality)
    assert to_bytes(update_muscle(state, told, params)[0]) == to_bytes(
        run(missing, [], params, fastest_engine(), saved=False)[0]
    )


def test_chunks_that_do_not_belong_are_refused() -> None:
    samples, params = signal(1, 0), MuscleParams()
    state, _ = run(samples, [], params, fastest_engine(), saved=False)
    for start_s, rate_hz, columns, what in (
        (5.0, RATE_HZ, 2, "before the last one ended"),
        (9.0, 2000.0, 2, "cannot go on at 2000 Hz"),
        (9.0, RATE_HZ, 1, "cannot go on with 1"),
        (9.0 + 8 * 86_400, RATE_HZ, 2, "another recording"),
        (float("nan"), RATE_HZ, 2, "another recording"),
    ):
        piece = EmgChunk(start_s=start_s, sampling_rate_hz=rate_hz, emg_v=samples[:, :columns])
        with pytest.raises(SignalShapeError, match=what):
            update_muscle(state, piece, params)
