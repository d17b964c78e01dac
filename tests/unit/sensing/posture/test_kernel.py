"""Every instruction set gives the same bits, and agrees with the reference within what is stated."""

import numpy as np
import pytest

from tests.unit.sensing.posture.streams import ALIGNMENT, samples, verticals
from upperback.sensing.compiled import available
from upperback.sensing.epochs import COLUMNS, Epochs
from upperback.sensing.posture import PostureSummary, PostureTracker, VerticalBlock, _batch, posture_of
from upperback.sensing.signal import Chunk
from upperback.sensing.trunk import TrunkAlignment

needs_kernel = pytest.mark.skipif(not available(), reason="no C compiler here: run `just kernel` where there is one")

#: Of the means of an epoch, from the reference. Angles: the polynomials. Velocities: those, from sample to sample, or
#: of a few deg/s their share. Movement: sums in single precision.
TOLERANCE = {
    "inclination_deg": 2e-4,
    "flexion_deg": 2e-4,
    "lateral_deg": 2e-4,
    "inclination_velocity_dps": 0.01,
    "generalised_velocity_dps": 0.005,
    "movement_mps2": 1e-4,
}


def live(block: Chunk | VerticalBlock, isa: str, alignment: TrunkAlignment | None) -> tuple[Epochs, PostureSummary]:
    tracker = PostureTracker(sampling_rate_hz=block.sampling_rate_hz, alignment=alignment, instruction_set=isa)
    epochs = Epochs.join([tracker.update(block), tracker.finish()])
    summary = tracker.take_summary()
    assert summary is not None
    return epochs, summary


@needs_kernel
@pytest.mark.parametrize("alignment", [ALIGNMENT, TrunkAlignment.of_mounting("z"), None])
@pytest.mark.parametrize("rate_hz", [50.0, 51.2, 285.714])
def test_the_kernel_agrees_with_the_reference(rate_hz: float, alignment: TrunkAlignment | None) -> None:
    block = verticals(int(400 * rate_hz), rate_hz, start_s=17.3)
    expected, summary = live(block, "numpy", alignment)
    for isa in available():
        epochs, found = live(block, isa, alignment)
        np.testing.assert_array_equal(np.isnan(epochs.rows), np.isnan(expected.rows))
        for name in COLUMNS:
            tolerance = TOLERANCE.get(name, 2e-6)
            np.testing.assert_allclose(epochs.column(name), expected.column(name), atol=tolerance, err_msg=name)
        np.testing.assert_array_equal(found.samples, summary.samples)
        for name in ("inclination", "flexion", "lateral", "inclination_velocity", "generalised_velocity"):
            ours, theirs = getattr(found, name), getattr(summary, name)
            assert ours.total == theirs.total, name
            moved = np.abs(np.cumsum(ours.counts - theirs.counts)).max()  # across any one edge of a bin
            assert moved <= max(3, 0.002 * ours.total), name
        assert found.holds.bouts == summary.holds.bouts
        assert found.holds.changes == summary.holds.changes
        assert found.holds.dose_mdeg_s == pytest.approx(summary.holds.dose_mdeg_s, rel=1e-4, abs=1)


@needs_kernel
@pytest.mark.parametrize("with_gyr", [True, False])
def test_from_the_samples_on_the_two_agree(with_gyr: bool) -> None:
    """The orientation stage has a kernel and a reference of its own; a little comes from there."""
    chunk, _ = samples(4000, with_gyr=with_gyr)
    expected, summary = live(chunk, "numpy", ALIGNMENT)
    epochs, found = live(chunk, available()[-1], ALIGNMENT)
    np.testing.assert_array_equal(np.isnan(epochs.rows), np.isnan(expected.rows))
    np.testing.assert_allclose(epochs.rows[:, :3], expected.rows[:, :3], atol=0.01)
    np.testing.assert_allclose(epochs.rows[:, 3:5], expected.rows[:, 3:5], atol=0.05)
    np.testing.assert_array_equal(found.samples, summary.samples)


@needs_kernel
@pytest.mark.parametrize("with_gyr", [True, False])
def test_a_whole_recording_without_the_kernel_gives_the_same(with_gyr: bool, monkeypatch: pytest.MonkeyPatch) -> None:
    """Pieces, warm-up and the bias of the gyroscope: all of it."""
    monkeypatch.setattr(_batch, "PIECE_S", 100)
    monkeypatch.setattr(_batch, "WARM_S", {"accelerometer": 3, "accelerometer and gyroscope": 20})
    chunk, _ = samples(2600, 10.0, with_gyr=with_gyr, bias_dps=(1.0, -0.5, 0.5))
    expected = posture_of(chunk, alignment=ALIGNMENT, instruction_set="numpy")
    found = posture_of(chunk, alignment=ALIGNMENT)
    np.testing.assert_array_equal(np.isnan(found.epochs.rows), np.isnan(expected.epochs.rows))
    np.testing.assert_allclose(found.epochs.rows[:, :3], expected.epochs.rows[:, :3], atol=0.01)
    np.testing.assert_array_equal(found.summaries[0].samples, expected.summaries[0].samples)


@needs_kernel
@pytest.mark.parametrize("with_gyr", [True, False])
def test_every_instruction_set_gives_the_same_bits(with_gyr: bool) -> None:
    chunk, _ = samples(30_000, with_gyr=with_gyr)
    expected, summary = live(chunk, "baseline", ALIGNMENT)
    whole = posture_of(chunk, alignment=ALIGNMENT, instruction_set="baseline")
    for isa in available()[1:]:
        epochs, found = live(chunk, isa, ALIGNMENT)
        np.testing.assert_array_equal(epochs.rows, expected.rows)
        assert found == summary
        batch = posture_of(chunk, alignment=ALIGNMENT, instruction_set=isa)
        np.testing.assert_array_equal(batch.epochs.rows, whole.epochs.rows)
        assert batch.summaries == whole.summaries


@pytest.mark.parametrize("isa", ["numpy", *available()])
def test_broken_samples_harm_no_other(isa: str) -> None:
    """NaN, infinity and absurd values: exactly their samples are not measured, and every figure stays finite."""
    good = verticals(3000, with_gaps=False)
    up = good.up.copy()
    assert good.acc_mps2 is not None
    acc = good.acc_mps2.copy()
    for sample, value in ((100, np.nan), (400, np.inf), (700, -np.inf), (1000, 1e38), (1300, 0.0), (1600, 1e-38)):
        up[sample] = acc[sample] = value
    acc[2000] = np.nan  # force alone: still measured
    broken = VerticalBlock(start_s=0, sampling_rate_hz=50, up=up, acc_mps2=acc, sensor="accelerometer")
    clean, _ = live(good, isa, ALIGNMENT)
    epochs, summary = live(broken, isa, ALIGNMENT)
    assert summary.samples.tolist() == [2994, 0, 0, 6, 0, 0]
    assert np.isfinite(epochs.rows).all()
    touched = {sample // 50 for sample in (100, 400, 700, 1000, 1300, 1600, 2000)}
    others = [epoch for epoch in range(60) if epoch not in touched]
    np.testing.assert_array_equal(epochs.rows[others], clean.rows[others])


@needs_kernel
@pytest.mark.parametrize("isa", available())
@pytest.mark.parametrize("with_gyr", [True, False])
def test_samples_full_of_nonsense_give_no_figures(isa: str, with_gyr: bool) -> None:
    rng = np.random.default_rng(5)
    nonsense = rng.integers(0, 2**32, (2, 5000, 3), dtype=np.uint32).view(np.float32)  # any bits at all
    chunk = Chunk(start_s=0, sampling_rate_hz=50, acc_mps2=nonsense[0], gyr_radps=nonsense[1] if with_gyr else None)
    epochs, summary = live(chunk, isa, ALIGNMENT)
    assert summary.samples.sum() == 5000
    measured = ~np.isnan(epochs.inclination_deg)
    assert (epochs.measured_share[~measured] == 0).all()
    assert (np.abs(epochs.rows[measured, :3]) <= 180).all()
    batch = posture_of(chunk, alignment=ALIGNMENT, instruction_set=isa)
    assert batch.summaries[0].samples.sum() == 5000


@needs_kernel
@pytest.mark.parametrize("isa", available())
@pytest.mark.parametrize("with_gyr", [True, False])
@pytest.mark.parametrize("size_mps2", [0.0, 1e-38, 1e-25, 1e-20, 1e-12, 900.0])
def test_forces_that_point_nowhere_are_no_posture(isa: str, with_gyr: bool, size_mps2: float) -> None:
    """Their length squared is 0 in single precision, or absurd: no vertical, and above all no bin beyond the last."""
    rng = np.random.default_rng(6)
    acc = (rng.normal(size=(40_000, 3)) * size_mps2).astype(np.float32)
    gyr = rng.normal(size=acc.shape).astype(np.float32) if with_gyr else None
    chunk = Chunk(start_s=0, sampling_rate_hz=10, acc_mps2=acc, gyr_radps=gyr)
    for summary in (
        live(chunk, isa, ALIGNMENT)[1],
        *posture_of(chunk, alignment=ALIGNMENT, instruction_set=isa).summaries,
    ):
        assert summary.samples.sum() == len(acc)
        assert summary.inclination.total == summary.samples[0]
        assert summary.flexion.total == summary.samples[0]
