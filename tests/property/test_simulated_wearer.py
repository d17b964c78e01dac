"""Laws of the simulated wearer: a seed is a recording, and how it is cut changes nothing."""

import itertools
from typing import Any

import numpy as np
import pytest
from hypothesis import HealthCheck, given, settings
from hypothesis import strategies as st

from upperback.devices.simulate import Scenario, Simulation, arrivals, read_scenario, simulate, simulate_emg

ACTIVITIES: list[dict[str, Any]] = [
    {"do": "stand", "duration_s": 4},
    {"do": "sit", "duration_s": 20, "slouch_deg": 10, "shifts_per_hour": 400},
    {"do": "bend"},
    {"do": "lift"},
    {"do": "walk", "duration_s": 9},
    {"do": "stairs", "duration_s": 9},
    {"do": "drive", "duration_s": 9},
    {"do": "phone", "duration_s": 4},
    {"do": "lie", "duration_s": 4, "position": "left_side"},
    {"do": "table", "duration_s": 9},
    {"do": "align", "bends": 1, "stand_s": 2},
    {"do": "exercise", "id": "MV02", "repetitions": 2},
    {"do": "exercise", "id": "ST02", "repetitions": 2},
]
PLACES = ["chest", "upper_back", "lower_thoracic", "upper_arm_left", "upper_arm_right"]


@st.composite
def scenarios(draw: st.DrawFn) -> Scenario:
    activities = draw(st.lists(st.sampled_from(ACTIVITIES), min_size=1, max_size=3))
    flaws = draw(st.sampled_from(["none", "typical", {"rate_error_pct": 1.5, "jitter_ms": 2, "bits": 12}]))
    faults = draw(st.sampled_from([{}, {"gaps_per_hour": 400, "gap_s": [0.3, 4]}, {"packet_loss": 0.2}]))
    rate_hz = draw(st.sampled_from([20.0, 50.0, 104.0, 285.714]))
    sensor = {
        "place": draw(st.sampled_from(PLACES)),
        "sampling_rate_hz": rate_hz,
        "flaws": flaws,
        "stamps": draw(st.sampled_from(["counted", "clock"])),
    }
    return read_scenario({"sensors": [sensor], "faults": faults, "activities": activities})


Columns = dict[str, Any]


def joined(scenario: Scenario, seed: int, block_samples: int) -> Columns:
    pairs = list(simulate(scenario, seed, block_samples=block_samples))
    assert all(0 < len(chunk) <= block_samples for chunk, _ in pairs)
    return {
        "acc": np.concatenate([chunk.acc_mps2 for chunk, _ in pairs]),
        "gyr": np.concatenate([chunk.gyr_radps for chunk, _ in pairs if chunk.gyr_radps is not None]),
        "quality": np.concatenate([chunk.quality for chunk, _ in pairs if chunk.quality is not None]),
        "time_s": np.concatenate([truth.time_s for _, truth in pairs]),
        "orientation": np.concatenate([truth.orientation for _, truth in pairs]),
    }


def same(one: Columns, other: Columns) -> bool:
    return all(np.array_equal(one[name], other[name]) for name in one)


some = settings(max_examples=25, deadline=None, suppress_health_check=[HealthCheck.too_slow])


@some
@given(scenarios(), st.integers(0, 2**32), st.integers(1, 5000))
def test_the_cut_changes_nothing(scenario: Scenario, seed: int, block_samples: int) -> None:
    assert same(joined(scenario, seed, block_samples), joined(scenario, seed, 4096))


@some
@given(scenarios(), st.integers(0, 2**32))
def test_the_same_seed_gives_the_same_recording_and_another_one_does_not(scenario: Scenario, seed: int) -> None:
    first = joined(scenario, seed, 4096)
    assert same(first, joined(scenario, seed, 4096))
    assert Simulation(scenario, seed).truth == Simulation(scenario, seed).truth
    assert not np.array_equal(first["acc"], joined(scenario, seed + 1, 4096)["acc"])


@some
@given(scenarios(), st.integers(0, 2**32))
def test_the_truth_agrees_with_itself(scenario: Scenario, seed: int) -> None:
    simulation = Simulation(scenario, seed)
    truth = simulation.truth
    segments = truth.segments
    assert segments[0].start_s == 0
    assert segments[-1].end_s == pytest.approx(truth.duration_s)
    for one, other in itertools.pairwise(segments):
        assert one.end_s == pytest.approx(other.start_s)
    assert truth.steps_s == sorted(truth.steps_s)
    for page in simulation.pages():
        block = page.truth
        assert np.linalg.norm(block.vertical, axis=1) == pytest.approx(1, abs=1e-9)
        assert np.linalg.norm(block.orientation, axis=1) == pytest.approx(1, abs=1e-9)
        assert (np.diff(block.true_time_s) > 0).all()
        w, x, y, z = block.orientation.T
        third_row = np.stack([2 * (x * z - w * y), 2 * (y * z + w * x), 1 - 2 * (x * x + y * y)], axis=1)
        assert third_row == pytest.approx(block.vertical, abs=1e-9)


@st.composite
def muscles(draw: st.DrawFn) -> Scenario:
    channel = {"heart_uv": draw(st.sampled_from([0, 40])), "hum_uv": 2, "drift_uv": 3}
    emg = {
        "sampling_rate_hz": draw(st.sampled_from([500.0, 1000.0, 2148.1481])),
        "channels": [channel],
        "rests_per_min": draw(st.sampled_from([0, 20])),
        "fatigue_pct_per_hour": draw(st.sampled_from([0, 300])),
    }
    faults = draw(st.sampled_from([{}, {"packet_loss": 0.2, "packet_samples": 40}]))
    activities = draw(st.lists(st.sampled_from([*ACTIVITIES, {"do": "contract", "times": 1}]), min_size=1, max_size=2))
    return read_scenario({"sensors": [], "emg": emg, "faults": faults, "activities": activities})


@some
@given(muscles(), st.integers(0, 2**32), st.integers(1, 20_000))
def test_the_cut_changes_nothing_in_muscles(scenario: Scenario, seed: int, block_samples: int) -> None:
    one, other = (list(simulate_emg(scenario, seed, block_samples=size)) for size in (block_samples, 16_384))
    for pick in (lambda chunk, _: chunk.emg_v, lambda _, truth: truth.amplitude_v, lambda _, truth: truth.time_s):
        assert np.array_equal(
            np.concatenate([pick(*each) for each in one]), np.concatenate([pick(*each) for each in other])
        )


@some
@given(st.integers(0, 2**32), st.floats(0, 1), st.floats(0, 5), st.integers(1, 60))
def test_packets_arrive_once_and_late_ones_out_of_turn(
    seed: int, late_share: float, late_s: float, packet_samples: int
) -> None:
    faults = {"late_share": late_share, "late_s": late_s, "packet_samples": packet_samples}
    scenario = read_scenario({"faults": faults, "activities": [{"do": "bend", "times": 2}]})
    arrived = list(arrivals(scenario, seed))
    assert [each.at_s for each in arrived] == sorted(each.at_s for each in arrived)
    assert all(each.at_s >= each.chunk.end_s for each in arrived)
    in_order = sorted(arrived, key=lambda each: each.number)
    acc = np.concatenate([each.chunk.acc_mps2 for each in in_order])
    assert np.array_equal(acc, joined(scenario, seed, 4096)["acc"])
    if not late_share:
        assert in_order == arrived
