"""How fast posture is: a week of one wearer at 50 Hz in memory, beside what others do with it in the same run.

    python -m tests.bench.bench_posture            a week
    python -m tests.bench.bench_posture --quick    a day, one repeat less

Prints the machine, medians over repeats, and ratios; asserts nothing about time. Where other work shares the machine,
the processor's time (both threads together) says more than the time on the wall.
"""

import argparse
import os
import platform
import statistics
import tempfile
import time
from collections.abc import Callable
from pathlib import Path

import numpy as np
from scipy import signal

from tests.bench import peers
from tests.unit.sensing.posture.streams import ALIGNMENT, cut, samples
from upperback.sensing.compiled import available
from upperback.sensing.posture import PostureTracker, VerticalBlock, posture_of
from upperback.sensing.signal import G_MPS2, Chunk

RATE_HZ = 50.0
DAY = int(86400 * RATE_HZ)
VQF_SAMPLES = 3_000_000
PERCENTS = (10, 50, 90)
THRESHOLDS_DEG = (20, 30, 45, 60, 90)
VQF = "VQF, orientation alone"
SCIPY = "numpy and scipy, the same figures"


def timed(work: Callable[[], object], repeats: int) -> tuple[float, float]:
    """Median seconds on the wall, and of the processor."""
    wall, processor = [], []
    for _ in range(repeats):
        started, used = time.perf_counter(), time.process_time()
        work()
        wall.append(time.perf_counter() - started)
        processor.append(time.process_time() - used)
    return statistics.median(wall), statistics.median(processor)


def with_scipy(acc: np.ndarray) -> dict[str, object]:
    """The same metric set for the accelerometer as somebody would write it with numpy and scipy.

    Low-pass of second order at 5 Hz, inclination, forward and side, both velocities, percentiles of each, time above.
    """
    low = signal.sosfilt(signal.butter(2, 5, fs=RATE_HZ, output="sos").astype(np.float32), acc, axis=0)
    front, left, up = low.T
    inclination = np.degrees(np.arctan2(np.hypot(front, left), up))
    flexion = np.degrees(np.arctan2(-front, up))
    lateral = np.degrees(np.arctan2(left, np.hypot(front, up)))
    unit = low / np.linalg.norm(low, axis=1, keepdims=True)
    generalised = np.degrees(2 * np.arcsin(np.linalg.norm(np.diff(unit, axis=0), axis=1) / 2)) * RATE_HZ
    turned = np.abs(np.diff(inclination)) * RATE_HZ
    each = (inclination, flexion, lateral, turned, generalised)
    return {
        "percentiles": [np.percentile(values, PERCENTS) for values in each],
        "above": [np.count_nonzero(inclination >= threshold) / RATE_HZ for threshold in THRESHOLDS_DEG],
    }


def with_vqf(chunk: Chunk) -> Callable[[], object] | None:
    """Orientation alone, by VQF."""
    try:
        import vqf
    except ImportError:
        return None
    assert chunk.gyr_radps is not None
    gyr = np.ascontiguousarray(chunk.gyr_radps[:VQF_SAMPLES], dtype=np.float64)
    acc = np.ascontiguousarray(chunk.acc_mps2[:VQF_SAMPLES], dtype=np.float64)
    return lambda: vqf.VQF(1 / RATE_HZ).updateBatch(gyr, acc)


def repeated(chunk: Chunk, times: int, *, with_gyr: bool) -> Chunk:
    """The recording several times over."""
    gyr = None
    if with_gyr and chunk.gyr_radps is not None:
        gyr = np.tile(chunk.gyr_radps, (times, 1))
    return Chunk(
        start_s=0.0,
        sampling_rate_hz=RATE_HZ,
        acc_mps2=np.tile(chunk.acc_mps2, (times, 1)),
        gyr_radps=gyr,
        quality=None if chunk.quality is None else np.tile(chunk.quality, times),
    )


def machine() -> str:
    """In one line."""
    model = platform.processor() or platform.machine()
    try:
        info = Path("/proc/cpuinfo").read_text(encoding="ascii")
        model = next(line.split(":")[1].strip() for line in info.splitlines() if line.startswith("model name"))
    except (OSError, StopIteration):
        pass
    load = f", load {os.getloadavg()[0]:.1f}" if hasattr(os, "getloadavg") else ""
    return f"{model}, {os.cpu_count()} cores{load}, Python {platform.python_version()}, numpy {np.__version__}"


class Table:
    """Prints a row for each figure, and keeps the seconds on the wall and of the processor."""

    def __init__(self, n_samples: int) -> None:
        self.n_samples = n_samples
        self.found: dict[str, tuple[float, float]] = {}

    def row(self, name: str, work: Callable[[], object], repeats: int, *, share: float = 1.0) -> None:
        """Times a work over `share` of the samples."""
        wall, processor = (seconds / share for seconds in timed(work, repeats))
        self.found[name] = wall, processor
        scaled = "" if share == 1 else f"   (from {share:.0%} of it)"
        each_ns = wall / self.n_samples * 1e9
        print(f"{name:<44} {wall:8.3f} s {processor:8.3f} s of the processor {each_ns:7.1f} ns a sample{scaled}")

    def ratio(self, theirs: str, ours: str) -> None:
        """How many times as fast, on the wall and by the time of the processor."""
        if theirs in self.found:
            wall, processor = (a / b for a, b in zip(self.found[theirs], self.found[ours], strict=True))
            print(f"{ours}, against {theirs}: {wall:.0f} times as fast, with 1/{processor:.0f} of the processor's time")


def main() -> None:
    """Prints the tables."""
    parser = argparse.ArgumentParser(description=__doc__)
    parser.add_argument("--quick", action="store_true", help="a day in place of a week")
    quick = parser.parse_args().quick
    days, repeats = (1, 3) if quick else (7, 5)
    print(machine())
    print(f"kernels: {', '.join(available()) or 'none'}; {days} days at {RATE_HZ:g} Hz; medians of {repeats}")
    day, _ = samples(DAY, RATE_HZ)
    table = Table(days * DAY)
    week = repeated(day, days, with_gyr=True)
    _kernels(table, "6 axes", week, repeats)
    vqf = with_vqf(week)
    if vqf is not None:
        table.row(VQF, vqf, max(1, repeats - 2), share=min(1.0, VQF_SAMPLES / table.n_samples))
    week = repeated(day, days, with_gyr=False)
    _kernels(table, "accelerometer", week, repeats)
    clean = np.nan_to_num(week.acc_mps2, nan=1, posinf=1, neginf=1)
    up = VerticalBlock(start_s=0, sampling_rate_hz=RATE_HZ, up=clean / G_MPS2, sensor="accelerometer")
    table.row("ready verticals, 2 threads", lambda: posture_of(up, alignment=ALIGNMENT), repeats)
    table.row(SCIPY, lambda: with_scipy(clean), max(1, repeats - 3))
    _live(day)
    _levels(day, days)
    table.ratio(VQF, "6 axes, 2 threads")
    table.ratio(SCIPY, "accelerometer, 2 threads")


def _kernels(table: Table, kind: str, week: Chunk, repeats: int) -> None:
    def run(blocks: Chunk | list[Chunk | VerticalBlock], n_threads: int, isa: str | None) -> Callable[[], object]:
        return lambda: posture_of(blocks, alignment=ALIGNMENT, n_threads=n_threads, instruction_set=isa)

    run(week, 2, None)()  # now the memory is there
    for n_threads in (2, 1):
        table.row(f"{kind}, {n_threads} threads", run(week, n_threads, None), repeats)
    for isa in available()[:-1]:
        table.row(f"{kind}, 2 threads, {isa}", run(week, 2, isa), repeats)
    hours = cut(week, list(range(0, table.n_samples, int(3600 * RATE_HZ))))
    table.row(f"{kind}, 2 threads, in blocks of hours", run(hours, 2, None), repeats)


def _live(day: Chunk) -> None:
    """One wearer, ten packets a second."""
    for kind, with_gyr in (("6 axes", True), ("accelerometer", False)):
        packets = cut(repeated(day, 1, with_gyr=with_gyr), list(range(0, 20_000, 5)))[:4000]
        tracker = PostureTracker(sampling_rate_hz=RATE_HZ, alignment=ALIGNMENT)
        used_us = []
        for packet in packets:
            started = time.perf_counter()
            tracker.update(packet)
            used_us.append((time.perf_counter() - started) * 1e6)
        print(f"live, {kind}, one packet of 5 samples: median {statistics.median(used_us):.0f} us")


def _levels(day: Chunk, days: int) -> None:
    """scikit-digital-health's levels of activity over a day: other work, for the scale of things."""
    with tempfile.TemporaryDirectory() as folder:
        path = Path(folder) / "acc.npy"
        np.save(path, np.nan_to_num(day.acc_mps2, nan=0, posinf=0, neginf=0) / G_MPS2)
        theirs = peers.activity_levels(path, RATE_HZ)
    print(f"scikit-digital-health, levels of activity: {theirs.line(times=days, says=f'a day, times {days}')}")


if __name__ == "__main__":
    main()
