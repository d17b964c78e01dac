"""Cues: a hint at the moment it helps, silence whenever it might not, and after weeks whether it mattered."""

from upperback.sensing.cues._decide import decide_cue, start_cues
from upperback.sensing.cues._ride import ride_filter, start_ride, update_ride
from upperback.sensing.cues._together import move_together
from upperback.sensing.cues.base import (
    CueParams,
    CueState,
    Decision,
    LagFigures,
    Reading,
    Ride,
    RideParams,
    RideState,
    Silence,
    Together,
    TogetherFigures,
    TogetherParams,
    Wishes,
)

__all__ = [
    "CueParams",
    "CueState",
    "Decision",
    "LagFigures",
    "Reading",
    "Ride",
    "RideParams",
    "RideState",
    "Silence",
    "Together",
    "TogetherFigures",
    "TogetherParams",
    "Wishes",
    "decide_cue",
    "move_together",
    "ride_filter",
    "start_cues",
    "start_ride",
    "update_ride",
]
