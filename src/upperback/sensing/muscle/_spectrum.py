"""Whole seconds of EMG: what is wrong with them, and the median frequency of their spectrum."""

from dataclasses import dataclass
from functools import cache
from typing import Final

import numpy as np
import numpy.typing as npt
from scipy import fft

from upperback.sensing.muscle.base import F32, F64, U8, Engine, EpochFact, Layout, MuscleParams, notched_hz
from upperback.sensing.signal import QualityFlag

_BLOCK: Final = 64
"""Epochs at a time, so that they stay in the processor's cache."""
_STANDS_OUT: Final = 4.0
"""A mains line stands out if it holds so many times what is beside it."""


@dataclass(frozen=True, slots=True, kw_only=True)
class Epochs:
    """What is known of each epoch.

    Attributes
    ----------
    quality : (n,) `QualityFlag` bits for the whole epoch
    median_frequency_hz : (n,) NaN where there is none
    band_power : (n,) power in the band, V2; NaN where samples are missing
    """

    quality: U8
    median_frequency_hz: F64
    band_power: F64


def look_at_epochs(
    samples: F32,
    layout: Layout,
    params: MuscleParams,
    engine: Engine,
    *,
    rest_v: F64,
    noise_v: F64,
) -> Epochs:
    """Quality and median frequency of whole epochs.

    Parameters
    ----------
    samples : (n, epoch_samples), V
    layout, params, engine : of the stage
    rest_v : (n,) rest level of the channel, V; NaN without a reference
    noise_v : (n,) noise of the channel, V; 0 where nobody measured it
    """
    parts = []
    for start in range(0, max(1, len(samples)), _BLOCK):
        here = slice(start, start + _BLOCK)
        parts.append(_block(samples[here], layout, params, engine, rest_v[here], noise_v[here]))
    return Epochs(
        quality=np.concatenate([part.quality for part in parts]),
        median_frequency_hz=np.concatenate([part.median_frequency_hz for part in parts]),
        band_power=np.concatenate([part.band_power for part in parts]),
    )


def _block(samples: F32, layout: Layout, params: MuscleParams, engine: Engine, rest_v: F64, noise_v: F64) -> Epochs:
    tapered, facts = engine.epochs(samples, _taper(layout.epoch_samples))
    whole = np.isfinite(facts[:, EpochFact.MEAN])
    tapered[~whole] = 0
    spectrum = fft.rfft(tapered, axis=1)
    power = spectrum.real**2 + spectrum.imag**2
    bin_hz = layout.sampling_rate_hz / layout.epoch_samples
    low, high = (round(edge / bin_hz) for edge in layout.band_hz)
    hum = _hum(power, bin_hz, layout, params)
    band = power[:, low : high + 1]
    cumulative = np.cumsum(band, axis=1)
    band_power = cumulative[:, -1].astype(np.float64)
    quality = np.zeros(len(samples), np.uint8)
    quality[whole & _clipped(facts, params, layout)] |= int(QualityFlag.CLIPPED)
    quality[whole & (band_power > params.rms_v_max**2)] |= int(QualityFlag.IMPLAUSIBLE)
    matters = np.where(np.isnan(rest_v), params.hum_rms_v_max, params.hum_per_rest_max * rest_v) ** 2
    quality[whole & (hum > params.hum_share_max * band_power) & (hum > matters)] |= int(QualityFlag.MAINS_HUM)
    usable = whole & (quality == 0) & (band_power > params.spectrum_per_noise_min * noise_v**2)
    return Epochs(
        quality=quality,
        median_frequency_hz=np.where(usable, _median_frequency_hz(band, cumulative, low, bin_hz), np.nan),
        band_power=np.where(whole, band_power, np.nan),
    )


@cache
def _taper(n: int) -> F32:
    """Hann window, scaled so that the power of all bins adds up to the mean square."""
    window = np.sin(np.pi * (np.arange(n) + 0.5) / n) ** 2
    return np.asarray(window * np.sqrt(2 / (n * (window**2).sum())), np.float32)


def _hum(power: F32, bin_hz: float, layout: Layout, params: MuscleParams) -> F64:
    """Power in the mains lines that stand clearly above what is beside them. What a notch takes out is bridged."""
    notched = notched_hz(params, layout.band_hz[1])
    hum = np.zeros(len(power))
    for frequency_hz in np.arange(params.mains_hz, layout.band_hz[1], params.mains_hz):
        line = round(frequency_hz / bin_hz)
        if frequency_hz < layout.band_hz[0] or line + 7 > power.shape[1]:
            continue
        around = power[:, line - 6 : line + 7]
        here = around[:, 4:9].sum(axis=1)
        beside = (around.sum(axis=1) - here) * (5 / 8)
        if frequency_hz in notched:
            power[:, line - 2 : line + 3] = beside[:, None] / 5
        else:
            hum += np.where(here > _STANDS_OUT * beside, here - beside, 0)
    return hum


def _clipped(facts: F64, params: MuscleParams, layout: Layout) -> npt.NDArray[np.bool_]:
    """At the rails, several neighbours at the extreme, or hardly any change from one sample to the next."""
    found = facts[:, EpochFact.PAIRS] >= params.clipped_pairs_min
    found |= facts[:, EpochFact.SAME] > params.stuck_share_min * layout.epoch_samples
    if params.rail_v is not None:
        found |= np.fmax(facts[:, EpochFact.HIGHEST], -facts[:, EpochFact.LOWEST]) >= params.rail_v
    return np.asarray(found)


def _median_frequency_hz(band: F32, cumulative: F32, low: int, bin_hz: float) -> F64:
    """Frequency that halves the power of the band, between the edges of its bins."""
    half = 0.5 * cumulative[:, -1:]
    at = np.argmax(cumulative >= half, axis=1)
    rows = np.arange(len(band))
    here = band[rows, at].astype(np.float64)
    before = cumulative[rows, at] - here
    within = np.divide(half[:, 0] - before, here, out=np.zeros(len(band)), where=here > 0)
    return np.asarray((low + at - 0.5 + within) * bin_hz)
