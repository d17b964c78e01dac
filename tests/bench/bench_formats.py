"""Every format of recordings: time a sample, decoded and on the even grid, and the peak memory of a whole week.

Run with `just bench` or `python -m tests.bench.bench_formats [HOURS]`; a week is 168. Prints processor time, the least
of the repeats, and asserts nothing. `bench_reading` has the comparison with others.
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
