"""Muscle: surface EMG to amplitude, rest, sustained activity and median frequency. `base.py` is the contract."""

from upperback.sensing.muscle._figures import Apdf, apdf, measure_noise, measure_reference, muscle_figures
from upperback.sensing.muscle._track import fastest_engine, start_muscle, track_muscle, update_muscle
from upperback.sensing.muscle.base import (
    AmplitudeFigures,
    EmgReference,
    Engine,
    FrequencyFigures,
    MuscleBlock,
    MuscleFigures,
    MuscleParams,
    MuscleState,
    Normalisation,
    RestFigures,
)

__all__ = [
    "AmplitudeFigures",
    "Apdf",
    "EmgReference",
    "Engine",
    "FrequencyFigures",
    "MuscleBlock",
    "MuscleFigures",
    "MuscleParams",
    "MuscleState",
    "Normalisation",
    "RestFigures",
    "apdf",
    "fastest_engine",
    "measure_noise",
    "measure_reference",
    "muscle_figures",
    "start_muscle",
    "track_muscle",
    "update_muscle",
]
