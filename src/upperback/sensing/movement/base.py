"""What movement takes and gives: parameters, figures of each second, and what happened when."""

from dataclasses import dataclass
from enum import IntEnum
from typing import Literal, TypeAlias

import numpy as np
import numpy.typing as npt

from upperback.sensing.signal import Quality, Signal1, Signal3

Seconds: TypeAlias = float


class Wear(IntEnum):
    """Whether somebody has the sensor on."""

    NOT_MEASURED = 0
    NOT_WORN = 1
    UNSURE = 2
    WORN = 3


ChangeKind: TypeAlias = Literal["bend", "position", "stand_up", "sit_down"]
"""`bend`: leans and comes back within seconds. `position`: leans and stays. The others also rise or sink."""


@dataclass(frozen=True, slots=True, kw_only=True)
class MovementParams:
    """Tuning. Units are in the names.

    Steps: range of cadence and the pause that ends a bout (3 s) as agreed for real-world walking [1]_; a bout has at
    least four steps. Intensity is the mean amplitude deviation of [2]_, on 25 samples a second. Not worn follows the
    idea of [3]_, no variability for long, with breathing looked for instead of a fixed 50 mg range, so that a sleeper
    counts as wearing it. All thresholds were chosen on simulated wearers with the tuning seeds of
    validation/movement.py; none was fitted to a person.

    References
    ----------
    .. [1] Kluge F et al. Consensus based framework for digital mobility monitoring. PLoS ONE 2021;16(8):e0256541.
    .. [2] Vaha-Ypya H et al. Validation of cut-points for evaluating the intensity of physical activity with
       accelerometry-based mean amplitude deviation. PLoS ONE 2015;10(8):e0134813.
    .. [3] van Hees VT et al. Estimation of daily energy expenditure in pregnant and non-pregnant women using a
       wrist-worn tri-axial accelerometer. PLoS ONE 2011;6(7):e22922.
    """

    # Steps
    step_s_min: Seconds = 0.36
    step_s_max: Seconds = 0.92
    walking_mps2_min: float = 0.2
    """Intensity of a second that is looked at for steps."""
    step_mps2_min: float = 0.45
    """From dip to peak of one step, after the band-pass."""
    step_share_min: float = 0.5
    """First and last step of a run: of the one beside it."""
    regularity_long: float = 0.6
    """How alike steps and strides have to be somewhere near (mean autocorrelation, 0 to 1),"""
    regularity_short: float = 0.2
    """and where a quiet second is near:"""
    quiet_share_max: float = 0.25
    """one with this share of the intensity,"""
    quiet_near_s: Seconds = 6.0
    """this near."""
    strong_step_mps2: float = 1.5
    """Steps of this strength, from dip to peak, need no more than that;"""
    regularity_per_octave: float = 0.15
    """steps half as strong need this much more,"""
    regularity_max: float = 0.85
    """but not more than this."""
    regularity_low: float = 0.1
    """How alike steps have to be in every second."""
    bout_pause_s: Seconds = 3.0

    # Stillness
    still_mps2_max: float = 0.1
    still_deg_max: float = 3.0

    # Changes
    bend_deg_min: float = 15.0
    position_deg_min: float = 20.0
    rise_m_min: float = 0.15

    # Wear
    moving_mps2_min: float = 0.15
    moving_deg_min: float = 2.0
    acc_still_mps2: float = 0.002
    """A minute is quiet if the mean of a second differs by less from the next one, or by no more than noise does;"""
    acc_breath_mps2: float = 0.004
    """it holds a breathing body if it differs by more, and by more than noise does."""
    gyr_still_radps: float = 0.0002
    gyr_breath_radps: float = 0.0006
    """The same of the angular velocity."""
    taken_off_deg_min: float = 20.0
    not_worn_s_min: Seconds = 600.0
    """Quiet for this long after it was turned or cooled down: it was taken off."""
    not_worn_s_sure: Seconds = 2400.0
    """Quiet for this long without any other sign."""
    cooled_degc_min: float = 2.0


@dataclass(frozen=True, slots=True, kw_only=True)
class MovementEpochs:
    """Figures of consecutive seconds.

    Attributes
    ----------
    start_s : whole second in which the first epoch begins, the clock of the chunks
    quality : (n,) uint8, all flags of the second
    measured : (n,) bool; nothing below means anything where it is False
    intensity_mps2 : (n,) float32, mean amplitude deviation of the specific force; posture does not matter. NaN where
        not measured
    rotation_radps : (n,) float32, mean length of the angular velocity, NaN without gyroscope
    acc_mps2 : (n, 3) float32, mean in the sensor frame
    steps : (n,) uint8
    walking : (n,) bool, some of the second lies between two steps
    still : (n,) bool, as in sitting or lying quietly. Standing and sitting cannot be told apart at the trunk
    """

    start_s: int
    quality: Quality
    measured: npt.NDArray[np.bool_]
    intensity_mps2: Signal1
    rotation_radps: Signal1
    acc_mps2: Signal3
    steps: npt.NDArray[np.uint8]
    walking: npt.NDArray[np.bool_]
    still: npt.NDArray[np.bool_]

    def __len__(self) -> int:
        return len(self.quality)


@dataclass(frozen=True, slots=True, kw_only=True)
class Walk:
    """One bout of walking: from its first to its last step."""

    start_s: Seconds
    end_s: Seconds
    steps: int

    @property
    def cadence_per_min(self) -> float:
        """Steps a minute between the first and the last one."""
        return 60 * (self.steps - 1) / (self.end_s - self.start_s)


@dataclass(frozen=True, slots=True, kw_only=True)
class Change:
    """The trunk leans, or the person rises or sits down.

    Attributes
    ----------
    kind : what it looks like
    time_s : its middle
    angle_deg : how far the sensor leaned on the way
    rise_m : estimated height gained (+) or lost (-); rough
    """

    kind: ChangeKind
    time_s: Seconds
    angle_deg: float
    rise_m: float


@dataclass(frozen=True, slots=True, kw_only=True)
class WearSpan:
    """A stretch of one kind, in whole seconds; `because` says in plain words what it rests on."""

    start_s: int
    end_s: int
    wear: Wear
    because: str


@dataclass(frozen=True, slots=True, kw_only=True)
class MovementBlock:
    """What an update made certain. Joined over a stream, it does not depend on how the stream was cut."""

    epochs: MovementEpochs
    walks: tuple[Walk, ...]
    changes: tuple[Change, ...]
    wear: tuple[WearSpan, ...]
