"""Movement on signals with a known truth: steps, stillness, changes, worn or not, and the laws of a stream."""

from dataclasses import fields
from itertools import pairwise

import numpy as np
import pytest
from hypothesis import given, settings
from hypothesis import strategies as st
from scipy import signal

from tests.unit.sensing import bodies
from upperback.sensing.compiled import available
from upperback.sensing.movement import (
    MovementBlock,
    MovementEpochs,
    MovementParams,
    MovementState,
    MovementTracker,
    Wear,
    WearSpan,
    _changes,
    _steps,
    track_movement,
)
from upperback.sensing.movement._compiled import kernel as movement_kernel
from upperback.sensing.movement._seconds import SecondFigures, second_figures
from upperback.sensing.signal import Chunk, QualityFlag
from upperback.sensing.slots import SLOTS_PER_S, Slots, new_state, rest, to_slots
from upperback.sensing.state import from_bytes, to_bytes

RATE_HZ = 50.0


def still(rng: np.random.Generator, duration_s: float) -> bodies.Array:
    return bodies.breathing(duration_s, RATE_HZ) + bodies.noise(rng, round(duration_s * RATE_HZ))


def walk(
    rng: np.random.Generator, duration_s: float, cadence_per_min: float = 105, strength: float = 1
) -> bodies.Array:
    force = bodies.walking(duration_s, RATE_HZ, cadence_per_min=cadence_per_min, strength=strength)
    return force + bodies.noise(rng, len(force))


def moved(*parts: bodies.Array, seed: int = 0, start_s: float = 0.0) -> MovementBlock:
    """Movement of the parts one after another, worn at random."""
    force = np.concatenate(parts) @ bodies.tilted(np.random.default_rng(seed)).T
    return track_movement(bodies.chunk(force, RATE_HZ, start_s=start_s))


def a_day_in_small(seed: int) -> Chunk:
    """Some of everything, in four minutes."""
    rng = np.random.default_rng(seed)
    force = np.concatenate(
        [
            still(rng, 20),
            walk(rng, 30, 90 + 10 * (seed % 5)),
            still(rng, 8),
            bodies.bend(12, RATE_HZ, at_s=6, deg=50) + bodies.noise(rng, 600),
            walk(rng, 25, 120),
            still(rng, 70),
            walk(rng, 12, 100, 0.5),
            still(rng, 70),
        ]
    )
    return bodies.chunk(force @ bodies.tilted(rng).T, RATE_HZ, start_s=1.7e9 + 0.37 + seed)


def assert_same(found: MovementBlock, expected: MovementBlock) -> None:
    for item in fields(MovementEpochs):
        np.testing.assert_array_equal(getattr(found.epochs, item.name), getattr(expected.epochs, item.name), item.name)
    assert found.walks == expected.walks
    assert found.changes == expected.changes
    assert found.wear == expected.wear


def together(blocks: list[MovementBlock]) -> MovementBlock:
    epochs = [block.epochs for block in blocks]
    joined = {
        item.name: np.concatenate([getattr(each, item.name) for each in epochs])
        for item in fields(MovementEpochs)
        if item.name != "start_s"
    }
    return MovementBlock(
        epochs=MovementEpochs(start_s=next(each.start_s for each in epochs if len(each)), **joined),
        walks=tuple(walk for block in blocks for walk in block.walks),
        changes=tuple(change for block in blocks for change in block.changes),
        wear=tuple(span for block in blocks for span in block.wear),
    )


# ---- laws ----


@settings(max_examples=25, deadline=None)
@given(seed=st.integers(0, 20), cuts=st.lists(st.integers(0, 12_350), max_size=40))
def test_cuts_do_not_matter_and_states_can_travel(seed: int, cuts: list[int]) -> None:
    whole = a_day_in_small(seed)
    blocks = []
    state: MovementState | None = None
    for chunk in bodies.cut(whole, cuts):
        tracker = MovementTracker(sampling_rate_hz=RATE_HZ, state=state)
        blocks.append(tracker.update(chunk))
        state = from_bytes(MovementState, to_bytes(tracker.state))
    blocks.append(MovementTracker(sampling_rate_hz=RATE_HZ, state=state).finish())
    assert_same(together(blocks), track_movement(whole))


def test_live_in_ticks_of_a_quarter_second() -> None:
    whole = a_day_in_small(3)
    tracker = MovementTracker(sampling_rate_hz=RATE_HZ)
    blocks = [tracker.update(chunk) for chunk in bodies.cut(whole, list(range(12, len(whole), 12)))]
    assert_same(together([*blocks, tracker.finish()]), track_movement(whole))


@pytest.mark.parametrize("n_samples", [0, 1, 2, 49])
def test_hardly_any_samples(n_samples: int) -> None:
    block = track_movement(bodies.chunk(still(np.random.default_rng(0), 10)[:n_samples], RATE_HZ))
    assert not block.epochs.measured[:1].any() or n_samples == 49
    assert not block.walks
    assert not block.changes


@pytest.mark.parametrize("bad", [np.nan, np.inf, -np.inf, 1e30])
def test_bad_values_are_not_measured(bad: float) -> None:
    force = still(np.random.default_rng(0), 60)
    force[1000:1500] = bad
    epochs = track_movement(bodies.chunk(force, RATE_HZ)).epochs
    assert not epochs.measured[20:30].any()
    assert np.isnan(epochs.intensity_mps2[20:30]).all()
    assert not epochs.still[20:30].any()
    assert epochs.measured[:20].all()
    assert epochs.measured[30:].all()


def test_bad_values_in_a_walk_make_no_steps() -> None:
    force = walk(np.random.default_rng(0), 60)
    force[1000:1500] = np.nan
    epochs = track_movement(bodies.chunk(force, RATE_HZ)).epochs
    assert epochs.steps[20:30].sum() == 0
    assert epochs.steps[5:18].sum() > 20


def test_flags_make_a_second_not_measured() -> None:
    force = walk(np.random.default_rng(0), 60)
    quality = np.zeros(len(force), np.uint8)
    quality[1000:1500] = QualityFlag.NOT_WORN
    quality[2000:2050] = QualityFlag.CLIPPED
    chunk = Chunk(start_s=0, sampling_rate_hz=RATE_HZ, acc_mps2=force.astype(np.float32), quality=quality)
    epochs = track_movement(chunk).epochs
    assert not epochs.measured[20:30].any()
    assert (epochs.quality[20:30] & QualityFlag.NOT_WORN).all()
    assert epochs.measured[40]  # clipped, and said so
    assert epochs.quality[40] == QualityFlag.CLIPPED


def test_a_constant_signal_is_still_and_nothing_else() -> None:
    block = track_movement(bodies.chunk(np.tile([0.0, 0.0, 9.8], (6000, 1)), RATE_HZ))
    assert block.epochs.still.all()
    assert block.epochs.steps.sum() == 0
    assert not block.changes


def test_nothing_at_all_is_not_movement() -> None:
    block = track_movement(bodies.chunk(np.zeros((6000, 3)), RATE_HZ))
    assert block.epochs.steps.sum() == 0
    assert not block.walks


# ---- steps ----


@pytest.mark.parametrize("cadence_per_min", [80, 95, 110, 130])
@pytest.mark.parametrize("seed", [1, 2])
def test_steps_of_a_walk(cadence_per_min: float, seed: int) -> None:
    rng = np.random.default_rng(seed)
    block = moved(still(rng, 20), walk(rng, 120, cadence_per_min), still(rng, 20), seed=seed)
    assert int(block.epochs.steps.sum()) == pytest.approx(2 * cadence_per_min, abs=2)
    (bout,) = block.walks
    assert bout.cadence_per_min == pytest.approx(cadence_per_min, rel=0.01)
    assert bout.start_s == pytest.approx(20, abs=1)
    assert bout.end_s == pytest.approx(140, abs=1)
    assert block.epochs.walking[22:138].all()


def test_a_pause_of_more_than_three_seconds_ends_a_bout() -> None:
    rng = np.random.default_rng(4)
    block = moved(
        still(rng, 10), walk(rng, 20), still(rng, 2), walk(rng, 20), still(rng, 8), walk(rng, 20), still(rng, 9)
    )
    assert [round(bout.end_s - bout.start_s, -1) for bout in block.walks] == [40, 20]


def test_a_bout_goes_on_over_updates() -> None:
    rng = np.random.default_rng(4)
    whole = bodies.chunk(np.concatenate([walk(rng, 300), still(rng, 30)]), RATE_HZ)
    tracker = MovementTracker(sampling_rate_hz=RATE_HZ)
    walks = [walk for chunk in bodies.cut(whole, [5000, 9000]) for walk in tracker.update(chunk).walks]
    assert [bout.steps for bout in (*walks, *tracker.finish().walks)] == [pytest.approx(300 * 105 / 60, abs=2)]


def test_two_steps_are_no_walk() -> None:
    rng = np.random.default_rng(5)
    assert moved(still(rng, 20), walk(rng, 1.2), still(rng, 20)).epochs.steps.sum() == 0


def test_shaking_without_rhythm_is_no_walk() -> None:
    rng = np.random.default_rng(6)
    shaken = np.zeros((600 * 50, 3))
    # A body on a seat: noise around 1.4 Hz and faster, 0.5 m/s2 root mean square.
    t = bodies.times(600, RATE_HZ)
    for hz in np.exp(rng.uniform(np.log(0.7), np.log(12), 400)):
        shaken[:, 2] += np.sqrt(2 / 400) * 0.5 * np.cos(2 * np.pi * hz * t + rng.uniform(0, 2 * np.pi))
    block = moved(bodies.breathing(600, RATE_HZ) + shaken)
    assert block.epochs.steps.sum() <= 12


def test_slow_repetitions_are_no_walk() -> None:
    block = moved(bodies.leaning(np.radians(25) * (1 - np.cos(2 * np.pi * 0.25 * bodies.times(300, RATE_HZ)))))
    assert block.epochs.steps.sum() == 0


# ---- stillness, intensity, changes ----


def test_intensity_does_not_depend_on_posture() -> None:
    rng = np.random.default_rng(7)
    means = [moved(walk(rng, 60), seed=seed).epochs.intensity_mps2[5:55].mean() for seed in range(4)]
    assert max(means) / min(means) < 1.02
    # Mean absolute deviation of a sum of two cosines.
    phase = np.linspace(0, 2 * np.pi, 1000)
    up = 2.2 * np.cos(phase) + 0.7 * np.cos(2 * phase + 0.6)
    assert np.mean(means) == pytest.approx(np.abs(up - up.mean()).mean(), rel=0.08)


def test_sitting_is_still_and_walking_is_not() -> None:
    rng = np.random.default_rng(8)
    epochs = moved(still(rng, 60), walk(rng, 60)).epochs
    assert epochs.still[:58].all()
    assert not epochs.still[62:].any()


@pytest.mark.parametrize("deg", [25, 60, 90])
@pytest.mark.parametrize("seed", [1, 2, 3])
def test_a_bend_is_seen_once(deg: float, seed: int) -> None:
    rng = np.random.default_rng(seed)
    force = bodies.bend(40, RATE_HZ, at_s=20, deg=deg)
    (change,) = moved(force + bodies.noise(rng, len(force)), seed=seed).changes
    assert change.kind == "bend"
    assert change.time_s == pytest.approx(20, abs=0.5)
    assert change.angle_deg == pytest.approx(deg, abs=0.15 * deg)


def test_leaning_and_staying_is_a_change_of_position() -> None:
    rng = np.random.default_rng(9)
    force = bodies.bend(60, RATE_HZ, at_s=30, deg=40, hold_s=20)
    changes = moved(force + bodies.noise(rng, len(force))).changes
    assert [change.kind for change in changes] == ["position", "position"]
    assert [change.time_s for change in changes] == [pytest.approx(19.4, abs=1), pytest.approx(40.6, abs=1)]


@pytest.mark.parametrize(("sign", "kind"), [(1, "stand_up"), (-1, "sit_down")])
def test_standing_up_is_a_lean_with_a_rise(sign: int, kind: str) -> None:
    rng = np.random.default_rng(10)
    t = bodies.times(40, RATE_HZ)
    # 0.4 m in 1.6 s by least jerk, with the trunk leaning forward meanwhile.
    u = np.clip((t - 19.2) / 1.6, 0, 1)
    push = sign * 0.4 * (60 * u - 180 * u**2 + 120 * u**3) / 1.6**2
    lean = np.radians(35) * np.clip(1 - np.abs(t - 20) / 1.3, 0, 1) ** 1.0
    force = bodies.leaning(lean) + push[:, None] * [0.0, 0.0, 1.0] + bodies.noise(rng, len(t))
    (change,) = moved(force).changes
    assert change.kind == kind
    assert change.rise_m == pytest.approx(0.4 * sign, abs=0.1)


# ---- worn or not ----

MINUTE_S = 60


def worn_spans(*parts: bodies.Array, temperature_degc: np.ndarray | None = None) -> list[tuple[int, int, Wear]]:
    chunk = bodies.chunk(np.concatenate(parts), RATE_HZ)
    return [(s.start_s, s.end_s, s.wear) for s in track_movement(chunk, temperature_degc=temperature_degc).wear]


def table(rng: np.random.Generator, duration_s: float, mps2: float = 0.015) -> bodies.Array:
    n = round(duration_s * RATE_HZ)
    return np.tile([9.8, 0.1, 0.2], (n, 1)) + bodies.noise(rng, n, mps2)


@pytest.mark.parametrize("noise_mps2", [0.0, 0.01, 0.04])
def test_a_sensor_on_the_table_is_not_worn(noise_mps2: float) -> None:
    rng = np.random.default_rng(11)
    spans = worn_spans(still(rng, 600), walk(rng, 30), table(rng, 1200, noise_mps2), walk(rng, 30), still(rng, 600))
    assert [wear for _, _, wear in spans] == [Wear.WORN, Wear.NOT_WORN, Wear.WORN]
    assert spans[1][0] == pytest.approx(630, abs=3)
    assert spans[1][1] == pytest.approx(1830, abs=3)


@pytest.mark.parametrize("breath_deg", [0.15, 0.3, 1.0])
@pytest.mark.parametrize("per_min", [9, 16, 24])
def test_a_still_sleeper_wears_it(breath_deg: float, per_min: float) -> None:
    rng = np.random.default_rng(12)
    force = bodies.breathing(4 * 3600, RATE_HZ, per_min=per_min, deg=breath_deg)
    spans = worn_spans(walk(rng, 60), force + bodies.noise(rng, len(force)))
    assert [wear for _, _, wear in spans] == [Wear.WORN]


def test_a_sleeper_on_the_side_wears_it_by_the_tremor_alone() -> None:
    rng = np.random.default_rng(19)
    n = round(3600 * RATE_HZ)
    # The breath turns the sensor about the vertical, which nobody feels; what is left is fast and small.
    t = bodies.times(3600, RATE_HZ)
    force = np.tile([0.0, 9.8, 0.0], (n, 1)) + bodies.noise(rng, n, 0.004)
    force[:, 2] += 0.009 * np.sin(2 * np.pi * 0.23 * t)
    force[:, 0] += 0.08 * np.sin(2 * np.pi * 7.3 * t)
    assert [wear for _, _, wear in worn_spans(walk(rng, 60), force)] == [Wear.WORN]


def test_a_knock_on_the_table_is_not_somebody() -> None:
    rng = np.random.default_rng(13)
    lying = table(rng, 3000)
    lying[60_000:60_030] += rng.normal(0, 2, (30, 3))
    spans = worn_spans(walk(rng, 300), lying, walk(rng, 300))
    assert [wear for _, _, wear in spans] == [Wear.WORN, Wear.NOT_WORN, Wear.WORN]


def test_a_quiet_quarter_of_an_hour_without_another_sign_is_unsure() -> None:
    rng = np.random.default_rng(14)
    quiet = np.tile([0.0, 0.0, 9.8], (900 * 50, 1)) + bodies.noise(rng, 900 * 50)
    spans = worn_spans(still(rng, 600), walk(rng, 60), quiet, walk(rng, 600))
    assert [wear for _, _, wear in spans] == [Wear.WORN, Wear.UNSURE, Wear.WORN]


def test_what_cools_down_was_taken_off_and_what_stays_warm_is_unsure() -> None:
    rng = np.random.default_rng(15)
    quiet = np.tile([0.0, 0.0, 9.8], (1500 * 50, 1)) + bodies.noise(rng, 1500 * 50)
    parts = (still(rng, 600), walk(rng, 60), quiet, walk(rng, 600))
    minutes = np.arange(1500 * 50) / 50 / 60
    warm = np.full(660 * 50, 33.0)
    for cooling, wear in ((22 + 11 * np.exp(-minutes / 8), Wear.NOT_WORN), (33 - 0.01 * minutes, Wear.UNSURE)):
        temperature = np.concatenate([warm, cooling, np.full(600 * 50, 25.0)]).astype(np.float32)
        assert [w for _, _, w in worn_spans(*parts, temperature_degc=temperature)] == [Wear.WORN, wear, Wear.WORN]


def test_what_was_not_received_is_neither() -> None:
    rng = np.random.default_rng(16)
    tracker = MovementTracker(sampling_rate_hz=RATE_HZ)
    tracker.update(bodies.chunk(still(rng, 600), RATE_HZ))
    tracker.update(bodies.chunk(still(rng, 600), RATE_HZ, start_s=1800))
    block = tracker.finish()
    spans = [(s.start_s, s.end_s, s.wear) for s in block.wear]
    assert (600, 1800, Wear.NOT_MEASURED) in spans or spans == [(1800, 2400, Wear.WORN)]


def test_spans_cover_the_recording_without_holes() -> None:
    rng = np.random.default_rng(17)
    spans = worn_spans(table(rng, 1000), walk(rng, 200), still(rng, 500), table(rng, 1000))
    assert spans[0][0] == 0
    assert spans[-1][1] == 2700
    assert all(a[1] == b[0] for a, b in pairwise(spans))


@pytest.mark.parametrize("order", [(0, 1, 2, 3), (3, 0, 3, 1), (2, 3, 2, 0), (3, 3, 3, 3), (1, 3, 3, 1)])
def test_what_is_called_certain_is_never_contradicted(order: tuple[int, ...]) -> None:
    rng = np.random.default_rng(18)
    kinds = (lambda: walk(rng, 300), lambda: still(rng, 900), lambda: still(rng, 130), lambda: table(rng, 3200))
    force = np.concatenate([kinds[kind]() for kind in order])
    tracker = MovementTracker(sampling_rate_hz=RATE_HZ)
    ended: list[WearSpan] = []
    said: list[WearSpan] = []
    block_s = 700
    for start in range(0, len(force), block_s * 50):
        chunk = bodies.chunk(force[start : start + block_s * 50], RATE_HZ, start_s=start / 50)
        ended += tracker.update(chunk).wear
        said += tracker.certain_wear
    ended += tracker.finish().wear
    assert said
    truth = np.concatenate([np.full(span.end_s - span.start_s, span.wear) for span in ended])
    for span in said:
        assert (truth[span.start_s : span.end_s] == span.wear).all()
    last_s = max(span.end_s for span in said)
    assert last_s >= len(force) / 50 - block_s - 3 * MINUTE_S  # nobody has to wait for long


def wear_now(tracker: MovementTracker) -> Wear:
    return tracker.wear_now


def test_a_quiet_sensor_is_uncertain_while_it_lasts() -> None:
    rng = np.random.default_rng(18)
    tracker = MovementTracker(sampling_rate_hz=RATE_HZ)
    tracker.update(bodies.chunk(np.concatenate([walk(rng, 300), still(rng, 300)]), RATE_HZ))
    assert wear_now(tracker) is Wear.WORN
    quiet = np.tile([0.0, 0.0, 9.8], (1000 * 50, 1)) + bodies.noise(rng, 1000 * 50)
    tracker.update(bodies.chunk(quiet, RATE_HZ, start_s=600))
    assert wear_now(tracker) is Wear.UNSURE


def test_the_band_of_steps_is_the_one_that_scipy_designs() -> None:
    for low_hz, high_hz in ((0.7, 3.3), (0.45, 3.3)):
        taps = signal.firwin(_steps._TAPS, [low_hz, high_hz], pass_zero=False, fs=SLOTS_PER_S)
        smooth = np.hamming(_steps._TAPS)
        expected = taps - taps.sum() * smooth / smooth.sum()
        np.testing.assert_allclose(_steps._band(low_hz, high_hz), expected, atol=1e-7)


def slots_of(chunk: Chunk) -> list[Slots]:
    state = new_state(RATE_HZ)
    return [*to_slots(state, chunk, unit=SLOTS_PER_S), *rest(state, unit=SLOTS_PER_S)]


@pytest.mark.parametrize("seed", [0, 3])
def test_the_kernel_says_what_the_reference_says(seed: int) -> None:
    usable = available()
    if not usable:
        pytest.skip("no compiled kernel here")
    chunk = a_day_in_small(seed)
    chunk.acc_mps2[2000:2017] = np.nan
    chunk.acc_mps2[3000:3100] = np.nan
    slots = slots_of(chunk)[0]
    expected = second_figures(slots, "numpy")
    params = MovementParams()

    def steps(isa: str) -> _steps.Steps:
        return _steps.find_steps(slots.acc_mps2, expected.length_mps2, expected.intensity_mps2, params, isa)

    assert len(steps("numpy").slot) > 60
    for isa in usable:
        found, best = second_figures(slots, isa), second_figures(slots, usable[-1])
        for item in fields(SecondFigures):
            name = item.name
            np.testing.assert_allclose(getattr(found, name), getattr(expected, name), rtol=1e-4, atol=2e-6)
            np.testing.assert_array_equal(getattr(found, name), getattr(best, name), name)
        np.testing.assert_allclose(steps(isa).slot, steps("numpy").slot, atol=1e-3)
        np.testing.assert_array_equal(steps(isa).slot, steps(usable[-1]).slot)
        np.testing.assert_array_equal(steps(isa).linked, steps("numpy").linked)
        one, other = (
            _changes.find_changes(
                slots.acc_mps2,
                expected.length_mps2,
                expected.acc_mps2,
                np.zeros(len(expected), bool),
                params,
                each,
            )
            for each in (isa, "numpy")
        )
        assert [(found.kind, found.time_s) for found in one] == [(found.kind, found.time_s) for found in other]
        assert one
        np.testing.assert_allclose([f.angle_deg for f in one], [f.angle_deg for f in other], atol=1e-2)
        rows = np.random.default_rng(seed).normal(size=(3, 20 * SLOTS_PER_S)).astype(np.float32)
        kernel = movement_kernel(isa)
        assert kernel is not None
        at, lag = np.array([2, 9, 17]), np.array([8, 13, 30])
        np.testing.assert_allclose(
            kernel.likeness(rows, at, lag, 5), _steps._likeness(rows, at, lag, 5), rtol=1e-4, atol=1e-5
        )
        length = np.abs(rows[0]) + np.float32(9)
        length[40] = np.nan
        some = np.array([1, 2, 3, 7, 8, 12])
        sound = (length, np.ascontiguousarray(rows.T), some, np.float32(9.8))
        for part, same in zip(kernel.slots_of_seconds(*sound), _steps._slots_of_seconds(*sound), strict=True):
            np.testing.assert_array_equal(part, same)
        period = np.random.default_rng(seed).integers(8, 30, 20)
        wanted = (rows[1], np.array([2, 5, 6, 7, 16]), period, 30, 0.4)
        (peaks, rises), (same_peaks, same_rises) = kernel.step_peaks(*wanted), _steps._step_peaks(*wanted)
        assert len(peaks) > 3
        np.testing.assert_array_equal(peaks, same_peaks)
        np.testing.assert_array_equal(rises, same_rises)
        band = _steps._band(0.7, 3.3)
        np.testing.assert_array_equal(kernel.band_passed(rows[0], band), _steps._band_passed(rows[0], band))
