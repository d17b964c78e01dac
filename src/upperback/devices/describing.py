"""The job of `confined` that only looks: apart from `jobs`, so that it does not wait for what they compute with."""

from pathlib import Path
from typing import Any

import msgspec

from upperback.devices.base import ReadOptions
from upperback.devices.opening import open_recording
from upperback.devices.work import Work


def describe(path: Path, options: dict[str, Any], work: Work) -> dict[str, Any]:
    """Everything about a recording that opening and reading it shows: {"info": RecordingInfo, "imu", "emg":
    ReadingSummary or None}. Options are those of `ReadOptions`.
    """
    recording = open_recording(path, msgspec.convert(options, ReadOptions))
    both = recording.has_imu and recording.has_emg
    found: dict[str, Any] = {"info": recording.info, "imu": None, "emg": None}
    if recording.has_imu:
        for _ in recording.chunks(lambda share: work.progress(share / 2 if both else share)):
            pass
        found["imu"] = recording.summary("imu")
    if recording.has_emg:
        for _ in recording.emg_chunks(lambda share: work.progress(0.5 + share / 2 if both else share)):
            pass
        found["emg"] = recording.summary("emg")
    return found
