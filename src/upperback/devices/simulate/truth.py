"""What is known of a simulated day without any measurement: its events, and beside every sample the true angles."""

from dataclasses import dataclass, fields
from typing import Literal

import msgspec
import numpy as np
import numpy.typing as npt

from upperback.devices.simulate.quaternions import Array


class Segment(msgspec.Struct, frozen=True, kw_only=True):
    """An activity. Between two of them lies `stand_up`, `sit_down` or another `change`."""

    start_s: float
    end_s: float
    activity: str
    exercise: str | None = None


class Repetition(msgspec.Struct, frozen=True, kw_only=True):
    """One way out and back of an exercise, a bend or a lift."""

    start_s: float
    out_s: float  # the far end is reached
    back_s: float  # the way back begins
    end_s: float
    of: str  # an exercise id, `bend` or `lift`
    set: int
    number: int  # in its set, from 1
    side: Literal["as_drawn", "other"]
    range_deg: float  # of the counted angle


class Task(msgspec.Struct, frozen=True, kw_only=True):
    """A standard task that tells how a sensor sits."""

    start_s: float
    end_s: float
    task: Literal["stand_tall", "forward_bend", "side_bend_right", "side_bend_left"]


class Span(msgspec.Struct, frozen=True, kw_only=True):
    """From one moment to another."""

    start_s: float
    end_s: float


class Mounting(msgspec.Struct, frozen=True, kw_only=True):
    """How a sensor sits from a moment on: `to_trunk` turns its x, y, z into ahead, left, up of the trunk (or arm)."""

    from_s: float
    to_trunk: list[list[float]]


class EmgTruth(msgspec.Struct, frozen=True, kw_only=True):
    """What was stated for the EMG: strength in the reference contraction, median frequency of the fresh muscle."""

    sampling_rate_hz: float
    channels: list[str]
    reference_v: list[float]
    median_hz: float


class SensorTruth(msgspec.Struct, frozen=True, kw_only=True):
    """What was drawn for one sensor. Measured = scale x true + bias + wander + noise."""

    name: str
    place: str
    sampling_rate_hz: float
    true_rate_hz: float
    mountings: list[Mounting]
    acc_bias_mps2: list[float]
    gyr_bias_radps: list[float]
    acc_scale: list[list[float]]
    gyr_scale: list[list[float]]


class Truth(msgspec.Struct, frozen=True, kw_only=True):
    """Everything that happened, in order. Times in s of the recording's own clock."""

    seed: int
    start_s: float
    duration_s: float
    segments: list[Segment]
    steps_s: list[float]
    repetitions: list[Repetition]
    tasks: list[Task]
    not_worn: list[Span]
    gaps: list[Span]
    rests: list[Span]  # of the muscle: no effort at all
    sensors: list[SensorTruth]
    emg: EmgTruth | None = None


@dataclass(frozen=True, slots=True, kw_only=True)
class TruthBlock:
    """What is true at each sample of a chunk.

    Attributes
    ----------
    time_s : (n_samples,) time by the recording's clock, s
    true_time_s : (n_samples,) when the sample was really taken, s
    vertical : (n_samples, 3) unit vector that points up, in the sensor's axes
    orientation : (n_samples, 4) sensor to world, w x y z
    inclination_rad, flexion_rad, lateral_rad : (n_samples,) of the part that carries the sensor: trunk or upper arm
    curve_rad : (n_samples,) upper minus lower thoracic flexion
    worn : (n_samples,) bool
    received : (n_samples,) bool: False in gaps and lost packets (such samples are in no chunk)
    segment : (n_samples,) int32, index into `Truth.segments`
    """

    time_s: Array
    true_time_s: Array
    vertical: Array
    orientation: Array
    inclination_rad: Array
    flexion_rad: Array
    lateral_rad: Array
    curve_rad: Array
    worn: npt.NDArray[np.bool_]
    received: npt.NDArray[np.bool_]
    segment: npt.NDArray[np.int32]

    def cut(self, start: int, end: int) -> "TruthBlock":
        """The samples from start to before end."""
        return TruthBlock(**{field.name: getattr(self, field.name)[start:end] for field in fields(self)})


@dataclass(frozen=True, slots=True, kw_only=True)
class EmgTruthBlock:
    """What is true at each sample of an EMG chunk.

    Attributes
    ----------
    time_s : (n_samples,)
    amplitude_v : (n_samples, n_channels) root mean square of the muscle's own signal
    effort_pct : (n_samples, n_channels) of the reference contraction
    median_hz : (n_samples,) median frequency of the muscle's own signal
    received : (n_samples,) bool
    """

    time_s: Array
    amplitude_v: Array
    effort_pct: Array
    median_hz: Array
    received: npt.NDArray[np.bool_]

    def cut(self, start: int, end: int) -> "EmgTruthBlock":
        """The samples from start to before end."""
        return EmgTruthBlock(**{field.name: getattr(self, field.name)[start:end] for field in fields(self)})
