"""What a crowd is given and keeps: frames as they came, the saved state of a wearer, and what an engine has to do."""

from collections.abc import Iterable, Sequence
from dataclasses import dataclass, field
from typing import NamedTuple, Protocol

import numpy as np
import numpy.typing as npt

from upperback.sensing.cues import CueState, start_cues
from upperback.sensing.epochs import COLUMNS
from upperback.sensing.monitor.base import Calibration
from upperback.sensing.movement import WearState
from upperback.sensing.quality import QualityState
from upperback.sensing.signal import Signal3
from upperback.sensing.trunk import TrunkAlignment, WatchState

#: Numbers of a second that tell whether somebody wears it: acceleration and its tremor, angular velocity and its.
BODY_COLUMNS = 8


class RawFrame(NamedTuple):
    """Samples as a sensor sent them: little-endian float32 in `data`, from these bytes on.

    Attributes
    ----------
    data : the message
    n : samples
    first_ms : time of the first on the sensor's own clock
    times_at : n times, ms since the first; finite
    acc_at : (n, 3) acceleration, m/s2, in the sensor's own sign
    gyr_at : (n, 3) angular velocity, deg/s; 0 where there is none
    """

    data: bytes
    n: int
    first_ms: float
    times_at: int
    acc_at: int
    gyr_at: int


@dataclass(slots=True, kw_only=True)
class WearerState:
    """Everything to go on with a wearer; `sensing.state` makes bytes of it.

    Attributes
    ----------
    sampling_rate_hz, has_gyroscope, starts_s, points_up : of the stream
    engine, record : what the engine keeps, and the name and version of the engine that can read it
    minute_s, minute : the minute that is not whole: its first second, and (60, columns) float32
    body_s, body : the seconds of which it is not known yet if somebody wore it, (n, 9) float32
    wear, watch, cues, alignment, calibration : as in `sensing.monitor`
    """

    sampling_rate_hz: float
    has_gyroscope: bool
    starts_s: float
    points_up: bool
    engine: str
    record: npt.NDArray[np.uint8]
    minute_s: int
    minute: npt.NDArray[np.float32]
    body_s: int
    body: npt.NDArray[np.float32]
    wear: WearState = field(default_factory=WearState)
    watch: WatchState | None = None
    cues: CueState = field(default_factory=start_cues)
    alignment: TrunkAlignment | None = None
    calibration: Calibration = field(default_factory=Calibration)


def empty_minute() -> npt.NDArray[np.float32]:
    """Sixty seconds in which nothing was measured."""
    rows = np.full((60, len(COLUMNS)), np.nan, np.float32)
    rows[:, -2:] = 0
    return rows


class Turn(NamedTuple):
    """What a stretch of one frame of a wearer brought.

    Attributes
    ----------
    slot : whose it is
    epoch_s, epochs : (n,) seconds that became complete, and (n, columns) what they say
    body : (n, 9) float32, seconds of the stream: BODY_COLUMNS, and intensity
    missing_s : whole seconds that are missing before
    up : (n, 3) the verticals of its samples
    doubtful : `Engine.quality` may have something to say
    """

    slot: int
    epoch_s: Sequence[int]
    epochs: npt.NDArray[np.float32]
    body: npt.NDArray[np.float32]
    missing_s: int
    up: Signal3
    doubtful: bool


class Moment(NamedTuple):
    """A wearer as of the last sample."""

    until_s: float
    measured_share: float
    held_s: int
    good: bool
    moving: bool
    vehicle: bool | None
    up: tuple[float, float, float]


class Engine(Protocol):
    """The work on samples. `_reference.py` is the obvious one."""

    name: str

    def add(self, *, starts_s: float, points_up: bool, record: npt.NDArray[np.uint8] | None) -> int:
        """A wearer, new or gone on with; the slot that it has from now on."""
        ...

    def remove(self, slot: int) -> None:
        """The slot is free again."""
        ...

    def record(self, slot: int) -> npt.NDArray[np.uint8]:
        """Everything of a wearer, to go on with elsewhere."""
        ...

    def align(self, slot: int, alignment: TrunkAlignment | None) -> None:
        """From now on angles are told by this."""
        ...

    def work(self, frames: Sequence[tuple[int, RawFrame]]) -> Iterable[Turn]:
        """Frames, in the order of each wearer's own."""
        ...

    def moments(self, slots: Sequence[int]) -> list[Moment]:
        """Wearers as they are now."""
        ...

    def quality(self, slot: int) -> QualityState | None:
        """What may be wrong with the stream; None where nothing seems to be."""
        ...
