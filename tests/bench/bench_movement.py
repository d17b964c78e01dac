"""How fast movement and repetitions are: a week of a recording, a live tick, and beside them how fast the week is read.

Run with `just bench` or `python -m tests.bench.bench_movement`. Prints figures; asserts nothing about time.
"""

import platform
import statistics
import time
from collections.abc import Callable

import numpy as np

from upperback.devices.simulate import Simulation, load_scenario, read_scenario
from upperback.sensing import slots
from upperback.sensing.movement import MovementTracker
from upperback.sensing.repetitions import RepetitionCounter, RepetitionTemplate
from upperback.sensing.signal import Chunk

RATE_HZ = 50.0
DAY_S = 86_400
WEEK_DAYS = 7


def median_seconds(work: Callable[[], object], repeats: int = 5) -> float:
    times = []
    for _ in range(repeats):
        start = time.perf_counter()
        work()
        times.append(time.perf_counter() - start)
    return statistics.median(times)


def a_day() -> np.ndarray:
    """(n, 3) a working day of eight hours, and the rest of it in bed."""
    office = np.concatenate([page.acc_mps2 for page in Simulation(load_scenario("office-day"), 1).pages()])
    missing_s = DAY_S - len(office) / RATE_HZ
    night = read_scenario({"activities": [{"do": "lie", "duration_s": missing_s + 1}]})
    return np.concatenate([office, *(page.acc_mps2 for page in Simulation(night, 1).pages())])[: round(DAY_S * RATE_HZ)]


def movement_of(acc: np.ndarray, days: int) -> None:
    tracker = MovementTracker(sampling_rate_hz=RATE_HZ)
    for day in range(days):
        tracker.update(Chunk(start_s=float(day * DAY_S), sampling_rate_hz=RATE_HZ, acc_mps2=acc))
    tracker.finish()


def slots_of(acc: np.ndarray, instruction_set: str | None) -> None:
    chunk = Chunk(start_s=0.0, sampling_rate_hz=RATE_HZ, acc_mps2=acc)
    for _ in slots.to_slots(slots.new_state(RATE_HZ), chunk, unit=25, instruction_set=instruction_set):
        pass


def live_microseconds(acc: np.ndarray, kind: str) -> float:
    """Of one tick of a quarter second, over two minutes of it."""
    tick = round(RATE_HZ / 4)
    chunks = [
        Chunk(start_s=i / RATE_HZ, sampling_rate_hz=RATE_HZ, acc_mps2=acc[i : i + tick])
        for i in range(0, round(120 * RATE_HZ), tick)
    ]

    def run() -> None:
        template = RepetitionTemplate(motion="lean", range_deg=(15, 30), repetition_s=5)
        stream = (
            MovementTracker(sampling_rate_hz=RATE_HZ)
            if kind == "movement"
            else RepetitionCounter(sampling_rate_hz=RATE_HZ, template=template)
        )
        for chunk in chunks:
            stream.update(chunk)

    return median_seconds(run, 3) / len(chunks) * 1e6


def main() -> None:
    acc = a_day()
    week_s = median_seconds(lambda: movement_of(acc, WEEK_DAYS), 3)
    read_s = WEEK_DAYS * median_seconds(lambda: acc.sum(axis=0, dtype=np.float64))
    kernel_s = WEEK_DAYS * median_seconds(lambda: slots_of(acc, None), 3)
    reference_s = WEEK_DAYS * median_seconds(lambda: slots_of(acc, "numpy"), 3)
    samples = WEEK_DAYS * len(acc)
    print(f"machine                 {platform.processor() or platform.machine()}, Python {platform.python_version()}")
    print(f"a week at 50 Hz         {week_s:8.2f} s, {week_s / samples * 1e9:.0f} ns a sample (goal: about 1 s)")
    print(f"  of that the grid      {kernel_s:8.2f} s; its NumPy reference {reference_s:.2f} s")
    print(f"  NumPy sums it up in   {read_s:8.2f} s")
    for kind in ("movement", "repetitions"):
        print(f"live, {kind:<12}      {live_microseconds(acc, kind):8.0f} microseconds a tick of a quarter second")


if __name__ == "__main__":
    main()
