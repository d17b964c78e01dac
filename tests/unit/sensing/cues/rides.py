"""Rides from a stated model, as a sensor on the trunk of a passenger feels them. No ride was recorded.

A ride goes on in stretches of driving (30 to 240 s) and standing (5 to 180 s). While driving the trunk shakes with
Gaussian noise of 1 to 20 Hz, strongest around 5 Hz where a sitting trunk follows the seat, up and down as strong as
given and half as strong to the sides; the strength changes with speed and road by up to a factor of two. Braking and
bends push with up to 1.5 m/s2 for some seconds. While standing the engine shakes a twentieth as much. The sensor adds
0.02 m/s2 of noise on each axis. Root mean square at the trunk: cars and buses 0.25 to 0.8, trains 0.15 to 0.3.
"""

import numpy as np
import numpy.typing as npt
from scipy import signal

from tests.unit.sensing import bodies
from upperback.sensing.signal import G_MPS2

Array = npt.NDArray[np.float64]

RATE_HZ = 50.0


def ride(rng: np.random.Generator, minutes: float, strength_mps2: float, stand_s_max: float = 180.0) -> Array:
    """(n, 3) ahead, left, up, m/s2."""
    n = round(minutes * 60 * RATE_HZ)
    moving = np.zeros(n)
    at, drives = 0, True
    while at < n:
        length = rng.uniform(30, 240) if drives else rng.uniform(5, stand_s_max)
        end = min(n, at + round(length * RATE_HZ))
        moving[at:end] = drives
        at, drives = end, not drives
    slow = signal.butter(2, 0.5, fs=RATE_HZ, output="sos")
    moving = np.clip(signal.sosfiltfilt(slow, moving), 0.05, 1)
    road = 2.0 ** (0.5 * _even(signal.sosfiltfilt(signal.butter(1, 0.05, fs=RATE_HZ, output="sos"), _noise(rng, n))))
    seat = signal.butter(1, (1.0, 20.0), "bandpass", fs=RATE_HZ, output="sos")
    body = signal.butter(1, (3.5, 7.0), "bandpass", fs=RATE_HZ, output="sos")
    force = np.zeros((n, 3))
    for axis, share in enumerate((0.5, 0.5, 1.0)):
        shaken = _noise(rng, n)
        shaken = signal.sosfilt(seat, shaken) + signal.sosfilt(body, shaken)
        force[:, axis] = share * strength_mps2 * moving * np.clip(road, 0.5, 2) * _even(shaken)
    push = signal.sosfiltfilt(signal.butter(2, 0.1, fs=RATE_HZ, output="sos"), rng.standard_normal((2, n)), axis=1)
    force[:, :2] += np.clip(moving * 0.6 * push / push.std(), -1.5, 1.5).T
    force[:, 2] += G_MPS2
    return force + bodies.noise(rng, n, 0.02)


def walk_there(rng: np.random.Generator, seconds: float = 40.0) -> Array:
    """Nobody is in a vehicle without having gone there."""
    steps = bodies.walking(seconds, RATE_HZ)
    return steps + bodies.noise(rng, len(steps), 0.02)


def desk(rng: np.random.Generator, minutes: float) -> Array:
    """Breathing, the heart's push (0.03 m/s2, three times a second and up) and a change of position now and then."""
    n = round(minutes * 60 * RATE_HZ)
    force = bodies.breathing(minutes * 60, RATE_HZ) + bodies.noise(rng, n, 0.02)
    band = signal.butter(2, (3.0, 15.0), "bandpass", fs=RATE_HZ, output="sos")
    force[:, 2] += 0.03 * _even(signal.sosfilt(band, _noise(rng, n)))
    for at in np.arange(rng.uniform(60, 180), minutes * 60 - 10, 240):
        start = round(at * RATE_HZ)
        shift = signal.sosfilt(band, rng.standard_normal((3, 150)), axis=1).T
        force[start : start + 150] += 1.0 * shift / shift.std()
    return force


def _noise(rng: np.random.Generator, n: int) -> Array:
    return rng.standard_normal(n)


def _even(values: Array) -> Array:
    return np.asarray(values / values.std())
