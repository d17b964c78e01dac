"""What comes out of a recording: the figures of one wearer, ready to print, draw or send.

Where something was not measured the figure is None, never a guess. `measured_s` stands beside every group.
"""

from dataclasses import dataclass
from enum import IntEnum
from typing import Literal, TypeAlias

import numpy as np
import numpy.typing as npt

Seconds: TypeAlias = float

TIME_ABOVE_DEG = (20, 30, 45, 60, 90)
"""Inclinations that time is counted above, as the field does."""


class MinuteKind(IntEnum):
    """What most of a minute was."""

    NOT_MEASURED = 0
    NOT_WORN = 1
    STILL = 2
    MOVING = 3
    WALKING = 4


@dataclass(frozen=True, slots=True, kw_only=True)
class Percentiles:
    """P10 to P99 of the measured time."""

    p10: float
    p50: float
    p90: float
    p95: float
    p99: float


@dataclass(frozen=True, slots=True, kw_only=True)
class QualityFigures:
    """How much of the recording can be trusted, and what was wrong with the rest."""

    recorded_s: Seconds
    measured_s: Seconds
    not_worn_s: Seconds
    gap_s: Seconds
    clipped_s: Seconds
    implausible_s: Seconds
    free_fall_s: Seconds
    unsettled_s: Seconds

    @property
    def measured_share(self) -> float:
        """Share of the recording that figures rest on, 0..1."""
        return self.measured_s / self.recorded_s if self.recorded_s > 0 else 0.0


@dataclass(frozen=True, slots=True, kw_only=True)
class AlignmentFigures:
    """How the sensor sits on the trunk, and how well that is known.

    `sensor_to_trunk` is the rotation as rows, or None: then only total inclination is given.
    """

    state: Literal["none", "found", "given"]
    sentence: str
    residual_deg: float | None = None
    bend_deg: float | None = None
    sensor_to_trunk: tuple[tuple[float, float, float], ...] | None = None
    rewear_times_s: tuple[Seconds, ...] = ()


@dataclass(frozen=True, slots=True, kw_only=True)
class StaticFigures:
    """Spells without a change of position."""

    bouts: int
    longest_s: Seconds
    median_s: Seconds
    p90_s: Seconds
    longest: tuple[tuple[Seconds, Seconds], ...]
    """The longest ones: (start, length)."""
    changes_per_h: float


@dataclass(frozen=True, slots=True, kw_only=True)
class PostureFigures:
    """Trunk posture over the measured time. Turning about the upright axis is never given in degrees."""

    measured_s: Seconds
    sensor: Literal["accelerometer", "accelerometer and gyroscope"]
    method: Literal["smoothed", "live"]
    neutral_inclination_deg: float | None
    inclination_deg: Percentiles | None
    flexion_deg: Percentiles | None
    lateral_deg: Percentiles | None
    inclination_velocity_dps: Percentiles | None
    generalised_velocity_dps: Percentiles | None
    time_above_s: dict[int, Seconds]
    histogram_deg: tuple[tuple[float, Seconds], ...]
    """Seconds in each 5-degree class, by its lower end."""
    histogram_of: Literal["flexion", "inclination"]
    static: StaticFigures | None
    dose_deg_h: float | None
    rula_share: dict[str, float]
    reba_share: dict[str, float]


@dataclass(frozen=True, slots=True, kw_only=True)
class MovementFigures:
    """Walking, stillness and changes over the worn time."""

    worn_s: Seconds
    walking_s: Seconds
    steps: int
    walking_bouts: int
    still_s: Seconds
    transitions: int
    bends: int


@dataclass(frozen=True, slots=True, kw_only=True)
class Minutes:
    """The recording minute by minute, for the day strip.

    Attributes
    ----------
    start_s : start of the first minute, same clock as the chunks
    kind : (n_minutes,) uint8 of `MinuteKind`
    inclination_deg : (n_minutes,) float32, median; NaN where not measured
    """

    start_s: Seconds
    kind: npt.NDArray[np.uint8]
    inclination_deg: npt.NDArray[np.float32]


@dataclass(frozen=True, slots=True, kw_only=True)
class RecordingFigures:
    """Everything that one recording gives."""

    start_s: Seconds
    sampling_rate_hz: float
    quality: QualityFigures
    alignment: AlignmentFigures
    posture: PostureFigures | None
    movement: MovementFigures | None
