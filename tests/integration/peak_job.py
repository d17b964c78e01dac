"""A job for the confined child that tells its peak memory."""

import re
from pathlib import Path
from typing import Any

from upperback.devices.opening import open_recording
from upperback.devices.work import Work

#: Opened while this is imported, before the fence closes. (`getrusage` would count what the parent had.)
_STATUS = Path("/proc/self/status").open() if Path("/proc/self/status").exists() else None  # noqa: SIM115


def describe_and_measure(path: Path, options: dict[str, Any], work: Work) -> dict[str, float]:
    """Number of samples, and the child's own peak of resident memory."""
    recording = open_recording(path)
    n_samples = sum(len(chunk) for chunk in recording.chunks(work.progress))
    assert _STATUS is not None
    peak_kb = re.search(r"VmHWM:\s*(\d+)", _STATUS.read())
    assert peak_kb is not None
    return {"n_samples": n_samples, "peak_mb": int(peak_kb.group(1)) / 1024}


def keep_everything(path: Path, options: dict[str, Any], work: Work) -> int:
    """What a job must not do."""
    chunks = list(open_recording(path).chunks())
    return sum(len(chunk) for chunk in chunks)
