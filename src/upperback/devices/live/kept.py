"""Frames of a phone as a Parquet recording: what its sensor read, at the times that it read it, nothing made even.

`upperback analyse` reads the file like any other recording.
"""

from collections.abc import Iterable, Iterator
from dataclasses import dataclass
from pathlib import Path
from typing import Any, Final

import numpy as np
import numpy.typing as npt

from upperback.devices._parquet import Stamped, write_stamped
from upperback.devices.live.phone import PhoneFrame, split_frames
from upperback.sensing.even import CLOCK_AHEAD_MS, CLOCK_BACK_MS

#: Samples that are written at once: some twenty minutes.
_AT_ONCE: Final = 1 << 16
#: After a clock that was set, time runs on from the sample before by so much.
_STEP_MS: Final = 20.0


@dataclass(frozen=True, slots=True, kw_only=True)
class Kept:
    """Frames that were stored together.

    Attributes
    ----------
    zero_s : unix time at which the sensor's clock stood at 0
    points_up : whether its acceleration points up at rest
    frames : as they were sent, one behind the other
    """

    zero_s: float
    points_up: bool
    frames: bytes


@dataclass(frozen=True, slots=True, kw_only=True)
class Written:
    """What a file holds.

    Attributes
    ----------
    start_s, end_s : unix time of the first and the last sample
    samples : how many
    """

    start_s: float
    end_s: float
    samples: int


def write_kept(path: Path, rows: Iterable[Kept]) -> Written | None:
    """Writes frames, in their order, as a recording; None, and no file, where there are none.

    Columns: `time_s` (unix time), `acc_x, acc_y, acc_z` in m/s2, up positive, and `gyr_x, gyr_y, gyr_z` in rad/s where
    the sensor tells rotation: x right, y top, z out of the screen. A reading that the phone did not get is NaN.
    """
    first: Stamped | None = None
    end_s, samples = 0.0, 0

    def counted() -> Iterator[Stamped]:
        nonlocal first, end_s, samples
        for block in _together(_stamped(rows)):
            first = first or block
            end_s, samples = float(block.time_s[-1]), samples + len(block.time_s)
            yield block

    write_stamped(path, counted(), device="phone", place="upper chest or back")
    return None if first is None else Written(start_s=float(first.time_s[0]), end_s=end_s, samples=samples)


def _stamped(rows: Iterable[Kept]) -> Iterator[Stamped]:
    """Frame by frame, times never back: a sample that is not after the one before is left out, as it is live."""
    shift_ms, last_ms = 0.0, -np.inf
    for row in rows:
        for frame in split_frames(row.frames):
            time_ms = frame.time_ms + shift_ms
            if last_ms > -np.inf and not -CLOCK_BACK_MS <= float(time_ms[0]) - last_ms <= CLOCK_AHEAD_MS:
                shift_ms += last_ms + _STEP_MS - float(time_ms[0])
                time_ms = frame.time_ms + shift_ms
            later = np.diff(np.maximum.accumulate(np.concatenate([[last_ms], time_ms]))) > 0
            if not later.any():
                continue
            last_ms = float(time_ms[later][-1])
            yield _block(frame, row, time_ms, later)


def _block(frame: PhoneFrame, row: Kept, time_ms: npt.NDArray[np.float64], later: npt.NDArray[np.bool_]) -> Stamped:
    gyr = None if frame.rotation_dps is None else np.radians(frame.rotation_dps[later]).astype(np.float32)
    return Stamped(
        time_s=row.zero_s + time_ms[later] / 1000.0,
        acc_mps2=frame.acc_mps2[later] * np.float32(1 if row.points_up else -1),
        gyr_radps=gyr,
    )


def _together(blocks: Iterable[Stamped]) -> Iterator[Stamped]:
    """Fewer and larger blocks."""
    waiting: list[Stamped] = []
    n = 0
    for block in blocks:
        waiting.append(block)
        n += len(block.time_s)
        if n >= _AT_ONCE:
            yield _joined(waiting)
            waiting, n = [], 0
    if waiting:
        yield _joined(waiting)


def _joined(blocks: list[Stamped]) -> Stamped:
    gyr: list[Any] = [block.gyr_radps for block in blocks]
    return Stamped(
        time_s=np.concatenate([block.time_s for block in blocks]),
        acc_mps2=np.concatenate([block.acc_mps2 for block in blocks]),
        gyr_radps=None if gyr[0] is None else np.concatenate(gyr),
    )
