"""Laws of the orientation stage on generated signals.

Cuts do not change a result, nor does a state that is saved and gone on with elsewhere. Every instruction set gives the
same bits. The compiled kernel agrees with the plain reference within `AGREE_DEG` wherever the signal says where up is.
"""

from collections.abc import Callable
from dataclasses import dataclass
from pathlib import Path

import numpy as np
import pytest
from hypothesis import given, settings
from hypothesis import strategies as st

from upperback.sensing.compiled import LANES, available
from upperback.sensing.orientation import LanesState, Orientation, Tilt
from upperback.sensing.orientation._compiled import LiveLanes, Windows
from upperback.sensing.orientation._reference import ReferenceLive, ReferenceWindows
from upperback.sensing.orientation.base import Design, OrientationParams, design_orientation, design_tilt
from upperback.sensing.signal import G_MPS2
from upperback.sensing.state import from_bytes, to_bytes

needs_kernel = pytest.mark.skipif(not available(), reason="no C compiler here: run `just kernel` where there is one")

AGREE_DEG = 0.01
"""Kernel (float32) and reference (float64) on a signal of a person or of nobody; measured: 2e-4 on most."""

RATES_HZ = (10.0, 25.0, 50.0, 104.0, 285.7)


@dataclass(frozen=True)
class Signals:
    """(n_time, 3, n_lanes) and (n_time, n_lanes)."""

    rate_hz: float
    acc: np.ndarray
    gyr: np.ndarray
    bad: np.ndarray


def _person(rng: np.random.Generator, time_s: np.ndarray) -> tuple[np.ndarray, np.ndarray]:
    wave = np.sin(2 * np.pi * rng.uniform(0.2, 2, 6) * time_s[:, None] + rng.uniform(0, 6, 6))
    return [0, 0, G_MPS2] + rng.uniform(0, 8) * wave[:, :3], rng.uniform(0, 4) * wave[:, 3:]


def _rest(rng: np.random.Generator, time_s: np.ndarray) -> tuple[np.ndarray, np.ndarray]:
    noise = rng.standard_normal((len(time_s), 6))
    up = rng.standard_normal(3)
    bias = rng.normal(0, 0.01, 3)
    return G_MPS2 * up / np.linalg.norm(up) + 0.02 * noise[:, :3], bias + 0.001 * noise[:, 3:]


def _constant(rng: np.random.Generator, time_s: np.ndarray) -> tuple[np.ndarray, np.ndarray]:
    ones = np.ones((len(time_s), 1))
    return ones * rng.normal(0, 8, 3), ones * rng.normal(0, 0.5, 3)


def _noise(rng: np.random.Generator, time_s: np.ndarray) -> tuple[np.ndarray, np.ndarray]:
    noise = rng.standard_normal((len(time_s), 6))
    return [0, G_MPS2, 0] + 3 * noise[:, :3], noise[:, 3:]


def _nothing(_: np.random.Generator, time_s: np.ndarray) -> tuple[np.ndarray, np.ndarray]:
    return np.zeros((len(time_s), 3)), np.zeros((len(time_s), 3))


def _clipped(rng: np.random.Generator, time_s: np.ndarray) -> tuple[np.ndarray, np.ndarray]:
    acc, gyr = _person(rng, time_s)
    return np.clip(4 * acc, -2 * G_MPS2, 2 * G_MPS2), np.clip(8 * gyr, -4.36, 4.36)


def _wild(rng: np.random.Generator, time_s: np.ndarray) -> tuple[np.ndarray, np.ndarray]:
    noise = rng.uniform(-1, 1, (len(time_s), 6))
    return 560 * noise[:, :3], 57 * noise[:, 3:]


SOUND: list[Callable[[np.random.Generator, np.ndarray], tuple[np.ndarray, np.ndarray]]] = [
    _person,
    _rest,
    _constant,
    _noise,
    _clipped,
]
ANY = [*SOUND, _nothing, _wild]

TROUBLES = (np.nan, np.inf, -np.inf, 1e30, -3.4e38)


@st.composite
def signals(draw: st.DrawFn, kinds: list[Callable[..., tuple[np.ndarray, np.ndarray]]]) -> Signals:
    """Lanes of any kind, with missing and idle stretches and with numbers that are none."""
    rate_hz = draw(st.sampled_from(RATES_HZ))
    n_time = draw(st.integers(0, 160))
    n_lanes = draw(st.sampled_from([1, 2, 16, 19]))
    rng = np.random.default_rng(draw(st.integers(0, 2**32)))
    time_s = np.arange(n_time) / rate_hz
    picks = draw(st.lists(st.sampled_from(kinds), min_size=1, max_size=4))
    lanes = [picks[lane % len(picks)](rng, time_s) for lane in range(n_lanes)]
    acc = np.stack([acc for acc, _ in lanes], axis=2).astype(np.float32)
    gyr = np.stack([gyr for _, gyr in lanes], axis=2).astype(np.float32)
    bad = np.zeros((n_time, n_lanes), np.uint8)
    for _ in range(draw(st.integers(0, 4))):
        start, n_bad = draw(st.integers(0, max(0, n_time - 1))), draw(st.integers(1, 80))
        bad[start : start + n_bad, rng.integers(0, n_lanes)] = draw(st.sampled_from([1, 2]))
    if n_time:
        for trouble in draw(st.lists(st.sampled_from(TROUBLES), max_size=3)):
            array = acc if rng.random() < 0.5 else gyr
            array[rng.integers(0, n_time), rng.integers(0, 3), rng.integers(0, n_lanes)] = trouble
    return Signals(rate_hz, acc, gyr, bad)


def parts(n_time: int, cuts: list[int]) -> list[slice]:
    ends = sorted({min(cut, n_time) for cut in cuts} | {n_time})
    return [slice(start, end) for start, end in zip([0, *ends], ends, strict=False)]


@settings(max_examples=60, deadline=None)
@given(signals(ANY), st.lists(st.integers(0, 160), max_size=6), st.booleans())
def test_cuts_and_moves_do_not_change_a_bit(given_: Signals, cuts: list[int], is_tilt: bool) -> None:
    n_lanes = given_.acc.shape[2]

    def fresh(state: LanesState | None = None) -> Orientation | Tilt:
        return (Tilt if is_tilt else Orientation)(n_lanes, given_.rate_hz, state=state)

    def update(lanes: Orientation | Tilt, part: slice) -> np.ndarray:
        if isinstance(lanes, Tilt):
            return lanes.update(given_.acc[part], given_.bad[part])
        return lanes.update(given_.acc[part], given_.gyr[part], given_.bad[part])

    whole = update(fresh(), slice(None))
    going_on, found = fresh(), []
    for part in parts(len(given_.acc), cuts):
        found.append(update(going_on, part))
        going_on = fresh(from_bytes(LanesState, to_bytes(going_on.state)))
    np.testing.assert_array_equal(np.concatenate(found), whole)
    good = (given_.bad == 0)[:, None] & np.isfinite(whole)
    assert np.isfinite(going_on.state.rows).all()
    lengths = np.linalg.norm(whole.astype(np.float64), axis=1)
    np.testing.assert_allclose(lengths[good.all(axis=1)], 1, atol=1e-4)


@needs_kernel
@settings(max_examples=30, deadline=None)
@given(signals(ANY), st.booleans())
def test_every_instruction_set_gives_the_same_bits(given_: Signals, has_gyroscope: bool) -> None:
    design = _design(given_.rate_hz, has_gyroscope=has_gyroscope)
    gyr = given_.gyr if has_gyroscope else None
    n_lanes = given_.acc.shape[2]
    found = []
    for isa in available():
        lanes = LiveLanes(design, n_lanes, has_gyroscope=has_gyroscope, instruction_set=isa)
        up = lanes.update(given_.acc, gyr, given_.bad)
        found.append(up)
        one = LiveLanes(design, 1, has_gyroscope=has_gyroscope, instruction_set=isa)
        alone = [None if array is None else np.ascontiguousarray(array[..., :1]) for array in (given_.acc, gyr)]
        assert alone[0] is not None
        first = one.update(alone[0], alone[1], np.ascontiguousarray(given_.bad[:, :1]))
        np.testing.assert_array_equal(first, up[..., :1])
    for up in found[1:]:
        np.testing.assert_array_equal(up, found[0])


@needs_kernel
@settings(max_examples=25, deadline=None)
@given(signals(SOUND), st.booleans(), st.integers(0, 160))
def test_the_kernel_agrees_with_the_reference(given_: Signals, has_gyroscope: bool, cut: int) -> None:
    """Also when a lane moves from one to the other in between."""
    design = _design(given_.rate_hz, has_gyroscope=has_gyroscope)
    n_lanes = given_.acc.shape[2]
    kernel = LiveLanes(design, n_lanes, has_gyroscope=has_gyroscope)
    plain = ReferenceLive(design, n_lanes, has_gyroscope=has_gyroscope, dtype=np.float64)
    gyr = given_.gyr if has_gyroscope else None
    expected = plain.update(given_.acc, gyr, given_.bad)
    assert _apart_deg(kernel.update(given_.acc, gyr, given_.bad), expected) < AGREE_DEG

    mixed = ReferenceLive(design, n_lanes, has_gyroscope=has_gyroscope)
    first = mixed.update(given_.acc[:cut], None if gyr is None else gyr[:cut], given_.bad[:cut])
    kernel.put_rows(mixed.rows().astype(np.float32), slice(None))
    second = kernel.update(given_.acc[cut:], None if gyr is None else gyr[cut:], given_.bad[cut:])
    assert _apart_deg(np.concatenate([first, second]), expected) < AGREE_DEG


@needs_kernel
def test_the_kernel_stays_with_the_reference() -> None:
    """A minute, in which covariances settle: movement, rests, and turns that want the whole series for their sine."""
    rate_hz, n_lanes = 25.0, 24
    rng = np.random.default_rng(5)
    time_s = np.arange(round(60 * rate_hz)) / rate_hz
    pairs = [_person(rng, time_s) for _ in range(n_lanes)]
    acc, gyr = (np.stack(kind, axis=2).astype(np.float32) for kind in zip(*pairs, strict=True))
    gyr[500:520, 0, 3] += 12
    acc[700:900, :, ::5] = np.array([G_MPS2, 0, 0])[:, None]
    gyr[700:900, :, ::5] = 0.01
    design = _design(rate_hz, has_gyroscope=True)
    plain = ReferenceLive(design, n_lanes, has_gyroscope=True, dtype=np.float64)
    expected = plain.update(acc, gyr, None)
    for isa in available():
        kernel = LiveLanes(design, n_lanes, has_gyroscope=True, instruction_set=isa)
        assert _apart_deg(kernel.update(acc, gyr, None), expected) < AGREE_DEG / 10


@needs_kernel
@settings(max_examples=25, deadline=None)
@given(signals(SOUND), st.booleans())
def test_hindsight_agrees_with_the_reference(given_: Signals, has_gyroscope: bool) -> None:
    """Window by window, for every instruction set; the reference finds it in another way (with inverse covariances)."""
    params = OrientationParams(keep_s=1.0, look_s=0.8)
    design = design_orientation(given_.rate_hz, params) if has_gyroscope else design_tilt(given_.rate_hz)
    n_time, _, n_lanes = given_.acc.shape
    n_lanes = min(n_lanes, LANES)
    acc, gyr = np.zeros((n_time, 3, LANES), np.float32), np.zeros((n_time, 3, LANES), np.float32)
    bad = np.full((n_time, LANES), 2, np.uint8)
    acc[..., :n_lanes], gyr[..., :n_lanes] = given_.acc[..., :n_lanes], given_.gyr[..., :n_lanes]
    bad[:, :n_lanes] = given_.bad[:, :n_lanes]
    angular = gyr if has_gyroscope else None
    plain = ReferenceWindows(design, LANES, has_gyroscope=has_gyroscope, dtype=np.float64)
    expected = _windowed(plain, design, acc, angular, bad)
    bits = []
    for isa in available():
        kernel = Windows(design, has_gyroscope=has_gyroscope, is_tile=True, instruction_set=isa)
        bits.append(_windowed(kernel, design, acc, angular, bad))
        assert _apart_deg(bits[-1], expected) < AGREE_DEG
        np.testing.assert_array_equal(bits[-1], bits[0])
        assert np.isfinite(kernel.state).all()


@needs_kernel
def test_kernel_and_reference_agree_on_real_recordings(real_data: Path, tell: Callable[[str], None]) -> None:
    pq = pytest.importorskip("pyarrow.parquet")
    files = sorted((real_data / "broad").glob("*.parquet"))
    if not files:
        pytest.skip("no BROAD recordings here")
    tables = [pq.read_table(file).slice(20_000, 2_500) for file in files]

    def lanes(kind: str) -> np.ndarray:
        columns = [np.stack([table.column(f"{kind}_{axis}").to_numpy() for axis in "xyz"], axis=1) for table in tables]
        return np.stack(columns, axis=2).astype(np.float32)

    acc, gyr = lanes("acc"), lanes("gyr")
    worst = 0.0
    for angular in (gyr, None):
        design = _design(285.714, has_gyroscope=angular is not None)
        plain = ReferenceLive(design, len(files), has_gyroscope=angular is not None, dtype=np.float64)
        expected = plain.update(acc, angular, None)
        for isa in available():
            kernel = LiveLanes(design, len(files), has_gyroscope=angular is not None, instruction_set=isa)
            worst = max(worst, _apart_deg(kernel.update(acc, angular, None), expected))
    assert worst < AGREE_DEG
    tell(f"orientation: kernel (float32) and reference (float64) on {len(files)} BROAD trials: {worst:.5f} deg at most")


def _design(rate_hz: float, *, has_gyroscope: bool) -> Design:
    return design_orientation(rate_hz) if has_gyroscope else design_tilt(rate_hz)


def _windowed(
    windows: Windows | ReferenceWindows, design: Design, acc: np.ndarray, gyr: np.ndarray | None, bad: np.ndarray
) -> np.ndarray:
    up = np.full(acc.shape, np.nan, np.float32)
    for start in range(0, len(acc), design.keep):
        window = slice(start, start + design.keep + design.look)
        n_keep = min(design.keep, len(acc) - start)
        part = up[start : start + n_keep]
        windows.work_out(acc[window], None if gyr is None else gyr[window], bad[window], part, n_keep)
    return up


def _apart_deg(found: np.ndarray, expected: np.ndarray) -> float:
    """The largest angle between verticals; infinite where only one of them has one."""
    if (np.isnan(found) != np.isnan(expected)).any():
        return np.inf
    apart = np.linalg.norm(found.astype(np.float64) - expected, axis=1)
    return float(np.degrees(np.max(np.nan_to_num(apart), initial=0.0)))
