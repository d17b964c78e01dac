"""The vertical in the sensor frame, from specific force and (where there is a gyroscope) angular velocity."""

from upperback.sensing.orientation._live import Orientation, Tilt
from upperback.sensing.orientation._recording import Hindsight, HindsightState, LongHindsight, track_vertical
from upperback.sensing.orientation.base import (
    Bad,
    LanesState,
    OrientationParams,
    TiltParams,
    orient_coefficients,
    tilt_coefficients,
)
from upperback.sensing.orientation.lanes import LaneGroups, Vertical, WearerState

__all__ = [
    "Bad",
    "Hindsight",
    "HindsightState",
    "LaneGroups",
    "LanesState",
    "LongHindsight",
    "Orientation",
    "OrientationParams",
    "Tilt",
    "TiltParams",
    "Vertical",
    "WearerState",
    "orient_coefficients",
    "tilt_coefficients",
    "track_vertical",
]
