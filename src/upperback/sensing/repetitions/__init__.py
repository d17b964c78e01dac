"""Repetitions of an exercise: counted as they happen, with phases, range, and a reason where the count is in doubt."""

from upperback.sensing.repetitions._counter import CounterState, RepetitionCounter, count_repetitions
from upperback.sensing.repetitions.base import (
    Doubt,
    DoubtAt,
    Repetition,
    RepetitionBlock,
    RepetitionParams,
    RepetitionTemplate,
)

__all__ = [
    "CounterState",
    "Doubt",
    "DoubtAt",
    "Repetition",
    "RepetitionBlock",
    "RepetitionCounter",
    "RepetitionParams",
    "RepetitionTemplate",
    "count_repetitions",
]
