"""How fast muscle is: ten minutes of one channel at 1000 Hz, beside what others do with it in the same run.

Run with `just bench` or `python -m tests.bench.bench_muscle`. Prints medians and ratios; asserts nothing about time.
The peers do other work: neurokit2 finds bursts of activity; none gives the distribution of amplitudes or rest.
"""

import platform
import statistics
import tempfile
import time
from collections.abc import Callable
from pathlib import Path

import numpy as np
import numpy.typing as npt
from scipy import signal

from tests.bench import peers
from upperback.devices.simulate import read_scenario, simulate_emg
from upperback.sensing.muscle import (
    EmgReference,
    MuscleParams,
    Normalisation,
    fastest_engine,
    muscle_figures,
    start_muscle,
    track_muscle,
    update_muscle,
)
from upperback.sensing.signal import EmgChunk

RATE_HZ = 1000.0
MINUTES = 10
PACKET = 50
REFERENCE = EmgReference(kind=Normalisation.MVC, rms_v=400e-6, noise_rms_v=2.5e-6)


def ten_minutes() -> EmgChunk:
    """A simulated desk, with rests."""
    scenario = read_scenario(
        {
            "sensors": [],
            "emg": {"sampling_rate_hz": RATE_HZ, "rests_per_min": 6},
            "activities": [{"do": "sit", "duration_s": 60 * MINUTES, "effort_pct": 10}],
        }
    )
    ((chunk, _),) = simulate_emg(scenario, 1, block_samples=10**9)
    return chunk


def seconds(work: Callable[[], object], repeats: int = 5) -> float:
    """Median over the repeats."""
    times = []
    for _ in range(repeats):
        start = time.perf_counter()
        work()
        times.append(time.perf_counter() - start)
    return statistics.median(times)


def with_scipy(emg_v: npt.NDArray[np.float32]) -> tuple[npt.NDArray[np.float64], int]:
    """Band-pass, root mean square over 100 ms, percentiles and gaps, as somebody would write it with scipy."""
    band = signal.butter(4, [30, 450], btype="bandpass", fs=RATE_HZ, output="sos")
    power = signal.sosfilt(band, emg_v.astype(np.float64)) ** 2
    rms = np.sqrt(np.convolve(power, np.ones(100) / 100, mode="valid")[::10])
    resting = rms < 0.005 * 400e-6
    edges = np.flatnonzero(np.diff(np.concatenate(([0], resting.astype(np.int8), [0]))))
    return np.percentile(rms, (10, 50, 90)), int((np.diff(edges)[::2] >= 20).sum())


def in_packets(chunk: EmgChunk, params: MuscleParams) -> None:
    """The same live: twenty packets a second."""
    state = start_muscle(sampling_rate_hz=RATE_HZ, references=(REFERENCE,), params=params)
    for start in range(0, len(chunk), PACKET):
        packet = EmgChunk(
            start_s=chunk.start_s + start / RATE_HZ,
            sampling_rate_hz=RATE_HZ,
            emg_v=chunk.emg_v[start : start + PACKET],
        )
        state, _ = update_muscle(state, packet, params)


def main() -> None:
    """Prints the table."""
    chunk, params = ten_minutes(), MuscleParams()

    def whole() -> object:
        state, _ = track_muscle(chunk, (REFERENCE,), params)
        return muscle_figures(state, params)

    print(f"machine                          {platform.processor() or platform.machine()}, {platform.python_version()}")
    ours, live = seconds(whole), seconds(lambda: in_packets(chunk, params), repeats=3)
    engine = type(fastest_engine()).__name__.lower()
    print(f"ours ({engine}), recording       {ours * 1e3:9.1f} ms, {ours / len(chunk) * 1e9:.1f} ns a sample")
    print(
        f"ours, live in packets of {PACKET}       {live * 1e3:9.1f} ms, {live / len(chunk) * PACKET * 1e6:.0f} us each"
    )
    plain = seconds(lambda: with_scipy(chunk.emg_v[:, 0]))
    print(f"numpy and scipy, fewer figures   {plain * 1e3:9.1f} ms, {plain / ours:.1f} times ours")
    with tempfile.TemporaryDirectory() as folder:
        path = Path(folder) / "emg.npy"
        np.save(path, chunk.emg_v[:, 0])
        theirs = peers.emg_process(path, RATE_HZ)
    print(f"neurokit2 emg_process            {theirs.line()}")
    if theirs.seconds is not None:
        print(f"ours against neurokit2           {theirs.seconds / ours:.0f} times as fast")


if __name__ == "__main__":
    main()
