"""A whole recording at once: live figures, whatever the blocks and threads."""

import dataclasses
import math
from itertools import pairwise

import numpy as np
import pytest

from tests.unit.sensing.posture.streams import ALIGNMENT, cut, part_of, samples, verticals
from upperback.core.errors import InputError
from upperback.sensing.compiled import available
from upperback.sensing.epochs import Epochs
from upperback.sensing.posture import PostureTracker, VerticalBlock, posture_of
from upperback.sensing.signal import Chunk

KERNELS = ("numpy", available()[-1]) if available() else ("numpy",)
needs_kernel = pytest.mark.skipif(not available(), reason="no C compiler here: run `just kernel` where there is one")


def live(block: Chunk | VerticalBlock, isa: str | None = None) -> tuple[Epochs, PostureTracker]:
    tracker = PostureTracker(sampling_rate_hz=block.sampling_rate_hz, alignment=ALIGNMENT, instruction_set=isa)
    return Epochs.join([tracker.update(block), tracker.finish()]), tracker


@pytest.mark.parametrize("isa", KERNELS)
@pytest.mark.parametrize(("rate_hz", "start_s"), [(10.0, 0.0), (12.3, 1e9 + 0.4)])
def test_of_ready_verticals_the_very_figures_of_live(isa: str, rate_hz: float, start_s: float) -> None:
    block = verticals(int(2300 * rate_hz), rate_hz, start_s=start_s)
    epochs, tracker = live(block, isa)
    found = posture_of(block, alignment=ALIGNMENT, instruction_set=isa)
    assert found.epochs.first_s == epochs.first_s
    np.testing.assert_array_equal(found.epochs.rows, epochs.rows)
    assert found.summaries == (tracker.summary,)


@needs_kernel
def test_of_the_accelerometer_too_once_its_filter_has_forgotten() -> None:
    chunk, _ = samples(50 * 2000, with_gyr=False)
    epochs, tracker = live(chunk)
    found = posture_of(chunk, alignment=ALIGNMENT)
    np.testing.assert_array_equal(found.epochs.rows, epochs.rows)
    assert found.summaries == (tracker.summary,)


@needs_kernel
def test_with_a_gyroscope_within_what_is_stated() -> None:
    chunk, flexion_deg = samples(50 * 4000, bias_dps=(0.8, -0.5, 0.3))
    epochs, tracker = live(chunk)
    found = posture_of(chunk, alignment=ALIGNMENT)
    off = np.abs(found.epochs.rows - epochs.rows)[300:]
    assert np.nanmax(off[:, :3]) < 0.6
    assert np.sqrt(np.nanmean(off[:, :3] ** 2)) < 0.05
    summary, ours = tracker.summary, found.summaries[0]
    assert summary is not None
    for percent in (10, 50, 90, 95, 99):
        assert ours.flexion.percentile(percent) == pytest.approx(summary.flexion.percentile(percent), abs=0.2)
        assert ours.generalised_velocity.percentile(percent) == pytest.approx(
            summary.generalised_velocity.percentile(percent), rel=0.01, abs=0.25
        )
    truth = flexion_deg.reshape(-1, 50).mean(axis=1)
    error = np.abs(found.epochs.flexion_deg - truth)[10:]
    assert np.sqrt(np.nanmean(error**2)) < 0.5


@pytest.mark.parametrize("isa", KERNELS)
@pytest.mark.parametrize("n_threads", [1, 3])
def test_blocks_and_threads_change_no_bit(isa: str, n_threads: int) -> None:
    whole = verticals(10 * 5000, 10.0, start_s=0.7)
    expected = posture_of(whole, alignment=ALIGNMENT, instruction_set=isa)
    for size in (7000, 33_333):
        blocks = cut(whole, list(range(0, len(whole), size)))
        found = posture_of(blocks, alignment=ALIGNMENT, instruction_set=isa, n_threads=n_threads)
        np.testing.assert_array_equal(found.epochs.rows, expected.epochs.rows)
        assert found.summaries == expected.summaries


@needs_kernel
@pytest.mark.parametrize("with_gyr", [True, False])
def test_many_hours_in_blocks_change_no_bit_either(with_gyr: bool) -> None:
    """More pieces than are done at once, so that some are worked off before the recording is over."""
    whole, _ = samples(int(10 * 3600 * 9.7), 10.0, with_gyr=with_gyr)
    expected = posture_of(whole, alignment=ALIGNMENT)
    blocks = cut(whole, list(range(0, len(whole), 30_011)))
    found = posture_of(blocks, alignment=ALIGNMENT, n_threads=2)
    np.testing.assert_array_equal(found.epochs.rows, expected.epochs.rows)
    assert found.summaries == expected.summaries


@pytest.mark.parametrize("isa", KERNELS)
def test_a_gap_between_blocks_is_missing_time(isa: str) -> None:
    whole = verticals(10 * 3000, 10.0, with_gaps=False)
    parts = [part_of(whole, 0, 10_000), part_of(whole, 20_000, 30_000)]
    found = posture_of(parts, alignment=ALIGNMENT, instruction_set=isa)
    tracker = PostureTracker(sampling_rate_hz=10, alignment=ALIGNMENT, instruction_set=isa)
    epochs = Epochs.join([tracker.update(part) for part in parts])
    np.testing.assert_array_equal(found.epochs.rows, epochs.rows)
    assert found.summaries == (tracker.summary,)
    assert found.summaries[0].seconds("gap") == 1000


@pytest.mark.parametrize("isa", KERNELS)
def test_a_block_without_specific_force_has_no_movement_and_nothing_else_changes(isa: str) -> None:
    whole = verticals(10 * 300, 10.0, with_gaps=False)
    first, second, third = (part_of(whole, start, start + 1000) for start in (0, 1000, 2000))
    assert isinstance(second, VerticalBlock)
    bare = dataclasses.replace(second, acc_mps2=None, quality=None)
    found = posture_of([first, bare, third], alignment=ALIGNMENT, instruction_set=isa).epochs
    expected = posture_of(whole, alignment=ALIGNMENT, instruction_set=isa).epochs
    assert np.isnan(found.movement_mps2).tolist() == [100 <= second < 200 for second in range(300)]
    np.testing.assert_array_equal(found.rows[:, :8], expected.rows[:, :8])


@pytest.mark.parametrize("isa", KERNELS)
def test_each_day_gets_its_summary(isa: str) -> None:
    whole = verticals(10 * 4000, 10.0, start_s=50.3)
    midnights = [1000, 1800, 3333]
    found = posture_of(whole, alignment=ALIGNMENT, instruction_set=isa, new_summary_s=midnights)
    tracker = PostureTracker(sampling_rate_hz=10, alignment=ALIGNMENT, instruction_set=isa)
    edges = [0, *(math.ceil((at_s - 50.3) * 10 - 1e-3) for at_s in midnights), len(whole)]
    for (start, end), summary in zip(pairwise(edges), found.summaries, strict=True):
        tracker.update(part_of(whole, start, end))
        if end == len(whole):
            tracker.finish()
        assert tracker.take_summary() == summary
    assert len(found.summaries) == 4
    everything = posture_of(whole, alignment=ALIGNMENT, instruction_set=isa)
    np.testing.assert_array_equal(found.epochs.rows, everything.epochs.rows)


@pytest.mark.parametrize("isa", KERNELS)
def test_days_outside_the_recording_are_empty(isa: str) -> None:
    whole = verticals(1000, 10.0, start_s=500.0)
    found = posture_of(whole, alignment=ALIGNMENT, instruction_set=isa, new_summary_s=[100, 200, 550, 9000])
    assert [round(one.recorded_s) for one in found.summaries] == [0, 0, 50, 50, 0]


def test_what_is_no_recording_is_refused() -> None:
    with pytest.raises(InputError, match="without a block"):
        posture_of([], alignment=ALIGNMENT)
    with pytest.raises(InputError, match="in order"):
        posture_of(verticals(100), alignment=ALIGNMENT, new_summary_s=[5, 3])
    with pytest.raises(InputError, match="of one kind"):
        posture_of([verticals(100), part_of(samples(200)[0], 100, 200)], alignment=ALIGNMENT)
    with pytest.raises(InputError, match="10 samples a second"):
        posture_of(verticals(100, 5.0), alignment=ALIGNMENT)


@pytest.mark.parametrize("isa", KERNELS)
def test_a_recording_of_one_sample_is_a_recording(isa: str) -> None:
    found = posture_of(part_of(verticals(100, with_gaps=False), 50, 51), alignment=ALIGNMENT, instruction_set=isa)
    assert len(found.epochs) == 1
    assert found.summaries[0].samples.sum() == 1
