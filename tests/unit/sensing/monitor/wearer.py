"""A trunk that bends as the test says, with a sensor that sits askew on it."""

import itertools

import numpy as np
import numpy.typing as npt

from tests.unit.sensing.trunks import RATE_HZ, Sitting
from upperback.sensing.signal import G_MPS2, Chunk

#: How the sensor sits on this trunk: somehow.
SITTING = Sitting.some(3)


def held(*poses: tuple[float, float]) -> npt.NDArray[np.float64]:
    """(n_samples,) flexion in degrees: each (degrees, seconds), with a smooth second from one to the next."""
    parts = [np.full(int(poses[0][1] * RATE_HZ), poses[0][0])]
    for (before, _), (degrees, seconds) in itertools.pairwise(poses):
        ease = (1 - np.cos(np.linspace(0, np.pi, int(RATE_HZ)))) / 2
        parts += [before + (degrees - before) * ease, np.full(int(seconds * RATE_HZ), degrees)]
    return np.concatenate(parts)


def chunk_of(
    flexion_deg: npt.NDArray[np.float64],
    *,
    start_s: float = 0.0,
    seed: int = 1,
    shaking_mps2: float = 0.02,
    sitting: Sitting = SITTING,
) -> Chunk:
    """What the sensor on this trunk reads, with a little noise."""
    dice = np.random.default_rng(seed)
    up = sitting.vertical(flexion_deg, np.zeros_like(flexion_deg))
    turn_radps = np.gradient(np.radians(flexion_deg)) * RATE_HZ
    acc = up * G_MPS2 + dice.normal(0, shaking_mps2, up.shape)
    gyr = turn_radps[:, None] * sitting.left + dice.normal(0, 0.002, up.shape)
    return Chunk(
        start_s=start_s,
        sampling_rate_hz=RATE_HZ,
        acc_mps2=acc.astype(np.float32),
        gyr_radps=gyr.astype(np.float32),
    )


def cut(chunk: Chunk, *at: int) -> list[Chunk]:
    """The same samples in packets."""
    assert chunk.gyr_radps is not None
    edges = [0, *at, len(chunk)]
    return [
        Chunk(
            start_s=chunk.start_s + first / chunk.sampling_rate_hz,
            sampling_rate_hz=chunk.sampling_rate_hz,
            acc_mps2=chunk.acc_mps2[first:last],
            gyr_radps=chunk.gyr_radps[first:last],
        )
        for first, last in itertools.pairwise(edges)
        if last > first
    ]


def every(chunk: Chunk, samples: int) -> list[Chunk]:
    """The same samples in packets of one size."""
    return cut(chunk, *range(samples, len(chunk), samples))
