"""Simulated EMG has the strength, the rests, the spectrum and the faults that were stated."""

from typing import Any

import numpy as np
import pytest
from scipy import signal

from upperback.core.errors import InputError
from upperback.devices.simulate import EmgTruthBlock, Scenario, Simulation, read_scenario, simulate_emg
from upperback.sensing.signal import EmgChunk, QualityFlag

CLEAN = {"noise_uv": 0, "reference_uv": 500}
STEADY: dict[str, Any] = {"unevenness": 0, "bits": 0, "rail_mv": 1000}


def scenario(channel: Any = None, activities: Any = None, **emg: Any) -> Scenario:
    channels = [{**CLEAN, **(channel or {})}]
    data = {
        "sensors": [],
        "emg": {**STEADY, "channels": channels, **emg},
        "activities": activities or [{"do": "stand", "duration_s": 120, "effort_pct": 20}],
    }
    return read_scenario(data)


def recorded(made: Scenario, seed: int = 1) -> tuple[EmgChunk, EmgTruthBlock]:
    ((chunk, truth),) = simulate_emg(made, seed, block_samples=10**8)
    return chunk, truth


def median_hz(value: Any, rate_hz: float) -> float:
    frequency, power = signal.welch(value, rate_hz, nperseg=2048)
    total = np.cumsum(power)
    return float(frequency[np.searchsorted(total, total[-1] / 2)])


@pytest.mark.parametrize("rate_hz", [500.0, 1000.0, 2048.0])
def test_strength_is_effort_times_reference(rate_hz: float) -> None:
    chunk, truth = recorded(scenario(sampling_rate_hz=rate_hz))
    settled = slice(int(rate_hz), None)
    assert truth.amplitude_v[settled] == pytest.approx(0.2 * 500e-6)
    assert chunk.emg_v[settled].std() == pytest.approx(0.2 * 500e-6, rel=0.03)
    assert abs(chunk.emg_v[settled].mean()) < 1e-6


def test_it_lies_in_its_band() -> None:
    chunk, _ = recorded(scenario(band_hz=[20, 400]))
    frequency, power = signal.welch(chunk.emg_v[2000:, 0], 1000, nperseg=2048)
    inside = (frequency >= 15) & (frequency <= 410)
    assert power[~inside].sum() < 0.002 * power.sum()


def test_median_frequency_falls_with_fatigue() -> None:
    long = [{"do": "stand", "duration_s": 1800, "effort_pct": 50}]
    made = scenario(activities=long, fatigue_pct_per_hour=40)
    chunk, truth = recorded(made)
    fresh_hz = Simulation(made, 1).truth.emg
    assert fresh_hz is not None
    for part in (slice(2000, 200_000), slice(-200_000, None)):
        found_hz = median_hz(chunk.emg_v[part, 0], 1000)
        assert found_hz == pytest.approx(float(truth.median_hz[part].mean()), rel=0.05)
    assert truth.median_hz[0] == pytest.approx(fresh_hz.median_hz)
    assert truth.median_hz[-1] == pytest.approx(0.8 * fresh_hz.median_hz, rel=1e-3)
    assert chunk.emg_v[-200_000:].std() == pytest.approx(chunk.emg_v[2000:200_000].std(), rel=0.04)


def test_without_fatigue_it_stays() -> None:
    _, truth = recorded(scenario())
    assert np.ptp(truth.median_hz) == 0


def test_rests_are_silent_and_nothing_else_is() -> None:
    made = scenario(rests_per_min=10, rest_s=[0.3, 1.0])
    chunk, truth = recorded(made)
    rests = Simulation(made, 1).truth.rests
    assert len(rests) > 8
    resting = np.zeros(len(chunk), bool)
    for rest in rests:
        assert 0.3 <= rest.end_s - rest.start_s <= 1.0
        resting[int(np.ceil(rest.start_s * 1000)) : int(rest.end_s * 1000)] = True
    resting[0] = True  # effort begins with the day
    assert np.abs(chunk.emg_v[resting]).max() == 0
    silent = (truth.effort_pct[:, 0] == 0) & ~resting
    assert silent.sum() <= 2 * len(rests)  # the samples on either edge


def test_contractions_reach_the_stated_effort() -> None:
    made = scenario(activities=[{"do": "contract", "times": 2, "effort_pct": 80, "hold_s": 5, "rest_s": 3}])
    _, truth = recorded(made)
    first, second = Simulation(made, 1).truth.repetitions
    for contraction in (first, second):
        held = (truth.time_s > contraction.out_s) & (truth.time_s < contraction.back_s)
        assert truth.effort_pct[held] == pytest.approx(80)
    between = (truth.time_s > first.end_s) & (truth.time_s < second.start_s)
    assert truth.effort_pct[between].max() == 0


def test_heart_hum_and_noise_have_their_size() -> None:
    still = [{"do": "stand", "duration_s": 120, "effort_pct": 0}]
    hum, _ = recorded(scenario({"hum_uv": 10}, still, mains_hz=60))
    frequency, power = signal.welch(hum.emg_v[:, 0], 1000, nperseg=2000)
    assert frequency[power.argmax()] == 60
    assert hum.emg_v.std() == pytest.approx(10e-6 * np.sqrt(1.04), rel=0.02)
    heart, _ = recorded(scenario({"heart_uv": 100}, still, heart_per_min=75))
    beats, _ = signal.find_peaks(heart.emg_v[:, 0], height=80e-6, distance=300)
    assert len(beats) == pytest.approx(150, abs=5)
    noise, _ = recorded(scenario({"noise_uv": 3}, still))
    assert noise.emg_v.std() == pytest.approx(3e-6, rel=0.02)


def test_rails_are_flagged() -> None:
    chunk, _ = recorded(scenario(rail_mv=0.15))
    assert chunk.quality is not None
    at_rail = np.abs(chunk.emg_v[:, 0]) >= np.float32(0.00015)
    assert at_rail.any()
    assert ((chunk.quality == QualityFlag.CLIPPED) == at_rail).all()


def test_a_loose_electrode_hums_without_muscle() -> None:
    chunk, _ = recorded(scenario({"hum_uv": 10}, loose=[{"at_s": 30, "duration_s": 20}]))
    loose = slice(30_000, 50_000)
    assert chunk.emg_v[loose].std() > 10 * chunk.emg_v[:29_000].std() / 4
    frequency, power = signal.welch(chunk.emg_v[loose, 0], 1000, nperseg=2000)
    assert power[np.abs(frequency - 50) < 2].sum() > 0.9 * power.sum()


def test_gaps_are_gaps_here_too() -> None:
    data = {
        "sensors": [],
        "emg": {},
        "faults": {"gaps": [{"at_s": 10, "duration_s": 2}]},
        "activities": [{"do": "sit", "duration_s": 30}],
    }
    first, second = (chunk for chunk, _ in simulate_emg(read_scenario(data), 1, block_samples=10**8))
    assert (len(first), second.start_s) == (10_000, 12.0)


def test_channels_are_different_muscles() -> None:
    two = {"channels": [{"name": "left"}, {"name": "right", "share": 0.5}], "unevenness": 0}
    made = read_scenario({"emg": two, "activities": [{"do": "sit", "duration_s": 60, "effort_pct": 30}]})
    chunk, truth = recorded(made)
    left, right = chunk.emg_v[2000:].T
    assert abs(np.corrcoef(left, right)[0, 1]) < 0.05
    assert truth.effort_pct[5000] == pytest.approx([30, 15])


def test_without_emg_it_says_so() -> None:
    made = read_scenario({"activities": [{"do": "sit", "duration_s": 5}]})
    with pytest.raises(InputError, match="emg: the scenario has none"):
        list(simulate_emg(made, 1))


@pytest.mark.parametrize(
    ("emg", "told"),
    [
        ({"band_hz": [300, 200]}, "emg.band_hz"),
        ({"channels": [{"name": "a"}, {"name": "a"}]}, "the name a is given twice"),
        ({"channels": []}, "emg.channels"),
    ],
)
def test_bad_emg_is_refused(emg: Any, told: str) -> None:
    with pytest.raises(InputError, match=told):
        read_scenario({"emg": emg, "activities": [{"do": "sit", "duration_s": 5}]})
