"""Progress of the strength exercises: pain light, steps, verdicts after each session, coming back after days off."""

from upperback.care.progression.absence import Return, after_absence
from upperback.care.progression.decide import (
    ExerciseDone,
    Move,
    StepChange,
    Verdict,
    is_good,
    judge,
    limit_session,
    session_light,
)
from upperback.care.progression.light import Light, has_settled, pain_light, usual_pain
from upperback.care.progression.step import (
    BANDS,
    Band,
    Bounds,
    Step,
    bounds_for,
    easier_variant,
    harder,
    step_back,
    step_up,
)

__all__ = [
    "BANDS",
    "Band",
    "Bounds",
    "ExerciseDone",
    "Light",
    "Move",
    "Return",
    "Step",
    "StepChange",
    "Verdict",
    "after_absence",
    "bounds_for",
    "easier_variant",
    "harder",
    "has_settled",
    "is_good",
    "judge",
    "limit_session",
    "pain_light",
    "session_light",
    "step_back",
    "step_up",
    "usual_pain",
]
