"""What runs on the other side: one peer's work, timed in the peers' own environment.

    .peers-venv/bin/python tests/bench/peer_side.py NAME ARGUMENTS REPEATS

ARGUMENTS is a JSON object. Prints one JSON object: seconds of each repeat, on the wall and of the processor, versions,
and what came out. Loading the input and importing is not timed; only the call that a user would make is.
"""

import importlib.metadata
import json
import sys
import time
import warnings
from collections.abc import Callable
from typing import Any

import numpy as np

#: What a work gives: the call to time, and a function that says something about its result.
Work = tuple[Callable[[], Any], Callable[[Any], dict[str, Any]]]


def read_cwa(path: str) -> Work:
    """scikit-digital-health reads an Axivity file."""
    from skdh.io import ReadCwa

    return lambda: ReadCwa().predict(file=path), lambda result: {"samples": len(result["time"])}


def read_bin(path: str) -> Work:
    """scikit-digital-health reads a GENEActiv file."""
    from skdh.io import ReadBin

    return lambda: ReadBin().predict(file=path), lambda result: {"samples": len(result["time"])}


def activity_levels(acc_g_path: str, sampling_rate_hz: float) -> Work:
    """scikit-digital-health sorts a recording, a `.npy` of (n, 3) in g, into levels of activity."""
    from skdh.activity import ActivityLevelClassification

    acc_g = np.load(acc_g_path).astype(np.float64)
    time_s = 1.7e9 + np.arange(len(acc_g)) / sampling_rate_hz
    work = ActivityLevelClassification()
    return (
        lambda: work.predict(time=time_s, accel=acc_g, fs=sampling_rate_hz),
        lambda result: {"samples": len(acc_g), "figures": len(result)},
    )


def emg_process(emg_path: str, sampling_rate_hz: float) -> Work:
    """neurokit2 cleans one channel, a `.npy` of (n,), and finds amplitude and activation."""
    import neurokit2

    emg = np.load(emg_path).astype(np.float64)
    rate_hz = int(sampling_rate_hz)
    return (
        lambda: neurokit2.emg_process(emg, sampling_rate=rate_hz),
        lambda result: {"samples": len(emg), "columns": list(result[0].columns)},
    )


WORKS: dict[str, Callable[..., Work]] = {
    "read_cwa": read_cwa,
    "read_bin": read_bin,
    "activity_levels": activity_levels,
    "emg_process": emg_process,
}


def main() -> None:
    """Runs one work and prints what it took."""
    warnings.simplefilter("ignore")
    name, arguments, repeats = sys.argv[1], json.loads(sys.argv[2]), int(sys.argv[3])
    work, said = WORKS[name](**arguments)
    seconds, processor_s, result = [], [], None
    for _ in range(repeats):
        start, used = time.perf_counter(), time.process_time()
        result = work()
        seconds.append(time.perf_counter() - start)
        processor_s.append(time.process_time() - used)
    versions = {each: importlib.metadata.version(each) for each in ("scikit-digital-health", "neurokit2")}
    print(json.dumps({"seconds": seconds, "processor_s": processor_s, "versions": versions, "said": said(result)}))


if __name__ == "__main__":
    main()
