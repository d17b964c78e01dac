"""How well muscle agrees with a stated model of surface EMG: amplitude, rest, heart beats, hum, median frequency.

    python -m validation.muscle               12 recordings of two minutes for each line
    python -m validation.muscle --seeds 3

The model stands in tests/unit/sensing/emg_model.py. **No recording of surface EMG with a free licence was at hand**, so
what agrees here agrees with that model; how well the figures describe people's muscles is not established by this.

Each line gives the bias and the limits of agreement (bias plus and minus 1.96 standard deviations over recordings) of
what was found against what is true in the model. The reference is 300 uV, so rest is below 1.5 uV.
"""

import argparse
from collections.abc import Callable, Iterable
from dataclasses import dataclass

import numpy as np

from tests.unit.sensing.emg_model import (
    NOISE_V,
    REFERENCE_V,
    Array,
    Level,
    chunk,
    emg,
    median_frequency_hz,
    work_and_rest,
)
from upperback.sensing.muscle import (
    EmgReference,
    MuscleFigures,
    MuscleParams,
    Normalisation,
    measure_noise,
    measure_reference,
    muscle_figures,
    track_muscle,
)

SECONDS = 120.0
PERCENTS = (10, 50, 90)


@dataclass(frozen=True)
class Truth:
    """What a recording of work and rest really is."""

    share: float
    gaps: int
    mean_s: float
    percentiles: tuple[float, ...]


def agreement(differences: Iterable[float]) -> str:
    """Bias, and the limits of agreement in brackets."""
    off = np.array(list(differences))
    off = off[np.isfinite(off)]
    if len(off) < 2:
        return "not measured"
    bias, spread = float(off.mean()), 1.96 * float(off.std(ddof=1))
    return f"{bias:+7.2f} ({bias - spread:+.2f} to {bias + spread:+.2f})"


def measured_reference(params: MuscleParams, noise_v: float) -> EmgReference:
    """As a user gets one: the muscle at rest, then held at the reference."""
    rng = np.random.default_rng(99)
    quiet = measure_noise(chunk(emg(rng, 60, [], noise_v=noise_v)), params)
    held = chunk(emg(rng, 120, [Level(start_s=0, end_s=120, rms_v=REFERENCE_V)], noise_v=noise_v))
    (found,) = measure_reference(held, Normalisation.REFERENCE, quiet, params)
    return found


def figures_of(signal: Array, params: MuscleParams, of: EmgReference) -> MuscleFigures:
    state, _ = track_muscle(chunk(signal), (of,), params)
    return muscle_figures(state, params)[0]


def working(seed: int) -> tuple[list[Level], Truth]:
    """Work of 1 to 10 % and rest by turns."""
    levels, rests = work_and_rest(np.random.default_rng([1, seed]), SECONDS)
    lengths = np.array([end - start for start, end in rests if end - start >= 0.2])
    amplitude = np.zeros(round(SECONDS * 1000))
    for level in levels:
        amplitude[round(level.start_s * 1000) : round(level.end_s * 1000)] = 100 * level.rms_v / REFERENCE_V
    power = np.convolve(amplitude**2, np.ones(100) / 100, mode="valid")
    percentiles = tuple(float(np.sqrt(value)) for value in np.percentile(power, PERCENTS))
    return levels, Truth(float(lengths.sum()) / SECONDS, len(lengths), float(lengths.mean()), percentiles)


def amplitude_table(seeds: int) -> None:
    """Held at a level: what P50 says of it."""
    print("\nHeld at a level: P50 less the level, in percent of the level")
    params = MuscleParams()
    of = measured_reference(params, NOISE_V)
    for percent in (0.5, 1, 2, 5, 10, 20, 50, 80):
        held = [Level(start_s=0, end_s=SECONDS, rms_v=percent / 100 * REFERENCE_V)]
        off = []
        for seed in range(seeds):
            found = figures_of(emg(np.random.default_rng([2, seed]), SECONDS, held), params, of).amplitude_percent
            off.append(np.nan if found is None else 100 * (found.p50 / percent - 1))
        print(f"  {percent:5.1f} % of the reference   {agreement(off)}")


def rest_lines(
    name: str,
    make: Callable[[int, list[Level]], Array],
    params: MuscleParams,
    seeds: int,
    noise_v: float = NOISE_V,
) -> None:
    """One condition: rest and percentiles against the truth."""
    of = measured_reference(params, noise_v)
    share, gaps, mean, percentiles, gated = [], [], [], [], []
    notes: tuple[str, ...] = ()
    for seed in range(seeds):
        levels, truth = working(seed)
        found = figures_of(make(seed, levels), params, of)
        gated.append(found.gated_share)
        notes = found.notes or notes
        if found.rest is None or found.amplitude_percent is None:
            continue
        share.append(100 * (found.rest.share - truth.share))
        gaps.append(100 * (found.rest.gaps / truth.gaps - 1))
        mean.append((found.rest.mean_s or 0) - truth.mean_s)
        amplitude = found.amplitude_percent
        percentiles.append(
            [
                value - true
                for value, true in zip((amplitude.p10, amplitude.p50, amplitude.p90), truth.percentiles, strict=True)
            ]
        )
    print(f"  {name}")
    if not share:
        print(f"    rest not shown: {notes[0]}")
        return
    if len(share) < seeds:
        print(f"    rest shown in {len(share)} of {seeds}")
    print(f"    share of rest, points {agreement(share)}; gaps, % {agreement(gaps)}; mean gap, s {agreement(mean)}")
    each = (agreement(column) for column in np.array(percentiles).T)
    print(f"    P10, P50, P90, points {'; '.join(each)}; gated {100 * np.mean(gated):.0f} %")


def rest_table(seeds: int) -> None:
    """Work and rest by turns, with one thing wrong at a time."""
    print("\nWork of 1 to 10 % and rest by turns (45 % rest, 24 gaps a minute of 0.2 s and more, mean 1.1 s)")
    handled = {each: MuscleParams(ecg=each) for each in ("none", "highpass", "gate")}
    for heart_uv in (0, 20, 50, 100, 200):
        for how, params in handled.items():

            def beating(seed: int, levels: list[Level], heart_v: float = heart_uv * 1e-6) -> Array:
                return emg(np.random.default_rng([3, seed]), SECONDS, levels, heart_v=heart_v)

            rest_lines(f"heart beats of {heart_uv} uV, ecg={how}", beating, params, seeds)
    for per_min in (45, 110, 150):

        def at_rate(seed: int, levels: list[Level], per_min: float = per_min) -> Array:
            return emg(np.random.default_rng([3, seed]), SECONDS, levels, heart_v=80e-6, heart_per_min=per_min)

        rest_lines(f"heart beats of 80 uV, {per_min} a minute, ecg=gate", at_rate, MuscleParams(), seeds)
    for noise_uv in (0.5, 1.0, 2.0, 3.0, 10.0):

        def noisy(seed: int, levels: list[Level], noise_v: float = noise_uv * 1e-6) -> Array:
            return emg(np.random.default_rng([4, seed]), SECONDS, levels, noise_v=noise_v)

        rest_lines(f"noise of {noise_uv} uV", noisy, MuscleParams(), seeds, noise_uv * 1e-6)
    for hum_uv in (0.5, 1.0, 3.0, 10.0):
        for notches in (0, 3):

            def humming(seed: int, levels: list[Level], hum_v: float = hum_uv * 1e-6) -> Array:
                return emg(np.random.default_rng([5, seed]), SECONDS, levels, hum_v=hum_v)

            rest_lines(f"hum of {hum_uv} uV, {notches} notches", humming, MuscleParams(notch_harmonics=notches), seeds)


def frequency_table(seeds: int) -> None:
    """Median frequency, its slope, and how often the interval of the slope holds the truth."""
    print("\nMedian frequency: mean less the truth, Hz; slope less the truth, Hz/min; its 95 % interval")
    params = MuscleParams()
    of = measured_reference(params, NOISE_V)
    for fall in (0.0, 0.02, 0.05):
        off, slopes, inside = [], [], 0
        minutes = 3
        for seed in range(seeds):
            rng = np.random.default_rng([6, seed])
            held = [Level(start_s=0, end_s=60, rms_v=0.3 * REFERENCE_V)]
            slower = [1 - fall * minute for minute in range(minutes)]
            signal = np.concatenate([emg(rng, 60, held, slower=each) for each in slower])
            found = figures_of(signal, params, of).frequency
            truth = [median_frequency_hz(*params_band(params), each) for each in slower]
            assert found is not None
            assert found.slope_hz_per_min is not None
            assert found.slope_low is not None
            assert found.slope_high is not None
            off.append(found.mean_hz - float(np.mean(truth)))
            at = np.arange(60 * minutes) / 60
            slope = float(np.polyfit(at, np.repeat(truth, 60), 1)[0])
            slopes.append(found.slope_hz_per_min - slope)
            inside += found.slope_low <= slope <= found.slope_high
        told = f"{agreement(off)}; {agreement(slopes)}; holds it {inside} of {seeds}"
        print(f"  {100 * fall:.0f} % slower each minute: {told}")


def params_band(params: MuscleParams) -> tuple[float, float]:
    """The band of the filters at 1 kHz."""
    return params.highpass_hz, min(params.lowpass_hz, 450.0)


def main() -> None:
    """Prints the tables."""
    parser = argparse.ArgumentParser(description=__doc__)
    parser.add_argument("--seeds", type=int, default=12)
    seeds = parser.parse_args().seeds
    print("Surface EMG from a stated model; no recording with a free licence was at hand.")
    print(f"Bias (limits of agreement) over {seeds} recordings of {SECONDS:g} s for each line.")
    amplitude_table(seeds)
    rest_table(seeds)
    frequency_table(seeds)


if __name__ == "__main__":
    main()
