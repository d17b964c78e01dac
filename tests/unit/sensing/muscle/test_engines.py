"""The compiled kernel agrees with NumPy on every instruction set, side by side or one by one."""

import dataclasses

import numpy as np
import pytest
from hypothesis import given, settings
from hypothesis import strategies as st

from tests.unit.sensing.emg_model import Array, chunk, emg, reference, work_and_rest
from upperback.sensing import compiled
from upperback.sensing.muscle import MuscleParams, MuscleState, muscle_figures, track_muscle
from upperback.sensing.muscle import _reference as reference_module
from upperback.sensing.muscle._compiled import Compiled
from upperback.sensing.muscle._reference import Reference
from upperback.sensing.muscle._spectrum import _taper
from upperback.sensing.muscle._track import start_muscle, update_muscle
from upperback.sensing.muscle.base import BINS, ENGINE_TOLERANCE, Engine, MuscleBlock

SETS = compiled.available() or (None,)


def compiled_engine(instruction_set: str | None) -> Engine:
    kernel = compiled.load(instruction_set) if instruction_set else None
    if kernel is None:
        pytest.skip("no C compiler here: run `just kernel` where there is one")
    return Compiled(kernel)


def spoilt(seed: int, seconds: float, *, gaps: int, heart_v: float = 80e-6) -> Array:
    rng = np.random.default_rng(seed)
    levels, _ = work_and_rest(rng, seconds)
    signal = emg(rng, seconds, levels, heart_v=heart_v, offset_v=0.1)
    for _ in range(gaps):
        start = int(rng.integers(0, len(signal)))
        signal[start : start + int(rng.integers(1, 3000))] = rng.choice([np.nan, np.inf])
    return signal


def assert_alike(one: tuple[MuscleState, MuscleBlock], other: tuple[MuscleState, MuscleBlock]) -> None:
    for a, b in ((one[0], other[0]), (one[1], other[1])):
        for field in dataclasses.fields(a):
            here, there = getattr(a, field.name), getattr(b, field.name)
            if isinstance(here, np.ndarray):
                scale = float(np.max(np.abs(here[np.isfinite(here)]), initial=0))
                np.testing.assert_allclose(here, there, rtol=ENGINE_TOLERANCE, atol=ENGINE_TOLERANCE * scale)
            else:
                assert repr(here) == repr(there)


@pytest.mark.parametrize("instruction_set", SETS)
@pytest.mark.parametrize(
    ("params", "gaps"),
    [
        (MuscleParams(), 0),
        (MuscleParams(), 6),
        (MuscleParams(ecg="highpass", notch_harmonics=2), 0),
        (MuscleParams(ecg="none", window_s=0.05, spectrum=False), 3),
        (MuscleParams(notch_harmonics=8, window_s=0.2), 2),
    ],
)
def test_every_instruction_set_agrees_with_numpy(instruction_set: str | None, params: MuscleParams, gaps: int) -> None:
    engine = compiled_engine(instruction_set)
    recording = chunk(spoilt(1, 90, gaps=gaps), spoilt(2, 90, gaps=gaps))
    of = (reference(), reference(noise_rms_v=None))
    expected = track_muscle(recording, of, params, engine=Reference())
    assert_alike(track_muscle(recording, of, params, engine=engine), expected)
    state = start_muscle(sampling_rate_hz=1000, references=of, params=params)
    assert_alike(update_muscle(state, recording, params, engine=engine), expected)


@pytest.mark.parametrize("instruction_set", SETS)
@settings(max_examples=15, deadline=None)
@given(seed=st.integers(0, 10_000), gaps=st.integers(0, 12), seconds=st.floats(30, 70))
def test_side_by_side_is_one_by_one(instruction_set: str | None, seed: int, gaps: int, seconds: float) -> None:
    engine, params, of = compiled_engine(instruction_set), MuscleParams(), (reference(),)
    recording = chunk(spoilt(seed, seconds, gaps=gaps))
    state = start_muscle(sampling_rate_hz=1000, references=of, params=params)
    one_by_one = update_muscle(state, recording, params, engine=engine)
    side_by_side = track_muscle(recording, of, params, engine=engine)
    assert_alike(side_by_side, one_by_one)
    assert muscle_figures(side_by_side[0], params) == muscle_figures(one_by_one[0], params)


@pytest.mark.parametrize("instruction_set", SETS)
def test_epochs_have_the_same_facts(instruction_set: str | None) -> None:
    engine = compiled_engine(instruction_set)
    rng = np.random.default_rng(3)
    samples = rng.standard_normal((5, 1919)).astype(np.float32)
    samples[1] = np.round(samples[1])
    samples[2] = np.clip(samples[2], -0.5, 0.5)
    samples[3] = 7.0
    tapered, facts = engine.epochs(samples, _taper(1919))
    expected_tapered, expected = Reference().epochs(samples, _taper(1919))
    np.testing.assert_allclose(facts, expected, rtol=1e-12, atol=1e-12)
    np.testing.assert_allclose(tapered, expected_tapered, rtol=0, atol=1e-6)


def test_bins_are_where_the_edges_are() -> None:
    from upperback.sensing.muscle._figures import _EDGES

    for k in (1, 2, 128, 1000, BINS - 2):
        assert reference_module.bin_of(_EDGES[k]) == k
        assert reference_module.bin_of(np.nextafter(_EDGES[k], 0)) == k - 1
    assert reference_module.bin_of(0.0) == 0
    assert reference_module.bin_of(1.0) == BINS - 1
