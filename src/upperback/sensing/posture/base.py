"""What posture takes and gives: parameters, ready verticals, and the summary that adds up."""

from dataclasses import dataclass, field
from typing import Final, Literal, Self, TypeAlias

import numpy as np
import numpy.typing as npt

from upperback.core.errors import InputError
from upperback.sensing.histogram import (
    DURATION_BINS,
    FLEXION_BINS,
    INCLINATION_BINS,
    LATERAL_BINS,
    VELOCITY_BINS,
    Histogram,
)
from upperback.sensing.orientation import OrientationParams, TiltParams
from upperback.sensing.signal import Quality, QualityFlag, Signal3, SignalShapeError

Sensor: TypeAlias = Literal["accelerometer", "accelerometer and gyroscope"]
"""What was measured with. It changes speeds several-fold, so it stays with every number."""

Smoothing: TypeAlias = Literal["live", "smoothed"]
"""`live`: the vertical knows only what was before. `smoothed`: also what came after."""

REASONS: Final = ("measured", "gap", "not worn", "implausible", "unsettled", "other")
"""What became of a sample; the same order stands in kernel/posture.h."""

LONGEST_BOUTS: Final = 5


@dataclass(frozen=True, slots=True, kw_only=True)
class HoldParams:
    """What counts as holding a posture, and as bending that adds up.

    Attributes
    ----------
    still_dps_max : mean generalised velocity of a second in which the trunk is held. Inclinometry counts less than
        5 deg/s as no movement [general knowledge, not confirmed]
    same_deg_max : a second belongs to a bout while its direction is this near to the mean of the bout so far. Shifts of
        sitting posture are usually counted from 5 deg [general knowledge, not confirmed]
    bout_s_min : a shorter one does not count. Static posture is usually said of 4 s and more [as before]
    bridge_s : so many seconds of something else do not end a bout: a cough, a glance
    share_min : a second with a smaller measured share is not measured
    dose_deg_min : bending beyond this adds up; the lowest band of RULA and REBA ends here
    recovery_s : the time constant with which the load of bending builds up and fades: of the creep of the lumbar spine
        in 20 min of full flexion [1]_

    References
    ----------
    .. [1] McGill SM, Brown S. Creep response of the lumbar spine to prolonged full flexion. Clin Biomech
       1992;7(1):43-6. doi:10.1016/0268-0033(92)90007-Q
    """

    still_dps_max: float = 5.0
    same_deg_max: float = 5.0
    bout_s_min: int = 4
    bridge_s: int = 2
    share_min: float = 0.5
    dose_deg_min: float = 20.0
    recovery_s: float = 564.0


@dataclass(frozen=True, slots=True, kw_only=True)
class PostureParams:
    """Tuning of posture.

    Attributes
    ----------
    unusable : samples with one of these flags are not measured, and no filter sees them
    tilt, orientation : of the vertical, without and with a gyroscope
    holds : of static bouts and of the dose
    """

    unusable: QualityFlag = QualityFlag.GAP | QualityFlag.NOT_WORN | QualityFlag.IMPLAUSIBLE | QualityFlag.UNSETTLED
    tilt: TiltParams = field(default_factory=TiltParams)
    orientation: OrientationParams = field(default_factory=OrientationParams)
    holds: HoldParams = field(default_factory=HoldParams)


@dataclass(frozen=True, slots=True, kw_only=True)
class VerticalBlock:
    """Ready verticals of one sensor, as a smoother makes them, in place of a `Chunk`.

    Attributes
    ----------
    start_s, sampling_rate_hz, quality : as in `Chunk`
    up : (n_samples, 3) float32, the vertical in the sensor frame, pointing up; NaN where it is not known
    acc_mps2 : (n_samples, 3) float32, specific force, for the figure of movement, or None
    sensor, smoothing : how the verticals came about
    """

    start_s: float
    sampling_rate_hz: float
    up: Signal3
    acc_mps2: Signal3 | None = None
    quality: Quality | None = None
    sensor: Sensor
    smoothing: Smoothing = "smoothed"

    def __post_init__(self) -> None:
        for name, array in (("up", self.up), ("acc_mps2", self.acc_mps2)):
            if array is not None and (array.dtype != np.float32 or array.shape != (len(self.up), 3)):
                raise SignalShapeError(f"{name} has to be float32 (samples, 3), not {array.dtype} {array.shape}")
        if self.quality is not None and (self.quality.dtype != np.uint8 or self.quality.shape != (len(self.up),)):
            raise SignalShapeError("quality has to be one uint8 per sample")
        if not 0 < self.sampling_rate_hz <= 1e5:
            raise SignalShapeError(f"a sampling rate of {self.sampling_rate_hz} Hz cannot be worked with")

    def __len__(self) -> int:
        return len(self.up)


@dataclass(frozen=True, slots=True, kw_only=True)
class Method:
    """How the numbers came about; they are added up only with numbers of the same method.

    Attributes
    ----------
    sensor, smoothing : see there
    sampling_rate_hz : of the samples; speeds are differences from one to the next
    filter : of the vertical, in words
    reference : what upright is taken from (`TrunkAlignment.source`), or "none": then only generalised velocity
    has_front : flexion and side-bend are told apart
    """

    sensor: Sensor
    smoothing: Smoothing
    sampling_rate_hz: float
    filter: str
    reference: str
    has_front: bool


@dataclass(frozen=True, slots=True, kw_only=True)
class Holds:
    """Static bouts and bending that adds up, of the epochs so far.

    Attributes
    ----------
    epochs : seconds that were measured well enough to tell
    bouts : lengths of finished static bouts, s
    longest : (start, length) of the longest ones, longest first, s
    changes : bouts that ended by moving into another posture or into movement, and not by missing data
    dose_mdeg_s : degrees of flexion beyond `dose_deg_min` times seconds, in thousandths, a whole number so that it adds
        up exactly; 0 without a front
    load_peak_deg : the largest load: those degrees, low-passed with the time constant of recovery
    """

    epochs: int = 0
    bouts: Histogram = field(default_factory=lambda: Histogram.empty(DURATION_BINS))
    longest: tuple[tuple[int, int], ...] = ()
    changes: int = 0
    dose_mdeg_s: int = 0
    load_peak_deg: float = 0.0

    def merge(self, other: "Holds") -> "Holds":
        """Both together."""
        longest = sorted({*self.longest, *other.longest}, key=lambda bout: (-bout[1], bout[0]))
        return Holds(
            epochs=self.epochs + other.epochs,
            bouts=self.bouts.merge(other.bouts),
            longest=tuple(longest[:LONGEST_BOUTS]),
            changes=self.changes + other.changes,
            dose_mdeg_s=self.dose_mdeg_s + other.dose_mdeg_s,
            load_peak_deg=max(self.load_peak_deg, other.load_peak_deg),
        )


@dataclass(frozen=True, slots=True, kw_only=True, eq=False)
class PostureSummary:
    """Posture over some time. Summaries of the same method add up, in any order.

    Attributes
    ----------
    method : how it came about
    samples : (len(REASONS),) int64, what became of the samples
    inclination, flexion, lateral : deg, of measured samples; empty where not known
    inclination_velocity, generalised_velocity : deg/s, of measured samples that follow a measured one
    holds : static bouts, changes, dose
    """

    method: Method
    samples: npt.NDArray[np.int64]
    inclination: Histogram
    flexion: Histogram
    lateral: Histogram
    inclination_velocity: Histogram
    generalised_velocity: Histogram
    holds: Holds

    @classmethod
    def empty(cls, method: Method) -> Self:
        """Of no time."""
        return cls(
            method=method,
            samples=np.zeros(len(REASONS), np.int64),
            inclination=Histogram.empty(INCLINATION_BINS),
            flexion=Histogram.empty(FLEXION_BINS),
            lateral=Histogram.empty(LATERAL_BINS),
            inclination_velocity=Histogram.empty(VELOCITY_BINS),
            generalised_velocity=Histogram.empty(VELOCITY_BINS),
            holds=Holds(),
        )

    def merge(self, other: "PostureSummary") -> Self:
        """Both together.

        Raises
        ------
        InputError : they come from different methods, so their numbers do not compare.
        """
        if other.method != self.method:
            raise InputError("posture summaries of different methods cannot be added up")
        return type(self)(
            method=self.method,
            samples=self.samples + other.samples,
            inclination=self.inclination.merge(other.inclination),
            flexion=self.flexion.merge(other.flexion),
            lateral=self.lateral.merge(other.lateral),
            inclination_velocity=self.inclination_velocity.merge(other.inclination_velocity),
            generalised_velocity=self.generalised_velocity.merge(other.generalised_velocity),
            holds=self.holds.merge(other.holds),
        )

    def __eq__(self, other: object) -> bool:
        return (
            isinstance(other, PostureSummary)
            and self.method == other.method
            and bool(np.array_equal(self.samples, other.samples))
            and all(getattr(self, name) == getattr(other, name) for name in _HISTOGRAMS)
            and self.holds == other.holds
        )

    __hash__ = None  # type: ignore[assignment]

    def seconds(self, reason: str) -> float:
        """Time of the samples with one of `REASONS`."""
        return float(self.samples[REASONS.index(reason)]) / self.method.sampling_rate_hz

    @property
    def measured_s(self) -> float:
        """What every figure rests on."""
        return self.seconds("measured")

    @property
    def recorded_s(self) -> float:
        """Measured or not."""
        return float(self.samples.sum()) / self.method.sampling_rate_hz

    def time_at_least_s(self, threshold_deg: float) -> float:
        """Time with an inclination at or above a threshold."""
        return self.inclination.at_least(threshold_deg) / self.method.sampling_rate_hz


_HISTOGRAMS: Final = ("inclination", "flexion", "lateral", "inclination_velocity", "generalised_velocity")
