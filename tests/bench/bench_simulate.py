"""How fast the simulated wearer is made: motion, EMG, and a day written to a file.

Run with `just bench` or `python -m tests.bench.bench_simulate`. Prints figures; asserts nothing about time.
"""

import itertools
import platform
import statistics
import tempfile
import time
from collections.abc import Callable
from pathlib import Path

from upperback.devices.simulate import Simulation, load_scenario
from upperback.devices.simulate.files import write_simulation

WEEK_S = 7 * 24 * 3600
PAGES = 300


def ns_per_sample(work: Callable[[], int], repeats: int = 3) -> float:
    """Median over the repeats."""
    times = []
    for _ in range(repeats):
        start = time.perf_counter()
        samples = work()
        times.append((time.perf_counter() - start) / samples * 1e9)
    return statistics.median(times)


def main() -> None:
    """Prints the table."""
    week = Simulation(load_scenario("week"), 1)
    desk = Simulation(load_scenario("emg-desk"), 1)
    day = Simulation(load_scenario("office-day"), 1)
    motion = ns_per_sample(lambda: sum(len(page.quality) for page in itertools.islice(week.pages(), PAGES)))
    muscle = ns_per_sample(lambda: sum(len(page.quality) for page in itertools.islice(desk.emg_pages(), PAGES // 4)))

    def written() -> int:
        with tempfile.TemporaryDirectory() as folder:
            write_simulation(day, Path(folder) / "day.parquet")
        return day.n_samples()

    to_file = ns_per_sample(written)
    print(f"machine              {platform.processor() or platform.machine()}, Python {platform.python_version()}")
    print(f"motion with truth    {motion:8.0f} ns a sample; a week at 50 Hz {motion * WEEK_S * 50 / 1e9:.0f} s")
    print(f"  written as Parquet {to_file:8.0f} ns a sample; a week at 50 Hz {to_file * WEEK_S * 50 / 1e9:.0f} s")
    print(f"EMG, two channels    {muscle:8.0f} ns a sample; ten minutes at 1000 Hz {muscle * 600_000 / 1e9:.1f} s")


if __name__ == "__main__":
    main()
