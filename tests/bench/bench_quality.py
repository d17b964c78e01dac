"""How fast quality and the detector of vehicles are: a week of one wearer at 50 Hz in memory, and one packet live.

    python -m tests.bench.bench_quality            a week
    python -m tests.bench.bench_quality --quick    a day

Prints the machine and medians; asserts nothing about time.
"""

import argparse
import statistics
import time
from collections.abc import Callable

import numpy as np

from tests.bench.bench_posture import machine, timed
from tests.unit.sensing.posture.streams import samples
from upperback.sensing import compiled
from upperback.sensing.cues import RideParams, start_ride, update_ride
from upperback.sensing.quality import QualityParams, check_quality, start_quality
from upperback.sensing.quality._reference import Reference
from upperback.sensing.signal import Chunk

RATE_HZ = 50.0
DAY = round(86_400 * RATE_HZ)
PARAMS = QualityParams()


def row(name: str, n_samples: int, work: Callable[[], object], repeats: int) -> None:
    wall, processor = timed(work, repeats)
    each_ns = processor / n_samples * 1e9
    print(f"{name:<36} {wall:8.3f} s, {processor:8.3f} s of the processor {each_ns:8.1f} ns a sample")


def main() -> None:
    """Prints the table."""
    parser = argparse.ArgumentParser(description=__doc__)
    parser.add_argument("--quick", action="store_true", help="a day in place of a week")
    quick = parser.parse_args().quick
    days, repeats = (1, 3) if quick else (7, 5)
    print(machine())
    print(f"kernels: {', '.join(compiled.available()) or 'none'}; {days} days at {RATE_HZ:g} Hz; medians of {repeats}")
    day, _ = samples(DAY, RATE_HZ)
    acc = np.tile(day.acc_mps2, (days, 1))
    gyr = None if day.gyr_radps is None else np.tile(day.gyr_radps, (days, 1))
    chunk = Chunk(start_s=0, sampling_rate_hz=RATE_HZ, acc_mps2=acc, gyr_radps=gyr)
    alone = Chunk(start_s=0, sampling_rate_hz=RATE_HZ, acc_mps2=acc)
    fresh = start_quality(sampling_rate_hz=RATE_HZ)
    row("quality, 6 axes", len(acc), lambda: check_quality(fresh, chunk, PARAMS), repeats)
    row("quality, accelerometer", len(acc), lambda: check_quality(fresh, alone, PARAMS), repeats)
    one_day = Chunk(start_s=0, sampling_rate_hz=RATE_HZ, acc_mps2=day.acc_mps2)
    row("a day of it, NumPy in place of C", DAY, lambda: check_quality(fresh, one_day, PARAMS, engine=Reference()), 1)
    ride = start_ride(sampling_rate_hz=RATE_HZ, params=RideParams())
    row("vehicle-like motion, a day", DAY, lambda: update_ride(ride, one_day, RideParams()), 1)
    state, used_us = fresh, []
    for start in range(0, 20_000, 25):
        packet = Chunk(start_s=start / RATE_HZ, sampling_rate_hz=RATE_HZ, acc_mps2=day.acc_mps2[start : start + 25])
        started = time.perf_counter()
        state, _ = check_quality(state, packet, PARAMS)
        used_us.append((time.perf_counter() - started) * 1e6)
    print(f"live, one packet of 25 samples: median {statistics.median(used_us):.0f} us")


if __name__ == "__main__":
    main()
