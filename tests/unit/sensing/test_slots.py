"""The grid of slots: the same whatever the cuts, and honest about what is missing."""

import numpy as np
import pytest
from hypothesis import given
from hypothesis import strategies as st

from tests.unit.sensing import bodies
from upperback.core.errors import InputError
from upperback.sensing import compiled
from upperback.sensing.signal import Chunk, QualityFlag
from upperback.sensing.slots import Slots, new_state, rest, to_slots
from upperback.sensing.state import from_bytes, to_bytes

RATES = (25.0, 31.25, 50.0, 60.0, 100.0, 285.714)


def everything(chunks: list[Chunk], *, unit: int = 1, instruction_set: str | None = None) -> Slots:
    state = new_state(chunks[0].sampling_rate_hz)
    found = []
    for chunk in chunks:
        found += list(to_slots(state, chunk, unit=unit, instruction_set=instruction_set))
        state = from_bytes(type(state), to_bytes(state))
    found += list(rest(state, unit=unit, instruction_set=instruction_set))
    names = ("acc_mps2", "gyr_radps", "up", "temperature_degc", "quality")
    return Slots(first=found[0].first, **{name: np.concatenate([getattr(f, name) for f in found]) for name in names})


@given(
    seed=st.integers(0, 99),
    rate_hz=st.sampled_from(RATES),
    start_s=st.sampled_from((0.0, 0.02, 17.3, 1.7e9 + 0.5)),
    cuts=st.lists(st.integers(0, 700), max_size=6),
    unit=st.sampled_from((1, 25)),
)
def test_cuts_do_not_matter(seed: int, rate_hz: float, start_s: float, cuts: list[int], unit: int) -> None:
    rng = np.random.default_rng(seed)
    whole = bodies.chunk(rng.standard_normal((700, 3)), rate_hz, start_s=start_s, gyr=rng.standard_normal((700, 3)))
    expected, found = everything([whole], unit=unit), everything(bodies.cut(whole, cuts), unit=unit)
    assert len(expected) % unit == 0
    for name in ("acc_mps2", "gyr_radps", "quality"):
        np.testing.assert_array_equal(getattr(found, name), getattr(expected, name))


@pytest.mark.parametrize("rate_hz", RATES)
def test_the_kernel_agrees_with_the_reference(rate_hz: float) -> None:
    rng = np.random.default_rng(3)
    force = rng.normal(0, 5, (5000, 3))
    force[100:180] = np.nan
    force[1000, 1] = np.inf
    force[2000:2003] = 1e6
    whole = bodies.chunk(force, rate_hz, start_s=0.013)
    expected = everything([whole], instruction_set="numpy")
    assert np.isnan(expected.acc_mps2).any()
    for name in compiled.available():
        np.testing.assert_array_equal(everything([whole], instruction_set=name).acc_mps2, expected.acc_mps2)


def test_slots_lie_on_whole_seconds() -> None:
    whole = bodies.chunk(np.tile(np.arange(100.0)[:, None], 3), 50, start_s=7.5)
    slots = everything([whole])
    assert np.isnan(slots.acc_mps2[:12]).all()  # before the first sample
    # Half a slot belongs to the second sample before, from which one of the two samples is there.
    assert slots.acc_mps2[13, 0] == pytest.approx(1.5)
    assert len(slots) == 63


def test_a_gap_is_missing_and_not_closed() -> None:
    still = bodies.breathing(4, 50)
    first, later = bodies.chunk(still, 50), bodies.chunk(still, 50, start_s=10)
    slots = everything([first, later])
    assert len(slots) == 14 * 25
    assert np.isnan(slots.acc_mps2[4 * 25 : 10 * 25]).all()
    assert (slots.quality[4 * 25 : 10 * 25] == QualityFlag.GAP).all()
    assert np.isfinite(slots.acc_mps2[10 * 25 :]).all()


def test_flagged_samples_count_as_missing_and_clipped_ones_do_not() -> None:
    quality = np.zeros(200, np.uint8)
    quality[:100] = QualityFlag.NOT_WORN
    quality[100:] = QualityFlag.CLIPPED
    chunk = Chunk(start_s=0, sampling_rate_hz=50, acc_mps2=bodies.breathing(4, 50).astype(np.float32), quality=quality)
    slots = everything([chunk])
    assert np.isnan(slots.acc_mps2[:50]).all()
    assert np.isfinite(slots.acc_mps2[50:]).all()
    assert (slots.quality[50:] == QualityFlag.CLIPPED).all()


def test_a_chunk_that_goes_back_in_time_is_refused() -> None:
    state = new_state(50)
    chunk = bodies.chunk(bodies.breathing(4, 50), 50)
    list(to_slots(state, chunk))
    with pytest.raises(InputError, match="before the end"):
        list(to_slots(state, chunk))


def test_a_clock_that_jumps_by_a_year_is_refused() -> None:
    state = new_state(50)
    list(to_slots(state, bodies.chunk(bodies.breathing(4, 50), 50)))
    with pytest.raises(InputError, match="365 days"):
        list(to_slots(state, bodies.chunk(bodies.breathing(4, 50), 50, start_s=365 * 86400)))


def test_too_low_a_rate_is_refused() -> None:
    with pytest.raises(InputError, match="samples a second"):
        new_state(12.5)


def test_the_rate_of_a_stream_stays() -> None:
    with pytest.raises(InputError, match="50 samples a second"):
        list(to_slots(new_state(50), bodies.chunk(bodies.breathing(1, 100), 100)))


def test_a_vertical_of_another_length_is_refused() -> None:
    chunk = bodies.chunk(bodies.breathing(1, 50), 50)
    with pytest.raises(InputError, match="up has to be"):
        list(to_slots(new_state(50), chunk, up=chunk.acc_mps2[1:]))
