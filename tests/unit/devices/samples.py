"""Invented signals with a known truth for the tests of the readers."""

import numpy as np
import numpy.typing as npt

from upperback.sensing.signal import G_MPS2

Floats = npt.NDArray[np.float64]


def trunk(seconds: float, rate_hz: float, seed: int = 1) -> tuple[Floats, Floats, Floats]:
    """(time_s, acc m/s2, gyr rad/s) of a trunk that bends and turns slowly, with gravity that turns accordingly.

    Forward bending about y and side bending about x, each a sum of slow waves: gravity in the sensor and the rotation
    follow from the same angles.
    """
    generator = np.random.default_rng(seed)
    time = np.arange(round(seconds * rate_hz)) / rate_hz
    forward, forward_rate = _waves(time, 0.35, generator)
    side, side_rate = _waves(time, 0.15, generator)
    # Up in the sensor after turning about y by `forward`, then about the new x by `side` (x up when upright).
    up = np.stack((np.cos(forward), np.sin(forward) * np.sin(side), np.sin(forward) * np.cos(side)), axis=1)
    turn = np.stack((side_rate, forward_rate * np.cos(side), -forward_rate * np.sin(side)), axis=1)
    acc = G_MPS2 * up + generator.normal(0, 0.03, up.shape)
    return time, acc, turn + generator.normal(0, 0.005, up.shape)


def _waves(time: Floats, size: float, generator: np.random.Generator) -> tuple[Floats, Floats]:
    """(angle, its rate of change): a sum of slow waves."""
    angle, rate = np.zeros_like(time), np.zeros_like(time)
    for hz in (0.05, 0.11, 0.23):
        phase = 2 * np.pi * hz * time + generator.uniform(0, 2 * np.pi)
        angle += size * np.sin(phase)
        rate += size * 2 * np.pi * hz * np.cos(phase)
    return angle, rate


def muscle(seconds: float, rate_hz: float, seed: int = 1) -> Floats:
    """One channel of surface EMG in V: bursts of 100 µV in noise of 2 µV."""
    generator = np.random.default_rng(seed)
    time = np.arange(round(seconds * rate_hz)) / rate_hz
    level = np.where(np.sin(2 * np.pi * 0.2 * time) > 0, 1e-4, 2e-6)
    signal: Floats = generator.normal(0, 1, len(time)) * level
    return signal
