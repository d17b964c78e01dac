"""The compiled kernel agrees with NumPy on every instruction set."""

import numpy as np
import pytest
from hypothesis import given, settings
from hypothesis import strategies as st

from tests.unit.sensing import bodies
from upperback.sensing import compiled
from upperback.sensing.quality import Engine, QualityParams
from upperback.sensing.quality._compiled import Compiled
from upperback.sensing.quality._reference import Reference
from upperback.sensing.quality.base import Marks, Second, limits
from upperback.sensing.signal import G_MPS2, Signal3

SETS = compiled.available() or (None,)


def compiled_engine(instruction_set: str | None) -> Engine:
    kernel = compiled.load(instruction_set) if instruction_set else None
    if kernel is None:
        pytest.skip("no C compiler here: run `just kernel` where there is one")
    return Compiled(kernel)


def spoilt(seed: int, seconds: float, rate_hz: float) -> tuple[Signal3, Signal3]:
    """Walking and sitting with every fault that samples can have, and a gyroscope that hits its end."""
    rng = np.random.default_rng(seed)
    acc = np.concatenate([bodies.walking(seconds / 2, rate_hz), bodies.breathing(seconds / 2, rate_hz)])
    acc += bodies.noise(rng, len(acc))
    gyr = np.clip(2 * rng.standard_normal(acc.shape), -4.4, 4.4)
    for _ in range(rng.integers(0, 8)):
        start, n = int(rng.integers(0, len(acc))), int(rng.integers(1, 150))
        fault = rng.integers(0, 7)
        if fault == 0:
            acc[start : start + n] = rng.choice([np.nan, np.inf, -np.inf])
        elif fault == 1:
            acc[start : start + n, rng.integers(0, 3)] = rng.choice([-4, 2, 8]) * G_MPS2
        elif fault == 2:
            acc[start : start + n] *= 0.05
        elif fault == 3:
            acc[start:] *= rng.choice([-1, 1], 3)
        elif fault == 4:
            acc[start : start + n, 1] = acc[start, 1]
        elif fault == 5:
            gyr[start : start + n] = rng.choice([np.nan, np.inf])
        else:
            acc[start : start + n] = 1e25
    return acc.astype(np.float32), gyr.astype(np.float32)


@pytest.mark.parametrize("instruction_set", SETS)
@settings(max_examples=60, deadline=None)
@given(
    seed=st.integers(0, 10_000),
    rate_hz=st.sampled_from([5.0, 12.5, 50.0, 100.0]),
    seconds=st.floats(1, 30),
    known=st.booleans(),
    turning=st.booleans(),
    falling=st.integers(0, 30),
    jumping=st.integers(0, 60),
)
def test_every_instruction_set_agrees_with_numpy(
    instruction_set: str | None,
    seed: int,
    rate_hz: float,
    seconds: float,
    known: bool,
    turning: bool,
    falling: int,
    jumping: int,
) -> None:
    engine = compiled_engine(instruction_set)
    acc, gyr = spoilt(seed, seconds, rate_hz)
    params = QualityParams(range_mps2=4 * G_MPS2, range_radps=4.3) if known else QualityParams()
    limit = limits(rate_hz, params)
    before = Marks(acc=acc[-2:], gyr=gyr[-2:], falling=falling, jumping=jumping)
    flags, expected_flags = (np.zeros(len(acc), np.uint8) for _ in range(2))
    told = gyr if turning else None
    marks, jumps, last = engine.marks(acc, told, limit, before, flags)
    expected, expected_jumps, expected_last = Reference().marks(acc, told, limit, before, expected_flags)
    np.testing.assert_array_equal(flags, expected_flags)
    np.testing.assert_array_equal(marks.acc, expected.acc)
    np.testing.assert_array_equal(marks.gyr, expected.gyr)
    assert (marks.falling, marks.jumping, jumps, last) == (
        expected.falling,
        expected.jumping,
        expected_jumps,
        expected_last,
    )
    length = max(1, round(rate_hz))
    end = len(acc) // length * length
    found = engine.seconds(acc[:end], None if told is None else told[:end], length, 0.1)
    reference = Reference().seconds(acc[:end], None if told is None else told[:end], length, 0.1)
    tolerance = np.full(len(Second), 1e-3)
    tolerance[Second.SPREAD] = 0.02  # a difference of two numbers that may be far from gravity; 0.3 m/s2 is a threshold
    with np.errstate(invalid="ignore"):
        close = np.isclose(found, reference, rtol=1e-4, atol=tolerance, equal_nan=True)
        odd = ~(reference[:, :1] < 2 * G_MPS2) | ~np.isfinite(reference)  # nothing is learnt from such a second
    assert (close | odd).all()
