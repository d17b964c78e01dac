"""The whole command on a week: `upperback analyse week.parquet --report report.html`, in a process of its own.

Run with `just bench` or `python -m tests.bench.bench_analyse [REPEATS]`; `--file` takes a recording of one's own, and
`--keep FOLDER` keeps the week for the next time. Prints time on the wall, processor time of the command and its
confined child, and the most memory that they held together; asserts nothing.

The week is a simulated office day with six axes at 50 Hz, one day after the other: 30.24 million rows.
"""

import argparse
import platform
import re
import resource
import statistics
import subprocess
import sys
import tempfile
import time
from collections.abc import Iterator
from pathlib import Path

import numpy as np
import numpy.typing as npt
import pyarrow as pa
import pyarrow.parquet as pq

from upperback.devices.simulate import Simulation, load_scenario

RATE_HZ = 50
WEEK_SAMPLES = 7 * 24 * 3600 * RATE_HZ
_GROUP_ROWS = 1 << 18
_LOOK_EVERY_S = 0.01


def write_week(path: Path) -> None:
    """The week as Parquet with zstd."""
    pages = list(Simulation(load_scenario("office-day"), 1).pages())
    columns: dict[str, npt.NDArray[np.float32]] = {}
    for name in ("acc_mps2", "gyr_radps"):
        day = np.concatenate([getattr(page, name) for page in pages])
        columns |= {f"{name[:3]}_{axis}": np.ascontiguousarray(day[:, place]) for place, axis in enumerate("xyz")}
    n_day = len(columns["acc_x"])
    schema = pa.schema([("time_s", pa.float64()), *((name, pa.float32()) for name in columns)])
    with pq.ParquetWriter(
        path, schema, compression="zstd", use_dictionary=False, use_byte_stream_split=schema.names
    ) as out:
        for start in range(0, WEEK_SAMPLES, n_day):
            rows = min(n_day, WEEK_SAMPLES - start)
            times = np.round((start + np.arange(rows)) / RATE_HZ, 6)
            table = {"time_s": times} | {name: values[:rows] for name, values in columns.items()}
            out.write_table(pa.table(table, schema=schema), row_group_size=_GROUP_ROWS)


def measure(path: Path, report: Path) -> tuple[float, float, float]:
    """Seconds on the wall, seconds of the processor, MB at most. Memory as Linux tells it; NaN elsewhere."""
    command = [sys.executable, "-m", "upperback.cli", "analyse", str(path), "--report", str(report), "--quiet"]
    before, start, peak_mb = resource.getrusage(resource.RUSAGE_CHILDREN), time.perf_counter(), float("nan")
    with subprocess.Popen(command, stdout=subprocess.DEVNULL) as process:
        while process.poll() is None:
            held = sum(_resident_mb(number) for number in _family(process.pid))
            peak_mb = held if not peak_mb > held else peak_mb
            time.sleep(_LOOK_EVERY_S)
    seconds = time.perf_counter() - start
    if process.returncode:
        raise SystemExit("the command failed")
    after = resource.getrusage(resource.RUSAGE_CHILDREN)
    return seconds, after.ru_utime + after.ru_stime - before.ru_utime - before.ru_stime, peak_mb


def _family(pid: int) -> Iterator[int]:
    yield pid
    try:
        children = Path(f"/proc/{pid}/task/{pid}/children").read_text().split()
    except OSError:
        return
    for child in children:
        yield from _family(int(child))


def _resident_mb(pid: int) -> float:
    try:
        found = re.search(r"VmRSS:\s+(\d+)", Path(f"/proc/{pid}/status").read_text())
    except OSError:
        return 0.0
    return int(found.group(1)) / 1024 if found else 0.0


def main() -> None:
    """Prints the table."""
    parser = argparse.ArgumentParser(description=__doc__)
    parser.add_argument("repeats", type=int, nargs="?", default=3)
    parser.add_argument("--file", type=Path, help="a recording of one's own instead of the week")
    parser.add_argument("--keep", type=Path, metavar="FOLDER", help="where the week stays for the next time")
    chosen = parser.parse_args()
    print(f"machine {platform.processor() or platform.machine()}, Python {platform.python_version()}")
    with tempfile.TemporaryDirectory() as name:
        path = chosen.file or (chosen.keep or Path(name)) / "week.parquet"
        if not path.exists():
            path.parent.mkdir(parents=True, exist_ok=True)
            write_week(path)
        rows = pq.ParquetFile(path).metadata.num_rows if path.suffix == ".parquet" else None
        print(f"{path.name}: {path.stat().st_size / 1e6:.0f} MB" + (f", {rows:,} rows" if rows else ""))
        runs = [measure(path, Path(name) / "report.html") for _ in range(chosen.repeats)]
    for each, unit, place in (("on the wall", "s", 0), ("of the processor", "s", 1), ("of memory at most", "MB", 2)):
        values = [run[place] for run in runs]
        print(f"{each:<18} {statistics.median(values):8.2f} {unit} median, {min(values):8.2f} {unit} least")


if __name__ == "__main__":
    main()
