"""Laws of quality: however a stream is cut, saved and resumed, its flags are the same; no input breaks it."""

import itertools

import numpy as np
import pytest
from hypothesis import given, settings
from hypothesis import strategies as st
from hypothesis.extra import numpy as hnp

from tests.unit.sensing.quality.test_engines import spoilt
from upperback.sensing.quality import (
    Engine,
    QualityParams,
    QualityState,
    check_quality,
    fastest_engine,
    start_quality,
    suspicions,
)
from upperback.sensing.quality._reference import Reference
from upperback.sensing.signal import Chunk, Quality, QualityFlag, Signal3
from upperback.sensing.state import from_bytes, to_bytes

PARAMS = QualityParams()


def run(
    acc: Signal3, gyr: Signal3 | None, rate_hz: float, cuts: list[int], engine: Engine, *, saved: bool
) -> tuple[QualityState, Quality]:
    state, parts = start_quality(sampling_rate_hz=rate_hz), []
    for start, end in itertools.pairwise([0, *sorted(min(cut, len(acc)) for cut in cuts), len(acc)]):
        chunk = Chunk(
            start_s=start / rate_hz,
            sampling_rate_hz=rate_hz,
            acc_mps2=acc[start:end],
            gyr_radps=None if gyr is None else gyr[start:end],
        )
        before = to_bytes(state)
        following, quality = check_quality(state, chunk, PARAMS, engine=engine)
        assert to_bytes(state) == before  # what was handed in is not changed
        state = from_bytes(QualityState, to_bytes(following)) if saved else following
        parts.append(quality)
    return state, np.concatenate(parts)


@pytest.mark.parametrize("engine", [fastest_engine(), Reference()], ids=lambda engine: type(engine).__name__)
@settings(max_examples=40, deadline=None)
@given(
    seed=st.integers(0, 10_000),
    rate_hz=st.sampled_from([12.5, 50.0, 100.0]),
    cuts=st.lists(st.integers(0, 4000), max_size=12),
    turning=st.booleans(),
    saved=st.booleans(),
)
def test_however_it_is_cut_it_is_the_same(
    engine: Engine, seed: int, rate_hz: float, cuts: list[int], turning: bool, saved: bool
) -> None:
    acc, gyr = spoilt(seed, 40, rate_hz)
    told = gyr if turning else None
    whole, flags = run(acc, told, rate_hz, [], engine, saved=False)
    state, cut_flags = run(acc, told, rate_hz, cuts, engine, saved=saved)
    np.testing.assert_array_equal(cut_flags, flags)
    assert suspicions(state, PARAMS) == suspicions(whole, PARAMS)
    np.testing.assert_array_equal(state.seconds, whole.seconds)
    np.testing.assert_array_equal(state.follow, whole.follow)


@settings(max_examples=60, deadline=None)
@given(
    samples=hnp.arrays(np.float32, st.tuples(st.integers(0, 300), st.just(3)), elements=st.floats(width=32)),
    repeats=st.integers(1, 20),
    rate_hz=st.sampled_from([1.0, 50.0, 285.7]),
)
def test_any_numbers_are_survived(samples: Signal3, repeats: int, rate_hz: float) -> None:
    acc = np.tile(samples, (repeats, 1))
    _, quality = run(acc, acc[:, ::-1].copy(), rate_hz, [], fastest_engine(), saved=False)
    assert len(quality) == len(acc)
    assert np.array_equal((quality & QualityFlag.GAP) != 0, np.isnan(acc).any(axis=1))
