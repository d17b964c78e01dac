"""Trunk posture from the vertical in the sensor frame: angles, speeds, seconds, and summaries that add up."""

from upperback.sensing.posture._batch import PostureResult, posture_of
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
    "HoldParams",
    "Holds",
    "Method",
    "PostureParams",
    "PostureResult",
    "PostureState",
    "PostureSummary",
    "PostureTracker",
    "VerticalBlock",
    "posture_of",
]
