"""Other people's software, run beside ours in the same benchmark: in a child process with an environment of its own.

    from tests.bench import peers
    theirs = peers.read_cwa(path)
    print(theirs.line(samples=58_800))

`just peers` makes the environment. Where it is missing, a result has no seconds and its note says so.
"""

import json
import statistics
import subprocess
from dataclasses import dataclass, field
from pathlib import Path
from typing import Any

ROOT = Path(__file__).resolve().parents[2]
NOT_INSTALLED = "not installed: just peers"


@dataclass(frozen=True, slots=True)
class PeerRun:
    """What a peer took. `seconds` is the median of the repeats, None where it could not run; `note` says why.

    `processor_s` is the processor's time: where other work shares the machine, ratios of it say more.
    """

    name: str
    seconds: float | None
    note: str = ""
    said: dict[str, Any] = field(default_factory=dict)
    processor_s: float | None = None

    def per_sample_ns(self, samples: int | None = None) -> float | None:
        """Nanoseconds for one sample of the input."""
        number = samples or self.said.get("samples")
        return None if self.seconds is None or not number else self.seconds / number * 1e9

    def line(self, *, times: float = 1.0, says: str = "") -> str:
        """For a table: seconds (times a factor that `says` explains), or why there are none."""
        if self.seconds is None:
            return self.note
        return f"{self.seconds * times:.3f} s{f' ({says})' if says else ''}; {self.note}"


def python_of_peers(root: Path = ROOT) -> Path | None:
    """The interpreter of the peers' environment, or None."""
    for place in ("bin/python", "Scripts/python.exe"):
        if (path := root / ".peers-venv" / place).exists():
            return path
    return None


def run(name: str, arguments: dict[str, Any], *, repeats: int = 3, timeout_s: float = 900) -> PeerRun:
    """Runs one work of `peer_side.py` in the peers' environment."""
    python = python_of_peers()
    if python is None:
        return PeerRun(name, None, NOT_INSTALLED)
    command = [str(python), str(Path(__file__).with_name("peer_side.py")), name, json.dumps(arguments), str(repeats)]
    try:
        done = subprocess.run(command, capture_output=True, text=True, timeout=timeout_s, check=False)
    except subprocess.TimeoutExpired:
        return PeerRun(name, None, f"took longer than {timeout_s:g} s")
    if done.returncode:
        reason = (done.stderr.strip().splitlines() or ["no reason given"])[-1]
        return PeerRun(name, None, f"failed: {reason[:200]}")
    told = json.loads(done.stdout.strip().splitlines()[-1])
    versions = ", ".join(f"{each} {version}" for each, version in told["versions"].items())
    seconds, processor_s = (statistics.median(told[key]) for key in ("seconds", "processor_s"))
    return PeerRun(name, seconds, versions, told["said"], processor_s)


def read_cwa(path: Path, *, repeats: int = 5) -> PeerRun:
    """scikit-digital-health's reader of Axivity files."""
    return run("read_cwa", {"path": str(path)}, repeats=repeats)


def read_bin(path: Path, *, repeats: int = 5) -> PeerRun:
    """scikit-digital-health's reader of GENEActiv files."""
    return run("read_bin", {"path": str(path)}, repeats=repeats)


def activity_levels(acc_g: Path, sampling_rate_hz: float, *, repeats: int = 1) -> PeerRun:
    """scikit-digital-health's ActivityLevelClassification over a `.npy` of (n, 3) in g, at least a day long."""
    return run("activity_levels", {"acc_g_path": str(acc_g), "sampling_rate_hz": sampling_rate_hz}, repeats=repeats)


def emg_process(emg: Path, sampling_rate_hz: float, *, repeats: int = 1) -> PeerRun:
    """neurokit2's emg_process over a `.npy` of (n,)."""
    return run("emg_process", {"emg_path": str(emg), "sampling_rate_hz": sampling_rate_hz}, repeats=repeats)
