"""Cues: what a hint to move is decided from, what is remembered, and the answer.

A cue is a hint to the person at the moment it helps. It is decided on how much bending has added up against the
person's own neutral, never on one moment, and it is off until the person turns it on. It comes at most four times an
hour, becomes rarer over six weeks and then ends. It is silent whenever that might be wrong or dangerous, and it can
always say why.
"""

from dataclasses import dataclass
from enum import StrEnum
from typing import Final, Literal, TypeAlias

import numpy as np
import numpy.typing as npt

from upperback.core.errors import InputError

F64: TypeAlias = npt.NDArray[np.float64]
Seconds: TypeAlias = float

CUES_PER_HOUR_MAX: Final = 4
"""Whatever the settings say."""

HOUR_S: Final = 3600.0
WEEK_S: Final = 7 * 86_400.0


@dataclass(frozen=True, slots=True, kw_only=True)
class CueParams:
    """Tuning. Everything here is a project convention and none of it comes from a trial.

    Attributes
    ----------
    bent_deg, upright_deg : bent from the first angle beyond neutral on, until below the second
    usual_deg : at this angle beyond neutral a minute counts as a minute; at twice the angle as two, never as more
    dose_s : so much has to add up
    recovery : upright time takes dose away so many times as fast
    delay_s : bent without a break for at least so long at the moment of the cue
    apart_s : time between two cues
    per_hour : cues in any hour, at most 4
    stale_s : older data say nothing
    unknown_s_max : after so long without data it starts from nothing
    fading : from this week on (counted from 0), so many cues in any hour: four for two weeks, two for two weeks, one
        for two weeks, then none
    """

    bent_deg: float = 15.0
    upright_deg: float = 10.0
    usual_deg: float = 20.0
    dose_s: Seconds = 300.0
    recovery: float = 2.0
    delay_s: Seconds = 60.0
    apart_s: Seconds = 600.0
    per_hour: int = CUES_PER_HOUR_MAX
    stale_s: Seconds = 2.0
    unknown_s_max: Seconds = 300.0
    fading: tuple[tuple[int, int], ...] = ((0, 4), (2, 2), (4, 1), (6, 0))

    def __post_init__(self) -> None:
        if not 0 <= self.upright_deg <= self.bent_deg <= self.usual_deg:
            raise InputError("upright_deg, bent_deg and usual_deg have to rise from 0", key="bent_deg")
        if not 1 <= self.per_hour <= CUES_PER_HOUR_MAX:
            raise InputError(f"per_hour: {self.per_hour} is not between 1 and {CUES_PER_HOUR_MAX}", key="per_hour")
        for name in ("dose_s", "delay_s", "apart_s", "stale_s", "recovery"):
            if not getattr(self, name) > 0:
                raise InputError(f"{name}: expected a number above 0", key=name)
        if self.stale_s > 2:
            raise InputError("stale_s: a cue from data older than 2 s is never given", key="stale_s")


class Silence(StrEnum):
    """Why there is no cue, from what is looked at first to what is looked at last."""

    OFF = "off"
    QUIET = "quiet"
    HELD = "held"
    NO_NEUTRAL = "no_neutral"
    NO_DATA = "no_data"
    STALE = "stale"
    BAD_DATA = "bad_data"
    NOT_WORN = "not_worn"
    VEHICLE = "vehicle"
    VEHICLE_UNKNOWN = "vehicle_unknown"
    MOVING = "moving"
    CLOCK = "clock"
    ENDED = "ended"
    UPRIGHT = "upright"
    NOT_YET = "not_yet"
    JUST_NOW = "just_now"
    ENOUGH = "enough"
    FADED = "faded"


WHY: Final[dict[Silence, str]] = {
    Silence.OFF: "Hints are off.",
    Silence.QUIET: "These are your quiet hours.",
    Silence.HELD: "You have asked for quiet for now.",
    Silence.NO_NEUTRAL: "Your own upright position has not been measured yet.",
    Silence.NO_DATA: "Nothing has come from the sensor yet.",
    Silence.STALE: "The last reading is too old.",
    Silence.BAD_DATA: "The reading cannot be trusted right now.",
    Silence.NOT_WORN: "The sensor does not seem to be on.",
    Silence.VEHICLE: "It feels like a car, a bus or a train, so there are no hints.",
    Silence.VEHICLE_UNKNOWN: "It is not known yet whether you are on the road.",
    Silence.MOVING: "You are moving.",
    Silence.CLOCK: "The clock has gone back, so hints wait for an hour.",
    Silence.ENDED: "The weeks of hints are over.",
    Silence.UPRIGHT: "You are not bent forward.",
    Silence.NOT_YET: "You have not been bent forward for long.",
    Silence.JUST_NOW: "The last hint was not long ago.",
    Silence.ENOUGH: "There have been enough hints in this hour.",
    Silence.FADED: "Hints come less often from week to week.",
}
"""What a person reads."""


@dataclass(frozen=True, slots=True, kw_only=True)
class Reading:
    """What is known of the trunk at one moment.

    Attributes
    ----------
    time_s : of the newest sample in it, on the same clock as `now_s`
    flexion_deg : forward bending, deg
    good : no sample in it is doubted
    worn : the sensor is on; None if that is not known, which is taken as yes
    vehicle : of `Ride.vehicle`; None if that is not known, which is taken as yes
    moving : of `Ride.moving`: the trunk shakes right now; counts as being upright
    """

    time_s: Seconds
    flexion_deg: float
    good: bool
    worn: bool | None = None
    vehicle: bool | None = None
    moving: bool = False


@dataclass(frozen=True, slots=True, kw_only=True)
class Wishes:
    """What the person wants, as it is now.

    Attributes
    ----------
    on : cues are wanted. Off until somebody turns them on
    neutral_deg : the person's own upright flexion; None before it was measured
    since_s : when cues were turned on for the first time: weeks count from there
    quiet : now is in the quiet hours
    held_until_s : no cue before this time (in a meeting, on the road, on a ladder)
    """

    on: bool = False
    neutral_deg: float | None = None
    since_s: Seconds = 0.0
    quiet: bool = False
    held_until_s: Seconds | None = None


@dataclass(frozen=True, slots=True, kw_only=True)
class RideParams:
    """Tuning of the detector for vehicle-like motion. Set on simulated rides and desks; no ride was recorded.

    Attributes
    ----------
    band_hz : of the length of the acceleration: above bending and walking's first beat, where seats shake a trunk
    shaking_mps2 : a second shakes above this RMS; sensors at rest have 0.01 to 0.03
    moving_seconds, moving_of : moving if so many of the last so many seconds shake
    vehicle_seconds, vehicle_of : vehicle-like if so many of the last so many seconds shake
    hold_s : so long after, as at traffic lights
    """

    band_hz: tuple[float, float] = (3.0, 20.0)
    shaking_mps2: float = 0.07
    moving_seconds: int = 3
    moving_of: int = 5
    vehicle_seconds: int = 15
    vehicle_of: int = 60
    hold_s: Seconds = 300.0


@dataclass(frozen=True, slots=True, kw_only=True)
class RideState:
    """Everything that changes.

    Attributes
    ----------
    sampling_rate_hz : of the stream
    next_s : time at which the next chunk is expected; NaN before the first
    filter : (n_sections, 2)
    settling : samples until the filter can be trusted; -1 before the first sample
    length_mps2 : (n,) filtered samples of the second that is under way
    shaking : (vehicle_of,) the last seconds: 1 shakes, 0 does not, NaN unknown
    held_s : seconds that vehicle-like still holds
    """

    sampling_rate_hz: float
    next_s: float
    filter: F64
    settling: int
    length_mps2: F64
    shaking: F64
    held_s: float


@dataclass(frozen=True, slots=True, kw_only=True)
class Ride:
    """What the last seconds feel like.

    Attributes
    ----------
    vehicle : vehicle-like; None while too little is known
    moving : the trunk shakes right now: a vehicle, walking, or a good stretch
    """

    vehicle: bool | None
    moving: bool


@dataclass(frozen=True, slots=True, kw_only=True)
class CueState:
    """Everything that changes.

    Attributes
    ----------
    now_s : latest time that was asked about; NaN before the first
    read_s : time of the last reading that counted; NaN before the first
    added_until_s : the dose is counted up to here
    bent : bent at that reading, since `bent_since_s`
    dose_s : what has added up
    given_s : (n,) times of the last cues, at most 4
    blocked_until_s : no cue before, because the clock went back
    """

    now_s: float
    read_s: float
    added_until_s: float
    bent: bool
    bent_since_s: float
    dose_s: float
    given_s: F64
    blocked_until_s: float


@dataclass(frozen=True, slots=True, kw_only=True)
class Decision:
    """A cue, or why not.

    Attributes
    ----------
    cue : give one now
    silence : the reason if not
    why : the same in a sentence for the person
    dose_share : how much of the dose has added up, 0 to 1
    """

    cue: bool
    silence: Silence | None
    why: str
    dose_share: float


class Together(StrEnum):
    """Do two daily numbers move together?"""

    TOGETHER = "together"
    NOT_TOGETHER = "not_together"
    CANNOT_TELL_YET = "cannot_tell_yet"


@dataclass(frozen=True, slots=True, kw_only=True)
class TogetherParams:
    """Tuning.

    Attributes
    ----------
    days_min : fewer pairs of days tell nothing
    block_days : length of the blocks that the bootstrap draws: days that belong together stay together
    draws : of the bootstrap
    confidence : of the interval of each lag; two lags are looked at, so each has to be surer than 95 %
    small : correlations up to this are too small to matter
    """

    days_min: int = 28
    block_days: int = 7
    draws: int = 2000
    confidence: float = 0.975
    small: float = 0.3


@dataclass(frozen=True, slots=True, kw_only=True)
class LagFigures:
    """Rank correlation of exposure with the pain so many days later, with its interval."""

    lag_days: Literal[0, 1]
    days: int
    correlation: float
    low: float
    high: float


@dataclass(frozen=True, slots=True, kw_only=True)
class TogetherFigures:
    """The answer, what it rests on, and the sentence for the person. It never says that one causes the other."""

    answer: Together
    lags: tuple[LagFigures, ...]
    sentence: str
