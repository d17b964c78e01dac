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
"""How fast recordings are read, and how much memory a week takes: each format, in the confined child as in use.

Run with `just bench` or `python -m tests.bench.bench_reading [HOURS]`; a week is 168. Prints processor time (the least
of the repeats: the machine may be busy) and asserts nothing. Where the peers' environment is there (`just peers`),
scikit-digital-health reads the same files.
"""

import datetime as dt
import json
import platform
import statistics
import subprocess
import sys
import tempfile
import time
from collections.abc import Callable, Iterator
from pathlib import Path
from typing import Any

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
from tests.unit.devices import device_files as files
from tests.unit.devices.samples import muscle, trunk
from upperback.devices._parquet import write_recording
from upperback.sensing.signal import G_MPS2, Chunk

RATE_HZ = 50
REPEATS = 3
_CHILD = """
import json, re, sys, time
from pathlib import Path
from upperback.devices.base import ReadOptions
from upperback.devices.grid import ReadingLog
from upperback.devices.opening import open_recording
path, options = Path(sys.argv[1]), ReadOptions(**json.loads(sys.argv[2]))
def raw():
    recording = open_recording(path, options)
    stream = recording.imu or recording.emg
    return sum(len(block.time_s) for block in stream.blocks(ReadingLog()))
def even():
    recording = open_recording(path, options)
    return sum(len(chunk) for chunk in (recording.chunks() if recording.has_imu else recording.emg_chunks()))
seconds = {}
for name, work in (("raw", raw), ("even", even)):
    times = []
    for _ in range(int(sys.argv[3])):
        begun = time.process_time()
        samples = work()
        times.append(time.process_time() - begun)
    seconds[name] = times
status = Path("/proc/self/status")
peak = int(re.search(r"VmHWM:\\s*(\\d+)", status.read_text()).group(1)) / 1024 if status.exists() else float("nan")
print(json.dumps({"samples": samples, "seconds": seconds, "peak_mb": peak}))
"""


def measure(path: Path, repeats: int = REPEATS, **options: Any) -> dict[str, Any]:
    """Samples, seconds and peak memory of a child that reads the file, in the environment of `confined`."""
    from upperback.devices.confined import _environment

    command = [sys.executable, "-c", _CHILD, str(path), json.dumps(options), str(repeats)]
    environment = _environment(path.parent) | {"PYTHONPATH": ":".join(sys.path)}
    done = subprocess.run(command, capture_output=True, check=True, env=environment)
    found: dict[str, Any] = json.loads(done.stdout)
    return found


def line(name: str, found: dict[str, Any], size: int) -> str:
    raw, even = (min(found["seconds"][kind]) / found["samples"] * 1e9 for kind in ("raw", "even"))
    return f"{name:<34} {found['samples']:>12,} {size / 1e6:>8.0f} {raw:>9.1f} {even:>9.1f} {found['peak_mb']:>8.0f}"


# ---- files, written piece by piece ---------------------------------------------------------------------------------


def hours_of(seconds: float) -> Iterator[tuple[float, np.ndarray, np.ndarray]]:
    """(start in s, acceleration in m/s2, rotation in rad/s) of one invented hour after another."""
    _, acc, gyr = trunk(min(3600.0, seconds), RATE_HZ)
    for start in np.arange(0, seconds, 3600.0):
        yield float(start), acc, gyr


def write_cwa(path: Path, seconds: float, *, rotation: bool) -> None:
    with path.open("wb") as out:
        for start, acc, gyr in hours_of(seconds):
            begin = files.START.timestamp() + start
            content = files.cwa(
                acc / G_MPS2,
                float(RATE_HZ),
                gyr_dps=np.degrees(gyr) if rotation else None,
                start=dt.datetime.fromtimestamp(begin, tz=dt.UTC),
            )
            out.write(content if start == 0 else content[1024:])


def write_geneactiv(path: Path, seconds: float) -> None:
    with path.open("wb") as out:
        for start, acc, _ in hours_of(seconds):
            content = files.geneactiv(acc / G_MPS2, RATE_HZ, start=files.START + dt.timedelta(seconds=start))
            out.write(content if start == 0 else content[content.index(b"Recorded Data") :])


def write_gt3x(path: Path, seconds: float) -> None:
    log = b""
    for start, acc, _ in hours_of(seconds):
        counts = np.rint(acc / G_MPS2 * 256).astype(np.int64)
        log += files.gt3x_log(counts, RATE_HZ, start=files.START + dt.timedelta(seconds=start))
    path.write_bytes(files.archive([("info.txt", files.gt3x_info(RATE_HZ)), ("log.bin", log)]))


def write_parquet(path: Path, seconds: float) -> None:
    write_recording(
        path,
        (
            Chunk(
                start_s=start,
                sampling_rate_hz=RATE_HZ,
                acc_mps2=acc.astype(np.float32),
                gyr_radps=gyr.astype(np.float32),
            )
            for start, acc, gyr in hours_of(seconds)
        ),
    )


def write_csv(path: Path, seconds: float) -> None:
    with path.open("w") as out:
        out.write("time_s,acc_x,acc_y,acc_z,gyr_x,gyr_y,gyr_z\n")
        for start, acc, gyr in hours_of(seconds):
            times = start + np.arange(len(acc)) / RATE_HZ
            np.savetxt(out, np.column_stack((times, acc, gyr)), fmt="%.2f" + ",%.5f" * 6)


def write_edf(path: Path, seconds: float) -> None:
    emg = muscle(seconds, 1000) * 1e6
    path.write_bytes(files.edf([("EMG left", "uV", emg, 1000.0), ("EMG right", "uV", emg, 1000.0)]))


def main() -> None:
    hours = float(sys.argv[1]) if len(sys.argv) > 1 else 24.0
    seconds = hours * 3600
    makers: list[tuple[str, str, Callable[[Path, float], None], float]] = [
        ("Axivity AX3", "ax3.cwa", lambda path, s: write_cwa(path, s, rotation=False), seconds),
        ("Axivity AX6, 6 axes", "ax6.cwa", lambda path, s: write_cwa(path, s, rotation=True), seconds),
        ("GENEActiv", "ga.bin", write_geneactiv, seconds),
        ("ActiGraph", "ag.gt3x", write_gt3x, seconds),
        ("Parquet, 6 axes", "p.parquet", write_parquet, seconds),
        ("CSV, 6 axes", "c.csv", write_csv, min(seconds, 6 * 3600)),
        ("EDF, 2 EMG at 1000 Hz", "e.edf", write_edf, min(seconds, 1800)),
    ]
    machine = platform.processor() or platform.machine()
    print(f"machine: {machine}, Python {platform.python_version()}; {hours:g} h at {RATE_HZ} Hz")
    print(f"{'':<34} {'samples':>12} {'MB':>8} {'raw':>9} {'even':>9} {'peak':>8}")
    print(f"{'':<34} {'':>12} {'':>8} {'ns/sample':>9} {'ns/sample':>9} {'MB':>8}")
    with tempfile.TemporaryDirectory() as folder:
        for name, file_name, write, length in makers:
            path = Path(folder) / file_name
            write(path, length)
            print(line(name, measure(path), path.stat().st_size), flush=True)
            peer = {".cwa": peers.read_cwa, ".bin": peers.read_bin}.get(path.suffix)
            if peer is not None:
                theirs = peer(path, repeats=REPEATS)
                took = theirs.per_sample_ns()
                shown = f"{took:.1f}" if took else "-"
                print(f"{'  scikit-digital-health':<34} {'':>12} {'':>8} {shown:>9} {theirs.note}")
            path.unlink()
        path = Path(folder) / "small.csv"
        write_csv(path, 60)
        from upperback.devices.confined import run_confined

        times = []
        for _ in range(7):
            begun = time.perf_counter()
            run_confined("describe", path)
            times.append(time.perf_counter() - begun)
        print(f"a minute of CSV in the confined child, from call to answer: {statistics.median(times) * 1e3:.0f} ms")


if __name__ == "__main__":
    main()
