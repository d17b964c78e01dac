"""Movements whose vertical is known at every time, as a perfect sensor would measure them, or one with a bias."""

from dataclasses import dataclass

import numpy as np
import numpy.typing as npt
from scipy.spatial.transform import Rotation

from upperback.sensing.orientation import OrientationParams
from upperback.sensing.signal import G_MPS2, Signal3

#: The usual tuning for a sensor whose samples are not late.
PROMPT = OrientationParams(gyr_delay_s=0.0, acc_delay_s=0.0)


@dataclass(frozen=True)
class Movement:
    """(n, 3) each; `up` float64, the truth."""

    acc: Signal3
    gyr: Signal3
    up: npt.NDArray[np.float64]


def movement(
    n_samples: int,
    rate_hz: float,
    *,
    turn_deg: float = 30.0,
    sway_m: float = 0.05,
    bias_dps: tuple[float, float, float] = (0.0, 0.0, 0.0),
    rest_s: float = 0.0,
    seed: int = 1,
) -> Movement:
    """Slow and quick turning about all axes while the sensor moves about a place, after `rest_s` of rest."""
    rng = np.random.default_rng(seed)
    time_s = np.arange(n_samples) / rate_hz - rest_s
    steps = time_s[:, None] + np.array([-1, 0, 1]) * 1e-4  # central differences in time

    def sines(scale: float, fastest_hz: float) -> npt.NDArray[np.float64]:
        """(n, 3 steps, 3 axes), smoothly from zero."""
        frequency = 2 * np.pi * rng.uniform(0.1, fastest_hz, (4, 3))
        phase = rng.uniform(0, 2 * np.pi, (4, 3))
        waves = np.sin(steps[:, :, None, None] * frequency + phase).sum(axis=2) * scale / 2
        begun = np.clip(steps / 3, 0, 1)[:, :, None]
        found: npt.NDArray[np.float64] = waves * begun**3 * (10 - 15 * begun + 6 * begun**2)
        return found

    angles = np.deg2rad(sines(turn_deg, 0.6))
    turns = [Rotation.from_rotvec(angles[:, step]) for step in range(3)]
    place_m = sines(sway_m, 1.0)
    force = (place_m[:, 0] - 2 * place_m[:, 1] + place_m[:, 2]) / 1e-8 + [0, 0, G_MPS2]
    up = turns[1].inv().apply([0.0, 0.0, 1.0])
    rate = (turns[0].inv() * turns[2]).as_rotvec() / 2e-4
    return Movement(
        acc=turns[1].inv().apply(force).astype(np.float32),
        gyr=(rate + np.deg2rad(bias_dps)).astype(np.float32),
        up=up,
    )


def error_deg(up: npt.NDArray[np.floating], truth: npt.NDArray[np.floating]) -> npt.NDArray[np.float64]:
    """(n,) angle between unit vectors."""
    found: npt.NDArray[np.float64] = np.degrees(
        2 * np.arcsin(np.clip(np.linalg.norm(up.astype(np.float64) - truth, axis=1) / 2, 0, 1))
    )
    return found
