"""Muscle figures against a model whose amplitude, gaps, spectrum, heart and hum are known."""

import math

import numpy as np
import pytest

from tests.unit.sensing.emg_model import (
    NOISE_V,
    REFERENCE_V,
    Array,
    Level,
    chunk,
    emg,
    median_frequency_hz,
    reference,
    work_and_rest,
)
from upperback.core.errors import InputError
from upperback.sensing.muscle import (
    EmgReference,
    MuscleFigures,
    MuscleParams,
    Normalisation,
    RestFigures,
    apdf,
    measure_noise,
    measure_reference,
    muscle_figures,
    start_muscle,
    track_muscle,
    update_muscle,
)


def in_band(noise_v: float, params: MuscleParams, rate_hz: float = 1000.0) -> float:
    """White noise behind the band-pass."""
    high_hz = min(params.lowpass_hz, 0.45 * rate_hz)
    return noise_v * math.sqrt((high_hz - params.highpass_hz) / (rate_hz / 2))


def figures(
    signal: Array, params: MuscleParams, of: EmgReference | None = None, rate_hz: float = 1000.0
) -> MuscleFigures:
    of = of or reference(noise_rms_v=in_band(NOISE_V, params))
    state, _ = track_muscle(chunk(signal, rate_hz=rate_hz), (of,), params)
    return muscle_figures(state, params)[0]


def rest_of(signal: Array, params: MuscleParams) -> RestFigures:
    rest = figures(signal, params).rest
    assert rest is not None
    return rest


HIGHPASS = MuscleParams(ecg="highpass")
GATE = MuscleParams(ecg="gate")


@pytest.mark.parametrize("percent", [1.0, 5.0, 20.0, 80.0])
@pytest.mark.parametrize("rate_hz", [1000.0, 2048.0, 1111.11])
def test_amplitude_comes_back(percent: float, rate_hz: float) -> None:
    rng = np.random.default_rng(1)
    held = [Level(start_s=0, end_s=60, rms_v=percent / 100 * REFERENCE_V)]
    signal = emg(rng, 60, held, rate_hz=rate_hz, offset_v=0.02)
    # The reference is measured with the same filters, so what the band leaves out is left out of both.
    maximum = chunk(emg(rng, 20, [Level(start_s=0, end_s=20, rms_v=REFERENCE_V)], rate_hz=rate_hz), rate_hz=rate_hz)
    quiet = measure_noise(chunk(emg(rng, 20, [], rate_hz=rate_hz), rate_hz=rate_hz), GATE)
    (of,) = measure_reference(maximum, Normalisation.REFERENCE, quiet, GATE)
    found = figures(signal, GATE, of, rate_hz).amplitude_percent
    assert found is not None
    assert found.p50 == pytest.approx(percent, rel=0.04)
    assert found.p10 < found.p50 < found.p90


def test_without_a_reference_there_are_no_percentages_and_no_rest() -> None:
    levels, _ = work_and_rest(np.random.default_rng(2), 60)
    found = figures(emg(np.random.default_rng(2), 60, levels), GATE, EmgReference())
    assert found.amplitude_v is not None
    assert (found.amplitude_percent, found.rest, found.sustained_share) == (None, None, None)
    assert "reference contraction" in found.notes[0]


@pytest.mark.parametrize("params", [HIGHPASS, GATE], ids=["highpass", "gate"])
def test_gaps_of_known_length_are_counted_and_shorter_ones_are_not(params: MuscleParams) -> None:
    levels, at, lengths = [], 1.0, [0.1, 0.15, 0.3, 0.5, 1.0, 0.12, 2.0, 0.4] * 4
    for length in lengths:
        levels.append(Level(start_s=at, end_s=at + 1.0, rms_v=0.05 * REFERENCE_V))
        at += 1.0 + length
    levels.append(Level(start_s=at, end_s=at + 6.0, rms_v=0.05 * REFERENCE_V))
    levels.append(Level(start_s=0, end_s=1.0, rms_v=0.05 * REFERENCE_V))
    rest = rest_of(emg(np.random.default_rng(3), at + 4.0, levels), params)
    long_enough = [length for length in lengths if length >= 0.2]
    assert rest.gaps == len(long_enough)
    assert rest.mean_s == pytest.approx(np.mean(long_enough), abs=0.03)
    assert rest.longest_s == pytest.approx(2.0, abs=0.03)


def test_noise_is_taken_off_in_power_or_rest_would_be_missed() -> None:
    params, rng = HIGHPASS, np.random.default_rng(4)
    levels, rests = work_and_rest(rng, 120)
    noise_v = 2.0e-6  # louder than rest, which is at 1.5 uV
    signal = emg(rng, 120, levels, noise_v=noise_v)
    truth = sum(end - start for start, end in rests if end - start >= 0.2) / 120
    rest = figures(signal, params, reference(noise_rms_v=in_band(noise_v, params))).rest
    assert rest is not None
    assert rest.share == pytest.approx(truth, abs=0.02)
    # Negative control: somebody who does not know the noise cannot tell rest, and the figures say so.
    blind = figures(signal, params, reference(noise_rms_v=None))
    assert blind.rest is None
    assert "noise" in blind.notes[0]


def test_noise_louder_than_rest_can_bear_is_said() -> None:
    signal = emg(np.random.default_rng(5), 30, [], noise_v=20e-6)
    found = figures(signal, GATE, reference(noise_rms_v=in_band(20e-6, GATE)))
    assert found.rest is None
    assert "too noisy" in found.notes[0]


def test_a_heart_beat_cuts_rest_in_two_and_the_gate_mends_it() -> None:
    rng = np.random.default_rng(6)
    levels, rests = work_and_rest(rng, 120)
    signal = emg(rng, 120, levels, heart_v=100e-6)
    long_enough = [end - start for start, end in rests if end - start >= 0.2]
    mended, cut = rest_of(signal, GATE), rest_of(signal, HIGHPASS)
    assert abs(mended.gaps - len(long_enough)) <= 4
    assert mended.share == pytest.approx(sum(long_enough) / 120, abs=0.03)
    assert cut.gaps > len(long_enough) + 20  # negative control: 30 Hz alone
    assert 0.05 < figures(signal, GATE).gated_share < 0.25


def test_the_gate_leaves_muscle_alone() -> None:
    levels, _ = work_and_rest(np.random.default_rng(7), 60)
    assert figures(emg(np.random.default_rng(7), 60, levels), GATE).gated_share < 0.01


def test_hum_is_not_measured_and_a_notch_takes_it_out() -> None:
    rng = np.random.default_rng(8)
    signal = emg(rng, 60, [Level(start_s=0, end_s=60, rms_v=10e-6)], hum_v=20e-6)
    found = figures(signal, GATE)
    assert found.not_measured_s["mains_hum"] > 55
    assert found.amplitude_v is None
    assert found.notes[0].startswith("Not measured")
    notched = figures(signal, MuscleParams(notch_harmonics=3))
    assert notched.not_measured_s["mains_hum"] == 0
    assert notched.amplitude_v is not None
    assert notched.amplitude_v.p50 == pytest.approx(9.0e-6, rel=0.08)  # a notch takes muscle too
    elsewhere = emg(rng, 60, [Level(start_s=0, end_s=60, rms_v=10e-6)], hum_v=20e-6, mains_hz=60)
    assert figures(elsewhere, MuscleParams(mains_hz=60)).not_measured_s["mains_hum"] > 55


def test_hardly_any_second_of_a_good_signal_is_lost() -> None:
    levels, _ = work_and_rest(np.random.default_rng(9), 600)
    found = figures(emg(np.random.default_rng(9), 600, levels), GATE)
    assert found.measured_s / found.recorded_s > 0.99


def test_clipping_is_found_at_known_and_at_unknown_rails() -> None:
    rng = np.random.default_rng(10)
    signal = np.clip(emg(rng, 60, [Level(start_s=20, end_s=40, rms_v=500e-6)]), -600e-6, 600e-6)
    for params in (GATE, MuscleParams(rail_v=600e-6)):
        assert 18 <= figures(signal, params).not_measured_s["clipped"] <= 22
    fine = emg(rng, 60, [Level(start_s=20, end_s=40, rms_v=500e-6)])
    assert figures(fine, GATE).not_measured_s["clipped"] == 0


def test_coarse_steps_are_not_clipping() -> None:
    step = 0.5e-6
    signal = np.round(emg(np.random.default_rng(11), 60, []) / step) * step
    assert figures(signal, GATE).not_measured_s["clipped"] == 0


def test_an_electrode_that_is_off_is_not_rest() -> None:
    rng = np.random.default_rng(12)
    stuck = np.full(60_000, 0.3)
    assert figures(stuck, GATE).rest is None
    humming = emg(rng, 60, [], hum_v=500e-6)
    assert figures(humming, GATE).rest is None


def test_volts_of_an_amplifier_are_not_volts_at_the_skin() -> None:
    signal = 1000 * emg(np.random.default_rng(13), 30, [Level(start_s=0, end_s=30, rms_v=100e-6)])
    assert figures(signal, GATE).not_measured_s["implausible"] > 28


def test_sustained_activity_needs_four_minutes() -> None:
    rng = np.random.default_rng(14)
    long = emg(rng, 600, [Level(start_s=0, end_s=320, rms_v=0.03 * REFERENCE_V)])
    assert figures(long, GATE).sustained_share == pytest.approx(320 / 600, abs=0.01)
    short = emg(rng, 600, [Level(start_s=0, end_s=200, rms_v=0.03 * REFERENCE_V)])
    assert figures(short, GATE).sustained_share == 0
    assert figures(emg(rng, 100, []), GATE).sustained_share is None


def test_median_frequency_and_its_slope() -> None:
    rng = np.random.default_rng(15)
    steady = figures(emg(rng, 120, [Level(start_s=0, end_s=120, rms_v=100e-6)]), GATE).frequency
    assert steady is not None
    assert steady.slope_low is not None
    assert steady.slope_high is not None
    assert steady.mean_hz == pytest.approx(median_frequency_hz(30, 450), rel=0.04)
    assert steady.slope_low < 0 < steady.slope_high
    minutes = [
        emg(rng, 60, [Level(start_s=0, end_s=60, rms_v=100e-6)], slower=1 - 0.05 * minute) for minute in range(5)
    ]
    truth = np.polyfit(range(5), [median_frequency_hz(30, 450, 1 - 0.05 * minute) for minute in range(5)], 1)[0]
    tiring = figures(np.concatenate(minutes), GATE).frequency
    assert tiring is not None
    assert tiring.slope_low is not None
    assert tiring.slope_high is not None
    assert tiring.slope_low < truth < tiring.slope_high < 0


def test_no_median_frequency_of_noise() -> None:
    found = figures(emg(np.random.default_rng(16), 60, []), GATE)
    assert found.frequency is None


def test_a_reference_is_measured_without_its_noise() -> None:
    rng = np.random.default_rng(17)
    loud = 50e-6
    (noise_v,) = measure_noise(chunk(emg(rng, 30, [], noise_v=loud)), GATE)
    assert noise_v == pytest.approx(in_band(loud, GATE), rel=0.04)
    contraction = chunk(emg(rng, 10, [Level(start_s=3, end_s=7, rms_v=100e-6)], noise_v=loud))
    (found,) = measure_reference(contraction, Normalisation.MVC, (noise_v,), GATE)
    assert found.rms_v == pytest.approx(1.05 * 97e-6, rel=0.06)  # the strongest second of a varying signal
    assert found.noise_rms_v == noise_v


def test_a_reference_without_muscle_is_refused() -> None:
    rng = np.random.default_rng(18)
    silence = chunk(emg(rng, 10, []))
    with pytest.raises(InputError, match="no muscle"):
        measure_reference(silence, Normalisation.REFERENCE, (1e-4,), GATE)
    with pytest.raises(InputError, match="maximal or submaximal"):
        measure_reference(silence, Normalisation.NONE, (1e-6,), GATE)
    missing = chunk(np.full(10_000, np.nan))
    with pytest.raises(InputError, match="no good second"):
        measure_reference(missing, Normalisation.MVC, (1e-6,), GATE)
    with pytest.raises(InputError, match="three good seconds"):
        measure_noise(missing, GATE)


def test_amplitudes_add_up() -> None:
    rng = np.random.default_rng(19)
    levels, _ = work_and_rest(rng, 120)
    signal = emg(rng, 120, levels)
    of = (reference(),)
    whole, first, second = (
        track_muscle(chunk(part), of, GATE)[0] for part in (signal, signal[:60_000], signal[60_000:])
    )
    together = apdf(first, 0, GATE, "%").merge(apdf(second, 0, GATE, "%"))
    for percent in (10, 50, 90):
        assert together.percentile(percent) == pytest.approx(apdf(whole, 0, GATE, "%").percentile(percent), rel=0.1)
    with pytest.raises(InputError, match="do not add up"):
        together.merge(apdf(first, 0, GATE, "V"))
    with pytest.raises(InputError, match="no percentages"):
        apdf(start_muscle(sampling_rate_hz=1000, references=(EmgReference(),), params=GATE), 0, GATE, "%")


def test_percentiles_of_the_histogram_are_those_of_the_envelope() -> None:
    levels, _ = work_and_rest(np.random.default_rng(20), 120)
    state, block = track_muscle(chunk(emg(np.random.default_rng(20), 120, levels)), (reference(),), GATE)
    envelope = block.rms_v[np.isfinite(block.rms_v)]
    distribution = apdf(state, 0, GATE, "V")
    for percent in (40, 50, 90, 99):
        assert distribution.percentile(percent) == pytest.approx(np.percentile(envelope, percent), rel=0.008)


def test_the_latest_window_is_there_at_once() -> None:
    state = start_muscle(sampling_rate_hz=1000, references=(reference(),), params=GATE)
    signal = emg(np.random.default_rng(21), 1, [Level(start_s=0, end_s=1, rms_v=100e-6)])
    _, block = update_muscle(state, chunk(signal), GATE)
    assert len(block.rms_v) == 0  # not decided yet
    assert block.latest_rms_v[0] == pytest.approx(97e-6, rel=0.2)


@pytest.mark.parametrize(
    ("broken", "what"),
    [
        ({"window_s": 0.001}, "window_s"),
        ({"lowpass_hz": 20.0}, "lowpass_hz"),
        ({"mains_hz": 16.7}, "mains_hz"),
        ({"notch_harmonics": 20}, "notch_harmonics"),
    ],
)
def test_impossible_parameters_are_refused(broken: dict[str, float], what: str) -> None:
    with pytest.raises(InputError, match=what):
        MuscleParams(**broken)  # type: ignore[arg-type]


def test_impossible_references_are_refused() -> None:
    with pytest.raises(InputError, match="or neither"):
        EmgReference(kind=Normalisation.MVC)
    with pytest.raises(InputError, match="not possible"):
        EmgReference(kind=Normalisation.MVC, rms_v=float("nan"))
    with pytest.raises(InputError, match="at least one channel"):
        start_muscle(sampling_rate_hz=1000, references=(), params=GATE)
    with pytest.raises(InputError, match="at least 250 Hz"):
        start_muscle(sampling_rate_hz=100, references=(reference(),), params=GATE)
