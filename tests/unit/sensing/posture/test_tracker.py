"""A stream: whole seconds on a fixed grid, gaps, refusals, new alignments, saved states."""

import numpy as np
import pytest

from tests.unit.sensing.posture.streams import ALIGNMENT, part_of, samples, verticals
from upperback.core.errors import InputError
from upperback.sensing.compiled import available
from upperback.sensing.epochs import Epochs
from upperback.sensing.posture import PostureParams, PostureState, PostureTracker, VerticalBlock
from upperback.sensing.signal import QualityFlag
from upperback.sensing.slots import ContinuityError
from upperback.sensing.state import from_bytes, to_bytes
from upperback.sensing.trunk import TrunkAlignment

KERNELS = ("numpy", *available())


def tracker(
    isa: str | None = None, alignment: TrunkAlignment | None = ALIGNMENT, rate_hz: float = 50.0
) -> PostureTracker:
    return PostureTracker(sampling_rate_hz=rate_hz, alignment=alignment, instruction_set=isa)


def block(up: np.ndarray, start_s: float = 0.0, quality: np.ndarray | None = None) -> VerticalBlock:
    return VerticalBlock(
        start_s=start_s, sampling_rate_hz=50, up=up.astype(np.float32), quality=quality, sensor="accelerometer"
    )


def bent(deg: float, n_samples: int) -> np.ndarray:
    angle = np.radians(deg)
    return np.tile([-np.sin(angle), 0.0, np.cos(angle)], (n_samples, 1))


@pytest.mark.parametrize("isa", KERNELS)
def test_epochs_are_whole_seconds_of_the_recordings_time(isa: str) -> None:
    ours = tracker(isa)
    first = ours.update(block(bent(10, 130), start_s=1000.5))
    assert (first.first_s, len(first)) == (1000, 3)  # 25 samples, 50, 50; 5 wait
    assert first.measured_share.tolist() == [0.5, 1.0, 1.0]
    second = ours.update(block(bent(10, 70), start_s=1003.1))
    assert (second.first_s, len(second)) == (1003, 1)
    last = ours.finish()
    assert (last.first_s, len(last)) == (1004, 1)
    assert last.measured_share[0] == pytest.approx(0.5)
    assert len(Epochs.join([first, second, last])) == 5
    np.testing.assert_allclose(last.flexion_deg, 10, atol=1e-3)


@pytest.mark.parametrize("isa", KERNELS)
@pytest.mark.parametrize("rate_hz", [10.0, 51.2, 99.9, 285.714])
def test_at_an_odd_rate_every_sample_belongs_to_its_second(isa: str, rate_hz: float) -> None:
    """Every second second is marked: one sample on the wrong side of a boundary would show."""
    n_samples, start_s = int(20 * rate_hz), 3.25
    second = np.floor(start_s + np.arange(n_samples) / rate_hz + 1e-9)
    stream = VerticalBlock(
        start_s=start_s,
        sampling_rate_hz=rate_hz,
        up=bent(5, n_samples).astype(np.float32),
        quality=np.where(second % 2 == 0, QualityFlag.GAP, 0).astype(np.uint8),
        sensor="accelerometer",
    )
    epochs = tracker(isa, rate_hz=rate_hz).update(stream)
    assert epochs.first_s == 3
    assert epochs.measured_share[0] == pytest.approx(0.75, abs=0.051)
    assert epochs.measured_share[1:].tolist() == [row % 2 for row in range(len(epochs) - 1)]


@pytest.mark.parametrize("isa", KERNELS)
def test_a_gap_is_not_measured_and_time_goes_on(isa: str) -> None:
    ours = tracker(isa)
    ours.update(block(bent(10, 100)))
    after = ours.update(block(bent(40, 100), start_s=7.0))
    assert (after.first_s, len(after)) == (2, 7)
    assert np.isnan(after.inclination_deg[:5]).all()
    assert (after.measured_share[:5] == 0).all()
    np.testing.assert_allclose(after.inclination_deg[5:], 40, atol=1e-3)
    assert after.generalised_velocity_dps[5] == pytest.approx(0, abs=1e-3)  # not 30 deg in one sample
    summary = ours.summary
    assert summary is not None
    assert summary.seconds("gap") == 5
    assert summary.measured_s == 4
    assert summary.recorded_s == 9
    assert summary.generalised_velocity.total == 99 + 99


@pytest.mark.parametrize("isa", KERNELS)
@pytest.mark.parametrize(
    ("flag", "reason"),
    [
        (QualityFlag.GAP, "gap"),
        (QualityFlag.NOT_WORN, "not worn"),
        (QualityFlag.IMPLAUSIBLE, "implausible"),
        (QualityFlag.UNSETTLED, "unsettled"),
    ],
)
def test_what_the_flags_warn_of_is_not_measured(isa: str, flag: QualityFlag, reason: str) -> None:
    ours = tracker(isa)
    quality = np.zeros(200, np.uint8)
    quality[50:100] = flag
    epochs = ours.update(block(bent(10, 200), quality=quality))
    assert np.isnan(epochs.rows[1, :9]).all()
    assert epochs.not_worn_share[1] == float(flag == QualityFlag.NOT_WORN)
    summary = ours.summary
    assert summary is not None
    assert summary.seconds(reason) == 1
    assert summary.measured_s == 3


@pytest.mark.parametrize("isa", KERNELS)
def test_other_flags_are_data_and_change_nothing(isa: str) -> None:
    quality = np.full(200, QualityFlag.CLIPPED | QualityFlag.RATE_DRIFT, np.uint8)
    epochs = tracker(isa).update(block(bent(10, 200), quality=quality))
    np.testing.assert_array_equal(epochs.rows, tracker(isa).update(block(bent(10, 200))).rows)
    strict = PostureParams(unusable=QualityFlag.CLIPPED)
    ours = PostureTracker(sampling_rate_hz=50, alignment=ALIGNMENT, params=strict, instruction_set=isa)
    ours.update(block(bent(10, 200), quality=quality))
    assert ours.summary is not None
    assert ours.summary.seconds("other") == 4


@pytest.mark.skipif(not available(), reason="no C compiler here: run `just kernel` where there is one")
@pytest.mark.parametrize("with_gyr", [True, False])
def test_the_beginning_is_unsettled_and_then_the_angles_are_right(with_gyr: bool) -> None:
    chunk, flexion_deg = samples(6000, with_gyr=with_gyr, with_gaps=False, bias_dps=(0, 0, 0))
    ours = tracker()
    epochs = ours.update(chunk)
    settle_s = (ours.params.orientation if with_gyr else ours.params.tilt).settle_s
    assert ours.summary is not None
    assert ours.summary.seconds("unsettled") == pytest.approx(settle_s, abs=0.05)
    truth = flexion_deg.reshape(-1, 50).mean(axis=1)
    assert np.nanmax(np.abs(epochs.flexion_deg - truth)[10:]) < 1.5
    assert epochs.movement_mps2[10:].max() < 0.2


def test_blocks_that_do_not_fit_are_refused() -> None:
    ours = tracker()
    ours.update(block(bent(10, 100)))
    with pytest.raises(ContinuityError, match=r"0.500 s before the end"):
        ours.update(block(bent(10, 100), start_s=1.5))
    with pytest.raises(ContinuityError, match="days after"):
        ours.update(block(bent(10, 100), start_s=4e6))
    with pytest.raises(ContinuityError):
        ours.update(block(bent(10, 100), start_s=float("nan")))
    other_rate = VerticalBlock(start_s=2, sampling_rate_hz=60, up=bent(1, 5).astype(np.float32), sensor="accelerometer")
    with pytest.raises(InputError, match="50 samples a second, and the block 60"):
        ours.update(other_rate)
    with pytest.raises(InputError, match="of accelerometer, and the block is of accelerometer and gyroscope"):
        ours.update(samples(100, start_s=2.0)[0])
    with pytest.raises(InputError, match="10 samples a second or more"):
        tracker(rate_hz=5.0)
    later = ours.update(block(bent(10, 100), start_s=2.0))  # and none of that has harmed the stream
    assert (later.first_s, len(later)) == (2, 2)


@pytest.mark.parametrize("isa", KERNELS)
def test_each_day_has_its_summary_and_they_add_up(isa: str) -> None:
    whole, days = tracker(isa), tracker(isa)
    stream = verticals(20_000)
    whole.update(stream)
    taken = []
    for start in range(0, 20_000, 5000):
        days.update(part_of(stream, start, start + 5000))
        taken.append(days.take_summary())
    assert all(one is not None and one.samples.sum() == 5000 for one in taken)
    first, *others = (one for one in taken if one is not None)
    for other in others:
        first = first.merge(other)
    assert first == whole.summary


def test_after_a_new_alignment_the_stream_goes_on_with_a_new_summary() -> None:
    before = tracker(alignment=None)
    before.update(block(bent(20, 125)))
    assert before.summary is not None
    assert before.summary.inclination.total == 0
    assert before.summary.generalised_velocity.total == 124
    unready = PostureTracker(sampling_rate_hz=50, alignment=ALIGNMENT, state=before.state)
    with pytest.raises(InputError, match="take the summary"):
        unready.update(block(bent(20, 125), start_s=2.5))
    before.take_summary()
    after = PostureTracker(sampling_rate_hz=50, alignment=ALIGNMENT, state=before.state)
    epochs = after.update(block(bent(20, 125), start_s=2.5))
    np.testing.assert_allclose(epochs.flexion_deg, 20, atol=1e-3)
    assert epochs.measured_share[0] == pytest.approx(0.5)
    assert after.summary is not None
    assert after.summary.method.has_front


def test_summaries_of_different_methods_do_not_add_up() -> None:
    one, other = tracker(), tracker(alignment=TrunkAlignment.of_mounting("z"))
    for each in (one, other):
        each.update(block(bent(20, 125)))
    assert one.summary is not None
    assert other.summary is not None
    with pytest.raises(InputError, match="different methods"):
        one.summary.merge(other.summary)


@pytest.mark.parametrize("isa", KERNELS)
def test_nothing_comes_of_nothing(isa: str) -> None:
    ours = tracker(isa)
    assert ours.summary is None
    assert ours.take_summary() is None
    assert len(ours.finish()) == 0
    assert len(ours.update(block(np.empty((0, 3)), start_s=5.5))) == 0
    assert len(ours.finish()) == 0


def test_a_saved_state_goes_on_elsewhere() -> None:
    stream = verticals(10_000)
    whole = tracker()
    epochs = whole.update(stream)
    state, parts = PostureState(), []
    for start in range(0, 10_000, 1234):
        ours = PostureTracker(sampling_rate_hz=50, alignment=ALIGNMENT, state=from_bytes(PostureState, to_bytes(state)))
        parts.append(ours.update(part_of(stream, start, min(start + 1234, 10_000))))
        state = ours.state
    np.testing.assert_array_equal(Epochs.join(parts).rows, epochs.rows)
    assert state.summary == whole.summary
