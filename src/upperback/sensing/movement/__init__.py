"""Movement in seconds: worn or not, walking and steps, stillness, intensity, changes of position."""

from upperback.sensing.movement._seconds import SecondFigures
from upperback.sensing.movement._tracker import CONTEXT_S, MovementState, MovementTracker, track_movement
from upperback.sensing.movement._wear import WearState, update_wear, wear_now
from upperback.sensing.movement.base import (
    Change,
    ChangeKind,
    MovementBlock,
    MovementEpochs,
    MovementParams,
    Walk,
    Wear,
    WearSpan,
)

__all__ = [
    "CONTEXT_S",
    "Change",
    "ChangeKind",
    "MovementBlock",
    "MovementEpochs",
    "MovementParams",
    "MovementState",
    "MovementTracker",
    "SecondFigures",
    "Walk",
    "Wear",
    "WearSpan",
    "WearState",
    "track_movement",
    "update_wear",
    "wear_now",
]
