"""How fast recordings are read: a day as devices and people write it, beside what others need in the same run.

Run with `just bench` or `python -m tests.bench.bench_reading`. Prints medians and ratios; asserts nothing about time.
scikit-digital-health decodes; ours also checks every block, follows the sensor's own rate and brings the samples onto
one even grid. `--file` reads a recording of one's own as well.
"""

import argparse
import platform
import statistics
import tempfile
import time
from collections.abc import Callable
from pathlib import Path

import numpy as np

from tests.bench import peers
from tests.unit.devices.device_files import cwa, geneactiv
from upperback.devices.opening import open_recording
from upperback.devices.simulate import Simulation, read_scenario
from upperback.devices.simulate.files import write_simulation
from upperback.sensing.signal import G_MPS2

HOURS = 24
RATE_HZ = 100.0

Peer = Callable[[Path], peers.PeerRun]


def day_g() -> np.ndarray[tuple[int, int], np.dtype[np.float64]]:
    """Ten minutes of walking and sitting again and again, in g."""
    activities = [{"do": "walk", "duration_s": 120}, {"do": "sit", "duration_s": 475.5}]
    sensor = {"sampling_rate_hz": RATE_HZ, "gyroscope": False}
    simulation = Simulation(read_scenario({"sensors": [sensor], "activities": activities}), 1)
    piece = np.concatenate([page.acc_mps2 for page in simulation.pages()]).astype(np.float64) / G_MPS2
    whole = np.tile(piece, (int(HOURS * 3600 * RATE_HZ / len(piece)) + 1, 1))
    return whole[: int(HOURS * 3600 * RATE_HZ)]


def read(path: Path) -> int:
    """Every sample of the file; how many there are."""
    return sum(len(chunk) for chunk in open_recording(path).chunks())


def row(name: str, path: Path, peer: Peer | None, repeats: int = 5) -> None:
    """Times ours and the peer's, and prints both."""
    n_samples = read(path)
    times, used = [], []
    for _ in range(repeats):
        start, began = time.perf_counter(), time.process_time()
        read(path)
        times.append(time.perf_counter() - start)
        used.append(time.process_time() - began)
    ours, ours_used = statistics.median(times), statistics.median(used)
    each_ns = ours / n_samples * 1e9
    size_mb = path.stat().st_size / 1e6
    print(f"{name:<24} {n_samples:>9} samples, {size_mb:6.1f} MB   ours {ours:.3f} s, {each_ns:.0f} ns each")
    if peer is None:
        return
    theirs = peer(path)
    print(f"{'':<24} scikit-digital-health {theirs.line()}")
    if theirs.seconds is not None and theirs.processor_s is not None:
        wall, processor = theirs.seconds / ours, theirs.processor_s / ours_used
        print(f"{'':<24} theirs against ours: {wall:.2f} on the wall, {processor:.2f} of the processor")


def main() -> None:
    """Prints the table."""
    parser = argparse.ArgumentParser(description=__doc__)
    parser.add_argument("--file", type=Path, action="append", default=[], help="a recording to read as well")
    chosen = parser.parse_args()
    print(f"machine {platform.processor() or platform.machine()}, {platform.python_version()}; {HOURS} hours each")
    acc_g = day_g()
    with tempfile.TemporaryDirectory() as name:
        folder = Path(name)
        (folder / "ax3.cwa").write_bytes(cwa(acc_g, RATE_HZ))
        row("Axivity AX3, 100 Hz", folder / "ax3.cwa", peers.read_cwa)
        (folder / "ax6.cwa").write_bytes(cwa(acc_g, RATE_HZ, gyr_dps=np.roll(acc_g, 1, axis=1) * 20))
        row("Axivity AX6, 100 Hz", folder / "ax6.cwa", peers.read_cwa)
        (folder / "geneactiv.bin").write_bytes(geneactiv(acc_g[::2], 50.0))
        row("GENEActiv, 50 Hz", folder / "geneactiv.bin", None)  # theirs needs lines of the header that ours leaves out
        activities = [{"do": "sit", "duration_s": HOURS * 3600, "shifts_per_hour": 10}]
        simulation = Simulation(read_scenario({"activities": activities}), 1)
        for suffix in ("parquet", "csv"):
            path = folder / f"day.{suffix}"
            write_simulation(simulation, path)
            row(f"{suffix}, 50 Hz, 6 axes", path, None, repeats=3)
    for path in chosen.file:
        row(path.name[:24], path, {".cwa": peers.read_cwa, ".bin": peers.read_bin}.get(path.suffix))


if __name__ == "__main__":
    main()
