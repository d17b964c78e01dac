"""Invented streams: verticals, and samples of a trunk that bends, turns and rests."""

from itertools import pairwise

import numpy as np

from upperback.sensing.posture import VerticalBlock
from upperback.sensing.signal import Chunk, QualityFlag
from upperback.sensing.trunk import TrunkAlignment

ALIGNMENT = TrunkAlignment.from_axes(np.array([0.0, 0.0, 1.0]), np.array([1.0, 0.0, 0.0]), source="standard tasks")


def wandering(
    n_samples: int, rate_hz: float, *, size_deg: float, knot_s: float, rng: np.random.Generator
) -> np.ndarray:
    knots = rng.normal(0, size_deg, int(n_samples / rate_hz / knot_s) + 3)
    at = np.arange(n_samples) / rate_hz / knot_s
    index, part = at.astype(int), at % 1
    part = part * part * (3 - 2 * part)
    found: np.ndarray = knots[index] * (1 - part) + knots[index + 1] * part
    return found


def angles_over_time(n_samples: int, rate_hz: float, seed: int) -> tuple[np.ndarray, np.ndarray, np.ndarray]:
    """Flexion, lateral and turn about the vertical, deg; quiet for one minute in four."""
    rng = np.random.default_rng(seed)
    moves = (np.arange(n_samples) / rate_hz) % 240 < 180
    flexion = 12 + wandering(n_samples, rate_hz, size_deg=12, knot_s=60, rng=rng)
    flexion += np.where(moves, wandering(n_samples, rate_hz, size_deg=10, knot_s=3, rng=rng), 0)
    lateral = np.where(moves, wandering(n_samples, rate_hz, size_deg=5, knot_s=4, rng=rng), 0)
    turn = np.where(moves, wandering(n_samples, rate_hz, size_deg=30, knot_s=7, rng=rng), 0)
    width = int(2 * rate_hz)
    smooth = np.ones(width) / width
    flexion, lateral, turn = (np.convolve(one, smooth, mode="same") for one in (flexion, lateral, turn))
    return flexion, lateral, turn


def verticals(
    n_samples: int, rate_hz: float = 50.0, *, start_s: float = 0.0, seed: int = 1, with_gaps: bool = True
) -> VerticalBlock:
    """Ready verticals in the frame of `ALIGNMENT`, with all that can be wrong with them."""
    flexion, lateral, _ = (np.radians(one) for one in angles_over_time(n_samples, rate_hz, seed))
    rng = np.random.default_rng(seed)
    up = np.stack(
        [-np.sin(flexion) * np.cos(lateral), np.sin(lateral), np.cos(flexion) * np.cos(lateral)], axis=1
    ).astype(np.float32)
    acc = (up * 9.81 + rng.normal(0, 0.1, up.shape)).astype(np.float32)
    quality = np.zeros(n_samples, np.uint8)
    if with_gaps:
        for flag in (QualityFlag.GAP, QualityFlag.NOT_WORN, QualityFlag.UNSETTLED, QualityFlag.CLIPPED):
            for start in rng.integers(0, n_samples, 2):
                quality[start : start + int(rng.integers(1, int(4 * rate_hz)))] |= np.uint8(flag)
        up[rng.integers(0, n_samples, 3)] = np.nan
        up[rng.integers(0, n_samples, 1)] = np.inf
        acc[rng.integers(0, n_samples, 3)] = 1e30
    return VerticalBlock(
        start_s=start_s, sampling_rate_hz=rate_hz, up=up, acc_mps2=acc, quality=quality, sensor="accelerometer"
    )


def samples(
    n_samples: int,
    rate_hz: float = 50.0,
    *,
    start_s: float = 0.0,
    seed: int = 1,
    with_gyr: bool = True,
    with_gaps: bool = True,
    bias_dps: tuple[float, float, float] = (0.3, -0.2, 0.1),
) -> tuple[Chunk, np.ndarray]:
    """Samples of a sensor in the frame of `ALIGNMENT`, and the true flexion in deg."""
    flexion_deg, lateral_deg, turn_deg = angles_over_time(n_samples, rate_hz, seed)
    flexion, lateral, turn = (np.radians(one) for one in (flexion_deg, lateral_deg, turn_deg))
    rng = np.random.default_rng(seed)
    up = np.stack([-np.sin(flexion), np.cos(flexion) * np.sin(lateral), np.cos(flexion) * np.cos(lateral)], axis=1)
    flexing, leaning, turning = (np.gradient(one) * rate_hz for one in (flexion, lateral, turn))
    gyr = np.stack(
        [
            leaning - turning * np.sin(flexion),
            flexing * np.cos(lateral) + turning * np.cos(flexion) * np.sin(lateral),
            -flexing * np.sin(lateral) + turning * np.cos(flexion) * np.cos(lateral),
        ],
        axis=1,
    )
    acc = (up * 9.81 + rng.normal(0, 0.05, up.shape)).astype(np.float32)
    gyr = (gyr + np.radians(bias_dps) + rng.normal(0, 0.002, up.shape)).astype(np.float32)
    quality = np.zeros(n_samples, np.uint8)
    if with_gaps:
        for start in rng.integers(0, n_samples, 3):
            length = int(rng.integers(1, int(3 * rate_hz)))
            quality[start : start + length] = QualityFlag.GAP
            acc[start : start + length] = gyr[start : start + length] = np.nan
        acc[rng.integers(0, n_samples, 2)] = np.inf
        gyr[rng.integers(0, n_samples, 2)] = 1e30
    chunk = Chunk(
        start_s=start_s, sampling_rate_hz=rate_hz, acc_mps2=acc, gyr_radps=gyr if with_gyr else None, quality=quality
    )
    return chunk, flexion_deg


def cut(block: Chunk | VerticalBlock, places: list[int]) -> list[Chunk | VerticalBlock]:
    """The block in parts that begin at these samples."""
    edges = [0, *sorted(place for place in set(places) if 0 < place < len(block)), len(block)]
    return [part_of(block, start, end) for start, end in pairwise(edges)]


def part_of(block: Chunk | VerticalBlock, start: int, end: int) -> Chunk | VerticalBlock:
    """Samples [start, end)."""
    part = slice(start, end)
    start_s = block.start_s + start / block.sampling_rate_hz
    quality = None if block.quality is None else block.quality[part]
    acc = None if block.acc_mps2 is None else block.acc_mps2[part]
    if isinstance(block, VerticalBlock):
        return VerticalBlock(
            start_s=start_s,
            sampling_rate_hz=block.sampling_rate_hz,
            up=block.up[part],
            acc_mps2=acc,
            quality=quality,
            sensor=block.sensor,
            smoothing=block.smoothing,
        )
    assert acc is not None
    return Chunk(
        start_s=start_s,
        sampling_rate_hz=block.sampling_rate_hz,
        acc_mps2=acc,
        gyr_radps=None if block.gyr_radps is None else block.gyr_radps[part],
        quality=quality,
    )
