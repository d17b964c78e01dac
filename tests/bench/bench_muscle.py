"""How fast muscle is: ten minutes of surface EMG at 1 kHz, one channel, beside scipy and neurokit2 in the same run.

    python -m tests.bench.bench_muscle            medians of 21
    python -m tests.bench.bench_muscle --quick    medians of 5, without neurokit2

Prints the machine, medians, the least, and ratios; asserts nothing about time. Where other work shares the machine,
ratios within one run say more than milliseconds.
"""

import argparse
import statistics
import tempfile
import time
from collections.abc import Callable
from pathlib import Path

import numpy as np
from scipy import signal

from tests.bench import peers
from tests.bench.bench_posture import machine
from tests.unit.sensing.emg_model import NOISE_V, REFERENCE_V, chunk, emg, reference, work_and_rest
from upperback.sensing import compiled
from upperback.sensing.muscle import Engine, MuscleParams, fastest_engine, muscle_figures, start_muscle, track_muscle
from upperback.sensing.muscle._compiled import Compiled
from upperback.sensing.muscle._reference import Reference
from upperback.sensing.muscle._spectrum import look_at_epochs
from upperback.sensing.muscle._track import update_muscle
from upperback.sensing.muscle.base import layout
from upperback.sensing.signal import EmgChunk

SECONDS = 600
RATE_HZ = 1000.0
REST_V = 0.005 * REFERENCE_V

SIMPLE = MuscleParams(ecg="highpass", spectrum=False)
GATED = MuscleParams(spectrum=False)
EVERYTHING = MuscleParams()

OURS = "envelope, APDF and gaps"
SCIPY = "scipy: the same, RMS of 100 ms in steps of 10 ms"
OUR_SPECTRA = "median frequency of each second, with its quality"
WELCH = "scipy.signal.welch: median frequency of each second"


class Table:
    """Prints a row for each figure, and keeps the medians."""

    def __init__(self, repeats: int) -> None:
        self.repeats = repeats
        self.found: dict[str, float] = {}

    def row(self, name: str, work: Callable[[], object], *, share: float = 1.0) -> None:
        """Times a work; the slow ones over a share of the repeats."""
        work()  # now the memory is there
        times = []
        for _ in range(max(3, round(self.repeats * share))):
            started = time.perf_counter()
            work()
            times.append(time.perf_counter() - started)
        self.found[name] = statistics.median(times)
        each_ns = self.found[name] / (SECONDS * RATE_HZ) * 1e9
        print(f"{name:<62} {self.found[name] * 1e3:9.3f} ms (least {min(times) * 1e3:.3f}) {each_ns:7.2f} ns a sample")

    def ratio(self, theirs: str, ours: str) -> None:
        """How many times as fast."""
        print(f"{ours}, against {theirs}: {self.found[theirs] / self.found[ours]:.1f} times as fast")


def with_scipy(samples: np.ndarray) -> Callable[[], object]:
    """The same figures as somebody would write them with numpy and scipy, no noise taken off, nothing checked."""
    sections = np.concatenate(
        [
            signal.butter(4, 30, "highpass", fs=RATE_HZ, output="sos"),
            signal.butter(4, 450, "lowpass", fs=RATE_HZ, output="sos"),
        ]
    )

    def work() -> tuple[np.ndarray, int, float]:
        filtered = signal.sosfilt(sections, samples)
        energy = (filtered * filtered).reshape(-1, 10).sum(axis=1)
        window = np.convolve(energy, np.ones(10))[9 : len(energy)] / 100
        envelope = np.sqrt(window)
        rest = np.concatenate([[0], (envelope < np.hypot(REST_V, NOISE_V)).view(np.int8), [0]])
        edges = np.flatnonzero(np.diff(rest))
        lengths = edges[1::2] - edges[::2] + 9
        lengths = lengths[lengths >= 20]
        return np.percentile(envelope, (10, 50, 90)), len(lengths), lengths.sum() * 0.01

    return work


def with_welch(samples: np.ndarray) -> Callable[[], object]:
    """The usual way to a median frequency of each second."""
    seconds = samples.reshape(-1, round(RATE_HZ))

    def work() -> np.ndarray:
        frequencies, power = signal.welch(seconds, fs=RATE_HZ, nperseg=len(seconds[0]), axis=1)
        cumulative = np.cumsum(power[:, 30:451], axis=1)
        return np.asarray(frequencies[30 + np.argmax(cumulative >= cumulative[:, -1:] / 2, axis=1)])

    return work


def live(recording: EmgChunk, params: MuscleParams, engine: Engine, block: int) -> Callable[[], object]:
    """The recording in blocks, as from an amplifier."""
    samples = recording.emg_v

    def work() -> object:
        state = start_muscle(sampling_rate_hz=RATE_HZ, references=(reference(),), params=params)
        for start in range(0, len(samples), block):
            part = EmgChunk(start_s=start / RATE_HZ, sampling_rate_hz=RATE_HZ, emg_v=samples[start : start + block])
            state, _ = update_muscle(state, part, params, engine=engine)
        return state

    return work


def main() -> None:
    """Prints the table."""
    parser = argparse.ArgumentParser(description=__doc__)
    parser.add_argument("--quick", action="store_true", help="fewer repeats, no neurokit2")
    quick = parser.parse_args().quick
    table = Table(5 if quick else 21)
    print(machine())
    print(f"kernels: {', '.join(compiled.available()) or 'none'}; {SECONDS} s at {RATE_HZ:g} Hz, one channel")
    rng = np.random.default_rng(1)
    signal_v = emg(rng, SECONDS, work_and_rest(rng, SECONDS)[0], heart_v=50e-6)
    recording, of, engine = chunk(signal_v), (reference(),), fastest_engine()
    samples = recording.emg_v[:, 0].copy()
    table.row(OURS, lambda: track_muscle(recording, of, SIMPLE))
    table.row(SCIPY, with_scipy(samples))
    table.row(f"{OURS}, heart beats gated", lambda: track_muscle(recording, of, GATED))
    grid, seconds = layout(RATE_HZ, EVERYTHING), samples.reshape(-1, 1000)
    rest_v, noise_v = np.full(SECONDS, REST_V), np.full(SECONDS, NOISE_V)
    table.row(OUR_SPECTRA, lambda: look_at_epochs(seconds, grid, EVERYTHING, engine, rest_v=rest_v, noise_v=noise_v))
    table.row(WELCH, with_welch(samples))
    table.row("everything", lambda: track_muscle(recording, of, EVERYTHING))
    state, _ = track_muscle(recording, of, EVERYTHING)
    table.row("figures from the state", lambda: muscle_figures(state, EVERYTHING))
    for name in compiled.available():
        kernel = compiled.load(name)
        assert kernel is not None
        other = Compiled(kernel)
        table.row(f"{OURS}, {name}", lambda other=other: track_muscle(recording, of, SIMPLE, engine=other))  # type: ignore[misc]
    table.row("one sample after the other, in one block", live(recording, SIMPLE, engine, len(samples)))
    table.row("the same in blocks of 100 samples", live(recording, SIMPLE, engine, 100), share=0.2)
    table.row("everything in blocks of 100 samples", live(recording, EVERYTHING, engine, 100), share=0.2)
    table.row(f"{OURS}, NumPy in place of C", lambda: track_muscle(recording, of, SIMPLE, engine=Reference()), share=0)
    table.ratio(SCIPY, OURS)
    table.ratio(SCIPY, f"{OURS}, heart beats gated")
    table.ratio(WELCH, OUR_SPECTRA)
    if not quick:
        with tempfile.TemporaryDirectory() as folder:
            path = Path(folder) / "emg.npy"
            np.save(path, samples)
            theirs = peers.emg_process(path, RATE_HZ)
        print(f"neurokit2.emg_process (onsets in place of APDF and gaps): {theirs.line()}")
        if theirs.seconds is not None:
            print(f"everything, against neurokit2: {theirs.seconds / table.found['everything']:.0f} times as fast")


if __name__ == "__main__":
    main()
