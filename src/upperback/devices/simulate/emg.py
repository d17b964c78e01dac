"""Surface EMG of a muscle whose effort is known: band-limited noise of that strength, and what spoils it.

The muscle's noise has the spectrum of Stulen and De Luca (IEEE Trans Biomed Eng 1981;28:515-23) inside the stated
band. Fatigue stretches it in time, so that every frequency falls by the same share and its power stays.
"""

from dataclasses import dataclass

import numpy as np
import numpy.typing as npt

from upperback.devices.simulate.jets import SmoothNoise, dice
from upperback.devices.simulate.plan import Plan
from upperback.devices.simulate.quaternions import Array
from upperback.devices.simulate.scenario import Emg, EmgChannel

#: Rate at which the muscle's noise is made before it is stretched and sampled, Hz, and the length of its filter.
GRID_HZ = 4096.0
_TAPS = 1025
_NUMBERS = 1 << 15  # of noise in one block

_LOW_HZ, _HIGH_HZ = 60.0, 120.0  # the two corners of the spectrum
_LOOSE = 40.0  # times the hum, with no muscle at all
_UNEVEN_KNOT_S = 0.4
_EVEN = 0.75  # how much less a stated effort fluctuates than that of the day

# One heart beat: share of the beat, width (share), height.
_BEAT = ((0.20, 0.025, 0.10), (0.345, 0.010, -0.12), (0.36, 0.011, 1.0), (0.378, 0.011, -0.22), (0.60, 0.05, 0.25))


@dataclass(frozen=True, slots=True)
class Effort:
    """What the muscle really does at each sample."""

    amplitude_v: Array  # (n, channels) root mean square
    effort_pct: Array  # (n, channels) of the reference contraction
    median_hz: Array  # (n,)


class Muscle:
    """The noise of one channel's muscle, strength 1, at any moment."""

    def __init__(self, seed: int, name: str, *, band_hz: tuple[float, float]) -> None:
        from scipy import signal  # a second to load: only for who simulates a muscle

        self._seed, self._name = seed, name
        frequencies: Array = np.linspace(0, GRID_HZ / 2, (_TAPS + 1) // 2, dtype=np.float64)
        power = spectrum(frequencies, band_hz)
        taps = np.roll(np.fft.irfft(np.sqrt(power)), (_TAPS - 1) // 2) * signal.windows.hann(_TAPS - 1)
        self._taps = taps / np.sqrt((taps**2).sum())
        response = np.abs(np.fft.rfft(self._taps, 16 * _TAPS)) ** 2
        half = np.cumsum(response)
        self.median_hz = float(np.searchsorted(half, half[-1] / 2) / (16 * _TAPS) * GRID_HZ)
        self._kept: dict[int, Array] = {}

    def at(self, stretched_s: Array) -> Array:
        """The noise at these moments of stretched time, in rising order; between grid points by cubic interpolation."""
        place = stretched_s * GRID_HZ
        point = np.floor(place)
        u = place - point
        first = int(point[0]) - 1
        grid = self._grid(first, int(point[-1]) + 3)
        i = point.astype(np.intp) - first
        before, here, after, next_after = grid[i - 1], grid[i], grid[i + 1], grid[i + 2]
        bend = 2 * before - 5 * here + 4 * after - next_after
        twist = 3 * (here - after) + next_after - before
        interpolated: Array = here + 0.5 * u * (after - before + u * (bend + u * twist))
        return interpolated

    def _grid(self, first: int, end: int) -> Array:
        """Filtered noise at these grid points: each number belongs to its block, so that any stretch can be made."""
        from scipy import signal

        need_first = first - (_TAPS - 1)
        blocks = range(need_first // _NUMBERS, (end - 1) // _NUMBERS + 1)
        self._kept = {block: self._kept[block] if block in self._kept else self._block(block) for block in blocks}
        offset = blocks[0] * _NUMBERS
        white = np.concatenate([self._kept[block] for block in blocks])[need_first - offset : end - offset]
        filtered: Array = signal.oaconvolve(white, self._taps, mode="valid")
        return filtered[-(end - first) :]

    def _block(self, block: int) -> Array:
        key = 2 * block if block >= 0 else -2 * block - 1
        return dice(self._seed, "muscle", self._name, key).standard_normal(_NUMBERS)


def spectrum(frequency_hz: Array, band_hz: tuple[float, float]) -> Array:
    """Power of the muscle's noise, nought outside the band."""
    f = frequency_hz
    power = _HIGH_HZ**4 * f**2 / ((f**2 + _LOW_HZ**2) * (f**2 + _HIGH_HZ**2) ** 2)
    return np.where((f >= band_hz[0]) & (f <= band_hz[1]), power, 0.0)


class EmgMotion:
    """All channels of the day."""

    def __init__(self, plan: Plan, emg: Emg, seed: int) -> None:
        self._plan, self._emg, self._seed = plan, emg, seed
        highest_hz = min(emg.band_hz[1], 0.45 * emg.sampling_rate_hz)
        self._muscles = [Muscle(seed, c.name, band_hz=(emg.band_hz[0], highest_hz)) for c in emg.channels]
        self._uneven = [SmoothNoise(seed, f"uneven {c.name}", knot_s=_UNEVEN_KNOT_S) for c in emg.channels]
        self._drift = [SmoothNoise(seed, f"drift {c.name}", knot_s=0.25) for c in emg.channels]
        self._pulse = SmoothNoise(seed, "pulse", knot_s=6.0)

    @property
    def fresh_median_hz(self) -> float:
        """Median frequency of the muscle's own signal before it tires."""
        return self._muscles[0].median_hz

    def at(self, t: Array, page: int) -> tuple[Array, Effort]:
        """Volts at the skin, (n, channels), before clipping; and the effort behind them."""
        noise = dice(self._seed, "electrode", page).standard_normal((len(self._muscles), len(t)))
        slower = self.slower(t)
        loose = self._loose(t)
        columns, amplitudes, efforts = [], [], []
        for k, channel in enumerate(self._emg.channels):
            effort = self._effort(t, k, channel)
            amplitude = effort / 100 * channel.reference_uv * 1e-6
            value = amplitude * self._muscles[k].at(self._stretched(t))
            hum = self._hum(t, channel)
            spoilt = hum + self._spoilers(t, k, channel) + noise[k] * channel.noise_uv * 1e-6
            columns.append(np.where(loose, _LOOSE * hum + spoilt, value + spoilt))
            amplitudes.append(amplitude)
            efforts.append(effort)
        median_hz = self._muscles[0].median_hz * slower
        return np.stack(columns, axis=1), Effort(np.stack(amplitudes, axis=1), np.stack(efforts, axis=1), median_hz)

    def slower(self, t: Array) -> Array:
        """By how much every frequency has fallen: 1 at the start."""
        return np.maximum(0.4, 1 - self._emg.fatigue_pct_per_hour / 100 * t / 3600)

    def _stretched(self, t: Array) -> Array:
        """The integral of `slower`."""
        rate = self._emg.fatigue_pct_per_hour / 100 / 3600
        if not rate:
            return t
        floor_s = 0.6 / rate
        falling = np.minimum(t, floor_s)
        return falling - rate * falling**2 / 2 + 0.4 * np.maximum(0.0, t - floor_s)

    def _effort(self, t: Array, k: int, channel: EmgChannel) -> Array:
        level = self._plan.effort.jet(t).x * self._plan.active.jet(t).x
        contracting = self._plan.contracting.jet(t).x
        uneven = 1 + self._emg.unevenness * (1 - _EVEN * contracting) * self._uneven[k].jet(t).x
        share = channel.share + (1 - channel.share) * contracting
        return np.asarray(np.maximum(0.0, level * uneven * share))

    def _spoilers(self, t: Array, k: int, channel: EmgChannel) -> Array:
        total = np.zeros_like(t)
        if channel.drift_uv:
            total += channel.drift_uv * 1e-6 * self._drift[k].jet(t).x
        if channel.heart_uv:
            total += channel.heart_uv * 1e-6 * self._heart(t)
        return total

    def _hum(self, t: Array, channel: EmgChannel) -> Array:
        phase = 2 * np.pi * self._emg.mains_hz * t
        hum: Array = channel.hum_uv * 1e-6 * np.sqrt(2) * (np.sin(phase) + 0.2 * np.sin(3 * phase + 1))
        return hum

    def _heart(self, t: Array) -> Array:
        beat = self._emg.heart_per_min / 60 * t + 0.15 * self._pulse.jet(t).x
        share = beat - np.floor(beat)
        wave = np.zeros_like(t)
        for at, width, height in _BEAT:
            wave += height * np.exp(-0.5 * ((share - at) / width) ** 2)
        return wave

    def _loose(self, t: Array) -> npt.NDArray[np.bool_]:
        loose = np.zeros(len(t), bool)
        for gap in self._emg.loose:
            first, last = np.searchsorted(t, (gap.at_s, gap.at_s + gap.duration_s))
            loose[first:last] = True
        return loose


def clipped(value_v: Array, emg: Emg) -> tuple[npt.NDArray[np.float32], npt.NDArray[np.bool_]]:
    """After the amplifier: its rails and its steps; and which samples lie at a rail."""
    rail_v = emg.rail_mv / 1000
    at_rail: npt.NDArray[np.bool_] = np.any(np.abs(value_v) >= rail_v, axis=1)
    value_v = np.clip(value_v, -rail_v, rail_v)
    if emg.bits:
        step = 2 * rail_v / 2**emg.bits
        value_v = np.round(value_v / step) * step
    return value_v.astype(np.float32), at_rail
