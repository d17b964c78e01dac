"""How fast the vertical is: live for many wearers and for one, and in a week of recording; VQF in the same run.

    python -m tests.bench.bench_orientation
    python -m tests.bench.bench_orientation --quick    shorter signals, fewer repeats

Prints the machine, medians over repeats and ratios; asserts nothing about time. Figures for one core are the time of
the processor, since other work may share the machine; those for two threads are time on the wall and of the processor.
On a busy machine others empty the caches all the time, which slows many wearers and hardly touches one: the quickest
repeat stands beside the median, and the ratio is of medians.
"""

import argparse
import os
import platform
import statistics
import time
from collections.abc import Callable
from pathlib import Path

import numpy as np
import numpy.typing as npt
from scipy import signal

from upperback.sensing.compiled import aligned, available
from upperback.sensing.orientation import LaneGroups, Orientation, Tilt, track_vertical
from upperback.sensing.orientation._compiled import LiveLanes
from upperback.sensing.orientation._reference import ReferenceLive
from upperback.sensing.orientation.base import design_orientation, design_tilt
from upperback.sensing.signal import G_MPS2, Chunk

RATE_HZ = 100.0
BLOCK = 50
MANY = 1008
WEEK_RATE_HZ = 50.0

Array = npt.NDArray[np.float32]


def wearer_signals(n_samples: int, n_lanes: int, seed: int = 1) -> tuple[Array, Array]:
    """Specific force and angular velocity, (n_samples, 3, n_lanes); random, since only time counts."""
    rng = np.random.default_rng(seed)
    acc = rng.normal(0, 1, (n_samples, 3, n_lanes)).astype(np.float32)
    acc[:, 2] += np.float32(G_MPS2)
    return acc, rng.normal(0, 0.5, (n_samples, 3, n_lanes)).astype(np.float32)


def in_lines(array: Array) -> Array:
    """The same numbers where the live server has them: from the start of a line of memory on."""
    there = aligned(array.shape)
    there[...] = array
    return there


def per_sample_ns(work: Callable[[], object], n_samples: int, repeats: int) -> tuple[float, float]:
    """Nanoseconds of the processor for one sample of one wearer, after a first run that does not count.

    Median and quickest.
    """
    work()
    used = []
    for _ in range(repeats):
        start = time.thread_time()
        work()
        used.append(time.thread_time() - start)
    return statistics.median(used) / n_samples * 1e9, min(used) / n_samples * 1e9


def in_blocks(n_samples: int) -> list[slice]:
    return [slice(start, start + BLOCK) for start in range(0, n_samples, BLOCK)]


def vqf_live(acc: Array, gyr: Array) -> Callable[[], object] | None:
    """VQF for one wearer in blocks, on arrays that are as it wants them."""
    try:
        import vqf
    except ImportError:
        return None
    blocks = [
        (np.ascontiguousarray(gyr[part, :, 0], np.float64), np.ascontiguousarray(acc[part, :, 0], np.float64))
        for part in in_blocks(len(acc))
    ]
    filter_ = vqf.VQF(1 / RATE_HZ)

    def work() -> None:
        for block in blocks:
            filter_.updateBatch(*block)

    return work


def scipy_live(acc: Array) -> Callable[[], object]:
    """A low-pass and two angles for one wearer in blocks, as somebody would write it with scipy."""
    sos = signal.butter(2, 5, fs=RATE_HZ, output="sos")
    blocks = [np.ascontiguousarray(acc[part, :, 0], np.float64) for part in in_blocks(len(acc))]
    state = np.zeros((1, 2, 3))

    def work() -> None:
        nonlocal state
        for block in blocks:
            low, state = signal.sosfilt(sos, block, axis=0, zi=state)
            np.arctan2(-low[:, 0], low[:, 2])
            np.arctan2(low[:, 1], np.hypot(low[:, 0], low[:, 2]))

    return work


def print_live(n_blocks: int, repeats: int) -> None:
    """Blocks of 50 samples at 100 Hz, ns for one sample of one wearer."""
    one_acc, one_gyr = wearer_signals(20 * BLOCK, 1)
    print(f"\nlive, {RATE_HZ:g} Hz, blocks of {BLOCK}, one core, ns for one sample of one wearer: median, quickest")

    def line(name: str, ns: tuple[float, float], against: float | None = None) -> float:
        ratio = "" if against is None else f"   1/{against / ns[0]:.0f}"
        print(f"  {name:<62}{ns[0]:8.2f}{ns[1]:8.2f}{ratio}", flush=True)
        return ns[0]

    peer = vqf_live(one_acc, one_gyr)
    vqf_ns = line("VQF, one wearer", per_sample_ns(peer, len(one_acc), repeats)) if peer else float("nan")
    alone = per_sample_ns(scipy_live(one_acc), len(one_acc), repeats)
    scipy_ns = line("scipy, accelerometer, low-pass and angles, one wearer", alone)

    acc, gyr = (in_lines(array) for array in wearer_signals(BLOCK, MANY))
    for has_gyroscope, against in ((True, vqf_ns), (False, scipy_ns)):
        kind = "6 axes" if has_gyroscope else "accelerometer"
        for isa in available():
            for in_step in (True, False) if has_gyroscope else (True,):
                work = many_live(acc, gyr if has_gyroscope else None, isa, in_step=in_step)
                how = "" if in_step else ", none in step with its neighbour"
                line(f"{kind}, {MANY} wearers, {isa}{how}", per_sample_ns(work, BLOCK * MANY, n_blocks), against)
    one, tilt = Orientation(1, RATE_HZ), Tilt(1, RATE_HZ)
    parts = [(one_acc[part], one_gyr[part]) for part in in_blocks(len(one_acc))]
    ns = per_sample_ns(lambda: [one.update(*part) for part in parts], len(one_acc), repeats)
    line("6 axes, one wearer", ns, vqf_ns)
    ns = per_sample_ns(lambda: [tilt.update(part) for part, _ in parts], len(one_acc), repeats)
    line("accelerometer, one wearer", ns, scipy_ns)
    line("6 axes, 1000 wearers, from packets (LaneGroups)", groups_ns(1000, repeats), vqf_ns)
    few_acc, few_gyr = np.ascontiguousarray(acc[:24, :, :1000]), np.ascontiguousarray(gyr[:24, :, :1000])
    plain = ReferenceLive(design_orientation(RATE_HZ), 1000, has_gyroscope=True)
    ns = per_sample_ns(lambda: plain.update(few_acc, few_gyr, None), few_acc.size // 3, 3)
    line("6 axes, 1000 wearers, NumPy reference", ns, vqf_ns)


def many_live(acc: Array, gyr: Array | None, isa: str, *, in_step: bool) -> Callable[[], object]:
    """A block for many wearers; in life the filter's nodes fall on other samples for each of them."""
    design = design_tilt(RATE_HZ) if gyr is None else design_orientation(RATE_HZ)
    lanes = LiveLanes(design, MANY, has_gyroscope=gyr is not None, instruction_set=isa)
    if not in_step:
        for n_ahead in range(design.node):
            idle = np.where(np.arange(MANY) * 7 % design.node > n_ahead, 0, 2).astype(np.uint8)[None]
            lanes.update(acc[:1], None if gyr is None else gyr[:1], idle)
    return lambda: lanes.update(acc, gyr, None)


def groups_ns(n_wearers: int, repeats: int) -> tuple[float, float]:
    """Everything between packets of samples and their verticals, for many wearers a tick, once they have settled."""
    acc, gyr = wearer_signals(BLOCK, n_wearers)
    packets = [
        (str(wearer), np.ascontiguousarray(acc[:, :, wearer]), np.ascontiguousarray(gyr[:, :, wearer]))
        for wearer in range(n_wearers)
    ]
    groups = LaneGroups()
    for name, _, _ in packets:
        groups.add(name, sampling_rate_hz=RATE_HZ, has_gyroscope=True)
    n_settling = 11
    ticks = iter(
        [
            (name, Chunk(start_s=tick * BLOCK / RATE_HZ, sampling_rate_hz=RATE_HZ, acc_mps2=a, gyr_radps=g))
            for name, a, g in packets
        ]
        for tick in range(n_settling + 1 + repeats)
    )
    prepared = list(ticks)

    def work() -> None:
        for name, chunk in prepared.pop(0):
            groups.put(name, chunk)
        groups.tick()

    for _ in range(n_settling):
        work()
    return per_sample_ns(work, BLOCK * n_wearers, repeats)


def print_recording(n_samples: int, repeats: int) -> None:
    """A recording at 50 Hz in memory, seconds on the wall with two threads, and what a week would take."""
    week = 7 * 86400 * WEEK_RATE_HZ
    some_acc, some_gyr = wearer_signals(200_000, 1)
    acc = np.resize(some_acc[:, :, 0], (n_samples, 3))
    gyr = np.resize(some_gyr[:, :, 0], (n_samples, 3))
    print(f"\nrecording of {n_samples / WEEK_RATE_HZ / 3600:.0f} h at {WEEK_RATE_HZ:g} Hz, a week of it in seconds")
    print(f"  {'':<40}{'wall':>8}{'processor':>11}")
    works: dict[str, Callable[[], object]] = {
        "6 axes, live": lambda: track_vertical(acc, gyr, WEEK_RATE_HZ, n_threads=2),
        "6 axes, with hindsight": lambda: track_vertical(acc, gyr, WEEK_RATE_HZ, causal=False, n_threads=2),
        "accelerometer, live": lambda: track_vertical(acc, None, WEEK_RATE_HZ, n_threads=2),
        "accelerometer, with hindsight": lambda: track_vertical(acc, None, WEEK_RATE_HZ, causal=False, n_threads=2),
    }
    for name, work in works.items():
        walls, used = [], []
        for _ in range(repeats):
            began, began_used = time.perf_counter(), time.process_time()
            work()
            walls.append(time.perf_counter() - began)
            used.append(time.process_time() - began_used)
        share = week / n_samples
        print(f"  {name:<40}{statistics.median(walls) * share:8.2f}{statistics.median(used) * share:11.2f}")
    try:
        import vqf
    except ImportError:
        print("  VQF is not installed here")
        return
    n_peer = min(n_samples, 1_000_000)
    acc64, gyr64 = acc[:n_peer].astype(np.float64), gyr[:n_peer].astype(np.float64)
    step_s = 1 / WEEK_RATE_HZ
    peers: dict[str, Callable[[], object]] = {
        "VQF": lambda: vqf.VQF(step_s).updateBatch(gyr64, acc64),
        "offlineVQF": lambda: vqf.offlineVQF(gyr64, acc64, None, step_s),
    }
    for name, work in peers.items():
        seconds = per_sample_ns(work, n_peer, min(repeats, 3))[0] * week / 1e9
        print(f"  {name + ' (from ' + str(n_peer) + ' samples)':<40}{'':>8}{seconds:11.2f}")


def machine() -> str:
    """What this runs on, and how busy it is."""
    name, info = platform.processor() or platform.machine(), Path("/proc/cpuinfo")
    if info.exists():
        name = next((line.split(": ")[1] for line in info.read_text().splitlines() if "model name" in line), name)
    load = f", load {os.getloadavg()[0]:.1f}" if hasattr(os, "getloadavg") else ""
    versions = f"Python {platform.python_version()}, NumPy {np.__version__}"
    return f"{name}, {os.cpu_count()} cores{load}, {versions}, kernels: {', '.join(available()) or 'none'}"


def main() -> None:
    """Prints the figures."""
    parser = argparse.ArgumentParser(description=__doc__, formatter_class=argparse.RawDescriptionHelpFormatter)
    parser.add_argument("--quick", action="store_true")
    quick = parser.parse_args().quick
    print(machine())
    print_live(n_blocks=21 if quick else 101, repeats=5 if quick else 15)
    print_recording(n_samples=int(86400 * WEEK_RATE_HZ) * (1 if quick else 7), repeats=3 if quick else 5)
    print(f"\n{machine()}")


if __name__ == "__main__":
    main()
