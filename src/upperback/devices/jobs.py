"""The job of `confined` on posture and movement. It runs in the child."""

from collections.abc import Iterator
from pathlib import Path
from typing import Any, Final, Literal

import msgspec

from upperback.core.errors import InputError
from upperback.devices.base import ReadOptions, Recording
from upperback.devices.opening import open_recording
from upperback.devices.work import Work
from upperback.sensing.signal import Chunk

#: Name of the file with every vertical, in the folder of the job.
SAMPLES_FILE: Final = "samples.parquet"


class AnalyseOptions(msgspec.Struct, frozen=True, forbid_unknown_fields=True):
    """Options of `analyse_recording`."""

    read: ReadOptions
    smoothing: Literal["smoothed", "live"] = "smoothed"
    samples: bool = False


def analyse_recording(path: Path, options: dict[str, Any], work: Work) -> dict[str, Any]:
    """Posture and movement: {"info", "reading", "figures", "minutes", "notes"}, and `SAMPLES_FILE` if asked for."""
    from upperback.devices.samples import SamplesFile
    from upperback.sensing.analysis import AnalysisParams, analyse

    chosen = msgspec.convert(options, AnalyseOptions)
    recording = open_recording(path, chosen.read)
    if not recording.has_imu:
        raise InputError("there is no accelerometer in it; for muscle recordings use `upperback muscle`")
    passes = _Passes(recording, work, expected=2 if chosen.samples else 1)
    params = AnalysisParams(smoothing=chosen.smoothing)
    if chosen.samples:
        with SamplesFile(work.folder / SAMPLES_FILE) as file:
            found = analyse(passes.read, params, samples=file.write)
    else:
        found = analyse(passes.read, params)
    if found is None:
        raise InputError("it holds no sample")
    return {
        "info": recording.info,
        "reading": recording.summary("imu"),
        "figures": found.figures,
        "minutes": {
            "start_s": found.minutes.start_s,
            "kind": found.minutes.kind.tolist(),
            "inclination_deg": found.minutes.inclination_deg.tolist(),
        },
        "notes": found.notes,
    }


class _Passes:
    """Reads a recording as often as it is asked for, and tells how far it is."""

    def __init__(self, recording: Recording, work: Work, *, expected: int) -> None:
        self._recording, self._work, self._expected = recording, work, expected
        self._begun = 0

    def read(self) -> Iterator[Chunk]:
        self._begun += 1
        begun, expected = self._begun, max(self._begun, self._expected)
        return self._recording.chunks(lambda share: self._work.progress((begun - 1 + share) / expected))
