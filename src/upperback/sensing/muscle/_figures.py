"""Figures of a muscle from its state, and references from short recordings."""

import dataclasses
import math
from dataclasses import dataclass
from typing import Final, Literal

import numpy as np
from scipy import special

from upperback.core.errors import InputError
from upperback.sensing.muscle._track import track_muscle
from upperback.sensing.muscle.base import (
    BINS,
    BINS_PER_OCTAVE_LOG2,
    F64,
    I64,
    LOWEST_OCTAVE,
    REASONS,
    AmplitudeFigures,
    EmgReference,
    Engine,
    Fatigue,
    FrequencyFigures,
    Layout,
    MuscleFigures,
    MuscleParams,
    MuscleState,
    Normalisation,
    RestFigures,
    layout,
)
from upperback.sensing.signal import EmgChunk, QualityFlag

_PERCENT_AS_V: Final = 1e-5
"""A histogram of percentages uses the bins of volts: 100 % is 1 mV."""
_MVC_S: Final = 1.0
_NOISE_S: Final = 3.0


def _edges() -> F64:
    octave = 2.0 ** (LOWEST_OCTAVE + np.arange(BINS >> BINS_PER_OCTAVE_LOG2))
    within = 1 + np.arange(2**BINS_PER_OCTAVE_LOG2) / 2**BINS_PER_OCTAVE_LOG2
    edges = (octave[:, None] * within).ravel()
    return np.concatenate([[0.0], edges[1:], [2 * octave[-1]]])


_EDGES: Final = _edges()
"""Bounds of the bins of the histogram, V2."""


@dataclass(frozen=True, slots=True, kw_only=True)
class Apdf:
    """Amplitude probability distribution: time at each amplitude, noise taken off. Adds up over hours, days, people.

    Percentiles are exact to 0.8 %: the width of a bin of the samples and one of this.

    Attributes
    ----------
    unit : `V`, or `%` of the reference
    of : what percentages are of
    hop_s : time that one count stands for
    counts : (BINS,) int64
    """

    unit: Literal["V", "%"]
    of: Normalisation
    hop_s: float
    counts: I64

    def merge(self, other: "Apdf") -> "Apdf":
        """Both together.

        Raises
        ------
        InputError : of different units, references or steps.
        """
        if (self.unit, self.of, self.hop_s) != (other.unit, other.of, other.hop_s):
            raise InputError("amplitudes of different units, references or steps do not add up", key="unit")
        return dataclasses.replace(self, counts=self.counts + other.counts)

    def percentile(self, percent: float) -> float:
        """Amplitude that is not passed for `percent` of the time; NaN where nothing was measured."""
        return math.sqrt(_percentile(self.counts, percent)) / (1 if self.unit == "V" else _PERCENT_AS_V)


def apdf(state: MuscleState, channel: int, params: MuscleParams, unit: Literal["V", "%"]) -> Apdf:
    """The amplitudes that a channel has had so far.

    Raises
    ------
    InputError : percentages without a reference.
    """
    reference = state.references[channel]
    if unit == "%" and reference.rms_v is None:
        raise InputError("without a reference contraction there are no percentages", key="unit")
    scale = 1.0 if unit == "V" or reference.rms_v is None else (100 * _PERCENT_AS_V / reference.rms_v) ** 2
    power = (0.5 * (_EDGES[1:] + _EDGES[:-1]) - (reference.noise_rms_v or 0.0) ** 2) * scale
    into = np.clip(np.searchsorted(_EDGES, power, side="right") - 1, 0, BINS - 1)
    counts = np.zeros(BINS, np.int64)
    np.add.at(counts, into, state.histogram[channel])
    return Apdf(
        unit=unit,
        of=reference.kind if unit == "%" else Normalisation.NONE,
        hop_s=layout(state.sampling_rate_hz, params).hop_s,
        counts=counts,
    )


def _percentile(counts: I64, percent: float) -> float:
    """Power below which `percent` of the counts lie, linear within a bin."""
    total = int(counts.sum())
    if not total:
        return math.nan
    cumulative = np.cumsum(counts)
    wanted = total * percent / 100
    at = min(int(np.searchsorted(cumulative, wanted)), BINS - 1)
    while at < BINS - 1 and not counts[at]:
        at += 1
    if at == 0:
        return 0.0
    within = (wanted - (cumulative[at] - counts[at])) / counts[at]
    return float(_EDGES[at] + within * (_EDGES[at + 1] - _EDGES[at]))


def muscle_figures(state: MuscleState, params: MuscleParams) -> tuple[MuscleFigures, ...]:
    """The figures of each channel so far.

    Parameters
    ----------
    state : of `update_muscle` or `track_muscle`
    params : the ones that it was made with
    """
    grid = layout(state.sampling_rate_hz, params)
    return tuple(_channel_figures(state, c, grid, params) for c in range(state.n_channels))


def _channel_figures(state: MuscleState, c: int, grid: Layout, params: MuscleParams) -> MuscleFigures:
    reference = state.references[c]
    measured, gated, *_ = (int(value) for value in state.counts[c])
    recorded_s, measured_s = state.n_epochs * grid.epoch_s, measured * grid.hop_s
    enough = measured_s >= params.measured_s_min and measured_s >= params.measured_share_min * recorded_s
    notes = [] if enough else [_too_little(measured_s, recorded_s)]
    quietest_v = math.sqrt(_percentile(state.histogram[c].astype(np.int64), 2)) if measured else None
    humming = int(state.reasons[c, REASONS.index(QualityFlag.MAINS_HUM)]) > (
        params.humming_share_max * state.n_epochs * grid.epoch_hops
    )
    trouble = _trouble_with_rest(reference, quietest_v, params, humming=humming) if enough else None
    if trouble:
        notes.append(trouble)
    percent = enough and reference.rms_v is not None
    return MuscleFigures(
        recorded_s=recorded_s,
        measured_s=measured_s,
        not_measured_s={
            str(flag.name).lower(): int(hops) * grid.hop_s for flag, hops in zip(REASONS, state.reasons[c], strict=True)
        },
        gated_share=gated / measured if measured else 0.0,
        normalisation=reference.kind,
        ecg=params.ecg,
        window_s=grid.window_s,
        band_hz=grid.band_hz,
        noise_rms_v=reference.noise_rms_v,
        quietest_rms_v=quietest_v,
        amplitude_v=_amplitude(apdf(state, c, params, "V")) if enough else None,
        amplitude_percent=_amplitude(apdf(state, c, params, "%")) if percent else None,
        rest=_rest(state, c, grid) if percent and not trouble else None,
        sustained_share=_sustained_share(state, c, params) if percent and not trouble else None,
        frequency=_frequency(state, c, params) if enough else None,
        notes=tuple(notes),
    )


def _too_little(measured_s: float, recorded_s: float) -> str:
    return f"Not measured: only {measured_s:.0f} of {recorded_s:.0f} seconds are good enough."


def _trouble_with_rest(
    reference: EmgReference, quietest_v: float | None, params: MuscleParams, *, humming: bool
) -> str | None:
    """Why rest cannot be told in this channel, in one sentence."""
    if reference.rms_v is None:
        return "Rest and percentages are not shown: they need a reference contraction."
    if humming:
        return "Rest is not shown: hum from the mains is louder than a resting muscle."
    level = reference.rms_v * params.rest_percent / 100
    if reference.noise_rms_v is not None and reference.noise_rms_v > params.noise_per_rest_max * level:
        return "Rest is not shown: the sensor is too noisy to tell a resting muscle from one that hardly works."
    if reference.noise_rms_v is None and quietest_v is not None and quietest_v > level:
        return "Rest is not shown: the noise of the sensor was not measured, and the signal never falls below rest."
    return None


def _amplitude(distribution: Apdf) -> AmplitudeFigures:
    return AmplitudeFigures(
        p10=distribution.percentile(10), p50=distribution.percentile(50), p90=distribution.percentile(90)
    )


def _rest(state: MuscleState, c: int, grid: Layout) -> RestFigures:
    measured, _, gaps, gap_hops, longest = (int(value) for value in state.counts[c])
    return RestFigures(
        share=min(1.0, gap_hops / measured),
        gaps=gaps,
        gaps_per_min=gaps / (measured * grid.hop_s / 60),
        mean_s=gap_hops * grid.hop_s / gaps if gaps else None,
        longest_s=longest * grid.hop_s if gaps else None,
    )


def _sustained_share(state: MuscleState, c: int, params: MuscleParams) -> float | None:
    """None where the recording is shorter than a spell has to be."""
    measured, sustained, *_ = (int(value) for value in state.spells[c])
    return min(1.0, sustained / measured) if measured >= params.sustained_s_min else None


def _frequency(state: MuscleState, c: int, params: MuscleParams) -> FrequencyFigures | None:
    sums = {column: float(state.fatigue[c, column]) for column in Fatigue}
    n = round(sums[Fatigue.N])
    if not n:
        return None
    mean = sums[Fatigue.F] / n
    slope = _slope(sums) if n >= params.fatigue_epochs_min else None
    low, value, high = slope or (None, None, None)
    return FrequencyFigures(mean_hz=mean, seconds=n, slope_hz_per_min=value, slope_low=low, slope_high=high)


def _slope(sums: dict[Fatigue, float]) -> tuple[float, float, float]:
    """Least squares with a 95 % interval, Hz/min. Neighbours that are alike count for less: the effective number of
    seconds is n (1 - r) / (1 + r), with r the correlation of neighbouring residuals.
    """
    n = sums[Fatigue.N]
    t_mean, f_mean = sums[Fatigue.T] / n, sums[Fatigue.F] / n
    tt = sums[Fatigue.TT] - n * t_mean**2
    ff = max(sums[Fatigue.FF] - n * f_mean**2, 0.0)
    slope = (sums[Fatigue.TF] - n * t_mean * f_mean) / tt
    residual = max(ff - slope**2 * tt, 0.0)
    alike = _neighbours_alike(sums, f_mean - slope * t_mean, slope, residual / n)
    effective = max(n * (1 - alike) / (1 + alike), 3.0)
    error = math.sqrt(residual / (n - 2) / tt * n / effective)
    half = float(special.stdtrit(effective - 2, 0.975)) * error
    return 60 * (slope - half), 60 * slope, 60 * (slope + half)


def _neighbours_alike(sums: dict[Fatigue, float], intercept: float, slope: float, variance: float) -> float:
    """Correlation of residuals one second apart, 0 to 0.95."""
    pairs = sums[Fatigue.PAIRS]
    if pairs < 10 or variance <= 0:
        return 0.0
    product = (
        sums[Fatigue.F0F1]
        - intercept * (sums[Fatigue.F0] + sums[Fatigue.F1])
        - slope * (sums[Fatigue.T0F1] + sums[Fatigue.T1F0])
        + pairs * intercept**2
        + intercept * slope * (sums[Fatigue.T0] + sums[Fatigue.T1])
        + slope**2 * sums[Fatigue.T0T1]
    )
    return min(0.95, max(0.0, product / pairs / variance))


def measure_noise(recording: EmgChunk, params: MuscleParams, *, engine: Engine | None = None) -> tuple[float, ...]:
    """RMS of each channel at rest, V: of the quietest three seconds, which is about 2 % low for being the quietest.

    Parameters
    ----------
    recording : ten seconds or more with the muscle at rest and supported
    params, engine : as for `update_muscle`

    Raises
    ------
    InputError : three good seconds cannot be found.
    """
    power = _moving_power(recording, params, _NOISE_S, engine)
    if not np.isfinite(power).any(axis=1).all():
        raise InputError("the noise cannot be measured: there are no three good seconds in the recording at rest")
    return tuple(math.sqrt(value) for value in np.nanmin(power, axis=1))


def measure_reference(
    recording: EmgChunk,
    kind: Normalisation,
    noise_rms_v: tuple[float | None, ...],
    params: MuscleParams,
    *,
    engine: Engine | None = None,
) -> tuple[EmgReference, ...]:
    """What percentages are of, per channel: the strongest second of a maximal contraction, or the median second of a
    reference contraction that is held.

    Parameters
    ----------
    recording : of the contraction
    kind : what was contracted
    noise_rms_v : of `measure_noise`, per channel
    params, engine : as for `update_muscle`

    Raises
    ------
    InputError : no good second, or nothing above the noise.
    """
    if kind is Normalisation.NONE:
        raise InputError("a reference contraction is maximal or submaximal", key="kind")
    power = _moving_power(recording, params, _MVC_S, engine)
    found = []
    for c, noise in enumerate(noise_rms_v):
        seconds = power[c][np.isfinite(power[c])]
        if not len(seconds):
            raise InputError(f"channel {c + 1} has no good second in the reference contraction")
        best = float(seconds.max() if kind is Normalisation.MVC else np.median(seconds)) - (noise or 0.0) ** 2
        if best <= 0:
            raise InputError(f"channel {c + 1} shows no muscle in the reference contraction")
        found.append(EmgReference(kind=kind, rms_v=math.sqrt(best), noise_rms_v=noise))
    return tuple(found)


def _moving_power(recording: EmgChunk, params: MuscleParams, length_s: float, engine: Engine | None) -> F64:
    """(n_channels, n_hops) mean power of the envelope over so many seconds, V2, noise included."""
    n = recording.emg_v.shape[1]
    _, block = track_muscle(recording, (EmgReference(),) * n, params, engine=engine)
    power, length = (block.rms_v**2).T, round(length_s / block.hop_s)
    if power.shape[1] < length:
        return np.full((n, 1), np.nan)
    return np.asarray(np.lib.stride_tricks.sliding_window_view(power, length, axis=1).mean(axis=2))
