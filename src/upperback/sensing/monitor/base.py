"""What a monitor takes and gives: parameters, the saved state, and the trunk as it is now."""

from dataclasses import dataclass, field
from typing import Final, TypeAlias

import numpy as np
import numpy.typing as npt

from upperback.sensing.cues import CueParams, CueState, RideParams, RideState, start_cues
from upperback.sensing.epochs import Epochs
from upperback.sensing.movement import Change, MovementParams, MovementState, Walk, Wear
from upperback.sensing.orientation import WearerState
from upperback.sensing.packets import LATE_S_MAX, Packet
from upperback.sensing.posture import PostureParams, PostureState, PostureSummary
from upperback.sensing.quality import QualityParams, QualityState
from upperback.sensing.trunk import AlignParams, Shift, Task, TaskKind, TrunkAlignment, WatchParams, WatchState

Seconds: TypeAlias = float

#: So much of a task is kept; who stands for longer has stood long enough.
TASK_S_MAX: Final = 60.0


@dataclass(frozen=True, slots=True, kw_only=True)
class MonitorParams:
    """Tuning of every stage.

    Attributes
    ----------
    now_s : the trunk "now" is the mean over this time
    late_s_max : a gap is held open so long, in the time of the samples, for a packet that is late
    """

    now_s: Seconds = 0.2
    late_s_max: Seconds = LATE_S_MAX
    quality: QualityParams = field(default_factory=QualityParams)
    movement: MovementParams = field(default_factory=MovementParams)
    posture: PostureParams = field(default_factory=PostureParams)
    align: AlignParams = field(default_factory=AlignParams)
    watch: WatchParams = field(default_factory=WatchParams)
    ride: RideParams = field(default_factory=RideParams)
    cues: CueParams = field(default_factory=CueParams)


@dataclass(slots=True, kw_only=True)
class Doing:
    """A task of the calibration: what was asked for, and the verticals seen meanwhile.

    Attributes
    ----------
    kind : what the person was asked to do
    up : (n_samples, 3) float32, the vertical in the sensor frame; NaN where it was not measured
    """

    kind: TaskKind
    up: npt.NDArray[np.float32] = field(default_factory=lambda: np.empty((0, 3), np.float32))

    def as_task(self) -> Task:
        """As the alignment takes it."""
        return Task(kind=self.kind, up=self.up)


@dataclass(slots=True, kw_only=True)
class Calibration:
    """Tasks done so far, and whether one is being done now (the last one)."""

    tasks: list[Doing] = field(default_factory=list)
    under_way: bool = False


@dataclass(frozen=True, slots=True, kw_only=True)
class Now:
    """The trunk at one moment. NaN: not measured; it is never guessed.

    Attributes
    ----------
    time_s : just after the newest sample, on the clock of the packets
    inclination_deg, flexion_deg, lateral_deg : as in `sensing.posture.angles`; NaN without what they need
    up : the vertical in the sensor frame
    measured_share : of the last whole second, 0 to 1
    worn : whether the sensor is on somebody
    vehicle : it feels like a car, a bus or a train; None while that is not known
    moving : the trunk shakes right now
    held_s : for how long this posture has been held, whole seconds; 0 while moving
    notes : what seems wrong with the stream, in sentences
    """

    time_s: Seconds
    inclination_deg: float
    flexion_deg: float
    lateral_deg: float
    up: tuple[float, float, float]
    measured_share: float
    worn: Wear
    vehicle: bool | None
    moving: bool
    held_s: int
    notes: tuple[str, ...]

    @property
    def is_measured(self) -> bool:
        """The vertical is known."""
        return self.up[0] == self.up[0]


@dataclass(frozen=True, slots=True, kw_only=True)
class Found:
    """What a packet brought to light.

    Attributes
    ----------
    epochs : seconds that became complete, without those found before
    walks, changes : that became certain
    shifts : the sensor sits otherwise than it was aligned
    """

    epochs: Epochs
    walks: tuple[Walk, ...] = ()
    changes: tuple[Change, ...] = ()
    shifts: tuple[Shift, ...] = ()


@dataclass(slots=True, kw_only=True)
class MonitorState:
    """Everything that a monitor needs from the past; `upperback.sensing.state` makes bytes of it.

    Attributes
    ----------
    sampling_rate_hz, has_gyroscope : of the stream
    next_s, waiting, n_dropped : packets, as in `sensing.packets.InOrder`
    quality, lane, posture, movement, ride, watch, cues : of the stages. No movement below 25 Hz, no watch before an
        alignment
    alignment : how the sensor sits, once it is known
    calibration : tasks of the alignment
    summaries : of the time before the alignment changed, until they are taken
    recent_up : (n, 3) float32, the verticals of the last `now_s`
    recent_until_s : just after the last of them; NaN before the first
    good : whether every sample of the last packet could be trusted
    measured_share : of the last whole second
    vehicle, moving : of the last packet
    """

    sampling_rate_hz: float
    has_gyroscope: bool
    next_s: float | None = None
    waiting: list[Packet] = field(default_factory=list)
    n_dropped: int = 0
    quality: QualityState
    lane: WearerState | None = None
    posture: PostureState = field(default_factory=PostureState)
    movement: MovementState | None = None
    ride: RideState
    watch: WatchState | None = None
    cues: CueState = field(default_factory=start_cues)
    alignment: TrunkAlignment | None = None
    calibration: Calibration = field(default_factory=Calibration)
    summaries: list[PostureSummary] = field(default_factory=list)
    recent_up: npt.NDArray[np.float32] = field(default_factory=lambda: np.empty((0, 3), np.float32))
    recent_until_s: float = float("nan")
    good: bool = False
    measured_share: float = 0.0
    vehicle: bool | None = None
    moving: bool = False


#: How a wearer is called where there is only one.
ALONE: Final = ""
