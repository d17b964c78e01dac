"""Small signals with a known truth for unit tests: walking, breathing, a table, bends. Stated models, no people."""

from itertools import pairwise

import numpy as np
import numpy.typing as npt

from upperback.sensing.signal import G_MPS2, Chunk

Array = npt.NDArray[np.float64]


def times(duration_s: float, rate_hz: float) -> Array:
    return np.arange(round(duration_s * rate_hz)) / rate_hz


def noise(rng: np.random.Generator, n: int, mps2: float = 0.015) -> Array:
    return mps2 * rng.standard_normal((n, 3))


def tilted(rng: np.random.Generator) -> Array:
    """A rotation drawn at random: how a sensor happens to sit."""
    q, _ = np.linalg.qr(rng.standard_normal((3, 3)))
    return np.asarray(q * np.sign(np.linalg.det(q)))


def leaning(angle_rad: Array, along_mps2: Array | float = 0.0) -> Array:
    """Specific force of a trunk that leans forward by this angle, axes ahead, left, up."""
    force = np.zeros((len(angle_rad), 3))
    force[:, 0] = -np.sin(angle_rad) * (G_MPS2 + along_mps2)
    force[:, 2] = np.cos(angle_rad) * (G_MPS2 + along_mps2)
    return force


def walking(duration_s: float, rate_hz: float, *, cadence_per_min: float = 105, strength: float = 1.0) -> Array:
    """A walking trunk. A step ends with each whole period of the vertical push."""
    t = times(duration_s, rate_hz)
    phase = 2 * np.pi * cadence_per_min / 60 * t
    ramp = np.clip(np.minimum(t, duration_s - t) / 0.3, 0, 1)
    swing = ramp * strength * (cadence_per_min / 105) ** 2
    up = -swing * (2.2 * np.cos(phase) + 0.7 * np.cos(2 * phase + 0.6))
    ahead = 0.9 * swing * np.sin(phase)
    side = 0.5 * swing * np.sin(phase / 2)
    return np.stack([ahead, side, G_MPS2 + up], axis=1)


def breathing(duration_s: float, rate_hz: float, *, per_min: float = 14, deg: float = 0.5) -> Array:
    """Sitting or lying still: only the breath tilts the sensor."""
    return leaning(np.radians(deg) * np.sin(2 * np.pi * per_min / 60 * times(duration_s, rate_hz)))


def bend(
    duration_s: float, rate_hz: float, *, at_s: float, deg: float, way_s: float = 1.2, hold_s: float = 0.6
) -> Array:
    """Leans forward around `at_s` and comes back."""
    distance = np.abs(times(duration_s, rate_hz) - at_s)
    share = np.clip((way_s + hold_s / 2 - distance) / way_s, 0, 1)
    return leaning(np.radians(deg) * share * share * (3 - 2 * share))


def chunk(force: Array, rate_hz: float, *, start_s: float = 0.0, gyr: Array | None = None) -> Chunk:
    return Chunk(
        start_s=start_s,
        sampling_rate_hz=rate_hz,
        acc_mps2=force.astype(np.float32),
        gyr_radps=None if gyr is None else gyr.astype(np.float32),
    )


def cut(whole: Chunk, at: list[int]) -> list[Chunk]:
    """The same samples in several chunks."""
    edges = [0, *sorted(at), len(whole)]
    return [
        Chunk(
            start_s=whole.start_s + a / whole.sampling_rate_hz,
            sampling_rate_hz=whole.sampling_rate_hz,
            acc_mps2=whole.acc_mps2[a:b],
            gyr_radps=None if whole.gyr_radps is None else whole.gyr_radps[a:b],
            quality=None if whole.quality is None else whole.quality[a:b],
        )
        for a, b in pairwise(edges)
    ]
