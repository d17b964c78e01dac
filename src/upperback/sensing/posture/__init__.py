"""Trunk posture from the vertical in the sensor frame: angles, speeds, seconds, and summaries that add up."""

from upperback.sensing.posture._batch import PostureResult, posture_of
from upperback.sensing.posture._curvature import Curvature, change_of_curvature
from upperback.sensing.posture._figures import alignment_figures, posture_figures
from upperback.sensing.posture._holds import hold_numbers, longest_hold_s
from upperback.sensing.posture._lane import reasons_of
from upperback.sensing.posture._reference import Angles, angles
from upperback.sensing.posture._tracker import PostureState, PostureTracker
from upperback.sensing.posture.base import (
    HoldParams,
    Holds,
    Method,
    PostureParams,
    PostureSummary,
    VerticalBlock,
)

__all__ = [
    "Angles",
    "Curvature",
    "HoldParams",
    "Holds",
    "Method",
    "PostureParams",
    "PostureResult",
    "PostureState",
    "PostureSummary",
    "PostureTracker",
    "VerticalBlock",
    "alignment_figures",
    "angles",
    "change_of_curvature",
    "hold_numbers",
    "longest_hold_s",
    "posture_figures",
    "posture_of",
    "reasons_of",
]
