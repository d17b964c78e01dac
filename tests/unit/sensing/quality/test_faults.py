"""The fault library of hazard H14: injected into simulated days, found or labelled in at least 95 of 100 cases."""

from collections.abc import Callable
from functools import cache

import numpy as np
import numpy.typing as npt

from upperback.devices.simulate import read_scenario, simulate
from upperback.sensing.quality import QualityParams, check_quality, start_quality, suspicions
from upperback.sensing.signal import G_MPS2, Chunk, QualityFlag

RATE_HZ = 50.0
CASES = 12
PARAMS = QualityParams()
PLACES = ("chest", "upper_back")
Samples = npt.NDArray[np.float32]
Dice = np.random.Generator


@cache
def day(seed: int, place: str) -> tuple[Samples, Samples]:
    """Acceleration and angular velocity of a short day with everything in it."""
    activities: list[dict[str, object]] = [
        {"do": "align"},
        {"do": "sit", "duration_s": 60, "slouch_deg": 14, "shifts_per_hour": 60},
        {"do": "walk", "duration_s": 30, "bounce": 3},
        {"do": "bend", "times": 4},
        {"do": "stairs", "duration_s": 15},
        {"do": "lift", "times": 3},
        {"do": "lie", "duration_s": 30, "position": "left_side"},
        {"do": "drive", "duration_s": 60},
        {"do": "sit", "duration_s": 60},
    ]
    sensor = {"name": "sensor", "place": place, "sampling_rate_hz": RATE_HZ}
    scenario = read_scenario({"sensors": [sensor], "activities": activities})
    chunks = [chunk for chunk, _ in simulate(scenario, seed=seed)]
    acc = np.concatenate([chunk.acc_mps2 for chunk in chunks])
    gyr = np.concatenate([chunk.gyr_radps for chunk in chunks if chunk.gyr_radps is not None])
    return acc, gyr


def found(acc: Samples, gyr: Samples | None, *, true_rate_hz: float = RATE_HZ) -> tuple[QualityFlag, tuple[str, ...]]:
    """Which flags and which sentences. Where the true rate is another one, in packets of half a second with a clock."""
    packet = len(acc) if true_rate_hz == RATE_HZ else 25
    state, flags = start_quality(sampling_rate_hz=RATE_HZ), 0
    for start in range(0, len(acc), packet):
        here = slice(start, start + packet)
        chunk = Chunk(
            start_s=start / true_rate_hz,
            sampling_rate_hz=RATE_HZ,
            acc_mps2=np.ascontiguousarray(acc[here], np.float32),
            gyr_radps=None if gyr is None else np.ascontiguousarray(gyr[here], np.float32),
        )
        state, quality = check_quality(state, chunk, PARAMS)
        flags |= int(np.bitwise_or.reduce(quality, initial=0))
    return QualityFlag(flags), suspicions(state, PARAMS)


def gap(acc: Samples, gyr: Samples, rng: Dice) -> bool:
    start = int(rng.integers(0, len(acc) - 600))
    acc[start : start + int(rng.integers(5, 500))] = np.nan
    return QualityFlag.GAP in found(acc, gyr)[0]


def clip(acc: Samples, gyr: Samples, rng: Dice) -> bool:
    """A range of 2 g where the wearer bounces; twice as strong, so that peaks are as wide as a run's."""
    strong = np.clip(acc * np.float32(rng.uniform(1.5, 2.0)), -2 * G_MPS2, 2 * G_MPS2)
    return QualityFlag.CLIPPED in found(strong, gyr)[0]


def scale(acc: Samples, gyr: Samples, rng: Dice) -> bool:
    factor = float(rng.choice([G_MPS2, 1 / G_MPS2, 1000 / G_MPS2, 2.0]))
    return any("acceleration looks as if" in words or "twice" in words for words in found(acc * factor, gyr)[1])


def rate_with_times(acc: Samples, gyr: Samples, rng: Dice) -> bool:
    return QualityFlag.RATE_DRIFT in found(acc, None, true_rate_hz=RATE_HZ * float(rng.choice([0.5, 2.0])))[0]


def rate_without_times(acc: Samples, gyr: Samples, rng: Dice) -> bool:
    """Every second sample left out, or each sample twice as long in coming."""
    if rng.random() < 0.5:
        acc, gyr = acc[::2], gyr[::2]
    else:
        place = np.arange(0, len(acc) - 1, 0.5)
        acc, gyr = (
            np.stack([np.interp(place, np.arange(len(axes)), axes[:, k]) for k in range(3)], axis=1)
            for axes in (acc, gyr)
        )
    return any("times as fast" in words for words in found(acc, gyr)[1])


def stuck(acc: Samples, gyr: Samples, rng: Dice) -> bool:
    start, axis = int(rng.integers(0, len(acc) // 2)), int(rng.integers(0, 3))
    acc[start:, axis] = acc[start, axis]
    return any("one axis" in words for words in found(acc, gyr)[1])


def flip(acc: Samples, gyr: Samples, rng: Dice) -> bool:
    """Upside down from one sample to the next: half a turn about an axis that gravity is not on."""
    start = int(rng.integers(500, len(acc) - 500))
    keep = int(np.argsort(np.abs(acc[start - 50 : start].mean(axis=0)))[int(rng.integers(0, 2))])
    signs = np.where(np.arange(3) == keep, 1, -1)
    acc[start:] *= signs
    gyr[start:] *= signs
    return any("within one sample" in words for words in found(acc, gyr)[1])


def gyroscope_drift(acc: Samples, gyr: Samples, rng: Dice) -> bool:
    """Up to 8 to 20 deg/s within a minute, about any axis."""
    axis = rng.standard_normal(3)
    end = np.deg2rad(rng.uniform(8, 20)) * axis / np.linalg.norm(axis)
    gyr += (np.clip(np.arange(len(gyr)) / (60 * RATE_HZ), 0, 1)[:, None] * end).astype(np.float32)
    return any("drifts" in words or "gyroscope" in words for words in found(acc, gyr)[1])


def scale_drift(acc: Samples, gyr: Samples, rng: Dice) -> bool:
    """Up to a fifth to two fifths too long or too short, over the whole day."""
    end = float(rng.choice([-1, 1])) * rng.uniform(0.2, 0.4)
    acc *= (1 + end * np.linspace(0, 1, len(acc))[:, None]).astype(np.float32)
    return QualityFlag.IMPLAUSIBLE in found(acc, gyr)[0]


FAULTS: dict[str, Callable[[Samples, Samples, Dice], bool]] = {
    "gap": gap,
    "clip": clip,
    "scale": scale,
    "rate x2, with times": rate_with_times,
    "rate x2, by gyroscope": rate_without_times,
    "stuck axis": stuck,
    "flip": flip,
    "drift of the gyroscope": gyroscope_drift,
    "drift of the scale": scale_drift,
}


def test_faults_are_found(tell: Callable[[str], None]) -> None:
    hits = dict.fromkeys(FAULTS, 0)
    for name, fault in FAULTS.items():
        for case in range(CASES):
            acc, gyr = (axes.copy() for axes in day(case // 2, PLACES[case % 2]))
            hits[name] += fault(acc, gyr, np.random.default_rng([7, case]))
    total = CASES * len(FAULTS)
    tell(
        f"H14 faults found: {sum(hits.values())} of {total} ({', '.join(f'{k} {v}/{CASES}' for k, v in hits.items())})"
    )
    assert sum(hits.values()) >= 0.95 * total


def test_days_without_a_fault_are_not_doubted(tell: Callable[[str], None]) -> None:
    n = 0
    for case in range(CASES):
        flags, words = found(*day(case // 2, PLACES[case % 2]))
        assert words == ()
        assert not flags
        n += 1
    tell(f"H14 days without a fault: {n}, of them doubted 0")
