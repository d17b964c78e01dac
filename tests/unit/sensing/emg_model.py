"""Surface EMG with a known truth, from a stated model. Nobody's muscle.

Muscle: Gaussian noise with the spectrum of Stulen and De Luca (corners 60 and 120 Hz, both times `slower`), times an
amplitude that is constant between the times of `levels`. Noise of the electrode: white and Gaussian. Heart: five
Gaussians a beat (P, Q, R, S, T), whose distance breathes by 5 % and varies by 2 %. Hum: the mains frequency, with a
fifth of it at three times that. All amplitudes are root mean squares, but the heart's, which is the height of R.
"""

from dataclasses import dataclass

import numpy as np
import numpy.typing as npt

from upperback.sensing.muscle import EmgReference, Normalisation
from upperback.sensing.signal import EmgChunk

Array = npt.NDArray[np.float64]

REFERENCE_V = 300e-6
NOISE_V = 1.5e-6

_HEART = ((0.12, -0.18, 0.025), (-0.12, -0.028, 0.009), (1.0, 0.0, 0.011), (-0.25, 0.03, 0.010), (0.25, 0.26, 0.05))


@dataclass(frozen=True, slots=True, kw_only=True)
class Level:
    """The muscle works with this amplitude in [start_s, end_s)."""

    start_s: float
    end_s: float
    rms_v: float


def muscle_noise(rng: np.random.Generator, n: int, rate_hz: float, slower: float = 1.0) -> Array:
    """RMS 1 over all frequencies up to half the rate."""
    f = np.fft.rfftfreq(n, 1 / rate_hz) / slower
    shape = f / np.sqrt(f**2 + 60.0**2) / (f**2 + 120.0**2)
    shape /= np.sqrt(np.mean(np.abs(shape) ** 2))
    return np.asarray(np.fft.irfft(np.fft.rfft(rng.standard_normal(n)) * shape, n))


def median_frequency_hz(low_hz: float, high_hz: float, slower: float = 1.0) -> float:
    """Of the muscle in a band."""
    f = np.linspace(low_hz, high_hz, 200_001) / slower
    half = np.cumsum(f**2 / (f**2 + 60.0**2) / (f**2 + 120.0**2) ** 2)
    return float(f[np.searchsorted(half, half[-1] / 2)] * slower)


def heart(rng: np.random.Generator, n: int, rate_hz: float, per_min: float = 70.0) -> Array:
    """Height of R is 1."""
    t, wave, at = np.arange(n) / rate_hz, np.zeros(n), 0.4
    while at < n / rate_hz:
        for height, after, width in _HEART:
            first, last = (int((at + after + side * 6 * width) * rate_hz) for side in (-1, 1))
            here = slice(max(first, 0), max(last, 0))
            wave[here] += height * np.exp(-0.5 * ((t[here] - at - after) / width) ** 2)
        at += 60 / per_min * (1 + 0.05 * np.sin(2 * np.pi * at / 4) + 0.02 * rng.standard_normal())
    return wave


def emg(
    rng: np.random.Generator,
    duration_s: float,
    levels: list[Level],
    *,
    rate_hz: float = 1000.0,
    noise_v: float = NOISE_V,
    heart_v: float = 0.0,
    heart_per_min: float = 70.0,
    hum_v: float = 0.0,
    mains_hz: float = 50.0,
    offset_v: float = 0.0,
    slower: float = 1.0,
) -> Array:
    """(n,) V."""
    n = round(duration_s * rate_hz)
    amplitude = np.zeros(n)
    for level in levels:
        amplitude[round(level.start_s * rate_hz) : round(level.end_s * rate_hz)] = level.rms_v
    phase = 2 * np.pi * mains_hz * np.arange(n) / rate_hz
    hum = np.sqrt(2 / 1.04) * (np.sin(phase) + 0.2 * np.sin(3 * phase))
    total: Array = amplitude * muscle_noise(rng, n, rate_hz, slower) + offset_v
    total += noise_v * rng.standard_normal(n)
    total += heart_v * heart(rng, n, rate_hz, heart_per_min) + hum_v * hum
    return total


def work_and_rest(
    rng: np.random.Generator,
    duration_s: float,
    *,
    work_s: float = 1.0,
    rest_s: float = 0.8,
    shortest_s: float = 0.1,
    low_v: float = 0.01 * REFERENCE_V,
    high_v: float = 0.1 * REFERENCE_V,
) -> tuple[list[Level], list[tuple[float, float]]]:
    """Work and rest by turns, of random length (exponential) and amplitude (log-uniform); and the rests."""
    levels, rests, at, works = [], [], 0.0, True
    while at < duration_s:
        end = min(duration_s, at + max(shortest_s, float(rng.exponential(work_s if works else rest_s))))
        if works:
            rms_v = float(np.exp(rng.uniform(np.log(low_v), np.log(high_v))))
            levels.append(Level(start_s=at, end_s=end, rms_v=rms_v))
        else:
            rests.append((at, end))
        at, works = end, not works
    return levels, rests


def chunk(*channels: Array, rate_hz: float = 1000.0, start_s: float = 0.0) -> EmgChunk:
    samples = np.stack(channels, axis=1).astype(np.float32)
    return EmgChunk(start_s=start_s, sampling_rate_hz=rate_hz, emg_v=samples)


def reference(rms_v: float = REFERENCE_V, noise_rms_v: float | None = NOISE_V) -> EmgReference:
    return EmgReference(kind=Normalisation.MVC, rms_v=rms_v, noise_rms_v=noise_rms_v)
