"""How fast triage decides: in columns, in a row, and from a cold start of the command.

Run with `just bench` or `python -m tests.bench.bench_triage`. Prints figures; asserts nothing about time.
"""

import json
import platform
import statistics
import subprocess
import sys
import time
from collections.abc import Callable

import numpy as np

from upperback.care.triage import decide, read_findings
from upperback.care.triage.columns import decide_states
from upperback.care.triage.sampling import random_states, row_findings
from upperback.content.vocabulary import default_content

COLUMN_STATES = 500_000
ROW_STATES = 2_000


def median_seconds(work: Callable[[], object], repeats: int = 5) -> float:
    times = []
    for _ in range(repeats):
        start = time.perf_counter()
        work()
        times.append(time.perf_counter() - start)
    return statistics.median(times)


def main() -> None:
    content = default_content()
    states = random_states(content, COLUMN_STATES, np.random.default_rng(1))
    in_columns = median_seconds(lambda: decide_states(states, content))
    rows = [row_findings(states, row, content) for row in range(ROW_STATES)]

    def one_by_one() -> None:
        for findings in rows:
            decide(read_findings(findings, content=content), content)

    in_rows = median_seconds(one_by_one)
    line = json.dumps({"id": 1, "findings": {"age": 44, "pain": 4, "duration_weeks": 3}})
    command = [sys.executable, "-m", "upperback.cli", "triage", "-", "--absent", "no"]
    cold = median_seconds(lambda: subprocess.run(command, input=line.encode(), capture_output=True, check=True))
    per_second, per_row = COLUMN_STATES / in_columns, in_rows / ROW_STATES
    print(f"machine                 {platform.processor() or platform.machine()}, Python {platform.python_version()}")
    print(f"decisions in columns    {per_second / 1e6:8.2f} million a second on one core (goal: at least 1)")
    print(f"one decision in a row   {per_row * 1e6:8.0f} microseconds, reading included (goal: at most 200)")
    print(f"columns against rows    {per_second * per_row:8.0f} times as fast")
    print(f"command, first answer   {cold * 1e3:8.0f} milliseconds from a cold start (goal: at most 500)")


if __name__ == "__main__":
    main()
