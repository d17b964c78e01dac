"""Can these samples be trusted? Checks of inertial chunks, sample by sample and second by second.

    state = start_quality(sampling_rate_hz=50, params=params)
    state, quality = check_quality(state, chunk, params)       # (n_samples,) of QualityFlag
    suspicions(state, params)                                  # sentences about units, axes, scale, rate

A sample's flags depend on it and on what came before, never on what comes after, so a live sample has them at once and
a stream gives the same flags however it is cut. Worn or not is a matter of minutes and stands in `movement`.

What cannot be seen here: an offset at right angles to gravity (it looks like leaning), a sensor that sat upside down
from the start (alignment asks for it), and a wrong rate without times and without a gyroscope.
"""

from dataclasses import dataclass
from enum import IntEnum
from typing import Final, Protocol, TypeAlias

import numpy as np
import numpy.typing as npt

from upperback.sensing.signal import G_MPS2, Quality, Signal3

F64: TypeAlias = npt.NDArray[np.float64]
I64: TypeAlias = npt.NDArray[np.int64]
Bools: TypeAlias = npt.NDArray[np.bool_]


class Second(IntEnum):
    """What is known of a second; one column each. NaN where samples are missing."""

    LENGTH = 0
    """Mean length of the acceleration, m/s2."""
    SPREAD = 1
    """Standard deviation of the length, m/s2."""
    STUCK = 2
    """1 where an axis does not change while the others do."""
    UP_X = 3
    UP_Y = 4
    UP_Z = 5
    RATE_X = 6
    RATE_Y = 7
    RATE_Z = 8
    RATE_SPREAD = 9
    """Standard deviation of the angular velocity, rad/s, all axes together."""
    LATER_X = 10
    LATER_Y = 11
    LATER_Z = 12
    """How the gyroscope turns the acceleration, m/s3: mean of a x w, weighted with the share of the second before."""
    EARLIER_X = 13
    EARLIER_Y = 14
    EARLIER_Z = 15
    """The same, weighted with the share of the second after it."""


UP: Final = slice(Second.UP_X, Second.UP_Z + 1)
RATE: Final = slice(Second.RATE_X, Second.RATE_Z + 1)
LATER: Final = slice(Second.LATER_X, Second.LATER_Z + 1)
EARLIER: Final = slice(Second.EARLIER_X, Second.EARLIER_Z + 1)


@dataclass(frozen=True, slots=True, kw_only=True)
class QualityParams:
    """Tuning. The thresholds were set on simulated wearers with and without faults; see tests/unit/sensing.

    Attributes
    ----------
    range_mps2, range_radps : end of the sensor's range, or None where it is not known
    clip_mps2_min, clip_radps_min : no sensor's range ends below; three alike beyond are clipped
    gravity_share : how far gravity at rest may be from its length: sensors are off by 3 %, bad ones by 8 %
    still_share : a second is still if its length varies less than this
    still_seconds : so many still seconds of the last ten tell gravity
    moving_shares : the mean length over ten seconds is within these times gravity, whatever a person does
    fall_share, fall_s, fall_s_max : less than this share of gravity for so long is a fall, for longer it is no sensor
    stuck_mps2_min : the other axes move more than this while one is stuck
    jump_deg, jump_dps : gravity that turns by this and this fast between two samples has turned with the axes
    drift_radps, drift_seconds, drift_spread_radps : a turn so fast and even in four of five of so many still
        seconds is a gyroscope's drift
    rate_share, rate_s : the rate may be off by this over so long
    follow_low, follow_high, follow_min : gravity turns against the gyroscope by this factor; looked at once gravity has
        turned enough (sum of squares)
    """

    range_mps2: float | None = None
    range_radps: float | None = None
    clip_mps2_min: float = 1.9 * G_MPS2
    clip_radps_min: float = 4.0
    gravity_share: float = 0.12
    still_share: float = 0.03
    still_seconds: int = 3
    moving_shares: tuple[float, float] = (0.6, 2.0)
    fall_share: float = 0.3
    fall_s: float = 0.2
    fall_s_max: float = 2.0
    stuck_mps2_min: float = 0.1
    jump_deg: float = 45.0
    jump_dps: float = 1500.0
    drift_radps: float = float(np.deg2rad(5.0))
    drift_seconds: int = 30
    drift_spread_radps: float = float(np.deg2rad(1.0))
    rate_share: float = 0.02
    rate_s: float = 10.0
    follow_low: float = 0.7
    follow_high: float = 1.4
    follow_min: float = 1.0


KEPT_SECONDS: Final = 30
"""Seconds that later ones are judged with."""


@dataclass(frozen=True, slots=True, kw_only=True)
class Marks:
    """What is remembered from sample to sample; see kernel/quality.c.

    Attributes
    ----------
    acc, gyr : (2, 3) the two samples before
    falling : samples that the fall under way has lasted
    jumping : samples that are still doubted because the axes have turned
    """

    acc: Signal3
    gyr: Signal3
    falling: int
    jumping: int


@dataclass(frozen=True, slots=True, kw_only=True)
class QualityState:
    """Everything that changes.

    Attributes
    ----------
    sampling_rate_hz : of the stream
    next_s : time at which the next chunk is expected; NaN before the first
    acc, gyr : (n, 3) samples of the second that is under way
    marks : of the last samples
    implausible : what the last seconds say of the next sample
    gravity_wrong : among that, that gravity is not as long as it should be
    seconds : (KEPT_SECONDS, len(Second)) the last ones
    received : (n, 2) start and number of samples of the last chunks
    rate_off : the samples come faster or slower than stated; `rate_seen` is how many times as fast
    follow : (3,) sums that compare turning gravity with the gyroscope
    jumps, jumped_s : how often the axes have turned, and when last
    stuck_seconds, drift_seconds, wrong_gravity_seconds : of the stream so far
    gravity_mps2 : length of gravity when it was last wrong; NaN if never
    """

    sampling_rate_hz: float
    next_s: float
    acc: Signal3
    gyr: Signal3
    marks: Marks
    implausible: bool
    gravity_wrong: bool
    seconds: F64
    received: F64
    rate_off: bool
    rate_seen: float
    follow: F64
    jumps: int
    jumped_s: float
    stuck_seconds: int
    drift_seconds: int
    wrong_gravity_seconds: int
    gravity_mps2: float

    @property
    def second(self) -> int:
        """Samples of a second."""
        return max(1, round(self.sampling_rate_hz))


@dataclass(frozen=True, slots=True, kw_only=True)
class Limits:
    """`QualityParams` at one rate, in samples and in the units of the kernel. Made by `limits`.

    Attributes
    ----------
    acc, gyr : where a range may end; `acc_known`, `gyr_known`: where it does end
    fall_square : smaller squares of the length are a fall, from `fall_first` to `fall_longest` samples
    jump_step, jump_cosine, jump_samples : smallest change of an axis that may be a jump, cosine of its angle, samples
        that are doubted; 0 where samples are too far apart to tell
    """

    acc: float
    gyr: float
    fall_square: float
    jump_step: float
    jump_cosine: float
    acc_known: bool
    gyr_known: bool
    fall_first: int
    fall_longest: int
    jump_samples: int


JUMP_GRAVITY_SHARE: Final = 0.15
"""How far from gravity an acceleration may be that is taken for gravity."""


def limits(sampling_rate_hz: float, params: QualityParams) -> Limits:
    """What follows from rate and parameters."""
    least_deg = max(params.jump_deg, params.jump_dps / sampling_rate_hz)
    half = np.sin(np.deg2rad(min(least_deg, 180.0)) / 2)
    return Limits(
        acc=params.clip_mps2_min if params.range_mps2 is None else 0.999 * params.range_mps2,
        gyr=params.clip_radps_min if params.range_radps is None else 0.999 * params.range_radps,
        fall_square=(params.fall_share * G_MPS2) ** 2,
        jump_step=float(2 * (1 - JUMP_GRAVITY_SHARE) * G_MPS2 * half / np.sqrt(3)),
        jump_cosine=float(np.cos(np.deg2rad(least_deg))),
        acc_known=params.range_mps2 is not None,
        gyr_known=params.range_radps is not None,
        fall_first=max(1, round(params.fall_s * sampling_rate_hz)),
        fall_longest=round(params.fall_s_max * sampling_rate_hz),
        jump_samples=max(1, round(sampling_rate_hz)) if least_deg <= _JUMP_DEG_MAX else 0,
    )


_JUMP_DEG_MAX: Final = 120.0
"""A sensor so slow that a jump would have to be larger sees nothing of the way between two samples."""


class Engine(Protocol):
    """The steps that are worth compiling. `_reference.py` says what each one does."""

    def marks(
        self, acc: Signal3, gyr: Signal3 | None, limits: Limits, marks: Marks, flags: Quality
    ) -> tuple[Marks, int, int]:
        """Flags of samples, added in place."""
        ...

    def seconds(self, acc: Signal3, gyr: Signal3 | None, length: int, stuck_mps2_min: float) -> F64:
        """Figures of whole seconds."""
        ...
