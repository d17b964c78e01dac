"""Counting on signals with a known truth: what counts, what does not, the phases, and the laws of a stream."""

from collections.abc import Sequence
from dataclasses import replace

import numpy as np
import pytest
from hypothesis import given, settings
from hypothesis import strategies as st

from tests.unit.sensing import bodies
from upperback.core.errors import InputError
from upperback.sensing.repetitions import (
    CounterState,
    Doubt,
    RepetitionBlock,
    RepetitionCounter,
    RepetitionTemplate,
    count_repetitions,
)
from upperback.sensing.signal import Chunk, QualityFlag
from upperback.sensing.state import from_bytes, to_bytes

RATE_HZ = 50.0
LEAN = RepetitionTemplate(motion="lean", grade="good", range_deg=(15, 30), repetition_s=5)
TURN = RepetitionTemplate(motion="turn", grade="fair", range_deg=(30, 50), repetition_s=5, both_sides=True)


def eased(u: bodies.Array) -> bodies.Array:
    u = np.clip(u, 0, 1)
    return np.asarray(u**3 * (10 + u * (6 * u - 15)))


def angle(
    ranges_deg: Sequence[float],
    *,
    out_s: float = 2,
    hold_s: float = 1,
    back_s: float = 2,
    rest_s: float = 0.5,
    still_s: float = 5,
) -> bodies.Array:
    """(n,) degrees: still, one repetition after another, still."""
    one_s = out_s + hold_s + back_s + rest_s
    t = bodies.times(2 * still_s + one_s * len(ranges_deg), RATE_HZ)
    deg = np.zeros(len(t))
    for number, range_deg in enumerate(ranges_deg):
        begin = still_s + number * one_s
        deg += range_deg * (eased((t - begin) / out_s) - eased((t - begin - out_s - hold_s) / back_s))
    return deg


def leaning(deg: bodies.Array, *, seed: int = 0, sway_deg: float = 0.3) -> Chunk:
    """A sensor that leans by this angle, worn at random."""
    rng = np.random.default_rng(seed)
    knots = rng.standard_normal(len(deg) // 40 + 3) * sway_deg
    sway = np.interp(np.arange(len(deg)), np.arange(len(knots)) * 40, knots)
    force = bodies.leaning(np.radians(deg + sway)) + bodies.noise(rng, len(deg))
    return bodies.chunk(force @ bodies.tilted(rng).T, RATE_HZ)


def turning(deg: bodies.Array, *, seed: int = 0, bias_dps: float = 0.7) -> Chunk:
    """A sensor that turns about the vertical, with a gyroscope that has a bias."""
    rng = np.random.default_rng(seed)
    how = bodies.tilted(rng)
    gyr = np.zeros((len(deg), 3))
    gyr[:, 2] = np.radians(np.gradient(deg) * RATE_HZ)
    gyr = gyr @ how.T + np.radians(bias_dps) * rng.standard_normal(3) + 0.002 * rng.standard_normal((len(deg), 3))
    force = (bodies.leaning(np.zeros(len(deg))) + bodies.noise(rng, len(deg))) @ how.T
    return bodies.chunk(force, RATE_HZ, gyr=gyr)


def count(block: RepetitionBlock) -> int:
    return len(block.counted) - len(block.taken_back)


# ---- what counts ----


@pytest.mark.parametrize("range_deg", [10, 20, 40])
@pytest.mark.parametrize("seed", [1, 2, 3])
def test_ten_repetitions_are_ten(range_deg: float, seed: int) -> None:
    block = count_repetitions(leaning(angle([range_deg] * 10), seed=seed), LEAN)
    assert count(block) == 10
    assert not block.doubts
    found = [one.range_deg for one in block.counted]
    assert found == pytest.approx([range_deg] * 10, abs=2)


@pytest.mark.parametrize(("out_s", "hold_s", "back_s"), [(1.0, 0.3, 1.0), (2, 1, 2), (3, 2, 4), (2, 4, 2)])
def test_phases(out_s: float, hold_s: float, back_s: float) -> None:
    chunk = leaning(angle([25] * 6, out_s=out_s, hold_s=hold_s, back_s=back_s), sway_deg=0)
    block = count_repetitions(chunk, LEAN)
    assert count(block) == 6
    for number, one in enumerate(block.counted):
        assert one.out_s == pytest.approx(out_s, abs=0.25)
        assert one.hold_s == pytest.approx(hold_s, abs=0.3)
        assert one.back_s == pytest.approx(back_s, abs=0.25)
        assert one.start_s == pytest.approx(5 + number * (out_s + hold_s + back_s + 0.5), abs=0.3)


def test_an_exercise_that_nothing_is_known_about() -> None:
    assert count(count_repetitions(leaning(angle([30] * 8)))) == 8
    assert count(count_repetitions(turning(angle([45] * 8)))) == 8


def test_it_is_counted_on_the_way_back() -> None:
    deg = angle([25] * 6)
    counter = RepetitionCounter(sampling_rate_hz=RATE_HZ, template=LEAN)
    seen = [
        chunk.end_s
        for chunk in bodies.cut(leaning(deg), list(range(5, len(deg), 5)))
        for _ in counter.update(chunk).counted
    ]
    # Once the range is known: a quarter of it left, and the low-pass. Before, when the sensor slows down.
    left = 5 + 5.5 * np.arange(6) + 3 + 2 * 0.64
    assert np.all(seen[3:] - left[3:] < 0.35)
    assert np.all(seen[:3] - left[:3] < 1.2)
    assert counter.count == 6


def test_turns_are_counted_to_both_sides_and_never_in_degrees() -> None:
    block = count_repetitions(turning(angle([40, -40] * 5)), TURN)
    assert count(block) == 10
    assert {one.range_deg for one in block.counted} == {None}
    assert [one.other_side for one in block.counted] == [False, True] * 5


def test_turns_without_a_gyroscope_go_by_the_timer() -> None:
    block = count_repetitions(replace(turning(angle([40] * 5)), gyr_radps=None), TURN)
    assert count(block) == 0
    assert [doubt.doubt for doubt in block.doubts] == [Doubt.NO_GYROSCOPE]


def test_a_long_pause_begins_a_new_set() -> None:
    deg = np.concatenate([angle([20] * 4), angle([20] * 4, still_s=10)])
    assert [one.set_number for one in count_repetitions(leaning(deg), LEAN).counted] == [1] * 4 + [2] * 4


# ---- what does not ----


def test_false_starts_do_not_count() -> None:
    assert count(count_repetitions(leaning(angle([20, 21, 19, 6, 20, 7, 20])), LEAN)) == 5


def test_false_starts_at_the_beginning_are_taken_back() -> None:
    block = count_repetitions(leaning(angle([7, 7, 22, 20, 21, 22, 20])), LEAN)
    assert count(block) == 5
    assert set(block.taken_back) <= {1, 2}


def test_sitting_and_swaying_does_not_count() -> None:
    block = count_repetitions(leaning(np.zeros(6000), sway_deg=0.6), LEAN)
    assert count(block) == 0


def test_fewer_than_three_alike_are_no_exercise() -> None:
    block = count_repetitions(leaning(angle([20, 21], still_s=12)), LEAN)
    assert (len(block.counted), count(block)) == (2, 0)
    assert count(count_repetitions(leaning(angle([20, 21, 20], still_s=12)), LEAN)) == 3


@pytest.mark.parametrize(("range_deg", "kept"), [(20, 1), (34, 0)])
def test_one_outside_of_a_row_counts_if_it_is_like_those_in_it(range_deg: float, kept: int) -> None:
    deg = np.concatenate([angle([20] * 5, still_s=9), angle([range_deg], still_s=9)])
    assert count(count_repetitions(leaning(deg), LEAN)) == 5 + kept


@pytest.mark.parametrize(("bounce_mps2", "expected"), [(0.2, 6), (2.5, 0)])
def test_who_walks_does_no_exercise(bounce_mps2: float, expected: int) -> None:
    chunk = leaning(angle([20] * 6))
    up = chunk.acc_mps2 / np.linalg.norm(chunk.acc_mps2, axis=1, keepdims=True)
    steps = bounce_mps2 * np.sin(2 * np.pi * 1.9 * np.arange(len(chunk)) / RATE_HZ)[:, None] * up
    walking = replace(chunk, acc_mps2=(chunk.acc_mps2 + steps).astype(np.float32))
    assert count(count_repetitions(walking, LEAN, up=up.astype(np.float32))) == expected


def test_what_is_too_quick_does_not_count() -> None:
    deg = angle([25] * 20, out_s=0.4, hold_s=0.0, back_s=0.4, rest_s=0.0)
    assert count(count_repetitions(leaning(deg), LEAN)) == 0


def test_leaning_and_staying_does_not_count() -> None:
    assert count(count_repetitions(leaning(angle([25], hold_s=60)), LEAN)) == 0


def test_another_movement_in_between_does_not_count() -> None:
    chunk = leaning(angle([20] * 4), seed=3)
    # The same sensor, a lean to the side.
    how = bodies.tilted(np.random.default_rng(3))
    force = np.concatenate(
        [chunk.acc_mps2, bodies.leaning(np.radians(angle([25])))[:, [1, 0, 2]] @ how.T, chunk.acc_mps2]
    )
    assert count(count_repetitions(bodies.chunk(force, RATE_HZ), LEAN)) == 8


def test_too_small_to_tell_says_so() -> None:
    block = count_repetitions(leaning(angle([2.2] * 8), sway_deg=0), LEAN)
    assert count(block) == 0
    assert Doubt.TOO_SMALL in {doubt.doubt for doubt in block.doubts}


def test_a_lost_rhythm_says_so() -> None:
    quick = [angle([20] * n, out_s=1.2, hold_s=0.2, back_s=1.2, rest_s=0.2, still_s=3.5) for n in (5, 2)]
    block = count_repetitions(leaning(np.concatenate(quick)), LEAN)
    assert count(block) == 7
    assert [doubt.doubt for doubt in block.doubts] == [Doubt.RHYTHM_LOST]


def test_a_sensor_that_moved_is_noticed_and_counting_goes_on() -> None:
    force = [leaning(angle([20] * 5), seed=seed).acc_mps2 for seed in (1, 2)]
    block = count_repetitions(bodies.chunk(np.concatenate(force), RATE_HZ), LEAN)
    assert count(block) in {9, 10}
    assert Doubt.MOVED in {doubt.doubt for doubt in block.doubts}


@pytest.mark.parametrize(("grade", "doubt"), [("none", Doubt.TIMER_ONLY), ("poor", Doubt.POOR_SIGNAL)])
def test_what_can_hardly_be_counted_says_so_once(grade: str, doubt: Doubt) -> None:
    template = RepetitionTemplate(motion="lean", grade=grade, range_deg=(15, 30))  # type: ignore[arg-type]
    block = count_repetitions(leaning(angle([20] * 5)), template)
    assert [each.doubt for each in block.doubts] == [doubt]
    assert count(block) == (5 if grade == "poor" else 0)


# ---- laws ----


@settings(max_examples=25, deadline=None)
@given(seed=st.integers(0, 9), cuts=st.lists(st.integers(0, 2250), max_size=30), turn=st.booleans())
def test_cuts_do_not_matter_and_states_can_travel(seed: int, cuts: list[int], turn: bool) -> None:
    deg = angle([20, 22, 7, 18, 21, 24, 20, 19][: 4 + seed % 5])
    whole, template = (turning(deg * 2, seed=seed), TURN) if turn else (leaning(deg, seed=seed), LEAN)
    expected = count_repetitions(whole, template)
    blocks = []
    state: CounterState | None = None
    for chunk in bodies.cut(whole, [cut for cut in cuts if cut < len(whole)]):
        counter = RepetitionCounter(sampling_rate_hz=RATE_HZ, template=template, state=state)
        blocks.append(counter.update(chunk))
        state = from_bytes(CounterState, to_bytes(counter.state))
    blocks.append(RepetitionCounter(sampling_rate_hz=RATE_HZ, template=template, state=state).finish())
    assert tuple(one for block in blocks for one in block.counted) == expected.counted
    assert tuple(one for block in blocks for one in block.taken_back) == expected.taken_back
    assert tuple(one for block in blocks for one in block.doubts) == expected.doubts


@pytest.mark.parametrize("n_samples", [0, 1, 2])
def test_hardly_any_samples(n_samples: int) -> None:
    assert count(count_repetitions(bodies.chunk(np.ones((n_samples, 3)), RATE_HZ), LEAN)) == 0


@pytest.mark.parametrize("value", [0.0, 9.81, np.nan, np.inf, 1e30])
def test_a_constant_signal_is_no_repetition(value: float) -> None:
    assert count(count_repetitions(bodies.chunk(np.full((3000, 3), value), RATE_HZ), LEAN)) == 0


def test_a_gap_drops_what_it_hides_and_says_so() -> None:
    chunk = leaning(angle([20] * 8))
    quality = np.zeros(len(chunk), np.uint8)
    gap = slice(round(22.5 * RATE_HZ), round(24.5 * RATE_HZ))  # in the fourth
    quality[gap] = QualityFlag.GAP
    block = count_repetitions(replace(chunk, quality=quality), LEAN)
    assert count(block) in {7, 8}
    assert Doubt.NOT_MEASURED in {doubt.doubt for doubt in block.doubts}


def test_a_clipped_signal_still_counts() -> None:
    chunk = leaning(angle([20] * 6))
    clipped = replace(chunk, acc_mps2=np.clip(chunk.acc_mps2, -8, 8))
    assert count(count_repetitions(clipped, LEAN)) == 6


def test_a_vertical_of_another_length_is_refused() -> None:
    chunk = leaning(angle([20]))
    with pytest.raises(InputError, match="up has to be"):
        count_repetitions(chunk, LEAN, up=chunk.acc_mps2[:-1])


def test_the_vertical_is_taken_where_it_is_known() -> None:
    chunk = leaning(angle([20] * 6))
    up = chunk.acc_mps2 / np.linalg.norm(chunk.acc_mps2, axis=1, keepdims=True)
    shaken = replace(
        chunk, acc_mps2=(chunk.acc_mps2 + np.random.default_rng(0).normal(0, 1.5, (len(chunk), 3))).astype(np.float32)
    )
    assert count(count_repetitions(shaken, LEAN, up=up.astype(np.float32))) == 6
