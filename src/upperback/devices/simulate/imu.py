"""The electronics: from what a perfect sensor would measure to what this one writes down."""

from dataclasses import dataclass

import numpy as np
import numpy.typing as npt

from upperback.devices.simulate.jets import dice
from upperback.devices.simulate.quaternions import Array
from upperback.devices.simulate.scenario import Flaws, Sensor
from upperback.sensing.signal import G_MPS2

_WALK_KNOT_S = 10.0
_MG = G_MPS2 / 1000
_DEG = np.pi / 180


@dataclass(frozen=True)
class _Triad:
    """One three-axis sensor: measured = scale x true + bias + wander + noise, clipped, in steps."""

    scale: Array  # (3, 3)
    bias: Array  # (3,)
    wander: Array  # (3, knots)
    noise: float
    limit: float
    step: float

    def measured(self, true: Array, t: Array, noise: npt.NDArray[np.float32]) -> Array:
        place = np.clip(t / _WALK_KNOT_S, 0, self.wander.shape[1] - 1.001)
        knot = place.astype(np.intp)
        share = place - knot
        first = int(knot[0])
        nearby = self.wander[:, first : int(knot[-1]) + 2]
        i = knot - first
        value = self.scale @ true
        value += self.bias[:, None]
        value += noise * self.noise
        if nearby.any():
            value += nearby[:, i] + (nearby[:, i + 1] - nearby[:, i]) * share
        np.clip(value, -self.limit, self.limit, out=value)
        if self.step:
            value *= 1 / self.step
            np.rint(value, out=value)
            value *= self.step
        return value


class Imu:
    """One sensor's flaws, drawn once from the seed."""

    def __init__(self, sensor: Sensor, duration_s: float, seed: int) -> None:
        flaws = sensor.known_flaws
        self._seed, self._name = seed, sensor.name
        self._rate_hz = sensor.sampling_rate_hz
        self._has_gyroscope = sensor.gyroscope
        half_band = np.sqrt(sensor.sampling_rate_hz / 2)
        drawn = dice(seed, "flaws", sensor.name)
        self.acc = _triad(
            drawn,
            flaws,
            duration_s,
            noise=flaws.acc_noise_ug_rthz * _MG / 1000 * half_band,
            bias=flaws.acc_bias_mg * _MG,
            walk=flaws.acc_walk_mg_rth * _MG,
            limit=flaws.acc_range_g * G_MPS2,
        )
        self.gyr = _triad(
            drawn,
            flaws,
            duration_s,
            noise=flaws.gyr_noise_dps_rthz * _DEG * half_band,
            bias=flaws.gyr_bias_dps * _DEG,
            walk=flaws.gyr_walk_dps_rth * _DEG,
            limit=flaws.gyr_range_dps * _DEG,
        )

    def measured(self, page: int, t: Array, force: Array, rate: Array) -> tuple[Array, Array | None]:
        """Accelerometer and gyroscope, (3, n). `page` names the chance of these samples."""
        noise = dice(self._seed, "noise", self._name, page).standard_normal((6, len(t)), dtype=np.float32)
        acc = self.acc.measured(force, t, noise[:3])
        if not self._has_gyroscope:
            return acc, None
        return acc, self.gyr.measured(rate, t, noise[3:])


def _triad(
    drawn: np.random.Generator,
    flaws: Flaws,
    duration_s: float,
    *,
    noise: float,
    bias: float,
    walk: float,
    limit: float,
) -> _Triad:
    scale = np.eye(3) * (1 + flaws.scale_pct / 100 * drawn.standard_normal(3))
    scale += flaws.misalignment_deg * _DEG * drawn.standard_normal((3, 3)) * (1 - np.eye(3))
    drawn_bias = bias * drawn.standard_normal(3)
    knots = int(duration_s / _WALK_KNOT_S) + 3
    steps = drawn.standard_normal((3, knots)) * walk * np.sqrt(_WALK_KNOT_S / 3600)
    wander = np.cumsum(steps, axis=1) - steps[:, :1]
    step = 2 * limit / 2**flaws.bits if flaws.bits else 0.0
    return _Triad(scale, drawn_bias, wander, noise, limit, step)
